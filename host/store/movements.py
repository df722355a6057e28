"""The ledger of movements, in the database, and what a movement rests on."""

import json
from typing import NamedTuple

from host import clock, ledger
from host.ledger import Kit, Movement, State
from host.ledger.movement import IN_STOCK, ISSUED, NOWHERE
from host.phrase import Phrase
from host.store.database import Database
from host.store.doses import KitInHand, as_due
from host.store.stock import LOT, MOVEMENT, StockRepository, as_lot
from host.usage.doses import Due

_STATE = ", ".join(f"s.{column}" for column in State._fields)
_DUE = ", ".join(f"c.{column}" for column in Due._fields)


class Pouch(NamedTuple):
    """A pouch as a movement finds it; its `id` is None if the movement is about none.

    `tagged`: it has a tag in use. `with_whom` says who else has it now, or had it at some time since then, None
    if nobody; `in_stock` are the kits in it that are in stock.
    """

    id: str | None
    tagged: bool
    with_whom: Phrase | None
    in_stock: list[str]


class MovementRepository:
    """Adds movements, and reads what one rests on: the kit in hand, the pouch."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._stock = StockRepository(db)

    def in_hand(self, kit: str) -> KitInHand:
        """A kit with all that a movement of it rests on. Raises `InputError` if it is unknown."""
        row = self._db.row(
            f"SELECT k.id, k.product, k.lot, k.gtin, k.serial, {LOT}, d.off, {_DUE}, {_STATE} FROM kit k "
            "JOIN lot l ON l.product = k.product AND l.lot = k.lot LEFT JOIN kit_state s ON s.kit = k.id "
            "LEFT JOIN to_count c ON c.kit = k.id LEFT JOIN doses_off d ON d.kit = k.id WHERE k.id = ?",
            (kit,),
        )
        if row is None:
            self._stock.kit(kit)
            raise AssertionError(f"kit {kit} has no lot")
        known, lot, off, due, state = row[:5], row[5:10], row[10], row[11:19], row[19:]
        return KitInHand(
            Kit(*known),
            as_lot(lot),
            State(*state) if state[0] is not None else NOWHERE,
            self._stock.movements(kit),
            as_due(due) if due[0] is not None else None,
            off or 0,
        )

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

    def add(self, movement: Movement) -> Movement:
        """Adds a movement, and returns it with its `id`."""
        cursor = self._db.connection.execute(
            f"INSERT INTO movement ({MOVEMENT}) VALUES (NULL{', ?' * (len(Movement._fields) - 1)})", movement[1:]
        )
        assert cursor.lastrowid is not None
        return movement._replace(id=cursor.lastrowid)
