"""The database's layout, step by step. A step that has been released is never edited: add another.

Instants are INTEGER Unix milliseconds (`*_ms`), dates TEXT YYYY-MM-DD, all tables STRICT. Received
records, movements, explanations and the audit are append-only, which triggers hold. What is derived (`_002` to `_004`)
can be thrown away and made again from the rest.
"""

from collections.abc import Callable
from sqlite3 import Connection
from types import ModuleType

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from host.store.layout import STEPS
from host.store.migrations import _001, _002, _003, _004, _005, _006, _007, _008, _009

__all__ = ["apply", "migrations"]

migrations = Migrations("kitdock")


def _step(module: ModuleType) -> Callable[[Database], None]:
    def run(db: Database) -> None:
        db.executescript(module.SQL)
        if hasattr(module, "fill"):
            module.fill(db.conn)

    return run


for _name, _module in zip(STEPS, (_001, _002, _003, _004, _005, _006, _007, _008, _009), strict=True):
    migrations(name=_name)(_step(_module))


def apply(connection: Connection) -> None:
    """Brings the database of `connection` to the present layout, in whatever transaction is under way."""
    migrations.apply(Database(connection, execute_plugins=False))
