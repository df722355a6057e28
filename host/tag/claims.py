"""Which records tell of a time that can't be, by the tag's own clock and its own order of records.

A tag's uptime never steps back within one start, and no record is later than the docking that fetched it. Who tells
otherwise has a memory at fault, or firmware. Such a record is believed in its order alone, since that is sealed: it
came after the one before it and before the one after it. No wrong clock of a station matters here.
"""

from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise

from host.tag.events import VERIFIED, Docking, Event, Tag
from host.tag.times import Interval, anchors_of, outvoted

SLACK_S = 3600
"""How far a record may be ahead of its docking, in seconds: it may come from the end of a long one, over a cable."""


def impossible(events: Sequence[Event], dockings: Sequence[Docking]) -> frozenset[int]:
    """The sequences of the verified `events` of one tag, in order, whose uptime can't be."""
    ends = {each.id: (each.boot_count, each.uptime_ms) for each in dockings}
    ahead: set[int] = set()
    starts: dict[int, list[tuple[int, int]]] = {}
    for event in events:
        if event.verdict != VERIFIED or event.boot_count is None or event.uptime_s is None:
            continue
        boot_count, uptime_ms = ends.get(event.docking, (None, None))
        same = boot_count == event.boot_count and uptime_ms is not None
        if same and event.uptime_s * 1000 > (uptime_ms or 0) + SLACK_S * 1000:
            ahead.add(event.sequence)
        else:
            starts.setdefault(event.boot_count, []).append((event.sequence, event.uptime_s))
    return frozenset(ahead.union(*map(_out_of_order, starts.values())))


def starts_in_doubt(events: Sequence[Event], dockings: Sequence[Docking]) -> set[int]:
    """The sequences of all records since a start of which any uptime can't be: which one that is rests on them all."""
    doubted = impossible(events, dockings)
    starts = {each.boot_count for each in events if each.sequence in doubted}
    return {each.sequence for each in events if each.boot_count in starts}


def _out_of_order(told: list[tuple[int, int]]) -> set[int]:
    """The fewest sequences without which the uptimes of one start don't step back."""
    if all(later[1] >= earlier[1] for earlier, later in pairwise(told)):
        return set()
    ends: list[int] = []  # the least uptime with which so many in a row can end, and where that is
    places: list[int] = []
    before: list[int] = []
    for place, (_, uptime_s) in enumerate(told):
        length = bisect_right(ends, uptime_s)
        before.append(places[length - 1] if length else -1)
        ends[length : length + 1], places[length : length + 1] = [uptime_s], [place]
    kept, place = set(), places[-1]
    while place >= 0:
        kept.add(told[place][0])
        place = before[place]
    return {sequence for sequence, _ in told} - kept


def by_order(
    tag: Tag,
    events: Sequence[Event],
    dockings: Sequence[Docking],
    doubted: Collection[int],
    when: Mapping[int, Interval],
) -> dict[int, Interval]:
    """When each of the `doubted` happened: between its neighbours that are believed, and before its docking ended.

    The end of a docking counts unless the station's clock was wrong then, as the others tell.
    """
    anchors = anchors_of(dockings, tag.id)
    believed = [each for each in events if each.sequence in when]
    wrong = {each[:3] for each in outvoted(believed, anchors, tag.enrolled_at_ms)}
    ends = {each.id: each.finished_at_ms or each.started_at_ms for each in dockings}
    last_heard_ms = max(ends.values(), default=tag.enrolled_at_ms)
    ended = {
        each.id: ends[each.id]
        for each in dockings
        if (each.boot_count, each.uptime_ms, each.anchor_utc_ms) not in wrong
    }
    earliest, since = tag.enrolled_at_ms, {}
    for event in events:
        if event.sequence in when:
            earliest = max(earliest, when[event.sequence].earliest_ms)
        elif event.sequence in doubted:
            since[event.sequence] = earliest
    found: dict[int, Interval] = {}
    latest: int | None = None
    for event in reversed(events):
        if event.sequence in when:
            known_ms = when[event.sequence].latest_ms
            latest = known_ms if latest is None else min(latest, known_ms)
        elif event.sequence in doubted:
            low = since[event.sequence]
            bounds = (latest, ended.get(event.docking))
            high = max(low, min((each for each in bounds if each is not None), default=last_heard_ms))
            found[event.sequence] = Interval(low, high, (low + high) // 2)
    return found
