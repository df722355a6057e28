"""Pins: each net of a build reaches the GPIO that the firmware uses it by, and that GPIO can do what is asked of it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from hardware.checks import Result
from hardware.parts import Circuit, CircuitError, Part

NOT_PINS = {"BUTTON_DOWN", "LID_OPEN", "DOCKED", "BATTERY_DIVIDER"}
"""Numbers of firmware/board.py that are levels or a ratio."""
WAKE_CAPABLE = range(8)
"""GPIOs that are still powered in deep sleep (ESP32-C6 datasheet, LP IO)."""
WAKES = ("BUTTON", "LID")
ADC = range(7)
"""GPIOs with a channel of ADC1 (ESP32-C6 datasheet)."""
STRAPS = {4, 5, 8, 9, 15}
"""GPIOs that the chip reads at its start (ESP32-C6 datasheet, strapping pins)."""
XIAO_PADS = {
    "D0": 0, "D1": 1, "D2": 2, "D3": 21, "D4": 22, "D5": 23, "D6": 16, "D7": 17, "D8": 19, "D9": 20, "D10": 18,
}  # fmt: skip
"""GPIO by pad of the XIAO ESP32C6 (Seeed Studio, wiki of the board, pin map)."""


def firmware_pins(path: Path) -> dict[str, int]:
    """The GPIO of each net, as `path` (firmware/board.py) has it; raises CircuitError if that is no Python."""
    found = {}
    try:
        lines = ast.parse(path.read_text()).body
    except SyntaxError as error:
        raise CircuitError(f"{path.name}, line {error.lineno}: {error.msg}") from error
    for line in lines:
        match line:
            case ast.Assign([ast.Name(name)], ast.Constant(int(number))) if name not in NOT_PINS:
                found[name] = number
    return found


def check(circuit: Circuit, pins: dict[str, int]) -> Result:
    """Hold the chip's nets in `circuit` against `pins`, GPIO by net."""
    result = Result()
    try:
        chip, gpios = _chip(circuit)
    except CircuitError as error:
        return Result([str(error)])
    by_gpio = {gpio: chip.net(pin) for gpio, pin in gpios.items()}
    for net, gpio in pins.items():
        if by_gpio.get(gpio) != net:
            at = [str(other) for other, its in by_gpio.items() if its == net]
            there = f"GPIO {' and '.join(at)}" if at else "no GPIO"
            result.faults.append(f"{net} is GPIO {gpio} in the firmware, but goes to {there} of {chip.ref}")
    for gpio, net in by_gpio.items():
        if net in pins and pins[net] != gpio and by_gpio.get(pins[net]) == net:
            result.faults.append(f"{net} also goes to GPIO {gpio} of {chip.ref}")
    result.faults += _able(pins)
    result.figures["pins"] = f"{len(pins)} nets on {chip.ref} as in the firmware"
    return result


def _able(pins: dict[str, int]) -> list[str]:
    faults = [f"the firmware has no {net}" for net in (*WAKES, "VBAT_ADC") if net not in pins]
    faults += [
        f"{net} must wake the tag, which GPIO {pins[net]} cannot"
        for net in WAKES
        if net in pins and pins[net] not in WAKE_CAPABLE
    ]
    if "VBAT_ADC" in pins and pins["VBAT_ADC"] not in ADC:
        faults.append(f"VBAT_ADC is on GPIO {pins['VBAT_ADC']}, which the ADC cannot read")
    faults += [f"{net} is on GPIO {gpio}, a strapping pin" for net, gpio in pins.items() if gpio in STRAPS]
    return faults


def _chip(circuit: Circuit) -> tuple[Part, dict[int, str]]:
    """The module, and the name of its connected pin by GPIO."""
    modules = [part for part in circuit.parts.values() if re.search(r"ESP32-?C6", part.value)]
    if len(modules) != 1:
        raise CircuitError(f"the build has {len(modules)} modules with an ESP32-C6, not one")
    chip = modules[0]
    gpios = {}
    for name in chip.names:
        if name in XIAO_PADS:
            gpios[XIAO_PADS[name]] = name
        elif match := re.match(r"(?:GP)?IO(\d+)", name):
            gpios[int(match[1])] = name
    return chip, gpios
