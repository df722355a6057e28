"""A build as parts, pins and nets, read from its source: the board's KiCad file, or the reference build's wiring.

No KiCad is needed: the board's file holds each pad's net and each part's fields.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import sexpdata

from hardware.errors import HardwareError

BOARD = Path(__file__).parent / "board" / "kitdock-tag.kicad_pcb"
"""The custom board."""
WIRING = Path(__file__).parent / "xiao" / "wiring.yml"
"""The reference build."""

PREFIXES = {"p": 1e-12, "n": 1e-9, "u": 1e-6, "µ": 1e-6, "m": 1e-3, "": 1.0, "R": 1.0, "k": 1e3, "K": 1e3, "M": 1e6}
"""What stands after the digits of a value, or in place of its decimal point."""
VALUE = re.compile(r"(\d+)(?:\.(\d+))?\s*([pnuµmRkKM]?)(\d*)\s*(?:Ohm|Ω|F|V)?")


Point = tuple[float, float]
"""x and y, mm in the board's frame: origin lower left, y up, seen on the top side."""


class CircuitError(HardwareError):
    """The circuit is not what is asked of it; one line that says where."""


class Box(NamedTuple):
    """A rectangle in the board's frame, mm."""

    left: float
    lower: float
    right: float
    upper: float

    def meets(self, other: Box) -> bool:
        """Whether the two have more than an edge in common."""
        across = self.left < other.right and other.left < self.right
        return across and self.lower < other.upper and other.lower < self.upper

    def crossed(self, one: Point, other: Point) -> bool:
        """Whether the straight line between two points enters the box: what is left of it, cut at all four sides."""
        begin, end = 0.0, 1.0
        for start, step, least, most in (
            (one[0], other[0] - one[0], self.left, self.right),
            (one[1], other[1] - one[1], self.lower, self.upper),
        ):
            if step == 0:
                if not least < start < most:
                    return False
                continue
            near, far = sorted(((least - start) / step, (most - start) / step))
            begin, end = max(begin, near), min(end, far)
        return begin < end


@dataclass(frozen=True)
class Place:
    """Where a part lies on the board."""

    at: Point
    """Where its origin lies."""
    box: Box
    """Its courtyard."""
    top: bool = True
    pads: tuple[tuple[str, Point], ...] = ()
    """Number and centre of each pad."""
    holes: tuple[tuple[Point, float], ...] = ()
    """Centre and diameter of each pad's hole, of a slot its width, mm."""
    turned: float = 0.0
    """Degrees, anticlockwise, from how the footprint is drawn."""


@dataclass(frozen=True)
class Part:
    """One part, with the nets of its pins by number and, where they have names, by name."""

    ref: str
    value: str
    fields: dict[str, str] = field(default_factory=dict)
    pins: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    place: Place | None = None
    bought: bool = True
    """False for what is copper only, as a test pad: it is no line of the BOM."""

    @property
    def kind(self) -> str:
        """The letters of its reference: R, C, D, U ..."""
        return self.ref.rstrip("0123456789")

    def net(self, pin: str) -> str:
        """The net of the pin with this name or number; raises CircuitError."""
        found = self.names.get(pin) or self.pins.get(pin)
        if found is None:
            raise CircuitError(f"{self.ref} ({self.value}) has no connected pin {pin}")
        return found


@dataclass(frozen=True)
class Circuit:
    """The parts of one build."""

    parts: dict[str, Part]
    outline: tuple[Point, ...] = ()
    """Corners of the board's edge, mm in its frame; arcs as short lines. Empty for a build without a board file."""
    holes: tuple[tuple[Point, float], ...] = ()
    """Centre and diameter of each drilled hole, of a slot its width, mm: pads, vias."""

    def between(self, one: str, other: str, kind: str = "R") -> Part:
        """The only part of this kind with two pins that joins two nets; raises CircuitError."""
        found = [
            part
            for part in self.parts.values()
            if part.kind == kind and sorted(part.pins.values()) == sorted((one, other))
        ]
        if len(found) != 1:
            what = f"{kind} between {one} and {other}"
            raise CircuitError(f"no {what}" if not found else f"more than one {what}: {_refs(found)}")
        return found[0]

    def with_value(self, starts: str) -> Part:
        """The only part whose value begins so; raises CircuitError."""
        found = [part for part in self.parts.values() if part.value.startswith(starts)]
        if len(found) != 1:
            raise CircuitError(f"no {starts}" if not found else f"more than one {starts}: {_refs(found)}")
        return found[0]

    def on(self, net: str) -> dict[str, list[str]]:
        """The pins on a net, by the part they belong to."""
        found = {part.ref: [pin for pin, its in part.pins.items() if its == net] for part in self.parts.values()}
        return {ref: pins for ref, pins in found.items() if pins}

    @property
    def nets(self) -> set[str]:
        """The names of all nets."""
        return {net for part in self.parts.values() for net in part.pins.values()}


def _refs(parts: list[Part]) -> str:
    return ", ".join(sorted(part.ref for part in parts))


def number(text: str) -> float:
    """A part's value in its unit: "4k7", "100n", "15 kOhm", "2.2M"; raises CircuitError."""
    match = VALUE.fullmatch(text.strip())
    if match is None:
        raise CircuitError(f"not a value of a resistor or capacitor: {text!r}")
    whole, fraction, prefix, after = match.groups()
    return float(f"{whole}.{fraction or after or 0}") * PREFIXES[prefix]


DAMAGED = (TypeError, ValueError, IndexError)
"""What a list raises that lacks a coordinate, or has a word in its place."""

Frame = Callable[[float, float], Point]
"""From KiCad's page to the board's frame."""


@functools.lru_cache(maxsize=2)
def _parsed(text: str) -> Any:
    """A file's nested lists; reading half a megabyte takes half a second, so the last ones are kept."""
    return sexpdata.loads(text)


def load(path: Path) -> tuple[Any, list[Point], Frame]:
    """A .kicad_pcb as nested lists, its outline, and the way into the board's frame; raises CircuitError."""
    try:
        tree = _parsed(path.read_text())
    except Exception as error:
        raise CircuitError(f"{path.name} cannot be read as a KiCad board: {type(error).__name__}") from error
    if _head(tree) != "kicad_pcb":
        raise CircuitError(f"{path.name} is not a KiCad board")
    try:
        corners = _outline(tree)
    except DAMAGED as error:
        raise CircuitError(f"{path.name}: a line on Edge.Cuts cannot be read: {error}") from error
    if not corners:
        raise CircuitError(f"{path.name} has no closed outline on Edge.Cuts")
    left, bottom = min(x for x, _ in corners), max(y for _, y in corners)
    return tree, corners, lambda x, y: (round(x - left, 4), round(bottom - y, 4))


def read_board(path: Path) -> Circuit:
    """The custom board, from its .kicad_pcb; raises CircuitError if that is not one."""
    tree, corners, frame = load(path)
    parts: dict[str, Part] = {}
    for footprint in every(tree, "footprint"):
        try:
            part = _part(footprint, frame)
        except DAMAGED as error:
            raise CircuitError(f"{path.name}: the footprint {_named(footprint)} cannot be read: {error}") from error
        if part.ref in parts:
            raise CircuitError(f"{path.name} has two parts called {part.ref}")
        parts[part.ref] = part
    try:
        holes = [(frame(*point(first(via, "at"))), float(first(via, "drill")[1])) for via in every(tree, "via")]
    except DAMAGED as error:
        raise CircuitError(f"{path.name}: a via cannot be read: {error}") from error
    for part in parts.values():
        holes += part.place.holes if part.place is not None else ()
    return Circuit(parts, tuple(frame(x, y) for x, y in corners), tuple(holes))


def _named(footprint: Any) -> str:
    """What a person finds a footprint by: its reference, as far as it has one."""
    found = [item[2] for item in every(footprint, "property") if item[1:2] == ["Reference"] and len(item) > 2]
    return str(found[0]) if found else "without a reference"


def _part(footprint: Any, frame: Frame) -> Part:
    fields = {item[1]: str(item[2]) for item in every(footprint, "property")}
    x, y, angle = _at(footprint)
    pins: dict[str, str] = {}
    names: dict[str, str] = {}
    pads, holes = [], []
    for pad in every(footprint, "pad"):
        dx, dy, _ = _at(pad)
        centre = frame(*_turned(x, y, angle, dx, dy))
        pads.append((str(pad[1]), centre))
        if drill := first(pad, "drill"):
            holes.append((centre, min(float(each) for each in drill[1:] if isinstance(each, int | float))))
        net = first(pad, "net")
        if net is None:
            continue
        name = str(net[-1]).removeprefix("/")
        if name.startswith("unconnected-"):
            continue
        pins[str(pad[1])] = name
        function = first(pad, "pinfunction")
        if function is not None:
            names[str(function[1])] = name
    corners = [frame(*_turned(x, y, angle, *point)) for point in _courtyard(footprint)]
    box = Box(
        min((px for px, _ in corners), default=frame(x, y)[0]),
        min((py for _, py in corners), default=frame(x, y)[1]),
        max((px for px, _ in corners), default=frame(x, y)[0]),
        max((py for _, py in corners), default=frame(x, y)[1]),
    )
    layer = first(footprint, "layer")
    place = Place(frame(x, y), box, layer is None or layer[1] == "F.Cu", tuple(pads), tuple(holes), angle)
    bought = "exclude_from_bom" not in {_head([item]) for item in first(footprint, "attr") or []}
    return Part(fields.get("Reference", "?"), fields.get("Value", ""), fields, pins, names, place, bought)


def _courtyard(footprint: Any) -> list[Point]:
    points: list[Point] = []
    for kind in ("fp_line", "fp_rect", "fp_poly", "fp_circle", "fp_arc"):
        for item in every(footprint, kind):
            layer = first(item, "layer")
            if layer is None or not str(layer[1]).endswith("CrtYd"):
                continue
            if kind == "fp_circle":
                centre, end = first(item, "center"), first(item, "end")
                radius = math.dist(centre[1:3], end[1:3])
                points += [(centre[1] + sx * radius, centre[2] + sy * radius) for sx in (-1, 1) for sy in (-1, 1)]
            elif kind == "fp_poly":
                points += [(point[1], point[2]) for point in every(first(item, "pts"), "xy")]
            else:
                points += [point(first(item, end)) for end in ("start", "end")]
    return points


def _outline(tree: Any) -> list[Point]:
    """Corners of the closed line on Edge.Cuts, in order; empty if it is not closed or there are several."""
    pieces: list[list[Point]] = []
    for kind in ("gr_line", "gr_arc", "gr_rect"):
        for item in every(tree, kind):
            layer = first(item, "layer")
            if layer is None or layer[1] != "Edge.Cuts":
                continue
            start, end = (point(first(item, name)) for name in ("start", "end"))
            if kind == "gr_rect":
                pieces.append([start, (end[0], start[1]), end, (start[0], end[1]), start])
            elif kind == "gr_arc":
                pieces.append(_arc(start, point(first(item, "mid")), end))
            else:
                pieces.append([start, end])
    if not pieces:
        return []
    line = pieces.pop(0)
    while pieces:
        for piece in pieces:
            if math.dist(piece[0], line[-1]) < 1e-3:
                line += piece[1:]
            elif math.dist(piece[-1], line[-1]) < 1e-3:
                line += piece[-2::-1]
            else:
                continue
            pieces.remove(piece)
            break
        else:
            return []
    return line[:-1] if math.dist(line[0], line[-1]) < 1e-3 else []


def _arc(start: Point, mid: Point, end: Point) -> list[Point]:
    """An arc through three points as lines of at most about 15 degrees."""
    (ax, ay), (bx, by), (cx, cy) = start, mid, end
    twice = 2 * (ax * (by - cy) + bx * (cy - ay) + cx * (ay - by))
    if abs(twice) < 1e-9:
        return [start, end]
    a, b, c = ax * ax + ay * ay, bx * bx + by * by, cx * cx + cy * cy
    x = (a * (by - cy) + b * (cy - ay) + c * (ay - by)) / twice
    y = (a * (cx - bx) + b * (ax - cx) + c * (bx - ax)) / twice
    radius = math.hypot(ax - x, ay - y)
    first, through, last = (math.atan2(py - y, px - x) for px, py in (start, mid, end))
    turn = (last - first) % math.tau
    if (through - first) % math.tau > turn:
        turn -= math.tau
    steps = max(2, math.ceil(abs(turn) / math.radians(15)))
    between = [first + turn * step / steps for step in range(1, steps)]
    return [start, *((x + radius * math.cos(each), y + radius * math.sin(each)) for each in between), end]


def _turned(x: float, y: float, angle: float, dx: float, dy: float) -> Point:
    turn = math.radians(angle)
    return x + dx * math.cos(turn) + dy * math.sin(turn), y - dx * math.sin(turn) + dy * math.cos(turn)


def _at(item: Any) -> tuple[float, float, float]:
    at = first(item, "at")
    return float(at[1]), float(at[2]), float(at[3]) if len(at) > 3 else 0.0


def _head(item: Any) -> str:
    return str(item[0]) if isinstance(item, list) and item else ""


def every(item: Any, head: str) -> list[Any]:
    """The lists in `item`, a list of KiCad's file format, that begin with the word `head`."""
    return [child for child in item if _head(child) == head]


def first(item: Any, head: str) -> Any:
    """The first of `every`, or None."""
    return next(iter(every(item, head)), None)


def point(item: Any) -> Point:
    """The coordinates that follow the word `item` begins with, mm in KiCad's page."""
    return float(item[1]), float(item[2])


def read_wiring(path: Path) -> Circuit:
    """The reference build, from its WireViz file; raises CircuitError if that is not one.

    A connector is a part: its name the reference, its `subtype` the value. Pins that wires join are one
    net, which has the name of those wires' labels. What else may be bought is in the metadata, by part number.
    """
    from wireviz.wireviz import parse

    try:
        harness = parse(path.read_text(), return_types="harness")
    except Exception as error:
        raise CircuitError(f"{path.name} cannot be read as wiring: {' '.join(str(error).split())}") from error
    nets: dict[tuple[str, str], str] = {}
    for cable in harness.cables.values():
        for wire in cable.connections:
            label = dict(enumerate(cable.wirelabels, 1)).get(wire.via_port)
            if not label:
                raise CircuitError(f"{path.name}: wire {wire.via_port} of {cable.name} does not say which net it is")
            for ref, pin in ((wire.from_name, wire.from_pin), (wire.to_name, wire.to_pin)):
                if ref is None:
                    continue
                known = nets.setdefault((ref, str(pin)), label)
                if known != label:
                    raise CircuitError(f"{path.name}: {ref} pin {pin} is on {known} and on {label}")
    parts = {}
    for ref, connector in harness.connectors.items():
        pins = {str(pin): nets[ref, str(pin)] for pin in connector.pins if (ref, str(pin)) in nets}
        named = zip(connector.pins, connector.pinlabels, strict=False)
        names = {str(label): pins[str(pin)] for pin, label in named if str(pin) in pins}
        fields = {
            "Manufacturer": connector.manufacturer,
            "MPN": connector.mpn,
            "Alternates": harness.metadata.get("alternates", {}).get(connector.mpn),
            "Description": connector.type,
        }
        texts = {name: str(text) for name, text in fields.items() if text}
        value = str(connector.subtype or connector.type or "")
        parts[ref] = Part(ref, value, texts, pins, names, bought=not connector.ignore_in_bom)
    _joined(path, harness, nets)
    return Circuit(parts)


def _joined(path: Path, harness: Any, nets: dict[tuple[str, str], str]) -> None:
    """See that wires of one label are one piece: the same name on two islands would not be connected."""
    islands: dict[str, list[set[tuple[str, str]]]] = {}
    for cable in harness.cables.values():
        for wire in cable.connections:
            ends = {(wire.from_name, str(wire.from_pin)), (wire.to_name, str(wire.to_pin))}
            touched = {end for end in ends if end[0] is not None}
            net = nets[next(iter(touched))]
            kept = []
            for island in islands.get(net, []):
                if island & touched:
                    touched |= island
                else:
                    kept.append(island)
            islands[net] = [*kept, touched]
    for net, pieces in islands.items():
        if len(pieces) > 1:
            told = "; ".join(", ".join(f"{ref} pin {pin}" for ref, pin in sorted(piece)[:2]) for piece in pieces)
            raise CircuitError(f"{path.name}: {net} is in {len(pieces)} pieces that nothing joins: {told}")


@functools.cache
def builds() -> dict[str, Circuit]:
    """The circuits of both builds: "xiao" by hand, "board" the custom one; raises CircuitError."""
    return {"xiao": read_wiring(WIRING), "board": read_board(BOARD)}
