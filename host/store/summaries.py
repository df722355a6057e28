"""Holdings and monthly summaries, in the database."""

from collections.abc import Mapping
from datetime import date

from host.ledger import Balance
from host.ledger.balance import COUNTED
from host.ledger.movement import IN_STOCK, ISSUED
from host.stock.summary import Month
from host.store.database import Database


class SummaryRepository:
    """The part of the store that counts what is held, and what a month did."""

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
