"""Running a deck of hardware/simulation/ with values, and what it measures."""

from __future__ import annotations

import math
import re
import subprocess
import tempfile
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hardware.errors import HardwareError, tool
from hardware.parts import CircuitError, Part

SIMULATION = Path(__file__).parents[2] / "simulation"
LIMITS = SIMULATION / "limits.toml"
ROOM_C = 25.0
TIMEOUT_S = 120

Wave = list[tuple[float, float]]
"""Seconds and volts."""


class SimulationError(HardwareError):
    """A deck has not yielded what it must; one line that says which and what."""


class Limits:
    """What limits.toml says; `with_value` makes a copy with one entry changed."""

    def __init__(self, entries: dict[str, dict[str, dict[str, Any]]]) -> None:
        self.entries = entries

    @classmethod
    def read(cls, path: Path = LIMITS) -> Limits:
        """The limits in the file at `path`; raises SimulationError."""
        try:
            return cls(tomllib.loads(path.read_text()))
        except ValueError as error:
            raise SimulationError(f"{path.name} cannot be read: {error}") from error

    def __getitem__(self, name: str) -> float:
        """The value of the entry "section.name", in its unit; raises SimulationError."""
        section, _, entry = name.partition(".")
        try:
            return float(self.entries[section][entry]["value"])
        except (KeyError, TypeError, ValueError) as error:
            raise SimulationError(f"{LIMITS.name} has no number as the value of {name}") from error

    def with_value(self, name: str, value: float) -> Limits:
        """The same with the entry "section.name" at `value`."""
        section, _, entry = name.partition(".")
        changed = self.entries[section] | {entry: self.entries[section][entry] | {"value": value}}
        return Limits(self.entries | {section: changed})

    def part(self, part: Part) -> dict[str, Any]:
        """What is known of `part`, by the beginning of its part number or value; raises CircuitError."""
        return known(self.entries["part"], part, LIMITS)


def known(table: dict[str, dict[str, Any]], part: Part, where: Path) -> dict[str, Any]:
    """The entry of `table`, read from the file `where`, with whose name the part number or value of `part` begins.

    The longest such name counts. Raises CircuitError if there is none.
    """
    names = (part.fields.get("MPN", ""), part.value)
    found = [key for key in table if any(name.startswith(key) for name in names)]
    if not found:
        said = f"hardware/{where.relative_to(SIMULATION.parent)}"
        raise CircuitError(f"{part.ref} ({names[0] or names[1]}) is not known to {said}: add its data")
    return table[max(found, key=len)]


@dataclass
class Run:
    """What a deck yields: its measurements by name, and its waves by the node's name."""

    deck: str
    case: str
    measured: dict[str, float]
    waves: dict[str, Wave] = field(default_factory=dict)

    def __getitem__(self, name: str) -> float:
        """The measurement; raises SimulationError if the deck did not yield it."""
        if name not in self.measured:
            raise SimulationError(f"{self.case}: {name} was not measured, the waveform never got there")
        return self.measured[name]


def run(deck: str, case: str, values: dict[str, float], celsius: float = ROOM_C) -> Run:
    """Run hardware/simulation/`deck`.cir with `values`, which it includes as values.inc, in the situation `case`.

    Raises SimulationError if ngspice does not come to the end of it, and MissingTool without ngspice.
    """
    program = tool("ngspice")
    source = (SIMULATION / f"{deck}.cir").read_text()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for path in SIMULATION.glob("*.inc"):
            (folder / path.name).write_text(path.read_text())
        lines = [f".param {key}={value:.9g}\n" for key, value in {**values, "temperature": celsius}.items()]
        (folder / "values.inc").write_text(f"* {case}\n.temp {celsius}\n" + "".join(lines))
        (folder / "deck.cir").write_text(source)
        try:
            done = subprocess.run(
                [program, "-b", "deck.cir"], cwd=folder, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise SimulationError(f"{case}: ngspice did not end in {TIMEOUT_S} s") from error
        output = done.stdout + done.stderr
        if "Measurements for" not in output:
            trouble = [line.strip() for line in output.splitlines() if "rror" in line or "bort" in line]
            raise SimulationError(f"{case}: ngspice: {trouble[0] if trouble else 'no measurements'}")
        written = folder / "wave.txt"
        return Run(deck, case, _measured(source, output), _waves(source, written) if written.is_file() else {})


def _measured(source: str, output: str) -> dict[str, float]:
    """The results of the deck's .meas lines. One that failed has none."""
    found = {}
    for name in re.findall(r"^\.meas \w+ (\w+)", source, re.MULTILINE):
        match = re.search(rf"^{name}\s*=\s*(\S+)", output, re.MULTILINE)
        if match and math.isfinite(value := float(match[1])):
            found[name] = value
    return found


def _waves(source: str, written: Path) -> dict[str, Wave]:
    nodes = re.search(r"^wrdata wave\.txt (.*)$", source, re.MULTILINE)
    names = re.findall(r"v\((\w+)\)", nodes[1]) if nodes else []
    rows = [[float(each) for each in line.split()] for line in written.read_text().splitlines()]
    return {name: [(row[2 * place], row[2 * place + 1]) for row in rows] for place, name in enumerate(names)}


def edges(wave: Wave, low: float, high: float) -> list[float]:
    """When `wave` has come from under `low` over `high` or back, in seconds."""
    found = []
    state = wave[0][1] > (low + high) / 2
    for at, value in wave:
        if (value < low) if state else (value > high):
            state = not state
            found.append(at)
    return found
