"""Power that goes in the middle of a flash write, on the real firmware: nothing completed is lost, nothing invented."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from host.events import VERIFIED
from host.sim.tag import VirtualTag
from tests.e2e.stage import HOUR, T0, Stage, play

SLOT_STEPS = 72
"""Bytes that an append programs before its record counts; 32 zeros over the spent key follow."""
APPEND_STEPS = SLOT_STEPS + 32
SAMPLE = (0, 1, 20, 36, 37, 68, 70, 72, 73, 103)
OPENINGS_IN_SECTOR = 24
"""With the genesis slot and the boot record they fill the 50 slots of the first sector."""
HEAD_STEPS = 66
"""Steps to begin a sector: 32 zeros over its old head, two halves of an erase, 32 bytes of its new head."""
BORDER_SAMPLE = (0, 32, 33, 50, 136, 138)
"""Before, in and after the beginning of the next sector."""


async def cut_all(stage: Stage, cuts: dict[VirtualTag, int], at: float) -> None:
    """Every lid is opened at `at`; each tag's power goes some programmed bytes later, and comes back in a minute."""
    for tag, steps in cuts.items():
        tag.flash.cut_after(steps)
        tag.at(at).lid_open()
    await stage.until(at + 60)
    for tag in cuts:
        tag.flash.cut_after(None)
        tag.power_off()
        tag.power_on()
        tag.at(at + 120).lid_close()
    await asyncio.gather(*(tag.settle() for tag in cuts))
    await stage.until(at + 180)


def chain(stage: Stage, pouch: str) -> list[str | None]:
    """The types of a pouch's events, which must be a whole, verified chain."""
    events = stage.store.events(stage.store.tag(pouch).id)
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    assert {event.verdict for event in events} == {VERIFIED}
    return [event.type for event in events]


def cut_an_opening(folder: Path, sample: Sequence[int]) -> None:
    """One tag for each of `sample`, its power cut after so many bytes of writing an opening."""

    async def scene(stage: Stage) -> None:
        cuts = {await stage.add(f"P-{steps}"): steps for steps in sample}
        await cut_all(stage, cuts, T0 + HOUR)
        reports = await stage.dock(*cuts)
        assert [(report.error, report.altered) for report in reports] == [(None, 0)] * len(sample)
        for steps in sample:
            # The opening itself is there whether its write was complete (then before the new start) or not
            # (then the tag finds the lid open as it starts), and never twice.
            opened = ["lid_open"] if steps >= SLOT_STEPS else []
            types = chain(stage, f"P-{steps}")
            assert types[:-2] == ["boot", *opened, "boot", "lid_open", "lid_close"], steps
            assert types[-2:] == ["dock", "time_set"]

    play(folder, scene)


def test_a_cut_while_an_opening_is_written(tmp_path: Path) -> None:
    cut_an_opening(tmp_path, SAMPLE)


@pytest.mark.exhaustive
@pytest.mark.parametrize("first", range(0, APPEND_STEPS, 12))
def test_a_cut_at_every_byte_of_an_opening(tmp_path: Path, first: int) -> None:
    # The last byte of the slot may be what erased flash holds anyway: then the write is complete without it.
    every = range(first, min(first + 12, APPEND_STEPS))
    cut_an_opening(tmp_path, [steps for steps in every if steps != SLOT_STEPS - 1])


def test_a_cut_around_the_border_of_a_sector(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        cuts = {await stage.add(f"P-{steps}"): steps for steps in BORDER_SAMPLE}
        for tag in cuts:
            for number in range(OPENINGS_IN_SECTOR):
                at = T0 + 60 * (number + 1)
                tag.at(at).lid_open()
                tag.at(at + 20).lid_close()
        await stage.until(T0 + HOUR)
        await cut_all(stage, cuts, T0 + 2 * HOUR)
        reports = await stage.dock(*cuts)
        assert [(report.error, report.altered) for report in reports] == [(None, 0)] * len(BORDER_SAMPLE)
        completed = ["boot", *["lid_open", "lid_close"] * OPENINGS_IN_SECTOR]
        for steps in BORDER_SAMPLE:
            opened = ["lid_open"] if steps >= HEAD_STEPS + SLOT_STEPS else []
            types = chain(stage, f"P-{steps}")
            assert types[:-2] == [*completed, *opened, "boot", "lid_open", "lid_close"], steps

    play(tmp_path, scene)
