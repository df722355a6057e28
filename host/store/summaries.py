"""Holdings and monthly summaries, in the database."""

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from host.ledger import Balance, Movement
from host.ledger.balance import COUNTED
from host.ledger.movement import IN_STOCK, ISSUED
from host.stock.summary import Month
from host.store.database import Database


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


class SummaryRepository:
    """Kits that are out and in stock, counted; kits by whether they moved since a month began; its openings."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def touched(self, of: Month) -> tuple[Mapping[str, int], Mapping[str, date]]:
        """Doses and expiry of each kit that moved since the month began."""
        rows = self._db.rows(
            "SELECT k.kit, l.doses_per_kit, k.expires_on FROM kit_state k JOIN lot l USING (product, lot) "
            "WHERE k.moved_at_ms >= ?",
            (of.begins_ms,),
        )
        return {kit: doses for kit, doses, _ in rows}, {kit: date.fromisoformat(day) for kit, _, day in rows}

    def untouched(self, of: Month) -> Balance:
        """The balance of the kits that have not moved since the month began."""
        rows = {
            status: counts
            for status, *counts in self._db.rows(
                "SELECT k.status, count(*), sum(l.doses_per_kit), sum(k.doses_left), sum(k.doses_used), "
                "sum(k.doses_unaccounted) FROM kit_state k JOIN lot l USING (product, lot) "
                "WHERE k.moved_at_ms < ? GROUP BY k.status",
                (of.begins_ms,),
            )
        }
        found = {status: rows.get(status, [0] * 5) for status in COUNTED}
        received, used, unaccounted = (sum(counts[column] for counts in found.values()) for column in (1, 3, 4))
        kits, left = ({status: counts[column] for status, counts in found.items()} for column in (0, 2))
        return Balance(kits, received, left, used, unaccounted)

    def untouched_expired(self, of: Month) -> tuple[int, int]:
        """Kits that have not moved since the month began and whose printed day passed in it, and their doses."""
        row = self._db.row(
            "SELECT count(*), coalesce(sum(doses_left), 0) FROM kit_state "
            "WHERE status IN (?, ?) AND moved_at_ms < ? AND expires_on BETWEEN ? AND ?",
            (ISSUED, IN_STOCK, of.begins_ms, of.first.isoformat(), of.last.isoformat()),
        )
        assert row is not None
        return row[0], row[1]

    def movements_of_touched(self, of: Month) -> list[Movement]:
        """All movements of each kit that moved since the month began, oldest first."""
        rows = self._db.rows(
            f"SELECT {', '.join(Movement._fields)} FROM movement "
            "WHERE kit IN (SELECT kit FROM kit_state WHERE moved_at_ms >= ?) ORDER BY id",
            (of.begins_ms,),
        )
        return [Movement(*row) for row in rows]

    def held(self, own: str | None) -> list[HeldBy]:
        """Every kit that is out, or an officer's, by holder, the first to expire first."""
        rows = self._db.rows(
            "SELECT k.officer, k.place, coalesce(o.unit, p.unit), coalesce(o.station, ?), k.kit, k.doses_left, "
            "k.expires_on FROM kit_state k LEFT JOIN officer o ON o.id = k.officer LEFT JOIN place p ON p.id = k.place "
            f"WHERE k.status = ? {'AND k.officer = ?' if own else ''} "
            "ORDER BY k.officer IS NULL, k.officer, k.place, k.expires_on, k.kit",
            (self._db.station.name, ISSUED, *([own] if own else [])),
        )
        return [HeldBy._make((*row[:-1], date.fromisoformat(row[-1]))) for row in rows]

    def shelves_of_stations(self, today: date) -> list[Shelf]:
        """What every station has in stock and out, by name."""
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

    def openings_by_cause(self, since_ms: int, until_ms: int) -> dict[str | None, int]:
        """How many openings most likely began from an instant until before another, by cause; None: unexplained."""
        rows = self._db.rows(
            "SELECT iif(cause IS NULL AND reports > 0, 'used', cause), count(*) FROM opening "
            "WHERE pouch IN (SELECT pouch FROM tag) AND began_likely_ms >= ? AND began_likely_ms < ? GROUP BY 1",
            (since_ms, until_ms),
        )
        return dict(rows)

    def discrepancy_log(self) -> list[tuple[str, str, str, int]]:
        """What was ever noted of discrepancies: kind, subject, action and time in Unix milliseconds, oldest first."""
        rows = self._db.rows("SELECT kind, subject, action, at_ms FROM discrepancy_entry ORDER BY id")
        return [(kind, subject, action, at_ms) for kind, subject, action, at_ms in rows]
