"""What expires, and what to do about each kit: who to call, what to bring; and how many kits to order."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from host.errors import InputError
from host.phrase import Phrase
from host.service.expiry import Expiries
from host.service.stock import Stock
from host.stock.expiry import Expiry, demands, next_step, suggest
from host.stock.forecast import TELLING_DAYS, Need, forecast, total
from host.store.database import Database


class Advised(NamedTuple):
    """A kit that expires, with the kit that is to replace it if there is one, and what to do."""

    expiry: Expiry
    step: Phrase


class ExpiringKits(NamedTuple):
    """The kits that have expired or will within so many days.

    `known` counts those that are left out, since somebody has acknowledged them; `has_kits`: there ever was a kit.
    """

    kits: list[Advised]
    known: int
    within_days: int
    has_kits: bool


class Order(NamedTuple):
    """How many kits of one product to order: month by month, and in all of them.

    `observed_days` is for how long its use is known; `is_telling`: long enough to go by.
    """

    needs: list[Need]
    whole: Need
    observed_days: int

    @property
    def is_telling(self) -> bool:
        """Whether its use is known for long enough to go by."""
        return self.observed_days >= TELLING_DAYS


class Orders(NamedTuple):
    """How many kits to order, by product, as seen on the day `today`."""

    today: date
    products: list[Order]


class Expiring:
    """Tells what expires, what to do about it, and what to order."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._expiries = Expiries(db)
        self._stock = Stock(db)

    def expiring_kits(
        self, within: int | None = None, station: str | None = None, holder: str | None = None, everything: bool = False
    ) -> ExpiringKits:
        """Kits that have expired or will within so many days (None: the setting), as `Expiries.expiring` has them.

        What is acknowledged is left out unless `everything` is asked for. An account that is its officer's alone is
        told of the own kits and sent to the quartermaster. Raises `InputError`, `NotAllowed`.
        """
        within = self._db.settings.expiry_days if within is None else within
        found = self._expiries.expiring(self._db.today(), within, holder, station)
        listed = [each for each in found if everything or not each.hidden]
        own = self._db.account.only_officer
        kits = [Advised(each, Phrase("next.ask_the_quartermaster")) for each in listed] if own else self.advised(listed)
        has_kits = own or bool(found) or self._expiries.has_kits()
        return ExpiringKits(kits, len(found) - len(listed), within, has_kits)

    def advised(self, kits: Sequence[Expiry]) -> list[Advised]:
        """The kits with what is to replace each, none of them twice, and what to do."""
        carry_days, home = self._db.settings.carry_days, self._db.station.name
        shelves = self._expiries.shelves(demands(kits, home, carry_days), self._db.today(), carry_days)
        with_replacements = suggest(kits, shelves, home, carry_days)
        return [Advised(each, next_step(each, carry_days, home)) for each in with_replacements]

    def orders(self, months: int, product: str | None = None) -> Orders:
        """How many kits to order in so many months, of each product or of one.

        Raises `InputError` if there are no kits of `product`, `NotAllowed`.
        """
        today = self._db.today()
        supplies = self._expiries.supplies(today)
        lead_days = self._db.settings.lead_days
        known = tuple(each.product for each in supplies)
        if product is not None and product not in known:
            raise InputError("expiry.no_such_product", product=product, products=known)
        found = []
        for supply in supplies:
            if product in (None, supply.product):
                needs = forecast(supply, today, months, lead_days)
                found.append(Order(needs, total(supply, needs, today), supply.observed_days))
        return Orders(today, found)
