"""What is where in a tag's flash: the partition table, what the chip needs to find before it starts, and marks.

`host.flash.layout` reads and makes the table itself; `host.flash.image` says what form an image has.

Two things on a chip are not kept byte by byte here: the MicroPython image (the interpreter is a program of
this machine) and the file system. In their places stand an image's headers with MicroPython's version, and a
mark; a file system whose mark has been erased or overwritten is lost, as on a chip.
"""

from __future__ import annotations

import functools
import hashlib
import operator
import re
import secrets
import struct
from typing import NamedTuple

from host.flash import application, image
from host.flash import layout as layouts
from host.flash.layout import APP, TABLE_OFFSET, TABLE_SIZE, Layout, Partition
from host.sim.nor import SECTOR, Nor

SIZE = 4 * 1024 * 1024
"""Bytes of flash in an ESP32-C6FH4."""
LAYOUT = application.FIRMWARE / "partitions.csv"
"""The product's layout."""
VERSION = f"MicroPython v{image.MICROPYTHON}".encode()
"""What an application must contain to be run here."""

_BOOT_PY = b"# This file is executed on every boot (including wake-boot from deepsleep)\n"
"""What MicroPython puts into a file system that it has just made (as much of it as is worth having)."""
_BROKEN_MAIN_PY = b"""import time
while True:
    print("The filesystem appears to be corrupted.")
    time.sleep(3)
"""
"""What MicroPython does instead of main.py with a file system that it cannot read (`inisetup.py`)."""


def read_layout() -> Layout:
    """The product's layout."""
    return layouts.read(LAYOUT)


def parse_table(table: bytes) -> Layout:
    """The partitions of a binary table, none if the bootloader would refuse it."""
    partitions = layouts.parse(table)
    return partitions if layouts.end(partitions) <= SIZE else ()


def stand_in_image(layout: Layout | None = None) -> bytes:
    """An image as long as it has to be for tests, to be written at 0x0: bootloader, table, application.

    It has the headers and the version that a MicroPython image has, and no program. Unless given, `layout`
    is the one in MicroPython's own images for 4 MiB, `vfs` up to the end.
    """
    if layout is None:
        *most, _ = read_layout()
        layout = tuple(each._replace(size=SIZE - each.offset) if each.label == "vfs" else each for each in most)
    application = next(each.offset for each in layout if each.type == APP)
    start = program(b"bootloader of a virtual chip\0").ljust(TABLE_OFFSET, b"\xff") + layouts.build(layout)
    return start.ljust(application, b"\xff") + program(VERSION + b".0 on virtual chip\0".ljust(4096, b"\0"))


def program(content: bytes) -> bytes:
    """One segment of `content` in ESP-IDF's form, whole: with its checksum in the last byte of a line, and its hash."""
    header = image.HEADER.pack(image.MAGIC, 1, 2, 0x20, 0x40800000, 0xEE, image.CHIP_ID, 0, 0, 0xFFFF, 1)
    body = header + struct.pack("<II", 0x40800000, len(content)) + content
    body += bytes(15 - len(body) % 16) + bytes([functools.reduce(operator.xor, content, 0xEF)])
    return body + hashlib.sha256(body).digest()


def is_image(start: bytes) -> bool:
    """Whether `start` begins an image for the ESP32-C6."""
    fields = image.HEADER.unpack(start[: image.HEADER.size])
    return bool(fields[0] == image.MAGIC and fields[6] == image.CHIP_ID)


def partitions_of(chip: Nor) -> Layout:
    """The partitions of a chip that starts an application, or none if there is nothing that it can start."""
    if not is_image(chip.read(0, 64)):
        return ()
    partitions = parse_table(chip.read(TABLE_OFFSET, TABLE_SIZE))
    for each in partitions:
        if each.type == APP and is_image(chip.read(each.offset, 64)):
            application = memoryview(chip.bytes)[each.offset : each.offset + each.size]
            return partitions if re.search(re.escape(VERSION), application) else ()
    return ()


class Mark:
    """Takes the first bytes of a partition, for content that is kept elsewhere."""

    def __init__(self) -> None:
        self._bytes = b""

    def there(self, chip: Nor, partition: Partition) -> bool:
        """Whether the content is still that of this mark."""
        return bool(self._bytes) and chip.read(partition.offset, len(self._bytes)) == self._bytes

    def set(self, chip: Nor, partition: Partition) -> None:
        """Erase the first sector of `partition` and mark it with something that was never there before."""
        self._bytes = b"virtual tag ".ljust(16, b"-") + secrets.token_bytes(16)
        chip.erase(partition.offset)
        chip.program(partition.offset, self._bytes)


class Start(NamedTuple):
    """What a chip finds in its flash when it starts."""

    runs: bool
    """Whether there is MicroPython to run."""
    files: dict[str, bytes] | None
    """What MicroPython begins with in place of the files that were there; None if they are kept."""


class ChipFlash:
    """The flash of one chip, erased or with the product's layout and a MicroPython on it."""

    def __init__(self, blank: bool = False) -> None:
        self.chip = Nor(SIZE)
        """All of it. What is changed here counts from the next start."""
        self.partitions: Layout = ()
        self._parts: dict[Partition, Nor] = {}
        self._files = Mark()
        if not blank:
            layout = read_layout()
            self.chip.program(0, stand_in_image(layout))
            self._files.set(self.chip, next(each for each in layout if each.label == "vfs"))
            self.partitions = layout

    def partition(self, label: str) -> Partition | None:
        """The partition called `label`, if the table has one."""
        return layouts.find(self.partitions, label)

    def at(self, offset: int) -> Nor:
        """The content of the partition that begins at `offset`; always the same object for the same partition.

        Raises `LookupError` if there is none.
        """
        for partition in self.partitions:
            if partition.offset == offset:
                if partition not in self._parts:
                    self._parts[partition] = self.chip.part(partition.offset, partition.size)
                return self._parts[partition]
        raise LookupError(f"no partition begins at 0x{offset:x}")

    def start(self) -> Start:
        """Read the table, and see what is left of the file system. A blank one is made anew."""
        self.partitions = partitions_of(self.chip)
        files = self.partition("vfs")
        found: dict[str, bytes] | None = None
        if files is not None and self.chip.read(files.offset, SECTOR) == b"\xff" * SECTOR:
            self._files.set(self.chip, files)
            found = {"/boot.py": _BOOT_PY}
        elif files is None or not self._files.there(self.chip, files):
            self._files = Mark()  # what was in it is not found again
            found = {"/main.py": _BROKEN_MAIN_PY}
        return Start(bool(self.partitions), found)
