"""A hostile or defective device in the dock, beside an honest pouch, with the station's own deadlines: the pouch is
collected within 20 s, the station's memory and database stay within bounds.

Real packets through bumble. What each device is refused for, tests/unit/test_hostile_docking.py says.
"""

from __future__ import annotations

import asyncio
import os
import tracemalloc
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from itertools import repeat
from pathlib import Path
from typing import Any

import pytest
from bumble import hci
from bumble.controller import Controller

from host.access.vault import TagKeys
from host.docking import bounds
from host.docking.service import Dock
from host.docking.session import DockingReport, DockingStep
from host.link.adapter import open_adapter
from kitwire import advert, record, session
from tests.bumble_tag import BleTag, virtual_radio
from tests.hostile_tag import (
    HostileBleTag,
    HostileTag,
    endless,
    gap,
    instead,
    one_by_one,
    random_records,
    read_ends,
    status,
)
from tests.station import Store

NOW_MS = 1_767_225_600_000
COLLECTED_S = 20.0
MEMORY_BYTES = 20_000_000

Plays = Callable[[HostileBleTag], None]


class Dockside:
    """A running dock, and devices in it."""

    def __init__(self, store: Store, link: Any) -> None:
        self.store = store
        self.link = link
        self.steps: list[DockingStep] = []
        self.docked: list[DockingReport] = []
        self.devices: list[BleTag] = []

    def enrol(self, pouch: str) -> tuple[HostileTag, TagKeys]:
        keys = TagKeys.random()
        tag = HostileTag(os.urandom(8).hex(), keys.session, keys.log)
        self.store.enrol_tag(tag.id, pouch, keys, NOW_MS, lambda: None)
        tag.happen(record.LID_OPEN)
        return tag, keys

    async def put_in(self, device: BleTag) -> None:
        self.devices.append(device)
        await device.start()

    async def hostile(self, plays: Plays) -> HostileBleTag:
        tag, keys = self.enrol("P-66")
        device = HostileBleTag(self.link, tag, keys.advert)
        plays(device)
        await self.put_in(device)
        return device

    async def honest(self, pouch: str = "P-01") -> float:
        """Puts an honest pouch in. Seconds until it is collected."""
        loop = asyncio.get_running_loop()
        tag, keys = self.enrol(pouch)
        self.dock.turns.away(tag.id)
        await self.dock.learn()
        began = loop.time()
        await self.put_in(BleTag(self.link, tag, keys.advert))
        async with asyncio.timeout(2 * COLLECTED_S):
            while not any(each.pouch == pouch and each.error is None for each in self.docked):
                await asyncio.sleep(0.05)
        assert self.store.records(tag.id)
        return loop.time() - began

    def rows(self, table: str) -> int:
        return int(self.store.connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def dockside(path: Path, play: Callable[[Dockside], Awaitable[None]]) -> None:
    async def run() -> None:
        with Store.create(path / "station.db", "Example Police", "Europe/London", False, NOW_MS) as store:
            async with virtual_radio() as (link, name), open_adapter(name) as adapter:
                scene = Dockside(store, link)
                with Dock(store, scene.steps.append, lambda: NOW_MS) as scene.dock:
                    running = asyncio.create_task(scene.dock.collect(adapter, docked=scene.docked.append))
                    try:
                        await play(scene)
                    finally:
                        running.cancel()
                        with suppress(asyncio.CancelledError):
                            await running
                        for each in scene.devices:
                            for task in each._tasks:
                                task.cancel()
                            with suppress(asyncio.CancelledError):
                                await each.stop()

    asyncio.run(run())


def _dribbles(device: HostileBleTag) -> None:
    device.piece, device.pause_s = 1, 4.5


def _one_record_each_4_s(device: HostileBleTag) -> None:
    """Once it has proved who it is."""
    for _ in range(100):
        device.tag.happen(record.LID_OPEN, after_s=1)

    def slowly(message: bytes, replies: list[bytes]) -> Iterable[bytes]:
        device.pause_s = 4.0
        return one_by_one(message, replies)

    hostile_tag(device).says = instead(session.READ, slowly)


def _gap(device: HostileBleTag) -> None:
    far = 50_000_000
    claims = status(last_sequence=far)
    lies = instead(session.READ, lambda *_: [gap(far), read_ends(far)])
    hostile_tag(device).says = lambda message, replies: claims(message, lies(message, replies))


def hostile_tag(device: HostileBleTag) -> HostileTag:
    assert isinstance(device.tag, HostileTag)
    return device.tag


def _says(says: Any) -> Plays:
    def plays(device: HostileBleTag) -> None:
        hostile_tag(device).says = says

    return plays


def _valid(device: HostileBleTag) -> None:
    hostile_tag(device).says = endless(hostile_tag(device).valid_records)


def _flood(device: HostileBleTag) -> None:
    device.unasked = repeat(os.urandom(244))


def _behind(device: HostileBleTag) -> None:
    device.count = -2


DEVICES: dict[str, Plays] = {
    "a byte each 4.5 s": _dribbles,
    "a record each 4 s": _one_record_each_4_s,
    "a huge epoch": _says(status(epoch=0xFFFFFFFF)),
    "a huge gap": _gap,
    "valid records without end": _valid,
    "random records without end": _says(endless(random_records)),
    "notifications without end": _flood,
    "a count behind": _behind,
}


@pytest.mark.parametrize("name", DEVICES)
def test_an_honest_pouch_is_collected_beside(name: str, tmp_path: Path) -> None:
    async def play(scene: Dockside) -> None:
        tracemalloc.start()
        try:
            device = await scene.hostile(DEVICES[name])
            async with asyncio.timeout(10):
                while not device.connections:
                    await asyncio.sleep(0.02)
            before = tracemalloc.get_traced_memory()[0]
            assert await scene.honest() < COLLECTED_S
            assert tracemalloc.get_traced_memory()[1] - before < MEMORY_BYTES
        finally:
            tracemalloc.stop()
        assert len(scene.store.records(device.tag.id)) <= bounds.HELD
        assert scene.rows("docking") <= 6
        assert len(scene.steps) < 60
        said = [step.said for step in scene.steps if step.stage == "heard" and step.pouch == "P-66"]
        assert all(each.fields.get("waiting", 0) < 1000 for each in said), said

    dockside(tmp_path, play)


class Repeater(BleTag):
    """A device that sends what it has heard of a tag."""

    heard = b""

    async def advertise(self, data: bytes | None = None) -> None:
        await super().advertise(self.heard)


def test_who_repeats_a_tags_adverts_without_its_key_keeps_nobody_from_it(tmp_path: Path) -> None:
    """Under addresses of its own, one after the other: it can't prove anything, and the tag is collected."""

    async def play(scene: Dockside) -> None:
        tag, keys = scene.enrol("P-01")
        itself = BleTag(scene.link, tag, keys.advert)
        heard = advert.build(advert.epoch(keys.advert, itself.epoch), itself.said()._replace(index=1))
        await scene.dock.learn()
        impostors = []
        for _ in range(3):
            impostor = Repeater(scene.link, HostileTag(tag.id, os.urandom(32), os.urandom(32)), os.urandom(32))
            impostor.heard = heard
            impostors.append(impostor)
            await scene.put_in(impostor)
        async with asyncio.timeout(10):
            while not any(each.connections for each in impostors):
                await asyncio.sleep(0.02)
        loop = asyncio.get_running_loop()
        began = loop.time()
        await scene.put_in(itself)
        async with asyncio.timeout(2 * COLLECTED_S):
            while not any(each.error is None for each in scene.docked):
                await asyncio.sleep(0.05)
        assert loop.time() - began < COLLECTED_S
        assert len(scene.store.records(tag.id)) == 2
        assert scene.rows("docking") <= 2, "one that failed before anybody had proved anything, and the tag's own"

    dockside(tmp_path, play)


def test_thousands_of_adverts_a_second_keep_nobody_from_the_dock(tmp_path: Path) -> None:
    """In a tag's form, of addresses and hints that nobody ever had."""

    async def play(scene: Dockside) -> None:
        stations = [each for each in scene.link.controllers if isinstance(each, Controller)]
        sent = 0

        async def flood() -> None:
            nonlocal sent
            while True:
                for _ in range(20):
                    stranger = b"\x02\x01\x06\x1b\x16\xd2\xfc\x45" + os.urandom(23)
                    report = hci.HCI_LE_Advertising_Report_Event.Report(
                        event_type=0, address_type=1, address=hci.Address.generate_static_address(),
                        data=stranger, rssi=-50,
                    )  # fmt: skip
                    for station in stations:
                        station.send_hci_packet(hci.HCI_LE_Advertising_Report_Event([report]))
                    sent += 1
                await asyncio.sleep(0.01)

        flooding = asyncio.create_task(flood())
        tracemalloc.start()
        try:
            await asyncio.sleep(3)
            before = tracemalloc.get_traced_memory()[0]
            taken_s = await scene.honest()
            assert tracemalloc.get_traced_memory()[0] - before < MEMORY_BYTES
        finally:
            tracemalloc.stop()
            flooding.cancel()
        assert taken_s < COLLECTED_S
        assert sent > 1000
        assert [step.pouch for step in scene.steps if step.pouch != "P-01"] == []

    dockside(tmp_path, play)


def test_two_pouches_in_one_second_and_one_lifted_in_mid_read_are_collected_once(tmp_path: Path) -> None:
    async def play(scene: Dockside) -> None:
        tags = []
        for pouch in ("P-01", "P-02"):
            tag, keys = scene.enrol(pouch)
            for _ in range(40):
                tag.happen(record.LID_OPEN, after_s=1)
            tags.append(BleTag(scene.link, tag, keys.advert))
        await scene.dock.learn()
        tags[0].sent_frames = 3
        for each in tags:
            await scene.put_in(each)
        async with asyncio.timeout(COLLECTED_S):
            while not any(each.error for each in scene.docked):
                await asyncio.sleep(0.02)
            tags[0].sent_frames = None
            while {each.pouch for each in scene.docked if each.error is None} != {"P-01", "P-02"}:
                await asyncio.sleep(0.05)
        for each in tags:
            assert [sequence for sequence, _ in scene.store.records(each.tag.id)] == list(range(1, 43))

    dockside(tmp_path, play)
