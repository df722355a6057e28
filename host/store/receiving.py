"""Receiving kits as a scanner or a file tells of them, their labels, and what is in stock, in the database."""

from datetime import date
from functools import cached_property
from typing import NamedTuple

from host import ledger
from host.ledger import Lot
from host.ledger.movement import DESTROYED, IN_STOCK, ISSUED, VOID
from host.receiving import numbers
from host.store.database import Database
from host.store.doses import DoseRepository
from host.store.rollups import RollupRepository
from host.store.stock import Incoming, StockRepository


class Level(NamedTuple):
    """Kits of one lot at one station, or issued (`station` None); of them how many quarantined, and to be counted."""

    station: str | None
    product: str
    lot: str
    expires_on: date
    kits: int
    quarantined: int
    to_count: int


class ReceivingRepository:
    """Kits by number, pack and receipt; lots with what is counted of them. Remembers the highest number given."""

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

    def correct_lot(self, lot: Lot) -> None:
        """Writes expiry and doses of a known lot, and the roll-ups of its kits, within a transaction."""
        self._db.connection.execute(
            "UPDATE lot SET expires_on = ?, doses_per_kit = ? WHERE product = ? AND lot = ?",
            (lot.expires_on.isoformat(), lot.doses_per_kit, lot.product, lot.lot),
        )
        for (kit,) in self._db.rows("SELECT kit FROM kit_state WHERE lot = ? AND product = ?", (lot.lot, lot.product)):
            self._rollups.write_kit(kit, ledger.replay(self._stock.movements(kit), lot.doses_per_kit), lot)
            self._doses.roll_up_doses([kit])

    def has_kits(self, lot: Lot) -> bool:
        """Whether any receipt of the lot stands."""
        found = self._db.row(
            "SELECT 1 FROM kit_state WHERE lot = ? AND product = ? AND status <> ? LIMIT 1",
            (lot.lot, lot.product, VOID),
        )
        return found is not None

    def received(self, lot: str | None, since_ms: int | None) -> list[tuple[str, str, str, date]]:
        """Kit, product, lot and expiry of the kits received, of one lot or all, since an instant (Unix ms) or ever.

        In order of receipt, without those destroyed or whose receipt was taken back.
        """
        rows = self._db.rows(
            "SELECT k.kit, k.product, k.lot, k.expires_on FROM kit_state k JOIN movement m ON m.kit = k.kit "
            "WHERE m.kind = 'receive' AND k.status NOT IN (?, ?) AND (? IS NULL OR k.lot = ?) "
            "GROUP BY k.kit HAVING ? IS NULL OR max(m.at_ms) >= ? ORDER BY max(m.id)",
            (VOID, DESTROYED, lot, lot, since_ms, since_ms),
        )
        return [(kit, product, of, date.fromisoformat(day)) for kit, product, of, day in rows]

    def levels(self) -> list[Level]:
        """How many kits of each lot are at each station, by station, and how many are issued: first to expire first."""
        rows = self._db.rows(
            "SELECT CASE status WHEN ? THEN place END AS station, product, lot, expires_on, count(*), "
            "sum(quarantine IS NOT NULL), sum(status = 'in_stock' AND c.kit IS NOT NULL) "
            "FROM kit_state k LEFT JOIN to_count c ON c.kit = k.kit WHERE status IN (?, ?) "
            "GROUP BY status, station, product, lot, expires_on "
            "ORDER BY station IS NULL, station, expires_on, product, lot",
            (IN_STOCK, IN_STOCK, ISSUED),
        )
        return [
            Level(station, product, lot, date.fromisoformat(day), *counts)
            for station, product, lot, day, *counts in rows
        ]
