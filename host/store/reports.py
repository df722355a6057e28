"""Explanations of openings and usage reports, in the database."""

import json
import sqlite3
from collections.abc import Mapping
from typing import Any

from host.errors import InputError
from host.reports import USED, Explanation, UsageReport
from host.store.database import Database

_REPORT = "id, form, filed_at_ms, officer, tag, sequence, doses, fields"


class Reports(Database):
    """The part of the store that keeps what officers say."""

    def add_explanation(
        self, tag_id: str, sequence: int, officer: str, cause: str, doses: int | None, at_ms: int
    ) -> None:
        """Adds an explanation of the opening that begins with record `sequence`; the last one given counts."""
        with self._writing() as connection:
            _explain(connection, tag_id, sequence, officer, cause, doses, at_ms)

    def explanations(self) -> list[Explanation]:
        """All explanations ever given, oldest first."""
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
    ) -> int:
        """Files a form and returns its id; `protected` answers are sealed, `fields` are open.

        A report on an opening (tag, sequence) also explains it as used with that many doses, in the same
        transaction, unless its last explanation says used.
        """
        vault = self._vault
        with self._writing() as connection:
            # Sealed fields are bound to the report's id, so it must be known before the row is there.
            row = self._row("SELECT coalesce(max(id), 0) + 1 FROM usage_report")
            assert row is not None
            report_id = int(row[0])
            sealed = vault.seal(json.dumps(dict(protected)).encode(), f"usage report {report_id}")
            tag_id, sequence = opening or (None, None)
            connection.execute(
                "INSERT INTO usage_report VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (report_id, form, at_ms, officer, tag_id, sequence, doses, sealed, json.dumps(dict(fields))),
            )
            if opening is not None:
                last = self._row(
                    "SELECT cause FROM explanation WHERE tag = ? AND sequence = ? ORDER BY id DESC", opening
                )
                if last != (USED,):
                    _explain(connection, *opening, officer, USED, doses, at_ms)
        return report_id

    def reports(self) -> list[UsageReport]:
        """All usage reports, oldest first, without their protected fields."""
        rows = self._rows(f"SELECT {_REPORT} FROM usage_report ORDER BY id")
        return [_report(row) for row in rows]

    def report(self, report_id: int) -> tuple[UsageReport, dict[str, object]]:
        """One usage report with its protected fields. Raises `InputError` if unknown, `VaultError`."""
        row = self._row(f"SELECT {_REPORT}, sealed FROM usage_report WHERE id = ?", (report_id,))
        if row is None:
            raise InputError(f"no usage report {report_id}: see `kitdock usage list`")
        clear = self._vault.open(row[-1], f"usage report {report_id}")
        return _report(row[:-1]), json.loads(clear)


def _report(row: tuple[Any, ...]) -> UsageReport:
    *_, fields = row
    return UsageReport._make((*row[:-1], json.loads(fields)))


def _explain(
    connection: sqlite3.Connection, tag_id: str, sequence: int, officer: str, cause: str, doses: int | None, at_ms: int
) -> None:
    connection.execute(
        "INSERT INTO explanation (tag, sequence, at_ms, officer, cause, doses) VALUES (?, ?, ?, ?, ?, ?)",
        (tag_id, sequence, at_ms, officer, cause, doses),
    )
