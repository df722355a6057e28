"""Non-volatile storage as ESP-IDF keeps it in flash: bytes, in pages that only grow until they are recycled.

Modelled from components/nvs_flash/src (nvs_page.cpp, nvs_pagemanager.cpp, nvs_storage.cpp) and its documentation,
"Internals". A page is a sector of flash:

    0      4         8         9           28      32               64          96               4096
    +------+---------+---------+-----------+-------+----------------+-----------+-- ... --+-------+
    |state | number  | version | 19 x 0xFF | CRC   | 126 x 2 bits   | entry 0   |         | 125   |
    +------+---------+---------+-----------+-------+----------------+-----------+-- ... --+-------+

    an entry   ns (1), type (1), span (1), chunk (1), CRC (4), key (16), value or its description (8)

An entry's two bits are 11 while it is empty, 10 once it is written and 00 once it is erased: to erase is to mark, and
the bytes stay until their page is recycled. A new value is written before the old one is marked. What has been set is
in flash at once; `nvs_commit` has nothing left to do.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, MutableMapping
from typing import NamedTuple

from host.sim.nor import SECTOR, Nor

NOT_ENOUGH_SPACE = (-0x1105, "ESP_ERR_NVS_NOT_ENOUGH_SPACE")
NOT_INITIALIZED = (-0x1101, "ESP_ERR_NVS_NOT_INITIALIZED")

Entry = tuple[str, str, str]
"""Namespace, key, and "i32" or "blob"."""

_ENTRIES = 126
_ENTRY = 32
_TABLE = 32
_ACTIVE, _FULL, _FREEING = 0xFFFFFFFE, 0xFFFFFFFC, 0xFFFFFFF8
_UNINITIALIZED = 0xFFFFFFFF
_EMPTY, _WRITTEN, _ERASED = 3, 2, 0
_U8, _I32, _BLOB_DATA, _BLOB_INDEX = 0x01, 0x14, 0x42, 0x48
_ANY_CHUNK = 0xFF
_ITEM = struct.Struct("<BBBBI16s8s")
_NAMESPACES = 0


class NvsError(Exception):
    """What ESP-IDF refuses, as the arguments of MicroPython's `OSError`."""

    def __init__(self, number: int, text: str) -> None:
        super().__init__(text)
        self.number = number
        self.text = text


class _Item(NamedTuple):
    namespace: int
    type: int
    span: int
    chunk: int
    key: str
    value: bytes

    def packed(self) -> bytes:
        key = self.key.encode().ljust(16, b"\0")
        bare = _ITEM.pack(self.namespace, self.type, self.span, self.chunk, 0, key, self.value)
        return bare[:4] + struct.pack("<I", _crc(bare[:4] + bare[8:])) + bare[8:]


def _crc(data: bytes) -> int:
    return zlib.crc32(data, 0xFFFFFFFF)


def _unpacked(raw: bytes) -> _Item | None:
    namespace, kind, span, chunk, crc, key, value = _ITEM.unpack(raw)
    if crc != _crc(raw[:4] + raw[8:]) or not 1 <= span <= _ENTRIES:
        return None
    return _Item(namespace, kind, span, chunk, key.rstrip(b"\0").decode("ascii", "replace"), value)


class _Page:
    """One sector. `states` and `free`, the first entry not yet written, are what ESP-IDF keeps of it in RAM."""

    def __init__(self, flash: Nor, sector: int) -> None:
        self._flash = flash
        self._base = sector * SECTOR
        header = flash.read(self._base, 32)
        self.state, self.number = struct.unpack_from("<II", header)
        self.states = [_EMPTY] * _ENTRIES
        self.free = 0
        whole = struct.unpack_from("<I", header, 28)[0] == _crc(header[4:28])
        self.in_use = whole and self.state in (_ACTIVE, _FULL, _FREEING)
        self.blank = flash.read(self._base, SECTOR) == b"\xff" * SECTOR
        if self.in_use:
            self._load()

    def _load(self) -> None:
        table = self._flash.read(self._base + _TABLE, 32)
        self.states = [table[index // 4] >> index % 4 * 2 & 3 for index in range(_ENTRIES)]
        self.free = next((index for index, state in enumerate(self.states) if state == _EMPTY), _ENTRIES)
        while self.free < _ENTRIES and self.raw(self.free)[:4] != b"\xff" * 4:
            self.mark(self.free, 1, _ERASED)  # the power went before its bits were set
            self.free += 1
        for index in range(self.free):
            item = self.item(index)
            if item is not None and set(self.states[index : index + item.span]) != {_WRITTEN}:
                self.mark(index, min(item.span, _ENTRIES - index), _ERASED)

    def raw(self, index: int) -> bytes:
        return self._flash.read(self._base + 64 + index * _ENTRY, _ENTRY)

    def item(self, index: int) -> _Item | None:
        """The item that begins at `index`, if one does."""
        return _unpacked(self.raw(index)) if self.states[index] == _WRITTEN else None

    def items(self) -> Iterator[tuple[int, _Item]]:
        index = 0
        while index < self.free:
            item = self.item(index)
            if item is not None:
                yield index, item
            index += item.span if item is not None else 1

    def data(self, index: int, item: _Item) -> bytes:
        raw = b"".join(self.raw(number) for number in range(index + 1, index + item.span))
        return raw[: struct.unpack_from("<H", item.value)[0]]

    def begin(self, number: int) -> None:
        """Erase it if need be, and let it be the active page."""
        if not self.blank:
            self.erase()
        self.state, self.number, self.in_use, self.blank = _ACTIVE, number, True, False
        body = struct.pack("<IB", number, 0xFE) + b"\xff" * 19
        self._flash.program(self._base, struct.pack("<I", _ACTIVE) + body + struct.pack("<I", _crc(body)))
        self.states, self.free = [_EMPTY] * _ENTRIES, 0

    def become(self, state: int) -> None:
        self.state = state
        self._flash.program(self._base, struct.pack("<I", state))

    def erase(self) -> None:
        self._flash.erase(self._base)
        self.in_use, self.blank, self.states, self.free = False, True, [_EMPTY] * _ENTRIES, 0

    def append(self, raw: bytes) -> None:
        count = len(raw) // _ENTRY
        self._flash.program(self._base + 64 + self.free * _ENTRY, raw)
        self.mark(self.free, count, _WRITTEN)
        self.free += count

    def mark(self, first: int, count: int, state: int) -> None:
        for index in range(first, first + count):
            self.states[index] = state
            byte = index // 4
            bits = [self.states[each] if each < _ENTRIES else _EMPTY for each in range(byte * 4, byte * 4 + 4)]
            value = sum(each << number * 2 for number, each in enumerate(bits))
            self._flash.program(self._base + _TABLE + byte, bytes([value]))


class Nvs(MutableMapping[Entry, "int | str"]):
    """The storage in the partition that was mounted last; numbers, and blobs as hexadecimal text.

    What a program does to the partition's bytes behind its back is not noticed before the next mount, as on the chip.
    """

    def __init__(self) -> None:
        self._pages: list[_Page] = []

    def mount(self, flash: Nor | None) -> None:
        """`nvs_flash_init`, as MicroPython does it (ports/esp32/main.c, `boardctrl_startup`); None: no partition."""
        self._pages = []
        if flash is None:
            return
        sectors = range(len(flash.bytes) // SECTOR)
        self._pages = [_Page(flash, sector) for sector in sectors]
        if all(page.in_use for page in self._pages):  # ESP_ERR_NVS_NO_FREE_PAGES: MicroPython erases all of it
            for page in self._pages:
                page.erase()
        self._end_what_was_interrupted()
        if not self._used():
            self._pages[0].begin(0)

    def _used(self) -> list[_Page]:
        """Pages in use, the active one last."""
        return sorted((page for page in self._pages if page.in_use), key=lambda page: page.number)

    def _end_what_was_interrupted(self) -> None:
        used = self._used()
        freeing = next((page for page in used if page.state == _FREEING), None)
        if freeing is not None:
            if used[-1].state == _ACTIVE and used[-1] is not freeing:
                used[-1].erase()
            self._recycle(freeing)
        newest: dict[tuple[int, int, str, int], tuple[_Page, int, int]] = {}
        for page in self._used():
            for index, item in list(page.items()):
                known = newest.get((*item[:2], item.key, item.chunk))
                if known is not None:
                    known[0].mark(known[1], known[2], _ERASED)  # of two the later one
                newest[(*item[:2], item.key, item.chunk)] = (page, index, item.span)
        for (namespace, kind, key, chunk), (page, index, span) in newest.items():
            if kind == _BLOB_DATA:
                found = self._find(namespace, _BLOB_INDEX, key)
                if found is None or found[2].value[5] != chunk:
                    page.mark(index, span, _ERASED)  # data without an index

    def _recycle(self, page: _Page) -> None:
        """Copy what counts in `page` to a new one, and erase it."""
        used = self._used()
        fresh = next(each for each in self._pages if not each.in_use)
        fresh.begin(used[-1].number + 1)
        for index, item in list(page.items()):
            fresh.append(b"".join(page.raw(number) for number in range(index, index + item.span)))
        page.erase()

    def _room_for(self, count: int) -> _Page:
        used = self._used()
        if used and used[-1].state == _ACTIVE and used[-1].free + count <= _ENTRIES:
            return used[-1]
        if used and used[-1].state == _ACTIVE:
            used[-1].become(_FULL)
        free = [page for page in self._pages if not page.in_use]
        if len(free) >= 2:
            free[0].begin(used[-1].number + 1 if used else 0)
        else:
            fullest = min(used, key=lambda page: page.states.count(_WRITTEN))
            if fullest.states.count(_WRITTEN) == _ENTRIES or not free:
                raise NvsError(*NOT_ENOUGH_SPACE)
            fullest.become(_FREEING)
            self._recycle(fullest)
        page = self._used()[-1]
        if page.free + count > _ENTRIES:
            raise NvsError(*NOT_ENOUGH_SPACE)
        return page

    def _find(self, namespace: int, kind: int, key: str, chunk: int | None = None) -> tuple[_Page, int, _Item] | None:
        for page in self._used():
            for index, item in page.items():
                if (item.namespace, item.type, item.key) == (namespace, kind, key) and chunk in (None, item.chunk):
                    return page, index, item
        return None

    def _namespaces(self) -> dict[str, int]:
        entries = (item for page in self._used() for _, item in page.items())
        return {item.key: item.value[0] for item in entries if (item.namespace, item.type) == (_NAMESPACES, _U8)}

    def open(self, namespace: str) -> int:
        """The number of `namespace`, which is made if there is none. Raises `NvsError`."""
        if not self._pages:
            raise NvsError(*NOT_INITIALIZED)
        known = self._namespaces()
        if namespace not in known:
            number = next(each for each in range(1, 255) if each not in known.values())
            self._write(_Item(_NAMESPACES, _U8, 1, _ANY_CHUNK, namespace, bytes([number]) + b"\xff" * 7), b"")
            return number
        return known[namespace]

    def _write(self, item: _Item, data: bytes) -> None:
        old = self._find(item.namespace, item.type, item.key, item.chunk)
        if old is not None and old[2] == item and old[0].data(old[1], item) == data:
            return
        padded = data + b"\xff" * (-len(data) % _ENTRY)
        self._room_for(item.span).append(item.packed() + padded)
        old = old and self._find(item.namespace, item.type, item.key, item.chunk)
        if old is not None:
            old[0].mark(old[1], old[2].span, _ERASED)

    def __getitem__(self, entry: Entry) -> int | str:
        namespace, key, kind = entry
        number = self._namespaces().get(namespace)
        found = None if number is None else self._find(number, _BLOB_INDEX if kind == "blob" else _I32, key)
        if number is None or found is None:
            raise KeyError(entry)
        if kind == "i32":
            return int(struct.unpack_from("<i", found[2].value)[0])
        data = self._find(number, _BLOB_DATA, key, found[2].value[5])
        if data is None:
            raise KeyError(entry)
        return data[0].data(data[1], data[2]).hex()

    def __setitem__(self, entry: Entry, value: int | str) -> None:
        """Raises `NvsError`."""
        namespace, key, _ = entry
        number = self.open(namespace)
        if isinstance(value, int):
            self._write(_Item(number, _I32, 1, _ANY_CHUNK, key, struct.pack("<i", value) + b"\xff" * 4), b"")
            return
        data = bytes.fromhex(value)
        if self.get(entry) == value:
            return
        old = self._find(number, _BLOB_INDEX, key)
        version = 0x80 if old is not None and old[2].value[5] == 0 else 0
        described = struct.pack("<HHI", len(data), 0xFFFF, _crc(data))
        self._write(_Item(number, _BLOB_DATA, 1 - -len(data) // _ENTRY, version, key, described), data)
        index = struct.pack("<IBBH", len(data), 1, version, 0xFFFF)
        self._write(_Item(number, _BLOB_INDEX, 1, _ANY_CHUNK, key, index), b"")
        stale = old and self._find(number, _BLOB_DATA, key, old[2].value[5])
        if stale:
            stale[0].mark(stale[1], stale[2].span, _ERASED)

    def __delitem__(self, entry: Entry) -> None:
        namespace, key, kind = entry
        if entry not in self:
            raise KeyError(entry)
        number = self._namespaces()[namespace]
        for each in (_BLOB_INDEX, _BLOB_DATA) if kind == "blob" else (_I32,):
            while (found := self._find(number, each, key)) is not None:
                found[0].mark(found[1], found[2].span, _ERASED)

    def __iter__(self) -> Iterator[Entry]:
        names = {number: name for name, number in self._namespaces().items()}
        for page in self._used():
            for _, item in page.items():
                if item.namespace in names and item.type in (_I32, _BLOB_INDEX):
                    yield names[item.namespace], item.key, "i32" if item.type == _I32 else "blob"

    def __len__(self) -> int:
        return sum(1 for _ in self)
