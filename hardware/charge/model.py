"""The charge model's arithmetic: from a day's states and the currents in currents.toml to what drains the cell.

What a build takes asleep is found in its circuit by `hardware/checks/power.py`; the day is lived by
`hardware/charge/day.py`.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from hardware.errors import HardwareError

CURRENTS = Path(__file__).parents[1] / "currents.toml"
DAY_S = 86_400.0
MONTH_D = 30.0
STATES = ("advertising", "linked", "light", "buzzer")
"""What comes on top of being awake."""

Currents = dict[str, Any]
"""What currents.toml says: entry by name, in "part" by part number, in "target_days" by build."""


class CurrentsError(HardwareError):
    """currents.toml cannot be read, or lacks an entry; one line that says which."""


class Day(NamedTuple):
    """A day on the cell: seconds by state of the virtual board, and how often the tag started."""

    seconds: dict[str, float]
    boots: int


class Share(NamedTuple):
    """One thing that drains the cell, in uA on average."""

    name: str
    ua: float


class Band(NamedTuple):
    """Between what the days are, as far as the uncertainties in currents.toml go."""

    low: float
    high: float


def read_currents(path: Path = CURRENTS) -> Currents:
    """The table in the file at `path`; raises CurrentsError."""
    try:
        return tomllib.loads(path.read_text())
    except ValueError as error:
        raise CurrentsError(f"{path.name} cannot be read: {error}") from error


def value(currents: Currents, name: str) -> float:
    """The value of an entry that is no part, in its unit; raises CurrentsError."""
    try:
        return float(currents[name]["value"])
    except (KeyError, TypeError, ValueError) as error:
        raise CurrentsError(f"{CURRENTS.name} has no number as the value of {name}") from error


def target_days(currents: Currents, build: str) -> float:
    """How many days the cell of a `build` is to last; raises CurrentsError."""
    return value(currents.get("target_days", {}), build)


def awake(currents: Currents, day: Day, profile: str) -> list[Share]:
    """What being awake drains, in a day of `profile`."""
    python_s = value(currents, "python_edge" if profile == "docked" else "python_field")
    charges_mc = {
        "starts": day.boots * value(currents, "boot_charge"),
        "computing": day.boots * python_s * value(currents, "awake"),
        "waiting": day.seconds["awake"] * value(currents, "awake"),
        **{state: day.seconds[state] * value(currents, state) for state in STATES},
    }
    return [Share(name, charge * 1000 / DAY_S) for name, charge in charges_mc.items()]


def lost(currents: Currents) -> list[Share]:
    """What drains the cell without any tag."""
    ageing_mah = value(currents, "cell") * value(currents, "self_discharge") / 100
    return [
        Share("the cell's protection", value(currents, "protection")),
        Share("the cell's self-discharge", ageing_mah / MONTH_D / 24 * 1000),
    ]


def total(shares: list[Share]) -> float:
    """All of them together, in uA."""
    return sum(share.ua for share in shares)


def days(currents: Currents, drain_ua: float) -> float:
    """How long the cell lasts from one docking to the next."""
    return value(currents, "cell") * value(currents, "usable") / 100 * 1000 / drain_ua / 24


def most_asleep(currents: Currents, day: Day, least_days: float) -> float:
    """Up to how many uA asleep the cell lasts `least_days` in profile docked, with `day` of it."""
    drain_ua = days(currents, 1.0) / least_days
    return drain_ua - total(awake(currents, day, "docked")) - total(lost(currents))


def band(currents: Currents, lasts: Callable[[Currents], float]) -> Band:
    """Between what the days are that `lasts` works out of the table.

    Each entry with `low` and `high` is put there alone; what that adds or takes in days is taken for independent of the
    others, so it adds up in squares.
    """
    middle = lasts(currents)
    less = more = 0.0
    for put in _ends(currents):
        moved = [lasts(changed) - middle for changed in put]
        less += min(0.0, *moved) ** 2
        more += max(0.0, *moved) ** 2
    return Band(middle - math.sqrt(less), middle + math.sqrt(more))


def _ends(currents: Currents) -> Iterator[list[Currents]]:
    """For each uncertain entry the tables in which it is at either end."""
    for name, entry in currents.items():
        if name == "part":
            for part, its in entry.items():
                if "low" in its:
                    yield [currents | {"part": entry | {part: its | {"value": its[end]}}} for end in ("low", "high")]
        elif "low" in entry:
            yield [currents | {name: entry | {"value": entry[end]}} for end in ("low", "high")]
