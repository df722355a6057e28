"""The reference build: its wiring, its perfboard, its bill of materials and what its documents say."""

import re
import shlex
from itertools import pairwise
from pathlib import Path

import click
import pytest
from PIL import Image, ImageChops

from hardware import perfboard
from hardware.charge.model import read_currents
from hardware.checks import bom, layout, power
from hardware.checks.places import Mechanics
from hardware.making import perfboard_views, wiring
from hardware.parts import WIRING, number, read_wiring
from host.cli.root import root
from tests.hardware import damage

LAYOUT = perfboard.LAYOUT
METER_OHMS = 10e6
"""Input of a usual multimeter."""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the layout, to be damaged."""
    path = tmp_path / LAYOUT.name
    path.write_text(LAYOUT.read_text())
    return path


def faults(path: Path, wiring: Path = WIRING) -> list[str]:
    return layout.check(read_wiring(wiring), perfboard.read(path), Mechanics(build="xiao")).faults


def test_the_layout_joins_what_the_wiring_joins_and_fits() -> None:
    assert faults(LAYOUT) == []


def test_two_pins_swapped_are_a_short_at_each(copy: Path) -> None:
    damage.changed(
        copy, 'pins = {VCC = "j17", GND = "k16", OUT = "k17"}', 'pins = {VCC = "k16", GND = "j17", OUT = "k17"}'
    )
    told = faults(copy)
    assert "short at j17: the run +3V3 from i17 to j16 (+3V3) and U2 pin GND (GND) touch" in told
    assert "short at k16: U2 pin VCC (+3V3) and the run GND from b11 to k16 (GND) touch" in told


def test_two_pins_in_one_hole_are_told(copy: Path) -> None:
    damage.changed(copy, 'pins = {1 = "k3", 2 = "k2"}', 'pins = {1 = "j3", 2 = "k2"}')
    assert "R2 pin 1 and C1 pin 1 are both in hole j3" in faults(copy)


def test_a_run_too_long_is_a_short(copy: Path) -> None:
    damage.changed(copy, 'holes = ["a2", "c2"]', 'holes = ["a2", "c2", "c3"]')
    assert faults(copy) == ["short at c3: the run +5V from a2 to c3 (+5V) and U1 pin GND (GND) touch"]


def test_runs_that_cross_are_a_short(copy: Path) -> None:
    damage.changed(copy, 'holes = ["i5", "k5"]', 'holes = ["i5", "k5", "k6", "j6", "j5"]')
    assert any(line.startswith("short at j6: ") for line in faults(copy))


def test_a_run_left_out_leaves_its_net_in_pieces(copy: Path) -> None:
    damage.changed(copy, 'net = "LED_A"\nholes = ["j10", "k10"]', 'net = "LED_A"\nholes = ["k10", "k9"]')
    assert faults(copy) == ["LED_A is in 2 pieces: D2 pin A; R7 pin 2"]


def test_a_wire_to_an_empty_hole_is_told(copy: Path) -> None:
    damage.changed(copy, 'holes = ["i4", "j6", "k10", "k17"]', 'holes = ["i4", "j6", "k10", "k18"]')
    told = faults(copy)
    assert "the wire LID from i4 to k18 leads to nothing at k18" in told
    assert "LID is in 2 pieces: U1 pin D2; U2 pin OUT" in told


def test_a_wire_of_another_net_is_a_short(copy: Path) -> None:
    damage.changed(copy, 'holes = ["b5", "i5"]', 'holes = ["b5", "i4"]')
    assert any(line.startswith("short at i4: ") for line in faults(copy))


def test_a_pin_without_a_hole_and_a_part_left_out_are_told(copy: Path) -> None:
    damage.changed(copy, 'pins = {1 = "c10", 2 = "c12"}', 'pins = {1 = "c10"}')
    damage.changed(copy, "[parts.C2]", "[parts.C3]")
    told = faults(copy)
    assert "R8 pin 2 has no hole" in told
    assert "C2 (100n) is not on the perfboard" in told
    assert "the perfboard has C3, which the wiring has not" in told


def test_a_part_in_the_antennas_zone_is_told(copy: Path) -> None:
    damage.changed(copy, 'pins = {1 = "c10", 2 = "c12"}', 'pins = {1 = "e10", 2 = "e12"}')
    assert "R8 is in the antenna's zone" in faults(copy)


def test_a_wire_through_the_antennas_zone_is_told(copy: Path) -> None:
    damage.changed(copy, 'holes = ["c5", "e4", "g5", "j9", "k12"]', 'holes = ["c5", "k12"]')
    assert faults(copy) == ["the line LED from c5 to k12 is in the antenna's zone"]


def test_a_zone_that_leaves_the_antenna_out_is_told(copy: Path) -> None:
    damage.changed(copy, "box = [9.7, 17.5, 22.3, 25.4]", "box = [9.7, 22.0, 22.3, 25.4]")
    assert faults(copy) == ["the antenna's zone does not hold the place that the enclosure has for the antenna"]


def test_bodies_that_overlap_are_told(copy: Path) -> None:
    damage.changed(copy, 'pins = {1 = "d15", 2 = "b15"}', 'pins = {1 = "d13", 2 = "b13"}')
    assert any(line.startswith("R8 and BZ1 overlap by") for line in faults(copy))


def test_a_leg_under_another_part_is_told(copy: Path) -> None:
    damage.changed(copy, 'pins = {A = "j10", K = "i10"}', 'pins = {A = "j10", K = "i9"}')
    assert "D2 pin K is under U1" in faults(copy)


def test_a_part_over_the_edge_and_one_too_high_are_told(copy: Path) -> None:
    damage.changed(copy, "at = [27.43, 47.0]", "at = [30.5, 47.0]")
    damage.changed(copy, "height = 4.2", "height = 7")
    told = faults(copy)
    assert "U2 stands out over the edge of the board" in told
    assert "Q1 is 7 mm high, and 6.5 mm are free under the lid" in told


def test_a_part_that_is_not_where_the_lid_expects_it_is_told(copy: Path) -> None:
    damage.changed(copy, 'pins = {1 = "i14", 2 = "i11"}', 'pins = {1 = "i15", 2 = "i12"}')
    assert any(line.startswith("SW1 is at 23.6, 33.1, and the lid expects it at") for line in faults(copy))


def test_a_hole_that_is_not_there_and_a_slanting_run_are_told(copy: Path) -> None:
    damage.changed(copy, 'net = "VBAT"\nholes = ["g7", "j7", "j8"]', 'net = "VBAT"\nholes = ["g7", "j8"]')
    assert "the run VBAT from g7 to j8 does not lead along a row or a column from g7 to j8" in faults(copy)
    damage.changed(copy, '["g7", "j8"]', '["g7", "l7"]')
    with pytest.raises(perfboard.LayoutError, match="there is no hole l7"):
        perfboard.read(copy)


def test_a_file_that_is_no_layout_is_told(copy: Path) -> None:
    copy.write_text("[board]\nsize = 3\n")
    with pytest.raises(perfboard.LayoutError, match=r"perfboard\.toml is not a layout"):
        perfboard.read(copy)


def test_every_part_can_be_bought_and_every_number_was_looked_for() -> None:
    assert bom.check(read_wiring(WIRING)).faults == []
    assert all(line.seen for line in wiring.bom())


def test_a_part_number_that_nobody_looked_for_is_told(tmp_path: Path) -> None:
    path = tmp_path / "wiring.yml"
    path.write_text(WIRING.read_text())
    damage.changed(path, "mpn: DRV5032FBLPG", "mpn: DRV5032XYZ")
    with pytest.raises(wiring.WiringError, match="does not say where DRV5032XYZ was seen"):
        wiring.bom(path)


def test_the_bill_of_materials_is_that_of_the_wiring() -> None:
    assert (perfboard.LAYOUT.parent / "bom.csv").read_text() == wiring.bom_csv(wiring.bom()), "run `make hardware`"


def test_each_part_is_bought_once() -> None:
    parts = {ref for ref, part in read_wiring(WIRING).parts.items() if part.bought}
    bought = [ref for line in wiring.bom() for ref in line.references]
    assert sorted(bought) == sorted(parts)


def test_a_net_has_one_colour(tmp_path: Path) -> None:
    path = tmp_path / "wiring.yml"
    path.write_text(WIRING.read_text())
    assert set(wiring.colours(path)) == read_wiring(path).nets
    damage.changed(path, "colors: [RD, BK], wirelabels: [VBAT, GND]", "colors: [RD, GN], wirelabels: [VBAT, GND]")
    with pytest.raises(wiring.WiringError, match=r"wiring\.yml: GND has wires of several colours"):
        wiring.colours(path)


def test_the_pictures_differ_from_stage_to_stage(tmp_path: Path) -> None:
    circuit = read_wiring(WIRING)
    drawn = perfboard_views.draw(perfboard.read(), circuit, wiring.colours(), tmp_path)
    assert [path.name for path in drawn] == perfboard_views.pictures()
    images = [Image.open(path).convert("RGB") for path in drawn]
    for one, other in pairwise(images):
        assert ImageChops.difference(one, other).getbbox() is not None
    assert all(path.stat().st_size < 150_000 for path in drawn)


@pytest.mark.parametrize(
    ("value", "rings"),
    [
        ("470R", "yellow violet black black brown"),
        ("2k2", "red red black brown brown"),
        ("180k", "brown grey black orange brown"),
        ("1M", "brown black black yellow brown"),
    ],
)
def test_rings_of_a_resistor(value: str, rings: str) -> None:
    assert " ".join(name for name, _ in perfboard_views.rings(value)) == rings


DOCUMENTS = [*sorted(perfboard.LAYOUT.parent.glob("*.md")), damage.HARDWARE / "bench.md", damage.HARDWARE / "errata.md"]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_and_pictures_of_the_documents_are_there(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", document.read_text()):
        assert target.startswith("http") or (document.parent / target).exists(), f"{document.name} links to {target}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_in_the_documents_can_be_typed(document: Path) -> None:
    lines = re.findall(r"(?:`|^ {4,})(kitdock [^`\n]+)", document.read_text(), re.MULTILINE)
    for line in lines:
        command: click.Command = root
        context = click.Context(root)
        for word in shlex.split(line)[1:]:
            within = command.get_command(context, word) if isinstance(command, click.Group) else None
            if within is not None:
                command = within
            elif word.startswith("--"):
                assert any(word in option.opts for option in command.params), f"{document.name}: {line} has no {word}"
        assert command is not root, f"{document.name}: there is no {line}"


def test_the_test_procedure_expects_what_the_parts_give() -> None:
    circuit = read_wiring(WIRING)
    ohms = {ref: number(part.value) for ref, part in circuit.parts.items() if part.kind == "R"}
    beside = 1 / (1 / ohms["R9"] + 1 / (ohms["R3"] + ohms["R4"]) + 1 / (ohms["R6"] + ohms["R10"]))
    loaded = 1 / (1 / ohms["R2"] + 1 / METER_OHMS)
    asleep = sum(share.ua for share in power.asleep(circuit, read_currents()))
    light = read_currents()["light"]["value"] * ohms["R7"] / 1e3
    told = {
        "A4": f"{beside / 1e3:.2f} kΩ",
        "B4": f"= {ohms['R4'] / (ohms['R3'] + ohms['R4']):.2f}",
        "C3": f"{loaded / (loaded + ohms['R1']):.3f}",
        "C4": f"{asleep:.1f} µA",
        "D4": f"{light:.1f} V",
        "E3": f"{beside / 1e3:.2f} kΩ",
    }
    text = (perfboard.LAYOUT.parent / "test-procedure.md").read_text()
    sources = dict(
        re.findall(r"^\| ([A-E]\d+)[^|]*\| (.+) \|$", text[text.index("## Where the numbers") :], re.MULTILINE)
    )
    for line, figure in told.items():
        assert figure in sources[line], f"{line}: {figure}"
