"""Pictures in the documents show things as they are now."""

from pathlib import Path

import pytest

from hardware.making import gallery


@pytest.fixture
def kept(tmp_path: Path) -> tuple[Path, Path]:
    """A folder of pictures with one in it, and what that was made of."""
    source, drawn, folder = tmp_path / "source", tmp_path / "drawn" / "board.png", tmp_path / "pictures"
    drawn.parent.mkdir()
    folder.mkdir()
    source.write_text("as it is")
    drawn.write_bytes(b"first")
    assert gallery.keep({drawn: [source]}, folder) == ["board.png"]
    return folder, source


def test_a_picture_of_what_is_so_passes(kept: tuple[Path, Path]) -> None:
    folder, source = kept
    assert gallery.check({"board.png": [source]}, folder).faults == []


def test_a_picture_of_what_was_before_is_told(kept: tuple[Path, Path]) -> None:
    folder, source = kept
    source.write_text("changed")
    assert gallery.check({"board.png": [source]}, folder).faults == [
        "board.png shows what was before; `make hardware` draws it anew"
    ]


def test_a_picture_that_is_missing_and_one_too_many_are_told(kept: tuple[Path, Path]) -> None:
    folder, source = kept
    assert gallery.check({"case.png": [source]}, folder).faults == [
        "case.png is missing; `make hardware` draws it",
        "nothing draws board.png; remove it",
    ]


@pytest.mark.parametrize("record", ["", "{", "[]"], ids=["empty", "cut off", "no table"])
def test_a_damaged_record_means_that_every_picture_is_drawn_anew(
    kept: tuple[Path, Path], tmp_path: Path, record: str
) -> None:
    folder, source = kept
    (folder / gallery.MADE_OF.name).write_text(record)
    assert gallery.check({"board.png": [source]}, folder).faults
    assert gallery.keep({tmp_path / "drawn" / "board.png": [source]}, folder) == ["board.png"]
    assert gallery.check({"board.png": [source]}, folder).faults == []


def test_a_picture_is_replaced_only_when_what_it_shows_has_changed(kept: tuple[Path, Path], tmp_path: Path) -> None:
    folder, source = kept
    again = tmp_path / "drawn" / "board.png"
    again.write_bytes(b"the same, drawn again")
    assert gallery.keep({again: [source]}, folder) == []
    assert (folder / "board.png").read_bytes() == b"first"
    source.write_text("changed")
    assert gallery.keep({again: [source]}, folder) == ["board.png"]
