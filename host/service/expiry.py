"""Expiry in the database: kits that expire, what is known of it, replacements, and what a forecast rests on."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from host import clock
from host.errors import InputError, RuleError
from host.ledger.movement import IN_STOCK, ISSUED, in_words
from host.phrase import NextStep, Phrase
from host.stock.expiry import Demand, Expiry, Note, Stocked, good_after, in_order
from host.stock.forecast import OBSERVED_DAYS, Supply
from host.store.database import Database
from host.store.expiry import ExpiryRepository, Holder
from host.store.people import PeopleRepository
from host.store.stock import StockRepository


class Expiries:
    """Answers what expires and what a forecast rests on, and keeps what is known of it."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._expiries = ExpiryRepository(db)
        self._people = PeopleRepository(db)
        self._stock = StockRepository(db)

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
            raise InputError("expiry.no_such_holder", holder=who, officers=officers, places=places)
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

    def expiry_notes(self) -> dict[str, Note]:
        """The last note on each kit that has any. Raises `NotAllowed`."""
        self._db.demand("stock.read")
        return self._expiries.notes()

    def digest_read(self) -> int | None:
        """When the newest digest was made that somebody has read; None if none was. Raises `NotAllowed`."""
        self._db.demand("stock.read")
        return self._expiries.newest_read()

    def acknowledge_digest(self, made_at_ms: int, at_ms: int) -> None:
        """Notes that the digest which was made then has been read. Raises `NotAllowed`."""
        with self._db.changing("digest.acknowledge") as detail:
            self._expiries.add_read(made_at_ms, at_ms)
            detail["made_at_ms"] = made_at_ms

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
