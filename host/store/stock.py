"""Products, lots, kits and the ledger of their movements, in the database."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from host.errors import InputError
from host.ledger import Kit, Lot, Movement, State
from host.ledger.movement import (
    ISSUED,
    NOWHERE,
    VOID,
)
from host.phrase import NextStep
from host.store.database import Database

MOVEMENT = ", ".join(Movement._fields)


LOT = """
l.product, l.lot, l.expires_on, l.doses_per_kit,
(SELECT CASE action WHEN 'recall' THEN reason END FROM recall r
 WHERE r.product = l.product AND r.lot = l.lot ORDER BY r.id DESC LIMIT 1)
"""


class Incoming(NamedTuple):
    """A box that arrives: the number it is given, and what its pack says."""

    kit: str
    product: str
    lot: str
    expires_on: date | None = None
    doses_per_kit: int | None = None
    gtin: str | None = None
    serial: str | None = None
    document: str | None = None


class NextKit(NamedTuple):
    """A kit on the shelf that can be issued."""

    kit: str
    product: str
    lot: str
    expires_on: date


_NEXT = """
SELECT s.kit, s.product, s.lot, s.expires_on FROM kit_state s
CROSS JOIN lot l ON l.product = s.product AND l.lot = s.lot
WHERE s.status = 'in_stock' AND s.place = ? AND s.product = ? AND s.expires_on >= ?
AND s.quarantine IS NULL AND s.pouch IS NULL AND s.doses_left = l.doses_per_kit
AND NOT EXISTS (SELECT 1 FROM to_count c WHERE c.kit = s.kit)
AND NOT EXISTS (SELECT 1 FROM doses_off d WHERE d.kit = s.kit)
AND coalesce((SELECT action FROM recall r WHERE r.product = s.product AND r.lot = s.lot
    ORDER BY r.id DESC LIMIT 1), 'lift') = 'lift' ORDER BY s.expires_on, s.kit LIMIT ?
"""


class StockRepository:
    """Lots, kits and movements as they stand, and the state that is rolled up of each kit."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def lots(self) -> list[Lot]:
        """All lots, first to expire first."""
        rows = self._db.rows(f"SELECT {LOT} FROM lot l ORDER BY expires_on, l.product, l.lot")
        return [as_lot(row) for row in rows]

    def lot(self, product: str, lot: str) -> Lot | None:
        """One lot, if known."""
        row = self._db.row(f"SELECT {LOT} FROM lot l WHERE l.product = ? AND l.lot = ?", (product, lot))
        return as_lot(row) if row else None

    def lot_of(self, kit: str) -> Lot:
        """The lot that a kit is of. Raises `InputError` if the kit is unknown."""
        found = self.kit(kit)
        lot = self.lot(found.product, found.lot)
        assert lot is not None  # a foreign key holds it
        return lot

    def kits(self) -> list[Kit]:
        """All kits by id."""
        return [Kit(*row) for row in self._db.rows("SELECT id, product, lot, gtin, serial FROM kit ORDER BY id")]

    def kit(self, kit: str) -> Kit:
        """One kit. Raises `InputError` if unknown."""
        found = self.known_kit(kit)
        if found is None:
            raise InputError("kit.unknown", kit=kit, see=NextStep("kit.list"), add=NextStep("kit.add", kit=kit)).like(
                kit, self.kits_like(kit) if self._db.shows_names() else []
            )
        return found

    def known_kit(self, kit: str) -> Kit | None:
        """One kit, if one of that number was ever received."""
        row = self._db.row("SELECT id, product, lot, gtin, serial FROM kit WHERE id = ?", (kit,))
        return Kit(*row) if row else None

    def kits_like(self, text: str) -> list[str]:
        """The kits whose number is `text`, ignoring capitals; at most two."""
        return [kit for (kit,) in self._db.rows("SELECT id FROM kit WHERE id = ? COLLATE NOCASE LIMIT 2", (text,))]

    def kit_with_serial(self, gtin: str | None, serial: str, product: str) -> str | None:
        """The kit whose pack has that serial, but for one of which the receipt was taken back.

        A serial is of a GTIN, and without one of a product.
        """
        row = self._db.row(
            "SELECT k.id FROM kit k JOIN kit_state s ON s.kit = k.id "
            "WHERE k.gtin IS ? AND k.serial = ? AND s.status <> ? AND (k.gtin IS NOT NULL OR k.product = ?)",
            (gtin, serial, VOID, product),
        )
        return str(row[0]) if row else None

    def add_lot(self, lot: Lot) -> None:
        """Adds a lot that is not known yet, within a transaction."""
        self._db.connection.execute(
            "INSERT INTO lot (product, lot, expires_on, doses_per_kit) VALUES (?, ?, ?, ?)",
            (lot.product, lot.lot, lot.expires_on.isoformat(), lot.doses_per_kit),
        )

    def add_kit(self, kit: Kit) -> None:
        """Adds a kit of a known lot, within a transaction; its receipt is to follow."""
        self._db.connection.execute("INSERT INTO kit (id, product, lot, gtin, serial) VALUES (?, ?, ?, ?, ?)", kit)

    def set_pack(self, kit: Kit) -> None:
        """Writes GTIN and serial of a known kit's pack, within a transaction."""
        self._db.connection.execute("UPDATE kit SET gtin = ?, serial = ? WHERE id = ?", (kit.gtin, kit.serial, kit.id))

    def movements(self, kit: str | None = None) -> list[Movement]:
        """The whole ledger, or one kit's part of it, oldest first."""
        where, parameters = ("WHERE kit = ?", (kit,)) if kit is not None else ("", ())
        rows = self._db.rows(f"SELECT {MOVEMENT} FROM movement {where} ORDER BY id", parameters)
        return [Movement(*row) for row in rows]

    def state(self, kit: str) -> State:
        """Where a kit is now, and what is in it. Raises `InputError` if it is unknown."""
        row = self._db.row(f"SELECT {', '.join(State._fields)} FROM kit_state WHERE kit = ?", (kit,))
        if row is None:
            self.kit(kit)
            return NOWHERE
        return State(*row)

    def products_of_lots(self) -> list[str]:
        """Every product of which there is a lot; looked up one by one, since there are few."""
        found: list[str] = []
        while row := self._db.row("SELECT min(product) FROM lot WHERE product > ?", (found[-1] if found else "",)):
            if row[0] is None:
                break
            found.append(row[0])
        return found

    def first_to_expire(self, station: str, day: date, product: str | None, most: int) -> list[NextKit]:
        """The kits at a station that can be issued on that day and lie in no pouch, first to expire first."""
        (found,) = self._from_stock(station, [day], product, most)
        return found

    def to_issue(self, station: str, day: date, last: date, product: str | None, most: int) -> list[NextKit]:
        """The kits to issue next on a day: those that are good after `last`, first to expire first; then the rest."""
        lasting, any_ = self._from_stock(station, [last + timedelta(days=1), day], product, most)
        return [*lasting, *(each for each in any_ if each not in lasting)][:most]

    def _from_stock(self, station: str, days: Sequence[date], product: str | None, most: int) -> list[list[NextKit]]:
        """For each day, the kits at a station that are good then, can be issued and lie in no pouch; at most so many.

        First to expire first.
        """
        query = " UNION ALL ".join(f"SELECT {number}, q.* FROM ({_NEXT}) q" for number in range(len(days)))
        found: list[list[NextKit]] = [[] for _ in days]
        for name in [product] if product is not None else self.products_of_lots():
            asked = [value for day in days for value in (station, name, day.isoformat(), most)]
            for number, kit, of, lot, text in self._db.rows(query, tuple(asked)):
                found[number].append(NextKit(kit, of, lot, date.fromisoformat(text)))
        return [sorted(each, key=lambda kit: (kit.expires_on, kit.kit))[:most] for each in found]

    def expiry_of_pouch(self, pouch: str) -> date | None:
        """The last good day of the kit that is in `pouch` now, the first of several; None if it holds none."""
        row = self._db.row("SELECT min(expires_on) FROM kit_state WHERE pouch = ? AND status = ?", (pouch, ISSUED))
        return date.fromisoformat(row[0]) if row and row[0] else None


def as_lot(row: tuple[Any, ...]) -> Lot:
    """The lot of a row that begins with `LOT`."""
    product, lot, day, doses, recalled = row
    return Lot(product, lot, date.fromisoformat(day), doses, recalled)
