"""A tag's configuration in people's units, and the label of its pouch."""

from __future__ import annotations

from pathlib import Path

import pytest

from host.clock import Instant
from host.errors import InputError
from host.phrase import Phrase
from host.sheets import tag_label as label
from host.tag import config as configuration
from host.tag.config import ConfigChange
from kitwire import config
from tests.refusals import refused

ZONE = "Europe/London"
ITEM = config.BY_NUMBER
DEFAULTS = {item.number: item.default for item in config.ITEMS}


def test_every_item_has_a_meaning_and_is_shown() -> None:
    assert set(configuration.MEANINGS) == set(ITEM)
    shown = {item.name: configuration.show(item, item.default, ZONE) for item in config.ITEMS}
    yes, no, off = (Phrase(f"value.{each}") for each in ("yes", "no", "off"))
    assert shown == {
        "profile": Phrase("value.plain", value="docked"),
        "heartbeat_s": Phrase("value.duration", count=1, unit="d"),
        "trackable": no,
        "field_period_s": Phrase("value.duration", count=1, unit="h"),
        "open_sealed": yes,
        "kit_expires_s": Phrase("value.not_known"),
        "buzzer": no,
        "second_dose_s": off,
        "resedation_s": off,
        "battery_gain": Phrase("value.plain", value="1.000"),
        "temperature_s": off,
        "temp_offset": Phrase("value.none"),
    }
    expires = configuration.show(ITEM[config.KIT_EXPIRES_S], 1814396400, ZONE)
    assert expires == Phrase("value.time", at=Instant(1814396400_000, ZONE))
    for value, celsius in ((1105, 10.5), (997, -0.3), (1000, 0.0)):
        assert configuration.show(ITEM[config.TEMP_OFFSET], value, ZONE) == Phrase("value.added_c", celsius=celsius)


@pytest.mark.parametrize(
    ("item", "text", "value"),
    [
        (config.HEARTBEAT_S, "1h", 3600),
        (config.HEARTBEAT_S, "7d", 604800),
        (config.HEARTBEAT_S, "12 h", 43200),
        (config.SECOND_DOSE_S, "30s", 30),
        (config.SECOND_DOSE_S, "3m", 180),
        (config.SECOND_DOSE_S, "off", 0),
        (config.RESEDATION_S, "90m", 5400),
        (config.TEMPERATURE_S, "6h", 21600),
        (config.TEMPERATURE_S, "off", 0),
    ],
)
def test_times_are_read_in_their_units(item: int, text: str, value: int) -> None:
    assert configuration.read_duration(ITEM[item], text) == ConfigChange(ITEM[item], value)


@pytest.mark.parametrize(
    "text", ["", "12", "h", "-1h", "0h", "59m", "8d", "12 hours", "1e3s", "off", "99999999d", "１h"]
)
def test_a_time_that_is_none_or_out_of_range_names_the_range(text: str) -> None:
    least, most = Phrase("value.duration", count=1, unit="h"), Phrase("value.duration", count=7, unit="d")
    with refused("tag_config.no_time", InputError, text=text, item="heartbeat_s", least=least, most=most, such="1d"):
        configuration.read_duration(ITEM[config.HEARTBEAT_S], text)


def test_an_item_that_can_be_off_says_so() -> None:
    least = Phrase("value.duration", count=30, unit="s")
    with refused("tag_config.no_time_or_off", InputError, least=least, such="30s"):
        configuration.read_duration(ITEM[config.SECOND_DOSE_S], "0s")


def test_only_what_differs_is_changed() -> None:
    same = [ConfigChange(item, item.default) for item in config.ITEMS]
    assert configuration.checked(same, DEFAULTS) == []
    longer = ConfigChange(ITEM[config.HEARTBEAT_S], 3600)
    assert configuration.checked([*same, longer], DEFAULTS) == [longer]


def test_consent_comes_before_open_and_goes_after_it() -> None:
    agree, refuse = (ConfigChange(ITEM[config.TRACKABLE], value) for value in (1, 0))
    follow, hide = configuration.profile("open"), configuration.profile("docked")
    assert configuration.checked([follow, agree], DEFAULTS) == [agree, follow]
    is_open = DEFAULTS | {config.PROFILE: config.PROFILE_OPEN, config.TRACKABLE: 1}
    assert configuration.checked([refuse, hide], is_open) == [hide, refuse]
    for changes, present in (([follow], DEFAULTS), ([refuse], is_open), ([follow, refuse], is_open)):
        with refused("tag_config.not_agreed", InputError):
            configuration.checked(changes, present)


def test_an_offset_comes_before_the_readings_that_need_it_and_goes_after_them() -> None:
    compared, forgotten = configuration.read_offset("10.5"), configuration.read_offset("none")
    on, off = (configuration.read_duration(ITEM[config.TEMPERATURE_S], text) for text in ("6h", "off"))
    assert configuration.checked([on, compared], DEFAULTS) == [compared, on]
    reading = DEFAULTS | {config.TEMPERATURE_S: 3600, config.TEMP_OFFSET: 1105}
    assert configuration.checked([forgotten, off], reading) == [off, forgotten]
    for changes, present in (([on], DEFAULTS), ([forgotten], reading), ([on, forgotten], reading)):
        with refused("tag_config.not_compared", InputError):
            configuration.checked(changes, present)


@pytest.mark.parametrize(
    ("text", "value"),
    [("10.5", 1105), ("-0.3", 997), ("+2", 1020), ("0", 1000), ("-20", 800), ("20.0", 1200), ("none", 0)],
)
def test_an_offset_is_read_in_degrees(text: str, value: int) -> None:
    assert configuration.read_offset(text) == ConfigChange(ITEM[config.TEMP_OFFSET], value)


@pytest.mark.parametrize("text", ["", "20.1", "-20.1", "99.9", "1.55", "10,5", "1e1", "ten", "off", "--1", "1 5"])
def test_an_offset_that_is_none_or_too_much_names_the_range(text: str) -> None:
    with refused("tag_config.no_offset", InputError, text=text, most=20):
        configuration.read_offset(text)


@pytest.mark.parametrize(
    ("measured", "told", "present", "value"), [(21.5, 11, 1000, 1105), (21.5, 22, 1105, 1100), (4.0, 4, 0, 1000)]
)
def test_the_offset_makes_the_tag_tell_what_was_measured(measured: float, told: int, present: int, value: int) -> None:
    assert configuration.offset(measured, told, present).value == value
    with refused("tag_config.offset_too_far", InputError, told_c=told, measured_c=measured + 31):
        configuration.offset(measured + 31, told, present)


@pytest.mark.parametrize(
    ("measured", "told", "present", "value"),
    [(3900, 3900, 1000, 1000), (3950, 3900, 1000, 1013), (3900, 3939, 1010, 1000)],
)
def test_the_gain_makes_the_tag_read_what_was_measured(measured: int, told: int, present: int, value: int) -> None:
    assert configuration.gain(measured, told, present).value == value
    assert abs(told / present * value - measured) < 2.5


@pytest.mark.parametrize(("measured", "told"), [(3000, 3900), (4400, 3900), (3900, 0)])
def test_a_gain_beyond_any_divider_is_refused(measured: int, told: int) -> None:
    with refused("tag_config.gain_too_far", InputError, told_mv=told, measured_mv=measured):
        configuration.gain(measured, told, 1000)


def test_a_label_bears_name_and_id_and_nothing_else(tmp_path: Path) -> None:
    pouch, tag_id = "P-<7>", "00112233445566ff"
    label.write(tmp_path / "a.svg", pouch, tag_id)
    text = (tmp_path / "a.svg").read_text()
    assert "P-&lt;7&gt;" in text
    assert tag_id in text
    label.write(tmp_path / "a.PNG", pouch, tag_id)
    assert (tmp_path / "a.PNG").read_bytes().startswith(b"\x89PNG")
    shown = label.text(pouch, tag_id).splitlines()
    assert (shown[0], shown[-1]) == ("pouch P-<7>", tag_id)
    assert len({len(line) for line in shown[1:-1]}) == 1


def test_the_label_in_the_terminal_is_the_code_of_the_id() -> None:
    """Read back module by module, against a code made the ordinary way."""
    import segno

    halves = {"█": (0, 0), "▀": (0, 1), "▄": (1, 0), " ": (1, 1)}
    rows: list[list[int]] = []
    for line in label.text("P1", "00112233445566ff").splitlines()[1:-1]:
        rows += [[halves[char][at] for char in line] for at in (0, 1)]
    expected = [list(row) for row in segno.make("00112233445566FF", error="m", micro=False).matrix_iter(border=2)]
    assert rows[: len(expected)] == expected


@pytest.mark.parametrize("name", ["label", "label.pdf", "none/label.svg"])
def test_a_file_that_no_label_can_go_to_is_said_so_before_anything_is_written(tmp_path: Path, name: str) -> None:
    code = "label.no_folder" if "/" in name else "label.no_file"
    with refused(code, InputError):
        label.check(tmp_path / name)
    label.check(tmp_path / "label.svg")
