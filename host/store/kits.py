"""Kits as a whole: where each is now or was then, what became of one, which goes out next, one in place of another."""

from collections.abc import Mapping
from typing import NamedTuple

from host import ledger
from host.errors import InputError, RuleError
from host.ledger import Kit, Lot, State
from host.ledger.issue import STATION
from host.ledger.movement import ISSUED, LEFT_BEHIND, LOST, USED
from host.phrase import NextStep, Phrase
from host.store.database import Database
from host.store.people import PeopleRepository
from host.store.stock import StockRepository

_KIT = "k.id, k.product, k.lot, k.gtin, k.serial"


class KitNow(NamedTuple):
    """A kit, its lot and its state."""

    kit: Kit
    lot: Lot
    state: State


class KitRepository:
    """The part of the store that answers for kits."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._people = PeopleRepository(db)
        self._stock = StockRepository(db)

    def now(self, lots: Mapping[tuple[str, str], Lot], officer: str | None) -> list[KitNow]:
        columns = ", ".join(f"s.{column}" for column in State._fields)
        where, parameters = ("WHERE s.officer = ?", (officer,)) if officer is not None else ("", ())
        rows = self._db.rows(
            f"SELECT {_KIT}, {columns} FROM kit_state s JOIN kit k ON k.id = s.kit {where}", parameters
        )
        width = len(Kit._fields)
        return [KitNow(Kit(*row[:width]), lots[row[1], row[2]], State(*row[width:])) for row in rows]

    def then(self, lots: Mapping[tuple[str, str], Lot], officer: str | None, at_ms: int) -> list[KitNow]:
        kits = [Kit(*row) for row in self._db.rows(f"SELECT {_KIT} FROM kit k")]
        lot_of = {each.id: lots[each.product, each.lot] for each in kits}
        states = ledger.states(
            self._stock.movements(None), {kit: lot.doses_per_kit for kit, lot in lot_of.items()}, at_ms
        )
        found = [KitNow(each, lot_of[each.id], states[each.id]) for each in kits if each.id in states]
        return [each for each in found if officer is None or each.state.officer == officer]

    def to_replace(self, who: str) -> str:
        """The kit that `who` stands for: an officer's, a pouch's, or itself."""
        if self._db.row("SELECT 1 FROM officer WHERE id = ?", (who,)):
            column, holder = "officer", Phrase("holder.officer", officer=who)
        elif self._db.row("SELECT 1 FROM custody WHERE pouch = ? LIMIT 1", (who,)):
            column, holder = "pouch", Phrase("holder.pouch", pouch=who)
        elif self._db.row("SELECT 1 FROM kit WHERE id = ?", (who,)):
            return self._replaceable(who)
        else:
            raise InputError("replace.unknown", who=who, see=NextStep("kit.list"))
        carried = self._db.rows(
            f"SELECT kit FROM kit_state WHERE {column} = ? AND status = ? ORDER BY kit LIMIT 9", (who, ISSUED)
        )
        if len(carried) > 1:
            raise RuleError("replace.several", holder=holder, kits=tuple(row[0] for row in carried))
        kit = carried[0][0] if carried else self._ended_with(column, who)
        if kit is None:
            raise RuleError("replace.none", holder=holder, issue=NextStep("kit.hand_out"))
        return self._replaceable(kit)

    def _ended_with(self, column: str, who: str) -> str | None:
        """The kit that an officer or pouch had last, if it was used up, lost or left behind with nobody else since."""
        newest = f"SELECT kit, {column} FROM custody WHERE {{}} = ? AND status = ? ORDER BY since_ms DESC, began DESC"
        last = self._db.row(newest.format(column), (who, ISSUED))
        if last is None or self._db.row(newest.format("kit"), (last[0], ISSUED)) != last:
            return None
        return str(last[0]) if self._stock.state(last[0]).status in (USED, LOST, LEFT_BEHIND) else None

    def _replaceable(self, kit: str) -> str:
        """The kit, if it is out with somebody who has no other in its place already. Raises `RuleError`."""
        state = self._stock.state(kit)
        in_stock = state.officer is None and state.place is not None and self._people.place(state.place).kind == STATION
        if in_stock or state.status not in (ISSUED, USED, LOST, LEFT_BEHIND):
            status = ledger.in_words(state.status)
            raise RuleError("replace.not_out", kit=kit, status=status, issue=NextStep("kit.hand_out"))
        if state.status != ISSUED and state.officer is not None:
            other = self._db.row("SELECT kit FROM kit_state WHERE officer = ? AND status = ?", (state.officer, ISSUED))
            if other:
                raise RuleError("replace.done_already", officer=state.officer, other=other[0], kit=kit)
        return kit

    def last_pouch(self, kit: str) -> str | None:
        """The pouch that a kit was last carried in, if that still has a tag."""
        row = self._db.row(
            "SELECT pouch FROM custody WHERE kit = ? AND status = ? ORDER BY since_ms DESC, began DESC LIMIT 1",
            (kit, ISSUED),
        )
        tagged = row and self._db.row("SELECT pouch FROM tag WHERE pouch = ? AND retired_at_ms IS NULL", row)
        return tagged[0] if tagged else None
