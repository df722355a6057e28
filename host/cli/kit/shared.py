"""Options of several commands, and what they say about a movement."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from host import clock, service
from host.cli import questions, steps, terminal
from host.cli.options import at_option, instant, open_store, words
from host.cli.render import Done
from host.cli.steps import line
from host.clock import Instant
from host.errors import InputError
from host.ledger import Movement
from host.ledger.movement import IN_STOCK
from host.phrase import Phrase
from host.receiving.table import MAX_DOSES
from host.usage.doses import Due
from host.usage.doses import told as doses_told

_Function = TypeVar("_Function", bound=Callable[..., Any])

kits_argument = click.argument("kits", metavar="KIT...", nargs=-1, required=True)
"""The argument of a command that moves several kits, all or none."""

document_option = click.option("--document", type=words("document"), metavar="TEXT")

station_option = click.option("--station", metavar="STATION")


def at_and_yes(command: _Function) -> _Function:
    """The options of a command that records a movement: --at, and --yes for one of the past that changes more."""
    yes = click.option("--yes", is_flag=True)
    return at_option(yes(command))


def move(
    db: Path, at: str | None, yes: bool, kits: Sequence[str], text: Callable[[Phrase], str], new: Movement
) -> Done:
    """Moves `kits`, all or none: `new` gives everything except kit and time. `text` makes the message from the kits."""
    with open_store(db) as store:
        at_ms = instant(store, at)
        wanted = [new._replace(kit=kit, at_ms=at_ms) for kit in dict.fromkeys(kits)]
        moved = recorded(store, at, yes, lambda: service.Stock(store).move_all(wanted))
        zone = store.station.time_zone
    return told(text(named([each.movement.kit for each in moved])), moved, zone)


def recorded(
    store: service.Database, at: str | None, yes: bool, record: Callable[[], list[service.Moved]]
) -> list[service.Moved]:
    """What `record` has recorded. If it is of the past (`at`) and gives openings to others, that is asked about first.

    Raises `InputError` if it is not wanted, or nobody can be asked; then nothing is recorded.
    """
    if at is None or yes:
        return record()
    with store.trial():
        shifts = [each for moved in record() for each in moved.reassigned]
    if not shifts:
        return record()
    changes = Phrase("said.changes_openings", openings=tuple(reassigned(shifts, store.station.time_zone)))
    if not terminal.has_terminal():
        raise InputError("movement.changes_openings", changes=changes)
    terminal.say(steps.told(changes))
    if not questions.yes_or_no(line("ask.record_it"), Phrase("asking.help_record_it"), offered=False):
        raise InputError("movement.not_wanted")
    return record()


def reassigned(shifts: Iterable[service.Reassigned], zone: str) -> list[Phrase]:
    """Openings that are another's now."""
    return [
        Phrase(
            "said.opening_reassigned",
            opening=each.name,
            at=Instant(each.at_ms, zone),
            before=_any_of(each.before),
            after=_any_of(each.after),
        )
        for each in shifts
    ]


def _any_of(officers: Sequence[str]) -> Phrase:
    return Phrase("cell.any_of", them=tuple(officers)) if officers else Phrase("cell.nobody")


def ask_count(store: service.Database, kit: str, due: Due) -> int:
    """How many doses are in a kit that needs counting. Raises `InputError` if there is nobody to ask."""
    why = Phrase("said.kit_to_count", kit=kit, why=doses_told(due, store.station.time_zone))
    if not terminal.has_terminal():
        raise InputError("movement.count_first", why=why)
    terminal.say(steps.told(why))
    return questions.number(line("ask.doses_in_it"), Phrase("asking.help_doses_in_it"), 0, MAX_DOSES)


def named(kits: Sequence[str]) -> Phrase:
    """Kits, for the sentence that tells what became of them."""
    return Phrase("cell.kit" if len(kits) == 1 else "cell.kits_named", count=len(kits), kits=tuple(kits))


def told(text: str, moved: Sequence[service.Moved], zone: str) -> Done:
    """What was done, for people and as data: the kits and their movements, and the state of the last kit after it."""
    movement, after = moved[-1].movement, moved[-1].after
    warnings = list(dict.fromkeys(steps.told(warning) for each in moved for warning in each.warnings))
    warnings += map(steps.told, reassigned((shift for each in moved for shift in each.reassigned), zone))
    warnings += [
        line("said.count_before_issue", kit=each.movement.kit, why=doses_told(each.due, zone))
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
