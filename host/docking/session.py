"""One docking: fetch what a tag has logged, verify it, commit it, then acknowledge, set the time and the kit's expiry.

The station acknowledges what its own transaction has committed and nothing else, so a docking that
breaks off anywhere costs a repetition and never a record.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import NamedTuple

from host import clock, service
from host.docking import bounds
from host.docking.keeping import Keeping
from host.docking.unsaved import unsaved
from host.errors import KitdockError, LinkError, StoreError
from host.link.errors import LinkLost, TagDrags, TagMisbehaves, TagRefused, TagStalled
from host.link.gatt import Link
from host.link.tag_session import Gap, TagSession, TagStatus
from host.phrase import NextStep, Phrase
from host.tag.events import ALTERED, ELSEWHERE, UNLINKED, EventRow, StatusTold, Tag
from host.tag.verify import ChainVerifier, LogKeys
from kitwire import config
from kitwire.errors import WireError


class TagRolledBack(LinkError):
    """The tag's log ends before what was already committed from it."""


class DockingStep(NamedTuple):
    """Something that happened while docking. `stage` is one of heard, connected, received, committed,
    complete, failed, refused; `pouch` names the tag's pouch."""

    stage: str
    pouch: str
    said: Phrase


class DockingReport(NamedTuple):
    """How one docking ended. `error` is None if it ended well; `more` then says whether the tag holds records that
    it had no time for. `added` counts the new rows."""

    tag: str
    pouch: str
    docking: int
    added: int
    altered: int
    status: TagStatus | None
    error: Exception | None
    more: bool = False


class _Begun(NamedTuple):
    """What the store has of a tag as its docking begins."""

    session_key: bytes
    verifier: ChainVerifier
    kit_expires_s: int


class DockingSession:
    """One docking under way: what was fetched and committed so far.

    What it does in the store, and the verifying, is done in the thread of `keeping`. Without `hurry` it takes as long
    as it takes.
    """

    def __init__(
        self,
        keeping: Keeping,
        tag: Tag,
        now_ms: Callable[[], int],
        progress: Callable[[DockingStep], None],
        log_keys: LogKeys,
        hurry: bool = True,
        unproved_noted: bool = True,
    ) -> None:
        self._keeping = keeping
        self._tag = tag
        self._now_ms = now_ms
        self._progress = progress
        self._log_keys = log_keys
        self._hurry = hurry
        self._unproved_noted = unproved_noted
        self._began_ms = 0
        self._zone = "UTC"
        self._docking = 0
        self._added = 0
        self._altered: list[int] = []
        self._gaps: list[tuple[int, int]] = []
        self._elsewhere = False
        self._status: TagStatus | None = None
        self._more = False

    async def begin(self) -> _Begun:
        """Look up what the docking needs."""
        self._began_ms = self._now_ms()
        return await self._keeping.do(self._begin)

    def _begin(self, store: service.Database) -> _Begun:
        tags, tag = service.Tags(store), self._tag
        self._zone = store.station.time_zone
        keys = tags.tag_keys(tag.id)
        last = tags.last_record(tag.id)
        log_key = self._log_keys.at(tag.id, keys.log, last[0] + 1 if last else 1)
        verifier = ChainVerifier(bytes.fromhex(tag.id), log_key.key, last, tags.last_verdict(tag.id), log_key.sequence)
        return _Begun(keys.session, verifier, _kit_expires_s(store, tag.pouch))

    async def talk(self, link: Link, begun: _Begun) -> None:
        """The whole session: five round trips when everything fits one batch."""
        loop = asyncio.get_running_loop()
        share_ends = loop.time() + bounds.SHARE_S
        verifier = begun.verifier
        tag_session = await TagSession.open(link, begun.session_key, self._now_ms)
        tag_session.ask_status()
        tag_session.ask_records(verifier.next_sequence, bounds.BATCH)
        ends_at = await self._take_status(tag_session, verifier.next_sequence - 1)
        await self._fetch(tag_session, verifier)
        while (due := verifier.next_sequence) <= ends_at and not self._more:
            if self._hurry and loop.time() > share_ends:
                self._more = True
                break
            tag_session.ask_records(due, min(bounds.BATCH, ends_at + 1 - due))
            await self._fetch(tag_session, verifier)
            if verifier.next_sequence == due:
                raise WireError(f"the tag announces records up to {ends_at} and does not send {due}")

        committed = verifier.next_sequence - 1
        tag_session.ask_acknowledge(committed)
        tag_session.ask_set_time()
        tag_session.ask_set_config(config.KIT_EXPIRES_S, begun.kit_expires_s)
        # What setting the time has logged; of a tag that has more to tell, that comes at its next turn.
        afterwards = 0 if self._more else max(0, ends_at + bounds.AFTERWARDS - committed)
        tag_session.ask_records(verifier.next_sequence, afterwards)
        await tag_session.acknowledged()
        try:
            await tag_session.time_set()
        except TagRefused:  # it takes none outside of what docs/wire.md says, and still brings its log
            now = clock.Instant(self._now_ms(), self._zone)
            self._say("refused", Phrase("docking.time_refused", now=now))
        try:
            await tag_session.config_set()
        except TagRefused as refused:
            self._say("refused", Phrase("docking.expiry_refused", error=refused))
        await self._fetch(tag_session, verifier)
        if verifier.next_sequence - 1 > committed:
            tag_session.ask_acknowledge(verifier.next_sequence - 1)
            await tag_session.acknowledged()

    async def _take_status(self, tag_session: TagSession, committed: int) -> int:
        """Where the tag's log ends, as it says itself.

        Raises `TagRolledBack` if that is before what is `committed`, `TagMisbehaves` if it cannot be.
        """
        self._status = await tag_session.status()
        status, anchor = self._status
        ends_at = int(status.last_sequence)
        told = StatusTold(*anchor, status.battery_mv, status.battery_percent, ends_at)
        await self._keeping.do(lambda store: self._proved(store, told))
        if ends_at < committed:
            raise TagRolledBack("docking.rolled_back", ends_at=ends_at, committed=committed)
        if status.acknowledged > ends_at:
            raise TagMisbehaves("link.status_senseless")
        # Nobody acknowledges what it has not committed: that was another station, or this one before a restore.
        self._elsewhere = status.acknowledged > committed
        most = bounds.most_records(self._tag.enrolled_at_ms, self._now_ms())
        if ends_at > most:
            raise TagMisbehaves("docking.too_many_records", ends_at=ends_at, most=most)
        return ends_at

    def _proved(self, store: service.Database, told: StatusTold) -> None:
        """Note that the docking has begun, with the tag that it is to be."""
        tags = service.Tags(store)
        self._docking = tags.begin_docking(self._tag.id, self._began_ms)
        tags.set_status(self._docking, told)

    async def _fetch(self, tag_session: TagSession, verifier: ChainVerifier) -> None:
        """Receive the answer to one READ, then verify it and commit it in one transaction."""
        parts: list[list[bytes] | Gap] = []
        received = 0
        try:
            async for part in tag_session.records():
                parts.append(part)
                if not isinstance(part, Gap):
                    received += len(part)
                    self._say("received", Phrase("docking.received", records=received))
        finally:
            # What came before a break in the link, or before the time was up, is whole: keep it, resume after it.
            if received:
                await self._commit(verifier, parts)

    async def _commit(self, verifier: ChainVerifier, parts: list[list[bytes] | Gap]) -> None:
        unaltered = not self._altered
        added = await self._keeping.do(lambda store: self._take(store, verifier, parts))
        self._say("committed", Phrase("docking.committed", records=added))
        if unaltered and self._altered:
            self._say("refused", Phrase("docking.altered", sequence=self._altered[0]))

    def _take(self, store: service.Database, verifier: ChainVerifier, parts: list[list[bytes] | Gap]) -> int:
        """Verify what came and commit it. Returns how many records were new."""
        rows: list[EventRow] = []
        for part in parts:
            if isinstance(part, Gap):
                self._gaps.append((verifier.next_sequence, part.first - 1))
                verifier.skip_to(*part)
            else:
                rows.extend(map(verifier.take, part))
        added = service.Tags(store).add_events(self._docking, self._tag.id, rows)
        self._log_keys.keep(self._tag.id, verifier.key)
        self._added += added
        self._altered += [row.sequence for row in rows if row.verdict in (ALTERED, UNLINKED)]
        return added

    def _say(self, stage: str, said: Phrase) -> None:
        self._progress(DockingStep(stage, self._tag.pouch, said))

    async def end(self, error: Exception | None) -> DockingReport:
        """Note the outcome in the store and say it."""
        if self._docking or self._unproved_noted:
            try:
                await self._keeping.do(lambda store: self._end(store, error))
            except StoreError as unable:
                error = error or unable
        more_altered = len(self._altered) - 1
        if more_altered > 0:
            self._say("refused", Phrase("docking.more_altered", more=more_altered))
        for gap in self._gaps:
            self._say("refused", self._lacks(*gap))
        if error is None:
            self._say("complete", self._ended_well())
        else:
            why = unsaved(error)
            again = why is not None or isinstance(error, LinkLost | TagStalled | TagDrags)
            self._say("failed", Phrase("docking.failed", error=why or error, committed=self._added, again=again))
        return DockingReport(
            self._tag.id,
            self._tag.pouch,
            self._docking,
            self._added,
            len(self._altered),
            self._status,
            error,
            self._more and error is None,
        )

    def _end(self, store: service.Database, error: Exception | None) -> None:
        if not self._docking:
            self._docking = service.Tags(store).begin_docking(self._tag.id, self._began_ms)
        elsewhere = ELSEWHERE if self._gaps and self._elsewhere else None
        outcome, detail = ("complete", elsewhere) if error is None else ("failed", str(error))
        service.Tags(store).finish_docking(self._docking, self._now_ms(), outcome, detail, self._added)

    def _lacks(self, first: int, last: int) -> Phrase:
        """What is said of records that the tag no longer has."""
        if self._elsewhere:
            return Phrase("docking.gap_elsewhere", first=first, last=last)
        return Phrase("docking.gap", first=first, last=last, see=NextStep("reconcile.list"))

    def _ended_well(self) -> Phrase:
        if self._more:
            return Phrase("docking.partly", added=self._added)
        return Phrase("docking.complete", added=self._added) if self._added else Phrase("docking.nothing_new")


def _kit_expires_s(store: service.Database, pouch: str) -> int:
    """What to tell the tag about the kit in its pouch: when the last good day ends; 0 if there is no kit."""
    day = service.Stock(store).expiry_of_pouch(pouch)
    if day is None:
        return 0
    item = config.BY_NUMBER[config.KIT_EXPIRES_S]
    ends_s = clock.midnight_after(day, store.station.time_zone) // 1000
    return int(min(max(ends_s, item.least), item.most))


async def dock(
    keeping: Keeping,
    tag: Tag,
    now_ms: Callable[[], int],
    progress: Callable[[DockingStep], None],
    reach: AbstractAsyncContextManager[Link],
    log_keys: LogKeys | None = None,
    hurry: bool = True,
    unproved_noted: bool = True,
) -> DockingReport:
    """One docking of `tag` over the link that `reach` makes. Its outcome is in the store, its error in the report.

    One that failed before the tag had proved who it is, is in the store only if that is to be `unproved_noted`: it may
    be anybody.
    `log_keys` are those of a dock that goes on. With `hurry`, the time of a docking is bounded; over a cable nobody
    waits for it. A cancellation ends the docking in the store as well.
    """
    docking = DockingSession(keeping, tag, now_ms, progress, log_keys or LogKeys(), hurry, unproved_noted)
    ends = asyncio.get_running_loop().time() + bounds.DOCKING_S
    error: Exception | None = None
    try:
        begun = await docking.begin()
        async with reach as link:
            progress(DockingStep("connected", tag.pouch, Phrase("docking.connected")))
            async with asyncio.timeout_at(ends if hurry else None):
                await docking.talk(link, begun)
    except asyncio.CancelledError:
        await docking.end(LinkError("docking.stopped"))
        raise
    except TimeoutError:
        error = TagDrags("docking.drags", seconds=bounds.DOCKING_S)
    except (KitdockError, WireError) as caught:
        error = caught
    return await docking.end(error)
