"""The virtual station: tags that run their real firmware, on one virtual air and one timeline.

    async with VirtualStation(datetime(2026, 3, 1, 6, tzinfo=UTC)) as station:
        tag = await station.add_tag("1", drift=0.004)
        tag.enrol(...)
        tag.at(hour_later).lid_open()
        await station.clock.advance(day_later)
        tag.dock()
        adapter = await station.listen_hci()      # for the station's own Bluetooth stack

`interpreter=` names another MicroPython than the WebAssembly build: one for Unix, whose board calls go
over pipes. That has been run with Debian's 1.25, which has no `bluetooth` (tests/sim/test_native.py runs it
where KITDOCK_MICROPYTHON names one). One with `bluetooth` of its own (NimBLE) is not at hand: its controller behind a
pty is tested with bumble's host at the other end in NimBLE's place, and its waits in slices of the interpreter's own
sleep (`board/_virtual.py`) with a stand-in that sleeps no time at all.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from types import TracebackType

from bumble.transport.common import StreamPacketSource

from host.flash import application
from host.sim import process, runtime
from host.sim.air import Air, AirLink, NativeRadio, StationController, own_address
from host.sim.runtime import SimulatorMissing
from host.sim.tag import VirtualTag
from host.sim.timeline import Timeline


class VirtualStation:
    """Virtual tags and the air between them and the station.

    `start` is the true time at which it begins (aware). `interpreter` is the path of another MicroPython
    than the WebAssembly build. `files` are the firmware's files by path in the interpreter; the firmware's
    own unless a test brings other ones. Raises `SimulatorMissing` if MicroPython is not installed, and
    `InterpreterFailed` if `interpreter` is not MicroPython.
    """

    def __init__(
        self, start: datetime, interpreter: str | None = None, files: Mapping[str, Path] | None = None
    ) -> None:
        if start.tzinfo is None:
            raise ValueError("the start of a virtual station needs a time zone")
        self._start = start.timestamp()
        self._program = interpreter
        self._files = dict(files) if files is not None else {"/": application.FIRMWARE}
        self._servers: list[asyncio.Server] = []
        self._adapters: set[_Adapter] = set()
        self._numbers = itertools.count(1)

    async def __aenter__(self) -> VirtualStation:
        for source in self._files.values():
            if not source.exists():
                raise SimulatorMissing("sim.no_firmware", path=source)
        if self._program is None:
            runtime.runner({})
            self._native_radio = False
        else:
            self._native_radio = not process.lacks_bluetooth(self._program)
        self.clock = Timeline(self._start)
        self.link = AirLink()
        self.tags: list[VirtualTag] = []
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for tag in self.tags:
            await tag.close()
        for server in self._servers:
            server.close()
        for adapter in list(self._adapters):
            adapter.close()
        for server in self._servers:
            await server.wait_closed()
        self.link.close()
        await asyncio.sleep(0)  # what was on its way in the air finds nobody

    @property
    def air(self) -> Air:
        """Counters of what goes over the air."""
        return self.link.air

    @property
    def connected(self) -> bool:
        """Whether an adapter of the station has a connection to a tag."""
        return any(adapter.connected for adapter in self._adapters)

    async def add_tag(self, name: str, drift: float = 0.0, blank: bool = False) -> VirtualTag:
        """A new tag, not enrolled, lid closed, that has just been given power.

        `drift` is the relative error of its RTC, -0.02 .. 0.02. It comes flashed, unless it is `blank`: then
        nothing runs on it until an image has been written through its serial port.
        """
        native_radio = await NativeRadio.open(name, self.link) if self._native_radio else None
        tag = VirtualTag(name, self.clock, self.link, self._files, drift, blank, self._program, native_radio)
        self.tags.append(tag)
        tag.power_on()
        return tag

    def controller(self, name: str = "station") -> StationController:
        """A new Bluetooth controller on this air, with a public address of its own."""
        return StationController(name, link=self.link, public_address=own_address(f"{name} {next(self._numbers)}"))

    async def listen_hci(self, port: int = 0) -> str:
        """The name under which bumble reaches the station's controller: `tcp-client:127.0.0.1:PORT`.

        Any number of stations can use it, one after the other or together; each gets a controller of its own. With
        `port` 0 a free one is taken.
        """
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: _Adapter(self), "127.0.0.1", port)
        self._servers.append(server)
        return f"tcp-client:127.0.0.1:{server.sockets[0].getsockname()[1]}"

    def adapter_opened(self, adapter: _Adapter) -> None:
        self._adapters.add(adapter)

    def adapter_closed(self, adapter: _Adapter) -> None:
        self._adapters.discard(adapter)


class _Adapter(asyncio.Protocol):
    """One station's connection to a controller of its own, on the air from the station's first word to its last."""

    def __init__(self, station: VirtualStation) -> None:
        self._station = station
        self._source = StreamPacketSource()
        self._controller: StationController | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._station.adapter_opened(self)

    def on_packet(self, packet: bytes) -> None:
        """The controller's packets to the host."""
        if not self._transport.is_closing():
            self._transport.write(packet)

    def data_received(self, data: bytes) -> None:
        if self._controller is None:
            self._controller = self._station.controller()
            self._source.set_packet_sink(self._controller)
            self._controller.host = self
        self._source.data_received(data)

    def eof_received(self) -> None:
        self.close()  # asyncio would first send what nobody reads any more, and wait for ever

    def connection_lost(self, error: Exception | None) -> None:
        if self._controller is not None:
            self._station.link.vanish(self._controller)
        self._station.adapter_closed(self)

    @property
    def connected(self) -> bool:
        return self._controller is not None and bool(self._controller.le_connections)

    def close(self) -> None:
        self._transport.abort()


__all__ = ["VirtualStation", "VirtualTag"]
