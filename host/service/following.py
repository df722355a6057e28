"""What follows from a log that came, and from a report that was filed or changed, is kept in the same transaction."""

from contextlib import suppress

from host import clock
from host.errors import InputError, RuleError
from host.ledger import Movement
from host.ledger.movement import CORRECT, USE, VOID
from host.service.moving import Moving
from host.store.database import Database
from host.store.doses import DoseRepository
from host.store.reports import ReportRepository
from host.store.rollups import OF_TAG, RollupRepository
from host.store.stock import StockRepository
from host.tag.events import Tag
from host.usage.doses import MATCH_TOLERANCE_MS, account, matches
from host.usage.openings import Opening
from host.usage.reports import FILED, SAME, UsageReport, incident_ms

NEAR_MS = 86_400_000
"""How far before an incident openings are looked at: one may have lasted, or be known to the hour only."""


class Following:
    """Use cases say what came or changed, within their transaction, and what follows is kept.

    From a log: openings, questions, accounts of doses, reports that name no opening. From a report: the doses that its
    kit gave, and what becomes of reports that told of the same ones.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._doses = DoseRepository(db)
        self._moving = Moving(db)
        self._reports = ReportRepository(db)
        self._rollups = RollupRepository(db)
        self._stock = StockRepository(db)

    def freshen(self) -> None:
        """Derives what a docking that was broken off has left stale."""
        if self._db.begun().stale:
            for tag_id in self._rollups.stale_tags():
                self.derive_tag(tag_id)

    def derive_tag(self, tag_id: str) -> None:
        """As `derive`, of the tag with that id, which there is."""
        self.derive(self._rollups.tag_by_id(tag_id))

    def derive(self, tag: Tag) -> None:
        """Makes the roll-ups of one tag again, and those of the kits in its pouch."""
        self._rollups.derive_log(tag)
        self._doses.drop_questions(tag.id)
        self._doses.roll_up_questions(OF_TAG, (tag.id,))
        self._doses.roll_up_doses(self._doses.kits_in_pouch(tag.pouch))
        self._match_reports(tag.id)

    def kits_then(self, opening: Opening | None, officer: str, at_ms: int) -> list[str]:
        """The kits that were in the pouch at an opening; without one, those that the officer had at `at_ms`."""
        return list(opening.kits) if opening is not None else self._reports.held_by(officer, at_ms)

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
        """Keeps all that follows from a report that is new, or has changed."""
        if report.tag is not None and report.sequence is not None:
            self._rollups.roll_up_said(report.tag, report.sequence)
            also = self._reports.reports_on(report.tag, report.sequence)
        else:
            self._doses.roll_up_doses(self._reports.held_by(report.officer, incident_ms(report)))
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
            happened_ms = self._doses.when(report, kit, at_ms)
            self._moving.record(Movement(0, at_ms, USE, kit, doses=given, report=report.id, happened_ms=happened_ms))

    def settle_reports(self) -> None:
        """Takes the doses that reports from before layout 003 tell of from their kits."""
        now_ms = self._db.right_now()
        # Not under the login of the person who first opens a database after an update: they did not ask for this.
        login, self._db.login = self._db.login, "(layout 003)"
        try:
            for report in self._reports.reports():
                if report.kit is None:
                    report = report._replace(kit=self.kit_of(report, None))
                    if report.kit is not None:
                        self._reports.set_report(report)
                        self._db.note("report.settle", str(report.id), {"kit": report.kit})
                self._take_doses(report, now_ms)
        finally:
            self._db.login = login

    def _match_reports(self, tag: str) -> None:
        """Matches the reports that name no opening with those of a tag whose log was derived."""
        # Also before anybody is let in: when a layout is brought up to date, roll-ups alone are derived.
        loose = self._reports.loose_near(tag)
        if not loose:
            return
        docked_ms = self._reports.last_docked_ms(tag)
        if docked_ms is None:
            docked_ms = clock.now_ms()
        for number in loose:
            report = self._doses.open_answers(number)
            self.match_nearest(report, max(docked_ms, report.filed_at_ms))

    def match_nearest(self, report: UsageReport, at_ms: int) -> None:
        """Takes a report that names no opening as one of the nearest in time, of those when its officer had the pouch.

        One that lacks a report goes before one that is explained as something else. Somebody may say it was another.
        """
        now = incident_ms(report)
        pouches = {each.pouch for each in self._reports.carried_by(report.officer) if each.pouch is not None}
        near = self._doses.openings_of_pouches(pouches, now - NEAR_MS)
        # Who has said from which kit the doses came means no pouch in which that was not.
        candidates = [each for each in near if report.kit is None or report.kit in each.kits]
        opening = matches([report], candidates, MATCH_TOLERANCE_MS)[report.id]
        if opening is None:
            return
        key = (opening.tag, opening.sequence)
        self.change(report, report._replace(tag=key[0], sequence=key[1]), "match", at_ms, "nearest in time", None, key)
        self._db.note("report.match", str(report.id), {"opening": f"{key[0]}:{key[1]}", "by": "its time"})

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
        """Notes what became of a report and keeps what follows; returns the report as changed."""
        self._reports.add_note(was.id, action, at_ms, reason, other, opening)
        if action != "restore":
            self._give_back(was, at_ms, only_of=was.kit if action == "match" else None)
        if action == "match":
            # Who has said which of several it was need not say so again.
            opened = self._doses.opening_of(now)
            still = was.kit if opened is not None and was.kit in opened.kits else None
            now = now._replace(kit=self.kit_of(now, still))
        self._reports.set_report(now)
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
        for each in self._reports.same_as(gone.id):
            if gone.stands == SAME:
                follows, action = each._replace(same_as=gone.same_as), "same"
            else:
                follows, action = each._replace(stands=FILED, same_as=None), "restore"
            why = f"usage report {gone.id} tells of it no more"
            self.change(each, follows, action, at_ms, why, follows.same_as, None)

    def _give_back(self, report: UsageReport, at_ms: int, only_of: str | None) -> None:
        """Reverses what was taken from kits for a report, or from one kit; not where what came after rests on it.

        After a destruction, for example, the doses are still gone, and no report that counts tells of them.
        """
        for use in self._reports.taken_for(report.id):
            if only_of is not None and use.kit != only_of:
                continue  # somebody has said that it came from there
            why = f"usage report {report.id} no longer tells of it"
            self._try(Movement(0, at_ms, CORRECT, use.kit, corrects=use.id, reason=why))

    def _take_again(self, report: UsageReport, at_ms: int) -> None:
        """Takes again what somebody had recorded for a report from other kits than its own, before it was withdrawn."""
        for use in self._reports.taken_before(report):
            self._try(use._replace(id=0, at_ms=at_ms))

    def _try(self, movement: Movement) -> None:
        """Records a movement, after all others of its kit, if it is possible."""
        moved_at_ms = self._stock.state(movement.kit).moved_at_ms
        with suppress(RuleError):
            self._moving.record(movement._replace(at_ms=max(movement.at_ms, moved_at_ms)))
