"""Tags and their sealed keys, dockings and the events of the log, in the database."""

import json
from collections.abc import Collection, Iterable, Iterator

from host.access.vault import Sealed, TagKeys
from host.errors import InputError
from host.phrase import NextStep
from host.store.database import Database
from host.store.sealing import SealingRepository
from host.tag.events import VERIFIED, Docking, Event, EventRow, Radio, StatusTold, Tag
from kitwire import keys as key_checks

_TAG = ", ".join(Tag._fields)


_INSERT_EVENT = """
INSERT INTO event (tag, docking, sequence, record, verdict, type, flags, battery_mv, boot_count, uptime_s, utc_s, aux)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (tag, sequence) DO NOTHING
"""


class TagRepository:
    """Holds tags with their sealed keys, their radio and the stops by this station, their dockings and records."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._sealing = SealingRepository(db)

    def tags(self, retired: bool = False) -> list[Tag]:
        """The tags in use by pouch; with `retired` also those whose pouch has another tag now."""
        where = "" if retired else "WHERE retired_at_ms IS NULL"
        return [Tag(*row) for row in self._db.rows(f"SELECT {_TAG} FROM tag {where} ORDER BY pouch, enrolled_at_ms")]

    def tag(self, pouch_or_tag: str) -> Tag:
        """The tag with that id, or the one that is in that pouch now. Raises `InputError` if there is none."""
        row = self._db.row(
            f"SELECT {_TAG} FROM tag WHERE id = ? OR (pouch = ? AND retired_at_ms IS NULL) ORDER BY id = ? DESC",
            (pouch_or_tag.lower(), pouch_or_tag, pouch_or_tag.lower()),
        )
        if row is None:
            pouches = [str(each[0]) for each in self._db.rows("SELECT pouch FROM tag WHERE retired_at_ms IS NULL")]
            unknown = InputError("tag.unknown_name", name=pouch_or_tag, see=NextStep("tag.list"))
            raise unknown.like(pouch_or_tag, pouches if self._db.shows_names() else [])
        return Tag(*row)

    def tag_in(self, pouch: str) -> str | None:
        """The id of the tag that is in a pouch now; None if it has none."""
        row = self._db.row("SELECT id FROM tag WHERE pouch = ? AND retired_at_ms IS NULL", (pouch,))
        return str(row[0]) if row else None

    def in_use(self, tag_id: str) -> bool:
        """Whether there is such a tag and it was not retired."""
        return self._db.row("SELECT 1 FROM tag WHERE id = ? AND retired_at_ms IS NULL", (tag_id,)) is not None

    def sealed(self, tag_id: str, keys: TagKeys) -> Sealed:
        """The keys of a tag as `add` keeps them, sealed for this station and that tag. Raises `VaultError`."""
        return self._sealing.seal(b"".join(keys), _seal_of(tag_id))

    def add(self, tag_id: str, pouch: str, at_ms: int, sealed: Sealed, keys: TagKeys) -> None:
        """Adds a tag, enrolled at `at_ms`, with its sealed keys and the check value of each."""
        checks = [key_checks.check_value(key).hex() for key in keys]
        self._db.connection.execute(
            "INSERT INTO tag (id, pouch, enrolled_at_ms, sealed_keys, advert_check, session_check, log_check) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            (tag_id, pouch, at_ms, self._sealing.keep(sealed), *checks),
        )

    def retire(self, tag_id: str, at_ms: int, moved_to: str | None = None) -> None:
        """Takes a tag out of use, unless it is already; `moved_to` is the pouch that its board went to."""
        self._db.connection.execute(
            "UPDATE tag SET retired_at_ms = ?, moved_to = ? WHERE id = ? AND retired_at_ms IS NULL",
            (at_ms, moved_to, tag_id),
        )

    def tag_keys(self, tag_id: str) -> TagKeys:
        """The keys of a tag, unsealed. Raises `InputError` if it is unknown, `VaultError`."""
        row = self._db.row("SELECT sealed_keys FROM tag WHERE id = ?", (tag_id,))
        if row is None:
            raise InputError("tag.unknown", tag=tag_id, see=NextStep("tag.list"))
        clear = self._sealing.open(row[0], _seal_of(tag_id))
        return TagKeys(clear[:32], clear[32:64], clear[64:])

    def radio(self, tag_id: str) -> Radio | None:
        """The last advert accepted from a tag."""
        row = self._db.row('SELECT epoch, "index", heard_at_ms FROM tag_radio WHERE tag = ?', (tag_id,))
        return Radio(*row) if row else None

    def set_radio(self, tag_id: str, heard: Radio) -> None:
        """Keeps the last advert accepted from a tag and drops the one before."""
        self._db.connection.execute(
            'INSERT INTO tag_radio (tag, epoch, "index", heard_at_ms) VALUES (?, ?, ?, ?) '
            "ON CONFLICT (tag) DO UPDATE SET epoch = excluded.epoch, "
            '"index" = excluded."index", heard_at_ms = excluded.heard_at_ms',
            (tag_id, *heard),
        )

    def add_docking(self, tag_id: str, at_ms: int) -> int:
        """Adds a docking that begins at `at_ms`, and returns its id."""
        cursor = self._db.connection.execute("INSERT INTO docking (tag, started_at_ms) VALUES (?, ?)", (tag_id, at_ms))
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    def set_status(self, docking: int, told: StatusTold) -> None:
        """Keeps with a docking what the tag told of itself."""
        self._db.connection.execute(
            "UPDATE docking SET boot_count = ?, uptime_ms = ?, anchor_utc_ms = ?, anchor_error_ms = ?, "
            "battery_mv = ?, battery_percent = ?, last_sequence = ? WHERE id = ?",
            (*told, docking),
        )

    def finish_docking(self, docking: int, at_ms: int, outcome: str, detail: str | None, records_added: int) -> None:
        """Closes a docking: `outcome` 'complete' or 'failed', `detail` one line for people."""
        self._db.connection.execute(
            "UPDATE docking SET finished_at_ms = ?, outcome = ?, detail = ?, records_added = ? WHERE id = ?",
            (at_ms, outcome, detail, records_added, docking),
        )

    def tag_of_docking(self, docking: int) -> str:
        """The id of the tag that was docked then; the docking is one that there is."""
        row = self._db.row("SELECT tag FROM docking WHERE id = ?", (docking,))
        assert row is not None
        return str(row[0])

    def is_docking_of(self, docking: int, tag_id: str) -> bool:
        """Whether there is that docking, and it is of that tag."""
        return self._db.row("SELECT 1 FROM docking WHERE id = ? AND tag = ?", (docking, tag_id)) is not None

    def add_own_stop(self, tag_id: str, sequence: int, at_ms: int) -> None:
        """Keeps that this station had stopped a tag whose log ended at `sequence` then."""
        self._db.connection.execute(
            "INSERT OR IGNORE INTO own_stop (tag, sequence, at_ms) VALUES (?, ?, ?)", (tag_id, sequence, at_ms)
        )

    def dockings(self, tag_id: str | None = None) -> list[Docking]:
        """The dockings of one tag or of all, oldest first."""
        where, parameters = ("WHERE tag = ?", (tag_id,)) if tag_id else ("", ())
        rows = self._db.rows(f"SELECT {', '.join(Docking._fields)} FROM docking {where} ORDER BY id", parameters)
        return [Docking(*row) for row in rows]

    def last_docking_before(self, at_ms: int) -> int:
        """The newest docking that was over before `at_ms`, or had begun and not ended; 0 if there is none."""
        row = self._db.row(
            "SELECT id FROM docking WHERE coalesce(finished_at_ms, started_at_ms) < ? ORDER BY id DESC LIMIT 1",
            (at_ms,),
        )
        return row[0] if row else 0

    def dockings_since(self, docking: int, among: Collection[int], most: int) -> list[Docking]:
        """Those of the dockings `among`, and the first `most` after the number `docking`."""
        columns = ", ".join(Docking._fields)
        rows = self._db.rows(
            f"SELECT {columns} FROM docking WHERE id IN (SELECT value FROM json_each(?)) "
            f"UNION ALL SELECT * FROM (SELECT {columns} FROM docking WHERE id > ? ORDER BY id LIMIT ?)",
            (json.dumps(list(among)), docking, most),
        )
        return [Docking(*row) for row in rows]

    def last_record(self, tag_id: str) -> tuple[int, bytes] | None:
        """The newest committed sequence of a tag, and its 36 bytes."""
        row = self._db.row("SELECT sequence, record FROM event WHERE tag = ? ORDER BY sequence DESC LIMIT 1", (tag_id,))
        return (row[0], row[1]) if row else None

    def last_verdict(self, tag_id: str) -> str:
        """What was found of the newest committed record of a tag; `VERIFIED` while there is none."""
        row = self._db.row("SELECT verdict FROM event WHERE tag = ? ORDER BY sequence DESC LIMIT 1", (tag_id,))
        return str(row[0]) if row else VERIFIED

    def records(self, tag_id: str) -> list[tuple[int, bytes]]:
        """All records of a tag as received: sequence and 36 bytes, in order."""
        rows = self._db.rows("SELECT sequence, record FROM event WHERE tag = ? ORDER BY sequence", (tag_id,))
        return [(row[0], row[1]) for row in rows]

    def add_events(self, docking: int, tag_id: str, rows: Iterable[EventRow]) -> int:
        """Adds records of a docking and returns how many were new; known ones are left as they are."""
        connection = self._db.connection
        before = connection.total_changes
        # `map` over a bound method builds each row in C: the hot path of a docking.
        connection.executemany(_INSERT_EVENT, map((tag_id, docking).__add__, rows))
        return connection.total_changes - before

    def event_rows(self, tag_id: str) -> Iterator[EventRow]:
        """The records of a tag with what each is said to be, in order, one after the other as they are asked for."""
        columns = ", ".join(EventRow._fields)
        for row in self._db.connection.execute(
            f"SELECT {columns} FROM event WHERE tag = ? ORDER BY sequence", (tag_id,)
        ):
            yield EventRow(*row)

    def events(self, tag_id: str | None = None) -> list[Event]:
        """The events of one tag or of all, by tag and sequence."""
        columns = ", ".join(Event._fields)
        where, parameters = ("WHERE tag = ?", (tag_id,)) if tag_id else ("", ())
        return [
            Event(*row)
            for row in self._db.rows(f"SELECT {columns} FROM event {where} ORDER BY tag, sequence", parameters)
        ]


def _seal_of(tag_id: str) -> str:
    """What the seal of a tag's keys is bound to."""
    return f"keys of tag {tag_id}"
