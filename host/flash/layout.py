"""The partition table: where everything is in a chip's flash.

Written as text in ESP-IDF's CSV form, offsets given, and in the chip at 0x8000 as 32-byte entries, little-endian:

    0      2     3        4       8     12      28     32
    +------+-----+--------+-------+-----+-------+------+
    |AA 50 |type |subtype |offset |size |label  |flags |
    +------+-----+--------+-------+-----+-------+------+

After the last comes EB EB, fourteen FF and the MD5 of all entries; then FF up to 0xC00 bytes. The source is ESP-IDF's
programming guide, "Partition Tables", and its tool gen_esp32part.py.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from host.errors import InputError, why

TABLE_OFFSET = 0x8000
"""Where the table begins in flash, in bytes."""
TABLE_SIZE = 0xC00
"""Size of the table in bytes."""
SECTOR = 4096
"""What flash erases at once, in bytes."""

APP, DATA = 0, 1
"""Types of a partition."""

_ENTRY = struct.Struct("<2sBBII16sI")
_MAGIC = b"\xaa\x50"
_MD5_MAGIC = b"\xeb\xeb" + b"\xff" * 14
_TYPES = {"app": APP, "data": DATA}
_SUBTYPES = {"factory": 0x00, "ota": 0x00, "phy": 0x01, "nvs": 0x02, "fat": 0x81, "spiffs": 0x82, "littlefs": 0x83}


class Partition(NamedTuple):
    """One partition; `offset` and `size` in bytes of flash."""

    label: str
    type: int
    subtype: int
    offset: int
    size: int


Layout = tuple[Partition, ...]
"""The partitions of a chip."""


def find(layout: Layout, label: str) -> Partition | None:
    """The partition called `label`, if there is one."""
    return next((each for each in layout if each.label == label), None)


def read(path: Path) -> Layout:
    """The partitions that the CSV file at `path` lists. Raises `InputError` if it lists none or cannot be followed."""
    found = []
    try:
        for line in path.read_text(encoding="utf-8").splitlines():
            if not line.strip() or line.startswith("#"):
                continue
            label, kind, subtype, offset, size = (field.strip() for field in line.split(",")[:5])
            number = _SUBTYPES[subtype] if subtype in _SUBTYPES else int(subtype, 0)
            found.append(Partition(label, _TYPES[kind], number, int(offset, 0), int(size, 0)))
    except OSError as error:
        raise InputError("flash.table_unreadable", path=path, reason=why(error)) from None
    except (KeyError, ValueError):
        raise InputError("flash.no_table", path=path, line=line) from None
    if not found:
        raise InputError("flash.empty_table", path=path)
    return tuple(found)


def build(layout: Layout) -> bytes:
    """The table as flash has it, `TABLE_SIZE` bytes."""
    entries = b"".join(
        _ENTRY.pack(_MAGIC, each.type, each.subtype, each.offset, each.size, each.label.encode("ascii"), 0)
        for each in layout
    )
    return (entries + _MD5_MAGIC + hashlib.md5(entries, usedforsecurity=False).digest()).ljust(TABLE_SIZE, b"\xff")


def parse(table: bytes) -> Layout:
    """The partitions in the table's bytes; none if there is no table, or one that the bootloader would refuse."""
    found: list[Partition] = []
    for at in range(0, len(table) - _ENTRY.size + 1, _ENTRY.size):
        entry = table[at : at + _ENTRY.size]
        if entry[:16] == _MD5_MAGIC:
            whole = hashlib.md5(table[:at], usedforsecurity=False).digest() == entry[16:]
            return tuple(found) if whole else ()
        magic, kind, subtype, offset, size, label, _ = _ENTRY.unpack(entry)
        if magic != _MAGIC:
            return ()
        found.append(Partition(label.rstrip(b"\0").decode("ascii", "replace"), kind, subtype, offset, size))
    return ()


def end(layout: Iterable[Partition]) -> int:
    """How much flash the partitions need, in bytes."""
    return max((each.offset + each.size for each in layout), default=0)
