"""How the dock is, for `kitdock dock --status` and the digest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import click

from host import clock, service
from host.cli.options import open_store
from host.cli.render import Cell, Row, Table, time_of
from host.cli.root import STATUS
from host.cli.steps import line, told
from host.clock import Instant
from host.docking.unsaved import unsaved
from host.errors import StoreError
from host.phrase import NextStep, Phrase
from host.tag.dock import NOT_LISTENING, Overdue
from host.words import heading

FINDING = 1
"""Exit status if the dock does not run, or has left something undone for too long."""

_RADIO_IS = ("radio.busy", "radio.denied", "radio.no_access", "radio.no_such_name", "radio.no_usb", "radio.none")
_RADIO_DOES = ("radio.not_there", "radio.off", "radio.silent", "radio.unreachable")
"""What is wrong with an adapter, and needs no more said than its name."""

_NOT_COLLECTED = {
    "link.wrong_key": Phrase("dock_status.wrong_key"),
    "docking.rolled_back": Phrase("dock_status.rolled_back", see=NextStep("reconcile.list")),
    "docking.safe_mode": Phrase("dock_status.safe_mode", log=NextStep("tag.log")),
    "docking.in_safe_mode": Phrase("dock_status.safe_mode", log=NextStep("tag.log")),
}
"""Why a pouch was not collected, where trying again does not help."""


def dock_status(db: Path) -> Table:
    """How the dock is; that it needs somebody becomes the exit status."""
    with open_store(db) as store:
        now_ms, zone = clock.now_ms(), store.station.time_zone
        trouble = service.Docks(store).trouble()
        status = service.Docks(store).status(now_ms)
    if status.overdue or not status.running or trouble:
        click.get_current_context().meta[STATUS] = FINDING
    rows = list(_rows(status, zone, db, trouble))
    return Table(
        rows,
        {"what": _what, "state": lambda row: heading(f"at_dock.{row['state']}"), "since": time_of("since")},
        "",
        [_why] if any(map(_why, rows)) else (),
        "\n".join(_sentences(status, zone, trouble)),
        line("title.dock"),
    )


def overdue_table(found: Iterable[Overdue], zone: str) -> Table:
    """What the dock has left undone, as a digest has it."""
    rows: list[Row] = [
        {
            "kind": each.what,
            "pouch": each.pouch,
            "since": clock.iso(each.since_ms, zone),
            "what": told(_what_of(each, zone)),
        }
        for each in found
    ]
    return Table(rows, _OVERDUE, "", [lambda _: line("cell.next", step=told(_LOOK))], "", line("title.dock_overdue"))


_LOOK = NextStep("dock.status")
_OVERDUE: Mapping[str, Cell] = {"what_is_wrong": "what", "since": time_of("since")}


def _what_of(overdue: Overdue, zone: str) -> Phrase:
    """What the dock has left undone."""
    if overdue.what == NOT_LISTENING:
        return Phrase("dock_status.not_listening", since=Instant(overdue.since_ms, zone))
    return Phrase("dock_status.not_collected", pouch=overdue.pouch, since=Instant(overdue.since_ms, zone))


def _rows(status: service.DockStatus, zone: str, store_path: Path, trouble: StoreError | None) -> Iterator[Row]:
    """The dock, its adapters while it runs, the database if it can't be written, the pouches that wait and the latest
    that was collected."""
    run, radios, collected, waiting, _ = status.known
    late = {each.pouch if each.what != NOT_LISTENING else None for each in status.overdue}

    def row(
        kind: str, name: str | None, state: str, since_ms: int | None, why: str | None = None, is_late: bool = False
    ) -> Row:
        since = None if since_ms is None else clock.iso(since_ms, zone)
        return {"kind": kind, "name": name, "state": state, "since": since, "why": why, "overdue": is_late}

    if run is None:
        yield row("dock", None, "never_started", None, is_late=None in late)
    elif not status.running:
        # One that can't save anything can't tell that it runs either.
        state = "not_known" if trouble else "not_running"
        yield row("dock", run.computer, state, run.seen_ms, is_late=None in late)
    else:
        yield row("dock", run.computer, "running", run.began_ms, is_late=None in late)
        for each in radios:
            state = "listening" if each.listening else "not_listening"
            yield row("adapter", each.adapter, state, each.since_ms, each.why)
    if trouble:
        yield row("database", str(store_path), "not_writable", None, trouble.code, True)
    for pouch in waiting:
        yield row("pouch", pouch.pouch, "not_collected", pouch.since_ms, pouch.why, pouch.pouch in late)
    if collected:
        yield row("latest", collected.pouch, "collected", collected.at_ms)


def _what(row: Row) -> str:
    name = row["name"]
    if row["kind"] == "dock":
        return line("cell.dock")
    if row["kind"] == "database":
        return line("cell.database")
    if row["kind"] == "adapter":
        return line("cell.adapter", adapter=name) if name else line("cell.own_adapter")
    return line("cell.pouch_waiting" if row["kind"] == "pouch" else "cell.latest_pouch", pouch=name)


def _why(row: Row) -> str:
    """What is wrong with an adapter or a pouch, with what to do."""
    why = row["why"]
    if row["state"] == "not_listening":
        if why in (*_RADIO_IS, *_RADIO_DOES):
            return line(why, adapter=row["name"])
        return line("dock_status.radio_is_tried")
    if row["state"] != "not_collected":
        return ""
    if why is None:
        return line("dock_status.put_back")
    if why == "clock.behind":
        return line("dock_status.clock")
    if why.startswith("database."):
        return line("dock_status.database")
    return told(_NOT_COLLECTED.get(why, Phrase("dock_status.tried_again")))


def _sentences(status: service.DockStatus, zone: str, trouble: StoreError | None) -> Iterator[str]:
    """What follows, with the next step."""
    run = status.known.run
    if trouble:
        yield line("dock.unsaved", why=unsaved(trouble))
    steps = {"start": NextStep("dock.service"), "install": NextStep("service.install")}
    if run is None:
        yield line("dock_status.never_started", **steps)
    elif not status.running and trouble:
        yield line("dock_status.not_known", seen=Instant(run.seen_ms, zone))
    elif not status.running:
        yield line("dock_status.not_running", seen=Instant(run.seen_ms, zone), **steps)
    elif not any(each.listening for each in status.known.radios):
        yield line("dock_status.hears_nothing")
    elif not status.overdue and not trouble:
        yield line("dock_status.well")
    yield from (told(_what_of(each, zone)) for each in status.overdue)
