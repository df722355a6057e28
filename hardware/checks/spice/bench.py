"""A build on the bench: its values as a deck takes them, and what has been found of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hardware.checks import Result
from hardware.checks.spice.ngspice import Limits, Run
from hardware.parts import Circuit, CircuitError, Part, number

FIRMWARE = Path(__file__).parents[3] / "firmware"
ABSENT = 1e12
"""Ohms of a resistor that a circuit need not have."""


@dataclass
class Bench:
    """One build, "board" or "xiao", on the bench: its circuit, the limits, and what has been found so far."""

    circuit: Circuit
    build: str
    limits: Limits
    result: Result = field(default_factory=Result)
    docking: Run | None = None
    """The first docking, whose waves are worth a picture."""

    def must(self, right: bool, fault: str) -> None:
        """Note the `fault` unless it is `right`."""
        if not right:
            self.result.faults.append(fault)

    def most(self, value: float, most: float, what: str, unit: str = "V", why: str = "") -> bool:
        """Note a fault unless `value` is at most `most`; whether it is."""
        tail = f": {why}" if why else ""
        self.must(value <= most, f"{what} {_say(value, unit)}, at most {_say(most, unit)} may be{tail}")
        return value <= most

    def least(self, value: float, least: float, what: str, unit: str = "V", why: str = "") -> bool:
        """Note a fault unless `value` is at least `least`; whether it is."""
        tail = f": {why}" if why else ""
        self.must(value >= least, f"{what} {_say(value, unit)}, and needs {_say(least, unit)}{tail}")
        return value >= least

    def show(self, name: str, text: str) -> None:
        """Note a figure."""
        self.result.figures[name] = text

    @property
    def low(self) -> float:
        """The highest voltage that the chip reads as low for sure."""
        return self.limits["chip.vil"] * self.limits["chip.vdd"]

    @property
    def high(self) -> float:
        """The lowest voltage that the chip reads as high for sure."""
        return self.limits["chip.vih"] * self.limits["chip.vdd"]

    @property
    def supplied(self) -> float:
        """The lowest voltage of +3V3 at which the chip and its flash work."""
        return max(self.limits["chip.brown_out"], self.limits["chip.flash_least"])

    def ohms(self, one: str, other: str) -> float:
        """The resistor between two nets; raises CircuitError."""
        return number(self.circuit.between(one, other).value)

    def ohms_or_none(self, one: str, other: str) -> float:
        """All resistors between two nets in parallel, `ABSENT` if there are none."""
        values = [number(part.value) for part in self._between(one, other, "R")]
        return 1 / sum(1 / each for each in values) if values else ABSENT

    def farads(self, net: str) -> float:
        """All capacitors from a net to ground together; raises CircuitError if there are none."""
        values = [number(part.value) for part in self._between(net, "GND", "C")]
        if not values:
            raise CircuitError(f"no C between {net} and GND")
        return sum(values)

    def only(self, what: str, fits: Callable[[Part], bool]) -> Part:
        """The only part that fits; raises CircuitError, with `what` it is."""
        found = [part for part in self.circuit.parts.values() if fits(part)]
        if len(found) != 1:
            raise CircuitError(f"{'more than one' if found else 'no'} {what}")
        return found[0]

    def diode(self, anode: str, cathode: str) -> dict[str, Any]:
        """The data of the diode that leads from one net to another; raises CircuitError."""
        ends = {"A": anode, "K": cathode}
        return self.limits.part(
            self.only(
                f"diode from {anode} to {cathode}",
                lambda part: part.kind == "D" and {name: part.names.get(name) for name in ends} == ends,
            )
        )

    def transistor(self) -> Part:
        """The transistor by which a dock wakes the tag; raises CircuitError."""
        return self.only(
            "transistor with its collector on BUTTON, by which a dock wakes the tag",
            lambda part: part.kind == "Q" and part.names.get("C") == "BUTTON",
        )

    def _between(self, one: str, other: str, kind: str) -> list[Part]:
        wanted = sorted((one, other))
        parts = self.circuit.parts.values()
        return [part for part in parts if part.kind == kind and sorted(part.pins.values()) == wanted]


def _say(value: float, unit: str) -> str:
    """A value with its unit, and a prefix that suits it."""
    for prefix, scale in (("", 1.0), ("m", 1e3), ("u", 1e6), ("n", 1e9)):
        if abs(value) * scale >= 0.1 or prefix == "n" or (unit == "V" and prefix == "m"):
            return f"{value * scale:.3g} {prefix}{unit}"
    return f"{value:g} {unit}"
