"""A document as a workbook, read back by openpyxl: types, names, and text that stays text."""

from __future__ import annotations

import io
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from host.errors import InputError
from host.sheets import Document, Section, make, xlsx
from tests.refusals import refused
from tests.unit.sheets.conftest import MADE


def book(document: Document) -> Workbook:
    return load_workbook(io.BytesIO(make(document, ".xlsx")))


def values(sheet: Any) -> list[list[object]]:
    return [list(row) for row in sheet.iter_rows(values_only=True)]


def test_values_have_their_types_and_names_stay_text(summary: Document) -> None:
    sheet = book(summary)["Kits"]
    assert values(sheet) == [
        ["kit", "lot", "expires", "received", "doses", "battery"],
        ["007", "=1+1", datetime(2026, 5, 1), datetime(2026, 4, 1, 9, 15), 2, "80 %"],
        ["008", "<b>&", "2026-05-01", datetime(2026, 4, 1, 9, 15), None, None],
    ]
    assert sheet["C2"].number_format == "d mmm yyyy"
    assert sheet["D2"].number_format == "d mmm yyyy hh:mm"
    assert sheet["C3"].data_type == "s", "text that looks like a day is text, such as the number of a lot"


def test_each_section_has_a_sheet_and_the_last_tells_what_it_is(summary: Document) -> None:
    made = book(summary)
    assert made.sheetnames == ["Kits", "Discrepancies", "About"]
    assert values(made["About"]) == [
        ["Title", "Monthly summary, Example Police"],
        [None, "1 to 31 May 2026"],
        [None, "Made 1 May 2026, 18:30. Times are in the time zone Europe/London."],
        ["Kits", "1 older kit is not shown"],
    ]
    assert made.properties.title == summary.title


def test_lines_below_a_row_are_a_column_so_that_rows_can_be_sorted(summary: Document) -> None:
    sheet = book(summary)["Discrepancies"]
    assert values(sheet)[:2] == [
        ["kind", "pouch", "Details"],
        ["opening unexplained", "P-01", "opened at 18:02 for 4 min\nnext: ask officer 4101"],
    ]
    assert sheet["C2"].alignment.wrap_text


def test_headings_stay_in_sight_and_filter(summary: Document) -> None:
    sheet = book(summary)["Kits"]
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:F3"
    assert sheet.print_title_rows == "$1:$1"
    assert sheet["A1"].font.bold
    widths = [sheet.column_dimensions[column].width for column in "ABCDEF"]
    assert all(6 <= width <= 60 for width in widths)
    assert widths[3] > widths[0]


@given(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12) | st.sampled_from(["#N/A", "-1", "@A1"])
)
def test_no_text_is_worked_out_or_refused(text: str) -> None:
    texts = [start + text for start in ("=", "+", "-", "@", "")]
    sheet = book(Document("t", "", MADE, [Section("s", texts, [texts])]))["s"]
    for row in sheet.iter_rows():
        for cell, wanted in zip(row, texts, strict=True):
            assert cell.data_type == "s"
            assert cell.quotePrefix == (wanted[0] in "=+-@")
            assert len(str(cell.value)) == len(wanted.replace("\r\n", "\n")), "XML has one end of a line"


def test_empty_sections_keep_their_headings() -> None:
    made = book(Document("t", "", MADE, [Section("Recalls", ["lot"], [], note="no recall")]))
    assert values(made["Recalls"]) == [["lot"]]
    assert values(made["About"])[-1] == ["Recalls", "no recall"]


def test_more_rows_than_a_worksheet_takes_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "MOST_ROWS", 2)
    make(Document("t", "", MADE, [Section("s", ["a"], [[1]] * 2)]), ".xlsx")
    with refused("sheet.too_many_rows", InputError, rows=3):
        make(Document("t", "", MADE, [Section("s", ["a"], [[1]] * 3)]), ".xlsx")


def test_sheet_names_are_shortened_cleaned_and_told_apart() -> None:
    long = "Kits that have been out with the same holder"
    assert xlsx.sheet_names(["a/b: [c]?", "", "About", "'x'", long, long, "History"]) == [
        "a b   c",
        "Table",
        "About 2",
        "x",
        "Kits that have been out with th",
        "Kits that have been out with 2",
        "History 2",
    ]


@given(st.lists(st.text(max_size=40), min_size=1, max_size=8))
def test_any_headings_make_names_that_excel_takes(headings: list[str]) -> None:
    names = xlsx.sheet_names(headings)
    assert len({name.casefold() for name in names}) == len(headings)
    for name in names:
        assert 1 <= len(name) <= 31
        assert not set(name) & set("[]:*?/\\")
        assert name.strip("'") == name
