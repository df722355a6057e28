"""A station has an identity and an epoch; a report names the version of its form."""

import hashlib
from sqlite3 import Connection

SQL = """
ALTER TABLE station ADD COLUMN uuid TEXT NOT NULL DEFAULT '';
ALTER TABLE station ADD COLUMN epoch INTEGER NOT NULL DEFAULT 1;
ALTER TABLE usage_report ADD COLUMN form_version INTEGER NOT NULL DEFAULT 1;
"""


def fill(connection: Connection) -> None:
    """A database and the backups made of it before this step come to the same identity: they are one station's."""
    for key_check, created_at_ms in connection.execute("SELECT key_check, created_at_ms FROM station").fetchall():
        made = f"kitdock station 1 {key_check} {created_at_ms}"
        connection.execute("UPDATE station SET uuid = ?", (hashlib.sha256(made.encode()).hexdigest()[:32],))
