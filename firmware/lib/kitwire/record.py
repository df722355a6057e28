"""One event of a tag's log: 36 bytes that nobody can read, change, drop or reorder unseen.

    byte  0..3    sequence, from 1, little-endian
    byte  4..19   ciphertext of the plain record
    byte 20..35   tag, the AES-CCM authentication code

    plain record, 16 bytes, little-endian
    byte  0       type           one of the constants below
    byte  1       flags          the state after the event
    byte  2..3    battery_mv     millivolts at the cell
    byte  4..5    boot_count     starts from power-off, from 1
    byte  6..9    uptime_s       seconds since that start, deep sleep included; never steps back
    byte 10..13   utc_s          the tag's own estimate, Unix seconds; 0 while it knows none
    byte 14..15   aux            by type, see below

Sealed with AES-128-CCM under `keys.record_key` of the ratchet's state at that sequence. The nonce is
tag id, sequence, one zero byte; the associated data is tag id, sequence and the previous record's
tag (16 zero bytes before the first), which chains each record to the one before it.
"""

import struct
from collections import namedtuple

from . import ccm, keys
from .errors import WireError

SIZE = 36
"""Size of a record in bytes, in flash, on the air and in the database."""

TAG_SIZE = 16
"""Size of a record's authentication code in bytes."""

FIRST_SEQUENCE = 1
"""Sequence of a tag's first record."""

GENESIS_TAG = bytes(TAG_SIZE)
"""What stands for the previous tag before the first record."""

LEAST_KEPT = 6000
"""A log drops its oldest records only when it holds at least so many: 128 sectors of 50, less the one being written
and what power cuts have spoilt."""

LOW_MV = 3500
"""Millivolts at the cell under which it is low."""

PLAIN_FORMAT = "<BBHHIIH"
Plain = namedtuple("Plain", ("type", "flags", "battery_mv", "boot_count", "uptime_s", "utc_s", "aux"))
"""A record in clear; field sizes as in `PLAIN_FORMAT`."""

BOOT = 1
"""The tag started from power-off or a reset. aux: `machine.reset_cause()`."""
LID_OPEN = 2
"""The lid was opened."""
LID_CLOSE = 3
"""The lid was closed."""
DOSE_MARK = 4
"""The button was pressed beside an open pouch. aux: number of the mark since the lid was opened."""
DOCK = 5
"""Dock power came."""
UNDOCK = 6
"""Dock power went."""
TIME_SET = 7
"""A station set the clock. aux: seconds of correction, signed, clamped to 16 bits; 0 when first set."""
BATTERY_LOW = 8
"""The battery fell below the low mark."""
HEARTBEAT = 9
"""Daily sign of life."""
CONFIG = 10
"""A station changed the configuration. aux: the item, see `config`."""
FAULT = 11
"""The firmware caught a fault of its own and went on. aux: where, see `faults`."""
STOPPED = 12
"""Somebody stopped the tag's program over USB, and has its prompt. aux: how many stops this one stands for."""
TEMPERATURE = 13
"""Written at the dock: how cold and how warm the tag was since it left its last one. aux: see `temperatures_of`."""

TYPE_NAMES = {
    BOOT: "boot",
    LID_OPEN: "lid_open",
    LID_CLOSE: "lid_close",
    DOSE_MARK: "dose_mark",
    DOCK: "dock",
    UNDOCK: "undock",
    TIME_SET: "time_set",
    BATTERY_LOW: "battery_low",
    HEARTBEAT: "heartbeat",
    CONFIG: "config",
    FAULT: "fault",
    STOPPED: "stopped",
    TEMPERATURE: "temperature",
}
"""The name of each type, the same in the database and in every output."""

TELL_TEMPERATURE = (LID_OPEN, LID_CLOSE, BATTERY_LOW, HEARTBEAT)
"""Types whose aux tells how warm the tag was, if it has looked; 0 if it has not."""
COLDEST_C, WARMEST_C = -40, 125
"""What a tag can tell, in °C: the chip's thermometer has no other readings (TEMPERATURE_SENSOR_LL_MEASURE_MIN and
_MAX in ESP-IDF's hal/temperature_sensor_ll.h)."""
_ZERO_C = 100
"""How 0 °C is written in a byte, so that 0 is none."""

FLAG_LID_OPEN = 0x01
"""The lid is open."""
FLAG_DOCKED = 0x02
"""Dock power is there."""
FLAG_BATTERY_LOW = 0x04
"""The battery is below the low mark, `LOW_MV`, or not yet 100 mV above it again."""
FLAG_CLOCK_SET = 0x08
"""A station has set the clock since this start."""
FLAG_BRIEF = 0x10
"""The lid was back before the tag could look: the wake shows that it moved, not for how long."""


def coded_celsius(celsius: int) -> int:
    """The byte that tells `celsius`, or what is nearest to it of what can be told."""
    return min(max(celsius, COLDEST_C), WARMEST_C) + _ZERO_C


def temperatures_of(kind: int, aux: int) -> "tuple[int, int] | None":
    """The coldest and the warmest, in °C, that a record of type `kind` tells; None if it tells none.

    A TEMPERATURE record has the coldest in the low byte of `aux` and the warmest in the high one; others of
    `TELL_TEMPERATURE` one temperature in the low byte. Raises `WireError` for what no thermometer reads.
    """
    if kind == TEMPERATURE:
        coldest, warmest = (aux & 0xFF) - _ZERO_C, (aux >> 8) - _ZERO_C
    elif kind in TELL_TEMPERATURE and aux:
        coldest = warmest = aux - _ZERO_C
    else:
        return None
    if not COLDEST_C <= coldest <= warmest <= WARMEST_C:
        raise WireError("aux %d tells no temperature" % aux)
    return coldest, warmest


def sequence_of(record: bytes) -> int:
    """The sequence that `record` claims. Raises `WireError` if it is not 36 bytes."""
    if len(record) != SIZE:
        raise WireError("record is %d bytes, not %d" % (len(record), SIZE))
    return int(struct.unpack_from("<I", record)[0])


def tag_of(record: bytes) -> bytes:
    """The authentication code of `record`, which the next record is chained to."""
    return record[SIZE - TAG_SIZE :]


def _nonce_and_aad(tag_id: bytes, sequence: int, previous_tag: bytes) -> tuple[bytes, bytes]:
    head = tag_id + struct.pack("<I", sequence)
    return head + b"\x00", head + previous_tag


def seal(tag_id: bytes, log_key: bytes, sequence: int, previous_tag: bytes, plain: Plain) -> bytes:
    """The 36 bytes of `plain` at `sequence`, with the ratchet standing at `log_key`."""
    nonce, aad = _nonce_and_aad(tag_id, sequence, previous_tag)
    sealed = ccm.seal(keys.record_key(log_key), nonce, struct.pack(PLAIN_FORMAT, *plain), aad, TAG_SIZE)
    return struct.pack("<I", sequence) + sealed


def open(tag_id: bytes, log_key: bytes, sequence: int, previous_tag: bytes, record: bytes) -> Plain:
    """The plain record at `sequence` of the log.

    Raises `AuthenticationError` if `record` is not what the tag sealed there, after the record with
    `previous_tag`; `WireError` if it is not 36 bytes or claims another sequence.
    """
    claimed = sequence_of(record)
    if claimed != sequence:
        raise WireError("record claims sequence %d where %d stands" % (claimed, sequence))
    nonce, aad = _nonce_and_aad(tag_id, sequence, previous_tag)
    clear = ccm.open(keys.record_key(log_key), nonce, record[4:], aad, TAG_SIZE)
    return Plain(*struct.unpack(PLAIN_FORMAT, clear))
