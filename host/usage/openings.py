"""Openings of pouches, derived from the events of their tags.

An opening is not an administration: a pouch is opened for training, inspection, restocking or by
accident too. It is named by its tag and the sequence of its first record.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from host.ledger import Holding
from host.ledger.movement import IN_STOCK, ISSUED
from host.picture import Picture
from host.tag import times
from host.tag.events import VERIFIED, Docking, Event, Tag
from host.tag.times import Interval
from host.usage.reports import FILED, WITHDRAWN, Explanation, Filed, latest
from kitwire import record

_LID_OPEN = record.TYPE_NAMES[record.LID_OPEN]
_LID_CLOSE = record.TYPE_NAMES[record.LID_CLOSE]
_DOSE_MARK = record.TYPE_NAMES[record.DOSE_MARK]


IN_A_POUCH = (ISSUED, IN_STOCK)
"""What a kit may be that lies in a pouch: out with somebody, or laid ready on the shelf."""


class Lid(NamedTuple):
    """One opening as the log tells it: its first event, its close (None if that was lost, or not yet),
    whether the lid is still open, and the marks made with the button."""

    first: Event
    close: Event | None
    is_open: bool
    dose_marks: int


class LidOpening(NamedTuple):
    """One opening as a tag's log tells it, with its times; who carried the pouch is another matter.

    `duration_s` is None if the close is not known, and 0 if it was too brief to measure.
    """

    sequence: int
    began: Interval
    ended: Interval | None
    duration_s: int | None
    is_open: bool
    dose_marks: int


class Opening(NamedTuple):
    """One opening with everything known of it.

    `name` is how people name it: pouch and sequence, or tag and sequence if the pouch has another tag now.
    `officers` are those who may have carried the pouch within the interval `began`: more than one if it
    was handed over in that time, none if nobody had it. `duration_s` is None if the close is not known, and
    0 if it was too brief to measure; `is_open` says that the lid was not closed yet. `explanation` is the
    last one given, `filed` the usage reports.
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
    filed: tuple[Filed, ...] = ()

    @property
    def reports(self) -> tuple[int, ...]:
        """The ids of the usage reports that were not withdrawn."""
        return tuple(each.id for each in self.filed if each.stands != WITHDRAWN)

    @property
    def reports_counting(self) -> int:
        """How many reports tell of doses of their own."""
        return sum(each.stands == FILED for each in self.filed)

    @property
    def doses_reported(self) -> int | None:
        """How many doses the reports tell of; None without any."""
        return sum(each.doses for each in self.filed if each.stands == FILED) if self.reports else None

    @property
    def ended_latest_ms(self) -> int:
        """When it was over at the latest, as far as that is known."""
        return max(self.began.latest_ms, self.ended.latest_ms if self.ended else 0)


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
    """When each verified event of `tag` happened, by sequence; `dockings` are the tag's own."""
    heard = [each.finished_at_ms or each.started_at_ms for each in dockings]
    anchors = times.anchors_of(dockings, tag.id)
    return times.intervals(events, anchors, tag.enrolled_at_ms, max(heard, default=tag.enrolled_at_ms))


def lid_openings(tag: Tag, events: Sequence[Event], dockings: Sequence[Docking]) -> list[LidOpening]:
    """The openings in the log of `tag`, in order of sequence; `events` and `dockings` are the tag's own."""
    when = event_times(tag, events, dockings)
    return [
        LidOpening(
            lid.first.sequence,
            when[lid.first.sequence],
            when[lid.close.sequence] if lid.close else None,
            _duration_s(lid),
            lid.is_open,
            lid.dose_marks,
        )
        for lid in lids(events)
    ]


def opening(
    tag: Tag, found: LidOpening, held: Iterable[Holding], explanation: Explanation | None, filed: Iterable[Filed]
) -> Opening:
    """An opening with all that is known of it; `held` are stretches in which a kit was in the pouch."""
    within = [each for each in held if each.meets(found.began)]
    return Opening(
        name=f"{tag.pouch if tag.retired_at_ms is None else tag.id}:{found.sequence}",
        tag=tag.id,
        pouch=tag.pouch,
        sequence=found.sequence,
        began=found.began,
        ended=found.ended,
        duration_s=found.duration_s,
        is_open=found.is_open,
        dose_marks=found.dose_marks,
        officers=tuple(dict.fromkeys(each.officer for each in within if each.officer is not None)),
        kits=tuple(dict.fromkeys(each.kit for each in within)),
        explanation=explanation,
        filed=tuple(filed),
    )


def openings(picture: Picture, tag_id: str | None = None) -> list[Opening]:
    """All openings of one tag or of every tag, oldest first."""
    explanations = latest(picture.explanations)
    in_pouch: dict[str | None, list[Holding]] = {}
    whole = (each for of_kit in picture.custody().values() for each in of_kit if each.status in IN_A_POUCH)
    for held in sorted(whole, key=lambda each: (each.since_ms, each.kit, each.began)):
        in_pouch.setdefault(held.pouch, []).append(held)
    reports: dict[tuple[str | None, int | None], list[Filed]] = {}
    for report in picture.reports:
        filed = Filed(report.id, report.officer, report.doses, report.stands, report.kit)
        reports.setdefault((report.tag, report.sequence), []).append(filed)
    dockings, events = picture.dockings_of(), picture.events_of()
    found = []
    for tag in picture.tags:
        if tag_id in (None, tag.id):
            for each in lid_openings(tag, events[tag.id], dockings[tag.id]):
                key = (tag.id, each.sequence)
                found.append(
                    opening(tag, each, in_pouch.get(tag.pouch, []), explanations.get(key), reports.get(key, []))
                )
    return in_order(found)


def in_order(found: Iterable[Opening]) -> list[Opening]:
    """Openings, oldest first."""
    return sorted(found, key=lambda each: (each.began.likely_ms, each.pouch, each.sequence))


def _duration_s(lid: Lid) -> int | None:
    """Seconds of the tag's clock; not known across a start, which begins a new uptime."""
    if lid.close is None or lid.close.boot_count != lid.first.boot_count:
        return None
    assert lid.close.uptime_s is not None and lid.close.flags is not None and lid.first.uptime_s is not None
    return 0 if lid.close.flags & record.FLAG_BRIEF else lid.close.uptime_s - lid.first.uptime_s
