"""What a pack prints in text that people read or type: product numbers and expiry dates.

Dates, as people and files write them:

| written | read as |
|---|---|
| 2027-05-31, 2027/05/31, 2027.05.31, 20270531 | that day |
| 31 May 2027, 31-May-2027 | that day; months in English |
| 2027-05, 05/2027, 05.2027, May 2027 | for expiries alone: the month's last day, as packs mean it |
| 31/05/2027, 31.05.2027, 31-05-2027, 31/05/27 | that day in the style `dmy`; refused if no style is named |
| 05/31/2027 and the like | that day in the style `mdy`; refused if no style is named |
| 270531 | YYMMDD in the style `iso`, DDMMYY in `dmy`, MMDDYY in `mdy`; refused if no style is named |
| 46538 | refused: a day as Excel counts it |

Two digits of a year are read as GS1 reads them: 49 years back to 50 ahead of today's.
"""

import calendar
import re
from collections.abc import Iterable
from datetime import date
from typing import Literal

from host.errors import DatesUnclear, InputError
from host.phrase import Phrase

DateStyle = Literal["iso", "dmy", "mdy"]
"""Which comes first in a date of numbers: the year, the day or the month."""

LONGEST_SHELF_LIFE_YEARS = 10
"""An expiry further ahead than this is more likely misread than printed."""

_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_ORDER: dict[str, str] = {"iso": "YYMMDD", "dmy": "DDMMYY", "mdy": "MMDDYY"}


def gtin14(text: str) -> str:
    """The 14 digits of a product number of 8, 12, 13 or 14 digits.

    Raises `InputError` if the length or the check digit is wrong, or if a spreadsheet has rounded it.
    """
    digits = re.sub(r"[\s-]", "", text)
    if re.fullmatch(r"\d+[.,]?\d*[Ee]\+?\d+", digits):
        raise InputError("gtin.rounded", text=text)
    if not (digits.isascii() and digits.isdigit()) or len(digits) not in (8, 12, 13, 14):
        raise InputError("gtin.none", text=shown(text))
    if not digits.strip("0"):
        raise InputError("gtin.zeros")
    # Loading GS1's tables takes longer than all else that an ordinary command does.
    from biip import ParseError
    from biip.checksums import gs1_standard_check_digit
    from biip.gtin import Gtin

    try:
        return Gtin.parse(digits).as_gtin_14()
    except ParseError:
        check = gs1_standard_check_digit(digits[:-1].zfill(13))
        raise InputError("gtin.check_digit", gtin=digits, found=digits[-1], due=check) from None


def full_year(two_digits: int, today: date) -> int:
    """The year that two digits mean: 49 years back to 50 ahead (GS1 General Specifications 7.12)."""
    year = today.year - today.year % 100 + two_digits
    if year - today.year >= 51:
        return year - 100
    return year + 100 if year - today.year <= -50 else year


def month_end(year: int, month: int) -> date:
    """The last day of a month. Raises `ValueError` if there is no such month."""
    if not 1 <= month <= 12:
        raise ValueError(month)
    return date(year, month, calendar.monthrange(year, month)[1])


def expiry_doubt(expires_on: date, today: date) -> Phrase | None:
    """What a person must confirm about an expiry, if anything: it has passed, or is oddly far ahead."""
    if expires_on < today:
        return Phrase("doubt.expiry_passed", expires_on=expires_on)
    if expires_on.year - today.year > LONGEST_SHELF_LIFE_YEARS:
        return Phrase("doubt.expiry_far_ahead", expires_on=expires_on, years=LONGEST_SHELF_LIFE_YEARS)
    return None


def expiry(text: str, today: date, style: DateStyle | None = None) -> date:
    """The last good day that `text` tells; a month alone means its last day. Raises `InputError`."""
    written = text.strip()
    month = (
        re.fullmatch(r"(?P<y>\d{4})[-/.](?P<m>\d{1,2})", written)
        or re.fullmatch(r"(?P<m>\d{1,2})[-/. ](?P<y>\d{4})", written)
        or re.fullmatch(r"(?P<m>[A-Za-z]{3,9})[-/. ](?P<y>\d{4})", written)
    )
    if month is None:
        return day(text, today, style)
    try:
        return month_end(_checked(int(month["y"])), _month(month["m"]))
    except ValueError:
        raise InputError("printed.no_month", text=shown(text)) from None


def day(text: str, today: date, style: DateStyle | None = None) -> date:
    """The day that `text` tells. Raises `InputError` if there is none, or if it can be read in two ways."""
    written = text.strip()
    if not written.isascii():
        raise InputError("printed.no_date", text=shown(text))
    plain = (
        re.fullmatch(r"(?P<y>\d{4})([-/.])(?P<m>\d{1,2})\2(?P<d>\d{1,2})", written)
        or re.fullmatch(r"(?P<y>20\d\d)(?P<m>\d\d)(?P<d>\d\d)", written)
        or re.fullmatch(r"(?P<d>\d{1,2})[- ](?P<m>[A-Za-z]{3,9})[- ](?P<y>\d{4})", written)
    )
    try:
        if plain:
            return date(_checked(int(plain["y"])), _month(plain["m"]), int(plain["d"]))
        return _in_style(written, today, style)
    except ValueError:
        if style and not plain:
            raise InputError("printed.no_day_in_style", text=shown(text), style=style) from None
        raise InputError("printed.no_day", text=shown(text)) from None


def style_of(texts: Iterable[str], today: date) -> DateStyle | None:
    """What comes first in the dates of numbers of a file: the one order in which all of them can be read.

    None if no date needs it said. Raises `DatesUnclear` if both orders fit, or neither: one sentence for the file.
    """
    unclear = [text.strip() for text in texts if _needs_style(text, today)]
    if not unclear:
        return None
    orders: tuple[DateStyle, ...] = ("dmy", "mdy")
    fitting = [style for style in orders if all(_reads(text, today, style) for text in unclear)]
    if len(fitting) == 1:
        return fitting[0]
    if not fitting:
        raise DatesUnclear("file.dates_mixed", dates=len(unclear), such=unclear[0])
    such = next((text for text in unclear if day(text, today, "dmy") != day(text, today, "mdy")), None)
    if such is None:
        return "dmy"  # such as 4/4/2027: the order makes no difference
    raise DatesUnclear(
        "file.dates_unclear", dates=len(unclear), such=such, one=day(such, today, "dmy"), other=day(such, today, "mdy")
    )


def _needs_style(text: str, today: date) -> bool:
    try:
        expiry(text, today)
    except InputError as error:
        return error.code == "printed.day_or_month"
    return False


def _reads(text: str, today: date, style: DateStyle) -> bool:
    try:
        day(text, today, style)
    except InputError:
        return False
    return True


def _in_style(written: str, today: date, style: DateStyle | None) -> date:
    """A date of numbers alone, whose order only its style tells. Raises `ValueError` or `InputError`."""
    parts = re.fullmatch(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d\d)", written)
    packed = re.fullmatch(r"(\d\d)(\d\d)(\d\d)", written)
    if re.fullmatch(r"\d{5}", written):
        raise InputError("printed.excel_day", text=written)
    if parts is None and packed is None:
        raise InputError("printed.no_date", text=shown(written))
    if style is None or (parts and style == "iso"):
        raise InputError("printed.day_or_month", text=written)
    groups = (parts[1], parts[3], parts[4]) if parts else packed.groups() if packed else ()
    told = dict(zip((_ORDER[style][at] for at in (0, 2, 4)), groups, strict=True))
    year = int(told["Y"])
    return date(full_year(year, today) if year < 100 else _checked(year), int(told["M"]), int(told["D"]))


def _month(text: str) -> int:
    """1 to 12 for a number, an English name or its first three letters. Raises `ValueError`."""
    if text.isdigit():
        return int(text)
    name = text.lower()
    number = next((at for at, month in enumerate(_MONTHS, 1) if name in (month, month[:3])), None)
    if number is None:
        raise ValueError(text)
    return number


def _checked(year: int) -> int:
    if not 2000 <= year <= 2199:
        raise ValueError(year)
    return year


def shown(text: str) -> str:
    """`text` for an error's line: quoted, control characters spelled out, cut at 40 characters."""
    quoted = repr(text)
    return quoted if len(quoted) <= 42 else f"{quoted[:40]}...{quoted[0]}"
