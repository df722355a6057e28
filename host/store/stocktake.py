"""Stocktakes in the database: what was scanned, what it came to, and with which reasons it was closed.

A scan is kept as soon as it is made, so that a stocktake goes on after a break. An undo is a row of its own.
"""

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import NamedTuple

from host import ledger
from host.errors import InputError
from host.ledger import Kit, Movement
from host.ledger.movement import VOID
from host.phrase import NextStep
from host.stock.stocktake import Box, CountScan, Difference
from host.store.database import Database
from host.store.doses import DoseRepository
from host.store.stock import StockRepository
from host.usage import doses

_STOCKTAKE = "id, place, blind, started_at_ms, started_by, closed_at_ms, closed_by, cancelled"


_STANDING = (
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


class Settled(NamedTuple):
    """A difference with which a stocktake was closed, and the reason given."""

    kind: str
    kit: str
    detail: str
    reason: str
    login: str
    at_ms: int


class Past(NamedTuple):
    """A stocktake in the history: how many kits were scanned, and how many differences it was closed with."""

    stocktake: Stocktake
    scanned: int
    differences: int


class StocktakeRepository:
    """Stocktakes, their scans, and the differences with which each was closed."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._doses = DoseRepository(db)
        self._stock = StockRepository(db)

    def start(self, place: str, blind: bool, at_ms: int) -> int:
        """Adds a stocktake of a place that begins at an instant, within a transaction, and returns its number."""
        cursor = self._db.connection.execute(
            "INSERT INTO stocktake (place, blind, started_at_ms, started_by) VALUES (?, ?, ?, ?)",
            (place, int(blind), at_ms, self._db.login),
        )
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    def end(self, number: int, at_ms: int, cancelled: str | None) -> None:
        """Writes that a stocktake was closed, or given up for a reason (`cancelled`), within a transaction."""
        self._db.connection.execute(
            "UPDATE stocktake SET closed_at_ms = ?, closed_by = ?, cancelled = ? WHERE id = ?",
            (at_ms, self._db.login, cancelled, number),
        )

    def stocktake(self, number: int) -> Stocktake:
        """One stocktake. Raises `InputError` if there is none of that number."""
        found = self.known_stocktake(number)
        if found is None:
            raise InputError("stocktake.unknown", stocktake=number, see=NextStep("stocktake.list"))
        return found

    def known_stocktake(self, number: int) -> Stocktake | None:
        """One stocktake, if there is one of that number."""
        row = self._db.row(f"SELECT {_STOCKTAKE} FROM stocktake WHERE id = ?", (number,))
        return _stocktake(row) if row else None

    def under_way_at(self, place: str) -> Stocktake | None:
        """The stocktake of a place that is not closed, if there is one."""
        row = self._db.row(f"SELECT {_STOCKTAKE} FROM stocktake WHERE place = ? AND closed_at_ms IS NULL", (place,))
        return _stocktake(row) if row else None

    def under_way(self) -> list[Stocktake]:
        """The stocktakes that are not closed, by place."""
        rows = self._db.rows(f"SELECT {_STOCKTAKE} FROM stocktake WHERE closed_at_ms IS NULL ORDER BY place")
        return [_stocktake(row) for row in rows]

    def past(self) -> list[Past]:
        """All stocktakes, those under way too, newest first."""
        rows = self._db.rows(
            f"SELECT {_STOCKTAKE}, "
            "(SELECT count(DISTINCT kit) FROM stocktake_scan c WHERE c.stocktake = s.id AND c.undoes IS NULL AND "
            "c.id NOT IN (SELECT undoes FROM stocktake_scan WHERE stocktake = s.id AND undoes IS NOT NULL)), "
            "(SELECT count(*) FROM stocktake_difference d WHERE d.stocktake = s.id) FROM stocktake s ORDER BY id DESC"
        )
        return [Past(_stocktake(row[:-2]), *row[-2:]) for row in rows]

    def add_scan(self, number: int, counter: str, kit: str, doses: int | None, at_ms: int) -> CountScan:
        """Adds a scan, of a known kit or not, within a transaction, and returns it."""
        cursor = self._db.connection.execute(
            "INSERT INTO stocktake_scan (stocktake, at_ms, login, counter, kit, doses) VALUES (?, ?, ?, ?, ?, ?)",
            (number, at_ms, self._db.login, counter, kit, doses),
        )
        assert cursor.lastrowid is not None
        return CountScan(cursor.lastrowid, at_ms, counter, kit, doses)

    def last_scan(self, number: int, counter: str) -> CountScan | None:
        """The last scan of a counter that stands, if there is one."""
        row = self._db.row(
            f"SELECT id, at_ms, counter, kit, doses FROM stocktake_scan WHERE {_STANDING} AND counter = ? "
            "ORDER BY id DESC LIMIT 1",
            (number, number, counter),
        )
        return CountScan(*row) if row else None

    def add_undo(self, number: int, undone: CountScan, at_ms: int) -> None:
        """Adds that a scan was taken back by its counter, within a transaction."""
        self._db.connection.execute(
            "INSERT INTO stocktake_scan (stocktake, at_ms, login, counter, kit, undoes) VALUES (?, ?, ?, ?, ?, ?)",
            (number, at_ms, self._db.login, undone.counter, undone.kit, undone.id),
        )

    def add_difference(self, number: int, difference: Difference, reason: str, at_ms: int) -> None:
        """Adds a difference with which a stocktake is closed, within a transaction."""
        self._db.connection.execute(
            "INSERT INTO stocktake_difference (stocktake, kind, kit, detail, reason, login, at_ms) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            (number, difference.kind, difference.kit, str(difference.detail), reason, self._db.login, at_ms),
        )

    def reasons(self, number: int) -> dict[tuple[str, str], str]:
        """The reasons given so far in a stocktake under way, by kind and kit."""
        rows = self._db.rows("SELECT kind, kit, reason FROM stocktake_reason WHERE stocktake = ?", (number,))
        return {(kind, kit): reason for kind, kit, reason in rows}

    def put_reasons(self, number: int, reasons: Mapping[tuple[str, str], str]) -> None:
        """Keeps the reasons given so far in place of those before, within a transaction."""
        self._db.connection.execute("DELETE FROM stocktake_reason WHERE stocktake = ?", (number,))
        self._db.connection.executemany(
            "INSERT INTO stocktake_reason (stocktake, kind, kit, reason) VALUES (?, ?, ?, ?)",
            [(number, *of, reason) for of, reason in reasons.items()],
        )

    def settled(self, number: int) -> list[Settled]:
        """The differences with which a stocktake was closed, in no order."""
        rows = self._db.rows(
            "SELECT kind, kit, detail, reason, login, at_ms FROM stocktake_difference WHERE stocktake = ?", (number,)
        )
        return [Settled(*row) for row in rows]

    def scans(self, number: int, kit: str | None = None) -> list[CountScan]:
        """The scans that stand, of all kits or of one, oldest first."""
        where, parameters = ("", ()) if kit is None else (" AND kit = ?", (kit,))
        rows = self._db.rows(
            f"SELECT id, at_ms, counter, kit, doses FROM stocktake_scan WHERE {_STANDING}{where} ORDER BY id",
            (number, number, *parameters),
        )
        return [CountScan(*row) for row in rows]

    def box(self, kit: str) -> Box | None:
        """What is known of a kit; None if it was never received."""
        return self._boxes("k.id = ?", (kit,)).get(kit)

    def boxes(self, number: int, place: str, status: str) -> dict[str, Box]:
        """What is known of the kits that are in a place with that status, and of those scanned in a stocktake."""
        # Written into the query, not bound: each status has its own index of places.
        return self._boxes(
            f"k.id IN (SELECT kit FROM kit_state WHERE status = '{status}' AND place = ? "
            "UNION SELECT kit FROM stocktake_scan WHERE stocktake = ?)",
            (place, number),
        )

    def _boxes(self, where: str, parameters: tuple[object, ...]) -> dict[str, Box]:
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


def _stocktake(row: tuple[object, ...]) -> Stocktake:
    known = Stocktake(*row)  # type: ignore[arg-type]
    return known._replace(blind=bool(known.blind))
