"""A kit is loaded once and passed along: how many SQL statements a movement takes, BEGIN and COMMIT not counted."""

from datetime import date
from pathlib import Path

import pytest

from host import clock
from host.access.vault import TagKeys
from host.clock import DAY_MS
from host.ledger import Movement
from host.ledger.movement import ISSUE, RETURN
from host.store.stock import Incoming
from tests.house import statements
from tests.station import Store
from tests.telling import Tell

NOW = clock.now_ms()
MOST_FOR_AN_ISSUE = 14


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store.create(tmp_path / "station.db", "North", "Europe/London", False, NOW - 30 * DAY_MS)
    made.receive([Incoming(f"K-{number}", "Two", "L1", date(2029, 1, 1), 2) for number in range(30)], NOW - 20 * DAY_MS)
    for number in range(3):
        made.add_officer(f"410{number}", date(2026, 1, 1), NOW - 20 * DAY_MS)
        keys = TagKeys(bytes(32), bytes(32), bytes(32))
        made.enrol_tag(f"{number:016x}", f"P-0{number}", keys, NOW - 20 * DAY_MS, lambda: None)
    return made


def issue(kit: str, officer: str, pouch: str | None, days_ago: int) -> Movement:
    return Movement(0, NOW - days_ago * DAY_MS, ISSUE, kit, officer, None, pouch)


def test_an_issue_loads_its_kit_once(store: Store, tell: Tell) -> None:
    with statements(store) as first:
        store.move(issue("K-1", "4100", "P-00", 9))
    with statements(store) as again:  # of a kit that came back, into a pouch that had another
        store.move(Movement(0, NOW - 8 * DAY_MS, RETURN, "K-1", doses=2))
        again.clear()
        store.move(issue("K-1", "4101", "P-01", 7))
    tell(f"an issue takes {len(first)} SQL statements, {len(again)} if the kit came back before")
    assert 5 < len(first) <= MOST_FOR_AN_ISSUE
    assert len(again) <= MOST_FOR_AN_ISSUE


def test_several_kits_take_no_more_each(store: Store) -> None:
    with statements(store) as found:
        store.move_all([issue(f"K-{number}", "4102", None, 5) for number in range(10)])
    assert len(found) <= 10 * MOST_FOR_AN_ISSUE
