"""Explanations of openings and usage reports, in the database."""

import json
from collections.abc import Mapping

from host import forms
from host.access.roles import ACTIONS, Account
from host.errors import InputError
from host.ledger.movement import ISSUED
from host.phrase import Phrase
from host.service.derivation import Derivation
from host.store.database import Database
from host.store.doses import DoseRepository
from host.store.openings import OpeningRepository
from host.store.reports import ReportRepository
from host.store.rollups import RollupRepository
from host.usage.doses import MATCH_TOLERANCE_MS, apart
from host.usage.openings import Opening
from host.usage.reports import SAME, Explanation, UsageReport


class Reports:
    """The part of the store that keeps what officers say."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._doses = DoseRepository(db)
        self._openings = OpeningRepository(db)
        self._reports = ReportRepository(db)
        self._rollups = RollupRepository(db)
        self._derivation_service = Derivation(db)

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
            self._openings.demand_opening("opening.explain", tag_id, sequence)
            self._db.connection.execute(
                "INSERT INTO explanation (tag, sequence, at_ms, officer, cause, doses, login) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                (tag_id, sequence, at_ms, officer, cause, doses, self._db.login),
            )
            self._rollups.roll_up_said(tag_id, sequence)
            detail |= {"officer": officer, "cause": cause}

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
            last = self._db.row(
                "SELECT b.officer FROM docked_by b JOIN docking d ON d.id = b.docking WHERE d.tag = ? "
                "ORDER BY b.id DESC LIMIT 1",
                (tag_id,),
            )
            holders = self.holders_of(self._reports.tag_pouch(tag_id))
            if last == (officer,) or (last is None and (not holders or officer in holders)):
                return
            row = self._db.row("SELECT max(id) FROM docking WHERE tag = ?", (tag_id,))
            if row is None or row[0] is None:
                raise InputError("tag.never_docked", tag=tag_id)
            self._db.connection.execute(
                "INSERT INTO docked_by (docking, officer, login, at_ms) VALUES (?, ?, ?, ?)",
                (row[0], officer, self._db.login, at_ms),
            )
            detail["docking"] = row[0]

    def holders_of(self, pouch: str) -> list[str]:
        """The officers who have a pouch now: those with a kit in it. Raises `NotAllowed`."""
        self._db.demand("tag.dock")
        rows = self._db.rows(
            "SELECT DISTINCT officer FROM kit_state WHERE pouch = ? AND status = ? AND officer IS NOT NULL ORDER BY 1",
            (pouch, ISSUED),
        )
        return [row[0] for row in rows]

    def missing_reports(self, officer: str) -> list[Opening]:
        """The uses that an officer has explained, or carried the pouch at, and that nobody has reported; oldest first.

        Raises `NotAllowed` for another officer's account.
        """
        self._db.demand_own("report.file", officer, officer)
        self._derivation_service.freshen()
        found = self._openings.openings_where(["o.cause = 'used'", "o.reports = 0"], [])
        return [
            each
            for each in found
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
        """Files a form and returns it; `protected` answers are sealed, `fields` are open.

        The doses are taken from the kit that was in the pouch at the opening (tag, sequence), wherever that is now; of
        a report without one, from the kit that its officer had then. Where two are possible `kit` says which; if it is
        None none is taken, which is a question. With `amends` the report of that number is withdrawn in its favour.
        Raises `NotAllowed` as `add_explanation`, but who was there may report on another officer's opening;
        `InputError` if `kit` cannot be the one.
        """
        vault = self._db.vault
        self._derivation_service.freshen()
        # Who files needs no right to move kits: that the doses are gone follows from the report.
        with self._db.changing("report.file", officer) as detail:
            self._db.demand_own("report.file", officer, officer)
            if opening is not None and self._db.account.officer is None:
                self._openings.demand_opening("report.file", *opening)
            likes = self._doses.reports("WHERE r.same_as = ? ORDER BY r.id", (amends,)) if amends is not None else []
            if amends is not None:
                self._settle(amends, "withdraw", at_ms, reason="another report takes its place")
            # Sealed fields are bound to the report's id, so it must be known before the row is there.
            row = self._db.row("SELECT coalesce(max(id), 0) + 1 FROM usage_report")
            assert row is not None
            report_id = int(row[0])
            sealed = vault.seal(json.dumps(dict(protected)).encode(), f"usage report {report_id}")
            tag_id, sequence = opening or (None, None)
            new = UsageReport(report_id, form, at_ms, officer, tag_id, sequence, doses, dict(fields), self._db.login)
            new = new._replace(kit=self._reports.kit_of(new, kit))
            self._db.connection.execute(
                "INSERT INTO usage_report (id, form, filed_at_ms, officer, tag, sequence, doses, sealed, fields, "
                "login, kit) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (*new[:7], sealed, json.dumps(new.fields), new.login, new.kit),
            )
            self._reports.report_changed(new, at_ms)
            if opening is None:
                self._reports.match_nearest(new, at_ms)
            detail |= {"report": report_id, "form": form, "opening": f"{tag_id}:{sequence}" if opening else None}
            if amends is not None:
                detail["amends"] = amends
            # Who told of the same doses as the report that is replaced tells of the same as the new one.
            for each in likes:
                counts = self._doses.open_answers(each.id)
                self._reports.change(
                    counts, counts._replace(stands=SAME, same_as=report_id), "same", at_ms, None, report_id, None
                )
        return self._doses.open_answers(report_id)

    def kits_of_report(self, opening: Opening | None, officer: str, at_ms: int) -> list[str]:
        """The kits that a report's doses may have come from: more than one if that must be asked.

        Those in the pouch at the opening; without one, those that the officer had at `at_ms`, the incident's time.
        Raises `NotAllowed` for another officer's account.
        """
        self._db.demand_own("report.file", officer, officer)
        return self._reports.kits_then(opening, officer, at_ms)

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
        """Notes what became of a report and keeps what follows, within a transaction; the report as it is then."""
        was = self._doses.open_answers(report_id)
        actor = self._db.account
        if actor.bound(f"report.{action}") and was.officer != actor.officer:
            self._db.refuse(f"report.{action}", str(report_id), _foreign(actor))
        return self._reports.change(
            was, self._reports.settled(was, action, other, opening), action, at_ms, reason, other, opening
        )

    def reports(self) -> list[UsageReport]:
        """The usage reports, oldest first, without their protected fields; an officer's own for an officer."""
        actor = self._db.account
        if actor.only_officer:
            return self._doses.reports("WHERE r.officer = ? ORDER BY r.id", (actor.officer,))
        return self._doses.reports("ORDER BY r.id")

    def openings_unreported(self, pouch_tag: str, at_ms: int) -> list[tuple[str, int]]:
        """The openings of a tag near an instant, as (tag, sequence), nearest first; those without a report come first.

        For who was there and reports on a pouch that another officer carried; nothing else of them is told.
        """
        self._db.demand("report.file")
        self._derivation_service.freshen()
        near = [
            (bool(each.reports), apart(at_ms, each), each.tag, each.sequence)
            for each in self._openings.openings_where(["o.tag = ?"], [pouch_tag])
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
            row = self._db.row("SELECT sealed FROM usage_report WHERE id = ?", (report_id,))
            assert row is not None
            # Retention has emptied what is empty.
            clear = json.loads(self._db.vault.open(row[0], f"usage report {report_id}")) if row[0] else {}
            detail["fields"] = sorted(readable & set(clear))
        return found, {key: value for key, value in clear.items() if key in readable}


def _foreign(actor: Account) -> Phrase:
    return Phrase("access.report_of_another" if actor.officer else "access.shared_reads_no_reports")
