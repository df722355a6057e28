"""What a discrepancy rests on, looked up in the database: movements, records, reports, dockings, stocktakes."""

from typing import NamedTuple

from host.ledger.movement import KINDS
from host.store.rollups import Rollups
from host.usage.reports import FILED
from host.words import plural


class Shown(NamedTuple):
    """A fact, such as movement:12; when it was, in Unix milliseconds, and what it says."""

    fact: str
    at_ms: int | None
    text: str


class Evidence(Rollups):
    """The part of the store that shows what discrepancies rest on."""

    def evidence(self, facts: tuple[str, ...]) -> list[Shown]:
        """What each fact says, in the same order; no health data. Raises `NotAllowed`."""
        self._demand("stock.read")
        look = {
            "movement": self._movement_fact,
            "record": self._record_fact,
            "report": self._report_fact,
            "docking": self._docking_fact,
            "stocktake": self._stocktake_fact,
        }
        found = []
        for fact in facts:
            kind, _, which = fact.partition(":")
            at_ms, text = look[kind](which) or (None, "no longer kept")
            found.append(Shown(fact, at_ms, text))
        return found

    def _movement_fact(self, which: str) -> tuple[int, str] | None:
        row = self._row(
            "SELECT at_ms, kind, kit, officer, place, pouch, doses, reason, document, login FROM movement WHERE id = ?",
            (int(which),),
        )
        if row is None:
            return None
        at_ms, kind, kit, officer, place, pouch, doses, reason, document, login = row
        assert kind in KINDS
        said = [
            f"{kind.replace('_', ' ')} of kit {kit}",
            f"officer {officer}" if officer else "",
            place or "",
            f"pouch {pouch}" if pouch else "",
            plural(doses, "dose") if doses is not None else "",
            reason or "",
            f"document {document}" if document else "",
            f"recorded by {login}" if login else "",
        ]
        return at_ms, ", ".join(each for each in said if each)

    def _record_fact(self, which: str) -> tuple[int, str] | None:
        tag, _, sequence = which.partition(":")
        row = self._row(
            "SELECT d.started_at_ms, e.docking, e.verdict, e.type FROM event e JOIN docking d ON d.id = e.docking "
            "WHERE e.tag = ? AND e.sequence = ?",
            (tag, int(sequence)),
        )
        if row is None:
            return None
        at_ms, docking, verdict, kind = row
        return at_ms, f"{(kind or 'record').replace('_', ' ')}, {verdict}; came with docking {docking}"

    def _report_fact(self, which: str) -> tuple[int, str] | None:
        row = self._row(
            "SELECT filed_at_ms, form, officer, doses, tag, sequence, stands FROM usage_report WHERE id = ?",
            (int(which),),
        )
        if row is None:
            return None
        at_ms, form, officer, doses, tag, sequence, stands = row
        opening = f"opening {tag}:{sequence}" if tag else "no opening named"
        return at_ms, f"{form}, filed by officer {officer}, {plural(doses, 'dose')}, {opening}" + (
            "" if stands == FILED else f", {stands.replace('same', 'the same as another')}"
        )

    def _docking_fact(self, which: str) -> tuple[int, str] | None:
        row = self._row(
            "SELECT d.started_at_ms, t.pouch, d.outcome, d.detail, d.records_added, d.battery_percent FROM docking d "
            "JOIN tag t ON t.id = d.tag WHERE d.id = ?",
            (int(which),),
        )
        if row is None:
            return None
        at_ms, pouch, outcome, detail, added, battery = row
        said = [
            f"pouch {pouch}",
            outcome or "not ended",
            detail or "",
            plural(added, "new record"),
            f"battery {battery} %" if battery is not None else "",
        ]
        return at_ms, ", ".join(each for each in said if each)

    def _stocktake_fact(self, which: str) -> tuple[int, str] | None:
        row = self._row("SELECT closed_at_ms, place, closed_by FROM stocktake WHERE id = ?", (int(which),))
        return None if row is None else (row[0], f"of {row[1]}, closed by {row[2]}")
