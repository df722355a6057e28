"""What is printed beside a pad is the net that the pad is on: a person solders and plugs by it."""

from __future__ import annotations

import math
from pathlib import Path

from hardware.checks import Result
from hardware.parts import Circuit, every, first, load, point, read_board

LABELS = {
    "+": "VBAT", "-": "GND", "5 V": "DOCK_5V", "GND": "GND", "3V3": "+3V3", "EN": "EN", "BOOT": "BOOT",
    "TXD": "TXD", "RXD": "RXD",
}  # fmt: skip
"""The texts that name a net."""
NEEDED = {"F.SilkS": ("+", "5 V", "GND"), "B.SilkS": ("GND", "3V3", "EN", "BOOT", "TXD", "RXD")}
"""Texts that each side must have: contacts and cell above, programming pads below."""


def check(board: Path) -> Result:
    """See that each text of `LABELS` on `board` stands nearest to a pad of its net, and that none is missing."""
    tree, _, frame = load(board)
    circuit = read_board(board)
    faults = []
    found: dict[str, set[str]] = {layer: set() for layer in NEEDED}
    for item in every(tree, "gr_text"):
        text, layer = str(item[1]), str(first(item, "layer")[1])
        if text not in LABELS or layer not in found:
            continue
        found[layer].add(text)
        at = frame(*point(first(item, "at")))
        ref, pad, net = _nearest(circuit, at, above=layer == "F.SilkS")
        if net != LABELS[text]:
            faults.append(f'"{text}" at ({at[0]:.1f}, {at[1]:.1f}) is at {ref} pad {pad}, which is {net}')
    for layer, texts in NEEDED.items():
        faults += [f'"{text}" is printed nowhere on {layer}' for text in texts if text not in found[layer]]
    return Result(faults, {"labels": f"{sum(map(len, found.values()))} texts beside pads of their net"})


def _nearest(circuit: Circuit, at: tuple[float, float], above: bool) -> tuple[str, str, str]:
    """The part, the pad and the net of the pad that is nearest to a place, of the parts on that side."""
    pads = [
        (math.dist(at, place), part.ref, pad)
        for part in circuit.parts.values()
        if part.place is not None and part.place.top == above
        for pad, place in part.place.pads
        if pad in part.pins
    ]
    _, ref, pad = min(pads)
    return ref, pad, circuit.parts[ref].pins[pad]
