"""The time of an event: the true instant lies in the interval, and the interval is as tight as anchors allow."""

from collections.abc import Callable
from itertools import accumulate, pairwise
from math import cos, pi
from typing import NamedTuple

from hypothesis import assume, given
from hypothesis import strategies as st

from host.tag.events import VERIFIED, Event
from host.tag.times import (
    ANY_PACE,
    BASE_LIMIT,
    NOTICE_MS,
    QUANTUM_MS,
    ROUNDING_MS,
    WANDER_LIMIT,
    Anchor,
    Interval,
    Pace,
    intervals,
    outvoted,
)
from tests.pace import pace_of

START_MS = 1_780_000_000_000
LATER_MS = START_MS + 10**12
HOUR = 3_600_000
DAY = 24 * HOUR
YEAR = 365 * DAY
TAG = "00" * 8

Clock = Callable[[float], float]
"""Real milliseconds that have passed when a clock has counted so many."""

BASES = st.floats(1 - BASE_LIMIT, 1 + BASE_LIMIT)


def sine(size: float, period: float, phase: float) -> Clock:
    """The wander of a pace that goes up and down with, say, the day."""
    turn = 2 * pi / period
    return lambda uptime: size / turn * (cos(phase) - cos(turn * uptime + phase))


def square(size: float, period: float, phase: float) -> Clock:
    """The wander of a pace that jumps between both limits."""

    def triangle(uptime: float) -> float:
        place = (uptime + phase) % period
        return size * min(place, period - place)

    return lambda uptime: triangle(uptime) - triangle(0)


def step(size: float, period: float, _: float) -> Clock:
    """The wander of a pace that changes once and for all."""
    return lambda uptime: size * uptime if uptime < period else size * (2 * period - uptime)


@st.composite
def clocks(draw: st.DrawFn, base: float) -> Clock:
    """A clock with that base, which wanders as it likes within the limit."""
    kind = draw(st.sampled_from([sine, square, step]))
    size = draw(st.sampled_from([WANDER_LIMIT, -WANDER_LIMIT]) | st.floats(-WANDER_LIMIT, WANDER_LIMIT))
    period = draw(st.just(float(DAY)) | st.floats(1000, 10 * DAY))
    wander = kind(size, period, draw(st.floats(0, 6)))
    return lambda uptime: base * uptime + wander(uptime)


class Sign(NamedTuple):
    """One sign of life in a made-up history: true time, exact uptime, start, anchored or logged.

    A record comes `notice` after what it tells; an anchor is wrong by `offset` of the error it states.
    """

    true_ms: float
    uptime_ms: float
    boot_count: int = 1
    anchor_error_ms: int | None = None
    offset: float = 0.0
    notice_ms: float = 0.0


@st.composite
def histories(draw: st.DrawFn, starts: int = 4) -> list[Sign]:
    """Signs of life of one tag over up to `starts` starts, with gaps from none to months."""
    signs: list[Sign] = []
    began_ms = float(START_MS)
    base = draw(BASES)
    for boot_count in range(1, draw(st.integers(1, starts)) + 1):
        began_ms = max([began_ms, *(sign.true_ms for sign in signs)]) + draw(st.floats(0, 10**8))  # without power
        clock = draw(clocks(base))
        uptime = 0.0
        for _ in range(draw(st.integers(1, 8))):
            uptime += draw(st.floats(0, 2000) | st.floats(1, 10**8) | st.floats(1, 10**10))
            error = draw(st.none() | st.integers(0, 5000))
            offset, notice = draw(st.floats(-1, 1)), draw(st.floats(0, NOTICE_MS))
            signs.append(Sign(began_ms + clock(uptime), uptime, boot_count, error, offset, notice))
    return signs


def logged(sequence: int, sign: Sign, utc_s: int = 0) -> Event:
    uptime_s = int(sign.uptime_ms // QUANTUM_MS)
    return Event(TAG, 1, sequence, VERIFIED, "lid_open", 0, 3900, sign.boot_count, uptime_s, utc_s, 0)


def anchor(sign: Sign) -> Anchor:
    """What a station notes: whole milliseconds of uptime, and a UTC that is wrong within the stated error."""
    error = sign.anchor_error_ms or 0
    return Anchor(sign.boot_count, int(sign.uptime_ms), round(sign.true_ms + sign.offset * error), error)


def split(history: list[Sign]) -> tuple[dict[int, Sign], list[Anchor]]:
    return (
        dict(enumerate((sign for sign in history if sign.anchor_error_ms is None), 1)),
        [anchor(sign) for sign in history if sign.anchor_error_ms is not None],
    )


def placed(history: list[Sign]) -> dict[int, Interval]:
    signs, anchors = split(history)
    return intervals([logged(sequence, sign) for sequence, sign in signs.items()], anchors, START_MS, LATER_MS)


def one(uptime_ms: float, anchors: list[Anchor], not_before_ms: int = START_MS - YEAR) -> Interval:
    """The interval of a single event."""
    return intervals([logged(1, Sign(0, uptime_ms))], anchors, not_before_ms, LATER_MS)[1]


# What always holds.


@given(histories())
def test_true_time_lies_in_the_interval(history: list[Sign]) -> None:
    signs, _ = split(history)
    found = placed(history)
    assert set(found) == set(signs)
    for sequence, sign in signs.items():
        earliest, latest, likely = found[sequence]
        assert earliest <= sign.true_ms <= latest
        assert earliest <= max(sign.true_ms - sign.notice_ms, START_MS)
        assert earliest <= likely <= latest
        assert abs(likely - sign.true_ms) <= found[sequence].error_ms + 1


@given(histories())
def test_no_docking_with_a_right_clock_is_outvoted(history: list[Sign]) -> None:
    signs, anchors = split(history)
    assert outvoted([logged(sequence, sign) for sequence, sign in signs.items()], anchors, START_MS) == []


@given(histories())
def test_base_of_the_pace_is_never_excluded(history: list[Sign]) -> None:
    _, anchors = split(history)
    found = pace_of(anchors)
    assert found.wander == WANDER_LIMIT, "a tag within the model is never taken for one outside it"
    for boot_count in {each.boot_count for each in anchors}:
        of_start = [sign for sign in history if sign.boot_count == boot_count and sign.anchor_error_ms is not None]
        for first, last in pairwise(of_start):
            if last.uptime_ms - first.uptime_ms > 10_000:
                mean = (last.true_ms - first.true_ms) / (last.uptime_ms - first.uptime_ms)
                assert found.least - 1e-6 <= mean <= found.most + 1e-6


@given(histories())
def test_interval_is_within_the_cone_of_every_anchor_of_its_start(history: list[Sign]) -> None:
    signs, anchors = split(history)
    for sequence, interval in placed(history).items():
        uptime = signs[sequence].uptime_ms // QUANTUM_MS * QUANTUM_MS
        for each in anchors:
            if each.boot_count == signs[sequence].boot_count:
                passed, ends = uptime - each.uptime_ms, uptime + QUANTUM_MS - each.uptime_ms
                error = each.error_ms + ROUNDING_MS
                low = each.utc_ms - error + passed * (ANY_PACE.least if passed > 0 else ANY_PACE.most)
                high = each.utc_ms + error + ends * (ANY_PACE.most if ends > 0 else ANY_PACE.least)
                assert interval.earliest_ms >= low - NOTICE_MS - 1
                assert interval.latest_ms <= high + 1


@given(histories())
def test_log_order_bounds_events_across_starts(history: list[Sign]) -> None:
    signs, _ = split(history)
    found = placed(history)
    firsts = [found[n].earliest_ms for n in sorted(signs) if n == 1 or signs[n].boot_count != signs[n - 1].boot_count]
    assert firsts == list(accumulate(firsts, max))


# As tight as can be.


def least_before(event_uptime: float, anchors: list[tuple[float, float]], base: float) -> float:
    """The earliest of an event for one base, by every anchor: (uptime, earliest UTC) each."""
    return max(
        low
        + (event_uptime - uptime)
        * (base - WANDER_LIMIT if event_uptime >= uptime else base + WANDER_LIMIT)
        for uptime, low in anchors
    )  # fmt: skip


def least(of: Callable[[float], float], low: float, high: float) -> float:
    """Where `of`, which falls and then rises, is least."""
    for _ in range(200):
        left, right = low + (high - low) / 3, high - (high - low) / 3
        low, high = (low, right) if of(left) <= of(right) else (left, high)
    return (low + high) / 2


@given(st.floats(2000, 30 * DAY), st.floats(2000, 30 * DAY), BASES, st.floats(-1, 1))
def test_a_clock_within_the_model_reaches_both_ends_of_the_interval(
    since: float, until: float, base: float, lean: float
) -> None:
    """Two anchors, an event between: traces that fit both anchors put it at either end, within the quantum."""
    since, until = since // QUANTUM_MS * QUANTUM_MS, until // QUANTUM_MS * QUANTUM_MS
    passed = (since + until) * (base + lean * WANDER_LIMIT)
    anchors = [Anchor(1, 0, START_MS, 0), Anchor(1, int(since + until), START_MS + round(passed), 0)]
    found = one(since, anchors)

    def before(base: float, sign: int) -> float:
        """Real time until the event, of the clock with that base that is first quick (1) or slow (-1), then slow
        or quick, as far as the second anchor lets it; no clock of that base is quicker or slower."""
        quick, slow = base - sign * WANDER_LIMIT, base + sign * WANDER_LIMIT
        return sign * max(sign * since * quick, sign * (passed - until * slow))

    for sign, end in ((1, found.earliest_ms), (-1, found.latest_ms)):
        own = least(lambda base, sign=sign: sign * before(base, sign), 1 - BASE_LIMIT, 1 + BASE_LIMIT)  # type: ignore[misc]
        reached = before(own, sign)
        for pace in (reached / since, (passed - reached) / until):
            assert own - WANDER_LIMIT - 1e-6 <= pace <= own + WANDER_LIMIT + 1e-6, "the trace is within the model"
        slack = NOTICE_MS if sign == 1 else QUANTUM_MS * ANY_PACE.most
        assert 0 <= sign * (START_MS + reached - end) + 1 <= slack + 2 * ROUNDING_MS + 4


@given(histories(starts=1))
def test_the_two_anchors_beside_an_event_tell_what_all_tell(history: list[Sign]) -> None:
    """No base lets the event be later than `earliest_ms` says by more than the anchors' own errors."""
    signs, anchors = split(history)
    assume(anchors)
    lows = [(float(each.uptime_ms), float(each.utc_ms - each.error_ms - ROUNDING_MS)) for each in anchors]
    errors = 2 * max(each.error_ms for each in anchors) + 4 * ROUNDING_MS + 2
    pace = pace_of(anchors)
    found = intervals([logged(n, sign) for n, sign in signs.items()], anchors, START_MS - YEAR, LATER_MS)
    for sequence, sign in signs.items():
        uptime = sign.uptime_ms // QUANTUM_MS * QUANTUM_MS
        base = least(lambda base, uptime=uptime: least_before(uptime, lows, base), pace.low, pace.high)  # type: ignore[misc]
        assert -1 <= least_before(uptime, lows, base) - NOTICE_MS - found[sequence].earliest_ms <= errors


def test_event_next_to_an_anchor_is_known_to_the_second() -> None:
    found = one(50_000, [Anchor(1, 50_000, START_MS, 20)])
    assert found == Interval(START_MS - 22 - NOTICE_MS, START_MS + 22 + 1016, START_MS)


def test_two_anchors_bound_an_event_better_than_one() -> None:
    """Nine days without docking: one anchor alone leaves hours, two leave what the wander between them allows."""
    before, after = Anchor(1, 0, START_MS, 50), Anchor(1, 9 * DAY, START_MS + 9 * DAY, 50)
    alone, both = one(8 * DAY, [before]), one(8 * DAY, [before, after])
    assert both.error_ms < alone.error_ms / 10
    assert both.earliest_ms <= START_MS + 8 * DAY <= both.latest_ms


def test_each_docking_teaches_the_tags_own_pace() -> None:
    """A cold day and a hot one leave one base, so a lone anchor's cone is half as wide as before."""
    cold, hot = 1.002 - WANDER_LIMIT, 1.002 + WANDER_LIMIT
    anchors = [
        Anchor(1, 0, START_MS, 0),
        Anchor(1, DAY, START_MS + round(DAY * cold), 0),
        Anchor(1, 2 * DAY, START_MS + round(DAY * cold) + round(DAY * hot), 0),
    ]
    unknown, learned = pace_of(anchors[:1]), pace_of(anchors)
    assert unknown == Pace(1 - BASE_LIMIT, 1 + BASE_LIMIT, WANDER_LIMIT)
    assert abs(learned.low - 1.002) < 1e-6 and abs(learned.high - 1.002) < 1e-6
    widths = [latest - earliest for earliest, latest, _ in (one(3 * DAY, anchors[:1]), one(3 * DAY, anchors))]
    assert widths[1] < widths[0] / 2


def test_what_was_learned_before_a_battery_change_holds_after_it() -> None:
    steady = [Anchor(1, day * DAY, START_MS + round(day * DAY * 1.008), 0) for day in range(3)]
    after = Anchor(2, DAY, START_MS + 9 * DAY, 0)
    event = logged(1, Sign(0, 1000, 2))
    alone, learned = (intervals([event], anchors, START_MS, LATER_MS)[1] for anchors in ([after], [*steady, after]))
    assert learned.error_ms < alone.error_ms
    assert abs(learned.likely_ms - (after.utc_ms - (DAY - 1000) * 1.008)) < 60_000


def test_clock_that_runs_evenly_wrong_is_guessed_to_the_second() -> None:
    """1 % slow for nine days: the bounds stay wide, the guess is right."""
    anchors = [Anchor(1, 0, START_MS, 50), Anchor(1, round(9 * DAY / 1.01), START_MS + 9 * DAY, 50)]
    found = one(8 * DAY / 1.01, anchors)
    assert abs(found.likely_ms - (START_MS + 8 * DAY)) <= 1000
    assert found.error_ms > 600_000


# Starts, and clocks that are wrong.


def test_start_without_any_anchor_lies_between_its_neighbours() -> None:
    events = [logged(1, Sign(0, 10_000)), logged(2, Sign(0, 5_000, 2))]
    anchors = [Anchor(1, 20_000, START_MS, 0), Anchor(3, 7_000, START_MS + 100_000, 0)]
    found = intervals(events, anchors, START_MS - 60_000, LATER_MS)
    assert found[2].earliest_ms >= START_MS - NOTICE_MS - ROUNDING_MS
    assert found[2].latest_ms <= START_MS + 100_000 + ROUNDING_MS
    assert found[1].latest_ms < START_MS


def test_battery_change_between_two_dockings_bounds_both_sides_of_it() -> None:
    """Docked, opened, without power for a while, opened, docked: each opening has one anchor and the other start."""
    events = [logged(1, Sign(0, 3 * HOUR)), logged(2, Sign(0, 4000, 2)), logged(3, Sign(0, 2 * HOUR, 2))]
    anchors = [Anchor(1, HOUR, START_MS, 0), Anchor(2, 5 * HOUR, START_MS + 20 * HOUR, 0)]
    found = intervals(events, anchors, START_MS, LATER_MS)
    for sequence, truth in ((1, 2 * HOUR), (2, 15 * HOUR + 4000), (3, 17 * HOUR)):
        assert found[sequence].earliest_ms <= START_MS + truth <= found[sequence].latest_ms
        assert found[sequence].error_ms < 0.017 * 5 * HOUR
    assert found[1].latest_ms < found[2].earliest_ms


@given(st.lists(st.integers(0, 2**32 - 1), min_size=8, max_size=8))
def test_what_the_tags_own_clock_says_does_not_matter(own: list[int]) -> None:
    """Never set (0), set forwards, set backwards, turned over."""
    signs = [Sign(0, number * HOUR) for number in range(8)]
    anchors = [Anchor(1, 10, START_MS, 20), Anchor(1, 7 * HOUR, START_MS + 7 * HOUR, 20)]
    found = [
        intervals([logged(n, sign, utc_s) for n, (sign, utc_s) in enumerate(zip(signs, told, strict=True), 1)],
                  anchors, START_MS - DAY, LATER_MS)
        for told in (own, [0] * 8)
    ]  # fmt: skip
    assert found[0] == found[1]


def test_a_docking_at_a_wrong_clock_is_outvoted() -> None:
    """One station was an hour ahead on the third day: all other dockings agree, and place what was beside it."""
    right = [Anchor(1, day * DAY, START_MS + day * DAY, 20) for day in range(6)]
    wrong = [each._replace(utc_ms=each.utc_ms + HOUR) if each.uptime_ms == 3 * DAY else each for each in right]
    for uptime in (2.5 * DAY, 3 * DAY + 60_000, 3.5 * DAY):
        assert one(uptime, wrong) == one(uptime, [each for each in right if each.uptime_ms != 3 * DAY])
    assert outvoted([], wrong, START_MS) == [wrong[3]]


def test_a_clock_set_back_between_dockings_is_believed_once_more_dockings_agree() -> None:
    """Two dockings a day ahead, then the station is set right: of as many on each side, the later are believed."""
    ahead = [Anchor(1, hour * HOUR, START_MS + DAY + hour * HOUR, 20) for hour in (1, 9)]
    right = [Anchor(1, hour * HOUR, START_MS + hour * HOUR, 20) for hour in (17, 25)]
    at = START_MS + 12 * HOUR
    told = [one(12 * HOUR, [*ahead, *right[:count]]) for count in (1, 2)]
    assert told[0].earliest_ms <= at + DAY <= told[0].latest_ms
    assert told[1].earliest_ms <= at <= told[1].latest_ms
    assert all(each.error_ms < 0.017 * 6 * HOUR for each in told)


def test_a_wrong_clock_in_another_start_moves_nothing() -> None:
    """The docking after the first battery change was a week early; the starts around it are as without it."""
    events = [logged(n, Sign(0, HOUR, n)) for n in (1, 2, 3)]
    right = [Anchor(start, 2 * HOUR, START_MS + start * DAY, 20) for start in (1, 2, 3)]
    wrong = [each._replace(utc_ms=each.utc_ms - 7 * DAY) if each.boot_count == 2 else each for each in right]
    found = intervals(events, wrong, START_MS, LATER_MS)
    assert found == intervals(events, [right[0], right[2]], START_MS, LATER_MS)
    assert found[2].earliest_ms <= START_MS + 2 * DAY - HOUR <= found[2].latest_ms


def test_enrolment_or_last_word_at_a_wrong_clock_bounds_nothing() -> None:
    event = logged(1, Sign(0, HOUR))
    docked = Anchor(1, 2 * HOUR, START_MS, 20)
    found = intervals([event], [docked], START_MS + DAY, START_MS - DAY)[1]
    assert found.earliest_ms <= START_MS - HOUR <= found.latest_ms
    assert found.error_ms < 0.017 * HOUR


def test_a_tag_outside_the_model_still_gets_the_outer_limit() -> None:
    """A day at 1.4 % slow and a day at 1.4 % fast: no base explains both, so the pace may be anything in between."""
    anchors = [
        Anchor(1, 0, START_MS, 0),
        Anchor(1, DAY, START_MS + round(DAY * 1.014), 0),
        Anchor(1, 2 * DAY, START_MS + round(DAY * 2), 0),
    ]
    assert pace_of(anchors) == ANY_PACE
    found = one(1.5 * DAY, anchors)
    assert found.earliest_ms <= START_MS + DAY * (1.014 + 0.493) <= found.latest_ms


def test_contradictory_anchors_still_give_an_interval() -> None:
    """A station whose clock was a day wrong at one docking must not hide the event."""
    events = [logged(1, Sign(0, 10_000)), logged(2, Sign(0, 10_000, 2))]
    anchors = [Anchor(1, 9_000, START_MS + DAY, 0), Anchor(1, 11_000, START_MS, 0), Anchor(2, 0, START_MS, 0)]
    found = intervals(events, anchors, START_MS - 60_000, START_MS)
    assert all(earliest <= likely <= latest for earliest, latest, likely in found.values())
    assert found[1].earliest_ms <= START_MS - 1000 <= found[1].latest_ms


# Extremes.


def test_two_dockings_within_a_second() -> None:
    twice = [Anchor(1, HOUR + 300, START_MS, 40), Anchor(1, HOUR + 800, START_MS + 520, 40)]
    same = [Anchor(1, HOUR + 300, START_MS, 40), Anchor(1, HOUR + 300, START_MS + 30, 40)]
    for anchors in (twice, same):
        found = one(HOUR, anchors)
        assert found.earliest_ms <= START_MS - 300 <= START_MS + 700 <= found.latest_ms
        assert found.error_ms < 2100
        far = one(2 * HOUR, anchors)
        assert far.earliest_ms <= START_MS + HOUR <= far.latest_ms
        assert far.error_ms < 0.017 * HOUR, "their few milliseconds say nothing of the pace"


def test_uptime_near_zero() -> None:
    found = one(0, [Anchor(1, 0, START_MS, 30)], START_MS - 40)
    assert found == Interval(START_MS - 40, START_MS + 32 + 1016, START_MS)
    assert one(0, [Anchor(1, 400, START_MS + 400, 0)], START_MS) == Interval(START_MS, START_MS + 1012, START_MS)


def test_a_year_without_docking() -> None:
    anchors = [Anchor(1, 0, START_MS, 50), Anchor(1, YEAR, START_MS + YEAR, 50)]
    found = one(YEAR / 2, anchors)
    assert found.earliest_ms <= START_MS + YEAR / 2 <= found.latest_ms
    assert abs(found.likely_ms - START_MS - YEAR / 2) <= 1000
    # Half a year quick and half a year slow: half the wander, of a year.
    assert abs(found.error_ms - WANDER_LIMIT * YEAR / 2) < 60_000


def test_unverified_records_have_no_time() -> None:
    altered = Event(TAG, 1, 1, "altered", None, None, None, None, None, None, None)
    assert intervals([altered], [Anchor(1, 0, START_MS, 0)], START_MS, LATER_MS) == {}


def test_no_anchor_leaves_enrolment_and_last_word() -> None:
    found = intervals([logged(1, Sign(0, 5_000))], [], START_MS, START_MS + 60_000)
    assert found[1] == Interval(START_MS, START_MS + 60_000, START_MS + 30_000)
