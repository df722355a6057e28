"""The power budget: what a build takes asleep, part by part, and how long its cell lasts with the firmware's own day.

A part counts that is on a net which has voltage while the tag sleeps. Resistors count by what flows through them.
"""

from __future__ import annotations

from hardware.charge import day as lived
from hardware.charge.model import (
    CURRENTS,
    Band,
    Currents,
    Day,
    Share,
    awake,
    band,
    days,
    lost,
    most_asleep,
    read_currents,
    target_days,
    total,
    value,
)
from hardware.checks import Result
from hardware.checks.spice.ngspice import known
from hardware.parts import Circuit, CircuitError, number

REGULATED_V = 3.3
SILENT = frozenset({"R", "C", "L", "FB", "J", "TP", "H", "SW", "BT", "BZ"})
"""Kinds of parts that take nothing of their own, and the cell."""
MOST_SHORT = 0.1
"""By how much of it the model's middle may miss a build's target: under that it is the model that is not exact."""
LIVE_V = 0.1
"""Under this a net has no voltage worth the name: no diode leaks and no chip lives by it."""
SETTLED_V = 1e-9


def check(circuit: Circuit, build: str, day: Day | None = None, currents: Currents | None = None) -> Result:
    """See that the cell of a `build` ("board" or "xiao") lasts as long as it must, in profile docked.

    That is the middle of the model near the target, and the low end of its band above what the product can live with.
    `day` is one of that profile; without it one is lived now, which takes some seconds.
    """
    currents = currents or read_currents()
    day = day or lived.docked()
    result = Result()
    try:
        drained = drains(circuit, currents, day)
    except CircuitError as error:
        return Result([f"power: {error}"])
    drain, target, least = total(drained), target_days(currents, build), value(currents, "least_days")
    lasts, between = days(currents, drain), band_of(circuit, currents, day)
    for share in drained:
        if share.ua >= 0.005:
            result.figures[share.name] = f"{share.ua:.2f} uA, {100 * share.ua / drain:.0f} %"
    result.figures["asleep"] = f"{total(asleep(circuit, currents)):.1f} uA"
    result.figures["all that drains the cell"] = f"{drain:.1f} uA"
    result.figures["the cell lasts"] = (
        f"{lasts:.0f} days; {between.low:.0f} to {between.high:.0f} with what is uncertain"
    )
    result.figures["the target"] = f"{target:.0f} days, up to {most_asleep(currents, day, target):.1f} uA asleep"
    worst = ", ".join(f"{share.name} {share.ua:.1f} uA" for share in sorted(drained, key=lambda each: -each.ua)[:3])
    if lasts < (1 - MOST_SHORT) * target:
        result.faults.append(
            f"power: the cell lasts {lasts:.0f} days, far from the target of {target:.0f}; what takes most: {worst}"
        )
    if between.low < least:
        result.faults.append(
            f"power: the cell may last {between.low:.0f} days only, {least:.0f} must be; what takes most: {worst}"
        )
    return result


def drains(circuit: Circuit, currents: Currents, day: Day) -> list[Share]:
    """All that drains the cell in profile docked, with `day` of it. Raises CircuitError as `asleep` does."""
    return [*asleep(circuit, currents), *awake(currents, day, "docked"), *lost(currents)]


def band_of(circuit: Circuit, currents: Currents, day: Day) -> Band:
    """Between how many days the cell lasts in profile docked."""
    return band(currents, lambda table: days(table, total(drains(circuit, table, day))))


def asleep(circuit: Circuit, currents: Currents) -> list[Share]:
    """What each part takes while the tag sleeps, the pouch closed and away from the dock.

    Raises CircuitError for a part that may take something and is not in the table.
    """
    volts = _volts(circuit, value(currents, "cell_voltage"))
    shares = []
    for ref, part in circuit.parts.items():
        if part.kind not in SILENT and any(volts.get(net, 0.0) > LIVE_V for net in part.pins.values()):
            entry = known(currents["part"], part, CURRENTS)
            shares.append(Share(f"{ref} {part.value}", float(entry["value"])))
    for ref, part in circuit.parts.items():
        ends = sorted(part.pins.values(), key=lambda net: -volts.get(net, 0.0))
        if part.kind == "R" and ends[0] in _supplies(volts):
            shares.append(Share(f"{ref} {part.value} at {ends[0]}", _through(volts, ends, number(part.value)) * 1e6))
    farads = sum(
        number(part.value) * max(volts.get(net, 0.0) for net in part.pins.values())
        for part in circuit.parts.values()
        if part.kind == "C"
    )
    shares.append(Share("the chip's low-power peripherals", value(currents, "low_power_peripherals")))
    shares.append(Share("capacitors", farads / value(currents, "insulation") * 1e6))
    return shares


def _supplies(volts: dict[str, float]) -> set[str]:
    return {"VBAT", "VSYS", "+3V3"} & set(volts)


def _through(volts: dict[str, float], ends: list[str], ohms: float) -> float:
    return (volts[ends[0]] - volts[ends[-1]]) / ohms


def _volts(circuit: Circuit, cell_v: float) -> dict[str, float]:
    """What each net has while the tag sleeps, by its resistors alone. LID is low: the pouch is closed."""
    fixed = {"VBAT": cell_v, "VSYS": cell_v, "+3V3": REGULATED_V, "GND": 0.0, "LID": 0.0}
    volts = {net: fixed.get(net, 0.0) for net in circuit.nets}
    joined: dict[str, list[tuple[str, float]]] = {}
    for part in circuit.parts.values():
        if part.kind == "R":
            one, other = part.pins.values()
            joined.setdefault(one, []).append((other, 1 / number(part.value)))
            joined.setdefault(other, []).append((one, 1 / number(part.value)))
    # Each free net settles at the mean of its neighbours, weighed by conductance.
    moved = 1.0
    while moved > SETTLED_V:
        moved = 0.0
        for net, neighbours in joined.items():
            if net not in fixed:
                mean = sum(volts[other] * each for other, each in neighbours) / sum(each for _, each in neighbours)
                moved = max(moved, abs(mean - volts[net]))
                volts[net] = mean
    return volts
