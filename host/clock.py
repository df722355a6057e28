"""Instants and dates at the rim: Unix milliseconds inside, the station's zone for people."""

import time
from datetime import UTC, date, datetime, timedelta
from datetime import time as wall
from typing import TYPE_CHECKING, NamedTuple

from host.errors import InputError

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

DAY_MS = 86_400_000
"""A day in milliseconds."""

_LAST_MS = 253_402_214_400_000
"""The last day of the calendar, 9999-12-31; what a clock or another program put beyond is shown as that."""


class Instant(NamedTuple):
    """Unix milliseconds, and the time zone of the station in which people read them."""

    at_ms: int
    zone: str


def now_ms() -> int:
    """Unix milliseconds now. Ask at each use: a service runs past midnight."""
    return time.time_ns() // 1_000_000


def zone(name: str) -> "ZoneInfo":
    """The time zone called `name`, such as Europe/London. Raises `InputError` if there is none."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # help needs none

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InputError("typed.no_zone", text=name) from None


def local(at_ms: int, zone_name: str) -> datetime:
    """The instant in the zone, with its UTC offset."""
    return datetime.fromtimestamp(min(at_ms, _LAST_MS) / 1000, zone(zone_name))


def show(at_ms: int, zone_name: str) -> str:
    """The instant for people, to the minute: 2026-05-01 18:30."""
    return local(at_ms, zone_name).isoformat(" ", "minutes")[:16]  # strftime takes ten times as long


def iso(at_ms: int, zone_name: str) -> str:
    """The instant for programs: ISO 8601 to the second, with the zone's offset."""
    return local(at_ms, zone_name).isoformat(timespec="seconds")


def today(at_ms: int, zone_name: str) -> date:
    """The zone's calendar day at that instant."""
    return local(at_ms, zone_name).date()


def midnight_after(day: date, zone_name: str) -> int:
    """The instant at which `day` ends in the zone, in Unix milliseconds."""
    return round(datetime.combine(day + timedelta(days=1), wall.min, zone(zone_name)).timestamp() * 1000)


def parse_date(text: str) -> date:
    """A day written YYYY-MM-DD. Raises `InputError` if there is no such day."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or len(text) != 10 or not 2000 <= day.year <= 2199:
        raise InputError("typed.no_iso_date", text=text)
    return day


def parse_instant(text: str, zone_name: str) -> int:
    """Unix milliseconds of an ISO time; without an offset it is the zone's local time.

    Raises `InputError` if there is no such time: also for one that the clocks skip in spring. Of one that
    comes twice in autumn, the first is meant.
    """
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or len(text) < 16 or not 2000 <= at.year <= 2199:
        raise InputError("typed.no_time", text=text, such="2026-11-30 19:30")
    if at.tzinfo is None:
        at = at.replace(tzinfo=zone(zone_name))
        if at.astimezone(UTC).astimezone(at.tzinfo).replace(tzinfo=None) != at.replace(tzinfo=None):
            raise InputError("typed.time_skipped", text=text, zone=zone_name)
    return round(at.timestamp() * 1000)


def parse_past_instant(text: str, zone_name: str, now: int) -> int:
    """As `parse_instant`, for something that has happened: raises `InputError` if it is after `now`."""
    at_ms = parse_instant(text, zone_name)
    if at_ms > now:
        raise InputError("typed.time_to_come", text=text)
    return at_ms
