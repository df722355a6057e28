"""One docking: fetch what a tag has logged, verify it, commit it, then acknowledge, set the time and the kit's expiry.

The station acknowledges what its own transaction has committed and nothing else, so a docking that
breaks off anywhere costs a repetition and never a record.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import NamedTuple

from host import clock, service
from host.errors import KitdockError, LinkError, StoreError
from host.link.errors import LinkLost, TagRefused, TagStalled
from host.link.gatt import Link
from host.link.tag_session import Gap, TagSession, TagStatus
from host.phrase import Phrase
from host.tag.events import ALTERED, UNLINKED, EventRow, StatusTold, Tag
from host.tag.verify import ChainVerifier
from kitwire import config
from kitwire.errors import WireError

BATCH = 512
"""Most records in one READ, and so in one transaction."""


class TagRolledBack(LinkError):
    """The tag's log ends before what was already committed from it."""


class DockingStep(NamedTuple):
    """Something that happened while docking. `stage` is one of heard, connected, received, committed,
    complete, failed, refused; `pouch` names the tag's pouch."""

    stage: str
    pouch: str
    said: Phrase


class DockingReport(NamedTuple):
    """How one docking ended. `error` is None if it is complete; `added` counts the new rows."""

    tag: str
    pouch: str
    docking: int
    added: int
    altered: int
    status: TagStatus | None
    error: Exception | None


class DockingSession:
    """One docking under way: what was fetched and committed so far."""

    def __init__(
        self, store: service.Database, tag: Tag, now_ms: Callable[[], int], progress: Callable[[DockingStep], None]
    ) -> None:
        self._store = store
        self._tag = tag
        self._now_ms = now_ms
        self._progress = progress
        self._docking = 0
        self._added = 0
        self._altered = 0
        self._status: TagStatus | None = None

    def begin(self) -> None:
        """Note in the store that the docking has begun."""
        self._docking = service.Tags(self._store).begin_docking(self._tag.id, self._now_ms())

    async def talk(self, link: Link) -> None:
        """The whole session: five round trips when everything fits one batch."""
        keys = service.Tags(self._store).tag_keys(self._tag.id)
        last = service.Tags(self._store).last_record(self._tag.id)
        verdict = service.Tags(self._store).last_verdict(self._tag.id)
        verifier = ChainVerifier(bytes.fromhex(self._tag.id), keys.log, last, verdict)

        tag_session = await TagSession.open(link, keys.session, self._now_ms)
        tag_session.ask_status()
        tag_session.ask_records(verifier.next_sequence, BATCH)
        self._status = await tag_session.status()
        service.Tags(self._store).set_status(self._docking, self._told())
        ends_at = self._status.status.last_sequence
        if ends_at < verifier.next_sequence - 1:
            raise TagRolledBack("docking.rolled_back", ends_at=ends_at, committed=verifier.next_sequence - 1)
        await self._fetch(tag_session, verifier)
        while (due := verifier.next_sequence) <= ends_at:
            tag_session.ask_records(due, BATCH)
            await self._fetch(tag_session, verifier)
            if verifier.next_sequence == due:
                raise WireError(f"the tag announces records up to {ends_at} and does not send {due}")

        committed = verifier.next_sequence - 1
        tag_session.ask_acknowledge(committed)
        tag_session.ask_set_time()
        tag_session.ask_set_config(config.KIT_EXPIRES_S, self._kit_expires_s())
        tag_session.ask_records(verifier.next_sequence, BATCH)
        await tag_session.acknowledged()
        await tag_session.time_set()
        try:
            await tag_session.config_set()
        except TagRefused as refused:
            self._say("refused", Phrase("docking.expiry_refused", error=refused))
        await self._fetch(tag_session, verifier)
        if verifier.next_sequence - 1 > committed:
            tag_session.ask_acknowledge(verifier.next_sequence - 1)
            await tag_session.acknowledged()

    def _kit_expires_s(self) -> int:
        """What to tell the tag about the kit in its pouch: when the last good day ends; 0 if there is no kit."""
        day = service.Stock(self._store).expiry_of_pouch(self._tag.pouch)
        if day is None:
            return 0
        item = config.BY_NUMBER[config.KIT_EXPIRES_S]
        ends_s = clock.midnight_after(day, self._store.station.time_zone) // 1000
        return int(min(max(ends_s, item.least), item.most))

    def _told(self) -> StatusTold:
        assert self._status is not None
        status, anchor = self._status
        return StatusTold(*anchor, status.battery_mv, status.battery_percent, status.last_sequence)

    async def _fetch(self, tag_session: TagSession, verifier: ChainVerifier) -> None:
        """Receive the answer to one READ, verify it and commit it in one transaction."""
        rows: list[EventRow] = []
        try:
            async for part in tag_session.records():
                if isinstance(part, Gap):
                    verifier.skip_to(*part)
                    continue
                rows.extend(verifier.take(sealed) for sealed in part)
                self._say("received", Phrase("docking.received", records=len(rows)))
        finally:
            # What came before a break in the link is whole and verified: keep it, resume after it.
            if rows:
                self._commit(rows)

    def _commit(self, rows: list[EventRow]) -> None:
        added = service.Tags(self._store).add_events(self._docking, self._tag.id, rows)
        self._added += added
        altered = [row.sequence for row in rows if row.verdict in (ALTERED, UNLINKED)]
        self._altered += len(altered)
        self._say("committed", Phrase("docking.committed", records=added))
        for sequence in altered:
            self._say("refused", Phrase("docking.altered", sequence=sequence))

    def _say(self, stage: str, said: Phrase) -> None:
        self._progress(DockingStep(stage, self._tag.pouch, said))

    def end(self, error: Exception | None) -> DockingReport:
        """Note the outcome in the store and say it."""
        outcome, detail = ("complete", None) if error is None else ("failed", str(error))
        if self._docking:
            try:
                service.Tags(self._store).finish_docking(self._docking, self._now_ms(), outcome, detail, self._added)
            except StoreError as unable:
                error = error or unable
        if error is None:
            new = Phrase("docking.complete", added=self._added) if self._added else Phrase("docking.nothing_new")
            self._say("complete", new)
        else:
            again = isinstance(error, LinkLost | TagStalled)
            self._say("failed", Phrase("docking.failed", error=error, committed=self._added, again=again))
        return DockingReport(
            self._tag.id, self._tag.pouch, self._docking, self._added, self._altered, self._status, error
        )


async def dock(
    store: service.Database,
    tag: Tag,
    now_ms: Callable[[], int],
    progress: Callable[[DockingStep], None],
    reach: AbstractAsyncContextManager[Link],
) -> DockingReport:
    """One docking of `tag` over the link that `reach` makes. Its outcome is in the store, its error in the report."""
    docking = DockingSession(store, tag, now_ms, progress)
    error: Exception | None = None
    try:
        docking.begin()
        async with reach as link:
            progress(DockingStep("connected", tag.pouch, Phrase("docking.connected")))
            await docking.talk(link)
    except (KitdockError, WireError) as caught:
        error = caught
    return docking.end(error)
