"""Pictures of the perfboard for its guide: what each stage adds, from above and from the solder side."""

from __future__ import annotations

import math
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from hardware.parts import Box, Circuit, Part, Point, number
from hardware.perfboard import Line, Perfboard, Placed

MM = 15
"""Pixels a millimetre in the picture."""
SCALE = 2
"""Drawn so many times larger, then made smaller: smooth lines."""
LEFT, TOP, BELOW, LIST = 56, 92, 50, 400
"""Pixels around the board, and for the list at its right."""
TINTS = 255
BOARD, EDGE, COPPER, BARE, INK, PALE = "#e9dfc2", "#b9a97c", "#c98b4b", "#9a9a9a", "#222222", "#777777"
BODIES = {
    "module": "#2b2f38",
    "resistor": "#8fc3dc",
    "diode": "#333333",
    "capacitor": "#e0a83c",
    "transistor": "#3a3a3a",
    "hall": "#3a3a3a",
    "led": "#d83a34",
    "switch": "#8d9299",
    "piezo": "#4a4a52",
}
RINGS = (
    ("black", "#000000"),
    ("brown", "#7b3f00"),
    ("red", "#d0021b"),
    ("orange", "#f58a07"),
    ("yellow", "#f8e71c"),
    ("green", "#2e8b3d"),
    ("blue", "#1c4fd6"),
    ("violet", "#7a3fb0"),
    ("grey", "#8a8a8a"),
    ("white", "#ffffff"),
)
ONE_PERCENT = 1
HINTS = {
    "U1": "D4 to D7 and D9 get no pins: runs pass there",
    "Q1": "lying, flat side up",
    "U2": "lying, marked side up, sleeve on the middle leg",
    "D1": "ring at K",
    "D2": "short leg, flat edge at K",
    "BZ1": "either way round",
}
"""How a part lies, where that is not plain from its holes."""
TOP_STAGES = {
    1: ("1-module", "The module"),
    2: ("2-resistors", "Resistors and the diode"),
    3: ("3-small-parts", "Capacitors, transistor, Hall switch"),
    4: ("4-tall-parts", "Button, light, buzzer"),
}

SOLDER_STAGES = {5: ("5-runs", "Bare runs"), 6: ("6-wires", "Insulated wires; contacts (8) and cell (9)")}
"""File name and title of each picture, by the stage of the assembly."""


class View:
    """One picture being drawn: the board from above, or from the solder side, left and right changed over."""

    def __init__(self, board: Perfboard, title: str, mirrored: bool) -> None:
        self._board, self._mirrored = board, mirrored
        width, length = board.size
        self._size = (LEFT + round(width * MM) + LIST, TOP + round(length * MM) + BELOW)
        self.image = Image.new("RGB", (self._size[0] * SCALE, self._size[1] * SCALE), "white")
        self._pen = ImageDraw.Draw(self.image)
        self._listed = TOP + 6.0
        self.text((LEFT, 14), title, 20)
        side = "solder side: left and right are changed over" if mirrored else "from above, the side of the parts"
        self.text((LEFT, 40), side, 13, PALE)
        self._frame()

    def save(self, path: Path) -> None:
        """Write the picture."""
        small = self.image.resize(self._size, Image.Resampling.LANCZOS)
        small.quantize(TINTS, Image.Quantize.MAXCOVERAGE).save(path, optimize=True)

    def at(self, point: Point) -> Point:
        """Where a point of the board is in the picture, pixels."""
        width, length = self._board.size
        x = width - point[0] if self._mirrored else point[0]
        return LEFT + x * MM, TOP + (length - point[1]) * MM

    def hole(self, name: str) -> Point:
        """Where a hole is in the picture."""
        return self.at(self._board.at(name))

    def text(
        self, at: Point, text: str, size: float = 12, colour: str = INK, anchor: str = "la", halo: bool = False
    ) -> None:
        """Write a line; `anchor` as Pillow has it; `halo` for a white rim."""
        font = ImageFont.load_default(size * SCALE)
        rim = 2 * SCALE if halo else 0
        self._pen.text(
            (at[0] * SCALE, at[1] * SCALE), text, colour, font, anchor, stroke_width=rim, stroke_fill="white"
        )

    def line(self, points: list[Point], colour: str, width: float) -> None:
        """A bent line with round ends."""
        flat = [(x * SCALE, y * SCALE) for x, y in points]
        self._pen.line(flat, colour, round(width * SCALE), "curve")
        for point in points:
            self.dot(point, width / 2, colour)

    def dot(self, at: Point, radius: float, colour: str, edge: str | None = None) -> None:
        """A disc."""
        x, y = at
        box = [(x - radius) * SCALE, (y - radius) * SCALE, (x + radius) * SCALE, (y + radius) * SCALE]
        self._pen.ellipse(box, colour, edge, SCALE)

    def box(self, box: Box, colour: str | None, edge: str | None = None, radius: float = 0) -> None:
        """A rectangle of the board's frame, mm."""
        one, other = self.at((box.left, box.lower)), self.at((box.right, box.upper))
        flat = [min(one[0], other[0]), min(one[1], other[1]), max(one[0], other[0]), max(one[1], other[1])]
        self._pen.rounded_rectangle([each * SCALE for each in flat], radius * SCALE, colour, edge, SCALE)

    def note(self, text: str, colour: str | None = None, bold: bool = False) -> None:
        """One line of the list at the right, with a patch of `colour`."""
        left = self._size[0] - LIST + 20
        if colour is not None:
            self.line([(left, self._listed + 8), (left + 26, self._listed + 8)], PALE, 7)
            self.line([(left, self._listed + 8), (left + 26, self._listed + 8)], colour, 5)
        self.text((left + (40 if colour is not None else 0), self._listed), text, 15 if bold else 13)
        self._listed += 26 if bold else 20

    def gap(self) -> None:
        """An empty line in the list."""
        self._listed += 12

    def _frame(self) -> None:
        board = self._board
        width, length = board.size
        self.box(Box(0, 0, width, length), BOARD, EDGE, 2 * MM)
        for column in board.columns:
            for row in range(1, board.rows + 1):
                at = self.hole(f"{column}{row}")
                if self._mirrored:
                    self.dot(at, 0.95 * MM, COPPER)
                self.dot(at, board.hole / 2 * MM, "white", None if self._mirrored else EDGE)
        for column in board.columns:
            x, _ = self.hole(f"{column}1")
            self.text((x, TOP + length * MM + 8), column, 13, PALE, "ma")
            self.text((x, TOP - 4), column, 13, PALE, "mb")
        for row in range(1, board.rows + 1):
            _, y = self.hole(f"{board.columns[0]}{row}")
            self.text((LEFT - 8, y), str(row), 13, PALE, "rm")
        middle = LEFT + width * MM / 2
        self.text((middle, TOP + length * MM + 28), "dock end (USB)", 13, PALE, "ma")


def pictures() -> list[str]:
    """The names of all pictures, in the order of the work."""
    return [f"xiao-{name}.png" for name, _ in (TOP_STAGES | SOLDER_STAGES).values()]


def draw(board: Perfboard, circuit: Circuit, colours: dict[str, str], folder: Path) -> list[Path]:
    """Draw every stage into `folder`; `colours` of the nets' wires as #rrggbb. The paths, in the order of the work."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for stage, (name, title) in (TOP_STAGES | SOLDER_STAGES).items():
        view = View(board, f"{stage}. {title}", mirrored=stage in SOLDER_STAGES)
        if stage in TOP_STAGES:
            _parts(view, board, circuit, stage)
        else:
            _solder_side(view, board, circuit, colours, with_wires=stage == max(SOLDER_STAGES))
        made.append(folder / f"xiao-{name}.png")
        view.save(made[-1])
    return made


def _parts(view: View, board: Perfboard, circuit: Circuit, stage: int) -> None:
    """The parts of all stages up to `stage`; those of this one are listed and in their own colours."""
    there = sorted(
        (part for part in board.parts.values() if part.stage <= stage and part.body), key=lambda its: its.stage
    )
    for placed in there:
        _part(view, placed, circuit.parts[placed.ref], faded=placed.stage < stage)
    if stage == 1:
        zone = board.antenna
        view.box(zone, None, "#c2491d", 4)
        view.text(view.at(((zone.left + zone.right) / 2, zone.upper + 0.7)), "keep free: antenna", 13, "#c2491d", "mm")
    for placed in there:
        if placed.stage == stage:
            _listed(view, placed, circuit.parts[placed.ref])


def _listed(view: View, placed: Placed, part: Part) -> None:
    told = ", ".join(f"{pin} in {hole}" if part.names else hole for pin, hole in placed.pins.items())
    if placed.package == "module":
        view.note(f"{placed.ref}  {part.value}", bold=True)
        for pin, hole in placed.pins.items():
            view.note(f"{pin} in {hole}")
    else:
        view.note(f"{placed.ref}  {part.value}:  {told}", bold=True)
    if placed.package == "resistor":
        view.note(" ".join(name for name, _ in rings(part.value)))
    if placed.ref in HINTS:
        view.note(HINTS[placed.ref])
    view.gap()


def _part(view: View, placed: Placed, part: Part, faded: bool) -> None:
    assert placed.body is not None
    body, colour = placed.body, _faded(BODIES[placed.package]) if faded else BODIES[placed.package]
    points = [view.hole(hole) for hole in placed.pins.values()]
    middle = view.at(body.centre)
    leg = _faded(BARE) if faded else BARE
    for course in _legs(view, placed, points):
        view.line(course, leg, 0.5 * MM)
    if body.round:
        view.dot(middle, (body.box.right - body.box.left) / 2 * MM, colour, INK)
    else:
        view.box(body.box, colour, INK, 0.4 * MM)
    _details(view, placed, part, middle, faded)
    for (pin, _), point in zip(placed.pins.items(), points, strict=True):
        view.dot(point, 0.42 * MM, leg, INK)
        if placed.package == "module":
            _module_pin(view, pin, point, middle)
        elif part.names and not faded:
            view.text((point[0], point[1] + 17), pin, 11, INK, "mm", halo=True)
    if faded:
        return
    if placed.package == "resistor":
        flat = points[0][1] == points[1][1]
        at = (
            (min(point[0] for point in points) - 18, middle[1]) if flat else (middle[0], min(y for _, y in points) - 15)
        )
        view.text(at, placed.ref, 13, INK, "mm", halo=True)
    else:
        dark = placed.package in {"module", "diode", "transistor", "hall", "piezo", "led", "switch"}
        view.text(middle, placed.ref, 15, "white" if dark else INK, "mm")


def _module_pin(view: View, pin: str, point: Point, middle: Point) -> None:
    inner = abs(point[0] - middle[0]) < 4 * MM
    if inner:
        view.text((point[0], point[1] + 16), pin, 12, "white", "mm")
    elif point[0] > middle[0]:
        view.text((point[0] - 11, point[1]), pin, 12, "white", "rm")
    else:
        view.text((point[0] + 11, point[1]), pin, 12, "white", "lm")


def _legs(view: View, placed: Placed, points: list[Point]) -> list[list[Point]]:
    """The course of each leg from its hole to under the body."""
    assert placed.body is not None
    box, middle = placed.body.box, view.at(placed.body.centre)
    if placed.package == "module":
        return []
    if placed.package not in {"transistor", "hall"}:
        return [[point, middle] for point in points]
    courses = []
    _, edge = view.at((box.left, box.lower))
    for place, point in enumerate(points):
        out = middle[0] + (place - 1) * 1.27 * MM
        courses.append([point, (out, min(point[1], edge + 4.4 * MM)), (out, edge - 2)])
    return courses


def _details(view: View, placed: Placed, part: Part, middle: Point, faded: bool) -> None:
    """What tells the part, and which way round it is."""
    assert placed.body is not None
    box = placed.body.box
    if placed.package == "module":
        view.box(Box(11.5, -0.45, 20.5, 6.8), "#c7ccd3", INK, 6)
        view.text(view.at((16, 3)), "USB", 14, INK, "mm")
        view.box(Box(11, box.upper - 2.6, 21, box.upper - 0.4), "#d9d2c0", INK, 2)
        view.text(view.at((16, box.upper - 1.5)), "antenna", 11, INK, "mm")
    elif placed.package == "resistor":
        upright = box.upper - box.lower > box.right - box.left
        length = (box.upper - box.lower) if upright else (box.right - box.left)
        for place, (_, tint) in enumerate(rings(part.value)):
            share = length * (0.08 + 0.19 * place + (0.05 if place == 4 else 0))
            wide = length * 0.08
            band = (
                Box(box.left, box.upper - share - wide, box.right, box.upper - share)
                if upright
                else Box(box.left + share, box.lower, box.left + share + wide, box.upper)
            )
            view.box(band, _faded(tint) if faded else tint)
    elif placed.package == "diode":
        at_k = view.hole(placed.pins["K"])[1] > middle[1]
        lower = box.lower + 0.5 if at_k else box.upper - 1.3
        view.box(Box(box.left, lower, box.right, lower + 0.8), "#dddddd")
    elif placed.package == "switch":
        view.dot(middle, 1.3 * MM, "#3d4047", INK)
    elif placed.package == "piezo":
        view.dot((middle[0], middle[1] - 26), 1.0 * MM, "white", INK)


def _solder_side(view: View, board: Perfboard, circuit: Circuit, colours: dict[str, str], with_wires: bool) -> None:
    nets: dict[str, list[Line]] = {}
    for run in board.runs:
        nets.setdefault(run.net, []).append(run)
        points = [view.hole(hole) for hole in run.holes]
        view.line(points, INK, 0.85 * MM)
        view.line(points, _faded(colours[run.net]) if with_wires else colours[run.net], 0.6 * MM)
    names: list[tuple[Point, str]] = []
    for placed in board.parts.values():
        if placed.package == "wire" and not with_wires:
            continue
        for pin, hole in placed.pins.items():
            view.dot(view.hole(hole), 0.5 * MM, "#d5d5d5", INK)
            if not with_wires:
                name = f"{placed.ref} {pin}" if circuit.parts[placed.ref].names else placed.ref
                name = pin if placed.package == "module" else name
                names.append((view.hole(hole), name))
    for (x, y), name in names:
        view.text((x, y + 16), name, 10, INK, "mm", halo=True)
    if not with_wires:
        view.note("Bare wire, hole to hole", bold=True)
        for net, runs in nets.items():
            view.gap()
            for place, run in enumerate(runs):
                told = " - ".join(run.holes)
                view.note(f"{net}: {told}" if place == 0 else told, colours[net])
        return
    view.note("Insulated wire, over the runs", bold=True)
    for wire in board.wires:
        points = [view.hole(hole) for hole in wire.holes]
        view.line(points, INK, 7)
        view.line(points, colours[wire.net], 4.5)
        view.note(f"{wire.net}: {wire.holes[0]} to {wire.holes[-1]}", colours[wire.net])
    for wire in board.wires:
        for end in (wire.holes[0], wire.holes[-1]):
            view.dot(view.hole(end), 7, colours[wire.net], INK)
    for placed in board.parts.values():
        if placed.package != "wire":
            continue
        part = circuit.parts[placed.ref]
        view.gap()
        view.note(f"{placed.ref}  {part.fields.get('Description', part.value)}", bold=True)
        for pin, hole in placed.pins.items():
            colour = colours[part.net(pin)]
            view.dot(view.hole(hole), 9, colour, INK)
            x, y = view.hole(hole)
            view.text((x, y + 18), f"{placed.ref} {pin}", 12, INK, "mm", halo=True)
            view.note(f"{pin} in {hole}", colour)


def rings(value: str) -> list[tuple[str, str]]:
    """Name and #rrggbb of the rings of a resistor of 1 %: three digits, their power of ten, and brown."""
    ohms = number(value)
    power = math.floor(math.log10(ohms)) - 2
    digits = f"{round(ohms / 10**power):03d}"
    return [RINGS[int(digit)] for digit in digits] + [RINGS[power], RINGS[ONE_PERCENT]]


def _faded(colour: str) -> str:
    """The colour, two thirds of the way to the board's."""
    parts = [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
    board = [int(BOARD[place : place + 2], 16) for place in (1, 3, 5)]
    return "#" + "".join(f"{round((one + 2 * other) / 3):02x}" for one, other in zip(parts, board, strict=True))
