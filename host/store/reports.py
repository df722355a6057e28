"""Explanations of openings and usage reports, in the database, with what follows from them."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress

from host import clock
from host.errors import InputError, RuleError
from host.ledger import Holding, Movement
from host.ledger.movement import CORRECT, ISSUED, USE, VOID
from host.phrase import NextStep
from host.store.database import Database
from host.store.doses import DoseRepository
from host.store.movements import MovementRepository
from host.store.openings import HELD
from host.store.rollups import RollupRepository
from host.store.stock import StockRepository
from host.usage.doses import MATCH_TOLERANCE_MS, account, matches
from host.usage.openings import Opening
from host.usage.reports import FILED, SAME, Explanation, UsageReport, incident_ms

NEAR_MS = 86_400_000
"""How far before an incident openings are looked at: one may have lasted, or be known to the hour only."""


class ReportRepository:
    """Holds explanations, usage reports with the notes of what became of each, and who brought a pouch to the dock.

    What follows from a report, such as the doses that are taken from its kit, is kept in its own transaction.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._doses = DoseRepository(db)
        self._rollups = RollupRepository(db)
        self._movements = MovementRepository(db)
        self._stock = StockRepository(db)

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
        sealed = self._db.vault.seal(json.dumps(dict(protected)).encode(), _seal_of(new.id))
        self._db.connection.execute(
            "INSERT INTO usage_report (id, form, filed_at_ms, officer, tag, sequence, doses, sealed, fields, "
            "login, kit) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*new[:7], sealed, json.dumps(new.fields), new.login, new.kit),
        )

    def protected_answers(self, report_id: int) -> dict[str, object]:
        """The protected answers of a report that there is, unsealed; none if retention has emptied them.

        Raises `VaultError`.
        """
        row = self._db.row("SELECT sealed FROM usage_report WHERE id = ?", (report_id,))
        assert row is not None
        found: dict[str, object] = json.loads(self._db.vault.open(row[0], _seal_of(report_id))) if row[0] else {}
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

    def kits_then(self, opening: Opening | None, officer: str, at_ms: int) -> list[str]:
        """The kits that were in the pouch at an opening; without one, those that the officer had at `at_ms`."""
        return list(opening.kits) if opening is not None else self._held_by(officer, at_ms)

    def _held_by(self, officer: str, at_ms: int) -> list[str]:
        rows = self._db.rows(
            "SELECT DISTINCT kit FROM custody WHERE officer = ? AND status = ? AND since_ms <= ? "
            "AND (until_ms IS NULL OR until_ms > ?) ORDER BY kit",
            (officer, ISSUED, at_ms, at_ms),
        )
        return [row[0] for row in rows]

    def kit_of(self, report: UsageReport, named: str | None) -> str | None:
        """The kit that a report's doses came from, if that is clear or said. Raises `InputError`."""
        opening = self._doses.opening_of(report)
        possible = self.kits_then(opening, report.officer, incident_ms(report))
        if named is None:
            return possible[0] if len(possible) == 1 else None
        self._stock.kit(named)
        if possible and named not in possible:
            raise InputError(
                "report.kit_not_in_pouch" if opening else "report.kit_not_with_officer",
                kit=named,
                pouch=opening.pouch if opening else None,
                officer=report.officer,
                possible=tuple(possible),
            )
        return named

    def report_changed(self, report: UsageReport, at_ms: int) -> None:
        """Keeps all that follows from a report that is new, or has changed, within a transaction."""
        if report.tag is not None and report.sequence is not None:
            self._rollups.roll_up_said(report.tag, report.sequence)
            also = [
                row[0]
                for row in self._db.rows(
                    "SELECT id FROM usage_report WHERE tag = ? AND sequence = ? ORDER BY id",
                    (report.tag, report.sequence),
                )
            ]
        else:
            self._doses.roll_up_doses(self._held_by(report.officer, incident_ms(report)))
            also = [report.id]
        for number in also:
            self._take_doses(self._doses.open_answers(number), at_ms)

    def _take_doses(self, report: UsageReport, at_ms: int) -> None:
        """Takes what a report tells of, and no kit has given yet, from its kit: as far as that had as many."""
        kit = report.kit
        if report.stands != FILED or kit is None:
            return
        state = self._stock.state(kit)
        lacking = account(self._doses.kit_facts(kit)).short.get(report.id, 0)
        given = min(lacking, state.doses - state.doses_used)
        if given > 0 and state.status != VOID:
            at_ms = max(at_ms, state.moved_at_ms)
            use = Movement(
                0, at_ms, USE, kit, doses=given, report=report.id, happened_ms=self._doses.when(report, kit, at_ms)
            )
            self._movements.move(use, self._movements.in_hand(kit))

    def settle_reports(self) -> None:
        """Takes the doses that reports from before layout 003 tell of from their kits, within its transaction."""
        now_ms = self._db.right_now()
        # Nobody has said so: whoever opens a database first after an update only happens to.
        login, self._db.login = self._db.login, "(layout 003)"
        try:
            self._take_all_doses(now_ms)
        finally:
            self._db.login = login

    def _take_all_doses(self, now_ms: int) -> None:
        for report in self.reports():
            if report.kit is None:
                kit = self.kit_of(report, None)
                self._db.connection.execute("UPDATE usage_report SET kit = ? WHERE id = ?", (kit, report.id))
                report = report._replace(kit=kit)
            self._take_doses(report, now_ms)

    def match_reports(self, tag: str) -> None:
        """Matches the reports that name no opening with those of a tag whose log was derived, within a transaction."""
        # Also before anybody is let in: when a layout is brought up to date, roll-ups alone are derived.
        near = self._db.rows(
            "SELECT DISTINCT r.id FROM opening o CROSS JOIN custody c ON c.pouch = o.pouch AND c.officer IS NOT NULL "
            "CROSS JOIN usage_report r ON r.officer = c.officer AND r.tag IS NULL AND r.stands = 'filed' "
            "WHERE o.tag = ?",
            (tag,),
        )
        row = self._db.row("SELECT max(coalesce(finished_at_ms, started_at_ms)) FROM docking WHERE tag = ?", (tag,))
        docked_ms = row[0] if row and row[0] is not None else clock.now_ms()
        for number in sorted(row[0] for row in near):
            report = self._doses.open_answers(number)
            self.match_nearest(report, max(docked_ms, report.filed_at_ms))

    def match_nearest(self, report: UsageReport, at_ms: int) -> None:
        """Takes a report that names no opening as one of the nearest in time, of those when its officer had the pouch.

        One that lacks a report goes before one that is explained as something else. Somebody may say it was another.
        """
        now = incident_ms(report)
        pouches = {each.pouch for each in self._carried_by(report.officer) if each.pouch is not None}
        near = self._doses.openings_of_pouches(pouches, now - NEAR_MS)
        # Who has said from which kit the doses came means no pouch in which that was not.
        candidates = [each for each in near if report.kit is None or report.kit in each.kits]
        opening = matches([report], candidates, MATCH_TOLERANCE_MS)[report.id]
        if opening is None:
            return
        key = (opening.tag, opening.sequence)
        self._db.note("report.match", str(report.id), {"opening": f"{key[0]}:{key[1]}", "by": "its time"})
        self.change(report, report._replace(tag=key[0], sequence=key[1]), "match", at_ms, "nearest in time", None, key)

    def _carried_by(self, officer: str) -> list[Holding]:
        rows = self._db.rows(f"SELECT {HELD} FROM custody c WHERE c.officer = ? AND c.status = 'issued'", (officer,))
        return [Holding(*row) for row in rows]

    def change(
        self,
        was: UsageReport,
        now: UsageReport,
        action: str,
        at_ms: int,
        reason: str | None,
        other: int | None,
        opening: tuple[str, int] | None,
    ) -> UsageReport:
        """Notes what became of a report and keeps what follows; the report as it is then."""
        self._db.connection.execute(
            "INSERT INTO report_note (report, action, other, tag, sequence, reason, login, at_ms) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (was.id, action, other, *(opening or (None, None)), reason, self._db.login, at_ms),
        )
        if action != "restore":
            self._give_back(was, at_ms, only_of=was.kit if action == "match" else None)
        if action == "match":
            # Who has said which of several it was need not say so again.
            opened = self._doses.opening_of(now)
            still = was.kit if opened is not None and was.kit in opened.kits else None
            now = now._replace(kit=self.kit_of(now, still))
        self._db.connection.execute(
            "UPDATE usage_report SET stands = ?, same_as = ?, tag = ?, sequence = ?, kit = ? WHERE id = ?",
            (now.stands, now.same_as, now.tag, now.sequence, now.kit, was.id),
        )
        if action == "restore":
            self._take_again(now, at_ms)
        moved = (was.tag, was.sequence) != (now.tag, now.sequence)
        for each in (was, now) if moved else (now,):
            self.report_changed(each, at_ms)
        if now.stands != FILED or moved:
            self._stand_alone(now, at_ms)
        return now

    def _stand_alone(self, gone: UsageReport, at_ms: int) -> None:
        """Reports that told of the same doses as one which tells of them no more count themselves, or with its like."""
        for each in self.same_as(gone.id):
            if gone.stands == SAME:
                follows, action = each._replace(same_as=gone.same_as), "same"
            else:
                follows, action = each._replace(stands=FILED, same_as=None), "restore"
            why = f"usage report {gone.id} tells of it no more"
            self.change(each, follows, action, at_ms, why, follows.same_as, None)

    def _give_back(self, report: UsageReport, at_ms: int, only_of: str | None) -> None:
        """Reverses what was taken from kits for a report, or from one kit; not where what came after rests on it.

        Such as a destruction: then the doses are gone all the same, and no report that counts tells of them.
        """
        for movement in self._taken_for(report.id):
            if only_of is not None and movement.kit != only_of:
                continue  # somebody has said that it came from there
            moved_at_ms = self._stock.state(movement.kit).moved_at_ms
            why = f"usage report {report.id} no longer tells of it"
            back = Movement(0, max(at_ms, moved_at_ms), CORRECT, movement.kit, corrects=movement.id)
            with suppress(RuleError):
                self._movements.move(back._replace(reason=why), self._movements.in_hand(movement.kit))

    def _take_again(self, report: UsageReport, at_ms: int) -> None:
        """Takes again what somebody had recorded for a report from other kits than its own, before it was withdrawn."""
        columns = ", ".join(f"m.{column}" for column in Movement._fields)
        last: dict[str, Movement] = {}
        # What was reversed when it was withdrawn came after all that was ever recorded for it.
        for row in self._db.rows(
            f"SELECT {columns} FROM movement x JOIN movement m ON m.id = x.corrects "
            "WHERE m.report = ? AND m.kit IS NOT ? AND x.id > (SELECT max(id) FROM movement WHERE report = ?) "
            "ORDER BY m.id",
            (report.id, report.kit, report.id),
        ):
            movement = Movement(*row)
            last[movement.kit] = movement
        for kit, use in last.items():
            again = use._replace(id=0, at_ms=max(at_ms, self._stock.state(kit).moved_at_ms))
            with suppress(RuleError):
                self._movements.move(again, self._movements.in_hand(kit))

    def _taken_for(self, report_id: int) -> Sequence[Movement]:
        columns = ", ".join(f"m.{column}" for column in Movement._fields)
        rows = self._db.rows(
            f"SELECT {columns} FROM movement m WHERE m.report = ? AND m.kind = ? "
            "AND NOT EXISTS (SELECT 1 FROM movement x WHERE x.corrects = m.id) ORDER BY m.id DESC",
            (report_id, USE),
        )
        return [Movement(*row) for row in rows]


def _seal_of(report_id: int) -> str:
    """What the seal of a report's protected answers is bound to."""
    return f"usage report {report_id}"
