"""What the chip does that a program would not expect, and that the firmware has an answer to each.

Each comes with the same firmware without its answer, so that the virtual board is seen to be as hard as the chip.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from bumble.device import Advertisement

from host.access.vault import TagKeys
from host.flash.application import FIRMWARE
from host.sim.air import AT_A_METRE_DBM, SENSITIVITY_DBM
from host.sim.station import VirtualStation
from host.sim.tag import VirtualTag
from host.sim.virtual_board import RF_LOSS_DB, RF_POWER, RF_SELECT, Ended
from tests.e2e.stage import DAY, HOUR, START, T0, Stage, play
from tests.e2e.test_usb import kitdock
from tests.sim.test_air import central
from tests.telling import Tell


def without(folder: Path, module: str, answer: str, instead: str) -> dict[str, Path]:
    """The firmware's files, with `answer` in the source of `module` taken out for `instead`."""
    source = (FIRMWARE / f"{module}.py").read_text()
    assert source.count(answer) == 1, f"{module} no longer has this answer"
    spoilt = folder / f"{Path(module).name}.py"
    spoilt.write_text(source.replace(answer, instead))
    return {"/": FIRMWARE, f"/{module}.py": spoilt}


def two_openings(tag: VirtualTag) -> None:
    tag.at(T0 + HOUR).lid_open()
    tag.at(T0 + HOUR + 20).lid_close()
    tag.at(T0 + 2 * HOUR).lid_open()
    tag.at(T0 + 2 * HOUR + 15.2).lid_close()


def records_of_two_openings(files: dict[str, Path]) -> tuple[int, int]:
    """Wakes by the lid, and records in the log after them, its start among them."""

    async def run() -> tuple[int, int]:
        async with VirtualStation(START, files=files) as station:
            tag = await station.add_tag("1")
            tag.enrol("00" * 8, *TagKeys.random())
            await tag.settle()
            before = tag.board.counters.wakes
            two_openings(tag)
            await station.clock.advance(T0 + 3 * HOUR)
            assert tag.faults == []
            wakes = tag.board.counters.wakes - before
            return wakes, int(json.loads(tag.execute("import provision\nprovision.info()\n"))["last"])

    return asyncio.run(run())


def test_the_pads_of_the_wake_pins_are_given_back_after_deep_sleep(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        two_openings(tag)
        await stage.until(T0 + 3 * HOUR)
        (report,) = await stage.dock(tag)
        assert report.error is None
        assert stage.types() == ["boot", *["lid_open", "lid_close"] * 2, "dock", "time_set"]

    play(tmp_path, scene)


def test_without_that_two_openings_become_hundreds_of_records(tmp_path: Path, tell: Tell) -> None:
    assert records_of_two_openings({"/": FIRMWARE}) == (4, 5)
    wakes, records = records_of_two_openings(without(tmp_path, "wake", "    pads.release()\n", ""))
    tell(f"two openings, 35 s together: 5 records; {wakes} wakes and {records} records if pads are not given back")
    assert 120 < wakes < 140, "as often as it can start"
    assert records == 1 + 2 * wakes


FAR_DB = (AT_A_METRE_DBM - SENSITIVITY_DBM) - RF_LOSS_DB / 2
"""A distance that a tag with its antenna bridges, and one without does not."""


def dockings_from_afar(folder: Path, files: dict[str, Path], rf_switch: bool = True) -> int:
    """How many tags a dock collects from at `FAR_DB`; the pads of the antenna switch must be let go before sleep."""
    found: list[int] = []

    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        tag.board.rf_switch = rf_switch
        driven: list[set[int]] = []
        original = tag.board._on_deepsleep

        def asleep(milliseconds: int) -> None:
            driven.append({RF_POWER, RF_SELECT} & set(tag.board.outputs))
            original(milliseconds)

        tag.board._on_deepsleep = asleep  # type: ignore[method-assign]
        stage.station.link.path_loss_db = FAR_DB
        found.append(len(await stage.dock(tag, quiet_s=2.0)))
        if rf_switch:
            on = {gpio: tag.board.outputs.get(gpio) for gpio in (RF_POWER, RF_SELECT)}
            assert (on == {RF_POWER: 0, RF_SELECT: 0}) == bool(found[0]), "powered while the radio is on"
        tag.undock()
        await tag.settle()
        assert driven and not any(driven)

    play(folder, scene, files=files)
    return found[0]


def test_the_antenna_is_connected_while_the_radio_is_on_and_let_go_before_sleep(tmp_path: Path) -> None:
    assert dockings_from_afar(tmp_path, {"/": FIRMWARE}) == 1


def test_without_that_a_dock_at_the_same_distance_hears_nothing(tmp_path: Path) -> None:
    assert dockings_from_afar(tmp_path, without(tmp_path, "radio", "        antenna.connect()\n", "")) == 0


def test_a_board_without_the_switch_does_without_it_and_drives_no_pad_for_it(tmp_path: Path) -> None:
    files = without(tmp_path, "board", "PROFILE = XIAO\n", "PROFILE = CUSTOM\n")
    assert dockings_from_afar(tmp_path, files, rf_switch=False) == 1


@pytest.mark.parametrize("connected", [True, False])
def test_a_station_hears_how_strong_a_tag_is(tmp_path: Path, connected: bool) -> None:
    files = {"/": FIRMWARE} if connected else without(tmp_path, "radio", "        antenna.connect()\n", "")

    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        strengths: set[int] = set()
        async with central(stage.station) as device:

            def hear(advertisement: Advertisement) -> None:
                strengths.add(advertisement.rssi)

            device.on("advertisement", hear)
            await device.start_scanning(filter_duplicates=False)
            tag.dock()
            async with asyncio.timeout(20):
                while not strengths:
                    await asyncio.sleep(0.05)
            await device.stop_scanning()
        assert strengths == {round(AT_A_METRE_DBM - (0 if connected else RF_LOSS_DB))}

    play(tmp_path, scene, files=files)


def starts_of_a_tag_that_crashes(files: dict[str, Path], how: str, seconds: float) -> int:
    """How often a tag starts in so long if each wake that writes to the log ends in a reset, the lid's first."""

    async def run() -> int:
        async with VirtualStation(START, files=files) as station:
            tag = await station.add_tag("1")
            tag.enrol("00" * 8, *TagKeys.random())
            await tag.settle()

            def crash(*_: object) -> None:
                raise Ended(how)

            tag.board._on_flash_program = crash  # type: ignore[method-assign]
            before = tag.board.counters.wakes
            tag.at(T0 + HOUR).lid_open()
            await station.clock.advance(T0 + HOUR + seconds)
            return tag.board.counters.wakes - before

    return asyncio.run(run())


@pytest.mark.parametrize("how", ["panic", "lock-up", "watchdog"])
def test_a_tag_that_crashes_in_each_wake_rests_whatever_its_cause_is_called(how: str) -> None:
    assert starts_of_a_tag_that_crashes({"/": FIRMWARE}, how, DAY) < 60


def test_if_an_unknown_cause_were_taken_for_power_on_it_would_never_rest(tmp_path: Path) -> None:
    answer = "return self._memory.cause == machine.PWRON_RESET"
    instead = "return self._memory.cause not in (machine.WDT_RESET, machine.HARD_RESET)"
    assert starts_of_a_tag_that_crashes(without(tmp_path, "wake", answer, instead), "lock-up", 60) > 60


@pytest.mark.parametrize(("how", "cause"), [("panic", 2), ("lock-up", 0), ("watchdog", 3)])
def test_a_start_is_recorded_with_the_cause_that_it_is_given(tmp_path: Path, how: str, cause: int) -> None:
    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        tag.dock()
        await tag.settle()
        tag.reset(how)
        await tag.settle()
        (report,) = await stage.dock(tag)
        assert report.error is None
        boots = [event for event in stage.store.events() if event.type == "boot"]
        assert [event.aux for event in boots] == [2, cause]

    play(tmp_path, scene)


SET_CLOCK = "import machine\nmachine.RTC().datetime((2026, 3, 1, 6, 6, 0, 0, 0))\n"
"""What `mpremote rtc --set` runs, and an IDE as it connects."""


def lived_with_a_clock_that_was_set(folder: Path, files: dict[str, Path], leave: str) -> tuple[list[str | None], int]:
    """Types of the records of a tag whose clock is set at the REPL, left by unplugging it or as the station does."""
    lived: list[tuple[list[str | None], int]] = []

    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        tag.at(T0 + 100).lid_open()
        tag.at(T0 + 160).lid_close()
        await stage.until(T0 + HOUR)
        tag.dock()
        await tag.settle()
        tag.execute(SET_CLOCK)
        if leave == "unplugged":
            tag.undock()
            await tag.settle()
        else:
            status, _, complaints = await kitdock(stage, "info", "--port", tag.serial_port())
            assert status == 0, complaints
        await tag.settle()
        await stage.until(stage.station.clock.now() + 600)
        (report,) = await stage.dock(tag)
        assert report.error is None and report.status is not None
        lived.append((stage.types(), report.status.status.uptime_s))

    play(folder, scene, files=files)
    return lived[0]


@pytest.mark.parametrize("leave", ["unplugged", "told to go on"])
def test_uptime_runs_on_when_somebody_sets_the_clock_at_the_repl(tmp_path: Path, leave: str) -> None:
    types, uptime_s = lived_with_a_clock_that_was_set(tmp_path, {"/": FIRMWARE}, leave)
    assert HOUR + 600 - 5 < uptime_s < HOUR + 700
    assert types.count("boot") == 1 and "heartbeat" not in types and "fault" not in types


def test_without_that_there_is_a_start_that_never_was(tmp_path: Path) -> None:
    files = without(tmp_path, "clock", "            life.mend(kept, chip_ms(), boot_ms())\n", "            pass\n")
    types, uptime_s = lived_with_a_clock_that_was_set(tmp_path, files, "unplugged")
    assert types.count("boot") == 2 and uptime_s < 700


def test_and_without_a_bound_on_its_sleep_an_hour_becomes_decades(tmp_path: Path) -> None:
    files = without(tmp_path, "clock", "            life.mend(kept, chip_ms(), boot_ms())\n", "            pass\n")
    (tmp_path / "lib").mkdir()
    unbound = without(tmp_path / "lib", "lib/kitcore/life", " <= now_ms <= latest_ms + LATE_MS:", " <= now_ms:")
    types, uptime_s = lived_with_a_clock_that_was_set(tmp_path, files | unbound, "unplugged")
    assert uptime_s > 5 * 365 * DAY and "heartbeat" in types
