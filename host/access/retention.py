"""Retention: what is destroyed once it is old enough, kind by kind, and what must stay anyway.

    kind      counted from          destroyed                                what stays
    answers   filing of the report  the protected answers, drafts            the report with its open answers
    reports   filing of the report  the open answers                         form, officer, opening and doses
    events    the docking           records of tags, explanations of them    what `needed` and `forgettable` say
    leavers   the day they left     the number, for one that says nothing    their movements, under the new one

The ledger, the dockings and the audit stay for good. The ledger is the chain of custody; later times of a tag rest on
all its dockings; and the audit's chain would break.
"""

import secrets
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple

from host.access.journal import MARK_DIGITS
from host.clock import DAY_MS
from host.phrase import Phrase
from host.tag.events import VERIFIED, Event
from host.tag.lid import is_open_after

_PSEUDONYM_DIGITS = 8

ANSWERS = "answers"
REPORTS = "reports"
EVENTS = "events"
LEAVERS = "leavers"

KINDS = {
    ANSWERS: Phrase("retention.answers"),
    REPORTS: Phrase("retention.reports"),
    EVENTS: Phrase("retention.events"),
    LEAVERS: Phrase("retention.leavers"),
}
"""Every kind of data that a policy can destroy, for people. Its setting is `retain_KIND_days`."""


DRAFT_DAYS = 30
"""How long a draft of a report is kept at most. With a shorter policy for answers it goes as they do."""


def drafts_until_ms(answers_days: int, now_ms: int) -> int:
    """The instant before which a draft is too old, where the policy keeps answers for so many days (0: for ever)."""
    return now_ms - min(answers_days or DRAFT_DAYS, DRAFT_DAYS) * DAY_MS


class Amount(NamedTuple):
    """What a policy of `days` (0: keep for ever) destroys of one kind: `rows`, the oldest of `oldest_ms`.

    `kept` of those that are old enough stay, because `why`. `until_ms` is the instant before which it is old enough.
    """

    kind: str
    days: int
    until_ms: int | None
    rows: int
    oldest_ms: int | None
    kept: int
    why: Phrase | None


def until_ms(days: int, now_ms: int) -> int | None:
    """The instant before which data is old enough; None if it is kept for ever."""
    return now_ms - days * DAY_MS if days else None


def needed(events: Sequence[Event], openings: Collection[int], flaws: Collection[int]) -> set[int]:
    """The sequences of one tag's records that must stay, whatever their age.

    `openings` are those without a cause or a report, and those with one; `flaws` the records at which the log has
    one. Besides: the newest record, at which the next docking goes on; what is not verified, as evidence; and the
    first and last of each start, which the times of others rest on.
    """
    stay = {*openings, *flaws}
    if events:
        stay.add(events[-1].sequence)
    bounds: dict[int, tuple[Event, Event]] = {}
    for event in events:
        if event.verdict != VERIFIED:
            stay.add(event.sequence)
        if event.boot_count is not None and event.uptime_s is not None:
            first, last = bounds.get(event.boot_count, (event, event))
            bounds[event.boot_count] = (min(first, event, key=_uptime), max(last, event, key=_uptime))
    return stay | {each.sequence for each in chain.from_iterable(bounds.values())}


def forgettable(events: Sequence[Event], old: Collection[int], stay: Collection[int]) -> list[int]:
    """The sequences of one tag's records that may go: brought by the dockings `old`, and not among `stay`.

    The records of an opening go together or not at all: a part of one would tell of another opening.
    """
    return [
        event.sequence
        for group in _groups(events)
        if all(each.docking in old and each.sequence not in stay for each in group)
        for event in group
    ]


def _groups(events: Iterable[Event]) -> Iterator[list[Event]]:
    """Records from the first with the lid open to the first with it closed; any other alone."""
    group: list[Event] = []
    for event in events:
        group.append(event)
        is_open = len(group) > 1 if event.verdict != VERIFIED or event.flags is None else is_open_after(event)
        if not is_open:
            yield group
            group = []
    if group:
        yield group


def ranges(sequences: Iterable[int]) -> list[tuple[int, int]]:
    """Sequences as unbroken ranges, first and last included, in order."""
    found: list[tuple[int, int]] = []
    for sequence in sorted(sequences):
        if found and found[-1][1] + 1 >= sequence:
            found[-1] = (found[-1][0], sequence)
        else:
            found.append((sequence, sequence))
    return found


def joined(known: Iterable[tuple[int, int]], new: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Ranges that lie beside each other made one."""
    found: list[tuple[int, int]] = []
    for first, last in sorted([*known, *new]):
        if found and found[-1][1] + 1 >= first:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return found


def pseudonym(taken: Collection[str]) -> str:
    """A name for an officer who left, that says nothing of the number, and that no other station gives to anybody."""
    while True:
        name = "left-" + "".join(secrets.choice(MARK_DIGITS) for _ in range(_PSEUDONYM_DIGITS))
        if name not in taken:
            return name


def _uptime(event: Event) -> int:
    return event.uptime_s or 0
