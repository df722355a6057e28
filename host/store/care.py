"""Care of the database: a backup while others write, a check of everything that must hold, repair, vacuum."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from typing import NamedTuple

from host.access import audit
from host.errors import KitdockError
from host.phrase import Phrase
from host.store import copying
from host.store.accounts import entries
from host.store.database import Database
from host.store.tags import TagRepository
from host.tag.events import EventRow, Tag
from host.tag.verify import ChainVerifier


class Check(NamedTuple):
    """One check: whether it holds (None: it could not be made), and what was found."""

    name: str
    holds: bool | None
    found: Phrase | KitdockError


class CareRepository:
    """The part of the store that looks after the file."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._tags = TagRepository(db)

    def check_references(self, name: str) -> Check:
        return check(name, copying.reference_faults(self._db.connection), Phrase("check.references"))

    def check_layout(self, name: str) -> Check:
        there, due = objects(self._db.connection), due_objects()
        faults = [Phrase("check.missing", kind=kind, name=each) for kind, each in due if (kind, each) not in there]
        faults += [Phrase("check.strange", kind=kind, name=each) for kind, each in there if (kind, each) not in due]
        faults += [
            Phrase("check.changed", kind=kind, name=each)
            for (kind, each), sql in due.items()
            if (kind, each) in there and there[kind, each].split() != sql.split()
        ]
        triggers = sum(kind == "trigger" for kind, _ in due)
        return check(name, faults, Phrase("check.layout", triggers=triggers))

    def check_audit(self, name: str) -> Check:
        chain = audit.verify(entries(self._db.connection))
        fine = Phrase("check.audit", entries=chain.entries, newest=chain.head.hex()[:16])
        return check(name, [chain.why] if chain.why else [], fine)

    def verify_records(self, tag: Tag) -> tuple[int, list[int]]:
        """How many records `tag` has here, and the sequences of those that are not what their row says.

        The first after a gap is chained to one that is not here, and is taken as it stands.
        """
        key = self._tags.tag_keys(tag.id).log
        columns = ", ".join(EventRow._fields)
        verifier: ChainVerifier | None = None
        before: EventRow | None = None
        seen, wrong = 0, []
        for row in self._db.connection.execute(
            f"SELECT {columns} FROM event WHERE tag = ? ORDER BY sequence", (tag.id,)
        ):
            event = EventRow(*row)
            seen += 1
            if before is None and event.sequence == 1:
                verifier = ChainVerifier(bytes.fromhex(tag.id), key, None)
            elif before is not None and event.sequence == before.sequence + 1:
                verifier = verifier or ChainVerifier(
                    bytes.fromhex(tag.id), key, (before.sequence, before.record), before.verdict
                )
            else:
                verifier = None
            if verifier is not None and verifier.take(event.record) != event:
                wrong.append(event.sequence)
            before = event
        return seen, wrong


def check(name: str, faults: Sequence[Phrase | KitdockError | str], fine: Phrase) -> Check:
    if not faults:
        return Check(name, True, fine)
    told, more = tuple(faults[: copying.MOST_FAULTS]), len(faults) - copying.MOST_FAULTS
    return Check(name, False, Phrase("check.faults", faults=told, more=max(more, 0)))


def objects(connection: sqlite3.Connection) -> dict[tuple[str, str], str]:
    """The layout of a database: SQL by kind and name of each table, index and trigger."""
    rows = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")
    return {(kind, name): sql for kind, name, table, sql in rows if not table.lstrip("_").startswith("sqlite_")}


def due_objects() -> dict[tuple[str, str], str]:
    """The layout of a new database."""
    from host.store.migrations import apply

    with closing(sqlite3.connect(":memory:")) as connection:
        apply(connection)
        return objects(connection)
