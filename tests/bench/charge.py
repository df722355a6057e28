"""The charge model: what a day costs the cell, by the firmware's own states and the currents in hardware/currents.toml.

A day is lived on the virtual board (hardware/charge/day.py): edges, one docking. Its counters say how long the tag was
in each state on the cell; the arithmetic is in hardware/charge/model.py, what a build takes asleep comes from its
circuit. What the counters do not hold is the chip's time to run Python. It is estimated: the processor time that a
wake takes in this machine's MicroPython (compiled, board calls not counted), times how much faster this machine runs
the yardstick below than the chip would; the shims' own Python is measured and taken off. Then the time to read byte
code from flash. The estimate swings with the machine's load, so the model takes what currents.toml says of it, and the
bench sees that the firmware does not outgrow that. All of it is a model: nothing was measured on a tag.
"""

from __future__ import annotations

import asyncio
import functools
import tempfile
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from hardware.charge import model
from hardware.charge.day import START, OnCell, docking, enrol, until_docking
from hardware.charge.model import Currents, Day, Share
from hardware.checks.power import MOST_SHORT, asleep
from hardware.parts import builds
from host.flash.application import FIRMWARE, build
from host.sim.station import VirtualStation, VirtualTag
from kitwire import config
from tests.bench.result import Result

REFERENCE = "xiao"
MOST_OVER_SLEEP = 1.5
MOST_OVER_TABLE = 1.5

ROUNDS = 2000
MEASUREMENTS = 15
REPEATS = 4
YARDSTICK = """
    class Cell:
        def __init__(self, value):
            self.value = value
            self.following = None

    def step(cell, number):
        if number & 1:
            return cell.value + number
        return cell.value ^ number

    def rounds(count):
        cells = [Cell(number) for number in range(8)]
        for number in range(8):
            cells[number].following = cells[(number + 1) % 8]
        table = {}
        text = b"0123456789abcdef"
        total = 0
        cell = cells[0]
        for number in range(count):
            total = (total + step(cell, number)) & 0xFFFF
            table[number & 15] = total
            if text[number & 15] == 0x30:
                total ^= len(text[2:6])
            cell.value = table.get((number + 1) & 15, 0)
            cell = cell.following
        return total
"""
"""What both are asked to do: calls, attributes, small integers, tables, bytes."""


class Measured(NamedTuple):
    """A day of one profile, and for one start of it seconds of this machine to compute, and the most bytes of byte code
    that it loads."""

    day: Day
    computed_s: float
    loaded: int


TELLING_MAIN = """
import sys, machine
def telling(milliseconds, deepsleep=machine.deepsleep):
    print("loaded", " ".join(sys.modules))
    deepsleep(milliseconds)
machine.deepsleep = telling
"""
"""Goes before the firmware's own main.py: prints which modules a wake has loaded."""


class Speed(NamedTuple):
    """This machine: rounds of the yardstick a second, and seconds that a board call takes in the shims."""

    rounds_per_s: float
    call_s: float


def run() -> list[Result]:
    """`python_per_edge`, `charge_docked_average_ua`, `battery_days_150mah`; other profiles, and the custom board."""
    currents = model.read_currents()
    measured, speed = asyncio.run(_measure(int(model.value(currents, "edges_per_day"))))
    results = [_estimate(currents, measured["docked"], speed)]
    for build_name, circuit in builds().items():
        sleeping = functools.partial(asleep, circuit)
        for profile, one in measured.items():
            results += _results(currents, build_name, sleeping, profile, one.day)
    return results


def _estimate(currents: Currents, measured: Measured, speed: Speed) -> Result:
    """What computing in a wake for an edge takes the chip, against what the model takes for it."""
    slower = speed.rounds_per_s / model.value(currents, "chip_rounds_per_s")
    python_s = measured.computed_s * slower + measured.loaded / 1000 / model.value(currents, "flash_read_rate")
    taken = model.value(currents, "python_edge")
    return Result("python_per_edge", python_s, f"s, estimate; this machine is {slower:.0f} times as fast",
                  "what the model takes", taken, python_s / taken, f"at most {MOST_OVER_TABLE} of the rival",
                  python_s <= MOST_OVER_TABLE * taken)  # fmt: skip


def _results(
    currents: Currents, build_name: str, sleeping: Callable[[Currents], list[Share]], profile: str, day: Day
) -> list[Result]:
    """Average and days of a build in `profile`; `sleeping` is what it takes asleep by a table of currents."""

    def average(table: Currents) -> float:
        return model.total(sleeping(table)) + model.total(model.awake(table, day, profile))

    def lasting(table: Currents) -> float:
        return model.days(table, average(table) + model.total(model.lost(table)))

    asleep_ua, average_ua = model.total(sleeping(currents)), average(currents)
    days, between = lasting(currents), model.band(currents, lasting)
    target = model.target_days(currents, build_name)
    least = (1 - MOST_SHORT) * target
    held = profile == "docked"
    reference = build_name == REFERENCE and held
    suffix = "" if build_name == REFERENCE else f"_{build_name}"
    infix = "" if held else f"_{profile}"
    return [
        Result(f"charge_{profile}_average_ua{suffix}", average_ua, f"uA, model; {day.boots} wakes",
               "asleep, all connected", asleep_ua, average_ua / asleep_ua,
               f"at most {MOST_OVER_SLEEP} of the rival" if reference else "-",
               average_ua <= MOST_OVER_SLEEP * asleep_ua or not reference),
        Result(f"battery_days_{model.value(currents, 'cell'):.0f}mah{infix}{suffix}", days,
               f"days, model; {between.low:.0f} to {between.high:.0f}", "the target",
               target, days / target, f"at least {least:.0f}" if held else "-", days >= least or not held),
    ]  # fmt: skip


async def _measure(edges: int) -> tuple[dict[str, Measured], Speed]:
    with tempfile.TemporaryDirectory() as folder:
        speed = await _speed(Path(folder))
        main = Path(folder) / "main.py"
        main.write_text(TELLING_MAIN + (FIRMWARE / "main.py").read_text())
        return await _days(edges, speed, {"/": FIRMWARE, "/main.py": main}), speed


async def _days(edges: int, speed: Speed, files: dict[str, Path]) -> dict[str, Measured]:
    measured: dict[str, Measured] = {}
    for number, name in config.PROFILE_NAMES.items():
        async with VirtualStation(START, files=files) as station:
            tag = await enrol(station, number)
            one = await _day(station, tag, edges, speed)
            if number == config.PROFILE_DOCKED:
                # Other programs of this machine only ever add time.
                again = [await _day(station, tag, edges, speed) for _ in range(REPEATS)]
                one = one._replace(computed_s=min(each.computed_s for each in (one, *again)))
            day = one.day
            if (
                number == config.PROFILE_DOCKED
                or day.boots > measured["docked"].day.boots
                or day.seconds["advertising"]
            ):
                measured[name] = one
    return measured


def _loaded(output: str) -> int:
    """Bytes of the byte code that the wake which loads most of it loads."""
    sizes = {_module(path): len(content) for path, content in build(FIRMWARE).items()}
    wakes = [line.split()[1:] for line in output.splitlines() if line.startswith("loaded ")]
    return max(sum(sizes.get(module, 0) for module in wake) for wake in wakes)


def _module(path: str) -> str:
    """The name under which the file at `path` is imported."""
    return path.removeprefix("/lib").strip("/").removesuffix(".mpy").removesuffix("/__init__").replace("/", ".")


async def _day(station: VirtualStation, tag: VirtualTag, edges: int, speed: Speed) -> Measured:
    """A day that begins now."""
    used, calls, computed_s = OnCell(tag), tag.board.counters.calls, tag.computed_s
    tag.output = ""
    await until_docking(station, tag, edges)
    in_shims_s = (tag.board.counters.calls - calls) * speed.call_s
    computed_s = (tag.computed_s - computed_s - in_shims_s) / used.day().boots
    loaded = _loaded(tag.output)
    await docking(station, tag)
    return Measured(used.day(), computed_s, loaded)


async def _speed(folder: Path) -> Speed:
    """How fast this machine is, now."""
    (folder / "main.py").write_text("import machine\nimport job\nmachine.deepsleep(1000)\n")
    yardstick = textwrap.dedent(YARDSTICK)
    idle = await _computed_s(folder, yardstick)
    rounds = await _computed_s(folder, f"{yardstick}\nrounds({ROUNDS})\n") - idle
    calling = "import time\nfor _ in range({}):\n    time.ticks_ms()\n"
    calls = await _computed_s(folder, calling.format(500)) - await _computed_s(folder, calling.format(0))
    return Speed(ROUNDS / rounds, calls / 500)


async def _computed_s(folder: Path, job: str) -> float:
    """Least processor time of a wake in which `job` is done, in seconds of this machine."""
    (folder / "job.py").write_text(job)
    async with VirtualStation(START, files={"/": folder}) as station:
        tag = await station.add_tag("1")
        await tag.settle()
        taken = []
        for _ in range(MEASUREMENTS):
            before, wakes = tag.computed_s, tag.board.counters.wakes
            await station.clock.advance(station.clock.now() + 1.5)
            taken.append((tag.computed_s - before) / (tag.board.counters.wakes - wakes))
        return min(taken)
