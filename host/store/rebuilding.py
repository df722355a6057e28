"""Every table of the history made again from the journal, one row at a time, and held against what is there."""

import json
from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Any, NamedTuple

from host.access import journal
from host.access.history import EVENTS, HISTORY, about, about_row, number_in
from host.store.database import Database
from host.store.recording import RECORD, columns_of, plain

ALTERED, MISSING, ADDED = "altered", "missing", "added"


class Wrong(NamedTuple):
    """A row that is not what the journal gives: `how` it differs, its table, and its key here."""

    how: str
    table: str
    row: str


class RebuildingRepository:
    """Compares the tables with the journal. It takes the journal as it is: that it is whole is verified apart."""

    def __init__(self, db: Database) -> None:
        self._connection = db.connection
        self._station = db.station.uuid

    def wrong(self, table: str, looked_at: Callable[[int], object] = lambda _: None) -> Iterator[Wrong]:
        """The rows of a table that differ from the journal, are missing, or were added.

        Tells from time to time how many more were looked at.
        """
        if table == EVENTS:
            yield from self._wrong_records(looked_at)
        else:
            yield from self._wrong_rows(table)

    def misplaced(self) -> Iterator[Wrong]:
        """The facts that are not found by the row that they are about: `about` isn't hashed, and the body says it.

        Without this, a row could be taken away unnoticed by hiding its fact where nobody looks for it.
        """
        facts = self._connection.execute(
            "SELECT entry, part, about, CAST(body AS BLOB) FROM fact WHERE part > 0 AND body IS NOT NULL"
        )
        for entry, part, where, body in facts:
            try:
                fits = where == self._place_of(json.loads(body.decode(errors="replace")))
            except (AttributeError, LookupError, TypeError, ValueError):  # no Kitdock wrote it
                fits = False
            if not fits:
                yield Wrong(ALTERED, "fact", f"{entry}.{part}")

    def _place_of(self, body: list[Any]) -> str | None:
        """What the body of a fact is about; None: no row."""
        kind = body[0]
        if kind == journal.GONE:
            return self._about(body[2])
        if kind == journal.RECORDS:
            return about(EVENTS, (body[1],))
        if kind in (journal.PUT, journal.SET):
            table, row = body[1], body[2]
            return about_row(table, {column: self._here(table, column, value) for column, value in row.items()})
        return None

    def count(self, table: str) -> int:
        """How many rows a table has."""
        return int(self._connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])

    def _wrong_rows(self, table: str) -> Iterator[Wrong]:
        kinds = dict(columns_of(self._connection)[table])
        added = self._defaults(table)
        columns = ", ".join(f'"{each}"' for each in kinds)
        keys = " AND ".join(f'"{each}" = ?' for each in HISTORY[table].key)
        held = 0
        for where, row in self._due(table):
            due = added | {column: self._here(table, column, value) for column, value in row.items()}
            found = self._connection.execute(
                f"SELECT {columns} FROM {table} WHERE {keys}", [due.get(each) for each in HISTORY[table].key]
            ).fetchone()
            if found is None:
                yield Wrong(MISSING, table, _key(where))
                continue
            held += 1
            there = {column: plain(value) for column, value in zip(kinds, found, strict=True)}
            if there != due or about_row(table, due) != where:
                yield Wrong(ALTERED, table, _key(where))
        if held != self.count(table):
            known = {about_row(table, row) for row in self._due_here(table)}
            key_columns = ", ".join(f'"{each}"' for each in HISTORY[table].key)
            for key in self._connection.execute(f"SELECT {key_columns} FROM {table} ORDER BY {key_columns}"):
                if about(table, key) not in known:
                    yield Wrong(ADDED, table, _key(about(table, key)))

    def _defaults(self, table: str) -> dict[str, Any]:
        """What a column holds that a row didn't have yet when it was put: a later layout added it."""
        rows = self._connection.execute("SELECT name, dflt_value FROM pragma_table_info(?)", (table,)).fetchall()
        return {name: self._connection.execute(f"SELECT {default or 'NULL'}").fetchone()[0] for name, default in rows}

    def _due_here(self, table: str) -> Iterator[dict[str, Any]]:
        for _, row in self._due(table):
            yield {column: self._here(table, column, value) for column, value in row.items()}

    def _due(self, table: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Each row of a table as the journal gives it, references by identity."""
        rows = self._connection.execute(
            "SELECT about, CAST(body AS BLOB) FROM fact WHERE about >= ? AND about < ? AND body IS NOT NULL "
            "ORDER BY about, entry, part",
            (f"{table}:", f"{table};"),
        )
        for where, bodies in groupby(rows, key=lambda each: each[0]):
            kind, _, row, *_ = _read([body for _, body in bodies][-1], table)
            if kind != journal.GONE:
                yield where, row

    def _here(self, table: str, column: str, value: Any) -> Any:
        """A value as this database has it: a reference by the number that the row has here."""
        if value is None or column not in HISTORY[table].refers:
            return value
        found = self._about(str(value))
        return value if found is None else number_in(found)

    def _about(self, identity: str) -> str | None:
        """The row that a fact of this station put, by the fact's identity; None if there is no such fact."""
        station, _, rest = identity.partition("/")
        epoch, _, at = rest.partition("/")
        number, _, part = at.partition(".")
        row = self._connection.execute(
            "SELECT f.about FROM fact f JOIN journal j ON j.number = f.entry "
            "WHERE f.entry = ? AND f.part = ? AND j.epoch = ?",
            (number, part, epoch),
        ).fetchone()
        return str(row[0]) if row and row[0] is not None and station == self._station else None

    def _wrong_records(self, looked_at: Callable[[int], object]) -> Iterator[Wrong]:
        tags = self._connection.execute(
            "SELECT id FROM tag UNION SELECT tag FROM (SELECT DISTINCT tag FROM event) ORDER BY 1"
        ).fetchall()
        for (tag,) in tags:
            yield from self._wrong_records_of(tag, looked_at)

    def _wrong_records_of(self, tag: str, looked_at: Callable[[int], object]) -> Iterator[Wrong]:
        due: dict[int, tuple[str, bytes, str]] = {}
        for salt, body in self._connection.execute(
            "SELECT salt, CAST(body AS BLOB) FROM fact WHERE about = ? AND body IS NOT NULL", (about(EVENTS, (tag,)),)
        ):
            docking, digests = _records(body)
            looked_at(len(digests))
            due |= {sequence: (digest, salt, docking) for sequence, digest in digests.items()}
        dockings: dict[str, int | None] = {}
        rows = self._connection.execute(
            f"SELECT docking, {', '.join(RECORD)} FROM {EVENTS} WHERE tag = ? ORDER BY sequence", (tag,)
        )
        for docking, *columns in rows:
            wanted = due.pop(columns[0], None)
            if wanted is None:
                yield Wrong(ADDED, EVENTS, f"{tag} {columns[0]}")
                continue
            digest, salt, identity = wanted
            if identity not in dockings:
                found = self._about(identity)
                dockings[identity] = number_in(found) if found else None
            if journal.record_digest(salt, columns) != digest or dockings[identity] != docking:
                yield Wrong(ALTERED, EVENTS, f"{tag} {columns[0]}")
        for sequence in sorted(due):
            yield Wrong(MISSING, EVENTS, f"{tag} {sequence}")


def _records(body: bytes) -> tuple[str, dict[int, str]]:
    """The body of a fact of records. One that no Kitdock wrote holds none."""
    try:
        return journal.records(body.decode(errors="replace"))
    except (ValueError, TypeError):
        return "", {}


def _read(body: bytes, table: str) -> list[Any]:
    """The body of a fact of a row. One that no Kitdock wrote counts as a row that there is not."""
    try:
        found = json.loads(body.decode(errors="replace"))
    except ValueError:
        found = None
    if isinstance(found, list) and len(found) > 2 and found[1] == table and isinstance(found[2], dict):
        return found
    return [journal.GONE, table, None]


def _key(where: str) -> str:
    """The key of a row, for people."""
    _, _, key = where.partition(":")
    return " ".join(map(str, json.loads(key))) if key.startswith("[") else key
