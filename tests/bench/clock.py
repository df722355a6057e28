"""When events happened, by the station's anchors: how far its guess is off, and whether its bounds hold.

Made-up tags over eight weeks: a clock whose rate is up to 1 % off by its making and wanders by up to 0.5 %
with temperature, four openings a day, a docking a day with some days missed, now and then a new cell. The
same each time. The rival is what the tag's own clock says, set at each docking; for the bounds, the cone of
the docking before alone.
"""

from __future__ import annotations

import statistics
from bisect import bisect_right
from collections.abc import Callable
from math import cos, tau
from random import Random
from typing import NamedTuple

from host.tag.events import VERIFIED, Event
from host.tag.times import NOTICE_MS, Anchor, Interval, intervals
from tests.bench.result import Result

TAGS = 500
DAYS = 56
BASE, WANDER = 0.01, 0.005
"""Of the rate: uptime passes at 1 ± BASE ± WANDER of real time."""
OPENINGS = 4
MISSED = 0.15
"""Share of the days on which a tag is not docked."""
NEW_CELLS = 0.25
"""Share of the tags that get a new cell in that time, and so a new start without a set clock."""
START_MS = 1_780_000_000_000
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
LEAST_RATIO = 0.3
"""Goal: the guess is nearer than the tag's own clock by more than three times."""

Clock = Callable[[float], float]
"""Milliseconds that a clock counts in so many real milliseconds."""


class Record(NamedTuple):
    """One edge: when it truly was, and what the tag logs of it. `own_ms` is the tag's own clock, or None."""

    true_ms: float
    event: Event
    own_ms: float | None


class Life(NamedTuple):
    """What one tag logged and where it was docked."""

    records: list[Record]
    anchors: list[Anchor]


def run() -> list[Result]:
    """`clock_error_p50_s`, `clock_error_p99_s`, `clock_bound_coverage`."""
    ours: list[float] = []
    own: list[float] = []
    widths: list[int] = []
    cones: list[int] = []
    held = cones_held = 0
    for number in range(TAGS):
        records, anchors = _life(Random(number))
        found = _placed(records, anchors)
        alone = _by_one_anchor(records, anchors)
        for record in records:
            interval, cone = found[record.event.sequence], alone.get(record.event.sequence)
            held += interval.earliest_ms <= record.true_ms <= interval.latest_ms
            if cone is None or record.own_ms is None:
                continue  # after a new cell, before a docking: the rivals know nothing
            cones_held += cone.earliest_ms <= record.true_ms <= cone.latest_ms
            cones.append(cone.latest_ms - cone.earliest_ms)
            widths.append(interval.latest_ms - interval.earliest_ms)
            ours.append(abs(interval.likely_ms - record.true_ms) / 1000)
            own.append(abs(record.own_ms - record.true_ms) / 1000)
    total = TAGS * DAYS * OPENINGS * 2
    coverage = held / total
    results = []
    for percent in (50, 99):
        value, theirs = (statistics.quantiles(errors, n=100)[percent - 1] for errors in (ours, own))
        results.append(
            Result(f"clock_error_p{percent}_s", value, f"s, {TAGS * DAYS // 7:,} tag-weeks",
                   "the tag's own clock, set at each docking", theirs, value / theirs,
                   f"at most {LEAST_RATIO} of the rival", value <= LEAST_RATIO * theirs)
        )  # fmt: skip
    by_one = cones_held / len(cones)
    width, wide = statistics.median(widths) / 1000, statistics.median(cones) / 1000
    results.append(
        Result("clock_bound_coverage", coverage, f"of {total:,} bounds, {width:.0f} s wide",
               f"the docking before alone, {wide:.0f} s wide", by_one, coverage / by_one,
               "exactly 1", held == total)
    )  # fmt: skip
    return results


def _placed(records: list[Record], anchors: list[Anchor]) -> dict[int, Interval]:
    return intervals([record.event for record in records], anchors, START_MS - DAY_MS, START_MS + (DAYS + 1) * DAY_MS)


def _by_one_anchor(records: list[Record], anchors: list[Anchor]) -> dict[int, Interval]:
    """The intervals by nothing but the docking before, of the same start."""
    found: dict[int, Interval] = {}
    for anchor, after in zip(anchors, [*anchors[1:], None], strict=True):
        since = [
            record
            for record in records
            if record.event.boot_count == anchor.boot_count
            and anchor.uptime_ms <= (record.event.uptime_s or 0) * 1000
            and (after is None or after.boot_count != anchor.boot_count
                 or (record.event.uptime_s or 0) * 1000 < after.uptime_ms)
        ]  # fmt: skip
        found.update(_placed(since, [anchor]))
    return found


def _life(random: Random) -> Life:
    clock = _clock(random)
    new_cell_ms = random.uniform(10, DAYS - 10) * DAY_MS if random.random() < NEW_CELLS else None
    # What happens to the tag, by real time since it was enrolled: it is docked at the start and at the end.
    happenings = [(0.0, "dock"), (DAYS * DAY_MS + 1.0, "dock")]
    for day in range(DAYS):
        happenings += [(random.uniform(day, day + 1) * DAY_MS, "edge") for _ in range(2 * OPENINGS)]
        if day and random.random() >= MISSED:
            happenings.append(((day + random.gauss(0.7, 0.03)) * DAY_MS, "dock"))
    if new_cell_ms is not None:
        happenings.append((new_cell_ms, "cell"))

    records: list[Record] = []
    anchors: list[Anchor] = []
    boot_count, began_ms, set_ms = 1, 0.0, None
    for at_ms, kind in sorted(happenings):
        uptime_ms = clock(at_ms) - clock(began_ms)
        if kind == "cell":
            boot_count, began_ms, set_ms = 2, at_ms, None
        elif kind == "dock":
            error_ms = random.randint(15, 80)
            utc_ms = round(START_MS + at_ms + random.uniform(-error_ms, error_ms))
            anchors.append(Anchor(boot_count, int(uptime_ms), utc_ms, error_ms))
            set_ms = utc_ms - uptime_ms
        else:
            noticed_ms = clock(at_ms + random.uniform(200, NOTICE_MS)) - clock(began_ms)
            own_ms = None if set_ms is None else (set_ms + noticed_ms) // 1000 * 1000
            event = Event("00" * 8, 1, len(records) + 1, VERIFIED, "lid_open", 0, 3900, boot_count,
                          int(noticed_ms // 1000), 0, 0)  # fmt: skip
            records.append(Record(START_MS + at_ms, event, own_ms))
    return Life(records, anchors)


def _clock(random: Random) -> Clock:
    rate = 1 + random.uniform(-BASE, BASE)
    wander = random.choice((_days, _leaps, _limits))(random)
    return lambda real: rate * real + wander(real)


def _days(random: Random) -> Clock:
    """Warm days and cold nights, and a slow change over the weeks."""
    day, weeks = random.uniform(0.2, 0.6) * WANDER, random.uniform(0, 0.4) * WANDER
    phase, turn, slow = random.uniform(0, tau), tau / DAY_MS, tau / (random.uniform(10, 40) * DAY_MS)
    return lambda real: day / turn * (cos(phase) - cos(turn * real + phase)) + weeks / slow * (1 - cos(slow * real))


def _leaps(random: Random) -> Clock:
    """Indoors, outdoors, in the car: another temperature every few hours."""
    places, counted, at = [(0.0, 0.0)], 0.0, 0.0
    while at < (DAYS + 2) * DAY_MS:
        spent = random.uniform(0.5, 12) * HOUR_MS
        at, counted = at + spent, counted + spent * random.uniform(-WANDER, WANDER)
        places.append((at, counted))
    return _through(places)


def _limits(random: Random) -> Clock:
    """From one limit to the other, a few times a day or every few days."""
    half = random.choice((2, 7, 12, 40, 100)) * HOUR_MS * random.uniform(0.8, 1.2)
    turns = int((DAYS + 2) * DAY_MS / half) + 2
    return _through([(turn * half, half * WANDER * (turn % 2)) for turn in range(turns)])


def _through(places: list[tuple[float, float]]) -> Clock:
    """The broken line through `places`."""
    ats = [at for at, _ in places]

    def counted(real: float) -> float:
        place = min(bisect_right(ats, real), len(places) - 1)
        (left, low), (right, high) = places[place - 1], places[place]
        return low + (high - low) * (real - left) / (right - left)

    return counted
