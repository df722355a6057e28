"""Roles are given to accounts and taken back, settings changed, and the audit read and proven whole."""

from collections.abc import Iterator

from host import clock
from host.access import identity, journal
from host.access.journal import Chain, JournalEntry, ListedEntry
from host.access.roles import ADMINISTRATOR, OFFICER, ROLES, Account
from host.errors import InputError, RuleError
from host.phrase import NextStep
from host.service.people import People
from host.settings import RETENTION, as_stored, checked
from host.store.accounts import AccountRepository
from host.store.database import Database


class Accounts:
    """People say who may do what and how the station is set, and ask who did what."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._accounts = AccountRepository(db)
        self._people_service = People(db)

    def accounts(self) -> list[Account]:
        """All accounts by login. Raises `NotAllowed`."""
        self._db.demand("audit.read")
        return self._accounts.accounts()

    def grant(self, login: str, role: str, officer: str | None, at_ms: int) -> None:
        """Gives an account a role; with role officer, `officer` is whose it is (None: a dock that many share).

        Raises `InputError` for an unknown role or officer, `RuleError` if the account has the role already.
        """
        with self._db.changing("account.grant", login) as detail:
            if role not in ROLES:
                raise InputError("account.no_such_role", role=role, roles=tuple(ROLES))
            if officer is not None and role != OFFICER:
                raise InputError("account.no_officers_role", needed=OFFICER, role=role)
            if officer is not None:
                self._people_service.officer(officer)
            if self._accounts.has_role(login, role):
                raise RuleError("account.has_role", login=login, role=role, see=NextStep("account.list"))
            self._accounts.add_role(login, role, officer, at_ms)
            detail |= {"role": role, "officer": officer}

    @staticmethod
    def is_login(name: str) -> bool:
        """Whether this computer has a user of that login name, as far as can be told."""
        return identity.is_known(name)

    def revoke(self, login: str, role: str) -> None:
        """Takes a role from an account. Raises `RuleError` if it has it not, or if it is the last administrator."""
        with self._db.changing("account.revoke", login) as detail:
            if not self._accounts.has_role(login, role):
                raise RuleError("account.has_no_such_role", login=login, role=role, see=NextStep("account.list"))
            if role == ADMINISTRATOR and not self._accounts.others_have(role, login):
                raise RuleError("account.last_administrator", login=login)
            self._accounts.remove_role(login, role)
            detail["role"] = role

    def set_setting(self, key: str, text: str) -> int | str:
        """Changes a setting and returns its value. Raises `InputError` if there is no such setting or value.

        What is destroyed when is the administrator's to say. What was there before may be nonsense: this is how it is
        mended.
        """
        value = checked(key, text)
        action = "setting.retention" if key.startswith(RETENTION) else "setting.change"
        with self._db.changing(action, key) as detail:
            detail |= {"before": as_stored(key, self._db.stored_settings()), "after": value}
            self._accounts.set_setting(key, str(value))
        return value

    def audit_entries(
        self, since_ms: int | None = None, login: str | None = None, action: str | None = None, refused: bool = False
    ) -> Iterator[ListedEntry]:
        """The entries of the journal, oldest first, one after the other as they are asked for. Raises `NotAllowed`.

        The steps of a docking between its beginning and its end are left out: `journal` has them.
        From an instant on; of one login; of one action, or of a group of them such as kit; only those `refused`.
        """
        self._db.demand("audit.read")
        found = self._accounts.audit_entries(since_ms, login, action, journal.REFUSED if refused else None)
        return (each for each in found if not journal.is_step(each.told))

    def journal(self) -> Iterator[JournalEntry]:
        """The whole journal with its facts, oldest first. Raises `NotAllowed`."""
        self._db.demand("audit.read")
        return self._accounts.journal()

    def verify_audit(self) -> Chain:
        """Whether the journal is whole. Raises `NotAllowed`."""
        self._db.demand("audit.read")
        return self._accounts.verify()

    def audit_holds(self, kept: str | bytes) -> bool:
        """Whether the journal still holds what it held when its newest entry had this mark, or this hash."""
        self._db.demand("audit.read")
        return self._accounts.holds(kept) if isinstance(kept, str) else self._accounts.holds_hash(kept)

    def accept_clock(self) -> None:
        """Takes this machine's clock as right although the newest entry is of a later time."""
        with self._db.writing():
            self._db.demand("clock.accept")
            self._db.note("clock.accept", None, {"now": clock.now_ms()}, accept_clock=True)
