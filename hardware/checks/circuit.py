"""The circuit's rules: which parts must join which nets, with what value, and why.

ERC sees that pins fit; it does not see that a pull-up has gone. This does.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from hardware.checks import Result
from hardware.parts import Circuit, CircuitError, Part, number


class Joins(NamedTuple):
    """One part of two pins that must be there, its value from `least` to `most` ohms or farads."""

    kind: str
    one: str
    other: str
    least: float
    most: float
    why: str


class There(NamedTuple):
    """One part of two pins that must be there, whatever its value and whichever way round."""

    kind: str
    one: str
    other: str
    why: str


class Wired(NamedTuple):
    """A part, found by how its value begins, whose pins are on these nets, and of which only one kind will do."""

    value: str
    pins: dict[str, str]
    """Net by the pin's number, its name, or both ("3 VOUT"): the number is what the copper has, from the data sheet."""
    why: str
    mpn: str = ""
    """How its part number begins."""


class Leads(NamedTuple):
    """A diode that leads from one net to another, its part number beginning with one of `mpn`, if that says any."""

    anode: str
    cathode: str
    mpn: tuple[str, ...] = ()


class Stored(NamedTuple):
    """Capacitance from `net` to ground beside the pins of a part, found by how its value begins: farads within mm."""

    value: str
    net: str
    least: float
    within: float
    why: str


BOTH = (
    Joins("R", "BUTTON", "+3V3", 470e3, 1.5e6, "the button's level must not depend on the chip's own pull"),
    Joins("R", "VBAT", "VBAT_ADC", 0.9e6, 1.1e6, "upper half of the battery's divider"),
    Joins("R", "VBAT_ADC", "GND", 0.9e6, 1.1e6, "lower half of the battery's divider"),
    Joins("C", "VBAT_ADC", "GND", 47e-9, 220e-9, "the ADC samples from it: the divider is too weak"),
    Joins("R", "+5V", "DOCK_SENSE", 90e3, 110e3, "5 V must not reach the pin"),
    Joins("R", "DOCK_SENSE", "GND", 162e3, 198e3, "5 V must not reach the pin, and a weak dock must read high"),
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
    Joins("R", "DOCK_5V", "GND", 47e3, 220e3, "what leaks back through the dock's diode must not be felt"),
    Joins("R", "VBUS", "GND", 47e3, 220e3, "what leaks back through USB's diode must not be felt"),
    Joins("R", "PROG", "GND", 13.4e3, 20e3, "charging current 1000 V / R: at most 0.5 C of a 150 mAh cell"),
)
"""Rules of the custom board alone."""
XIAO = (Joins("C", "+3V3", "GND", 47e-9, 1e-6, "the Hall switch takes its current in pulses (TI: 0.1 uF)"),)
"""Rules of the reference build alone."""
PLUG = {
    **dict.fromkeys(("A1", "A12", "B1", "B12", "S1"), "GND"), **dict.fromkeys(("A4", "A9", "B4", "B9"), "VBUS"),
    "A5": "CC1", "B5": "CC2", "A6": "USB_D+", "B6": "USB_D+", "A7": "USB_D-", "B7": "USB_D-",
}  # fmt: skip
"""Contacts of a USB-C receptacle (USB Type-C specification, receptacle pin map, as a USB 2.0 device uses it)."""
MODULE = {
    **dict.fromkeys(("1", "2", "11", "14", *map(str, range(36, 54))), "GND"), "3 3V3": "+3V3", "8 EN": "EN",
    "17 IO12": "USB_D-", "18 IO13": "USB_D+", "22 IO8": "IO8", "23 IO9": "BOOT", "30 RXD0": "RXD", "31 TXD0": "TXD",
}  # fmt: skip
"""Pins of the ESP32-C6-MINI-1 that the firmware has no name for (Espressif, the module's datasheet)."""
BOARD_WIRED = (
    Wired("MCP73831", {"2 V_{SS}": "GND", "3 V_{BAT}": "VBAT", "4 V_{DD}": "+5V", "5 PROG": "PROG"},
          "charger, to 4.20 V", "MCP73831T-2A"),
    Wired("LM66100", {"1 VIN": "VBAT", "2 GND": "GND", "3 ~{CE}": "+5V", "5 ST": "GND", "6 VOUT": "VSYS"},
          "a docked tag runs from the dock", "LM66100"),
    Wired("RT9080-33", {"1 IN": "VSYS", "2 GND": "GND", "3 EN": "VSYS", "5 OUT": "+3V3"}, "regulator", "RT9080-33GJ5"),
    Wired("DRV5032FB", {"1 VCC": "+3V3", "2 OUT": "LID", "3 GND": "GND"}, "lid: a push-pull switch", "DRV5032FBDBZ"),
    Wired("MMBT3904", {"1 B": "WAKE", "2 E": "GND", "3 C": "BUTTON"}, "the dock wakes the tag"),
    Wired("ESP32-C6-MINI-1", MODULE, "module with its own antenna", "ESP32-C6-MINI-1-"),
    Wired("USB4105", PLUG, "USB-C", "USB4105-GF-A"),
    Wired("USBLC6-2", {"1": "USB_D-", "6": "USB_D-", "3": "USB_D+", "4": "USB_D+", "2 GND": "GND", "5 VBUS": "VBUS"},
          "discharges at USB", "USBLC6-2SC6"),
    Wired("Battery", {"1 Pin_1": "VBAT", "2 Pin_2": "GND"}, "the marks at the plug tell where plus is"),
)  # fmt: skip
XIAO_WIRED = (
    Wired("DRV5032FB", {"1 VCC": "+3V3", "2 GND": "GND", "3 OUT": "LID"}, "lid: a push-pull switch", "DRV5032FB"),
    Wired("2N3904", {"1 E": "GND", "2 B": "WAKE", "3 C": "BUTTON"}, "the dock wakes the tag"),
    Wired("XIAO ESP32C6", {"5V": "+5V", "GND": "GND", "3V3": "+3V3", "BAT+": "VBAT", "BAT-": "GND"}, "module"),
    Wired("402025", {"+": "VBAT", "-": "GND"}, "the cell, plus to plus"),
    Wired("5 V", {"5V": "DOCK_5V", "GND": "GND"}, "the dock's contacts"),
)
BOTH_THERE = (
    There("SW", "BUTTON", "GND", "the button wakes at low"),
    There("BZ", "BUZZER_P", "GND", "the buzzer"),
)
BOARD_THERE = (
    There("D", "DOCK_5V", "GND", "discharges from fingers at the contacts"),
    There("D", "VBUS", "GND", "discharges and ringing of the cable at USB"),
)
PADS = {"DOCK_5V": 1, "GND": 2, "+3V3": 1, "EN": 1, "BOOT": 1, "TXD": 1, "RXD": 1}
"""How many pads for a wire or a probe the board has of each net: two for the dock, six to program it without USB."""
SCHOTTKY = ("PMEG", "1N581")
DIODES = {
    "board": (Leads("VBUS", "+5V", SCHOTTKY), Leads("DOCK_5V", "+5V", SCHOTTKY), Leads("+5V", "VSYS", SCHOTTKY),
              Leads("LED_A", "GND")),
    "xiao": (Leads("DOCK_5V", "+5V", SCHOTTKY), Leads("LED_A", "GND")),
}  # fmt: skip
"""The diodes that keep 5 V off the open contacts and off what would feed back, and the light."""
STORES = (
    Stored("ESP32-C6", "+3V3", 22.05e-6, 5, "22 uF for the radio's peaks, 0.1 uF for noise (Espressif, guidelines)"),
    Stored("RT9080", "VSYS", 10.5e-6, 5, "10 uF for the radio's peaks and 1 uF for the regulator (Richtek)"),
    Stored("RT9080", "+3V3", 0.9e-6, 5, "the regulator is stable with 1 uF at its output (Richtek)"),
    Stored("MCP73831", "+5V", 4e-6, 5, "charger's input (Microchip: 4.7 uF)"),
    Stored("MCP73831", "VBAT", 4e-6, 5, "the charger is stable with 4.7 uF, with a cell and without (Microchip)"),
    Stored("USBLC6-2", "VBUS", 90e-9, 5, "it leads discharges to VBUS, which must take them up"),
    Stored("DRV5032FB", "+3V3", 90e-9, 5, "the switch takes its current in pulses (TI: 0.1 uF)"),
)
"""What must lie beside the parts of the custom board."""


def check(circuit: Circuit, build: str) -> Result:
    """Hold `circuit` against the rules of its `build`: "board" or "xiao"."""
    result = Result()
    on_board = build == "board"
    joins = BOTH + (BOARD if on_board else XIAO)
    there = BOTH_THERE + (BOARD_THERE if on_board else ())
    wired = BOARD_WIRED if on_board else XIAO_WIRED
    stores = STORES if on_board else ()
    for join in joins:
        result.faults += _joined(circuit, join)
    for part in there:
        result.faults += _there(circuit, part)
    for wiring in wired:
        result.faults += _wired(circuit, wiring)
    for diode in DIODES[build]:
        result.faults += _leads(circuit, diode)
    for store in stores:
        result.faults += _stored(circuit, store)
    result.faults += _dock_wake(circuit) + _lid_alone(circuit) + (_pads(circuit) if on_board else [])
    rules = len(joins) + len(there) + len(wired) + len(DIODES[build]) + len(stores) + 2 + on_board
    result.figures["rules"] = f"{rules} rules"
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


def _there(circuit: Circuit, rule: There) -> list[str]:
    try:
        circuit.between(rule.one, rule.other, rule.kind)
    except CircuitError as error:
        return [f"{error}: {rule.why}"]
    return []


def _wired(circuit: Circuit, rule: Wired) -> list[str]:
    faults = []
    try:
        part = circuit.with_value(rule.value)
        for pin, net in rule.pins.items():
            found = {part.net(each) for each in pin.split()}
            if found != {net}:
                faults.append(f"{part.ref} pin {pin} is on {' and '.join(sorted(found))}, not on {net}: {rule.why}")
        mpn = part.fields.get("MPN", "")
        if not mpn.startswith(rule.mpn):
            faults.append(f"{part.ref} is to be bought as {mpn}, not {rule.mpn}...: {rule.why}")
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
    why = "the switch is push-pull, and the chip's own pull would oppose a resistor"
    return [f"{ref} hangs on LID: {why}" for ref in circuit.on("LID") if circuit.parts[ref].kind != "U"]


def _leads(circuit: Circuit, rule: Leads) -> list[str]:
    diodes = [part for part in circuit.parts.values() if part.kind == "D"]
    right = [part for part in diodes if _ends(part) == (rule.anode, rule.cathode)]
    if not right:
        turned = [part.ref for part in diodes if _ends(part) == (rule.cathode, rule.anode)]
        what = f"{turned[0]} is the wrong way round" if turned else "there is none"
        return [f"a diode must lead from {rule.anode} to {rule.cathode}: {what}"]
    faults = [
        f"{part.ref}: pin 1 is its cathode, and is not on {rule.cathode}"
        for part in right
        if _first(part) != rule.cathode
    ]
    return faults + [
        f"{part.ref} is to be bought as {part.fields.get('MPN', '')}, which is no Schottky diode that is known"
        for part in right
        if rule.mpn and not part.fields.get("MPN", "").startswith(rule.mpn)
    ]


def _ends(diode: Part) -> tuple[str | None, str | None]:
    """The nets of its anode and its cathode."""
    return diode.names.get("A"), diode.names.get("K")


def _first(diode: Part) -> str | None:
    """The net of its pin 1: the cathode, in KiCad's footprints and on the reference build alike."""
    return diode.pins.get("1")


def _stored(circuit: Circuit, rule: Stored) -> list[str]:
    try:
        fed = circuit.with_value(rule.value)
        total = sum(
            number(part.value)
            for part in circuit.parts.values()
            if part.kind == "C"
            and set(part.pins.values()) == {rule.net, "GND"}
            and _apart(part, fed, rule.net) <= rule.within
        )
    except CircuitError as error:
        return [f"{error}: {rule.why}"]
    if total >= rule.least:
        return []
    has = f"{total * 1e6:.3g} uF of {rule.net} within {rule.within:g} mm, and needs {rule.least * 1e6:.3g} uF"
    return [f"{fed.ref} has {has}: {rule.why}"]


def _apart(one: Part, other: Part, net: str) -> float:
    """mm between the nearest two pads of two parts on a net."""
    ours, theirs = ([at for pad, at in part.place.pads if part.pins.get(pad) == net] if part.place else []
                    for part in (one, other))  # fmt: skip
    return min((math.dist(this, that) for this in ours for that in theirs), default=math.inf)


def _pads(circuit: Circuit) -> list[str]:
    """Each pad for a wire or a probe is on the net that it is called after."""
    pads = [part for part in circuit.parts.values() if part.kind == "TP"]
    faults = [
        f"{pad.ref} is called {pad.value}, and is on {', '.join(pad.pins.values()) or 'no net'}"
        for pad in pads
        if set(pad.pins.values()) != {pad.value}
    ]
    for net, wanted in PADS.items():
        there = sum(pad.value == net for pad in pads)
        if there != wanted:
            faults.append(f"the board has {there} pads called {net}, not {wanted}")
    return faults
