"""What a discrepancy rests on, looked up in the database: movements, records, reports, dockings, stocktakes."""

from host.ledger.movement import KINDS
from host.phrase import Phrase
from host.store.database import Database


class EvidenceRepository:
    """Reads single facts out of the rows of other rooms, each as when it was (Unix milliseconds) and what it says.

    None where the row is gone. It holds no rows of its own.
    """

    def __init__(self, db: Database) -> None:
        self._db = db

    def movement_fact(self, which: str) -> tuple[int, Phrase] | None:
        """A movement by its id."""
        row = self._db.row(
            "SELECT at_ms, kind, kit, officer, place, pouch, doses, reason, document, login FROM movement WHERE id = ?",
            (int(which),),
        )
        if row is None:
            return None
        at_ms, kind, kit, officer, place, pouch, doses, reason, document, login = row
        assert kind in KINDS
        return at_ms, Phrase(
            "fact.movement",
            kind=kind,
            kit=kit,
            officer=officer,
            place=place,
            pouch=pouch,
            doses=doses,
            reason=reason,
            document=document,
            login=login,
        )

    def record_fact(self, which: str) -> tuple[int, Phrase] | None:
        """A record of a tag's log, as TAG:SEQUENCE; its time is when the docking that brought it began."""
        tag, _, sequence = which.partition(":")
        row = self._db.row(
            "SELECT d.started_at_ms, e.docking, e.verdict, e.type FROM event e JOIN docking d ON d.id = e.docking "
            "WHERE e.tag = ? AND e.sequence = ?",
            (tag, int(sequence)),
        )
        if row is None:
            return None
        at_ms, docking, verdict, kind = row
        return at_ms, Phrase("fact.record", kind=kind, verdict=verdict, docking=docking)

    def report_fact(self, which: str) -> tuple[int, Phrase] | None:
        """A usage report by its id, without its protected answers; its time is when it was filed."""
        row = self._db.row(
            "SELECT filed_at_ms, form, officer, doses, tag, sequence, stands FROM usage_report WHERE id = ?",
            (int(which),),
        )
        if row is None:
            return None
        at_ms, form, officer, doses, tag, sequence, stands = row
        opening = f"{tag}:{sequence}" if tag else None
        return at_ms, Phrase("fact.report", form=form, officer=officer, doses=doses, opening=opening, stands=stands)

    def docking_fact(self, which: str) -> tuple[int, Phrase] | None:
        """A docking by its id."""
        row = self._db.row(
            "SELECT d.started_at_ms, t.pouch, d.outcome, d.detail, d.records_added, d.battery_percent FROM docking d "
            "JOIN tag t ON t.id = d.tag WHERE d.id = ?",
            (int(which),),
        )
        if row is None:
            return None
        at_ms, pouch, outcome, detail, added, battery = row
        return at_ms, Phrase("fact.docking", pouch=pouch, outcome=outcome, detail=detail, added=added, battery=battery)

    def stocktake_fact(self, which: str) -> tuple[int, Phrase] | None:
        """A stocktake by its id; its time is when it was closed."""
        row = self._db.row("SELECT closed_at_ms, place, closed_by FROM stocktake WHERE id = ?", (int(which),))
        return None if row is None else (row[0], Phrase("fact.stocktake", place=row[1], login=row[2]))
