"""Copper and parts stay away from the module's antenna, on both layers."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path
from typing import Any

from hardware.checks import Result
from hardware.parts import DAMAGED, Box, CircuitError, Frame, Point, every, first, load, point, read_board

MODULE_DEPTH = 5.5
"""mm from the module's edge to its first pads: its antenna (KiCad's footprint of ESP32-C6-MINI-1, keep-out)."""

DRAWN = ("gr_line", "gr_arc", "gr_rect", "gr_circle", "gr_poly", "gr_curve", "gr_text")
"""What a person draws by hand, on any layer."""


def check(board: Path, space: Box) -> Result:
    """See that `board` has no track, via, pour, drawing on copper or part but the module in `space`.

    On the module's side copper may come as near as the module's own pads are. Raises CircuitError.
    """
    tree, _, frame = load(board)
    try:
        faults = _copper(tree, frame, space)
    except DAMAGED as error:
        raise CircuitError(f"{board.name}: copper cannot be read: {error}") from error
    for part in read_board(board).parts.values():
        if part.place is not None and not part.value.startswith("ESP32-C6") and part.place.box.meets(space):
            faults.append(f"{part.ref} is in the antenna's space")
    return Result(faults, {"antenna": f"clear for {space.right - space.left:g} x {space.upper - space.lower:g} mm"})


def _copper(tree: Any, frame: Frame, space: Box) -> list[str]:
    """Copper in the antenna's space, layer by layer."""
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
    for kind in DRAWN:
        for item in every(tree, kind):
            drawn = _around(item, frame)
            if str(first(item, "layer")[1]).endswith(".Cu") and drawn.meets(space):
                faults.append(
                    f"copper ({kind}) is drawn in the antenna's space at ({drawn.left:.1f}, {drawn.lower:.1f})"
                )
    return faults


def _line(item: Any, frame: Frame) -> list[Point]:
    return [frame(*point(end)) for name in ("start", "mid", "end", "at") if (end := first(item, name)) is not None]


def _around(item: Any, frame: Frame) -> Box:
    """The rectangle about something drawn; of a text, where it begins."""
    ends = [point(end) for name in ("start", "mid", "end", "at", "center") if (end := first(item, name)) is not None]
    ends += [point(each) for each in every(first(item, "pts") or [], "xy")]
    reach = math.dist(*ends) if first(item, "center") is not None else 0.0
    points = [frame(x + sign * reach, y + sign * reach) for x, y in ends for sign in (-1, 1)]
    across, along = zip(*points, strict=True)
    return Box(min(across), min(along), max(across), max(along))


def _half(item: Any) -> float:
    """Half of a track's width or of a via's diameter, mm."""
    return float((first(item, "width") or first(item, "size"))[1]) / 2


def _crosses(line: list[Point], space: Box, half: float) -> bool:
    """Whether a line so wide touches the space."""
    grown = Box(space.left - half, space.lower - half, space.right + half, space.upper + half)
    if len(line) == 1:
        line = [line[0], line[0]]
    return any(grown.crossed(one, other) for one, other in pairwise(line))


def _covers(corners: list[Point], space: Box) -> bool:
    """Whether a polygon holds the middle of the space."""
    x, y = (space.left + space.right) / 2, (space.lower + space.upper) / 2
    inside = False
    for (x0, y0), (x1, y1) in pairwise([*corners, corners[0]]):
        if (y0 > y) != (y1 > y) and x < x0 + (y - y0) / (y1 - y0) * (x1 - x0):
            inside = not inside
    return inside
