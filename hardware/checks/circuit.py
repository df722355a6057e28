"""The circuit's rules: which parts must join which nets, with what value, and why.

ERC sees that pins fit; it does not see that a pull-up has gone. This does.
"""

from __future__ import annotations

from typing import NamedTuple

from hardware.checks import Result
from hardware.checks.parts import Circuit, CircuitError, number


class Joins(NamedTuple):
    """One part of two pins that must be there, its value from `least` to `most` ohms or farads."""

    kind: str
    one: str
    other: str
    least: float
    most: float
    why: str


class Wired(NamedTuple):
    """A part, found by how its value begins, whose named pins are on these nets."""

    value: str
    pins: dict[str, str]
    why: str


BOTH = (
    Joins("R", "BUTTON", "+3V3", 470e3, 1.5e6, "the button's level must not depend on the chip's own pull"),
    Joins("R", "VBAT", "VBAT_ADC", 0.9e6, 1.1e6, "upper half of the battery's divider"),
    Joins("R", "VBAT_ADC", "GND", 0.9e6, 1.1e6, "lower half of the battery's divider"),
    Joins("C", "VBAT_ADC", "GND", 47e-9, 220e-9, "the ADC samples from it: the divider is too weak"),
    Joins("R", "+5V", "DOCK_SENSE", 90e3, 110e3, "5 V must not reach the pin"),
    Joins("R", "DOCK_SENSE", "GND", 135e3, 165e3, "5 V must not reach the pin, and undocked it must read low"),
    Joins("R", "+5V", "GND", 1e3, 10e3, "undocked, leakage must not turn on what wakes the tag"),
    Joins("R", "LED", "LED_A", 330, 1e3, "the light's current"),
    Joins("R", "BUZZER", "BUZZER_P", 470, 2.2e3, "the piezo is a capacitor, and a knock makes it a generator"),
)
"""Rules of both builds."""
BOARD = (
    Joins("R", "CC1", "GND", 5.1e3 * 0.9, 5.1e3 * 1.1, "a USB-C source gives no 5 V without it"),
    Joins("R", "CC2", "GND", 5.1e3 * 0.9, 5.1e3 * 1.1, "a USB-C source gives no 5 V without it"),
    Joins("R", "EN", "+3V3", 9e3, 11e3, "the chip starts when its supply is there (Espressif: 10 kOhm, 1 uF)"),
    Joins("C", "EN", "GND", 0.9e-6, 1.1e-6, "the chip starts when its supply is there (Espressif: 10 kOhm, 1 uF)"),
    Joins("R", "IO8", "+3V3", 4.7e3, 11e3, "download mode wants IO8 high"),
    Joins("R", "BOOT", "+3V3", 4.7e3, 11e3, "the chip starts its flash only with IO9 high"),
    Joins("R", "PROG", "GND", 13e3, 20e3, "charging current 1000 V / R: at most 0.5 C of a 150 mAh cell"),
)
"""Rules of the custom board alone."""
BOARD_WIRED = (
    Wired("MCP73831", {"V_{DD}": "+5V", "V_{BAT}": "VBAT", "PROG": "PROG", "V_{SS}": "GND"}, "charger"),
    Wired("LM66100", {"VIN": "VBAT", "VOUT": "VSYS", "~{CE}": "+5V", "GND": "GND"}, "a docked tag runs from the dock"),
    Wired("RT9080", {"IN": "VSYS", "EN": "VSYS", "OUT": "+3V3", "GND": "GND"}, "regulator"),
    Wired("DRV5032FB", {"VCC": "+3V3", "OUT": "LID", "GND": "GND"}, "lid: a push-pull switch"),
    Wired("ESP32-C6-MINI-1", {"EN": "EN", "3V3": "+3V3", "GND": "GND", "IO8": "IO8", "IO9": "BOOT",
                              "IO12": "USB_D-", "IO13": "USB_D+"}, "module"),
)  # fmt: skip
XIAO_WIRED = (Wired("DRV5032FB", {"VCC": "+3V3", "OUT": "LID", "GND": "GND"}, "lid: a push-pull switch"),)
DIODES = {"board": (("VBUS", "+5V"), ("DOCK_5V", "+5V"), ("+5V", "VSYS")), "xiao": (("DOCK_5V", "+5V"),)}
"""Anode and cathode of the diodes that keep 5 V off the open contacts and off what would feed back."""
STORES = {"board": (("+3V3", 20e-6), ("VSYS", 9e-6), ("+5V", 4e-6), ("VBAT", 4e-6)), "xiao": ()}
"""Least capacitance on a rail, farads: radio peaks (Espressif, hardware design guidelines), charger's datasheet."""


def check(circuit: Circuit, build: str) -> Result:
    """Hold `circuit` against the rules of its `build`: "board" or "xiao"."""
    result = Result()
    joins = BOTH + (BOARD if build == "board" else ())
    wired = BOARD_WIRED if build == "board" else XIAO_WIRED
    for rule in joins:
        result.faults += _joined(circuit, rule)
    for wiring in wired:
        result.faults += _wired(circuit, wiring)
    result.faults += _dock_wake(circuit) + _lid_alone(circuit) + _polarity(circuit, build) + _stores(circuit, build)
    result.figures["rules"] = f"{len(joins) + len(wired) + 2 + len(DIODES[build]) + len(STORES[build])} rules"
    return result


def _joined(circuit: Circuit, rule: Joins) -> list[str]:
    try:
        part = circuit.between(rule.one, rule.other, rule.kind)
        value = number(part.value)
    except CircuitError as error:
        return [f"{error}: {rule.why}"]
    if rule.least <= value <= rule.most:
        return []
    return [f"{part.ref} is {part.value}, not {rule.least:g} to {rule.most:g}: {rule.why}"]


def _wired(circuit: Circuit, rule: Wired) -> list[str]:
    faults = []
    try:
        part = circuit.with_value(rule.value)
        for pin, net in rule.pins.items():
            if part.net(pin) != net:
                faults.append(f"{part.ref} pin {pin} is on {part.net(pin)}, not on {net}: {rule.why}")
    except CircuitError as error:
        faults.append(f"{error}: {rule.why}")
    return faults


def _dock_wake(circuit: Circuit) -> list[str]:
    """The dock's 5 V pull BUTTON low through a transistor."""
    why = "docking does not wake the tag"
    for part in circuit.parts.values():
        if part.kind == "Q" and part.names.get("C") == "BUTTON":
            faults = [] if part.names.get("E") == "GND" else [f"{part.ref} has its emitter not on GND: {why}"]
            base = part.names.get("B", "its base")
            faults += _joined(circuit, Joins("R", "+5V", base, 47e3, 220e3, why))
            return faults + _joined(circuit, Joins("R", base, "GND", 47e3, 220e3, "leakage must not turn it on"))
    return [f"no transistor has its collector on BUTTON: {why}"]


def _lid_alone(circuit: Circuit) -> list[str]:
    """Nothing but the switch drives LID: a resistor would meet the chip's own pull."""
    pulls = [ref for ref in circuit.on("LID") if circuit.parts[ref].kind == "R"]
    return [f"{ref} hangs on LID: the switch is push-pull, and the chip's own pull would oppose it" for ref in pulls]


def _polarity(circuit: Circuit, build: str) -> list[str]:
    faults = []
    diodes = [part for part in circuit.parts.values() if part.kind == "D"]
    for anode, cathode in DIODES[build]:
        if not any(part.names.get("A") == anode and part.names.get("K") == cathode for part in diodes):
            turned = [part.ref for part in diodes if part.names.get("A") == cathode and part.names.get("K") == anode]
            what = f"{turned[0]} is the wrong way round" if turned else "there is none"
            faults.append(f"a diode must lead from {anode} to {cathode}: {what}")
    return faults


def _stores(circuit: Circuit, build: str) -> list[str]:
    faults = []
    for net, least in STORES[build]:
        caps = [part for part in circuit.parts.values() if part.kind == "C" and net in part.pins.values()]
        total = sum(number(part.value) for part in caps)
        if total < least:
            faults.append(f"{net} has {total * 1e6:.3g} uF, and needs {least * 1e6:.3g} uF")
    return faults
