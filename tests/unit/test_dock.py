"""The dock service over real Bluetooth packets: who is connected to, when, and what a failure costs."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from host import service
from host.access.vault import TagKeys
from host.docking import bounds
from host.docking import service as dock_service
from host.docking.service import LINKS, SAFE_MODE, Dock
from host.docking.session import DockingReport, DockingStep
from host.docking.turns import ATTEMPTS
from host.errors import DatabaseBusy
from host.link.adapter import open_adapter
from host.link.errors import LinkLost, RadioError, TagStalled, WrongKey
from host.link.tag_session import TagSession
from kitwire import advert, config, record
from tests.bumble_tag import BleTag, virtual_radio
from tests.memory_tag import MemoryTag
from tests.refusals import refused
from tests.station import Store

NOW_MS = 1_767_225_600_000


class Scene:
    """A station with its store, and tags in range of it."""

    def __init__(self, store: Store, link: Any, adapter: Any) -> None:
        self.store = store
        self._link = link
        self.adapter = adapter
        self.steps: list[DockingStep] = []
        self.tags: list[BleTag] = []

    async def add(self, pouch: str, enrolled: bool = True, events: int = 3, here: bool = True) -> BleTag:
        keys = TagKeys.random()
        memory = MemoryTag(os.urandom(8).hex(), keys.session, keys.log)
        if enrolled:
            self.store.enrol_tag(memory.id, pouch, keys, NOW_MS, lambda: None)
        for _ in range(events):
            memory.happen(record.LID_OPEN)
        tag = BleTag(self._link, memory, keys.advert)
        self.tags.append(tag)
        if here:
            await tag.start()
        return tag

    def dock(self) -> Dock:
        return Dock(self.store, self.steps.append, lambda: NOW_MS)

    async def collect(self, quiet_s: float = 1.0, everything: bool = False) -> list[DockingReport]:
        with self.dock() as here:
            return await here.collect(self.adapter, quiet_s=quiet_s, everything=everything)

    def rows(self, tag: BleTag) -> int:
        return len(self.store.records(tag.tag.id))


def scene(path: Path, play: Callable[[Scene], Awaitable[None]]) -> None:
    @asynccontextmanager
    async def stage() -> AsyncIterator[Scene]:
        with Store.create(path / "station.db", "Example Police", "Europe/London", False, NOW_MS) as store:
            async with virtual_radio() as (link, name), open_adapter(name) as adapter:
                opened = Scene(store, link, adapter)
                try:
                    yield opened
                finally:
                    for tag in opened.tags:
                        await tag.stop()

    async def run() -> None:
        async with stage() as opened:
            await play(opened)

    asyncio.run(run())


def test_every_tag_in_range_is_docked_once_and_then_left_alone(tmp_path: Path) -> None:
    async def play(scene: Scene) -> None:
        tags = [await scene.add(f"P-0{number}") for number in range(1, 4)]
        reports = await scene.collect()
        assert sorted(report.pouch for report in reports) == ["P-01", "P-02", "P-03"]
        assert [report.error for report in reports] == [None] * 3
        assert [scene.rows(tag) for tag in tags] == [4, 4, 4]
        assert [tag.connections for tag in tags] == [1, 1, 1]
        assert await scene.collect() == [], "nothing new: no connection"
        again = await scene.collect(everything=True)
        assert [(report.error, report.added) for report in again] == [(None, 0)] * 3

    scene(tmp_path, play)


def test_a_tag_that_is_not_enrolled_is_never_connected_to(tmp_path: Path) -> None:
    async def play(scene: Scene) -> None:
        stranger = await scene.add("P-01", enrolled=False)
        assert await scene.collect(0.5, everything=True) == []
        assert stranger.connections == 0
        assert scene.steps == []

    scene(tmp_path, play)


def test_a_tag_that_goes_away_in_mid_sync_is_tried_again_and_nothing_is_lost(tmp_path: Path) -> None:
    async def play(scene: Scene) -> None:
        tag = await scene.add("P-01", events=40)
        tag.sent_frames = 3  # challenge, status, the first thirteen records
        running = asyncio.create_task(scene.collect(2))
        while not scene.store.dockings() or scene.store.dockings()[0].finished_at_ms is None:
            await asyncio.sleep(0.02)
        tag.sent_frames = None
        reports = await running
        assert isinstance(reports[0].error, LinkLost)
        assert reports[0].added == 13
        assert (reports[-1].error, sum(report.added for report in reports)) == (None, 41)
        assert scene.rows(tag) == 41

    scene(tmp_path, play)


def test_while_one_tag_tells_what_it_has_others_are_docked_one_after_the_other(tmp_path: Path) -> None:
    async def play(scene: Scene) -> None:
        slow = await scene.add("P-01", events=150)
        slow.pause_s = 0.1
        others = [await scene.add(f"P-0{number}", here=False) for number in (2, 3, 4)]
        with scene.dock() as here:
            reports: list[str] = []
            running = asyncio.create_task(
                here.collect(scene.adapter, docked=lambda report: reports.append(report.pouch))
            )
            async with asyncio.timeout(15):
                while not slow.connections:
                    await asyncio.sleep(0.01)
                for tag in others:
                    await tag.start()
                most = 0
                while len(reports) < 4:
                    await asyncio.sleep(0.005)
                    most = max(most, sum(bool(tag.device.connections) for tag in scene.tags))
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
        assert reports[-1] == "P-01"
        assert sorted(reports) == ["P-01", "P-02", "P-03", "P-04"]
        assert most == LINKS
        assert [tag.connections for tag in (slow, *others)] == [1] * 4
        assert [scene.rows(tag) for tag in (slow, *others)] == [151, 4, 4, 4]

    scene(tmp_path, play)


def test_a_radio_that_fails_while_a_tag_is_docked_is_told_at_once_and_the_tag_is_docked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def play(scene: Scene) -> None:
        tag = await scene.add("P-01", events=100)
        tag.silent_after = 2
        deaf = True
        monkeypatch.setattr("host.docking.service.CHECK_S", 0.0)

        async def check() -> None:
            if deaf and tag.device.connections:
                raise RadioError("radio.deaf")

        monkeypatch.setattr(scene.adapter, "check", check)
        with scene.dock() as here:
            with refused("radio.deaf", RadioError):
                async with asyncio.timeout(bounds.FRAME_S - 1):
                    await here.collect(scene.adapter)
            (docking,) = scene.store.dockings()
            assert docking.outcome == "failed"
            deaf, tag.silent_after = False, None
            reports = await here.collect(scene.adapter, quiet_s=1)
        assert [(report.pouch, report.error) for report in reports] == [("P-01", None)]
        assert scene.rows(tag) == 101

    scene(tmp_path, play)


def test_a_tag_that_stalls_is_given_up_for_now_and_the_next_one_is_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def play(scene: Scene) -> None:
        stalling = await scene.add("P-01")
        stalling.silent_after = 1
        good = await scene.add("P-02")
        monkeypatch.setattr("host.docking.bounds.FRAME_S", 0.3)
        reports = await scene.collect()
        failures = [report for report in reports if report.pouch == "P-01"]
        assert len(failures) == 3
        assert all(isinstance(report.error, TagStalled) for report in failures)
        assert scene.rows(stalling) == 0
        assert scene.rows(good) == 4

    scene(tmp_path, play)


def test_a_tag_does_not_pay_for_a_database_that_was_locked_however_often(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("host.store.connecting.BUSY_TIMEOUT_S", 0.05)
    monkeypatch.setattr("host.docking.turns.FIRST_REST_S", 0.05)
    monkeypatch.setattr("host.docking.turns.LONGEST_PUT_OFF_S", 0.1)

    async def play(scene: Scene) -> None:
        tag = await scene.add("P-01")
        reports: list[DockingReport] = []
        with scene.dock() as here:
            scene.store.connection.execute("BEGIN IMMEDIATE")
            running = asyncio.create_task(here.collect(scene.adapter, docked=reports.append))
            async with asyncio.timeout(20):
                while len(reports) <= ATTEMPTS:
                    await asyncio.sleep(0.02)
                assert {type(report.error) for report in reports} == {DatabaseBusy}
                assert tag.tag.acknowledged_up_to == 0
                failed = [step.said.fields for step in scene.steps if step.stage == "failed"]
                assert [(said["error"].code, said["again"]) for said in failed] == [("unsaved.locked", True)], "once"
                scene.store.connection.execute("ROLLBACK")
                while reports[-1].error is not None:
                    await asyncio.sleep(0.02)
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
        assert scene.rows(tag) == 4

    scene(tmp_path, play)


def test_what_was_collected_once_the_database_was_free_no_longer_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("host.store.connecting.BUSY_TIMEOUT_S", 0.05)
    monkeypatch.setattr("host.docking.turns.FIRST_REST_S", 0.05)
    monkeypatch.setattr("host.docking.turns.LONGEST_PUT_OFF_S", 0.1)
    monkeypatch.setattr("host.docking.service.LEARN_S", 0.05)

    async def play(scene: Scene) -> None:
        tag = await scene.add("P-01")
        reports: list[DockingReport] = []
        with scene.dock() as here:
            await here.learn()
            scene.store.connection.execute("BEGIN IMMEDIATE")
            running = asyncio.create_task(here.collect(scene.adapter, docked=reports.append))
            async with asyncio.timeout(20):
                while not reports:
                    await asyncio.sleep(0.02)
                scene.store.connection.execute("ROLLBACK")
                while reports[-1].error is not None:
                    await asyncio.sleep(0.02)
            await asyncio.sleep(0.5)  # it is heard again, and looked up again
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
        assert scene.rows(tag) == 4
        assert service.Docks(scene.store).status(NOW_MS).known.waiting == []
        stages = [step.stage for step in scene.steps]
        assert "heard" not in stages[stages.index("complete") :], "all of it is collected"

    scene(tmp_path, play)


def test_a_tag_with_another_session_key_is_refused_once_and_not_retried(tmp_path: Path) -> None:
    async def play(scene: Scene) -> None:
        tag = await scene.add("P-01")
        tag.tag.session_key = os.urandom(32)
        reports = await scene.collect()
        assert [type(report.error) for report in reports] == [WrongKey]
        assert scene.rows(tag) == 0

    scene(tmp_path, play)


def test_a_replayed_advert_is_named_and_leads_to_no_connection(tmp_path: Path) -> None:
    async def play(scene: Scene) -> None:
        tag = await scene.add("P-01")
        keys = scene.store.tag_keys(tag.tag.id)
        await scene.collect()
        old = advert.build(advert.epoch(keys.advert, 3), advert.Advert(0, 80, False, False, False, False, 999))
        await tag.advertise(old)
        assert await scene.collect(0.5) == []
        assert [(step.stage, step.pouch) for step in scene.steps if step.stage == "refused"] == [("refused", "P-01")]

    scene(tmp_path, play)


def test_a_tag_in_safe_mode_is_named_once_and_never_connected_to(tmp_path: Path) -> None:
    async def play(scene: Scene) -> None:
        tag = await scene.add("P-01")
        tag.problem = True
        await tag.advertise()
        assert await scene.collect(everything=True) == []
        assert tag.connections == 0
        assert [step.stage for step in scene.steps] == ["refused"]
        assert scene.steps[0].said == SAFE_MODE
        tag.problem = False
        await tag.advertise()
        reports = await scene.collect()
        assert [report.error for report in reports] == [None], "once it is well it is docked"

    scene(tmp_path, play)


def test_one_tag_is_reached_among_others(tmp_path: Path) -> None:
    async def play(scene: Scene) -> None:
        tags = [await scene.add(f"P-0{number}") for number in (1, 2)]
        wanted = scene.store.tag("P-02")
        with scene.dock() as here:
            async with here.reach(scene.adapter, wanted, 10) as link:
                session = await TagSession.open(link, scene.store.tag_keys(wanted.id).session)
                session.ask_set_config(config.BUZZER, 1)
                session.ask_config(config.BUZZER)
                session.ask_identify(5)
                assert await session.config_set() == 1
                assert await session.config() == 1
                await session.identified()
        assert [tag.connections for tag in tags] == [0, 1]
        assert tags[1].tag.configuration == {config.BUZZER: 1}

    scene(tmp_path, play)


def test_a_tag_that_is_not_there_or_not_well_cannot_be_reached(tmp_path: Path) -> None:
    async def play(scene: Scene) -> None:
        tag = await scene.add("P-01")
        known = scene.store.tag("P-01")
        await tag.device.stop_advertising()
        with refused("docking.not_heard", LinkLost, pouch="P-01", seconds=0), scene.dock() as here:
            async with here.reach(scene.adapter, known, 0.3):
                pass
        tag.problem = True
        await tag.advertise()
        with refused("docking.in_safe_mode", LinkLost, pouch="P-01"), scene.dock() as here:
            async with here.reach(scene.adapter, known, 10):
                pass
        assert tag.connections == 0

    scene(tmp_path, play)


def test_a_new_event_while_docked_is_fetched_too(tmp_path: Path) -> None:
    async def play(scene: Scene) -> None:
        tag = await scene.add("P-01")
        await scene.collect()
        tag.tag.happen(record.LID_OPEN, after_s=0)
        await tag.advertise()
        assert [report.added for report in await scene.collect()] == [1]

    scene(tmp_path, play)


def test_of_a_tag_that_was_just_docked_only_what_is_new_is_announced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    after = dock_service._after

    def slowly(*given: Any) -> int:
        time.sleep(0.4)  # in the store's thread
        return after(*given)

    monkeypatch.setattr(dock_service, "_after", slowly)

    async def play(scene: Scene) -> None:
        tag = await scene.add("P-01")
        opened: list[asyncio.Task[None]] = []

        def open_it_again(step: DockingStep) -> None:
            scene.steps.append(step)
            if step.stage == "complete" and not opened:
                tag.tag.happen(record.LID_OPEN, after_s=0)
                opened.append(asyncio.create_task(tag.advertise()))

        with Dock(scene.store, open_it_again, lambda: NOW_MS) as here:
            await here.collect(scene.adapter, quiet_s=1.0)
        heard = [step.said.fields["waiting"] for step in scene.steps if step.stage == "heard"]
        assert (heard, scene.rows(tag)) == ([3, 1], 5)

    scene(tmp_path, play)


def test_a_dock_that_runs_takes_up_a_tag_that_is_enrolled_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("host.docking.service.LEARN_S", 0.1)

    async def play(scene: Scene) -> None:
        pouches: asyncio.Queue[str] = asyncio.Queue()

        with scene.dock() as here:
            collecting = here.collect(scene.adapter, docked=lambda report: pouches.put_nowait(report.pouch))
            running = asyncio.create_task(collecting)
            await asyncio.sleep(0.3)
            tag = await scene.add("P-01")
            assert await asyncio.wait_for(pouches.get(), 10) == "P-01"
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running
        assert scene.rows(tag) == 4

    scene(tmp_path, play)


def test_scan_names_the_tags_in_range_and_connects_to_none(tmp_path: Path) -> None:
    async def play(scene: Scene) -> None:
        tag = await scene.add("P-01")
        with scene.dock() as here:
            found = await here.scan(scene.adapter, 0.3)
        assert list(found) == [tag.tag.id]
        sighting, _ = found[tag.tag.id]
        assert (sighting.advert.battery_percent, sighting.advert.count) == (80, 3)
        assert tag.connections == 0

    scene(tmp_path, play)


def test_a_controller_that_is_not_there_is_said_so() -> None:
    async def run() -> None:
        with pytest.raises(RadioError, match="Bluetooth adapter tcp-client"):
            async with open_adapter("tcp-client:127.0.0.1:9"):
                pass

    asyncio.run(run())


def test_a_tag_that_is_taken_out_of_use_as_its_turn_comes_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def play(scene: Scene) -> None:
        tag = await scene.add("P-01")
        with scene.dock() as here:
            take = here.turns.take

            def taken(*asked: Any) -> Any:
                visit = take(*asked)
                if visit is not None:
                    here._tags.clear()  # as another radio learns of it
                return visit

            monkeypatch.setattr(here.turns, "take", taken)
            assert await here.collect(scene.adapter, quiet_s=0.5) == []
        assert tag.connections == 0

    scene(tmp_path, play)


def test_a_radio_that_docks_one_tag_after_the_other_is_known_to_listen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A watchdog waits 30 s, and a shift change may leave no time to ask the radio."""
    monkeypatch.setattr("host.docking.service.CHECK_S", 3600)

    async def play(scene: Scene) -> None:
        for number in range(3):
            await scene.add(f"P-0{number}")
        known: list[int] = []
        with scene.dock() as here:
            await here.collect(scene.adapter, quiet_s=0.5, working=lambda: known.append(1))
        assert len(known) == 3

    scene(tmp_path, play)
