"""Accounts and their roles, settings, and the audit, in the database."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from sqlite3 import Connection

from host.access.audit import AuditEntry
from host.access.roles import Account
from host.store import copying
from host.store.database import Database
from host.store.failing import translated

_TEXTS = ("login", "action", "subject", "outcome", "detail")


class AccountRepository:
    """Holds the roles of accounts, the settings that were set, and the audit, whose entries `Database.note` adds."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def accounts(self) -> list[Account]:
        """All accounts by login, each with all its roles."""
        found: dict[str, Account] = {}
        for login, role, officer in self._db.rows("SELECT login, role, officer FROM account ORDER BY login, role"):
            known = found.get(login, Account(login, frozenset(), None))
            found[login] = Account(login, known.roles | {role}, officer or known.officer)
        return list(found.values())

    def has_role(self, login: str, role: str) -> bool:
        """Whether an account has a role."""
        return self._db.row("SELECT 1 FROM account WHERE login = ? AND role = ?", (login, role)) is not None

    def others_have(self, role: str, login: str) -> bool:
        """Whether any other account than `login` has a role."""
        return self._db.row("SELECT 1 FROM account WHERE role = ? AND login <> ?", (role, login)) is not None

    def add_role(self, login: str, role: str, officer: str | None, at_ms: int) -> None:
        """Adds a role to an account; `officer` is whose it is, in the role of officer."""
        self._db.connection.execute(
            "INSERT INTO account (login, role, officer, granted_at_ms) VALUES (?, ?, ?, ?)",
            (login, role, officer, at_ms),
        )

    def remove_role(self, login: str, role: str) -> None:
        """Takes a role from an account."""
        self._db.connection.execute("DELETE FROM account WHERE login = ? AND role = ?", (login, role))

    def set_setting(self, key: str, value: str) -> None:
        """Keeps the value of a setting and drops the one before."""
        self._db.connection.execute(
            "INSERT INTO setting (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            (key, value),
        )

    def audit_entries(
        self,
        since_ms: int | None = None,
        login: str | None = None,
        action: str | None = None,
        outcome: str | None = None,
    ) -> Iterator[AuditEntry]:
        """The entries of the audit, oldest first, one after the other as they are asked for.

        From an instant on; of one login; of one action, or of a group of them such as kit; with one `outcome`.
        """
        told = {
            "at_ms >= ?": since_ms,
            "login = ?": login,
            "? IN (action, substr(action, 1, instr(action, '.') - 1))": action,
            "outcome = ?": outcome,
        }
        asked = {condition: value for condition, value in told.items() if value is not None}
        where = f"WHERE {' AND '.join(asked)}" if asked else ""
        with translated(self._db.path):
            yield from _entries(self._db.connection, where, tuple(asked.values()))

    def audit_holds(self, head: bytes) -> bool:
        """Whether an entry of the audit has this hash."""
        return self._db.row("SELECT 1 FROM audit WHERE hash = ?", (head,)) is not None


def audit_of_file(path: Path) -> Iterator[AuditEntry]:
    """The audit of a database that nobody uses, such as a copy, oldest first."""
    with closing(copying.reading(path, at_rest=True)) as connection:
        yield from _entries(connection)


def _entries(connection: Connection, where: str = "", parameters: tuple[object, ...] = ()) -> Iterator[AuditEntry]:
    """The audit, oldest first, read so that anything in it can be verified."""
    # Bytes that are not text are replaced: their entry then does not verify, instead of stopping the whole check.
    columns = ", ".join(f"CAST({each} AS BLOB)" for each in _TEXTS)
    rows = connection.execute(f"SELECT id, at_ms, {columns}, hash FROM audit {where} ORDER BY id", parameters)
    for id, at_ms, *texts, hash in rows:
        found = (None if each is None else each.decode(errors="replace") for each in texts)
        yield AuditEntry._make((id, at_ms, *found, hash))
