"""What the rules look at: what may be worth a question now, as plain values.

Two make a situation, and rules find the same in both: `Store.situation` takes from the roll-ups, by indexes, only
what a rule could speak of; `host.reconcile.recompute` takes everything, from the whole history.
"""

from collections.abc import Iterable
from datetime import date
from functools import cached_property
from typing import NamedTuple, TypedDict

from host import clock
from host.ledger import Holding, Step
from host.openings import Opening
from host.picture import Counted, Difference, Recall
from host.reports import USED, UsageReport, incident_ms
from host.settings import Settings
from host.taglog import Flaw, TagState

MATCH_TOLERANCE_MS = 3_600_000
"""A report that names no opening belongs to one whose interval is at most this far from its incident time."""


class Carried(NamedTuple):
    """A kit that is out, with an officer or in a place, since the movement `began`; and what is known of both.

    `recall` is the recall of its lot that stands; `quarantine` the reason for one, None if it is not quarantined.
    """

    kit: str
    officer: str | None
    place: str | None
    pouch: str | None
    quarantine: str | None
    since_ms: int
    began: int
    product: str
    lot: str
    expires_on: date
    trained_on: date | None
    left_on: date | None
    recall: Recall | None


class LooseReport(NamedTuple):
    """A usage report that names no opening, and what its officer held at the time it tells of."""

    report: UsageReport
    held: tuple[Holding, ...]


class PouchTag(NamedTuple):
    """A tag in use: the kits that are out in its pouch, why its last docking failed, its last accepted advert."""

    state: TagState
    held: tuple[Holding, ...]
    detail: str | None
    heard_at_ms: int | None


class TagFlaw(NamedTuple):
    """A flaw in the log of a tag; `held` is what was out in its pouch when the flaw came to light."""

    flaw: Flaw
    pouch: str
    in_use: bool
    held: tuple[Holding, ...]


class EmptyPouch(NamedTuple):
    """A pouch with a tag in use, and no kit: what was in it last, and what became of that; None if nothing was."""

    tag: str
    pouch: str
    enrolled_at_ms: int
    docked_at_ms: int | None
    last: Holding | None
    became: str | None


class UntaggedPouch(NamedTuple):
    """A pouch whose last tag is retired; `moved_to` is the pouch that tag is in now. `kits` are in it."""

    tag: str
    pouch: str
    retired_at_ms: int
    moved_to: str | None
    kits: tuple[Holding, ...]


class KitLedger(NamedTuple):
    """The movements of a kit, replayed; `doses` is how many it came with."""

    kit: str
    doses: int
    steps: tuple[Step, ...]


class Taken(NamedTuple):
    """What was taken from a kit for a usage report: the movement that says so."""

    movement: int
    kit: str
    doses: int


class ReportedDoses(NamedTuple):
    """A usage report, and what was taken from kits for it, oldest first."""

    report: UsageReport
    taken: tuple[Taken, ...]


class Count(NamedTuple):
    """A difference of the newest stocktake of a place; `moved_at_ms` is when the kit moved last, None if unknown."""

    stocktake: Counted
    difference: Difference
    moved_at_ms: int | None


class Resupply(NamedTuple):
    """A usage report that asks for kits; when one was last issued to its officer, and the officer's last day."""

    report: UsageReport
    issued_at_ms: int | None
    left_on: date | None


class Situation(NamedTuple):
    """All that rules look at, and the moment they judge it at, in Unix milliseconds."""

    now_ms: int
    time_zone: str
    settings: Settings
    has_tags: bool
    carried: list[Carried]
    openings: list[Opening]
    reports: list[LooseReport]
    tags: list[PouchTag]
    flaws: list[TagFlaw]
    empty: list[EmptyPouch]
    untagged: list[UntaggedPouch]
    unaccounted: list[KitLedger]
    reported: list[ReportedDoses]
    impossible: list[KitLedger]
    counts: list[Count]
    resupplies: list[Resupply]


class View:
    """A situation, with what the rules share."""

    def __init__(self, situation: Situation) -> None:
        self.of = situation
        self.now_ms = situation.now_ms
        self.settings = situation.settings
        self.today = clock.today(situation.now_ms, situation.time_zone)
        self._midnights: dict[date, int] = {}

    def show(self, at_ms: int) -> str:
        """An instant in the station's zone."""
        return clock.show(at_ms, self.of.time_zone)

    def day(self, at_ms: int) -> date:
        """The station's calendar day of an instant."""
        return clock.today(at_ms, self.of.time_zone)

    def midnight_after(self, day: date) -> int:
        """The instant at which `day` ends, in Unix milliseconds."""
        if day not in self._midnights:
            self._midnights[day] = clock.midnight_after(day, self.of.time_zone)
        return self._midnights[day]

    def days_since(self, at_ms: int) -> int:
        """Whole days from an instant until now."""
        return (self.now_ms - at_ms) // clock.DAY_MS

    @cached_property
    def unsettled(self) -> list[Opening]:
        """The openings that lack a cause, or a report, oldest first; no report that names none is told of yet."""
        return [
            each
            for each in self.of.openings
            if not each.reports and (each.explanation is None or each.explanation.cause == USED)
        ]

    @cached_property
    def matches(self) -> dict[int, Opening | None]:
        """For each report that names no opening, oldest first: the opening it belongs to, by officer and time."""
        free: dict[str, list[Opening]] = {}
        for opening in self.unsettled:
            for officer in opening.officers:
                free.setdefault(officer, []).append(opening)
        found: dict[int, Opening | None] = {}
        taken: set[tuple[str, int]] = set()
        for report, _ in self.of.reports:
            candidates = (each for each in free.get(report.officer, ()) if (each.tag, each.sequence) not in taken)
            match = next((each for each in candidates if _belongs(report, each)), None)
            found[report.id] = match
            if match is not None:
                taken.add((match.tag, match.sequence))
        return found

    @cached_property
    def matched(self) -> set[tuple[str, int]]:
        """The openings, by tag and sequence, that a report tells of without naming them."""
        return {(each.tag, each.sequence) for each in self.matches.values() if each is not None}

    @cached_property
    def unreported(self) -> list[Opening]:
        """The openings that lack a cause, or a report, oldest first."""
        return [each for each in self.unsettled if (each.tag, each.sequence) not in self.matched]


def _belongs(report: UsageReport, opening: Opening) -> bool:
    until = (opening.ended or opening.began).latest_ms
    return opening.began.earliest_ms - MATCH_TOLERANCE_MS <= incident_ms(report) <= until + MATCH_TOLERANCE_MS


def only(values: Iterable[str | None]) -> str | None:
    """The one value there is; None if there is none, or several, or some are not known."""
    found = set(values)
    return found.pop() if len(found) == 1 else None


class Whose(TypedDict):
    """Kit, officer and place of a discrepancy."""

    kit: str | None
    officer: str | None
    place: str | None


def whose(held: Iterable[Holding]) -> Whose:
    """Kit, officer and place of what was held, as far as each is one alone."""
    held = list(held)
    return {
        "kit": only(each.kit for each in held),
        "officer": only(each.officer for each in held),
        "place": only(each.place for each in held),
    }
