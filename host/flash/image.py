"""MicroPython's image for the chip: checked before a byte is written, and given our partition table.

A downloaded image begins at flash address 0 with the second-stage bootloader, has a table at 0x8000 and the
application where that table says. Bootloader and application each have ESP-IDF's form, little-endian (esptool's
documentation, "Firmware Image Format"):

    0   1         2    3             4      8       12       14           23           24
    +---+---------+----+-------------+------+-------+--------+------------+------------+--------------
    |E9 |segments |mode|size and freq|entry |pins   |chip id |revisions   |hash added? | segments ...
    +---+---------+----+-------------+------+-------+--------+------------+------------+--------------

A segment is its address (4), its length (4) and its bytes. After the last one, zeros up to the last byte of a
16-byte line; that byte is EF xor every byte of the segments; then, if said so, the SHA-256 of all before it.
"""

from __future__ import annotations

import functools
import hashlib
import operator
import re
import struct
from pathlib import Path
from typing import NamedTuple

from host.errors import why
from host.flash import layout as layouts
from host.flash import published
from host.flash.layout import Layout
from host.flash.published import BadImage
from host.phrase import Phrase

MICROPYTHON = "1.29"
"""The MicroPython that the firmware is made for and tested with; any of its patch releases will do."""

CHIP = "ESP32-C6"
"""The chip, as esptool names it."""

CHIP_ID = 13
"""The same in an image's header."""

CHIPS = {0: "ESP32", 2: "ESP32-S2", 5: "ESP32-C3", 9: "ESP32-S3", 12: "ESP32-C2", 13: CHIP, 16: "ESP32-H2"}
"""Chip ids, as esptool has them (`IMAGE_CHIP_ID`)."""

WHERE = Phrase("image.where", like=published.known()[-1].name)
"""Where a fitting image is to be had."""

HEADER = struct.Struct("<BBBBIB3xHBHH4xB")
"""The 24 bytes above."""
MAGIC = 0xE9
"""First byte of a bootloader and of an application."""
_VERSION = re.compile(rb"MicroPython v(\d+\.\d+[\w.+-]*)")


class Image(NamedTuple):
    """A checked image. `parts` are what goes into flash: what it is, offset, bytes.

    `size` and `sha256` are those of the file. That it is whole is checked; whose it is says `published.vouch`.
    """

    version: str
    layout: Layout
    parts: tuple[tuple[str, int, bytes], ...]
    size: int
    sha256: str


def load(path: Path, layout: Layout) -> Image:
    """The image at `path`, with the table of `layout` in place of its own.

    Raises `BadImage` if it cannot be read, is not whole, is for another chip, is not the MicroPython that the
    firmware needs, or does not fit `layout`.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadImage("image.unreadable", image=path, reason=why(error)) from None
    if len(content) < layouts.TABLE_OFFSET + layouts.TABLE_SIZE and content[:1] == bytes([MAGIC]):
        raise BadImage("image.cut_short", image=path, size=len(content))
    bootloader = program(content, 0, path)
    own = layouts.parse(content[layouts.TABLE_OFFSET : layouts.TABLE_OFFSET + layouts.TABLE_SIZE])
    app = next((each for each in own if each.type == layouts.APP), None)
    if app is None:
        raise BadImage("image.without_application", image=path, where=WHERE)
    application = program(content, app.offset, path)
    found = _VERSION.search(application)
    if found is None:
        raise BadImage("image.not_micropython", image=path, where=WHERE)
    version = found[1].decode("ascii")
    if ".".join(version.split(".")[:2]) != MICROPYTHON:
        raise BadImage("image.other_micropython", image=path, version=version, wanted=MICROPYTHON, where=WHERE)
    place = next((each for each in layout if each.type == layouts.APP), None)
    if place is None or place.offset != app.offset or len(application) > place.size:
        raise BadImage("image.does_not_fit", image=path, where=WHERE)
    parts = (
        ("bootloader", 0, bootloader),
        ("partition table", layouts.TABLE_OFFSET, layouts.build(layout)),
        (f"MicroPython {version}", app.offset, application),
    )
    return Image(version, layout, parts, len(content), hashlib.sha256(content).hexdigest())


def choose(folder: Path, layout: Layout, named: str | None = None) -> Path:
    """The newest fitting image in `folder` that is known, or whose SHA-256 is `named`.

    Raises `BadImage`, with each file's own reason, if there is none.
    """
    if not folder.is_dir():
        raise BadImage("image.no_folder", folder=folder)
    found: list[tuple[list[int], Path]] = []
    reasons = []
    for path in sorted(folder.glob("*.bin")):
        try:
            loaded = load(path, layout)
            published.vouch(path, loaded.size, loaded.sha256, named)
            found.append(([int(part) for part in re.findall(r"\d+", loaded.version)], path))
        except BadImage as error:
            reasons.append(error)
    if found:
        return max(found)[1]
    if reasons:
        raise BadImage("image.none_fits", reasons=tuple(reasons))
    raise BadImage("image.none_there", folder=folder, where=WHERE)


def program(content: bytes, offset: int, path: Path) -> bytes:
    """The bootloader's or application's own bytes at `offset` of the image `content`, checked, up to their end.

    Raises `BadImage`.
    """
    cut = BadImage("image.cut_short_or_damaged", image=path)
    if content[offset : offset + 1] not in (b"", bytes([MAGIC])):
        raise BadImage("image.no_image", image=path, chip=CHIP, where=WHERE)
    if len(content) < offset + HEADER.size:
        raise cut
    _, segments, *_, chip, _, _, _, hashed = HEADER.unpack_from(content, offset)
    if chip != CHIP_ID:
        other = CHIPS.get(chip) or Phrase("image.chip_number", number=chip)
        raise BadImage("image.of_another_chip", image=path, chip=other, wanted=CHIP, where=WHERE)
    at = offset + HEADER.size
    sum_of_all = 0xEF
    for _ in range(segments):
        if len(content) < at + 8:
            raise cut
        length = int.from_bytes(content[at + 4 : at + 8], "little")
        body = content[at + 8 : at + 8 + length]
        sum_of_all = functools.reduce(operator.xor, body, sum_of_all)
        at += 8 + length
    at += 16 - (at - offset) % 16
    ends = at + 32 if hashed else at
    if len(content) < ends or content[at - 1] != sum_of_all:
        raise cut
    if hashed and hashlib.sha256(content[offset:at]).digest() != content[at:ends]:
        raise cut
    return content[offset:ends]
