"""Days and times as people type them at a terminal or into a page.

| typed | read as |
|---|---|
| today, yesterday, tomorrow | that day |
| 30 Nov, 30 November, Nov 30 | the nearest such day |
| 2026-11-30, 30 Nov 2026, 30th November 2026 | that day |
| 30/11/2026, 30.11.26 | that day, with the day or the month first as the station's setting says |
| 19:30, 7.30pm | the last time that it was so late, today or yesterday |
| yesterday 19:30, 30 Nov at 19:30 | that day, at that time in the station's zone |
| now | now |
| 2026-11-30T19:30 | that time in the station's zone; with an offset, that instant |

What was understood is for the caller to show.
"""

import re
from datetime import date, timedelta

from host import clock
from host.errors import InputError
from host.receiving import printed
from host.receiving.printed import DateStyle

_NAMED = {"today": 0, "yesterday": -1, "tomorrow": 1}
_TIME = re.compile(r"(?:(?P<day>.*?)[ ,]+(?:at +)?)??(?P<h>\d{1,2})[:.](?P<m>\d\d) ?(?P<half>[ap]m)?", re.IGNORECASE)
_ISO = re.compile(r"\d{4}-\d\d-\d\d[T ]\d.*")


def day(text: str, today: date, style: DateStyle) -> date:
    """The day that somebody typed. Raises `InputError` if there is none."""
    written = " ".join(text.replace(",", " ").split())
    if written.lower() in _NAMED:
        return today + timedelta(_NAMED[written.lower()])
    written = re.sub(r"\b(\d{1,2})(?:st|nd|rd|th)\b", r"\1", written, flags=re.IGNORECASE)
    written = re.sub(r"^([A-Za-z]{3,9})[- ](\d{1,2})\b", r"\2 \1", written)
    try:
        if re.fullmatch(r"\d\d-\d\d-\d\d|\d{6}", written):
            raise InputError("printed.day_or_month", text=written)  # the year may come first or last
        if re.fullmatch(r"\d{1,2}[- ][A-Za-z]{3,9}", written):
            return _nearest(written, today)
        return printed.day(written, today, style)
    except InputError:
        raise InputError("typed.no_date", text=text, such=_such(today, style)) from None


def past_instant(text: str, now_ms: int, zone: str, style: DateStyle) -> int:
    """Unix milliseconds of a time that somebody typed of something that has happened.

    Raises `InputError` if there is no such time in the zone, or if it is still to come.
    """
    written = " ".join(text.split())
    if written.lower() == "now":
        return now_ms
    if _ISO.fullmatch(written):
        return clock.parse_past_instant(written, zone, now_ms)
    today = clock.today(now_ms, zone)
    found = _TIME.fullmatch(written)
    hour = _hour(int(found["h"]), found["half"]) if found else None
    if found is None or hour is None or int(found["m"]) > 59:
        raise InputError("typed.no_time", text=text, such=f"{_such(today, style)} 19:30")
    at = f"T{hour:02}:{found['m']}"
    if found["day"]:
        return clock.parse_past_instant(f"{day(found['day'], today, style)}{at}", zone, now_ms)
    latest = clock.parse_instant(f"{today}{at}", zone)
    return latest if latest <= now_ms else clock.parse_instant(f"{today - timedelta(1)}{at}", zone)


def _hour(hour: int, half: str | None) -> int | None:
    """The hour of a day of 24 hours; None if there is none."""
    if half is None:
        return hour if hour < 24 else None
    return hour % 12 + (12 if half.lower() == "pm" else 0) if 1 <= hour <= 12 else None


def _nearest(written: str, today: date) -> date:
    """The day written without its year that is nearest to today. Raises `InputError` if there is none."""
    found = []
    for year in range(today.year - 1, today.year + 2):
        try:
            found.append(printed.day(f"{written} {year}".replace("-", " "), today))
        except InputError:
            continue  # 29 Feb is in few years
    if not found:
        raise InputError("typed.no_date", text=written, such=today)
    return min(found, key=lambda each: abs(each - today))


def _such(today: date, style: DateStyle) -> str:
    """How a day may be typed here."""
    return f"{today.day}/{today.month}/{today.year}" if style == "dmy" else f"{today.month}/{today.day}/{today.year}"
