"""What SQLite's failures mean to a user."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from host import errors


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turns what SQLite raises about `path` into a `StoreError` that says what to do next.

    A broken constraint or wrong SQL is a bug of Kitdock and passes through. Raises `InputError` for text that is no
    UTF-8, such as an argument in another encoding.
    """
    try:
        yield
    except UnicodeEncodeError:
        raise errors.InputError(
            "what was typed is no UTF-8 text: check the terminal's encoding, type it again"
        ) from None
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.IntegrityError):
            raise
        # The primary result code is the low byte of the extended one.
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise errors.DatabaseBusy(
                f"database {path} is locked by another process: try again when that is done; nothing was written"
            ) from error
        if str(error).startswith("Could not decode to UTF-8"):  # the rest of it tells the text
            raise errors.DatabaseDamaged(
                f"a text in database {path} is no UTF-8: another program did that; see `kitdock audit verify` and "
                "`kitdock db check`, or restore a backup"
            ) from None
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
