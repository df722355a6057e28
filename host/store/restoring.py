"""Files that are databases: what one holds, in whatever layout; one takes the place of another, which is kept."""

import os
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from host import clock, errors
from host.access import journal
from host.phrase import NextStep
from host.store import copying
from host.store.failing import translated
from host.store.layout import APPLICATION_ID, STEPS, applied

COUNTED = ("officer", "kit", "movement", "tag", "event", "explanation", "usage_report")
"""Tables whose rows tell people what a database holds."""

_NEWEST = {
    "movement": "recorded_at_ms",
    "docking": "started_at_ms",
    "explanation": "at_ms",
    "usage_report": "filed_at_ms",
    "audit": "at_ms",
    "journal": "at_ms",
}


class Contents(NamedTuple):
    """What a database holds: rows by table, when its newest entry was made (None: none yet), the last hash of all."""

    station: str
    time_zone: str
    rows: dict[str, int]
    newest_ms: int | None
    head: bytes


class Numbering(NamedTuple):
    """Which station gives numbers out in a database, and in which epoch."""

    uuid: str
    epoch: int


def read_numbering(path: Path) -> Numbering | None:
    """Whose numbers the database at `path`, which nobody is writing to, gives out, also if the rest of it is damaged.

    None if that can't be told: there is none, it is of a layout without identities, or it can't be read.
    """
    with suppress(sqlite3.Error), closing(copying.reading(path, at_rest=True)) as connection:
        for row in connection.execute("SELECT uuid, epoch FROM station"):
            return Numbering(*row)
    return None


def read_contents(path: Path) -> Contents:
    """What the database at `path`, which nobody is writing to, holds in whatever layout. Raises `StoreError`."""
    with translated(path), closing(copying.reading(path, at_rest=True)) as connection:
        if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
            raise errors.NotKitdock("database.not_kitdock", path=path)
        newer = [each for each in applied(connection) if each not in STEPS]
        if newer:
            raise errors.NewerSchema("database.newer", path=path, layout=newer[-1])
        station = connection.execute("SELECT name, time_zone FROM station").fetchone()
        if station is None:
            raise errors.NotKitdock("database.no_station", path=path, create=NextStep("database.create"))
        name, time_zone = station
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        rows = {each: connection.execute(f"SELECT count(*) FROM {each}").fetchone()[0] for each in COUNTED}
        times = []
        for table, column in _NEWEST.items():
            if table in tables:
                columns = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
                column = column if column in columns else "at_ms"
                times.append(connection.execute(f"SELECT max({column}) FROM {table}").fetchone()[0])
        head = journal.START
        for table, number in (("audit", "id"), ("journal", "number")):
            if table in tables:
                row = connection.execute(f"SELECT hash FROM {table} ORDER BY {number} DESC LIMIT 1").fetchone()
                head = row[0] if row else head
        newest_ms = max((each for each in times if each is not None), default=None)
        return Contents(name, time_zone, rows, newest_ms, head)


def put_in_place(part: Path, target: Path) -> Path | None:
    """Makes the file `part` the database `target`, and returns where the one before is kept (None: there was none).

    Raises `DatabaseBusy` if another program has the database open, `OSError`; whatever is raised, the database stays.
    """
    with closing(sqlite3.connect(part, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    kept = _free_name(target)
    if not target.exists():
        _put_aside(target, kept)
        copying.put(part, target)
        return None
    _share_alike(target, part)
    with _alone(target):
        try:
            _keep(target, kept)
            copying.put(part, target)
        except BaseException:
            # If the part is gone it has taken the name, and what is kept is all there is of the old one.
            if part.exists():
                _put_aside(kept, target)
                kept.unlink(missing_ok=True)
            raise
    return kept


@contextmanager
def _alone(target: Path) -> Iterator[None]:
    """Nobody else has the database open, and all of it is in its one file. A damaged one is taken as it is.

    Raises `DatabaseBusy`.
    """
    busy = errors.DatabaseBusy("database.in_use", path=target, dock=NextStep("dock.service"))
    connection = sqlite3.connect(target, timeout=1, isolation_level=None)
    try:
        try:
            # Only who is alone may leave write-ahead logging: also an idle connection elsewhere prevents it.
            if connection.execute("PRAGMA journal_mode = DELETE").fetchone()[0] != "delete":
                raise busy
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.DatabaseError as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise busy from error
        try:
            yield
        except BaseException:
            with suppress(sqlite3.DatabaseError):
                connection.execute("ROLLBACK")
                connection.execute("PRAGMA journal_mode = WAL")
            raise
    finally:
        connection.close()


def _share_alike(target: Path, part: Path) -> None:
    """Those who may use the database may use what takes its place, and nobody else."""
    known = target.stat()
    mode = known.st_mode & 0o777
    if os.name == "posix":
        try:
            os.chown(part, -1, known.st_gid)
        except PermissionError:  # a group that one is not in; the copy has another one
            mode &= ~stat.S_IRWXG
    part.chmod(mode)


def _free_name(target: Path) -> Path:
    """Where the database that goes is kept, by the UTC of now."""
    stamp = datetime.fromtimestamp(clock.now_ms() / 1000, UTC).strftime("%Y%m%d-%H%M%S")
    path = target.with_name(f"{target.name}.before-restore-{stamp}")
    names = (path, *(path.with_name(f"{path.name}-{number}") for number in range(2, 1000)))
    return next(each for each in names if not each.exists())


def _keep(target: Path, kept: Path) -> None:
    """Gives the database a second name, with what a damaged one has in its log. There is no moment without it."""
    try:
        kept.hardlink_to(target)
    except OSError:  # a file system without second names
        shutil.copy2(target, kept)
    _put_aside(target, kept)


def _put_aside(database: Path, beside: Path) -> None:
    """Gives the logs of `database` the name of `beside`: whatever takes its place would have them played into it."""
    for each in ("-wal", "-journal"):
        log = database.with_name(database.name + each)
        if log.exists():
            log.replace(beside.with_name(beside.name + each))
    database.with_name(database.name + "-shm").unlink(missing_ok=True)
