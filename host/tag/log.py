"""What the log of one tag amounts to: its openings, its flaws, and how the tag is. Derived again at each docking."""

from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from host.tag import temperature, times
from host.tag.claims import impossible
from host.tag.events import ALTERED, ELSEWHERE, VERIFIED, Docking, Event, Tag
from host.tag.lid import event_times, lid_openings
from host.tag.opening import LidOpening
from host.tag.temperature import Reading
from kitwire import faults as fault_codes
from kitwire import record
from kitwire.errors import WireError

GAP = "gap"
"""Records that the tag made and the station never got; `sequence` is the first that came after them."""
CUT = "cut"
"""As `GAP`, of a log that was not full, and so had no reason to drop them."""
RESTART = "restart"
"""A start of the tag although its battery was well."""
STOP = "stop"
"""Somebody other than the station stopped the tag's program over USB."""
PUT_BACK = "put_back"
"""The log ended before what was collected already; `sequence` is the last record of that."""
NO_START = "no_start"
"""A record of another start than the one before it, and none that says so."""
FAULT = "fault"
"""An error of the tag's own firmware."""
CLOCK = "clock"
"""A docking at which the station's clock was wrong, by what the tag's other dockings say; `sequence` is its id."""

TAMPERING = (CUT, RESTART, STOP, PUT_BACK, NO_START)
"""What a tag that somebody wrote to over USB may look like."""

_FAULT = record.TYPE_NAMES[record.FAULT]
_BOOT = record.TYPE_NAMES[record.BOOT]
_STOPPED = record.TYPE_NAMES[record.STOPPED]
_STARTS = 0x10000
"""Starts are counted modulo this."""
_UNDOCK = record.TYPE_NAMES[record.UNDOCK]
_TEMPERATURE = record.TYPE_NAMES[record.TEMPERATURE]


class Flaw(NamedTuple):
    """Something wrong in a tag's log: `kind` is `ALTERED` or one of those above, at the record `sequence`.

    `docking` brought it to light at `at_ms`. `records` is how many it concerns, `detail` says which.
    """

    tag: str
    sequence: int
    kind: str
    docking: int
    at_ms: int
    records: int
    detail: str


class TagState(NamedTuple):
    """How a tag is: when it last docked whole (`docked_at_ms`), and its last docking of all."""

    tag: str
    pouch: str
    enrolled_at_ms: int
    retired_at_ms: int | None
    docked_at_ms: int | None
    last_docking: int | None
    last_outcome: str | None
    last_started_at_ms: int | None
    battery_percent: int | None


class TagLog(NamedTuple):
    """All that follows from the log of one tag."""

    state: TagState
    openings: list[LidOpening]
    flaws: list[Flaw]
    readings: list[Reading]


def derive(
    tag: Tag,
    events: Sequence[Event],
    dockings: Sequence[Docking],
    forgotten: Sequence[tuple[int, int]] = (),
    own_stops: Collection[int] = (),
) -> TagLog:
    """What follows from a tag's events, in order of sequence, and its dockings, oldest first.

    `forgotten` are ranges of sequences, first and last included, that retention has destroyed: they are no gap.
    `own_stops` are the last sequences of the log at which the station itself had stopped the tag, to talk to it.
    """
    at = {each.id: each.started_at_ms for each in dockings}
    flaws = [
        *_altered(events, at),
        *_gaps(events, dockings, forgotten),
        *_starts(events, at),
        *_stops(events, at, own_stops),
        *_put_back(events, dockings),
        *_faults(events, at, impossible(events, dockings)),
        *_clocks(tag, events, dockings),
    ]
    return TagLog(_state(tag, dockings), lid_openings(tag, events, dockings), flaws, _readings(tag, events, dockings))


def _state(tag: Tag, dockings: Sequence[Docking]) -> TagState:
    last = dockings[-1] if dockings else None
    complete = [each.finished_at_ms or each.started_at_ms for each in dockings if each.outcome == "complete"]
    battery = [each.battery_percent for each in dockings if each.battery_percent is not None]
    return TagState(
        tag.id,
        tag.pouch,
        tag.enrolled_at_ms,
        tag.retired_at_ms,
        complete[-1] if complete else None,
        last.id if last else None,
        last.outcome if last else None,
        last.started_at_ms if last else None,
        battery[-1] if battery else None,
    )


def _altered(events: Sequence[Event], at: dict[int, int]) -> Iterator[Flaw]:
    """A flaw for each unbroken run of records that are not verified."""
    for run in _runs(events):
        altered = [each.sequence for each in run if each.verdict == ALTERED]
        others = len(run) - len(altered)
        follows = f"; {others} after it cannot be judged" if others else ""
        detail = f"record {', '.join(map(str, altered)) or run[0].sequence}|{follows}"
        yield Flaw(run[0].tag, run[0].sequence, ALTERED, run[0].docking, at[run[0].docking], len(run), detail)


def _runs(events: Sequence[Event]) -> Iterator[list[Event]]:
    run: list[Event] = []
    for event in events:
        if event.verdict != VERIFIED and (not run or event.sequence == run[-1].sequence + 1):
            run.append(event)
            continue
        if run:
            yield run
        run = [] if event.verdict == VERIFIED else [event]
    if run:
        yield run


def _gaps(events: Sequence[Event], dockings: Sequence[Docking], forgotten: Sequence[tuple[int, int]]) -> Iterator[Flaw]:
    by_id = {each.id: each for each in dockings}
    before = 0
    for event in events:
        if forgotten and event.sequence - before > 1:
            # What came after a gap is never forgotten, so a gap ends at what is here.
            before = max([before, *(last for _, last in forgotten if last < event.sequence)])
        missing = event.sequence - before - 1
        if missing:
            names = f"record {before + 1} is" if missing == 1 else f"records {before + 1} to {event.sequence - 1} are"
            docking = by_id[event.docking]
            full = (docking.last_sequence or 0) - event.sequence + 1 >= record.LEAST_KEPT
            kind = GAP if full else CUT
            told = ELSEWHERE if kind == GAP and docking.detail == ELSEWHERE else names
            yield Flaw(event.tag, event.sequence, kind, docking.id, docking.started_at_ms, missing, told)
        before = event.sequence


def _starts(events: Sequence[Event], at: dict[int, int]) -> Iterator[Flaw]:
    """Starts, and records of a start that nothing tells of, where the battery was no reason.

    A cell too weak to record its start has been low before and after. Only records next to each other can tell.
    """
    for before, event in pairwise(events):
        if event.sequence != before.sequence + 1 or not (_well(before) and _well(event)):
            continue
        assert before.boot_count is not None and event.boot_count is not None
        # No start is counted twice but where the memory did not take the count, which is a fault of its own.
        counted_back = (event.boot_count - before.boot_count) % _STARTS >= _STARTS // 2
        if event.type == _BOOT and not counted_back:
            yield Flaw(event.tag, event.sequence, RESTART, event.docking, at[event.docking], 1, str(event.aux or 0))
        elif event.boot_count != before.boot_count:
            yield Flaw(event.tag, event.sequence, NO_START, event.docking, at[event.docking], 1, "")


def _well(event: Event) -> bool:
    """Whether the event tells, and tells of a battery that is well."""
    low = (event.battery_mv or 0) < record.LOW_MV or (event.flags or 0) & record.FLAG_BATTERY_LOW
    return event.verdict == VERIFIED and not low


def _stops(events: Sequence[Event], at: dict[int, int], own: Collection[int]) -> Iterator[Flaw]:
    for event in events:
        if event.type == _STOPPED and event.sequence not in own:
            yield Flaw(event.tag, event.sequence, STOP, event.docking, at[event.docking], 1, "")


def _put_back(events: Sequence[Event], dockings: Sequence[Docking]) -> Iterator[Flaw]:
    """The first docking of each run of them in which the log ended before what earlier ones had brought."""
    brought = {each.docking: each.sequence for each in events}
    had, told = 0, 0
    for docking in dockings:
        if docking.last_sequence is not None and docking.last_sequence < had != told:
            told = had
            lost = had - docking.last_sequence
            yield Flaw(docking.tag, had, PUT_BACK, docking.id, docking.started_at_ms, lost, str(docking.last_sequence))
        had = max(had, brought.get(docking.id, 0))


def _faults(events: Sequence[Event], at: dict[int, int], doubted: Collection[int]) -> Iterator[Flaw]:
    for event in events:
        detail = fault_codes.describe(event.aux or 0) if event.type == _FAULT else _nonsense(event)
        if event.sequence in doubted and not detail:
            detail = "it told a time that can't be right, so it is dated by its place in the log"
        if detail:
            yield Flaw(event.tag, event.sequence, FAULT, event.docking, at[event.docking], 1, detail)


def _nonsense(event: Event) -> str:
    try:
        temperature.told(event)
    except WireError:
        return f"it told a temperature that no thermometer reads ({event.aux})"
    return ""


def _readings(tag: Tag, events: Sequence[Event], dockings: Sequence[Docking]) -> list[Reading]:
    """What the tag told of its temperature, in order of sequence; without what makes no sense."""
    telling = [(event, pair) for event in events if not _nonsense(event) and (pair := temperature.told(event))]
    if not telling:
        return []
    when = event_times(tag, events, dockings)
    began = _began(events)
    found = []
    for event, pair in telling:
        since = began.get(event.sequence, 0) if event.type == _TEMPERATURE else event.sequence
        earliest_ms = when[since].earliest_ms if since else tag.enrolled_at_ms
        found.append(
            Reading(tag.id, event.sequence, tag.pouch, *pair, since, earliest_ms, when[event.sequence].latest_ms)
        )
    return found


def _began(events: Sequence[Event]) -> dict[int, int]:
    """By each record of the least and the most: the one with which the tag had left its dock, or told them before."""
    found: dict[int, int] = {}
    before = 0
    for event in events:
        if event.verdict != VERIFIED:
            continue
        if event.type == _TEMPERATURE:
            found[event.sequence] = before
        if event.type in (_UNDOCK, _TEMPERATURE):
            before = event.sequence
    return found


def _clocks(tag: Tag, events: Sequence[Event], dockings: Sequence[Docking]) -> Iterator[Flaw]:
    refused = times.outvoted(events, times.anchors_of(dockings, tag.id), tag.enrolled_at_ms)
    for docking in dockings if refused else ():
        if not set(times.anchors_of([docking], tag.id)).isdisjoint(refused):
            yield Flaw(tag.id, docking.id, CLOCK, docking.id, docking.started_at_ms, 1, "")
