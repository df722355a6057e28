"""`kitdock usage`: reports of what was given to a person."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from host import clock, forms
from host.cli import asking
from host.cli.groups import Group
from host.cli.options import open_store, with_store
from host.cli.render import Done, Row, Table
from host.errors import InputError
from host.prompting import file_report, find_opening, prefilled, speaker
from host.reports import UsageReport
from host.words import plural

if TYPE_CHECKING:
    from host.store import Store


@click.group(cls=Group)
def usage() -> None:
    """Usage reports: file, list, show."""


@usage.command("file")
@click.option("--form", "form_key", metavar="FORM", default=forms.DEFAULT, show_default=True, help="Which form.")
@click.option("--opening", metavar="POUCH-OR-TAG[:SEQUENCE]", help="The opening it reports on.")
@click.option("--officer", metavar="OFFICER", help="Who reports. [default: who carried the pouch, or you]")
@click.option(
    "--answers",
    type=click.File(encoding="utf-8"),
    help="JSON object of the form's answers, - for standard input. Asked for at the terminal if left out.",
)
@with_store
def file(db: Path, form_key: str, opening: str | None, officer: str | None, answers: Any) -> Done:
    """File a usage report.

    With an opening, its time and the dose marks are filled in. Nothing is kept unless every answer fits.
    """
    given = None if answers is None else _read(answers.read())
    with open_store(db) as store:
        form = forms.load(form_key)
        found = find_opening(store, opening) if opening else None
        account = store.account
        officer = officer or (account.officer if account.only_officer else None)
        if found is None and officer is None:
            raise click.UsageError("Say who reports: '--officer', or '--opening' to report on an opening.")
        who = speaker(found, officer) if found else str(officer)
        store.officer(who)
        if given is None:
            if not asking.has_terminal():
                raise click.UsageError("There is no terminal to ask at: give the answers with '--answers'.")
            given = asking.ask_form(store, form, prefilled(store, found))
        report_id = file_report(store, form_key, found, who, given, clock.now_ms())
        row = _row(store, store.open_answers(report_id))
    return Done(f"usage report {report_id} filed: {plural(row['doses'], 'dose')}, officer {who}", row)


@usage.command("list")
@with_store
def list_(db: Path) -> Table:
    """List usage reports, without the answers that are protected.

    An officer's own account lists the officer's own.
    """
    with open_store(db) as store:
        rows = [_row(store, each) for each in store.reports()]
    return Table(
        rows,
        {
            "id": "id",
            "form": "form",
            "filed": lambda row: row["filed_at"][:16].replace("T", " "),
            "officer": "officer",
            "pouch": "pouch",
            "opening": "opening",
            "doses": "doses",
        },
        "no usage reports yet: file one with `kitdock usage file --opening POUCH`",
    )


@usage.command("show")
@click.argument("report_id", metavar="ID", type=click.IntRange(min=1))
@with_store
def show(db: Path, report_id: int) -> Table:
    """Show one usage report, with the answers that are protected.

    For the officer who filed it, and for roles that the form lets read them; each reading stands in the audit.
    """
    with open_store(db) as store:
        report, protected = store.report(report_id)
        row = _row(store, report)
        station = store.station
        roles = store.account.reads_as(report.officer)
    answers = {**report.fields, **protected}
    form = forms.load(report.form)
    known = {field.key: field for field in form.fields}
    # Of a field that others may read, not even whether it was answered is told.
    hidden = {each.key for each in form.asked(station.collect_names) if each.protected} - form.readable(roles)
    ordered = [key for key in known if key in answers or key in hidden] + [key for key in answers if key not in known]
    return Table(
        [
            {
                "field": key,
                "label": known[key].label if key in known else key,
                "answer": answers.get(key),
                "protected": key in protected or key in hidden,
                "hidden": key in hidden,
            }
            for key in ordered
        ],
        {
            "question": "label",
            "answer": lambda row: (
                "for other roles" if row["hidden"] else _words(row["answer"], known.get(row["field"]))
            ),
        },
        "the report has no answers",
        note=f"report {row['id']}, {row['form']}, filed {clock.show(report.filed_at_ms, station.time_zone)} "
        f"by officer {row['officer']}" + (f" on opening {row['opening']}" if row["opening"] else ""),
    )


def _read(text: str) -> dict[str, object]:
    """The answers in a JSON object. Raises `InputError` if it is none."""
    try:
        data = json.loads(text)
    except ValueError as error:
        raise InputError(f"the answers are not JSON: {error}") from None
    if not isinstance(data, dict):
        raise InputError('the answers are not a JSON object, such as {"area": "North", "doses": 2}')
    return data


def _row(store: Store, report: UsageReport) -> Row:
    tag = store.tag(report.tag) if report.tag else None
    place = None if tag is None else tag.pouch if tag.retired_at_ms is None else tag.id
    return {
        "id": report.id,
        "form": report.form,
        "filed_at": clock.iso(report.filed_at_ms, store.station.time_zone),
        "officer": report.officer,
        "pouch": tag.pouch if tag else None,
        "opening": f"{place}:{report.sequence}" if place else None,
        "doses": report.doses,
        **{key: value for key, value in report.fields.items() if key != "doses"},
    }


def _words(answer: object, field: forms.Field | None) -> str:
    """An answer for people."""
    if isinstance(answer, bool):
        return "yes" if answer else "no"
    if field and field.type == "instant":
        return str(answer)[:16].replace("T", " ")
    return str(answer).replace("_", " ") if field and field.type == "choice" else str(answer)
