"""Explanations of openings, and usage reports with what became of each, in the database."""

import json
from collections.abc import Mapping

from host.errors import InputError
from host.ledger import Holding, Movement
from host.ledger.movement import ISSUED, USE
from host.phrase import NextStep
from host.store.database import Database
from host.store.doses import DoseRepository
from host.store.openings import HELD
from host.store.sealing import SealingRepository
from host.usage.reports import Explanation, UsageReport

_MOVED = ", ".join(f"m.{column}" for column in Movement._fields)


class ReportRepository:
    """Holds explanations, usage reports with the notes of what became of each, and who brought a pouch to the dock."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._doses = DoseRepository(db)
        self._sealing = SealingRepository(db)

    def add_explanation(self, new: Explanation) -> None:
        """Adds an explanation; its `id` is filled in."""
        self._db.connection.execute(
            "INSERT INTO explanation (tag, sequence, at_ms, officer, cause, doses, login) VALUES (?, ?, ?, ?, ?, ?, ?)",
            new[1:],
        )

    def explanations(self) -> list[Explanation]:
        """All explanations ever given, oldest first."""
        rows = self._db.rows(f"SELECT {', '.join(Explanation._fields)} FROM explanation ORDER BY id")
        return [Explanation(*row) for row in rows]

    def reports(self) -> list[UsageReport]:
        """All usage reports, oldest first, without their protected answers."""
        return self._doses.reports("ORDER BY r.id")

    def reports_of(self, officer: str) -> list[UsageReport]:
        """The usage reports that an officer has filed, oldest first, without their protected answers."""
        return self._doses.reports("WHERE r.officer = ? ORDER BY r.id", (officer,))

    def same_as(self, report_id: int) -> list[UsageReport]:
        """The reports of which it was said that they tell of the same doses as that one, oldest first."""
        return self._doses.reports("WHERE r.same_as = ? ORDER BY r.id", (report_id,))

    def next_number(self) -> int:
        """The id of the report that is filed next: its sealed answers are bound to it, so it is known before."""
        row = self._db.row("SELECT coalesce(max(id), 0) + 1 FROM usage_report")
        assert row is not None
        return int(row[0])

    def add_report(self, new: UsageReport, protected: Mapping[str, object]) -> None:
        """Adds a report under its `id`, with its `protected` answers sealed. Raises `VaultError`."""
        sealed = self._sealing.keep(self._sealing.seal(json.dumps(dict(protected)).encode(), _seal_of(new.id)))
        self._db.connection.execute(
            "INSERT INTO usage_report (id, form, form_version, filed_at_ms, officer, tag, sequence, doses, sealed, "
            "fields, login, kit) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*new[:8], sealed, json.dumps(new.fields), new.login, new.kit),
        )

    def protected_answers(self, report_id: int) -> dict[str, object]:
        """The protected answers of a report that there is, unsealed; none if retention has emptied them.

        Raises `VaultError`.
        """
        row = self._db.row("SELECT sealed FROM usage_report WHERE id = ?", (report_id,))
        assert row is not None
        found: dict[str, object] = json.loads(self._sealing.open(row[0], _seal_of(report_id))) if row[0] else {}
        return found

    def last_docked_by(self, tag_id: str) -> str | None:
        """The officer of whom it was last noted to have brought a tag; None if that was never noted."""
        row = self._db.row(
            "SELECT b.officer FROM docked_by b JOIN docking d ON d.id = b.docking WHERE d.tag = ? "
            "ORDER BY b.id DESC LIMIT 1",
            (tag_id,),
        )
        return str(row[0]) if row else None

    def last_docking(self, tag_id: str) -> int | None:
        """The id of a tag's newest docking; None if it never docked."""
        row = self._db.row("SELECT max(id) FROM docking WHERE tag = ?", (tag_id,))
        return row[0] if row else None

    def add_docked_by(self, docking: int, officer: str, at_ms: int) -> None:
        """Adds that an officer stood at the dock at that docking, as said at `at_ms`."""
        self._db.connection.execute(
            "INSERT INTO docked_by (docking, officer, login, at_ms) VALUES (?, ?, ?, ?)",
            (docking, officer, self._db.login, at_ms),
        )

    def holders(self, pouch: str) -> list[str]:
        """The officers who have a kit in a pouch now, by number."""
        rows = self._db.rows(
            "SELECT DISTINCT officer FROM kit_state WHERE pouch = ? AND status = ? AND officer IS NOT NULL ORDER BY 1",
            (pouch, ISSUED),
        )
        return [row[0] for row in rows]

    def tag_pouch(self, tag_id: str) -> str:
        """The pouch that a tag is or was in. Raises `InputError` if the tag is unknown."""
        row = self._db.row("SELECT pouch FROM tag WHERE id = ?", (tag_id,))
        if row is None:
            raise InputError("tag.unknown", tag=tag_id, see=NextStep("tag.list"))
        return str(row[0])

    def held_by(self, officer: str, at_ms: int) -> list[str]:
        """The kits that an officer had at `at_ms`, by id."""
        rows = self._db.rows(
            "SELECT DISTINCT kit FROM custody WHERE officer = ? AND status = ? AND since_ms <= ? "
            "AND (until_ms IS NULL OR until_ms > ?) ORDER BY kit",
            (officer, ISSUED, at_ms, at_ms),
        )
        return [row[0] for row in rows]

    def carried_by(self, officer: str) -> list[Holding]:
        """The stretches in which an officer had a kit, in no order."""
        rows = self._db.rows(f"SELECT {HELD} FROM custody c WHERE c.officer = ? AND c.status = ?", (officer, ISSUED))
        return [Holding(*row) for row in rows]

    def reports_on(self, tag: str, sequence: int) -> list[int]:
        """The ids of the reports that name that opening, oldest first."""
        rows = self._db.rows("SELECT id FROM usage_report WHERE tag = ? AND sequence = ? ORDER BY id", (tag, sequence))
        return [row[0] for row in rows]

    def loose_near(self, tag: str) -> list[int]:
        """The ids of the reports that count, name no opening, and are of officers who had a tag's pouch, in order."""
        rows = self._db.rows(
            "SELECT DISTINCT r.id FROM opening o CROSS JOIN custody c ON c.pouch = o.pouch AND c.officer IS NOT NULL "
            "CROSS JOIN usage_report r ON r.officer = c.officer AND r.tag IS NULL AND r.stands = 'filed' "
            "WHERE o.tag = ?",
            (tag,),
        )
        return sorted(row[0] for row in rows)

    def last_docked_ms(self, tag: str) -> int | None:
        """When a tag last docked, in Unix milliseconds; None if it never did."""
        row = self._db.row("SELECT max(coalesce(finished_at_ms, started_at_ms)) FROM docking WHERE tag = ?", (tag,))
        return row[0] if row else None

    def add_note(
        self,
        report: int,
        action: str,
        at_ms: int,
        reason: str | None,
        other: int | None,
        opening: tuple[str, int] | None,
    ) -> None:
        """Adds what became of a report; `other` is the report, `opening` (tag, sequence) the one that it is now of."""
        self._db.connection.execute(
            "INSERT INTO report_note (report, action, other, tag, sequence, reason, login, at_ms) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (report, action, other, *(opening or (None, None)), reason, self._db.login, at_ms),
        )

    def set_report(self, now: UsageReport) -> None:
        """Keeps whether a report counts, and of which opening and kit it tells."""
        self._db.connection.execute(
            "UPDATE usage_report SET stands = ?, same_as = ?, tag = ?, sequence = ?, kit = ? WHERE id = ?",
            (now.stands, now.same_as, now.tag, now.sequence, now.kit, now.id),
        )

    def taken_for(self, report_id: int) -> list[Movement]:
        """The uses that were recorded for a report and not reversed, newest first."""
        rows = self._db.rows(
            f"SELECT {_MOVED} FROM movement m WHERE m.report = ? AND m.kind = ? "
            "AND NOT EXISTS (SELECT 1 FROM movement x WHERE x.corrects = m.id) ORDER BY m.id DESC",
            (report_id, USE),
        )
        return [Movement(*row) for row in rows]

    def taken_before(self, report: UsageReport) -> list[Movement]:
        """The last use of each kit but the report's own that was reversed when the report was withdrawn."""
        # What was reversed then came after all that was ever recorded for it.
        rows = self._db.rows(
            f"SELECT {_MOVED} FROM movement x JOIN movement m ON m.id = x.corrects "
            "WHERE m.report = ? AND m.kit IS NOT ? AND x.id > (SELECT max(id) FROM movement WHERE report = ?) "
            "ORDER BY m.id",
            (report.id, report.kit, report.id),
        )
        last: dict[str, Movement] = {}
        for row in rows:
            movement = Movement(*row)
            last[movement.kit] = movement
        return list(last.values())


def _seal_of(report_id: int) -> str:
    """What the seal of a report's protected answers is bound to."""
    return f"usage report {report_id}"
