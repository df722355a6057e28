"""Whatever fails in a wake, once or for good: the tag sleeps, armed, and records what it can."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from host.access.vault import TagKeys
from host.flash.application import FIRMWARE
from host.sim.station import VirtualStation
from host.sim.tag import VirtualTag
from kitwire import faults
from tests.e2e.stage import DAY, HOUR, START, T0, Stage, play
from tests.e2e.test_chip import without
from tests.e2e.test_wake_path import FOR_AN_EDGE

NVS_NOT_INITIALIZED = (-0x1101, "ESP_ERR_NVS_NOT_INITIALIZED")
FAILURES = {
    "NVS does not open": ("nvs_open", NVS_NOT_INITIALIZED),
    "NVS does not give the id": ("nvs_get", (-1, "ESP_FAIL")),
    "a pin": ("pin_init", (22, "EINVAL")),
    "the pads": ("mem_write", (5, "EIO")),
    "a wake source": ("wake_on", (22, "EINVAL")),
    "the log's partition": ("partitions", (5, "EIO")),
    "the log": ("flash_read", (-1, "ESP_FAIL")),
    "the battery": ("adc_uv", (5, "EIO")),
    **{f"import {module}": (f"import {module}", (5, "EIO")) for module in ("wake", "lid", "kitcore.tag", "pads")},
    **{f"import {module} when it is wanted": (f"import {module}", (5, "EIO")) for module in ("awake", "indicator")},
}
"""What fails, by what it is to a person: the board's call, and its error."""


def opened(tag: VirtualTag, at: float) -> None:
    tag.at(at).lid_open()
    tag.at(at + 10).press()
    tag.at(at + 60).lid_close()


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("times", [1, 4])
def test_what_fails_is_recorded_and_the_next_opening_too(tmp_path: Path, failure: str, times: int) -> None:
    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        name, (number, text) = FAILURES[failure]
        tag.board.fail(name, min(times, 2) if "wanted" in failure else times, number, text)
        opened(tag, T0 + HOUR)
        awake_s = tag.board.counters.awake_s
        await stage.until(T0 + 6 * HOUR)
        assert tag.state == "asleep"
        assert tag.board.counters.awake_s - awake_s < 30, "it sleeps anyway"
        opened(tag, T0 + 7 * HOUR)
        await stage.until(T0 + 8 * HOUR)
        (report,) = await stage.dock(tag)
        assert report.error is None
        types = [kind for kind in stage.types() if kind != "fault"]
        assert types[-5:] == ["lid_open", "dose_mark", "lid_close", "dock", "time_set"], stage.types()
        codes = [event.aux for event in stage.store.events() if event.type == "fault"]
        read_again = times == 1 and failure.startswith("import") and "wanted" not in failure
        assert bool(codes) != read_again, "what failed is in the log, unless it was mended at once"
        assert types.count("lid_open") in (1, 2) and types.count("lid_open") == types.count("lid_close")

    play(tmp_path, scene)


async def lives(files: dict[str, Path], failing: list[str], until: float) -> VirtualTag:
    """A tag, enrolled, whose lid is opened each hour while `failing` calls of the board fail for good."""
    async with VirtualStation(START, files=files) as station:
        tag = await station.add_tag("1")
        tag.enrol("00" * 8, *TagKeys.random())
        await tag.settle()
        for name in failing:
            tag.board.fail(name, times=10**6)
        tag.board.counters.seconds["cell"]["awake"] = 0.0
        for hour in range(1, 13):
            tag.at(T0 + hour * HOUR).lid_open()
            tag.at(T0 + hour * HOUR + 30).lid_close()
        await station.clock.advance(until)
        return tag


@pytest.mark.parametrize("module", [*sorted(FOR_AN_EDGE - {"kitcore/debounce"}), "lid and rescue"])
def test_a_module_that_never_loads_flattens_no_cell(module: str) -> None:
    modules = module.replace("/", ".").split(" and ")
    tag = asyncio.run(lives({"/": FIRMWARE}, [f"import {each}" for each in modules], T0 + DAY))
    assert tag.state == "asleep"
    assert tag.board.counters.awake_s < 60, "of a day"
    assert tag.board.counters.wakes < 320, "each 5 minutes at most, but for the lid"


def test_nvs_that_never_opens_flattens_no_cell() -> None:
    tag = asyncio.run(lives({"/": FIRMWARE}, ["nvs_open"], T0 + DAY))
    assert tag.state == "asleep"
    assert tag.board.counters.awake_s < 60 and tag.board.counters.wakes < 320


BARE = "import wake\nwake.main()\n"
"""What `main.py` was without an answer."""


@pytest.mark.parametrize(
    ("failing", "least_s"),
    [
        pytest.param("import lid", 4.9 * HOUR, id="a module: until the cell is flat"),
        pytest.param("pin_init", 29, id="a pin: until the watchdog bites, which loses the start"),
    ],
)
def test_without_that_one_failure_leaves_it_awake(tmp_path: Path, failing: str, least_s: float) -> None:
    bare = tmp_path / "main.py"
    bare.write_text(BARE)

    async def run(files: dict[str, Path]) -> float:
        async with VirtualStation(START, files=files) as station:
            tag = await station.add_tag("1")
            tag.enrol("00" * 8, *TagKeys.random())
            await tag.settle()
            tag.board.counters.seconds["cell"]["awake"] = 0.0
            tag.board.fail(failing)
            tag.at(T0 + HOUR).lid_open()
            await station.clock.advance(T0 + 6 * HOUR)
            return tag.board.counters.awake_s

    assert asyncio.run(run({"/": FIRMWARE})) < 1
    assert asyncio.run(run({"/": FIRMWARE, "/main.py": bare})) > least_s


def test_the_watchdog_runs_before_the_first_module_is_loaded(tmp_path: Path) -> None:
    hangs = tmp_path / "lid.py"
    hangs.write_text("import time\nwhile True:\n    time.sleep(1)\n")

    async def run(files: dict[str, Path]) -> int:
        async with VirtualStation(START, files={**files, "/lid.py": hangs}) as station:
            tag = await station.add_tag("1")
            await station.clock.advance(T0 + 100)
            return tag.board.counters.wakes

    assert asyncio.run(run({"/": FIRMWARE})) == 4, "each 30 s"
    assert asyncio.run(run(without(tmp_path, "main", "    machine.WDT(timeout=30000)\n", ""))) == 1


def test_at_the_dock_there_is_a_way_in_whatever_fails(tmp_path: Path) -> None:
    async def run() -> None:
        async with VirtualStation(START) as station:
            tag = await station.add_tag("1")
            await tag.settle()
            tag.board.fail("import wake", times=10**6)
            tag.dock()
            tag.reset()
            await asyncio.sleep(1)
            assert tag.execute("print(6 * 7)") == "42\n"
            assert tag.state == "idle"

    asyncio.run(run())


def test_a_damaged_file_is_told_by_its_module(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        tag.board.fail("import kitcore.ring", times=3)
        tag.at(T0 + HOUR).lid_open()
        await stage.until(T0 + 2 * HOUR)
        (report,) = await stage.dock(tag)
        assert report.error is None
        codes = [event.aux for event in stage.store.events() if event.type == "fault"]
        assert [faults.describe(code or 0).split(",")[0] for code in codes] == ["exception in flash_log"]

    play(tmp_path, scene)
