"""The partition table: its bytes, and the product's own."""

from __future__ import annotations

import hashlib
import itertools
from pathlib import Path

import pytest

from host.errors import InputError
from host.flash import layout
from host.flash.application import FIRMWARE
from host.flash.layout import Partition
from host.phrase import Phrase
from tests.refusals import refused

OURS = layout.read(FIRMWARE / "partitions.csv")

# One entry written out by hand, as ESP-IDF's guide describes it.
NVS = Partition("nvs", 1, 2, 0x9000, 0x6000)
NVS_ENTRY = bytes.fromhex("aa50 01 02 00900000 00600000 6e7673 00000000000000000000000000 00000000")


def test_entry_and_checksum_are_those_of_the_guide() -> None:
    table = layout.build((NVS,))
    assert table[:32] == NVS_ENTRY
    assert table[32:64] == b"\xeb\xeb" + b"\xff" * 14 + hashlib.md5(NVS_ENTRY).digest()
    assert table[64:] == b"\xff" * (0xC00 - 64)
    assert layout.parse(table) == (NVS,)


def test_what_is_built_is_read_back() -> None:
    assert layout.parse(layout.build(OURS)) == OURS


def test_every_damaged_byte_of_a_table_is_refused() -> None:
    table = bytearray(layout.build(OURS))
    for at in range(32 * (len(OURS) + 1)):
        table[at] ^= 0x04
        assert layout.parse(bytes(table)) == (), at
        table[at] ^= 0x04


@pytest.mark.parametrize(
    "table", [b"", b"\xff" * 0xC00, bytes(0xC00), NVS_ENTRY, NVS_ENTRY * 96, NVS_ENTRY + b"\xff" * 64]
)
def test_flash_without_a_table_has_none(table: bytes) -> None:
    assert layout.parse(table) == ()


def test_the_products_layout_fits_the_chip_and_itself() -> None:
    assert layout.end(OURS) <= 4 * 1024 * 1024
    ordered = sorted(OURS, key=lambda each: each.offset)
    assert ordered[0].offset >= layout.TABLE_OFFSET + layout.SECTOR
    for one, next_one in itertools.pairwise(ordered):
        assert one.offset + one.size <= next_one.offset, f"{one.label} reaches into {next_one.label}"
    assert all(each.offset % layout.SECTOR == each.size % layout.SECTOR == 0 for each in OURS)
    app = next(each for each in OURS if each.type == layout.APP)
    assert app.offset % 0x10000 == 0, "ESP-IDF maps an application in pages of 64 KiB"
    log = layout.find(OURS, "kitlog")
    assert log is not None
    assert (log.type, log.subtype) == (layout.DATA, 0x40)
    assert layout.find(OURS, "ffat") is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "flash.empty_table"),
        ("# only this\n", "flash.empty_table"),
        ("nvs, data, nvs, 0x9000\n", "flash.no_table"),
        ("nvs, data, nonsense, 0x9000, 0x6000\n", "flash.no_table"),
        ("nvs, thing, nvs, 0x9000, 0x6000\n", "flash.no_table"),
        ("nvs, data, nvs, , 0x6000\n", "flash.no_table"),
    ],
)
def test_a_table_that_cannot_be_followed_is_said_so(tmp_path: Path, text: str, code: str) -> None:
    path = tmp_path / "partitions.csv"
    path.write_text(text)
    line = {"line": text.strip()} if code == "flash.no_table" else {}
    with refused(code, InputError, path=path, **line):
        layout.read(path)


def test_a_table_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with refused("flash.table_unreadable", InputError, reason=Phrase("os.missing")):
        layout.read(tmp_path / "none.csv")
