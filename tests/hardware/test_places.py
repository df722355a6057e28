"""The enclosure's numbers are the board's; the check notices a board that has moved on."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from hardware.checks import places
from hardware.checks.places import MECHANICS, Mechanics, MechanicsError
from hardware.errors import tool
from hardware.parts import read_board
from tests.hardware import damage


@pytest.fixture
def board(tmp_path: Path) -> Path:
    """A copy of the board, to be damaged."""
    return Path(shutil.copy(damage.BOARD, tmp_path))


def faults(board: Path) -> list[str]:
    return places.check(Mechanics(), read_board(board)).faults


def moved(board: Path, ref: str, x: float, y: float) -> None:
    """Push a part by this much, mm, y up."""
    text = board.read_text()
    start, end = damage.footprint(text, ref)

    def push(match: re.Match[str]) -> str:
        return f"(at {float(match[1]) + x:g} {float(match[2]) - y:g}"

    part = re.sub(r"\(at ([\d.]+) ([\d.]+)", push, text[start:end], count=1)
    board.write_text(text[:start] + part + text[end:])


def test_the_committed_board_fits_the_numbers() -> None:
    assert faults(damage.BOARD) == []


@pytest.mark.parametrize(
    ("ref", "what"),
    [
        ("J1", "USB connector J1"),
        ("TP1", "dock contact TP1"),
        ("TP2", "dock contact TP2"),
        ("J2", "battery connector J2"),
        ("SW1", "button SW1"),
        ("BZ1", "buzzer BZ1"),
        ("D5", "light (LED)"),
        ("U6", "Hall sensor"),
        ("U1", "module U1"),
    ],
)
def test_a_part_that_was_moved_is_told(board: Path, ref: str, what: str) -> None:
    moved(board, ref, 0.5, 0)
    told = faults(board)
    assert len(told) == 1
    assert told[0].startswith(f"{what} lies")


def test_a_connector_that_was_pushed_back_from_the_edge_is_told(board: Path) -> None:
    moved(board, "J1", 0, 1)
    assert faults(board) == ["the mouth of J1 lies at y = 0.49, the enclosure has it at -0.5"]


def test_a_part_that_was_taken_off_is_told(board: Path) -> None:
    damage.without(board, "SW1")
    assert faults(board) == ["the board has no button SW1"]


def test_a_board_that_was_made_longer_is_told(board: Path) -> None:
    text = board.read_text()
    for start in re.finditer(r"\((?:gr_line|gr_arc)\s", text):
        end = damage.end_of(text, start.start())
        if '"Edge.Cuts"' in text[start.start() : end]:
            longer = re.sub(r"((?:start|mid|end) [\d.]+ )(10\d(?:\.\d+)?)\)", _up_by_one, text[start.start() : end])
            text = text[: start.start()] + longer.ljust(end - start.start()) + text[end:]
    board.write_text(text)
    assert "the board is 51.00 mm long, the enclosure is for 50" in faults(board)


def _up_by_one(match: re.Match[str]) -> str:
    return f"{match[1]}{float(match[2]) - 1:g})"


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"board_width": 33.0}, "the board is 32.00 mm wide, the enclosure is for 33"),
        ({"notch_y": 13.0}, "the notch begins at x = 29.50 and goes from y = 12.00 to 18.00"),
        ({"board_corner": 4.0}, "the upper left corner of the board is not round by 4 mm"),
        ({"clear_above": 3.0}, "J2 is 3.4 mm high, the lid leaves 3"),
        ({"button_height": 2.5}, "SW1 is 1.6 mm high, the enclosure has 2.5"),
    ],
)
def test_a_number_that_is_not_the_boards_is_told(changed: dict[str, float], told: str) -> None:
    result = places.check(Mechanics(changed=changed), read_board(damage.BOARD))
    assert any(told in fault for fault in result.faults), result.faults


def test_a_part_of_unknown_height_is_told(board: Path) -> None:
    damage.in_part(board, "J2", r'\(property "Height" "[^"]*"', '(property "Height" ""')
    assert faults(board) == ["J2 has no Height, so nobody knows whether it fits under the lid"]


@pytest.mark.needs_openscad
@pytest.mark.parametrize("build", ["board", "xiao"])
def test_the_numbers_are_those_that_openscad_works_out(build: str, tmp_path: Path) -> None:
    ours = Mechanics(build=build).values
    shutil.copy(MECHANICS, tmp_path)
    echo = "".join(f"echo({name} = {name});\n" for name in ours)
    (tmp_path / "all.scad").write_text(f"include <mechanics.scad>\n{echo}")
    command = [tool("openscad"), "-o", "all.echo", "-D", f'build="{build}"', "all.scad"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    theirs = dict(re.findall(r"ECHO: (\w+) = (.+)", (tmp_path / "all.echo").read_text()))
    assert theirs.keys() == ours.keys()
    for name, value in ours.items():
        if isinstance(value, float):
            assert float(theirs[name]) == pytest.approx(value, abs=1e-4), name


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("wall = least_wal + 1;", "line 1: wall cannot be worked out: 'least_wal'"),
        ("module wall() {}", "line 1: not `name = value;`"),
        ("wall = sqrt(2);", "line 1: wall cannot be worked out: only numbers"),
    ],
)
def test_a_line_that_is_no_number_is_told(line: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "mechanics.scad"
    path.write_text(line)
    with pytest.raises(MechanicsError, match=re.escape(told)):
        Mechanics(path)


def test_a_number_that_is_not_there_is_told() -> None:
    with pytest.raises(MechanicsError, match="no number thickness"):
        Mechanics()["thickness"]


def test_a_board_without_outline_notch_or_module_is_told() -> None:
    board = read_board(damage.BOARD)
    assert "the board has no closed outline" in places.check(Mechanics(), replace(board, outline=())).faults
    plain = replace(board, outline=((0.0, 0.0), (32.0, 0.0), (32.0, 50.0), (0.0, 50.0)))
    assert "the board has no notch for the battery's wires" in places.check(Mechanics(), plain).faults
    others = replace(board, parts={ref: part for ref, part in board.parts.items() if ref != "U1"})
    assert "the board has no module ESP32-C6" in places.check(Mechanics(), others).faults


def test_a_part_on_the_lower_side_is_told() -> None:
    board = read_board(damage.BOARD)
    button = board.parts["SW1"]
    assert button.place is not None
    turned = replace(button, place=replace(button.place, top=False))
    (fault,) = places.check(Mechanics(), replace(board, parts={**board.parts, "SW1": turned})).faults
    assert "lies on the lower side" in fault


def test_arithmetic_with_words_is_told(tmp_path: Path) -> None:
    (tmp_path / "mechanics.scad").write_text('x = "text" + 1;\n')
    with pytest.raises(MechanicsError, match="line 1: x cannot be worked out"):
        Mechanics(tmp_path / "mechanics.scad")
