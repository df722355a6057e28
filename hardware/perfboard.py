"""The reference build's perfboard, read from its file: holes, parts in them, bare runs and insulated wires."""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from hardware.errors import HardwareError
from hardware.parts import Box, Point

LAYOUT = Path(__file__).parent / "xiao" / "perfboard.toml"


class LayoutError(HardwareError):
    """The layout's file cannot be what it says; one line that says where."""


@dataclass(frozen=True)
class Body:
    """The room that a part takes on the component side, mm."""

    box: Box
    height: float
    round: bool = False
    """Whether it is the circle in `box`."""

    @property
    def centre(self) -> Point:
        """The middle of `box`."""
        return (self.box.left + self.box.right) / 2, (self.box.lower + self.box.upper) / 2

    def gap(self, other: Body) -> float:
        """How far the two are apart, mm; negative if they overlap."""
        if self.round and other.round:
            return math.dist(self.centre, other.centre) - self._radius - other._radius
        if self.round:
            return _away(self.centre, other.box) - self._radius
        if other.round:
            return other.gap(self)
        across = max(self.box.left - other.box.right, other.box.left - self.box.right)
        along = max(self.box.lower - other.box.upper, other.box.lower - self.box.upper)
        return max(across, along)

    def covers(self, point: Point) -> bool:
        """Whether `point` is under the body."""
        if self.round:
            return math.dist(self.centre, point) < self._radius
        return self.box.left < point[0] < self.box.right and self.box.lower < point[1] < self.box.upper

    @property
    def _radius(self) -> float:
        return (self.box.right - self.box.left) / 2


@dataclass(frozen=True)
class Placed:
    """A part on the perfboard."""

    ref: str
    package: str
    stage: int
    """The step of the assembly in which it goes in."""
    pins: dict[str, str]
    """The hole of each pin, by the pin's name or number."""
    body: Body | None
    """None for the end of a wire."""


@dataclass(frozen=True)
class Line:
    """A run or a wire: its net and the holes at its ends and corners."""

    net: str
    holes: tuple[str, ...]

    @property
    def name(self) -> str:
        """What messages call it: "GND from b6 to k8"."""
        return f"{self.net} from {self.holes[0]} to {self.holes[-1]}"


@dataclass(frozen=True)
class Perfboard:
    """The whole layout."""

    size: Point
    columns: str
    rows: int
    pitch: float
    first: Point
    hole: float
    antenna: Box
    """Where neither part nor wire may be, but the module's own."""
    parts: dict[str, Placed]
    runs: tuple[Line, ...]
    wires: tuple[Line, ...]

    def at(self, hole: str) -> Point:
        """Where a hole is, mm; raises LayoutError."""
        column, row = self._cell(hole)
        return round(self.first[0] + column * self.pitch, 4), round(self.first[1] + row * self.pitch, 4)

    def passed(self, run: Line) -> list[str]:
        """Every hole that a bare run passes; raises LayoutError if it leaves rows and columns."""
        found: list[str] = []
        for one, other in pairwise(run.holes):
            (c, r), (to_c, to_r) = self._cell(one), self._cell(other)
            if (c != to_c) == (r != to_r):
                raise LayoutError(f"the run {run.name} does not lead along a row or a column from {one} to {other}")
            steps = max(abs(to_c - c), abs(to_r - r))
            for step in range(steps + 1):
                column, row = c + (to_c - c) * step // steps, r + (to_r - r) * step // steps
                found.append(f"{self.columns[column]}{row + 1}")
        return list(dict.fromkeys(found))

    def _cell(self, hole: str) -> tuple[int, int]:
        column, row = self.columns.find(hole[:1]), hole[1:]
        if column < 0 or not row.isdigit() or not 1 <= int(row) <= self.rows:
            raise LayoutError(f"there is no hole {hole}: they are {self.columns[0]}1 to {self.columns[-1]}{self.rows}")
        return column, int(row) - 1


def read(path: Path = LAYOUT) -> Perfboard:
    """The layout in `path`; raises LayoutError."""
    try:
        return _perfboard(tomllib.loads(path.read_text()))
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise LayoutError(f"{path.name} is not a layout: {type(error).__name__}: {error}") from error


def _perfboard(data: dict[str, Any]) -> Perfboard:
    board = data["board"]
    lines = {
        kind: tuple(Line(item["net"], tuple(item["holes"])) for item in data.get(kind, []))
        for kind in ("runs", "wires")
    }
    empty = Perfboard(
        tuple(board["size"]),
        board["columns"],
        board["rows"],
        board["pitch"],
        tuple(board["first"]),
        board["hole"],
        Box(*data["antenna"]["box"]),
        {},
        **lines,
    )
    for line in (*empty.runs, *empty.wires):
        if len(line.holes) < 2:
            raise LayoutError(f"a line of {line.net} has fewer than two holes")
        for hole in line.holes:
            empty.at(hole)
    for ref, part in data["parts"].items():
        body = _body(empty, data["packages"][part["package"]], part)
        empty.parts[ref] = Placed(ref, part["package"], part["stage"], part["pins"], body)
    return empty


def _body(board: Perfboard, package: dict[str, Any], part: dict[str, Any]) -> Body | None:
    if not package:
        return None
    points = [board.at(hole) for hole in part["pins"].values()]
    middle = (sum(x for x, _ in points) / len(points), sum(y for _, y in points) / len(points))
    x, y = part.get("at", middle)
    upright = package.get("along", "y" if points[0][0] == points[-1][0] else "x") == "y"
    wide, long = (package["width"], package["length"]) if upright else (package["length"], package["width"])
    box = Box(x - wide / 2, y - long / 2, x + wide / 2, y + long / 2)
    return Body(box, package["height"], package.get("round", False))


def _away(point: Point, box: Box) -> float:
    """How far `point` is from `box`, mm; negative inside it."""
    across = max(box.left - point[0], point[0] - box.right)
    along = max(box.lower - point[1], point[1] - box.upper)
    if across > 0 and along > 0:
        return math.hypot(across, along)
    return max(across, along)
