"""What a station can set in a tag: the items, their ranges and what holds when nothing was set.

A value travels as 4 bytes. The tag refuses what is out of range, and takes the default for whatever its
own memory holds that is.
"""

from collections import namedtuple

Item = namedtuple("Item", ("number", "name", "least", "most", "default", "or_zero"))
"""One item: its number on the wire, its name (in the tag's memory, the command line and the documents; 15
characters at most), the range of its values, its default, and whether 0 (off, unknown) is accepted as well."""

PROFILE = 1
"""When the tag advertises away from its dock, one of the constants below."""
HEARTBEAT_S = 2
"""Seconds between two heartbeat records."""
TRACKABLE = 3
"""1 if somebody has agreed that this tag can be followed by its address; profile `open` needs it."""
FIELD_PERIOD_S = 4
"""Seconds between two advertisements in the field, in the profiles `private` and `open`."""
OPEN_SEALED = 5
"""1 if the tag encrypts what it says in profile `open` under its bind key."""
KIT_EXPIRES_S = 6
"""Unix seconds from which the kit in the pouch is out of date; 0 if the station does not know."""
BUZZER = 7
"""1 if the tag may make a sound; 0 for silent mode, in which its light alone speaks."""
SECOND_DOSE_S = 8
"""Seconds from a dose mark to the cue for a second dose; 0 for none."""
RESEDATION_S = 9
"""Seconds from a dose mark to the cue that sedation may return; 0 for none."""
BATTERY_GAIN = 10
"""What the measured voltage of the cell is multiplied by, in thousandths: the divider's calibration."""
TEMPERATURE_S = 11
"""Seconds after which a tag looks at its temperature if nothing has made it look before; 0: it never looks. Needs
`TEMP_OFFSET`."""
TEMP_OFFSET = 12
"""What is added to the chip's own reading, in tenths of a degree, plus 1000; 0 if nobody has compared it with another
thermometer, without which it may be wrong by ten degrees and more (esp-idf 15421)."""

NO_OFFSET = 1000
"""The value of `TEMP_OFFSET` that changes nothing: the chip was compared, and is right."""

EARLIEST_UTC_S = 1735689600
"""1 January 2025: no station's clock is right and before this release (Unix seconds)."""
LATEST_UTC_S = 4102444800
"""1 January 2100: six years before 32 bits of seconds are used up, and a tag that nobody corrects would tell none."""

PROFILE_DOCKED = 0
"""Silent in the field; advertises at the dock and for a minute after a press of the button."""
PROFILE_PRIVATE = 1
"""As docked, and sparse rotating advertisements in the field."""
PROFILE_OPEN = 2
"""A static address in the field, to be followed by anybody; for cabinets and vehicles."""

PROFILE_NAMES = {PROFILE_DOCKED: "docked", PROFILE_PRIVATE: "private", PROFILE_OPEN: "open"}

ITEMS = (
    Item(PROFILE, "profile", PROFILE_DOCKED, PROFILE_OPEN, PROFILE_DOCKED, False),
    Item(HEARTBEAT_S, "heartbeat_s", 3600, 604800, 86400, False),
    Item(TRACKABLE, "trackable", 0, 1, 0, False),
    Item(FIELD_PERIOD_S, "field_period_s", 900, 86400, 3600, False),
    Item(OPEN_SEALED, "open_sealed", 0, 1, 1, False),
    Item(KIT_EXPIRES_S, "kit_expires_s", EARLIEST_UTC_S, 0xFFFFFFFF, 0, True),
    Item(BUZZER, "buzzer", 0, 1, 0, False),
    Item(SECOND_DOSE_S, "second_dose_s", 30, 3600, 0, True),
    Item(RESEDATION_S, "resedation_s", 300, 21600, 0, True),
    Item(BATTERY_GAIN, "battery_gain", 900, 1100, 1000, False),
    Item(TEMPERATURE_S, "temperature_s", 3600, 86400, 0, True),
    Item(TEMP_OFFSET, "temp_offset", NO_OFFSET - 200, NO_OFFSET + 200, 0, True),
)

BY_NUMBER = {item.number: item for item in ITEMS}
BY_NAME = {item.name: item for item in ITEMS}


def accepts(item: Item, value: int) -> bool:
    """Whether `value` is in the range of `item`."""
    return bool(item.least <= value <= item.most or (item.or_zero and value == 0))
