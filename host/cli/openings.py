"""`kitdock openings`: the openings of pouches, and what officers say of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from host import clock, service
from host.cli import asking, questions, terminal
from host.cli.groups import ListByDefault
from host.cli.options import open_store, with_store
from host.cli.render import Done, Row, Table, time_of
from host.cli.steps import line
from host.errors import InputError
from host.phrase import NextStep, Phrase
from host.tag.times import Interval
from host.usage.openings import Opening
from host.usage.reports import CAUSES, MAX_DOSES, USED
from host.words import bound, heading


@click.group(cls=ListByDefault)
def openings() -> None:
    pass


@openings.command("list")
@click.argument("pouch", metavar="[POUCH|TAG]", required=False)
@with_store
def list_(db: Path, pouch: str | None) -> Table:
    with open_store(db) as store:
        tag = service.Tags(store).tag(pouch).id if pouch else None
        zone = store.station.time_zone
        found = service.Openings(store).openings(tag)
    return Table(
        [_row(each, zone) for each in found],
        {
            "opening": "opening",
            "opened": time_of("opened_at"),
            "give_or_take": lambda row: bound(row["opened_error_s"] * 1000),
            "lasted": _lasted,
            "marks": lambda row: row["dose_marks"] or "",
            "carried_by": _carriers,
            "why": _why,
        },
        line("none.openings"),
    )


@openings.command("explain")
@click.argument("opening", metavar="POUCH[:NUMBER]")
@click.option("--cause", type=click.Choice(list(CAUSES)))
@click.option("--doses", type=click.IntRange(1, MAX_DOSES))
@click.option("--officer", metavar="OFFICER")
@click.option("--myself", is_flag=True)
@with_store
def explain(db: Path, opening: str, cause: str | None, doses: int | None, officer: str | None, myself: bool) -> Done:
    if myself and officer is not None:
        raise click.UsageError(line("option.officer_or_myself"))
    with open_store(db) as store:
        found = service.Telling(store).find_opening(opening)
        asks = terminal.has_terminal()
        if cause is None and not asks:
            raise click.UsageError(line("option.cause_missing"))
        asked = False
        asks_who = officer is None and not myself and asks
        who = None if asks_who or myself else service.Telling(store).speaker(found, officer)
        if asks_who or cause is None:
            who, cause, doses = _asked(store, found, who, cause, doses, asks_who)
            asked = True
        before = found.explanation
        doses = service.Telling(store).record_explanation(found, who, cause, doses, clock.now_ms())
        speaks = Phrase("cell.officer", officer=who) if who is not None else store.login
    if asked:
        again = NextStep("opening.explain_anew", opening=found.name)
        terminal.say(line("asking.change_explanation", change=again))
    replaced = Phrase("said.replaces", cause=before.cause, by=before.said_by) if before else None
    report = NextStep("report.file", opening=found.name) if cause == USED and not found.reports else None
    return Done(
        line(
            "done.opening_explained",
            opening=found.name,
            by=speaks,
            cause=CAUSES[cause],
            doses=Phrase("cell.doses", doses=doses) if doses else None,
            replaced=replaced,
            report=report,
        ),
        {
            "opening": found.name,
            "cause": cause,
            "doses": doses,
            "officer": who,
            "replaces": before.cause if before else None,
        },
    )


def _asked(
    store: service.Database, opening: Opening, who: str | None, cause: str | None, doses: int | None, asks_who: bool
) -> tuple[str | None, str, int | None]:
    """What is not given yet is asked for. Raises `InputError` if it is left for later."""
    said: dict[str, Any] = {"who": who, "cause": cause, "doses": doses}

    def ask_who() -> bool:
        said["who"] = asking.ask_who(store, opening.pouch, opening.officers, then=True)
        return store.account.officer is None

    def ask_cause() -> bool:
        said["cause"] = asking.ask_cause(store, opening, said["who"])
        return True

    def ask_doses() -> bool:
        if said["cause"] != USED or doses is not None:
            return False
        said["doses"] = asking.ask_doses(opening)
        return True

    steps = [*([ask_who] if asks_who else []), *([ask_cause, ask_doses] if cause is None else [])]
    try:
        questions.from_the_start(steps)
    except questions.Left:
        raise InputError("said.stays_unexplained") from None
    return said["who"], said["cause"], said["doses"]


def _row(opening: Opening, zone: str) -> Row:
    explanation = opening.explanation
    return {
        "opening": opening.name,
        "tag": opening.tag,
        "pouch": opening.pouch,
        "sequence": opening.sequence,
        **_instant("opened", opening.began, zone),
        **_instant("closed", opening.ended, zone),
        "duration_s": opening.duration_s,
        "is_open": opening.is_open,
        "dose_marks": opening.dose_marks,
        "officers": list(opening.officers),
        "kits": list(opening.kits),
        "cause": explanation.cause if explanation else None,
        "doses": explanation.doses if explanation else None,
        "explained_by": (explanation.officer or explanation.login) if explanation else None,
        "entered_by": explanation.login or None if explanation else None,
        "explained_at": clock.iso(explanation.at_ms, zone) if explanation else None,
        "reports": list(opening.reports),
    }


def _instant(name: str, when: Interval | None, zone: str) -> Row:
    return {
        f"{name}_at": clock.iso(when.likely_ms, zone) if when else None,
        f"{name}_error_s": -(-when.error_ms // 1000) if when else None,
    }


def _carriers(row: Row) -> str:
    return line("cell.any_of", them=tuple(row["officers"]) or (Phrase("cell.nobody"),))


def _lasted(row: Row) -> str:
    if row["is_open"]:
        return line("cell.open")
    seconds = row["duration_s"]
    if seconds is None:
        return "?"
    if seconds == 0:
        return line("cell.brief")
    return line("cell.seconds", s=seconds) if seconds < 120 else line("cell.minutes", min=seconds // 60)


def _why(row: Row) -> str:
    if row["cause"] is None:
        return line("cell.unexplained" if not row["reports"] else "cell.reported")
    if row["cause"] != USED:
        return heading(f"cause.{row['cause']}")
    reports = " ".join(map(str, row["reports"]))
    return line("cell.used_reported" if reports else "cell.used_unreported", doses=row["doses"], reports=reports)
