"""Diodes as ngspice takes them, from what their datasheets tell."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from hardware.checks.spice.ngspice import ROOM_C

KELVIN = 273.15
BOLTZMANN_V = 8.617e-5
"""Volts for each kelvin: Boltzmann's constant over the electron's charge."""


class Leak(NamedTuple):
    """How warm it is, and which of a diode's leakages is taken: 0 the typical, 1 the most."""

    celsius: float
    which: int


def modelled(name: str, data: dict[str, Any], leak: Leak, hot: float) -> dict[str, float]:
    """A diode's model: its leakage as saturation current, then through the two points of its forward curve."""
    saturation = data["leakage"][leak.which] * data["hot_factor"] ** ((leak.celsius - ROOM_C) / (hot - ROOM_C))
    thermal = BOLTZMANN_V * (leak.celsius + KELVIN)
    (low_a, low_v), (high_a, high_v) = data["forward"]
    ideality = low_v / (thermal * math.log(low_a / saturation + 1))
    resistance = max((high_v - ideality * thermal * math.log(high_a / saturation + 1)) / high_a, 1e-3)
    return {f"{name}_is": saturation, f"{name}_n": ideality, f"{name}_rs": resistance}
