"""Copper and parts stay away from the module's antenna, on both layers."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

from hardware.checks import Result
from hardware.checks.parts import Box, Frame, Point, every, first, load, point, read_board

MODULE_DEPTH = 5.5
"""mm from the module's edge to its first pads: its antenna (KiCad's footprint of ESP32-C6-MINI-1, keep-out)."""


def check(board: Path, space: Box) -> Result:
    """See that `board` has no track, via, pour or part but the module in `space`.

    On the module's side copper may come as near as the module's own pads are.
    """
    tree, _, frame = load(board)
    beside = space._replace(right=space.left + MODULE_DEPTH)
    faults = []
    for kind in ("segment", "arc", "via"):
        for item in every(tree, kind):
            layer = first(item, "layer")
            line = _line(item, frame)
            if _crosses(line, beside if layer is not None and layer[1] == "F.Cu" else space, _half(item)):
                faults.append(f"copper ({kind}) in the antenna's space at ({line[0][0]:.1f}, {line[0][1]:.1f})")
    for zone in every(tree, "zone"):
        for poured in every(zone, "filled_polygon"):
            layer = first(poured, "layer")[1]
            corners = [frame(*point(each)) for each in every(first(poured, "pts"), "xy")]
            kept = beside if layer == "F.Cu" else space
            if _crosses([*corners, corners[0]], kept, 0) or _covers(corners, kept):
                faults.append(f"copper is poured into the antenna's space on {layer}")
    for part in read_board(board).parts.values():
        if part.place is not None and not part.value.startswith("ESP32-C6") and _overlap(part.place.box, space):
            faults.append(f"{part.ref} stands in the antenna's space")
    return Result(faults, {"antenna": f"clear for {space.right - space.left:g} x {space.upper - space.lower:g} mm"})


def _line(item: Any, frame: Frame) -> list[Point]:
    return [frame(*point(end)) for name in ("start", "mid", "end", "at") if (end := first(item, name)) is not None]


def _half(item: Any) -> float:
    """Half of a track's width or of a via's diameter, mm."""
    return float((first(item, "width") or first(item, "size"))[1]) / 2


def _crosses(line: list[Point], space: Box, half: float) -> bool:
    """Whether a line so wide touches the space."""
    grown = Box(space.left - half, space.lower - half, space.right + half, space.upper + half)
    if len(line) == 1:
        line = [line[0], line[0]]
    return any(_touches(one, other, grown) for one, other in pairwise(line))


def _touches(one: Point, other: Point, space: Box) -> bool:
    """Whether the line between two points touches a box: what is left of it after cutting at all four sides."""
    begin, end = 0.0, 1.0
    for start, step, least, most in (
        (one[0], other[0] - one[0], space.left, space.right),
        (one[1], other[1] - one[1], space.lower, space.upper),
    ):
        if step == 0:
            if not least < start < most:
                return False
            continue
        near, far = sorted(((least - start) / step, (most - start) / step))
        begin, end = max(begin, near), min(end, far)
    return begin < end


def _covers(corners: list[Point], space: Box) -> bool:
    """Whether a polygon holds the middle of the space."""
    x, y = (space.left + space.right) / 2, (space.lower + space.upper) / 2
    inside = False
    for (x0, y0), (x1, y1) in pairwise([*corners, corners[0]]):
        if (y0 > y) != (y1 > y) and x < x0 + (y - y0) / (y1 - y0) * (x1 - x0):
            inside = not inside
    return inside


def _overlap(one: Box, other: Box) -> bool:
    across = min(one.right, other.right) - max(one.left, other.left)
    return across > 0 and min(one.upper, other.upper) - max(one.lower, other.lower) > 0
