"""A pouch is set in the dock while its tag is awake for something else, and about to sleep."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.stage import T0, Stage, play

STEP_S = 0.0004
"""Less than the virtual time between the look at the inputs and deep sleep."""


def test_a_dock_that_comes_in_the_midst_of_a_wake_is_seen_at_once(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        missed = []
        for number in range(30):
            edge = T0 + 100 * (number + 1)
            at = tag.at(edge)
            _ = at.lid_close() if number % 2 else at.lid_open()
            moment = edge + 0.267 + STEP_S * number  # a wake begins 0.25 s after the edge
            tag.at(moment).dock()
            tag.at(moment + 2).undock()
            await stage.until(moment + 1)
            if tag.state != "running":
                missed.append(round(moment - edge, 4))
            await stage.until(moment + 10)
        assert missed == []

    play(tmp_path, scene)
