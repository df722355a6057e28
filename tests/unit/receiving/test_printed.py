"""Dates and product numbers as people type them and files hold them: one meaning or a refusal."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host.errors import InputError
from host.receiving import printed
from host.receiving.printed import DateStyle
from tests.refusals import refused

TODAY = date(2026, 6, 1)
DAY = date(2027, 5, 31)


@pytest.mark.parametrize(
    "text",
    [
        *("2027-05-31", "2027/05/31", "2027.5.31", "20270531", " 2027-05-31\t"),
        *("31 May 2027", "31-MAY-2027", "31 may 2027"),
        *("2027-05", "2027/5", "05/2027", "5.2027", "05 2027", "May 2027", "MAY-2027"),
    ],
)
@pytest.mark.parametrize("style", [None, "iso", "dmy", "mdy"])
def test_these_expiries_mean_the_same_in_every_style(text: str, style: DateStyle | None) -> None:
    assert printed.expiry(text, TODAY, style) == DAY


@pytest.mark.parametrize(
    ("text", "style", "day"),
    [
        ("31/05/2027", "dmy", DAY),
        ("31.5.27", "dmy", DAY),
        ("310527", "dmy", DAY),
        ("05/31/2027", "mdy", DAY),
        ("053127", "mdy", DAY),
        ("270531", "iso", DAY),
        ("03/04/2027", "dmy", date(2027, 4, 3)),
        ("03/04/2027", "mdy", date(2027, 3, 4)),
        ("1 September 2026", None, date(2026, 9, 1)),
    ],
)
def test_a_named_style_tells_day_from_month(text: str, style: DateStyle, day: date) -> None:
    assert printed.day(text, TODAY, style) == printed.expiry(text, TODAY, style) == day


@pytest.mark.parametrize(
    ("text", "style", "code"),
    [
        ("03/04/2027", None, "printed.day_or_month"),
        ("31/05/2027", None, "printed.day_or_month"),
        ("31/05/2027", "iso", "printed.day_or_month"),
        ("270531", None, "printed.day_or_month"),
        ("05/31/2027", "dmy", "printed.no_day_in_style"),
        ("31/05/2027", "mdy", "printed.no_day_in_style"),
        ("2027-02-29", None, "printed.no_day"),
        ("31 Mai 2027", None, "printed.no_day"),
        ("1999-12-31", None, "printed.no_day"),
        ("2027-13", None, "printed.no_month"),
        ("13/2027", None, "printed.no_month"),
        ("Mai 2027", None, "printed.no_month"),
        ("46538", None, "printed.excel_day"),
        ("May-27", None, "printed.no_date"),
        ("31/05-2027", "dmy", "printed.no_date"),
        ("soon", None, "printed.no_date"),
        ("", None, "printed.no_date"),
        ("٢٠٢٧-٠٥-٣١", None, "printed.no_date"),
    ],
)
def test_what_is_no_day_or_two_is_refused(text: str, style: DateStyle | None, code: str) -> None:
    with refused(code, InputError):
        printed.expiry(text, TODAY, style)


def test_a_month_alone_is_no_day_of_training() -> None:
    with refused("printed.no_date", InputError):
        printed.day("2027-05", TODAY)


@given(st.dates(date(2000, 1, 1), date(2199, 12, 31)))
def test_every_day_is_read_in_every_form(day: date) -> None:
    assert printed.day(day.isoformat(), TODAY) == day
    assert printed.day(f"{day.day}.{day.month}.{day.year}", TODAY, "dmy") == day
    assert printed.day(f"{day.month}/{day.day}/{day.year}", TODAY, "mdy") == day
    assert printed.expiry(f"{day.month}/{day.year}", TODAY) == printed.month_end(day.year, day.month)


@given(
    st.text(max_size=20) | st.from_regex(r"[0-9./ -]{1,12}", fullmatch=True),
    st.sampled_from([None, "iso", "dmy", "mdy"]),
)
def test_any_text_is_an_expiry_or_refused_in_one_line(text: str, style: DateStyle | None) -> None:
    try:
        assert 1926 <= printed.expiry(text, TODAY, style).year <= 2199
    except InputError as why:
        assert str(why).isprintable()


@pytest.mark.parametrize(
    ("text", "gtin"),
    [
        ("09506000134352", "09506000134352"),
        ("9506000134352", "09506000134352"),
        ("950-6000 134352", "09506000134352"),
        ("614141000036", "00614141000036"),
        ("95060002", "00000095060002"),
    ],
)
def test_a_product_number_has_14_digits(text: str, gtin: str) -> None:
    assert printed.gtin14(text) == gtin


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("9506000134353", "gtin.check_digit"),
        ("950600013435", "gtin.check_digit"),
        ("95060001343", "gtin.none"),
        ("", "gtin.none"),
        ("٩٥٠٦٠٠٠١", "gtin.none"),
        ("00000000", "gtin.zeros"),
        ("9.506E+12", "gtin.rounded"),
        ("9,50600013435E+12", "gtin.rounded"),
    ],
)
def test_what_is_no_product_number_is_refused(text: str, code: str) -> None:
    with refused(code, InputError):
        printed.gtin14(text)


@pytest.mark.parametrize(
    ("expires_on", "code"),
    [
        (date(2026, 5, 31), "doubt.expiry_passed"),
        (TODAY, None),
        (date(2036, 12, 31), None),
        (date(2037, 1, 1), "doubt.expiry_far_ahead"),
    ],
)
def test_an_old_or_distant_expiry_is_asked_about(expires_on: date, code: str | None) -> None:
    doubt = printed.expiry_doubt(expires_on, TODAY)
    assert (doubt and doubt.code) == code
