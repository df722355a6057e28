"""Receiving kits as a scanner or a file tells of them, their labels, and what is in stock, in the database."""

from functools import cached_property

from host import ledger
from host.ledger import Lot
from host.ledger.movement import VOID
from host.receiving import numbers
from host.store.database import Database
from host.store.doses import DoseRepository
from host.store.rollups import RollupRepository
from host.store.stock import Incoming, StockRepository


class ReceivingRepository:
    """The part of the store that takes in kits."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._doses = DoseRepository(db)
        self._rollups = RollupRepository(db)
        self._stock = StockRepository(db)

    @cached_property
    def _given(self) -> dict[str, int]:
        """The highest count known to be taken, by prefix. Others may have taken more since."""
        return {}

    def number_before(self, box: Incoming) -> str | None:
        """The number that the same box had when its receipt was taken back."""
        row = self._db.row(
            "SELECT k.id FROM kit k JOIN kit_state s ON s.kit = k.id WHERE k.gtin IS ? AND k.serial = ? "
            "AND k.product = ? AND k.lot = ? AND s.status = ? ORDER BY s.movement DESC LIMIT 1",
            (box.gtin, box.serial, box.product, box.lot, VOID),
        )
        return str(row[0]) if row else None

    def next_number(self, prefix: str) -> str:
        """The first free number after those given. Within a transaction: no other receiver can take it."""
        given = self._given
        if prefix not in given:
            rows = self._db.rows("SELECT id FROM kit WHERE id >= ? AND id < ?", (f"{prefix}0", f"{prefix}:"))
            given[prefix] = numbers.highest(prefix, (kit for (kit,) in rows))
        while self._db.row(
            "SELECT 1 FROM kit WHERE id = ? COLLATE NOCASE", (numbers.number(prefix, given[prefix] + 1),)
        ):
            given[prefix] += 1
        return numbers.number(prefix, given[prefix] + 1)

    def relearn_lot(self, known: Lot, lot: Lot) -> None:
        """Corrects what is known of a lot, within a transaction."""
        if lot == known:
            return
        self._db.connection.execute(
            "UPDATE lot SET expires_on = ?, doses_per_kit = ? WHERE product = ? AND lot = ?",
            (lot.expires_on.isoformat(), lot.doses_per_kit, lot.product, lot.lot),
        )
        for (kit,) in self._db.rows("SELECT kit FROM kit_state WHERE lot = ? AND product = ?", (lot.lot, lot.product)):
            self._rollups.write_kit(kit, ledger.replay(self._stock.movements(kit), lot.doses_per_kit), lot)
            self._doses.roll_up_doses([kit])
        before, after = (
            {"expires_on": each.expires_on.isoformat(), "doses": each.doses_per_kit} for each in (known, lot)
        )
        self._db.note("lot.correct", f"{lot.product} {lot.lot}", {"before": before, "after": after})

    def has_kits(self, lot: Lot) -> bool:
        """Whether any receipt of the lot stands."""
        found = self._db.row(
            "SELECT 1 FROM kit_state WHERE lot = ? AND product = ? AND status <> ? LIMIT 1",
            (lot.lot, lot.product, VOID),
        )
        return found is not None
