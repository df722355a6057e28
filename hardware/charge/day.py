"""A day of a tag, lived on the virtual board with the firmware itself: some edges of the lid, one docking."""

from __future__ import annotations

import asyncio
import functools
from datetime import UTC, datetime
from pathlib import Path

from hardware.charge import model
from hardware.charge.model import DAY_S, Day
from hardware.errors import HardwareError, MissingTool
from host.flash.application import FIRMWARE
from host.sim.runtime import SimulatorMissing
from host.sim.station import VirtualStation, VirtualTag
from host.sim.virtual_board import CELL
from kitwire import config

START = datetime(2026, 3, 1, 6, tzinfo=UTC)
OPEN_S = 60.0
DOCKED_S = 60.0
"""At the dock the cell is charged, so how long that is does not matter."""
DOCKED_AT_S = 20 * 3600.0


class DayError(HardwareError):
    """The tag did not live its day as it must; says how it ended."""


async def enrol(station: VirtualStation, profile: int) -> VirtualTag:
    """A tag with keys and `profile`, asleep."""
    tag = await station.add_tag("P-01")
    await tag.settle()
    tag.enrol("00112233445566aa", bytes(32), bytes([1] * 32), bytes([2] * 32))
    await tag.settle()
    for item, number in ((config.PROFILE, profile), (config.TRACKABLE, 1)):
        tag.board.nvs["kitdock", config.BY_NUMBER[item].name, "i32"] = number
    tag.reset()
    await tag.settle()
    return tag


async def until_docking(station: VirtualStation, tag: VirtualTag, edges: int) -> None:
    """From now on, half of `edges` openings, one each second hour, up to the docking."""
    start = station.clock.now()
    for number in range(edges // 2):
        at = start + 3600 * (2 * number + 1)
        tag.at(at).lid_open()
        tag.at(at + OPEN_S).lid_close()
    await station.clock.advance(start + DOCKED_AT_S)


async def docking(station: VirtualStation, tag: VirtualTag) -> None:
    """The docking, and the rest of the day. Raises DayError if the tag did not live it as it must."""
    docked_at = station.clock.now()
    tag.dock()
    tag.at(docked_at + DOCKED_S).undock()
    await station.clock.advance(docked_at + DAY_S - DOCKED_AT_S)
    if tag.faults or tag.state not in ("asleep", "running"):
        raise DayError(f"the tag did not live its day as it must: it is {tag.state}; {'; '.join(map(str, tag.faults))}")


class OnCell:
    """What a tag uses on its cell from now on."""

    def __init__(self, tag: VirtualTag) -> None:
        self._counters = tag.board.counters
        self._seconds = dict(self._counters.seconds[CELL])
        self._boots = self._counters.boots[CELL]

    def day(self) -> Day:
        """What it has used since."""
        seconds, boots = self._counters.seconds[CELL], self._counters.boots[CELL]
        return Day({state: seconds[state] - self._seconds[state] for state in seconds}, boots - self._boots)


async def live(edges: int, profile: int, files: dict[str, Path]) -> Day:
    """One day of `profile` with the firmware in `files`."""
    async with VirtualStation(START, files=files) as station:
        tag = await enrol(station, profile)
        used = OnCell(tag)
        await until_docking(station, tag, edges)
        await docking(station, tag)
        return used.day()


@functools.cache
def docked() -> Day:
    """A day of profile docked with as many edges as the charge model takes; some seconds, once.

    Raises DayError, hardware.charge.model.CurrentsError, and MissingTool without the virtual station's MicroPython.
    """
    edges = int(model.value(model.read_currents(), "edges_per_day"))
    try:
        return asyncio.run(live(edges, config.PROFILE_DOCKED, {"/": FIRMWARE}))
    except SimulatorMissing as missing:
        raise MissingTool(str(missing)) from missing
