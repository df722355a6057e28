"""What goes to the board's maker, read back: the gerbers and the drill file are the board, whole and of its size."""

from __future__ import annotations

import math
import warnings
from pathlib import Path
from typing import Any

from hardware.checks import Result
from hardware.checks.parts import Circuit

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
    result.faults += _inside(layers)
    result.faults += _drilled(folder, circuit)
    result.figures["gerbers"] = f"{len(layers)} layers, outline {_by(size)}, {circuit.holes} holes"
    return result


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


def _drilled(folder: Path, circuit: Circuit) -> list[str]:
    from gerbonara import ExcellonFile

    files = list(folder.glob("*.drl"))
    if len(files) != 1:
        return [f"there are {len(files)} drill files, not one"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)  # KiCad says G90 twice
        holes = len(ExcellonFile.open(files[0]).objects)
    return [] if holes == circuit.holes else [f"the drill file has {holes} holes, the board {circuit.holes}"]


def _size(points: list[tuple[float, float]]) -> tuple[float, float]:
    across, along = zip(*points, strict=True)
    return max(across) - min(across), max(along) - min(along)


def _by(size: tuple[float, float]) -> str:
    return f"{size[0]:.2f} x {size[1]:.2f} mm"
