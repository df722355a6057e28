"""Accounts and their roles, settings, and the audit, in the database."""

from collections.abc import Iterator
from sqlite3 import Connection

from host.access.audit import AuditEntry
from host.store.database import Database
from host.store.failing import translated

TEXTS = ("login", "action", "subject", "outcome", "detail")


class AccountRepository:
    """The part of the store that says who may do what, and keeps who did."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def entries(self, where: str, parameters: tuple[object, ...]) -> Iterator[AuditEntry]:
        with translated(self._db.path):
            yield from entries(self._db.connection, where, parameters)


def entries(connection: Connection, where: str = "", parameters: tuple[object, ...] = ()) -> Iterator[AuditEntry]:
    """The audit, oldest first, read so that whatever stands there can be verified."""
    # Bytes that are no text come as others: their entry does not verify, instead of stopping who verifies.
    columns = ", ".join(f"CAST({each} AS BLOB)" for each in TEXTS)
    rows = connection.execute(f"SELECT id, at_ms, {columns}, hash FROM audit {where} ORDER BY id", parameters)
    for id, at_ms, *texts, hash in rows:
        found = (None if each is None else each.decode(errors="replace") for each in texts)
        yield AuditEntry._make((id, at_ms, *found, hash))
