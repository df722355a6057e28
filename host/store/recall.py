"""Recalls by lot in the database: which lots are recalled, and who holds their kits."""

from typing import NamedTuple

from host.store.database import Database

_HELD = "kit, status, officer, place, pouch, since_ms, doses_left, quarantine"


class Recall(NamedTuple):
    """What was said last of a lot that was ever recalled: `action` is recall or lift; the time in Unix milliseconds.

    `issued` and `in_stock` are how many of its kits are out now, and how many on a station's shelf.
    """

    product: str
    lot: str
    action: str
    reason: str
    document: str | None
    login: str
    at_ms: int
    issued: int = 0
    in_stock: int = 0


class Held(NamedTuple):
    """A kit of a lot: where it is by the ledger and since when, in Unix milliseconds."""

    kit: str
    status: str
    officer: str | None
    place: str | None
    pouch: str | None
    since_ms: int
    doses_left: int
    quarantine: str | None


class RecallRepository:
    """Recalls of lots and their ends, and the kits of a lot."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add_recall(self, product: str, lot: str, action: str, reason: str, document: str | None, at_ms: int) -> None:
        """Adds that a lot is recalled, or no longer (`action` is recall or lift), within a transaction."""
        self._db.connection.execute(
            "INSERT INTO recall (product, lot, action, reason, document, login, at_ms) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (product, lot, action, reason, document, self._db.login, at_ms),
        )

    def last_recall(self, product: str, lot: str) -> Recall | None:
        """What was said last of a lot; None if it was never recalled."""
        row = self._db.row(
            "SELECT product, lot, action, reason, document, login, at_ms FROM recall "
            "WHERE product = ? AND lot = ? ORDER BY id DESC LIMIT 1",
            (product, lot),
        )
        return Recall(*row) if row else None

    def recalls(self) -> list[Recall]:
        """Every lot that was ever recalled, as it stands now: those still recalled first, newest first."""
        rows = self._db.rows(
            "SELECT product, lot, action, reason, document, login, at_ms, "
            "(SELECT count(*) FROM kit_state k WHERE k.lot = r.lot AND k.product = r.product AND status = 'issued'), "
            "(SELECT count(*) FROM kit_state k WHERE k.lot = r.lot AND k.product = r.product AND status = 'in_stock') "
            "FROM recall r WHERE id = (SELECT max(id) FROM recall n WHERE n.product = r.product AND n.lot = r.lot) "
            "ORDER BY action = 'lift', id DESC"
        )
        return [Recall(*row) for row in rows]

    def kits_of_lot(self, product: str, lot: str) -> list[Held]:
        """Where each kit of a lot is: those with officers first, then those in places, then the others."""
        rows = self._db.rows(
            f"SELECT {_HELD} FROM kit_state WHERE lot = ? AND product = ? AND status <> 'void' "
            "ORDER BY status <> 'issued', officer IS NULL, officer, status, place, kit",
            (lot, product),
        )
        return [Held(*row) for row in rows]

    def lots(self) -> list[tuple[str, str]]:
        """Product and number of every lot, in order."""
        return [(product, lot) for product, lot in self._db.rows("SELECT product, lot FROM lot ORDER BY product, lot")]

    def lots_of_number(self, lot: str) -> list[tuple[str, str]]:
        """Product and number of the lots with that number, by product."""
        rows = self._db.rows("SELECT product, lot FROM lot WHERE lot = ? ORDER BY product", (lot,))
        return [(product, number) for product, number in rows]
