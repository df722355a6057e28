"""A tag in memory: the firmware's own log and session server on a model of NOR flash, and a link to it.

What it leaves out, pins, radio and sleep, is in the virtual station; the docking cannot tell it apart.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from host.link.errors import LinkLost, TagStalled
from kitcore import ring
from kitcore.server import Device, RangeError, Server
from kitwire import config, record, session

SECTORS = 4


class Nor(ring.Flash):
    """NOR flash: programming clears bits, erasing sets a sector to 0xFF."""

    def __init__(self, sectors: int = SECTORS) -> None:
        self.bytes = bytearray(b"\xff" * sectors * ring.SECTOR)

    def read(self, offset: int, size: int) -> bytes:
        return bytes(self.bytes[offset : offset + size])

    def program(self, offset: int, data: bytes) -> None:
        for at, byte in enumerate(data, offset):
            self.bytes[at] &= byte

    def erase(self, sector: int) -> None:
        start = sector * ring.SECTOR
        self.bytes[start : start + ring.SECTOR] = b"\xff" * ring.SECTOR


class MemoryTag(Device):
    """A tag with an identity and keys, whose clock the test sets."""

    def __init__(self, tag_id: str, session_key: bytes, log_key: bytes, sectors: int = SECTORS) -> None:
        self.id = tag_id
        self.session_key = session_key
        self.flash = Nor(sectors)
        ring.form(self.flash, sectors, log_key)
        self.log = ring.Ring(self.flash, sectors, bytes.fromhex(tag_id))
        self.uptime_s = 0
        self.utc_offset_s: int | None = None
        self.acknowledged_up_to = 0
        self.configuration: dict[int, int] = {}

    def happen(self, kind: int, aux: int = 0, after_s: int = 60) -> None:
        """Log one event, `after_s` seconds after the last."""
        self.uptime_s += after_s
        utc_s = self.uptime_s + self.utc_offset_s if self.utc_offset_s is not None else 0
        self.log.append(record.Plain(kind, 0, 3900, 1, self.uptime_s, utc_s, aux))

    def place_of(self, sequence: int) -> int:
        """Where in the flash the record at `sequence` begins."""
        sealed = next(iter(self.log.records(sequence, 1)))
        return self.flash.bytes.index(sealed)

    def status(self) -> session.Status:
        return session.Status(
            1, 0, 1, 0, 3900, 80, 0, 1, self.uptime_s, 500, 0, self.log.first, self.log.last, self.acknowledged_up_to, 3
        )

    def acknowledge(self, up_to: int) -> int:
        self.acknowledged_up_to = max(self.acknowledged_up_to, up_to)
        return self.acknowledged_up_to

    def set_time(self, utc_ms: int) -> int:
        offset = utc_ms // 1000 - self.uptime_s
        before, self.utc_offset_s = self.utc_offset_s, offset
        if before is not None and abs(offset - before) < 2:
            self.utc_offset_s = before
            return 0
        self.happen(record.TIME_SET, after_s=0)
        return offset - before if before is not None else 0

    def get_config(self, item: int) -> int:
        if item not in config.BY_NUMBER:
            raise RangeError(str(item))
        return self.configuration.get(item, config.BY_NUMBER[item].default)

    def set_config(self, item: int, value: int) -> None:
        if self.get_config(item) == value:
            return
        if not config.accepts(config.BY_NUMBER[item], value):
            raise RangeError(str(item))
        self.configuration[item] = value
        self.happen(record.CONFIG, item, after_s=0)

    def identify(self, seconds: int) -> None:
        pass


class MemoryLink:
    """A `host.link.gatt.Link` to a `MemoryTag`.

    `tamper` may change, drop or repeat what the tag sends: it takes the body of each frame and the
    number of frames before it, and gives the bodies to deliver. `break_after` loses the link, `stall_after`
    silences the tag, once it has sent that many frames.
    """

    def __init__(
        self,
        tag: MemoryTag,
        tamper: Callable[[bytes, int], list[bytes]] | None = None,
        break_after: int | None = None,
        stall_after: int | None = None,
    ) -> None:
        self._server = Server(tag.session_key, os.urandom(16), tag)
        self._inbox: list[bytes] = []
        self._tamper = tamper or (lambda body, _: [body])
        self._break_after = break_after
        self._stall_after = stall_after
        self._sent = 0
        self.flights = 0

    async def send(self, bodies: list[bytes]) -> None:
        self.flights += 1
        stream = b"".join(session.frame(body) for body in bodies)
        for frame in self._server.feed(stream):
            self._inbox.extend(self._tamper(frame[2:], self._sent))
            self._sent += 1

    async def receive(self) -> bytes:
        if self._break_after is not None and self._break_after <= 0:
            raise LinkLost("the tag dropped the connection")
        if self._stall_after is not None and self._stall_after <= 0:
            raise TagStalled("the tag said nothing for 5 s")
        if not self._inbox:
            raise LinkLost("the tag dropped the connection")
        if self._break_after is not None:
            self._break_after -= 1
        if self._stall_after is not None:
            self._stall_after -= 1
        return self._inbox.pop(0)
