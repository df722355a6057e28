"""What the dock tells of itself in the database, and when somebody must look after it."""

import os
import platform
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest

from host import clock
from host.access.roles import OFFICER
from host.access.vault import TagKeys
from host.errors import InputError, NotAllowed
from host.service.dock import _run
from host.tag.dock import (
    ALIVE_MS,
    NOT_COLLECTED,
    NOT_LISTENING,
    Attendance,
    Collected,
    DockRun,
    Overdue,
    RadioState,
    WaitingPouch,
    overdue,
)
from tests.station import Store

NOW = clock.now_ms()
HOUR = 3_600_000
T1, T2 = "01" * 8, "02" * 8
WELL = RadioState("", True, None, NOW)
ILL = RadioState("usb:0", False, "radio.not_there", NOW)
RUN = DockRun(NOW - 100 * HOUR, 7, "front-desk", NOW, NOW)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.create(tmp_path / "station.db", "North", "Europe/London", False, NOW - 40 * clock.DAY_MS) as made:
        for number, tag in enumerate((T1, T2), 1):
            made.enrol_tag(tag, f"P{number}", TagKeys.random(), NOW - 40 * clock.DAY_MS, lambda: None)
        made.grant("dock", OFFICER, None, NOW)
        yield made


def docked(store: Store, tag: str, at_ms: int, outcome: str = "complete") -> None:
    store.finish_docking(store.begin_docking(tag, at_ms), at_ms, outcome, None, 0)


def audited(store: Store) -> int:
    return len(list(store.audit_entries()))


def test_a_station_that_never_had_a_dock_says_so(store: Store) -> None:
    status = store.status(NOW)
    assert (status.running, status.known.run, status.known.radios, status.known.collected) == (False, None, [], None)
    assert [(each.what, each.since_ms) for each in status.overdue] == [(NOT_LISTENING, NOW - 40 * clock.DAY_MS)]


def test_a_dock_tells_of_its_run_and_of_each_adapter(store: Store) -> None:
    with Store.open(store.path, login="dock") as dock:
        dock.beat([WELL, ILL], NOW)
        dock.beat([WELL, ILL._replace(listening=True, why=None, since_ms=NOW + 14_000)], NOW + 15_000)
    status = store.status(NOW + 20_000)
    assert status.running
    assert status.known.run == (NOW, os.getpid(), platform.node(), NOW + 15_000, NOW + 15_000)
    assert status.known.radios == [WELL, ("usb:0", True, None, NOW + 14_000)]
    assert status.overdue == []


def test_another_run_replaces_it_though_its_process_has_the_same_number(store: Store) -> None:
    store.beat([WELL, ILL], NOW)
    _run.cache_clear()
    store.beat([ILL], NOW + HOUR)
    known = store.status(NOW + HOUR).known
    assert known.run is not None
    assert (known.run.began_ms, known.radios) == (NOW + HOUR, [ILL])
    assert known.run.listened_ms == NOW, "when a dock last listened outlives the run"


def test_beats_are_no_entries_of_the_audit_and_make_no_rows(store: Store) -> None:
    before = audited(store)
    with Store.open(store.path, login="dock") as dock:
        for second in range(0, 300, 15):
            dock.beat([WELL, ILL, WELL], NOW + second * 1000)
            dock.waiting(T1, NOW + second * 1000)
        assert not dock.has_written
    assert audited(store) == before
    assert [store.rows(f"SELECT count(*) FROM dock_{each}")[0][0] for each in ("run", "radio", "waiting")] == [1, 2, 1]


def test_who_docks_tells_and_who_sees_stock_asks(store: Store) -> None:
    with Store.open(store.path, login="dock") as dock, pytest.raises(NotAllowed):
        dock.status(NOW)
    store.grant("reader", "auditor", None, NOW)
    with Store.open(store.path, login="reader") as reader:
        assert not reader.status(NOW).running
        with pytest.raises(NotAllowed):
            reader.beat([WELL], NOW)
        with pytest.raises(NotAllowed):
            reader.waiting(T1, NOW)


def test_a_pouch_waits_from_when_it_was_first_heard_until_it_is_collected(store: Store) -> None:
    store.waiting(T1, NOW)
    store.waiting(T1, NOW + 5000, "link.silent")
    store.waiting(T1, NOW + 9000)
    store.waiting(T2, NOW + 1000)
    assert store.status(NOW).known.waiting == [(T1, "P1", NOW, "link.silent"), (T2, "P2", NOW + 1000, None)]
    docked(store, T1, NOW + 20_000, "failed")
    assert len(store.status(NOW).known.waiting) == 2
    docked(store, T1, NOW + 30_000)
    status = store.status(NOW).known
    assert [each.pouch for each in status.waiting] == ["P2"]
    assert status.collected == ("P1", NOW + 30_000)


def test_what_is_known_of_a_pouch_that_waits_is_not_written_again(store: Store) -> None:
    store.waiting(T1, NOW, "link.silent")
    with patch.object(Store, "writing", side_effect=AssertionError("written")):
        store.waiting(T1, NOW + 1)
        store.waiting(T1, NOW + 2, "link.silent")


def test_tags_out_of_use_do_not_wait(store: Store) -> None:
    store.waiting(T1, NOW)
    store.retire_tag(T1, NOW)
    store.retire_tag(T2, NOW)
    store.waiting(T2, NOW)
    store.waiting("ff" * 8, NOW)
    assert store.status(NOW).known.waiting == []
    assert store.rows("SELECT tag FROM dock_waiting") == [(T1,)]
    store.beat([WELL], NOW)
    assert store.rows("SELECT tag FROM dock_waiting") == []


def test_what_waits_since_a_time_to_come_waits_since_the_clock_was_put_right(store: Store) -> None:
    store.waiting(T1, NOW + 500 * HOUR)
    store.beat([WELL], NOW)
    assert [each.since_ms for each in store.status(NOW).known.waiting] == [NOW]


def test_nobody_waits_since_before_the_last_collection_whatever_the_clock_said(store: Store) -> None:
    docked(store, T1, NOW - HOUR)
    for tag in (T1, T2):
        store.waiting(tag, 130_000_000)  # in 1970
    waiting = [(each.pouch, each.since_ms) for each in store.status(NOW).known.waiting]
    assert waiting == [("P2", NOW - 40 * clock.DAY_MS), ("P1", NOW - HOUR)]


@pytest.mark.parametrize(("after_ms", "running"), [
    (0, True), (ALIVE_MS, True), (ALIVE_MS + 1, False), (-ALIVE_MS, True), (-ALIVE_MS - 1, False), (-9 * HOUR, False),
])  # fmt: skip
def test_a_dock_runs_if_it_told_so_a_moment_ago(after_ms: int, running: bool) -> None:
    assert RUN.running(NOW + after_ms) is running


def seen(run: DockRun | None = RUN, collected: int | None = None, *waiting: tuple[str, int]) -> Attendance:
    return Attendance(
        run,
        [],
        Collected("P9", collected) if collected else None,
        [WaitingPouch(pouch, pouch, since, None) for pouch, since in waiting],
        NOW - 1000 * HOUR,
    )


def test_a_dock_that_listens_is_in_order_though_nobody_comes() -> None:
    assert overdue(seen(RUN, NOW - 900 * HOUR), 24, NOW) == []


@pytest.mark.parametrize(("of", "since_ms"), [
    (seen(None), NOW - 1000 * HOUR),  # there never was one
    (seen(RUN._replace(listened_ms=None)), NOW - 1000 * HOUR),  # runs and was never known to listen
    (seen(RUN._replace(listened_ms=NOW - 24 * HOUR)), NOW - 24 * HOUR),
    (seen(RUN._replace(listened_ms=NOW - 60 * HOUR), NOW - 48 * HOUR), NOW - 48 * HOUR),  # collected by hand since
    (seen(RUN._replace(listened_ms=NOW + 9000 * HOUR), NOW - 48 * HOUR), NOW - 48 * HOUR),  # by a clock put right since
], ids=["never", "deaf", "long ago", "by hand", "clock ahead"])  # fmt: skip
def test_a_dock_that_has_not_listened_is_overdue(of: Attendance, since_ms: int) -> None:
    assert overdue(of, 24, NOW) == [Overdue(NOT_LISTENING, None, since_ms, since_ms + 24 * HOUR)]


def test_one_that_listened_in_time_is_not() -> None:
    assert overdue(seen(RUN._replace(listened_ms=NOW - 24 * HOUR + 1)), 24, NOW) == []
    assert overdue(seen(None, NOW - 23 * HOUR), 24, NOW) == []


def test_a_pouch_that_waits_too_long_is_overdue_the_longest_first() -> None:
    of = seen(RUN, None, ("P1", NOW - 23 * HOUR), ("P2", NOW - 30 * HOUR), ("P3", NOW - 50 * HOUR))
    assert [(each.what, each.pouch) for each in overdue(of, 24, NOW)] == [(NOT_COLLECTED, "P3"), (NOT_COLLECTED, "P2")]


def test_nothing_is_overdue_without_tags_or_if_nobody_wants_to_know() -> None:
    dead = seen(None, None, ("P1", NOW - 500 * HOUR))
    assert len(overdue(dead, 24, NOW)) == 2
    assert overdue(dead, 0, NOW) == []
    assert overdue(dead._replace(first_tag_ms=None), 24, NOW) == []


def test_hours_are_a_setting(store: Store) -> None:
    docked(store, T1, NOW - 30 * HOUR)
    assert (store.status(NOW).hours, len(store.status(NOW).overdue)) == (24, 1)
    store.set_setting("dock_alarm_hours", "72")
    assert (store.status(NOW).hours, store.status(NOW).overdue) == (72, [])
    with pytest.raises(InputError):
        store.set_setting("dock_alarm_hours", "8761")
