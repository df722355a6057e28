"""Whatever a hostile central sends, over real packets to the real firmware: the tag keeps logging, and docks."""

from __future__ import annotations

import asyncio
import os
import random
import secrets
import struct
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from bumble import att, hci
from bumble.core import BaseBumbleError
from bumble.device import Advertisement, Connection, Device, DeviceConfiguration, Peer
from bumble.host import Host

from host.tag.events import VERIFIED
from kitwire import config, session
from tests.e2e.stage import Stage, play
from tests.telling import Tell

MTU = 247
ROOM = 470
"""Bytes sent in one go: the tag's stack holds 512 until its interrupt handler looks, a PROOF among them."""
LONGEST = 32
"""Longest frame of a request that `message` makes, in bytes."""
PATIENCE_S = 30.0


class Central:
    """A bumble host that connects to the one tag on the air, again and again."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self._fresh: asyncio.Future[str] | None = None
        self._rx = self._tx = 0
        device.on(Device.EVENT_ADVERTISEMENT, self._hear)

    def _hear(self, advertisement: Advertisement) -> None:
        if self._fresh is not None and not self._fresh.done():
            self._fresh.set_result(str(advertisement.address))

    @asynccontextmanager
    async def visit(self) -> AsyncIterator[Visit]:
        """One connection, subscribed to what the tag says."""
        self._fresh = asyncio.get_running_loop().create_future()
        async with asyncio.timeout(PATIENCE_S):
            address = await self._fresh
            connection = await self._device.connect(address)
        visit = Visit(connection, address)
        try:
            peer = Peer(connection)
            await peer.request_mtu(MTU)
            if not self._rx:  # the same each time, since the firmware has one service
                (service,) = await peer.discover_service(session.SERVICE_UUID)
                found = {str(one.uuid).lower(): one for one in await service.discover_characteristics()}
                self._rx, self._tx = found[session.RX_UUID].handle, found[session.TX_UUID].handle
            visit.begin(self._rx, self._tx)
            await connection.gatt_client.write_value(self._tx + 1, b"\x01\x00", with_response=True)
            yield visit
        except (TimeoutError, BaseBumbleError):
            if not visit.over:
                raise
        finally:
            if not visit.over:
                await connection.disconnect()


class Visit:
    """A connection to `address`: `over` once the tag has dropped it, `heard` its frames, `said` what was written."""

    def __init__(self, connection: Connection, address: str) -> None:
        self._connection = connection
        self.address = address
        self.said: list[bytes] = []
        self._moved = asyncio.Event()
        self._frames = session.FrameBuffer()
        self.heard: list[bytes] = []
        self.over = False
        connection.on(Connection.EVENT_DISCONNECTION, self._ended)

    def begin(self, rx: int, tx: int) -> None:
        self._rx = rx
        self._connection.gatt_client.notification_subscribers[tx] = {self._notified}

    def _notified(self, value: bytes) -> None:
        self.heard += self._frames.feed(bytes(value))
        self._moved.set()

    def _ended(self, _: object) -> None:
        self.over = True
        self._moved.set()

    def write(self, stream: bytes) -> None:
        """Write `stream` without response, in pieces that fit."""
        self.said.append(stream)
        for at in range(0, len(stream), MTU - 3):
            if not self.over:
                value = stream[at : at + MTU - 3]
                command = att.ATT_Write_Command(attribute_handle=self._rx, attribute_value=value)
                self._connection.gatt_client.send_gatt_pdu(bytes(command))

    async def answers(self, count: int) -> bool:
        """Wait until the tag has said `count` frames; False if it has dropped the connection."""
        async with asyncio.timeout(PATIENCE_S):
            while len(self.heard) < count and not self.over:
                self._moved.clear()
                await self._moved.wait()
        return len(self.heard) >= count

    async def end(self) -> None:
        """Wait until the tag has dropped the connection."""
        async with asyncio.timeout(PATIENCE_S):
            while not self.over:
                self._moved.clear()
                await self._moved.wait()

    async def authenticate(self, key: bytes, check: bool = True) -> session.Channel:
        """The channel to the tag, as its own station has it; without `check` whatever the tag has proved."""
        station = session.StationHandshake(key, os.urandom(session.NONCE_SIZE))
        self.write(session.frame(station.hello()))
        assert await self.answers(1)
        challenge = self.heard.pop(0)
        if not check:
            nonce = challenge[2 : 2 + session.NONCE_SIZE]
            mine = session.TagHandshake(key, nonce)
            challenge = mine.challenge(station.hello())
        proof, channel = station.channel(challenge)
        self.write(session.frame(proof))
        return channel


def whole(source: random.Random) -> int:
    """A whole number of 32 bits that is likely to be an edge of something."""
    item = source.choice(config.ITEMS)
    near = (0, 1, item.least - 1, item.least, item.most, item.most + 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
    return (source.choice(near) if source.random() < 0.7 else source.getrandbits(32)) & 0xFFFFFFFF


def message(source: random.Random) -> bytes:
    """A request that is malformed, unknown or out of range, now and then one that can be done."""
    kind = source.randrange(8)
    if kind == 0:
        return source.randbytes(source.randrange(1, 16))
    if kind == 1:
        return bytes([source.randrange(256)])
    if kind == 2:
        return bytes([session.SET_CONFIG, source.randrange(256)]) + struct.pack("<I", whole(source))
    if kind == 3:
        item = source.choice(config.ITEMS)
        return bytes([session.SET_CONFIG, item.number]) + struct.pack("<I", whole(source))
    if kind == 4:
        return struct.pack("<BIH", session.READ, whole(source), source.choice((0, 1, 13, 14)))
    if kind == 5:
        return struct.pack("<BI", session.ACKNOWLEDGE, whole(source) | 0x10000)
    if kind == 6:
        return struct.pack("<BIH", session.SET_TIME, source.randrange(1735689600), source.getrandbits(16))
    return bytes([source.choice((session.GET_CONFIG, session.IDENTIFY)), source.randrange(256)])


def rubbish(source: random.Random, key: bytes) -> list[bytes]:
    """Pieces of a stream that no station sends: each is one frame, or what may be taken for one."""
    hello = session.StationHandshake(key, source.randbytes(session.NONCE_SIZE)).hello()
    kinds = (
        lambda: source.randbytes(source.randrange(1, 200)),
        lambda: b"\x00\x00",
        lambda: struct.pack("<H", source.randrange(session.MAX_BODY + 1, 0x10000)) + source.randbytes(8),
        lambda: session.frame(source.randbytes(source.randrange(1, 80))),
        lambda: session.frame(bytes([session.PROOF]) + source.randbytes(32)),
        lambda: session.frame(bytes([session.SEALED]) + source.randbytes(source.randrange(1, 60))),
        lambda: session.frame(hello[:1] + bytes([source.randrange(2, 256)]) + hello[2:]),
        lambda: session.frame(hello[: source.randrange(1, len(hello))]),
        lambda: session.frame(hello) + session.frame(hello),
        lambda: session.frame(hello) + session.frame(bytes([session.PROOF]) + source.randbytes(32)),
        lambda: session.frame(hello)[: source.randrange(1, 20)],
    )
    first = source.choice(kinds)()
    return [first] + [source.choice(kinds)() for _ in range(source.randrange(12))]


class Attack:
    """Everything that is sent, by kind, from one seed."""

    def __init__(self, central: Central, key: bytes, seed: int) -> None:
        self._central = central
        self._key = key
        self._source = random.Random(seed)
        self.sent: Counter[str] = Counter()

    @property
    def frames(self) -> int:
        return sum(self.sent.values())

    async def strangers(self) -> None:
        """Somebody without the key: the tag drops him, or he leaves in the middle of something."""
        async with self._central.visit() as visit:
            pieces = rubbish(self._source, self._key)
            visit.write(b"".join(pieces)[:ROOM])
            self.sent["without the key"] += len(pieces)
            await asyncio.sleep(0.05)

    async def insider(self, most: int) -> None:
        """Somebody with the key: up to `most` well-sealed requests that make no sense, then something worse."""
        async with self._central.visit() as visit:
            channel = await visit.authenticate(self._key)
            done = 0
            while done < most:
                batch: list[bytes] = []
                while sum(map(len, batch)) < ROOM - LONGEST:
                    batch.append(session.frame(channel.seal(message(self._source))))
                # A READ that can be done has more than one answer; the last of each is what counts.
                visit.write(b"".join(batch))
                finished = 0
                while finished < len(batch):
                    assert await visit.answers(1), "the session goes on"
                    answer = channel.open(visit.heard.pop(0))
                    finished += answer[0] not in (session.RECORDS, session.GAP)
                done += len(batch)
            self.sent["sealed"] += done
            good = channel.seal(bytes([session.STATUS]))
            flipped = bytearray(good)
            flipped[self._source.randrange(len(good))] ^= 1 << self._source.randrange(8)
            worse = self._source.choice((bytes(flipped), good[:-1], channel.seal(b""), b"\x02" + good, good[:3]))
            visit.write(session.frame(worse) + session.frame(worse))
            self.sent["after a session"] += 2
            await visit.end()


def fuzz(folder: Path, number: int, frames: int, most: int, visits: int, tell: Tell) -> None:
    """At least `frames` frames from seed `number`: `most` or so by an insider, `visits` of strangers, and so on."""

    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        (first,) = await stage.dock(tag)
        assert first.error is None
        key = stage.store.tag_keys(stage.store.tag("P-01").id).session
        device = Device(config=DeviceConfiguration(name="", address=hci.Address.generate_static_address()))
        device.host = Host()
        controller = stage.station.controller("fuzzer")
        device.host.controller = controller
        controller.host = device.host
        await device.power_on()
        await device.start_scanning(active=False)
        attack = Attack(Central(device), key, number)
        began = time.monotonic()
        edges = 0
        while attack.frames < frames:
            await attack.insider(most)
            (tag.lid_close if edges % 2 else tag.lid_open)()
            edges += 1
            for _ in range(visits):
                await attack.strangers()
        took_s = time.monotonic() - began
        await device.stop_scanning()
        await device.power_off()
        await tag.settle()
        (report,) = await stage.dock(tag, everything=True)
        assert (report.error, report.altered) == (None, 0)
        events = stage.store.events()
        assert {event.verdict for event in events} == {VERIFIED}
        assert [event.sequence for event in events] == list(range(1, len(events) + 1))
        kinds = Counter(event.type for event in events)
        assert (kinds["lid_open"], kinds["lid_close"]) == ((edges + 1) // 2, edges // 2)
        assert kinds["fault"] == 0 and kinds["boot"] == 1
        assert set(kinds) <= {"boot", "dock", "time_set", "config", "lid_open", "lid_close", "heartbeat"}
        assert tag.state == "running"
        assert kinds["config"] > 0 and attack.sent["without the key"] > 3 * edges
        sent = ", ".join(f"{count} {name}" for name, count in sorted(attack.sent.items()))
        tell(
            f"fuzz of RX, KITDOCK_SEED={number}: {attack.frames} frames in {took_s:.0f} s ({sent}); "
            f"{edges} edges meanwhile, {len(events)} records, all verified; the tag docks"
        )

    play(folder, scene)


def seed() -> int:
    """Another one each time, unless KITDOCK_SEED names it."""
    return int(os.environ.get("KITDOCK_SEED", secrets.randbelow(10**6)))


def test_thousands_of_hostile_frames_do_no_harm(tmp_path: Path, tell: Tell) -> None:
    fuzz(tmp_path, seed(), 2000, 450, 3, tell)


@pytest.mark.exhaustive
@pytest.mark.timeout(3600)
def test_a_hundred_thousand_hostile_frames_do_no_harm(tmp_path: Path, tell: Tell) -> None:
    fuzz(tmp_path, seed(), 100_000, 2000, 12, tell)


def test_what_an_insider_may_send_has_one_form_at_least_of_each_kind() -> None:
    source = random.Random(1)
    made = [message(source) for _ in range(2000)]
    firsts = {request[0] for request in made}
    assert max(map(len, made)) + 3 + session.MIC_SIZE + 2 <= LONGEST
    assert {session.READ, session.ACKNOWLEDGE, session.SET_TIME, session.SET_CONFIG, session.IDENTIFY} <= firsts
    assert firsts - set(session._REQUEST_FORMATS)
