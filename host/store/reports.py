"""Explanations of openings and usage reports, in the database."""

import json
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from host import forms
from host.errors import InputError
from host.ledger import Movement
from host.ledger.movement import ISSUED, USE
from host.reports import USED, Explanation, UsageReport
from host.roles import ACTIONS, Account
from host.store.stock import Stock

_REPORT = "id, form, filed_at_ms, officer, tag, sequence, doses, fields"


class Reports(Stock):
    """The part of the store that keeps what officers say."""

    def add_explanation(
        self, tag_id: str, sequence: int, officer: str, cause: str, doses: int | None, at_ms: int
    ) -> None:
        """Adds an explanation of the opening that begins with record `sequence`; the last one given counts.

        Raises `NotAllowed` for another officer's opening, or in another officer's name.
        """
        self.freshen()
        subject = f"{tag_id}:{sequence}"
        with self._changing("opening.explain", subject) as detail:
            self._demand_own("opening.explain", subject, officer)
            self._demand_opening("opening.explain", tag_id, sequence)
            self._explain(tag_id, sequence, officer, cause, doses, at_ms)
            detail |= {"officer": officer, "cause": cause}

    def _explain(self, tag: str, sequence: int, officer: str, cause: str, doses: int | None, at_ms: int) -> None:
        self._connection.execute(
            "INSERT INTO explanation (tag, sequence, at_ms, officer, cause, doses) VALUES (?, ?, ?, ?, ?, ?)",
            (tag, sequence, at_ms, officer, cause, doses),
        )
        self._roll_up_said(tag, sequence)

    def explanations(self) -> list[Explanation]:
        """All explanations ever given, oldest first. Raises `NotAllowed`."""
        self._demand("stock.read")
        rows = self._rows("SELECT id, tag, sequence, at_ms, officer, cause, doses FROM explanation ORDER BY id")
        return [Explanation(*row) for row in rows]

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
    ) -> int:
        """Files a form and returns its id; `protected` answers are sealed, `fields` are open.

        A report on an opening (tag, sequence) also explains it as used with that many doses, in the same
        transaction, unless its last explanation says used. The doses are taken from `kit`, as far as it has them.
        Raises `NotAllowed` as `add_explanation`.
        """
        vault = self._vault
        self.freshen()
        # Who files needs no right to move kits: that the doses are gone follows from the report.
        with self._changing("report.file", officer) as detail:
            self._demand_own("report.file", officer, officer)
            if opening is not None:
                self._demand_opening("report.file", *opening)
            # Sealed fields are bound to the report's id, so it must be known before the row is there.
            row = self._row("SELECT coalesce(max(id), 0) + 1 FROM usage_report")
            assert row is not None
            report_id = int(row[0])
            sealed = vault.seal(json.dumps(dict(protected)).encode(), f"usage report {report_id}")
            tag_id, sequence = opening or (None, None)
            self._connection.execute(
                "INSERT INTO usage_report VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (report_id, form, at_ms, officer, tag_id, sequence, doses, sealed, json.dumps(dict(fields))),
            )
            if opening is not None:
                last = self._row(
                    "SELECT cause FROM explanation WHERE tag = ? AND sequence = ? ORDER BY id DESC", opening
                )
                if last != (USED,):
                    self._explain(*opening, officer, USED, doses, at_ms)
                else:
                    self._roll_up_said(*opening)
            if kit is not None:
                self._use(kit, doses, at_ms, report_id)
            detail |= {"report": report_id, "form": form, "opening": f"{tag_id}:{sequence}" if opening else None}
        self._filed_here.add(report_id)
        return report_id

    def _use(self, kit: str, doses: int, at_ms: int, report: int) -> None:
        """Takes the doses that a report tells of from a kit, if it is still carried and has any."""
        state = self._state(kit)
        given = min(doses, state.doses_left)
        if state.status == ISSUED and given and at_ms >= state.moved_at_ms:
            self._move(Movement(0, at_ms, USE, kit, doses=given, report=report), self.lot_of(kit))

    def reports(self) -> list[UsageReport]:
        """The usage reports, oldest first, without their protected fields; an officer's own for an officer."""
        account = self.account
        where, parameters = ("WHERE officer = ?", (account.officer,)) if account.only_officer else ("", ())
        return [
            _report(row) for row in self._rows(f"SELECT {_REPORT} FROM usage_report {where} ORDER BY id", parameters)
        ]

    def open_answers(self, report_id: int) -> UsageReport:
        """One usage report without its protected fields. Raises `InputError` if unknown, `NotAllowed` if another's.

        What was filed through this very object is nobody else's.
        """
        found = self._open_answers(report_id)
        account = self.account
        if account.only_officer and found.officer != account.officer and report_id not in self._filed_here:
            self._refuse("report.read", str(report_id), _foreign(account))
        return found

    @cached_property
    def _filed_here(self) -> set[int]:
        return set()

    def _open_answers(self, report_id: int) -> UsageReport:
        row = self._row(f"SELECT {_REPORT} FROM usage_report WHERE id = ?", (report_id,))
        if row is None:
            raise InputError(f"no usage report {report_id}: see `kitdock usage list`")
        return _report(row)

    def report(self, report_id: int) -> tuple[UsageReport, dict[str, object]]:
        """One usage report with those of its protected fields that the account's roles may read; it is audited.

        Raises `InputError` if unknown, `VaultError`, `NotAllowed` if it is another officer's or for other roles.
        """
        found = self._open_answers(report_id)
        subject = str(report_id)
        with self._changing("report.read", subject) as detail:
            account = self.account
            roles = account.reads_as(found.officer)
            if roles.isdisjoint(ACTIONS["report.read"]):
                self._refuse("report.read", subject, _foreign(account))
            readable = forms.load(found.form).readable(roles)
            row = self._row("SELECT sealed FROM usage_report WHERE id = ?", (report_id,))
            assert row is not None
            # Retention has emptied what is empty.
            clear = json.loads(self._vault.open(row[0], f"usage report {report_id}")) if row[0] else {}
            detail["fields"] = sorted(readable & set(clear))
        return found, {key: value for key, value in clear.items() if key in readable}


def _foreign(account: Account) -> str:
    return "it is another officer's report" if account.officer else "an account that officers share reads no reports"


def _report(row: tuple[Any, ...]) -> UsageReport:
    *_, fields = row
    return UsageReport._make((*row[:-1], json.loads(fields)))
