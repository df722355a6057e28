"""Whether the dock does its work: what it tells of itself, which pouches wait for it, and when somebody must look."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

ALIVE_MS = 45_000
"""A dock that has told of itself within so many milliseconds is running: it does so every 15 s."""

NOT_LISTENING = "not_listening"
"""No dock was known to listen."""
NOT_COLLECTED = "not_collected"
"""A pouch that has something new was heard and has not been collected."""

_HOUR_MS = 3_600_000


class RadioState(NamedTuple):
    """What a running dock says of one of its adapters, named as typed (empty: the computer's own).

    `listening`: scanning is known to work; else `why` is a code that says what is wrong, if that is known. It has been
    like that since `since_ms`.
    """

    adapter: str
    listening: bool
    why: str | None
    since_ms: int


class DockRun(NamedTuple):
    """The newest run of a dock: when it began, the number of its process and the name of its computer.

    It last told of itself at `seen_ms`; at `listened_ms` it, or a run before it, last knew that it listened.
    """

    began_ms: int
    process: int
    computer: str
    seen_ms: int
    listened_ms: int | None

    def running(self, now_ms: int) -> bool:
        """Whether it runs, as far as can be told; a clock that was put back says nothing about hours ahead."""
        return abs(now_ms - self.seen_ms) <= ALIVE_MS


class WaitingPouch(NamedTuple):
    """A pouch that was heard with something new and has not been collected since; `why`: code of the last failure."""

    tag: str
    pouch: str
    since_ms: int
    why: str | None


class Collected(NamedTuple):
    """The newest docking that was complete."""

    pouch: str
    at_ms: int


class Overdue(NamedTuple):
    """Something that the dock should have done since `since_ms`: `what` is `NOT_LISTENING`, or `NOT_COLLECTED` with
    the pouch. It became overdue at `due_ms`."""

    what: str
    pouch: str | None
    since_ms: int
    due_ms: int


class Attendance(NamedTuple):
    """All that is known of a station's dock. `first_tag_ms`: since when there has been a tag in use, if there is."""

    run: DockRun | None
    radios: list[RadioState]
    collected: Collected | None
    waiting: list[WaitingPouch]
    first_tag_ms: int | None


def overdue(of: Attendance, hours: int, now_ms: int) -> list[Overdue]:
    """What the dock has not done for so many hours or more, the longest first; 0 hours ask for nothing.

    A dock that hears nobody for days is in order as long as it is known to listen: nobody may have come.
    """
    if not hours or of.first_tag_ms is None:
        return []
    found = [Overdue(what, pouch, since, since + hours * _HOUR_MS) for what, pouch, since in _left_undone(of, now_ms)]
    return sorted((each for each in found if each.due_ms <= now_ms), key=lambda each: each.since_ms)


def _left_undone(of: Attendance, now_ms: int) -> Iterator[tuple[str, str | None, int]]:
    known = (of.run.listened_ms if of.run else None, of.collected.at_ms if of.collected else None)
    yield NOT_LISTENING, None, max((of.first_tag_ms or 0, *_past(known, now_ms)))
    for each in of.waiting:
        yield NOT_COLLECTED, each.pouch, each.since_ms


def _past(instants: Iterable[int | None], now_ms: int) -> Iterator[int]:
    """Those that a clock which has been put right since has not set ahead."""
    yield from (each for each in instants if each is not None and each <= now_ms + ALIVE_MS)
