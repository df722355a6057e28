"""What officers say: explanations of openings, and usage reports with what becomes of them."""

from collections.abc import Mapping

from host import forms
from host.access.roles import ACTIONS, Account
from host.errors import InputError, RuleError
from host.phrase import NextStep, Phrase
from host.service.derivation import Derivation
from host.service.following import Following
from host.service.openings import own_openings
from host.store.database import Database
from host.store.doses import DoseRepository
from host.store.drafts import DraftRepository
from host.store.openings import OpeningRepository
from host.store.reports import ReportRepository
from host.store.rollups import RollupRepository
from host.usage.doses import MATCH_TOLERANCE_MS, apart
from host.usage.openings import Opening
from host.usage.reports import FILED, SAME, USED, WITHDRAWN, Explanation, UsageReport


class Reports:
    """Officers say what openings were and what was used; those who may know ask for it."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._doses = DoseRepository(db)
        self._drafts = DraftRepository(db)
        self._openings = OpeningRepository(db)
        self._reports = ReportRepository(db)
        self._rollups = RollupRepository(db)
        self._derivation_service = Derivation(db)
        self._following = Following(db)

    def add_explanation(
        self, tag_id: str, sequence: int, officer: str | None, cause: str, doses: int | None, at_ms: int
    ) -> None:
        """Adds an explanation of the opening that begins with record `sequence`; the last one given counts.

        `officer` said so, None: the account speaks for itself, which an officer's account cannot. Raises `NotAllowed`
        for another officer's opening, or in another officer's name.
        """
        self._derivation_service.freshen()
        subject = f"{tag_id}:{sequence}"
        with self._db.changing("opening.explain", subject) as detail:
            if officer is not None:
                self._db.demand_own("opening.explain", subject, officer)
            elif self._db.account.bound("opening.explain"):
                self._db.refuse("opening.explain", subject, Phrase("access.say_for_whom"))
            self._demand_opening("opening.explain", tag_id, sequence)
            self._reports.add_explanation(
                Explanation(0, tag_id, sequence, at_ms, officer, cause, doses, self._db.login)
            )
            self._rollups.roll_up_said(tag_id, sequence)
            if cause != USED:
                self._drafts.remove_on(tag_id, sequence)
            detail |= {"officer": officer, "cause": cause}

    def _demand_opening(self, action: str, tag: str, sequence: int) -> None:
        """Raises `NotAllowed` if the account may not see that opening, and so may say nothing of it."""
        sight = own_openings(self._db.account, action)
        if sight is not None and not self._openings.is_shown(tag, sequence, sight):
            why = Phrase("access.dock_first" if sight.officer is None else "access.pouch_of_another")
            self._db.refuse(action, f"{tag}:{sequence}", why)

    def explanations(self) -> list[Explanation]:
        """All explanations ever given, oldest first. Raises `NotAllowed`."""
        self._db.demand("stock.read")
        return self._reports.explanations()

    def note_docked_by(self, tag_id: str, officer: str, at_ms: int) -> None:
        """Notes who stood at the dock with a pouch at its last docking, if that was another than who has it.

        It is noted as well when the holder is back after another. Raises `NotAllowed`, `InputError`.
        """
        with self._db.changing("tag.dock", tag_id) as detail:
            self._db.demand_own("tag.dock", tag_id, officer)
            detail["officer"] = officer
            last = self._reports.last_docked_by(tag_id)
            holders = self.holders_of(self._reports.tag_pouch(tag_id))
            if last == officer or (last is None and (not holders or officer in holders)):
                return
            docking = self._reports.last_docking(tag_id)
            if docking is None:
                raise InputError("tag.never_docked", tag=tag_id)
            self._reports.add_docked_by(docking, officer, at_ms)
            detail["docking"] = docking

    def holders_of(self, pouch: str) -> list[str]:
        """The officers who have a pouch now: those with a kit in it. Raises `NotAllowed`."""
        self._db.demand("tag.dock")
        return self._reports.holders(pouch)

    def missing_reports(self, officer: str) -> list[Opening]:
        """The uses that an officer has explained, or carried the pouch at, and that nobody has reported; oldest first.

        Raises `NotAllowed` for another officer's account.
        """
        self._db.demand_own("report.file", officer, officer)
        self._derivation_service.freshen()
        return [
            each
            for each in self._openings.unreported_uses()
            if officer in each.officers or (each.explanation is not None and each.explanation.officer == officer)
        ]

    def add_report(
        self,
        form: str,
        officer: str,
        opening: tuple[str, int] | None,
        doses: int,
        fields: Mapping[str, object],
        protected: Mapping[str, object],
        at_ms: int,
        kit: str | None = None,
        amends: int | None = None,
    ) -> UsageReport:
        """Files a form in its version of now and returns the report; `protected` answers are sealed, `fields` open.

        The doses are taken from the kit that was in the pouch at the opening (tag, sequence), wherever that is now; of
        a report without one, from the kit that its officer had then. Where two are possible `kit` says which; if it is
        None none is taken, which is a question. With `amends` the report of that number is withdrawn in its favour.
        Raises `NotAllowed` as `add_explanation`, but who was there may report on another officer's opening;
        `InputError` if `kit` cannot be the one.
        """
        _ = self._db.vault  # without the station's key nothing is begun
        self._derivation_service.freshen()
        # Who files needs no right to move kits: that the doses are gone follows from the report.
        with self._db.changing("report.file", officer) as detail:
            self._db.demand_own("report.file", officer, officer)
            if opening is not None and self._db.account.officer is None:
                self._demand_opening("report.file", *opening)
            likes = self._reports.same_as(amends) if amends is not None else []
            if amends is not None:
                self._settle(amends, "withdraw", at_ms, reason="another report takes its place")
            report_id = self._reports.next_number()
            tag_id, sequence = opening or (None, None)
            version = forms.load(form).version
            new = UsageReport(
                report_id, form, version, at_ms, officer, tag_id, sequence, doses, dict(fields), self._db.login
            )
            new = new._replace(kit=self._following.kit_of(new, kit))
            self._reports.add_report(new, protected)
            self._drafts.remove(officer, opening)
            self._following.report_changed(new, at_ms)
            if opening is None:
                self._following.match_nearest(new, at_ms)
            detail |= {"report": report_id, "form": form, "form_version": version}
            detail["opening"] = f"{tag_id}:{sequence}" if opening else None
            if amends is not None:
                detail["amends"] = amends
            # Who told of the same doses as the report that is replaced tells of the same as the new one.
            for each in likes:
                counts = self._doses.open_answers(each.id)
                self._following.change(
                    counts, counts._replace(stands=SAME, same_as=report_id), "same", at_ms, None, report_id, None
                )
        return self._doses.open_answers(report_id)

    def kits_of_report(self, opening: Opening | None, officer: str, at_ms: int) -> list[str]:
        """The kits that a report's doses may have come from: more than one if that must be asked.

        Those in the pouch at the opening; without one, those that the officer had at `at_ms`, the incident's time.
        Raises `NotAllowed` for another officer's account.
        """
        self._db.demand_own("report.file", officer, officer)
        return self._following.kits_then(opening, officer, at_ms)

    def withdraw_report(self, report_id: int, reason: str, at_ms: int) -> UsageReport:
        """Withdraws a report that was wrong: its doses are back in the kit, as far as no count says else.

        Raises `InputError` if unknown, `RuleError` if it is withdrawn already, `NotAllowed` if it is another officer's.
        """
        with self._db.changing("report.withdraw", str(report_id)) as detail:
            found = self._settle(report_id, "withdraw", at_ms, reason=reason)
            detail["reason"] = reason
        return found

    def same_use(self, report_id: int, other: int, at_ms: int) -> UsageReport:
        """Says that a report tells of the same doses as another one: they count once. Raises as `withdraw_report`."""
        with self._db.changing("report.same", str(report_id)) as detail:
            found = self._settle(report_id, "same", at_ms, other=other)
            detail["other"] = other
        return found

    def match_report(self, report_id: int, opening: tuple[str, int], at_ms: int) -> UsageReport:
        """Says which opening (tag, sequence) a report tells of that named none, or another. As `withdraw_report`."""
        self._derivation_service.freshen()
        with self._db.changing("report.match", str(report_id)) as detail:
            found = self._settle(report_id, "match", at_ms, opening=opening)
            detail["opening"] = f"{opening[0]}:{opening[1]}"
        return found

    def restore_report(self, report_id: int, reason: str | None, at_ms: int) -> UsageReport:
        """Takes back that a report was withdrawn, or tells of the same as another. Raises as `withdraw_report`."""
        with self._db.changing("report.restore", str(report_id)) as detail:
            found = self._settle(report_id, "restore", at_ms, reason=reason)
            detail["reason"] = reason
        return found

    def _settle(
        self,
        report_id: int,
        action: str,
        at_ms: int,
        reason: str | None = None,
        other: int | None = None,
        opening: tuple[str, int] | None = None,
    ) -> UsageReport:
        """Notes what became of a report and keeps what follows, within a transaction; returns the changed report."""
        was = self._doses.open_answers(report_id)
        actor = self._db.account
        if actor.bound(f"report.{action}") and was.officer != actor.officer:
            self._db.refuse(f"report.{action}", str(report_id), _foreign(actor))
        return self._following.change(
            was, self._settled(was, action, other, opening), action, at_ms, reason, other, opening
        )

    def _settled(
        self, was: UsageReport, action: str, other: int | None, opening: tuple[str, int] | None
    ) -> UsageReport:
        """The report as it is after that. Raises `RuleError` if it cannot be, `InputError` for an unknown opening."""
        if action == "restore":
            if was.stands == FILED:
                raise RuleError("report.counts_already", report=was.id)
            return was._replace(stands=FILED, same_as=None)
        if was.stands == WITHDRAWN:
            raise RuleError("report.withdrawn", report=was.id, restore=NextStep("report.restore", report=was.id))
        if action == "withdraw":
            return was._replace(stands=WITHDRAWN, same_as=None)
        if action == "same":
            assert other is not None
            if other == was.id or self._doses.open_answers(other).stands != FILED:
                raise RuleError("report.other_counts_not", report=was.id, other=other)
            return was._replace(stands=SAME, same_as=other)
        assert opening is not None
        if (was.tag, was.sequence) == opening:
            raise RuleError("report.of_that_opening_already", report=was.id)
        if not self._openings.is_known(*opening):
            raise InputError("opening.unknown", see=NextStep("opening.list"))
        return was._replace(tag=opening[0], sequence=opening[1])

    def reports(self) -> list[UsageReport]:
        """The usage reports, oldest first, without their protected fields; an officer's own for an officer."""
        actor = self._db.account
        if actor.only_officer:
            return self._reports.reports_of(actor.officer) if actor.officer is not None else []
        return self._reports.reports()

    def openings_unreported(self, pouch_tag: str, at_ms: int) -> list[tuple[str, int]]:
        """The openings of a tag near an instant, as (tag, sequence), nearest first; those without a report come first.

        For someone who was there and reports on a pouch that another officer carried; they see no more of the openings.
        """
        self._db.demand("report.file")
        self._derivation_service.freshen()
        near = [
            (bool(each.reports), apart(at_ms, each), each.tag, each.sequence)
            for each in self._openings.openings(pouch_tag)
            if apart(at_ms, each)[0] <= MATCH_TOLERANCE_MS
        ]
        return [(tag, sequence) for _, _, tag, sequence in sorted(near)]

    def open_answers(self, report_id: int) -> UsageReport:
        """One usage report without its protected fields. Raises `InputError` if unknown, `NotAllowed` if another's."""
        found = self._doses.open_answers(report_id)
        actor = self._db.account
        if actor.only_officer and found.officer != actor.officer:
            self._db.refuse("report.read", str(report_id), _foreign(actor))
        return found

    def report(self, report_id: int) -> tuple[UsageReport, dict[str, object]]:
        """One usage report with those of its protected fields that the account's roles may read; it is audited.

        Raises `InputError` if unknown, `VaultError`, `NotAllowed` if it is another officer's or for other roles.
        """
        found = self._doses.open_answers(report_id)
        subject = str(report_id)
        with self._db.changing("report.read", subject) as detail:
            actor = self._db.account
            roles = actor.reads_as(found.officer)
            if roles.isdisjoint(ACTIONS["report.read"]):
                self._db.refuse("report.read", subject, _foreign(actor))
            readable = forms.load(found.form).readable(roles)
            clear = self._reports.protected_answers(report_id)
            detail["fields"] = sorted(readable & set(clear))
        return found, {key: value for key, value in clear.items() if key in readable}


def _foreign(actor: Account) -> Phrase:
    return Phrase("access.report_of_another" if actor.officer else "access.shared_reads_no_reports")
