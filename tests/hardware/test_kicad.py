"""ERC, DRC, parity and what is exported: nothing is wrong with the committed board, and the checks find damage."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from hardware.checks import bom, gerbers, kicad
from hardware.errors import MissingTool
from hardware.making import fabrication
from hardware.parts import read_board
from tests.hardware import damage

pytestmark = [pytest.mark.needs_kicad, pytest.mark.timeout(300)]


@pytest.fixture
def board(tmp_path: Path) -> Path:
    """The board of a copy of the project."""
    return damage.project(tmp_path)


def test_the_schematic_has_no_fault(tmp_path: Path) -> None:
    found = kicad.check_schematic(damage.SCHEMATIC, tmp_path / "erc.json")
    assert (found.faults, found.figures) == ([], {"ERC": "0"})


def test_the_board_has_no_fault_nothing_is_unconnected_and_it_is_the_schematic_s(tmp_path: Path) -> None:
    found = kicad.check_board(damage.BOARD, tmp_path / "drc.json")
    assert (found.faults, found.figures) == ([], {"DRC": "0", "unconnected": "0", "parity": "0"})


def test_a_cut_wire_of_the_schematic_is_told(board: Path) -> None:
    schematic = board.with_suffix(".kicad_sch")
    damage.removed(schematic, "(wire")
    assert kicad.check_schematic(schematic, board.with_suffix(".json")).faults


def _moved(board: Path) -> None:
    """R6 on top of SW1."""
    at = re.search(r"\(at [^)]*\)", board.read_text()[damage.footprint(board.read_text(), "SW1")[0] :])
    assert at is not None
    text = board.read_text()
    start, end = damage.footprint(text, "R6")
    board.write_text(text[:start] + re.sub(r"\(at [^)]*\)", at[0], text[start:end], count=1) + text[end:])


@pytest.mark.parametrize(
    ("damaged", "kind"),
    [
        (lambda board: damage.swapped(board, "U1", "LID", "BUTTON"), "parity"),
        (lambda board: damage.without(board, "R6"), "parity"),
        (_moved, "DRC"),
        (lambda board: damage.removed(board, "(segment"), "unconnected"),
        (lambda board: damage.removed(board, "(gr_line", "Edge.Cuts"), "DRC"),
        (lambda board: damage.thinned(board, "VBAT", 0.15), "DRC"),
    ],
    ids=[
        "two pins swapped",
        "a pull-up dropped",
        "a part moved onto another",
        "a track cut",
        "the outline broken",
        "a power track too thin",
    ],
)
def test_a_damaged_board_is_told(board: Path, damaged: Callable[[Path], None], kind: str) -> None:
    damaged(board)
    faults = kicad.check_board(board, board.with_suffix(".json")).faults
    assert any(line.startswith(f"{kind}: ") for line in faults), faults


def test_the_least_width_holds_for_each_net_of_power(board: Path) -> None:
    nets = ("VBUS", "DOCK_5V", "+5V", "VSYS", "VBAT", "+3V3")
    for net in nets:
        damage.thinned(board, net, 0.34)
    faults = kicad.check_board(board, board.with_suffix(".json")).faults
    assert len(faults) == len(nets), faults
    for net in nets:
        assert any("min width 0.3500 mm" in line and f"{net}]" in line for line in faults), faults


def test_a_file_that_is_no_board_is_told_in_kicad_s_words(tmp_path: Path) -> None:
    (tmp_path / "x.kicad_pcb").write_text("(kicad_pcb (version 1")
    with pytest.raises(kicad.KicadError, match=r"^kicad-cli pcb drc --severity-all of x\.kicad_pcb: \S"):
        kicad.check_board(tmp_path / "x.kicad_pcb", tmp_path / "drc.json")


def test_an_old_report_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kicad, "run", lambda *arguments: "")
    (tmp_path / "erc.json").write_text('{"sheets": []}')
    with pytest.raises(kicad.KicadError, match=r"kicad-cli erc of kitdock-tag\.kicad_sch has left no report"):
        kicad.check_schematic(damage.SCHEMATIC, tmp_path / "erc.json")


def test_a_board_is_not_drawn_without_the_shapes_of_its_parts(
    board: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shapes" / "Empty.3dshapes").mkdir(parents=True)
    monkeypatch.setattr(kicad, "SHAPES", tmp_path / "shapes")
    with pytest.raises(MissingTool, match=r"no shape of .*R_0603_1608Metric\.step.*; `make hardware` gets them"):
        fabrication.drawings(board, tmp_path)
    assert not (tmp_path / "board.png").exists()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What goes to the board's maker."""
    folder = tmp_path_factory.mktemp("made")
    fabrication.fabrication(damage.BOARD, folder)
    return folder


def test_what_goes_to_the_maker_is_the_board(made: Path) -> None:
    there = read_board(damage.BOARD)
    assert gerbers.check(made / "gerbers", there).faults == []
    assert gerbers.check_positions(made / "positions.csv", there).faults == []
    assert bom.check_export(there, made / "bom.csv").faults == []


def test_damaged_gerbers_are_told(made: Path, tmp_path: Path) -> None:
    there = read_board(damage.BOARD)

    def told(name: str, old: str, new: str) -> list[str]:
        folder = Path(shutil.copytree(made / "gerbers", tmp_path / str(len(list(tmp_path.iterdir())))))
        (file,) = folder.glob(f"*{name}*")
        text, count = re.subn(old, new, file.read_text(), count=1)
        assert count
        file.write_text(text)
        return gerbers.check(folder, there).faults

    assert "the outline is open at" in told("Edge_Cuts", r"X\d+Y\d+D02\*\nX\d+Y\d+D01\*\n", "")[0]
    assert "the outline is" in told("Edge_Cuts", "%FSLAX46Y46", "%FSLAX45Y45")[0]
    assert "the drill file lacks 1 of the holes, as one of" in told(".drl", r"\nX[^\n]*(?=\nX)", "")[0]
    moved = told(".drl", r"\nX29\.0Y5\.0", "\nX29.1Y5.0")
    assert moved == [
        "the drill file lacks 1 of the holes, as one of 0.3 mm at (29.00, 5.00)",
        "the drill file has too many by 1 of the holes, as one of 0.3 mm at (29.10, 5.00)",
    ]
    assert "the drill file lacks" in told(".drl", r"C0\.300", "C0.400")[0]
    assert "layer F_Mask has nothing at" in told("F_Mask", r"\nX[^\n]*D03\*", "")[0]
    assert "layer F_Paste is empty" in told("F_Paste", r"(?s)\nX.*(?=\nM02)", "")[0]
    assert any("copper of layer B_Cu" in line for line in told("B_Cu", r"\nX\d+Y\d+D02", "\nX90000000Y90000000D02"))
    (folder := Path(shutil.copytree(made / "gerbers", tmp_path / "lacking")))
    next(folder.glob("*B_Mask*")).unlink()
    assert gerbers.check(folder, there).faults == ["there are 0 files of layer B_Mask, not one"]


def test_the_two_sides_for_each_other_are_told(made: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(made / "gerbers", tmp_path / "gerbers"))
    (front,), (back,) = folder.glob("*-F_Cu.*"), folder.glob("*-B_Cu.*")
    for one, other in ((front, folder / "x"), (back, front), (folder / "x", back)):
        one.rename(other)
    faults = gerbers.check(folder, read_board(damage.BOARD)).faults
    assert any(line.startswith("layer F_Cu has nothing at ") for line in faults), faults


def test_positions_of_another_origin_are_told(made: Path, tmp_path: Path) -> None:
    moved = re.sub(r'^"U5",(.*?),16\.6', r'"U5",\1,116.6', (made / "positions.csv").read_text(), flags=re.MULTILINE)
    (tmp_path / "positions.csv").write_text(moved)
    faults = gerbers.check_positions(tmp_path / "positions.csv", read_board(damage.BOARD)).faults
    assert faults == ["U5 is said to be at (116.60, 23.50), and is at (16.60, 23.50)"]


def test_a_part_turned_for_the_assembler_is_told(made: Path, tmp_path: Path) -> None:
    text, count = re.subn(
        r'^("D2".*),[\d.-]+,top', r"\1,90,top", (made / "positions.csv").read_text(), flags=re.MULTILINE
    )
    assert count == 1
    (tmp_path / "positions.csv").write_text(text)
    (fault,) = gerbers.check_positions(tmp_path / "positions.csv", read_board(damage.BOARD)).faults
    assert fault.startswith("D2 is said to be turned by 90 degrees, and is turned by ")


def test_a_bom_that_lacks_a_part_is_told(made: Path, tmp_path: Path) -> None:
    lines = (made / "bom.csv").read_text().splitlines()
    kept = [line for line in lines if "RT9080" not in line]
    assert len(kept) == len(lines) - 1
    (tmp_path / "bom.csv").write_text("\n".join(kept))
    assert bom.check_export(read_board(damage.BOARD), tmp_path / "bom.csv").faults == ["the BOM lacks U5 RT9080-33GJ5"]


def test_a_bom_that_wants_too_few_of_a_part_is_told(made: Path, tmp_path: Path) -> None:
    text = (made / "bom.csv").read_text()
    (tmp_path / "bom.csv").write_text(re.sub(r'^("C1,C2",.*)"2"$', r'\1"1"', text, flags=re.MULTILINE))
    faults = bom.check_export(read_board(damage.BOARD), tmp_path / "bom.csv").faults
    assert faults == ["the BOM wants 1 of CL10A475KO8NNNC for 2 parts"]
