"""Dates and product numbers as people type them and files hold them: one meaning or a refusal."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host.errors import InputError
from host.receiving import printed
from host.receiving.printed import DateStyle

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
    ("text", "style", "part"),
    [
        ("03/04/2027", None, "does not tell day from month"),
        ("31/05/2027", None, "does not tell day from month"),
        ("31/05/2027", "iso", "does not tell day from month"),
        ("270531", None, "does not tell day from month"),
        ("05/31/2027", "dmy", "no day that exists in the style dmy"),
        ("31/05/2027", "mdy", "no day that exists in the style mdy"),
        ("2027-02-29", None, "no day that exists"),
        ("31 Mai 2027", None, "no day that exists"),
        ("1999-12-31", None, "no day that exists"),
        ("2027-13", None, "no month"),
        ("13/2027", None, "no month"),
        ("Mai 2027", None, "no month"),
        ("46538", None, "as Excel counts it"),
        ("May-27", None, "is no date"),
        ("31/05-2027", "dmy", "is no date"),
        ("soon", None, "is no date"),
        ("", None, "is no date"),
        ("٢٠٢٧-٠٥-٣١", None, "is no date"),
    ],
)
def test_what_is_no_day_or_two_is_refused(text: str, style: DateStyle | None, part: str) -> None:
    with pytest.raises(InputError, match=part):
        printed.expiry(text, TODAY, style)


def test_a_month_alone_is_no_day_of_training() -> None:
    with pytest.raises(InputError, match="is no date"):
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
    except InputError as refused:
        assert str(refused).isprintable()


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
    ("text", "part"),
    [
        ("9506000134353", "check digit 3 where 2 must be"),
        ("950600013435", "check digit"),
        ("95060001343", "8, 12, 13 or 14 digits"),
        ("", "8, 12, 13 or 14 digits"),
        ("٩٥٠٦٠٠٠١", "8, 12, 13 or 14 digits"),
        ("00000000", "names no product"),
        ("9.506E+12", "rounded by a spreadsheet"),
        ("9,50600013435E+12", "rounded by a spreadsheet"),
    ],
)
def test_what_is_no_product_number_is_refused(text: str, part: str) -> None:
    with pytest.raises(InputError, match=part.replace("+", r"\+")):
        printed.gtin14(text)


@pytest.mark.parametrize(
    ("expires_on", "part"),
    [
        (date(2026, 5, 31), "has passed"),
        (TODAY, None),
        (date(2036, 12, 31), None),
        (date(2037, 1, 1), "more than 10 years ahead"),
    ],
)
def test_an_old_or_distant_expiry_is_asked_about(expires_on: date, part: str | None) -> None:
    doubt = printed.expiry_doubt(expires_on, TODAY)
    assert (doubt is None) if part is None else (doubt is not None and part in doubt)
