"""A station is made, and opened to do and ask anything at all."""

from pathlib import Path

from host.store import connecting
from host.store.connecting import create_database
from host.store.database import Database

__all__ = ["Database", "create_database", "may_dock", "open_database"]


def open_database(
    path: Path | str, busy_timeout_s: float | None = None, login: str | None = None, keep_copy: bool = True
) -> Database:
    """Opens the database at `path` for `login` (None: who this process runs as), and brings its layout up to date.

    Waits `connecting.BUSY_TIMEOUT_S`, unless told otherwise, for another process that is writing. Anyone who opens a
    database without any account becomes its founder. Before an update the file is copied, unless `keep_copy` is False.
    Raises `DatabaseMissing`, `NotKitdock`, `NewerSchema` or another `StoreError`; `NotAllowed` without a role.
    """
    return connecting.open_database(path, busy_timeout_s, login, keep_copy, _settle)


def may_dock(path: Path, login: str) -> bool:
    """Whether a login may run the dock of the database at `path`: asked by the person who looks after the computer,
    who needs no role for that. Raises a `StoreError`."""
    return connecting.account_of(path, login, _settle).may("tag.dock")


def _settle(db: Database) -> None:
    """Settles what an earlier layout left open, once it is brought up to date."""
    from host.service.following import Following  # seldom needed, and it needs much

    Following(db).settle_reports()
