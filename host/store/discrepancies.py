"""Discrepancies in the database: what people did about what the rules found."""

import json
from collections.abc import Iterable, Sequence

from host.reconcile.discrepancy import Discrepancy
from host.reconcile.lifecycle import CLEARED, Entry, Key, Live, Standing, changes, check, live, standings
from host.store.situation import Situations

_ENTRY = ", ".join(Entry._fields)
_STANDING = ", ".join(Standing._fields)


class Discrepancies(Situations):
    """The part of the store that keeps what people did about discrepancies."""

    def standings(self, found: Iterable[Discrepancy]) -> list[Live]:
        """Where each of what was found stands. Raises `NotAllowed`."""
        self._demand("stock.read")
        there = list(found)
        return live(there, self._standings(there))

    def note_discrepancies(self, found: Sequence[Discrepancy], at_ms: int) -> dict[str, int]:
        """Notes what was found and is new or has returned, and what is no longer found; returns how many of each.

        Writes nothing if nothing has changed. Raises `NotAllowed`.
        """
        self._demand("discrepancy.note")
        if not changes(found, self._standings(found)):
            return {}
        with self._changing("discrepancy.note") as detail:
            counts: dict[str, int] = {}
            for change in changes(found, self._standings(found)):
                self._add_entry(Entry(0, *change, None, self.login, at_ms))
                counts[change.action] = counts.get(change.action, 0) + 1
            detail |= counts
        return counts

    def judge(self, verb: str, action: str, found: Discrepancy, reason: str, at_ms: int) -> Standing:
        """Notes that somebody acknowledged, resolved or reopened a discrepancy, and where it stands then.

        `verb` is the action of `host.access.roles`, as in discrepancy.resolve. Raises `RuleError`, `NotAllowed`.
        """
        with self._changing(f"discrepancy.{verb}", found.name) as detail:
            (now,) = live([found], self._standings([found]))
            check(action, found.name, now.status)
            if now.standing is None or now.standing.status == CLEARED:
                self._add_entry(Entry(0, *found.key, found.occurrence, now.status, None, self.login, at_ms))
            detail["reason"] = reason
            return self._add_entry(Entry(0, *found.key, found.occurrence, action, reason, self.login, at_ms))

    def stations_of(self, officers: Iterable[str]) -> dict[str, str]:
        """The home stations of officers, as far as they are known. Raises `NotAllowed`."""
        self._demand("stock.read")
        rows = self._rows(
            "SELECT o.id, o.station FROM json_each(?) j CROSS JOIN officer o ON o.id = j.value "
            "WHERE o.station IS NOT NULL",
            (json.dumps(sorted(set(officers))),),
        )
        return dict(rows)

    def discrepancy_entries(self, kind: str, subject: str) -> list[Entry]:
        """What was done about one discrepancy, oldest first; a tag may go by the pouch it is or was in.

        Raises `NotAllowed`.
        """
        self._demand("stock.read")
        pouch, colon, sequence = subject.rpartition(":")
        rows = self._rows(
            f"SELECT {_ENTRY} FROM discrepancy_entry WHERE kind = ? AND (subject = ? "
            "OR subject IN (SELECT id FROM tag WHERE pouch = ?) "
            "OR subject IN (SELECT id || ? FROM tag WHERE pouch = ?)) ORDER BY id",
            (kind, subject, subject, colon + sequence, pouch),
        )
        return [Entry(*row) for row in rows]

    def recomputed_standings(self) -> tuple[list[Standing], list[Standing]]:
        """Where every discrepancy stands, by the roll-up, and by all entries: the two are the same."""
        self._demand("stock.read")
        entries = [Entry(*row) for row in self._rows(f"SELECT {_ENTRY} FROM discrepancy_entry ORDER BY id")]
        kept = [Standing(*row) for row in self._rows(f"SELECT {_STANDING} FROM discrepancy")]
        return sorted(kept), sorted(standings(entries).values())

    def _add_entry(self, entry: Entry) -> Standing:
        """Adds an entry and keeps the roll-up, within a transaction."""
        self._connection.execute(
            f"INSERT INTO discrepancy_entry ({_ENTRY}) VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)", entry[1:]
        )
        row = self._connection.execute(
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

    def _standings(self, found: Iterable[Discrepancy]) -> dict[Key, Standing]:
        """Where everything stands that is not cleared, and what was cleared of `found`."""
        rows = self._rows(f"SELECT {_STANDING} FROM discrepancy WHERE status <> '{CLEARED}'")
        known = {(row[0], row[1]): Standing(*row) for row in rows}
        others = [key for key in ((each.kind, each.subject) for each in found) if key not in known]
        columns = ", ".join(f"d.{column}" for column in Standing._fields)
        for row in self._rows(
            f"SELECT {columns} FROM json_each(?) j CROSS JOIN discrepancy d "
            "ON d.kind = j.value ->> 0 AND d.subject = j.value ->> 1",
            (json.dumps(others),),
        ):
            known[row[0], row[1]] = Standing(*row)
        return known
