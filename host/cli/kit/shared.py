"""Options of several commands, and how a movement is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from host import clock
from host.cli import steps, terminal
from host.cli.options import at_option, instant, open_store, words
from host.cli.render import Done
from host.errors import InputError
from host.ledger import Movement
from host.ledger.movement import IN_STOCK
from host.usage.doses import Due
from host.usage.doses import told as doses_told

if TYPE_CHECKING:
    from host.store import Store
    from host.store.stock import Moved, Reassigned

_Function = TypeVar("_Function", bound=Callable[..., Any])

kits_argument = click.argument("kits", metavar="KIT...", nargs=-1, required=True)
"""The argument of a command that moves several kits, all or none."""

document_option = click.option(
    "--document", type=words("document"), metavar="TEXT", help="What it is on paper: a delivery note, a receipt."
)

station_option = click.option("--station", metavar="STATION", help="The station. [default: this one]")


def at_and_yes(command: _Function) -> _Function:
    """The options of a command that records a movement: --at, and --yes for one of the past that changes more."""
    yes = click.option("--yes", is_flag=True, help="With --at: do not ask before openings are moved to others.")
    return at_option(yes(command))


def move(db: Path, at: str | None, yes: bool, kits: Sequence[str], text: str, new: Movement) -> Done:
    """Moves kits as `new` says but for kit and time, all or none, and tells it by `text` ({} is the kits)."""
    with open_store(db) as store:
        at_ms = instant(store, at)
        wanted = [new._replace(kit=kit, at_ms=at_ms) for kit in dict.fromkeys(kits)]
        moved = recorded(store, at, yes, lambda: store.move_all(wanted))
        zone = store.station.time_zone
    return told(text.format(named([each.movement.kit for each in moved])), moved, zone)


def recorded(store: Store, at: str | None, yes: bool, record: Callable[[], list[Moved]]) -> list[Moved]:
    """What `record` has recorded. If it is of the past (`at`) and gives openings to others, that is asked about first.

    Raises `InputError` if it is not wanted, or nobody can be asked; then nothing is recorded.
    """
    if at is None or yes:
        return record()
    with store.trial():
        shifts = [each for moved in record() for each in moved.reassigned]
    if not shifts:
        return record()
    lines = "\n".join(f"  {line}" for line in reassigned(shifts, store.station.time_zone))
    text = f"at that time it changes who had the pouch when it was opened:\n{lines}"
    if not terminal.has_terminal():
        raise InputError(f"{text}\nsay --yes if that is right, or check the time; nothing was recorded")
    terminal.say(text)
    if not click.confirm("Record it?", default=False, err=True):
        raise InputError("nothing was recorded: check the time given with --at")
    return record()


def reassigned(shifts: Iterable[Reassigned], zone: str) -> list[str]:
    """Openings that are another's now, for people."""
    return [
        f"opening {each.name} of {clock.show(each.at_ms, zone)}: from "
        f"{' or '.join(each.before) or 'nobody'} to {' or '.join(each.after) or 'nobody'}"
        for each in shifts
    ]


def ask_count(store: Store, kit: str, due: Due) -> int:
    """How many doses are in a kit that is to be counted. Raises `InputError` if there is nobody to ask."""
    why = f"kit {kit} is to be counted: {doses_told(due, store.station.time_zone)}"
    if not terminal.has_terminal():
        raise InputError(f"{why}; say with --doses how many are in it. Nothing was recorded")
    terminal.say(why)
    counted: int = click.prompt("Doses in it now", type=click.IntRange(0, 99), err=True)
    return counted


def named(kits: Sequence[str]) -> str:
    """Kits for people."""
    return f"kit {kits[0]}" if len(kits) == 1 else f"{len(kits)} kits ({', '.join(kits)})"


def told(text: str, moved: Sequence[Moved], zone: str) -> Done:
    """What was done, for people and as data: the kits and their movements, and the state of the last kit after it."""
    movement, after = moved[-1].movement, moved[-1].after
    warnings = list(dict.fromkeys(steps.told(warning) for each in moved for warning in each.warnings))
    warnings += reassigned((shift for each in moved for shift in each.reassigned), zone)
    warnings += [
        f"kit {each.movement.kit} is to be counted before it is issued again: {doses_told(each.due, zone)}"
        for each in moved
        if each.due is not None and each.after.status == IN_STOCK
    ]
    return Done(
        text,
        {
            "kits": [each.movement.kit for each in moved],
            "movements": [each.movement.id for each in moved],
            "at": clock.iso(movement.at_ms, zone),
            "status": after.status,
            "officer": after.officer,
            "place": after.place,
            "pouch": after.pouch,
            "doses_left": after.doses_left,
            "to_count": [each.movement.kit for each in moved if each.due is not None],
            "warnings": warnings,
        },
        warnings,
    )


def doses(count: int) -> str:
    """Doses for people."""
    from host.words import plural

    return plural(count, "dose")
