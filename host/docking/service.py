"""The dock: hears tags, and docks those that have something new, a few at a time on each radio.

A tag is connected to only when its advert says that it holds something that is not committed yet.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from types import TracebackType
from typing import NamedTuple, Self

from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData

from host import service
from host.access.vault import TagKeys
from host.docking.keeping import Keeping
from host.docking.session import DockingReport, DockingStep, TagRolledBack, dock
from host.docking.sightings import Search, Sighting, Sightings
from host.docking.turns import ATTEMPTS, Turns, Visit
from host.errors import KitdockError, StoreError
from host.link.adapter import Adapter
from host.link.errors import LinkLost, RadioError, TagMisbehaves, WrongKey
from host.link.gatt import Link, connected, stop_if_cancelled
from host.phrase import NextStep, Phrase
from host.tag.events import Radio, Tag
from host.tag.verify import LogKeys
from kitwire import advert

LEARN_S = 10.0
"""How often a dock that waits looks for tags that were enrolled meanwhile, in seconds."""

CHECK_S = 2.0
"""How often a radio is asked whether it still listens, in seconds."""

FRESH_S = 600.0
"""How long a scan lasts at most, in seconds: some stacks stop hearing after a while and don't say so (bluez 1554)."""

REACH_S = 30.0
"""How long one tag is listened for, in seconds, before it is said not to be there."""

LINKS = 2
"""How many tags a radio is connected to at a time. While one tells what it has, the next is connected to, which takes
longer than the telling; a third would wait for the second's connection."""

LOOK_S = 0.25
"""How often it is looked whose turn it is, in seconds, if nothing new is heard."""

UNPROVED_S = 600.0
"""How often a docking is kept in the history that failed before the tag had proved who it is, in seconds: anybody can
make one fail."""

REPLAYED_S = 3600.0
"""How often it is said that a tag's old signal is being repeated, in seconds."""

SAFE_MODE = Phrase("docking.safe_mode", log=NextStep("tag.log"), flash=NextStep("tag.flash"))


def _nothing(*_: object) -> None:
    """Nobody has asked."""


class _Known(NamedTuple):
    """What the store has of a tag; `keys` of one that is new here."""

    tag: Tag
    committed: int
    radio: Radio | None
    keys: TagKeys | None


class Dock:
    """The dock of one station: its store, and what is known of the tags around it, whichever radio hears them.

    `progress` is called with each `DockingStep`; `now_ms` gives the station's time in Unix milliseconds. The store is
    asked in a thread of its own, with a connection of its own. Use it in a `with` block.
    """

    def __init__(
        self,
        store: service.Database,
        progress: Callable[[DockingStep], None],
        now_ms: Callable[[], int] | None = None,
    ) -> None:
        self.store = store
        self.keeping = Keeping(store)
        self.turns: Turns[BLEDevice] = Turns()
        self.now_ms = now_ms or (lambda: time.time_ns() // 1_000_000)
        self.docked_at = float("-inf")
        """When the last docking ended, by the loop's clock."""
        self._progress = progress
        self._log_keys = LogKeys()
        self._tags: dict[str, Tag] = {}
        self._committed: dict[str, int] = {}
        self._sightings = Sightings()
        self._accepted: dict[str, Radio] = {}
        self._waits: dict[str, int] = {}
        self._search: Search | None = None
        self._unproved_noted: dict[str, float] = {}
        self._announced: dict[str, int] = {}
        self._unsaved: dict[str, str] = {}
        self._replayed: dict[str, float] = {}
        self._unwell: set[str] = set()
        self._news = asyncio.Event()
        self._over = 0
        self._learned_at = float("-inf")
        self._learning = asyncio.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._search is not None:
            self._search.stopped = True
        self.keeping.__exit__(kind, error, trace)

    async def learn(self) -> None:
        """Looks up which tags there are and how much of each log is committed, and keeps what was heard of them.

        Raises `StoreError`.
        """
        self._learned_at = asyncio.get_running_loop().time()
        async with self._learning:
            heard, self._accepted = self._accepted, {}
            # Of one that is being docked it is known in a moment whether it still waits.
            waits = {tag: at_ms for tag, at_ms in self._waits.items() if not self.turns.docking(tag)}
            seen = frozenset(self._tags)
            try:
                known = await self.keeping.do(lambda store: _known(store, seen, heard, waits))
            except StoreError:
                self._accepted = heard | self._accepted
                raise
            for tag_id in waits:
                self._waits.pop(tag_id, None)
            for tag, committed, radio, keys in known:
                if keys is not None:
                    self._sightings.add(tag.id, keys.advert, radio, tag.enrolled_at_ms)
                self._committed[tag.id] = committed
            self._tags = {each.tag.id: each.tag for each in known}
            for gone in seen - self._tags.keys():
                self._sightings.remove(gone)
                self.turns.away(gone)

    async def scan(self, adapter: Adapter, seconds: float) -> dict[str, tuple[Sighting, int]]:
        """Listen for `seconds`: for each enrolled tag heard, its newest sighting and signal in dBm.

        Raises `RadioError`, `StoreError`.
        """
        found: dict[str, tuple[Sighting, int]] = {}

        def heard(_: BLEDevice, data: AdvertisementData) -> None:
            sighting = self._resolve(data)
            if sighting and not sighting.replayed:
                found[sighting.tag] = (sighting, data.rssi)

        await self.learn()
        async with adapter.scanning(heard):
            await asyncio.sleep(seconds)
        await self.learn()
        return found

    @asynccontextmanager
    async def reach(self, adapter: Adapter, tag: Tag, seconds: float = REACH_S) -> AsyncIterator[Link]:
        """A connection to `tag` as soon as it is heard.

        Raises `LinkLost` if it is not heard within `seconds`, cannot be connected to, or is in safe mode;
        `RadioError` if the station's own radio fails; `StoreError`.
        """
        found: asyncio.Queue[tuple[BLEDevice, Sighting]] = asyncio.Queue()

        def heard(device: BLEDevice, data: AdvertisementData) -> None:
            sighting = self._resolve(data)
            if sighting and sighting.tag == tag.id and not sighting.replayed:
                found.put_nowait((device, sighting))

        await self.learn()
        try:
            async with adapter.scanning(heard), asyncio.timeout(seconds):
                device, sighting = await found.get()
        except TimeoutError:
            raise LinkLost("docking.not_heard", pouch=tag.pouch, seconds=round(seconds)) from None
        if sighting.advert.problem:
            raise LinkLost("docking.in_safe_mode", pouch=tag.pouch, how=SAFE_MODE)
        async with connected(adapter, device) as link:
            yield link

    async def collect(
        self,
        adapter: Adapter,
        *,
        quiet_s: float | None = None,
        everything: bool = False,
        working: Callable[[], None] = _nothing,
        docked: Callable[[DockingReport], None] = _nothing,
    ) -> list[DockingReport]:
        """Docks each tag that has something to fetch, as `adapter` hears it.

        With `quiet_s`, returns how each docking ended once no tag that is due was heard for so many seconds; without,
        runs until cancelled. With `everything`, tags that have nothing new are docked as well, once. `working` is
        called whenever the radio is known to listen, `docked` after each docking. Raises `RadioError` when the radio
        no longer listens, `StoreError` if the store can't be read at first.
        """
        reports: list[DockingReport] = []

        async def docking(visit: Visit[BLEDevice], linked: asyncio.Event) -> None:
            report = await self._dock(adapter, visit, linked)
            self._over += 1
            self._news.set()
            if report is None:
                return
            self.docked_at = asyncio.get_running_loop().time()
            docked(report)
            if quiet_s is not None:
                reports.append(report)

        await self.learn()
        lost: RadioError | None = None
        under_way: set[asyncio.Task[None]] = set()
        async with asyncio.TaskGroup() as group:
            try:
                while (visit := await self._next(adapter, quiet_s, everything, under_way, working)) is not None:
                    linked = asyncio.Event()
                    task = group.create_task(docking(visit, linked))
                    under_way.add(task)
                    task.add_done_callback(under_way.discard)
                    task.add_done_callback(lambda _, linked=linked: linked.set())  # type: ignore[misc]
                    await linked.wait()
            except RadioError as error:
                lost = error
                for task in under_way:
                    task.cancel()  # their links are gone, or will be: to wait for each to be missed takes seconds
        if lost is not None:
            raise lost
        await self.learn()
        return reports

    async def _next(
        self,
        adapter: Adapter,
        quiet_s: float | None,
        everything: bool,
        under_way: set[asyncio.Task[None]],
        working: Callable[[], None],
    ) -> Visit[BLEDevice] | None:
        """Listens until it is somebody's turn and there is a link for it; None once it was quiet for so long."""
        loop = asyncio.get_running_loop()
        most = None if quiet_s is None else ATTEMPTS
        quiet_since = loop.time()
        while True:
            self.turns.begin(adapter.name)
            over = self._over
            began = checked = loop.time()
            async with adapter.scanning(lambda device, data: self._heard(adapter.name, device, data)):
                # After a docking everyone is heard anew: an advert that stays as it is, BlueZ tells of once in a scan.
                while (now := loop.time()) - began < FRESH_S and self._over == over:
                    stop_if_cancelled()
                    self._search_far()
                    if now - checked >= CHECK_S:
                        await adapter.check()
                        working()
                        checked = loop.time()
                    if now - self._learned_at >= LEARN_S:
                        with suppress(StoreError):  # busy, most likely: the next time does
                            await self.learn()
                    visit = self.turns.take(adapter.name, now, everything, most) if len(under_way) < LINKS else None
                    if visit is not None:
                        working()  # it was heard in this very scan
                        return visit
                    if under_way or self.turns.pending(adapter.name, everything, most):
                        quiet_since = now
                    if quiet_s is not None and now - quiet_since >= quiet_s:
                        return None
                    self._news.clear()
                    with suppress(TimeoutError):
                        async with asyncio.timeout(LOOK_S):
                            await self._news.wait()

    async def _dock(self, adapter: Adapter, visit: Visit[BLEDevice], linked: asyncio.Event) -> DockingReport | None:
        """One docking of one tag, with its outcome in the store; errors of the link are in the report.

        `linked` is set once it is connected to. None if the tag was taken out of use meanwhile.
        """
        tag = self._tags.get(visit.tag)
        if tag is None:
            self.turns.ended(visit)
            return None
        now = asyncio.get_running_loop().time()
        noted = now - self._unproved_noted.get(tag.id, float("-inf")) > UNPROVED_S
        link = _telling(connected(adapter, visit.device), linked)
        try:
            report = await dock(
                self.keeping, tag, self.now_ms, self._tell_of_docking, link, self._log_keys, unproved_noted=noted
            )
        except asyncio.CancelledError:
            self.turns.put_off(visit, asyncio.get_running_loop().time())
            raise
        if report.error is not None and report.status is None and noted:
            self._unproved_noted[tag.id] = now
        if report.status and tag.id in self._tags:
            accepted = self._sightings.synchronise(tag.id, report.status.status.epoch, self.now_ms())
            self._accepted[tag.id] = accepted
        # Before its turn is over: else another radio hears it, ahead of what was committed, and docks it again.
        with suppress(StoreError):
            self._committed[tag.id] = await self.keeping.do(
                lambda store: _after(store, tag.id, report.error, self.now_ms())
            )
        if report.error is None:
            self._waits.pop(tag.id, None)
            self.turns.ended(visit)
        elif isinstance(report.error, StoreError):
            self.turns.put_off(visit, asyncio.get_running_loop().time())
        else:
            hopeless = isinstance(report.error, WrongKey | TagRolledBack | TagMisbehaves)
            self.turns.failed(visit, asyncio.get_running_loop().time(), report.status is not None, hopeless)
        return report

    def _tell_of_docking(self, step: DockingStep) -> None:
        """Tells of a step; that the store can't keep what a pouch has brought, once until that is over."""
        if step.stage in ("complete", "failed"):
            error, committed = step.said.fields.get("error"), step.said.fields.get("committed")
            code = error.code if step.stage == "failed" and isinstance(error, Phrase | StoreError) else ""
            if code and not committed and self._unsaved.get(step.pouch) == code:
                return
            self._unsaved[step.pouch] = code
        self._progress(step)

    def _search_far(self) -> None:
        """Looks, beside the loop, for tags further ahead than those that are known at once."""
        search = self._sightings.begin_search(self.now_ms())
        if search is None:
            return
        self._search = search

        def ended(_: object) -> None:
            for sighting in self._sightings.finish(search, self.now_ms()):
                if sighting.news:
                    self._take_over(sighting, self.now_ms())

        asyncio.get_running_loop().run_in_executor(None, search.run).add_done_callback(ended)

    def _resolve(self, data: AdvertisementData) -> Sighting | None:
        service_data = data.service_data.get(advert.SERVICE_UUID)
        if service_data is None:
            return None
        now_ms = self.now_ms()
        sighting = self._sightings.resolve(bytes(service_data), now_ms)
        if sighting is None or sighting.tag not in self._tags:
            return None
        if sighting.news:
            self._take_over(sighting, now_ms)
        return sighting

    def _take_over(self, sighting: Sighting, now_ms: int) -> None:
        self._accepted[sighting.tag] = Radio(sighting.epoch, sighting.advert.index, now_ms)

    def _heard(self, radio: str, device: BLEDevice, data: AdvertisementData) -> None:
        sighting = self._resolve(data)
        if sighting is None:
            return
        tag, pouch = sighting.tag, self._tags[sighting.tag].pouch
        if sighting.replayed:
            now = asyncio.get_running_loop().time()
            if now - self._replayed.get(tag, float("-inf")) > REPLAYED_S:
                self._replayed[tag] = now
                self._progress(DockingStep("refused", pouch, Phrase("docking.replayed")))
            return
        if sighting.advert.problem:
            # It takes no session, so there is nothing to wait for on the air.
            if tag not in self._unwell:
                self._unwell.add(tag)
                self._progress(DockingStep("refused", pouch, SAFE_MODE))
            self.turns.away(tag)
            return
        self._unwell.discard(tag)
        waiting = self.waiting(sighting)
        # While one is being docked, what is committed of it is not known yet.
        if waiting and not self.turns.docking(tag) and self._announced.get(tag) != sighting.advert.count:
            self._announced[tag] = sighting.advert.count
            self._waits.setdefault(tag, self.now_ms())
            self._progress(DockingStep("heard", pouch, _here(sighting, waiting)))
        visit = Visit(tag, device.address, device, waiting != 0)
        self.turns.heard(radio, visit, asyncio.get_running_loop().time())
        self._news.set()

    def waiting(self, sighting: Sighting) -> int:
        """How many records the tag holds that are not committed, by its advert.

        Negative if its log ends before what is committed.
        """
        ahead = int(sighting.advert.count - self._committed[sighting.tag]) & 0xFFFF
        return ahead - 0x10000 if ahead >= 0x8000 else ahead


@asynccontextmanager
async def _telling(link: AbstractAsyncContextManager[Link], linked: asyncio.Event) -> AsyncIterator[Link]:
    """Sets `linked` once there is a link."""
    async with link as made:
        linked.set()
        yield made


def _here(sighting: Sighting, waiting: int) -> Phrase:
    """What is said of a tag that has come."""
    battery = sighting.advert.battery_percent
    if waiting < 0:
        return Phrase("docking.heard_behind", battery_percent=battery)
    return Phrase("docking.heard", battery_percent=battery, waiting=waiting)


def _known(
    store: service.Database, seen: frozenset[str], heard: dict[str, Radio], waits: dict[str, int]
) -> list[_Known]:
    """The tags in use, after what was `heard` of them is kept, and which of them wait. Those that were not
    `seen` come with their keys."""
    tags = service.Tags(store)
    if heard:
        tags.set_radios(heard)
    for tag_id, at_ms in waits.items():
        service.Docks(store).waiting(tag_id, at_ms)
    known = []
    for tag in tags.tags():
        last = tags.last_record(tag.id)
        new = tag.id not in seen
        keys = tags.tag_keys(tag.id) if new else None
        known.append(_Known(tag, last[0] if last else 0, tags.radio(tag.id) if new else None, keys))
    return known


def _after(store: service.Database, tag_id: str, error: Exception | None, at_ms: int) -> int:
    """How much of a tag's log is committed, after it is kept why its docking failed, if it did."""
    if error is not None:
        why = error.code if isinstance(error, KitdockError) else "link.malformed"
        service.Docks(store).waiting(tag_id, at_ms, why)
    last = service.Tags(store).last_record(tag_id)
    return last[0] if last else 0
