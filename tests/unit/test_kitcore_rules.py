"""The tag's rules: the state machine, what is kept, battery, signs, debounce and what is on the air."""

import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kitcore import battery, life, signs
from kitcore.beacon import Beacon, State
from kitcore.debounce import STABLE_MS, Debounce
from kitcore.life import CALL_MS, JAMMED_MS, Life, Memory, unpack
from kitwire import advert, config, record

STATE_NAMES = ("asleep", "open", "on scene", "docked", "provisioning", "safe")
INPUT_NAMES = (
    *("opened", "closed", "docks", "undocks", "pressed", "released soon", "held"),
    *("third faulty wake", "clean wake", "no keys", "keys"),
)


def living(**values: int) -> Life:
    """A tag that sleeps, with `values` of the configuration by name."""
    memory = Memory()
    memory.config = tuple(values.get(item.name, item.default) for item in config.ITEMS)
    return Life(memory)


EXPECTED = {
    ("asleep", "opened"): ("open", "lid_open"),
    ("asleep", "docks"): ("docked", "dock"),
    ("asleep", "released soon"): ("asleep", "call"),
    ("asleep", "held"): ("asleep", "show"),
    ("open", "closed"): ("asleep", "lid_close"),
    ("open", "docks"): ("docked", "dock"),
    ("open", "pressed"): ("on scene", "dose_mark"),
    ("on scene", "closed"): ("asleep", "lid_close"),
    ("on scene", "docks"): ("docked", "dock"),
    ("on scene", "pressed"): ("on scene", "dose_mark"),
    ("docked", "opened"): ("docked", "lid_open"),
    ("docked", "closed"): ("docked", "lid_close"),
    ("docked", "undocks"): ("asleep", "undock"),
    ("safe", "pressed"): ("safe", "show"),
    ("safe", "clean wake"): ("asleep", "-"),
    ("provisioning", "keys"): ("asleep", "-"),
    **{(state, "third faulty wake"): ("safe", "-") for state in ("asleep", "open", "on scene", "docked")},
    **{(state, "no keys"): ("provisioning", "-") for state in ("asleep", "open", "on scene", "docked", "safe")},
}
"""The whole table, told again: whatever is not here changes nothing and has no effect."""


@pytest.mark.parametrize("state", range(6), ids=lambda state: STATE_NAMES[state])
@pytest.mark.parametrize("given", range(11), ids=lambda given: INPUT_NAMES[given])
def test_every_input_in_every_state(state: int, given: int) -> None:
    tag = living()
    memory = tag.memory
    memory.state = state
    memory.lid_open = int(state in (life.OPEN, life.ON_SCENE) or (state == life.DOCKED and given == life.CLOSED))
    memory.marks = int(state == life.ON_SCENE)
    memory.docked = int(state == life.DOCKED)
    before = vars(memory).copy()
    effect = tag.take(given, 1000)
    name = {0: "-", life.CALL: "call", life.SHOW: "show"}.get(effect) or record.TYPE_NAMES[effect]
    state_name = STATE_NAMES[state]
    expected = EXPECTED.get((state_name, INPUT_NAMES[given]), (state_name, "-"))
    assert (STATE_NAMES[memory.state], name) == expected
    if expected == (state_name, "-"):
        assert vars(memory) == before


@pytest.mark.parametrize(("lid", "marks", "state"), [(0, 0, "asleep"), (1, 0, "open"), (1, 3, "on scene")])
def test_a_tag_that_leaves_the_dock_is_what_its_lid_says(lid: int, marks: int, state: str) -> None:
    tag = living()
    tag.memory.state, tag.memory.docked = life.DOCKED, 1
    tag.memory.lid_open, tag.memory.marks = lid, marks
    assert tag.take(life.UNDOCKS, 0) == record.UNDOCK
    assert STATE_NAMES[tag.memory.state] == state


def test_the_lid_may_move_at_the_dock() -> None:
    tag = living()
    effects = [tag.take(given, 0) for given in (life.DOCKS, life.OPENED, life.OPENED, life.CLOSED, life.CLOSED)]
    assert effects == [record.DOCK, record.LID_OPEN, 0, record.LID_CLOSE, 0]
    assert tag.memory.state == life.DOCKED


def test_flags_are_the_state_after_the_input() -> None:
    tag = living()
    seen = []
    for one in (life.DOCKS, life.OPENED, life.UNDOCKS, life.CLOSED):
        tag.take(one, 0)
        seen.append(tag.flags())
    lid, dock = record.FLAG_LID_OPEN, record.FLAG_DOCKED
    assert seen == [dock, dock | lid, lid, 0]
    tag.memory.utc_ms, tag.memory.battery = 1, battery.LOW
    assert tag.flags() == record.FLAG_CLOCK_SET | record.FLAG_BATTERY_LOW


def test_marks_count_from_the_opening_and_open_no_radio() -> None:
    tag = living()
    tag.take(life.OPENED, 0)
    counts = []
    for _ in range(3):
        assert tag.take(life.PRESSED, 0) == record.DOSE_MARK
        counts.append(tag.memory.marks)
    assert counts == [1, 2, 3]
    assert tag.air(1) == life.SILENT
    tag.take(life.CLOSED, 0)
    tag.take(life.OPENED, 0)
    tag.take(life.PRESSED, 0)
    assert tag.memory.marks == 1


def test_what_the_log_did_not_take_is_as_it_was() -> None:
    tag = living(second_dose_s=120)
    tag.take(life.OPENED, 0)
    tag.take(life.PRESSED, 9000)
    before = vars(tag.memory).copy()
    for one in (life.PRESSED, life.CLOSED, life.DOCKS):
        tag.take(one, 50000)
        tag.undo()
        assert vars(tag.memory) == before


def test_a_call_lasts_a_minute_and_the_dock_as_long_as_it_lasts() -> None:
    tag = living()
    tag.take(life.RELEASED, 5000)
    assert [tag.air(now) for now in (5000, 5000 + CALL_MS - 1, 5000 + CALL_MS)] == [life.ROTATING] * 2 + [life.SILENT]
    tag.take(life.DOCKS, 90000)
    assert tag.air(10**12) == life.ROTATING
    tag.take(life.UNDOCKS, 10**12)
    assert tag.air(10**12) == life.SILENT


def test_heartbeats_and_the_length_of_sleep() -> None:
    tag = living()
    day_ms = 86400 * 1000
    assert not tag.heartbeat_due(day_ms - 1)
    assert tag.sleep_ms(day_ms - 1) == 1
    assert tag.heartbeat_due(day_ms)
    tag.memory.held = 1
    assert tag.sleep_ms(0) == JAMMED_MS
    assert tag.sleep_ms(day_ms - 5) == 5


def marked(**values: int) -> Life:
    tag = living(**values)
    tag.take(life.OPENED, 0)
    tag.take(life.PRESSED, 10_000)
    return tag


def test_no_cue_is_given_unless_the_agency_wants_it() -> None:
    tag = marked()
    assert (tag.memory.cues, tag.cue(10**9)) == (0, 0)
    assert tag.sleep_ms(10_000) == 86400_000 - 10_000


def test_cues_come_at_their_times_and_once() -> None:
    tag = marked(second_dose_s=120, resedation_s=1800)
    assert tag.sleep_ms(10_000) == 120_000
    assert [tag.cue(now) for now in (129_999, 130_000, 130_001)] == [0, life.SECOND_DOSE, 0]
    assert tag.sleep_ms(130_001) == 1_679_999
    assert [tag.cue(now) for now in (1_809_999, 1_810_000, 1_810_001)] == [0, life.RESEDATION, 0]
    assert tag.sleep_ms(1_810_001) == 86400_000 - 1_810_001


def test_a_new_mark_begins_both_again_and_closing_the_lid_changes_nothing() -> None:
    tag = marked(second_dose_s=120, resedation_s=1800)
    assert tag.cue(130_000) == life.SECOND_DOSE
    tag.take(life.PRESSED, 200_000)
    tag.take(life.CLOSED, 210_000)
    assert [tag.cue(now) for now in (319_999, 320_000)] == [0, life.SECOND_DOSE]
    assert [tag.cue(now) for now in (1_999_999, 2_000_000)] == [0, life.RESEDATION]


def test_docking_ends_the_cues() -> None:
    tag = marked(second_dose_s=120, resedation_s=1800)
    tag.take(life.DOCKS, 20_000)
    tag.take(life.UNDOCKS, 30_000)
    assert tag.cue(10**9) == 0


def test_of_two_cues_that_are_both_due_the_later_one_is_given() -> None:
    assert marked(second_dose_s=120, resedation_s=1800).cue(10**9) == life.RESEDATION


@pytest.mark.parametrize(
    ("profile", "form"), [(config.PROFILE_PRIVATE, life.ROTATING), (config.PROFILE_OPEN, life.STATIC)]
)
def test_turns_in_the_field(profile: int, form: int) -> None:
    tag = living(profile=profile, field_period_s=1000)
    assert [tag.field_due(now) for now in (999_999, 1_000_000)] == [False, True]
    assert tag.sleep_ms(0) == 1_000_000
    tag.take_the_field(1_000_000)
    assert [tag.air(now) for now in (1_000_000, 1_002_999, 1_003_000)] == [form, form, life.SILENT]
    assert tag.sleep_ms(1_003_000) == 997_000
    assert tag.lid_speaks() == (profile == config.PROFILE_OPEN)
    tag.take(life.RELEASED, 1_001_000)
    assert tag.air(1_002_000) == life.ROTATING, "a call is for the station, whatever the profile"
    tag.take(life.DOCKS, 1_004_000)
    assert not tag.field_due(10**9) and not tag.lid_speaks()
    tag.take(life.UNDOCKS, 5_000_000)
    assert not tag.field_due(5_999_999), "the time to the next turn counts from the dock"


def test_profile_docked_has_no_turns() -> None:
    tag = living()
    assert not tag.field_due(10**12) and not tag.lid_speaks()


def test_a_starving_tag_keeps_off_the_air_but_at_the_dock() -> None:
    tag = living(profile=config.PROFILE_PRIVATE)
    tag.memory.battery = battery.CRITICAL
    tag.take(life.RELEASED, 0)
    assert tag.starving() and tag.air(1) == life.SILENT and not tag.field_due(10**9)
    assert tag.sleep_ms(0) == 86400_000, "and it does not wake for turns"
    tag.take(life.DOCKS, 10)
    assert not tag.starving() and tag.air(11) == life.ROTATING


def test_safe_mode_and_a_tag_without_keys_have_their_own_sleep() -> None:
    tag = living()
    tag.take(life.FAULTS, 0)
    assert (tag.air(0), tag.sleep_ms(10**9)) == (life.SILENT, life.RETRY_MS)
    tag.take(life.NO_KEYS, 0)
    assert (tag.air(0), tag.sleep_ms(10**9)) == (life.SILENT, life.UNENROLLED_MS)


u8, u16, u32 = st.integers(0, 2**8 - 1), st.integers(0, 2**16 - 1), st.integers(0, 2**32 - 1)
memories = st.fixed_dictionaries(
    {
        "started_ms": st.integers(0, 2**62),
        "seen_ms": st.integers(0, 2**62),
        "due_ms": st.integers(0, 2**62),
        "utc_ms": st.integers(-(2**62), 2**62),
        "seen_ticks": u32,
        "heartbeat_s": u32,
        "marked_s": u32,
        "field_s": u32,
        "sampled_s": u32,
        "warm_s": u32,
        "boot_count": u16,
        "marks": u16,
        "faults": st.tuples(u16, u16, u16, u16),
        "config": st.tuples(*[u32] * len(config.ITEMS)),
        **dict.fromkeys(("state", "lid_open", "docked", "battery", "damaged", "held", "cues", "faulty", "cause"), u8),
        **dict.fromkeys(("stopped", "reading", "coldest", "warmest"), u8),
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


def test_the_places_of_the_items_are_their_numbers() -> None:
    assert len(config.ITEMS) == life.ITEMS
    assert [item.number for item in config.ITEMS] == list(range(1, life.ITEMS + 1))
    names = [name for name in vars(life) if name.lower() in config.BY_NAME]
    assert {name.lower(): getattr(life, name) + 1 for name in names} == {
        item.name: item.number for item in config.ITEMS
    }
    assert (life._PROFILE_PRIVATE, life._PROFILE_OPEN) == (config.PROFILE_PRIVATE, config.PROFILE_OPEN)


def test_spoilt_memory_is_no_memory() -> None:
    packed = Memory().pack()
    assert len(packed) == struct.calcsize("<4s4q6I2H4H12I13B12sI") == 149
    for at in range(len(packed)):
        spoilt = bytearray(packed)
        spoilt[at] ^= 0x40
        assert unpack(bytes(spoilt)) is None
    for other in (b"", packed[:-1], packed + b"\x00", bytes(149), b"KTM3" + bytes(145)):
        assert unpack(other) is None


def test_a_reset_brings_faults_and_the_temperature_along_and_nothing_else() -> None:
    kept = Memory()
    kept.seen_ms, kept.boot_count, kept.lid_open, kept.faulty, kept.utc_ms = 1000, 4, 1, 2, 99
    kept.reading, kept.coldest, kept.warmest, kept.sampled_s, kept.warm_s = 1, 90, 140, 50, 60
    kept.pend(77)
    assert life.begin(kept, True, 1000) is kept
    for woken, now_ms in ((False, 2000), (True, 999)):
        memory = life.begin(kept, woken, now_ms)
        assert (memory.started_ms, memory.boot_count, memory.lid_open, memory.utc_ms) == (now_ms, 0, 0, 0)
        assert (memory.faults, memory.faulty, memory.state) == ((77, 0, 0, 0), 2, life.ASLEEP)
        assert (memory.reading, memory.coldest, memory.warmest) == (1, 90, 140)
        assert (memory.sampled_s, memory.warm_s) == (0, 0)
    kept.state = life.SAFE
    assert life.begin(kept, False, 2000).state == life.SAFE
    assert vars(life.begin(None, True, 5)) == {**vars(Memory()), "started_ms": 5}


@pytest.mark.parametrize(
    ("due_ms", "now_ms", "same"),
    [
        (0, 1000, True),
        (0, 1000 + life.LONGEST_SLEEP_MS, True),
        (0, 1000 + life.LONGEST_SLEEP_MS + life.LATE_MS + 1, False),
        (3_601_000, 3_601_000 + 180_000 + life.LATE_MS, True),
        (3_601_000, 3_601_000 + 180_000 + life.LATE_MS + 1, False),
        (3_601_000, 2000, True),
        (3_601_000, 999, False),
    ],
)
def test_a_sleep_longer_than_was_planned_or_shorter_than_nothing_is_a_clock_that_was_set(
    due_ms: int, now_ms: int, same: bool
) -> None:
    kept = Memory()
    kept.seen_ms, kept.due_ms, kept.boot_count = 1000, due_ms, 4
    assert (life.begin(kept, True, now_ms) is kept) == same


@pytest.mark.parametrize(("due_ms", "ticks"), [(9_000_000, 700), (0, 499)], ids=["a sleep began", "later in its boot"])
def test_what_was_written_in_another_boot_is_left_as_it_is(due_ms: int, ticks: int) -> None:
    kept = Memory()
    kept.started_ms, kept.seen_ms, kept.due_ms, kept.seen_ticks = 1000, 5_000_000, due_ms, 500
    life.mend(kept, 8_000_000, ticks)
    assert (kept.started_ms, kept.seen_ms) == (1000, 5_000_000)


@given(st.integers(-(2**40), 2**40), st.integers(0, 2**29 - 1), st.integers(0, 2**30 - 1), st.floats(-0.02, 0.02))
def test_what_the_clock_was_set_by_is_taken_out_and_what_it_drifts_is_not(
    shift_ms: int, passed_ms: int, ticks: int, drift: float
) -> None:
    kept = Memory()
    kept.started_ms, kept.seen_ms, kept.seen_ticks = 2**41, 2**41 + 5000, ticks
    drifted_ms = int(passed_ms * drift)
    life.mend(kept, kept.seen_ms + passed_ms + drifted_ms + shift_ms, (ticks + passed_ms) % 2**30)
    allowed = life.LATE_MS // 30 + passed_ms // 50
    if abs(shift_ms + drifted_ms) > allowed:
        assert kept.started_ms == 2**41 + shift_ms + drifted_ms
        assert kept.seen_ms == 2**41 + 5000 + shift_ms + drifted_ms
    else:
        assert kept.started_ms == 2**41


def test_pending_faults_are_kept_once_and_four_at_most() -> None:
    memory = Memory()
    for code in (5, 0, 6, 5, 7, 8, 9):
        memory.pend(code)
    assert memory.faults == (5, 6, 7, 8)


def lights(sign: tuple[tuple[int, int, int], ...]) -> list[int]:
    """Lengths of the flashes of `sign` in milliseconds."""
    return [ms for light, _, ms in sign if light]


def test_a_long_press_answers_in_three_groups() -> None:
    assert lights(signs.state(life.IN_DATE, 100, False, False)) == [1000, *[200] * 4, 1000]
    assert lights(signs.state(life.DATE_UNKNOWN, 49, False, True)) == [200, 200, 200, 200, 200, 200]
    assert lights(signs.state(life.OUT_OF_DATE, 0, True, False)) == [60] * 16 + [1000]
    assert [len(lights(signs.state(1, percent, False, True))) - 3 for percent in (0, 24, 25, 50, 75, 100)] == [
        1,
        1,
        2,
        3,
        4,
        4,
    ]


def test_groups_stand_apart_and_no_two_signs_are_alike() -> None:
    state = signs.state(life.IN_DATE, 60, False, True)
    dark = [ms for light, _, ms in state if not light]
    assert sorted(dark, reverse=True)[:2] == [1200, 1200] and max(ms for ms in dark if ms != 1200) <= 300
    named = (
        signs.MARK,
        signs.MARK_STARVING,
        signs.CALL,
        signs.SECOND_DOSE,
        signs.RESEDATION,
        signs.EXPIRED,
        signs.SAFE,
    )
    assert len({tuple(lights(sign)) for sign in named}) == len(named)
    assert sum(ms for _, _, ms in signs.identify(60)) == 60_000


def test_the_newest_sign_takes_the_place_of_the_one_before() -> None:
    player = signs.Player()
    assert not player.playing and player.tick(5) == (0, 0)
    player.play(signs.CALL, True, 1000)
    assert player.tick(1100) == (1, signs.HIGH_HZ)
    player.play(signs.MARK, False, 1200)
    assert [player.tick(now) for now in (1200, 1279, 1280, 1360, 1440, 1519)] == [
        (1, 0),
        (1, 0),
        (0, 0),
        (1, 0),
        (0, 0),
        (0, 0),
    ]
    assert player.playing
    assert player.tick(1520) == (0, 0) and not player.playing


def test_a_late_look_does_not_make_a_sign_longer() -> None:
    player = signs.Player()
    player.play(signs.MARK, False, 0)
    assert player.tick(170) == (1, 0)
    assert player.tick(5000) == (0, 0) and not player.playing


def test_levels_of_the_cell_have_their_gaps() -> None:
    seen, level = [], battery.OK
    for millivolts in (3500, 3499, 3600, 3601, 3199, 3300, 3301, 3601, 2999, 3100, 3101, 4000):
        level = battery.level(millivolts, level)
        seen.append(level)
    ok, low, critical, empty = battery.OK, battery.LOW, battery.CRITICAL, battery.EMPTY
    assert seen == [ok, low, low, ok, critical, critical, low, ok, empty, empty, critical, ok]


@given(st.lists(st.integers(0, 5000), min_size=1, max_size=16))
def test_a_trimmed_mean_is_within_what_is_left(readings: list[int]) -> None:
    cut = len(readings) // 4
    kept = sorted(readings)[cut : len(readings) - cut]
    assert kept[0] <= battery.trimmed_mean(readings) <= kept[-1]


def test_two_spoilt_readings_of_eight_do_not_count() -> None:
    assert battery.trimmed_mean([1900, 1902, 1898, 1900, 1901, 1899, 0, 3300]) == 1900


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
    assert battery.percent(3500) == 8


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


@pytest.mark.parametrize("sealed", [False, True])
def test_profile_open_counts_on_from_epoch_to_epoch(sealed: bool) -> None:
    address, key = bytes(range(1, 7)), bytes(16) if sealed else None
    air = Beacon(ADVERT_KEY)
    frames = []
    for epoch in (6, 7):
        air.begin_open(epoch, 0, address, key)
        for count in (1, 1, 2):
            data = air.frame(State(80, True, False, False, False, count))
            frames.append(data)
    said = [advert.Advert(index, 80, True, False, False, False, count) for index, count in ((0, 1), (1, 2))]
    first, second = [[advert.build_open(address, key, epoch << 8 | at, said[at]) for at in (0, 1)] for epoch in (6, 7)]
    assert frames == [first[0], None, first[1], second[0], None, second[1]]


def test_the_table_of_the_guide_is_that_of_the_machine() -> None:
    text = (Path(__file__).parents[2] / "docs/firmware.md").read_text()
    rows = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("| ")]
    (head,) = [row for row in rows if row[0].strip() == "input" and len(row) == 7]
    states = [name.strip() for name in head[1:]]
    assert states == list(STATE_NAMES)
    told = {}
    for row in rows:
        given = row[0].strip()
        if len(row) == 7 and given in INPUT_NAMES:
            for state, field in zip(states, row[1:], strict=True):
                following, _, effect = field.strip().replace("as the lid has it", "asleep").partition(": ")
                if following:
                    told[state, given] = (following, effect.strip("`") or "-")
    assert told == EXPECTED


HOUR_MS = 3_600_000


def test_a_tag_looks_at_its_thermometer_only_if_it_is_to_and_nothing_has_warmed_it() -> None:
    assert not living().looks(10**9), "off by default"
    tag = living(temperature_s=21600, temp_offset=1000)
    assert [tag.looks(uptime_ms) for uptime_ms in (HOUR_MS - 1, HOUR_MS)] == [False, True], "an hour after a start"
    for state in (life.DOCKED, life.PROVISIONING, life.SAFE):
        tag.memory.state = state
        assert not tag.looks(HOUR_MS)
    tag.memory.state = life.ASLEEP
    tag.memory.battery = battery.CRITICAL
    assert not tag.looks(HOUR_MS)
    tag.memory.battery = battery.OK
    tag.take(life.DOCKS, 2 * HOUR_MS)
    tag.take(life.UNDOCKS, 5 * HOUR_MS)
    assert [tag.looks(uptime_ms) for uptime_ms in (6 * HOUR_MS - 1, 6 * HOUR_MS)] == [False, True], "the charger"
    tag.was_awake(7 * HOUR_MS, 7 * HOUR_MS + life.FIELD_MS)
    assert tag.looks(7 * HOUR_MS + life.FIELD_MS), "a turn in the field does not warm it"
    tag.was_awake(7 * HOUR_MS, 7 * HOUR_MS + life.CALL_MS)
    assert not tag.looks(8 * HOUR_MS) and tag.looks(8 * HOUR_MS + life.CALL_MS)


def test_a_sleep_ends_for_a_look_at_the_thermometer_but_for_none_that_it_may_not_take() -> None:
    tag = living(temperature_s=7200, temp_offset=1000)
    assert tag.sleep_ms(1000) == 2 * HOUR_MS - 1000
    tag.memory.sampled_s = 9000
    assert tag.sleep_ms(9_000_000) == 2 * HOUR_MS
    tag.memory.warm_s = 15000
    assert tag.sleep_ms(9_000_000) == (15000 + life.REST_S) * 1000 - 9_000_000
    at_rest = living(temperature_s=0, temp_offset=1000).sleep_ms(9_000_000)
    tag.memory.docked = 1
    assert tag.sleep_ms(9_000_000) == at_rest
    tag.memory.docked, tag.memory.battery = 0, battery.CRITICAL
    assert tag.sleep_ms(9_000_000) == at_rest


@given(st.lists(st.integers(-600, 1500), min_size=1), st.integers(800, 1200))
def test_the_coldest_and_the_warmest_are_kept_with_the_offset_and_within_what_can_be_told(
    readings: list[int], offset: int
) -> None:
    tag = living(temperature_s=3600, temp_offset=offset)
    told = [record.temperatures_of(record.HEARTBEAT, tag.looked(tenths)) for tenths in readings]
    exact = [(tenths + offset - 1000) / 10 for tenths in readings]
    for value, pair in zip(exact, told, strict=True):
        assert pair is not None and pair[0] == pair[1]
        assert abs(pair[0] - min(max(value, record.COLDEST_C), record.WARMEST_C)) <= 0.5
    aux = tag.memory.warmest << 8 | tag.memory.coldest
    found = record.temperatures_of(record.TEMPERATURE, aux)
    assert found == (min(pair[0] for pair in told if pair), max(pair[1] for pair in told if pair))
