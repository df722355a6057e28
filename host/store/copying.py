"""Copies of a database that is in use: whole, checked, and one plain file each."""

import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from host import errors
from host.phrase import Phrase
from host.store.failing import translated

STEP_PAGES = 4096
"""Pages copied between two calls of `progress`."""

MOST_FAULTS = 5
"""At most this many faults of a file are named."""

Progress = Callable[[int, int], None]
"""Is called with the pages that are copied and those that there are."""


def no_progress(done: int, of: int) -> None:
    """For who does not watch."""


@contextmanager
def part_beside(path: Path) -> Iterator[Path]:
    """A new empty file beside `path`, mode 0600, for what is to have that name once it is whole; removed at the end.

    Raises `InputError` if the folder cannot be written.
    """
    try:
        descriptor, name = tempfile.mkstemp(prefix=f"{path.name}.", suffix=".part", dir=path.parent)
    except OSError as error:
        raise errors.InputError(
            "folder.cannot_write", folder=path.parent, why=errors.why(error), name=path.name
        ) from None
    os.close(descriptor)
    try:
        yield Path(name)
    finally:
        for each in ("", "-journal", "-wal", "-shm"):
            Path(name + each).unlink(missing_ok=True)


def reading(path: Path, at_rest: bool = False) -> sqlite3.Connection:
    """A connection that cannot write. `at_rest`: nobody uses the file; it is read where nothing can be written."""
    how = "mode=ro&immutable=1" if at_rest and not path.with_name(path.name + "-wal").exists() else "mode=ro"
    return sqlite3.connect(f"file:{quote(str(path.absolute()))}?{how}", uri=True, isolation_level=None)


def copy(source: Path, target: Path, told: Path, progress: Progress = no_progress, at_rest: bool = False) -> None:
    """Copies the database `source`, as it is at one moment, into the empty file `target`, and checks the copy.

    Others may write to `source` meanwhile, unless it is `at_rest`. Errors speak of `told` where the copy is meant.
    Raises `StoreError`.
    """
    with translated(source), closing(reading(source, at_rest)) as reader:
        # Held over all steps, so that a write between two of them does not begin the copy anew.
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        with translated(told), closing(sqlite3.connect(target, isolation_level=None)) as writer:
            writer.execute("PRAGMA synchronous = OFF")  # flushed once, by `put`
            reader.backup(
                writer, pages=STEP_PAGES, progress=lambda _, remaining, total: progress(total - remaining, total)
            )
        with translated(told), closing(sqlite3.connect(target, isolation_level=None)) as writer:
            writer.execute("PRAGMA journal_mode = DELETE")
            faults: list[str | Phrase] = [*file_faults(writer), *reference_faults(writer)]
    if faults:
        raise errors.DatabaseDamaged("database.damaged", path=source, fault=faults[0])


def file_faults(connection: sqlite3.Connection) -> list[str]:
    """What is wrong with the file, the first few faults, as SQLite says it."""
    try:
        rows = connection.execute(f"PRAGMA integrity_check({MOST_FAULTS})").fetchall()
    except sqlite3.DatabaseError as error:
        return [str(error)]
    lines = [line for row in rows for line in str(row[0]).splitlines()]
    return [] if lines == ["ok"] else lines[:MOST_FAULTS]


def reference_faults(connection: sqlite3.Connection) -> list[Phrase]:
    """Rows that name another that is not there, the first few."""
    rows = connection.execute("PRAGMA foreign_key_check").fetchmany(MOST_FAULTS)
    return [Phrase("check.reference", table=table, parent=parent) for table, _, parent, _ in rows]


def put(part: Path, path: Path) -> None:
    """Gives a whole file its name, at once and for good. Raises `OSError`."""
    flush(part)
    part.replace(path)
    flush(path.parent)


def flush(path: Path) -> None:
    """Waits until a file, or a folder's list of names, is on the disk."""
    if path.is_dir() and os.name != "posix":
        return
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
