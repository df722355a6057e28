"""A synthetic image in the form of MicroPython's for the ESP32-C6: right headers, table, checksums; no program.

A real image cannot be downloaded for the tests. That this one has the right form is checked against esptool.
"""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path

from host.flash import layout
from host.flash.application import FIRMWARE
from host.flash.layout import Layout

MIB = 1024 * 1024
VERSION = "1.29.0"


def program(content: bytes, chip_id: int = 13, hashed: bool = True) -> bytes:
    """One bootloader or application with two segments: `content`, and a little data."""
    segments = (content + bytes(-len(content) % 4), b"data")
    made = struct.pack(
        "<BBBBIB3xHBHH4xB", 0xE9, len(segments), 2, 0x20, 0x40800000, 0xEE, chip_id, 0, 0, 0xFFFF, hashed
    )
    check = 0xEF
    for number, segment in enumerate(segments):
        made += struct.pack("<II", 0x40800000 + number * 0x10000, len(segment)) + segment
        for byte in segment:
            check ^= byte
    made += bytes(15 - len(made) % 16) + bytes([check])
    return made + hashlib.sha256(made).digest() if hashed else made


def stock_layout() -> Layout:
    """That of MicroPython's own 4 MiB images: the file system goes to the end of flash."""
    *first, vfs, _ = layout.read(FIRMWARE / "partitions.csv")
    return (*first, vfs._replace(size=4 * MIB - vfs.offset))


def image(
    version: str = VERSION,
    *,
    chip_id: int = 13,
    table: bytes | None = None,
    app: bytes | None = None,
    boot: bytes = b"second stage bootloader",
) -> bytes:
    """The whole image as it is written at 0."""
    stock = stock_layout()
    name = f"\0MicroPython v{version} on 2026-01-01; ESP32C6 module with ESP32C6\0".encode()
    app = app if app is not None else program(bytes(range(256)) * 20 + name, chip_id)
    start = program(boot, chip_id).ljust(layout.TABLE_OFFSET, b"\xff")
    start += table if table is not None else layout.build(stock)
    return start.ljust(stock[2].offset, b"\xff") + app


def written(folder: Path, content: bytes | None = None, name: str = "micropython.bin") -> Path:
    """An image file in `folder`."""
    path = folder / name
    path.write_bytes(image() if content is None else content)
    return path


def sha256(path: Path) -> str:
    """What `kitdock tag flash --sha256` has to be given for the image at `path`."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
