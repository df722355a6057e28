"""What SQLite's failures mean to a user."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from host import errors
from host.phrase import NextStep


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turns what SQLite raises about `path` into a `StoreError` that says what to do next.

    A broken constraint or wrong SQL is a bug of Kitdock and passes through. Raises `InputError` for text that is no
    UTF-8, such as an argument in another encoding.
    """
    try:
        yield
    except UnicodeEncodeError:
        raise errors.InputError("input.no_utf8") from None
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.IntegrityError):
            raise
        # The primary result code is the low byte of the extended one.
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise errors.DatabaseBusy("database.busy", path=path) from error
        if str(error).startswith("Could not decode to UTF-8"):  # the rest of it tells the text
            verify, check = NextStep("audit.verify"), NextStep("database.check")
            raise errors.DatabaseDamaged("database.no_utf8", path=path, verify=verify, check=check) from None
        if code == sqlite3.SQLITE_FULL:
            raise errors.DatabaseFull("database.full", path=path) from error
        if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM):
            raise errors.DatabaseReadOnly("database.read_only", path=path) from error
        if code == sqlite3.SQLITE_CANTOPEN:
            raise errors.DatabaseMissing("database.cannot_open", path=path) from error
        if code == sqlite3.SQLITE_NOTADB:
            raise errors.NotKitdock("database.not_kitdock", path=path) from error
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_IOERR):
            raise errors.DatabaseDamaged("database.not_whole", path=path, why=str(error)) from error
        raise
