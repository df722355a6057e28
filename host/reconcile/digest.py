"""What is new and not known to anybody: for a mail that never nags.

Something is known if it was acknowledged (an expiry, a discrepancy), resolved, or stood in a digest that somebody
has read and acknowledged as a whole. It is new again when it comes again, and when it gets worse: a kit that was
known to expire soon is new once it has expired.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import NamedTuple

from host import clock
from host.reconcile.lifecycle import Live
from host.stock.expiry import Expiry
from host.tag.dock import Overdue

REPORT_MISSING = "report_missing"
RESUPPLY = "resupply_undelivered"
EXPIRED_CARRIED = "expired_carried"


class Scope(NamedTuple):
    """The moment of a digest, the moment of the last one that was read (None: none was), and the settings."""

    now_ms: int
    read_ms: int | None
    zone: str
    within_days: int
    report_hours: int

    def is_new(self, at_ms: int) -> bool:
        """Whether what came up then is not yet known by a digest."""
        return self.read_ms is None or at_ms > self.read_ms


class Digest(NamedTuple):
    """What is new, by sections; `known` counts what is still so, but known."""

    dock: list[Overdue]
    expired_carried: list[Expiry]
    expiring: list[Expiry]
    overdue_reports: list[Live]
    resupply: list[Live]
    discrepancies: list[Live]
    known: int

    @property
    def items(self) -> int:
        """How many things are new."""
        return sum(len(section) for section in self[:-1])


def digest(expiring: Iterable[Expiry], found: Sequence[Live], scope: Scope, undone: Iterable[Overdue] = ()) -> Digest:
    """The digest of what expires, of the discrepancies there are, and of what the dock has left undone.

    A report that is not due yet is neither new nor known. A carried kit that has expired stands once, not also as
    a discrepancy, and is known if it is known as either.
    """
    seen = {each.found.kit for each in found if each.found.kind == EXPIRED_CARRIED and not each.is_new}
    kits = list(expiring)
    new_kits = [
        each
        for each in kits
        if each.note is None
        and not (each.expired and each.carried and each.kit in seen)
        and scope.is_new(_came_up(each, scope))
    ]
    due = [each for each in found if not _is_only_due(each, scope)]
    others = [each for each in due if each.found.kind != EXPIRED_CARRIED]
    new = [each for each in others if each.is_new and scope.is_new(_noted(each, scope))]
    sections = {kind: [each for each in new if each.found.kind == kind] for kind in (REPORT_MISSING, RESUPPLY)}
    return Digest(
        [each for each in undone if _is_new_today(each, scope)],
        [each for each in new_kits if each.expired and each.carried],
        [each for each in new_kits if not (each.expired and each.carried)],
        sections[REPORT_MISSING],
        sections[RESUPPLY],
        [each for each in new if each.found.kind not in sections],
        len(kits) - len(new_kits) + len(others) - len(new),
    )


def _is_new_today(overdue: Overdue, scope: Scope) -> bool:
    """Whether what the dock has left undone came up since the last digest that was read, or that was on another day.

    While the dock is out of action nothing comes in that could be new, so nobody may forget it.
    """
    read_ms = scope.read_ms
    another_day = read_ms is None or clock.today(read_ms, scope.zone) != clock.today(scope.now_ms, scope.zone)
    return another_day or scope.is_new(overdue.due_ms)


def _came_up(expiry: Expiry, scope: Scope) -> int:
    """When an expiry came up: the kit expired, came within the days that a digest covers, or was moved."""
    last_day = expiry.expires_on
    if not expiry.expired:
        last_day -= timedelta(days=scope.within_days + 1)
    return max(clock.midnight_after(last_day, scope.zone), expiry.since_ms)


def _due_ms(each: Live, scope: Scope) -> int:
    return each.found.since_ms + scope.report_hours * 3_600_000


def _is_only_due(each: Live, scope: Scope) -> bool:
    return each.found.kind == REPORT_MISSING and scope.now_ms <= _due_ms(each, scope)


def _noted(each: Live, scope: Scope) -> int:
    """When a discrepancy was noted, or its report became overdue; now if it was not noted as it is."""
    standing = each.standing
    if standing is None or standing.status != each.status:
        return scope.now_ms
    if each.found.kind == REPORT_MISSING:
        return max(standing.changed_at_ms, _due_ms(each, scope) + 1)
    return standing.changed_at_ms
