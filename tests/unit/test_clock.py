"""Dates and times as people write them, in the station's zone."""

from datetime import date

import pytest

from host import clock
from host.errors import InputError
from tests.refusals import refused

LONDON = "Europe/London"


def test_local_time_follows_summer_time() -> None:
    assert clock.parse_instant("2026-01-15T12:00", LONDON) == 1_768_478_400_000
    assert clock.parse_instant("2026-07-15T12:00", LONDON) == 1_784_113_200_000  # 11:00 UTC


def test_offset_in_the_text_wins() -> None:
    assert clock.parse_instant("2026-07-15T12:00+00:00", LONDON) == 1_784_116_800_000


def test_time_that_the_clocks_skip_is_refused() -> None:
    with refused("typed.time_skipped", InputError):
        clock.parse_instant("2026-03-29T01:30", LONDON)


def test_time_that_comes_twice_is_the_first() -> None:
    at_ms = clock.parse_instant("2026-10-25T01:30", LONDON)
    assert clock.iso(at_ms, LONDON) == "2026-10-25T01:30:00+01:00"


@pytest.mark.parametrize(
    "text", ["2026-02-30", "2026-13-01", "26-01-01", "1.5.2026", "", "2026-1-1", "9999-01-01", "20260101"]
)
def test_day_that_does_not_exist_is_refused(text: str) -> None:
    with refused("typed.no_iso_date", InputError):
        clock.parse_date(text)


@pytest.mark.parametrize(
    "text", ["2026-02-30T10:00", "2026-01-01", "10:00", "2026-01-01T25:00", "soon", "0001-01-01T00:00"]
)
def test_time_that_does_not_exist_is_refused(text: str) -> None:
    with refused("typed.no_time", InputError):
        clock.parse_instant(text, LONDON)


def test_future_is_refused_where_something_has_happened() -> None:
    now = clock.parse_instant("2026-01-15T12:00", LONDON)
    assert clock.parse_past_instant("2026-01-15T12:00", LONDON, now) == now
    with refused("typed.time_to_come", InputError):
        clock.parse_past_instant("2026-01-15T12:01", LONDON, now)


def test_unknown_zone_is_refused() -> None:
    for name in ("Mars/Olympus", "", "../etc/passwd"):
        with refused("typed.no_zone", InputError):
            clock.zone(name)


def test_today_is_the_calendar_of_the_zone() -> None:
    assert clock.today(1_780_011_000_000, "UTC") == date(2026, 5, 28)
    assert clock.today(1_780_011_000_000, LONDON) == date(2026, 5, 29)
