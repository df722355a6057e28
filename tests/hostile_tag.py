"""Tags that lie, drag and flood. They hold their keys, so a station believes who they are.

A `HostileTag` changes what its session server says. `MemoryLink` and `BleTag` take it as any tag; `Wireless` lets the
station's own link talk to it with no radio in between, and says it as slowly, or as often, as it likes.
"""

from __future__ import annotations

import asyncio
import os
import struct
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from bumble.device import Connection

from kitcore.server import Server
from kitwire import advert, keys, record, session
from tests.bumble_tag import BleTag
from tests.memory_tag import MemoryTag

Says = Callable[[bytes, Iterable[bytes]], Iterable[bytes]]
"""What is answered to a request, given what an honest tag would answer."""


def honest(_: bytes, replies: Iterable[bytes]) -> Iterable[bytes]:
    return replies


class HostileTag(MemoryTag):
    """A tag that answers as `says` has it."""

    def __init__(self, tag_id: str, session_key: bytes, log_key: bytes, sectors: int = 4) -> None:
        super().__init__(tag_id, session_key, log_key, sectors)
        self.says: Says = honest
        self._log_key = log_key

    def server(self) -> Server:
        return _HostileServer(self)

    def valid_records(self, first: int) -> Iterator[bytes]:
        """Without an end, records as the tag would seal them, from sequence `first` on."""
        return islice(self._sealed(), first - 1, None)

    def _sealed(self) -> Iterator[bytes]:
        key, previous, sequence = self._log_key, record.GENESIS_TAG, record.FIRST_SEQUENCE
        while True:
            plain = record.Plain(record.HEARTBEAT, 0, 3900, 1, sequence, 0, 0)
            sealed = record.seal(bytes.fromhex(self.id), key, sequence, previous, plain)
            yield sealed
            key, previous, sequence = keys.ratchet(key), record.tag_of(sealed), sequence + 1


class _HostileServer(Server):
    def __init__(self, tag: HostileTag) -> None:
        super().__init__(tag.session_key, os.urandom(session.NONCE_SIZE), tag)
        self._tag = tag

    def _replies(self, message: bytes) -> Iterator[bytes]:
        yield from self._tag.says(message, super()._replies(message))


# What it may say.


def status(**claims: int) -> Says:
    """Its state, with these claims in it."""

    def says(message: bytes, replies: Iterable[bytes]) -> Iterable[bytes]:
        for reply in replies:
            if reply[0] == session.REPLY | session.STATUS:
                values = session.Status(*session.parse_reply(reply)[1])
                reply = session.pack_status(values._replace(**claims))
            yield reply

    return says


def instead(operation: int, answer: Callable[[bytes, list[bytes]], Iterable[bytes]], after: int = 0) -> Says:
    """To requests for `operation`, what `answer` makes of request and honest reply; the first `after` as they are."""
    seen = 0

    def says(message: bytes, replies: Iterable[bytes]) -> Iterable[bytes]:
        nonlocal seen
        if message[0] != operation:
            return replies
        seen += 1
        return replies if seen <= after else answer(message, list(replies))

    return says


def endless(records: Callable[[int], Iterator[bytes]]) -> Says:
    """To READ, what `records` gives from the first that was asked for on, in full messages and without an end."""

    def answer(message: bytes, _: list[bytes]) -> Iterable[bytes]:
        _, (first, _) = session.parse_request(message)
        following = records(first)
        while True:
            yield session.pack_records(list(islice(following, session.RECORDS_PER_FRAME)))

    return instead(session.READ, answer)


def random_records(_: int) -> Iterator[bytes]:
    """36 bytes of nothing each, without an end."""
    while True:
        yield os.urandom(record.SIZE)


def one_by_one(message: bytes, replies: list[bytes]) -> Iterable[bytes]:
    """An honest answer to READ, with each record in a message of its own."""
    for reply in replies:
        if reply[0] == session.RECORDS:
            yield from (session.pack_records([each]) for each in session.records_of(reply))
        else:
            yield reply


def gap(first: int) -> bytes:
    return session.pack_gap(first, os.urandom(record.TAG_SIZE))


def read_ends(following: int) -> bytes:
    return struct.pack("<BI", session.REPLY | session.READ, following)


class _Characteristic:
    max_write_without_response_size = 244


class _Services:
    def get_characteristic(self, _: str) -> _Characteristic:
        return _Characteristic()


class Wireless:
    """An adapter, a device and a client in one: the station connects to the tag with no radio in between.

    Each notification has at most `piece` bytes and is followed by `pause_s` seconds.
    `unasked` is notified as soon as the station has subscribed. To connect takes `connect_s`, to go `disconnect_s`.
    """

    def __init__(self, tag: MemoryTag) -> None:
        self.tag = tag
        self.piece = 244
        self.pause_s = 0.0
        self.unasked: Iterable[bytes] = ()
        self.connect_s = 0.0
        self.disconnect_s = 0.0
        self.notified = 0
        """Bytes that it has notified."""
        self.is_connected = False
        self.services = _Services()
        self._jobs: list[asyncio.Task[None]] = []
        self._written: asyncio.Queue[bytes] = asyncio.Queue()

    def client(self, *_: Any) -> Wireless:
        return self

    async def connect(self) -> None:
        await asyncio.sleep(self.connect_s)
        self.is_connected = True

    async def start_notify(self, _: str, heard: Callable[[object, bytearray], None]) -> None:
        self._written = asyncio.Queue()
        self._jobs = [asyncio.create_task(self._notify(heard))]
        await asyncio.sleep(0.01)  # the answer to the subscription; what is notified at once may come before

    async def _notify(self, heard: Callable[[object, bytearray], None]) -> None:
        async def say(stream: bytes) -> None:
            for at in range(0, len(stream), self.piece):
                self.notified += len(stream[at : at + self.piece])
                heard(None, bytearray(stream[at : at + self.piece]))
                await asyncio.sleep(self.pause_s)

        for stream in self.unasked:
            await say(stream)
        server = self.tag.server()
        while True:
            for frame in server.feed(await self._written.get()):
                await say(frame)

    async def write_gatt_char(self, _: object, data: bytes, response: bool) -> None:
        assert not response
        self._written.put_nowait(data)

    async def disconnect(self) -> None:
        self.is_connected = False
        for job in self._jobs:
            job.cancel()
        await asyncio.gather(*self._jobs, return_exceptions=True)
        await asyncio.sleep(self.disconnect_s)


class HostileBleTag(BleTag):
    """One on a virtual radio. It advertises `count`, if that is given, as its last sequence; and as soon as a station
    has connected it notifies `unasked`, to whom that may concern.

    `piece` and `pause_s` are as of any `BleTag`; `epoch` may be any.
    """

    def __init__(self, link: Any, tag: MemoryTag, advert_key: bytes) -> None:
        super().__init__(link, tag, advert_key)
        self.count: int | None = None
        self.unasked: Iterable[bytes] = ()

    def said(self) -> advert.Advert:
        said = super().said()
        return said if self.count is None else said._replace(count=self.count & 0xFFFF)

    def _connected(self, connection: Connection) -> None:
        super()._connected(connection)
        self._spawn(self._flood(connection))

    async def _flood(self, connection: Connection) -> None:
        for piece in self.unasked:
            if connection not in self.device.connections.values():
                return
            await self.device.notify_subscriber(connection, self._tx, piece)
            await asyncio.sleep(0)
