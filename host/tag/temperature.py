"""Heat and frost: the limits between which a product is to be stored, and what a tag's reading says of them.

A tag tells the temperature of its own chip, after the offset that somebody found by comparing it with a thermometer.
That is a claim, and near the kit's temperature at best.
"""

from typing import NamedTuple

from host.stock.storage import Limits
from host.tag.events import VERIFIED, Event
from kitwire import record

COLDEST_C, WARMEST_C = record.COLDEST_C, record.WARMEST_C
"""What a tag can tell, in °C; a limit beyond that would never be passed."""

_CHIP_C = ((-10, 80, 1), (-30, 100, 2), (COLDEST_C, WARMEST_C, 3))
"""(from, to, how far off): of the ESP32-C6's thermometer, once its own offset is out (Espressif, ESP-IDF Programming
Guide for the ESP32-C6, Temperature Sensor)."""
_WHOLE_C = 1
"""MicroPython gives whole degrees, and records hold whole degrees."""
_COMPARED_C = 1
"""What the thermometer was off with which it was compared (assumed: an ordinary one)."""


class Reading(NamedTuple):
    """The coldest and the warmest, in °C, that the record `sequence` of a tag's log tells, and of when.

    All of it was between two instants, Unix milliseconds. `since` is the record with which that time began, when the
    tag left its dock; it is `sequence` itself for a reading of that moment, and 0 if the log does not go back so far.
    """

    tag: str
    sequence: int
    pouch: str
    coldest_c: int
    warmest_c: int
    since: int
    earliest_ms: int
    latest_ms: int


_NUMBERS = {name: number for number, name in record.TYPE_NAMES.items()}


def told(event: Event) -> tuple[int, int] | None:
    """The coldest and the warmest, in °C, that an event tells; None if it tells none.

    Raises `kitwire.errors.WireError` if it claims what no thermometer reads.
    """
    if event.verdict != VERIFIED or event.type not in _NUMBERS:
        return None
    pair: tuple[int, int] | None = record.temperatures_of(_NUMBERS[event.type], event.aux or 0)
    return pair


def error_c(celsius: int) -> int:
    """How far from the chip's own temperature a reading may be, in °C, if its offset is right."""
    chip = next((error for least, most, error in _CHIP_C if least <= celsius <= most), _CHIP_C[-1][2])
    return chip + _WHOLE_C + _COMPARED_C


LEAST_ERROR_C = min(error for _, _, error in _CHIP_C) + _WHOLE_C + _COMPARED_C
"""No reading is nearer than that."""


def too_cold(reading: Reading, limits: Limits) -> int | None:
    """By how many °C the coldest was surely below the limit, its error taken off; None if it was not."""
    if limits.least_c is None:
        return None
    beyond = limits.least_c - reading.coldest_c - error_c(reading.coldest_c)
    return beyond if beyond > 0 else None


def too_warm(reading: Reading, limits: Limits) -> int | None:
    """By how many °C the warmest was surely above the limit, its error taken off; None if it was not."""
    if limits.most_c is None:
        return None
    beyond = reading.warmest_c - error_c(reading.warmest_c) - limits.most_c
    return beyond if beyond > 0 else None
