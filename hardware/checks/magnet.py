"""The magnet on the flap against the Hall switch in the tag: closed is closed, open is open, a neighbour is neither.

Lengths in mm, fields in mT, angles in degrees. Frame: the board's, as in enclosure/mechanics.scad; the switch feels the
field along z. Calculated, not measured.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

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

        Exact for uniform magnetisation: N. Derby and S. Olbert, "Cylindrical magnets and ideal solenoids", American
        Journal of Physics 78 (2010) 229, equations 4 to 6.
        """
        radius, half = self.diameter / 2, self.thickness / 2
        outward = onward = 0.0
        gamma = (radius - aside) / (radius + aside)
        for sign, end in ((1, along + half), (-1, along - half)):
            far = math.hypot(end, aside + radius)
            k = math.hypot(end, radius - aside) / far
            outward += sign * radius / far * _elliptic(k, 1, 1, -1)
            onward += sign * end / far * _elliptic(k, gamma * gamma, 1, gamma)
        scale = self.remanence * 1000 / math.pi
        return scale * outward, scale * onward * radius / (radius + aside)

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


def _elliptic(k: float, p: float, c: float, s: float) -> float:
    """The generalised complete elliptic integral C(k, p, c, s) of Derby and Olbert, by Bulirsch's method."""
    if k == 0:
        return math.nan
    k = abs(k)
    following, scale = k, 1.0
    if p > 0:
        p = math.sqrt(p)
        s /= p
    else:
        f = k * k
        q = 1 - f
        g = 1 - p
        f -= p
        q *= s - c * p
        p = math.sqrt(f / g)
        c = (c - s) / g
        s = -q / (g * g * p) + c * p
    f = c
    c += s / p
    g = following / p
    s = 2 * (s + f * g)
    p += g
    g = scale
    scale += k
    while abs(g - k) > g * 1e-9:
        k = 2 * math.sqrt(following)
        following = k * scale
        f = c
        c += s / p
        g = following / p
        s = 2 * (s + f * g)
        p += g
        g = scale
        scale += k
    return math.pi / 2 * (s + c * scale) / (scale * (scale + p))


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
