"""What the rules look at: what may be worth a question now, as plain values.

The service takes from the roll-ups, by indexes, only what a rule could speak of; tests hold that against a situation
that takes everything, from the whole history (`tests/oracle`): rules find the same in both.
"""

from collections.abc import Iterable
from datetime import date
from functools import cached_property
from typing import NamedTuple, TypedDict

from host import clock
from host.clock import Instant
from host.ledger import Holding, Movement, Step
from host.ledger.movement import COUNT, RETURN, USE, State
from host.picture import ClosedDifference, ClosedStocktake, RecallEntry
from host.settings import Settings
from host.stock.storage import Limits
from host.tag.log import Flaw, TagState
from host.tag.temperature import Reading
from host.usage.doses import (
    CONTRADICTED,
    DIFFERING,
    MATCH_TOLERANCE_MS,
    DoseAccount,
    Due,
    KitFacts,
    account,
    confirmed,
    matches,
    opening_state,
)
from host.usage.openings import Opening
from host.usage.reports import USED, UsageReport


class Carried(NamedTuple):
    """A kit that is out, with an officer or in a place, since the movement `began`; and what is known of both.

    `recall` is the recall of its lot that stands; `quarantine` the reason for one, None if it is not quarantined. It
    came with `doses`, of which `doses_left` are left; `due` is why it needs counting, None if it doesn't.
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
    recall: RecallEntry | None
    doses: int
    doses_left: int
    due: Due | None


class Taken(NamedTuple):
    """What was taken from a kit for a usage report: the movement that says so."""

    movement: int
    kit: str
    doses: int


class LooseReport(NamedTuple):
    """A usage report that names no opening, and what its officer held at the time it tells of.

    `logged`: a pouch that was held then had a tag; `unread`: what one logged then is not here. `taken` as in
    `ReportedDoses`.
    """

    report: UsageReport
    held: tuple[Holding, ...]
    logged: bool
    unread: bool
    taken: tuple[Taken, ...]


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


class KitAccount(NamedTuple):
    """What the sources say of the doses of a kit; its state, and the movements that tell of doses, oldest first."""

    account: DoseAccount
    state: State
    told_by: tuple[Movement, ...]


def kit_account(facts: KitFacts) -> KitAccount:
    """The account of a kit, as the rules look at it."""
    told_by = (each.movement for each in facts.steps if each.movement.kind in (USE, COUNT, RETURN))
    return KitAccount(account(facts), facts.state, tuple(each for each in told_by if each.doses is not None))


class ReportedDoses(NamedTuple):
    """A usage report that counts, and what was taken from kits for it, oldest first."""

    report: UsageReport
    taken: tuple[Taken, ...]


class UnreadLog(NamedTuple):
    """A tag that was taken out of use, and the kits that were out in its pouch since it last docked whole.

    `counted`: each of these was counted since, or is of no account any more.
    """

    state: TagState
    held: tuple[Holding, ...]
    counted: bool


class DockedBy(NamedTuple):
    """Who said last at the dock to have brought a pouch, and what was out in it at that docking."""

    tag: str
    pouch: str
    docking: int
    started_at_ms: int
    officer: str
    held: tuple[Holding, ...]


class CountDifference(NamedTuple):
    """A difference of the newest stocktake of a place; `moved_at_ms` is when the kit moved last, None if unknown."""

    stocktake: ClosedStocktake
    difference: ClosedDifference
    moved_at_ms: int | None


class Resupply(NamedTuple):
    """A usage report that asks for kits; when kits were issued to its officer since, and the officer's last day."""

    report: UsageReport
    issued: tuple[int, ...]
    left_on: date | None


class Exposed(NamedTuple):
    """A kit, out or in stock `now`, that was in a pouch while the tag there told of a temperature: `held` is when."""

    kit: str
    product: str
    limits: Limits
    reading: Reading
    held: Holding
    now: Holding


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
    accounts: dict[str, KitAccount]
    reported: list[ReportedDoses]
    unread: list[UnreadLog]
    docked_by: list[DockedBy]
    impossible: list[KitLedger]
    counts: list[CountDifference]
    resupplies: list[Resupply]
    exposed: list[Exposed]


class View:
    """A situation, with what the rules share."""

    def __init__(self, situation: Situation) -> None:
        self.of = situation
        self.now_ms = situation.now_ms
        self.settings = situation.settings
        self.today = clock.today(situation.now_ms, situation.time_zone)
        self._midnights: dict[date, int] = {}

    def at(self, at_ms: int) -> Instant:
        """An instant in the station's zone."""
        return Instant(at_ms, self.of.time_zone)

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
        """The openings that lack a cause, or a report, oldest first; reports that name none aren't matched yet."""
        return [
            each
            for each in self.of.openings
            if not each.reports and (each.explanation is None or each.explanation.cause == USED)
        ]

    @cached_property
    def matches(self) -> dict[int, Opening | None]:
        """For each report that names no opening: the opening it belongs to, by officer and time, the nearest."""
        return matches((each.report for each in self.of.reports), self.of.openings, MATCH_TOLERANCE_MS)

    @cached_property
    def accounts(self) -> dict[str, DoseAccount]:
        """The accounts of kits, as far as a rule may ask for them."""
        return {kit: each.account for kit, each in self.of.accounts.items()}

    @cached_property
    def contradicted(self) -> list[Opening]:
        """The openings said to be no use, although something tells of one, and no count has answered that."""
        belong = {(each.tag, each.sequence) for each in self.matches.values() if each is not None}
        return [
            each
            for each in self.of.openings
            if (opening_state(each) == CONTRADICTED or (_other_than_used(each) and (each.tag, each.sequence) in belong))
            and not confirmed(each, self.accounts)
        ]

    @cached_property
    def differing(self) -> list[Opening]:
        """The openings of which the sources tell different doses, and no count has answered that."""
        return [
            each for each in self.of.openings if opening_state(each) == DIFFERING and not confirmed(each, self.accounts)
        ]

    @cached_property
    def matched(self) -> set[tuple[str, int]]:
        """The openings, by tag and sequence, that a report tells of without naming them."""
        return {(each.tag, each.sequence) for each in self.matches.values() if each is not None}

    @cached_property
    def unreported(self) -> list[Opening]:
        """The openings that lack a cause, or a report, oldest first."""
        return [each for each in self.unsettled if (each.tag, each.sequence) not in self.matched]


def _other_than_used(opening: Opening) -> bool:
    return opening.explanation is not None and opening.explanation.cause != USED


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
