"""The checks say where a build breaks the rules: what to buy, and the pins that the firmware names."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hardware.checks import bom, pins
from hardware.parts import CircuitError, read_board
from tests.hardware import damage


@pytest.mark.parametrize("text", ["none", "none:", "None: "])
def test_a_part_without_an_alternate_must_say_why(text: str, tmp_path: Path) -> None:
    board = Path(shutil.copy(damage.BOARD, tmp_path))
    damage.in_part(board, "U5", r'\(property "Alternates" "[^"]*"', f'(property "Alternates" "{text}"')
    assert bom.check(read_board(board)).faults == ["U5 (RT9080-33) has no alternate, and does not say why"]


def test_a_firmware_without_a_pin_that_the_tag_needs_is_told() -> None:
    there = pins.firmware_pins(damage.HARDWARE.parent / "firmware" / "board.py")
    without = {net: gpio for net, gpio in there.items() if net != "LID"}
    assert pins.check(read_board(damage.BOARD), without).faults == ["the firmware has no LID"]


def test_a_firmware_that_is_no_python_is_told(tmp_path: Path) -> None:
    (tmp_path / "board.py").write_text("BUTTON = 0\nLID = = 2\n")
    with pytest.raises(CircuitError, match=r"^board\.py, line 2: "):
        pins.firmware_pins(tmp_path / "board.py")
