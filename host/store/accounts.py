"""Accounts and their roles, settings, and the journal, in the database."""

from collections.abc import Iterator

from host.access import journal
from host.access.journal import Chain, JournalEntry, ListedEntry
from host.access.roles import Account
from host.store.database import Database
from host.store.failing import translated
from host.store.journal import listed, read, verified


class AccountRepository:
    """Holds the roles of accounts, the settings that were set, and the journal, whose entries `Database.note` adds."""

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
    ) -> Iterator[ListedEntry]:
        """The entries of the journal, oldest first, one after the other as they are asked for.

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
            yield from listed(self._db.connection, where, tuple(asked.values()))

    def journal(self) -> Iterator[JournalEntry]:
        """The whole journal with its facts, oldest first, one entry after the other as they are asked for."""
        with translated(self._db.path):
            yield from read(self._db.connection)

    def verify(self) -> Chain:
        """Whether the journal is whole."""
        with translated(self._db.path):
            return verified(self._db.connection)

    def holds(self, mark: str) -> bool:
        """Whether the journal has the entry that was the newest when it had this mark."""
        number, _, _ = mark.partition("-")
        row = self._db.row("SELECT number, hash FROM journal WHERE number = ?", (int(number),))
        return row is not None and journal.mark(*row) == mark

    def holds_hash(self, hash: bytes) -> bool:
        """Whether an entry of the journal has this hash."""
        return self._db.row("SELECT 1 FROM journal WHERE hash = ?", (hash,)) is not None
