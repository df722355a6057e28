"""Radios that go and come while a dock runs, over real HCI: noticed, told of once, healed; others go on meanwhile."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from bleak.backends.device import BLEDevice
from bleak.exc import BleakError
from bumble.hci import Address

import host.docking.service
from host import service
from host.access.vault import TagKeys
from host.docking import supervision
from host.docking.service import Dock
from host.docking.session import DockingReport, DockingStep
from host.docking.supervision import Supervision
from host.errors import DatabaseBusy
from host.link.adapter import open_adapter
from host.link.errors import RadioError
from host.phrase import Phrase
from host.service.dock import Docks
from host.service.reconciling import Reconciling
from host.sim.station import VirtualStation
from kitwire import record
from tests.bumble_tag import BleTag
from tests.memory_tag import MemoryTag
from tests.refusals import refused
from tests.station import Store

START = datetime(2026, 1, 1, tzinfo=UTC)
NOW_MS = int(START.timestamp() * 1000)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("host.docking.supervision.WAIT_S", 0.1)
    monkeypatch.setattr("host.docking.supervision.BEAT_S", 0.2)
    monkeypatch.setattr("host.docking.service.CHECK_S", 0.1)
    monkeypatch.setattr("host.docking.service.LEARN_S", 0.2)


class Scene:
    """A dock that runs on radios of a virtual station, which can be cut off."""

    def __init__(self, store: Store, station: VirtualStation) -> None:
        self.store = store
        self.station = station
        self.told: list[Phrase] = []
        self.steps: list[DockingStep] = []
        self.docked: list[str] = []
        self.alive = 0
        self._tags: list[BleTag] = []

    def now_ms(self) -> int:
        return NOW_MS

    @asynccontextmanager
    async def running(self, *names: str) -> AsyncIterator[asyncio.Task[None]]:
        def alive() -> None:
            self.alive += 1

        def docked(report: DockingReport, _: object) -> None:
            if report.error is None:
                self.docked.append(report.pouch)

        with Dock(self.store, self.steps.append, self.now_ms) as here:
            running = asyncio.create_task(Supervision(here, names, self.told.append, alive, docked).run())
            try:
                yield running
            finally:
                running.cancel()
                with suppress(asyncio.CancelledError, RadioError):
                    await running
                for tag in self._tags:
                    await tag.stop()

    async def pouch(self, pouch: str) -> None:
        """A pouch that is put into the dock, and has something to tell."""
        keys = TagKeys.random()
        memory = MemoryTag(os.urandom(8).hex(), keys.session, keys.log)
        self.store.enrol_tag(memory.id, pouch, keys, NOW_MS, lambda: None)
        memory.happen(record.LID_OPEN)
        tag = BleTag(self.station.link, memory, keys.advert)
        self._tags.append(tag)
        await tag.start()

    async def until(self, so: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not so():
                await asyncio.sleep(0.02)

    async def listening(self) -> None:
        """Until a radio is found to listen."""
        before = self.alive
        await self.until(lambda: self.alive > before)

    def said(self) -> list[str]:
        return [each.code for each in self.told]

    def cut(self) -> None:
        """All radios are pulled out."""
        for adapter in list(self.station._adapters):
            adapter.close()


def scene(path: Path, play: Callable[[Scene], Awaitable[None]]) -> None:
    async def run() -> None:
        with Store.create(path / "station.db", "Example Police", "Europe/London", False, NOW_MS) as store:
            async with VirtualStation(START) as station:
                await play(Scene(store, station))

    asyncio.run(run())


def test_a_radio_that_is_pulled_out_and_put_back_is_told_of_once_and_collects_again(tmp_path: Path) -> None:
    async def play(scene: Scene) -> None:
        async with scene.running(await scene.station.listen_hci()):
            await scene.listening()
            for _ in range(2):
                scene.cut()
                await scene.until(lambda: "radio.back" in scene.said())
                assert scene.said() == ["radio.lost", "radio.back"]
                scene.told.clear()
            await scene.pouch("P-01")
            await scene.until(lambda: scene.docked == ["P-01"])

    scene(tmp_path, play)


def test_a_radio_that_is_late_is_waited_for(tmp_path: Path) -> None:
    async def play(scene: Scene) -> None:
        name = await scene.station.listen_hci()
        server = scene.station._servers.pop()
        server.close()
        await server.wait_closed()
        async with scene.running(name):
            await scene.until(lambda: bool(scene.told))
            await asyncio.sleep(1)
            assert (scene.said(), scene.alive) == (["radio.lost"], 0), "told once, and never taken for alive"
            status = Docks(scene.store).status(NOW_MS)
            assert [(each.listening, each.why) for each in status.known.radios] == [(False, "radio.wont_open")]
            assert await scene.station.listen_hci(int(name.rpartition(":")[2])) == name
            await scene.listening()
            await scene.until(lambda: all(each.listening for each in Docks(scene.store).status(NOW_MS).known.radios))
            await scene.pouch("P-01")
            await scene.until(lambda: scene.docked == ["P-01"])
            assert scene.said() == ["radio.lost", "radio.back"]

    scene(tmp_path, play)


def test_a_radio_that_is_lost_is_told_of_once_whatever_is_wrong_with_it_afterwards(tmp_path: Path) -> None:
    async def play(scene: Scene) -> None:
        name = await scene.station.listen_hci()
        async with scene.running(name):
            await scene.listening()
            server = scene.station._servers.pop()
            server.close()
            scene.cut()
            await server.wait_closed()
            status = Docks(scene.store).status
            await scene.until(lambda: [each.why for each in status(NOW_MS).known.radios] == ["radio.wont_open"])
            assert scene.said() == ["radio.lost"]
            assert scene.told[0].fields["error"].fields["why"].code == "radio.not_there"

    scene(tmp_path, play)


def test_while_one_radio_is_gone_the_other_collects(tmp_path: Path) -> None:
    async def play(scene: Scene) -> None:
        good, bad = [await scene.station.listen_hci() for _ in range(2)]
        async with scene.running(good, bad):
            await scene.until(lambda: len(scene.station._adapters) == 2)
            await scene.listening()
            lost = scene.station._servers.pop()
            lost.close()
            scene.cut()
            await lost.wait_closed()
            await scene.until(lambda: scene.said().count("radio.back") == 1)
            await scene.pouch("P-01")
            await scene.until(lambda: scene.docked == ["P-01"])
            states = Docks(scene.store).status(NOW_MS).known.radios
            assert {each.adapter: each.listening for each in states} == {good: True, bad: False}

    scene(tmp_path, play)


def test_two_radios_share_the_tags_and_none_is_docked_twice(tmp_path: Path) -> None:
    async def play(scene: Scene) -> None:
        names = [await scene.station.listen_hci() for _ in range(2)]
        async with scene.running(*names):
            pouches = [f"P-{number:02}" for number in range(1, 7)]
            for pouch in pouches:
                await scene.pouch(pouch)
            await scene.until(lambda: len(scene.docked) == len(pouches))
            await asyncio.sleep(1)
            assert sorted(scene.docked) == pouches
            assert [tag.connections for tag in scene._tags] == [1] * len(pouches)
            assert scene.alive >= len(pouches), "who docks one after the other has no time to look"

    scene(tmp_path, play)


def test_a_tag_that_one_radio_has_docked_has_nothing_new_for_the_other_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long it takes to look up what was committed: until then its advert is ahead of what is known."""
    after = host.docking.service._after

    def slowly(*args: Any) -> int:
        time.sleep(0.5)
        return after(*args)

    monkeypatch.setattr("host.docking.service._after", slowly)

    async def play(scene: Scene) -> None:
        async with scene.running(*[await scene.station.listen_hci() for _ in range(2)]):
            await scene.pouch("P-01")
            await scene.until(lambda: scene.docked == ["P-01"])
            await asyncio.sleep(1.5)
            assert (scene.docked, scene._tags[0].connections) == (["P-01"], 1)

    scene(tmp_path, play)


def test_a_controller_that_no_longer_answers_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("host.link.bumble_backend.ANSWER_S", 0.2)
    monkeypatch.setattr("host.link.bumble_backend.POWER_ON_TIMEOUT_S", 1.0)
    monkeypatch.setattr("host.link.adapter.SWITCH_S", 0.2)

    async def play(scene: Scene) -> None:
        async with scene.running(await scene.station.listen_hci()):
            await scene.listening()
            (adapter,) = scene.station._adapters
            monkeypatch.setattr(adapter, "data_received", lambda _: None)
            await scene.until(lambda: "radio.lost" in scene.said())
            await scene.until(lambda: "radio.back" in scene.said())
            await scene.pouch("P-01")
            await scene.until(lambda: scene.docked == ["P-01"])

    scene(tmp_path, play)


def test_a_radio_that_has_gone_is_not_waited_for() -> None:
    async def play() -> None:
        async with VirtualStation(START) as station, open_adapter(await station.listen_hci()) as adapter:
            (cut,) = station._adapters
            cut.close()
            async with asyncio.timeout(1):
                while True:
                    try:
                        async with adapter.scanning(lambda _device, _data: None):
                            await asyncio.sleep(0.01)
                    except RadioError as lost:
                        assert isinstance(lost.fields["why"], Phrase)
                        assert lost.fields["why"].code == "radio.not_there"
                        break
                device = BLEDevice("C0:00:00:00:00:02", None, Address("C0:00:00:00:00:02"))
                with pytest.raises(BleakError, match="the adapter has gone"):
                    await adapter.client(device, lambda _: None, 8.0).connect()

    asyncio.run(play())


def test_a_radio_that_can_never_be_had_ends_the_dock(tmp_path: Path) -> None:
    async def play(scene: Scene) -> None:
        async with scene.running("nothing:of-the-kind") as running:
            with refused("radio.cannot_open", RadioError):
                await running

    scene(tmp_path, play)


def test_a_store_that_is_busy_for_a_while_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    learn, fails = Dock.learn, [2]

    async def busy(self: Dock) -> None:
        if fails[0]:
            fails[0] -= 1
            raise DatabaseBusy("database.busy", path="station.db")
        await learn(self)

    monkeypatch.setattr(Dock, "learn", busy)

    async def play(scene: Scene) -> None:
        async with scene.running(await scene.station.listen_hci()):
            await scene.listening()
            assert scene.said() == ["dock.unsaved", "dock.saves_again"]

    scene(tmp_path, play)


def test_once_the_store_is_free_the_dock_tells_that_it_lives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("host.store.connecting.BUSY_TIMEOUT_S", 0.05)

    monkeypatch.setattr("host.docking.supervision.BEAT_S", 100.0)

    async def play(scene: Scene) -> None:
        docks = service.Docks(scene.store)
        async with scene.running(await scene.station.listen_hci()):
            await scene.listening()
            await scene.until(lambda: docks.status(NOW_MS).known.run is not None)
            with scene.store.writing() as connection:
                connection.execute("DELETE FROM dock_run")
                scene.cut()  # there is something to tell
                await scene.until(lambda: "radio.back" in scene.said())
                await asyncio.sleep(0.5)
            await scene.until(lambda: docks.status(NOW_MS).known.run is not None)

    scene(tmp_path, play)


@pytest.mark.parametrize("step_s", [86_400, -3600, -1_767_225_600])
def test_a_clock_that_is_set_is_told_of_once_and_one_that_runs_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step_s: int
) -> None:
    monkeypatch.setattr("host.docking.supervision.LOOK_AT_CLOCK_S", 0.05)
    steady, ahead_s = supervision.steady_s(), [0]

    async def play(scene: Scene) -> None:
        async with scene.running(await scene.station.listen_hci()):
            await scene.listening()
            await asyncio.sleep(0.2)
            assert scene.said() == []
            ahead_s[0] = step_s
            await scene.until(lambda: bool(scene.told))
            await asyncio.sleep(0.2)
            (told,) = scene.told
            assert (told.code, told.fields["step_s"]) == ("dock.clock_set", step_s)

    monkeypatch.setattr(
        Scene, "now_ms", lambda self: NOW_MS + round((supervision.steady_s() - steady + ahead_s[0]) * 1000)
    )
    scene(tmp_path, play)


def test_what_does_not_agree_is_noted_at_the_start_and_not_while_officers_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted: list[int] = []
    monkeypatch.setattr(Reconciling, "note_what_is_found", lambda self, now_ms: noted.append(now_ms))
    monkeypatch.setattr("host.docking.supervision.NOTE_S", 0.4)

    async def play(scene: Scene) -> None:
        async with scene.running(await scene.station.listen_hci()):
            await scene.until(lambda: len(noted) == 3)
            await scene.pouch("P-01")
            await scene.until(lambda: scene.docked == ["P-01"])
            before = len(noted)
            await asyncio.sleep(1)
            assert len(noted) <= before + 1

    scene(tmp_path, play)
