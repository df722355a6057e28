"""Whom to ask at the dock, and what: one queue for each officer, in the order in which their pouches docked."""

from collections.abc import Collection, Iterable
from typing import NamedTuple

from host.tag.events import Docking
from host.usage.openings import Opening

COMPLETE = "complete"
MOST_UNDER_WAY = 16
"""How many dockings may be watched that have begun and not ended: a station has a few radios, with one docking each.
One that broke off with its process never ends."""


class AtTheDock(NamedTuple):
    """What to ask about a pouch that has docked: who may be at the dock with it, and why it was opened each time.

    `tag` is the id of its tag. `missing` are the reports that are due from any of them, as (officer, opening).
    """

    tag: str
    pouch: str
    holders: list[str]
    openings: list[Opening]
    missing: list[tuple[str, Opening]]

    @property
    def asks(self) -> bool:
        """Whether there is anything to ask."""
        return bool(self.openings or self.missing)


class Queue(NamedTuple):
    """The pouches about which one officer is asked. `officer` is None for those that nobody is known to have."""

    officer: str | None
    pouches: list[AtTheDock]


class Known(NamedTuple):
    """What a client has seen of the dockings: all up to the number `docking`, but for those `under_way` then."""

    docking: int
    under_way: tuple[int, ...] = ()


def queues(docked: Iterable[AtTheDock]) -> list[Queue]:
    """One queue for each officer. A pouch that several may have brought is in the queue of each."""
    found: dict[str | None, list[AtTheDock]] = {}
    for each in docked:
        if each.asks:
            officers: list[str | None] = [*each.holders]
            for officer in officers or [None]:
                found.setdefault(officer, []).append(each)
    return [Queue(officer, pouches) for officer, pouches in found.items()]


def collected(known: Known, since: Collection[Docking]) -> tuple[list[str], Known]:
    """The tags that docked completely, in the order in which that ended, and what is known then.

    `since` are the dockings after `known` and those that were under way, as they are now.
    """
    complete = sorted((each for each in since if each.outcome == COMPLETE), key=_ended)
    under_way = sorted(each.id for each in since if each.outcome is None)
    newest = max([known.docking, *(each.id for each in since)])
    return list(dict.fromkeys(each.tag for each in complete)), Known(newest, tuple(under_way[-MOST_UNDER_WAY:]))


def _ended(docking: Docking) -> tuple[int, int]:
    return (docking.finished_at_ms or 0, docking.id)
