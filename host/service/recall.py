"""Recalls by lot in the database: which lots are recalled, and who holds their kits."""

from typing import NamedTuple

from host.clock import Instant
from host.errors import RuleError
from host.ledger import Lot
from host.phrase import NextStep
from host.store.database import Database
from host.store.recall import Recall, RecallRepository

_HELD = "kit, status, officer, place, pouch, since_ms, doses_left, quarantine"


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


class Recalls:
    """The part of the store that recalls lots."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._recalls = RecallRepository(db)

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
        self._db.demand("stock.read")
        rows = self._db.rows(
            f"SELECT {_HELD} FROM kit_state WHERE lot = ? AND product = ? AND status <> 'void' "
            "ORDER BY status <> 'issued', officer IS NULL, officer, status, place, kit",
            (lot, product),
        )
        return [Held(*row) for row in rows]

    def find_lot(self, lot: str, product: str | None = None) -> Lot:
        """The lot with that number, of a product if one is named.

        Raises `InputError` if there is none, naming what is like it, or if several products have it.
        """
        return self._recalls.find_lot(lot, product)
