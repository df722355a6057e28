"""The database's layout, step by step. A step that has been released is never edited: add another.

Instants are INTEGER Unix milliseconds (`*_ms`), dates TEXT YYYY-MM-DD, all tables STRICT. Received
records, movements, explanations and the audit are append-only, which triggers hold. What is derived (`_002` to `_004`)
can be thrown away and made again from the rest.
"""

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from host.store.migrations import _001, _002, _003, _004
from host.store.migrations._001 import APPLICATION_ID

__all__ = ["APPLICATION_ID", "migrations"]

migrations = Migrations("kitdock")


@migrations(name="001_stock_tags_events_reports")
def _stock(db: Database) -> None:
    db.executescript(_001.SQL)


@migrations(name="002_ledger_accounts_audit_rollups")
def _ledger(db: Database) -> None:
    db.executescript(_002.SQL)


@migrations(name="003_said_by_reports_that_stand_kits_to_count")
def _doses(db: Database) -> None:
    db.executescript(_003.SQL)


@migrations(name="004_interference_with_tags")
def _interference(db: Database) -> None:
    db.executescript(_004.SQL)
