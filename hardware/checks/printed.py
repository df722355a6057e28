"""The printed parts: whole solids, thick enough, and printable as they lie without support.

They are looked at as their STL files have them: lengths in mm, z up from the printer's bed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import trimesh
from manifold3d import CrossSection, Error, JoinType
from numpy.typing import NDArray

from hardware.checks import Result
from hardware.checks.solids import solid

Bools = NDArray[np.bool_]

SAMPLE = 1.5
"""mm² of surface for each place where a wall's thickness is measured."""
FACING = math.cos(math.radians(25))
"""Two sides make a wall if they are parallel within 25 degrees; else they meet in an edge."""
PIXEL = 0.2
"""mm, for finding what a bridge rests on."""


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
