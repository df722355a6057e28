"""The dock: its wiring, its parts, and what its guide says."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import pytest

from hardware.checks import bom, dock
from hardware.checks.places import Mechanics
from hardware.checks.spice.ngspice import Limits
from hardware.making import wiring
from hardware.parts import CircuitError
from tests.hardware.damage import changed

README = dock.FOLDER / "README.md"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the wiring, to be damaged."""
    path = tmp_path / dock.WIRING.name
    path.write_text(dock.WIRING.read_text())
    return path


def faults(path: Path, limits: Limits | None = None, places: int = dock.PLACES) -> list[str]:
    return dock.check(dock.read(path), places, limits).faults


def limits(**parts: dict[str, float]) -> Limits:
    """The dock's limits, with the data of parts that are not in it."""
    entries = Limits.read(dock.LIMITS).entries
    return Limits(entries | {"part": entries["part"] | parts})


@pytest.mark.parametrize("places", [1, dock.PLACES])
def test_cradle_and_rack_feed_every_tag_at_its_most(places: int) -> None:
    result = dock.check(dock.read(), places)
    assert result.faults == []
    assert "4.75 V must be" in result.figures["lowest voltage at a tag's screws"]


def test_the_wiring_has_the_places_of_the_printed_rack() -> None:
    assert 3 * Mechanics(build="board")["rack_places"] == dock.PLACES
    places = {part.ref: dock.number_of(part) for part in dock.read().circuit.parts.values() if part.kind == "PL"}
    assert sorted(places.values()) == list(range(1, dock.PLACES + 1))


def test_a_thin_wire_to_the_last_place_is_told(copy: Path) -> None:
    changed(copy, "length: 1.0, colors", "length: 3.5, colors")
    (fault,) = faults(copy)
    assert re.match(r"dock: place 6 has 4\.7\d\d V at the tag's screws, not 4\.75 V", fault)


def test_a_wire_that_does_not_bear_what_trips_its_fuse_is_told(copy: Path) -> None:
    changed(copy, "place 2: {<<: *place, length", "place 2: {<<: *place, gauge: 0.14 mm2, length")
    assert faults(copy) == [
        "dock: the wire from F2 to PL2, 0.14 mm2, bears 1.7 A; 1.8 A may flow: thicker",
        "dock: the wire from X2 to PR2, 0.14 mm2, bears 1.7 A; 1.8 A may flow: thicker",
    ]


def test_a_thin_wire_before_the_fuse_is_told(copy: Path) -> None:
    changed(copy, "hot 5: *hot", "hot 5: {<<: *hot, gauge: 0.25 mm2}")
    assert faults(copy) == [
        "dock: the wire from X1 to F5, 0.25 mm2, bears 3.5 A; 4.8 A may flow: thicker, or a main fuse"
    ]


def test_a_weaker_supply_is_told(copy: Path) -> None:
    changed(copy, "mpn: DDR-15G-5", "mpn: HALF")
    half = {"amperes": 1.5, "most": 2.4}
    assert faults(copy, limits(HALF=half)) == [
        "dock: U1 gives 1.5 A at 5 V; 2.81 A flow when one place trips its fuse and the others charge"
    ]
    assert faults(copy) == ["dock: U1 (HALF) is not known to hardware/dock/limits.toml: add its data"]


def test_a_weaker_adapter_is_told(copy: Path) -> None:
    changed(copy, "mpn: GST25E12-P1J", "mpn: SMALL")
    assert faults(copy, limits(SMALL={"watts": 12.0})) == [
        "dock: PS1 gives 1.7 A at 5 V; 2.81 A flow when one place trips its fuse and the others charge"
    ]


@pytest.mark.parametrize(
    ("volts", "told"),
    [
        (5.0, "dock: place 6 has 4.722 V at the tag's screws, not 4.75 V, when all places charge"),
        (5.2, "dock: the supply gives up to 5.33 V, a tag may get 5.25 V"),
    ],
)
def test_a_supply_set_too_low_or_too_high_is_told(volts: float, told: str) -> None:
    (fault,) = dock.check(dock.read(), limits=limits().with_value("supply.set", volts)).faults
    assert fault.startswith(told)


def test_a_fuse_left_out_is_told(copy: Path) -> None:
    changed(copy, "{X1: 5V}, {hot 3: 1}, {F3: 1}", "{X1: 5V}, {hot 3: 1}, {PL3: left}")
    changed(copy, "  - [{F3: 2}, {place 3: 1}, {PL3: left}]\n", "")
    assert faults(copy) == ["dock: place 3 has 0 fuses between 5V and its left pin, not one"]


def test_a_fuse_for_two_places_is_told(copy: Path) -> None:
    changed(copy, "{F4: 2}, {place 4: 1}", "{F3: 2}, {place 4: 1}")
    changed(copy, "wirelabels: [DOCK_5V_4, GND]", "wirelabels: [DOCK_5V_3, GND]")
    assert faults(copy) == ["dock: place 4 shares F3 with another place"]


def test_poles_swapped_are_told(copy: Path) -> None:
    changed(copy, "{place 3: 1}, {PL3: left}", "{place 3: 1}, {PR3: right}")
    changed(copy, "{place 3: 2}, {PR3: right}", "{place 3: 2}, {PL3: left}")
    assert faults(copy) == ["dock: place 3 has its poles swapped: 5 V belongs to the left pin, seen from the front"]


def test_the_supply_swapped_is_told_for_every_place(copy: Path) -> None:
    changed(copy, "{U1: +V}, {output: 1}", "{U1: -V}, {output: 1}")
    changed(copy, "{U1: -V}, {output: 2}", "{U1: +V}, {output: 2}")
    assert len(faults(copy)) == dock.PLACES


def test_a_right_pin_that_is_not_on_ground_is_told(copy: Path) -> None:
    changed(copy, "{X2: GND}, {place 2: 2}, {PR2: right}", "{J1: '-'}, {place 2: 2}, {PR2: right}")
    changed(copy, "wirelabels: [DOCK_5V_2, GND]", "wirelabels: [DOCK_5V_2, 0V]")
    assert faults(copy) == ["dock: place 2 has its right pin on 0V, not on GND"]


@pytest.mark.parametrize("net", ["5V", "DOCK_5V_6"])
def test_anything_else_in_the_way_is_told(copy: Path, net: str) -> None:
    changed(
        copy,
        "\ncables:\n",
        f"  D9: {{type: light, pinlabels: [A]}}\n\ncables:\n  more: {{<<: *hot, wirelabels: [{net}]}}\n",
    )
    start = "{X1: 5V}" if net == "5V" else "{F6: 2}"
    copy.write_text(copy.read_text() + f"  - [{start}, {{more: 1}}, {{D9: A}}]\n")
    assert faults(copy) == [f"dock: D9 is on {net}: between supply and pins there is fuse and wire, nothing else"]


def test_a_fuse_that_is_too_small_is_told(copy: Path) -> None:
    changed(copy, "mpn: MF-R090-0-9", "mpn: MF-R020")
    small = {"hold": 0.17, "trip": 0.4, "ohms": 4.4}
    told = faults(copy, limits(**{"MF-R020": small}))
    assert told[0] == "dock: F1 (MF-R020) holds 0.17 A in the heat, a tag takes 0.2 A"
    assert len(told) == dock.PLACES


def test_a_fuse_that_lets_more_pass_than_a_pin_bears_is_told(copy: Path) -> None:
    changed(copy, "mpn: MF-R090-0-9", "mpn: LARGE")
    told = faults(copy, limits(LARGE={"hold": 1.5, "trip": 3.7, "ohms": 0.11}))
    assert told[:2] == ["dock: PL1 bears 3 A; F1 lets 3.7 A pass", "dock: PR1 bears 3 A; F1 lets 3.7 A pass"]


def test_a_wire_without_length_is_told(copy: Path) -> None:
    changed(copy, "output: {<<: *lead,", "output: {<<: *lead, length: 0,")
    assert "dock: the wire from U1 to X1 has no section or no length" in faults(copy)


def test_a_wire_that_is_drawn_once_for_two_places_is_told(copy: Path) -> None:
    changed(copy, "{place 5: 2}, {PR5: right}", "{place 4: 2}, {PR5: right}")
    with pytest.raises(CircuitError, match=r"wiring\.yml: a wire of place 4 leads to several places"):
        dock.read(copy)


def test_every_alternate_of_a_fuse_and_of_the_supply_does_as_well(copy: Path) -> None:
    text = copy.read_text()
    for mpn, alternates in re.findall(
        r"^    (GST25E12-P1J|DDR-15G-5|MF-R090-0-9): (.+)$", text.split("  seen:")[0], re.M
    ):
        for alternate in alternates.split("; "):
            copy.write_text(text)
            changed(copy, f"mpn: {mpn}\n", f"mpn: {alternate.split()[-1]}\n")
            assert faults(copy) == []


def test_every_part_can_be_bought_and_every_number_was_looked_for() -> None:
    assert bom.check(dock.read().circuit).faults == []
    assert all(line.seen for line in wiring.bom(dock.WIRING))


def test_the_bill_of_materials_is_that_of_the_wiring() -> None:
    assert dock.BOM.read_text() == wiring.bom_csv(wiring.bom(dock.WIRING)), "run `make hardware`"


def test_there_is_enough_wire_to_buy() -> None:
    drawn: dict[tuple[str, str], float] = defaultdict(float)
    colours = {"0V": "black", "GND": "black", "12V": "yellow", "5V": "red"}
    for wire in dock.read().wires:
        if wire.section:
            drawn[f"{wire.section:g}", colours.get(wire.net, "pink")] += wire.length
    bought = {
        (f"{float(line.value.split()[0]):g}", line.value.split()[-1]): line.quantity
        for line in wiring.bom(dock.WIRING)
        if line.description == "stranded wire"
    }
    assert bought.keys() == drawn.keys()
    for kind, metres in drawn.items():
        assert metres <= bought[kind] <= 1.2 * metres + 0.4, kind


def test_links_and_pictures_of_the_guide_are_there() -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", README.read_text()):
        assert target.startswith("http") or (README.parent / target).exists(), target


def test_the_guide_says_what_the_check_finds() -> None:
    text = README.read_text()
    for places in (1, dock.PLACES):
        volts = dock.check(dock.read(), places).figures["lowest voltage at a tag's screws"].split()[0]
        assert f"{float(volts):.2f} V" in text
    assert f"{Limits.read(dock.LIMITS)['supply.set']:.2f} V" in text
    assert "1.22 A" in text and dock.check(dock.read()).figures["all tags at their most"].startswith("1.22 A")
