"""Which layout a database has: what every command looks at. What changes it, sqlite-utils, is loaded when it has to."""

import sqlite3

APPLICATION_ID = 0x4B697444
"""SQLite's application id of a Kitdock database: "KitD"."""

STEPS = (
    "001_stock_tags_events_reports",
    "002_ledger_accounts_audit_rollups",
    "003_said_by_reports_that_stand_kits_to_count",
    "004_interference_with_tags_temperature",
    "005_drafts_of_reports",
    "006_what_the_dock_tells_of_itself",
    "007_station_uuid_epoch_form_version",
    "008_journal",
    "009_sealed_under_keys_of_their_own",
)
"""The steps to the present layout, in order: one module of `host.store.migrations` each."""

JOURNAL = "008_journal"
"""The step that makes the journal: what was there before is entered into it."""

ROLLUPS = 3
"""Of what is derived. One more whenever the same history comes to give other roll-ups."""


def applied(connection: sqlite3.Connection) -> list[str]:
    """The steps that a database has been through, as sqlite-utils notes them; none if it has none of its notes."""
    if connection.execute("SELECT 1 FROM sqlite_schema WHERE name = '_sqlite_migrations'").fetchone() is None:
        return []
    rows = connection.execute("SELECT name FROM _sqlite_migrations WHERE migration_set = 'kitdock' ORDER BY name")
    return [row[0] for row in rows]


def rolled_up(connection: sqlite3.Connection) -> bool:
    """Whether the roll-ups of a database were derived as this version derives them."""
    return bool(connection.execute("SELECT version FROM rollup").fetchone() == (ROLLUPS,))
