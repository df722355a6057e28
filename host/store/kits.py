"""Kits as a whole: where each is now or was then, what became of one, which goes out next, one in place of another."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from host.ledger import Kit, Lot, State
from host.ledger.movement import ISSUED
from host.store.database import Database

CarriedBy = Literal["officer", "pouch"]
"""What kits are carried by: the columns of that name."""

_KIT = "k.id, k.product, k.lot, k.gtin, k.serial"


class KitNow(NamedTuple):
    """A kit, its lot and its state."""

    kit: Kit
    lot: Lot
    state: State


class KitOpening(NamedTuple):
    """An opening of the pouch while a kit was in it, most likely at `at_ms`; `reports` are the ids of usage reports."""

    at_ms: int
    tag: str
    sequence: int
    pouch: str
    cause: str | None
    reports: list[int]


class KitRepository:
    """Kits with their states, who carries or carried which, and the openings of their pouches."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def now(self, lots: Mapping[tuple[str, str], Lot], officer: str | None) -> list[KitNow]:
        """Every kit that was received, or those an officer has, with its lot out of `lots`, by product and number."""
        columns = ", ".join(f"s.{column}" for column in State._fields)
        where, parameters = ("WHERE s.officer = ?", (officer,)) if officer is not None else ("", ())
        rows = self._db.rows(
            f"SELECT {_KIT}, {columns} FROM kit_state s JOIN kit k ON k.id = s.kit {where}", parameters
        )
        width = len(Kit._fields)
        return [KitNow(Kit(*row[:width]), lots[row[1], row[2]], State(*row[width:])) for row in rows]

    def openings(self, kit: str) -> list[KitOpening]:
        """The openings of a kit's pouch while it was issued, oldest first, each with the reports that name it."""
        rows = self._db.rows(
            "SELECT o.began_likely_ms, o.tag, o.sequence, o.pouch, o.cause, "
            "(SELECT group_concat(id) FROM usage_report r WHERE r.tag = o.tag AND r.sequence = o.sequence) "
            "FROM custody c JOIN opening o ON o.pouch = c.pouch AND o.began_likely_ms >= c.since_ms "
            "AND (c.until_ms IS NULL OR o.began_likely_ms < c.until_ms) "
            "WHERE c.kit = ? AND c.status = 'issued' ORDER BY o.began_likely_ms, o.sequence",
            (kit,),
        )
        return [KitOpening._make((*row[:5], sorted(map(int, row[5].split(","))) if row[5] else [])) for row in rows]

    def carrier(self, who: str) -> CarriedBy | None:
        """What `who` is, of those that kits are carried by; None if it is neither an officer nor ever was a pouch."""
        if self._db.row("SELECT 1 FROM officer WHERE id = ?", (who,)):
            return "officer"
        if self._db.row("SELECT 1 FROM custody WHERE pouch = ? LIMIT 1", (who,)):
            return "pouch"
        return None

    def carried(self, by: CarriedBy, who: str, most: int) -> list[str]:
        """The kits that are out with an officer or in a pouch, in order, at most so many."""
        rows = self._db.rows(
            f"SELECT kit FROM kit_state WHERE {by} = ? AND status = ? ORDER BY kit LIMIT ?", (who, ISSUED, most)
        )
        return [kit for (kit,) in rows]

    def carried_last(self, by: CarriedBy, who: str) -> str | None:
        """The kit that an officer or a pouch had last, if nobody else has carried it since."""
        newest = f"SELECT kit, {by} FROM custody WHERE {{}} = ? AND status = ? ORDER BY since_ms DESC, began DESC"
        last = self._db.row(newest.format(by), (who, ISSUED))
        if last is None or self._db.row(newest.format("kit"), (last[0], ISSUED)) != last:
            return None
        return str(last[0])

    def last_pouch(self, kit: str) -> str | None:
        """The pouch that a kit was last carried in, if that still has a tag."""
        row = self._db.row(
            "SELECT pouch FROM custody WHERE kit = ? AND status = ? ORDER BY since_ms DESC, began DESC LIMIT 1",
            (kit, ISSUED),
        )
        tagged = row and self._db.row("SELECT pouch FROM tag WHERE pouch = ? AND retired_at_ms IS NULL", row)
        return tagged[0] if tagged else None
