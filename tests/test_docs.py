"""The documents are right: pins, links, and what they tell a newcomer to type."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "hardware").rglob("*.md")])


def test_the_pin_table_is_that_of_the_firmware() -> None:
    text = (ROOT / "hardware/README.md").read_text()
    told = {net: int(gpio) for net, gpio in re.findall(r"^\| ([A-Z_]+) \| (\d+) \|", text, re.MULTILINE)}
    board = runpy.run_path(str(ROOT / "firmware/board.py"))
    assert len(told) == 6
    assert told == {net: board[net] for net in told}
    wake_capable = range(8)
    assert board["LID"] in wake_capable
    assert board["BUTTON"] in wake_capable


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", document.read_text()):
        if not target.startswith("http"):
            assert (document.parent / target).exists(), f"{document.name} links to {target}"


def test_every_make_target_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    typed = r"(?:`|^    )make ([a-z-]+)"
    named = {name for document in DOCUMENTS for name in re.findall(typed, document.read_text(), re.MULTILINE)}
    assert {"demo", "test", "help"} <= named <= targets


def test_status_bytes_in_the_wire_text_add_up() -> None:
    """`docs/wire.md` lists the status field by field with sizes; they are those of the format."""
    import struct

    from kitwire import session

    text = (ROOT / "docs/wire.md").read_text()
    listed = text[text.index("Status: version") : text.index("The\nuptime is taken")]
    sizes = [int(size) for size in re.findall(r"\((\d)", listed)]
    assert sum(sizes) == struct.calcsize(session.STATUS_FORMAT) == 36
    assert len(sizes) == len(session.Status._fields)
    assert all(name in listed for name in session.Status._fields[4:])


def test_the_line_that_a_newcomer_changes_is_in_the_firmware_and_a_test_notices() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text()
    ((before, after, path),) = re.findall(r"^    sed -i 's/(.+)/(.+)/' (\S+)$", text, re.MULTILINE)
    assert (ROOT / path).read_text().count(before) == 1
    assert before != after
    ((tests, noticed),) = re.findall(
        r"pytest --no-cov (tests/unit/\S+)$.*?`(test_\w+)`", text, re.MULTILINE | re.DOTALL
    )
    assert f"def {noticed}(" in (ROOT / tests).read_text()


def test_each_decision_has_its_date_and_what_would_change_it() -> None:
    decisions = (ROOT / "docs/decisions.md").read_text().split("\n### ")[1:]
    assert len(decisions) > 40
    dated = re.compile(
        r"\A\S.*\n\n\*\d+ \w{3} \d{4}(?:; first on \d+ \w{3} \d{4})?\.\* \S.*\n\n\*\*What would change it:\*\* \S",
        re.DOTALL,
    )
    assert [each.partition("\n")[0] for each in decisions if not dated.match(each)] == []
