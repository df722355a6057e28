"""`kitdock kit load`, `unload`, `use`, `leave-behind`, `lose`, `find`: what happens to a kit out of the cupboard."""

from pathlib import Path

import click

from host.cli.groups import Command
from host.cli.kit.shared import at_and_yes, document_option, move, station_option
from host.cli.options import reason_option, with_store
from host.cli.render import Done
from host.cli.steps import line
from host.ledger import Movement
from host.ledger.movement import FIND, LEAVE_BEHIND, LOAD, LOSE, UNLOAD, USE


@click.command("load", cls=Command)
@click.argument("kit", metavar="KIT")
@click.argument("pouch", metavar="POUCH")
@at_and_yes
@with_store
def load(db: Path, kit: str, pouch: str, at: str | None, yes: bool) -> Done:
    new = Movement(0, 0, LOAD, "", pouch=pouch)
    return move(db, at, yes, [kit], lambda kits: line("done.loaded", kits=kits, pouch=pouch), new)


@click.command("unload", cls=Command)
@click.argument("kit", metavar="KIT")
@at_and_yes
@with_store
def unload(db: Path, kit: str, at: str | None, yes: bool) -> Done:
    return move(db, at, yes, [kit], lambda kits: line("done.unloaded", kits=kits), Movement(0, 0, UNLOAD, ""))


@click.command("use", cls=Command)
@click.argument("kit", metavar="KIT")
@click.option("--doses", type=click.IntRange(1, 99), required=True)
@click.option("--report", type=click.IntRange(1), metavar="ID")
@at_and_yes
@with_store
def use(db: Path, kit: str, doses: int, report: int | None, at: str | None, yes: bool) -> Done:
    new = Movement(0, 0, USE, "", doses=doses, report=report)
    done = move(db, at, yes, [kit], lambda kits: line("done.used", doses=doses, kits=kits), new)
    left = done.data["doses_left"]
    return done._replace(text=line("done.used_some" if left else "done.used_up", used=done.text, left=left))


@click.command("leave-behind", cls=Command)
@click.argument("kit", metavar="KIT")
@document_option
@at_and_yes
@with_store
def leave_behind(db: Path, kit: str, document: str | None, at: str | None, yes: bool) -> Done:
    new = Movement(0, 0, LEAVE_BEHIND, "", document=document)
    return move(db, at, yes, [kit], lambda kits: line("done.left_behind", kits=kits), new)


@click.command("lose", cls=Command)
@click.argument("kit", metavar="KIT")
@reason_option(required=False)
@document_option
@at_and_yes
@with_store
def lose(db: Path, kit: str, reason: str | None, document: str | None, at: str | None, yes: bool) -> Done:
    new = Movement(0, 0, LOSE, "", reason=reason, document=document)
    return move(db, at, yes, [kit], lambda kits: line("done.lost", kits=kits), new)


@click.command("find", cls=Command)
@click.argument("kit", metavar="KIT")
@station_option
@reason_option(required=False)
@at_and_yes
@with_store
def find(db: Path, kit: str, station: str | None, reason: str | None, at: str | None, yes: bool) -> Done:
    new = Movement(0, 0, FIND, "", place=station, reason=reason)
    done = move(db, at, yes, [kit], lambda kits: line("done.found", kits=kits), new)
    return done._replace(text=line("done.found_at", found=done.text, place=done.data["place"]))
