"""Openings of the lid, read from the events of a tag's log."""

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from host.tag import claims, times
from host.tag.events import VERIFIED, Docking, Event, Tag
from host.tag.opening import LidOpening
from host.tag.times import Interval
from kitwire import record

_LID_OPEN = record.TYPE_NAMES[record.LID_OPEN]
_LID_CLOSE = record.TYPE_NAMES[record.LID_CLOSE]
_DOSE_MARK = record.TYPE_NAMES[record.DOSE_MARK]


class Lid(NamedTuple):
    """One opening as the log tells it: its first event, its close (None if that was lost, or not yet),
    whether the lid is still open, and the marks made with the button."""

    first: Event
    close: Event | None
    is_open: bool
    dose_marks: int


def lids(events: Sequence[Event]) -> Iterator[Lid]:
    """The openings in one tag's events, which come in order of sequence.

    Where a record is lost or altered, the flags of the next one tell the state of the lid: an opening
    may begin with any event that says so. The first event of a log only shows how the tag was assembled.
    """
    first: Event | None = None
    marks = 0
    is_open = False
    for event in events:
        if event.verdict != VERIFIED or event.flags is None:
            continue
        was_open, is_open = is_open, is_open_after(event)
        if event.type == _LID_OPEN or (is_open and not was_open and event.sequence > record.FIRST_SEQUENCE):
            if first is not None:
                yield Lid(first, None, False, marks)
            first, marks = event, 0
        if first is None:
            continue
        if event.type == _DOSE_MARK:
            # The mark's own number counts also those whose records were lost.
            marks = max(marks + 1, event.aux or 0)
        if not is_open:
            yield Lid(first, event if event.type == _LID_CLOSE else None, False, marks)
            first = None
    if first is not None:
        yield Lid(first, None, True, marks)


def is_open_after(event: Event) -> bool:
    """Whether the lid is open after the event. An edge says so itself: with a brief one the flags are late."""
    if event.type in (_LID_OPEN, _LID_CLOSE):
        return event.type == _LID_OPEN
    return bool((event.flags or 0) & record.FLAG_LID_OPEN)


def event_times(tag: Tag, events: Sequence[Event], dockings: Sequence[Docking]) -> dict[int, Interval]:
    """When each verified event of `tag` happened, by sequence; `dockings` are the tag's own.

    One that tells of a time that can't be is dated by its place in the log.
    """
    heard = [each.finished_at_ms or each.started_at_ms for each in dockings]
    anchors = times.anchors_of(dockings, tag.id)
    doubted = claims.impossible(events, dockings)
    believed = [each for each in events if each.sequence not in doubted] if doubted else events
    when = times.intervals(believed, anchors, tag.enrolled_at_ms, max(heard, default=tag.enrolled_at_ms))
    return when | claims.by_order(tag, events, dockings, doubted, when) if doubted else when


def lid_openings(tag: Tag, events: Sequence[Event], dockings: Sequence[Docking]) -> list[LidOpening]:
    """The openings in the log of `tag`, in order of sequence; `events` and `dockings` are the tag's own."""
    when = event_times(tag, events, dockings)
    doubted = claims.impossible(events, dockings)
    return [
        LidOpening(
            lid.first.sequence,
            when[lid.first.sequence],
            when[lid.close.sequence] if lid.close else None,
            _duration_s(lid, doubted),
            lid.is_open,
            lid.dose_marks,
        )
        for lid in lids(events)
    ]


def _duration_s(lid: Lid, doubted: Collection[int]) -> int | None:
    """Seconds of the tag's clock; not known across a start, which begins a new uptime, or where that can't be right."""
    if lid.close is None or lid.close.boot_count != lid.first.boot_count:
        return None
    if lid.first.sequence in doubted or lid.close.sequence in doubted:
        return None
    assert lid.close.uptime_s is not None and lid.close.flags is not None and lid.first.uptime_s is not None
    return 0 if lid.close.flags & record.FLAG_BRIEF else lid.close.uptime_s - lid.first.uptime_s
