"""Frames of `kitwire.session` over a GATT connection: written to RX, notified from TX."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Protocol

from bleak import BleakClient
from bleak.backends.device import BLEDevice
from bleak.exc import BleakError

from host.docking import bounds
from host.link.adapter import Adapter
from host.link.errors import LinkLost, TagDrags, TagMisbehaves, TagStalled
from host.phrase import Phrase
from kitwire import session


class Link(Protocol):
    """What carries frames to and from one tag."""

    @property
    def idle(self) -> bool:
        """Whether all that has come was received."""

    async def send(self, bodies: list[bytes]) -> None:
        """Send frames with these bodies, together. Raises `LinkLost`, `TagStalled`."""

    async def receive(self) -> bytes:
        """The body of the next frame. Raises `LinkLost`, `TagStalled`, `TagDrags`, `TagMisbehaves`, or `WireError` for
        a stream that cannot be followed."""


class GattLink:
    """A `Link` over one connected bleak client. A whole frame may take `frame_s` seconds."""

    def __init__(self, frame_s: float) -> None:
        self._client: BleakClient | None = None
        self._frame_s = frame_s
        self._frames = session.FrameBuffer()
        self._pieces: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._bodies: list[bytes] = []
        self._waiting = 0
        self._flooded = False

    async def connect(self, client: BleakClient) -> None:
        """Connect `client` and subscribe. Raises `LinkLost`."""
        try:
            async with asyncio.timeout(bounds.CONNECTION_S):
                await client.connect()
                await client.start_notify(session.TX_UUID, lambda _, piece: self.heard(bytes(piece)))
        except (BleakError, OSError, TimeoutError) as error:
            raise LinkLost("link.no_connection", why=str(error) or Phrase("link.timed_out")) from error
        self._client = client

    def heard(self, piece: bytes | None) -> None:
        """Take a notification, or None when the connection has gone."""
        if piece is None:
            self._pieces.put_nowait(None)
        elif piece and not self._flooded:
            self._waiting += len(piece)
            self._flooded = self._waiting > bounds.WAITING_BYTES
            self._pieces.put_nowait(piece)

    @property
    def idle(self) -> bool:
        return self._waiting == 0

    async def send(self, bodies: list[bytes]) -> None:
        stop_if_cancelled()
        stream = b"".join(session.frame(body) for body in bodies)
        client = self._client
        rx = client.services.get_characteristic(session.RX_UUID) if client and client.is_connected else None
        if client is None or rx is None:
            raise LinkLost("link.not_connected")
        # The characteristic's own limit: BlueZ reports an MTU of 23 whatever was agreed.
        size = rx.max_write_without_response_size
        try:
            async with asyncio.timeout(self._frame_s):
                for at in range(0, len(stream), size):
                    await client.write_gatt_char(rx, stream[at : at + size], response=False)
        except TimeoutError:
            raise TagStalled("link.silent", seconds=self._frame_s) from None
        except (BleakError, OSError) as error:
            raise LinkLost("link.gone_while_written_to", error=str(error)) from error

    async def receive(self) -> bytes:
        stop_if_cancelled()
        begun = False
        try:
            async with asyncio.timeout(self._frame_s):
                while not self._bodies:
                    piece = await self._pieces.get()
                    if self._flooded:
                        raise TagMisbehaves("link.more_than_asked")
                    if piece is None:
                        raise LinkLost("link.dropped")
                    self._bodies.extend(self._frames.feed(piece))
                    begun = True
        except TimeoutError:
            if begun:
                raise TagDrags("link.drags", seconds=self._frame_s) from None
            raise TagStalled("link.silent", seconds=self._frame_s) from None
        body = self._bodies.pop(0)
        self._waiting -= len(session.frame(body))
        return body


def stop_if_cancelled() -> None:
    """Raise the cancellation of this task again, if something on the way has swallowed it.

    `asyncio.wait_for` of Python 3.11 does when what it waits for is done at the same moment, and the radio's
    own stack may use it.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


@contextlib.asynccontextmanager
async def connected(adapter: Adapter, device: BLEDevice, frame_s: float | None = None) -> AsyncIterator[GattLink]:
    """A link to `device`, disconnected at the end; a whole frame may take `bounds.FRAME_S` unless told otherwise.

    Raises `LinkLost` if it cannot be made.
    """
    link = GattLink(frame_s or bounds.FRAME_S)
    client = adapter.client(device, lambda _: link.heard(None), bounds.CONNECTION_S)
    try:
        await link.connect(client)
        yield link
    finally:
        # Whatever the radio says now, the session is over and its outcome known.
        with contextlib.suppress(BleakError, OSError, TimeoutError):
            async with asyncio.timeout(bounds.DISCONNECT_S):
                await client.disconnect()
