"""Heat and frost on the real firmware: what is read when, that a bad reading costs nothing but the readings, and that
a tag which is not asked to never looks.

Each answer of the firmware comes with the same firmware without it.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from host.cli import steps
from host.flash.application import FIRMWARE
from host.reconcile import Discrepancy, reconcile
from host.reconcile.lifecycle import REOPENED, RESOLVED
from host.sim.tag import VirtualTag
from host.sim.virtual_board import Ended
from host.stock.storage import Limits
from host.store.stock import Incoming
from kitwire import faults, record
from tests.e2e.stage import DAY, HOUR, T0, Stage, play
from tests.e2e.test_chip import without
from tests.e2e.test_usb import kitdock
from tests.e2e.watching import keep, restarted
from tests.oracle.situation import situation_of
from tests.telling import Tell

LOOKS_H = 6


def looks_of(tag: VirtualTag) -> list[int | None]:
    """Every reading of the tag's thermometer from now on; None for one that reset the chip."""
    looks: list[int | None] = []
    original = tag.board._on_mcu_temperature

    def look() -> int:
        looks.append(None)
        looks[-1] = original()
        return looks[-1]

    tag.board._on_mcu_temperature = look  # type: ignore[method-assign]
    return looks


async def reading(stage: Stage, offset: int = 1000) -> VirtualTag:
    """A tag that looks at its thermometer, and has started and rested."""
    tag = await stage.add()
    keep(tag, temperature_s=int(LOOKS_H * HOUR), temp_offset=offset)
    await restarted(tag)
    return tag


async def docked(stage: Stage, tag: VirtualTag) -> None:
    """Set the tag in the dock and collect, however busy this machine is."""
    (report,) = await stage.dock(tag, quiet_s=3.0)
    assert report.error is None


def told(stage: Stage) -> list[tuple[str, tuple[int, int] | None]]:
    """The types of the records of the tag, and the temperatures in them."""
    numbers = {name: number for number, name in record.TYPE_NAMES.items()}
    events = stage.store.events(stage.store.tag("P-01").id)
    return [
        (event.type, record.temperatures_of(numbers[event.type], event.aux or 0))
        for event in events
        if event.type is not None
    ]


def day_in_a_car(at: float) -> float:
    """°C behind the windscreen of a car that is parked in the sun, by Unix seconds.

    14 to 31 °C outside; from 9 to 17 h the sun shines on it, and it is up to 28 °C warmer inside.
    """
    hour = at / HOUR % 24
    outside = 22.5 - 8.5 * math.cos((hour - 4) / 24 * 2 * math.pi)
    sunny_h = min(max(hour - 9, 0.0), 8.0)
    shade_h = max(hour - 17, 0.0)
    return outside + 28 * (1 - math.exp(-sunny_h / 0.5)) * math.exp(-shade_h / 0.5)


def test_a_days_least_and_most_come_with_the_next_docking_and_some_in_between(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        tag = await reading(stage)
        looks = looks_of(tag)
        tag.temperature(day_in_a_car)
        tag.at(T0 + 3 * HOUR).lid_open()
        tag.at(T0 + 3 * HOUR + 20).lid_close()
        await stage.until(T0 + 1.5 * DAY)
        await docked(stage, tag)
        events = told(stage)
        kinds = [kind for kind, _ in events]
        assert kinds[2:] == ["lid_open", "lid_close", "heartbeat", "dock", "temperature", "time_set"]
        inside = dict(events)["lid_open"]
        assert inside is not None and abs(inside[0] - day_in_a_car(T0 + 3 * HOUR)) <= 1
        assert len(looks) == 7, "at two edges, each 6 h after that, and at the heartbeat"
        least, most = dict(events)["temperature"] or (0, 0)
        assert (least, most) == (min(filter(None, looks)), max(filter(None, looks)))
        assert most > 45

    play(tmp_path, scene)


def test_a_tag_that_is_not_asked_to_never_looks(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        looks = looks_of(tag)
        tag.temperature(day_in_a_car)
        tag.at(T0 + 3 * HOUR).lid_open()
        tag.at(T0 + 3 * HOUR + 20).lid_close()
        await stage.until(T0 + 2.5 * DAY)
        await docked(stage, tag)
        assert looks == []
        assert {pair for _, pair in told(stage)} == {None}
        assert stage.types() == ["boot", "lid_open", "lid_close", *["heartbeat"] * 2, "dock", "time_set"]

    play(tmp_path, scene)


Lived = tuple[list[tuple[str, tuple[int, int] | None]], list[int | None], int]
"""Records with their temperatures, readings, and starts by reset, of a tag that was lived with."""


def lived(
    folder: Path, files: dict[str, Path], live: Callable[[Stage, VirtualTag], Awaitable[None]], offset: int = 1000
) -> Lived:
    """What comes of a tag that looks at its thermometer once `live` has happened to it and it has docked."""
    found: list[Lived] = []
    folder.mkdir(exist_ok=True)

    async def scene(stage: Stage) -> None:
        tag = await reading(stage, offset)
        looks = looks_of(tag)
        resets = [0]
        original = tag.board.start

        def start(cause: int) -> None:
            resets[0] += cause in (0, 2, 3)
            original(cause)

        tag.board.start = start  # type: ignore[method-assign]
        await live(stage, tag)
        await docked(stage, tag)
        found.append((told(stage)[2:], looks, resets[0]))

    play(folder, scene, files=files)
    return found[0]


def changed(folder: Path, module: str, answer: str, instead: str) -> dict[str, Path]:
    """As `without`; `folder` gets a folder for each package."""
    inner = folder / Path(module).parent
    inner.mkdir(parents=True, exist_ok=True)
    return without(inner, module, answer, instead)


async def a_shift(stage: Stage, tag: VirtualTag) -> None:
    """Out for a day, an opening of 90 s in it."""
    tag.at(T0 + 5 * HOUR).lid_open()
    tag.at(T0 + 5 * HOUR + 90).lid_close()
    await stage.until(T0 + 20 * HOUR)


def bad(readings: int, at: float, how: str = "panic") -> Callable[[Stage, VirtualTag], Awaitable[None]]:
    """`a_shift`, in which from `at` on so many readings make no sense."""

    async def live(stage: Stage, tag: VirtualTag) -> None:
        def upset() -> None:
            tag.board.thermometer.bad_readings = readings

        tag.input(at, upset)
        end, tag.board._on_mcu_temperature = tag.board._on_mcu_temperature, lambda: look()  # type: ignore[method-assign]

        def look() -> int:
            try:
                return end()
            except Ended:
                raise Ended(how) from None

        await a_shift(stage, tag)

    return live


def kinds(of: Lived) -> list[str]:
    return [kind for kind, _ in of[0]]


SHIFT = ["lid_open", "lid_close", "dock", "temperature", "time_set"]


@pytest.mark.parametrize("how", ["panic", "watchdog", "lock-up"])
def test_a_bad_reading_costs_the_readings_and_nothing_else(tmp_path: Path, how: str) -> None:
    """It is the lid's closing that wakes the tag, which a start that knows nothing would not see."""

    async def live(stage: Stage, tag: VirtualTag) -> None:
        await bad(1000, T0 + 5 * HOUR + 60, how)(stage, tag)
        assert tag.board.nvs["kitdock", "temperature_s", "i32"] == 0

    found = lived(tmp_path, {"/": FIRMWARE}, live)
    assert kinds(found) == ["lid_open", "fault", *SHIFT[1:]]
    assert found[0][1] == ("fault", None)
    assert found[1][1:] == [None], "one, and never again"
    assert found[2] == 1, "the chip was reset"
    assert dict(found[0])["temperature"] == dict(found[0])["lid_open"], "the tag gives what it read before"


def test_and_uptime_runs_on(tmp_path: Path) -> None:
    durations: list[int | None] = []

    async def scene(stage: Stage) -> None:
        tag = await reading(stage)
        await bad(1000, T0 + 5 * HOUR + 60)(stage, tag)
        await docked(stage, tag)
        durations.extend(opening.duration_s for opening in stage.store.openings())
        codes = [event.aux for event in stage.store.events() if event.type == "fault"]
        assert codes == [faults.TEMPERATURE]

    play(tmp_path, scene)
    assert durations in ([90], [91]), "whole seconds, and the restart takes a fraction of one"


def test_without_the_note_before_it_the_closing_is_lost_and_the_chip_restarts_again_and_again(tmp_path: Path) -> None:
    note = "        memory.reading = life.WOKEN_BY_LID if board.LID in self._woken_by else life.WOKEN\n"
    files = changed(tmp_path, "wake", note, "")
    found = lived(tmp_path, files, bad(1000, T0 + 5 * HOUR + 60))
    assert "lid_close" not in kinds(found) and "boot" in kinds(found) and "fault" not in kinds(found)
    assert found[2] >= 2


def test_without_giving_up_each_look_restarts_it(tmp_path: Path) -> None:
    files = changed(tmp_path, "wake", "            tag.give_up_temperature()\n", "            memory.reading = 0\n")
    found = lived(tmp_path, files, bad(1000, T0 + 5 * HOUR + 60))
    assert found[2] >= 3 and "fault" not in kinds(found)


def test_the_thermometer_is_read_before_the_adc_and_after_it_would_be_a_bad_reading(tmp_path: Path) -> None:
    assert kinds(lived(tmp_path / "a", {"/": FIRMWARE}, a_shift)) == SHIFT
    answer = "        self._look_at_thermometer()\n        memory.faulty"
    later = answer.replace("        self", "        Battery().millivolts()\n        self", 1)
    found = lived(tmp_path / "b", changed(tmp_path, "wake", answer, later), a_shift)
    assert kinds(found) == ["fault", "lid_open", "lid_close", "dock", "time_set"]
    assert found[1] == [None]


async def two_faults_and_a_bad_reading(stage: Stage, tag: VirtualTag) -> None:
    tag.board.fail("adc_uv", times=2)
    tag.at(T0 + 2 * HOUR).lid_open()
    tag.at(T0 + 2 * HOUR + 400).lid_close()
    await bad(1, T0 + 3 * HOUR)(stage, tag)


def test_a_bad_reading_does_not_count_towards_safe_mode(tmp_path: Path) -> None:
    found = lived(tmp_path / "a", {"/": FIRMWARE}, two_faults_and_a_bad_reading)
    assert kinds(found) == [*["fault"] * 3, *SHIFT], "two of the battery, one of the thermometer"
    answer = "        self._look_at_thermometer()\n        memory.faulty = min(memory.faulty + 1, 0xFF)\n"
    count, look = answer.splitlines(keepends=True)[::-1]
    found = lived(tmp_path / "b", changed(tmp_path, "wake", answer, count + look), two_faults_and_a_bad_reading)
    assert kinds(found).count("fault") == 4, "and safe mode"


async def docked_for_a_while(stage: Stage, tag: VirtualTag) -> None:
    tag.temperature(20)
    tag.at(T0 + 2 * HOUR).dock()
    tag.at(T0 + 2.25 * HOUR).undock()
    tag.at(T0 + 2.25 * HOUR + 60).lid_open()
    tag.at(T0 + 2.25 * HOUR + 90).lid_close()
    await stage.until(T0 + 20 * HOUR)


def test_it_is_read_at_rest_and_not_while_a_charger_has_just_warmed_it(tmp_path: Path) -> None:
    def most(files: dict[str, Path], folder: Path) -> int:
        (_, most) = dict(lived(folder, files, docked_for_a_while)[0])["temperature"] or (0, 0)
        return most

    assert most({"/": FIRMWARE}, tmp_path / "a") in (20, 21)
    files = changed(tmp_path, "lib/kitcore/life", "REST_S = 3600\n", "REST_S = 0\n")
    assert most(files, tmp_path / "b") > 25


@pytest.mark.parametrize("celsius", [-17.8, -6.6, -1.2, -0.4, 0.4, 12.3, 41.6])
def test_what_is_told_is_right_within_what_is_stated_in_frost_too(tmp_path: Path, celsius: float) -> None:
    async def live(stage: Stage, tag: VirtualTag) -> None:
        tag.temperature(celsius + 10)
        tag.board.thermometer.error_c = -10.0
        await a_shift(stage, tag)

    found = lived(tmp_path, {"/": FIRMWARE}, live, offset=1100)
    pair = dict(found[0])["temperature"]
    rounding = 1.0 + 0.5 if -1.5 < celsius < 0.5 else 0.5 + 0.5
    assert pair is not None and all(abs(each - celsius - 10) <= rounding + 0.1 for each in pair)


def test_without_that_frost_is_told_a_degree_warmer_than_it_is(tmp_path: Path) -> None:
    async def live(stage: Stage, tag: VirtualTag) -> None:
        tag.temperature(-6.4)
        await a_shift(stage, tag)

    files = changed(tmp_path, "thermometer", " - (10 if told < 0 else 0 if told else 5)", "")
    assert dict(lived(tmp_path / "a", files, live)[0])["temperature"] == (-5, -5)
    assert dict(lived(tmp_path / "b", {"/": FIRMWARE}, live)[0])["temperature"] == (-6, -6)


def test_a_press_that_may_be_a_dose_mark_is_not_put_at_risk(tmp_path: Path) -> None:
    async def live(stage: Stage, tag: VirtualTag) -> None:
        await stage.until(T0 + 2 * HOUR)
        tag.lid_open()
        await tag.settle()
        tag.board.thermometer.bad_readings = 1000
        tag.at(T0 + 2 * HOUR + 30).press(seconds=0.1)
        await stage.until(T0 + 2 * HOUR + 100)
        tag.board.thermometer.bad_readings = 0
        tag.lid_close()
        await tag.settle()

    found = lived(tmp_path, {"/": FIRMWARE}, live)
    assert kinds(found) == ["lid_open", "dose_mark", *SHIFT[1:]]
    assert None not in found[1]


def test_once_a_station_asks_anew_it_looks_again(tmp_path: Path) -> None:
    async def live(stage: Stage, tag: VirtualTag) -> None:
        await bad(1, T0 + 5 * HOUR)(stage, tag)
        keep(tag, temperature_s=3600)
        await restarted(tag)
        await stage.until(T0 + 2 * DAY)

    found = lived(tmp_path, {"/": FIRMWARE}, live)
    assert found[1][0] is None and len(found[1]) > 20 and None not in found[1][1:]


def test_a_button_that_is_jammed_does_not_wake_it_for_a_look_again_and_again(tmp_path: Path) -> None:
    async def live(stage: Stage, tag: VirtualTag) -> None:
        tag.at(T0 + 5 * HOUR).press(seconds=4 * HOUR)
        await stage.until(T0 + 6 * HOUR)
        before = tag.board.counters.wakes
        await stage.until(T0 + 6 * HOUR + 400)
        assert tag.board.counters.wakes - before <= 2, "each 5 minutes, to see whether it was let go"
        await stage.until(T0 + 20 * HOUR)

    lived(tmp_path, {"/": FIRMWARE}, live)


async def closed_while_a_cue_is_shown(stage: Stage, tag: VirtualTag) -> None:
    keep(tag, second_dose_s=120)
    await restarted(tag)
    tag.at(T0 + 5 * HOUR).lid_open()
    tag.at(T0 + 5 * HOUR + 60).press()
    tag.at(T0 + 5 * HOUR + 186).lid_close()
    await stage.until(T0 + 7 * HOUR)


def test_what_comes_long_after_the_look_tells_no_temperature(tmp_path: Path) -> None:
    found = lived(tmp_path / "a", {"/": FIRMWARE}, closed_while_a_cue_is_shown)
    assert found[0][1:4] == [("lid_open", (20, 20)), ("dose_mark", None), ("lid_close", None)]
    files = changed(tmp_path, "wake", "        tag.temperature = 0  # from here on it warms itself\n", "")
    assert dict(lived(tmp_path / "b", files, closed_while_a_cue_is_shown)[0])["lid_close"] is not None


SUMMER = datetime(2026, 7, 9, 4, tzinfo=UTC)
PRODUCT = "Naloxone 1.8 mg"


async def summers_day(stage: Stage, looks: bool) -> tuple[list[Discrepancy], list[int | None]]:
    """What is asked after a shift of which the pouch spends the day in a parked car; and the readings of its tag.

    The chip's own thermometer reads ten degrees too low, which somebody has found out and entered.
    """
    began_ms = stage.now_ms()
    stage.store.add_officer("4101", date(2026, 6, 1), began_ms)
    stage.store.receive([Incoming("K-0001", PRODUCT, "A1", date(2028, 4, 30), 2)], began_ms)
    stage.store.set_limits(PRODUCT, Limits(None, 25))
    tag = await stage.add()
    tag.board.thermometer.error_c = -10.0
    stage.store.issue_kit("K-0001", "4101", "P-01", began_ms)
    if looks:
        tag.dock()
        await tag.settle()
        given = ("--temperature", "6h", "--temperature-offset", "10")
        status, _, complaints = await kitdock(stage, "config", "P-01", "--port", tag.serial_port(), *given)
        assert status == 0, complaints
    seen = looks_of(tag)
    await docked(stage, tag)
    tag.temperature(day_in_a_car)
    left = stage.station.clock.now()
    tag.undock()
    await stage.until(left + 14 * HOUR)
    await docked(stage, tag)
    found = reconcile(stage.store.situation(stage.now_ms()))
    assert found == reconcile(situation_of(stage.store.picture(), stage.now_ms()))
    return found, seen


def test_a_summers_day_in_a_car_raises_one_question_about_the_kit(tmp_path: Path, tell: Tell) -> None:
    async def scene(stage: Stage) -> None:
        (found,), seen = await summers_day(stage, looks=True)
        assert None not in seen and len(seen) == 2, "each 6 h"
        assert (found.kind, found.severity, found.kit) == ("outside_storage_limits", "medium", "K-0001")
        assert (found.officer, found.pouch) == ("4101", "P-01")
        most = max(filter(None, seen)) + 10
        assert abs(most - 59) <= 1, "what the chip told, and ten degrees"
        assert f"up to {most} °C (within 3 °C) some time between 9 Jul 2026, 05:0" in str(found.evidence)
        assert "says at most 25 °C" in str(found.evidence) and "not the kit" in str(found.evidence)
        assert "kitdock reconcile resolve" in steps.told(found.next_step)
        state = stage.store.state("K-0001")
        assert (state.status, state.quarantine, state.doses_left) == ("issued", None, 2), "nothing was done to the kit"
        tell(f"a summer's day in a car: {found.evidence}")

        stage.store.note_discrepancies([found], stage.now_ms())
        reason = "the maker says it may be used"
        stage.store.judge("resolve", RESOLVED, found, reason, stage.now_ms())
        (tag,) = stage.station.tags
        tag.temperature(20)
        tag.undock()
        await stage.until(stage.station.clock.now() + 10 * HOUR)
        await docked(stage, tag)
        (still,) = stage.store.standings(reconcile(stage.store.situation(stage.now_ms())))
        assert still.status == RESOLVED, "a cool day does not ask anew"
        tag.temperature(day_in_a_car)
        tag.undock()
        await stage.until(stage.station.clock.now() + 14 * HOUR)
        await docked(stage, tag)
        (again,) = stage.store.standings(reconcile(stage.store.situation(stage.now_ms())))
        assert again.status == REOPENED, "the next hot one does"

    play(tmp_path, scene, start=SUMMER)


def test_the_same_day_with_a_tag_that_is_not_asked_to_raises_none_and_never_looks(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        assert await summers_day(stage, looks=False) == ([], [])
        assert "temperature" not in stage.types()

    play(tmp_path, scene, start=SUMMER)


def test_a_reset_in_the_sun_loses_no_more_than_since_the_last_record(tmp_path: Path) -> None:
    """The least and the most are gone with the power; what edges of the lid told is not."""

    async def live(stage: Stage, tag: VirtualTag) -> None:
        tag.temperature(day_in_a_car)
        tag.at(T0 + 8 * HOUR).lid_open()
        tag.at(T0 + 8 * HOUR + 20).lid_close()
        await stage.until(T0 + 9 * HOUR)
        await restarted(tag)
        tag.temperature(15)
        await stage.until(T0 + 20 * HOUR)

    found = lived(tmp_path, {"/": FIRMWARE}, live)
    assert (dict(found[0])["lid_open"] or (0, 0))[1] > 50
    assert dict(found[0])["temperature"] == (15, 15)


def test_a_reset_that_keeps_the_power_keeps_them(tmp_path: Path) -> None:
    async def live(stage: Stage, tag: VirtualTag) -> None:
        tag.temperature(day_in_a_car)
        await stage.until(T0 + 9 * HOUR)
        tag.reset("panic")
        await tag.settle()
        tag.temperature(15)
        await stage.until(T0 + 20 * HOUR)

    least, most = dict(lived(tmp_path, {"/": FIRMWARE}, live)[0])["temperature"] or (0, 0)
    assert least <= 15 and most > 20
