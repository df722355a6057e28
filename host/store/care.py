"""The file of the database as a whole: its faults, its layout, and the room that it takes."""

import sqlite3
from contextlib import closing

from host.phrase import Phrase
from host.store import copying
from host.store.database import Database


class CareRepository:
    """Looks at the file itself and at its layout; it holds no rows."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def file_faults(self) -> list[str]:
        """What is wrong with the file, the first few faults, as SQLite says it."""
        return copying.file_faults(self._db.connection)

    def reference_faults(self) -> list[Phrase]:
        """Rows that name another that is not there, the first few."""
        return copying.reference_faults(self._db.connection)

    def objects(self) -> dict[tuple[str, str], str]:
        """The layout of this database: SQL by kind and name of each table, index and trigger."""
        return _objects(self._db.connection)

    def put_back(self, kind: str, name: str, sql: str) -> None:
        """Makes a trigger or an index anew, within a transaction."""
        self._db.connection.execute(f"DROP {kind} IF EXISTS {name}")
        self._db.connection.execute(sql)

    def vacuum(self) -> None:
        """Writes the file anew without what was deleted. Raises `DatabaseBusy`, `DatabaseFull`."""
        self._db.rows("VACUUM")


def due_objects() -> dict[tuple[str, str], str]:
    """The layout of a new database, as `CareRepository.objects` gives it."""
    from host.store.migrations import apply

    with closing(sqlite3.connect(":memory:")) as connection:
        apply(connection)
        return _objects(connection)


def _objects(connection: sqlite3.Connection) -> dict[tuple[str, str], str]:
    rows = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")
    return {(kind, name): sql for kind, name, table, sql in rows if not table.lstrip("_").startswith("sqlite_")}
