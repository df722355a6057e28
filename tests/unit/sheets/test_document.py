"""What all forms of a document share: how columns share the room, what a cell says, what is installed."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host.errors import KitdockError
from host.sheets import Document, check, fit, is_numeric, make, shown
from tests.refusals import refused

WIDTHS = st.lists(st.integers(0, 200), min_size=1, max_size=12)


@given(WIDTHS, st.integers(0, 300))
def test_columns_take_what_they_want_or_fill_the_room(wanted: list[int], room: int) -> None:
    widths = fit(wanted, room)
    assert sum(widths) == pytest.approx(min(sum(wanted), room))
    assert all(0 <= width <= want for width, want in zip(widths, wanted, strict=True))


@given(WIDTHS, st.integers(0, 300))
def test_no_column_gives_way_to_a_wider_one(wanted: list[int], room: int) -> None:
    widths = fit(wanted, room)
    widest = max(widths)
    short = [width for width, want in zip(widths, wanted, strict=True) if width < want - 1e-6]
    assert all(width == pytest.approx(widest) for width in short)


def test_what_a_cell_says() -> None:
    assert [shown(value) for value in (None, True, False, 0, 2.5, "007")] == ["", "yes", "no", "0", "2.5", "007"]


def test_only_numbers_make_a_column_of_numbers() -> None:
    assert is_numeric([1, None, 2.5])
    for column in ([], [None], ["1"], [1, "2"], [True]):
        assert not is_numeric(column)


@pytest.mark.parametrize(("ending", "module"), [(".pdf", "fpdf"), (".xlsx", "openpyxl")])
def test_what_is_not_installed_is_told(
    ending: str, module: str, summary: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    for attempt in (lambda: check(ending), lambda: make(summary, ending)):
        with refused("sheet.no_maker", KitdockError):
            attempt()
    check(".html")
