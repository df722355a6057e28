"""Explanations of openings and usage reports, in the database."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress

from host import clock, forms
from host.access.roles import ACTIONS, Account
from host.errors import InputError, RuleError
from host.ledger import Holding, Movement
from host.ledger.movement import CORRECT, ISSUED, USE, VOID
from host.phrase import NextStep, Phrase
from host.store.openings import HELD
from host.store.stock import Stock
from host.usage.doses import MATCH_TOLERANCE_MS, account, apart, matches
from host.usage.openings import Opening
from host.usage.reports import FILED, SAME, WITHDRAWN, Explanation, UsageReport, incident_ms

NEAR_MS = 86_400_000
"""How far before an incident openings are looked at: one may have lasted, or be known to the hour only."""


class Reports(Stock):
    """The part of the store that keeps what officers say."""

    # Explanations.

    def add_explanation(
        self, tag_id: str, sequence: int, officer: str | None, cause: str, doses: int | None, at_ms: int
    ) -> None:
        """Adds an explanation of the opening that begins with record `sequence`; the last one given counts.

        `officer` said so, None: the account speaks for itself, which an officer's account cannot. Raises `NotAllowed`
        for another officer's opening, or in another officer's name.
        """
        self.freshen()
        subject = f"{tag_id}:{sequence}"
        with self._changing("opening.explain", subject) as detail:
            if officer is not None:
                self._demand_own("opening.explain", subject, officer)
            elif self.account.bound("opening.explain"):
                self._refuse("opening.explain", subject, Phrase("access.say_for_whom"))
            self._demand_opening("opening.explain", tag_id, sequence)
            self._connection.execute(
                "INSERT INTO explanation (tag, sequence, at_ms, officer, cause, doses, login) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                (tag_id, sequence, at_ms, officer, cause, doses, self.login),
            )
            self._roll_up_said(tag_id, sequence)
            detail |= {"officer": officer, "cause": cause}

    def explanations(self) -> list[Explanation]:
        """All explanations ever given, oldest first. Raises `NotAllowed`."""
        self._demand("stock.read")
        rows = self._rows(f"SELECT {', '.join(Explanation._fields)} FROM explanation ORDER BY id")
        return [Explanation(*row) for row in rows]

    def note_docked_by(self, tag_id: str, officer: str, at_ms: int) -> None:
        """Notes who stood at the dock with a pouch at its last docking, if that was another than who has it.

        It is noted as well when the holder is back after another. Raises `NotAllowed`, `InputError`.
        """
        with self._changing("tag.dock", tag_id) as detail:
            self._demand_own("tag.dock", tag_id, officer)
            detail["officer"] = officer
            last = self._row(
                "SELECT b.officer FROM docked_by b JOIN docking d ON d.id = b.docking WHERE d.tag = ? "
                "ORDER BY b.id DESC LIMIT 1",
                (tag_id,),
            )
            holders = self.holders_of(self._tag_pouch(tag_id))
            if last == (officer,) or (last is None and (not holders or officer in holders)):
                return
            row = self._row("SELECT max(id) FROM docking WHERE tag = ?", (tag_id,))
            if row is None or row[0] is None:
                raise InputError("tag.never_docked", tag=tag_id)
            self._connection.execute(
                "INSERT INTO docked_by (docking, officer, login, at_ms) VALUES (?, ?, ?, ?)",
                (row[0], officer, self.login, at_ms),
            )
            detail["docking"] = row[0]

    def _tag_pouch(self, tag_id: str) -> str:
        row = self._row("SELECT pouch FROM tag WHERE id = ?", (tag_id,))
        if row is None:
            raise InputError("tag.unknown", tag=tag_id, see=NextStep("tag.list"))
        return str(row[0])

    def holders_of(self, pouch: str) -> list[str]:
        """The officers who have a pouch now: those with a kit in it. Raises `NotAllowed`."""
        self._demand("tag.dock")
        rows = self._rows(
            "SELECT DISTINCT officer FROM kit_state WHERE pouch = ? AND status = ? AND officer IS NOT NULL ORDER BY 1",
            (pouch, ISSUED),
        )
        return [row[0] for row in rows]

    def missing_reports(self, officer: str) -> list[Opening]:
        """The uses that an officer has explained, or carried the pouch at, and that nobody has reported; oldest first.

        Raises `NotAllowed` for another officer's account.
        """
        self._demand_own("report.file", officer, officer)
        self.freshen()
        found = self._openings_where(["o.cause = 'used'", "o.reports = 0"], [])
        return [
            each
            for each in found
            if officer in each.officers or (each.explanation is not None and each.explanation.officer == officer)
        ]

    # Reports are filed.

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
        vault = self._vault
        self.freshen()
        # Who files needs no right to move kits: that the doses are gone follows from the report.
        with self._changing("report.file", officer) as detail:
            self._demand_own("report.file", officer, officer)
            if opening is not None and self.account.officer is None:
                self._demand_opening("report.file", *opening)
            likes = self._reports("WHERE r.same_as = ? ORDER BY r.id", (amends,)) if amends is not None else []
            if amends is not None:
                self._settle(amends, "withdraw", at_ms, reason="another report takes its place")
            # Sealed fields are bound to the report's id, so it must be known before the row is there.
            row = self._row("SELECT coalesce(max(id), 0) + 1 FROM usage_report")
            assert row is not None
            report_id = int(row[0])
            sealed = vault.seal(json.dumps(dict(protected)).encode(), f"usage report {report_id}")
            tag_id, sequence = opening or (None, None)
            new = UsageReport(report_id, form, at_ms, officer, tag_id, sequence, doses, dict(fields), self.login)
            new = new._replace(kit=self._kit_of(new, kit))
            self._connection.execute(
                "INSERT INTO usage_report (id, form, filed_at_ms, officer, tag, sequence, doses, sealed, fields, "
                "login, kit) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (*new[:7], sealed, json.dumps(new.fields), new.login, new.kit),
            )
            self._report_changed(new, at_ms)
            if opening is None:
                self._match_nearest(new, at_ms)
            detail |= {"report": report_id, "form": form, "opening": f"{tag_id}:{sequence}" if opening else None}
            if amends is not None:
                detail["amends"] = amends
            # Who told of the same doses as the report that is replaced tells of the same as the new one.
            for each in likes:
                counts = self._open_answers(each.id)
                self._change(
                    counts, counts._replace(stands=SAME, same_as=report_id), "same", at_ms, None, report_id, None
                )
        return self._open_answers(report_id)

    def kits_of_report(self, opening: Opening | None, officer: str, at_ms: int) -> list[str]:
        """The kits that a report's doses may have come from: more than one if that must be asked.

        Those in the pouch at the opening; without one, those that the officer had at `at_ms`, the incident's time.
        Raises `NotAllowed` for another officer's account.
        """
        self._demand_own("report.file", officer, officer)
        return self._kits_then(opening, officer, at_ms)

    def _kits_then(self, opening: Opening | None, officer: str, at_ms: int) -> list[str]:
        return list(opening.kits) if opening is not None else self._held_by(officer, at_ms)

    def _held_by(self, officer: str, at_ms: int) -> list[str]:
        rows = self._rows(
            "SELECT DISTINCT kit FROM custody WHERE officer = ? AND status = ? AND since_ms <= ? "
            "AND (until_ms IS NULL OR until_ms > ?) ORDER BY kit",
            (officer, ISSUED, at_ms, at_ms),
        )
        return [row[0] for row in rows]

    def _kit_of(self, report: UsageReport, named: str | None) -> str | None:
        """The kit that a report's doses came from, if that is clear or said. Raises `InputError`."""
        opening = self._opening_of(report)
        possible = self._kits_then(opening, report.officer, incident_ms(report))
        if named is None:
            return possible[0] if len(possible) == 1 else None
        self.kit(named)
        if possible and named not in possible:
            raise InputError(
                "report.kit_not_in_pouch" if opening else "report.kit_not_with_officer",
                kit=named,
                pouch=opening.pouch if opening else None,
                officer=report.officer,
                possible=tuple(possible),
            )
        return named

    def _report_changed(self, report: UsageReport, at_ms: int) -> None:
        """Keeps all that follows from a report that is new, or has changed, within a transaction."""
        if report.tag is not None and report.sequence is not None:
            self._roll_up_said(report.tag, report.sequence)
            also = [
                row[0]
                for row in self._rows(
                    "SELECT id FROM usage_report WHERE tag = ? AND sequence = ? ORDER BY id",
                    (report.tag, report.sequence),
                )
            ]
        else:
            self._roll_up_doses(self._held_by(report.officer, incident_ms(report)))
            also = [report.id]
        for number in also:
            self._take_doses(self._open_answers(number), at_ms)

    def _take_doses(self, report: UsageReport, at_ms: int) -> None:
        """Takes what a report tells of, and no kit has given yet, from its kit: as far as that had as many."""
        kit = report.kit
        if report.stands != FILED or kit is None:
            return
        state = self._state(kit)
        lacking = account(self._kit_facts(kit)).short.get(report.id, 0)
        given = min(lacking, state.doses - state.doses_used)
        if given > 0 and state.status != VOID:
            at_ms = max(at_ms, state.moved_at_ms)
            use = Movement(
                0, at_ms, USE, kit, doses=given, report=report.id, happened_ms=self._when(report, kit, at_ms)
            )
            self._move(use, self._in_hand(kit))

    def _settle_reports(self) -> None:
        now_ms = self._right_now()
        # Nobody has said so: whoever opens a database first after an update only happens to.
        login, self.login = self.login, "(layout 003)"
        try:
            self._take_all_doses(now_ms)
        finally:
            self.login = login

    def _take_all_doses(self, now_ms: int) -> None:
        for report in self._reports("ORDER BY r.id"):
            if report.kit is None:
                kit = self._kit_of(report, None)
                self._connection.execute("UPDATE usage_report SET kit = ? WHERE id = ?", (kit, report.id))
                report = report._replace(kit=kit)
            self._take_doses(report, now_ms)

    # Reports that name no opening.

    def _match_reports(self, tag: str) -> None:
        # Also before anybody is let in: when a layout is brought up to date, roll-ups alone are derived.
        near = self._rows(
            "SELECT DISTINCT r.id FROM opening o CROSS JOIN custody c ON c.pouch = o.pouch AND c.officer IS NOT NULL "
            "CROSS JOIN usage_report r ON r.officer = c.officer AND r.tag IS NULL AND r.stands = 'filed' "
            "WHERE o.tag = ?",
            (tag,),
        )
        row = self._row("SELECT max(coalesce(finished_at_ms, started_at_ms)) FROM docking WHERE tag = ?", (tag,))
        docked_ms = row[0] if row and row[0] is not None else clock.now_ms()
        for number in sorted(row[0] for row in near):
            report = self._open_answers(number)
            self._match_nearest(report, max(docked_ms, report.filed_at_ms))

    def _match_nearest(self, report: UsageReport, at_ms: int) -> None:
        """Takes a report that names no opening as one of the nearest in time, of those when its officer had the pouch.

        One that lacks a report goes before one that is explained as something else. Somebody may say it was another.
        """
        now = incident_ms(report)
        pouches = {each.pouch for each in self._carried_by(report.officer) if each.pouch is not None}
        near = self._openings_of_pouches(pouches, now - NEAR_MS)
        # Who has said from which kit the doses came means no pouch in which that was not.
        candidates = [each for each in near if report.kit is None or report.kit in each.kits]
        opening = matches([report], candidates, MATCH_TOLERANCE_MS)[report.id]
        if opening is None:
            return
        key = (opening.tag, opening.sequence)
        self._note("report.match", str(report.id), {"opening": f"{key[0]}:{key[1]}", "by": "its time"})
        self._change(report, report._replace(tag=key[0], sequence=key[1]), "match", at_ms, "nearest in time", None, key)

    def _carried_by(self, officer: str) -> list[Holding]:
        rows = self._rows(f"SELECT {HELD} FROM custody c WHERE c.officer = ? AND c.status = 'issued'", (officer,))
        return [Holding(*row) for row in rows]

    # What becomes of reports.

    def withdraw_report(self, report_id: int, reason: str, at_ms: int) -> UsageReport:
        """Withdraws a report that was wrong: its doses are back in the kit, as far as no count says else.

        Raises `InputError` if unknown, `RuleError` if it is withdrawn already, `NotAllowed` if it is another officer's.
        """
        with self._changing("report.withdraw", str(report_id)) as detail:
            found = self._settle(report_id, "withdraw", at_ms, reason=reason)
            detail["reason"] = reason
        return found

    def same_use(self, report_id: int, other: int, at_ms: int) -> UsageReport:
        """Says that a report tells of the same doses as another one: they count once. Raises as `withdraw_report`."""
        with self._changing("report.same", str(report_id)) as detail:
            found = self._settle(report_id, "same", at_ms, other=other)
            detail["other"] = other
        return found

    def match_report(self, report_id: int, opening: tuple[str, int], at_ms: int) -> UsageReport:
        """Says which opening (tag, sequence) a report tells of that named none, or another. As `withdraw_report`."""
        self.freshen()
        with self._changing("report.match", str(report_id)) as detail:
            found = self._settle(report_id, "match", at_ms, opening=opening)
            detail["opening"] = f"{opening[0]}:{opening[1]}"
        return found

    def restore_report(self, report_id: int, reason: str | None, at_ms: int) -> UsageReport:
        """Takes back that a report was withdrawn, or tells of the same as another. Raises as `withdraw_report`."""
        with self._changing("report.restore", str(report_id)) as detail:
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
        was = self._open_answers(report_id)
        actor = self.account
        if actor.bound(f"report.{action}") and was.officer != actor.officer:
            self._refuse(f"report.{action}", str(report_id), _foreign(actor))
        return self._change(was, self._settled(was, action, other, opening), action, at_ms, reason, other, opening)

    def _change(
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
        self._connection.execute(
            "INSERT INTO report_note (report, action, other, tag, sequence, reason, login, at_ms) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (was.id, action, other, *(opening or (None, None)), reason, self.login, at_ms),
        )
        if action != "restore":
            self._give_back(was, at_ms, only_of=was.kit if action == "match" else None)
        if action == "match":
            # Who has said which of several it was need not say so again.
            opened = self._opening_of(now)
            still = was.kit if opened is not None and was.kit in opened.kits else None
            now = now._replace(kit=self._kit_of(now, still))
        self._connection.execute(
            "UPDATE usage_report SET stands = ?, same_as = ?, tag = ?, sequence = ?, kit = ? WHERE id = ?",
            (now.stands, now.same_as, now.tag, now.sequence, now.kit, was.id),
        )
        if action == "restore":
            self._take_again(now, at_ms)
        moved = (was.tag, was.sequence) != (now.tag, now.sequence)
        for each in (was, now) if moved else (now,):
            self._report_changed(each, at_ms)
        if now.stands != FILED or moved:
            self._stand_alone(now, at_ms)
        return now

    def _stand_alone(self, gone: UsageReport, at_ms: int) -> None:
        """Reports that told of the same doses as one which tells of them no more count themselves, or with its like."""
        for each in self._reports("WHERE r.same_as = ? ORDER BY r.id", (gone.id,)):
            if gone.stands == SAME:
                follows, action = each._replace(same_as=gone.same_as), "same"
            else:
                follows, action = each._replace(stands=FILED, same_as=None), "restore"
            why = f"usage report {gone.id} tells of it no more"
            self._change(each, follows, action, at_ms, why, follows.same_as, None)

    def _settled(
        self, was: UsageReport, action: str, other: int | None, opening: tuple[str, int] | None
    ) -> UsageReport:
        """The report as it is after that. Raises `RuleError` if it cannot be."""
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
            if other == was.id or self._open_answers(other).stands != FILED:
                raise RuleError("report.other_counts_not", report=was.id, other=other)
            return was._replace(stands=SAME, same_as=other)
        assert opening is not None
        if (was.tag, was.sequence) == opening:
            raise RuleError("report.of_that_opening_already", report=was.id)
        if not self._row("SELECT 1 FROM opening WHERE tag = ? AND sequence = ?", opening):
            raise InputError("opening.unknown", see=NextStep("opening.list"))
        return was._replace(tag=opening[0], sequence=opening[1])

    def _give_back(self, report: UsageReport, at_ms: int, only_of: str | None) -> None:
        """Reverses what was taken from kits for a report, or from one kit; not where what came after rests on it.

        Such as a destruction: then the doses are gone all the same, and no report that counts tells of them.
        """
        for movement in self._taken_for(report.id):
            if only_of is not None and movement.kit != only_of:
                continue  # somebody has said that it came from there
            moved_at_ms = self._state(movement.kit).moved_at_ms
            why = f"usage report {report.id} no longer tells of it"
            back = Movement(0, max(at_ms, moved_at_ms), CORRECT, movement.kit, corrects=movement.id)
            with suppress(RuleError):
                self._move(back._replace(reason=why), self._in_hand(movement.kit))

    def _take_again(self, report: UsageReport, at_ms: int) -> None:
        """Takes again what somebody had recorded for a report from other kits than its own, before it was withdrawn."""
        columns = ", ".join(f"m.{column}" for column in Movement._fields)
        last: dict[str, Movement] = {}
        # What was reversed when it was withdrawn came after all that was ever recorded for it.
        for row in self._rows(
            f"SELECT {columns} FROM movement x JOIN movement m ON m.id = x.corrects "
            "WHERE m.report = ? AND m.kit IS NOT ? AND x.id > (SELECT max(id) FROM movement WHERE report = ?) "
            "ORDER BY m.id",
            (report.id, report.kit, report.id),
        ):
            movement = Movement(*row)
            last[movement.kit] = movement
        for kit, use in last.items():
            again = use._replace(id=0, at_ms=max(at_ms, self._state(kit).moved_at_ms))
            with suppress(RuleError):
                self._move(again, self._in_hand(kit))

    def _taken_for(self, report_id: int) -> Sequence[Movement]:
        columns = ", ".join(f"m.{column}" for column in Movement._fields)
        rows = self._rows(
            f"SELECT {columns} FROM movement m WHERE m.report = ? AND m.kind = ? "
            "AND NOT EXISTS (SELECT 1 FROM movement x WHERE x.corrects = m.id) ORDER BY m.id DESC",
            (report_id, USE),
        )
        return [Movement(*row) for row in rows]

    # Reports are read.

    def reports(self) -> list[UsageReport]:
        """The usage reports, oldest first, without their protected fields; an officer's own for an officer."""
        actor = self.account
        if actor.only_officer:
            return self._reports("WHERE r.officer = ? ORDER BY r.id", (actor.officer,))
        return self._reports("ORDER BY r.id")

    def openings_unreported(self, pouch_tag: str, at_ms: int) -> list[tuple[str, int]]:
        """The openings of a tag near an instant, as (tag, sequence), nearest first; those without a report come first.

        For who was there and reports on a pouch that another officer carried; nothing else of them is told.
        """
        self._demand("report.file")
        self.freshen()
        near = [
            (bool(each.reports), apart(at_ms, each), each.tag, each.sequence)
            for each in self._openings_where(["o.tag = ?"], [pouch_tag])
            if apart(at_ms, each)[0] <= MATCH_TOLERANCE_MS
        ]
        return [(tag, sequence) for _, _, tag, sequence in sorted(near)]

    def open_answers(self, report_id: int) -> UsageReport:
        """One usage report without its protected fields. Raises `InputError` if unknown, `NotAllowed` if another's."""
        found = self._open_answers(report_id)
        actor = self.account
        if actor.only_officer and found.officer != actor.officer:
            self._refuse("report.read", str(report_id), _foreign(actor))
        return found

    def report(self, report_id: int) -> tuple[UsageReport, dict[str, object]]:
        """One usage report with those of its protected fields that the account's roles may read; it is audited.

        Raises `InputError` if unknown, `VaultError`, `NotAllowed` if it is another officer's or for other roles.
        """
        found = self._open_answers(report_id)
        subject = str(report_id)
        with self._changing("report.read", subject) as detail:
            actor = self.account
            roles = actor.reads_as(found.officer)
            if roles.isdisjoint(ACTIONS["report.read"]):
                self._refuse("report.read", subject, _foreign(actor))
            readable = forms.load(found.form).readable(roles)
            row = self._row("SELECT sealed FROM usage_report WHERE id = ?", (report_id,))
            assert row is not None
            # Retention has emptied what is empty.
            clear = json.loads(self._vault.open(row[0], f"usage report {report_id}")) if row[0] else {}
            detail["fields"] = sorted(readable & set(clear))
        return found, {key: value for key, value in clear.items() if key in readable}


def _foreign(actor: Account) -> Phrase:
    return Phrase("access.report_of_another" if actor.officer else "access.shared_reads_no_reports")
