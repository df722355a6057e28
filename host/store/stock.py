"""Products, lots, kits and the ledger of their movements, in the database."""

import json
from datetime import date
from typing import Any, NamedTuple

from host import clock, ledger
from host.errors import InputError
from host.ledger import Kit, Lot, Movement, State
from host.ledger.movement import (
    CORRECT,
    IN_STOCK,
    ISSUED,
    NOWHERE,
    VOID,
)
from host.phrase import NextStep, Phrase
from host.store.database import Database
from host.store.doses import KitInHand, as_due
from host.store.rollups import RollupRepository
from host.usage.doses import Due

_MOVEMENT = ", ".join(Movement._fields)


_LOT = """
l.product, l.lot, l.expires_on, l.doses_per_kit,
(SELECT CASE action WHEN 'recall' THEN reason END FROM recall r
 WHERE r.product = l.product AND r.lot = l.lot ORDER BY r.id DESC LIMIT 1)
"""


_STATE = ", ".join(f"s.{column}" for column in State._fields)


_DUE = ", ".join(f"c.{column}" for column in Due._fields)


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


class Reassigned(NamedTuple):
    """An opening that most likely began at `at_ms`, and by a movement of the past became another's."""

    name: str
    at_ms: int
    before: tuple[str, ...]
    after: tuple[str, ...]


class Moved(NamedTuple):
    """A movement that was recorded, the kit's state before and after it, and what to warn of.

    `due` is why the kit is to be counted then. `reassigned` are openings that are another's now.
    """

    movement: Movement
    before: State
    after: State
    warnings: list[Phrase]
    due: Due | None = None
    reassigned: tuple[Reassigned, ...] = ()


class Pouch(NamedTuple):
    """A pouch as a movement finds it; its `id` is None if the movement is about none.

    `tagged`: it has a tag in use. `with_whom` says who else has it now, or had it at some time since then, None
    if nobody; `in_stock` are the kits in it that are in stock.
    """

    id: str | None
    tagged: bool
    with_whom: Phrase | None
    in_stock: list[str]


class NextKit(NamedTuple):
    """A kit on the shelf that can be issued."""

    kit: str
    product: str
    lot: str
    expires_on: date


class StockRepository:
    """Lots, kits and movements, with the state that is rolled up of each kit, and what is in each pouch."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._rollups = RollupRepository(db)

    def lots(self) -> list[Lot]:
        """All lots, first to expire first."""
        rows = self._db.rows(f"SELECT {_LOT} FROM lot l ORDER BY expires_on, l.product, l.lot")
        return [_lot(row) for row in rows]

    def lot(self, product: str, lot: str) -> Lot | None:
        """One lot, if known."""
        row = self._db.row(f"SELECT {_LOT} FROM lot l WHERE l.product = ? AND l.lot = ?", (product, lot))
        return _lot(row) if row else None

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
            raise InputError("kit.unknown", kit=kit, see=NextStep("kit.list"), add=NextStep("kit.add", kit=kit))
        return found

    def known_kit(self, kit: str) -> Kit | None:
        """One kit, if one of that number was ever received."""
        row = self._db.row("SELECT id, product, lot, gtin, serial FROM kit WHERE id = ?", (kit,))
        return Kit(*row) if row else None

    def kits_like(self, text: str) -> list[str]:
        """The kits whose number is `text` but for capitals; of several, two."""
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
        rows = self._db.rows(f"SELECT {_MOVEMENT} FROM movement {where} ORDER BY id", parameters)
        return [Movement(*row) for row in rows]

    def in_hand(self, kit: str) -> KitInHand:
        """A kit with all that a movement of it rests on. Raises `InputError` if it is unknown."""
        row = self._db.row(
            f"SELECT k.id, k.product, k.lot, k.gtin, k.serial, {_LOT}, d.off, {_DUE}, {_STATE} FROM kit k "
            "JOIN lot l ON l.product = k.product AND l.lot = k.lot LEFT JOIN kit_state s ON s.kit = k.id "
            "LEFT JOIN to_count c ON c.kit = k.id LEFT JOIN doses_off d ON d.kit = k.id WHERE k.id = ?",
            (kit,),
        )
        if row is None:
            self.kit(kit)
            raise AssertionError(f"kit {kit} has no lot")
        known, lot, off, due, state = row[:5], row[5:10], row[10], row[11:19], row[19:]
        return KitInHand(
            Kit(*known),
            _lot(lot),
            State(*state) if state[0] is not None else NOWHERE,
            self.movements(kit),
            as_due(due) if due[0] is not None else None,
            off or 0,
        )

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

    def next_of_product(self, station: str, day: date, product: str, most: int) -> list[NextKit]:
        """The kits of a product at a station that can be issued on that day and lie in no pouch, at most so many.

        First to expire first.
        """
        rows = self._db.rows(
            "SELECT s.kit, s.product, s.lot, s.expires_on FROM kit_state s "
            "CROSS JOIN lot l ON l.product = s.product AND l.lot = s.lot "
            "WHERE s.status = 'in_stock' AND s.place = ? AND s.product = ? AND s.expires_on >= ? "
            "AND s.quarantine IS NULL AND s.pouch IS NULL AND s.doses_left = l.doses_per_kit "
            "AND NOT EXISTS (SELECT 1 FROM to_count c WHERE c.kit = s.kit) "
            "AND NOT EXISTS (SELECT 1 FROM doses_off d WHERE d.kit = s.kit) "
            "AND coalesce((SELECT action FROM recall r WHERE r.product = s.product AND r.lot = s.lot "
            "ORDER BY r.id DESC LIMIT 1), 'lift') = 'lift' ORDER BY s.expires_on, s.kit LIMIT ?",
            (station, product, day.isoformat(), most),
        )
        return [NextKit(kit, product, lot, date.fromisoformat(text)) for kit, product, lot, text in rows]

    def pouch(self, pouch: str | None, kit: str, holder: Movement | State, since_ms: int) -> Pouch:
        """A pouch, for a kit that its `holder` has in it since then."""
        if pouch is None:
            return Pouch(None, False, None, [])
        row = self._db.row(
            "SELECT EXISTS (SELECT 1 FROM tag WHERE pouch = ?1 AND retired_at_ms IS NULL), "
            "(SELECT json_array(officer, place, until_ms) FROM custody WHERE pouch = ?1 AND status = ?2 AND kit <> ?3 "
            "AND (officer IS NOT ?4 OR place IS NOT ?5) AND (until_ms IS NULL OR until_ms > ?6) "
            "ORDER BY since_ms DESC LIMIT 1), "
            "(SELECT json_group_array(kit) FROM kit_state WHERE pouch = ?1 AND status = ?7)",
            (pouch, ISSUED, kit, holder.officer, holder.place, since_ms, IN_STOCK),
        )
        assert row is not None
        tagged, other, in_stock = row
        return Pouch(pouch, bool(tagged), self._had_by(*json.loads(other)) if other else None, json.loads(in_stock))

    def _had_by(self, officer: str | None, place: str | None, until_ms: int | None) -> Phrase:
        """Who else has a pouch, or had it, for people."""
        who = ledger.held_by(State(officer=officer, place=place))
        if until_ms is None:
            return Phrase("pouch.is_with", who=who)
        return Phrase("pouch.was_with", who=who, until=clock.Instant(until_ms, self._db.station.time_zone))

    def move(self, movement: Movement, hand: KitInHand) -> tuple[Moved, KitInHand]:
        """Checks a movement against the kit's own, adds it with its entry in the audit, keeps the roll-ups.

        Returns what was done, and the kit as it is then.
        """
        lot, so_far = hand.lot, hand.movements
        if movement.kind == CORRECT and movement.corrects is None:
            movement = movement._replace(corrects=ledger.last_to_correct(so_far, movement.kit))
        movement = movement._replace(login=self._db.login, recorded_at_ms=clock.now_ms())
        before, _ = ledger.check_movement(so_far, movement, lot.doses_per_kit, self._db.station.time_zone)
        cursor = self._db.connection.execute(
            f"INSERT INTO movement ({_MOVEMENT}) VALUES (NULL{', ?' * (len(Movement._fields) - 1)})", movement[1:]
        )
        assert cursor.lastrowid is not None
        movement = movement._replace(id=cursor.lastrowid)
        # Of the present no opening is known yet; a movement of the past, or a correction, may give some to others.
        since_ms = min([movement.at_ms, *(each.at_ms for each in so_far if each.id == movement.corrects)])
        hand, before_it, after_it = self._rollups.roll_up_kit(hand, movement)
        were = {(each.tag, each.sequence): each for each in before_it}
        facts = {key: value for key, value in movement._asdict().items() if value is not None}
        for known in ("kit", "kind", "login", "recorded_at_ms"):
            facts.pop(known, None)
        self._db.note(f"kit.{movement.kind}", movement.kit, facts)
        reassigned = tuple(
            Reassigned(each.name, each.began.likely_ms, were[each.tag, each.sequence].officers, each.officers)
            for each in after_it
            if each.began.latest_ms >= since_ms and each.officers != were[each.tag, each.sequence].officers
        )
        return Moved(movement, before, hand.state, [], hand.due, reassigned), hand

    def expiry_of_pouch(self, pouch: str) -> date | None:
        """The last good day of the kit that is in `pouch` now, the first of several; None if it holds none."""
        row = self._db.row("SELECT min(expires_on) FROM kit_state WHERE pouch = ? AND status = ?", (pouch, ISSUED))
        return date.fromisoformat(row[0]) if row and row[0] else None


def _lot(row: tuple[Any, ...]) -> Lot:
    product, lot, day, doses, recalled = row
    return Lot(product, lot, date.fromisoformat(day), doses, recalled)
