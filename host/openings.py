"""Openings of pouches, derived from the events of their tags.

An opening is not an administration: a pouch is opened for training, inspection, restocking or by
accident too. It is named by its tag and the sequence of its first record.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from host import times
from host.events import VERIFIED, Event, Tag
from host.ledger import Holding
from host.picture import Picture
from host.reports import Explanation, latest
from host.times import Interval
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


class Opening(NamedTuple):
    """One opening with everything known of it.

    `name` is how people name it: pouch and sequence, or tag and sequence if the pouch has another tag now.
    `officers` are those who may have carried the pouch within the interval `began`: more than one if it
    was handed over in that time, none if nobody had it. `duration_s` is None if the close is not known, and
    0 if it was too brief to measure; `is_open` says that the lid was not closed yet. `explanation` is the
    last one given, `reports` the ids of the usage reports.
    """

    name: str
    tag: str
    pouch: str
    sequence: int
    began: Interval
    ended: Interval | None
    duration_s: int | None
    is_open: bool
    dose_marks: int
    officers: tuple[str, ...]
    kits: tuple[str, ...]
    explanation: Explanation | None
    reports: tuple[int, ...]


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
        was_open, is_open = is_open, _open_after(event)
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


def _open_after(event: Event) -> bool:
    """Whether the lid is open after the event. An edge says so itself: with a brief one the flags are late."""
    if event.type in (_LID_OPEN, _LID_CLOSE):
        return event.type == _LID_OPEN
    return bool((event.flags or 0) & record.FLAG_LID_OPEN)


def event_times(picture: Picture, tag: Tag, events: Sequence[Event]) -> dict[int, Interval]:
    """When each verified event of `tag` happened, by sequence."""
    heard = [each.finished_at_ms or each.started_at_ms for each in picture.dockings if each.tag == tag.id]
    anchors = times.anchors_of(picture.dockings, tag.id)
    return times.intervals(events, anchors, tag.enrolled_at_ms, max(heard, default=tag.enrolled_at_ms))


def openings(picture: Picture, tag_id: str | None = None) -> list[Opening]:
    """All openings of one tag or of every tag, oldest first."""
    explanations = latest(picture.explanations)
    there_were = picture.holdings()
    events_of = picture.events_of()
    found = []
    for tag in picture.tags:
        if tag_id not in (None, tag.id):
            continue
        events = events_of[tag.id]
        when = event_times(picture, tag, events)
        in_pouch = [each for each in there_were if each.pouch == tag.pouch]
        for lid in lids(events):
            key = (tag.id, lid.first.sequence)
            began = when[lid.first.sequence]
            held = _held_within(in_pouch, began)
            found.append(
                Opening(
                    name=f"{tag.pouch if tag.retired_at_ms is None else tag.id}:{lid.first.sequence}",
                    tag=tag.id,
                    pouch=tag.pouch,
                    sequence=lid.first.sequence,
                    began=began,
                    ended=when[lid.close.sequence] if lid.close else None,
                    duration_s=_duration_s(lid),
                    is_open=lid.is_open,
                    dose_marks=lid.dose_marks,
                    officers=tuple(dict.fromkeys(each.officer for each in held)),
                    kits=tuple(dict.fromkeys(each.kit for each in held)),
                    explanation=explanations.get(key),
                    reports=tuple(each.id for each in picture.reports if (each.tag, each.sequence) == key),
                )
            )
    return sorted(found, key=lambda each: (each.began.likely_ms, each.pouch, each.sequence))


def _held_within(holdings: Iterable[Holding], when: Interval) -> list[Holding]:
    return [
        each
        for each in holdings
        if each.since_ms <= when.latest_ms and (each.until_ms is None or each.until_ms > when.earliest_ms)
    ]


def _duration_s(lid: Lid) -> int | None:
    """Seconds of the tag's clock; not known across a start, which begins a new uptime."""
    if lid.close is None or lid.close.boot_count != lid.first.boot_count:
        return None
    assert lid.close.uptime_s is not None and lid.close.flags is not None and lid.first.uptime_s is not None
    return 0 if lid.close.flags & record.FLAG_BRIEF else lid.close.uptime_s - lid.first.uptime_s
