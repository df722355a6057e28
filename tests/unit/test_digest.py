"""The digest: what is new, what is known, and when something that was known is new again."""

from dataclasses import dataclass
from datetime import date, timedelta

import pytest

from host import clock
from host.ledger.movement import IN_STOCK, ISSUED
from host.phrase import Phrase
from host.reconcile.digest import Digest, Scope, digest
from host.reconcile.discrepancy import Discrepancy
from host.reconcile.lifecycle import ACKNOWLEDGED, CLEARED, OPENED, REOPENED, RESOLVED, Live, Standing
from host.stock.expiry import Expiry, Note

ZONE = "Europe/London"
TODAY = date(2026, 6, 1)
NOW = clock.parse_instant("2026-06-01T06:00", ZONE)
HOUR = 3_600_000
DAY = 24 * HOUR


def scope(read_days_ago: float | None = None) -> Scope:
    read_ms = None if read_days_ago is None else NOW - round(read_days_ago * DAY)
    return Scope(NOW, read_ms, ZONE, within_days=90, report_hours=24)


def kit(days_left: int, carried: bool = True, since_days_ago: int = 300, note: bool = False) -> Expiry:
    known = Note(TODAY + timedelta(days=9), "on order", "qm", NOW) if note else None
    who = ("4101", None) if carried else (None, "North")
    status = ISSUED if carried else IN_STOCK
    since_ms = NOW - since_days_ago * DAY
    expires_on = TODAY + timedelta(days=days_left)
    return Expiry("K1", "Nyxoid", "A1", expires_on, days_left, status, *who, None, None, "North", since_ms, known)


@dataclass
class Case:
    """A discrepancy as it is found, and as it was noted so many days ago (None: never)."""

    kind: str = "sequence_gap"
    status: str = OPENED
    noted_days_ago: float | None = 0.0
    noted_as: str | None = None
    began_days_ago: float = 3.0

    def live(self) -> Live:
        began = NOW - round(self.began_days_ago * DAY)
        evidence, step = Phrase("found.never_docked", days=2), Phrase("next.nothing_yet")
        found = Discrepancy(self.kind, "medium", "K1", "once", began, evidence, step, kit="K1")
        if self.noted_days_ago is None:
            return Live(found, self.status, None, found.about)
        noted = NOW - round(self.noted_days_ago * DAY)
        status = self.noted_as or self.status
        return Live(
            found, self.status, Standing(self.kind, "K1", "once", status, noted, noted, "qm", None), found.about
        )


def kits(each: Expiry, read_days_ago: float | None = None) -> Digest:
    return digest([each], [], scope(read_days_ago))


def cases(case: Case, read_days_ago: float | None = None) -> Digest:
    return digest([], [case.live()], scope(read_days_ago))


def test_expired_and_carried_stands_apart_from_the_others() -> None:
    assert len(kits(kit(-1)).expired_carried) == 1
    assert len(kits(kit(0)).expiring) == 1
    assert len(kits(kit(-1, carried=False)).expiring) == 1


def test_what_was_noted_as_known_is_counted_only() -> None:
    assert (kits(kit(-1, note=True)).items, kits(kit(-1, note=True)).known) == (0, 1)


@pytest.mark.parametrize(
    ("expiry", "read_days_ago", "items"),
    [
        (kit(-1), 0.2, 0),  # it expired at midnight, 0.25 days ago
        (kit(-1), 0.3, 1),
        (kit(-2), 0.3, 0),
        (kit(90), 0.2, 0),  # within the 90 days since midnight
        (kit(90), 0.3, 1),
        (kit(50), 0.3, 0),
        (kit(50, since_days_ago=0), 0.3, 1),  # issued since
        (kit(50, since_days_ago=0), None, 1),
    ],
)
def test_kit_is_new_if_it_came_up_since_the_digest_that_was_read(
    expiry: Expiry, read_days_ago: float | None, items: int
) -> None:
    found = kits(expiry, read_days_ago)
    assert (found.items, found.known) == (items, 1 - items)


@pytest.mark.parametrize(
    ("case", "read_days_ago", "items"),
    [
        (Case(), None, 1),
        (Case(noted_days_ago=2), 1, 0),
        (Case(noted_days_ago=1), 2, 1),
        (Case(status=REOPENED, noted_days_ago=1), 2, 1),
        (Case(status=ACKNOWLEDGED), None, 0),
        (Case(status=RESOLVED), None, 0),
        (Case(noted_days_ago=None), 0, 0),  # it came up no later than the digest that was read just now
        (Case(noted_days_ago=None), 1, 1),
        (Case(status=REOPENED, noted_days_ago=5, noted_as=CLEARED), 1, 1),  # found again, and not yet noted
    ],
)
def test_discrepancy_is_new_until_it_is_known(case: Case, read_days_ago: float | None, items: int) -> None:
    found = cases(case, read_days_ago)
    assert (found.items, found.known) == (items, 1 - items)


def test_report_counts_from_when_it_is_overdue() -> None:
    late = Case(kind="report_missing", noted_days_ago=1.9, began_days_ago=2.0)  # due a day ago
    assert len(cases(late).overdue_reports) == 1
    assert cases(late, read_days_ago=1.5).items == 1  # it was noted, but not yet due
    assert cases(late, read_days_ago=0.5).items == 0
    not_due = Case(kind="report_missing", began_days_ago=0.5)
    assert (cases(not_due).items, cases(not_due).known) == (0, 0)


def test_resupply_has_its_own_section() -> None:
    found = cases(Case(kind="resupply_undelivered"))
    assert (len(found.resupply), len(found.discrepancies)) == (1, 0)


def test_expired_kit_stands_once_and_is_known_as_either() -> None:
    new, known = (Case(kind="expired_carried", status=status).live() for status in (OPENED, ACKNOWLEDGED))
    assert digest([kit(-1)], [new], scope())[:6] == ([], [kit(-1)], [], [], [], [])
    assert digest([kit(-1)], [known], scope()).items == 0
