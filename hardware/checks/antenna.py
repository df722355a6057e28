"""Copper and parts stay away from the module's antenna, on both layers."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

from hardware.checks import Result
from hardware.checks.parts import Box, Frame, Point, every, first, load, point, read_board


def check(board: Path, space: Box) -> Result:
    """See that `board` has no track, via, pour or part but the module in `space`."""
    tree, _, frame = load(board)
    faults = []
    for kind in ("segment", "arc", "via"):
        found = [item for item in every(tree, kind) if _crosses(_line(item, frame), space, _half(item))]
        if found:
            x, y = _line(found[0], frame)[0]
            faults.append(f"{len(found)} of kind {kind} in the antenna's space, the first at ({x:.1f}, {y:.1f})")
    for zone in every(tree, "zone"):
        for poured in every(zone, "filled_polygon"):
            corners = [frame(*point(each)) for each in every(first(poured, "pts"), "xy")]
            if _crosses([*corners, corners[0]], space, 0) or _covers(corners, space):
                faults.append(f"copper is poured into the antenna's space on {first(poured, 'layer')[1]}")
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
