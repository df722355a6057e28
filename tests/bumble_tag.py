"""Memory tags on a virtual radio: real HCI, link layer and GATT through bumble, without an interpreter.

For what concerns the station's radio alone. The firmware's own radio is in the virtual station.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from bumble import gatt, hci
from bumble.controller import Controller
from bumble.core import AdvertisingData
from bumble.device import Connection, Device, DeviceConfiguration
from bumble.host import Host
from bumble.link import LocalLink
from bumble.transport.tcp_server import open_tcp_server_transport_with_socket

from host.sim.air import AirLink, TagController
from kitcore.server import Server
from kitwire import advert, session
from tests.memory_tag import MemoryTag


@asynccontextmanager
async def virtual_radio() -> AsyncIterator[tuple[LocalLink, str]]:
    """A virtual link, and the name of the station's adapter on it."""
    link = LocalLink()
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    transport = await open_tcp_server_transport_with_socket(listener)
    controller = Controller("station", transport.source, transport.sink, link)
    controller.random_address = hci.Address("C0:00:00:00:00:01")
    try:
        yield link, f"tcp-client:127.0.0.1:{port}"
    finally:
        transport.server.close()
        await transport.close()


class BleTag:
    """A `MemoryTag` that advertises and serves its session over GATT."""

    def __init__(self, link: LocalLink, tag: MemoryTag, advert_key: bytes) -> None:
        self.tag = tag
        self._advert_key = advert_key
        self.epoch = 3
        self.index = 0
        self.sent_frames: int | None = None
        """After so many frames of one session the tag goes away; None: it stays."""
        self.silent_after: int | None = None
        """After so many frames of one session the tag says no more; None: it answers."""
        self.piece = 0
        """Bytes in each notification; 0: as many as go into one."""
        self.pause_s = 0.0
        """Seconds after each notification."""
        self.connections = 0
        self.out = False
        """Whether it is where no station hears it: the end of a connection does not have it advertise."""
        self.spoilt = 0
        """How often it went away or fell silent as it was to."""
        self.problem = False
        """Whether it says that it is in safe mode."""
        address = hci.Address.generate_static_address()
        # On the virtual station's air a tag notices after its supervision time-out that the other end is gone.
        controller = TagController("tag", link) if isinstance(link, AirLink) else Controller("tag", link=link)
        self.device = Device(config=DeviceConfiguration(name="", address=address))
        self.device.host = Host()
        self.device.host.controller = controller
        controller.host = self.device.host
        self._tx = gatt.Characteristic(
            session.TX_UUID, gatt.Characteristic.Properties.NOTIFY, gatt.Characteristic.Permissions.READABLE
        )
        rx = gatt.Characteristic(
            session.RX_UUID,
            gatt.Characteristic.Properties.WRITE | gatt.Characteristic.Properties.WRITE_WITHOUT_RESPONSE,
            gatt.Characteristic.Permissions.WRITEABLE,
            gatt.CharacteristicValue(write=self._written),
        )
        self.device.add_service(gatt.Service(session.SERVICE_UUID, [rx, self._tx]))
        self.device.on(Device.EVENT_CONNECTION, self._connected)
        self._server: Server | None = None
        self._turn = asyncio.Lock()
        self._answered = 0
        self._tasks: set[asyncio.Task[Any]] = set()

    async def start(self) -> None:
        await self.device.power_on()
        await self.advertise()

    async def advertise(self, data: bytes | None = None) -> None:
        """Advertise the present state, or `data` as somebody else would replay it."""
        if data is None:
            self.index += 1
            data = advert.build(advert.epoch(self._advert_key, self.epoch), self.said())
        if self.device.is_advertising:
            await self.device.stop_advertising()
        await self.device.start_advertising(
            own_address_type=hci.OwnAddressType.RANDOM,
            advertising_data=bytes(AdvertisingData.from_bytes(data)),
            advertising_interval_min=20,
            advertising_interval_max=20,
        )

    async def fall_silent(self) -> None:
        """Advertise no more until told to."""
        self.out = True
        if self.device.is_advertising:
            await self.device.stop_advertising()

    def said(self) -> advert.Advert:
        """Its present state."""
        return advert.Advert(self.index, 80, False, False, self.problem, False, self.tag.log.last & 0xFFFF)

    async def stop(self) -> None:
        await asyncio.gather(*self._tasks)
        if self.device.is_advertising:
            await self.device.stop_advertising()
        await self.device.power_off()

    def _connected(self, connection: Connection) -> None:
        self.connections += 1
        self._server = self.tag.server()
        self._turn = asyncio.Lock()
        self._answered = 0
        connection.on(Connection.EVENT_DISCONNECTION, lambda _: self._spawn(self._heard_again()))

    async def _heard_again(self) -> None:
        if not self.out:
            await self.advertise()

    def _spawn(self, job: Any) -> None:
        task = asyncio.ensure_future(job)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _written(self, connection: Connection, value: bytes) -> None:
        assert self._server is not None
        self._spawn(self._answer(connection, self._server, self._turn, value))

    async def _answer(self, connection: Connection, server: Server, turn: asyncio.Lock, value: bytes) -> None:
        async with turn:
            await self._feed(connection, server, value)

    async def _feed(self, connection: Connection, server: Server, value: bytes) -> None:
        for frame in server.feed(value):
            if self.sent_frames is not None and self._answered >= self.sent_frames:
                self.spoilt += 1
                await connection.disconnect()
                return
            if self.silent_after is not None and self._answered >= self.silent_after:
                self.spoilt += 1
                return
            self._answered += 1
            size = self.piece or connection.att_mtu - 3
            for at in range(0, len(frame), size):
                if connection not in self.device.connections.values():
                    return
                await self.device.notify_subscriber(connection, self._tx, frame[at : at + size])
                await asyncio.sleep(self.pause_s)
        if server.over:
            await connection.disconnect()
