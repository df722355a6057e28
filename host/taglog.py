"""What the log of one tag amounts to: its openings, its flaws, and how the tag is. Derived again at each docking."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from host import times
from host.events import ALTERED, VERIFIED, Docking, Event, Tag
from host.openings import LidOpening, lid_openings
from kitwire import faults as fault_codes
from kitwire import record

GAP = "gap"
"""Records that the tag made and the station never got; `sequence` is the first that came after them."""
FAULT = "fault"
"""An error of the tag's own firmware."""
CLOCK = "clock"
"""A docking at which the station's clock was wrong, by what the tag's other dockings say; `sequence` is its id."""

_FAULT = record.TYPE_NAMES[record.FAULT]


class Flaw(NamedTuple):
    """Something wrong in a tag's log: `kind` is `ALTERED`, `GAP`, `FAULT` or `CLOCK`, at the record `sequence`.

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


def derive(
    tag: Tag, events: Sequence[Event], dockings: Sequence[Docking], forgotten: Sequence[tuple[int, int]] = ()
) -> TagLog:
    """What follows from a tag's events, in order of sequence, and its dockings, oldest first.

    `forgotten` are ranges of sequences, first and last included, that retention has destroyed: they are no gap.
    """
    at = {each.id: each.started_at_ms for each in dockings}
    flaws = [
        *_altered(events, at),
        *_gaps(events, at, forgotten),
        *_faults(events, at),
        *_clocks(tag, events, dockings),
    ]
    return TagLog(_state(tag, dockings), lid_openings(tag, events, dockings), flaws)


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


def _gaps(events: Sequence[Event], at: dict[int, int], forgotten: Sequence[tuple[int, int]]) -> Iterator[Flaw]:
    before = 0
    for event in events:
        if forgotten and event.sequence - before > 1:
            # What came after a gap is never forgotten, so a gap ends at what is here.
            before = max([before, *(last for _, last in forgotten if last < event.sequence)])
        missing = event.sequence - before - 1
        if missing:
            names = f"record {before + 1} is" if missing == 1 else f"records {before + 1} to {event.sequence - 1} are"
            yield Flaw(event.tag, event.sequence, GAP, event.docking, at[event.docking], missing, names)
        before = event.sequence


def _faults(events: Sequence[Event], at: dict[int, int]) -> Iterator[Flaw]:
    for event in events:
        if event.type == _FAULT:
            detail = fault_codes.describe(event.aux or 0)
            yield Flaw(event.tag, event.sequence, FAULT, event.docking, at[event.docking], 1, detail)


def _clocks(tag: Tag, events: Sequence[Event], dockings: Sequence[Docking]) -> Iterator[Flaw]:
    refused = times.outvoted(events, times.anchors_of(dockings, tag.id), tag.enrolled_at_ms)
    for docking in dockings if refused else ():
        if not set(times.anchors_of([docking], tag.id)).isdisjoint(refused):
            yield Flaw(tag.id, docking.id, CLOCK, docking.id, docking.started_at_ms, 1, "")
