"""A month in numbers: what moved, what was there at its start and end, what happened to openings and discrepancies.

Everything is by the ledger as it stood at the end of the month, so that the summary of a month that is over stays
what it was. No number belongs to one officer.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import NamedTuple

from host import clock
from host.errors import InputError
from host.ledger import Balance, Movement, by_kit, replay, standing
from host.ledger.balance import states, tally
from host.ledger.movement import (
    CORRECT,
    COUNT,
    DESTROY,
    FIND,
    IN_STOCK,
    ISSUE,
    ISSUED,
    LEAVE_BEHIND,
    LOSE,
    QUARANTINE,
    RECEIVE,
    RELEASE,
    RETURN,
    TRANSFER,
    USE,
)

EXPIRED = "expired"
"""The printed day of a kit passed while it was out or in stock."""

ALWAYS = (RECEIVE, ISSUE, RETURN, USE, LEAVE_BEHIND, LOSE, DESTROY, EXPIRED)
"""What every summary tells, also if there was none."""

FLOWS = (*ALWAYS, FIND, TRANSFER, QUARANTINE, RELEASE, COUNT, CORRECT)
"""What a summary tells, in this order."""

_LIVE = ("opened", "acknowledged", "reopened")
"""The states in which a discrepancy is still one."""


class Month(NamedTuple):
    """A calendar month of the station; `ends_ms` is the first instant after it, or after today if that is sooner.

    `last` is the last day whose end is within it.
    """

    first: date
    last: date
    begins_ms: int
    ends_ms: int
    is_over: bool


class Flow(NamedTuple):
    """How often kits were moved so, and the doses in them; of a use, the doses given."""

    what: str
    kits: int
    doses: int


class Turnover(NamedTuple):
    """Discrepancies of one kind: that began (again) in the month, that were settled in it, open at its end."""

    kind: str
    opened: int
    settled: int
    open: int


class MonthInNumbers(NamedTuple):
    """What a month `of` the station did: `openings` by cause (None: unexplained), the balances at its start and end."""

    of: Month
    flows: list[Flow]
    start: Balance
    end: Balance
    openings: dict[str | None, int]
    discrepancies: list[Turnover]


def month(text: str | None, now_ms: int, zone: str) -> Month:
    """The month written YYYY-MM; None is the one before this. Raises `InputError` for none, or one to come."""
    today = clock.today(now_ms, zone)
    if text is None:
        first = (today.replace(day=1) - timedelta(days=1)).replace(day=1)
    else:
        first = _first(text)
        if first > today:
            raise InputError("month.to_come", text=text, this=today.isoformat()[:7])
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    begins_ms, ends_ms = (clock.midnight_after(day, zone) for day in (first - timedelta(days=1), last))
    if ends_ms <= now_ms:
        return Month(first, last, begins_ms, ends_ms, True)
    return Month(first, today - timedelta(days=1), begins_ms, now_ms + 1, False)


def _first(text: str) -> date:
    try:
        return clock.parse_date(f"{text}-01")
    except InputError:
        raise InputError("month.none", text=text) from None


def added(one: Balance, other: Balance) -> Balance:
    """The balance of both."""
    return Balance(
        {status: count + other.kits[status] for status, count in one.kits.items()},
        one.doses_received + other.doses_received,
        {status: count + other.doses_left[status] for status, count in one.doses_left.items()},
        one.doses_used + other.doses_used,
        one.doses_unaccounted + other.doses_unaccounted,
        tuple(sorted((*one.wrong, *other.wrong))),
    )


def balances(movements: Iterable[Movement], doses: Mapping[str, int], of: Month) -> tuple[Balance, Balance]:
    """The balances of these kits at the start and at the end of a month."""
    found = list(movements)
    before, after = (tally(states(found, doses, at_ms - 1), doses) for at_ms in (of.begins_ms, of.ends_ms))
    return before, after


def flows(
    movements: Iterable[Movement], doses: Mapping[str, int], expires_on: Mapping[str, date], of: Month, zone: str
) -> list[Flow]:
    """What kits with these movements did in a month; `FLOWS` says in which order."""
    kits: Counter[str] = Counter()
    left: Counter[str] = Counter()
    for kit, whole in by_kit(each for each in movements if each.at_ms < of.ends_ms).items():
        valid = {each.id for each in standing(whole)}
        for movement, state, _ in replay(whole, doses[kit]):
            if movement.at_ms >= of.begins_ms and (movement.id in valid or movement.kind == CORRECT):
                kits[movement.kind] += 1
                left[movement.kind] += (movement.doses or 0) if movement.kind == USE else state.doses_left
        if of.first <= expires_on[kit] <= of.last:
            passed_ms = clock.midnight_after(expires_on[kit], zone)
            states_then = states(whole, doses, passed_ms - 1)
            if kit in states_then and states_then[kit].status in (ISSUED, IN_STOCK):
                kits[EXPIRED] += 1
                left[EXPIRED] += states_then[kit].doses_left
    return [Flow(what, kits[what], left[what]) for what in FLOWS]


def turnover(entries: Iterable[tuple[str, str, str, int]], of: Month) -> list[Turnover]:
    """What became of discrepancies in a month, from the log of all: kind, subject, action and time, in order."""
    status: dict[tuple[str, str], bool] = {}
    opened: Counter[str] = Counter()
    settled: Counter[str] = Counter()
    for kind, subject, action, at_ms in entries:
        if at_ms >= of.ends_ms:
            continue
        was, now = status.get((kind, subject), False), action in _LIVE
        status[kind, subject] = now
        if at_ms >= of.begins_ms:
            opened[kind] += now and not was
            settled[kind] += was and not now
    still = Counter(kind for (kind, _), is_open in status.items() if is_open)
    kinds = sorted(kind for kind in {*opened, *settled, *still} if opened[kind] or settled[kind] or still[kind])
    return [Turnover(kind, opened[kind], settled[kind], still[kind]) for kind in kinds]
