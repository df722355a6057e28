"""`kitdock kit quarantine`, `release`, `count`, `correct`: what is found out about a kit, and about the ledger."""

from __future__ import annotations

from pathlib import Path

import click

from host import service
from host.cli.kit.shared import at_and_yes, document_option, kits_argument, move, recorded, told
from host.cli.options import instant, open_store, reason_option, with_store
from host.cli.render import Done
from host.cli.steps import line
from host.clock import Instant
from host.ledger import Movement
from host.ledger.movement import CORRECT, COUNT, QUARANTINE, RELEASE, VOID
from host.words import heading


@click.command("quarantine")
@kits_argument
@reason_option("Why, such as: temperature excursion (car, 41 °C), recall of the lot, damaged pack.")
@document_option
@at_and_yes
@with_store
def quarantine(db: Path, kits: tuple[str, ...], reason: str, document: str | None, at: str | None, yes: bool) -> Done:
    """Keep kits from being issued, all or none.

    Until they are released. For review, never a verdict: a kit out of its temperature is not spoilt by that alone.
    The label decides: Narcan 20 to 25 °C, with excursions from 5 to 40 °C, never frozen; Nyxoid below 30 °C. A kit
    that is carried stays with whoever has it: `kitdock kit replace` swaps it.
    """
    new = Movement(0, 0, QUARANTINE, "", reason=reason, document=document)
    return move(db, at, yes, kits, lambda kits: line("done.quarantined", kits=kits), new)


@click.command("release")
@kits_argument
@reason_option("Why it may be used, such as: the manufacturer says so.")
@document_option
@at_and_yes
@with_store
def release(db: Path, kits: tuple[str, ...], reason: str, document: str | None, at: str | None, yes: bool) -> Done:
    """End the quarantine of kits, all or none."""
    new = Movement(0, 0, RELEASE, "", reason=reason, document=document)
    return move(db, at, yes, kits, lambda kits: line("done.released", kits=kits), new)


@click.command("count")
@click.argument("kit", metavar="KIT")
@click.option("--doses", type=click.IntRange(0, 99), required=True, help="How many are in it.")
@reason_option("What is known of a difference.", required=False)
@at_and_yes
@with_store
def count(db: Path, kit: str, doses: int, reason: str | None, at: str | None, yes: bool) -> Done:
    """Record how many doses somebody counted in a kit.

    Those that are neither left nor reported as used are kept as unaccounted for, until a report or a correction
    tells where they went. A kit that was to be counted may be issued again if it is whole.
    """
    with open_store(db) as store:
        counted = Movement(0, instant(store, at), COUNT, kit, doses=doses, reason=reason)
        (moved,) = recorded(store, at, yes, lambda: service.Stock(store).move_all([counted]))
        zone = store.station.time_zone
    difference = moved.after.doses_unaccounted - moved.before.doses_unaccounted
    code = "done.counted_fewer" if difference > 0 else "done.counted_more" if difference else "done.counted"
    done = told(line(code, counted=doses, kit=kit, difference=abs(difference)), [moved], zone)
    return done._replace(data={**done.data, "difference": -difference})


@click.command("correct")
@click.argument("kit", metavar="KIT")
@reason_option("What was wrong.")
@click.option("--movement", type=click.IntRange(1), metavar="ID", help="The movement meant: the last one, or a use.")
@at_and_yes
@with_store
def correct(db: Path, kit: str, reason: str, movement: int | None, at: str | None, yes: bool) -> Done:
    """Reverse a kit's last movement.

    Nothing is erased: the movement and its reversal both stay in `kitdock kit history`. But it counts as if it had
    never been: openings belong to who had the pouch without it. To reverse an earlier movement, correct those after it
    first, last to first; a use can be reversed at any time. Typed twice it reverses one movement: to go on, name the
    next with --movement. A kit whose receipt is corrected is not in the ledger any more. A correction is not corrected:
    record the movement again.
    """
    with open_store(db) as store:
        zone = store.station.time_zone
        back = Movement(0, instant(store, at), CORRECT, kit, corrects=movement, reason=reason)
        (moved,) = recorded(store, at, yes, lambda: service.Stock(store).move_all([back]))
        wrong = next(each for each in service.Stock(store).movements(kit) if each.id == moved.movement.corrects)
    text = line(
        "done.receipt_reversed" if moved.after.status == VOID else "done.reversed",
        kit=kit,
        kind=heading(f"movement.{wrong.kind}"),
        at=Instant(wrong.at_ms, zone),
        movement=wrong.id,
    )
    done = told(text, [moved], zone)
    return done._replace(data={**done.data, "reversed": wrong.id, "reversed_kind": wrong.kind})
