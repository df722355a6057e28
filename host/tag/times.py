"""When an event happened: the interval of UTC that the tag's uptime and the station's anchors allow.

A tag's clock in deep sleep is an RC oscillator. Its pace, real seconds for each second that it counts, has
a base of the tag's own, within 1 ± `BASE_LIMIT`, and wanders from that with temperature by at most
`WANDER_LIMIT`, as fast and as often as it likes. At each docking the station notes an anchor: this uptime
was at this UTC. From one anchor an event lies in a cone that widens with the distance; between two it lies
where their cones meet. The cones belong to one base, so that the pace before the event and the pace after
it differ by no more than twice the wander:

    UTC  ^            .·'|  <- anchor at this docking
         |        .·' .·'
         |    .·[==].·'      the bar is the interval of the event
         | .·' .·'
         ||.·'               <- anchor at the docking before
         +---------------> uptime

Any two anchors of one start tell the pace between them, and the base lies within the wander of it: all
dockings of a tag together narrow its base. A start from power-off begins a new uptime; its events are
still bounded by what came before and after it in the log. Bounds from below and from above are the same
rule: seen in a mirror in which time runs backwards, what was latest is earliest. Only the former is written.

The limits are a model: Espressif gives no figure (espressif/esp-idf issue 12777). They hold a rate that is
wrong by 1 % and wanders by 0.5 % from there. docs/station.md tells what is known, and how to try them.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import ceil, floor, inf, isfinite
from typing import NamedTuple

from host.tag.events import Docking, Event

BASE_LIMIT = 0.0102
"""How far a tag's own pace may be from 1: a rate of 0.99 is a pace of 1.0101."""

WANDER_LIMIT = 0.0052
"""How far the pace may wander from the tag's own: between rates of 0.985 and 0.995 it changes by 0.0102."""

QUANTUM_MS = 1000
"""A record's uptime is whole seconds, rounded down."""

NOTICE_MS = 1000
"""A record is made within a second of what it tells: the Hall switch's 200 ms, the wake, the debounce."""

ROUNDING_MS = 2
"""An anchor's uptime and instants are whole milliseconds, each rounded down."""

_HOUR_MS = 3_600_000


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


class Pace(NamedTuple):
    """Real milliseconds for each that a tag counts: one base from `low` to `high`, and `wander` around it."""

    low: float
    high: float
    wander: float

    @property
    def least(self) -> float:
        """No millisecond of the tag is shorter."""
        return self.low - self.wander

    @property
    def most(self) -> float:
        """No millisecond of the tag is longer."""
        return self.high + self.wander


ANY_PACE = Pace(1.0, 1.0, BASE_LIMIT + WANDER_LIMIT)
"""Of a tag that does not keep to the model: as wrong as any, and different from moment to moment."""


class _Mark(NamedTuple):
    """At `uptime` it was between `low` and `high`. All in milliseconds, as floats for the mirror's sake."""

    uptime: float
    low: float
    high: float

    @property
    def middle(self) -> float:
        return (self.low + self.high) / 2

    def mirrored(self) -> "_Mark":
        return _Mark(-self.uptime, -self.high, -self.low)


class _Start(NamedTuple):
    """One start of a tag: its events' uptimes, rounded down, by sequence, and its anchors in their order."""

    uptimes: dict[int, float]
    marks: list[_Mark]

    @property
    def first(self) -> float:
        """An uptime at or before which it gave a sign of life."""
        return min([*(uptime + QUANTUM_MS for uptime in self.uptimes.values()), *(mark.uptime for mark in self.marks)])

    @property
    def last(self) -> float:
        """An uptime at or after which it gave a sign of life."""
        return max([*self.uptimes.values(), *(mark.uptime for mark in self.marks)])

    @property
    def begun_by(self) -> float:
        """The latest UTC at `first` that its anchors allow, whatever the tag's pace."""
        least = ANY_PACE.least
        return min((mark.high - mark.uptime * least for mark in self.marks), default=inf) + self.first * least

    def mirrored(self) -> "_Start":
        return _Start(
            {sequence: -uptime - QUANTUM_MS for sequence, uptime in self.uptimes.items()},
            [mark.mirrored() for mark in reversed(self.marks)],
        )


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


def intervals(
    events: Sequence[Event], anchors: Sequence[Anchor], not_before_ms: int, not_after_ms: int
) -> dict[int, Interval]:
    """The interval of each verified event of one tag, by sequence.

    All of them happened between `not_before_ms` (the enrolment) and `not_after_ms` (the last word from the
    tag). Where anchors contradict each other, a station's clock was wrong: most of them are believed, of as
    many the later.
    """
    starts = _believed(_starts(events, anchors), not_before_ms)
    pace = _learned(starts)
    lows = _lows(starts, not_before_ms, pace)
    highs = _lows([start.mirrored() for start in reversed(starts)], -not_after_ms, pace)
    usual = _usual(starts, pace)
    guesses = {sequence: guess for start in starts for sequence, guess in _guesses(start, usual).items()}
    return {
        sequence: _whole(low, -highs[sequence], guesses.get(sequence), not_before_ms, not_after_ms)
        for sequence, low in lows.items()
    }


def outvoted(events: Iterable[Event], anchors: Iterable[Anchor], not_before_ms: int) -> list[Anchor]:
    """The anchors that `intervals` does not believe, because others and the enrolment contradict them."""
    events, anchors = list(events), sorted(anchors)
    starts = _starts(events, anchors)
    refused = []
    for start, believed in zip(starts, _believed(starts, not_before_ms), strict=True):
        refused += [mark for mark in start.marks if mark not in believed.marks]
    return [each for each in anchors if _mark(each) in refused]


def _whole(low: float, high: float, guess: float | None, not_before_ms: int, not_after_ms: int) -> Interval:
    """The interval in milliseconds. A side that contradictory clocks left open takes the outermost bound."""
    low = low if isfinite(low) else not_before_ms
    high = high if isfinite(high) else not_after_ms
    low, high = min(low, high), max(low, high)  # the wrong way round: clocks that contradict each other a little
    earliest, latest = floor(max(low - NOTICE_MS, min(low, not_before_ms))), ceil(high)
    likely = (earliest + latest) // 2 if guess is None else min(max(round(guess), earliest), latest)
    return Interval(earliest, latest, likely)


def _starts(events: Iterable[Event], anchors: Iterable[Anchor]) -> list[_Start]:
    starts: dict[int, _Start] = {}
    for event in events:
        if event.boot_count is not None and event.uptime_s is not None:
            start = starts.setdefault(event.boot_count, _Start({}, []))
            start.uptimes[event.sequence] = float(event.uptime_s * QUANTUM_MS)
    for anchor in sorted(anchors):
        starts.setdefault(anchor.boot_count, _Start({}, [])).marks.append(_mark(anchor))
    return [starts[boot_count] for boot_count in sorted(starts)]


def _mark(anchor: Anchor) -> _Mark:
    _, uptime, utc, error = anchor
    return _Mark(float(uptime), float(utc - error - ROUNDING_MS), float(utc + error + ROUNDING_MS))


def _believed(starts: list[_Start], enrolment: float) -> list[_Start]:
    """The same without the anchors that most others, and the enrolment, contradict."""
    enrolled = _Start({}, [_Mark(0.0, enrolment, inf)])
    chains = [_runs(enrolled)[0]]  # of runs that agree: the longest last, of as many the latest
    for run in (run for start in starts for run in _runs(start)):
        before = next((chain for chain in reversed(chains) if _agree(chain[-1], run[0])), [])
        chains.append(before + run)
        chains.sort(key=len)
    return [_Start(start.uptimes, [mark for of, mark in chains[-1] if of is start]) for start in starts]


def _runs(start: _Start) -> list[list[tuple[_Start, _Mark]]]:
    """The anchors of one start, broken where they contradict each other."""
    runs: list[list[tuple[_Start, _Mark]]] = []
    for mark in start.marks:
        if runs and _agree(runs[-1][-1], (start, mark)):
            runs[-1].append((start, mark))
        else:
            runs.append([(start, mark)])
    return runs


def _agree(earlier: tuple[_Start, _Mark], later: tuple[_Start, _Mark]) -> bool:
    """Whether both anchors can be right, whatever the tag's pace."""
    (start, mark), (next_start, next_mark) = earlier, later
    if start is next_start:
        passed = next_mark.uptime - mark.uptime
        soonest, latest = mark.low + passed * ANY_PACE.least, mark.high + passed * ANY_PACE.most
        return soonest <= next_mark.high and next_mark.low <= latest
    passed = start.last - mark.uptime + next_mark.uptime - next_start.first
    return mark.low + passed * ANY_PACE.least <= next_mark.high


def _learned(starts: list[_Start]) -> Pace:
    """What every two anchors of a start leave of the base; `ANY_PACE` if that is nothing."""
    of_starts = [start.marks for start in starts]
    negative = [[_Mark(uptime, -high, -low) for uptime, low, high in marks] for marks in of_starts]
    low = _steepest(of_starts, 1 - BASE_LIMIT + WANDER_LIMIT) - WANDER_LIMIT
    high = -_steepest(negative, -1 - BASE_LIMIT + WANDER_LIMIT) + WANDER_LIMIT
    return Pace(low, high, WANDER_LIMIT) if low <= high else ANY_PACE


def _steepest(of_starts: list[list[_Mark]], least: float) -> float:
    """The most by which time must have passed per uptime between any two marks of a start, from `least` up.

    Each round takes the two marks that ask most for a steeper slope, until none do (Dinkelbach): a few
    rounds over all marks, where trying all pairs would take their square.
    """
    slope = least
    while True:
        steeper, most = slope, 0.0
        for marks in of_starts:
            lead: _Mark | None = None
            for mark in marks:
                if lead is not None and mark.uptime > lead.uptime:
                    asked = mark.low - lead.high - slope * (mark.uptime - lead.uptime)
                    if asked > most:
                        steeper, most = (mark.low - lead.high) / (mark.uptime - lead.uptime), asked
                if lead is None or mark.high - lead.high <= slope * (mark.uptime - lead.uptime):
                    lead = mark
        if steeper <= slope:
            return slope
        slope = steeper


def _lows(starts: list[_Start], bound: float, pace: Pace) -> dict[int, float]:
    """The earliest that each event can have been; none was before `bound`.

    What is earlier in the log came earlier: each start begins no sooner than the one before it ended.
    """
    if any(start.begun_by < bound for start in starts):
        bound = -inf  # noted with a clock that the believed anchors contradict
    found = {}
    for start in starts:
        line = _Line([*((mark.uptime, mark.low) for mark in start.marks), (start.first, bound)], pace)
        found.update({sequence: max(bound, line.low(uptime)) for sequence, uptime in start.uptimes.items()})
        bound = max(bound, line.low(start.last))
    return found


class _Line:
    """The earliest UTC at each uptime of one start, given that at some uptimes it was no earlier than so."""

    def __init__(self, points: list[tuple[float, float]], pace: Pace) -> None:
        self._pace = pace
        points.sort()
        self._uptimes = [uptime for uptime, _ in points]
        self._lows = [low for _, low in points]
        # With each point as late as the others make it, an uptime needs only its two neighbours.
        places = list(pairwise(range(len(points))))
        for before, after in places:
            self._raise(after, self._lows[before] + pace.least * (self._uptimes[after] - self._uptimes[before]))
        for before, after in reversed(places):
            self._raise(before, self._lows[after] - pace.most * (self._uptimes[after] - self._uptimes[before]))

    def _raise(self, place: int, low: float) -> None:
        self._lows[place] = max(self._lows[place], low)

    def low(self, uptime: float) -> float:
        """The least for any base: a low one asks for little time since the point before, a high one for
        little until the point after, so the least is where the two ask for the same."""
        pace = self._pace
        after = bisect_right(self._uptimes, uptime)
        since = uptime - self._uptimes[after - 1] if after else inf
        until = self._uptimes[after] - uptime if after < len(self._uptimes) else inf
        if until == inf:
            return self._lows[-1] + pace.least * since
        if since == inf:
            return self._lows[0] - pace.most * until
        earlier, later = self._lows[after - 1], self._lows[after]
        base = (later - earlier + pace.wander * (since - until)) / (since + until)
        base = min(max(base, pace.low), pace.high)
        return max(earlier + (base - pace.wander) * since, later - (base + pace.wander) * until)


def _usual(starts: list[_Start], pace: Pace) -> float:
    """What a counted millisecond lasted on average between anchors, as far as that is possible.

    An hour at the true pace counts too, so that two dockings in one minute do not decide it.
    """
    ends = [(start.marks[0], start.marks[-1]) for start in starts if start.marks]
    counted = sum(last.uptime - first.uptime for first, last in ends)
    passed = sum(last.middle - first.middle for first, last in ends)
    return min(max((passed + _HOUR_MS) / (counted + _HOUR_MS), pace.low), pace.high)


def _guesses(start: _Start, usual: float) -> dict[int, float]:
    """When each event most likely was, if there is an anchor: on the line through the anchors beside it.

    That is for the uptime rounded down: what a record tells was on average as long before it.
    """
    at_marks = [mark.uptime for mark in start.marks]
    found = {}
    for sequence, uptime in start.uptimes.items():
        after = bisect_right(at_marks, uptime)
        beside = start.marks[max(0, after - 1) : after + 1]
        if not beside:
            continue
        first, last = beside[0], beside[-1]
        counted = last.uptime - first.uptime
        pace = (last.middle - first.middle) / counted if counted else usual
        found[sequence] = first.middle + (uptime - first.uptime) * pace
    return found
