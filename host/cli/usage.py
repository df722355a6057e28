"""`kitdock usage`: reports of what was given to a person."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

import click

from host import clock, forms, service
from host.cli import asking, terminal
from host.cli.groups import Group
from host.cli.options import open_store, reason_option, with_store
from host.cli.render import Done, Row, Table, time_of
from host.cli.steps import line, told
from host.clock import Instant
from host.errors import InputError, KitdockError
from host.phrase import NextStep, Phrase
from host.usage.reports import SAME, WITHDRAWN, UsageReport
from host.words import written


@click.group(cls=Group)
def usage() -> None:
    pass


@usage.command("file")
@click.option("--form", "form_key", metavar="FORM", default=forms.DEFAULT, show_default=True)
@click.option("--opening", metavar="POUCH[:NUMBER]")
@click.option("--officer", metavar="OFFICER")
@click.option("--kit", metavar="KIT")
@click.option("--amends", type=click.IntRange(1), metavar="ID")
@click.option("--answers", type=click.File(encoding="utf-8"))
@with_store
def file(
    db: Path, form_key: str, opening: str | None, officer: str | None, kit: str | None, amends: int | None, answers: Any
) -> Done:
    given = None if answers is None else _read(answers)
    asked = given is None
    with open_store(db) as store:
        form = forms.load(form_key)
        officer, found, tag = service.Telling(store).who_reports(opening, officer)
        if officer is None:
            raise click.UsageError(line("option.who_reports"))
        if given is None:
            if not terminal.has_terminal():
                raise click.UsageError(line("option.answers_missing"))
            given, kit = asking.ask_report(store, form.key, officer, found, kit)
        try:
            filed = service.Telling(store).file_report(
                form_key, found, officer, given, clock.now_ms(), kit, amends, tag
            )
        except KitdockError:
            if asked:
                asking.keep_report(store, form.key, officer, found, given, kit)
            raise
        row = _row(store, filed)
    if asked:
        terminal.say(told(asking.reported(filed.id, found, officer)))
    code = "done.report_filed_of_kit" if filed.kit else "done.report_filed"
    text = line(code, report=filed.id, doses=filed.doses, officer=officer, kit=filed.kit)
    warnings = []
    if filed.kit is None:
        kits = tuple(found.kits) if found else ()
        any_of = Phrase("cell.any_of", them=kits)
        warnings.append(line("said.which_of_kits" if kits else "said.which_kit", kits=any_of))
    return Done(text, row, warnings)


@usage.command("withdraw")
@click.argument("report_id", metavar="ID", type=click.IntRange(min=1))
@reason_option()
@with_store
def withdraw(db: Path, report_id: int, reason: str) -> Done:
    with open_store(db) as store:
        found = service.Reports(store).withdraw_report(report_id, reason, clock.now_ms())
        row = _row(store, found)
    return Done(line("done.report_withdrawn", report=report_id), row)


@usage.command("same")
@click.argument("report_id", metavar="ID", type=click.IntRange(min=1))
@click.argument("other", metavar="OTHER", type=click.IntRange(min=1))
@with_store
def same(db: Path, report_id: int, other: int) -> Done:
    with open_store(db) as store:
        found = service.Reports(store).same_use(report_id, other, clock.now_ms())
        row = _row(store, found)
    return Done(line("done.report_same", report=report_id, other=other), row)


@usage.command("match")
@click.argument("report_id", metavar="ID", type=click.IntRange(min=1))
@click.argument("opening", metavar="POUCH[:NUMBER]")
@with_store
def match(db: Path, report_id: int, opening: str) -> Done:
    with open_store(db) as store:
        found = service.Telling(store).find_opening(opening)
        done = service.Reports(store).match_report(report_id, (found.tag, found.sequence), clock.now_ms())
        row = _row(store, done)
    return Done(line("done.report_matched", report=report_id, opening=found.name), row)


@usage.command("restore")
@click.argument("report_id", metavar="ID", type=click.IntRange(min=1))
@reason_option(required=False)
@with_store
def restore(db: Path, report_id: int, reason: str | None) -> Done:
    with open_store(db) as store:
        found = service.Reports(store).restore_report(report_id, reason, clock.now_ms())
        row = _row(store, found)
    return Done(line("done.report_restored", report=report_id), row)


@usage.command("list")
@with_store
def list_(db: Path) -> Table:
    with open_store(db) as store:
        rows = [_row(store, each) for each in service.Reports(store).reports()]
    return Table(
        rows,
        {
            "id": "id",
            "form": "form",
            "filed": time_of("filed_at"),
            "officer": "officer",
            "pouch": "pouch",
            "opening": "opening",
            "doses": "doses",
            "note": _note,
        },
        line("none.usage_reports", file=NextStep("report.file", opening="POUCH")),
    )


@usage.command("show")
@click.argument("report_id", metavar="ID", type=click.IntRange(min=1))
@with_store
def show(db: Path, report_id: int) -> Table:
    with open_store(db) as store:
        report, protected = service.Reports(store).report(report_id)
        row = _row(store, report)
        station = store.station
        roles = store.account.reads_as(report.officer)
    answers = {**report.fields, **protected}
    form = forms.load(report.form)
    known = {field.key: field for field in form.fields}
    # Somebody who may not read a protected field doesn't learn even whether it was answered.
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
                line("cell.for_other_roles") if row["hidden"] else _words(row["answer"], known.get(row["field"]))
            ),
        },
        line("none.answers"),
        note=line(
            "note.report_on_opening" if row["opening"] else "note.report",
            report=row["id"],
            form=row["form"],
            version=row["form_version"],
            filed=Instant(report.filed_at_ms, station.time_zone),
            officer=row["officer"],
            opening=row["opening"],
        ),
    )


def _read(file: TextIO) -> dict[str, object]:
    """The answers in a JSON object. Raises `InputError` if it is none."""
    try:
        data = json.load(file)
    except UnicodeDecodeError:
        raise InputError("answers.no_utf8") from None
    except RecursionError:  # lists in lists in lists
        raise InputError("answers.no_object") from None
    except ValueError as error:
        raise InputError("answers.not_json", why=str(error)) from None
    if not isinstance(data, dict):
        raise InputError("answers.no_object")
    return data


def _row(store: service.Database, report: UsageReport) -> Row:
    tag = service.Tags(store).tag(report.tag) if report.tag else None
    place = None if tag is None else tag.pouch if tag.retired_at_ms is None else tag.id
    return {
        "id": report.id,
        "form": report.form,
        "form_version": report.form_version,
        "filed_at": clock.iso(report.filed_at_ms, store.station.time_zone),
        "officer": report.officer,
        "pouch": tag.pouch if tag else None,
        "opening": f"{place}:{report.sequence}" if place else None,
        "doses": report.doses,
        "kit": report.kit,
        "stands": report.stands,
        "same_as": report.same_as,
        "entered_by": report.login or None,
        **{key: value for key, value in report.fields.items() if key != "doses"},
    }


def _note(row: Row) -> str:
    if row["stands"] == SAME:
        return line("cell.same_as", report=row["same_as"])
    return line("cell.withdrawn") if row["stands"] == WITHDRAWN else ""


def _words(answer: object, field: forms.Field | None) -> str:
    """An answer for people."""
    if isinstance(answer, bool):
        return line("cell.yes" if answer else "cell.no")
    if field and field.type == "instant":
        return written(datetime.fromisoformat(str(answer)))
    return str(answer).replace("_", " ") if field and field.type == "choice" else str(answer)
