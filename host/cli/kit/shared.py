"""Options of several commands, and how a movement is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from host import clock
from host.cli.options import instant, open_store, words
from host.cli.render import Done
from host.ledger import Movement

if TYPE_CHECKING:
    from host.store.stock import Moved

_Function = TypeVar("_Function", bound=Callable[..., Any])

kits_argument = click.argument("kits", metavar="KIT...", nargs=-1, required=True)
"""The argument of a command that moves several kits, all or none."""

document_option = click.option(
    "--document", type=words("document"), metavar="TEXT", help="What it is on paper: a delivery note, a receipt."
)

station_option = click.option("--station", metavar="STATION", help="The station. [default: this one]")


def reason_option(text: str, required: bool = True) -> Callable[[_Function], _Function]:
    """The option --reason, with help that says what is asked for, and what is not."""
    told = f"{text} It is kept for good: no names, nothing on anybody's health."
    return click.option("--reason", type=words("reason", 200), metavar="TEXT", required=required, help=told)


def move(db: Path, at: str | None, kits: Sequence[str], text: str, new: Movement) -> Done:
    """Moves kits as `new` says but for kit and time, all or none, and tells it by `text` ({} is the kits)."""
    with open_store(db) as store:
        at_ms = instant(store, at)
        moved = store.move_all(new._replace(kit=kit, at_ms=at_ms) for kit in dict.fromkeys(kits))
        zone = store.station.time_zone
    return told(text.format(named([each.movement.kit for each in moved])), moved, zone)


def named(kits: Sequence[str]) -> str:
    """Kits for people."""
    return f"kit {kits[0]}" if len(kits) == 1 else f"{len(kits)} kits ({', '.join(kits)})"


def told(text: str, moved: Sequence[Moved], zone: str) -> Done:
    """What was done, for people and as data: the kits and their movements, and the state of the last kit after it."""
    movement, after = moved[-1].movement, moved[-1].after
    warnings = list(dict.fromkeys(warning for each in moved for warning in each.warnings))
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
            "warnings": warnings,
        },
        warnings,
    )


def doses(count: int) -> str:
    """Doses for people."""
    from host.words import plural

    return plural(count, "dose")
