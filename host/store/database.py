"""Opens and creates the database file, runs transactions, and says what SQLite's errors mean to a user."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import sqlite_utils

from host import errors
from host.store.migrations import APPLICATION_ID, migrations
from host.vault import Vault, key_path

BUSY_TIMEOUT_S = 5.0
"""How long a command waits for another process that is writing, in seconds: an enrolment over USB may take so long."""


class Station(NamedTuple):
    """The station's own settings; `key_check` is the check value of its key file."""

    name: str
    time_zone: str
    collect_names: bool
    key_check: str
    created_at_ms: int


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turns what SQLite raises about `path` into a `StoreError` that says what to do next.

    A broken constraint or wrong SQL is a bug of Kitdock and passes through.
    """
    try:
        yield
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.IntegrityError):
            raise
        # The primary result code is the low byte of the extended one.
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise errors.DatabaseBusy(
                f"database {path} is locked by another process: try again when that is done; nothing was written"
            ) from error
        if code == sqlite3.SQLITE_FULL:
            raise errors.DatabaseFull(
                f"no room left for database {path}: free some disk space, then try again; nothing was written"
            ) from error
        if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM):
            raise errors.DatabaseReadOnly(
                f"database {path} is read-only: give this user write access to it and its folder; nothing was written"
            ) from error
        if code == sqlite3.SQLITE_CANTOPEN:
            raise errors.DatabaseMissing(f"cannot open database {path}: check the path and its permissions") from error
        if code == sqlite3.SQLITE_NOTADB:
            raise errors.NotKitdock(f"{path} is not a Kitdock database: check the path") from error
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_IOERR):
            raise errors.DatabaseDamaged(
                f"database {path} cannot be read or written whole ({error}): check the disk, then restore a backup"
            ) from error
        raise


class Database:
    """One open database file. Each method of its subclasses is one transaction."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection
        self._db = sqlite_utils.Database(connection, execute_plugins=False)

    @classmethod
    def _connect(cls, path: Path, busy_timeout_s: float) -> Self:
        # Transactions are begun by hand (`_writing`), so the module must not begin its own.
        connection = sqlite3.connect(path, timeout=busy_timeout_s, isolation_level=None)
        try:
            connection.execute("PRAGMA foreign_keys = ON")
            # A record that was acknowledged to a tag may be gone from the tag: it must survive a power cut here.
            connection.execute("PRAGMA synchronous = FULL")
            return cls(path, connection)
        except BaseException:
            connection.close()
            raise

    @classmethod
    def open(cls, path: Path | str, busy_timeout_s: float | None = None) -> Self:
        """Opens the database at `path` and brings its layout up to date. Waits `BUSY_TIMEOUT_S` if not told else.

        Raises `DatabaseMissing`, `NotKitdock`, `NewerSchema` or another `StoreError`.
        """
        path = Path(path)
        if not path.is_file():
            raise errors.DatabaseMissing(
                f"no database at {path}: make one with `kitdock init --db {path} --name NAME --time-zone ZONE`"
            )
        with translated(path):
            store = cls._connect(path, BUSY_TIMEOUT_S if busy_timeout_s is None else busy_timeout_s)
            try:
                store._check_and_migrate()
            except BaseException:
                store.close()
                raise
        return store

    @classmethod
    def create(cls, path: Path | str, name: str, time_zone: str, collect_names: bool, at_ms: int) -> Self:
        """Makes a database at `path` with its key file beside it; on failure neither is left.

        Raises `InputError` if either file exists, a `StoreError` if they cannot be made.
        """
        path = Path(path)
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            raise errors.InputError(f"{path} exists already and is not overwritten: choose another path") from None
        except OSError as error:
            raise errors.DatabaseReadOnly(f"cannot make database {path}: {error.strerror}") from None
        made = [path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")]
        store = None
        try:
            vault = Vault.create(path)
            made.append(key_path(path))
            with translated(path):
                store = cls._connect(path, BUSY_TIMEOUT_S)
                store._connection.execute("PRAGMA journal_mode = WAL")
                migrations.apply(store._db)
                store._connection.execute(
                    "INSERT INTO station VALUES (1, ?, ?, ?, ?, ?)",
                    (name, time_zone, int(collect_names), vault.check_value, at_ms),
                )
        except BaseException:
            if store is not None:
                store.close()
            for each in made:
                each.unlink(missing_ok=True)
            raise
        return store

    def _check_and_migrate(self) -> None:
        if self._connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
            raise errors.NotKitdock(f"{self.path} is not a Kitdock database: check the path")
        known = {each.name for each in migrations._migrations}
        newer = [each.name for each in migrations.applied(self._db) if each.name not in known]
        if newer:
            raise errors.NewerSchema(
                f"database {self.path} was changed by a later Kitdock (layout {newer[-1]}): upgrade this installation"
            )
        if migrations.pending(self._db):
            migrations.apply(self._db)

    def close(self) -> None:
        """Closes the file; the store is of no use after it."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """A write transaction: all of the block is committed, or nothing."""
        with translated(self.path):
            # Taking the write lock at once avoids a deadlock between two that read first.
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """A read transaction: every query in the block sees the same state."""
        with translated(self.path):
            self._connection.execute("BEGIN")
            try:
                yield
            finally:
                self._connection.execute("ROLLBACK")

    def _rows(self, sql: str, parameters: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        with translated(self.path):
            return self._connection.execute(sql, parameters).fetchall()

    def _row(self, sql: str, parameters: tuple[Any, ...] = ()) -> tuple[Any, ...] | None:
        """The first row of a query, if any."""
        with translated(self.path):
            row: tuple[Any, ...] | None = self._connection.execute(sql, parameters).fetchone()
            return row

    @cached_property
    def station(self) -> Station:
        """The station's settings."""
        row = self._row("SELECT name, time_zone, collect_names, key_check, created_at_ms FROM station")
        if row is None:
            raise errors.NotKitdock(f"{self.path} holds no station: it was not made by `kitdock init`")
        name, time_zone, collect_names, key_check, created_at_ms = row
        return Station(name, time_zone, bool(collect_names), key_check, created_at_ms)

    @cached_property
    def _vault(self) -> Vault:
        """The station's vault, loaded when something sealed is first needed. Raises `VaultError`."""
        return Vault.load(self.path, self.station.key_check)
