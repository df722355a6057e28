"""One dock for a database: a lock on a file beside it, which the system releases however the dock ends."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def lock_path(database: Path) -> Path:
    """The file that the dock of a database locks. It is empty and stays: taking it away would let two in."""
    return database.with_name(f"{database.name}.dock")


@contextmanager
def only_one(database: Path) -> Iterator[bool]:
    """Whether no other process is the dock of this database; if so, this one is, until the block or its process ends.

    Raises `OSError` if the file cannot be opened or locked at all.
    """
    path = lock_path(database.resolve())
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _share(path, database.stat())
        yield _lock(file)
    finally:
        os.close(file)


def _share(path: Path, like: os.stat_result) -> None:
    """Gives the file to all who may use the database, as far as this login may."""
    with suppress(PermissionError):  # another login's file has been given already
        path.chmod(like.st_mode & 0o666)
        if sys.platform != "win32":
            os.chown(path, -1, like.st_gid)
            os.chown(path, like.st_uid, -1)


if sys.platform == "win32":
    import msvcrt

    def _lock(file: int) -> bool:
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True

else:
    import fcntl

    def _lock(file: int) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
