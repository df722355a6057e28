"""The real firmware's clock runs wrong and wanders; the station's intervals hold what truly happened."""

from __future__ import annotations

from collections.abc import Callable
from math import sin, tau
from pathlib import Path

import pytest

from host.sim.tag import VirtualTag
from host.tag.times import WANDER_LIMIT, anchors_of
from host.usage.whole import openings
from tests.e2e.stage import DAY, HOUR, T0, Stage, play
from tests.pace import pace_of

SWING = 0.004
"""How far the temperature takes the clock's rate either way: through a day, or by leaps."""
OPEN_S = 300.0


def day_and_night(tag: VirtualTag, base: float, days: float) -> None:
    """From now on the RTC's error follows the hour of the day around `base`."""
    for hour in range(int(days * 24)):
        tag.at(T0 + hour * HOUR).drift(base + SWING * sin(tau * hour / 24))


def indoors_and_out(tag: VirtualTag, base: float, days: float) -> None:
    """From now on the RTC's error leaps between both ends every seven hours."""
    for turn in range(int(days * 24 / 7)):
        tag.at(T0 + turn * 7 * HOUR).drift(base + (SWING if turn % 2 else -SWING))


@pytest.mark.parametrize(("base", "weather"), [(0.01, day_and_night), (-0.01, indoors_and_out)])
def test_openings_between_two_dockings_lie_in_their_intervals(
    tmp_path: Path, base: float, weather: Callable[[VirtualTag, float, float], None]
) -> None:
    async def scene(stage: Stage) -> None:
        tag = await stage.add(drift=base)
        weather(tag, base, 2.0)
        await stage.dock(tag)
        tag.undock()
        truths = [T0 + hours * HOUR for hours in (2.5, 17.25, 31, 47)]
        for truth in truths:
            tag.at(truth).lid_open()
            tag.at(truth + OPEN_S).lid_close()
        await stage.until(T0 + 2 * DAY)
        (report,) = await stage.dock(tag)
        assert report.error is None
        found = openings(stage.store.picture())
        assert len(found) == len(truths)
        for opening, truth in zip(found, truths, strict=True):
            assert opening.ended is not None
            for interval, true_s in ((opening.began, truth), (opening.ended, truth + OPEN_S)):
                assert interval.earliest_ms <= true_s * 1000 <= interval.latest_ms
                # Two days between the dockings: half of what the wander comes to in them, where it is most.
                assert interval.error_ms <= WANDER_LIMIT * 1.01 * DAY * 1000 + 3000
        pace = pace_of(anchors_of(stage.store.dockings(), stage.store.tag("P-01").id))
        assert pace.low <= 1 / (1 + base) + 1e-4 and 1 / (1 + base) - 1e-4 <= pace.high

    play(tmp_path, scene)


def test_a_clock_that_is_set_anew_moves_no_event(tmp_path: Path) -> None:
    """The station's clock is two hours ahead once, and sets the tag's; the other dockings put it right."""

    async def scene(stage: Stage) -> None:
        tag = await stage.add(drift=0.01)
        await stage.dock(tag)
        tag.undock()
        right = stage.now_ms
        truths = []
        for day in range(1, 4):
            truths.append(T0 + day * DAY - 5 * HOUR)
            tag.at(truths[-1]).lid_open()
            tag.at(truths[-1] + OPEN_S).lid_close()
            await stage.until(T0 + day * DAY)
            if day == 2:
                stage.now_ms = lambda: right() + 2 * 3_600_000  # type: ignore[method-assign]
            (report,) = await stage.dock(tag)
            stage.now_ms = right  # type: ignore[method-assign]
            assert report.error is None
            tag.undock()
            await tag.settle()
        events = stage.store.events()
        corrections = [event.aux for event in events if event.type == "time_set"]
        assert any((aux or 0) > 6000 for aux in corrections), "set forwards and, as a signed 16-bit number, back"
        found = openings(stage.store.picture())
        for opening, truth in zip(found, truths, strict=True):
            assert opening.began.earliest_ms <= truth * 1000 <= opening.began.latest_ms
            assert opening.began.error_ms < 0.017 * DAY * 1000

    play(tmp_path, scene)


def test_an_opening_by_a_tag_whose_clock_was_never_set_is_placed_at_the_first_docking(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        tag = await stage.add(drift=-0.01)
        tag.at(T0 + 6 * HOUR).lid_open()
        tag.at(T0 + 6 * HOUR + OPEN_S).lid_close()
        await stage.until(T0 + DAY)
        await stage.dock(tag)
        assert {event.utc_s for event in stage.store.events() if event.type == "lid_open"} == {0}
        (opening,) = openings(stage.store.picture())
        assert opening.began.earliest_ms <= (T0 + 6 * HOUR) * 1000 <= opening.began.latest_ms
        assert opening.began.error_ms < 0.017 * 18 * HOUR * 1000

    play(tmp_path, scene)
