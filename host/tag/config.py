"""A tag's configuration in people's units: how each item is shown and read. Ranges and defaults are the wire's."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from host import clock
from host.errors import InputError
from kitwire import config
from kitwire.config import Item

MEANINGS = {
    config.PROFILE: "when it advertises away from its dock",
    config.HEARTBEAT_S: "between two signs of life in the log",
    config.TRACKABLE: "somebody has agreed that it can be tracked; profile open needs it",
    config.FIELD_PERIOD_S: "between two advertisements in the field, in private and open",
    config.OPEN_SEALED: "what it says in profile open is encrypted under its bind key",
    config.KIT_EXPIRES_S: "from when its kit is out of date; each docking sets it",
    config.BUZZER: "it may make a sound",
    config.SECOND_DOSE_S: "from a dose mark to the cue for a second dose",
    config.RESEDATION_S: "from a dose mark to the cue that sedation may return",
    config.BATTERY_GAIN: "what its battery reading is multiplied by",
    config.TEMPERATURE_S: "how often it looks at its temperature; needs temp_offset",
    config.TEMP_OFFSET: "what is added to its own thermometer's reading; none until it was compared",
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


def show(item: Item, value: int, time_zone: str) -> str:
    """`value` in natural units: 12 h, off, 2028-05-01, docked."""
    number = item.number
    if number == config.PROFILE:
        return str(config.PROFILE_NAMES.get(value, value))
    if number in _YES_NO:
        return "yes" if value else "no"
    if number in _DURATIONS:
        return "off" if value == 0 else duration(value)
    if number == config.KIT_EXPIRES_S:
        return "not known" if value == 0 else clock.show(value * 1000, time_zone)
    if number == config.BATTERY_GAIN:
        return f"{value / 1000:.3f}"
    if number == config.TEMP_OFFSET:
        return f"{(value - config.NO_OFFSET) / 10:+.1f} °C" if value else "none"
    return str(value)


def duration(seconds: int) -> str:
    """Seconds in the largest unit that divides them: 90 m, 12 h."""
    unit, size = next((unit, size) for unit, size in reversed(_UNITS.items()) if seconds % size == 0)
    return f"{seconds // size} {unit}"


def read_duration(item: Item, text: str) -> ConfigChange:
    """The change to what is written as 90s, 3m, 12h or 1d; or off, for an item that can be.

    Raises `InputError` if it is none of them or out of the item's range.
    """
    if text == "off" and item.or_zero:
        return ConfigChange(item, 0)
    found = re.fullmatch(r"([0-9]{1,7}) ?([smhd])", text)
    seconds = int(found[1]) * _UNITS[found[2]] if found else -1
    if not item.least <= seconds <= item.most:
        off = ", or off" if item.or_zero else ""
        raise InputError(
            f"{text!r} is no time for {item.name}: write one from {duration(item.least)} to {duration(item.most)}, "
            f"such as {duration(item.default or item.least).replace(' ', '')}{off}"
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
        raise InputError(
            f"the tag reads {told_mv} mV where {measured_mv} mV was measured: more than its divider can be off; "
            "measure at the cell, with no charger, and look at the divider"
        )
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
        raise InputError(
            f"{text!r} is no offset: write what is to be added to the tag's own reading, from -{most} to {most} °C, "
            "such as 10.5; or none"
        )
    return ConfigChange(item, value)


def offset(measured_c: float, told_c: int, present: int) -> ConfigChange:
    """The change that makes a tag which told `told_c` with the offset `present` tell `measured_c`, both at rest.

    Raises `InputError` if that is more than a chip can be off.
    """
    item = config.BY_NUMBER[config.TEMP_OFFSET]
    value = (present or config.NO_OFFSET) + round((measured_c - told_c) * 10)
    if not item.least <= value <= item.most:
        raise InputError(
            f"the tag tells {told_c} °C where {measured_c:g} °C was measured: more than its thermometer can be off; "
            "let both lie side by side for an hour, away from dock and USB, and compare again"
        )
    return ConfigChange(item, value)


_GRANTS = (config.TRACKABLE, config.TEMP_OFFSET)
"""Items that allow another one: they are set before it, and taken away after it."""


def checked(changes: list[ConfigChange], present: Mapping[int, int]) -> list[ConfigChange]:
    """The changes that differ from what is `present`, by item number, in an order that the tag accepts.

    Raises `InputError` if profile open would lack the consent that it needs, or readings their offset.
    """
    after = dict(present) | {change.item.number: change.value for change in changes}
    if after[config.PROFILE] == config.PROFILE_OPEN and not after[config.TRACKABLE]:
        raise InputError(
            "in profile open anybody can follow this tag by its address: agree to that with --trackable, "
            "or choose another profile"
        )
    if after[config.TEMPERATURE_S] and not after[config.TEMP_OFFSET]:
        raise InputError(
            "the tag's own thermometer may be ten degrees off: compare it with another one first (step T1 of "
            "kitdock tag bench), and say with --temperature-offset what to add to its readings"
        )
    differing = [change for change in changes if present[change.item.number] != change.value]
    return sorted(differing, key=_turn)


def _turn(change: ConfigChange) -> int:
    if change.item.number not in _GRANTS:
        return 1
    return 0 if change.value else 2
