"""What a wake, an edge or a press means: inputs become events, and the tag knows how long to sleep.

A tag starts as if its lid were closed and no dock there; whatever it finds otherwise is an edge. So a
pouch that was opened while the battery was flat still shows an opening.

`Memory` is what the tag keeps in RTC memory over deep sleep; power-off loses it:

    byte  0..3    magic "KTM1"
    byte  4..11   started_ms      the chip's clock at the last start from power-off or reset
    byte 12..19   seen_ms         the chip's clock when this was written; it never goes back
    byte 20..27   utc_ms          Unix milliseconds at uptime 0; 0 while no station has set the clock
    byte 28..31   heartbeat_s     uptime of the last heartbeat, or 0
    byte 32..33   boot_count      starts from power-off, from 1
    byte 34..35   marks           dose marks since the lid was opened
    byte 36       lid_open        1 if the last record said so
    byte 37       docked          1 if the last record said so
    byte 38       battery_low     1 if the last record said so
    byte 39       damaged         1 once the log was found altered
    byte 40       fault           code of a fault that the log did not take, 0 if none
    byte 41       held            1 if the button was down when the tag went to sleep
    byte 42..53   hint            where the log ends, see ring
    byte 54..57   CRC-32 of the bytes before
"""

import binascii
import struct
from collections import namedtuple

from kitwire import record

from . import battery

CALL_MS = 60000
"""Milliseconds for which a tag advertises after a press beside a closed pouch."""
JAMMED_MS = 300000
"""Milliseconds until a tag looks again at a button that is held down and so cannot wake it."""

_MAGIC = b"KTM1"
_FORMAT = "<4sqqqIHHBBBBBB12s"
_CRC_AT = struct.calcsize(_FORMAT)

Event = namedtuple("Event", ("type", "flags", "aux"))
"""What is to be recorded: a type of `kitwire.record`, the flags after it, aux."""


class Memory:
    """What outlives deep sleep; the fields are in the layout above."""

    def __init__(self) -> None:
        self.started_ms = 0
        self.seen_ms = 0
        self.utc_ms = 0
        self.heartbeat_s = 0
        self.boot_count = 0
        self.marks = 0
        self.lid_open = False
        self.docked = False
        self.battery_low = False
        self.damaged = False
        self.fault = 0
        self.held = False
        self.hint = bytes(12)

    def pack(self) -> bytes:
        """The 58 bytes to keep."""
        packed = struct.pack(
            _FORMAT,
            _MAGIC,
            self.started_ms,
            self.seen_ms,
            self.utc_ms,
            self.heartbeat_s,
            self.boot_count,
            self.marks,
            self.lid_open,
            self.docked,
            self.battery_low,
            self.damaged,
            self.fault,
            self.held,
            self.hint,
        )
        return packed + struct.pack("<I", binascii.crc32(packed) & 0xFFFFFFFF)


def unpack(kept: bytes) -> "Memory | None":
    """The memory that `pack` made `kept` from, or None if `kept` is anything else."""
    if len(kept) != _CRC_AT + 4 or kept[:4] != _MAGIC:
        return None
    if struct.unpack_from("<I", kept, _CRC_AT)[0] != binascii.crc32(kept[:_CRC_AT]) & 0xFFFFFFFF:
        return None
    memory = Memory()
    fields = struct.unpack_from(_FORMAT, kept)
    memory.started_ms, memory.seen_ms, memory.utc_ms, memory.heartbeat_s = fields[1:5]
    memory.boot_count, memory.marks = fields[5:7]
    memory.lid_open, memory.docked, memory.battery_low, memory.damaged = map(bool, fields[7:11])
    memory.fault = fields[11]
    memory.held = bool(fields[12])
    memory.hint = fields[13]
    return memory


class Policy:
    """The rules, over the `memory` that they keep up to date."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._call_until_ms = 0

    def flags(self) -> int:
        """`record.FLAG_...` of the present state."""
        memory = self._memory
        return (
            (record.FLAG_LID_OPEN if memory.lid_open else 0)
            | (record.FLAG_DOCKED if memory.docked else 0)
            | (record.FLAG_BATTERY_LOW if memory.battery_low else 0)
            | (record.FLAG_CLOCK_SET if memory.utc_ms else 0)
        )

    def event(self, kind: int, aux: int = 0, flags: int = 0) -> Event:
        """An event of type `kind` with the present flags and `flags`."""
        return Event(kind, self.flags() | flags, aux)

    def boot(self, reset_cause: int) -> "list[Event]":
        """A start from power-off or reset, before any input is looked at."""
        return [self.event(record.BOOT, reset_cause)]

    def lid(self, is_open: bool, moved: bool = False) -> "list[Event]":
        """The lid's settled level; `moved` if an edge of it woke the tag.

        An edge whose level is already back gives both edges, marked brief.
        """
        if is_open != self._memory.lid_open:
            return self._turn(is_open, 0)
        if moved:
            return self._turn(not is_open, record.FLAG_BRIEF) + self._turn(is_open, record.FLAG_BRIEF)
        return []

    def _turn(self, is_open: bool, flags: int) -> "list[Event]":
        self._memory.lid_open = is_open
        if is_open:
            self._memory.marks = 0
        return [self.event(record.LID_OPEN if is_open else record.LID_CLOSE, 0, flags)]

    def dock(self, docked: bool) -> "list[Event]":
        """Whether dock power is there."""
        if docked == self._memory.docked:
            return []
        self._memory.docked = docked
        return [self.event(record.DOCK if docked else record.UNDOCK)]

    def press(self, uptime_ms: int) -> "list[Event]":
        """The button was pressed: beside an open pouch a dose mark, else a call for the station."""
        if not self._memory.lid_open:
            self._call_until_ms = uptime_ms + CALL_MS
            return []
        self._memory.marks = min(self._memory.marks + 1, 0xFFFF)
        return [self.event(record.DOSE_MARK, self._memory.marks)]

    def battery(self, millivolts: int) -> "list[Event]":
        """The cell's voltage: an event once when it falls low."""
        was_low = self._memory.battery_low
        self._memory.battery_low = battery.is_low(millivolts, was_low)
        return [self.event(record.BATTERY_LOW)] if self._memory.battery_low and not was_low else []

    def heartbeat(self, uptime_ms: int, period_s: int) -> "list[Event]":
        """A sign of life `period_s` after the last one."""
        if uptime_ms < (self._memory.heartbeat_s + period_s) * 1000:
            return []
        self._memory.heartbeat_s = uptime_ms // 1000
        return [self.event(record.HEARTBEAT)]

    def wants_radio(self, uptime_ms: int) -> bool:
        """Whether to advertise: at the dock, and for a minute after a call."""
        return self._memory.docked or uptime_ms < self._call_until_ms

    def sleep_ms(self, uptime_ms: int, period_s: int, jammed: bool) -> int:
        """Milliseconds to sleep if no pin wakes the tag before; `jammed` if the button cannot."""
        until_heartbeat = max((self._memory.heartbeat_s + period_s) * 1000 - uptime_ms, 1)
        return min(until_heartbeat, JAMMED_MS) if jammed else until_heartbeat
