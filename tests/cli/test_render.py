"""What a command returns, as people and programs see it; tables in a terminal that is too narrow for them."""

from __future__ import annotations

import json
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host.cli.render import Done, PrintedReport, Table, as_text, document, prose, render
from host.errors import InputError
from host.sheets import Document, Section

MEANING = "what its battery reading is multiplied by, so that it says what a meter says"
TABLE = Table([{"item": "battery_gain", "meaning": MEANING}], {"item": "item", "meaning": "meaning"}, "none")


@pytest.mark.parametrize(("columns", "lines"), [("200", 3), ("60", 4), ("40", 5)])
def test_the_last_column_is_broken_to_fit(
    columns: str, lines: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    render(TABLE, "table")
    shown = capsys.readouterr().out.splitlines()
    assert len(shown) == lines
    assert max(map(len, shown)) <= int(columns)
    assert " ".join(line[14:].strip() for line in shown[2:]) == MEANING


def test_lines_for_a_program_are_never_broken(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    render(TABLE, "table")
    assert MEANING in capsys.readouterr().out


KITS = Table(
    [{"kit": "007", "lot": "=1+1", "expired": False, "reports": [1, 2]}],
    {"kit": "kit", "lot": "lot", "expired": "expired", "reports": "reports"},
    "no kits yet",
    note="1 older kit is not shown",
    title="Kits in stock",
)
NONE = Table([], {"lot": "lot"}, "no lot is recalled")
REPORT = PrintedReport("Monthly summary", {"kits": KITS, "open_recalls": NONE}, "1 to 31 May 2026")


@given(
    st.lists(st.lists(st.text("abc ", max_size=90), min_size=4, max_size=4), min_size=1, max_size=4),
    st.integers(80, 200),
)
def test_four_columns_never_leave_the_terminal(texts: list[list[str]], columns: int) -> None:
    rows = [dict(zip("wxyz", row, strict=True)) for row in texts]
    lines = as_text(Table(rows, {key: key for key in "wxyz"}, ""), columns, columns).splitlines()
    assert max(map(len, lines)) <= columns
    shown = "".join("".join(lines[2:]).split())
    assert sorted(shown) == sorted("".join("".join(row) for row in texts).replace(" ", ""))


def test_more_columns_than_there_is_room_for_are_not_broken() -> None:
    row = {f"column {number}": "two words" * 3 for number in range(8)}
    lines = as_text(Table([row], {key: key for key in row}, ""), 80, 80).splitlines()
    assert len(lines) == 3


def test_people_read_yes_and_no_and_lists_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    render(KITS, "table")
    lines = capsys.readouterr().out.splitlines()
    assert lines[2].split() == ["007", "=1+1", "no", "1", "2"]
    assert lines[-1] == KITS.note


def test_programs_get_the_data_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    render(KITS, "json")
    assert json.loads(capsys.readouterr().out) == KITS.rows
    render(KITS, "csv")
    assert capsys.readouterr().out == "kit,lot,expired,reports\n007,=1+1,False,1 2\n"


def test_a_report_shows_its_tables_one_below_the_other(capsys: pytest.CaptureFixture[str]) -> None:
    render(REPORT, "table")
    lines = [line for line in capsys.readouterr().out.splitlines() if line]
    assert lines[:3] == ["Monthly summary", "1 to 31 May 2026", "Kits in stock"]
    assert lines[-3:] == [KITS.note, "Open recalls", "no lot is recalled"]


def test_a_report_is_an_object_of_lists_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    render(REPORT, "json")
    assert json.loads(capsys.readouterr().out) == {"kits": KITS.rows, "open_recalls": []}


def test_a_report_is_csv_only_if_it_is_one_table(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InputError, match=r"this is 2\. Use --format json, or --output FILE\.xlsx"):
        render(REPORT, "csv")
    assert capsys.readouterr().out == ""
    render(REPORT._replace(tables={"kits": KITS}), "csv")
    assert capsys.readouterr().out.startswith("kit,lot")


def test_a_done_thing_is_a_line_or_its_data_and_its_warnings_are_apart(capsys: pytest.CaptureFixture[str]) -> None:
    done = Done("kit 007 received", {"kit": "007"}, ["kit 007 has expired"])
    for form, out in (("table", "kit 007 received\n"), ("json", '{\n  "kit": "007"\n}\n'), ("csv", "kit\n007\n")):
        render(done, form)
        said = capsys.readouterr()
        assert said.out == out
        assert said.err == "kitdock: Warning: kit 007 has expired\n"


def test_a_document_has_what_the_table_has() -> None:
    made = datetime(2026, 5, 1, 18, 30)
    alone = document(KITS._replace(details=["lot"]), "kitdock kit list", made)
    assert alone == Document(
        "Kits in stock",
        "",
        made,
        [Section("", ["Kit", "Lot", "Out of date", "reports"], [["007", "=1+1", False, "1 2"]], [["=1+1"]], KITS.note)],
    )
    assert document(NONE, "kitdock recall", made).title == "kitdock recall"
    assert document(NONE, "kitdock recall", made).sections[0].note == "no lot is recalled"
    assert [each.heading for each in document(REPORT, "", made).sections] == ["Kits in stock", "Open recalls"]


def test_lines_below_a_row_are_broken_and_set_in() -> None:
    rows = [{"pouch": "P-01", "evidence": MEANING}, {"pouch": "P-02", "evidence": "altered"}]
    lines = as_text(Table(rows, {"pouch": "pouch"}, "", details=["evidence"]), 40, 40).splitlines()
    assert lines[2] == "P-01"
    end = lines.index("")
    assert all(line.startswith("    ") and len(line) <= 40 for line in lines[3:end])
    assert " ".join(line.strip() for line in lines[3:end]) == MEANING
    assert lines[end + 1 :] == ["P-02", "    altered"]


ADVICE = "no kit K-0007: see `kitdock kit list`, or receive it with `kitdock kit add K-0007`, from a box"


@given(st.integers(30, 100))
def test_a_command_in_a_text_is_never_broken_as_long_as_it_fits(columns: int) -> None:
    lines = prose(ADVICE, columns).splitlines()
    assert max(map(len, lines)) <= columns
    assert " ".join(lines) == ADVICE
    assert any("`kitdock kit add K-0007`" in line for line in lines)
    assert lines[0] == ADVICE or len(lines[0]) + 1 + len(lines[1]) > columns - len("`kitdock kit add K-0007`,")


def test_a_command_that_is_longer_than_a_line_is_broken_between_its_words() -> None:
    assert prose("type `kitdock kit list --at YESTERDAY`", 20) == "type `kitdock kit\nlist --at YESTERDAY`"


def test_lines_that_begin_further_right_go_on_there() -> None:
    assert prose("a\n  one two three", 9) == "a\n  one two\n  three"


def test_headings_are_broken_before_a_table_leaves_the_terminal() -> None:
    row = {"station": "Example Police", "expires first": "2027-01-31", "of them in quarantine": "2", "out": "1"}
    lines = as_text(Table([row], {key: key for key in row}, ""), 50, 50).splitlines()
    assert max(map(len, lines)) <= 50
    assert " ".join(lines[0].split() + lines[1].split()) == "Station expires of them in Issued first quarantine"


def test_rows_with_details_are_broken_too_and_the_details_stay_below_their_row() -> None:
    rows = [
        {"place": "left behind with a person", "kit": f"K-{number}", "why": f"reason {number}"} for number in (1, 2)
    ]
    shown = as_text(Table(rows, {"place": "place", "kit": "kit"}, "", ["why"]), 24, 40).splitlines()
    assert shown[2:] == [
        "left behind with  K-1",
        "a person",
        "    reason 1",
        "",
        "left behind with  K-2",
        "a person",
        "    reason 2",
    ]


def test_names_and_times_stay_whole_while_there_are_words_to_break() -> None:
    row = {"kind": "stocktake_unexpected", "since": "2026-11-22 03:11", "why": "left behind with a person at risk"}
    lines = as_text(Table([row], {key: key for key in row}, ""), 56, 56).splitlines()
    assert [line.split("  ")[0] for line in lines[2:]] == ["stocktake_", "unexpected"]
    assert "2026-11-22 03:11" in lines[2]
    assert max(map(len, lines)) <= 56
