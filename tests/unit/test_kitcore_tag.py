"""The tag itself on models of its edges: what it records and refuses, its configuration, and a flash that fails it."""

import os

import pytest

from kitcore import battery, life, ring, signs
from kitcore.server import RangeError
from kitcore.tag import ACKNOWLEDGED, BOOT_COUNT
from kitwire import config, faults, record
from tests.memory_tag import MemoryTag

LOG_KEY = bytes(range(32))
UTC_S = 1_790_000_000
SECTOR = ring.SLOTS


def made() -> MemoryTag:
    return MemoryTag(os.urandom(8).hex(), bytes(32), LOG_KEY)


def plains(tag: MemoryTag) -> list[record.Plain]:
    """All that is in the log, in clear."""
    from kitwire import keys

    found, key, previous = [], LOG_KEY, record.GENESIS_TAG
    for sequence, sealed in enumerate(tag.log.records(1, 10_000), 1):
        found.append(record.open(bytes.fromhex(tag.id), key, sequence, previous, sealed))
        key, previous = keys.ratchet(key), record.tag_of(sealed)
    return found


def told(tag: MemoryTag) -> list[tuple[str, int]]:
    """Names and aux of all records."""
    return [(record.TYPE_NAMES[plain.type], plain.aux) for plain in plains(tag)]


def test_a_brief_edge_gives_both_and_one_that_stands_gives_one() -> None:
    tag = made()
    tag.lid(False, moved=True)
    tag.lid(True, moved=True)
    tag.lid(True, moved=True)
    tag.lid(True)
    flags = [(record.TYPE_NAMES[plain.type], bool(plain.flags & record.FLAG_BRIEF)) for plain in plains(tag)]
    assert flags == [
        ("lid_open", True),
        ("lid_close", True),
        ("lid_open", False),
        ("lid_close", True),
        ("lid_open", True),
    ]


def test_a_mark_is_confirmed_once_it_is_in_the_log() -> None:
    tag = made()
    tag.lid(True)
    tag.press()
    tag.release()
    tag.hold()
    assert told(tag) == [("lid_open", 0), ("dose_mark", 1)]
    assert tag.lamp.shown == [(signs.MARK, False)]


def test_a_mark_that_the_flash_refused_is_not_confirmed() -> None:
    tag = made()
    tag.lid(True)
    tag.flash.program = lambda offset, data: None  # type: ignore[method-assign]
    with pytest.raises(ring.StorageError):
        tag.press()
    assert tag.lamp.shown == []
    assert (tag.time.memory.marks, tag.time.memory.state) == (0, life.OPEN)


def test_an_edge_that_the_flash_refused_is_seen_again() -> None:
    tag = made()
    program = tag.flash.program
    tag.flash.program = lambda offset, data: None  # type: ignore[method-assign]
    for happen in (lambda: tag.lid(True), lambda: tag.dock(True)):
        with pytest.raises(ring.StorageError):
            happen()
    tag.flash.program = program  # type: ignore[method-assign]
    tag.lid(True)
    tag.dock(True)
    assert told(tag) == [("lid_open", 0), ("dock", 0)]


def test_beside_a_closed_pouch_a_press_calls_or_shows() -> None:
    tag = made()
    tag.press()
    tag.release()
    tag.press()
    tag.hold()
    assert told(tag) == []
    assert [sign for sign, _ in tag.lamp.shown] == [signs.CALL, signs.state(life.DATE_UNKNOWN, 70, False, False)]
    assert tag.life.air(tag.time.uptime_ms()) == life.ROTATING


def test_the_state_shown_is_the_tags_own() -> None:
    tag = made()
    tag.set_config(config.BUZZER, 1)
    tag.set_config(config.KIT_EXPIRES_S, UTC_S)
    tag.set_time((UTC_S - 10) * 1000)
    tag.acknowledge(tag.log.last)
    tag.hold()
    assert tag.lamp.shown[-1] == (signs.state(life.IN_DATE, 70, False, False), True)
    tag.uptime_s += 10
    tag.cell.mv = 3450
    tag.measure()
    tag.hold()
    assert tag.lamp.shown[-1] == (signs.state(life.OUT_OF_DATE, 7, True, True), True)


@pytest.mark.parametrize(("before_s", "warned"), [(60, False), (0, True)])
def test_lifted_off_the_dock_a_kit_that_is_out_of_date_warns(before_s: int, warned: bool) -> None:
    tag = made()
    tag.set_config(config.KIT_EXPIRES_S, UTC_S)
    tag.set_time((UTC_S - before_s) * 1000)
    tag.dock(True)
    tag.dock(False)
    assert ([sign for sign, _ in tag.lamp.shown] == [signs.EXPIRED]) == warned


def test_without_a_clock_nothing_is_known_of_the_date() -> None:
    tag = made()
    tag.set_config(config.KIT_EXPIRES_S, UTC_S)
    assert tag.date() == life.DATE_UNKNOWN
    tag.set_time(UTC_S * 1000)
    assert tag.date() == life.OUT_OF_DATE
    tag.set_config(config.KIT_EXPIRES_S, 0)
    assert tag.date() == life.DATE_UNKNOWN


def test_cues_are_shown_at_their_times() -> None:
    tag = made()
    tag.set_config(config.SECOND_DOSE_S, 120)
    tag.set_config(config.RESEDATION_S, 1800)
    tag.lid(True)
    tag.press()
    tag.lamp.shown.clear()
    shown = []
    for _ in range(2000):
        tag.uptime_s += 1
        tag.beat(tag.time.uptime_ms())
        shown += [(tag.uptime_s, sign) for sign, _ in tag.lamp.shown]
        tag.lamp.shown.clear()
    assert shown == [(120, signs.SECOND_DOSE), (1800, signs.RESEDATION)]


def test_every_item_is_read_and_set_within_its_range() -> None:
    tag = made()
    assert tag.configuration == {}
    for item in reversed(config.ITEMS):  # trackable before the profile
        if item.number == config.PROFILE:
            continue
        for value in (item.least, item.most):
            tag.set_config(item.number, value)
            assert tag.get_config(item.number) == value
        for value in (item.least - 1, item.most + 1, 1 << 32):
            if not config.accepts(item, value):
                with pytest.raises(RangeError):
                    tag.set_config(item.number, value)
        assert tag.get_config(item.number) == item.most
    for number in (0, 13, 255):
        with pytest.raises(RangeError):
            tag.get_config(number)
        with pytest.raises(RangeError):
            tag.set_config(number, 0)


def test_a_change_is_kept_and_recorded_and_what_is_so_already_is_neither() -> None:
    tag = made()
    for value in (config.BY_NUMBER[config.HEARTBEAT_S].default, 7200, 7200):
        tag.set_config(config.HEARTBEAT_S, value)
    assert told(tag) == [("config", config.HEARTBEAT_S)]
    assert tag.stored.writes == 1
    big = 0xF000_0000
    tag.set_config(config.KIT_EXPIRES_S, big)
    assert tag.stored.kept["kit_expires_s"] == big - (1 << 32), "as NVS keeps it"
    tag._configure()
    assert tag.get_config(config.KIT_EXPIRES_S) == big


def test_profile_open_and_consent_to_tracking_hold_each_other() -> None:
    tag = made()
    with pytest.raises(RangeError):
        tag.set_config(config.PROFILE, config.PROFILE_OPEN)
    tag.set_config(config.TRACKABLE, 1)
    tag.set_config(config.PROFILE, config.PROFILE_OPEN)
    with pytest.raises(RangeError):
        tag.set_config(config.TRACKABLE, 0)
    tag.set_config(config.PROFILE, config.PROFILE_PRIVATE)
    tag.set_config(config.TRACKABLE, 0)
    assert tag.configuration == {config.PROFILE: config.PROFILE_PRIVATE}


def test_a_setting_that_is_refused_changes_nothing() -> None:
    tag = made()
    tag.stored.broken = True
    with pytest.raises(ring.StorageError):
        tag.set_config(config.BUZZER, 1)
    assert (tag.get_config(config.BUZZER), told(tag)) == (0, [])
    with pytest.raises(ring.StorageError):
        tag.acknowledge(5)


def test_at_a_start_what_makes_no_sense_becomes_the_default_and_is_said() -> None:
    tag = made()
    tag.stored.kept.update(heartbeat_s=5, trackable=9, buzzer=-1, battery_gain=899, second_dose_s=60)
    tag.start(1)
    senseless = [config.HEARTBEAT_S, config.TRACKABLE, config.BUZZER, config.BATTERY_GAIN]
    assert told(tag) == [("boot", 1), *(("fault", faults.CONFIG + item) for item in senseless)]
    assert tag.configuration == {config.SECOND_DOSE_S: 60}
    tag.set_config(config.HEARTBEAT_S, 86400)
    assert tag.stored.kept["heartbeat_s"] == 86400, "the default is what holds, but not what is kept"


def test_profile_open_without_consent_is_put_right_for_good() -> None:
    tag = made()
    tag.stored.kept["profile"] = config.PROFILE_OPEN
    tag.start(1)
    tag.stored.kept["trackable"] = 1
    tag.start(1)
    assert told(tag) == [("boot", 1), ("fault", faults.TRACKING), ("boot", 1)]
    assert tag.get_config(config.PROFILE) == config.PROFILE_DOCKED


def test_a_start_counts_even_if_that_cannot_be_kept() -> None:
    tag = made()
    tag.stored.kept[BOOT_COUNT] = 6
    tag.stored.broken = True
    tag.start(2)
    assert [plain.boot_count for plain in plains(tag)] == [7, 7]
    assert told(tag) == [("boot", 2), ("fault", faults.place("settings", 0))]
    tag.stored.broken = False
    tag.stored.kept[BOOT_COUNT] = 0xFFFF
    tag.start(1)
    assert plains(tag)[-1].boot_count == 1, "a start that is recorded is never numbered 0"


def test_the_gain_makes_the_voltage_right() -> None:
    tag = made()
    tag.set_config(config.BATTERY_GAIN, 1030)
    tag.measure()
    tag.lid(True)
    assert plains(tag)[-1].battery_mv == 3900 * 1030 // 1000


def test_low_battery_is_recorded_once_until_it_has_recovered() -> None:
    tag = made()
    for millivolts in (3500, 3499, 3400, 3600, 3499, 3601, 3499, 3100):
        tag.cell.mv = millivolts
        tag.measure()
    assert told(tag) == [("battery_low", 0)] * 2
    assert tag.battery_low and tag.time.memory.battery == battery.CRITICAL


def filled() -> MemoryTag:
    """A tag whose next record needs a new sector, with a cell too weak to erase one."""
    tag = made()
    while tag.log.last < SECTOR - 1:
        tag.happen(record.HEARTBEAT)
    tag.cell.mv = 2950
    tag.time.memory.battery = battery.EMPTY
    tag.read_battery()
    return tag


def test_a_weak_cell_erases_nothing_and_the_edge_comes_later() -> None:
    tag = filled()
    before = bytes(tag.flash.bytes)
    tag.lid(True)
    tag.press()
    tag.lid(True)
    assert bytes(tag.flash.bytes) == before
    assert tag.time.memory.faults[0] == faults.WEAK and not tag.lid_open
    assert tag.lamp.shown == []
    tag.dock(True)
    tag.lid(True)
    assert told(tag)[SECTOR - 1 :] == [("dock", 0), ("fault", faults.WEAK), ("lid_open", 0)]
    assert tag.time.memory.faults == (0, 0, 0, 0)


def test_a_cell_that_was_charged_meanwhile_erases_though_the_dock_has_gone() -> None:
    tag = filled()
    tag.time.memory.docked, tag.time.memory.state = 1, life.DOCKED
    tag.cell.mv = 3900
    tag.read_battery()
    tag.dock(False)
    tag.note_battery()
    assert told(tag)[SECTOR - 1 :] == [("undock", 0)]
    assert tag.time.memory.faults == (0, 0, 0, 0)
    assert tag.time.memory.battery == battery.OK


def test_a_cell_that_has_recovered_takes_up_what_is_pending() -> None:
    tag = filled()
    tag.lid(True)
    tag.cell.mv = 3700
    tag.read_battery()
    tag.note_faults()
    tag.lid(True)
    assert told(tag)[SECTOR - 1 :] == [("fault", faults.WEAK), ("lid_open", 0)]


def test_a_fault_that_the_log_does_not_take_waits() -> None:
    tag = made()
    program = tag.flash.program
    tag.flash.program = lambda offset, data: None  # type: ignore[method-assign]
    tag.fault(2222)
    tag.fault(faults.ADDRESS)
    tag.flash.program = program  # type: ignore[method-assign]
    assert told(tag) == []
    assert life.unpack(tag.time.kept).faults == (2222, faults.ADDRESS, 0, 0)  # type: ignore[union-attr]
    tag.note_faults()
    assert told(tag) == [("fault", 2222), ("fault", faults.ADDRESS)]
    tag.note_faults()
    assert len(told(tag)) == 2


def test_acknowledging_never_goes_back() -> None:
    tag = made()
    assert [tag.acknowledge(up_to) for up_to in (3, 1, 7)] == [3, 3, 7]
    assert tag.stored.kept[ACKNOWLEDGED] == 7


@pytest.mark.parametrize(
    ("traceback", "aux"),
    [
        (
            'Traceback (most recent call last):\n  File "wake.py", line 229, in main\n'
            '  File "/lib/kitcore/tag.py", line 93, in start\nOSError: 5\n',
            faults.place("kitcore/tag", 93),
        ),
        ('  File "firmware/lib/kitwire/ccm.py", line 7, in seal\nx\n', faults.place("kitwire/ccm", 7)),
        ('  File "air.py", line 4000, in step\nx\n', faults.place("air", 4000)),
        ('  File "radio.py", line 8, in on\n  File "bluetooth.py", line 3, in x\nx\n', faults.place("radio", 8)),
        ('  File "<stdin>", line 1\nValueError: File "x", line\n', faults.UNKNOWN),
        ("MemoryError: \n", faults.UNKNOWN),
        ("", faults.UNKNOWN),
    ],
)
def test_the_place_of_an_exception_is_read_from_its_traceback(traceback: str, aux: int) -> None:
    assert faults.place_of(traceback) == aux


def reading() -> MemoryTag:
    """A tag that looks at its thermometer."""
    tag = made()
    tag.set_config(config.TEMP_OFFSET, 1105)
    tag.set_config(config.TEMPERATURE_S, 21600)
    return tag


def looked(tag: MemoryTag, celsius: int) -> None:
    """What a wake does first."""
    tag.temperature = tag.life.looked(celsius * 10)


def test_no_temperature_is_read_until_the_thermometer_was_compared() -> None:
    tag = made()
    with pytest.raises(RangeError):
        tag.set_config(config.TEMPERATURE_S, 21600)
    tag = reading()
    with pytest.raises(RangeError):
        tag.set_config(config.TEMP_OFFSET, 0)
    tag.set_config(config.TEMPERATURE_S, 0)
    tag.set_config(config.TEMP_OFFSET, 0)
    assert tag.configuration == {}
    tag.stored.kept["temperature_s"] = 3600  # as if a part of NVS were gone
    tag.start(1)
    assert tag.configuration == {}


def test_the_temperature_is_in_what_is_recorded_anyway_and_at_the_dock_comes_the_least_and_the_most() -> None:
    tag = reading()
    looked(tag, 10)
    tag.lid(True)
    tag.press()
    looked(tag, -4)
    tag.lid(False)
    tag.cell.mv = 3400
    tag.measure()
    tag.uptime_s += 86400
    tag.beat(tag.time.uptime_ms())
    tag.temperature = 0
    tag.lid(True)
    tag.lid(False)
    tag.dock(True)
    tag.beat(tag.time.uptime_ms())
    tag.beat(tag.time.uptime_ms())
    assert told(tag)[2:] == [
        ("lid_open", 100 + 21),
        ("dose_mark", 1),
        ("lid_close", 100 + 7),
        ("battery_low", 100 + 7),
        ("heartbeat", 100 + 7),
        ("lid_open", 0),
        ("lid_close", 0),
        ("dock", 0),
        ("temperature", (100 + 21) << 8 | (100 + 7)),
    ]
    assert life.unpack(tag.time.kept).warmest == 0  # type: ignore[union-attr]


def test_what_was_before_the_last_dock_is_not_told_at_the_next() -> None:
    tag = reading()
    looked(tag, 40)
    tag.dock(True)
    tag.flash.program, program = lambda offset, data: None, tag.flash.program  # type: ignore[method-assign]
    with pytest.raises(ring.StorageError):
        tag.beat(0)
    tag.flash.program = program  # type: ignore[method-assign]
    tag.dock(False)
    tag.dock(True)
    tag.beat(0)
    assert "temperature" not in dict(told(tag))


def test_without_readings_nothing_is_told_of_the_temperature() -> None:
    tag = reading()
    tag.dock(True)
    tag.beat(0)
    assert told(tag)[2:] == [("dock", 0)]


def test_a_reading_that_did_not_come_back_is_the_last_one_until_a_station_asks_anew() -> None:
    tag = reading()
    tag.time.memory.reading = life.WOKEN
    tag.give_up_temperature()
    tag.note_faults()
    assert told(tag)[2:] == [("fault", faults.TEMPERATURE)]
    assert tag.configuration == {config.TEMP_OFFSET: 1105}
    assert life.unpack(tag.time.kept).reading == 0  # type: ignore[union-attr]
    tag.start(1)
    assert tag.configuration == {config.TEMP_OFFSET: 1105}
    tag.set_config(config.TEMPERATURE_S, 21600)
    assert tag.configuration[config.TEMPERATURE_S] == 21600


def test_it_is_the_last_one_also_if_that_cannot_be_kept() -> None:
    tag = reading()
    tag.stored.broken = True
    tag.give_up_temperature()
    assert tag.get_config(config.TEMPERATURE_S) == 0
    assert tag.time.memory.faults[0] == faults.TEMPERATURE
