"""What the roll-ups hold is asked for, and what they should hold by the whole history; and they are made again."""

from typing import Any

from host.ledger import stretches
from host.service.derivation import Derivation
from host.service.picture import Pictures
from host.store.database import Database
from host.store.doses import due_row
from host.store.rollups import TABLES, OpeningSaid, RollupRepository, custody_row, opening_row, state_row
from host.usage import doses, whole


class Recomputing:
    """The check of the database asks for the roll-ups both ways; a repair makes them again."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._rollups = RollupRepository(db)
        self._derivation_service = Derivation(db)
        self._pictures_service = Pictures(db)

    def recompute(self) -> dict[str, list[tuple[Any, ...]]]:
        """What the roll-ups should hold, from the whole history: rows by table, as `rolled_up` gives them."""
        self._db.demand("stock.read")
        found: dict[str, list[tuple[Any, ...]]] = {table: [] for table in TABLES}
        for kit, steps, lot in self._rollups.ledger_by_kit():
            found["kit_state"].append(state_row(kit, steps, lot))
            own = [each.movement for each in steps]
            found["custody"] += [custody_row(each) for each in stretches(kit, own, lot.doses_per_kit)]
        picture = self._pictures_service.picture_within()
        for facts in whole.all_facts(picture):
            due, off = doses.due(facts), doses.account(facts).off
            found["to_count"] += [due_row(due)] if due else []
            found["doses_off"] += [(facts.kit, off)] if off else []
        found["opening_asks"] = [
            (each.tag, each.sequence) for each in whole.openings(picture) if doses.asks_something(each)
        ]
        said = self._rollups.said()
        for tag in self._rollups.all_tags():
            log = self._rollups.tag_log(tag)
            found["opening"] += [
                opening_row(tag, each, said.get((tag.id, each.sequence), OpeningSaid(None, 0))) for each in log.openings
            ]
            found["log_flaw"] += [tuple(each) for each in log.flaws]
            found["tag_state"].append(tuple(log.state))
            found["temperature"] += [tuple(each) for each in log.readings]
        return {table: sorted(rows, key=lambda row: tuple(map(repr, row))) for table, rows in found.items()}

    def rolled_up(self) -> dict[str, list[tuple[Any, ...]]]:
        """What the roll-ups hold: rows by table, in a fixed order."""
        self._db.demand("stock.read")
        self._derivation_service.freshen()
        return {table: sorted(self._rollups.rows_of(table), key=lambda row: tuple(map(repr, row))) for table in TABLES}

    def rebuild(self) -> None:
        """Throws all roll-ups away and makes them again from the history, in one transaction."""
        with self._db.writing():
            self._rollups.rebuild()
