"""A tag in memory: the firmware's own tag, log and session server on models of its edges, and a link to it.

What it leaves out, pins, radio and sleep, is in the virtual station; the docking cannot tell it apart.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from host.link.errors import LinkLost, TagStalled
from kitcore import ring
from kitcore.life import Memory
from kitcore.server import Server
from kitcore.tag import ACKNOWLEDGED, EPOCH, Tag
from kitwire import config, session

SECTORS = 4
EPOCH_NOW = 3


class Nor:
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


class MemorySettings:
    """NVS: whole numbers of 32 bits with their sign, in `kept`. `broken`: it takes no more."""

    def __init__(self) -> None:
        self.kept: dict[str, int] = {}
        self.writes = 0
        self.broken = False

    def get(self, name: str, default: int = 0) -> int:
        return self.kept.get(name, default)

    def put(self, name: str, value: int) -> None:
        if self.broken:
            raise ring.StorageError("NVS does not take " + name)
        assert len(name) <= 15 and -0x80000000 <= value <= 0x7FFFFFFF
        self.kept[name] = value
        self.writes += 1

    def next_of(self, name: str) -> int:
        self.put(name, self.get(name) + 1)
        return self.get(name)


class MemoryClock:
    """A clock that moves only with `now_ms`, and RTC memory: `kept` is what was last packed into it."""

    def __init__(self) -> None:
        self.memory = Memory()
        self.now_ms = 0
        self.kept = b""

    def keep(self) -> None:
        self.memory.seen_ms = self.now_ms
        self.kept = self.memory.pack()

    def uptime_ms(self) -> int:
        return self.now_ms - self.memory.started_ms

    def utc_ms(self) -> int:
        return self.memory.utc_ms + self.uptime_ms() if self.memory.utc_ms else 0

    def set_utc(self, utc_ms: int) -> None:
        self.memory.utc_ms = utc_ms - self.uptime_ms()


class MemoryCell:
    """A cell at `mv`."""

    def __init__(self) -> None:
        self.mv = 3900

    def millivolts(self) -> int:
        return self.mv


class MemoryIndicator:
    """Notes what was to be shown, and whether with sound."""

    def __init__(self) -> None:
        self.shown: list[tuple[tuple[tuple[int, int, int], ...], bool]] = []

    def show(self, sign: tuple[tuple[int, int, int], ...], sound: bool) -> None:
        self.shown.append((sign, sound))


class MemoryTag(Tag):
    """A tag with an identity and keys, whose clock the test sets: its half seconds stay."""

    def __init__(self, tag_id: str, session_key: bytes, log_key: bytes, sectors: int = SECTORS) -> None:
        self.id = tag_id
        self.session_key = session_key
        self.flash = Nor(sectors)
        self.sectors = sectors
        ring.form(self.flash, sectors, log_key)
        self.stored = MemorySettings()
        self.stored.kept[EPOCH] = EPOCH_NOW
        self.time = MemoryClock()
        self.cell = MemoryCell()
        self.lamp = MemoryIndicator()
        super().__init__(self.stored, self.time, self.cell, self.lamp, self.opened(), (0, 1))
        self.time.memory.boot_count = 1
        self._configure()
        self.read_battery()
        self.uptime_s = 0

    def server(self) -> Server:
        """Its side of a new session."""
        return Server(self.session_key, os.urandom(16), self)

    def opened(self) -> ring.Ring:
        """The log, as it is found at a start."""
        return ring.Ring(self.flash, self.sectors, bytes.fromhex(self.id))

    @property
    def uptime_s(self) -> int:
        return self.time.uptime_ms() // 1000

    @uptime_s.setter
    def uptime_s(self, seconds: int) -> None:
        self.time.now_ms = self.time.memory.started_ms + seconds * 1000 + 500

    @property
    def utc_offset_s(self) -> int | None:
        """UTC at uptime 0, Unix seconds; None while the clock is not set."""
        return self.time.memory.utc_ms // 1000 or None

    @utc_offset_s.setter
    def utc_offset_s(self, seconds: int | None) -> None:
        self.time.memory.utc_ms = (seconds or 0) * 1000

    @property
    def acknowledged_up_to(self) -> int:
        return self.stored.get(ACKNOWLEDGED)

    @property
    def configuration(self) -> dict[int, int]:
        """The tag's configuration, without what is at its default."""
        values = {item.number: self.get_config(item.number) for item in config.ITEMS}
        return {number: value for number, value in values.items() if value != config.BY_NUMBER[number].default}

    def happen(self, kind: int, aux: int = 0, after_s: int = 60) -> None:
        """Log one event, `after_s` seconds after the last."""
        self.uptime_s += after_s
        self._record(kind, aux)

    def place_of(self, sequence: int) -> int:
        """Where in the flash the record at `sequence` begins."""
        sealed = next(iter(self.log.records(sequence, 1)))
        return self.flash.bytes.index(sealed)


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
        self._server = tag.server()
        self._inbox: list[bytes] = []
        self._tamper = tamper or (lambda body, _: [body])
        self._break_after = break_after
        self._stall_after = stall_after
        self._sent = 0
        self.flights = 0

    @property
    def idle(self) -> bool:
        return not self._inbox

    async def send(self, bodies: list[bytes]) -> None:
        self.flights += 1
        stream = b"".join(session.frame(body) for body in bodies)
        for frame in self._server.feed(stream):
            self._inbox.extend(self._tamper(frame[2:], self._sent))
            self._sent += 1

    async def receive(self) -> bytes:
        if self._break_after is not None and self._break_after <= 0:
            raise LinkLost("link.dropped")
        if self._stall_after is not None and self._stall_after <= 0:
            raise TagStalled("link.silent", seconds=5.0)
        if not self._inbox:
            raise LinkLost("link.dropped")
        if self._break_after is not None:
            self._break_after -= 1
        if self._stall_after is not None:
            self._stall_after -= 1
        return self._inbox.pop(0)
