"""Expiry in the database: kits that expire, what is known of it, replacements, and what a forecast rests on."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from host import clock
from host.errors import InputError, RuleError
from host.ledger.movement import IN_STOCK, ISSUED, in_words
from host.service.stock import Stock
from host.stock.expiry import Demand, Expiry, Note, Stocked, good_after, in_order
from host.stock.forecast import OBSERVED_DAYS, Supply
from host.store.database import Database
from host.store.expiry import ExpiryRepository
from host.store.people import PeopleRepository
from host.store.stock import StockRepository

_EXPIRING = """
SELECT k.kit, k.product, k.lot, k.expires_on, k.status, k.officer, k.place, k.pouch, coalesce(o.unit, p.unit),
    o.station, k.since_ms, n.until, n.reason, n.login, n.at_ms
FROM kit_state k
LEFT JOIN officer o ON o.id = k.officer
LEFT JOIN place p ON p.id = k.place
LEFT JOIN expiry_note n ON n.id = (SELECT max(id) FROM expiry_note WHERE kit = k.kit)
WHERE k.status = '{status}' AND k.expires_on <= ?
"""


EXPIRING_CARRIED = _EXPIRING.format(status=ISSUED)


EXPIRING_IN_STOCK = _EXPIRING.format(status=IN_STOCK)


GONE = """
SELECT k.product, count(DISTINCT m.kit) FROM movement m JOIN kit_state k ON k.kit = m.kit
WHERE m.kind IN ('use', 'leave_behind', 'lose') AND m.at_ms >= ?
    AND NOT EXISTS (SELECT 1 FROM movement c WHERE c.kit = m.kit AND c.corrects = m.id)
    AND (k.doses_used > 0 OR k.status IN ('lost', 'left_behind'))
GROUP BY k.product
"""
"""Kits that were used, lost or left behind since an instant, and did not come back whole."""


class Expiries:
    """The part of the store that tells what expires."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._expiries = ExpiryRepository(db)
        self._people = PeopleRepository(db)
        self._stock = StockRepository(db)
        self._stock_service = Stock(db)

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
                self._db.refuse("stock.read", holder or station, "an officer sees the own kits")
            holder = account.officer
        else:
            self._db.demand("stock.read")
        column = self._expiries.holder_column(holder) if holder is not None else None
        if station is not None:
            self._people.station_place(station)
        last = date.max if within_days >= (date.max - today).days else today + timedelta(days=within_days)
        with self._db.reading():
            found = self._expiries.expiring(EXPIRING_CARRIED, last, today, column, holder)
            if column != "officer":
                found += self._expiries.expiring(EXPIRING_IN_STOCK, last, today, column, holder)
        return in_order(each for each in found if station in (None, each.station))

    def shelves(self, wanted: dict[Demand, int], today: date, carry_days: int) -> dict[Demand, Sequence[Stocked]]:
        """For each demand as many kits as it asks for, if there are, that can be handed out and stay good."""
        day = good_after(today, carry_days) + timedelta(days=1)
        found: dict[Demand, Sequence[Stocked]] = {}
        for (product, place), most in wanted.items():
            kits = self._stock_service.first_to_expire(place, day, product, most)
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
                self._db.connection.execute(
                    "INSERT INTO expiry_note (kit, until, reason, login, at_ms) VALUES (?, ?, ?, ?, ?)",
                    (kit, until.isoformat(), reason, self._db.login, at_ms),
                )
            detail |= {"kits": wanted, "until": until.isoformat(), "reason": reason}
        return wanted

    def expiry_notes(self) -> dict[str, Note]:
        """The last note on each kit that has any. Raises `NotAllowed`."""
        self._db.demand("stock.read")
        rows = self._db.rows("SELECT kit, until, reason, login, at_ms FROM expiry_note ORDER BY id")
        return {kit: Note(date.fromisoformat(until), *rest) for kit, until, *rest in rows}

    def digest_read(self) -> int | None:
        """When the newest digest was made that somebody has read; None if none was. Raises `NotAllowed`."""
        self._db.demand("stock.read")
        row = self._db.row("SELECT max(made_at_ms) FROM digest_read")
        return row[0] if row else None

    def acknowledge_digest(self, made_at_ms: int, at_ms: int) -> None:
        """Notes that the digest which was made then has been read. Raises `NotAllowed`."""
        with self._db.changing("digest.acknowledge") as detail:
            self._db.connection.execute(
                "INSERT INTO digest_read (made_at_ms, login, at_ms) VALUES (?, ?, ?)",
                (made_at_ms, self._db.login, at_ms),
            )
            detail["made_at_ms"] = made_at_ms

    def supplies(self, today: date) -> list[Supply]:
        """What a forecast rests on, for each product of which kits are out or in stock, or went lately."""
        self._db.demand("stock.read")
        held: dict[str, dict[tuple[date, bool], int]] = {}
        for status in (ISSUED, IN_STOCK):
            for product, month, count in self._db.rows(
                "SELECT product, substr(expires_on, 1, 7), count(*) FROM kit_state "
                "WHERE status = ? AND doses_used = 0 AND (status <> 'in_stock' OR NOT EXISTS "
                "(SELECT 1 FROM to_count c WHERE c.kit = kit_state.kit)) GROUP BY 1, 2",
                (status,),
            ):
                key = date.fromisoformat(f"{month}-01"), status == ISSUED
                held.setdefault(product, {})[key] = count
        gone = dict(self._db.rows(GONE, (self._midnight_before(today - timedelta(days=OBSERVED_DAYS)),)))
        return [
            Supply(product, held.get(product, {}), gone.get(product, 0), self._expiries.observed_days(product, today))
            for product in sorted({*held, *gone})
        ]

    def _midnight_before(self, day: date) -> int:
        return clock.midnight_after(day - timedelta(days=1), self._db.station.time_zone)
