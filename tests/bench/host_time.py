"""The station's own time for a docking: its processor time, and for how long its radio's loop is held.

The product's own dock docks tags in memory, with a database that has a history. What the radio's stack takes is not in
it: bleak's part and bumble's stay out, as the adapter here hands values straight to the tag and back. The tag's own
share, the firmware's Python in this process, is timed in its thread and taken off.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from itertools import chain
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData

from host import service
from host.access.vault import TagKeys
from host.docking.keeping import Keeping
from host.docking.service import Dock
from host.docking.session import DockingReport
from host.link.adapter import Adapter, Heard
from host.store.sealing import SealingRepository
from host.store.tags import TagRepository
from kitwire import advert, record
from tests.bench import scale
from tests.bench.adverts import service_data
from tests.bench.docking import DAYS, OPENINGS_A_DAY
from tests.bench.held import Ticker
from tests.bench.result import Result
from tests.memory_tag import EPOCH_NOW, MemoryTag
from tests.station import Store

EDGES_A_DAY = 2 * OPENINGS_A_DAY
MOST_CPU_MS = 60.0
MOST_HELD_MS = 50.0
TAGS = 12
HISTORY = scale.Size(25_000)
"""50 tags, and what they have logged in 260 days."""
LARGE = scale.Size(500_000)
"""1,000 tags: what the judging that goes on beside the radio has to go through."""
VALUE = 244
"""Bytes in one notification or write: the MTU of BlueZ and the tag, less ATT's header."""
SECTORS = 16


class Times(NamedTuple):
    """`cpu_ms` of a docking with a shift's log and `month_cpu_ms` with that of `DAYS`: medians of all threads;
    `held_ms` the longest time that the loop was held in any of them."""

    cpu_ms: float
    month_cpu_ms: float
    month_records: int
    shift_records: int
    held_ms: float


def run() -> list[Result]:
    """`docking_cpu_ms`, the same for a month's log, and how long dockings and judging hold the radio's loop."""
    times = measure()
    with tempfile.TemporaryDirectory() as folder:
        bare_ms = _bare_rows_ms(Path(folder) / "rows.db", times.shift_records)
    judged_s, held_ms = _judging()
    return [
        Result("docking_cpu_ms", times.cpu_ms, f"ms, {times.shift_records} records; without the radio's stack",
               "bare rows", bare_ms, times.cpu_ms / bare_ms, f"at most {MOST_CPU_MS:.0f}", times.cpu_ms <= MOST_CPU_MS),
        Result("docking_cpu_month_ms", times.month_cpu_ms, f"ms, {times.month_records} records",
               "a shift's log", times.cpu_ms, times.month_cpu_ms / times.cpu_ms, "-", True),
        _held("docking_holds_loop_ms", times.held_ms, f"ms at most, {2 * TAGS} dockings"),
        _held("judging_holds_loop_ms", held_ms, f"ms at most, in {judged_s * 1000:.0f} ms for {LARGE.officers:,} tags"),
    ]  # fmt: skip


def _held(name: str, value: float, unit: str) -> Result:
    return Result(name, value, unit, "the goal", MOST_HELD_MS, value / MOST_HELD_MS,
                  f"at most {MOST_HELD_MS:.0f}", value <= MOST_HELD_MS)  # fmt: skip


def log_days(tag: MemoryTag, days: int) -> None:
    """What a tag logs in so many days: the lid opened and closed `EDGES_A_DAY` times, and a heartbeat."""
    for _ in range(days):
        for edge in range(EDGES_A_DAY):
            tag.happen(record.LID_CLOSE if edge % 2 else record.LID_OPEN, after_s=600)
        tag.happen(record.HEARTBEAT, after_s=86_400 - EDGES_A_DAY * 600)


def measure() -> Times:
    """Docks `TAGS` tags, each with a month's log and then with a shift's."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "station.db"
        scale.make(path, HISTORY)
        with Store.open(path) as store:
            _give_keys(store)
            # A station judges as it goes; the roll-ups of the history are not a docking's to make.
            store.note_what_is_found(scale.NOW_MS)
            return asyncio.run(_measure(store))


def _give_keys(store: Store) -> None:
    """To the tags of the history, which have none."""
    repository = TagRepository(store)
    with store.writing():
        for tag in store.tags():
            sealed = SealingRepository(store).keep(repository.sealed(tag.id, TagKeys.random()))
            store.connection.execute("UPDATE tag SET sealed_keys = ? WHERE id = ?", (sealed, tag.id))
            store.note("tag.enrol", tag.pouch)


async def _measure(store: Store) -> Times:
    tags = [_enrolled(store, number) for number in range(TAGS)]
    month: list[_Docking] = []
    shift: list[_Docking] = []
    air = _Air()
    now_ms = scale.NOW_MS
    with Dock(store, lambda _: None, lambda: now_ms) as here:
        async with Ticker(lambda: air.tag_wall_s) as ticker:
            for days, dockings in ((DAYS, month), (1, shift)):
                now_ms += days * 86_400_000
                with air.the_tags_turn():
                    for tag, _ in tags:
                        log_days(tag, days)
                for tag, keys in tags:
                    dockings.append(await air.dock(here, tag, keys))
    return Times(
        median(each.cpu_ms for each in shift),
        median(each.cpu_ms for each in month),
        month[0].records,
        shift[0].records,
        ticker.longest_ms,
    )


def _enrolled(store: Store, number: int) -> tuple[MemoryTag, TagKeys]:
    keys, tag_id = TagKeys.random(), os.urandom(8).hex()
    store.enrol_tag(tag_id, f"B-{number:02d}", keys, scale.NOW_MS, lambda: None)
    return MemoryTag(tag_id, keys.session, keys.log, SECTORS), keys


class _Docking(NamedTuple):
    cpu_ms: float
    records: int


class _Air(Adapter):
    """An adapter on which one tag in memory is heard, as soon as somebody listens, and connected to."""

    def __init__(self) -> None:
        super().__init__("memory", {}, {})
        self.tag_cpu_s = 0.0
        self.tag_wall_s = 0.0
        self._tag: MemoryTag | None = None
        self._data = b""
        self._index = 0
        self._began_s = 0.0

    async def dock(self, here: Dock, tag: MemoryTag, keys: TagKeys) -> _Docking:
        """One docking, from the tag's advert until it is over; its time is all threads' except the tag's own part."""
        self._tag = tag
        self._index += 1
        with self.the_tags_turn():
            said = advert.Advert(self._index, 80, False, False, False, False, tag.log.last & 0xFFFF)
            self._data = service_data(advert.build(advert.epoch(keys.advert, EPOCH_NOW), said))
        ended: list[tuple[float, DockingReport]] = []

        def docked(report: DockingReport) -> None:
            ended.append((time.process_time() - self.tag_cpu_s - self._began_s, report))

        await here.collect(self, quiet_s=0.0, docked=docked)
        if len(ended) != 1 or ended[0][1].error is not None:
            raise RuntimeError(f"the docking did not go as it must: {ended}")
        return _Docking(ended[0][0] * 1000, ended[0][1].added)

    @asynccontextmanager
    async def scanning(self, heard: Heard) -> AsyncIterator[None]:
        if self._data:
            data = AdvertisementData(None, {}, {advert.SERVICE_UUID: self._data}, [], None, -50, ())
            self._data = b""  # once docked, it has nothing to say
            self._began_s = time.process_time() - self.tag_cpu_s
            heard(BLEDevice("C0:00:00:00:00:02", None, None), data)
        yield

    async def check(self) -> None:
        """It listens."""

    def client(self, device: BLEDevice, dropped: Callable[[Any], None], timeout: float) -> Any:
        assert self._tag is not None
        return _Client(self, self._tag)

    @contextmanager
    def the_tags_turn(self) -> Iterator[None]:
        cpu_s, wall_s = time.thread_time(), time.perf_counter()
        yield
        self.tag_cpu_s += time.thread_time() - cpu_s
        self.tag_wall_s += time.perf_counter() - wall_s


class _Client:
    """As much of a `BleakClient` as a link uses; the tag answers in later turns of the loop."""

    max_write_without_response_size = VALUE
    is_connected = True

    def __init__(self, air: _Air, tag: MemoryTag) -> None:
        self._air = air
        self._frames: Iterator[bytes] = iter(())
        self.services = self
        with air.the_tags_turn():
            self._server = tag.server()

    def get_characteristic(self, uuid: str) -> _Client:
        return self

    async def connect(self) -> None:
        """It is."""

    async def disconnect(self) -> None:
        """It is no longer."""

    async def start_notify(self, uuid: str, heard: Callable[[Any, bytearray], None]) -> None:
        self._heard = heard

    async def write_gatt_char(self, characteristic: _Client, value: bytes, response: bool) -> None:
        self._frames = chain(self._frames, self._server.feed(value))
        asyncio.get_running_loop().call_soon(self._answer)

    def _answer(self) -> None:
        with self._air.the_tags_turn():
            frame = next(self._frames, None)
        if frame is None:
            return
        for at in range(0, len(frame), VALUE):
            self._heard(None, bytearray(frame[at : at + VALUE]))
        asyncio.get_running_loop().call_soon(self._answer)


def _judging() -> tuple[float, float]:
    """Seconds for judging a large history in a thread of its own, and how long that holds the loop at most, in ms."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.db"
        scale.make(path, LARGE)
        with Store.open(path) as store, Keeping(store) as beside:
            return asyncio.run(_judged(beside))


async def _judged(beside: Keeping) -> tuple[float, float]:
    await beside.do(lambda store: None)
    async with Ticker() as ticker:
        began = time.perf_counter()
        await beside.do(partial(_note_what_is_found, scale.NOW_MS))
        took_s = time.perf_counter() - began
    return took_s, ticker.longest_ms


def _note_what_is_found(now_ms: int, store: service.Database) -> None:
    service.Reconciling(store).note_what_is_found(now_ms)


def _bare_rows_ms(path: Path, records: int) -> float:
    """Processor time for so many bare rows in one transaction, committed as safely as the station's."""
    connection = sqlite3.connect(path)
    connection.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE row (sealed BLOB)")
    took = []
    for _ in range(TAGS):
        began = time.process_time()
        connection.executemany("INSERT INTO row VALUES (?)", [(os.urandom(record.SIZE),)] * records)
        connection.commit()
        took.append(time.process_time() - began)
    connection.close()
    return median(took) * 1000
