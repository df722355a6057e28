"""The dock as a service: hears tags, queues those that have something new, docks them one at a time.

One scanner and one connection at a time for the radio. A tag is connected to only when its advert says
that it holds something that is not committed yet.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import NamedTuple

from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData

from host import service
from host.docking import bounds
from host.docking.keeping import Keeping
from host.docking.session import DockingReport, DockingStep, TagRolledBack, dock
from host.docking.sightings import Sighting, Sightings
from host.errors import StoreError
from host.link.adapter import Adapter
from host.link.errors import LinkLost, WrongKey
from host.link.gatt import Link, connected, stop_if_cancelled
from host.phrase import NextStep, Phrase
from host.tag.events import Tag
from host.tag.verify import LogKeys
from kitwire import advert

ATTEMPTS = 3
"""How often a tag is tried while it stays at the dock, before it is left alone for `REST_S`."""

FIRST_BACK_OFF_S = 1.0
"""Wait before the second attempt, in seconds; doubled before each further one."""

REST_S = 60.0
"""How long a tag that failed all its attempts is left alone, in seconds."""

HOPELESS_REST_S = 3600.0
"""The same if trying again cannot help: another key, a log that was put back."""

LEARN_S = 10.0
"""How often a dock that waits looks for tags that were enrolled meanwhile, in seconds."""

NOTE_S = 60.0
"""How often a dock that waits notes what does not agree, in seconds: time alone changes that."""

REACH_S = 30.0
"""How long one tag is listened for, in seconds, before it is said not to be there."""

SAFE_MODE = Phrase("docking.safe_mode", log=NextStep("tag.log"), flash=NextStep("tag.flash"))


class _Visit(NamedTuple):
    """A tag that is at the dock now."""

    device: BLEDevice
    sighting: Sighting


class Dock:
    """The dock of one station: a store, a radio, and what is known of the tags around it.

    `progress` is called with each `Step`; `now_ms` gives the station's time in Unix milliseconds.
    """

    def __init__(
        self,
        store: service.Database,
        adapter: Adapter,
        progress: Callable[[DockingStep], None],
        now_ms: Callable[[], int] | None = None,
        stall_timeout_s: float = bounds.FRAME_S,
    ) -> None:
        self._store = store
        self._adapter = adapter
        self._progress = progress
        self._now_ms = now_ms or (lambda: time.time_ns() // 1_000_000)
        self._stall_timeout_s = stall_timeout_s
        self._tags: dict[str, Tag] = {}
        self._committed: dict[str, int] = {}
        self._sightings = Sightings()
        self._log_keys = LogKeys()
        self._visits: dict[str, _Visit] = {}
        self._tried: dict[str, int] = {}
        self._not_before: dict[str, float] = {}
        self._docked: set[str] = set()
        self._announced: dict[str, int] = {}
        self._replays: set[tuple[str, int, int]] = set()
        self._unwell: set[str] = set()
        self._news = asyncio.Event()
        self._noted: float | None = None
        self._learn_tags()

    def _learn_tags(self) -> None:
        """Look up which tags there are, and how much of each log is committed."""
        known = self._tags
        self._tags = {tag.id: tag for tag in service.Tags(self._store).tags()}
        for tag in self._tags.values():
            if tag.id not in known:
                keys = service.Tags(self._store).tag_keys(tag.id)
                self._sightings.add(tag.id, keys.advert, service.Tags(self._store).radio(tag.id), tag.enrolled_at_ms)
            last = service.Tags(self._store).last_record(tag.id)
            self._committed[tag.id] = last[0] if last else 0

    async def scan(self, seconds: float) -> dict[str, tuple[Sighting, int]]:
        """Listen for `seconds`: for each enrolled tag heard, its newest sighting and signal in dBm.

        Raises `RadioError`.
        """
        found: dict[str, tuple[Sighting, int]] = {}

        def heard(_: BLEDevice, data: AdvertisementData) -> None:
            sighting = self._resolve(data)
            if sighting and not sighting.replayed:
                found[sighting.tag] = (sighting, data.rssi)

        async with self._adapter.scanning(heard):
            await asyncio.sleep(seconds)
        return found

    @asynccontextmanager
    async def reach(self, tag: Tag, seconds: float = REACH_S) -> AsyncIterator[Link]:
        """A connection to `tag` as soon as it is heard.

        Raises `LinkLost` if it is not heard within `seconds`, cannot be connected to, or is in safe mode;
        `RadioError` if the station's own radio fails.
        """
        found: asyncio.Queue[_Visit] = asyncio.Queue()

        def heard(device: BLEDevice, data: AdvertisementData) -> None:
            sighting = self._resolve(data)
            if sighting and sighting.tag == tag.id and not sighting.replayed:
                found.put_nowait(_Visit(device, sighting))

        try:
            async with self._adapter.scanning(heard), asyncio.timeout(seconds):
                visit = await found.get()
        except TimeoutError:
            raise LinkLost("docking.not_heard", pouch=tag.pouch, seconds=round(seconds)) from None
        if visit.sighting.advert.problem:
            raise LinkLost("docking.in_safe_mode", pouch=tag.pouch, how=SAFE_MODE)
        async with connected(self._adapter, visit.device, self._stall_timeout_s) as link:
            yield link

    async def run(
        self,
        *,
        quiet_s: float | None = None,
        everything: bool = False,
        docked: Callable[[DockingReport], Awaitable[None]] | None = None,
    ) -> list[DockingReport]:
        """Dock each tag that has something to fetch, as it comes; `docked` is awaited after each docking.

        With `quiet_s`, returns how each docking ended once no tag that is due was heard for so many seconds;
        without, runs until cancelled. With `everything`, tags that have nothing new are docked as well, once. When no
        tag is due, what does not agree is noted. Raises `RadioError` if the station's own radio fails.
        """
        reports: list[DockingReport] = []
        while True:
            due = await self._next_due(quiet_s, everything)
            if due is None:
                return reports
            tag, visit = due
            report = await self._dock(tag, visit.device)
            if quiet_s is not None:
                reports.append(report)
            self._after(report)
            if docked:
                await docked(report)
            self._noted = None

    def _resolve(self, data: AdvertisementData) -> Sighting | None:
        service_data = data.service_data.get(advert.SERVICE_UUID)
        if service_data is None:
            return None
        now_ms = self._now_ms()
        sighting = self._sightings.resolve(bytes(service_data), now_ms)
        if sighting is None or sighting.tag not in self._tags:
            return None
        if sighting.news:
            with suppress(StoreError):  # a hint only: the next one is kept as well as this
                service.Tags(self._store).set_radio(sighting.tag, sighting.epoch, sighting.advert.index, now_ms)
        return sighting

    def _heard(self, device: BLEDevice, data: AdvertisementData) -> None:
        sighting = self._resolve(data)
        if sighting is None:
            return
        pouch = self._tags[sighting.tag].pouch
        if sighting.replayed:
            replay = (sighting.tag, sighting.epoch, sighting.advert.index)
            if replay not in self._replays:
                self._replays.add(replay)
                self._progress(DockingStep("refused", pouch, Phrase("docking.replayed")))
            return
        if sighting.advert.problem:
            # It takes no session, so there is nothing to wait for on the air.
            if sighting.tag not in self._unwell:
                self._unwell.add(sighting.tag)
                self._progress(DockingStep("refused", pouch, SAFE_MODE))
            self._visits.pop(sighting.tag, None)
            return
        self._unwell.discard(sighting.tag)
        waiting = self.waiting(sighting)
        if waiting and self._announced.get(sighting.tag) != sighting.advert.count:
            self._announced[sighting.tag] = sighting.advert.count
            here = Phrase("docking.heard", battery_percent=sighting.advert.battery_percent, waiting=waiting)
            self._progress(DockingStep("heard", pouch, here))
        self._visits[sighting.tag] = _Visit(device, sighting)
        self._news.set()

    def waiting(self, sighting: Sighting) -> int:
        """How many records the tag holds that are not committed, by its advert."""
        return int(sighting.advert.count - self._committed[sighting.tag]) & 0xFFFF

    async def _next_due(self, quiet_s: float | None, everything: bool) -> tuple[Tag, _Visit] | None:
        loop = asyncio.get_running_loop()
        quiet_since = learned = loop.time()
        self._visits.clear()
        self._learn_tags()
        async with self._adapter.scanning(self._heard):
            while True:
                stop_if_cancelled()
                now = loop.time()
                if now - learned >= LEARN_S:
                    learned = now
                    self._learn_tags()
                pending = False
                for tag, visit in self._visits.items():
                    if tag not in self._tags:
                        continue
                    wanted = self.waiting(visit.sighting) > 0 or (everything and tag not in self._docked)
                    if not wanted or (quiet_s is not None and self._tried.get(tag, 0) >= ATTEMPTS):
                        continue
                    if self._not_before.get(tag, 0.0) <= now:
                        return self._tags[tag], visit
                    pending = True
                self._note_if_due(now)
                if quiet_s is not None and not pending and now - quiet_since >= quiet_s:
                    return None
                self._news.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(0.25):
                        await self._news.wait()

    def _note_if_due(self, now: float) -> None:
        """Notes what does not agree: when the dock starts, once all who came have docked, and every now and then.

        So what is answered at the dock is never a question.
        """
        if self._noted is None or now - self._noted >= NOTE_S:
            self._noted = now
            with suppress(StoreError):  # busy, most likely: the next time does
                service.Reconciling(self._store).note_what_is_found(self._now_ms())

    def _after(self, report: DockingReport) -> None:
        if report.error is None:
            self._docked.add(report.tag)
            self._tried.pop(report.tag, None)
            self._not_before.pop(report.tag, None)
            return
        tried = self._tried.get(report.tag, 0) + 1
        wait_s = FIRST_BACK_OFF_S * 2 ** (tried - 1) if tried < ATTEMPTS else REST_S
        if isinstance(report.error, WrongKey | TagRolledBack):
            tried, wait_s = ATTEMPTS, HOPELESS_REST_S
        self._tried[report.tag] = tried
        self._not_before[report.tag] = asyncio.get_running_loop().time() + wait_s

    async def _dock(self, tag: Tag, device: BLEDevice) -> DockingReport:
        """One docking of one tag, with its outcome in the store; errors of the link are in the report."""
        link = connected(self._adapter, device, self._stall_timeout_s)
        with Keeping(self._store) as keeping:
            report = await dock(keeping, tag, self._now_ms, self._progress, link, self._log_keys)
        if report.status:
            accepted = self._sightings.synchronise(tag.id, report.status.status.epoch, self._now_ms())
            with suppress(StoreError):
                service.Tags(self._store).set_radio(tag.id, *accepted)
        return report
