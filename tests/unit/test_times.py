"""The time of an event: the true instant lies in the interval, and the interval is as tight as anchors allow."""

from itertools import accumulate
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from host.events import VERIFIED, Event
from host.times import DRIFT_LIMIT, QUANTUM_MS, Anchor, Interval, elapsed, intervals

START_MS = 1_780_000_000_000
LATER_MS = START_MS + 10**12
TAG = "00" * 8


class Sign(NamedTuple):
    """One sign of life in a made-up history: true time, exact uptime, start, anchored or logged."""

    true_ms: float
    uptime_ms: float
    boot_count: int
    anchor_error_ms: int | None
    anchor_offset: float


@st.composite
def histories(draw: st.DrawFn) -> list[Sign]:
    """Signs of life of one tag whose clock drifts as it likes within the limit, over up to four starts."""
    signs: list[Sign] = []
    true_ms = float(START_MS)
    for boot_count in range(1, draw(st.integers(1, 4)) + 1):
        true_ms += draw(st.floats(0, 10**8))  # without power
        uptime = 0.0
        for _ in range(draw(st.integers(1, 8))):
            passed = draw(st.floats(1, 10**8))
            true_ms += passed
            uptime += passed * (1 + draw(st.floats(-DRIFT_LIMIT, DRIFT_LIMIT)))
            error = draw(st.none() | st.integers(0, 5000))
            signs.append(Sign(true_ms, uptime, boot_count, error, draw(st.floats(-1, 1))))
    return signs


def logged(sequence: int, sign: Sign) -> Event:
    uptime_s = int(sign.uptime_ms // QUANTUM_MS)
    return Event(TAG, 1, sequence, VERIFIED, "lid_open", 0, 3900, sign.boot_count, uptime_s, 0, 0)


def anchor(sign: Sign) -> Anchor:
    """What a station notes: whole milliseconds of uptime, and a UTC that is wrong within the stated error."""
    error = sign.anchor_error_ms or 0
    # Rounding the uptime to whole milliseconds is part of what the error must cover.
    return Anchor(sign.boot_count, int(sign.uptime_ms), round(sign.true_ms + sign.anchor_offset * error), error + 3)


def split(history: list[Sign]) -> tuple[dict[int, Sign], list[Anchor]]:
    return (
        dict(enumerate((sign for sign in history if sign.anchor_error_ms is None), 1)),
        [anchor(sign) for sign in history if sign.anchor_error_ms is not None],
    )


@given(histories())
def test_true_time_lies_in_the_interval(history: list[Sign]) -> None:
    signs, anchors = split(history)
    events = [logged(sequence, sign) for sequence, sign in signs.items()]
    found = intervals(events, anchors, START_MS, LATER_MS)
    assert set(found) == set(signs)
    for sequence, sign in signs.items():
        assert found[sequence].earliest_ms <= sign.true_ms <= found[sequence].latest_ms
        assert found[sequence].earliest_ms <= found[sequence].likely_ms <= found[sequence].latest_ms
        assert abs(found[sequence].likely_ms - sign.true_ms) <= found[sequence].error_ms + 1


@given(histories())
def test_interval_is_within_the_cone_of_every_anchor_of_its_start(history: list[Sign]) -> None:
    signs, anchors = split(history)
    events = [logged(sequence, sign) for sequence, sign in signs.items()]
    found = intervals(events, anchors, START_MS, LATER_MS)
    for event in events:
        assert event.uptime_s is not None
        uptime = event.uptime_s * QUANTUM_MS
        for each in anchors:
            if each.boot_count == event.boot_count:
                low = each.utc_ms - each.error_ms + elapsed(uptime - each.uptime_ms)[0]
                high = each.utc_ms + each.error_ms + elapsed(uptime + QUANTUM_MS - each.uptime_ms)[1]
                assert found[event.sequence].earliest_ms >= low - 1
                assert found[event.sequence].latest_ms <= high + 1


@given(histories())
def test_log_order_bounds_events_across_starts(history: list[Sign]) -> None:
    signs, anchors = split(history)
    found = intervals([logged(n, sign) for n, sign in signs.items()], anchors, START_MS, LATER_MS)
    earliest = list(accumulate((found[n].earliest_ms for n in sorted(signs) if _first_of_start(n, signs)), max))
    assert [found[n].earliest_ms for n in sorted(signs) if _first_of_start(n, signs)] == earliest


def _first_of_start(sequence: int, signs: dict[int, Sign]) -> bool:
    return sequence == 1 or signs[sequence].boot_count != signs[sequence - 1].boot_count


def test_event_next_to_an_anchor_is_known_to_the_second() -> None:
    event = logged(1, Sign(0, 50_000, 1, None, 0))
    found = intervals([event], [Anchor(1, 50_000, START_MS, 20)], START_MS - 10**9, LATER_MS)
    assert found[1] == Interval(START_MS - 20, START_MS + 20 + 1021, START_MS + 500)


def test_two_anchors_bound_an_event_better_than_one() -> None:
    """Nine days without docking: one anchor alone leaves hours, two leave what the drift between them allows."""
    day = 86_400_000
    event = logged(1, Sign(0, 8 * day, 1, None, 0))
    before, after = Anchor(1, 0, START_MS, 50), Anchor(1, 9 * day, START_MS + 9 * day, 50)
    one = intervals([event], [before], START_MS, LATER_MS)[1]
    both = intervals([event], [before, after], START_MS, LATER_MS)[1]
    assert both.error_ms < one.error_ms / 7
    assert both.earliest_ms <= START_MS + 8 * day <= both.latest_ms


def test_clock_that_runs_evenly_wrong_is_guessed_to_the_second() -> None:
    """1.5 % fast for nine days: the bounds stay wide, the guess is right."""
    day = 86_400_000
    event = logged(1, Sign(0, 8 * day * 1.015, 1, None, 0))
    anchors = [Anchor(1, 0, START_MS, 50), Anchor(1, round(9 * day * 1.015), START_MS + 9 * day, 50)]
    found = intervals([event], anchors, START_MS, LATER_MS)[1]
    assert abs(found.likely_ms - (START_MS + 8 * day)) <= 1000
    assert found.error_ms > 600_000


def test_start_without_any_anchor_lies_between_its_neighbours() -> None:
    events = [logged(1, Sign(0, 10_000, 1, None, 0)), logged(2, Sign(0, 5_000, 2, None, 0))]
    anchors = [Anchor(1, 20_000, START_MS, 0), Anchor(3, 7_000, START_MS + 100_000, 0)]
    found = intervals(events, anchors, START_MS - 60_000, LATER_MS)
    assert START_MS <= found[2].earliest_ms <= found[2].latest_ms <= START_MS + 100_000
    assert found[1].latest_ms < START_MS


def test_contradictory_anchors_still_give_an_interval() -> None:
    """A station whose clock was a day wrong at one docking must not hide the event."""
    events = [logged(1, Sign(0, 10_000, 1, None, 0)), logged(2, Sign(0, 10_000, 2, None, 0))]
    anchors = [Anchor(1, 9_000, START_MS + 86_400_000, 0), Anchor(1, 11_000, START_MS, 0), Anchor(2, 0, START_MS, 0)]
    found = intervals(events, anchors, START_MS - 60_000, START_MS)
    assert all(each.earliest_ms <= each.latest_ms for each in found.values())


def test_unverified_records_have_no_time() -> None:
    altered = Event(TAG, 1, 1, "altered", None, None, None, None, None, None, None)
    assert intervals([altered], [Anchor(1, 0, START_MS, 0)], START_MS, LATER_MS) == {}


def test_no_anchor_leaves_enrolment_and_last_word() -> None:
    found = intervals([logged(1, Sign(0, 5_000, 1, None, 0))], [], START_MS, START_MS + 60_000)
    assert found[1] == Interval(START_MS, START_MS + 60_000, START_MS + 30_000)
