"""The perfboard's layout: what it joins is the wiring, nothing touches, and the antenna is left alone."""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations, pairwise

from hardware.checks import Result
from hardware.checks.places import Mechanics
from hardware.parts import Circuit, Part
from hardware.perfboard import LayoutError, Line, Perfboard

NEAR = 0.3
"""mm that a part may be off the place that the lid has for it."""
PLACES = {"SW1": "button", "D2": "light", "U2": "sensor", "BZ1": "buzzer"}
"""Parts that the lid expects somewhere, by the name of their place in mechanics.scad."""
MODULE = "module"
"""Package of what brings the antenna with it."""
WIRE = "wire"
"""Package of what comes from the solder side."""


def check(circuit: Circuit, board: Perfboard, its: Mechanics) -> Result:
    """Hold `board` against `circuit`, and against the room and the places that `its` enclosure has."""
    result = Result()
    room = its["clear_above"]
    result.faults += _holes(circuit, board)
    try:
        result.faults += _joints(circuit, board)
    except LayoutError as error:
        result.faults.append(str(error))
    result.faults += _bodies(board, room) + _antenna(board, its) + _places(board, its)
    tallest = max((part.body.height for part in board.parts.values() if part.body), default=0.0)
    result.figures["pins"] = f"{sum(len(part.pins) for part in board.parts.values())} pins in holes"
    result.figures["lines"] = f"{len(board.runs)} bare runs, {len(board.wires)} insulated wires"
    result.figures["height"] = f"{tallest:g} mm of {room:g} mm over the perfboard"
    return result


def _pins(part: Part) -> dict[str, str]:
    """The nets of a part's connected pins, by name where pins have names."""
    return part.names or part.pins


def _holes(circuit: Circuit, board: Perfboard) -> list[str]:
    """Each pin has one hole, each hole one pin."""
    faults = []
    for ref, part in sorted(circuit.parts.items()):
        if ref not in board.parts:
            faults.append(f"{ref} ({part.value}) is not on the perfboard")
            continue
        placed = board.parts[ref].pins
        faults += [f"{ref} pin {pin} has no hole" for pin in _pins(part) if pin not in placed]
        faults += [f"{ref} pin {pin} has a hole, but no wire in the wiring" for pin in placed if pin not in _pins(part)]
    unknown = sorted(set(board.parts) - set(circuit.parts))
    faults += [f"the perfboard has {ref}, which the wiring has not" for ref in unknown]
    taken: dict[str, str] = {}
    for ref, placed_part in board.parts.items():
        for pin, hole in placed_part.pins.items():
            first = taken.setdefault(hole, f"{ref} pin {pin}")
            if first != f"{ref} pin {pin}":
                faults.append(f"{first} and {ref} pin {pin} are both in hole {hole}")
    return faults


def _joints(circuit: Circuit, board: Perfboard) -> list[str]:
    """The solder side joins what the wiring joins, and nothing else."""
    faults = []
    claims: dict[str, dict[str, str]] = defaultdict(dict)
    """What each hole is joined to: a net, and by what."""
    for ref, placed in board.parts.items():
        for pin, hole in placed.pins.items():
            net = _pins(circuit.parts[ref]).get(pin) if ref in circuit.parts else None
            if net is not None:
                claims[hole].setdefault(net, f"{ref} pin {pin}")
    joined = _Pieces()
    for run in board.runs:
        passed = board.passed(run)
        joined.join(passed)
        for hole in passed:
            claims[hole].setdefault(run.net, f"the run {run.name}")
    for wire in board.wires:
        ends = [wire.holes[0], wire.holes[-1]]
        joined.join(ends)
        faults += [f"the wire {wire.name} leads to nothing at {hole}" for hole in ends if not claims[hole]]
        for hole in ends:
            claims[hole].setdefault(wire.net, f"the wire {wire.name}")
    for hole, nets in sorted(claims.items()):
        if len(nets) > 1:
            told = " and ".join(f"{what} ({net})" for net, what in sorted(nets.items()))
            faults.append(f"short at {hole}: {told} touch")
    nets_there: set[str] = {net for part in circuit.parts.values() for net in _pins(part).values()}
    faults += [
        f"the line {line.name} is of no net in the wiring" for line in _lines(board) if line.net not in nets_there
    ]
    for net in sorted(nets_there):
        pieces = _in_pieces(circuit, board, net, joined)
        if len(pieces) > 1:
            told = "; ".join(", ".join(piece) for piece in pieces)
            faults.append(f"{net} is in {len(pieces)} pieces: {told}")
    return faults


class _Pieces:
    """Holes that are joined, by a name of their piece."""

    def __init__(self) -> None:
        self._of: dict[str, str] = {}

    def of(self, hole: str) -> str:
        while (up := self._of.get(hole, hole)) != hole:
            hole = up
        return hole

    def join(self, holes: list[str]) -> None:
        for one, other in pairwise(holes):
            self._of[self.of(one)] = self.of(other)


def _in_pieces(circuit: Circuit, board: Perfboard, net: str, joined: _Pieces) -> list[list[str]]:
    """The pins of a net, by what is joined."""
    pieces: dict[str, list[str]] = defaultdict(list)
    for ref, part in sorted(circuit.parts.items()):
        for pin, its in _pins(part).items():
            if its == net and ref in board.parts and pin in board.parts[ref].pins:
                pieces[joined.of(board.parts[ref].pins[pin])].append(f"{ref} pin {pin}")
    return sorted(pieces.values())


def _lines(board: Perfboard) -> tuple[Line, ...]:
    return board.runs + board.wires


def _bodies(board: Perfboard, room: float) -> list[str]:
    """Bodies lie on the board, beside each other, under the lid; no leg comes up through another's."""
    faults = []
    bodies = {ref: part.body for ref, part in board.parts.items() if part.body is not None}
    for (one, its), (other, others) in combinations(bodies.items(), 2):
        if (gap := its.gap(others)) < 0:
            faults.append(f"{one} and {other} overlap by {-gap:.1f} mm")
    for ref, body in bodies.items():
        width, length = board.size
        inside = body.box.left >= 0 and body.box.lower >= 0 and body.box.right <= width and body.box.upper <= length
        if not inside:
            faults.append(f"{ref} stands out over the edge of the board")
        if body.height > room:
            faults.append(f"{ref} is {body.height:g} mm high, and {room:g} mm are free under the lid")
        for other, placed in board.parts.items():
            if other != ref and placed.package != WIRE:
                under = [pin for pin, hole in placed.pins.items() if body.covers(board.at(hole))]
                faults += [f"{other} pin {pin} is under {ref}" for pin in under]
    return faults


def _antenna(board: Perfboard, its: Mechanics) -> list[str]:
    faults = []
    zone = board.antenna
    left, lower = its["antenna_x"], its["antenna_y"]
    right, upper = left + its["antenna_width"], lower + its["antenna_length"]
    if not (zone.left <= left and zone.lower <= lower and zone.right >= right and zone.upper >= upper):
        faults.append("the antenna's zone does not hold the place that the enclosure has for the antenna")
    for ref, part in board.parts.items():
        if part.package == MODULE:
            continue
        if part.body is not None and part.body.box.meets(zone):
            faults.append(f"{ref} is in the antenna's zone")
        faults += [
            f"{ref} pin {pin} is in the antenna's zone"
            for pin, hole in part.pins.items()
            if zone.crossed(board.at(hole), board.at(hole))
        ]
    for line in _lines(board):
        if any(zone.crossed(board.at(one), board.at(other)) for one, other in pairwise(line.holes)):
            faults.append(f"the line {line.name} is in the antenna's zone")
    return faults


def _places(board: Perfboard, its: Mechanics) -> list[str]:
    faults = []
    if board.size != (its["board_width"], its["board_length"]):
        faults.append(f"the perfboard is {board.size[0]:g} x {board.size[1]:g} mm, and the case is for another size")
    for ref, name in PLACES.items():
        x, y = its[f"{name}_x"], its[f"{name}_y"]
        body = board.parts[ref].body if ref in board.parts else None
        if body is None:
            faults.append(f"{ref} has no place on the perfboard, and the lid expects it at {x:g}, {y:g}")
        elif abs(body.centre[0] - x) > NEAR or abs(body.centre[1] - y) > NEAR:
            at = f"{body.centre[0]:.1f}, {body.centre[1]:.1f}"
            faults.append(f"{ref} is at {at}, and the lid expects it at {x:g}, {y:g}")
    return faults
