"""What goes to the board's maker, read back: the gerbers and the drill file are the board, whole and of its size."""

from __future__ import annotations

import csv
import math
import warnings
from pathlib import Path
from typing import Any

from hardware.checks import Result
from hardware.parts import Circuit

LAYERS = ("F_Cu", "B_Cu", "F_Mask", "B_Mask", "F_Paste", "F_Silkscreen", "B_Silkscreen", "Edge_Cuts")
"""What a maker needs of a board of two layers with parts on one side."""
JOINED_MM = 0.002
SAME_MM = 0.01


def check(folder: Path, circuit: Circuit) -> Result:
    """Hold the gerbers and the drill file in `folder` against the board that `circuit` was read from."""
    from gerbonara import GerberFile

    result = Result()
    layers = {}
    for name in LAYERS:
        files = list(folder.glob(f"*-{name}.*"))
        if len(files) != 1:
            result.faults.append(f"there are {len(files)} files of layer {name}, not one")
            continue
        layers[name] = GerberFile.open(files[0])
        if not layers[name].objects:
            result.faults.append(f"layer {name} is empty")
    if result.faults:
        return result
    lines = [piece for each in layers["Edge_Cuts"].objects for piece in _ends(each)]
    result.faults += _closed(lines)
    size = _size([end for line in lines for end in line])
    wanted = _size(list(circuit.outline))
    if math.dist(size, wanted) > SAME_MM:
        result.faults.append(f"the outline is {_by(size)}, the board {_by(wanted)}")
    corner = min(x for line in lines for x, _ in line), min(y for line in lines for _, y in line)
    if math.dist(corner, (0, 0)) > SAME_MM:
        result.faults.append(f"the origin is not the board's lower left corner, which lies at ({_xy(corner)})")
    result.faults += _inside(layers) + _flashed(layers, circuit)
    result.faults += _drilled(folder, circuit)
    result.figures["gerbers"] = f"{len(layers)} layers, outline {_by(size)}, {len(circuit.holes)} holes"
    return result


def check_positions(path: Path, circuit: Circuit) -> Result:
    """Hold the positions for the assembler's machine (CSV of KiCad, mm) against the parts of the board."""
    told, turns = {}, {}
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            told[row["Ref"]] = float(row["PosX"]), float(row["PosY"])
            turns[row["Ref"]] = float(row["Rot"])
    places = {ref: part.place for ref, part in circuit.parts.items() if part.bought and part.place is not None}
    placed = {ref: place.at for ref, place in places.items()}
    faults = [f"there is no position for {ref}" for ref in sorted(placed.keys() - told.keys())]
    faults += [f"there is a position for {ref}, which is not bought" for ref in sorted(told.keys() - placed.keys())]
    faults += [
        f"{ref} is said to be at ({_xy(told[ref])}), and is at ({_xy(at)})"
        for ref, at in sorted(placed.items())
        if ref in told and math.dist(at, told[ref]) > SAME_MM
    ]
    faults += [
        f"{ref} is said to be turned by {turns[ref]:g} degrees, and is turned by {place.turned:g}"
        for ref, place in sorted(places.items())
        if ref in turns and (turns[ref] - place.turned + 1) % 360 > 2
    ]
    return Result(faults, {"positions": f"{len(told)} parts"})


def _ends(line: Any) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """An edge's ends; an arc of more than a corner would need its bulge too, and the board has none."""
    return [((line.x1, line.y1), (line.x2, line.y2))]


def _closed(lines: list[tuple[tuple[float, float], tuple[float, float]]]) -> list[str]:
    """Every end meets exactly one other."""
    ends = [end for line in lines for end in line]
    loose = [one for one in ends if sum(math.dist(one, other) < JOINED_MM for other in ends) != 2]
    return [f"the outline is open at ({x:.2f}, {y:.2f})" for x, y in loose[:2]]


def _inside(layers: dict[str, Any]) -> list[str]:
    """Copper stays within the board."""
    (left, lower), (right, upper) = layers["Edge_Cuts"].bounding_box()
    faults = []
    for name in ("F_Cu", "B_Cu"):
        (x0, y0), (x1, y1) = layers[name].bounding_box()
        if x0 < left or y0 < lower or x1 > right or y1 > upper:
            faults.append(f"copper of layer {name} reaches past the outline")
    return faults


def _flashed(layers: dict[str, Any], circuit: Circuit) -> list[str]:
    """Each pad has its copper, and its opening in the mask, on the part's side."""
    from gerbonara.graphic_objects import Flash

    faults = []
    for side, top in (("F", True), ("B", False)):
        pads = [
            (f"pad {number} of {ref}", at)
            for ref, part in sorted(circuit.parts.items())
            if part.place is not None and part.place.top == top
            for number, at in part.place.pads
            if number  # a hole without copper has none
        ]
        for name in (f"{side}_Cu", f"{side}_Mask"):
            flashes = [(each.x, each.y) for each in layers[name].objects if isinstance(each, Flash)]
            bare = [pad for pad, at in pads if all(math.dist(at, flash) > SAME_MM for flash in flashes)]
            if bare:
                faults.append(f"layer {name} has nothing at {len(bare)} pads, as {bare[0]}")
    return faults


def _drilled(folder: Path, circuit: Circuit) -> list[str]:
    """The holes are those of the board, each where it is and as wide."""
    from gerbonara import ExcellonFile

    files = list(folder.glob("*.drl"))
    if len(files) != 1:
        return [f"there are {len(files)} drill files, not one"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)  # KiCad says G90 twice
        drilled = [(_middle(each), float(each.aperture.diameter)) for each in ExcellonFile.open(files[0]).objects]
    lacking = []
    for at, width in circuit.holes:
        same = [each for each in drilled if math.dist(each[0], at) < SAME_MM and abs(each[1] - width) < SAME_MM]
        if same:
            drilled.remove(same[0])
        else:
            lacking.append((at, width))
    return [
        f"the drill file {has} {len(holes)} of the holes, as one of {holes[0][1]:g} mm at ({_xy(holes[0][0])})"
        for has, holes in (("lacks", lacking), ("has too many by", drilled))
        if holes
    ]


def _middle(hole: Any) -> tuple[float, float]:
    """Of a hole its place, of a slot the middle between its ends."""
    return ((hole.x1 + hole.x2) / 2, (hole.y1 + hole.y2) / 2) if hasattr(hole, "x1") else (hole.x, hole.y)


def _size(points: list[tuple[float, float]]) -> tuple[float, float]:
    across, along = zip(*points, strict=True)
    return max(across) - min(across), max(along) - min(along)


def _xy(at: tuple[float, float]) -> str:
    return f"{at[0]:.2f}, {at[1]:.2f}"


def _by(size: tuple[float, float]) -> str:
    return f"{size[0]:.2f} x {size[1]:.2f} mm"
