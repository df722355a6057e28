"""What expires and who is to know it, what replaces each kit and what to do, and how many kits to order."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from host import clock
from host.errors import InputError, RuleError
from host.ledger.movement import IN_STOCK, ISSUED, in_words
from host.phrase import NextStep, Phrase
from host.stock.expiry import Demand, Expiry, Note, Stocked, demands, good_after, in_order, next_step, suggest
from host.stock.forecast import OBSERVED_DAYS, TELLING_DAYS, Need, Supply, forecast, total
from host.store.database import Database
from host.store.expiry import ExpiryRepository, Holder
from host.store.names import NameRepository
from host.store.people import PeopleRepository
from host.store.stock import StockRepository


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


class Expiries:
    """People ask what expires, what to do about each kit and what to order; and say what they know of."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._expiries = ExpiryRepository(db)
        self._people = PeopleRepository(db)
        self._stock = StockRepository(db)

    def expiring_kits(
        self, within: int | None = None, station: str | None = None, holder: str | None = None, everything: bool = False
    ) -> ExpiringKits:
        """Kits that have expired or will within so many days (None: the setting), as `expiring` has them.

        What is acknowledged is left out unless `everything` is asked for. An account that is its officer's alone
        sees that officer's kits, with the quartermaster to ask. Raises `InputError`, `NotAllowed`.
        """
        within = self._db.settings.expiry_days if within is None else within
        found = self.expiring(self._db.today(), within, holder, station)
        listed = [each for each in found if everything or not each.hidden]
        own = self._db.account.only_officer
        kits = [Advised(each, Phrase("next.ask_the_quartermaster")) for each in listed] if own else self.advised(listed)
        has_kits = own or bool(found) or self.has_kits()
        return ExpiringKits(kits, len(found) - len(listed), within, has_kits)

    def advised(self, kits: Sequence[Expiry]) -> list[Advised]:
        """The kits with what is to replace each, none of them twice, and what to do."""
        carry_days, home = self._db.settings.carry_days, self._db.station.name
        shelves = self.shelves(demands(kits, home, carry_days), self._db.today(), carry_days)
        with_replacements = suggest(kits, shelves, home, carry_days)
        return [Advised(each, next_step(each, carry_days, home)) for each in with_replacements]

    def expiring(
        self, today: date, within_days: int, holder: str | None = None, station: str | None = None
    ) -> list[Expiry]:
        """Kits out or in stock that have expired or will within so many days, as `host.stock.expiry.expiries` has them.

        With `holder` (an officer or a place) or `station` only those. An account that is its officer's alone sees
        the officer's own. Raises `InputError` for an unknown holder or station, `NotAllowed`.
        """
        account = self._db.account
        if account.only_officer and account.officer is not None:
            if station is not None or holder not in (None, account.officer):
                self._db.refuse("stock.read", holder or station, Phrase("access.own_kits"))
            holder = account.officer
        else:
            self._db.demand("stock.read")
        of = self._holder(holder) if holder is not None else None
        if station is not None:
            self._people.station_place(station)
        last = date.max if within_days >= (date.max - today).days else today + timedelta(days=within_days)
        with self._db.reading():
            found = self._expiries.expiring(ISSUED, last, today, of)
            if of is None or of[0] != "officer":
                found += self._expiries.expiring(IN_STOCK, last, today, of)
        return in_order(each for each in found if station in (None, each.station))

    def _holder(self, who: str) -> tuple[Holder, str]:
        """What `who` is, with its number or name. Raises `InputError` if it is neither an officer nor a place."""
        kind = self._expiries.holder(who)
        if kind is None:
            officers, places = NextStep("officer.list"), NextStep("place.list")
            known = NameRepository(self._db)
            unknown = InputError("expiry.no_such_holder", holder=who, officers=officers, places=places)
            raise unknown.like(who, [*known.officers(), *known.places()])
        return kind, who

    def shelves(self, wanted: dict[Demand, int], today: date, carry_days: int) -> dict[Demand, Sequence[Stocked]]:
        """For each demand as many kits as it asks for, if there are, that can be handed out and stay good."""
        day = good_after(today, carry_days) + timedelta(days=1)
        found: dict[Demand, Sequence[Stocked]] = {}
        for (product, place), most in wanted.items():
            kits = self._stock.first_to_expire(place, day, product, most)
            found[product, place] = [Stocked(each.kit, each.lot, each.expires_on, place) for each in kits]
        return found

    def has_kits(self) -> bool:
        """Whether any kit was ever received."""
        return self._expiries.has_kits()

    def acknowledge_expiry(self, kits: Iterable[str], until: date, reason: str, at_ms: int) -> list[str]:
        """Notes for each kit that its expiry is known until that day, all or none, and returns the kits.

        Raises `InputError` if a kit is unknown or the day has come, `RuleError` if a kit is neither out nor in stock.
        """
        wanted = list(dict.fromkeys(kits))
        with self._db.changing("expiry.acknowledge", wanted[0] if len(wanted) == 1 else None) as detail:
            today = clock.today(at_ms, self._db.station.time_zone)
            if until <= today:
                raise InputError("expiry.no_day_to_come", until=until, today=today)
            for kit in wanted:
                status = self._stock.state(kit).status
                if status not in (ISSUED, IN_STOCK):
                    raise RuleError("expiry.is_gone", kit=kit, status=in_words(status))
                self._expiries.add_note(kit, Note(until, reason, self._db.login, at_ms))
            detail |= {"kits": wanted, "until": until.isoformat(), "reason": reason}
        return wanted

    def digest_read(self) -> int | None:
        """When the newest digest was made that somebody has read; None if none was. Raises `NotAllowed`."""
        self._db.demand("stock.read")
        return self._expiries.newest_read()

    def acknowledge_digest(self, made_at_ms: int, at_ms: int) -> None:
        """Notes that the digest which was made then has been read. Raises `NotAllowed`."""
        with self._db.changing("digest.acknowledge") as detail:
            self._expiries.add_read(made_at_ms, at_ms)
            detail["made_at_ms"] = made_at_ms

    def orders(self, months: int, product: str | None = None) -> Orders:
        """How many kits to order in so many months, of each product or of one.

        Raises `InputError` if there are no kits of `product`, `NotAllowed`.
        """
        today = self._db.today()
        supplies = self.supplies(today)
        lead_days = self._db.settings.lead_days
        known = tuple(each.product for each in supplies)
        if product is not None and product not in known:
            raise InputError("expiry.no_such_product", product=product, products=known).like(product, known)
        found = []
        for supply in supplies:
            if product in (None, supply.product):
                needs = forecast(supply, today, months, lead_days)
                found.append(Order(needs, total(supply, needs, today), supply.observed_days))
        return Orders(today, found)

    def supplies(self, today: date) -> list[Supply]:
        """What a forecast rests on, for each product of which kits are out or in stock, or went lately."""
        self._db.demand("stock.read")
        held: dict[str, dict[tuple[date, bool], int]] = {}
        for status in (ISSUED, IN_STOCK):
            for product, months in self._expiries.whole(status).items():
                held.setdefault(product, {}).update({(month, status == ISSUED): kits for month, kits in months.items()})
        gone = self._expiries.gone(self._midnight_before(today - timedelta(days=OBSERVED_DAYS)))
        return [
            Supply(product, held.get(product, {}), gone.get(product, 0), self._observed_days(product, today))
            for product in sorted({*held, *gone})
        ]

    def _observed_days(self, product: str, today: date) -> int:
        """For how long the product is in the ledger, up to a year."""
        # What was recorded first need not have happened first: a force may enter its past afterwards.
        for first_ms in (self._expiries.first_recorded_ms, self._expiries.first_happened_ms):
            at_ms = first_ms(product)
            began = today if at_ms is None else clock.today(at_ms, self._db.station.time_zone)
            if (today - began).days >= OBSERVED_DAYS:
                return OBSERVED_DAYS
        return max((today - began).days, 1)

    def _midnight_before(self, day: date) -> int:
        return clock.midnight_after(day - timedelta(days=1), self._db.station.time_zone)
