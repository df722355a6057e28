"""A backup comes back: proven on a copy beside the database, then put in its place at once; the old one is kept."""

import os
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from host import clock, errors
from host.access import audit
from host.access.vault import Vault, key_path
from host.phrase import NextStep, Phrase
from host.store import copying
from host.store.accounts import AccountRepository
from host.store.connecting import open_database
from host.store.copying import Progress, no_progress
from host.store.database import Database
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
}


class Contents(NamedTuple):
    """What a database holds: rows by table, the time of its newest entry (None: none yet), its audit's newest hash.

    `key_check` is the check value of its station's key.
    """

    station: str
    time_zone: str
    key_check: str
    rows: dict[str, int]
    newest_ms: int | None
    head: bytes


class Candidate:
    """A backup that has proven itself, in a copy beside the database that it is to replace."""

    def __init__(
        self, part: Path, target: Path, login: str | None, contents: Contents, present: Contents | None
    ) -> None:
        self.contents = contents
        self.present = present
        """What the present database holds; None if there is none, or it cannot be read."""
        self.key_missing = not key_path(target).exists()
        self._part = part
        self._target = target
        self._login = login

    def take_its_place(self) -> Path | None:
        """Makes the backup the database, and returns where the one before is kept (None: there was none).

        Raises `DatabaseBusy` if another program has the database open, another `KitdockError` if it cannot be done;
        whatever is raised, the database stays.
        """
        try:
            return self._take_its_place()
        except OSError as error:
            raise errors.DatabaseReadOnly("database.cannot_replace", path=self._target, why=error.strerror) from error

    def _take_its_place(self) -> Path | None:
        with _opened(self._part, self._login) as store, store.changing("database.restore") as detail:
            detail |= {
                "newest_ms": self.contents.newest_ms,
                "replaced_head": self.present.head.hex() if self.present else None,
            }
        with closing(sqlite3.connect(self._part, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
        kept = _free_name(self._target)
        if not self._target.exists():
            _put_aside(self._target, kept)
            copying.put(self._part, self._target)
            return None
        _share_alike(self._target, self._part)
        with _alone(self._target):
            try:
                _keep(self._target, kept)
                copying.put(self._part, self._target)
            except BaseException:
                # If the part is gone it has taken the name, and what is kept is all there is of the old one.
                if self._part.exists():
                    _put_aside(kept, self._target)
                    kept.unlink(missing_ok=True)
                raise
        return kept


@contextmanager
def proven(
    backup: Path, target: Path, login: str | None = None, progress: Progress = no_progress
) -> Iterator[Candidate]:
    """A candidate made of `backup` for the place `target`; what it needs on disk is gone at the end.

    Proven are: the file, what its rows refer to, its layout, the audit, the station's key if one is beside `target`,
    that it is of the same station as the present database, and that `login` is an administrator in it; the last two
    as far as the present one can be read.
    Raises `KitdockError`.
    """
    if not backup.is_file():
        raise errors.DatabaseMissing("backup.missing", backup=backup)
    if not target.parent.is_dir():
        raise errors.InputError("database.no_folder", folder=target.parent)
    if target.is_symlink():
        raise errors.InputError("database.is_link", path=target, to=target.resolve())
    if target.exists() and target.samefile(backup):
        raise errors.InputError("backup.is_the_database", backup=backup)
    present = _present(target, login)
    with copying.part_beside(target) as part, _named_after(part, backup):
        copying.copy(backup, part, target, progress, at_rest=True)
        contents = read_contents(part)
        with _opened(part, login) as store:
            store.demand("database.restore")
            store.demand("audit.read")
            chain = audit.verify(AccountRepository(store).entries("", ()))
            if chain.why:
                raise errors.DatabaseDamaged("backup.audit_broken", backup=backup, why=chain.why)
            if key_path(target).exists():
                Vault.load(target, store.station.key_check)
        if present is not None and present.key_check != contents.key_check:
            raise errors.InputError(
                "backup.of_another_station", backup=backup, station=contents.station, present=present.station
            )
        yield Candidate(part, target, login, contents, present)


def read_contents(path: Path) -> Contents:
    """What the database at `path`, which nobody is writing to, holds in whatever layout. Raises `StoreError`."""
    with translated(path), closing(copying.reading(path, at_rest=True)) as connection:
        if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
            raise errors.NotKitdock("database.not_kitdock", path=path)
        newer = [each for each in applied(connection) if each not in STEPS]
        if newer:
            raise errors.NewerSchema("database.newer", path=path, layout=newer[-1])
        station = connection.execute("SELECT name, time_zone, key_check FROM station").fetchone()
        if station is None:
            raise errors.NotKitdock("database.no_station", path=path, create=NextStep("database.create"))
        name, time_zone, key_check = station
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        rows = {each: connection.execute(f"SELECT count(*) FROM {each}").fetchone()[0] for each in COUNTED}
        times = []
        for table, column in _NEWEST.items():
            if table in tables:
                columns = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
                column = column if column in columns else "at_ms"
                times.append(connection.execute(f"SELECT max({column}) FROM {table}").fetchone()[0])
        head = audit.START
        if "audit" in tables:
            row = connection.execute("SELECT hash FROM audit ORDER BY id DESC LIMIT 1").fetchone()
            head = row[0] if row else head
        newest_ms = max((each for each in times if each is not None), default=None)
        return Contents(name, time_zone, key_check, rows, newest_ms, head)


def _present(target: Path, login: str | None) -> Contents | None:
    """What the database that would go holds; None if there is none or it cannot be used.

    Raises `NotAllowed` if `login` may not replace it, after noting the attempt in it; another `StoreError` if it can
    be read, but not asked.
    """
    if not target.exists():
        return None
    try:
        with open_database(target, login=login) as store:
            store.demand("database.restore")
        return read_contents(target)
    except (errors.DatabaseDamaged, errors.NotKitdock, errors.NewerSchema):
        return None


@contextmanager
def _opened(part: Path, login: str | None) -> Iterator[Database]:
    """The store in a copy, in the layout of today."""
    with open_database(part, login=login, keep_copy=False) as store:
        yield store


@contextmanager
def _named_after(part: Path, backup: Path) -> Iterator[None]:
    """Errors that speak of the copy speak of the backup."""
    try:
        yield
    except errors.KitdockError as error:
        raise type(error)(error.code, **_renamed(error, part, backup)) from error


def _renamed(what: errors.KitdockError | Phrase, part: Path, backup: Path) -> dict[str, Any]:
    """The fields of what speaks of the copy, with the backup in its place."""

    def renamed(value: Any) -> Any:
        if isinstance(value, Path | str):
            return type(value)(str(value).replace(str(part), str(backup)))
        if type(value) is Phrase:
            return Phrase(value.code, **_renamed(value, part, backup))
        return value

    return {name: renamed(value) for name, value in what.fields.items()}


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
