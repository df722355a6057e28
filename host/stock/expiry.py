"""Which kits have expired or soon will, who has them, and what to do. The pack's printed date is the truth.

The store gives `Expiry` rows from its roll-ups.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from host.ledger import Lot
from host.ledger.movement import ISSUED
from host.phrase import NextStep, Phrase


class Note(NamedTuple):
    """Somebody knows that the kit expires: it is not to be shown before `until`."""

    until: date
    reason: str
    login: str
    at_ms: int


class Stocked(NamedTuple):
    """A kit in stock that can be handed out."""

    kit: str
    lot: str
    expires_on: date
    place: str


class Expiry(NamedTuple):
    """A kit with its printed expiry and who has it; `days_left` is negative once it has expired.

    `status` is issued or in stock. `unit` is the officer's or the place's; `station` is where the kit is in stock,
    or the officer's home station (this one if none is known). `since_ms` is how long it has been there. `note` is
    what counts today; `replacement` the kit from stock that `suggest` chose.
    """

    kit: str
    product: str
    lot: str
    expires_on: date
    days_left: int
    status: str
    officer: str | None
    place: str | None
    pouch: str | None
    unit: str | None
    station: str
    since_ms: int
    note: Note | None = None
    replacement: Stocked | None = None

    @property
    def expired(self) -> bool:
        """Whether the printed day has passed."""
        return self.days_left < 0

    @property
    def carried(self) -> bool:
        """Whether it is out: with an officer, or in a vehicle, custody suite or cabinet."""
        return self.status == ISSUED

    @property
    def hidden(self) -> bool:
        """Whether it is known, and need not be shown. A kit that is carried although it has expired always is."""
        return self.note is not None and not (self.expired and self.carried)

    @property
    def holder(self) -> str:
        """Who has it, for people."""
        if not self.carried:
            return "in stock"
        return self.officer if self.officer is not None else str(self.place)


Demand = tuple[str, str]
"""A product, and the station from which kits of it are wanted."""


def is_expired(lot: Lot, today: date) -> bool:
    """Whether the printed day has passed; on the day itself a kit is still good."""
    return lot.expires_on < today


def counts(note: Note | None, since_ms: int, today: date) -> Note | None:
    """The note if it counts today: it was made since the kit is where it is, and its day has not come."""
    return note if note is not None and note.at_ms >= since_ms and today < note.until else None


def in_order(found: Iterable[Expiry]) -> list[Expiry]:
    """Expired ones first, and of those the carried first; then the first to expire."""
    return sorted(found, key=lambda each: (not each.expired, not each.carried, each.expires_on, each.kit))


def needs_replacement(expiry: Expiry, carry_days: int) -> bool:
    """Whether a kit that is out is no longer good for as long as a kit is carried."""
    return expiry.carried and expiry.days_left <= carry_days


def demands(found: Iterable[Expiry], home: str, carry_days: int) -> dict[Demand, int]:
    """How many kits of each product may at most be wanted from each station; from `home` also for the others."""
    wanted: Counter[Demand] = Counter()
    for each in found:
        if needs_replacement(each, carry_days):
            wanted.update({(each.product, each.station), (each.product, home)})
    return dict(wanted)


def suggest(
    found: Iterable[Expiry], shelves: Mapping[Demand, Sequence[Stocked]], home: str, carry_days: int
) -> list[Expiry]:
    """The same with replacements: the kit that expires first at the holder's station, or else at `home`.

    No kit is suggested twice. `shelves` holds what `good_after` leaves of the stock, the first to expire first.
    """
    left = {demand: list(reversed(shelf)) for demand, shelf in shelves.items()}
    advised = []
    for each in found:
        if needs_replacement(each, carry_days):
            shelf = left.get((each.product, each.station)) or left.get((each.product, home))
            each = each._replace(replacement=shelf.pop() if shelf else None)
        advised.append(each)
    return advised


def good_after(today: date, carry_days: int) -> date:
    """A kit is suggested only if it expires after this day: it must be good for as long as it is carried."""
    return today + timedelta(days=carry_days)


def next_step(expiry: Expiry, carry_days: int, home: str) -> Phrase:
    """Who to call, what to bring; or what to do with a kit in stock."""
    kit = expiry.kit
    if not expiry.carried:
        if expiry.expired:
            return NextStep("kit.destroy", kit=kit, reason="expired")
        if expiry.days_left <= carry_days:
            return Phrase("next.keep_back")
        return NextStep("kit.issue", "next.issue_first", kit=kit)
    if not needs_replacement(expiry, carry_days):
        return Phrase("next.nothing_yet")
    new = expiry.replacement
    if new is None:
        forecast = NextStep("expiry.forecast", "next.nothing_to_bring")
        if not expiry.expired:
            return forecast
        return NextStep("kit.return", "next.take_back", kit=kit, why=forecast)
    return NextStep(
        "kit.replace",
        "next.bring" if new.place == expiry.station else "next.bring_from",
        kit=kit,
        new=new.kit,
        place=new.place,
        station=new.place if new.place != home else None,
    )
