"""The dock: a fuse for each place, 5 V at its left pin, and enough voltage at the worst one with every tag charging.

Voltages and currents come from the wiring itself: each wire is a resistor by its length and section, each clamp, fuse
and spring pin one by its part number, and every place takes what a tag takes at its most.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from hardware.charge.model import read_currents
from hardware.checks import Result
from hardware.checks.spice.ngspice import Limits, known
from hardware.parts import Circuit, CircuitError, Part, read_wiring

FOLDER = Path(__file__).parents[1] / "dock"
WIRING = FOLDER / "wiring.yml"
LIMITS = FOLDER / "limits.toml"
BOM = FOLDER / "bom.csv"
PLACES = 6
"""Of a rack. A cradle has the first of them."""
POLES = {"PL": "left", "PR": "right"}
"""Spring pins, by the letters of their references; left and right seen from the front."""
JOINTS = frozenset({"U", "X"})
"""Parts that may be on the 5 V and on the ground that all places share, beside fuses and right pins."""
ROOM_C = 20.0

End = tuple[str, str]
"""A part's reference and the number of one of its pins."""


class Wire(NamedTuple):
    """One wire: its net, its ends, mm2 and m."""

    net: str
    one: End
    other: End
    section: float
    length: float


@dataclass(frozen=True)
class Dock:
    """A dock's parts and wires."""

    circuit: Circuit
    wires: tuple[Wire, ...]

    def first(self, places: int) -> Dock:
        """The same with its first `places` alone."""
        kept = {
            ref: part
            for ref, part in self.circuit.parts.items()
            if part.kind not in (*POLES, "F") or number_of(part) <= places
        }
        wires = tuple(wire for wire in self.wires if wire.one[0] in kept and wire.other[0] in kept)
        return Dock(Circuit(kept), wires)


def number_of(part: Part) -> int:
    """The place that a fuse or a spring pin belongs to."""
    return int(part.ref.removeprefix(part.kind))


def read(path: Path = WIRING) -> Dock:
    """The dock in a WireViz file whose wires have section and length; raises CircuitError."""
    from wireviz.wireviz import parse

    circuit = read_wiring(path)
    wires = []
    for cable in parse(path.read_text(), return_types="harness").cables.values():
        ports = [joined.via_port for joined in cable.connections]
        if len(ports) != len(set(ports)):
            raise CircuitError(f"{path.name}: a wire of {cable.name} leads to several places: its length is not known")
        for joined in cable.connections:
            ends = (joined.from_name, str(joined.from_pin)), (joined.to_name, str(joined.to_pin))
            section = float(cable.gauge) if cable.gauge else 0.0
            wires.append(Wire(cable.wirelabels[joined.via_port - 1], *ends, section, float(cable.length)))
    return Dock(circuit, tuple(wires))


def check(dock: Dock, places: int = PLACES, limits: Limits | None = None) -> Result:
    """Hold the first `places` of `dock` against the rules; `limits` is what hardware/dock/limits.toml says.

    What is joined is looked at first, then fuses, supply, wires and voltage: a fault in one step hides the next ones.
    """
    dock = dock.first(places)
    bench = _Bench(dock, limits or Limits.read(LIMITS), Limits.read(), places)
    result = Result(figures={"places": str(places)})
    try:
        for step in (_joined, _fuses, _supply, _wires, _voltage):
            result.faults += step(bench, result.figures)
            if result.faults:
                break
    except CircuitError as error:
        result.faults.append(f"dock: {error}")
    return result


class _Bench:
    """A dock with what is taken for true."""

    def __init__(self, dock: Dock, limits: Limits, tag: Limits, places: int) -> None:
        self.circuit, self.wires, self.limits, self.tag, self.places = dock.circuit, dock.wires, limits, tag, places

    def data(self, part: Part) -> dict[str, Any]:
        """What limits.toml says of `part`; raises CircuitError."""
        return known(self.limits.entries["part"], part, LIMITS)

    def part(self, ref: str) -> Part:
        """The part `ref`; raises CircuitError."""
        if ref not in self.circuit.parts:
            raise CircuitError(f"there is no {ref}")
        return self.circuit.parts[ref]

    def fuse(self, place: int) -> Part:
        """The fuse of a place, which has one."""
        on = self.circuit.on(self.part(f"PL{place}").net("1"))
        return next(self.part(ref) for ref in on if self.part(ref).kind == "F")

    @property
    def load(self) -> float:
        """What one tag takes at its most: it charges, and starts or is linked, whichever is more. A."""
        now = {name: float(entry["value"]) for name, entry in read_currents().items() if "value" in entry}
        linked = (now["awake"] + now["linked"] + now["light"] + now["buzzer"]) / 1e3
        awake = max(linked, self.tag["chip.boot_current"])
        return self.tag["situation.charge_current"] + awake + self.limits["load.on_5v"]

    @property
    def supply(self) -> tuple[float, float]:
        """The least and the most of the converter's voltage. V."""
        least, most = (
            (self.limits["supply.set"] + sign * self.limits["supply.set_error"])
            * (1 + sign * self.limits["supply.regulation"])
            for sign in (-1, 1)
        )
        return least, most

    def bears(self, section: float) -> float:
        """What a wire of this section bears where it is hot. A."""
        table = self.limits.entries["wire"]["bears"]["value"]
        thinner = [amperes for mm2, amperes in table if mm2 <= section]
        return max(thinner, default=0.0) * self.limits["wire.hot_factor"]

    def ohms(self, wire: Wire) -> float:
        """A wire's resistance where it is hot."""
        hot = 1 + self.limits["wire.warming"] * (self.limits["ambient.hot"] - ROOM_C)
        return self.limits["wire.resistivity"] * hot * wire.length / wire.section


def _joined(bench: _Bench, _: dict[str, str]) -> list[str]:
    """Each place has its own fuse, 5 V at the left, ground at the right, and nothing else in the way."""
    faults: list[str] = []
    converter = bench.part("U1")
    hot, ground = converter.net("+V"), converter.net("-V")
    if hot == ground:
        return ["dock: U1 has +V and -V on one net"]
    parts = bench.circuit.parts.values()
    allowed: dict[str, set[str]] = {hot: set(), ground: set()}
    for place in range(1, bench.places + 1):
        left, right = (bench.part(f"{pole}{place}").net("1") for pole in POLES)
        fuses = [part.ref for part in parts if part.kind == "F" and set(part.pins.values()) == {hot, left}]
        if left == ground:
            faults.append(
                f"dock: place {place} has its poles swapped: 5 V belongs to the left pin, seen from the front"
            )
        elif len(fuses) != 1:
            faults.append(f"dock: place {place} has {len(fuses)} fuses between {hot} and its left pin, not one")
        elif left in allowed:
            faults.append(f"dock: place {place} shares {fuses[0]} with another place")
        elif right != ground:
            faults.append(f"dock: place {place} has its right pin on {right}, not on {ground}")
        else:
            allowed[left] = {fuses[0], f"PL{place}"}
            allowed[hot].add(fuses[0])
            allowed[ground].add(f"PR{place}")
    if faults:
        return faults
    for net, wanted in allowed.items():
        for ref in sorted(set(bench.circuit.on(net)) - wanted):
            if net not in (hot, ground) or bench.circuit.parts[ref].kind not in JOINTS:
                faults.append(f"dock: {ref} is on {net}: between supply and pins there is fuse and wire, nothing else")
    return faults


def _fuses(bench: _Bench, figures: dict[str, str]) -> list[str]:
    """A fuse holds what a tag takes, in the heat; what trips it, its pins bear."""
    faults = []
    figures["one tag at its most"] = f"{bench.load * 1e3:.0f} mA"
    for place in range(1, bench.places + 1):
        fuse = bench.fuse(place)
        data = bench.data(fuse)
        if data["hold"] < bench.load:
            faults.append(
                f"dock: {fuse.ref} ({fuse.fields['MPN']}) holds {data['hold']:g} A in the heat, a tag takes"
                f" {bench.load:.2g} A"
            )
        for pole in POLES:
            pin = bench.data(bench.part(f"{pole}{place}"))
            if pin["amperes"] < data["trip"]:
                faults.append(
                    f"dock: {pole}{place} bears {pin['amperes']:g} A; {fuse.ref} lets {data['trip']:g} A pass"
                )
    return faults


def _supply(bench: _Bench, figures: dict[str, str]) -> list[str]:
    """The supply feeds all places but one while that one's fuse trips, and never gives too much voltage."""
    converter, adapter = bench.part("U1"), bench.part("PS1")
    trip = max(bench.data(part)["trip"] for part in bench.circuit.parts.values() if part.kind == "F")
    all_tags, fault = bench.places * bench.load, (bench.places - 1) * bench.load + trip
    rated, most = bench.data(converter)["amperes"], bench.supply[1]
    watts = bench.data(adapter)["watts"] * bench.limits["supply.efficiency"] / most
    figures["all tags at their most"] = f"{all_tags:.2f} A, the converter gives {rated:g} A"
    figures["one place trips its fuse, all others at their most"] = f"{fault:.2f} A"
    figures["highest voltage, nothing docked"] = f"{most:.2f} V, {bench.tag['situation.usb_high']:g} V may be"
    faults = []
    for name, gives in ((converter.ref, rated), (adapter.ref, watts)):
        if gives < fault:
            faults.append(
                f"dock: {name} gives {gives:.2g} A at 5 V; {fault:.2f} A flow when one place trips its fuse and"
                f" the others charge"
            )
    if most > bench.tag["situation.usb_high"]:
        faults.append(f"dock: the supply gives up to {most:.2f} V, a tag may get {bench.tag['situation.usb_high']:g} V")
    return faults


def _wires(bench: _Bench, figures: dict[str, str]) -> list[str]:
    """A wire bears what may flow through it: behind a fuse what trips that, before it what its source gives."""
    converter = bench.part("U1")
    most = bench.data(converter)["most"]
    input_nets = {converter.net("+Vin"), converter.net("-Vin")}
    fused = {bench.part(f"PL{place}").net("1") for place in range(1, bench.places + 1)}
    trip = max(bench.data(part)["trip"] for part in bench.circuit.parts.values() if part.kind == "F")
    figures["into a fault before the fuses"] = f"{most:g} A"
    faults = []
    for wire in bench.wires:
        kinds = [bench.part(ref).kind for ref, _ in (wire.one, wire.other)]
        if "PS" in kinds:  # the adapter's own cord
            continue
        name = f"the wire from {wire.one[0]} to {wire.other[0]}"
        if not wire.section or not wire.length:
            faults.append(f"dock: {name} has no section or no length")
            continue
        # What flows to a right pin has come through the fuse of its place.
        behind = wire.net in fused or "PR" in kinds
        flows = trip if behind else bench.limits["supply.adapter_most"] if wire.net in input_nets else most
        bears = bench.bears(wire.section)
        if bears < flows:
            mend = "" if behind else ", or a main fuse"
            faults.append(
                f"dock: {name}, {wire.section:g} mm2, bears {bears:.2g} A; {flows:g} A may flow: thicker{mend}"
            )
    for part in bench.circuit.parts.values():
        if part.kind == "X" and bench.data(part)["amperes"] < most:
            faults.append(f"dock: {part.ref} bears {bench.data(part)['amperes']:g} A; {most:g} A may flow")
    return faults


def _voltage(bench: _Bench, figures: dict[str, str]) -> list[str]:
    """The worst place's screws still get what a tag needs to know that it is docked."""
    volts = _at_screws(bench)
    worst = min(volts, key=lambda place: volts[place])
    needed = bench.tag["situation.usb_low"]
    figures["lowest voltage at a tag's screws"] = f"{volts[worst]:.3f} V at place {worst}, {needed:g} V must be"
    if volts[worst] >= needed:
        return []
    return [
        f"dock: place {worst} has {volts[worst]:.3f} V at the tag's screws, not {needed:g} V, when all places charge:"
        f" {bench.supply[0]:.3f} V leave the supply"
    ]


def _at_screws(bench: _Bench) -> dict[int, float]:
    """The voltage at the screws of each place's tag, with all of them at their most and the supply at its least."""
    converter = bench.part("U1")
    nets = {converter.net("+V"), converter.net("-V")}
    nets |= {bench.part(f"PL{place}").net("1") for place in range(1, bench.places + 1)}
    links: list[tuple[End, End, float]] = []
    for wire in bench.wires:
        if wire.net in nets:
            clamps = sum(
                bench.data(bench.part(ref))["ohms"] for ref, _ in (wire.one, wire.other) if ref.startswith("X")
            )
            links.append((wire.one, wire.other, bench.ohms(wire) + clamps))
    for ref, part in bench.circuit.parts.items():
        if part.kind == "F":
            links.append(((ref, "1"), (ref, "2"), bench.data(part)["ohms"]))
        elif part.kind in POLES:
            links.append(((ref, "1"), (ref, "screw"), bench.data(part)["ohms"]))
    ends = sorted({end for one, other, _ in links for end in (one, other)})
    at = {end: row for row, end in enumerate(ends)}
    matrix, flows = np.zeros((len(ends), len(ends))), np.zeros(len(ends))
    for one, other, ohms in links:
        for end, far in ((one, other), (other, one)):
            matrix[at[end], at[end]] += 1 / ohms
            matrix[at[end], at[far]] -= 1 / ohms
    for place in range(1, bench.places + 1):
        flows[at[f"PL{place}", "screw"]] -= bench.load
        flows[at[f"PR{place}", "screw"]] += bench.load
    for name, volts in (("+V", bench.supply[0]), ("-V", 0.0)):
        row = at[converter.ref, next(pin for pin, net in converter.pins.items() if net == converter.net(name))]
        matrix[row], flows[row] = 0.0, volts
        matrix[row, row] = 1.0
    found = np.linalg.solve(matrix, flows)
    return {
        place: float(found[at[f"PL{place}", "screw"]] - found[at[f"PR{place}", "screw"]])
        for place in range(1, bench.places + 1)
    }
