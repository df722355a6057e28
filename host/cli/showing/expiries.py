"""Kits that expire, as tables: for people who to call and what to bring, for programs all that is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from host import clock, service
from host.cli.render import Cell, Row, Table, a_day, day_of
from host.cli.steps import line, told
from host.phrase import NextStep, Phrase
from host.words import heading


def expiries_table(found: service.ExpiringKits, zone: str) -> Table:
    """Kits that have expired or soon will, as `kitdock expiry` lists them."""
    hidden = None
    if found.known:
        hidden = Phrase("note.known_kits", kits=found.known, all=NextStep("expiry.list_all"))
    if not found.has_kits:
        empty = no_kits()
    elif hidden is None:
        empty = line("none.expiring", days=found.within_days)
    else:
        empty = line("none.expiring_but_known", days=found.within_days, known=hidden)
    return Table(
        [row_of(each, zone) for each in found.kits],
        COLUMNS,
        empty,
        details=DETAILS,
        note=told(hidden) if hidden else "",
        title=line("title.expiring"),
    )


def no_kits() -> str:
    """That there are none, and how to get some."""
    return line("none.kits", receive=NextStep("stock.receive"), add=NextStep("kit.enter"))


def row_of(advised: service.Advised, zone: str) -> Row:
    """An expiry for programs, with its next step."""
    each = advised.expiry
    note, new = each.note, each.replacement
    return {
        "kit": each.kit,
        "product": each.product,
        "lot": each.lot,
        "expires_on": each.expires_on.isoformat(),
        "days_left": each.days_left,
        "expired": each.expired,
        "carried": each.carried,
        "officer": each.officer,
        "place": each.place,
        "pouch": each.pouch,
        "unit": each.unit,
        "station": each.station,
        "replacement": new.kit if new else None,
        "replacement_expires_on": new.expires_on.isoformat() if new else None,
        "replacement_at": new.place if new else None,
        "next_step": told(advised.step),
        "acknowledged_until": note.until.isoformat() if note else None,
        "acknowledged_by": note.login if note else None,
        "acknowledged_at": clock.iso(note.at_ms, zone) if note else None,
        "reason": note.reason if note else None,
    }


def _place(row: Row) -> str:
    """What the kit is and where to find it; and that it is known, if so."""
    where = ", ".join(each for each in (row["product"], row["unit"], row["station"]) if each)
    if not row["acknowledged_until"]:
        return where
    return line("cell.known_until", where=where, until=a_day(row["acknowledged_until"]), reason=row["reason"])


def _when(row: Row) -> str:
    days_left = row["days_left"]
    if days_left < 0:
        return line("cell.expired_ago", days=-days_left)
    return line("cell.expires_in", days=days_left) if days_left else line("cell.last_day")


def _holder(row: Row) -> str:
    return str(row["officer"] or row["place"]) if row["carried"] else heading("holder.in_stock")


COLUMNS: Mapping[str, Cell] = {
    "kit": "kit",
    "lot": "lot",
    "expires": day_of("expires_on"),
    "": _when,
    "with": _holder,
    "pouch": "pouch",
}
"""How people see the rows of `row_of`, with `DETAILS` below each."""

DETAILS: Sequence[Cell] = (_place, lambda row: line("cell.next", step=row["next_step"]))
