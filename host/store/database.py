"""The unit of work on one database file: transactions, the rights of who acts, the journal."""

import platform
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, Self

from host import clock, errors
from host.access import identity, journal, roles
from host.access.journal import Actor, Told
from host.access.roles import Account
from host.clock import Instant
from host.phrase import NextStep, Phrase
from host.settings import Settings, settings
from host.store.failing import translated
from host.store.journal import Journal, Newest
from host.store.recording import Recorder

if TYPE_CHECKING:
    from host.access.vault import Vault

CACHE_KB = 65_536
"""How much of the database SQLite keeps in memory at most."""

CLOCK_TOLERANCE_MS = 3_600_000
"""How far the clock may be behind the newest entry of the journal before nothing is recorded any more."""

LEAST_ROOM = 1_048_576
"""Bytes on the disk of the database below which it counts as full: a day at the dock takes about as many."""

NO_DETAIL: Mapping[str, object] = {}


class Station(NamedTuple):
    """The station's own settings; `key_check` is the check value of its key file.

    `uuid` is its identity for good, `epoch` how often it began to give numbers out: once, and with each restore.
    """

    name: str
    time_zone: str
    collect_names: bool
    key_check: str
    created_at_ms: int
    uuid: str
    epoch: int


class Moment(NamedTuple):
    """What every change begins with, as it is in its transaction: who acts, the settings, the end of the journal.

    `stale`: the roll-ups of some tag are to be derived first.
    """

    account: Account
    settings: Mapping[str, str]
    newest: Newest
    stale: bool


_MOMENT = """
SELECT 'account', role, officer, NULL FROM account WHERE login = ?
UNION ALL SELECT 'setting', key, value, NULL FROM setting
UNION ALL SELECT 'newest', number, at_ms, hash FROM journal WHERE number = (SELECT max(number) FROM journal)
UNION ALL SELECT 'station', uuid, epoch, NULL FROM station
UNION ALL SELECT 'stale', tag, NULL, NULL FROM stale_tag WHERE tag = (SELECT min(tag) FROM stale_tag)
"""


class Database:
    """One open database file, and the unit of work: its transactions, the rights of who acts, the journal.

    Services and repositories are handed one and share it.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection, login: str) -> None:
        self.path = path
        self.login = login
        self.connection = connection
        self.has_written = False
        """Whether anything that the journal tells of as done was committed since it was opened."""
        self.recorder = Recorder(connection)
        self._journal = Journal(connection, self.recorder)
        self._records = False
        self._forgetting = False
        self._for_officer: str | None = None
        """On whose behalf the account speaks in the transaction that is under way, by number."""
        self._notes_done = False
        self._refusal: tuple[str, str | None] | None = None
        self._trial = False
        self._moment: Moment | None = None
        self._version: int | None = None

    @classmethod
    def connect(cls, path: Path, busy_timeout_s: float, login: str | None) -> Self:
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

    def record(self) -> None:
        """From now on every change of the history is recorded, to become the facts of an entry of the journal."""
        self._records = True

    def admit(self) -> None:
        """Lets this login in. Raises `NotAllowed` if it has no role where others have."""
        if self.own_account().roles:
            return
        with self.writing():
            if self.row("SELECT 1 FROM account LIMIT 1"):
                self.refuse_stranger()
            self.found()

    def found(self) -> None:
        """Makes this login the founder of a station that has no account, within a transaction."""
        at_ms = clock.now_ms()
        for role in sorted(roles.FOUNDER):
            self.connection.execute(
                "INSERT INTO account (login, role, officer, granted_at_ms) VALUES (?, ?, NULL, ?)",
                (self.login, role, at_ms),
            )
        self.note("account.grant", self.login, {"roles": sorted(roles.FOUNDER), "founder": True})

    def shows_names(self) -> bool:
        """Whether the account is shown names and numbers that it has not typed itself."""
        return self.own_account().may("stock.read")

    def close(self) -> None:
        """Closes the file; the store is of no use after it."""
        self.connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A write transaction: all of the block is committed, or nothing."""
        with translated(self.path):
            if self._records:  # before the transaction, with which the triggers would be undone
                self.recorder.listen()
            # Taking the write lock at once avoids a deadlock between two that read first.
            self.connection.execute("BEGIN IMMEDIATE")
            self._moment = self._for_officer = None
            self._notes_done = False
            try:
                yield self.connection
                if self.recorder.anything():
                    raise AssertionError(f"changed and in no entry of the journal: {self.recorder.tables()}")
                self.connection.execute("ROLLBACK" if self._trial else "COMMIT")
                self.has_written = self.has_written or (self._notes_done and not self._trial)
            except BaseException:
                if self.connection.in_transaction:
                    self.connection.execute("ROLLBACK")
                self._moment = None
                self.recorder.clear()
                self._note_refusal()
                raise
            finally:
                self._moment = None
                self.recorder.clear()

    def check_writable(self) -> None:
        """Raises `DatabaseBusy` or `DatabaseFull` if nothing can be saved now. Changes nothing."""
        if shutil.disk_usage(self.path.absolute().parent).free < LEAST_ROOM:
            raise errors.DatabaseFull("database.full", path=self.path)
        with translated(self.path):
            self.connection.execute("BEGIN IMMEDIATE")
            self.connection.execute("ROLLBACK")

    def begun(self) -> Moment:
        """What every change begins with, read once in each transaction; outside of one it is read anew."""
        if self._moment is not None:
            return self._moment
        found: dict[str, list[tuple[Any, ...]]] = {}
        for kind, *row in self.rows(_MOMENT, (self.login,)):
            found.setdefault(kind, []).append(tuple(row))
        own = found.get("account", [])
        account = Account(self.login, frozenset(row[0] for row in own), next((row[1] for row in own if row[1]), None))
        number, at_ms, hash = found.get("newest", [(0, 0, journal.START)])[0]
        uuid, epoch, _ = found.get("station", [("", 0, None)])[0]
        newest = Newest(number, at_ms, hash, uuid, epoch)
        moment = Moment(account, {key: value for key, value, _ in found.get("setting", [])}, newest, "stale" in found)
        if self.connection.in_transaction:
            self._moment = moment
        return moment

    @contextmanager
    def trial(self) -> Iterator[None]:
        """What the block changes is tried, and not kept, to tell what it would do. It is refused as it would be."""
        self._trial = True
        try:
            yield
        finally:
            self._trial = False

    @contextmanager
    def changing(self, action: str, subject: str | None = None) -> Iterator[dict[str, object]]:
        """A write transaction that is one entry of the journal; the block puts its details into what is yielded.

        Raises `NotAllowed` if no role of the account allows `action`, after noting the attempt. The roles are read
        within the transaction: a role that was revoked a moment ago allows nothing more.
        """
        detail: dict[str, object] = {}
        with self.writing():
            self.demand(action, subject)
            yield detail
            self.note(action, subject, detail)

    def demand(self, action: str, subject: str | None = None) -> None:
        """Raises `NotAllowed` unless a role of the account allows `action`; the attempt is noted."""
        if not self.own_account().may(action):
            self.refuse(action, subject, Phrase("access.for_roles", roles=roles.who_may(action)))

    def demand_own(self, action: str, subject: str | None, officer: str) -> None:
        """As `_demand`; an account that is its officer's alone must also be that of `officer`.

        One that many share, with role officer and no number, speaks for each of them.
        """
        self.demand(action, subject)
        self._for_officer = officer
        account = self.account
        if account.bound(action) and account.officer not in (None, officer):
            self.refuse(action, subject, Phrase("access.of_another_officer"))

    def refuse(self, action: str, subject: str | None, why: Phrase | str) -> NoReturn:
        """Notes an attempt that no role allows, once any transaction under way is undone; raises `NotAllowed`."""
        self._refusal = (action, subject)
        if not self.connection.in_transaction:
            self._note_refusal()
        raise errors.NotAllowed("access.not_allowed", login=self.login, action=action, subject=subject, why=why)

    def refuse_stranger(self) -> NoReturn:
        grant = NextStep("account.grant", login=self.login)
        self.refuse("database.open", None, Phrase("access.no_role", path=self.path, grant=grant))

    def _note_refusal(self) -> None:
        if self._refusal is not None:
            (action, subject), self._refusal = self._refusal, None
            with self.writing():
                self.note(action, subject, {}, journal.REFUSED)

    def note(
        self,
        action: str,
        subject: str | None,
        detail: Mapping[str, object] = NO_DETAIL,
        outcome: str = journal.DONE,
        accept_clock: bool = False,
    ) -> None:
        """Adds an entry to the journal, within the transaction that is under way. Raises `ClockWrong`.

        What has changed in the history since the entry before is in it.
        """
        newest = self.begun().newest
        at_ms = clock.now_ms() if accept_clock else self.right_now()
        told = Told(subject, journal.detail_text(detail), self._for_officer)
        self._notes_done = self._notes_done or outcome == journal.DONE
        hash = self._journal.add(newest, at_ms, self.actor, action, outcome, told, self._forgetting)
        if self._moment is not None:
            self._moment = self._moment._replace(
                newest=newest._replace(number=newest.number + 1, at_ms=at_ms, hash=hash)
            )

    def follow_on(self, hash: bytes) -> None:
        """The next entry follows on this hash, within the transaction that is under way."""
        moment = self.begun()
        self._moment = moment._replace(newest=moment.newest._replace(hash=hash))

    def begin_epoch(self, epoch: int) -> None:
        """From the next entry on it gives numbers out in another epoch, within the transaction that is under way."""
        self.connection.execute("UPDATE station SET epoch = ?", (epoch,))
        self._moment = None
        self.__dict__.pop("station", None)

    @contextmanager
    def forgetting(self) -> Iterator[None]:
        """What the journal had until now of the rows that the entries of this block change is destroyed."""
        self._forgetting = True
        try:
            yield
        finally:
            self._forgetting = False

    @property
    def actor(self) -> Actor:
        """Who acts, as entries of the journal have it."""
        return Actor(self.login, journal.SYSTEM, platform.node())

    def right_now(self) -> int:
        """Unix milliseconds now. Raises `ClockWrong` if the clock is far behind the newest entry of the journal."""
        at_ms, newest_ms = clock.now_ms(), self.begun().newest.at_ms
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
    def reading(self) -> Iterator[None]:
        """A read transaction: every query in the block sees the same state."""
        with translated(self.path):
            self.connection.execute("BEGIN")
            self._moment = None
            try:
                yield
            finally:
                self.connection.execute("ROLLBACK")
                self._moment = None
                self._note_refusal()

    def changed(self) -> bool:
        """Whether another connection has committed anything since this was asked last; the first time, that it has."""
        before, self._version = self._version, self.rows("PRAGMA data_version")[0][0]
        return before != self._version

    def rows(self, sql: str, parameters: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query. Raises `InputError` for a number that no database can hold."""
        with translated(self.path):
            return self._query(sql, parameters).fetchall()

    def row(self, sql: str, parameters: tuple[Any, ...] = ()) -> tuple[Any, ...] | None:
        """The first row of a query, if any. Raises as `_rows`."""
        with translated(self.path):
            row: tuple[Any, ...] | None = self._query(sql, parameters).fetchone()
            return row

    def _query(self, sql: str, parameters: tuple[Any, ...]) -> sqlite3.Cursor:
        try:
            return self.connection.execute(sql, parameters)
        except OverflowError:
            longest = max((each for each in parameters if isinstance(each, int)), key=abs)
            raise errors.InputError("number.too_large", number=str(longest)[:40]) from None

    @cached_property
    def station(self) -> Station:
        """The station's settings."""
        row = self.row("SELECT name, time_zone, collect_names, key_check, created_at_ms, uuid, epoch FROM station")
        if row is None:
            raise errors.NotKitdock("database.no_station", path=self.path, create=NextStep("database.create"))
        name, time_zone, collect_names, *rest = row
        return Station(name, time_zone, bool(collect_names), *rest)

    @property
    def key_path(self) -> Path:
        """Where the station's key is."""
        from host.access.vault import key_path

        return key_path(self.path)

    def today(self) -> date:
        """The day it is now in the station's zone."""
        return clock.today(clock.now_ms(), self.station.time_zone)

    @property
    def account(self) -> Account:
        """Who acts, with the roles as they are now. Raises `NotAllowed` if the last one was revoked."""
        account = self.own_account()
        if not account.roles:
            self.refuse_stranger()
        return account

    def own_account(self) -> Account:
        return self.begun().account

    @property
    def settings(self) -> Settings:
        """The settings in force. Raises `DatabaseDamaged` if one is nonsense."""
        return settings(self.stored_settings())

    def stored_settings(self) -> dict[str, str]:
        """The settings that were set, as the database has them."""
        return dict(self.begun().settings)

    def read_key_anew(self) -> bool:
        """Forgets the station and its vault as they were read; whether the station's key has changed since."""
        before = self.station.key_check
        self.__dict__.pop("station", None)
        self.__dict__.pop("vault", None)
        return self.station.key_check != before

    @cached_property
    def vault(self) -> "Vault":
        """The station's vault, loaded when something sealed is first needed. Raises `VaultError`."""
        from host.access.vault import Vault

        return Vault.load(self.path, self.station.key_check)
