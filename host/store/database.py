"""Opens and creates the database file, runs transactions, and says what SQLite's errors mean to a user."""

import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, NoReturn, Self

from host import clock, errors
from host.access import audit, identity, roles
from host.access.roles import Account
from host.access.vault import Vault, key_path
from host.clock import Instant
from host.phrase import NextStep, Phrase
from host.settings import Settings, settings
from host.store import copying
from host.store.failing import translated
from host.store.layout import APPLICATION_ID, STEPS, applied

BUSY_TIMEOUT_S = 5.0
"""How long a command waits for another process that is writing, in seconds: an enrolment over USB may take so long."""

CACHE_KB = 65_536
"""How much of the database SQLite keeps in memory at most."""

CLOCK_TOLERANCE_MS = 3_600_000
"""How far the clock may be behind the newest entry of the audit before nothing is recorded any more."""

NO_DETAIL: Mapping[str, object] = {}


class Station(NamedTuple):
    """The station's own settings; `key_check` is the check value of its key file."""

    name: str
    time_zone: str
    collect_names: bool
    key_check: str
    created_at_ms: int


class Moment(NamedTuple):
    """What every change begins with, as it is in its transaction: who acts, the settings, the end of the audit.

    `newest` is number, time and hash of the newest entry; `stale`: the roll-ups of some tag are to be derived first.
    """

    account: Account
    settings: Mapping[str, str]
    newest: tuple[int, int, bytes]
    stale: bool


_MOMENT = """
SELECT 'account', role, officer, NULL FROM account WHERE login = ?
UNION ALL SELECT 'setting', key, value, NULL FROM setting
UNION ALL SELECT 'audit', id, at_ms, hash FROM audit WHERE id = (SELECT max(id) FROM audit)
UNION ALL SELECT 'stale', tag, NULL, NULL FROM stale_tag WHERE tag = (SELECT min(tag) FROM stale_tag)
"""


class Database:
    """One open database file. Each method of its subclasses is one transaction."""

    _keep_copy = True
    """Whether a copy of the file is kept when its layout changes. Not of what is itself a copy."""

    def __init__(self, path: Path, connection: sqlite3.Connection, login: str) -> None:
        self.path = path
        self.login = login
        self._connection = connection
        self._refusal: tuple[str, str | None] | None = None
        self._trial = False
        self._moment: Moment | None = None

    @classmethod
    def _connect(cls, path: Path, busy_timeout_s: float, login: str | None) -> Self:
        # Transactions are begun by hand (`_writing`), so the module must not begin its own.
        connection = sqlite3.connect(path, timeout=busy_timeout_s, isolation_level=None)
        try:
            connection.execute("PRAGMA foreign_keys = ON")
            # A record that was acknowledged to a tag may be gone from the tag: it must survive a power cut here.
            connection.execute("PRAGMA synchronous = FULL")
            # With SQLite's own 2 MB, reconciling a large force reads the same pages again and again.
            connection.execute(f"PRAGMA cache_size = -{CACHE_KB}")
            return cls(path, connection, login or identity.login())
        except BaseException:
            connection.close()
            raise

    @classmethod
    def open(cls, path: Path | str, busy_timeout_s: float | None = None, login: str | None = None) -> Self:
        """Opens the database at `path` for `login` (None: who this process runs as), and brings its layout up to date.

        Waits `BUSY_TIMEOUT_S` if not told else. Whoever opens a database without any account becomes its founder.
        Raises `DatabaseMissing`, `NotKitdock`, `NewerSchema` or another `StoreError`; `NotAllowed` without a role.
        """
        path = Path(path)
        try:
            found = path.is_file()
        except OSError as error:
            raise errors.DatabaseMissing("database.no_access", path=path, why=error.strerror) from None
        if not found:
            raise errors.DatabaseMissing("database.missing", path=path, create=NextStep("database.create_at", db=path))
        with translated(path):
            store = cls._connect(path, BUSY_TIMEOUT_S if busy_timeout_s is None else busy_timeout_s, login)
            try:
                store._check_and_migrate()
                store._admit()
            except BaseException:
                store.close()
                raise
        return store

    @classmethod
    def create(
        cls,
        path: Path | str,
        name: str,
        time_zone: str,
        collect_names: bool,
        at_ms: int,
        login: str | None = None,
    ) -> Self:
        """Makes a database at `path` with its key file beside it; on failure neither is left. `login` founds it.

        Raises `InputError` if either file exists, a `StoreError` if they cannot be made.
        """
        path = Path(path)
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            raise errors.InputError("database.exists", path=path) from None
        except OSError as error:
            raise errors.DatabaseReadOnly("database.cannot_make", path=path, why=error.strerror) from None
        from host.store.migrations import apply

        made = [path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")]
        store = None
        try:
            vault = Vault.create(path)
            made.append(key_path(path))
            with translated(path):
                store = cls._connect(path, BUSY_TIMEOUT_S, login)
                store._connection.execute("PRAGMA journal_mode = WAL")
                apply(store._connection)
                store._connection.execute(
                    "INSERT INTO station (id, name, time_zone, collect_names, key_check, created_at_ms) "
                    "VALUES (1, ?, ?, ?, ?, ?)",
                    (name, time_zone, int(collect_names), vault.check_value, at_ms),
                )
                store._connection.execute(
                    "INSERT INTO place (id, kind, unit, added_at_ms) VALUES (?, 'station', NULL, ?)", (name, at_ms)
                )
                store._check_and_migrate()
                store._admit()
        except BaseException:
            if store is not None:
                store.close()
            for each in made:
                each.unlink(missing_ok=True)
            raise
        return store

    def _check_and_migrate(self) -> None:
        if self._connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
            raise errors.NotKitdock("database.not_kitdock", path=self.path)
        done = applied(self._connection)
        newer = [each for each in done if each not in STEPS]
        if newer:
            raise errors.NewerSchema("database.newer", path=self.path, layout=newer[-1])
        if len(done) < len(STEPS):
            self._migrate()
        self._bring_up_rollups()

    def _migrate(self) -> None:
        """Brings an earlier layout up to date: after a copy of the file, all in one transaction."""
        with self._writing():
            # Another process may have done it while this one waited for its turn.
            done = applied(self._connection)
            pending = [each for each in STEPS if each not in done]
            if pending:
                from host.store.migrations import apply

                if self._keep_copy:
                    self._copy_before(pending[0])
                apply(self._connection)
                self._rebuild()
                self._settle_reports()

    def _copy_before(self, migration: str) -> None:
        """Copies the file, which this process has locked, to `NAME.before-002` or as the migration is numbered."""
        target = self.path.with_name(f"{self.path.name}.before-{migration.partition('_')[0]}")
        with copying.part_beside(target) as part:
            copying.copy(self.path, part, target)
            copying.put(part, target)

    def _rebuild(self) -> None:
        """Derives all roll-ups, within a transaction. `Rollups` does."""

    def freshen(self) -> None:
        """Derives what a docking that was broken off has left stale. `Rollups` does."""

    def _match_reports(self, tag: str) -> None:
        """Finds the reports that tell of openings of a tag and named none, in a transaction. `Reports` does."""

    def _settle_reports(self) -> None:
        """Takes doses of reports that an earlier layout did not take from kits, in a transaction. `Reports` does."""

    def _bring_up_rollups(self) -> None:
        """Derives the roll-ups anew if an earlier Kitdock made them. `Rollups` does."""

    def _admit(self) -> None:
        """Lets this login in. Raises `NotAllowed` if it has no role where others have."""
        if self._account().roles:
            return
        with self._writing() as connection:
            if self._row("SELECT 1 FROM account LIMIT 1"):
                self._refuse_stranger()
            at_ms = clock.now_ms()
            for role in sorted(roles.FOUNDER):
                connection.execute(
                    "INSERT INTO account (login, role, officer, granted_at_ms) VALUES (?, ?, NULL, ?)",
                    (self.login, role, at_ms),
                )
            self._note("account.grant", self.login, {"roles": sorted(roles.FOUNDER), "founder": True})

    def close(self) -> None:
        """Closes the file; the store is of no use after it."""
        self._connection.close()

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
            self._moment = None
            try:
                yield self._connection
                self._connection.execute("ROLLBACK" if self._trial else "COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                self._moment = None
                self._note_refusal()
                raise
            finally:
                self._moment = None

    def _begun(self) -> Moment:
        """What every change begins with, read once in each transaction; outside of one it is read anew."""
        if self._moment is not None:
            return self._moment
        found: dict[str, list[tuple[Any, ...]]] = {}
        for kind, *row in self._rows(_MOMENT, (self.login,)):
            found.setdefault(kind, []).append(tuple(row))
        own = found.get("account", [])
        account = Account(self.login, frozenset(row[0] for row in own), next((row[1] for row in own if row[1]), None))
        newest = found.get("audit", [(0, 0, audit.START)])[0]
        moment = Moment(account, {key: value for key, value, _ in found.get("setting", [])}, newest, "stale" in found)
        if self._connection.in_transaction:
            self._moment = moment
        return moment

    @contextmanager
    def trial(self) -> Iterator[None]:
        """What the block changes is tried, and not kept, to tell what it would do. It is refused as it would be."""
        self.freshen()
        self._trial = True
        try:
            yield
        finally:
            self._trial = False

    @contextmanager
    def _changing(self, action: str, subject: str | None = None) -> Iterator[dict[str, object]]:
        """A write transaction that is one entry of the audit; the block puts its details into what is yielded.

        Raises `NotAllowed` if no role of the account allows `action`, after noting the attempt. The roles are read
        within the transaction: a role that was revoked a moment ago allows nothing more.
        """
        detail: dict[str, object] = {}
        with self._writing():
            self._demand(action, subject)
            yield detail
            self._note(action, subject, detail)

    def _demand(self, action: str, subject: str | None = None) -> None:
        """Raises `NotAllowed` unless a role of the account allows `action`; the attempt is noted."""
        if not self._account().may(action):
            self._refuse(action, subject, Phrase("access.for_roles", roles=roles.who_may(action)))

    def _demand_own(self, action: str, subject: str | None, officer: str) -> None:
        """As `_demand`; an account that is its officer's alone must also be that of `officer`.

        One that many share, with role officer and no number, speaks for each of them.
        """
        self._demand(action, subject)
        account = self.account
        if account.bound(action) and account.officer not in (None, officer):
            self._refuse(action, subject, Phrase("access.of_another_officer"))

    def _refuse(self, action: str, subject: str | None, why: Phrase | str) -> NoReturn:
        """Notes an attempt that no role allows, once any transaction under way is undone; raises `NotAllowed`."""
        self._refusal = (action, subject)
        if not self._connection.in_transaction:
            self._note_refusal()
        raise errors.NotAllowed("access.not_allowed", login=self.login, action=action, subject=subject, why=why)

    def _refuse_stranger(self) -> NoReturn:
        grant = NextStep("account.grant", login=self.login)
        self._refuse("database.open", None, Phrase("access.no_role", path=self.path, grant=grant))

    def _note_refusal(self) -> None:
        if self._refusal is not None:
            (action, subject), self._refusal = self._refusal, None
            with self._writing():
                self._note(action, subject, {}, audit.REFUSED)

    def _note(
        self,
        action: str,
        subject: str | None,
        detail: Mapping[str, object] = NO_DETAIL,
        outcome: str = audit.DONE,
        accept_clock: bool = False,
    ) -> None:
        """Adds an entry to the audit, within the transaction that is under way. Raises `ClockWrong`."""
        last = self._begun().newest
        at_ms = clock.now_ms() if accept_clock else self._right_now()
        text = audit.detail_text(detail)
        entry = (last[0] + 1, at_ms, self.login, action, subject, outcome, text)
        chained = audit.chained(last[2], *entry)
        self._connection.execute(
            "INSERT INTO audit (id, at_ms, login, action, subject, outcome, detail, hash) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (*entry, chained),
        )
        if self._moment is not None:
            self._moment = self._moment._replace(newest=(entry[0], at_ms, chained))

    def _right_now(self) -> int:
        """Unix milliseconds now. Raises `ClockWrong` if the clock is far behind the newest entry of the audit."""
        at_ms, newest_ms = clock.now_ms(), self._begun().newest[1]
        if newest_ms - at_ms > CLOCK_TOLERANCE_MS:
            zone = self.station.time_zone
            raise errors.ClockWrong(
                "clock.behind",
                now=Instant(at_ms, zone),
                newest=Instant(newest_ms, zone),
                accept=NextStep("clock.accept"),
            )
        return at_ms

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """A read transaction: every query in the block sees the same state."""
        with translated(self.path):
            self._connection.execute("BEGIN")
            self._moment = None
            try:
                yield
            finally:
                self._connection.execute("ROLLBACK")
                self._moment = None
                self._note_refusal()

    def _rows(self, sql: str, parameters: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query. Raises `InputError` for a number that no database can hold."""
        with translated(self.path):
            return self._query(sql, parameters).fetchall()

    def _row(self, sql: str, parameters: tuple[Any, ...] = ()) -> tuple[Any, ...] | None:
        """The first row of a query, if any. Raises as `_rows`."""
        with translated(self.path):
            row: tuple[Any, ...] | None = self._query(sql, parameters).fetchone()
            return row

    def _query(self, sql: str, parameters: tuple[Any, ...]) -> sqlite3.Cursor:
        try:
            return self._connection.execute(sql, parameters)
        except OverflowError:
            longest = max((each for each in parameters if isinstance(each, int)), key=abs)
            raise errors.InputError("number.too_large", number=str(longest)[:40]) from None

    @cached_property
    def station(self) -> Station:
        """The station's settings."""
        row = self._row("SELECT name, time_zone, collect_names, key_check, created_at_ms FROM station")
        if row is None:
            raise errors.NotKitdock("database.no_station", path=self.path, create=NextStep("database.create"))
        name, time_zone, collect_names, key_check, created_at_ms = row
        return Station(name, time_zone, bool(collect_names), key_check, created_at_ms)

    @property
    def account(self) -> Account:
        """Who acts, with the roles as they are now. Raises `NotAllowed` if the last one was revoked."""
        account = self._account()
        if not account.roles:
            self._refuse_stranger()
        return account

    def _account(self) -> Account:
        return self._begun().account

    @property
    def settings(self) -> Settings:
        """The settings in force. Raises `DatabaseDamaged` if one is nonsense."""
        return settings(self.stored_settings())

    def stored_settings(self) -> dict[str, str]:
        """The settings that were set, as they stand in the database."""
        return dict(self._begun().settings)

    @cached_property
    def _vault(self) -> Vault:
        """The station's vault, loaded when something sealed is first needed. Raises `VaultError`."""
        return Vault.load(self.path, self.station.key_check)
