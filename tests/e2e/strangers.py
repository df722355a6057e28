"""Centrals that nobody asked for: they connect to the one tag on the air whenever they can, and hold what they get."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from bumble import att, hci
from bumble.core import BaseBumbleError
from bumble.device import Advertisement, Connection, ConnectionParametersPreferences, Device, DeviceConfiguration
from bumble.host import Host

from host.sim.air import StationController
from host.sim.tag import VirtualTag
from tests.e2e.stage import Stage

LOOK_S = 0.02
"""Seconds between two looks of `share_held`."""


class Stranger:
    """A Bluetooth host of somebody's, on a controller of its own.

    `controller` may be told to answer or to acknowledge nothing. `says` is written to the tag, once connected.
    """

    def __init__(self, stage: Stage, name: str, supervision_s: float = 0.72) -> None:
        self.controller: StationController = stage.station.controller(name)
        self.device = Device(config=DeviceConfiguration(name="", address=hci.Address.generate_static_address()))
        self.device.host = Host()
        self.device.host.controller = self.controller
        self.controller.host = self.device.host
        self.connections = 0
        """How often it was connected."""
        asked = ConnectionParametersPreferences(supervision_timeout=int(supervision_s * 1000))
        self._parameters = {hci.Phy.LE_1M: asked}

    async def listen(self) -> Device:
        """Switch it on. Returns the Bluetooth host."""
        if not self.device.powered_on:
            await self.device.power_on()
            await self.device.start_scanning(active=False)
        return self.device

    async def connect(self) -> Connection:
        """Connect to the tag that is heard next."""
        loop = asyncio.get_running_loop()
        fresh: asyncio.Future[str] = loop.create_future()

        def heard(advertisement: Advertisement) -> None:
            if not fresh.done():
                fresh.set_result(str(advertisement.address))

        await self.listen()
        self.device.on(Device.EVENT_ADVERTISEMENT, heard)
        try:
            address = await fresh
        finally:
            self.device.remove_listener(Device.EVENT_ADVERTISEMENT, heard)
        connection = await self.device.connect(address, connection_parameters_preferences=self._parameters)
        self.connections += 1
        return connection

    async def hold(self, says: Callable[[], bytes] = bytes, rx: int = 0, rotating: bool = False) -> None:
        """Connect, write what `says` gives to the handle `rx`, stay as long as the tag lets it, and do it again.

        Until it is cancelled; if `rotating`, under another address each time.
        """
        while True:
            with suppress(BaseBumbleError, TimeoutError):
                if rotating:
                    self.controller.random_address = self.device.random_address = hci.Address.generate_static_address()
                connection = await self.connect()
                stream = says()
                if stream:
                    command = att.ATT_Write_Command(attribute_handle=rx, attribute_value=stream)
                    connection.gatt_client.send_gatt_pdu(bytes(command))
                while connection in self.device.connections.values():
                    await asyncio.sleep(LOOK_S)


async def until(so: Callable[[], bool]) -> None:
    """Wait for it, 20 s at most."""
    async with asyncio.timeout(20):
        while not so():
            await asyncio.sleep(LOOK_S)


async def share_held(stage: Stage, tag: VirtualTag, seconds: float) -> float:
    """Share of `seconds` in which `tag` takes no connection and the station is not connected either."""
    looks = held = 0
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while loop.time() < end:
        looks += 1
        held += not (tag.radio.advertising or stage.station.connected)
        await asyncio.sleep(LOOK_S)
    return held / looks
