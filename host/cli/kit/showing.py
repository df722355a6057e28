"""`kitdock kit list` and `history`: where kits are, where they were, and what became of one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from host import clock, service
from host.cli import steps
from host.cli.groups import Command
from host.cli.options import instant, open_store, with_store
from host.cli.render import Row, Table, a_time, day_of, time_of
from host.cli.steps import line
from host.ledger import COUNTED, Step, in_words
from host.ledger.movement import CORRECT, DESTROYED, IN_STOCK, ISSUED, VOID
from host.phrase import NextStep, Phrase
from host.usage.doses import told
from host.words import heading

if TYPE_CHECKING:
    from datetime import date


LATE_MS = 60_000
"""A movement that was recorded so much later than it happened is shown with both times."""


@click.command("list", cls=Command)
@click.option("--status", type=click.Choice([each.replace("_", "-") for each in COUNTED]), multiple=True)
@click.option("--officer", metavar="OFFICER")
@click.option("--place", metavar="PLACE")
@click.option("--lot", metavar="LOT")
@click.option("--to-count", is_flag=True)
@click.option("--at", metavar="TIME")
@with_store
def list_(
    db: Path,
    status: tuple[str, ...],
    officer: str | None,
    place: str | None,
    lot: str | None,
    to_count: bool,
    at: str | None,
) -> Table:
    if to_count and at is not None:
        raise click.UsageError(line("option.to_count_is_of_now"))
    wanted = {each.replace("-", "_") for each in status} or {each for each in COUNTED if each != DESTROYED}
    with open_store(db) as store:
        service.Names(store).check_names(officer=officer, place=place, lot=lot)
        at_ms = None if at is None else instant(store, at)
        found = service.Kits(store).kit_states(at_ms, officer)
        due = service.Doses(store).to_count() if at_ms is None and store.account.may("stock.read") else {}
        zone = store.station.time_zone
        today = store.today() if at_ms is None else clock.today(at_ms, zone)
    rows = [
        {
            **_row(each, zone, today),
            "to_count": str(told(due[each.kit.id], zone)) if each.kit.id in due else None,
        }
        for each in found
        if each.state.status in wanted
        and (each.kit.id in due or not to_count)
        and (place is None or each.state.place == place)
        and (lot is None or each.kit.lot == lot)
    ]
    return Table(
        rows,
        {
            "kit": "kit",
            "product": "product",
            "lot": "lot",
            "expires": day_of("expires_on"),
            "where": _where_and_pouch,
            "note": _note,
        },
        line("none.to_count")
        if to_count
        else line("none.kits_so", list=NextStep("kit.list"))
        if found or officer
        else line("none.kits", receive=NextStep("stock.receive"), add=NextStep("kit.enter"))
        if at is None
        else line("none.kits_then", at=at),
        details=[lambda row: line("cell.to_count_because", why=row["to_count"])] if to_count else [],
    )


def _row(kit: service.KitNow, zone: str, today: date) -> Row:
    state, lot = kit.state, kit.lot
    return {
        "kit": kit.kit.id,
        "product": lot.product,
        "lot": lot.lot,
        "expires_on": lot.expires_on.isoformat(),
        "expired": lot.expires_on < today,
        "doses": lot.doses_per_kit,
        "doses_left": state.doses_left,
        "status": state.status,
        "officer": state.officer,
        "place": state.place,
        "pouch": state.pouch,
        "since": clock.iso(state.since_ms, zone),
        "quarantine": state.quarantine,
        "recalled": lot.recalled,
    }


def _where(row: Row) -> str:
    """With whom or where; what became of it, if it is neither carried nor in stock."""
    holder = line("cell.officer", officer=row["officer"]) if row["officer"] else row["place"] or ""
    if row["status"] == IN_STOCK:
        return line("cell.in_stock_of", holder=holder)
    if row["status"] == ISSUED:
        return str(holder)
    status = str(in_words(row["status"]))
    return f"{status}, {holder}" if holder and row["status"] != DESTROYED else status


def _where_and_pouch(row: Row) -> str:
    return f"{_where(row)}, {row['pouch']}" if row["pouch"] else _where(row)


def _note(row: Row) -> str:
    """What is not as usual."""
    notes = ["cell.expired"] if row["expired"] else []
    notes += ["cell.quarantined"] if row["quarantine"] is not None else []
    notes += ["cell.recalled"] if row["recalled"] is not None else []
    notes += ["cell.to_count"] if row.get("to_count") else []
    if row["status"] in (IN_STOCK, ISSUED) and row["doses_left"] != row["doses"]:
        notes.append("cell.doses_of")
    return ", ".join(line(code, left=row["doses_left"], of=row["doses"]) for code in notes)


@click.command("history", cls=Command)
@click.argument("kit", metavar="KIT")
@with_store
def history(db: Path, kit: str) -> Table:
    with open_store(db) as store:
        found, steps, evidence = service.Kits(store).history(kit)
        zone = store.station.time_zone
    reversed_by = {each.movement.corrects: each.movement.id for each in steps if not each.impossible}
    dated = [(each.movement.at_ms, _movement_row(each, reversed_by.get(each.movement.id), zone)) for each in steps]
    dated += [(each.at_ms, _opening_row(each, steps, zone)) for each in evidence]
    # By the instant, not by what the clock on the wall said: that comes twice in autumn.
    rows = [row for _, row in sorted(dated, key=lambda each: each[0])]
    lot = found.lot
    return Table(
        rows,
        {
            "when": time_of("at"),
            "number": lambda row: row["movement"] or "",
            "what": _what,
            "after_it": _after,
            "doses_left": lambda row: "" if row["doses_left"] is None else row["doses_left"],
            "by": lambda row: row["recorded_by"] or "",
        },
        line("none.movements", kit=kit),
        details=[_remarks] if any(_remarks(row) for row in rows) else [],
        note=line(
            "note.lot_recalled" if lot.recalled else "note.lot_expires",
            product=lot.product,
            lot=lot.lot,
            expires_on=lot.expires_on,
            reason=lot.recalled,
        ),
        title=line("title.movements_of_kit", kit=kit),
    )


def _movement_row(step: Step, reversed_by: int | None, zone: str) -> Row:
    movement, state = step.movement, step.state
    late = movement.recorded_at_ms - movement.at_ms >= LATE_MS
    return {
        "at": clock.iso(movement.at_ms, zone),
        "movement": movement.id,
        "kind": movement.kind,
        "status": state.status,
        "officer": state.officer,
        "place": state.place,
        "pouch": state.pouch,
        "quarantine": state.quarantine,
        "doses": movement.doses,
        "doses_left": state.doses_left,
        "doses_unaccounted": state.doses_unaccounted,
        "recorded_by": movement.login or None,
        "recorded_at": clock.iso(movement.recorded_at_ms, zone) if late else None,
        "reason": movement.reason,
        "document": movement.document,
        "corrects": movement.corrects,
        "reversed_by": reversed_by,
        "impossible": steps.told(step.impossible) if step.impossible else None,
        "cause": None,
        "reports": [movement.report] if movement.report else [],
    }


def _opening_row(opening: service.KitOpening, steps: list[Step], zone: str) -> Row:
    row = dict.fromkeys(_movement_row(steps[0], None, zone))
    return {
        **row,
        "at": clock.iso(opening.at_ms, zone),
        "kind": "opening",
        "pouch": opening.pouch,
        "cause": opening.cause,
        "reports": opening.reports,
    }


def _what(row: Row) -> str:
    if row["kind"] == "opening":
        return line("cell.pouch_opened")
    what = heading(f"movement.{row['kind']}")
    return f"{what} {row['corrects']}" if row["kind"] == CORRECT else what


def _after(row: Row) -> str:
    if row["kind"] == "opening":
        why = heading(f"cause.{row['cause']}") if row["cause"] else line("cell.unexplained")
        return f"{row['pouch']}: {why}"
    if row["status"] in (VOID, DESTROYED):
        return str(in_words(row["status"]))
    return _where_and_pouch(row)


def _remarks(row: Row) -> str:
    """What else is known of a movement, below it."""
    counted = row["doses"] is not None and row["kind"] in ("return", "count")
    parts = [
        Phrase("cell.reversed_by", movement=row["reversed_by"]) if row["reversed_by"] else None,
        Phrase("cell.impossible", why=row["impossible"]) if row["impossible"] else None,
        Phrase("cell.doses_counted", doses=row["doses"]) if counted else None,
        Phrase("cell.doses_given", doses=row["doses"]) if row["kind"] == "use" else None,
        Phrase("cell.doses_unaccounted", doses=row["doses_unaccounted"]) if row["doses_unaccounted"] else None,
        row["reason"],
        Phrase("cell.document", document=row["document"]) if row["document"] else None,
        Phrase("cell.recorded", at=a_time(row["recorded_at"])) if row["recorded_at"] else None,
        Phrase("cell.of_reports", reports=tuple(row["reports"])) if row["reports"] else None,
    ]
    remarks = tuple(part for part in parts if part)
    return line("cell.remarks", remarks=remarks) if remarks else ""
