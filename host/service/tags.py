"""Tags are enrolled and retired, the dock hands over their logs, and people ask for dockings and events."""

from collections.abc import Callable, Iterable, Mapping

from host import clock
from host.access.retention import drafts_until_ms
from host.access.vault import TagKeys
from host.errors import InputError, RuleError
from host.service.following import Following
from host.store.database import Database
from host.store.dock import DockRepository
from host.store.drafts import DraftRepository
from host.store.rollups import RollupRepository
from host.store.tags import TagRepository
from host.tag.claims import impossible
from host.tag.events import Docking, Event, EventRow, Radio, StatusTold, Tag
from host.tag.lid import event_times
from host.tag.times import Interval


class Tags:
    """People enrol and retire tags, and ask what these tell; the dock notes what they hand over."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._docks = DockRepository(db)
        self._drafts = DraftRepository(db)
        self._following = Following(db)
        self._rollups = RollupRepository(db)
        self._tags = TagRepository(db)

    def tags(self, retired: bool = False) -> list[Tag]:
        """The tags in use by pouch; with `retired` also those whose pouch has another tag now."""
        return self._tags.tags(retired)

    def tag(self, pouch_or_tag: str) -> Tag:
        """The tag with that id, or the one that is in that pouch now. Raises `InputError` if there is none."""
        return self._tags.tag(pouch_or_tag)

    def enrol_tag(
        self,
        tag_id: str,
        pouch: str,
        keys: TagKeys,
        at_ms: int,
        written: Callable[[], Mapping[str, str] | None],
        replace: bool = False,
    ) -> None:
        """Adds a tag to a pouch: inserts it, calls `written` (which writes the keys to the tag), commits.

        What `written` returns may tell as `was` which tag the board was before: if that is in another pouch, it is
        retired there as moved. If `written` raises, nothing is kept. With `replace`, the pouch's present tag is
        retired and its history stays. Raises `RuleError` if the pouch has a tag and `replace` is not given.
        """
        sealed = self._tags.sealed(tag_id, keys)
        with self._db.changing("tag.enrol", pouch) as detail:
            present = self._tags.tag_in(pouch)
            if present is not None and not replace:
                raise RuleError("pouch.has_tag", pouch=pouch, tag=present)
            if present is not None:
                self._tags.retire(present, at_ms)
                self._following.derive_tag(present)
            self._tags.add(tag_id, pouch, at_ms, sealed, keys)
            self._following.derive_tag(tag_id)
            detail |= {"tag": tag_id, "replaces": present}
            was = (written() or {}).get("was")
            if was is not None and self._tags.in_use(was):
                self._tags.retire(was, at_ms, moved_to=pouch)
                self._following.derive_tag(was)
                detail["moved"] = was

    def retire_tag(self, tag_id: str, at_ms: int) -> None:
        """Takes a tag out of its pouch for good; its history stays."""
        with self._db.changing("tag.retire", tag_id):
            self._tags.retire(tag_id, at_ms)
            self._following.derive_tag(tag_id)

    def tag_keys(self, tag_id: str) -> TagKeys:
        """The keys of a tag, `log` being the first. Raises `VaultError`, `NotAllowed`, `InputError` if unknown."""
        self._db.demand("tag.dock", tag_id)
        return self._tags.tag_keys(tag_id)

    def radio(self, tag_id: str) -> Radio | None:
        """The last advert accepted from a tag."""
        return self._tags.radio(tag_id)

    def set_radios(self, accepted: Mapping[str, Radio]) -> None:
        """Notes the last advert accepted from each of these tags."""
        with self._db.writing():
            self._db.demand("tag.dock")
            for tag_id, radio in accepted.items():
                self._tags.set_radio(tag_id, radio)

    def begin_docking(self, tag_id: str, at_ms: int) -> int:
        """Opens the row of a docking and returns its id."""
        with self._db.changing("tag.dock", tag_id) as detail:
            docking = self._tags.add_docking(tag_id, at_ms)
            self._rollups.mark_stale(tag_id)
            # A dock is where time passes, whether or not a policy of retention is applied.
            self._drafts.remove_old(drafts_until_ms(self._db.settings.retain_answers_days, clock.now_ms()))
            detail["docking"] = docking
            return docking

    def set_status(self, docking: int, told: StatusTold) -> None:
        """Keeps with a docking what the tag told of itself."""
        with self._db.writing():
            self._db.demand("tag.dock")
            self._rollups.mark_docked_stale(docking)
            self._tags.set_status(docking, told)
            self._db.note("tag.dock", self._tags.tag_of_docking(docking), {"docking": docking, "step": "status"})

    def note_own_stop(self, tag_id: str, sequence: int, at_ms: int) -> None:
        """Notes that the station had stopped a tag, to talk to it over USB; its log ended at `sequence` then."""
        with self._db.changing("tag.dock", tag_id) as detail:
            self._tags.add_own_stop(tag_id, sequence, at_ms)
            self._following.derive_tag(tag_id)
            detail["stopped_at"] = sequence

    def finish_docking(self, docking: int, at_ms: int, outcome: str, detail: str | None, records_added: int) -> None:
        """Closes a docking: `outcome` 'complete' or 'failed', `detail` one line for people."""
        tag_id = self._tags.tag_of_docking(docking)
        with self._db.changing("tag.dock", tag_id) as noted:
            self._tags.finish_docking(docking, at_ms, outcome, detail, records_added)
            if outcome == "complete":
                self._docks.remove_waiting(tag_id)
            self._following.derive_tag(tag_id)
            noted |= {"docking": docking, "outcome": outcome, "records": records_added}

    def dockings(self, tag_id: str | None = None) -> list[Docking]:
        """The dockings of one tag or of all, oldest first."""
        self._db.demand("stock.read", tag_id)
        return self._tags.dockings(tag_id)

    def last_record(self, tag_id: str) -> tuple[int, bytes] | None:
        """The newest committed sequence of a tag, and its 36 bytes."""
        return self._tags.last_record(tag_id)

    def last_verdict(self, tag_id: str) -> str:
        """What was found of the newest committed record of a tag; `VERIFIED` while there is none."""
        return self._tags.last_verdict(tag_id)

    def add_events(self, docking: int, tag_id: str, rows: Iterable[EventRow]) -> int:
        """Commits records in one transaction and returns how many were new; known ones are left as they are.

        What follows from them is derived when the docking ends.
        """
        with self._db.writing():
            self._db.demand("tag.dock", tag_id)
            # Once for the batch, where a foreign key would look it up again for each row.
            if not self._tags.is_docking_of(docking, tag_id):
                raise InputError("docking.unknown", docking=docking, tag=tag_id)
            self._rollups.mark_stale(tag_id)
            added = self._tags.add_events(docking, tag_id, rows)
            if added:
                self._db.note("tag.dock", tag_id, {"docking": docking, "step": "records", "records": added})
            return added

    def records(self, tag_id: str) -> list[tuple[int, bytes]]:
        """All records of a tag as received: sequence and 36 bytes, in order."""
        self._db.demand("stock.read", tag_id)
        return self._tags.records(tag_id)

    def log(self, tag: Tag) -> list[tuple[Event, Interval | None, bool]]:
        """The events of a tag in order, and when each happened; None of a record that does not verify.

        Last, whether it tells of a time that can't be.
        """
        events, dockings = self.events(tag.id), self.dockings(tag.id)
        when, doubted = event_times(tag, events, dockings), impossible(events, dockings)
        return [(each, when.get(each.sequence), each.sequence in doubted) for each in events]

    def events(self, tag_id: str | None = None) -> list[Event]:
        """The events of one tag or of all, by tag and sequence."""
        self._db.demand("stock.read", tag_id)
        return self._tags.events(tag_id)
