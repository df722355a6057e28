"""A log on a model of NOR flash of which the test knows every record and every key."""

from collections.abc import Iterator
from itertools import islice

from kitcore.ring import HEADER_SIZE, SECTOR, SLOT, SLOTS, Ring, form
from kitwire import keys, record
from tests.cases.nor import Nor

TAG_ID = bytes(range(8))
LOG_KEY = bytes(range(32))
SECTORS = 3
"""Sectors of a small log, that comes round soon."""
FULL = 128
"""Sectors of the partition on the chip."""
HELD = SECTORS * SLOTS  # slots of the whole ring; the genesis slot is one of the first sector's


def plain(sequence: int) -> record.Plain:
    return record.Plain(record.LID_OPEN, 1, 3900, 1, 10 * sequence, 0, sequence)


def log_keys() -> Iterator[bytes]:
    """The log key of record 1, of record 2, ..."""
    key = LOG_KEY
    while True:
        yield key
        key = keys.ratchet(key)


def sealed_log(count: int) -> list[bytes]:
    """What a log of `count` records must hold; the entry at 0 stands for no record."""
    log = [bytes(record.SIZE)]
    for sequence, key in enumerate(islice(log_keys(), count), 1):
        log.append(record.seal(TAG_ID, key, sequence, record.tag_of(log[-1]), plain(sequence)))
    return log


KEYS = list(islice(log_keys(), 400))
SEALED = sealed_log(399)


def empty(sectors: int = SECTORS, log_key: bytes = LOG_KEY) -> Nor:
    nor = Nor(sectors)
    form(nor, sectors, log_key)
    return nor


def opened(nor: Nor, hint: bytes = b"") -> Ring:
    return Ring(nor, SECTORS, TAG_ID, hint)


def fill(log: Ring, up_to: int) -> Ring:
    while log.last < up_to:
        assert log.append(plain(log.last + 1)) == log.last
    return log


def filled(up_to: int) -> Nor:
    nor = empty()
    fill(opened(nor), up_to)
    return nor


def assert_holds(log: Ring, last: int) -> None:
    """The log holds exactly what was appended, up to `last`."""
    assert log.last == last
    assert list(log.records(log.first, 1000)) == SEALED[log.first : last + 1]
    assert log.tag_before_first == record.tag_of(SEALED[log.first - 1])


def keys_in(nor: Nor, up_to: int = 400) -> list[int]:
    """For which records, of the first `up_to`, the flash holds the log key, anywhere in it."""
    dump = bytes(nor.bytes)
    return [sequence for sequence, key in enumerate(KEYS[:up_to], 1) if key in dump]


def slot_at(sequence: int) -> int:
    """Offset of the slot of `sequence` in a log that no power cut has touched."""
    return sequence // SLOTS % SECTORS * SECTOR + HEADER_SIZE + sequence % SLOTS * SLOT
