"""Which kits have expired or soon will, those in somebody's hands first. The pack's printed date is the truth."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import NamedTuple

from host.ledger import Holding, Lot


class Expiry(NamedTuple):
    """A kit with its printed expiry; `days_left` is negative once it has expired; holder None in stock."""

    kit: str
    product: str
    lot: str
    expires_on: date
    days_left: int
    officer: str | None
    pouch: str | None

    @property
    def expired(self) -> bool:
        """Whether the printed day has passed."""
        return self.days_left < 0


def is_expired(lot: Lot, today: date) -> bool:
    """Whether the printed day has passed; on the day itself a kit is still good."""
    return lot.expires_on < today


def expiries(lot_of: Mapping[str, Lot], holdings: Iterable[Holding], today: date, within_days: int) -> list[Expiry]:
    """Kits that have expired or will within so many days: expired ones first, of those the carried first."""
    held = {each.kit: each for each in holdings if each.until_ms is None}
    found = []
    for kit, lot in lot_of.items():
        days_left = (lot.expires_on - today).days
        if days_left <= within_days:
            holding = held.get(kit)
            officer, pouch = (holding.officer, holding.pouch) if holding else (None, None)
            found.append(Expiry(kit, lot.product, lot.lot, lot.expires_on, days_left, officer, pouch))
    return sorted(found, key=lambda each: (not each.expired, each.officer is None, each.expires_on, each.kit))


def expiry_of_pouch(lot_of: Mapping[str, Lot], holdings: Iterable[Holding], pouch: str) -> date | None:
    """The last good day of what is in `pouch` now, the first of several; None if it holds no kit."""
    days = [lot_of[each.kit].expires_on for each in holdings if each.pouch == pouch and each.until_ms is None]
    return min(days, default=None)
