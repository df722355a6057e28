"""What is printed beside a pad is its net."""

import shutil
from pathlib import Path

from hardware.checks import silk
from tests.hardware import damage


def test_the_committed_board_s_labels_stand_at_their_pads() -> None:
    assert silk.check(damage.BOARD).faults == []


def test_exchanged_labels_are_told(tmp_path: Path) -> None:
    board = Path(shutil.copy(damage.BOARD, tmp_path))
    for old, new in (
        ('(gr_text "+"', '(gr_text "*"'),
        ('(gr_text "-"', '(gr_text "+"'),
        ('(gr_text "*"', '(gr_text "-"'),
    ):
        damage.changed(board, old, new)
    faults = silk.check(board).faults
    assert len(faults) == 2
    assert all("is at J2 pad" in fault for fault in faults)


def test_a_missing_label_is_told(tmp_path: Path) -> None:
    board = Path(shutil.copy(damage.BOARD, tmp_path))
    damage.removed(board, '(gr_text "BOOT"')
    assert silk.check(board).faults == ['"BOOT" is printed nowhere on B.SilkS']
