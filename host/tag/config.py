"""A tag's configuration in people's units: how each item is shown and read. Ranges and defaults are the wire's."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from host import clock
from host.errors import InputError
from host.phrase import Phrase
from kitwire import config
from kitwire.config import Item

MEANINGS = {
    config.PROFILE: Phrase("tag_config.profile"),
    config.HEARTBEAT_S: Phrase("tag_config.heartbeat_s"),
    config.TRACKABLE: Phrase("tag_config.trackable"),
    config.FIELD_PERIOD_S: Phrase("tag_config.field_period_s"),
    config.OPEN_SEALED: Phrase("tag_config.open_sealed"),
    config.KIT_EXPIRES_S: Phrase("tag_config.kit_expires_s"),
    config.BUZZER: Phrase("tag_config.buzzer"),
    config.SECOND_DOSE_S: Phrase("tag_config.second_dose_s"),
    config.RESEDATION_S: Phrase("tag_config.resedation_s"),
    config.BATTERY_GAIN: Phrase("tag_config.battery_gain"),
    config.TEMPERATURE_S: Phrase("tag_config.temperature_s"),
    config.TEMP_OFFSET: Phrase("tag_config.temp_offset"),
}
"""What each item is, for a person."""

_DURATIONS = (
    config.HEARTBEAT_S,
    config.FIELD_PERIOD_S,
    config.SECOND_DOSE_S,
    config.RESEDATION_S,
    config.TEMPERATURE_S,
)
_YES_NO = (config.TRACKABLE, config.OPEN_SEALED, config.BUZZER)
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_PROFILES = {name: number for number, name in config.PROFILE_NAMES.items()}

PROFILES = tuple(_PROFILES)
"""The names of the profiles."""


class ConfigChange(NamedTuple):
    """One item and the value that it is to have."""

    item: Item
    value: int


def show(item: Item, value: int, time_zone: str) -> Phrase:
    """`value` in natural units: 12 h, off, 2028-05-01, docked."""
    number = item.number
    if number == config.PROFILE:
        return Phrase("value.plain", value=config.PROFILE_NAMES.get(value, value))
    if number in _YES_NO:
        return Phrase("value.yes" if value else "value.no")
    if number in _DURATIONS:
        return duration(value) if value else Phrase("value.off")
    if number == config.KIT_EXPIRES_S:
        return Phrase("value.time", at=clock.Instant(value * 1000, time_zone)) if value else Phrase("value.not_known")
    if number == config.BATTERY_GAIN:
        return Phrase("value.plain", value=f"{value / 1000:.3f}")
    if number == config.TEMP_OFFSET:
        return Phrase("value.added_c", celsius=(value - config.NO_OFFSET) / 10) if value else Phrase("value.none")
    return Phrase("value.plain", value=value)


def duration(seconds: int) -> Phrase:
    """Seconds in the largest unit that divides them: 90 m, 12 h."""
    count, unit = _in_a_unit(seconds)
    return Phrase("value.duration", count=count, unit=unit)


def _in_a_unit(seconds: int) -> tuple[int, str]:
    unit, size = next((unit, size) for unit, size in reversed(_UNITS.items()) if seconds % size == 0)
    return seconds // size, unit


def read_duration(item: Item, text: str) -> ConfigChange:
    """The change to what is written as 90s, 3m, 12h or 1d; or off, for an item that can be.

    Raises `InputError` if it is none of them or out of the item's range.
    """
    if text == "off" and item.or_zero:
        return ConfigChange(item, 0)
    found = re.fullmatch(r"([0-9]{1,7}) ?([smhd])", text)
    seconds = int(found[1]) * _UNITS[found[2]] if found else -1
    if not item.least <= seconds <= item.most:
        count, unit = _in_a_unit(item.default or item.least)
        raise InputError(
            "tag_config.no_time_or_off" if item.or_zero else "tag_config.no_time",
            text=text,
            item=item.name,
            least=duration(item.least),
            most=duration(item.most),
            such=f"{count}{unit}",
        )
    return ConfigChange(item, seconds)


def profile(name: str) -> ConfigChange:
    """The change to the profile called `name`, one of `PROFILES`."""
    return ConfigChange(config.BY_NUMBER[config.PROFILE], _PROFILES[name])


def gain(measured_mv: int, told_mv: int, present: int) -> ConfigChange:
    """The change that makes a tag which reads `told_mv` with the gain `present` read `measured_mv`.

    Raises `InputError` if that is beyond what a divider's error can be.
    """
    item = config.BY_NUMBER[config.BATTERY_GAIN]
    value = round(present * measured_mv / told_mv) if told_mv else 0
    if not item.least <= value <= item.most:
        raise InputError("tag_config.gain_too_far", told_mv=told_mv, measured_mv=measured_mv)
    return ConfigChange(item, value)


def read_offset(text: str) -> ConfigChange:
    """The change to an offset of its thermometer as written, in °C: 10.5, -0.3, 0; or none.

    Raises `InputError` if it is none of them or beyond what a chip can be off.
    """
    item = config.BY_NUMBER[config.TEMP_OFFSET]
    if text == "none":
        return ConfigChange(item, 0)
    found = re.fullmatch(r"([+-]?)([0-9]{1,2})(?:\.([0-9]))?", text)
    tenths = int(f"{found[1]}{found[2]}{found[3] or 0}") if found else 1000
    value = config.NO_OFFSET + tenths
    if not item.least <= value <= item.most:
        most = (item.most - config.NO_OFFSET) // 10
        raise InputError("tag_config.no_offset", text=text, most=most)
    return ConfigChange(item, value)


def offset(measured_c: float, told_c: int, present: int) -> ConfigChange:
    """The change that makes a tag which told `told_c` with the offset `present` tell `measured_c`, both at rest.

    Raises `InputError` if that is more than a chip can be off.
    """
    item = config.BY_NUMBER[config.TEMP_OFFSET]
    value = (present or config.NO_OFFSET) + round((measured_c - told_c) * 10)
    if not item.least <= value <= item.most:
        raise InputError("tag_config.offset_too_far", told_c=told_c, measured_c=measured_c)
    return ConfigChange(item, value)


_GRANTS = (config.TRACKABLE, config.TEMP_OFFSET)
"""Items that allow another one: they are set before it, and taken away after it."""


def checked(changes: list[ConfigChange], present: Mapping[int, int]) -> list[ConfigChange]:
    """The changes that differ from what is `present`, by item number, in an order that the tag accepts.

    Raises `InputError` if profile open would lack the consent that it needs, or readings their offset.
    """
    after = dict(present) | {change.item.number: change.value for change in changes}
    if after[config.PROFILE] == config.PROFILE_OPEN and not after[config.TRACKABLE]:
        raise InputError("tag_config.not_agreed")
    if after[config.TEMPERATURE_S] and not after[config.TEMP_OFFSET]:
        raise InputError("tag_config.not_compared")
    differing = [change for change in changes if present[change.item.number] != change.value]
    return sorted(differing, key=_turn)


def _turn(change: ConfigChange) -> int:
    if change.item.number not in _GRANTS:
        return 1
    return 0 if change.value else 2
