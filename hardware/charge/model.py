"""The charge model's arithmetic: from a day's states and the currents in currents.toml to what drains the cell.

What a build takes asleep is found in its circuit by `hardware/checks/power.py`; the day is lived by
`hardware/charge/day.py`.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, NamedTuple

from hardware.errors import HardwareError

CURRENTS = Path(__file__).parents[1] / "currents.toml"
DAY_S = 86_400.0
MONTH_D = 30.0
STATES = ("advertising", "linked", "light", "buzzer")
"""What comes on top of being awake."""

Currents = dict[str, Any]
"""What currents.toml says: entry by name, in "part" by part number, in "least_days" by build."""


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


def least_days(currents: Currents, build: str) -> float:
    """How many days the cell of a `build` must last; raises CurrentsError."""
    return value(currents.get("least_days", {}), build)


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
