"""A tag's clock with its error, and the station's that jumps over sleeps."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from host.sim.station import VirtualStation
from host.sim.timeline import Timeline
from host.sim.virtual_board import WAKE_TIMER
from tests.sim.rig import DAY_S, printed, run, until


@pytest.mark.parametrize("drift", [0.01, -0.02])
def test_the_clock_counts_through_deep_sleep_with_its_error(tmp_path: Path, drift: float) -> None:
    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1", drift=drift)
        start = tag.board.now
        await station.clock.advance(start + 4.5 * DAY_S)
        # The timer counts with the same clock, so each day of it begins a day later by that clock.
        clocks = printed(tag)
        assert len(clocks) == int(4.5 * (1 + drift)) + 1
        assert all(abs(one - day * DAY_S) <= day + 2 for day, one in enumerate(clocks))
        assert tag.board.wake_reason == WAKE_TIMER
        true_s = tag.board.now - start
        counted_s = tag.board.call("rtc_us", []) / 1e6
        assert counted_s == pytest.approx(true_s * (1 + drift), abs=0.001)

    run(
        test,
        tmp_path,
        """
        import json, machine, time
        print(json.dumps(time.time()))
        assert time.time_ns() // 1000000000 - time.time() in (0, 1)
        machine.deepsleep(86400000)
        """,
    )


def test_the_clocks_error_may_change_with_time_also_within_a_sleep(tmp_path: Path) -> None:
    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1", drift=0.01)
        start = tag.board.now
        tag.at(start + 0.5 * DAY_S).drift(-0.02)
        tag.at(start + 1.5 * DAY_S).drift(0.02)
        with pytest.raises(ValueError, match="does not drift"):
            tag.at(start).drift(0.021)
        half_slow = (1 - 0.5 * 1.01) / 0.98  # days that the rest of a sleep takes once the clock is slow
        await station.clock.advance(start + (0.5 + half_slow) * DAY_S - 5)
        assert len(printed(tag)) == 1, "the first sleep lasts until the slow clock has counted a day"
        await station.clock.advance(start + (0.5 + half_slow) * DAY_S + 5)
        assert len(printed(tag)) == 2
        await station.clock.advance(start + 2.25 * DAY_S)
        passed_s = tag.board.now - start - 1.5 * DAY_S
        counted_s = tag.board.call("rtc_us", []) / 1e6
        assert counted_s == pytest.approx(0.5 * DAY_S * 1.01 + DAY_S * 0.98 + passed_s * 1.02, abs=0.001)

    run(
        test,
        tmp_path,
        """
        import json, machine, time
        print(json.dumps(time.time()))
        machine.deepsleep(86400000)
        """,
    )


def test_instant_mode_jumps_over_sleeps_and_goes_on_live(tmp_path: Path) -> None:
    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1")
        start = tag.board.now
        await station.clock.advance(start + 3600.5)
        counted = printed(tag)
        assert counted[:3] == [0, 1, 2]
        assert 3590 <= len(counted) <= 3601
        assert start + 3600.5 <= tag.board.now < start + 3700
        await until(lambda: len(printed(tag)) > len(counted))  # and now in real time
        assert len(printed(tag)) < len(counted) + 100

    run(
        test,
        tmp_path,
        """
        import time
        began = time.ticks_ms()
        while True:
            print(time.ticks_diff(time.ticks_ms(), began) // 1000)
            time.sleep_ms(1000)
        """,
    )


def test_time_does_not_go_back() -> None:
    async def test() -> None:
        clock = Timeline(1000.0)
        with pytest.raises(ValueError, match="cannot advance"):
            await clock.advance(999.0)

    asyncio.run(test())


def test_a_program_that_polls_the_clock_ends_in_instant_mode(tmp_path: Path) -> None:
    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1")
        await station.clock.advance(station.clock.now() + 60)
        assert printed(tag) == ["over"]

    run(
        test,
        tmp_path,
        """
        import json, time
        began = time.ticks_ms()
        while time.ticks_diff(time.ticks_ms(), began) < 100:
            pass
        print(json.dumps("over"))
        """,
    )
