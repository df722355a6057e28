"""The journal in the database: entries are added with the facts that came of them, read, and facts destroyed."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from host.access import journal
from host.access.history import EVENTS, HISTORY, about
from host.access.journal import Actor, Chain, Fact, JournalEntry, ListedEntry, Told
from host.store import copying
from host.store.recording import RECORD, Recorder, RowChange, plain, record_facts

_ENTRY = ("login", "via", "device", "action", "outcome")
_AT_ONCE = 150
"""Facts that one statement adds: a SQLite from before 3.32 takes 999 values in one."""


class Newest(NamedTuple):
    """The end of the journal: number, time and hash of the newest entry; station and epoch of the next."""

    number: int
    at_ms: int
    hash: bytes
    station: str
    epoch: int


class Journal:
    """Adds entries, with what the recorder has heard since the last one as their facts."""

    def __init__(self, connection: sqlite3.Connection, recorder: Recorder) -> None:
        self._connection = connection
        self._recorder = recorder

    def add(
        self, newest: Newest, at_ms: int, who: Actor, action: str, outcome: str, told: Told, forgetting: bool = False
    ) -> bytes:
        """Adds the entry after the newest, and returns its hash. What has changed since is in it.

        With `forgetting`, what the journal had of each changed row until now is destroyed.
        """
        facts = [journal.fact(0, None, journal.told_body(told))]
        if self._recorder.anything():
            facts += _Facts(self._connection, newest, self._recorder).made(forgetting)
            self._recorder.clear()
        return self._write(newest, at_ms, who, action, outcome, facts)

    def _write(self, newest: Newest, at_ms: int, who: Actor, action: str, outcome: str, facts: Sequence[Fact]) -> bytes:
        number = newest.number + 1
        digests = [each.digest for each in facts]
        hash = journal.chained(newest.hash, newest.station, newest.epoch, number, at_ms, who, action, outcome, digests)
        self._connection.execute(
            "INSERT INTO journal (number, epoch, at_ms, login, via, device, action, outcome, hash) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (number, newest.epoch, at_ms, *who, action, outcome, hash),
        )
        for some in _split(facts):
            places = ", ".join(["(?, ?, ?, ?, ?, ?)"] * len(some))
            self._connection.execute(
                f"INSERT INTO fact (entry, part, digest, salt, about, body) VALUES {places}",
                [value for each in some for value in (number, *each)],
            )
        return hash


def _split(facts: Sequence[Fact]) -> Iterator[Sequence[Fact]]:
    return (facts[at : at + _AT_ONCE] for at in range(0, len(facts), _AT_ONCE))


class _Facts:
    """The facts of one entry, made of what the recorder has heard."""

    def __init__(self, connection: sqlite3.Connection, newest: Newest, recorder: Recorder) -> None:
        self._connection = connection
        self._newest = newest
        self._recorder = recorder
        self._new: dict[str, int] = {}
        """The parts of this entry, by the row that each puts."""
        self._facts: list[Fact] = []

    def made(self, forgetting: bool) -> list[Fact]:
        changes, gone = self._recorder.changes(), self._recorder.gone()
        destroyed: set[tuple[int, int]] = set()
        if forgetting:
            destroyed |= self._superseded(changes)
        left: list[tuple[str, str, set[int]]] = []
        for tag, sequences in gone.items():
            for key, docking, of in self._records_of(tag):
                if of & sequences:
                    destroyed.add(key)
                    left.append((tag, docking, of - sequences))
        self._destroy(destroyed)
        for each in changes:
            self._add(each)
        for tag, docking, sequences in left:
            self._add_records(tag, docking, self._rows(tag, sequences))
        for (tag, number), rows in self._recorder.records().items():
            self._add_records(tag, self._named("docking", number), rows)
        if destroyed:
            self._append(None, journal.text_of([journal.FORGOTTEN, journal.by_entry(destroyed)]))
        return self._facts

    def _add_records(self, tag: str, docking: str, rows: Iterable[tuple[Any, ...]]) -> None:
        self._facts += record_facts(self._next(), tag, docking, rows)

    def _rows(self, tag: str, sequences: set[int]) -> list[tuple[Any, ...]]:
        if not sequences:
            return []
        rows = self._connection.execute(
            f"SELECT {', '.join(RECORD)} FROM {EVENTS} WHERE tag = ? AND sequence BETWEEN ? AND ? ORDER BY sequence",
            (tag, min(sequences), max(sequences)),
        )
        return [row for row in rows if row[0] in sequences]

    def _next(self) -> int:
        return len(self._facts) + 1

    def _append(self, where: str | None, body: str) -> None:
        self._facts.append(journal.fact(self._next(), where, body))

    def _add(self, change: RowChange) -> None:
        table, row = change.table, change.row
        if change.kind == journal.GONE:
            origin = self._origin(change.about)
            if origin is not None:
                self._append(change.about, journal.text_of([journal.GONE, table, origin]))
            return
        refers = HISTORY[table].refers
        values = {
            column: self._named(refers[column], value) if value is not None and column in refers else plain(value)
            for column, value in row.items()
        }
        origin = self._origin(change.about) if change.kind == journal.SET else None
        if origin is not None:
            body = [journal.SET, table, values, origin]
        else:
            body = [journal.PUT, table, values]
            self._new[change.about] = self._next()
        self._append(change.about, journal.text_of(body))

    def _named(self, table: str, number: int) -> str:
        """The identity of a row that has this number here."""
        where = about(table, (number,))
        if where in self._new:
            return self._identity(self._newest.epoch, self._newest.number + 1, self._new[where])
        found = self._origin(where)
        if found is None:
            raise AssertionError(f"{where} is in no entry of the journal")
        return found

    def _origin(self, where: str) -> str | None:
        """The identity of the fact that put a row, which is there now or was until a moment ago; None: no fact did."""
        origin: str | None = None
        for epoch, number, part, begins in self._connection.execute(
            "SELECT j.epoch, f.entry, f.part, substr(f.body, 1, 6) FROM fact f JOIN journal j ON j.number = f.entry "
            "WHERE f.about = ? ORDER BY f.entry, f.part",
            (where,),
        ):
            if begins == _GONE:
                origin = None
            elif begins == _PUT or origin is None:
                origin = self._identity(epoch, number, part)
        return origin

    def _identity(self, epoch: int, number: int, part: int) -> str:
        return journal.identity(self._newest.station, epoch, number, part)

    def _superseded(self, changes: Iterable[RowChange]) -> set[tuple[int, int]]:
        """The facts of these rows until now. Of a row that is no more, what their entries were about as well; of a
        person, of every entry that names it."""
        found: set[tuple[int, int]] = set()
        for each in changes:
            earlier = self._connection.execute("SELECT entry, part FROM fact WHERE about = ?", (each.about,)).fetchall()
            found |= {(number, part) for number, part in earlier}
            if each.kind == journal.GONE:
                found |= {(number, 0) for number, _ in earlier}
                if HISTORY[each.table].person:
                    found |= self._naming(str(each.row[HISTORY[each.table].key[0]]))
        return found

    def _naming(self, person: str) -> set[tuple[int, int]]:
        """The facts that name a person: what entries are about, and rows, also of those that are gone by now."""
        rows = self._connection.execute(
            "SELECT f.entry, f.part, j.action, f.body FROM fact f JOIN journal j ON j.number = f.entry "
            "WHERE instr(f.body, ?)",
            (person,),
        )
        return {
            (number, part)
            for number, part, action, body in rows
            if (journal.names(person, action, journal.told(body)) if part == 0 else journal.row_names(person, body))
        }

    def _records_of(self, tag: str) -> Iterator[tuple[tuple[int, int], str, set[int]]]:
        """The facts that a tag's records are in: entry and part, the docking's identity, and the sequences."""
        rows = self._connection.execute(
            "SELECT entry, part, body FROM fact WHERE about = ? AND body IS NOT NULL", (about(EVENTS, (tag,)),)
        )
        for number, part, body in rows.fetchall():
            docking, digests = journal.records(body)
            yield (number, part), docking, set(digests)

    def _destroy(self, facts: Iterable[tuple[int, int]]) -> None:
        people = [f"{table}:%" for table, of in HISTORY.items() if of.person]
        for number, part in facts:
            self._connection.execute(
                "UPDATE fact SET salt = NULL, body = NULL, about = iif(about LIKE ?, NULL, about) "
                "WHERE entry = ? AND part = ?",
                (*people, number, part),
            )


_PUT, _GONE = (f'["{each}"'[:6] for each in (journal.PUT, journal.GONE))


def read(connection: sqlite3.Connection) -> Iterator[JournalEntry]:
    """The journal with its facts, oldest first, read so that anything in it can be verified."""
    # Bytes that are not text are replaced: their entry then does not verify, instead of stopping the whole check.
    columns = ", ".join(f"CAST({each} AS BLOB)" for each in _ENTRY)
    entries = connection.execute(f"SELECT number, epoch, at_ms, {columns}, hash FROM journal ORDER BY number")
    facts = connection.execute(
        "SELECT entry, part, digest, salt, about, CAST(body AS BLOB) FROM fact ORDER BY entry, part"
    )
    waiting = next(facts, None)
    for number, epoch, at_ms, *texts, hash in entries:
        own: list[Fact] = []
        while waiting is not None and waiting[0] <= number:
            if waiting[0] == number:
                own.append(Fact(waiting[1], waiting[2], waiting[3], waiting[4], _text(waiting[5])))
            waiting = next(facts, None)
        login, via, device, action, outcome = map(_text, texts)
        yield JournalEntry(
            number, epoch, at_ms, login or "", via, device, action or "", outcome or "", hash, tuple(own)
        )
    if waiting is not None:  # facts of an entry that is not there: it is found, as any that is not what was written
        yield JournalEntry(waiting[0], 0, 0, "", None, None, "", "", b"", ())


def _text(found: bytes | None) -> str | None:
    return None if found is None else found.decode(errors="replace")


def listed(connection: sqlite3.Connection, where: str, parameters: tuple[object, ...]) -> Iterator[ListedEntry]:
    """Entries with what they are about, oldest first; anything in them can be listed."""
    columns = ", ".join(f"CAST({each} AS BLOB)" for each in _ENTRY)
    rows = connection.execute(
        f"SELECT number, at_ms, hash, {columns}, "
        "(SELECT CAST(body AS BLOB) FROM fact WHERE entry = number AND part = 0) "
        f"FROM journal {where} ORDER BY number",
        parameters,
    )
    for number, at_ms, hash, *texts in rows:
        login, via, device, action, outcome, body = map(_text, texts)
        yield ListedEntry(
            number, at_ms, login or "", via, device, action or "", outcome or "", hash, journal.told(body)
        )


def verified(connection: sqlite3.Connection) -> Chain:
    """Whether the journal of a database is whole, in the layout of today."""
    row = connection.execute("SELECT uuid FROM station").fetchone()
    return journal.verify(row[0] if row else "", read(connection))


def verified_file(path: Path) -> Chain:
    """As `verified`, of a database that nobody uses, such as a copy."""
    with closing(copying.reading(path, at_rest=True)) as connection:
        return verified(connection)
