"""`kitdock kit issue`, `next`, `return`, `replace`: kits go out and come back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from host import clock, service
from host.cli import questions, terminal
from host.cli.groups import Command
from host.cli.kit.shared import (
    ask_count,
    at_and_yes,
    document_option,
    kits_argument,
    named,
    recorded,
    station_option,
    told,
)
from host.cli.options import instant, open_store, reason_option, with_store
from host.cli.render import Done, Table, day_of
from host.cli.steps import line
from host.clock import Instant
from host.ledger import Movement, State, held_by
from host.ledger.movement import ISSUE, LEAVE_BEHIND, LOSE, RETURN, USE, USED
from host.phrase import NextStep, Phrase

SHOWN = 5
"""How many kits `next` shows."""


@click.command("issue", cls=Command)
@click.argument("names", metavar="[KIT]... [OFFICER]", nargs=-1)
@click.option("--next", "first", is_flag=True)
@click.option("--place", metavar="PLACE")
@click.option("--pouch", metavar="POUCH")
@click.option("--product", metavar="PRODUCT")
@click.option("--station", metavar="STATION")
@document_option
@at_and_yes
@with_store
def issue(
    db: Path,
    names: tuple[str, ...],
    first: bool,
    place: str | None,
    pouch: str | None,
    product: str | None,
    station: str | None,
    document: str | None,
    at: str | None,
    yes: bool,
) -> Done:
    officer, kits = _to_whom(names, first, place)
    if not first and (product or station):
        raise click.UsageError(line("option.go_with_next"))
    with open_store(db) as store:
        service.Names(store).check_names(product=product)
        to = Movement(0, instant(store, at), ISSUE, "", officer, place, pouch, document=document)

        if at is None and terminal.has_terminal():
            to = _since_when(store, to, kits)

        def record() -> list[service.Moved]:
            if first:
                return [service.Replacements(store).issue_next(to, station, product)]
            return service.Stock(store).move_all(to._replace(kit=kit) for kit in kits)

        moved = recorded(store, at, yes, record)
        zone = store.station.time_zone
    holder = held_by(moved[-1].after)
    into = moved[-1].after.pouch
    kits_out = named([each.movement.kit for each in moved])
    code = "done.issued_in_pouch" if into else "done.issued"
    return told(line(code, kits=kits_out, holder=holder, pouch=into), moved, zone)


def _since_when(store: service.Database, to: Movement, kits: Sequence[str]) -> Movement:
    """The issue with its right time: if a wrong one was reversed, the holder may have had the kits since then."""
    zone = store.station.time_zone
    for kit in kits:
        wrong = service.Stock(store).reversed_issue(kit)
        if wrong is not None and wrong.at_ms < to.at_ms:
            had = held_by(State(officer=wrong.officer, place=wrong.place))
            has = held_by(State(officer=to.officer, place=to.place))
            terminal.say(line("said.issue_reversed", kit=kit, holder=had, at=Instant(wrong.at_ms, zone)))
            wanted = Phrase("asking.help_had_since_then", holder=has)
            if questions.yes_or_no(line("ask.had_since_then", holder=has), wanted, offered=True):
                return to._replace(at_ms=wrong.at_ms)
    return to


def _to_whom(names: tuple[str, ...], first: bool, place: str | None) -> tuple[str | None, tuple[str, ...]]:
    """The officer and the kits that are meant."""
    officer, kits = (None, names) if place else (names[-1] if names else None, names[:-1])
    if officer is None and place is None:
        raise click.UsageError(line("option.to_whom"))
    if first and kits:
        raise click.UsageError(line("option.next_chooses", kits=kits))
    if not first and not kits:
        raise click.UsageError(line("option.kit_missing"))
    return officer, tuple(dict.fromkeys(kits))


@click.command("next", cls=Command)
@click.option("--product", metavar="PRODUCT")
@station_option
@with_store
def next_(db: Path, product: str | None, station: str | None) -> Table:
    with open_store(db) as store:
        service.Names(store).check_names(product=product)
        found = service.Kits(store).next_kits(station, product, SHOWN, clock.now_ms())
        today = store.today()
        shelf = station or store.station.name
        waiting = service.Doses(store).waiting_at(shelf)
    rows = [
        {
            "kit": each.kit,
            "product": each.product,
            "lot": each.lot,
            "expires_on": each.expires_on.isoformat(),
            "days_left": (each.expires_on - today).days,
        }
        for each in found
    ]
    return Table(
        rows,
        {
            "kit": "kit",
            "product": "product",
            "lot": "lot",
            "expires": day_of("expires_on"),
            "in": lambda row: line("cell.days", days=row["days_left"]),
        },
        line(
            "none.to_issue_of_product" if product else "none.to_issue",
            product=product,
            station=shelf,
            receive=NextStep("stock.receive"),
            transfer=NextStep("kit.transfer_stock"),
        ),
        note=line("note.to_count_first", kits=waiting, list=NextStep("kit.list_to_count")) if waiting else "",
    )


@click.command("return", cls=Command)
@kits_argument
@click.option("--doses", "counted", type=click.IntRange(0, 99))
@station_option
@reason_option(required=False)
@document_option
@at_and_yes
@with_store
def return_(
    db: Path,
    kits: tuple[str, ...],
    counted: int | None,
    station: str | None,
    reason: str | None,
    document: str | None,
    at: str | None,
    yes: bool,
) -> Done:
    with open_store(db) as store:
        new = Movement(0, instant(store, at), RETURN, "", place=station, reason=reason, document=document)
        due = service.Doses(store).to_count()
        wanted = [
            new._replace(
                kit=kit,
                doses=ask_count(store, kit, due[kit]) if counted is None and kit in due else counted,
            )
            for kit in dict.fromkeys(kits)
        ]
        moved = recorded(store, at, yes, lambda: service.Stock(store).move_all(wanted))
        zone = store.station.time_zone
    lines = [
        line(
            "done.returned",
            kit=each.movement.kit,
            holder=held_by(each.before),
            since=Instant(each.before.since_ms, zone),
        )
        for each in moved
    ]
    done = told("\n".join(lines), moved, zone)
    missing = {each.movement.kit: each.after.doses_unaccounted - each.before.doses_unaccounted for each in moved}
    warnings = [line("said.doses_unaccounted", doses=count, kit=kit) for kit, count in missing.items() if count > 0]
    since = [clock.iso(each.before.since_ms, zone) for each in moved]
    by = [str(held_by(each.before)) for each in moved]
    data = {**done.data, "returned_by": by, "since": since, "warnings": [*done.warnings, *warnings]}
    return done._replace(data=data, warnings=[*done.warnings, *warnings])


@click.command("replace", cls=Command)
@click.argument("who", metavar="OFFICER|POUCH|KIT")
@click.argument("kit", metavar="[NEW]", required=False)
@click.option("--used", type=click.IntRange(1, 99), metavar="N")
@click.option("--lost", is_flag=True)
@click.option("--left-behind", is_flag=True)
@click.option("--doses", "counted", type=click.IntRange(0, 99))
@click.option("--report", type=click.IntRange(1), metavar="ID")
@station_option
@reason_option(required=False)
@document_option
@at_and_yes
@with_store
def replace(
    db: Path,
    who: str,
    kit: str | None,
    used: int | None,
    lost: bool,
    left_behind: bool,
    counted: int | None,
    report: int | None,
    station: str | None,
    reason: str | None,
    document: str | None,
    at: str | None,
    yes: bool,
) -> Done:
    ways = [USE] * (used is not None) + [LOSE] * lost + [LEAVE_BEHIND] * left_behind + [RETURN] * (counted is not None)
    if len(ways) > 1:
        raise click.UsageError(line("option.one_fate"))
    if report is not None and used is None:
        raise click.UsageError(line("option.report_goes_with"))
    with open_store(db) as store:
        at_ms = instant(store, at)
        fate = service.Fate(ways[0] if ways else RETURN, used if used is not None else counted, report, reason)
        if not ways:
            old = service.Replacements(store).kit_to_replace(who)
            due = service.Doses(store).to_count().get(old)
            if due is not None:
                fate = fate._replace(doses=ask_count(store, old, due))
        moved = recorded(
            store, at, yes, lambda: service.Replacements(store).replace(who, kit, fate, at_ms, station, document)
        )
        zone = store.station.time_zone
    *taken, out = moved
    parts = [_ended(each.movement, each.after.status, str(held_by(each.before))) for each in taken]
    issued = "done.issued_in_pouch" if out.after.pouch else "done.issued"
    parts.append(line(issued, kits=named([out.movement.kit]), holder=held_by(out.after), pouch=out.after.pouch))
    return told("\n".join(parts), moved, zone)


def _ended(movement: Movement, status: str, holder: str) -> str:
    """How the carrying of a kit ended, for people."""
    if movement.kind == USE:
        used = line("done.used", doses=movement.doses or 0, kits=named([movement.kit]))
        return line("done.used_up", used=used) if status == USED else used
    if movement.doses is not None:
        return line("done.taken_back_counted", kit=movement.kit, holder=holder, doses=movement.doses)
    code = {RETURN: "done.taken_back", LOSE: "done.lost_of", LEAVE_BEHIND: "done.was_left_behind"}[movement.kind]
    return line(code, kit=movement.kit, holder=holder)
