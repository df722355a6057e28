"""Discrepancies in the database: what people did about what the rules found."""

import json
from collections.abc import Iterable

from host.reconcile.discrepancy import Discrepancy
from host.reconcile.lifecycle import CLEARED, Entry, Key, Standing
from host.store.database import Database

_ENTRY = ", ".join(Entry._fields)


_STANDING = ", ".join(Standing._fields)


class DiscrepancyRepository:
    """Holds what people did about discrepancies, entry by entry, and where each stands by that."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add_entry(self, entry: Entry) -> Standing:
        """Adds an entry and keeps the roll-up, within a transaction."""
        self._db.connection.execute(
            f"INSERT INTO discrepancy_entry ({_ENTRY}) VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)", entry[1:]
        )
        row = self._db.connection.execute(
            f"INSERT INTO discrepancy ({_STANDING}) VALUES (?, ?, ?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (kind, subject) DO UPDATE SET occurrence = excluded.occurrence, status = excluded.status, "
            "changed_at_ms = excluded.changed_at_ms, login = excluded.login, "
            f"reason = coalesce(excluded.reason, reason) RETURNING {_STANDING}",
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
        rows = self._db.rows(f"SELECT {_STANDING} FROM discrepancy WHERE status <> '{CLEARED}'")
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

    def entries_about(self, kind: str, subject: str) -> list[Entry]:
        """What was done about one discrepancy, oldest first; a tag may go by the pouch it is or was in."""
        pouch, colon, sequence = subject.rpartition(":")
        rows = self._db.rows(
            f"SELECT {_ENTRY} FROM discrepancy_entry WHERE kind = ? AND (subject = ? "
            "OR subject IN (SELECT id FROM tag WHERE pouch = ?) "
            "OR subject IN (SELECT id || ? FROM tag WHERE pouch = ?)) ORDER BY id",
            (kind, subject, subject, colon + sequence, pouch),
        )
        return [Entry(*row) for row in rows]

    def stations_of(self, officers: Iterable[str]) -> dict[str, str]:
        """The home stations of officers, as far as they are known, by officer."""
        rows = self._db.rows(
            "SELECT o.id, o.station FROM json_each(?) j CROSS JOIN officer o ON o.id = j.value "
            "WHERE o.station IS NOT NULL",
            (json.dumps(sorted(set(officers))),),
        )
        return dict(rows)
