"""`kitdock kit quarantine`, `release`, `count`, `correct`: what is found out about a kit, and about the ledger."""

from __future__ import annotations

from pathlib import Path

import click

from host import service
from host.cli.groups import Command
from host.cli.kit.shared import at_and_yes, document_option, kits_argument, move, recorded, told
from host.cli.options import instant, open_store, reason_option, with_store
from host.cli.render import Done
from host.cli.steps import line
from host.clock import Instant
from host.ledger import Movement
from host.ledger.movement import CORRECT, COUNT, QUARANTINE, RELEASE, VOID
from host.words import heading


@click.command("quarantine", cls=Command)
@kits_argument
@reason_option()
@document_option
@at_and_yes
@with_store
def quarantine(db: Path, kits: tuple[str, ...], reason: str, document: str | None, at: str | None, yes: bool) -> Done:
    new = Movement(0, 0, QUARANTINE, "", reason=reason, document=document)
    return move(db, at, yes, kits, lambda kits: line("done.quarantined", kits=kits), new)


@click.command("release", cls=Command)
@kits_argument
@reason_option()
@document_option
@at_and_yes
@with_store
def release(db: Path, kits: tuple[str, ...], reason: str, document: str | None, at: str | None, yes: bool) -> Done:
    new = Movement(0, 0, RELEASE, "", reason=reason, document=document)
    return move(db, at, yes, kits, lambda kits: line("done.released", kits=kits), new)


@click.command("count", cls=Command)
@click.argument("kit", metavar="KIT")
@click.option("--doses", type=click.IntRange(0, 99), required=True)
@reason_option(required=False)
@at_and_yes
@with_store
def count(db: Path, kit: str, doses: int, reason: str | None, at: str | None, yes: bool) -> Done:
    with open_store(db) as store:
        counted = Movement(0, instant(store, at), COUNT, kit, doses=doses, reason=reason)
        (moved,) = recorded(store, at, yes, lambda: service.Stock(store).move_all([counted]))
        zone = store.station.time_zone
    difference = moved.after.doses_unaccounted - moved.before.doses_unaccounted
    code = "done.counted_fewer" if difference > 0 else "done.counted_more" if difference else "done.counted"
    done = told(line(code, counted=doses, kit=kit, difference=abs(difference)), [moved], zone)
    return done._replace(data={**done.data, "difference": -difference})


@click.command("correct", cls=Command)
@click.argument("kit", metavar="KIT")
@reason_option()
@click.option("--movement", type=click.IntRange(1), metavar="ID")
@at_and_yes
@with_store
def correct(db: Path, kit: str, reason: str, movement: int | None, at: str | None, yes: bool) -> Done:
    with open_store(db) as store:
        zone = store.station.time_zone
        back = Movement(0, instant(store, at), CORRECT, kit, corrects=movement, reason=reason)
        (moved,) = recorded(store, at, yes, lambda: service.Stock(store).move_all([back]))
        wrong = next(each for each in service.Stock(store).movements(kit) if each.id == moved.movement.corrects)
    text = line(
        "done.receipt_reversed" if moved.after.status == VOID else "done.reversed",
        kit=kit,
        kind=heading(f"taken_back.{wrong.kind}"),
        at=Instant(wrong.at_ms, zone),
        movement=wrong.id,
    )
    done = told(text, [moved], zone)
    return done._replace(data={**done.data, "reversed": wrong.id, "reversed_kind": wrong.kind})
