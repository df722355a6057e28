"""The tag's rules: edges, presses, dock, battery, heartbeats, debounce, what is kept and what is on the air."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kitcore import battery
from kitcore.beacon import Beacon, State
from kitcore.debounce import STABLE_MS, Debounce
from kitcore.policy import CALL_MS, JAMMED_MS, Event, Memory, Policy, unpack
from kitwire import advert, record


def rules() -> Policy:
    return Policy(Memory())


def kinds(events: list[Event]) -> list[str]:
    return [record.TYPE_NAMES[event.type] for event in events]


def test_lid_gives_one_event_for_each_change() -> None:
    policy = rules()
    seen = [kinds(policy.lid(is_open)) for is_open in (False, True, True, False, False)]
    assert seen == [[], ["lid_open"], [], ["lid_close"], []]


def test_events_carry_the_state_after_them() -> None:
    policy = rules()
    (docked,) = policy.dock(True)
    (opened,) = policy.lid(True)
    (closed,) = policy.lid(False)
    assert docked.flags == record.FLAG_DOCKED
    assert opened.flags == record.FLAG_DOCKED | record.FLAG_LID_OPEN
    assert closed.flags == record.FLAG_DOCKED


@pytest.mark.parametrize(
    ("was_open", "expected"), [(False, ["lid_open", "lid_close"]), (True, ["lid_close", "lid_open"])]
)
def test_edge_whose_level_is_back_gives_both_edges_marked_brief(was_open: bool, expected: list[str]) -> None:
    policy = rules()
    policy.lid(was_open)
    events = policy.lid(was_open, moved=True)
    assert kinds(events) == expected
    assert all(event.flags & record.FLAG_BRIEF for event in events)
    assert policy.flags() == (record.FLAG_LID_OPEN if was_open else 0)


def test_edge_that_still_stands_is_not_brief() -> None:
    (event,) = rules().lid(True, moved=True)
    assert (event.type, event.flags) == (record.LID_OPEN, record.FLAG_LID_OPEN)


def test_press_beside_an_open_pouch_is_a_dose_mark_counted_from_the_opening() -> None:
    policy = rules()
    policy.lid(True)
    assert [event.aux for _ in range(3) for event in policy.press(0)] == [1, 2, 3]
    assert not policy.wants_radio(1)
    policy.lid(False)
    policy.lid(True)
    assert [(event.type, event.aux) for event in policy.press(0)] == [(record.DOSE_MARK, 1)]


def test_press_beside_a_closed_pouch_calls_for_a_minute() -> None:
    policy = rules()
    assert policy.press(5000) == []
    assert policy.wants_radio(5000 + CALL_MS - 1)
    assert not policy.wants_radio(5000 + CALL_MS)


def test_radio_is_wanted_for_as_long_as_the_dock_is_there() -> None:
    policy = rules()
    assert kinds(policy.dock(True)) == ["dock"]
    assert policy.dock(True) == []
    assert policy.wants_radio(10**9)
    assert kinds(policy.dock(False)) == ["undock"]
    assert not policy.wants_radio(10**9)


def test_low_battery_is_told_once_until_it_has_recovered() -> None:
    policy = rules()
    readings = (3500, 3499, 3400, 3600, 3499, 3601, 3499)
    assert [bool(policy.battery(millivolts)) for millivolts in readings] == [
        False,
        True,
        False,
        False,
        False,
        False,
        True,
    ]
    assert policy.flags() == record.FLAG_BATTERY_LOW


def test_heartbeat_comes_a_period_after_the_last_one() -> None:
    policy = rules()
    day_ms = 86400 * 1000
    assert policy.heartbeat(day_ms - 1, 86400) == []
    assert policy.sleep_ms(day_ms - 1, 86400, False) == 1
    assert kinds(policy.heartbeat(day_ms + 7, 86400)) == ["heartbeat"]
    assert policy.heartbeat(day_ms + 8, 86400) == []
    assert policy.sleep_ms(day_ms + 7, 86400, False) == day_ms - 7


def test_tag_looks_again_soon_while_the_button_cannot_wake_it() -> None:
    assert rules().sleep_ms(0, 86400, jammed=True) == JAMMED_MS
    assert rules().sleep_ms(86400 * 1000 - 5, 86400, jammed=True) == 5


memories = st.fixed_dictionaries(
    {
        "started_ms": st.integers(0, 2**62),
        "seen_ms": st.integers(0, 2**62),
        "utc_ms": st.integers(-(2**62), 2**62),
        "heartbeat_s": st.integers(0, 2**32 - 1),
        "boot_count": st.integers(0, 2**16 - 1),
        "marks": st.integers(0, 2**16 - 1),
        "lid_open": st.booleans(),
        "docked": st.booleans(),
        "battery_low": st.booleans(),
        "damaged": st.booleans(),
        "fault": st.integers(0, 255),
        "held": st.booleans(),
        "hint": st.binary(min_size=12, max_size=12),
    }
)


@given(memories)
def test_memory_outlives_deep_sleep(fields: dict[str, object]) -> None:
    memory = Memory()
    assert set(fields) == set(vars(memory))
    vars(memory).update(fields)
    again = unpack(memory.pack())
    assert again is not None and vars(again) == fields


def test_spoilt_memory_is_no_memory() -> None:
    packed = Memory().pack()
    assert len(packed) == 58
    for at in range(len(packed)):
        spoilt = bytearray(packed)
        spoilt[at] ^= 0x40
        assert unpack(bytes(spoilt)) is None
    for other in (b"", packed[:-1], packed + b"\x00", bytes(58)):
        assert unpack(other) is None


def test_bounce_counts_once_and_only_after_it_has_ended() -> None:
    lid = Debounce(False)
    times = [now for now in range(100) if lid.sample(now, now >= 10 and not (now < 40 and now % 4 == 0))]
    assert times == [37 + STABLE_MS]
    assert lid.level is True and not lid.moving


def test_spike_shorter_than_the_hold_is_nothing() -> None:
    lid = Debounce(False)
    assert not any(lid.sample(now, 10 <= now < 10 + STABLE_MS) for now in range(100))
    assert lid.level is False


def test_first_level_settles_without_a_guess_before() -> None:
    lid = Debounce()
    assert lid.level is None
    assert [lid.sample(now, True) for now in (0, STABLE_MS - 1, STABLE_MS)] == [False, False, True]


def test_battery_percent_rises_with_the_voltage_and_stays_in_bounds() -> None:
    percents = [battery.percent(millivolts) for millivolts in range(2500, 4500)]
    assert percents == sorted(percents)
    assert (percents[0], percents[-1]) == (0, 100)
    assert battery.percent(battery.LOW_MV) == 8


ADVERT_KEY = bytes(range(32))


def said(data: bytes | None, epoch: int) -> advert.Advert:
    assert data is not None
    return advert.open(advert.epoch(ADVERT_KEY, epoch), data[7:])


def test_index_rises_with_each_change_and_nothing_is_said_twice() -> None:
    air = Beacon(ADVERT_KEY)
    assert air.stale(0, State(80, False, False, False, False, 1))
    air.begin(4, 0)
    assert said(air.frame(State(80, False, False, False, False, 1)), 4) == advert.Advert(
        0, 80, False, False, False, False, 1
    )
    assert air.frame(State(80, False, False, False, False, 1)) is None
    assert said(air.frame(State(80, True, False, False, False, 70000)), 4) == advert.Advert(
        1, 80, True, False, False, False, 70000 & 0xFFFF
    )


def test_epoch_ends_after_its_time() -> None:
    air = Beacon(ADVERT_KEY)
    state = State(80, False, False, False, False, 1)
    air.begin(4, 5000)
    air.frame(state)
    assert not air.stale(5000 + advert.EPOCH_S * 1000 - 1, state)
    assert air.stale(5000 + advert.EPOCH_S * 1000, state)


def test_epoch_ends_after_its_last_index() -> None:
    air = Beacon(ADVERT_KEY)
    air.begin(4, 0)
    for count in range(advert.LAST_INDEX + 1):
        assert not air.stale(0, State(80, False, False, False, False, count))
        assert said(air.frame(State(80, False, False, False, False, count)), 4).index == count
    assert not air.stale(0, State(80, False, False, False, False, advert.LAST_INDEX)), "what is on the air may stay"
    assert air.stale(0, State(80, False, False, False, False, 256))
    air.begin(5, 0)
    assert said(air.frame(State(80, False, False, False, False, 256)), 5).index == 0


def test_nothing_is_said_without_an_epoch() -> None:
    assert Beacon(ADVERT_KEY).frame(State(80, False, False, False, False, 1)) is None
