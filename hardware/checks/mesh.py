"""The enclosure's parts as solids: whether they are whole, thick enough, printable without support, and fit together.

Lengths in mm, volumes in mm³. Frame: the board's, as in enclosure/mechanics.scad. STL files hold each part as it is
printed; `placed` turns it back.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import trimesh
from manifold3d import CrossSection, Error, FillRule, JoinType, Manifold, Mesh
from numpy.typing import NDArray

from hardware.checks import Result
from hardware.checks.parts import Circuit
from hardware.checks.places import Mechanics, height_of
from hardware.perfboard import Perfboard

Solids = dict[str, Manifold]
Bools = NDArray[np.bool_]

TOUCH = 0.02
"""mm³ of overlap that is rounding only: OpenSCAD writes six digits."""
SAMPLE = 1.5
"""mm² of surface for each place where a wall's thickness is measured."""
FACING = math.cos(math.radians(25))
"""Two sides make a wall if they are parallel within 25 degrees; else they meet in an edge."""
SWOLLEN = 1.1
"""How much thicker than new the battery is drawn: a pouch cell swells as it ages, 10 % is a common allowance."""
PLAY = 0.1
"""mm that each part of a sliding fit can move each way: less, and a printed part does not go in."""
WEBBING = 40.0, 3.0
"""Width and thickness of the widest webbing for the clip, mm."""
SCREW_THREAD = 2.2
"""mm, outer diameter of the lid's screws, ISO 7050 ST2.2."""
PIN_STROKE = 2.5
"""mm that the spring pins' plungers can be pressed: as far as their shank, 2.54 mm, goes into the barrel."""
PIXEL = 0.2
"""mm, for finding what a bridge rests on."""


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


def whole(parts: Mapping[str, trimesh.Trimesh]) -> Result:
    """See that each part is one closed solid."""
    result = Result()
    for name, mesh in parts.items():
        body = solid(mesh)
        if not mesh.is_watertight:
            result.faults.append(f"{name} is not watertight")
        elif not mesh.is_winding_consistent or mesh.volume <= 0:
            result.faults.append(f"{name} is inside out")
        elif body.status() != Error.NoError:
            result.faults.append(f"{name} is not a valid solid: {body.status().name}")
        elif (pieces := len(body.decompose())) != 1:
            result.faults.append(f"{name} falls into {pieces} pieces")
        else:
            result.figures[name] = f"{body.volume() / 1000:.1f} cm³"
    return result


# Walls.


def walls(parts: Mapping[str, trimesh.Trimesh], least: float, engraving: float = 0.0) -> Result:
    """See that no wall is thinner than `least`.

    From places all over the surface a ray goes inward to the opposite side. Where that is about parallel, the way is
    the wall's thickness; where it is not, the two meet in an edge or a point, and that is no wall. Nor is what stands
    between engraved lines, up to `engraving` above the bed.
    """
    result = Result()
    for name, mesh in parts.items():
        thickness, at = thinnest(mesh, engraving)
        result.figures[name] = f"{thickness:.2f} mm"
        if thickness < least - 0.01:
            where = ", ".join(f"{value:.1f}" for value in at)
            result.faults.append(
                f"{name} has a wall of {thickness:.2f} mm at ({where}) as printed; {least:g} is the least"
            )
    return result


def thinnest(mesh: trimesh.Trimesh, engraving: float = 0.0) -> tuple[float, tuple[float, float, float]]:
    """The thickness of the thinnest wall, and where."""
    body = solid(mesh)
    reach = float(np.linalg.norm(mesh.extents)) + 1
    best, where = math.inf, (0.0, 0.0, 0.0)
    engraved = mesh.bounds[0][2] + engraving
    for point, normal in _samples(mesh):
        if point[2] < engraved and abs(normal[2]) < 0.5:
            continue
        start, end = point - 1e-3 * normal, point - reach * normal
        hits = body.ray_cast(tuple(start), tuple(end))
        if not hits or float(np.dot(hits[0].normal, normal)) > -FACING:
            continue
        thickness = hits[0].distance * (reach - 1e-3) + 1e-3
        if thickness < best:
            best, where = thickness, (float(point[0]), float(point[1]), float(point[2]))
    return best, where


def _samples(mesh: trimesh.Trimesh) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Points spread over each triangle, at least its middle, with its outward normal; always the same."""
    spread = np.random.default_rng(0)
    found = []
    for corners, area, normal in zip(mesh.triangles, mesh.area_faces, mesh.face_normals, strict=True):
        if area < 0.02:
            continue
        found.append((corners.mean(axis=0), normal))
        for _ in range(min(40, int(area / SAMPLE))):
            one, other = spread.random(2)
            if one + other > 1:
                one, other = 1 - one, 1 - other
            found.append((corners[0] + one * (corners[1] - corners[0]) + other * (corners[2] - corners[0]), normal))
    return found


# Printing without support.


def printable(parts: Mapping[str, trimesh.Trimesh], bridge: float, bed: float = 220, step: float = 0.4) -> Result:
    """See that each part prints as it lies, on a bed of `bed` each way: each layer rests on the one below, leans out by
    at most 45 degrees, or bridges a gap of at most `bridge` between two sides that the layer below carries.
    """
    result = Result()
    for name, mesh in parts.items():
        body = solid(mesh)
        width, depth = float(mesh.extents[0]), float(mesh.extents[1])
        if max(width, depth) > bed:
            result.faults.append(f"{name} is {width:.0f} x {depth:.0f} mm, the printer's bed {bed:g} x {bed:g}")
        low, high = body.bounding_box()[2], body.bounding_box()[5]
        below = body.slice(low + step / 2)
        longest = 0.0
        for count in range(1, math.ceil((high - low) / step - 0.5)):
            height = low + (count + 0.5) * step
            layer = body.slice(height)
            carried = below.offset(step + 0.03, JoinType.Round, circular_segments=32)
            free = (layer - carried).offset(-0.05, JoinType.Miter)
            if free.area() > 0.02:
                hanging, span = _hanging(layer, carried, free, bridge)
                longest = max(longest, span)
                if hanging is not None:
                    result.faults.append(
                        f"{name} hangs in the air {height - low:.1f} mm above the bed, at ({hanging[0]:.1f}, "
                        f"{hanging[1]:.1f}): more than 45 degrees, and no bridge of at most {bridge:g} mm"
                    )
                    break
            below = layer
        result.figures[name] = f"longest bridge {longest:.1f} mm"
    return result


def _hanging(
    layer: CrossSection, carried: CrossSection, free: CrossSection, bridge: float
) -> tuple[tuple[float, float] | None, float]:
    """A place of `free` that no bridge reaches, if there is one; and the longest bridge that is needed."""
    left, lower, right, upper = free.bounds()
    frame = (left - bridge - 1, lower - bridge - 1, right + bridge + 1, upper + bridge + 1)
    in_layer, on_carried, wanted = (_raster(shape, frame) for shape in (layer, carried, free))
    wanted &= in_layer & ~on_carried
    if not wanted.any():
        return None, 0.0
    held = in_layer & on_carried
    best = np.full(wanted.shape, np.inf)
    for dx, dy in ((1, 0), (0, 1), (1, 1), (1, -1), (2, 1), (1, 2), (2, -1), (1, -2)):
        pace = PIXEL * math.hypot(dx, dy)
        best = np.minimum(
            best, _reach(in_layer, held, dx, dy, pace, bridge) + _reach(in_layer, held, -dx, -dy, pace, bridge)
        )
    spans = np.where(wanted, best, 0.0)
    spans = np.maximum(spans - PIXEL, 0)
    if (spans > bridge + PIXEL).any():
        row, column = np.unravel_index(int(np.argmax(spans)), spans.shape)
        return (frame[0] + float(column) * PIXEL, frame[1] + float(row) * PIXEL), 0.0
    return None, float(spans.max())


def _reach(in_layer: Bools, held: Bools, dx: int, dy: int, pace: float, most: float) -> NDArray[np.float64]:
    """For each pixel, how far it is in one direction, inside the layer, to what is held; infinite if too far."""
    distance = np.where(held, 0.0, np.inf)
    alive = in_layer.copy()
    for count in range(1, int(most / pace) + 2):
        alive &= _shifted(in_layer, count * dx, count * dy)
        arrived = alive & _shifted(held, count * dx, count * dy)
        distance = np.where(arrived & np.isinf(distance), count * pace, distance)
        if not alive.any():
            break
    return distance


def _shifted(picture: Bools, dx: int, dy: int) -> Bools:
    """What lies (dx, dy) pixels away."""
    moved = np.zeros_like(picture)
    height, width = picture.shape
    if abs(dx) < width and abs(dy) < height:
        moved[max(0, -dy) : height - max(0, dy), max(0, -dx) : width - max(0, dx)] = picture[
            max(0, dy) : height + min(0, dy), max(0, dx) : width + min(0, dx)
        ]
    return moved


def _raster(shape: CrossSection, frame: tuple[float, float, float, float]) -> Bools:
    """Which pixels have their middle inside: along each row, in after an odd number of edges."""
    left, lower, right, upper = frame
    rows, columns = math.ceil((upper - lower) / PIXEL), math.ceil((right - left) / PIXEL)
    flips = np.zeros((rows, columns + 1), np.int64)
    for polygon in shape.to_polygons():
        corners = (np.asarray(polygon, np.float64) - (left, lower)) / PIXEL - 0.5
        for (x, y), (to_x, to_y) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
            first, last = sorted((math.ceil(y), math.ceil(to_y)))
            row = np.arange(max(first, 0), min(last, rows))
            if row.size:
                column = np.ceil(x + (row - y) * (to_x - x) / (to_y - y)).astype(np.int64)
                np.add.at(flips, (row, np.clip(column, 0, columns)), 1)
    inside: Bools = np.cumsum(flips[:, :-1], axis=1) % 2 == 1
    return inside


# What is bought, and the board.


def box(start: tuple[float, float, float], end: tuple[float, float, float]) -> Manifold:
    """A box from one corner to the opposite one."""
    size = (end[0] - start[0], end[1] - start[1], end[2] - start[2])
    return Manifold.cube(size).translate(start)


def _along_y(x: float, z: float, start: float, end: float, diameter: float, across_flats: bool = False) -> Manifold:
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
            _along_y(x, z, seat - its["contact_head_height"], seat, its["contact_head"])
            + _along_y(x, z, seat - 0.01, seat + its["contact_length"], 3)
            + _along_y(x, z, nut, nut + its["contact_nut_height"], its["contact_nut"], across_flats=True)
            + _along_y(x, z, nut - its["contact_lug"], nut, 5.8)
        )
        tip = its["dock_end"] + its["contact_back"]
        barrel = its["dock_end"] + its["pin_rise"] - its["pin_out"]
        solids[f"{name} spring pin"] = _along_y(
            x, z, barrel - its["pin_barrel_length"], barrel, its["pin_barrel"]
        ) + _along_y(x, z, barrel - 0.01, tip, its["pin_head"])
        x = its["lid_screw_x"] if side < 0 else its["board_width"] - its["lid_screw_x"]
        head = (its["lid_screw_head"] - its["lid_screw_hole"]) / 2
        end = its["dock_end"]
        cone = Manifold.cylinder(head, its["lid_screw_head"] / 2 - 0.1, its["lid_screw_hole"] / 2 - 0.1, 48)
        # Its thread bites into the lid: the shank is drawn with the core's diameter.
        solids[f"{name} lid screw"] = cone.rotate((-90, 0, 0)).translate(
            (x, end + 0.05, its["lid_screw_z"])
        ) + _along_y(x, its["lid_screw_z"], end + 0.05, end + its["lid_screw_length"], its["lid_screw_pilot"] - 0.1)
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


# Fit.


def fits(groups: Mapping[str, Mapping[str, Manifold]], touching: frozenset[frozenset[str]] = frozenset()) -> Result:
    """See that nothing of one group overlaps anything of another; `touching` names pairs that may."""
    result = Result()
    count = 0
    for (_, one), (_, other) in combinations(groups.items(), 2):
        for name, first in one.items():
            for other_name, second in other.items():
                if frozenset((name, other_name)) in touching:
                    continue
                count += 1
                shared = overlap(first, second)
                if shared > TOUCH:
                    result.faults.append(f"{name} and {other_name} overlap by {shared:.2f} mm³")
    result.figures["pairs"] = f"{count} pairs, no overlap" if not result.faults else f"{count} pairs"
    return result


def overlap(one: Manifold, other: Manifold) -> float:
    """The volume that two solids share."""
    a, b = one.bounding_box(), other.bounding_box()
    if any(a[axis] >= b[axis + 3] or b[axis] >= a[axis + 3] for axis in range(3)):
        return 0.0
    return float((one ^ other).volume())


def _tight(name: str, still: Manifold, moving: Manifold, ways: dict[str, tuple[int, int, int]]) -> list[str]:
    """Say which ways `moving` has not as much as PLAY."""
    told = []
    for way, (x, y, z) in ways.items():
        if overlap(still, moving.translate((PLAY * x, PLAY * y, PLAY * z))) > TOUCH:
            told.append(f"the {name} is too tight: it has not {PLAY:g} mm of play {way}")
    return told


SIDES = {"to the left": (-1, 0, 0), "to the right": (1, 0, 0)}
ENDS = {"to the dock end": (0, -1, 0), "to the flap end": (0, 1, 0)}
FACES = {"to the back": (0, 0, -1), "to the front": (0, 0, 1)}


def held(its: Mechanics, case: Mapping[str, Manifold], board: Manifold) -> Result:
    """See that the closed case keeps the board where it is: 0.6 mm any way, and it meets something."""
    result = Result()
    ways = {"left": (-1, 0, 0), "right": (1, 0, 0), "to the dock": (0, -1, 0), "to the flap": (0, 1, 0)}
    for way, (x, y, z) in {**ways, "to the back": (0, 0, -1), "to the lid": (0, 0, 1)}.items():
        moved = board.translate((0.6 * x, 0.6 * y, 0.6 * z))
        if sum(overlap(part, moved) for part in case.values()) < TOUCH:
            result.faults.append(f"nothing keeps the board from going {way}")
    for what, part, down in (("body carries", case["body"], -0.3), ("lid holds down", case["lid"], 0.3)):
        left, lower, _, right, upper, _ = (part ^ board.translate((0, 0, down))).bounding_box()
        if right - left < 0.8 * its["board_width"] or upper - lower < 0.6 * its["board_length"]:
            result.faults.append(f"the {what} only {right - left:.0f} x {upper - lower:.0f} mm of the board: it tips")
    return result


def lid_works(its: Mechanics, lid: Manifold, body: Manifold) -> Result:
    """See that the lid is held down, its button reaches the switch without pressing it, and light and sound get out."""
    result = Result()
    thick, front = its["board_thickness"], its["front"]

    def column(name: str, radius: float, start: float) -> Manifold:
        bar = Manifold.cylinder(front + 1 - start, radius, circular_segments=16)
        return bar.translate((its[f"{name}_x"], its[f"{name}_y"], start))

    cap = thick + its["button_height"]
    over = lid ^ column("button", 0.8, thick)
    gap = over.bounding_box()[2] - cap if not over.is_empty() else math.inf
    result.figures["button"] = f"{gap:.2f} mm from the switch"
    if not 0.15 <= gap <= 0.6:
        result.faults.append(f"the button's plunger is {gap:.2f} mm from the switch, it should be 0.15 to 0.6")
    for name, radius, low in (("light", 0.9, thick + its["light_height"] + 0.1), ("buzzer", 0.6, its["under_lid"] - 1)):
        shut = overlap(lid, column(name, radius, low))
        if shut > TOUCH:
            result.faults.append(f"the lid has no hole over the {name}: {shut:.2f} mm³ in the way")
    result.faults += _tight("lid", body, lid, SIDES | ENDS)
    if overlap(body, lid.translate((0, 0, 0.5))) < 0.5:
        result.faults.append("nothing holds the lid down at the flap end")
    for side, x in (("left", its["lid_screw_x"]), ("right", its["board_width"] - its["lid_screw_x"])):
        end = its["dock_end"] + its["lid_screw_length"]
        bite = overlap(lid, _along_y(x, its["lid_screw_z"], its["dock_end"], end, SCREW_THREAD))
        result.figures[f"{side} screw"] = f"bites {bite:.1f} mm³ of the lid"
        if bite < 3:
            result.faults.append(f"the {side} screw of the lid finds only {bite:.1f} mm³ to bite into")
    return result


def contacts(its: Mechanics, metal: Mapping[str, Manifold]) -> Result:
    """See that nothing flat can bridge the contact screws, and that the dock's spring pins press on them rightly."""
    result = Result()
    face = its["dock_end"]
    flat = box((its["left"], face - 3, its["back"]), (its["right"], face, its["front"]))
    for side in ("left", "right"):
        gap = flat.min_gap(metal[f"{side} contact screw"], 10.0)
        result.figures[f"{side} screw"] = f"{gap:.1f} mm behind the face"
        if gap < 0.2:
            result.faults.append(f"a key against the dock end may touch the {side} contact screw: {gap:.1f} mm between")
    pressed = its["pin_rise"] - its["contact_back"]
    result.figures["spring pins"] = f"pressed {pressed:.1f} of {PIN_STROKE:g} mm"
    if not 0.4 * PIN_STROKE <= pressed <= 0.8 * PIN_STROKE:
        result.faults.append(f"the tag presses the spring pins by {pressed:.1f} mm of {PIN_STROKE:g}")
    return result


def docks(its: Mechanics, cradle: Manifold, tag: Mapping[str, Manifold]) -> Result:
    """See that the tag comes straight down into the cradle, is held there, and goes in only the right way round."""
    result = Result()
    for up in (0.0, 0.5, 1.0, 2.0, 4.0, 6.0, 8.0, 10.0, 12.0, 14.0):
        for name, part in tag.items():
            shared = overlap(cradle, part.translate((0, up, 0)))
            if shared > TOUCH:
                result.faults.append(f"on its way into the cradle, {up:g} mm up, the {name} meets it: {shared:.2f} mm³")
    case = tag["body"] + tag["lid"]
    result.faults += _tight("tag in the cradle", cradle, case, SIDES | FACES)
    for way, shift in (
        ("back", (0, 0, -1.0)),
        ("forward", (0, 0, 1.0)),
        ("sideways", (1.0, 0, 0)),
        ("down", (0, -1.0, 0)),
    ):
        if overlap(cradle, case.translate(shift)) < 1:
            result.faults.append(f"the cradle does not keep the tag from going {way}")
    # About its long axis, as it would go in with its face to the pouch.
    middle = (its["front"] + its["back"]) / 2
    turned = case.translate((-its["usb_x"], 0, -middle)).rotate((0, 180, 0)).translate((its["usb_x"], 0, middle))
    blocked = max(0.0, overlap(cradle, turned))
    result.figures["the wrong way round"] = f"{blocked:.0f} mm³ in the way"
    if blocked < 20:
        result.faults.append(f"the tag goes into the cradle the wrong way round: only {blocked:.1f} mm³ in the way")
    return result


def clip_holds(its: Mechanics, body: Manifold, clip: Manifold) -> Result:
    """See that the clip slides in from the right, cannot be pulled off, and that its catch has to bend to pass."""
    result = Result()
    reach = its["right"] - its["left"]
    for way, shift in (
        ("off the back", (0, 0, -1.0)),
        ("up", (0, 1.0, 0)),
        ("down", (0, -1.0, 0)),
        ("left", (-1.0, 0, 0)),
    ):
        if overlap(body, clip.translate(shift)) < 1:
            result.faults.append(f"the clip can be pulled {way}")
    result.faults += _tight("clip", body, clip, ENDS | FACES)
    # Bent away from the back by as much as the catch stands up, it must pass all along.
    bend = its["clip_catch"] + 0.3
    ridge = clip.trim_by_plane((0, 0, 1), its["back"] + its["clip_catch"] - its["slide_gap"] + 0.05)
    for out in np.linspace(0, reach, 12):
        shared = overlap(body, ridge.translate((float(out), 0, 0)))
        if shared > TOUCH:
            result.faults.append(f"{out:.0f} mm out, the clip's dovetail meets the body: {shared:.2f} mm³")
    width, thick = WEBBING
    slot, hangs = its["back"] - its["slide_gap"] - its["clip_plate"], its["clip_top"] - its["clip_bar"] - 0.6
    strap = box((-40.0, hangs - width, slot - thick - 0.1), (80.0, hangs, slot - 0.1))
    if (shared := overlap(clip, strap)) > TOUCH:
        result.faults.append(
            f"webbing of {width:g} x {thick:g} mm does not go into the clip: {shared:.1f} mm³ in the way"
        )
    if overlap(clip, strap.translate((0, -2, 0))) < 1:
        result.faults.append("nothing keeps the clip on the webbing")
    catch = overlap(body, clip.translate((its["clip_catch"] + 1, 0, 0)))
    result.figures["catch"] = (
        f"{catch:.1f} mm³ in the way of sliding out, {bend - 0.3 - its['slide_gap']:.1f} mm to bend"
    )
    if catch < 0.5:
        result.faults.append("nothing keeps the clip from sliding out")
    return result


def antenna(its: Mechanics, metal: Mapping[str, Manifold]) -> Result:
    """See that metal keeps away from the antenna."""
    result = Result()
    away = its["antenna_away"]
    low = its["board_thickness"]
    space = box(
        (its["antenna_x"], its["antenna_y"], low),
        (its["antenna_x"] + its["antenna_width"], its["antenna_y"] + its["antenna_length"], low + its["module_height"]),
    )
    for name, part in metal.items():
        gap = space.min_gap(part, 200.0)
        result.figures[name] = f"{gap:.1f} mm"
        if gap < away:
            result.faults.append(f"the {name} is {gap:.1f} mm from the antenna; {away:g} is the least")
    return result


def flap(its: Mechanics, tag: Mapping[str, Manifold], moving: Mapping[str, Manifold]) -> Result:
    """See that the pouch's flap, with the magnet holder on it, opens past the tag: from closed through 170 degrees.

    The flap is drawn with the holder as near to the tag as it may come. Between two positions, 2.5 degrees apart, it is
    given all the space between them, so nothing is missed.
    """
    result = Result()
    near = its["magnet_gap_least"] - its["magnet_gap"]
    hinge = (0.0, its["pouch_top"] + near, its["pouch_front"] - its["pouch_depth"])
    pieces = [
        part.hull().translate((0, near, 0)).translate((0, -hinge[1], -hinge[2]))
        for part in (*moving.values(), *_flap(its))
    ]
    worst, at = 0.0, 0.0
    steps = np.arange(0, 170.1, 2.5)
    for angle, following in pairwise(float(each) for each in steps):
        for piece in pieces:
            swept = Manifold.batch_hull([piece.rotate((-each, 0, 0)) for each in (angle, following)])
            swept = swept.translate(hinge)
            for name, part in tag.items():
                shared = overlap(swept, part)
                if shared > worst:
                    worst, at = shared, following
                    if shared > TOUCH:
                        result.faults.append(f"the flap meets the {name} by {following:.0f} degrees: {shared:.1f} mm³")
    result.figures["swept"] = f"{worst:.2f} mm³ of the tag in the flap's way" + (
        f", at {at:.0f} degrees" if worst else ""
    )
    return result


def pouch(its: Mechanics, cradle: Manifold, tag: Mapping[str, Manifold]) -> Result:
    """See that the pouch has room behind the docked tag, over the dock's foot and beside its neighbour in the rack."""
    half, front = its["pouch_width"] / 2, its["pouch_front"]
    bag = box(
        (its["usb_x"] - half, its["pouch_bottom"], front - its["pouch_depth"]),
        (its["usb_x"] + half, its["pouch_top"], front),
    )
    case = {part: tag[part] for part in ("body", "lid")}
    result = fits({"pouch": {"pouch": bag}, "dock": {"cradle": cradle, **case}})
    room = its["rack_pitch"] - its["pouch_width"]
    result.figures["beside it in the rack"] = f"{room:g} mm"
    if room < 2:
        result.faults.append(f"pouches in the rack have {room:g} mm between them")
    return result


def _flap(its: Mechanics) -> list[Manifold]:
    """The flap, closed: over the top and down the front, up to its edge."""
    half, middle, thick = its["pouch_width"] / 2, its["usb_x"], its["flap_thickness"]
    front, top = its["pouch_front"], its["pouch_top"]
    return [
        box((middle - half, top, front - its["pouch_depth"]), (middle + half, top + thick, front + thick)),
        box((middle - half, its["flap_edge"], front), (middle + half, top + thick, front + thick)),
    ]


# All of it.


def check(its: Mechanics, stl: Mapping[str, Path], board: Solids) -> dict[str, Result]:
    """Everything about the parts of one build, from their STL files by part and what its board is made of."""
    meshes = {part: load(path) for part, path in stl.items()}
    found = {
        "solids": whole(meshes),
        "walls": walls(meshes, its["least_wall"], its["engraving"]),
        "printing": printable(meshes, its["bridge"], its["bed"]),
    }
    if found["solids"].faults:
        return found
    there = {part: placed(path, its, part) for part, path in stl.items()}
    around = bought(its)
    tag = {part: there[part] for part in ("body", "lid", "clip")}
    holder = {part: there[part] for part in ("magnet_holder", "magnet_cap")}
    groups = {part: {part: there[part]} for part in (*tag, *holder, "cradle")}
    found["fit"] = fits({**groups, "bought": around, "board": board})
    within = {part: tag[part] for part in ("body", "lid")} | around | board
    found["board"] = held(its, {part: tag[part] for part in ("body", "lid")}, board["board"])
    found["lid"] = lid_works(its, there["lid"], there["body"])
    found["contacts"] = contacts(its, around)
    found["USB plug"] = fits({"plug": {"plug": plug(its)}, "tag": within})
    found["dock"] = docks(its, there["cradle"], tag)
    found["clip"] = clip_holds(its, there["body"], there["clip"])
    found["antenna"] = antenna(its, around)
    found["flap"] = flap(its, tag, holder)
    found["pouch"] = pouch(its, there["cradle"], tag)
    return found
