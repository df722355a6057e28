"""The serial bootloader of a virtual ESP32-C6, as far as esptool uses it: an emulation.

Written from Espressif's description of the protocol and from the source of esptool 5, which it has been
tried with; nothing here has been compared with a chip. It plays ROM and stub flasher: once esptool has loaded
its stub and started it, that is taken as running, and never executed. Flash follows the rules of NOR.

A pty has no lines for reset and boot: the port enters this by itself when a SYNC comes, and where RTS
would reset a chip, a Ctrl-C outside of a packet does here (a chip would ignore it).
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections import deque
from collections.abc import Callable
from typing import Protocol

from host.flash.image import CHIP_ID
from host.sim.nor import SECTOR, Nor

SYNC = b"\xc0\x00\x08\x24\x00"
"""How a SYNC packet begins, with its delimiter."""

_DELIMITER = b"\xc0"
_BEGIN, _DATA, _END = 0x02, 0x03, 0x04
_MEM_BEGIN, _MEM_END, _MEM_DATA = 0x05, 0x06, 0x07
_SYNC, _WRITE_REG, _READ_REG = 0x08, 0x09, 0x0A
_SPI_SET_PARAMS, _SPI_ATTACH, _CHANGE_BAUDRATE = 0x0B, 0x0D, 0x0F
_DEFL_BEGIN, _DEFL_DATA, _DEFL_END = 0x10, 0x11, 0x12
_SPI_FLASH_MD5, _GET_SECURITY_INFO = 0x13, 0x14
_ERASE_FLASH, _ERASE_REGION, _READ_FLASH, _RUN_USER_CODE = 0xD0, 0xD1, 0xD2, 0xD3
_STUB_ONLY = frozenset((_ERASE_FLASH, _ERASE_REGION, _READ_FLASH, _RUN_USER_CODE))
_WITH_CHECKSUM = frozenset((_DATA, _MEM_DATA, _DEFL_DATA))

_INVALID_MESSAGE, _FAILED, _BAD_CHECKSUM = 0x05, 0x06, 0x07
_ROM_VALUE = 0x20120707
"""What the ROM answers to SYNC; the stub answers 0."""

_SPI = 0x60003000
_SPI_CMD, _SPI_USR2, _SPI_W0 = _SPI, _SPI + 0x20, _SPI + 0x58
_SPI_CMD_USR = 1 << 18
_READ_ID = 0x9F
_FLASH_ID = 0x1640EF
"""Winbond W25Q32, 4 MiB: maker, type, size as a power of two."""
EFUSE_BLOCK1 = 0x600B0844
"""Fuses with the chip's address, package and revision, a word for each number (esptool, targets/esp32c6.py)."""
PACKAGE_AND_REVISION = 1 << 24 | 2 << 18
"""Word 3 of them: an ESP32-C6FH4, revision 0.2."""
_FLASH_4_MIB = 1

_MOST_UNREAD = 8
"""Packets of a read that are sent ahead of the reader's word that it has them."""


class BootableChip(Protocol):
    """What the bootloader works on."""

    @property
    def chip(self) -> Nor: ...

    @property
    def mac(self) -> bytes: ...

    def reset(self) -> None: ...


class _Failed(Exception):
    """A command that is answered with this reason for failing."""


class Bootloader:
    """One stay in the bootloader; `send` takes bytes for the port. A reset of the chip is its end."""

    def __init__(self, chip: BootableChip, send: Callable[[bytes], None]) -> None:
        self._chip = chip
        self._flash = chip.chip
        self._send = send
        self._incoming = b""
        self._stub = False
        self._over = False
        self._at = 0
        self._inflate = zlib.decompressobj()
        self._unsent: deque[bytes] = deque()
        self._unread = 0
        self._digest = b""
        mac = chip.mac
        self._registers = {
            EFUSE_BLOCK1: int.from_bytes(mac[2:], "big"),
            EFUSE_BLOCK1 + 4: int.from_bytes(mac[:2], "big") | 0xFFFE << 16,
            EFUSE_BLOCK1 + 12: PACKAGE_AND_REVISION,
            EFUSE_BLOCK1 + 16: _FLASH_4_MIB,
        }
        self._commands: dict[int, Callable[[bytes], bytes]] = {
            _BEGIN: self._begin,
            _DATA: self._data,
            _END: _accept,
            _MEM_BEGIN: _accept,
            _MEM_DATA: _accept,
            _MEM_END: self._run,
            _WRITE_REG: self._write_registers,
            _SPI_SET_PARAMS: _accept,
            _SPI_ATTACH: _accept,
            _CHANGE_BAUDRATE: _accept,
            _DEFL_BEGIN: self._begin,
            _DEFL_DATA: self._compressed,
            _DEFL_END: _accept,
            _SPI_FLASH_MD5: self._md5,
            _GET_SECURITY_INFO: lambda _: struct.pack("<IB7xII", 0, 0, CHIP_ID, 0),
            _ERASE_FLASH: lambda _: self._erase(0, len(self._flash.bytes)),
            _ERASE_REGION: lambda data: self._erase(*struct.unpack("<II", data)),
            _READ_FLASH: self._read,
        }

    def feed(self, data: bytes) -> bytes:
        """Take what has come from the port. Returns what comes after a Ctrl-C that has reset the chip."""
        self._incoming += data
        while not self._over:
            between, delimiter, rest = self._incoming.partition(_DELIMITER)
            if b"\x03" in between:
                self._leave()
                return between.partition(b"\x03")[2] + delimiter + rest
            packet, end, after = rest.partition(_DELIMITER)
            if not end:
                self._incoming = delimiter + rest
                break
            if not packet:  # the end of one packet, and the beginning of the next
                self._incoming = rest
                continue
            self._incoming = after
            self._received(packet.replace(b"\xdb\xdc", _DELIMITER).replace(b"\xdb\xdd", b"\xdb"))
        return b""

    def _leave(self) -> None:
        self._over = True
        self._chip.reset()

    def _received(self, packet: bytes) -> None:
        if self._unread:
            self._unread -= 1
            self._send_ahead()
        elif len(packet) >= 8 and packet[0] == 0:
            _, operation, size, checksum = struct.unpack("<BBHI", packet[:8])
            self._command(operation, packet[8 : 8 + size], checksum)

    def _command(self, operation: int, data: bytes, checksum: int) -> None:
        if operation == _SYNC:
            for _ in range(8):
                self._answer(operation, b"", 0 if self._stub else _ROM_VALUE)
        elif operation == _READ_REG:
            self._answer(operation, b"", self._registers.get(int.from_bytes(data[:4], "little"), 0))
        elif operation == _RUN_USER_CODE and self._stub:
            self._leave()
        elif operation not in self._commands or (operation in _STUB_ONLY and not self._stub):
            self._answer(operation, b"", failure=_INVALID_MESSAGE)
        else:
            self._carry_out(operation, data, checksum)

    def _carry_out(self, operation: int, data: bytes, checksum: int) -> None:
        try:
            if operation in _WITH_CHECKSUM and _checksum(data[16:]) != checksum:
                raise _Failed(_BAD_CHECKSUM)
            result = self._commands[operation](data)
        except _Failed as failed:
            self._answer(operation, b"", failure=failed.args[0])
        except (ValueError, struct.error, zlib.error):
            self._answer(operation, b"", failure=_FAILED)
        else:
            self._answer(operation, result)
            self._afterwards(operation, data)

    def _afterwards(self, operation: int, data: bytes) -> None:
        if operation == _MEM_END and self._stub:
            self._send_packet(b"OHAI")
        elif operation in (_END, _DEFL_END):
            stay = data[:1] == b"\1"
            if not self._stub:
                self._leave()
            elif not stay:
                self._stub = False  # what restarts the stub's chip while the boot button is held
        elif operation == _READ_FLASH:
            self._send_ahead()

    def _answer(self, operation: int, data: bytes, value: int = 0, failure: int = 0) -> None:
        status = bytes((bool(failure), failure)) + (b"" if self._stub else b"\0\0")
        content = data + status
        self._send_packet(struct.pack("<BBHI", 1, operation, len(content), value) + content)

    def _send_packet(self, packet: bytes) -> None:
        escaped = packet.replace(b"\xdb", b"\xdb\xdd").replace(_DELIMITER, b"\xdb\xdc")
        self._send(_DELIMITER + escaped + _DELIMITER)

    # Memory and registers.

    def _run(self, data: bytes) -> bytes:
        _, entry = struct.unpack("<II", data)
        self._stub = entry != 0
        return b""

    def _write_registers(self, data: bytes) -> bytes:
        for register, value, mask, _ in struct.iter_unpack("<IIII", data):
            self._registers[register] = self._registers.get(register, 0) & ~mask | value & mask
        if self._registers.get(_SPI_CMD, 0) & _SPI_CMD_USR:
            command = self._registers.get(_SPI_USR2, 0) & 0xFF
            self._registers[_SPI_W0] = _FLASH_ID if command == _READ_ID else 0
            self._registers[_SPI_CMD] = 0
        return b""

    # Flash.

    def _begin(self, data: bytes) -> bytes:
        size, _, _, self._at = struct.unpack("<IIII", data[:16])
        self._inflate = zlib.decompressobj()
        return self._erase(self._at, size)

    def _erase(self, offset: int, size: int) -> bytes:
        if offset + size > len(self._flash.bytes):
            raise _Failed(_FAILED)
        for sector in range(offset // SECTOR * SECTOR, offset + size, SECTOR):
            self._flash.erase(sector)
        return b""

    def _data(self, data: bytes) -> bytes:
        self._program(data[16 : 16 + struct.unpack("<I", data[:4])[0]])
        return b""

    def _compressed(self, data: bytes) -> bytes:
        self._program(self._inflate.decompress(data[16:]))
        return b""

    def _program(self, content: bytes) -> None:
        self._flash.program(self._at, content)
        self._at += len(content)

    def _md5(self, data: bytes) -> bytes:
        offset, size = struct.unpack("<II", data[:8])
        digest = hashlib.md5(self._flash.read(offset, size))
        return digest.digest() if self._stub else digest.hexdigest().encode()

    def _read(self, data: bytes) -> bytes:
        offset, size, block, _ = struct.unpack("<IIII", data)
        content = self._flash.read(offset, size)
        self._unsent.extend(content[at : at + block] for at in range(0, size, block))
        self._digest = hashlib.md5(content).digest()
        return b""

    def _send_ahead(self) -> None:
        while self._unsent and self._unread < _MOST_UNREAD:
            self._unread += 1
            self._send_packet(self._unsent.popleft())
        if not self._unsent and not self._unread:
            self._send_packet(self._digest)


def _accept(data: bytes) -> bytes:
    return b""


def _checksum(data: bytes) -> int:
    value = 0xEF
    for each in data:
        value ^= each
    return value
