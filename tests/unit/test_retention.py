"""Retention: what goes is gone from the file, what stays is as it was, and what follows still follows."""

import re
import secrets
import tempfile
from itertools import pairwise
from pathlib import Path
from random import Random
from unittest import mock

from hypothesis import given, settings
from hypothesis import strategies as st

from host import clock
from host.access import retention
from host.tag.events import ALTERED, VERIFIED, Event
from host.tag.lid import lids
from kitwire import record
from tests.station import Store
from tests.unit.test_rollups import T0, History

TAG = "01" * 8
CLOSED, OPEN = 0, record.FLAG_LID_OPEN
KINDS = {
    "heartbeat": CLOSED,
    "boot": CLOSED,
    "lid_open": OPEN,
    "dose_mark": OPEN,
    "lid_close": CLOSED,
    "button": OPEN,  # any event that only shows by its flags that the lid is open
    ALTERED: None,
}

logs = st.lists(
    st.tuples(st.sampled_from(sorted(KINDS)), st.integers(1, 3), st.booleans()), max_size=40
)  # type, distance from the record before, whether the tag started anew


def made(log: list[tuple[str, int, bool]]) -> list[Event]:
    """Events; a docking brings ten."""
    found, sequence, boot, uptime_s = [], 0, 1, 0
    for number, (kind, distance, started) in enumerate(log):
        sequence += distance
        boot, uptime_s = (boot + 1, 0) if started else (boot, uptime_s + 60)
        plain = (kind, KINDS[kind], 3900, boot, uptime_s, 0, 1) if kind != ALTERED else (None,) * 7
        found.append(Event(TAG, number // 10 + 1, sequence, ALTERED if kind == ALTERED else VERIFIED, *plain))
    return found


@given(logs, st.sets(st.integers(1, 4)), st.sets(st.integers(0, 20)))
def test_openings_that_must_stay_are_told_the_same_by_what_is_left(
    log: list[tuple[str, int, bool]], old: set[int], which: set[int]
) -> None:
    events = made(log)
    before = list(lids(events))
    must = {each.first.sequence for number, each in enumerate(before) if number in which}
    goes = set(retention.forgettable(events, old, retention.needed(events, must, set())))
    left = [each for each in events if each.sequence not in goes]
    after = list(lids(left))
    assert [each for each in before if each.first.sequence not in goes] == after
    assert must <= {each.first.sequence for each in after}
    assert all(each.docking in old and each.verdict == VERIFIED for each in events if each.sequence in goes)
    assert left[-1:] == events[-1:], "the next docking goes on from there"
    for boot in {each.boot_count for each in events} - {None}:
        ends = [
            [each.uptime_s or 0 for each in of if each.boot_count == boot and each.uptime_s is not None]
            for of in (events, left)
        ]
        assert (min(ends[0]), max(ends[0])) == (min(ends[1]), max(ends[1])), "times rest on them"


@given(st.sets(st.integers(1, 60)), st.sets(st.integers(1, 60)))
def test_ranges_hold_what_was_put_in_and_no_more(one: set[int], other: set[int]) -> None:
    def inside(ranges: list[tuple[int, int]]) -> set[int]:
        return {sequence for first, last in ranges for sequence in range(first, last + 1)}

    assert inside(retention.ranges(one)) == one
    both = retention.joined(retention.ranges(one), retention.ranges(other))
    assert inside(both) == one | other
    assert all(last + 1 < first for (_, last), (first, _) in pairwise(both)), "none beside another"


def test_nothing_is_old_enough_without_a_policy() -> None:
    assert retention.until_ms(0, T0) is None
    assert retention.until_ms(2, T0) == T0 - 2 * clock.DAY_MS


def test_a_pseudonym_is_used_once_and_by_one_station() -> None:
    found = {retention.pseudonym(set()) for _ in range(1000)}
    assert len(found) == 1000
    assert all(re.fullmatch("left-[0-9A-HJKMNP-TV-Z]{8}", each) for each in found)
    with mock.patch.object(secrets, "choice", side_effect="A" * 8 + "B" * 8):
        assert retention.pseudonym({"left-AAAAAAAA"}) == "left-BBBBBBBB"


@settings(max_examples=15)
@given(st.integers(0, 2**32))
def test_after_any_history_roll_ups_are_what_is_left_gives_and_nothing_unsettled_is_gone(seed: int) -> None:
    random = Random(seed)
    with (
        tempfile.TemporaryDirectory() as folder,
        Store.create(Path(folder) / "s.db", "North", "Europe/London", False, T0) as store,
    ):
        history = History(store, random)
        history.play(60)
        store.set_setting("retain_events_days", "1")
        for _ in range(2):
            before = store.rolled_up()
            last = {each.id: store.last_record(each.id) for each in store.tags(retired=True)}
            movements, reports = store.movements(), store.rows("SELECT * FROM usage_report")
            planned = store.retention_plan()
            done = store.retain()
            assert [each._replace(until_ms=0) for each in done] == [each._replace(until_ms=0) for each in planned]
            after = store.rolled_up()
            assert store.recompute() == after
            assert {each.id: store.last_record(each.id) for each in store.tags(retired=True)} == last
            assert (store.movements(), store.rows("SELECT * FROM usage_report")) == (movements, reports)
            for table in ("kit_state", "custody", "log_flaw", "tag_state"):
                assert after[table] == before[table], table
            gone = set(before["opening"]) - set(after["opening"])
            assert set(after["opening"]) <= set(before["opening"]), "times and all"
            assert all(cause not in (None, "used") and reports == 0 for *_, cause, reports in gone)
            assert store.rows("PRAGMA foreign_key_check") == []
            assert [each.holds for each in store.check() if each.name != "records"] == [True] * 7
            history.play(20)
