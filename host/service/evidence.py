"""What a discrepancy rests on: movements, records, reports, dockings, stocktakes."""

from typing import NamedTuple

from host.phrase import Phrase
from host.store.database import Database
from host.store.evidence import EvidenceRepository


class Shown(NamedTuple):
    """A fact, such as movement:12; when it was, in Unix milliseconds, and what it says."""

    fact: str
    at_ms: int | None
    text: Phrase


class Evidence:
    """Shows what discrepancies rest on."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._evidence = EvidenceRepository(db)

    def evidence(self, facts: tuple[str, ...]) -> list[Shown]:
        """What each fact says, in the same order; no health data. Raises `NotAllowed`."""
        self._db.demand("stock.read")
        look = {
            "movement": self._evidence.movement_fact,
            "record": self._evidence.record_fact,
            "report": self._evidence.report_fact,
            "docking": self._evidence.docking_fact,
            "stocktake": self._evidence.stocktake_fact,
        }
        found = []
        for fact in facts:
            kind, _, which = fact.partition(":")
            at_ms, text = look[kind](which) or (None, Phrase("fact.gone"))
            found.append(Shown(fact, at_ms, text))
        return found
