"""`kitdock digest`: what is new, for a mail."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

import click

from host import clock
from host.cli.expiry import COLUMNS, DETAILS, row_of
from host.cli.groups import ListByDefault
from host.cli.options import open_store, with_store
from host.cli.render import Cell, Done, PrintedReport, Row, Table
from host.cli.steps import told
from host.reconcile.digest import Digest, Scope
from host.reconcile.digest import digest as make
from host.service.discrepancies import Discrepancies
from host.service.expiry import Expiries
from host.service.situation import Situations
from host.service.stock import Stock
from host.stock.expiry import Expiry, demands, next_step, suggest
from host.words import plural

if TYPE_CHECKING:
    from host.reconcile.lifecycle import Live
    from host.service.station import Database

MOST = 50
"""A mail has at most so many rows under each heading; the commands show all."""


@click.group(cls=ListByDefault)
def digest() -> None:
    """What is new and not acknowledged, to send by mail.

    Without a command it shows the digest: `kitdock digest`, `kitdock digest --only-if-new --output digest.eml`.
    """


@digest.command("list")
@click.option("--only-if-new", is_flag=True, help="Show and write nothing if nothing is new.")
@click.option("--all", "everything", is_flag=True, help="Also what was in a digest that somebody has read.")
@with_store
def list_(db: Path, only_if_new: bool, everything: bool) -> PrintedReport | None:
    """Show what is new: expiry, discrepancies, overdue reports, resupply.

    What somebody has acknowledged is left out, and comes back when it comes again or gets worse. Each item
    says how to acknowledge it; `kitdock digest acknowledge` acknowledges all of one digest.

    With --output FILE.eml it is a whole mail, as text and HTML, to hand to sendmail.
    """
    with open_store(db) as store:
        zone = store.station.time_zone
        name = store.station.name
        now_ms = clock.now_ms() // 1000 * 1000  # `acknowledge` names it by the second
        found = _digest(store, now_ms, everything)
        if only_if_new and not found.items:
            return None
        tables = _tables(store, found, zone)
    return PrintedReport(
        f"{name}: {plural(found.items, 'new thing')}" if found.items else f"{name}: nothing is new",
        tables,
        _line(found, now_ms, zone),
    )


@digest.command("acknowledge")
@click.argument("made", metavar="TIME")
@with_store
def acknowledge(db: Path, made: str) -> Done:
    """Say that the digest made at TIME has been read: what was in it is known.

    TIME is as the digest gives it. Nothing that came up later is touched, and nothing is closed: `kitdock
    expiry` and `kitdock reconcile` go on to show it all.
    """
    with open_store(db) as store:
        zone = store.station.time_zone
        now_ms = clock.now_ms()
        made_ms = clock.parse_past_instant(made, zone, now_ms)
        Expiries(store).acknowledge_digest(made_ms, now_ms)
    return Done(f"the digest of {clock.show(made_ms, zone)} has been read", {"made_at": clock.iso(made_ms, zone)})


def _digest(store: Database, now_ms: int, everything: bool) -> Digest:
    from host.reconcile import reconcile

    settings = store.settings
    read_ms = None if everything else Expiries(store).digest_read()
    there = reconcile(Situations(store).situation(now_ms, settings))
    if store.account.may("discrepancy.note"):
        Discrepancies(store).note_discrepancies(there, now_ms)
    zone = store.station.time_zone
    scope = Scope(now_ms, read_ms, zone, settings.expiry_days, settings.report_hours)
    expiring = Expiries(store).expiring(clock.today(now_ms, zone), settings.expiry_days)
    return make(expiring, Discrepancies(store).standings(there), scope)


def _tables(store: Database, found: Digest, zone: str) -> dict[str, Table]:
    """The sections that are not empty."""
    carry_days = store.settings.carry_days
    home, today = store.station.name, Stock(store).today()
    kits = [*found.expired_carried, *found.expiring]
    advised = suggest(
        kits, Expiries(store).shelves(demands(kits, home, carry_days), today, carry_days), home, carry_days
    )
    count = len(found.expired_carried)

    def kit(each: Expiry) -> Row:
        return row_of(each, told(next_step(each, carry_days, home)), zone)

    def case(each: Live) -> Row:
        return _case(each, zone)

    expired, soon = advised[:count], advised[count:]
    tables = {
        "expired_carried": _section("Expired and carried", expired, kit, COLUMNS, _KIT, "kitdock expiry"),
        "expiring": _section("Expires soon, or expired in stock", soon, kit, COLUMNS, _KIT, "kitdock expiry"),
        "overdue_reports": _section("Usage reports overdue", found.overdue_reports, case, _CASES, _CASE, _RECONCILE),
        "resupply": _section("Resupply not delivered", found.resupply, case, _CASES, _CASE, _RECONCILE),
        "discrepancies": _section("Discrepancies", found.discrepancies, case, _CASES, _CASE, _RECONCILE),
    }
    return {key: table for key, table in tables.items() if table.rows}


def _section(
    title: str,
    items: Sequence[Any],
    row: Callable[[Any], Row],
    columns: Any,
    details: Sequence[Cell],
    whole: str,
) -> Table:
    note = f"{len(items) - MOST} more: see `{whole}`" if len(items) > MOST else ""
    return Table([row(each) for each in items[:MOST]], columns, "", details, note, title)


def _case(each: Live, zone: str) -> Row:
    found = each.found
    return {
        "name": found.name,
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


_RECONCILE = "kitdock reconcile"
_CASES: dict[str, Cell] = {
    "severity": "severity",
    "what": lambda row: row["kind"].replace("_", " ") + (" again" if row["status"] == "reopened" else ""),
    "pouch": "pouch",
    "kit": "kit",
    "with": lambda row: row["officer"] or row["place"],
    "since": lambda row: row["since"][:16].replace("T", " "),
}
_CASE: Sequence[Cell] = (
    "evidence",
    lambda row: f"next: {row['next_step']}",
    lambda row: f"known? `kitdock reconcile acknowledge {quote(row['name'])} --reason TEXT`",
)
_KIT: Sequence[Cell] = (
    *DETAILS,
    lambda row: f"known? `kitdock expiry acknowledge {row['kit']} --until YYYY-MM-DD --reason TEXT`",
)


def _line(found: Digest, now_ms: int, zone: str) -> str:
    lines = []
    if found.items:
        lines.append(f"all read? `kitdock digest acknowledge {clock.iso(now_ms, zone)}`")
    if found.known:
        lines.append(f"{plural(found.known, 'thing')} known and still so: see `kitdock expiry`, `kitdock reconcile`")
    return "\n".join(lines)
