"""What the enclosure is made of as solids: its printed parts, and stand-ins for what is bought and for the boards.

Lengths in mm, volumes in mm³. Frame: the board's, as in enclosure/mechanics.scad. STL files hold each part as it is
printed; `placed` turns it back.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import trimesh
from manifold3d import CrossSection, FillRule, Manifold, Mesh

from hardware.checks.places import Mechanics, height_of
from hardware.parts import Circuit
from hardware.perfboard import Perfboard

Solids = dict[str, Manifold]

SWOLLEN = 1.1
"""How much thicker than new the battery is drawn: a pouch cell swells as it ages, 10 % is a common allowance."""


def load(path: Path) -> trimesh.Trimesh:
    """An STL file as triangles."""
    mesh = trimesh.load_mesh(path)
    assert isinstance(mesh, trimesh.Trimesh)
    return mesh


def solid(mesh: trimesh.Trimesh) -> Manifold:
    """The same as a solid; empty if it is none."""
    return Manifold(Mesh(np.asarray(mesh.vertices, np.float32), np.asarray(mesh.faces, np.uint32)))


def placed(path: Path, its: Mechanics, part: str) -> Manifold:
    """A printed part where it belongs on the tag."""
    x, y, z = its.turn(part)
    return solid(load(path)).rotate((0, 0, -z)).rotate((0, -y, 0)).rotate((-x, 0, 0))


def overlap(one: Manifold, other: Manifold) -> float:
    """The volume that two solids share."""
    a, b = one.bounding_box(), other.bounding_box()
    if any(a[axis] >= b[axis + 3] or b[axis] >= a[axis + 3] for axis in range(3)):
        return 0.0
    return float((one ^ other).volume())


def box(start: tuple[float, float, float], end: tuple[float, float, float]) -> Manifold:
    """A box from one corner to the opposite one."""
    size = (end[0] - start[0], end[1] - start[1], end[2] - start[2])
    return Manifold.cube(size).translate(start)


def along_y(x: float, z: float, start: float, end: float, diameter: float, across_flats: bool = False) -> Manifold:
    """A round (or hexagonal) bar along y."""
    radius = diameter / 2 / math.cos(math.pi / 6) if across_flats else diameter / 2
    bar = Manifold.cylinder(end - start, radius, circular_segments=6 if across_flats else 48)
    return bar.rotate((-90, 0, 0)).translate((x, start, z))


def bought(its: Mechanics) -> Solids:
    """The bought parts around the board, with the tag closed and in the dock."""
    middle, z, seat = its["usb_x"], its["contact_z"], its["dock_end"] + its["contact_seat"]
    solids = {
        "battery": box(
            (its["battery_x"], its["battery_y"], its["inside"]),
            (
                its["battery_x"] + its["battery_width"],
                its["battery_y"] + its["battery_length"],
                its["inside"] + SWOLLEN * its["battery_thickness"],
            ),
        ),
        "magnet": Manifold.cylinder(
            its["magnet_thickness"], its["magnet_diameter"] / 2, circular_segments=64
        ).translate((its["sensor_x"], its["magnet_y"], its["magnet_z"] - its["magnet_thickness"] / 2)),
    }
    rivets = [
        (its["sensor_x"] + side * (its["holder_width"] / 2 - its["holder_hole_in"]), its["flap_edge"] + y)
        for side in (-1, 1)
        for y in (its["holder_hole_end"], its["holder_length"] / 2, its["holder_length"] - its["holder_hole_end"])
    ]
    for count, (x, y) in enumerate(rivets, 1):
        rivet = Manifold.cylinder(its["flap_thickness"] + its["holder_base"] + 1, 1.5, circular_segments=24)
        solids[f"rivet {count}"] = rivet.translate((x, y, its["pouch_front"]))
    for side, name in ((-1, "left"), (1, "right")):
        x = middle + side * its["contact_x"]
        nut = seat + its["contact_floor"] + its["contact_lug"]
        solids[f"{name} contact screw"] = (
            along_y(x, z, seat - its["contact_head_height"], seat, its["contact_head"])
            + along_y(x, z, seat - 0.01, seat + its["contact_length"], 3)
            + along_y(x, z, nut, nut + its["contact_nut_height"], its["contact_nut"], across_flats=True)
            + along_y(x, z, nut - its["contact_lug"], nut, 5.8)
        )
        tip = its["dock_end"] + its["contact_back"]
        barrel = its["dock_end"] + its["pin_rise"] - its["pin_out"]
        beside = z + its["pin_aside"]
        solids[f"{name} spring pin"] = along_y(
            x, beside, barrel - its["pin_barrel_length"], barrel, its["pin_barrel"]
        ) + along_y(x, beside, barrel - 0.01, tip, its["pin_head"])
        x = its["lid_screw_x"] if side < 0 else its["board_width"] - its["lid_screw_x"]
        head = (its["lid_screw_head"] - its["lid_screw_hole"]) / 2
        end = its["dock_end"]
        cone = Manifold.cylinder(head, its["lid_screw_head"] / 2 - 0.1, its["lid_screw_hole"] / 2 - 0.1, 48)
        # Its thread bites into the lid: the shank is drawn with the core's diameter.
        solids[f"{name} lid screw"] = cone.rotate((-90, 0, 0)).translate((x, end + 0.05, its["lid_screw_z"])) + along_y(
            x, its["lid_screw_z"], end + 0.05, end + its["lid_screw_length"], its["lid_screw_pilot"] - 0.1
        )
    return solids


def plug(its: Mechanics) -> Manifold:
    """The overmould of the largest USB-C plug that the specification has (12.35 x 6.5), pushed in."""
    x, z, end = its["usb_x"], its["usb_z"], -0.8
    return box((x - 12.35 / 2, end - 25, z - 6.5 / 2), (x + 12.35 / 2, end, z + 6.5 / 2))


def bare_board(its: Mechanics, outline: tuple[tuple[float, float], ...]) -> Manifold:
    """The board without its parts."""
    plane = CrossSection([list(outline)], FillRule.EvenOdd)
    return plane.extrude(its["board_thickness"])


def custom_board(its: Mechanics, circuit: Circuit) -> Solids:
    """The custom board with a box for each part: its courtyard, as high as its field Height."""
    solids = {"board": bare_board(its, circuit.outline)}
    thick = its["board_thickness"]
    for part in circuit.parts.values():
        height = height_of(part)
        if part.place is None or not height:
            continue
        left, lower, right, upper = part.place.box
        if right - left < 0.01 or upper - lower < 0.01:
            continue
        start, end = (thick, thick + height) if part.place.top else (-height, 0.0)
        if part.ref == "J1":
            # Its courtyard goes out over the board's edge to where a plug comes; its shell ends 0.7 from the edge.
            lower = max(lower, -0.7)
        solids[part.ref] = box((left, lower, start), (right, upper, end))
    return solids


def reference_board(its: Mechanics, perfboard: Perfboard) -> Solids:
    """The reference build: perfboard of the same outline, what stands on it, and 2 mm of solder and wires below."""
    (width, length), thick = perfboard.size, its["board_thickness"]
    start, end = its["notch_y"], its["notch_y"] + its["notch_length"]
    outline = [(0.0, 0.0), (width, 0.0), (width, start), (its["notch_x"], start), (its["notch_x"], end), (width, end)]
    solids = {
        "board": bare_board(its, (*outline, (width, length), (0.0, length))),
        "solder": box((1.5, 1.0, -2.0), (width - 1.5, length - 1.0, 0.0)),
    }
    for part in perfboard.parts.values():
        if part.body is None:
            continue
        left, lower, right, upper = part.body.box
        if part.body.round:
            bar = Manifold.cylinder(part.body.height, (right - left) / 2, circular_segments=32)
            solids[part.ref] = bar.translate((*part.body.centre, thick))
        else:
            solids[part.ref] = box((left, lower, thick), (right, upper, thick + part.body.height))
    return solids
