"""Both builds keep the circuit's rules, reach the firmware's pins, and can be bought; the checks find a damaged one."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from hardware.checks import bom, circuit, pins
from hardware.parts import WIRING, CircuitError, number, read_board, read_wiring
from tests.hardware import damage

FIRMWARE = pins.firmware_pins(damage.HARDWARE.parent / "firmware" / "board.py")


@pytest.fixture
def board(tmp_path: Path) -> Path:
    """A copy of the board, to be damaged."""
    return Path(shutil.copy(damage.BOARD, tmp_path))


@pytest.fixture
def wiring(tmp_path: Path) -> Path:
    """A copy of the reference build's wiring, to be damaged."""
    return Path(shutil.copy(WIRING, tmp_path))


def test_the_committed_board_keeps_every_rule() -> None:
    there = read_board(damage.BOARD)
    assert circuit.check(there, "board").faults == []
    assert pins.check(there, FIRMWARE).faults == []
    assert bom.check(there).faults == []


def test_the_committed_wiring_keeps_every_rule() -> None:
    there = read_wiring(WIRING)
    assert circuit.check(there, "xiao").faults == []
    assert pins.check(there, FIRMWARE).faults == []
    assert bom.check(there).faults == []


def test_swapped_pins_of_the_module_are_told(board: Path) -> None:
    damage.swapped(board, "U1", "LID", "BUTTON")
    assert pins.check(read_board(board), FIRMWARE).faults == [
        "BUTTON is GPIO 0 in the firmware, but goes to GPIO 2 of U1",
        "LID is GPIO 2 in the firmware, but goes to GPIO 0 of U1",
    ]


def test_a_firmware_that_uses_other_pins_is_told() -> None:
    faults = pins.check(read_board(damage.BOARD), {**FIRMWARE, "LID": 6}).faults
    assert faults == ["LID is GPIO 6 in the firmware, but goes to GPIO 2 of U1"]


@pytest.mark.parametrize(
    ("moved", "fault"),
    [
        ({"LID": 21, "DOCK_SENSE": 2}, "LID must wake the tag, which GPIO 21 cannot"),
        ({"VBAT_ADC": 19}, "VBAT_ADC is on GPIO 19, which the ADC cannot read"),
        ({"LED": 9}, "LED is on GPIO 9, a strapping pin"),
    ],
)
def test_a_pin_that_cannot_do_its_work_is_told(moved: dict[str, int], fault: str) -> None:
    assert fault in pins.check(read_board(damage.BOARD), {**FIRMWARE, **moved}).faults


@pytest.mark.parametrize(
    ("net", "other", "fault"),
    [
        ("BUTTON", "+3V3", "no R between BUTTON and +3V3: the button's level must not depend on the chip's own pull"),
        ("EN", "+3V3", "no R between EN and +3V3: the chip starts when its supply is there (Espressif: 10 kOhm, 1 uF)"),
        ("CC1", "GND", "no R between CC1 and GND: a USB-C source gives no 5 V without it"),
    ],
)
def test_a_dropped_pull_up_is_told(board: Path, net: str, other: str, fault: str) -> None:
    damage.without(board, read_board(board).between(net, other).ref)
    assert fault in circuit.check(read_board(board), "board").faults


def _value(ref: Callable[[Path], str], value: str) -> Callable[[Path], None]:
    def damaged(board: Path) -> None:
        damage.in_part(board, ref(board), r'\(property "Value" "[^"]*"', f'(property "Value" "{value}"')

    return damaged


def _between(one: str, other: str, kind: str = "R") -> Callable[[Path], str]:
    return lambda board: read_board(board).between(one, other, kind).ref


def _diode(board: Path) -> None:
    ref = next(ref for ref, part in read_board(board).parts.items() if part.names.get("A") == "DOCK_5V")
    damage.swapped(board, ref, "DOCK_5V", "+5V")


def _transistor(board: Path) -> None:
    damage.without(board, next(ref for ref, part in read_board(board).parts.items() if part.kind == "Q"))


def _pulled_lid(board: Path) -> None:
    damage.moved_to(board, _between("BUTTON", "+3V3")(board), "BUTTON", "LID")


def _bought(ref: str, mpn: str) -> Callable[[Path], None]:
    return lambda board: damage.in_part(board, ref, r'\(property "MPN" "[^"]*"', f'(property "MPN" "{mpn}"')


def _without(ref: str) -> Callable[[Path], None]:
    return lambda board: damage.without(board, ref)


def _swapped(ref: str, one: str, other: str) -> Callable[[Path], None]:
    return lambda board: damage.swapped(board, ref, one, other)


def _renamed(ref: str, one: str, other: str) -> Callable[[Path], None]:
    """A symbol that has the names of two pins exchanged, and the wires drawn to the names."""

    def damaged(board: Path) -> None:
        for old, new in ((one, "x"), (other, one), ("x", other)):
            damage.in_part(board, ref, rf'\(pinfunction "{old}"\)', f'(pinfunction "{new}")')
        names = read_board(board).parts[ref].names
        damage.swapped(board, ref, names[one], names[other])

    return damaged


def _renumbered(ref: str) -> Callable[[Path], None]:
    """A footprint with its two pads numbered the other way round."""

    def damaged(board: Path) -> None:
        for old, new in (("1", "x"), ("2", "1"), ("x", "2")):
            damage.in_part(board, ref, rf'\(pad "{old}"', f'(pad "{new}"')

    return damaged


def _moved(ref: str, one: str, other: str) -> Callable[[Path], None]:
    return lambda board: damage.moved_to(board, ref, one, other)


@pytest.mark.parametrize(
    ("damaged", "fault"),
    [
        (_value(_between("PROG", "GND"), "2k"), "R3 is 2k, not 13400 to 20000: charging current"),
        (_value(_between("EN", "GND", "C"), "10n"), "is 10n, not 9e-07 to 1.1e-06: the chip starts"),
        (_value(_between("VBAT", "VBAT_ADC"), "lots"), "not a value of a resistor or capacitor: 'lots'"),
        (_diode, "a diode must lead from DOCK_5V to +5V: D2 is the wrong way round"),
        (_transistor, "no transistor has its collector on BUTTON: docking does not wake the tag"),
        (_pulled_lid, "R6 hangs on LID: the switch is push-pull"),
        (_without("U3"), "no LM66100: a docked tag runs from the dock"),
        (_swapped("U6", "LID", "+3V3"), "U6 pin 1 VCC is on LID, not on +3V3"),
        # What a person touches and plugs in.
        (_swapped("J1", "CC1", "VBUS"), "J1 pin A4 is on CC1, not on VBUS: USB-C"),
        (_swapped("J1", "USB_D+", "USB_D-"), "J1 pin A6 is on USB_D-, not on USB_D+"),
        (_moved("J1", "VBUS", "+5V"), "J1 pin B9 is on +5V, not on VBUS"),
        (_swapped("J2", "VBAT", "GND"), "J2 pin 1 Pin_1 is on GND, not on VBAT: the marks at the plug"),
        (_without("J2"), "no Battery: the marks at the plug"),
        (_without("D4"), "no D between DOCK_5V and GND: discharges"),
        (_swapped("U4", "VBUS", "GND"), "U4 pin 5 VBUS is on GND, not on VBUS: discharges"),
        (_without("R16"), "no R between DOCK_5V and GND: what leaks back"),
        (_without("D6"), "no D between VBUS and GND: discharges and ringing"),
        (_without("R18"), "no R between VBUS and GND: what leaks back"),
        (_moved("U3", "GND", "VSYS"), "U3 pin 5 ST is on VSYS, not on GND"),
        (_moved("TP1", "DOCK_5V", "+5V"), "TP1 is called DOCK_5V, and is on +5V"),
        (_moved("TP5", "EN", "BOOT"), "TP5 is called EN, and is on BOOT"),
        (_without("TP3"), "the board has 0 pads called +3V3, not 1"),
        (_without("SW1"), "no SW between BUTTON and GND: the button wakes at low"),
        (_moved("SW1", "BUTTON", "LID"), "SW1 hangs on LID"),
        (_swapped("D5", "LED_A", "GND"), "a diode must lead from LED_A to GND: D5 is the wrong way round"),
        (_moved("BZ1", "BUZZER_P", "LED"), "no BZ between BUZZER_P and GND"),
        (_swapped("U1", "TXD", "RXD"), "U1 pin 31 TXD0 is on RXD, not on TXD"),
        # Right by name, and wrong on the copper.
        (_renamed("U6", "OUT", "GND"), "U6 pin 3 GND is on GND and LID, not on GND"),
        (_renamed("Q1", "B", "E"), "Q1 pin 1 B is on GND and WAKE, not on WAKE"),
        (_renumbered("D3"), "D3: pin 1 is its cathode, and is not on VSYS"),
        # What is bought under a number that is almost right.
        (_bought("U2", "MCP73831T-3ACI/OT"), "U2 is to be bought as MCP73831T-3ACI/OT, not MCP73831T-2A...: charger"),
        (_bought("U6", "DRV5032FCDBZR"), "U6 is to be bought as DRV5032FCDBZR"),
        (_bought("U1", "ESP32-C6-MINI-1U-N4"), "U1 is to be bought as ESP32-C6-MINI-1U-N4"),
        (_bought("D1", "1N4148W-7-F"), "D1 is to be bought as 1N4148W-7-F, which is no Schottky diode that is known"),
        # Capacitors: there, to ground, and beside what they are for.
        (_without("C6"), "U1 has 0.1 uF of +3V3 within 5 mm, and needs 22.1 uF: 22 uF for the radio's peaks"),
        (_without("C7"), "U1 has 22 uF of +3V3 within 5 mm"),
        (_moved("C6", "GND", "VSYS"), "U1 has 0.1 uF of +3V3"),
        (_without("C11"), "U4 has 0 uF of VBUS within 5 mm, and needs 0.09 uF: it leads discharges"),
        (_without("C9"), "U6 has 0 uF of +3V3 within 5 mm, and needs 0.09 uF: the switch"),
        (_without("C4"), "U5 has 10 uF of VSYS within 5 mm"),
        (_without("C5"), "U5 has 0 uF of +3V3 within 5 mm"),
        (_moved("C2", "VBAT", "VSYS"), "U2 has 0 uF of VBAT within 5 mm"),
        (lambda board: damage.placed(board, "C9", 110, 140), "U6 has 0 uF of +3V3 within 5 mm"),
    ],
)
def test_a_damaged_circuit_is_told(board: Path, damaged: Callable[[Path], None], fault: str) -> None:
    damaged(board)
    assert any(fault in line for line in circuit.check(read_board(board), "board").faults)


def test_a_part_without_a_part_number_is_told(board: Path) -> None:
    damage.in_part(board, "U5", r'\(property "MPN" "[^"]*"', '(property "MPN" ""')
    assert bom.check(read_board(board)).faults == ["U5 (RT9080-33) has no MPN"]


def test_a_value_that_is_not_its_part_number_s_is_told(board: Path) -> None:
    _value(lambda _: "R1", "10k")(board)
    faults = bom.check(read_board(board)).faults
    assert len(faults) == 1
    assert "R1 and R2 are both" in faults[0]


def test_a_broken_outline_is_told(board: Path) -> None:
    damage.removed(board, "(gr_line", "Edge.Cuts")
    with pytest.raises(CircuitError, match=r"has no closed outline on Edge\.Cuts"):
        read_board(board)


def test_a_file_that_is_no_board_is_told(tmp_path: Path) -> None:
    (tmp_path / "x.kicad_pcb").write_text("(kicad_pcb (version 1")
    with pytest.raises(CircuitError, match=r"x\.kicad_pcb cannot be read as a KiCad board"):
        read_board(tmp_path / "x.kicad_pcb")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            '(footprint "R_0603" (layer "F.Cu") (property "Reference" "R99"))',
            "the footprint R99 cannot be read",
        ),
        ('(gr_line (start x 1) (end 1 1) (layer "Edge.Cuts"))', "a line on Edge.Cuts cannot be read"),
    ],
    ids=["no place", "a word for a number"],
)
def test_a_board_with_a_damaged_item_is_told(tmp_path: Path, text: str, fault: str) -> None:
    (tmp_path / "x.kicad_pcb").write_text(damage.BOARD.read_text().rstrip()[:-1] + text + ")")
    with pytest.raises(CircuitError, match=rf"x\.kicad_pcb: {fault}"):
        read_board(tmp_path / "x.kicad_pcb")


@pytest.mark.parametrize(("text", "value"), [("4k7", 4700), ("100n", 1e-7), ("15 kOhm", 15e3), ("2.2M", 2.2e6),
                                             ("470R", 470), ("22uF", 22e-6), ("1k", 1000), ("0R1", 0.1)])  # fmt: skip
def test_values_are_read_as_they_are_written(text: str, value: float) -> None:
    assert number(text) == pytest.approx(value)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (
            "    subtype: PTS635SL43\n    manufacturer: CK Switches\n",
            "    subtype: PTS635SL43\n",
            "SW1 (PTS635SL43) has no Manufacturer",
        ),
        ("    2N3904BU: onsemi", "    2N3904: onsemi", "Q1 (2N3904) has no Alternates"),
    ],
)
def test_a_part_of_the_reference_build_that_cannot_be_bought_is_told(
    wiring: Path, old: str, new: str, fault: str
) -> None:
    damage.changed(wiring, old, new)
    assert bom.check(read_wiring(wiring)).faults == [fault]


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        (
            {"{light 2: 1}, {D2: A}": "{light 2: 1}, {D2: K}", "{light: 2}, {D2: K}": "{light: 2}, {D2: A}"},
            "a diode must lead from LED_A to GND: D2 is the wrong way round",
        ),
        (
            {'"+"}, {cell: 1}': '"x"}, {cell: 1}', '"-"}, {cell: 2}': '"+"}, {cell: 2}', '"x"}': '"-"}'},
            "BT1 pin + is on GND, not on VBAT: the cell, plus to plus",
        ),
        (
            {"{J1: 5V}, {dock: 1}, {D1: A}": "{J1: 5V}, {dock 5 V: 1}, {U1: 5V}"},
            "J1 pin 5V is on +5V, not on DOCK_5V: the dock's contacts",
        ),
        ({"  - [{U1: 3V3}, {lid: 1}, {C2: 1}]\n": ""}, "no C between +3V3 and GND: the Hall switch"),
        ({"pinlabels: [VCC, GND, OUT]": "pinlabels: [VCC, OUT, GND]"}, "U2 pin 2 GND is on GND and LID, not on GND"),
        ({"pinlabels: [E, B, C]": "pinlabels: [C, B, E]"}, "Q1 pin 1 E is on BUTTON and GND, not on GND"),
        ({"mpn: DRV5032FBLPG\n": "mpn: DRV5032FCLPG\n"}, "U2 is to be bought as DRV5032FCLPG, not DRV5032FB"),
    ],
)
def test_a_damaged_wiring_is_told(wiring: Path, changes: dict[str, str], fault: str) -> None:
    for old, new in changes.items():
        damage.changed(wiring, old, new, times=wiring.read_text().count(old))
    assert any(fault in line for line in circuit.check(read_wiring(wiring), "xiao").faults)


def test_swapped_wires_of_the_reference_build_are_told(wiring: Path) -> None:
    for old, new in (("{U1: D0}", "{U1: DX}"), ("{U1: D2}", "{U1: D0}"), ("{U1: DX}", "{U1: D2}")):
        damage.changed(wiring, old, new, times=wiring.read_text().count(old))
    assert pins.check(read_wiring(wiring), FIRMWARE).faults == [
        "BUTTON is GPIO 0 in the firmware, but goes to GPIO 2 of U1",
        "LID is GPIO 2 in the firmware, but goes to GPIO 0 of U1",
    ]


def test_a_wire_that_does_not_say_its_net_is_told(wiring: Path) -> None:
    damage.changed(wiring, "wirelabels: [WAKE]", "wirelabels: ['']")
    with pytest.raises(CircuitError, match="wire 1 of base does not say which net it is"):
        read_wiring(wiring)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("wirelabels: [WAKE]", "wirelabel: [WAKE]"),
        ("colors: [TQ], wirelabels: [WAKE]}", "colors: [TQ], wirelabels: [WAKE"),
    ],
    ids=["a word misspelt", "a bracket left out"],
)
def test_a_wiring_that_cannot_be_read_is_told_in_one_line(wiring: Path, old: str, new: str) -> None:
    damage.changed(wiring, old, new)
    with pytest.raises(CircuitError, match=r"^wiring\.yml cannot be read as wiring: [^\n]+$"):
        read_wiring(wiring)


def test_a_pin_on_two_nets_is_told(wiring: Path) -> None:
    damage.changed(wiring, "wirelabels: [+3V3, BUTTON, GND]", "wirelabels: [+3V3, LED, GND]")
    with pytest.raises(CircuitError, match=r"pin .* is on .* and on"):
        read_wiring(wiring)
