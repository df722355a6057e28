"""The antenna's space holds no copper and no part: the check names whatever is put there."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hardware.checks import antenna
from hardware.parts import Box, CircuitError
from tests.hardware import damage

SPACE = Box(0, 30, 7, 50)


def _added(text: str) -> str:
    """A board's text with `text` as its last item. The page's (100, 150) is the board's lower left corner."""
    board = damage.BOARD.read_text().rstrip()
    assert board.endswith(")")
    return board[:-1] + text + ")"


def test_the_committed_board_leaves_the_antenna_its_space() -> None:
    assert antenna.check(damage.BOARD, SPACE).faults == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            '(segment (start 98 108) (end 110 96) (width 0.2) (layer "F.Cu") (net 0))',
            "copper (segment) in the antenna's space at (-2.0, 42.0)",
        ),
        (
            '(via (at 103 118) (size 0.6) (drill 0.3) (layers "F.Cu" "B.Cu") (net 0))',
            "copper (via) in the antenna's space at (3.0, 32.0)",
        ),
        (
            '(zone (filled_polygon (layer "B.Cu") (pts (xy 90 90) (xy 120 90) (xy 120 125) (xy 90 125))))',
            "copper is poured into the antenna's space on B.Cu",
        ),
        (
            '(zone (filled_polygon (layer "F.Cu") (pts (xy 102 110) (xy 103 110) (xy 103 111))))',
            "copper is poured into the antenna's space on F.Cu",
        ),
        (
            '(gr_circle (center 96 115) (end 101 115) (stroke (width 0.2)) (fill yes) (layer "B.Cu"))',
            "copper (gr_circle) is drawn in the antenna's space at (-9.0, 30.0)",
        ),
        (
            '(gr_poly (pts (xy 90 90) (xy 103 118) (xy 90 120)) (fill yes) (layer "F.Cu"))',
            "copper (gr_poly) is drawn in the antenna's space at (-10.0, 30.0)",
        ),
        (
            '(gr_text "rev A" (at 103 110) (layer "B.Cu"))',
            "copper (gr_text) is drawn in the antenna's space at (3.0, 40.0)",
        ),
    ],
    ids=[
        "a track across a corner",
        "a via",
        "a pour that covers it all",
        "a small pour",
        "a disc",
        "a filled shape",
        "a text of copper",
    ],
)
def test_copper_at_the_antenna_is_told(tmp_path: Path, text: str, fault: str) -> None:
    (tmp_path / "x.kicad_pcb").write_text(_added(text))
    assert antenna.check(tmp_path / "x.kicad_pcb", SPACE).faults == [fault]


def test_copper_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "x.kicad_pcb").write_text(_added('(segment (start 98 108) (end 110 96) (layer "F.Cu") (net 0))'))
    with pytest.raises(CircuitError, match=r"x\.kicad_pcb: copper cannot be read"):
        antenna.check(tmp_path / "x.kicad_pcb", SPACE)


def test_a_part_at_the_antenna_is_told(tmp_path: Path) -> None:
    board = Path(shutil.copy(damage.BOARD, tmp_path))
    damage.placed(board, "D5", 102.0, 112.0)
    assert antenna.check(board, SPACE).faults == ["D5 is in the antenna's space"]


@pytest.mark.parametrize(
    "text",
    [
        '(segment (start 107.2 100) (end 107.2 120) (width 0.2) (layer "B.Cu") (net 0))',
        '(gr_circle (center 90 115) (end 95 115) (stroke (width 0.2)) (fill yes) (layer "F.Cu"))',
        '(gr_text "rev A" (at 103 110) (layer "B.SilkS"))',
    ],
    ids=["a track beside it", "a disc beside it", "a text of ink"],
)
def test_what_is_no_copper_there_is_not_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.kicad_pcb").write_text(_added(text))
    assert antenna.check(tmp_path / "x.kicad_pcb", SPACE).faults == []
