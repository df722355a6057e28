"""Retention in the database: finds what is old enough, and destroys it for good."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import NamedTuple

from host import ledger
from host.access import retention
from host.access.history import HISTORY
from host.access.retention import EVENTS, LEAVERS
from host.store.database import Database
from host.store.rollups import RollupRepository
from host.store.stock import StockRepository
from host.tag.log import NO_START, RESTART

_APPEND_ONLY = {
    EVENTS: ("event", "explanation"),
    LEAVERS: ("movement", "explanation", "docked_by", "stocktake_scan", "stocktake_difference"),
}
"""The tables of which rows are destroyed or changed, of each kind, that nothing else may change."""

_MENTIONS = {"stocktake_scan": "counter", "stocktake_difference": "detail"}
"""Columns in which an officer's number may stand although they refer to no row."""


class Leaver(NamedTuple):
    """An officer who has left; `needed`: a kit is still with the officer, or an account is the officer's."""

    officer: str
    left_on: date
    needed: bool


class RetentionRepository:
    """Destroys rows of other rooms that are old enough; of its own it holds which records of a tag were destroyed."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._rollups = RollupRepository(db)
        self._stock = StockRepository(db)

    def overwrite_what_goes(self) -> None:
        """Has freed bytes zeroed, in this connection from now on; outside of a transaction."""
        self._db.connection.execute("PRAGMA secure_delete = ON")

    def drop_log(self) -> bool:
        """Moves the log beside the file into it and empties it: it holds pages as they were. False if it is in use."""
        row = self._db.row("PRAGMA wal_checkpoint(TRUNCATE)")
        return row is not None and row[0] == 0

    def old_answers(self, until_ms: int) -> tuple[int, int | None]:
        """How many reports from before `until_ms` have protected answers, and when the oldest of them was filed."""
        return self._old("sealed <> x''", until_ms)

    def empty_answers(self, until_ms: int) -> None:
        """Destroys the protected answers of the reports from before `until_ms`."""
        self._db.connection.execute(
            "UPDATE usage_report SET sealed = x'' WHERE filed_at_ms < ? AND sealed <> x''", (until_ms,)
        )

    def old_fields(self, until_ms: int) -> tuple[int, int | None]:
        """How many reports from before `until_ms` have open answers, and when the oldest of them was filed."""
        return self._old("fields <> '{}'", until_ms)

    def empty_fields(self, until_ms: int) -> None:
        """Destroys the open answers of the reports from before `until_ms`."""
        self._db.connection.execute(
            "UPDATE usage_report SET fields = '{}' WHERE filed_at_ms < ? AND fields <> '{}'", (until_ms,)
        )

    def empty_report(self, report: int) -> None:
        """Destroys all answers of one report."""
        self._db.connection.execute("UPDATE usage_report SET sealed = x'', fields = '{}' WHERE id = ?", (report,))

    def _old(self, condition: str, until_ms: int) -> tuple[int, int | None]:
        row = self._db.row(
            f"SELECT count(*), min(filed_at_ms) FROM usage_report WHERE filed_at_ms < ? AND {condition}", (until_ms,)
        )
        assert row is not None
        return row[0], row[1]

    def old_dockings(self, tag_id: str, until_ms: int) -> dict[int, int]:
        """When each docking of a tag began that did so before `until_ms`, by id."""
        return dict(
            self._db.rows(
                "SELECT id, started_at_ms FROM docking WHERE tag = ? AND started_at_ms < ?", (tag_id, until_ms)
            )
        )

    def staying(self, tag_id: str) -> tuple[set[int], set[int]]:
        """Sequences at which a tag has an opening or a temperature that must stay, and those at which it has a flaw, or
        before one that two records tell of."""
        openings = self._db.rows(
            "SELECT sequence FROM opening WHERE tag = ? AND (cause IS NULL OR cause = 'used' OR reports > 0) "
            "UNION SELECT sequence FROM usage_report WHERE tag = ? "
            "UNION SELECT sequence FROM report_note WHERE tag = ? "
            "UNION SELECT sequence FROM opening_asks WHERE tag = ? "
            "UNION SELECT j.value FROM temperature t CROSS JOIN json_each(json_array(t.sequence, t.since)) j "
            "WHERE t.tag = ? AND EXISTS "
            "(SELECT 1 FROM product p WHERE t.warmest_c > p.most_c OR t.coldest_c < p.least_c)",
            (tag_id,) * 5,
        )
        flaws = self._db.rows(
            "SELECT sequence FROM log_flaw WHERE tag = ? AND kind <> 'clock' "
            f"UNION SELECT sequence - 1 FROM log_flaw WHERE tag = ? AND kind IN ('{RESTART}', '{NO_START}')",
            (tag_id, tag_id),
        )
        return {row[0] for row in openings}, {row[0] for row in flaws}

    def forget(self, tag_id: str, gone: Sequence[tuple[int, int]]) -> None:
        """Destroys the records of a tag from each first to each last sequence, with what people said about them.

        That they were there is kept. What follows from the tag's log is to be derived anew, within the transaction.
        """
        connection = self._db.connection
        for table in ("explanation", "event"):
            connection.executemany(
                f"DELETE FROM {table} WHERE tag = ? AND sequence BETWEEN ? AND ?",
                [(tag_id, first, last) for first, last in gone],
            )
        known = self._db.rows("SELECT first, last FROM forgotten WHERE tag = ?", (tag_id,))
        connection.execute("DELETE FROM forgotten WHERE tag = ?", (tag_id,))
        connection.executemany(
            "INSERT INTO forgotten (tag, first, last) VALUES (?, ?, ?)",
            [(tag_id, first, last) for first, last in retention.joined([(row[0], row[1]) for row in known], gone)],
        )

    def leavers(self, before: date) -> list[Leaver]:
        """The officers who left before that day and have their numbers still, the first to leave first."""
        rows = self._db.rows(
            "SELECT id, left_on, EXISTS (SELECT 1 FROM kit_state WHERE officer = officer.id AND status = 'issued') "
            "OR EXISTS (SELECT 1 FROM account WHERE officer = officer.id) "
            "FROM officer WHERE left_on < ? AND id NOT LIKE 'left-%' ORDER BY left_on, id",
            (before.isoformat(),),
        )
        return [Leaver(officer, date.fromisoformat(left_on), bool(needed)) for officer, left_on, needed in rows]

    def leaver(self, officer: str) -> Leaver | None:
        """An officer who has left and has the number still; None if there is none."""
        return next((each for each in self.leavers(date.max) if each.officer == officer), None)

    def rename_officer(self, officer: str) -> None:
        """Puts a name that says nothing in place of an officer's number, wherever a row refers to it."""
        connection = self._db.connection
        taken = {row[0] for row in self._db.rows("SELECT id FROM officer WHERE id LIKE 'left-%'")}
        name = retention.pseudonym(taken)
        columns = [row[1] for row in self._db.rows("PRAGMA table_info(officer)") if row[1] != "id"]
        connection.execute(
            f"INSERT INTO officer (id, {', '.join(columns)}) SELECT ?, {', '.join(columns)} FROM officer WHERE id = ?",
            (name, officer),
        )
        # A draft is sealed for the number that goes.
        connection.execute("DELETE FROM report_draft WHERE officer = ?", (officer,))
        kits = [row[0] for row in self._db.rows("SELECT DISTINCT kit FROM movement WHERE officer = ?", (officer,))]
        for table, column in self._references_to("officer"):
            connection.execute(f"UPDATE {table} SET {column} = ? WHERE {column} = ?", (name, officer))
        for table, column in _MENTIONS.items():
            self._rename_in(table, column, officer, name)
        connection.execute("DELETE FROM officer WHERE id = ?", (officer,))
        for kit in kits:
            lot = self._stock.lot_of(kit)
            self._rollups.write_kit(kit, ledger.replay(self._stock.movements(kit), lot.doses_per_kit), lot)

    def _rename_in(self, table: str, column: str, officer: str, name: str) -> None:
        """Puts the name in place of the number wherever that stands by itself in a text."""
        alone = re.compile(rf"(?<![\w-]){re.escape(officer)}(?![\w-])")
        key = ", ".join(HISTORY[table].key)
        for text, *row in self._db.rows(f"SELECT {column}, {key} FROM {table} WHERE instr({column}, ?)", (officer,)):
            self._db.connection.execute(
                f"UPDATE {table} SET {column} = ? WHERE ({key}) = ({', '.join('?' * len(row))})",
                (alone.sub(name, text), *row),
            )

    def _references_to(self, table: str) -> list[tuple[str, str]]:
        """Every table and column that refers to a row of `table`."""
        tables = [row[0] for row in self._db.rows("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        return [
            (each, row[3])
            for each in tables
            for row in self._db.rows(f"PRAGMA foreign_key_list({each})")
            if row[2] == table
        ]

    @contextmanager
    def lifted(self, kind: str) -> Iterator[None]:
        """Within a transaction: the triggers that make the tables of `kind` append-only are away, and put back at the
        end."""
        names = [f"{table}_no_{verb}" for table in _APPEND_ONLY[kind] for verb in ("update", "delete")]
        held = {}
        for name in names:
            row = self._db.row("SELECT sql FROM sqlite_schema WHERE type = 'trigger' AND name = ?", (name,))
            if row is not None:
                held[name] = row[0]
                self._db.connection.execute(f"DROP TRIGGER {name}")
        yield
        for sql in held.values():
            self._db.connection.execute(sql)
