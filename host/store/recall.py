"""Recalls by lot in the database: which lots are recalled, and who holds their kits."""

from typing import NamedTuple

from host.clock import Instant
from host.errors import InputError, RuleError
from host.ledger import Lot
from host.phrase import NextStep, Phrase
from host.store.stock import Stock

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


class Recalls(Stock):
    """The part of the store that recalls lots."""

    def recall(self, product: str, lot: str, reason: str, document: str | None, at_ms: int) -> None:
        """Marks a lot as recalled: no kit of it is issued from then on. Raises `RuleError` if it is already."""
        with self._changing("lot.recall", f"{product} {lot}") as detail:
            last = self.last_recall(product, lot)
            if last is not None and last.action == "recall":
                raise RuleError(
                    "lot.recalled_already",
                    lot=lot,
                    product=product,
                    login=last.login,
                    at=Instant(last.at_ms, self.station.time_zone),
                    reason=last.reason,
                    see=NextStep("recall.show_lot", lot=lot),
                )
            self._add_recall(product, lot, "recall", reason, document, at_ms)
            detail |= {"reason": reason} | ({} if document is None else {"document": document})

    def lift_recall(self, product: str, lot: str, reason: str, at_ms: int) -> None:
        """Ends the recall of a lot. Raises `RuleError` if it is not recalled."""
        with self._changing("lot.recall", f"{product} {lot}") as detail:
            last = self.last_recall(product, lot)
            if last is None or last.action != "recall":
                raise RuleError("lot.not_recalled", lot=lot, product=product, see=NextStep("recall.list"))
            self._add_recall(product, lot, "lift", reason, None, at_ms)
            detail |= {"lifted": True, "reason": reason}

    def _add_recall(self, product: str, lot: str, action: str, reason: str, document: str | None, at_ms: int) -> None:
        self._connection.execute(
            "INSERT INTO recall (product, lot, action, reason, document, login, at_ms) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (product, lot, action, reason, document, self.login, at_ms),
        )

    def last_recall(self, product: str, lot: str) -> Recall | None:
        """What was said last of a lot; None if it was never recalled."""
        row = self._row(
            "SELECT product, lot, action, reason, document, login, at_ms FROM recall "
            "WHERE product = ? AND lot = ? ORDER BY id DESC LIMIT 1",
            (product, lot),
        )
        return Recall(*row) if row else None

    def recalls(self) -> list[Recall]:
        """Every lot that was ever recalled, as it stands now: those still recalled first, newest first."""
        self._demand("stock.read")
        rows = self._rows(
            "SELECT product, lot, action, reason, document, login, at_ms, "
            "(SELECT count(*) FROM kit_state k WHERE k.lot = r.lot AND k.product = r.product AND status = 'issued'), "
            "(SELECT count(*) FROM kit_state k WHERE k.lot = r.lot AND k.product = r.product AND status = 'in_stock') "
            "FROM recall r WHERE id = (SELECT max(id) FROM recall n WHERE n.product = r.product AND n.lot = r.lot) "
            "ORDER BY action = 'lift', id DESC"
        )
        return [Recall(*row) for row in rows]

    def kits_of_lot(self, product: str, lot: str) -> list[Held]:
        """Where each kit of a lot is: those with officers first, then those in places, then the others."""
        self._demand("stock.read")
        rows = self._rows(
            f"SELECT {_HELD} FROM kit_state WHERE lot = ? AND product = ? AND status <> 'void' "
            "ORDER BY status <> 'issued', officer IS NULL, officer, status, place, kit",
            (lot, product),
        )
        return [Held(*row) for row in rows]

    def find_lot(self, lot: str, product: str | None = None) -> Lot:
        """The lot with that number, of a product if one is named.

        Raises `InputError` if there is none, naming what is like it, or if several products have it.
        """
        rows = self._rows("SELECT product, lot FROM lot WHERE lot = ? ORDER BY product", (lot,))
        found = [row for row in rows if product is None or row[0].casefold() == product.casefold()]
        if len(found) > 1:
            raise InputError("lot.of_several", lot=lot, products=tuple(row[0] for row in found))
        if not found:
            alike = rows or self._lots_like(lot)
            like = tuple(Phrase("lot.of_product", lot=each, product=name) for name, each in alike)
            raise InputError("lot.unknown", lot=lot, product=product, like=like, see=NextStep("kit.list"))
        known_lot = self.lot(*found[0])
        assert known_lot is not None  # it was just found
        return known_lot

    def _lots_like(self, lot: str) -> list[tuple[str, str]]:
        """Lots that differ from `lot` in capitals, blanks and dashes alone."""

        def bare(text: str) -> str:
            return "".join(each for each in text.casefold() if each.isalnum())

        rows = self._rows("SELECT product, lot FROM lot ORDER BY product, lot")
        return [(product, each) for product, each in rows if bare(each) == bare(lot)]
