"""The charge model: what a day costs the cell, by the firmware's own states and the currents in hardware/currents.toml.

A day is lived on the virtual board: edges, one docking. Its counters say how long the tag was in each state on the
cell. What they do not hold is the chip's time to run Python. It is estimated: the processor time that a wake takes in
this machine's MicroPython (compiled, board calls not counted), times how much faster this machine runs the yardstick
below than the chip would; the shims' own Python is measured and taken off. Then the time to read byte code from
flash. The estimate swings with the machine's load, so the model takes what currents.toml says of it, and the bench
sees that the firmware does not outgrow that. All of it is a model: nothing was measured on a tag.
"""

from __future__ import annotations

import asyncio
import tempfile
import textwrap
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from host.flash.application import FIRMWARE, build
from host.sim.station import VirtualStation, VirtualTag
from host.sim.virtual_board import CELL
from kitwire import config
from tests.bench.result import Result

CURRENTS = Path(__file__).parent.parent.parent / "hardware" / "currents.toml"
REFERENCE = "xiao_esp32c6"
DAY_S = 86_400.0
MONTH_D = 30.0
OPEN_S = 60.0
DOCKED_S = 60.0
"""At the dock the cell is charged, so how long that is does not matter."""
MOST_OVER_SLEEP = 1.5
LEAST_DAYS = 180
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


class Day(NamedTuple):
    """A day of one profile on the cell: seconds by state, and how often it started.

    For one start, seconds of this machine to compute it, and the most bytes of byte code that it loads.
    """

    seconds: dict[str, float]
    boots: int
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
    """`python_per_edge`, `charge_docked_average_ua`, `battery_days_150mah`, and other boards and profiles."""
    currents = tomllib.loads(CURRENTS.read_text())
    days, speed = asyncio.run(_measure(int(currents["edges_per_day"]["value"])))
    results = [_estimate(currents, days["docked"], speed)]
    for board in currents["board"]:
        for profile, day in days.items():
            results += _results(currents, board, profile, day)
    return results


def _estimate(currents: dict[str, Any], day: Day, speed: Speed) -> Result:
    """What computing in a wake for an edge takes the chip, against what the model takes for it."""
    slower = speed.rounds_per_s / float(currents["chip_rounds_per_s"]["value"])
    python_s = day.computed_s * slower + day.loaded / 1000 / float(currents["flash_read_rate"]["value"])
    taken = float(currents["python_edge"]["value"])
    return Result("python_per_edge", python_s, f"s, estimate; this machine is {slower:.0f} times as fast",
                  "what the model takes", taken, python_s / taken, f"at most {MOST_OVER_TABLE} of the rival",
                  python_s <= MOST_OVER_TABLE * taken)  # fmt: skip


def _results(currents: dict[str, Any], board: str, profile: str, day: Day) -> list[Result]:
    def value(name: str) -> float:
        return float(currents[name]["value"])

    python_s = value("python_edge" if profile == "docked" else "python_field")
    board_ua = float(currents["board"][board]["value"])
    asleep_ua = board_ua + value("hall") + value("divider")
    over_awake = sum(value(state) * day.seconds[state] for state in ("advertising", "linked", "light", "buzzer"))
    awake_mc = value("awake") * (day.seconds["awake"] + day.boots * python_s) + over_awake
    average_ua = asleep_ua + (day.boots * value("boot_charge") + awake_mc) * 1000 / DAY_S
    cell_mah = value("cell")
    lost_ua = value("protection") + cell_mah * value("self_discharge") / 100 / MONTH_D / 24 * 1000
    days = cell_mah * value("usable") / 100 * 1000 / (average_ua + lost_ua) / 24
    reference = board == REFERENCE and profile == "docked"
    suffix = "" if board == REFERENCE else f"_{board}"
    infix = "" if profile == "docked" else f"_{profile}"
    unit = f"uA, model; {day.boots} wakes, {python_s:g} s of Python each"
    asleep = f"asleep, all connected ({average_ua / board_ua:.2f} of the board alone)"
    goal = f"at most {MOST_OVER_SLEEP} of the rival", f"at least {LEAST_DAYS}"
    return [
        Result(f"charge_{profile}_average_ua{suffix}", average_ua, unit, asleep, asleep_ua, average_ua / asleep_ua,
               goal[0] if reference else "-", average_ua <= MOST_OVER_SLEEP * asleep_ua or not reference),
        Result(f"battery_days_{cell_mah:.0f}mah{infix}{suffix}", days, "days, model", "the target", LEAST_DAYS,
               days / LEAST_DAYS, goal[1] if reference else "-", days >= LEAST_DAYS or not reference),
    ]  # fmt: skip


async def _measure(edges: int) -> tuple[dict[str, Day], Speed]:
    with tempfile.TemporaryDirectory() as folder:
        speed = await _speed(Path(folder))
        main = Path(folder) / "main.py"
        main.write_text(TELLING_MAIN + (FIRMWARE / "main.py").read_text())
        return await _days(edges, speed, {"/": FIRMWARE, "/main.py": main}), speed


async def _days(edges: int, speed: Speed, files: dict[str, Path]) -> dict[str, Day]:
    days: dict[str, Day] = {}
    for number, name in config.PROFILE_NAMES.items():
        async with VirtualStation(datetime(2026, 3, 1, 6, tzinfo=UTC), files=files) as station:
            tag = await station.add_tag("P-01")
            await tag.settle()
            tag.enrol("00112233445566aa", bytes(32), bytes([1] * 32), bytes([2] * 32))
            await tag.settle()
            for item, value in ((config.PROFILE, number), (config.TRACKABLE, 1)):
                tag.board.nvs["kitdock", config.BY_NUMBER[item].name, "i32"] = value
            tag.reset()
            await tag.settle()
            day = await _day(station, tag, edges, speed)
            if number == config.PROFILE_DOCKED:
                # Other programs of this machine only ever add time.
                again = [await _day(station, tag, edges, speed) for _ in range(REPEATS)]
                day = day._replace(computed_s=min(each.computed_s for each in (day, *again)))
            if number == config.PROFILE_DOCKED or day.boots > days["docked"].boots or day.seconds["advertising"]:
                days[name] = day
    return days


def _loaded(output: str) -> int:
    """Bytes of the byte code that the wake which loads most of it loads."""
    sizes = {_module(path): len(content) for path, content in build(FIRMWARE).items()}
    wakes = [line.split()[1:] for line in output.splitlines() if line.startswith("loaded ")]
    return max(sum(sizes.get(module, 0) for module in wake) for wake in wakes)


def _module(path: str) -> str:
    """The name under which the file at `path` is imported."""
    return path.removeprefix("/lib").strip("/").removesuffix(".mpy").removesuffix("/__init__").replace("/", ".")


async def _day(station: VirtualStation, tag: VirtualTag, edges: int, speed: Speed) -> Day:
    """A day that begins now."""
    counters = tag.board.counters
    start = station.clock.now()
    seconds, boots = dict(counters.seconds[CELL]), counters.boots[CELL]
    computed_s, calls = tag.computed_s, counters.calls
    tag.output = ""
    for number in range(edges // 2):
        at = start + 3600 * (2 * number + 1)
        tag.at(at).lid_open()
        tag.at(at + OPEN_S).lid_close()
    docked_at = start + 20 * 3600
    await station.clock.advance(docked_at)
    in_shims_s = (counters.calls - calls) * speed.call_s
    computed_s = (tag.computed_s - computed_s - in_shims_s) / (counters.boots[CELL] - boots)
    loaded = _loaded(tag.output)
    tag.dock()
    tag.at(docked_at + DOCKED_S).undock()
    await station.clock.advance(start + DAY_S)
    if tag.faults or tag.state not in ("asleep", "running"):
        raise RuntimeError(f"the day did not go as it must: {tag.state} {tag.faults}")
    return Day(
        {state: counters.seconds[CELL][state] - seconds[state] for state in seconds},
        counters.boots[CELL] - boots,
        computed_s,
        loaded,
    )


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
    async with VirtualStation(datetime(2026, 3, 1, 6, tzinfo=UTC), files={"/": folder}) as station:
        tag = await station.add_tag("1")
        await tag.settle()
        taken = []
        for _ in range(MEASUREMENTS):
            before, wakes = tag.computed_s, tag.board.counters.wakes
            await station.clock.advance(station.clock.now() + 1.5)
            taken.append((tag.computed_s - before) / (tag.board.counters.wakes - wakes))
        return min(taken)
