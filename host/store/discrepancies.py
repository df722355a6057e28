"""Discrepancies in the database: what people did about what the rules found."""

import json
from collections.abc import Iterable

from host.reconcile.discrepancy import Discrepancy
from host.reconcile.lifecycle import CLEARED, Entry, Key, Standing
from host.store.database import Database

ENTRY = ", ".join(Entry._fields)


STANDING = ", ".join(Standing._fields)


class DiscrepancyRepository:
    """The part of the store that keeps what people did about discrepancies."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add_entry(self, entry: Entry) -> Standing:
        """Adds an entry and keeps the roll-up, within a transaction."""
        self._db.connection.execute(
            f"INSERT INTO discrepancy_entry ({ENTRY}) VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)", entry[1:]
        )
        row = self._db.connection.execute(
            f"INSERT INTO discrepancy ({STANDING}) VALUES (?, ?, ?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (kind, subject) DO UPDATE SET occurrence = excluded.occurrence, status = excluded.status, "
            "changed_at_ms = excluded.changed_at_ms, login = excluded.login, "
            f"reason = coalesce(excluded.reason, reason) RETURNING {STANDING}",
            (
                entry.kind,
                entry.subject,
                entry.occurrence,
                entry.action,
                entry.at_ms,
                entry.at_ms,
                entry.login,
                entry.reason,
            ),
        ).fetchone()
        return Standing(*row)

    def standings(self, found: Iterable[Discrepancy]) -> dict[Key, Standing]:
        """Where everything stands that is not cleared, and what was cleared of `found`."""
        rows = self._db.rows(f"SELECT {STANDING} FROM discrepancy WHERE status <> '{CLEARED}'")
        known = {(row[0], row[1]): Standing(*row) for row in rows}
        others = [key for key in ((each.kind, each.subject) for each in found) if key not in known]
        columns = ", ".join(f"d.{column}" for column in Standing._fields)
        for row in self._db.rows(
            f"SELECT {columns} FROM json_each(?) j CROSS JOIN discrepancy d "
            "ON d.kind = j.value ->> 0 AND d.subject = j.value ->> 1",
            (json.dumps(others),),
        ):
            known[row[0], row[1]] = Standing(*row)
        return known
