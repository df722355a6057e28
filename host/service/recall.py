"""Lots are recalled and recalls lifted, and people ask who holds kits of a lot."""

from host.clock import Instant
from host.errors import InputError, RuleError
from host.ledger import Lot
from host.phrase import NextStep, Phrase
from host.store.database import Database
from host.store.recall import Held, Recall, RecallRepository
from host.store.stock import StockRepository


class Recalls:
    """People recall lots, lift recalls, and ask who has their kits."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._recalls = RecallRepository(db)
        self._stock = StockRepository(db)

    def recall(self, product: str, lot: str, reason: str, document: str | None, at_ms: int) -> None:
        """Marks a lot as recalled: no kit of it is issued from then on. Raises `RuleError` if it is already."""
        with self._db.changing("lot.recall", f"{product} {lot}") as detail:
            last = self._recalls.last_recall(product, lot)
            if last is not None and last.action == "recall":
                raise RuleError(
                    "lot.recalled_already",
                    lot=lot,
                    product=product,
                    login=last.login,
                    at=Instant(last.at_ms, self._db.station.time_zone),
                    reason=last.reason,
                    see=NextStep("recall.show_lot", lot=lot),
                )
            self._recalls.add_recall(product, lot, "recall", reason, document, at_ms)
            detail |= {"reason": reason} | ({} if document is None else {"document": document})

    def lift_recall(self, product: str, lot: str, reason: str, at_ms: int) -> None:
        """Ends the recall of a lot. Raises `RuleError` if it is not recalled."""
        with self._db.changing("lot.recall", f"{product} {lot}") as detail:
            last = self._recalls.last_recall(product, lot)
            if last is None or last.action != "recall":
                raise RuleError("lot.not_recalled", lot=lot, product=product, see=NextStep("recall.list"))
            self._recalls.add_recall(product, lot, "lift", reason, None, at_ms)
            detail |= {"lifted": True, "reason": reason}

    def last_recall(self, product: str, lot: str) -> Recall | None:
        """What was said last of a lot; None if it was never recalled."""
        return self._recalls.last_recall(product, lot)

    def recalls(self) -> list[Recall]:
        """Every lot that was ever recalled, as it stands now: those still recalled first, newest first."""
        self._db.demand("stock.read")
        return self._recalls.recalls()

    def kits_of_lot(self, product: str, lot: str) -> list[Held]:
        """Where each kit of a lot is: those with officers first, then those in places, then the others."""
        self._db.demand("stock.read")
        return self._recalls.kits_of_lot(product, lot)

    def find_lot(self, lot: str, product: str | None = None) -> Lot:
        """The lot with that number, of a product if one is named.

        Raises `InputError` if there is none, naming what is like it, or if several products have it.
        """
        rows = self._recalls.lots_of_number(lot)
        found = [each for each in rows if product is None or each[0].casefold() == product.casefold()]
        if len(found) > 1:
            raise InputError("lot.of_several", lot=lot, products=tuple(name for name, _ in found))
        if not found:
            alike = rows or [each for each in self._recalls.lots() if _bare(each[1]) == _bare(lot)]
            like = tuple(Phrase("lot.of_product", lot=each, product=name) for name, each in alike)
            raise InputError("lot.unknown", lot=lot, product=product, like=like, see=NextStep("kit.list")).like(
                lot, [] if like else [each[1] for each in self._recalls.lots()]
            )
        known = self._stock.lot(*found[0])
        assert known is not None  # it was just found
        return known


def _bare(lot: str) -> str:
    """A lot's number without what people leave out: capitals, blanks and dashes."""
    return "".join(each for each in lot.casefold() if each.isalnum())
