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
    """The field, mT, summed over the magnetic charges of the two faces: another way to the same thing."""
    rings, sectors = 400, 180
    radius = (np.arange(rings) + 0.5) / rings * disc.diameter / 2
    angle = (np.arange(sectors) + 0.5) / sectors * math.tau
    area = radius * (disc.diameter / 2 / rings) * (math.tau / sectors)
    x, y = np.outer(radius, np.cos(angle)), np.outer(radius, np.sin(angle))
    total = np.zeros(3)
    for side in (1, -1):
        way = np.stack([at.x - x, at.y - y, np.full_like(x, at.z - side * disc.thickness / 2)])
        strength = side * disc.remanence * 1000 / (4 * math.pi) * area[:, None]
        total += (strength * way / np.linalg.norm(way, axis=0) ** 3).sum(axis=(1, 2))
    return float(total[0]), float(total[1]), float(total[2])


def test_on_its_axis_the_field_is_the_textbooks() -> None:
    for z in (3.0, 7.0, 20.0):
        near, far = z - DISC.thickness / 2, z + DISC.thickness / 2
        textbook = DISC.remanence * 500 * (far / math.hypot(far, 5) - near / math.hypot(near, 5))
        assert DISC.field(0.0, z) == pytest.approx((0.0, textbook), abs=1e-9)


@pytest.mark.parametrize(("aside", "along"), [(12.0, 0.0), (12.0, 4.0), (3.0, 6.0), (8.0, -9.0), (30.0, 10.0)])
def test_beside_its_axis_the_field_is_the_sum_over_its_faces(aside: float, along: float) -> None:
    outward, _, onward = summed(DISC, Vector(aside, 0, along))
    assert DISC.field(aside, along) == pytest.approx((outward, onward), rel=2e-4, abs=1e-4)


def test_a_tilted_disc_is_the_sum_too() -> None:
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
