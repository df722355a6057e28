"""Tags and their sealed keys, dockings and the events of the log, in the database."""

from host.access.vault import TagKeys
from host.errors import InputError
from host.phrase import NextStep
from host.store.database import Database
from host.tag.events import VERIFIED, Docking, Event, Radio, Tag

_TAG = ", ".join(Tag._fields)


class TagRepository:
    """The part of the store that docking uses."""

    def __init__(self, db: Database) -> None:
        self._db = db

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
            raise InputError("tag.unknown_name", name=pouch_or_tag, see=NextStep("tag.list"))
        return Tag(*row)

    def tag_keys(self, tag_id: str) -> TagKeys:
        row = self._db.row("SELECT sealed_keys FROM tag WHERE id = ?", (tag_id,))
        if row is None:
            raise InputError("tag.unknown", tag=tag_id, see=NextStep("tag.list"))
        clear = self._db.vault.open(row[0], f"keys of tag {tag_id}")
        return TagKeys(clear[:32], clear[32:64], clear[64:])

    def radio(self, tag_id: str) -> Radio | None:
        """The last advert accepted from a tag."""
        row = self._db.row('SELECT epoch, "index", heard_at_ms FROM tag_radio WHERE tag = ?', (tag_id,))
        return Radio(*row) if row else None

    def dockings(self, tag_id: str | None = None) -> list[Docking]:
        """The dockings of one tag or of all, oldest first."""
        where, parameters = ("WHERE tag = ?", (tag_id,)) if tag_id else ("", ())
        rows = self._db.rows(f"SELECT {', '.join(Docking._fields)} FROM docking {where} ORDER BY id", parameters)
        return [Docking(*row) for row in rows]

    def last_record(self, tag_id: str) -> tuple[int, bytes] | None:
        """The newest committed sequence of a tag, and its 36 bytes."""
        row = self._db.row("SELECT sequence, record FROM event WHERE tag = ? ORDER BY sequence DESC LIMIT 1", (tag_id,))
        return (row[0], row[1]) if row else None

    def last_verdict(self, tag_id: str) -> str:
        """What was found of the newest committed record of a tag; `VERIFIED` while there is none."""
        row = self._db.row("SELECT verdict FROM event WHERE tag = ? ORDER BY sequence DESC LIMIT 1", (tag_id,))
        return str(row[0]) if row else VERIFIED

    def events(self, tag_id: str | None = None) -> list[Event]:
        """The events of one tag or of all, by tag and sequence."""
        columns = ", ".join(Event._fields)
        where, parameters = ("WHERE tag = ?", (tag_id,)) if tag_id else ("", ())
        return [
            Event(*row)
            for row in self._db.rows(f"SELECT {columns} FROM event {where} ORDER BY tag, sequence", parameters)
        ]
