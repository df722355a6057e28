"""The magnet on the flap: closed switches on, open switches off, neighbours do neither; and the formula is right."""

from __future__ import annotations

import math

import numpy as np
import pytest

from hardware.checks import magnet
from hardware.checks.magnet import Disc, Vector
from hardware.checks.places import Mechanics

DISC = Disc(10.0, 5.0, 1.3)


def summed(disc: Disc, at: Vector) -> tuple[float, float, float]:
    """The field, mT, of the current round the disc's edge by Biot and Savart: another way to the same thing."""
    loops, pieces, radius = 200, 360, disc.diameter / 2
    angle = (np.arange(pieces) + 0.5) / pieces * math.tau
    height = ((np.arange(loops) + 0.5) / loops - 0.5) * disc.thickness
    x, y, z = radius * np.cos(angle)[None], radius * np.sin(angle)[None], height[:, None]
    step = radius * math.tau / pieces * np.array([-np.sin(angle), np.cos(angle)])
    ax, ay, az = at.x - x, at.y - y, at.z - z
    cube = (ax**2 + ay**2 + az**2) ** 1.5
    scale = disc.remanence * 1000 / (4 * math.pi) * disc.thickness / loops
    across = step[1] * az / cube, -step[0] * az / cube, (step[0] * ay - step[1] * ax) / cube
    return tuple(float(scale * each.sum()) for each in across)  # type: ignore[return-value]


def test_on_its_axis_the_field_is_the_textbooks() -> None:
    for z in (3.0, 7.0, 20.0):
        near, far = z - DISC.thickness / 2, z + DISC.thickness / 2
        textbook = DISC.remanence * 500 * (far / math.hypot(far, 5) - near / math.hypot(near, 5))
        assert DISC.field(0.0, z) == pytest.approx((0.0, textbook), abs=1e-3)


@pytest.mark.parametrize(("aside", "along"), [(12.0, 0.0), (12.0, 4.0), (3.0, 6.0), (8.0, -9.0), (30.0, 10.0)])
def test_beside_its_axis_the_field_is_that_of_a_current_round_its_edge(aside: float, along: float) -> None:
    outward, _, onward = summed(DISC, Vector(aside, 0, along))
    assert DISC.field(aside, along) == pytest.approx((outward, onward), rel=2e-4, abs=1e-4)


def test_a_tilted_disc_s_field_is_that_of_a_tilted_current() -> None:
    tilt, at = 25.0, Vector(2.0, -13.0, 3.0)
    sine, cosine = math.sin(math.radians(tilt)), math.cos(math.radians(tilt))
    # Seen from the disc: its axis is z.
    _, y, z = summed(DISC, Vector(at.x, at.y * cosine - at.z * sine, at.y * sine + at.z * cosine))
    assert DISC.along_z(Vector(0, 0, 0), tilt, at) == pytest.approx(z * cosine - y * sine, rel=2e-4)


def test_far_away_it_is_a_dipole() -> None:
    moment = DISC.remanence * 1000 * math.pi * 25 * 5 / (4 * math.pi)
    assert DISC.field(200.0, 0.0)[1] == pytest.approx(-moment / 200**3, rel=1e-3)


@pytest.mark.parametrize("build", ["board", "xiao"])
def test_the_chosen_magnet_suits_the_switch(build: str) -> None:
    assert magnet.check(Mechanics(build=build)).faults == []


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"magnet_diameter": 8.0, "magnet_thickness": 3.0}, "take a larger magnet or a smaller gap"),
        ({"magnet_gap_most": 8.0}, "take a larger magnet or a smaller gap"),
        ({"magnet_z": 10.0}, "take a larger magnet or a smaller gap"),
        ({"magnet_diameter": 20.0}, "take a smaller magnet"),
        ({"rack_pitch": 45.0}, "put the places farther apart"),
    ],
)
def test_one_that_does_not_is_told(changed: dict[str, float], told: str) -> None:
    faults = magnet.check(Mechanics(changed=changed)).faults
    assert len(faults) == 1
    assert told in faults[0]
