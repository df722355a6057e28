"""Retention in the database: counts what the policy destroys, and destroys it in one transaction."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import date

from host import clock, ledger
from host.access import retention
from host.access.retention import EVENTS, LEAVERS, Amount
from host.phrase import Phrase
from host.store.database import Database
from host.store.derivation import DerivationRepository
from host.store.rollups import RollupRepository
from host.store.stock import StockRepository
from host.tag.events import Event, Tag
from host.tag.log import NO_START, RESTART

_EVENT = ", ".join(Event._fields)


class RetentionRepository:
    """The part of the store that destroys what is old enough."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._derivation = DerivationRepository(db)
        self._rollups = RollupRepository(db)
        self._stock = StockRepository(db)

    def drop_log(self) -> bool:
        """Moves the log beside the file into it and empties it: it holds pages as they were. False if it is in use."""
        row = self._db.row("PRAGMA wal_checkpoint(TRUNCATE)")
        return row is not None and row[0] == 0

    def retain_column(self, kind: str, column: str, empty: str, until_ms: int, destroy: bool) -> Amount:
        where = f"WHERE filed_at_ms < ? AND {column} <> {empty}"
        row = self._db.row(f"SELECT count(*), min(filed_at_ms) FROM usage_report {where}", (until_ms,))
        assert row is not None
        if destroy:
            self._db.connection.execute(f"UPDATE usage_report SET {column} = {empty} {where}", (until_ms,))
        return Amount(kind, 0, until_ms, row[0], row[1], 0, None)

    def retain_events(self, until_ms: int, destroy: bool) -> Amount:
        rows, kept, oldest = 0, 0, None
        with self._lifted("event", "explanation") if destroy else _nothing():
            for tag in self._rollups.all_tags():
                dockings = "SELECT id, started_at_ms FROM docking WHERE tag = ? AND started_at_ms < ?"
                old: dict[int, int] = dict(self._db.rows(dockings, (tag.id, until_ms)))
                if not old:
                    continue
                events = [
                    Event(*row)
                    for row in self._db.rows(f"SELECT {_EVENT} FROM event WHERE tag = ? ORDER BY sequence", (tag.id,))
                ]
                stay = retention.needed(events, *self._stay(tag))
                goes = set(retention.forgettable(events, old, stay))
                rows += len(goes)
                kept += sum(each.docking in old for each in events) - len(goes)
                times = [old[each.docking] for each in events if each.sequence in goes]
                oldest = min([each for each in (oldest, *times) if each is not None], default=None)
                if destroy and goes:
                    self._forget(tag, goes)
        why = Phrase("retention.events_stay") if kept else None
        return Amount(EVENTS, 0, until_ms, rows, oldest, kept, why)

    def _stay(self, tag: Tag) -> tuple[set[int], set[int]]:
        """Sequences at which `tag` has an opening or a temperature that must stay, and those at which it has a flaw, or
        before one that is told by two records."""
        openings = self._db.rows(
            "SELECT sequence FROM opening WHERE tag = ? AND (cause IS NULL OR cause = 'used' OR reports > 0) "
            "UNION SELECT sequence FROM usage_report WHERE tag = ? "
            "UNION SELECT sequence FROM report_note WHERE tag = ? "
            "UNION SELECT sequence FROM opening_asks WHERE tag = ? "
            "UNION SELECT j.value FROM temperature t CROSS JOIN json_each(json_array(t.sequence, t.since)) j "
            "WHERE t.tag = ? AND EXISTS "
            "(SELECT 1 FROM product p WHERE t.warmest_c > p.most_c OR t.coldest_c < p.least_c)",
            (tag.id,) * 5,
        )
        flaws = self._db.rows(
            "SELECT sequence FROM log_flaw WHERE tag = ? AND kind <> 'clock' "
            f"UNION SELECT sequence - 1 FROM log_flaw WHERE tag = ? AND kind IN ('{RESTART}', '{NO_START}')",
            (tag.id, tag.id),
        )
        return {row[0] for row in openings}, {row[0] for row in flaws}

    def _forget(self, tag: Tag, sequences: Collection[int]) -> None:
        connection = self._db.connection
        new = retention.ranges(sequences)
        for table in ("explanation", "event"):
            connection.executemany(
                f"DELETE FROM {table} WHERE tag = ? AND sequence BETWEEN ? AND ?",
                [(tag.id, first, last) for first, last in new],
            )
        known = self._db.rows("SELECT first, last FROM forgotten WHERE tag = ?", (tag.id,))
        connection.execute("DELETE FROM forgotten WHERE tag = ?", (tag.id,))
        connection.executemany(
            "INSERT INTO forgotten (tag, first, last) VALUES (?, ?, ?)",
            [(tag.id, first, last) for first, last in retention.joined([(row[0], row[1]) for row in known], new)],
        )
        self._derivation.derive(tag)

    def retain_leavers(self, until_ms: int, destroy: bool) -> Amount:
        day = clock.today(until_ms, self._db.station.time_zone)
        left = self._db.rows(
            "SELECT id, left_on, EXISTS (SELECT 1 FROM kit_state WHERE officer = officer.id AND status = 'issued') "
            "OR EXISTS (SELECT 1 FROM account WHERE officer = officer.id) "
            "FROM officer WHERE left_on < ? AND id NOT LIKE 'left-%' ORDER BY left_on, id",
            (day.isoformat(),),
        )
        goes = [(id, left_on) for id, left_on, held in left if not held]
        if destroy:
            with self._lifted("movement", "explanation", "docked_by"):
                for id, _ in goes:
                    self._rename_officer(id)
        oldest = goes[0][1] if goes else None
        return Amount(
            LEAVERS,
            0,
            until_ms,
            len(goes),
            clock.midnight_after(date.fromisoformat(oldest), self._db.station.time_zone) if oldest else None,
            len(left) - len(goes),
            Phrase("retention.leavers_stay") if len(left) > len(goes) else None,
        )

    def _rename_officer(self, officer: str) -> None:
        """Puts a name that says nothing in the place of an officer's number, wherever a row refers to it."""
        connection = self._db.connection
        taken = {row[0] for row in self._db.rows("SELECT id FROM officer WHERE id LIKE 'left-%'")}
        name = retention.pseudonym(taken)
        columns = [row[1] for row in self._db.rows("PRAGMA table_info(officer)") if row[1] != "id"]
        connection.execute(
            f"INSERT INTO officer (id, {', '.join(columns)}) SELECT ?, {', '.join(columns)} FROM officer WHERE id = ?",
            (name, officer),
        )
        kits = [row[0] for row in self._db.rows("SELECT DISTINCT kit FROM movement WHERE officer = ?", (officer,))]
        for table, column in self._references_to("officer"):
            connection.execute(f"UPDATE {table} SET {column} = ? WHERE {column} = ?", (name, officer))
        connection.execute("DELETE FROM officer WHERE id = ?", (officer,))
        for kit in kits:
            lot = self._stock.lot_of(kit)
            self._rollups.write_kit(kit, ledger.replay(self._stock.movements(kit), lot.doses_per_kit), lot)

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
    def _lifted(self, *tables: str) -> Iterator[None]:
        """Within a transaction: the triggers that make `tables` append-only are away, and put back at the end."""
        names = [f"{table}_no_{verb}" for table in tables for verb in ("update", "delete")]
        held = {}
        for name in names:
            row = self._db.row("SELECT sql FROM sqlite_schema WHERE type = 'trigger' AND name = ?", (name,))
            if row is not None:
                held[name] = row[0]
                self._db.connection.execute(f"DROP TRIGGER {name}")
        yield
        for sql in held.values():
            self._db.connection.execute(sql)


@contextmanager
def _nothing() -> Iterator[None]:
    yield
