"""What the dock tells of itself, in the database: a row for its run, one for each adapter, one for each tag waiting."""

from collections.abc import Iterable

from host.store.database import Database
from host.tag.dock import Attendance, Collected, DockRun, RadioState, WaitingPouch


class DockRepository:
    """Holds the newest run of a dock with its adapters, and the tags that wait to be collected."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def put_run(self, run: str, now: DockRun, radios: Iterable[RadioState]) -> None:
        """Keeps what a run tells of itself, in place of what it or another told before, within a transaction.

        A run that is known already keeps the time at which it began.
        """
        connection = self._db.connection
        connection.execute(
            "INSERT INTO dock_run (one, run, began_ms, process, computer, seen_ms, listened_ms) "
            "VALUES (1, ?, ?, ?, ?, ?, ?) ON CONFLICT (one) DO UPDATE SET "
            "began_ms = iif(run = excluded.run, began_ms, excluded.began_ms), run = excluded.run, "
            "process = excluded.process, computer = excluded.computer, seen_ms = excluded.seen_ms, "
            "listened_ms = coalesce(excluded.listened_ms, listened_ms)",
            (run, *now),
        )
        connection.execute("DELETE FROM dock_radio")
        connection.executemany(
            "INSERT OR REPLACE INTO dock_radio (adapter, listening, why, since_ms) VALUES (?, ?, ?, ?)", radios
        )
        connection.execute("DELETE FROM dock_waiting WHERE tag IN (SELECT id FROM tag WHERE retired_at_ms IS NOT NULL)")
        # A clock that was ahead has put these into a time to come.
        connection.execute("UPDATE dock_waiting SET since_ms = ? WHERE since_ms > ?", (now.seen_ms, now.seen_ms))

    def waits(self, tag_id: str) -> tuple[bool, str | None]:
        """Whether a tag waits, and why its last docking failed, if one did."""
        row = self._db.row("SELECT why FROM dock_waiting WHERE tag = ?", (tag_id,))
        return (row is not None, row[0] if row else None)

    def put_waiting(self, tag_id: str, at_ms: int, why: str | None) -> None:
        """Keeps that a tag in use waits, if it did not before, and why its last docking failed, if one did.

        It has not waited since before it was enrolled, or collected: a clock that was behind has said so.
        """
        self._db.connection.execute(
            "INSERT INTO dock_waiting (tag, since_ms, why) "
            "SELECT id, max(?, enrolled_at_ms, coalesce((SELECT max(finished_at_ms) FROM docking "
            "WHERE tag = tag.id AND outcome = 'complete'), 0)), ? FROM tag WHERE id = ? AND retired_at_ms IS NULL "
            "ON CONFLICT (tag) DO UPDATE SET why = coalesce(excluded.why, why)",
            (at_ms, why, tag_id),
        )

    def remove_waiting(self, tag_id: str) -> None:
        """A tag waits no longer."""
        self._db.connection.execute("DELETE FROM dock_waiting WHERE tag = ?", (tag_id,))

    def attendance(self) -> Attendance:
        """All that is known of the dock; what waits the longest comes first."""
        run = self._db.row("SELECT began_ms, process, computer, seen_ms, listened_ms FROM dock_run")
        radios = self._db.rows("SELECT adapter, listening, why, since_ms FROM dock_radio ORDER BY adapter")
        collected = self._db.row(
            "SELECT t.pouch, d.finished_at_ms FROM docking d JOIN tag t ON t.id = d.tag "
            "WHERE d.outcome = 'complete' ORDER BY d.id DESC LIMIT 1"
        )
        waiting = self._db.rows(
            "SELECT t.id, t.pouch, w.since_ms, w.why FROM dock_waiting w JOIN tag t ON t.id = w.tag "
            "WHERE t.retired_at_ms IS NULL ORDER BY w.since_ms, t.pouch"
        )
        first = self._db.row("SELECT min(enrolled_at_ms) FROM tag WHERE retired_at_ms IS NULL")
        return Attendance(
            DockRun(*run) if run else None,
            [RadioState(adapter, bool(listening), why, since) for adapter, listening, why, since in radios],
            Collected(*collected) if collected else None,
            [WaitingPouch(*row) for row in waiting],
            first[0] if first else None,
        )
