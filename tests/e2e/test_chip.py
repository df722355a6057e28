"""What the chip does that a program would not expect, and that the firmware has an answer to each.

Each comes with the same firmware without its answer, so that the virtual board is seen to be as hard as the chip.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from host.flash.application import FIRMWARE
from host.sim.station import VirtualStation
from host.sim.tag import VirtualTag
from host.vault import TagKeys
from tests.e2e.stage import HOUR, START, T0, Stage, play
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
