"""Both builds as small circuits for the tests of simulations and power budget: what they need of them, and no more."""

from __future__ import annotations

from dataclasses import replace

from hardware.parts import Circuit, Part


def two(ref: str, value: str, one: str, other: str, mpn: str = "") -> Part:
    """A part of two pins."""
    return Part(ref, value, {"MPN": mpn} if mpn else {}, {"1": one, "2": other})


def diode(ref: str, mpn: str, anode: str, cathode: str) -> Part:
    """A diode."""
    return Part(ref, mpn, {"MPN": mpn}, {"1": cathode, "2": anode}, {"K": cathode, "A": anode})


def named(ref: str, value: str, mpn: str, **names: str) -> Part:
    """A part whose pins have names."""
    return Part(ref, value, {"MPN": mpn}, {str(place + 1): net for place, net in enumerate(names.values())}, names)


BOTH = (
    two("R1", "1M", "VBAT", "VBAT_ADC"),
    two("R2", "1M", "VBAT_ADC", "GND"),
    two("C1", "100n", "VBAT_ADC", "GND"),
    two("R3", "100k", "+5V", "DOCK_SENSE"),
    two("R4", "180k", "DOCK_SENSE", "GND"),
    two("R5", "1M", "BUTTON", "+3V3"),
    two("R6", "100k", "+5V", "WAKE_B"),
    two("R7", "100k", "WAKE_B", "GND"),
    two("R8", "2k2", "+5V", "GND"),
    two("C2", "100n", "+3V3", "GND"),
    two("R9", "470", "LED", "LED_A"),
    named("U6", "DRV5032FB", "DRV5032FBDBZR", VCC="+3V3", OUT="LID", GND="GND"),
)
"""What both have, the hand-made build's diodes and transistor apart."""


def board() -> Circuit:
    """The custom board."""
    parts = (
        *BOTH,
        named("Q1", "MMBT3904", "MMBT3904", B="WAKE_B", E="GND", C="BUTTON"),
        diode("D1", "PMEG6010ELRX", "VBUS", "+5V"),
        diode("D2", "PMEG6010ELRX", "DOCK_5V", "+5V"),
        diode("D3", "PMEG6010ELRX", "+5V", "VSYS"),
        two("D4", "PESD5V0S1BA", "DOCK_5V", "GND", "PESD5V0S1BA,115"),
        named("U1", "ESP32-C6-MINI-1", "ESP32-C6-MINI-1-N4", V="+3V3", GND="GND", BUTTON="BUTTON", LID="LID"),
        named("U2", "MCP73831", "MCP73831T-2ACI/OT", VDD="+5V", VBAT="VBAT", PROG="PROG", VSS="GND"),
        named("U3", "LM66100", "LM66100DCKR", VIN="VBAT", VOUT="VSYS", CE="+5V", GND="GND"),
        named("U4", "USBLC6-2SC6", "USBLC6-2SC6", VBUS="VBUS", GND="GND"),
        named("U5", "RT9080-33GJ5", "RT9080-33GJ5", IN="VSYS", EN="VSYS", OUT="+3V3", GND="GND"),
        two("R10", "15k", "PROG", "GND"),
        two("C3", "4u7", "+5V", "GND"),
        two("C4", "4u7", "VBAT", "GND"),
        two("C5", "10u", "VSYS", "GND"),
        two("C6", "22u", "+3V3", "GND"),
    )
    return Circuit({part.ref: part for part in parts})


def xiao() -> Circuit:
    """The reference build."""
    parts = (
        *BOTH,
        named("Q1", "2N3904", "2N3904BU", E="GND", B="WAKE_B", C="BUTTON"),
        diode("D1", "1N5819", "DOCK_5V", "+5V"),
        named("U1", "XIAO ESP32C6", "113991254", V5="+5V", V33="+3V3", GND="GND", BAT="VBAT", D0="BUTTON", D2="LID"),
    )
    return Circuit({part.ref: part for part in parts})


def without(circuit: Circuit, ref: str) -> Circuit:
    """`circuit` with a part forgotten."""
    return replace(circuit, parts={each: part for each, part in circuit.parts.items() if each != ref})


def changed(circuit: Circuit, part: Part) -> Circuit:
    """`circuit` with another part in the place of the one of that reference, or with one more."""
    return replace(circuit, parts=circuit.parts | {part.ref: part})


def valued(circuit: Circuit, ref: str, value: str) -> Circuit:
    """`circuit` with a part of another value."""
    return changed(circuit, replace(circuit.parts[ref], value=value))
