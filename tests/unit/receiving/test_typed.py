"""Days and times as people type them."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host import clock
from host.errors import InputError
from host.receiving import typed
from host.receiving.printed import DateStyle
from host.words import written
from tests.refusals import refused

ZONE = "Europe/London"
TODAY = date(2026, 11, 30)
NOW_MS = round(datetime(2026, 11, 30, 6, 50, tzinfo=ZoneInfo(ZONE)).timestamp() * 1000)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("today", TODAY),
        ("Yesterday", date(2026, 11, 29)),
        (" TOMORROW ", date(2026, 12, 1)),
        ("2026-11-30", TODAY),
        ("30 Nov 2026", TODAY),
        ("30 november 2026", TODAY),
        ("30th November, 2026", TODAY),
        ("Nov 30 2026", TODAY),
        ("30-Nov-2026", TODAY),
        ("30 Nov", TODAY),
        ("Nov 30", TODAY),
        ("2 Jan", date(2027, 1, 2)),
        ("1 Jul", date(2026, 7, 1)),
    ],
)
@pytest.mark.parametrize("style", ["dmy", "mdy"])
def test_a_day_is_read_as_it_is_written(text: str, day: date, style: DateStyle) -> None:
    assert typed.day(text, TODAY, style) == day


@pytest.mark.parametrize(
    ("text", "style", "day"),
    [
        ("3/4/2027", "dmy", date(2027, 4, 3)),
        ("3/4/2027", "mdy", date(2027, 3, 4)),
        ("30/11/26", "dmy", TODAY),
        ("11.30.2026", "mdy", TODAY),
    ],
)
def test_numbers_are_read_in_the_order_of_the_station(text: str, style: DateStyle, day: date) -> None:
    assert typed.day(text, TODAY, style) == day


@pytest.mark.parametrize(
    ("text", "style"),
    [
        *((text, "dmy") for text in ("", "soon", "30 Foo", "31 Nov", "30/02/2027", "11/30/2026", "46538", "27-01-01")),
        ("30/11/2026", "mdy"),
        ("2026-13-01", "dmy"),
        ("3 Nov 20", "dmy"),
        ("29 Feb", "dmy"),
    ],
)
def test_what_is_no_day_is_refused_with_how_to_type_one(text: str, style: DateStyle) -> None:
    with pytest.raises(InputError) as caught:
        typed.day(text, TODAY, style)
    assert caught.value.code == "typed.no_date"


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("now", "2026-11-30T06:50"),
        ("06:30", "2026-11-30T06:30"),
        ("6.30am", "2026-11-30T06:30"),
        ("19:30", "2026-11-29T19:30"),
        ("7:30 PM", "2026-11-29T19:30"),
        ("12:05 am", "2026-11-30T00:05"),
        ("yesterday 19:30", "2026-11-29T19:30"),
        ("28 Nov at 19:30", "2026-11-28T19:30"),
        ("28 Nov, 19:30", "2026-11-28T19:30"),
        ("28/11/2026 19:30", "2026-11-28T19:30"),
        ("2026-11-28 19:30", "2026-11-28T19:30"),
        ("2026-11-28T19:30", "2026-11-28T19:30"),
        ("2026-11-28T19:30+00:00", "2026-11-28T19:30"),
    ],
)
def test_a_time_is_read_as_it_is_written(text: str, at: str) -> None:
    assert typed.past_instant(text, NOW_MS, ZONE, "dmy") == clock.parse_instant(at, ZONE)


def test_a_time_that_is_none_or_to_come_is_refused() -> None:
    for text in ("", "noon", "25:00", "13:00pm", "19:60", "yesterday", "30 Nov"):
        with pytest.raises(InputError) as caught:
            typed.past_instant(text, NOW_MS, ZONE, "dmy")
        assert caught.value.code == "typed.no_time", text
    with refused("typed.time_to_come", InputError, text="2026-11-30T19:30"):
        typed.past_instant("today 19:30", NOW_MS, ZONE, "dmy")
    with refused("typed.time_skipped", InputError, text="2026-03-29T01:30", zone=ZONE):
        typed.past_instant("29 Mar 2026 01:30", NOW_MS, ZONE, "dmy")


@given(st.text(max_size=30))
def test_whatever_is_typed_is_a_day_or_refused(text: str) -> None:
    for read in (
        lambda: typed.day(text, TODAY, "dmy"),
        lambda: typed.past_instant(text, NOW_MS, ZONE, "mdy"),
    ):
        try:
            read()
        except InputError as error:
            assert error.code.startswith("typed.")


@given(st.dates(date(2000, 1, 1), date(2099, 12, 31)), st.sampled_from(["dmy", "mdy"]))
def test_what_is_shown_can_be_typed(day: date, style: DateStyle) -> None:
    assert typed.day(written(day), TODAY, style) == day
