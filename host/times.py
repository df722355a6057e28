"""When an event happened: the interval of UTC that the tag's uptime and the station's anchors allow.

A tag's clock is an oscillator that may run wrong by up to 2 %, and differently from hour to hour. At each
docking the station notes an anchor: this uptime was at this UTC. From one anchor an event lies in a cone
that widens with the distance; between two it lies where their cones meet. A start from power-off begins a
new uptime; its events are still bounded by what came before and after it in the log.

    UTC  ^            .·'|  <- anchor at this docking
         |        .·' .·'
         |    .·[==].·'      the bar is the interval of the event
         | .·' .·'
         ||.·'               <- anchor at the docking before
         +---------------> uptime
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from math import ceil, floor, isfinite
from typing import NamedTuple

from host.events import Docking, Event

DRIFT_LIMIT = 0.02
"""Largest relative error of a tag's clock: uptime passes at 0.98 to 1.02 of real time."""

QUANTUM_MS = 1000
"""A record's uptime is whole seconds, rounded down."""


class Anchor(NamedTuple):
    """The start `boot_count` had an uptime of `uptime_ms` at `utc_ms`, give or take `error_ms`."""

    boot_count: int
    uptime_ms: int
    utc_ms: int
    error_ms: int


class Interval(NamedTuple):
    """Unix milliseconds between which something happened, both included, and when it most likely did.

    `likely_ms` takes the clock's error as even between two anchors. It is a guess; the bounds are not.
    """

    earliest_ms: int
    latest_ms: int
    likely_ms: int

    @property
    def error_ms(self) -> int:
        """How far off `likely_ms` may be."""
        return max(self.likely_ms - self.earliest_ms, self.latest_ms - self.likely_ms)


class _Span(NamedTuple):
    """The same in floats, while it is being narrowed."""

    low: float
    high: float

    def narrowed(self, low: float, high: float) -> "_Span":
        """The part in common. If there is none, somebody's clock was wrong: this span stays as it is."""
        narrow = _Span(max(self.low, low), min(self.high, high))
        return narrow if narrow.low <= narrow.high else self


def anchors_of(dockings: Iterable[Docking], tag_id: str) -> list[Anchor]:
    """The anchors that the dockings of one tag have set."""
    return [
        Anchor(each.boot_count, each.uptime_ms, each.anchor_utc_ms, each.anchor_error_ms)
        for each in dockings
        if each.tag == tag_id
        and each.boot_count is not None
        and each.uptime_ms is not None
        and each.anchor_utc_ms is not None
        and each.anchor_error_ms is not None
    ]


def elapsed(uptime_ms: float) -> tuple[float, float]:
    """Least and most real milliseconds (negative: before) while a tag's clock counts `uptime_ms`."""
    slow, fast = uptime_ms / (1 + DRIFT_LIMIT), uptime_ms / (1 - DRIFT_LIMIT)
    return (slow, fast) if uptime_ms >= 0 else (fast, slow)


def intervals(
    events: Sequence[Event], anchors: Sequence[Anchor], not_before_ms: int, not_after_ms: int
) -> dict[int, Interval]:
    """The interval of each verified event of one tag, by sequence.

    All of them happened between `not_before_ms` (the enrolment) and `not_after_ms` (the last word from the
    tag). Where anchors contradict each other, a station's clock was wrong: the nearest ones are believed.
    """
    boots = sorted(
        {each.boot_count for each in events if each.boot_count is not None} | {a.boot_count for a in anchors}
    )
    starts = {boot: _Start(boot, events, anchors) for boot in boots}
    spans: dict[int, _Span] = {}

    # What is earlier in the log came earlier: each start begins no sooner than the one before it ended.
    bound = float(not_before_ms)
    for boot in boots:
        bound = starts[boot].bound_below(bound)
    bound = float(not_after_ms)
    for boot in reversed(boots):
        bound = starts[boot].bound_above(bound)
    for boot in boots:
        spans.update(starts[boot].spans)
    guesses = {sequence: guess for start in starts.values() for sequence, guess in start.guesses().items()}
    return {
        sequence: _whole(span, guesses.get(sequence), not_before_ms, not_after_ms) for sequence, span in spans.items()
    }


def _whole(span: _Span, guess: float | None, not_before_ms: int, not_after_ms: int) -> Interval:
    """The span in milliseconds. A side that contradictory clocks left open takes the outermost bound."""
    low = floor(span.low) if isfinite(span.low) else not_before_ms
    high = ceil(span.high) if isfinite(span.high) else max(low, not_after_ms)
    likely = (low + high) // 2 if guess is None else min(max(round(guess), low), high)
    return Interval(low, high, likely)


class _Start:
    """One start of a tag: the events and anchors that share its uptime."""

    def __init__(self, boot_count: int, events: Sequence[Event], anchors: Sequence[Anchor]) -> None:
        self._anchors = sorted((each for each in anchors if each.boot_count == boot_count), key=lambda a: a.uptime_ms)
        self._anchor_spans = _tightened(self._anchors)
        self._uptimes = {
            each.sequence: each.uptime_s * QUANTUM_MS
            for each in events
            if each.boot_count == boot_count and each.uptime_s is not None
        }
        at_anchors = [each.uptime_ms for each in self._anchors]
        self.spans = {sequence: self._from_anchors(uptime, at_anchors) for sequence, uptime in self._uptimes.items()}
        # In uptime, which is rounded down for events: the first sign of life no later, the last no sooner.
        self._first = min([uptime + QUANTUM_MS for uptime in self._uptimes.values()] + at_anchors)
        self._last = max([*self._uptimes.values(), *at_anchors])

    def _from_anchors(self, uptime: int, at_anchors: list[int]) -> _Span:
        """Where the cones of the nearest anchor on each side meet, and of any within the event's own second."""
        span = _Span(float("-inf"), float("inf"))
        before = max(0, bisect_right(at_anchors, uptime) - 1)
        after = bisect_left(at_anchors, uptime + QUANTUM_MS)
        for at, anchor in zip(at_anchors[before : after + 1], self._anchor_spans[before : after + 1], strict=True):
            low = elapsed(uptime - at)[0]
            high = elapsed(uptime + QUANTUM_MS - at)[1]
            span = span.narrowed(anchor.low + low, anchor.high + high)
        return span

    def guesses(self) -> dict[int, float]:
        """When each event most likely was, if there is an anchor: on the line through the anchors beside it."""
        found = {}
        at_anchors = [each.uptime_ms for each in self._anchors]
        for sequence, uptime in self._uptimes.items():
            middle = uptime + QUANTUM_MS / 2
            after = bisect_right(at_anchors, middle)
            beside = self._anchors[max(0, after - 1) : after + 1]
            if not beside:
                continue
            first, last = beside[0], beside[-1]
            passed = last.uptime_ms - first.uptime_ms
            rate = (last.utc_ms - first.utc_ms) / passed if passed else 1.0
            found[sequence] = first.utc_ms + (middle - first.uptime_ms) * rate
        return found

    def bound_below(self, bound: float) -> float:
        """Nothing here was before `bound`. Returns the same bound for the next start."""
        for sequence, uptime in self._uptimes.items():
            since_first = max(0.0, elapsed(uptime - self._first)[0])
            self.spans[sequence] = self.spans[sequence].narrowed(bound + since_first, float("inf"))
        lows = [span.low for span in self.spans.values()] + [span.low for span in self._anchor_spans]
        return max(bound, *lows)

    def bound_above(self, bound: float) -> float:
        """Nothing here was after `bound`. Returns the same bound for the start before."""
        for sequence, uptime in self._uptimes.items():
            until_last = max(0.0, elapsed(self._last - uptime - QUANTUM_MS)[0])
            self.spans[sequence] = self.spans[sequence].narrowed(float("-inf"), bound - until_last)
        highs = [span.high for span in self.spans.values()] + [span.high for span in self._anchor_spans]
        return min(bound, *highs)


def _tightened(anchors: list[Anchor]) -> list[_Span]:
    """What each anchor's UTC can be, given the others: then an event needs only its two neighbours."""
    spans = [_Span(each.utc_ms - each.error_ms, each.utc_ms + each.error_ms) for each in anchors]
    forward = range(1, len(anchors))
    for at, other in [*((n, n - 1) for n in forward), *((n - 1, n) for n in reversed(forward))]:
        low, high = elapsed(anchors[at].uptime_ms - anchors[other].uptime_ms)
        spans[at] = spans[at].narrowed(spans[other].low + low, spans[other].high + high)
    return spans
