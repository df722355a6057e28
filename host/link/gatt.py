"""Frames of `kitwire.session` over a GATT connection: written to RX, notified from TX."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Protocol

from bleak import BleakClient
from bleak.backends.device import BLEDevice
from bleak.exc import BleakError

from host.link.adapter import Adapter
from host.link.errors import LinkLost, TagStalled
from host.phrase import Phrase
from kitwire import session

CONNECT_TIMEOUT_S = 10.0
"""How long a connection and its discovery may take, in seconds."""

STALL_TIMEOUT_S = 5.0
"""How long the tag may say nothing when an answer is due, in seconds."""


class Link(Protocol):
    """What carries frames to and from one tag."""

    async def send(self, bodies: list[bytes]) -> None:
        """Send frames with these bodies, together. Raises `LinkLost`."""

    async def receive(self) -> bytes:
        """The body of the next frame. Raises `LinkLost`, `TagStalled`, or `WireError` for a stream that
        cannot be followed."""


class GattLink:
    """A `Link` over one connected bleak client."""

    def __init__(self, stall_timeout_s: float) -> None:
        self._client: BleakClient | None = None
        self._stall_timeout_s = stall_timeout_s
        self._frames = session.FrameBuffer()
        self._pieces: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._bodies: list[bytes] = []

    async def connect(self, client: BleakClient) -> None:
        """Connect `client` and subscribe. Raises `LinkLost`."""
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                await client.connect()
                await client.start_notify(session.TX_UUID, lambda _, piece: self.heard(bytes(piece)))
        except (BleakError, OSError, TimeoutError) as error:
            raise LinkLost("link.no_connection", why=str(error) or Phrase("link.timed_out")) from error
        self._client = client

    def heard(self, piece: bytes | None) -> None:
        """Take a notification, or None when the connection has gone."""
        self._pieces.put_nowait(piece)

    async def send(self, bodies: list[bytes]) -> None:
        stream = b"".join(session.frame(body) for body in bodies)
        client = self._client
        rx = client.services.get_characteristic(session.RX_UUID) if client and client.is_connected else None
        if client is None or rx is None:
            raise LinkLost("link.not_connected")
        # The characteristic's own limit: BlueZ reports an MTU of 23 whatever was agreed.
        size = rx.max_write_without_response_size
        try:
            for at in range(0, len(stream), size):
                await client.write_gatt_char(rx, stream[at : at + size], response=False)
        except (BleakError, OSError) as error:
            raise LinkLost("link.gone_while_written_to", error=str(error)) from error

    async def receive(self) -> bytes:
        while not self._bodies:
            try:
                async with asyncio.timeout(self._stall_timeout_s):
                    piece = await self._pieces.get()
            except TimeoutError:
                raise TagStalled("link.silent", seconds=self._stall_timeout_s) from None
            if piece is None:
                raise LinkLost("link.dropped")
            self._bodies.extend(self._frames.feed(piece))
        return self._bodies.pop(0)


@contextlib.asynccontextmanager
async def connected(
    adapter: Adapter, device: BLEDevice, stall_timeout_s: float = STALL_TIMEOUT_S
) -> AsyncIterator[GattLink]:
    """A link to `device`, disconnected at the end. Raises `LinkLost` if it cannot be made."""
    link = GattLink(stall_timeout_s)
    client = adapter.client(device, lambda _: link.heard(None), CONNECT_TIMEOUT_S)
    try:
        await link.connect(client)
        yield link
    finally:
        # Whatever the radio says now, the session is over and its outcome known.
        with contextlib.suppress(BleakError, OSError, TimeoutError):
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                await client.disconnect()
