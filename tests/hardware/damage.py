"""Damages that a person does to a build's files: tests hand the damaged copy to a check."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from hardware.parts import BOARD

HARDWARE = Path(__file__).parent.parent.parent / "hardware"
SCHEMATIC = BOARD.with_suffix(".kicad_sch")


def project(folder: Path) -> Path:
    """A copy of the KiCad project in `folder`; the path of its board."""
    shutil.copytree(BOARD.parent, folder / "board")
    return folder / "board" / BOARD.name


def changed(path: Path, old: str, new: str, times: int = 1) -> None:
    """Write `new` for the `times` places where the file has `old`."""
    text = path.read_text()
    assert text.count(old) == times, f"{path.name} has {text.count(old)} of {old!r}"
    path.write_text(text.replace(old, new))


def footprint(text: str, ref: str) -> tuple[int, int]:
    """Where the footprint with this reference begins and ends in a board's text."""
    at = text.index(f'(property "Reference" "{ref}"')
    start = text.rindex("(footprint ", 0, at)
    return start, end_of(text, start)


def end_of(text: str, start: int) -> int:
    """Where the bracket that opens at `start` is closed; strings of KiCad's files hold no brackets that matter here."""
    depth = 0
    for match in re.compile(r'"(?:[^"\\]|\\.)*"|[()]').finditer(text, start):
        depth += {"(": 1, ")": -1}.get(match[0], 0)
        if depth == 0:
            return match.end()
    raise ValueError("a bracket is not closed")


def removed(path: Path, head: str, holding: str = "") -> None:
    """Take the first item that begins with `head` and holds this text out of a file of KiCad's."""
    text = path.read_text()
    start = text.index(head)
    while holding not in text[start : end_of(text, start)]:
        start = text.index(head, start + 1)
    path.write_text(text[:start] + text[end_of(text, start) :])


def thinned(path: Path, net: str, width: float) -> None:
    """Make the first track of this net as thin as `width` mm."""
    text = path.read_text()
    number = re.search(rf'\(net (\d+) "/?{re.escape(net)}"\)', text)
    assert number is not None
    start = text.index("(segment")
    while f"(net {number[1]})" not in text[start : end_of(text, start)]:
        start = text.index("(segment", start + 1)
    end = end_of(text, start)
    path.write_text(text[:start] + re.sub(r"\(width [^)]*\)", f"(width {width})", text[start:end]) + text[end:])


def without(path: Path, ref: str) -> None:
    """Take the part `ref` off a board."""
    text = path.read_text()
    start, end = footprint(text, ref)
    path.write_text(text[:start] + text[end:])


def in_part(path: Path, ref: str, old: str, new: str) -> None:
    """Write `new` for each `old` (a regular expression) of the part `ref` of a board."""
    text = path.read_text()
    start, end = footprint(text, ref)
    part, count = re.subn(old, new, text[start:end])
    assert count, f"{ref} has no {old!r}"
    path.write_text(text[:start] + part + text[end:])


def placed(path: Path, ref: str, x: float, y: float) -> None:
    """Put the part `ref` elsewhere, mm of KiCad's page."""
    text = path.read_text()
    start, end = footprint(text, ref)
    path.write_text(text[:start] + re.sub(r"\(at \S+ [^ )]+", f"(at {x} {y}", text[start:end], count=1) + text[end:])


def moved_to(path: Path, ref: str, one: str, other: str) -> None:
    """Put each pad of the part `ref` that is on net `one` onto net `other`."""
    text = path.read_text()
    old, new = (re.search(rf'\(net \d+ "/?{re.escape(net)}"\)', text) for net in (one, other))
    assert old is not None and new is not None
    in_part(path, ref, re.escape(old[0]), new[0])


def swapped(path: Path, ref: str, one: str, other: str) -> None:
    """Swap two nets of the part `ref` of a board."""
    text = path.read_text()
    number = re.search(rf'\(net (\d+) "/?{re.escape(one)}"\)', text)
    assert number is not None
    in_part(path, ref, re.escape(number[0]), '(net 9999 "swapped")')
    moved_to(path, ref, other, one)
    in_part(path, ref, r'\(net 9999 "swapped"\)', re.search(rf'\(net \d+ "/?{re.escape(other)}"\)', text)[0])  # type: ignore[index]
