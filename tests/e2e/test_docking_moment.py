"""A pouch is set in the dock while its tag is awake for something else, and about to sleep."""

from __future__ import annotations

import secrets
from pathlib import Path

from host.vault import TagKeys
from tests.e2e.stage import T0, Stage, play


def test_a_dock_that_comes_in_the_midst_of_a_wake_is_seen_at_once(tmp_path: Path) -> None:
    """Between the look at the inputs and deep sleep there are some milliseconds of virtual time; all are tried."""

    async def scene(stage: Stage) -> None:
        tags = []
        for number in range(20):
            tag = await stage.station.add_tag(str(number))
            tag.enrol(secrets.token_hex(8), *TagKeys.random())
            await tag.settle()
            tag.at(T0 + 100).lid_open()
            tag.at(T0 + 100.265 + 0.0006 * number).dock()
            tags.append(tag)
        await stage.until(T0 + 110)
        assert [tag.state for tag in tags] == ["running"] * len(tags)

    play(tmp_path, scene)
