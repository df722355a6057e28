"""Holdings and monthly summaries, in the database."""

from datetime import date
from typing import NamedTuple

from host.ledger import Balance, Movement
from host.ledger.movement import IN_STOCK, ISSUED
from host.service.derivation import Derivation
from host.stock.summary import EXPIRED, Flow, Month, added, balances, flows
from host.store.database import Database
from host.store.summaries import SummaryRepository

_TOUCHED = "SELECT kit FROM kit_state WHERE moved_at_ms >= ?"


class HeldBy(NamedTuple):
    """A kit that is out: with an officer, or in a place; `unit` and `station` are the officer's or the place's."""

    officer: str | None
    place: str | None
    unit: str | None
    station: str
    kit: str
    doses_left: int
    expires_on: date


class Shelf(NamedTuple):
    """What a station has in stock (of that, expired and quarantined), and what its officers and this station's
    vehicles, custody suites and cabinets have."""

    station: str
    in_stock: int
    doses: int
    expired: int
    quarantined: int
    out: int
    expires_next: date | None


class Summaries:
    """The part of the store that counts what is held, and what a month did."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._summaries = SummaryRepository(db)
        self._derivation_service = Derivation(db)

    def held(self) -> list[HeldBy]:
        """Every kit that is out, by holder, the first to expire first; an officer's own for an officer's account."""
        account = self._db.account
        own = account.officer if account.only_officer else None
        if own is None:
            self._db.demand("stock.read")
        rows = self._db.rows(
            "SELECT k.officer, k.place, coalesce(o.unit, p.unit), coalesce(o.station, ?), k.kit, k.doses_left, "
            "k.expires_on FROM kit_state k LEFT JOIN officer o ON o.id = k.officer LEFT JOIN place p ON p.id = k.place "
            f"WHERE k.status = ? {'AND k.officer = ?' if own else ''} "
            "ORDER BY k.officer IS NULL, k.officer, k.place, k.expires_on, k.kit",
            (self._db.station.name, ISSUED, *([own] if own else [])),
        )
        return [HeldBy._make((*row[:-1], date.fromisoformat(row[-1]))) for row in rows]

    def shelves_of_stations(self, today: date) -> list[Shelf]:
        """What every station has in stock and out. Raises `NotAllowed`."""
        self._db.demand("stock.read")
        out = dict(
            self._db.rows(
                "SELECT coalesce(o.station, ?), count(*) FROM kit_state k LEFT JOIN officer o ON o.id = k.officer "
                "WHERE k.status = ? GROUP BY 1",
                (self._db.station.name, ISSUED),
            )
        )
        rows = self._db.rows(
            "SELECT p.id, count(k.kit), coalesce(sum(k.doses_left), 0), coalesce(sum(k.expires_on < ?), 0), "
            "count(k.quarantine), min(iif(k.expires_on >= ?, k.expires_on, NULL)) "
            "FROM place p LEFT JOIN kit_state k ON k.place = p.id AND k.status = ? WHERE p.kind = 'station' "
            "GROUP BY p.id ORDER BY p.id",
            (today.isoformat(), today.isoformat(), IN_STOCK),
        )
        return [
            Shelf._make((station, *counts, out.get(station, 0), date.fromisoformat(day) if day else None))
            for station, *counts, day in rows
        ]

    def month_of_stock(self, of: Month) -> tuple[list[Flow], Balance, Balance]:
        """What moved in a month, and the balances at its start and end. Raises `NotAllowed`.

        Only the kits that moved since it began are replayed; the others are as their roll-ups say.
        """
        self._db.demand("stock.read")
        with self._db.reading():
            doses, expires_on = self._summaries.touched(of)
            movements = [
                Movement(*row)
                for row in self._db.rows(
                    f"SELECT {', '.join(Movement._fields)} FROM movement WHERE kit IN ({_TOUCHED}) ORDER BY id",
                    (of.begins_ms,),
                )
            ]
            untouched, expired = self._summaries.untouched(of), self._summaries.untouched_expired(of)
        start, end = balances(movements, doses, of)
        found = flows(movements, doses, expires_on, of, self._db.station.time_zone)
        found = [
            each._replace(kits=each.kits + expired[0], doses=each.doses + expired[1]) if each.what == EXPIRED else each
            for each in found
        ]
        return found, added(untouched, start), added(untouched, end)

    def openings_by_cause(self, of: Month) -> dict[str | None, int]:
        """How many openings most likely began in a month, by cause; None: unexplained. Raises `NotAllowed`."""
        self._db.demand("stock.read")
        self._derivation_service.freshen()
        rows = self._db.rows(
            "SELECT iif(cause IS NULL AND reports > 0, 'used', cause), count(*) FROM opening "
            "WHERE pouch IN (SELECT pouch FROM tag) AND began_likely_ms >= ? AND began_likely_ms < ? GROUP BY 1",
            (of.begins_ms, of.ends_ms),
        )
        return dict(rows)

    def discrepancy_log(self) -> list[tuple[str, str, str, int]]:
        """What was ever noted of discrepancies: kind, subject, action and time, oldest first. Raises `NotAllowed`."""
        self._db.demand("stock.read")
        rows = self._db.rows("SELECT kind, subject, action, at_ms FROM discrepancy_entry ORDER BY id")
        return [(kind, subject, action, at_ms) for kind, subject, action, at_ms in rows]
