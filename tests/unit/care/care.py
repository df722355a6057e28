"""What the tests of care share."""

import sqlite3
from pathlib import Path

from host import clock
from host.errors import KitdockError
from host.phrase import Phrase
from tests.station import Store

DAY = clock.DAY_MS


def change(path: Path, *statements: str) -> None:
    """What somebody does with another program."""
    connection = sqlite3.connect(path, isolation_level=None)
    for each in statements:
        connection.execute(each)
    connection.close()


def failed(store: Store) -> dict[str, Phrase | KitdockError]:
    return {each.name: each.found for each in store.check() if not each.holds}


def names(path: Path) -> list[str]:
    return sorted(each.name for each in path.parent.iterdir() if not each.name.endswith(("-wal", "-shm")))


def retained(store: Store, **days: int) -> dict[str, tuple[int, int]]:
    """Rows destroyed and kept by kind, under a policy."""
    for kind, number in days.items():
        store.set_setting(f"retain_{kind}_days", str(number))
    planned = {each.kind: (each.rows, each.kept) for each in store.retention_plan()}
    done = {each.kind: (each.rows, each.kept) for each in store.retain()}
    assert done == planned, "the dry run tells what is done"
    return done
