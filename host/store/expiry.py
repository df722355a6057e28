"""Expiry in the database: kits that expire, what is known of it, replacements, and what a forecast rests on."""

from datetime import date
from typing import Any, Literal

from host.ledger.movement import IN_STOCK, ISSUED
from host.stock.expiry import Expiry, Note, counts
from host.store.database import Database

Holder = Literal["officer", "place"]
"""Who may have a kit: the columns of that name."""

_EXPIRING = """
SELECT k.kit, k.product, k.lot, k.expires_on, k.status, k.officer, k.place, k.pouch, coalesce(o.unit, p.unit),
    o.station, k.since_ms, n.until, n.reason, n.login, n.at_ms
FROM kit_state k
LEFT JOIN officer o ON o.id = k.officer
LEFT JOIN place p ON p.id = k.place
LEFT JOIN expiry_note n ON n.id = (SELECT max(id) FROM expiry_note WHERE kit = k.kit)
WHERE k.status = '{status}' AND k.expires_on <= ?
"""


EXPIRING = {status: _EXPIRING.format(status=status) for status in (ISSUED, IN_STOCK)}
"""What expires until a day, by status: each has an index of its own."""


_GONE = """
SELECT k.product, count(DISTINCT m.kit) FROM movement m JOIN kit_state k ON k.kit = m.kit
WHERE m.kind IN ('use', 'leave_behind', 'lose') AND m.at_ms >= ?
    AND NOT EXISTS (SELECT 1 FROM movement c WHERE c.kit = m.kit AND c.corrects = m.id)
    AND (k.doses_used > 0 OR k.status IN ('lost', 'left_behind'))
GROUP BY k.product
"""
"""Kits that were used, lost or left behind since an instant, and did not come back whole."""


class ExpiryRepository:
    """Kits by expiry, what somebody noted of it, which digests were read, and what of each product went."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def holder(self, who: str) -> Holder | None:
        """What `who` is, of those that may have a kit; None if it is neither an officer nor a place."""
        if self._db.row("SELECT 1 FROM officer WHERE id = ?", (who,)):
            return "officer"
        if self._db.row("SELECT 1 FROM place WHERE id = ?", (who,)):
            return "place"
        return None

    def expiring(self, status: str, last: date, today: date, holder: tuple[Holder, str] | None = None) -> list[Expiry]:
        """The kits issued, or in stock, that expire on a day at the latest; of one holder if one is given.

        Each with the days it has left from `today`, and what was noted of it if that counts then.
        """
        narrowed = f" AND k.{holder[0]} = ?" if holder else ""
        parameters = (last.isoformat(), holder[1]) if holder else (last.isoformat(),)
        home = self._db.station.name
        return [_expiry(row, today, home) for row in self._db.rows(EXPIRING[status] + narrowed, parameters)]

    def add_note(self, kit: str, note: Note) -> None:
        """Adds a note on a kit, within a transaction."""
        self._db.connection.execute(
            "INSERT INTO expiry_note (kit, until, reason, login, at_ms) VALUES (?, ?, ?, ?, ?)",
            (kit, note.until.isoformat(), note.reason, note.login, note.at_ms),
        )

    def newest_read(self) -> int | None:
        """When the newest digest was made that somebody has read, in Unix milliseconds; None if none was."""
        row = self._db.row("SELECT max(made_at_ms) FROM digest_read")
        return row[0] if row else None

    def add_read(self, made_at_ms: int, at_ms: int) -> None:
        """Adds that the digest which was made then has been read, within a transaction."""
        self._db.connection.execute(
            "INSERT INTO digest_read (made_at_ms, login, at_ms) VALUES (?, ?, ?)",
            (made_at_ms, self._db.login, at_ms),
        )

    def has_kits(self) -> bool:
        """Whether any kit was ever received."""
        return self._db.row("SELECT 1 FROM kit LIMIT 1") is not None

    def whole(self, status: str) -> dict[str, dict[date, int]]:
        """How many kits of a status are whole and need no counting, by product and first day of the month of expiry."""
        found: dict[str, dict[date, int]] = {}
        for product, month, count in self._db.rows(
            "SELECT product, substr(expires_on, 1, 7), count(*) FROM kit_state "
            "WHERE status = ? AND doses_used = 0 AND (status <> 'in_stock' OR NOT EXISTS "
            "(SELECT 1 FROM to_count c WHERE c.kit = kit_state.kit)) GROUP BY 1, 2",
            (status,),
        ):
            found.setdefault(product, {})[date.fromisoformat(f"{month}-01")] = count
        return found

    def gone(self, since_ms: int) -> dict[str, int]:
        """How many kits of each product were used, lost or left behind since, and did not come back whole."""
        return dict(self._db.rows(_GONE, (since_ms,)))

    def first_recorded_ms(self, product: str) -> int | None:
        """When that happened which was recorded first of a product; None if nothing was."""
        row = self._db.row(
            "SELECT m.at_ms FROM movement m JOIN kit_state k ON k.kit = m.kit "
            "WHERE k.product = ? AND k.status <> 'void' ORDER BY m.id LIMIT 1",
            (product,),
        )
        return row[0] if row else None

    def first_happened_ms(self, product: str) -> int | None:
        """When that happened which happened first with a product; None if nothing did."""
        row = self._db.row(
            "SELECT min((SELECT min(at_ms) FROM movement m WHERE m.kit = k.kit)) FROM kit_state k "
            "WHERE k.product = ? AND k.status <> 'void'",
            (product,),
        )
        return row[0] if row else None


def _expiry(row: tuple[Any, ...], today: date, home: str) -> Expiry:
    kit, product, lot, day, status, officer, place, pouch, unit, station, since_ms, until, reason, login, at_ms = row
    expires_on = date.fromisoformat(day)
    note = counts(Note(date.fromisoformat(until), reason, login, at_ms), since_ms, today) if until else None
    at = station if officer is not None else place if status == IN_STOCK else None
    who = (officer, place, pouch, unit, at or home, since_ms)
    return Expiry(kit, product, lot, expires_on, (expires_on - today).days, status, *who, note)
