"""`kitdock digest`: what is new, for a mail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from host import clock, service
from host.cli.groups import ListByDefault
from host.cli.options import open_store, with_store
from host.cli.render import Cell, Done, PrintedReport, Row, Table, time_of
from host.cli.showing import dock_status, expiries
from host.cli.showing.discrepancies import severity
from host.cli.showing.noting import note
from host.cli.steps import line, told
from host.clock import Instant
from host.phrase import NextStep
from host.reconcile.lifecycle import REOPENED
from host.words import heading

if TYPE_CHECKING:
    from host.reconcile.lifecycle import Live

MOST = 50
"""A mail has at most so many rows under each heading; the commands show all."""


@click.group(cls=ListByDefault)
def digest() -> None:
    pass


@digest.command("list")
@click.option("--only-if-new", is_flag=True)
@click.option("--all", "everything", is_flag=True)
@with_store
def list_(db: Path, only_if_new: bool, everything: bool) -> PrintedReport | None:
    with open_store(db) as store:
        zone = store.station.time_zone
        name = store.station.name
        found = service.Digests(store).new_things(clock.now_ms(), everything)
    items = found.new.items
    if only_if_new and not items:
        return None
    title = line("title.digest", station=name, items=items) if items else line("title.digest_empty", station=name)
    return PrintedReport(title, _tables(found, zone), _line(found, zone))


@digest.command("acknowledge")
@click.argument("made", metavar="TIME")
@with_store
def acknowledge(db: Path, made: str) -> Done:
    with open_store(db) as store:
        zone = store.station.time_zone
        now_ms = clock.now_ms()
        made_ms = clock.parse_past_instant(made, zone, now_ms)
        service.Digests(store).read_digest(made_ms, now_ms)
        note(store)
    return Done(line("done.digest_read", made=Instant(made_ms, zone)), {"made_at": clock.iso(made_ms, zone)})


def _tables(found: service.NewThings, zone: str) -> dict[str, Table]:
    """The sections that are not empty."""

    def kits(title: str, advised: Sequence[service.Advised]) -> Table:
        rows = [expiries.row_of(each, zone) for each in advised]
        return _section(title, rows, expiries.COLUMNS, _KIT, NextStep("expiry.list"))

    def cases(title: str, live: Sequence[Live]) -> Table:
        return _section(title, [_case(each, zone) for each in live], _CASES, _CASE, NextStep("reconcile.list"))

    new = found.new
    tables = {
        "dock": dock_status.overdue_table(new.dock, zone),
        "expired_carried": kits(line("title.expired_carried"), found.expired_carried),
        "expiring": kits(line("title.expiring_soon"), found.expiring),
        "overdue_reports": cases(line("title.overdue_reports"), new.overdue_reports),
        "resupply": cases(line("title.resupply"), new.resupply),
        "discrepancies": cases(line("title.discrepancies"), new.discrepancies),
    }
    return {key: table for key, table in tables.items() if table.rows}


def _section(
    title: str, rows: Sequence[Row], columns: Mapping[str, Cell], details: Sequence[Cell], whole: NextStep
) -> Table:
    note = line("note.more", more=len(rows) - MOST, whole=whole) if len(rows) > MOST else ""
    return Table(rows[:MOST], columns, "", details, note, title)


def _case(each: Live, zone: str) -> Row:
    found = each.found
    return {
        "name": found.name,
        "called": each.called,
        "title": told(found.title),
        "kind": found.kind,
        "severity": found.severity,
        "status": each.status,
        "kit": found.kit,
        "pouch": found.pouch,
        "officer": found.officer,
        "place": found.place,
        "since": clock.iso(found.since_ms, zone),
        "evidence": told(found.evidence),
        "next_step": told(found.next_step),
    }


def _what(row: Row) -> str:
    what = heading(f"kind.{row['kind']}")
    return line("cell.again", what=what) if row["status"] == REOPENED else what


_CASES: Mapping[str, Cell] = {
    "severity": severity,
    "what_is_wrong": _what,
    "pouch": "pouch",
    "kit": "kit",
    "with": lambda row: row["officer"] or row["place"],
    "since": time_of("since"),
}
_CASE: Sequence[Cell] = (
    "title",
    "evidence",
    lambda row: line("cell.next", step=row["next_step"]),
    lambda row: line("cell.is_known", step=NextStep("discrepancy.acknowledge", discrepancy=row["called"])),
)
_KIT: Sequence[Cell] = (
    *expiries.DETAILS,
    lambda row: line("cell.is_known", step=NextStep("expiry.acknowledge", kit=row["kit"])),
)


def _line(found: service.NewThings, zone: str) -> str:
    told_of = []
    if found.new.items:
        read = NextStep("digest.acknowledge", made=clock.iso(found.made_ms, zone))
        told_of.append(line("note.all_read", read=read))
    if found.new.known:
        lists = {"expiry": NextStep("expiry.list"), "reconcile": NextStep("reconcile.list")}
        told_of.append(line("note.known_and_so", things=found.new.known, **lists))
    return "\n".join(told_of)
