"""What a transaction changes in the history is recorded as it happens, to become the facts of its entries."""

import sqlite3
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any, NamedTuple

from host.access import journal
from host.access.history import EVENTS, HISTORY, about, about_row
from host.access.journal import Fact

RECORD = ("sequence", "record", "verdict", "type", "flags", "battery_mv", "boot_count", "uptime_s", "utc_s", "aux")
"""The columns of a record that its digest is of, in order."""


class RowChange(NamedTuple):
    """A row that was put, set anew or is gone; `row` are its columns (of one that is gone: its key)."""

    kind: str
    table: str
    about: str
    row: dict[str, Any]


class Recorder:
    """Hears of every row of the history that this connection puts, changes or takes away, by triggers of its own.

    So no statement can change the history and leave the journal out; what another program changes is in no entry, and
    the check of the database finds it.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._heard = False
        self._columns: dict[str, tuple[str, ...]] = {}
        self._changes: list[tuple[str, str, tuple[Any, ...]]] = []
        self._records: list[tuple[Any, ...]] = []
        self._gone: list[tuple[str, int]] = []

    def listen(self) -> None:
        """Begins to hear, in the layout that the database has now."""
        if self._heard:
            return
        self._heard = True
        make = self._connection.create_function
        make("kitdock_changed", -1, self._hear)
        make("kitdock_record", -1, self._hear_record)
        make("kitdock_record_gone", 2, self._hear_record_gone)
        for sql in self._triggers():
            self._connection.execute(sql)

    def _triggers(self) -> Iterator[str]:
        columns = columns_of(self._connection)
        for table, of in HISTORY.items():
            self._columns[table] = names = tuple(each for each, _ in columns[table])
            row, key = (", ".join(f'{{0}}."{each}"' for each in these) for these in (names, of.key))
            for verb, kind, version, these in (
                ("INSERT", journal.PUT, "NEW", row),
                ("UPDATE", journal.SET, "NEW", row),
                ("DELETE", journal.GONE, "OLD", key),
            ):
                yield (
                    f"CREATE TEMP TRIGGER journal_{table}_{kind} AFTER {verb} ON main.{table} "
                    f"BEGIN SELECT kitdock_changed('{kind}', '{table}', {these.format(version)}); END"
                )
        record = ", ".join(f"NEW.{each}" for each in ("tag", "docking", *RECORD))
        yield (
            f"CREATE TEMP TRIGGER journal_event_put AFTER INSERT ON main.{EVENTS} "
            f"BEGIN SELECT kitdock_record({record}); END"
        )
        yield (
            f"CREATE TEMP TRIGGER journal_event_gone AFTER DELETE ON main.{EVENTS} "
            "BEGIN SELECT kitdock_record_gone(OLD.tag, OLD.sequence); END"
        )

    def _hear(self, kind: str, table: str, *values: Any) -> None:
        self._changes.append((kind, table, values))

    def _hear_record(self, *values: Any) -> None:
        self._records.append(values)

    def _hear_record_gone(self, tag: str, sequence: int) -> None:
        self._gone.append((tag, sequence))

    def clear(self) -> None:
        """Nothing has changed: the transaction begins, or was undone."""
        self._changes.clear()
        self._records.clear()
        self._gone.clear()

    def anything(self) -> bool:
        """Whether anything has changed that is in no entry yet."""
        return bool(self._changes or self._records or self._gone)

    def tables(self) -> list[str]:
        """The tables that have changed since the last entry."""
        events = [EVENTS] if self._records or self._gone else []
        return sorted({table for _, table, _ in self._changes}) + events

    def take(self, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """Hears of rows of a table as if they were put now, all columns in order: a history begins with them."""
        self._changes += [(journal.PUT, table, row) for row in rows]

    def take_records(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """As `take`, of records: tag and docking, then the columns of `RECORD`."""
        self._records += rows

    def changes(self) -> list[RowChange]:
        """The rows that have changed since the last entry, each once and as it is now, in the order of its change."""
        found: dict[str, RowChange] = {}
        for kind, table, values in self._changes:
            columns = HISTORY[table].key if kind == journal.GONE else self._columns[table]
            row = dict(zip(columns, values, strict=True))
            where = about_row(table, row)
            before = found.pop(where, None)
            if before is not None and before.kind == journal.PUT:
                if kind == journal.GONE:  # it came and went within one entry
                    continue
                kind = journal.PUT
            found[where] = RowChange(kind, table, where, row)
        return list(found.values())

    def records(self) -> dict[tuple[str, int], list[tuple[Any, ...]]]:
        """The records that are new, by tag and docking: the columns of each, in order of sequence."""
        found: dict[tuple[str, int], list[tuple[Any, ...]]] = {}
        for tag, docking, *columns in self._records:
            found.setdefault((tag, docking), []).append(tuple(columns))
        return {key: sorted(rows) for key, rows in found.items()}

    def gone(self) -> dict[str, set[int]]:
        """The records that are no more: sequences by tag."""
        found: dict[str, set[int]] = {}
        for tag, sequence in self._gone:
            found.setdefault(tag, set()).add(sequence)
        return found


def columns_of(connection: sqlite3.Connection) -> dict[str, list[tuple[str, str]]]:
    """The columns of every table, in order, each with its declared type."""
    found: dict[str, list[tuple[str, str]]] = {}
    for table, column, kind in connection.execute(
        "SELECT m.name, p.name, p.type FROM main.sqlite_schema m JOIN pragma_table_info(m.name) p "
        "WHERE m.type = 'table' ORDER BY m.name, p.cid"
    ):
        found.setdefault(table, []).append((column, kind))
    return found


def plain(value: Any) -> Any:
    """A value of a column as a fact has it: bytes as hexadecimal digits."""
    return value.hex() if isinstance(value, bytes) else value


def record_facts(part: int, tag: str, docking: str, rows: Iterable[tuple[Any, ...]]) -> Iterator[Fact]:
    """Facts of a tag's records of one docking, `docking` being its identity: one for each run without a gap."""
    for _, run in groupby(enumerate(rows), key=lambda each: each[1][0] - each[0]):
        these = [row for _, row in run]
        salt = journal.salt()
        digests = "".join(journal.record_digest(salt, row) for row in these)
        body = journal.text_of([journal.RECORDS, tag, docking, these[0][0], digests])
        yield journal.fact(part, about(EVENTS, (tag,)), body, salt)
        part += 1
