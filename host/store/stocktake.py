"""Stocktakes in the database: what was scanned, what it came to, and with which reasons it was closed.

A scan is kept as soon as it is made, so that a stocktake goes on after a break. An undo is a row of its own.
"""

from collections.abc import Iterable
from itertools import groupby
from typing import NamedTuple

from host import ledger
from host.errors import InputError
from host.ledger import Kit, Movement
from host.ledger.movement import VOID
from host.phrase import NextStep
from host.stock.stocktake import Box, CountScan
from host.store.database import Database
from host.store.doses import DoseRepository
from host.store.stock import StockRepository
from host.usage import doses

STOCKTAKE = "id, place, blind, started_at_ms, started_by, closed_at_ms, closed_by, cancelled"


STANDING = (
    "stocktake = ? AND undoes IS NULL AND id NOT IN "
    "(SELECT undoes FROM stocktake_scan WHERE stocktake = ? AND undoes IS NOT NULL)"
)


class Stocktake(NamedTuple):
    """One stocktake; `cancelled` is the reason if it was given up. Times in Unix milliseconds."""

    id: int
    place: str
    blind: bool
    started_at_ms: int
    started_by: str
    closed_at_ms: int | None
    closed_by: str | None
    cancelled: str | None


class StocktakeRepository:
    """The part of the store that counts what is in a place."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._doses = DoseRepository(db)
        self._stock = StockRepository(db)

    def end(self, number: int, at_ms: int, cancelled: str | None) -> None:
        self._db.connection.execute(
            "UPDATE stocktake SET closed_at_ms = ?, closed_by = ?, cancelled = ? WHERE id = ?",
            (at_ms, self._db.login, cancelled, number),
        )

    def stocktake(self, number: int) -> Stocktake:
        row = self._db.row(f"SELECT {STOCKTAKE} FROM stocktake WHERE id = ?", (number,))
        if row is None:
            raise InputError("stocktake.unknown", stocktake=number, see=NextStep("stocktake.list"))
        return as_stocktake(row)

    def scans(self, number: int, kit: str | None = None) -> list[CountScan]:
        """The scans that stand, of all kits or of one, oldest first."""
        where, parameters = ("", ()) if kit is None else (" AND kit = ?", (kit,))
        rows = self._db.rows(
            f"SELECT id, at_ms, counter, kit, doses FROM stocktake_scan WHERE {STANDING}{where} ORDER BY id",
            (number, number, *parameters),
        )
        return [CountScan(*row) for row in rows]

    def boxes(self, where: str, parameters: tuple[object, ...]) -> dict[str, Box]:
        """What is known of the kits that `where` finds."""
        rows = self._db.rows(f"SELECT k.id, k.product, k.lot FROM kit k WHERE {where}", parameters)
        lots = {key: self._stock.lot(*key) for key in {(product, lot) for _, product, lot in rows}}
        lot_of = {kit: lots[product, lot] for kit, product, lot in rows}
        fields = ", ".join(f"m.{field}" for field in Movement._fields)
        moved = self._db.rows(
            f"SELECT {fields} FROM kit k JOIN movement m ON m.kit = k.id WHERE {where} ORDER BY m.kit, m.id",
            parameters,
        )
        found = {}
        for kit, of_kit in groupby((Movement(*row) for row in moved), key=lambda each: each.kit):
            lot = lot_of[kit]
            assert lot is not None  # a foreign key holds it
            due = self._doses.due(kit)
            told = None if due is None else doses.told(due, self._db.station.time_zone)
            found[kit] = Box(lot, ledger.replay(of_kit, lot.doses_per_kit), told)
        return found

    def kits_with_serial(self, packs: Iterable[tuple[str, str]]) -> list[Kit]:
        """The kits whose pack has one of these GTINs and serials, but for those of which the receipt was taken back."""
        found = [
            self._db.row(
                "SELECT id, k.product, k.lot, gtin, serial FROM kit k JOIN kit_state s ON s.kit = k.id "
                "WHERE gtin = ? AND serial = ? AND s.status <> ?",
                (*pack, VOID),
            )
            for pack in packs
        ]
        return [Kit(*row) for row in found if row]

    def has_kit(self, kit: str) -> bool:
        """Whether a kit of that number was ever received."""
        return self._db.row("SELECT 1 FROM kit WHERE id = ?", (kit,)) is not None

    def kit_like(self, text: str) -> str | None:
        """The one kit whose number is `text` but for capitals; None if there is none, or several."""
        rows = self._db.rows("SELECT id FROM kit WHERE id = ? COLLATE NOCASE LIMIT 2", (text,))
        return str(rows[0][0]) if len(rows) == 1 else None


def as_stocktake(row: tuple[object, ...]) -> Stocktake:
    known = Stocktake(*row)  # type: ignore[arg-type]
    return known._replace(blind=bool(known.blind))
