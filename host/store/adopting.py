"""A database from before the journal gets one: its audit goes on as the journal, and every row of the history enters
as it is."""

from itertools import islice

from host.access.history import EVENTS, HISTORY
from host.access.journal import Before
from host.store.database import Database
from host.store.journal import read
from host.store.recording import RECORD, columns_of

ADOPT = "journal.adopt"
"""The action of entries that hold rows from before the journal."""

_AT_ONCE = 2_000
"""Rows that one entry holds."""


def follow_the_audit(db: Database) -> None:
    """The next entry follows on those that were the audit's, all of them, within the transaction that made them so."""
    before = Before()
    entries = list(read(db.connection))
    for entry in entries:
        before.holds(entry)
    if entries:
        db.follow_on(before.bound())


def adopt(db: Database) -> None:
    """Enters every row of the history into the journal as it is, within the transaction that makes the journal."""
    recorder = db.recorder
    recorder.listen()
    columns = columns_of(db.connection)
    for table in HISTORY:
        names = ", ".join(f'"{each}"' for each, _ in columns[table])
        rows = db.connection.execute(f"SELECT {names} FROM {table} ORDER BY {', '.join(HISTORY[table].key)}")
        while some := list(islice(rows, _AT_ONCE)):
            recorder.take(table, some)
            db.note(ADOPT, table, {"rows": len(some)}, accept_clock=True)
    events = db.connection.execute(f"SELECT tag, docking, {', '.join(RECORD)} FROM {EVENTS} ORDER BY tag, sequence")
    while some := list(islice(events, _AT_ONCE)):
        recorder.take_records(some)
        db.note(ADOPT, EVENTS, {"rows": len(some)}, accept_clock=True)
