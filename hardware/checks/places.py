"""The numbers of the enclosure (mechanics.scad) against the board: parts lie where the case leaves room for them."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Mapping
from pathlib import Path

from hardware.checks import Result
from hardware.errors import HardwareError
from hardware.parts import Circuit, CircuitError, Part, Point

MECHANICS = Path(__file__).parent.parent / "enclosure" / "mechanics.scad"
LINE = re.compile(r"(\w+) = (.+?);\s*(?://.*)?")

OUTLINE = 0.05
"""mm that the board's edge may be off: what a board house's routing keeps is 0.1 to 0.2, its drawing is exact."""
PLACE = 0.3
"""mm that a part may be off: the holes and tongues of the lid have this much room."""

Number = float | str | list[float]


class MechanicsError(HardwareError):
    """mechanics.scad cannot be read; names the line."""


class Mechanics:
    """The numbers of the enclosure for one build, mm and degrees. `its["board_width"]`; raises MechanicsError."""

    def __init__(
        self, path: Path = MECHANICS, build: str = "board", changed: Mapping[str, Number] | None = None
    ) -> None:
        """Work out the file's lines in order, with `changed` in place of what it says."""
        self.values: dict[str, Number] = {}
        for count, line in enumerate(path.read_text().splitlines(), 1):
            text = line.strip()
            if not text or text.startswith("//"):
                continue
            match = LINE.fullmatch(text)
            if match is None:
                raise MechanicsError(f"{path.name}, line {count}: not `name = value;`")
            name, value = match.groups()
            given = {"build": build, **(changed or {})}
            try:
                self.values[name] = given[name] if name in given else self._value(value)
            except (KeyError, SyntaxError, TypeError, ZeroDivisionError) as error:
                raise MechanicsError(f"{path.name}, line {count}: {name} cannot be worked out: {error}") from error

    def __getitem__(self, name: str) -> float:
        value = self.values.get(name)
        if not isinstance(value, float):
            raise MechanicsError(f"mechanics.scad has no number {name}")
        return value

    def turn(self, part: str) -> list[float]:
        """How the part is turned for printing: degrees about x, y and z, in that order."""
        value = self.values.get(f"print_{part}", [0.0, 0.0, 0.0])
        assert isinstance(value, list)
        return value

    def _value(self, text: str) -> Number:
        condition, question, choices = text.partition(" ? ")
        if question:
            yes, _, no = choices.partition(" : ")
            text = f"({yes}) if {condition} else ({no})"
        return self._node(ast.parse(text, mode="eval").body)

    def _node(self, node: ast.expr) -> Number:
        match node:
            case ast.Constant(str(text)):
                return text
            case ast.Constant(int(number) | float(number)):
                return float(number)
            case ast.Name(name):
                return self.values[name]
            case ast.List(items):
                return [self._number(item) for item in items]
            case ast.IfExp(ast.Compare(left, [ast.Eq()], [right]), yes, no):
                return self._node(yes) if self._node(left) == self._node(right) else self._node(no)
            case ast.UnaryOp(ast.USub(), item):
                return -self._number(item)
            case ast.BinOp(left, operator, right):
                one, other = self._number(left), self._number(right)
                match operator:
                    case ast.Add():
                        return one + other
                    case ast.Sub():
                        return one - other
                    case ast.Mult():
                        return one * other
                    case ast.Div():
                        return one / other
        raise SyntaxError("only numbers, names, + - * / and one condition are read")

    def _number(self, node: ast.expr) -> float:
        value = self._node(node)
        if not isinstance(value, float):
            raise TypeError(f"{value!r} is not a number")
        return value


def check(its: Mechanics, board: Circuit) -> Result:
    """See that the enclosure's numbers are those of the board."""
    result = Result()
    _outline(its, board.outline, result)
    wanted: dict[str, tuple[str, Point]] = {
        "USB connector J1": ("J1", (its["usb_x"], math.nan)),
        "dock contact TP1": ("TP1", (its["usb_x"] - its["dock_pad_x"], its["dock_pad_y"])),
        "dock contact TP2": ("TP2", (its["usb_x"] + its["dock_pad_x"], its["dock_pad_y"])),
        "battery connector J2": ("J2", (its["battery_plug_x"], its["battery_plug_y"])),
        "button SW1": ("SW1", (its["button_x"], its["button_y"])),
        "buzzer BZ1": ("BZ1", (its["buzzer_x"], its["buzzer_y"])),
    }
    parts: dict[str, tuple[Part | None, Point]] = {
        what: (board.parts.get(ref), where) for what, (ref, where) in wanted.items()
    }
    parts["light (LED)"] = (_light(board), (its["light_x"], its["light_y"]))
    parts["Hall sensor"] = (_with_value(board, "DRV5032"), (its["sensor_x"], its["sensor_y"]))
    worst = 0.0
    for what, (part, (x, y)) in parts.items():
        if part is None or part.place is None:
            result.faults.append(f"the board has no {what}")
            continue
        at = part.place.at
        off = math.hypot(at[0] - x, 0 if math.isnan(y) else at[1] - y)
        worst = max(worst, off)
        if off > PLACE:
            where = f"x = {x:g}" if math.isnan(y) else f"({x:g}, {y:g})"
            result.faults.append(f"{what} lies at ({at[0]:.2f}, {at[1]:.2f}), the enclosure has it at {where}")
        if not part.place.top:
            result.faults.append(f"{what} lies on the lower side, the enclosure has it on the upper one")
    _boxes(its, board, result)
    _heights(its, board, result)
    result.figures["farthest part"] = f"{worst:.2f} mm off"
    return result


def _outline(its: Mechanics, outline: tuple[Point, ...], result: Result) -> None:
    if not outline:
        result.faults.append("the board has no closed outline")
        return
    width, length = max(x for x, _ in outline), max(y for _, y in outline)
    result.figures["board"] = f"{width:.2f} x {length:.2f} mm"
    for what, has, should in (("wide", width, its["board_width"]), ("long", length, its["board_length"])):
        if abs(has - should) > OUTLINE:
            result.faults.append(f"the board is {has:.2f} mm {what}, the enclosure is for {should:g}")
    # The notch: its corners are those that lie inside the rectangle, away from the round corners.
    radius = its["board_corner"]
    inner = [
        (x, y)
        for x, y in outline
        if x < width - OUTLINE and radius + OUTLINE < y < length - radius - OUTLINE and x > width / 2
    ]
    wanted = (its["notch_x"], its["notch_y"], its["notch_y"] + its["notch_length"])
    if not inner:
        result.faults.append("the board has no notch for the battery's wires")
    else:
        has_notch = (min(x for x, _ in inner), min(y for _, y in inner), max(y for _, y in inner))
        if any(abs(has - should) > OUTLINE for has, should in zip(has_notch, wanted, strict=True)):
            result.faults.append(
                "the notch begins at x = {:.2f} and goes from y = {:.2f} to {:.2f}".format(*has_notch)
                + ", the enclosure has x = {:g}, y = {:g} to {:g}".format(*wanted)
            )
    corners = [
        min(math.dist(point, corner) for point in outline)
        for corner in ((0, 0), (width, 0), (0, length), (width, length))
    ]
    for has, where in zip(corners, ("lower left", "lower right", "upper left", "upper right"), strict=True):
        # The corner's round edge passes it at (sqrt(2) - 1) of its radius; arcs are read as lines of up to 15 degrees.
        if abs(has - radius * (math.sqrt(2) - 1)) > 2 * OUTLINE:
            result.faults.append(f"the {where} corner of the board is not round by {radius:g} mm")


def _boxes(its: Mechanics, board: Circuit, result: Result) -> None:
    """Parts whose edges matter: the module in its corner, the USB connector at the board's edge."""
    module, usb = _with_value(board, "ESP32-C6"), board.parts.get("J1")
    if module is None or module.place is None:
        result.faults.append("the board has no module ESP32-C6")
    else:
        box = module.place.box
        has = (box.left + box.right) / 2, (box.lower + box.upper) / 2
        wanted = (its["module_width"] / 2, its["module_y"] + its["module_length"] / 2)
        if math.dist(has, wanted) > PLACE:
            there, here = f"({has[0]:.2f}, {has[1]:.2f})", f"({wanted[0]:g}, {wanted[1]:g})"
            result.faults.append(f"module {module.ref} lies around {there}, the enclosure has it around {here}")
    if usb is not None and usb.place is not None and abs(usb.place.box.lower - its["usb_mouth"]) > PLACE:
        result.faults.append(
            f"the mouth of J1 lies at y = {usb.place.box.lower:.2f}, the enclosure has it at {its['usb_mouth']:g}"
        )


def _heights(its: Mechanics, board: Circuit, result: Result) -> None:
    for name, part in (("usb", board.parts.get("J1")), ("button", board.parts.get("SW1")), ("light", _light(board))):
        height = None if part is None else height_of(part)
        if part is not None and height is not None and abs(height - its[f"{name}_height"]) > PLACE:
            result.faults.append(f"{part.ref} is {height:g} mm high, the enclosure has {its[f'{name}_height']:g}")
    highest, ref = 0.0, ""
    for part in board.parts.values():
        height = height_of(part)
        if height is None:
            if part.bought:
                result.faults.append(f"{part.ref} has no Height, so nobody knows whether it fits under the lid")
        elif height > highest:
            highest, ref = height, part.ref
    if highest > its["clear_above"]:
        result.faults.append(f"{ref} is {highest:g} mm high, the lid leaves {its['clear_above']:g}")
    result.figures["highest part"] = f"{ref}, {highest:g} of {its['clear_above']:g} mm"


def height_of(part: Part) -> float | None:
    """The part's field Height, mm above the board; None if it has none that is a number."""
    try:
        return float(part.fields.get("Height", "").removesuffix("mm"))
    except ValueError:
        return None


def _light(board: Circuit) -> Part | None:
    found = [board.parts[ref] for ref in board.on("LED_A") if board.parts[ref].kind == "D"]
    return found[0] if len(found) == 1 else None


def _with_value(board: Circuit, starts: str) -> Part | None:
    try:
        return board.with_value(starts)
    except CircuitError:
        return None
