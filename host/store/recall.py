"""Recalls by lot in the database: which lots are recalled, and who holds their kits."""

from typing import NamedTuple

from host.errors import InputError
from host.ledger import Lot
from host.phrase import NextStep, Phrase
from host.store.database import Database
from host.store.stock import StockRepository


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


class RecallRepository:
    """The part of the store that recalls lots."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._stock = StockRepository(db)

    def add_recall(self, product: str, lot: str, action: str, reason: str, document: str | None, at_ms: int) -> None:
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

    def find_lot(self, lot: str, product: str | None = None) -> Lot:
        """The lot with that number, of a product if one is named.

        Raises `InputError` if there is none, naming what is like it, or if several products have it.
        """
        rows = self._db.rows("SELECT product, lot FROM lot WHERE lot = ? ORDER BY product", (lot,))
        found = [row for row in rows if product is None or row[0].casefold() == product.casefold()]
        if len(found) > 1:
            raise InputError("lot.of_several", lot=lot, products=tuple(row[0] for row in found))
        if not found:
            alike = rows or self._lots_like(lot)
            like = tuple(Phrase("lot.of_product", lot=each, product=name) for name, each in alike)
            raise InputError("lot.unknown", lot=lot, product=product, like=like, see=NextStep("kit.list"))
        known_lot = self._stock.lot(*found[0])
        assert known_lot is not None  # it was just found
        return known_lot

    def _lots_like(self, lot: str) -> list[tuple[str, str]]:
        """Lots that differ from `lot` in capitals, blanks and dashes alone."""

        def bare(text: str) -> str:
            return "".join(each for each in text.casefold() if each.isalnum())

        rows = self._db.rows("SELECT product, lot FROM lot ORDER BY product, lot")
        return [(product, each) for product, each in rows if bare(each) == bare(lot)]
