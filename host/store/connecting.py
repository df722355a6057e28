"""Opens and creates a station's database, and brings an earlier layout up to date."""

import os
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

from host import errors
from host.access.roles import Account
from host.phrase import NextStep
from host.store.database import Database
from host.store.failing import translated
from host.store.layout import APPLICATION_ID, JOURNAL, STEPS, applied, rolled_up

BUSY_TIMEOUT_S = 5.0
"""How long a command waits for another process that is writing, in seconds: an enrolment over USB may take so long."""


def open_database(
    path: Path | str,
    busy_timeout_s: float | None,
    login: str | None,
    keep_copy: bool,
    settle: Callable[[Database], None],
) -> Database:
    """Opens the database at `path` for `login` (None: who this process runs as), and brings its layout up to date.

    Waits `BUSY_TIMEOUT_S` unless told otherwise. Calls `settle` in the transaction that brings the layout up to date.
    Anyone who opens a database without any account becomes its founder.
    Raises `DatabaseMissing`, `NotKitdock`, `NewerSchema` or another `StoreError`; `NotAllowed` without a role.
    """
    store = _opened(Path(path), busy_timeout_s, login, keep_copy, settle)
    with translated(store.path):
        try:
            store.admit()
        except BaseException:
            store.close()
            raise
    return store


def account_of(path: Path, login: str, settle: Callable[[Database], None]) -> Account:
    """The account of a login, which is not let in for that; nor is who asks. Raises as `open_database`."""
    with _opened(path, None, login, True, settle) as store:
        return store.own_account()


def _opened(
    path: Path,
    busy_timeout_s: float | None,
    login: str | None,
    keep_copy: bool,
    settle: Callable[[Database], None],
) -> Database:
    """The database in its present layout, before anybody is let in."""
    try:
        found = path.is_file()
    except OSError as error:
        raise errors.DatabaseMissing("database.no_access", path=path, why=errors.why(error)) from None
    if not found:
        raise errors.DatabaseMissing("database.missing", path=path, create=NextStep("database.create_at", db=path))
    with translated(path):
        store = Database.connect(path, BUSY_TIMEOUT_S if busy_timeout_s is None else busy_timeout_s, login)
        try:
            _check_and_migrate(store, keep_copy, settle)
        except BaseException:
            store.close()
            raise
    return store


def create_database(
    path: Path | str,
    name: str,
    time_zone: str,
    collect_names: bool,
    at_ms: int,
    login: str | None = None,
) -> Database:
    """Makes a database at `path` with its key file beside it; on failure neither is left. `login` founds it.

    Raises `InputError` if either file exists, a `StoreError` if they cannot be made.
    """
    path = Path(path)
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        raise errors.InputError("database.exists", path=path) from None
    except OSError as error:
        raise errors.DatabaseReadOnly("database.cannot_make", path=path, why=errors.why(error)) from None
    from host.access.vault import Vault, key_path
    from host.store.migrations import apply

    made = [path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")]
    store = None
    try:
        vault = Vault.create(path)
        made.append(key_path(path))
        with translated(path):
            store = Database.connect(path, BUSY_TIMEOUT_S, login)
            store.connection.execute("PRAGMA journal_mode = WAL")
            apply(store.connection)
            store.record()
            with store.writing():
                store.connection.execute(
                    "INSERT INTO station (id, name, time_zone, collect_names, key_check, created_at_ms, uuid) "
                    "VALUES (1, ?, ?, ?, ?, ?, ?)",
                    (name, time_zone, int(collect_names), vault.check_value, at_ms, uuid4().hex),
                )
                store.connection.execute(
                    "INSERT INTO place (id, kind, unit, added_at_ms) VALUES (?, 'station', NULL, ?)", (name, at_ms)
                )
                store.found()
            _check_and_migrate(store, False, _nothing)
    except BaseException:
        if store is not None:
            store.close()
        for each in made:
            each.unlink(missing_ok=True)
        raise
    return store


def _check_and_migrate(store: Database, keep_copy: bool, settle: Callable[[Database], None]) -> None:
    if store.connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise errors.NotKitdock("database.not_kitdock", path=store.path)
    done = applied(store.connection)
    newer = [each for each in done if each not in STEPS]
    if newer:
        raise errors.NewerSchema("database.newer", path=store.path, layout=newer[-1])
    if len(done) < len(STEPS):
        _migrate(store, keep_copy, settle)
    if not rolled_up(store.connection):
        from host.store.rollups import RollupRepository

        with store.writing():
            RollupRepository(store).rebuild()
    store.record()


def _migrate(store: Database, keep_copy: bool, settle: Callable[[Database], None]) -> None:
    """Brings an earlier layout up to date: after a copy of the file, all in one transaction."""
    with store.writing():
        # Another process may have done it while this one waited for its turn.
        done = applied(store.connection)
        pending = [each for each in STEPS if each not in done]
        if pending:
            from host.store.migrations import apply
            from host.store.rollups import RollupRepository

            if keep_copy:
                _copy_before(store.path, pending[0])
            apply(store.connection)
            if JOURNAL in pending:
                from host.store import adopting

                adopting.follow_the_audit(store)
            RollupRepository(store).rebuild()
            if JOURNAL in pending:
                adopting.adopt(store)
            settle(store)


def _nothing(_store: Database) -> None:
    """A database that was just made holds nothing to settle."""


def _copy_before(path: Path, migration: str) -> None:
    """Copies the file, which this process has locked, to `NAME.before-002` or as the migration is numbered."""
    target = path.with_name(f"{path.name}.before-{migration.partition('_')[0]}")
    from host.store import copying

    with copying.part_beside(target) as part:
        copying.copy(path, part, target)
        copying.put(part, target)
