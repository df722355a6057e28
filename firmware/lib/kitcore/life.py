"""The life of a tag as a state machine: what an input means in each state, when the radio speaks, how long to sleep.

    ASLEEP         lid closed, away from the dock
    OPEN           lid open
    ON_SCENE       lid open, and a dose was marked since it was opened
    DOCKED         dock power is there, whatever the lid does
    PROVISIONING   no keys: nothing is recorded
    SAFE           fault after fault: log and sessions are left alone

A tag starts as if its lid were closed and no dock there; whatever it finds otherwise is an edge. So a
pouch that was opened while the battery was flat still shows an opening.

`Memory` is what the tag keeps in RTC memory over deep sleep; power-off loses it:

    byte   0..3     magic "KTM4"
    byte   4..11    started_ms      the chip's clock at the last start from power-off or reset
    byte  12..19    seen_ms         the chip's clock when this was written
    byte  20..27    due_ms          the chip's clock when the sleep that began then was to end; 0 if none began
    byte  28..35    utc_ms          Unix milliseconds at uptime 0; 0 while no station has set the clock
    byte  36..39    seen_ticks      milliseconds of this boot when this was written, modulo 2^30; nobody can set those
    byte  40..43    heartbeat_s     uptime of the last heartbeat, or 0
    byte  44..47    marked_s        uptime of the last dose mark
    byte  48..51    field_s         uptime from which the time to the next advertisement in the field counts
    byte  52..55    sampled_s       uptime of the last reading of the temperature
    byte  56..59    warm_s          uptime at which the tag was last warmed by a dock or by itself
    byte  60..61    boot_count      starts from power-off, from 1; 0 while this one is not recorded
    byte  62..63    marks           dose marks since the lid was opened
    byte  64..71    faults          up to four faults that the log has yet to take, 0 for none
    byte  72..119   config          the items of `kitwire.config` in their order, checked
    byte 120        state           one of the states above
    byte 121        lid_open        1 if the last record said so
    byte 122        docked          1 if the last record said so
    byte 123        battery         level of the cell, see battery
    byte 124        damaged         1 once the log was found altered
    byte 125        held            1 if the button was down when the tag went to sleep
    byte 126        cues            cues yet to be given, bits: 1 second dose, 2 re-sedation
    byte 127        faulty          wakes in a row that were begun and did not end well, this one counted
    byte 128        cause           reset cause of a start that is not recorded yet
    byte 129        stopped         stops over USB that are not recorded yet
    byte 130        reading         while the chip's temperature is read, why the tag woke: see below
    byte 131        coldest         the coldest since the tag left its dock, as records tell it; 0 for none
    byte 132        warmest         the warmest
    byte 133..144   hint            where the log ends, see ring
    byte 145..148   CRC-32 of the bytes before
"""

import binascii
import struct

from kitwire import record

from .battery import CRITICAL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

ASLEEP, OPEN, ON_SCENE, DOCKED, PROVISIONING, SAFE = range(6)
_BY_LID = 6
"""In the table: OPEN, ON_SCENE or ASLEEP, as the lid and the marks have it."""

OPENED, CLOSED, DOCKS, UNDOCKS, PRESSED, RELEASED, HELD, FAULTS, CLEAN, NO_KEYS, KEYS = range(11)
"""The inputs. A press is the button going down away from the dock, then either let go within 1.5 s or held."""

CALL = 0x100
"""Effect: advertise for a minute. Effects below are types of `kitwire.record`: that is recorded."""
SHOW = 0x101
"""Effect: show the tag's state."""

_ANYWHERE = {FAULTS: (SAFE, 0), NO_KEYS: (PROVISIONING, 0)}


def _and(more: "dict[int, tuple[int, int]]") -> "dict[int, tuple[int, int]]":
    more.update(_ANYWHERE)
    return more


TABLE = {
    ASLEEP: _and(
        {
            OPENED: (OPEN, record.LID_OPEN),
            DOCKS: (DOCKED, record.DOCK),
            RELEASED: (ASLEEP, CALL),
            HELD: (ASLEEP, SHOW),
        }
    ),
    OPEN: _and(
        {
            CLOSED: (ASLEEP, record.LID_CLOSE),
            DOCKS: (DOCKED, record.DOCK),
            PRESSED: (ON_SCENE, record.DOSE_MARK),
        }
    ),
    DOCKED: _and(
        {
            OPENED: (DOCKED, record.LID_OPEN),
            CLOSED: (DOCKED, record.LID_CLOSE),
            UNDOCKS: (_BY_LID, record.UNDOCK),
        }
    ),
    PROVISIONING: {KEYS: (_BY_LID, 0)},
    SAFE: {PRESSED: (SAFE, SHOW), CLEAN: (_BY_LID, 0), NO_KEYS: (PROVISIONING, 0)},
}
TABLE[ON_SCENE] = TABLE[OPEN]
"""State, then input: the next state and the effect, 0 for none. An input that is not there changes nothing."""

CALL_MS = 60000
"""Milliseconds for which a tag advertises after a short press beside a closed pouch."""
HOLD_MS = 1500
"""Milliseconds from which a press is a long one."""
FIELD_MS = 3000
"""Milliseconds for which a tag advertises at a time in the field, in the profiles `private` and `open`."""
JAMMED_MS = 300000
"""Milliseconds until a tag looks again at a button that is held down and so cannot wake it."""
RETRY_MS = 3600000
"""Milliseconds in safe mode from one try of a normal wake to the next."""
UNENROLLED_MS = 86400000
"""Milliseconds for which a tag without keys sleeps at a time."""
REST_S = 3600
"""Seconds until a chip that a charger, its radio or its own work has warmed is as warm as what is around it
(assumed: no board was measured)."""
WARMING_MS = 10000
"""Milliseconds awake that warm it; a start and a look, or a turn in the field, do not count."""
MOST_FAULTY = 3
"""Wakes in a row that end in a fault, after which a tag goes into safe mode."""

LONGEST_SLEEP_MS = 8 * 86400000
"""No tag sleeps longer than that; the longest heartbeat is seven days."""
LATE_MS = 60000
"""A wake, and what a day of sleep may last longer by the same clock, in milliseconds: for more its clock was set."""
_TICKS_PERIOD = 1 << 30

SECOND_DOSE, RESEDATION = 1, 2
"""Cues, as bits of `Memory.cues`."""

DATE_UNKNOWN, IN_DATE, OUT_OF_DATE = range(3)
"""What a tag knows of its kit's date."""

WOKEN, WOKEN_BY_LID = 1, 2
"""`Memory.reading` while the temperature is read: an edge of the lid woke the tag, or anything else."""

SILENT, ROTATING, STATIC = range(3)
"""What the radio does: nothing, the rotating form with sessions, profile `open`'s form without."""

_PROFILE_PRIVATE, _PROFILE_OPEN = 1, 2
_NO_OFFSET = 1000

_MAGIC = b"KTM4"
_FORMAT = "<4sqqqqIIIIIIHH4H12I13B12s"
_CRC_AT = struct.calcsize(_FORMAT)
_BEFORE = ("started_ms", "seen_ms", "due_ms", "utc_ms", "seen_ticks", "heartbeat_s", "marked_s", "field_s") + (
    "sampled_s",
    "warm_s",
    "boot_count",
    "marks",
)
_FAULTS = 4
_AFTER = ("state", "lid_open", "docked", "battery", "damaged", "held", "cues", "faulty", "cause") + (
    "stopped",
    "reading",
    "coldest",
    "warmest",
    "hint",
)
"""Fields of the format before and after `faults` and `config`; `_FAULTS` is how many of the former there are."""
ITEMS = 12
"""Number of items in `Memory.config`; `config` is imported only where it is needed, as each import costs a wake."""
PROFILE, HEARTBEAT_S, TRACKABLE, FIELD_PERIOD_S, OPEN_SEALED, KIT_EXPIRES_S, BUZZER = range(7)
SECOND_DOSE_S, RESEDATION_S, BATTERY_GAIN, TEMPERATURE_S, TEMP_OFFSET = range(7, ITEMS)
"""Places of the items in it: their numbers on the wire, less 1."""


class Memory:
    """What outlives deep sleep; the fields are in the layout above, all 0 at first."""

    started_ms: int
    seen_ms: int
    due_ms: int
    utc_ms: int
    seen_ticks: int
    heartbeat_s: int
    marked_s: int
    field_s: int
    sampled_s: int
    warm_s: int
    boot_count: int
    marks: int
    faults: "tuple[int, ...]"
    config: "tuple[int, ...]"
    state: int
    lid_open: int
    docked: int
    battery: int
    damaged: int
    held: int
    cues: int
    faulty: int
    cause: int
    stopped: int
    reading: int
    coldest: int
    warmest: int
    hint: bytes

    def __init__(self) -> None:
        self._take((0,) * (len(_BEFORE) + _FAULTS + ITEMS + len(_AFTER) - 1) + (bytes(12),))

    def _take(self, values: "tuple[Any, ...]") -> None:
        """The values of all fields, in the order of the layout."""
        at = len(_BEFORE)
        for name, value in zip(_BEFORE, values):
            setattr(self, name, value)
        self.faults = values[at : at + _FAULTS]
        self.config = values[at + _FAULTS : at + _FAULTS + ITEMS]
        for name, value in zip(_AFTER, values[at + _FAULTS + ITEMS :]):
            setattr(self, name, value)

    def pack(self) -> bytes:
        """The 149 bytes to keep."""
        before = [getattr(self, name) for name in _BEFORE]
        after = [getattr(self, name) for name in _AFTER]
        packed = struct.pack(_FORMAT, _MAGIC, *before, *self.faults, *self.config, *after)
        return packed + struct.pack("<I", binascii.crc32(packed) & 0xFFFFFFFF)

    def pend(self, fault: int) -> None:
        """Keep `fault`, a code of `kitwire.faults`, until the log takes it; once, four of them at most."""
        if fault not in self.faults and 0 in self.faults:
            waiting = [one for one in self.faults if one] + [fault]
            self.faults = tuple(waiting + [0] * (_FAULTS - len(waiting)))


def unpack(kept: bytes) -> "Memory | None":
    """The memory that `pack` made `kept` from, or None if `kept` is anything else."""
    if len(kept) != _CRC_AT + 4 or kept[:4] != _MAGIC:
        return None
    if struct.unpack_from("<I", kept, _CRC_AT)[0] != binascii.crc32(kept[:_CRC_AT]) & 0xFFFFFFFF:
        return None
    memory = Memory()
    memory._take(struct.unpack_from(_FORMAT, kept)[1:])
    return memory


def begin(kept: "Memory | None", woken: bool, now_ms: int) -> Memory:
    """The memory to go on with when the chip's clock shows `now_ms`: `kept`, if deep sleep has just ended.

    Else this is a new start, and also if somebody has set the clock, forward or back: then nobody knows how long the
    sleep was. Of what is kept over a reset, only what concerns faults, stops and the temperature comes along.
    """
    if kept is not None and woken:
        latest_ms = kept.due_ms + (kept.due_ms - kept.seen_ms) // 20 if kept.due_ms else kept.seen_ms + LONGEST_SLEEP_MS
        if kept.seen_ms <= now_ms <= latest_ms + LATE_MS:
            return kept
    memory = Memory()
    memory.started_ms = now_ms
    if kept is not None:
        memory.faults = kept.faults
        memory.faulty = kept.faulty
        memory.stopped = kept.stopped
        memory.reading, memory.coldest, memory.warmest = kept.reading, kept.coldest, kept.warmest
        if kept.state == SAFE:
            memory.state = SAFE
    return memory


def mend(kept: Memory, now_ms: int, ticks: int) -> None:
    """Take out of `kept`, written in this boot, what somebody has put the chip's clock forward or back since.

    That clock shows `now_ms`, and `ticks` milliseconds of this boot have passed, modulo 2^30 (12 days). What was
    written as a sleep began, or later in its boot than this one has got to, is of another boot, and is left as it is.
    """
    passed_ms = (ticks - kept.seen_ticks) % _TICKS_PERIOD
    if kept.due_ms or passed_ms >= _TICKS_PERIOD // 2:
        return
    shift_ms = now_ms - kept.seen_ms - passed_ms
    if abs(shift_ms) > LATE_MS // 30 + passed_ms // 50:  # the two clocks may drift by 2 %
        kept.started_ms += shift_ms
        kept.seen_ms += shift_ms


class Life:
    """The machine, over the `memory` that it keeps up to date. Only calls and turns in the field are its own."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self._call_until_ms = 0
        self._field_until_ms = 0
        self._undo: "tuple[int, int, int, int, int, int]" = (0, 0, 0, 0, 0, 0)

    def take(self, given: int, uptime_ms: int) -> int:
        """Go through `given`, one of the inputs. Returns the effect, 0 for none."""
        memory = self.memory
        entry = TABLE[memory.state].get(given)
        if entry is None or (given in (OPENED, CLOSED) and (given == OPENED) == bool(memory.lid_open)):
            return 0
        following, effect = entry
        self._undo = (memory.state, memory.lid_open, memory.docked, memory.marks, memory.marked_s, memory.cues)
        if effect == record.LID_OPEN:
            memory.lid_open = 1
            memory.marks = 0
        elif effect == record.LID_CLOSE:
            memory.lid_open = 0
        elif effect == record.DOCK:
            memory.docked = 1
            memory.cues = 0
        elif effect == record.UNDOCK:
            memory.docked = 0
            memory.field_s = memory.warm_s = uptime_ms // 1000
        elif effect == record.DOSE_MARK:
            memory.marks = min(memory.marks + 1, 0xFFFF)
            memory.marked_s = uptime_ms // 1000
            memory.cues = (SECOND_DOSE if memory.config[SECOND_DOSE_S] else 0) | (
                RESEDATION if memory.config[RESEDATION_S] else 0
            )
        elif effect == CALL:
            self._call_until_ms = uptime_ms + CALL_MS
        if following == _BY_LID:
            if given != UNDOCKS and memory.docked:
                following = DOCKED
            elif memory.lid_open:
                following = ON_SCENE if memory.marks else OPEN
            else:
                following = ASLEEP
        memory.state = following
        return effect

    def undo(self) -> None:
        """The log did not take the last effect: as it was, so that the edge is seen again."""
        memory = self.memory
        memory.state, memory.lid_open, memory.docked, memory.marks, memory.marked_s, memory.cues = self._undo

    def flags(self) -> int:
        """`record.FLAG_...` of the present state."""
        memory = self.memory
        return (
            (record.FLAG_LID_OPEN if memory.lid_open else 0)
            | (record.FLAG_DOCKED if memory.docked else 0)
            | (record.FLAG_BATTERY_LOW if memory.battery else 0)
            | (record.FLAG_CLOCK_SET if memory.utc_ms else 0)
        )

    def starving(self) -> bool:
        """Whether the cell bears neither radio nor light: edges are recorded, and nothing else is done."""
        return bool(self.memory.battery >= CRITICAL and not self.memory.docked)

    def heartbeat_due(self, uptime_ms: int) -> bool:
        """Whether a sign of life is due."""
        return uptime_ms >= (self.memory.heartbeat_s + self.memory.config[HEARTBEAT_S]) * 1000

    def cue(self, uptime_ms: int) -> int:
        """The cue to be given now, `SECOND_DOSE` or `RESEDATION`, once; 0 for none. The later one goes before."""
        given = 0
        for bit, place in ((SECOND_DOSE, SECOND_DOSE_S), (RESEDATION, RESEDATION_S)):
            if self.memory.cues & bit and uptime_ms >= self._cue_at_ms(place):
                self.memory.cues &= ~bit
                given = bit
        return given

    def _cue_at_ms(self, place: int) -> int:
        return (self.memory.marked_s + self.memory.config[place]) * 1000

    def field_due(self, uptime_ms: int) -> bool:
        """Whether it is time to advertise in the field."""
        memory = self.memory
        return bool(
            memory.config[PROFILE] in (_PROFILE_PRIVATE, _PROFILE_OPEN)
            and memory.state in (ASLEEP, OPEN, ON_SCENE)
            and not self.starving()
            and uptime_ms >= (memory.field_s + memory.config[FIELD_PERIOD_S]) * 1000
        )

    def take_the_field(self, uptime_ms: int) -> None:
        """Begin to advertise in the field, for 3 s."""
        self.memory.field_s = uptime_ms // 1000
        self._field_until_ms = uptime_ms + FIELD_MS

    def looks(self, uptime_ms: int) -> bool:
        """Whether a wake may look at the chip's thermometer: it is to, and nothing has warmed the tag lately."""
        memory = self.memory
        return bool(
            memory.config[TEMPERATURE_S]
            and memory.state in (ASLEEP, OPEN, ON_SCENE)
            and not self.starving()
            and uptime_ms >= (memory.warm_s + REST_S) * 1000
        )

    def looked(self, tenths: int) -> int:
        """Take in what the chip's thermometer shows, in tenths of a degree. Returns how a record tells it."""
        memory = self.memory
        told = record.coded_celsius((tenths + memory.config[TEMP_OFFSET] - _NO_OFFSET + 5) // 10)
        memory.coldest = min(memory.coldest or told, told)
        memory.warmest = max(memory.warmest, told)
        return told

    def was_awake(self, since_ms: int, uptime_ms: int) -> None:
        """The tag was awake since the uptime `since_ms`, with its radio, its light or a charger."""
        if uptime_ms - since_ms >= WARMING_MS:
            self.memory.warm_s = uptime_ms // 1000

    def lid_speaks(self) -> bool:
        """Whether an edge of the lid is said on the air as well."""
        return bool(self.memory.config[PROFILE] == _PROFILE_OPEN and self.memory.state in (ASLEEP, OPEN, ON_SCENE))

    def air(self, uptime_ms: int) -> int:
        """What the radio is to do now: `SILENT`, `ROTATING` or `STATIC`."""
        memory = self.memory
        if memory.state in (PROVISIONING, SAFE) or self.starving():
            return SILENT
        if memory.state == DOCKED or uptime_ms < self._call_until_ms:
            return ROTATING
        if uptime_ms < self._field_until_ms:
            return STATIC if memory.config[PROFILE] == _PROFILE_OPEN else ROTATING
        return SILENT

    def sleep_ms(self, uptime_ms: int) -> int:
        """Milliseconds to sleep if no pin wakes the tag before."""
        memory = self.memory
        if memory.state == PROVISIONING:
            return UNENROLLED_MS
        if memory.state == SAFE:
            return RETRY_MS
        due_ms = (memory.heartbeat_s + memory.config[HEARTBEAT_S]) * 1000
        for bit, place in ((SECOND_DOSE, SECOND_DOSE_S), (RESEDATION, RESEDATION_S)):
            if memory.cues & bit:
                due_ms = min(due_ms, self._cue_at_ms(place))
        if memory.config[PROFILE] in (_PROFILE_PRIVATE, _PROFILE_OPEN) and not self.starving():
            due_ms = min(due_ms, (memory.field_s + memory.config[FIELD_PERIOD_S]) * 1000)
        if memory.config[TEMPERATURE_S] and not memory.docked and not self.starving():
            cool_s = max(memory.sampled_s + memory.config[TEMPERATURE_S], memory.warm_s + REST_S)
            due_ms = min(due_ms, cool_s * 1000)
        sleep_ms = max(due_ms - uptime_ms, 1)
        return min(sleep_ms, JAMMED_MS) if memory.held else sleep_ms
