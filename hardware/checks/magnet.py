"""The magnet on the flap against the Hall switch in the tag: closed is closed, open is open, a neighbour is neither.

Lengths in mm, fields in mT, angles in degrees. Frame: the board's, as in enclosure/mechanics.scad; the switch feels the
field along z. Calculated, not measured.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hardware.checks import Result
from hardware.checks.places import Mechanics

OPERATE = 4.8
"""mT, the most that a DRV5032 needs to switch on: TI TIDUBY9, table 2-2, for the DRV5032FA. That the FB differs from it
in its rate only was not read at the source: TI SLVSDC7, page 1, has a group of 4.8 mT and does not say who is in it."""
RELEASE = 0.5
"""mT below which it is sure to have switched off: the same table."""

WEAKEST = 1.28
"""T, remanence of N42, least. K&J Magnetics, Neodymium Magnet Specifications: 1.30 to 1.32; others begin at 1.28."""
STRONGEST = 1.32
"""T, remanence of N42, most."""
PER_KELVIN = -0.0012
"""Change of remanence with temperature. Arnold Magnetic Technologies, NdFeB catalogue: -0.12 %/K for N42."""
HOT, COLD = 60.0, -20.0
"""°C between which the tag works."""
SIDEWAYS, OUTWARD, TILT = 4.0, 2.0, 10.0
"""How far the magnet may hang aside (mm along x), out or in (mm along z), and how crooked (degrees), with the flap
closed. What a sewn-on holder does; nobody has measured it."""
LIFTED = 30.0
"""mm that the flap's edge is from its closed place when the pouch counts as open, at the latest."""


Floats = NDArray[np.float64]
RINGS, SECTORS = 16, 48
"""Points over which a face is summed."""


class Vector(NamedTuple):
    """Three components in the board's frame."""

    x: float
    y: float
    z: float


@dataclass(frozen=True)
class Disc:
    """A disc magnet, magnetised along its axis."""

    diameter: float
    thickness: float
    remanence: float
    """T."""

    def field(self, aside: float, along: float) -> tuple[float, float]:
        """Flux density away from the axis and along it, mT, so far from the axis and from the middle along it.

        A uniformly magnetised disc acts as if its two faces were charged, one with +remanence, one with -remanence;
        the field is Coulomb's, summed over both (any textbook of electromagnetism). Good to 0.1 % from 2 mm off.
        """
        outward = onward = 0.0
        for sign in (1, -1):
            x, y, area = _face(self.diameter / 2)
            z = along - sign * self.thickness / 2
            pull = sign * area / ((aside - x) ** 2 + y**2 + z**2) ** 1.5
            outward += float(((aside - x) * pull).sum())
            onward += float((z * pull).sum())
        scale = self.remanence * 1000 / (4 * math.pi)
        return scale * outward, scale * onward

    def along_z(self, middle: Vector, tilt: float, at: Vector) -> float:
        """Flux density along z at a place, mT, of the disc with this middle, its axis turned from z to y by `tilt`."""
        sine, cosine = math.sin(math.radians(tilt)), math.cos(math.radians(tilt))
        x, y, z = at.x - middle.x, at.y - middle.y, at.z - middle.z
        along = y * sine + z * cosine
        # What is left of the way from the middle after going along the axis.
        away = Vector(x, y - along * sine, z - along * cosine)
        aside = math.hypot(*away)
        outward, onward = self.field(aside, along)
        return onward * cosine + (outward * away.z / aside if aside > 1e-9 else 0.0)


@functools.cache
def _face(radius: float) -> tuple[Floats, Floats, Floats]:
    """Points of a disc's face, mm from its middle, and the area that each stands for, mm2."""
    knots, weights = np.polynomial.legendre.leggauss(RINGS)
    ring, width = (knots + 1) * radius / 2, weights * radius / 2
    angle = np.arange(SECTORS) * math.tau / SECTORS
    area = np.outer(ring * width, np.full(SECTORS, math.tau / SECTORS))
    return np.outer(ring, np.cos(angle)), np.outer(ring, np.sin(angle)), area


def check(its: Mechanics) -> Result:
    """See that the switch is on with the flap closed, off with it open, and off for any magnet but its own."""
    result = Result()
    size = its["magnet_diameter"], its["magnet_thickness"]
    sensor = Vector(its["sensor_x"], its["sensor_y"], its["board_thickness"] + its["sensor_height"])
    weak = Disc(*size, WEAKEST * (1 + PER_KELVIN * (HOT - 20)))
    strong = Disc(*size, STRONGEST * (1 + PER_KELVIN * (COLD - 20)))

    weakest = min(abs(weak.along_z(middle, tilt, sensor)) for middle, tilt in _closed(its))
    result.figures["closed, weakest"] = f"{weakest:.1f} mT (needs {OPERATE:g})"
    if weakest < OPERATE:
        result.faults.append(
            f"with the flap closed the switch may feel only {weakest:.1f} mT, it needs up to {OPERATE:g}: "
            "take a larger magnet or a smaller gap"
        )
    lifts = [(lift, abs(strong.along_z(middle, tilt, sensor))) for lift, middle, tilt in _opening(its)]
    strongest = max(field for lift, field in lifts if lift >= LIFTED)
    result.figures[f"open by {LIFTED:g} mm, strongest"] = f"{strongest:.2f} mT (may have {RELEASE:g})"
    if strongest > RELEASE:
        result.faults.append(
            f"with the flap lifted by {LIFTED:g} mm or more the switch may still feel {strongest:.2f} mT, "
            f"it lets go below {RELEASE:g}: take a smaller magnet"
        )
    result.figures["open for certain"] = f"from {max(lift for lift, field in lifts if field > RELEASE):.0f} mm"

    # In the rack: the strongest magnets at both neighbouring places, turned as may be, and this tag's own flap open.
    beside = max(
        strong.along_z(Vector(sensor.x + its["rack_pitch"], its["magnet_y"] + gap, its["magnet_z"] + out), tilt, sensor)
        for gap, out, tilt in product((-2, 2), (-20, 0, 20), range(-180, 180, 10))
    )
    result.figures["neighbours in the rack"] = f"{2 * beside:.2f} mT (may have {RELEASE:g})"
    if 2 * beside > RELEASE:
        result.faults.append(
            f"in the rack the neighbours' magnets make {2 * beside:.2f} mT, the switch lets go below {RELEASE:g}: "
            "put the places farther apart"
        )
    return result


def _closed(its: Mechanics) -> Iterator[tuple[Vector, float]]:
    """The magnet's middle and tilt in the corners of what a closed flap allows."""
    for gap, aside, out, tilt in product(
        (its["magnet_gap_least"], its["magnet_gap_most"]), (0, SIDEWAYS), (-OUTWARD, 0, OUTWARD), (-TILT, 0, TILT)
    ):
        y = its["magnet_y"] + gap - its["magnet_gap"]
        yield Vector(its["sensor_x"] + aside, y, its["magnet_z"] + out), tilt


def _opening(its: Mechanics) -> Iterator[tuple[float, Vector, float]]:
    """How far the flap's edge is lifted, mm, with the magnet's middle and tilt: through 170 degrees about the hinge."""
    hinge_y, hinge_z = its["pouch_top"], its["pouch_front"] - its["pouch_depth"]

    def turned(y: float, z: float, angle: float) -> tuple[float, float]:
        sine, cosine = math.sin(math.radians(angle)), math.cos(math.radians(angle))
        y, z = y - hinge_y, z - hinge_z
        return hinge_y + y * cosine + z * sine, hinge_z + z * cosine - y * sine

    edge = its["flap_edge"], its["flap_front"]
    near = its["magnet_gap_least"] - its["magnet_gap"]
    for step in range(1, 341):
        angle = step / 2
        lift = math.dist(edge, turned(*edge, angle))
        yield lift, Vector(its["sensor_x"], *turned(its["magnet_y"] + near, its["magnet_z"], angle)), angle
