"""What BlueZ says of an adapter, asked over D-Bus: whether it is there, on, and listening.

A scan of bleak's reports nothing when `bluetoothd` starts anew or the adapter goes and comes, and `Discovering` alone
misleads: it stays true after a stop that failed (bluez 807, bleak 2021), and a healthy scan may show false for some
5 s of every 15 (bleak 2022).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

from dbus_fast import BusType, Message, MessageType
from dbus_fast.aio import MessageBus
from dbus_fast.errors import DBusError

from host.link.errors import RadioError

BLUEZ = "org.bluez"

ANSWER_S = 5.0
"""How long D-Bus or BlueZ may take for an answer, in seconds."""

UNHEARING_S = 8.0
"""How long a scan may not be under way, in seconds, before it is taken for dead."""


class AdapterState(NamedTuple):
    """An adapter as BlueZ has it. `owner` is BlueZ's own connection: another one is another `bluetoothd`."""

    owner: str
    powered: bool
    discovering: bool


class BlueZWatch:
    """Looks whether the adapter called `name` still listens: a `host.link.adapter.Watch`."""

    def __init__(self, bluez: BlueZ, name: str) -> None:
        self._bluez = bluez
        self._name = name
        self._owner: str | None = None
        self._heard_at = 0.0

    def begin(self) -> None:
        """A scan has been started."""
        self._owner = None
        self._heard_at = asyncio.get_running_loop().time()

    async def check(self) -> None:
        """Raises `RadioError` if the scan hears nothing any more, or BlueZ does not say."""
        state = await self._bluez.state(self._name)
        self.judge(state, asyncio.get_running_loop().time())

    def judge(self, state: AdapterState, now: float) -> None:
        """Raises `RadioError` if an adapter that is in `state` at `now` hears nothing any more."""
        self._owner = self._owner or state.owner
        if not state.powered:
            raise RadioError("radio.off")
        if state.owner != self._owner:
            raise RadioError("radio.began_anew")
        if state.discovering:
            self._heard_at = now
        elif now - self._heard_at > UNHEARING_S:
            raise RadioError("radio.deaf")


class BlueZ:
    """BlueZ over a connection to the system's bus. Every method raises `RadioError` if it does not answer."""

    def __init__(self, bus: MessageBus) -> None:
        self._bus = bus

    async def adapter(self, name: str | None) -> str:
        """The name of the adapter that is meant by `name`: with None the first that is on, or the first there is.

        Raises `RadioError` if it is not there.
        """
        objects = await self._call(BLUEZ, "/", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects")
        on = {
            path.rpartition("/")[2]: bool(each["org.bluez.Adapter1"]["Powered"].value)
            for path, each in sorted(objects.items())
            if "org.bluez.Adapter1" in each
        }
        if name is None:
            name = next((each for each, powered in on.items() if powered), next(iter(on), None))
        if name is None:
            raise RadioError("radio.none")
        if name not in on:
            raise RadioError("radio.not_there", adapter=name)
        return name

    async def state(self, name: str) -> AdapterState:
        """How the adapter called `name` is now."""
        owner = await self._call("org.freedesktop.DBus", "/org/freedesktop/DBus", None, "GetNameOwner", BLUEZ)
        path = f"/org/bluez/{name}"
        said = await self._call(BLUEZ, path, "org.freedesktop.DBus.Properties", "GetAll", "org.bluez.Adapter1")
        return AdapterState(owner, bool(said["Powered"].value), bool(said["Discovering"].value))

    async def _call(self, service: str, path: str, interface: str | None, member: str, *body: str) -> Any:
        message = Message(
            destination=service,
            path=path,
            interface=interface or service,
            member=member,
            signature="s" * len(body),
            body=list(body),
        )
        try:
            async with asyncio.timeout(ANSWER_S):
                reply = await self._bus.call(message)
        except (OSError, EOFError, DBusError, TimeoutError) as error:
            raise RadioError("radio.unreachable") from error
        if reply is None or reply.message_type == MessageType.ERROR:
            raise RadioError("radio.unreachable")
        return reply.body[0]


@contextlib.asynccontextmanager
async def connected() -> AsyncIterator[BlueZ]:
    """BlueZ, over a connection of its own to the system's bus. Raises `RadioError` if there is none."""
    try:
        async with asyncio.timeout(ANSWER_S):
            bus = await MessageBus(bus_type=BusType.SYSTEM).connect()
    except PermissionError as error:
        raise RadioError("radio.denied") from error
    except (OSError, EOFError, ValueError, DBusError, TimeoutError) as error:
        raise RadioError("radio.unreachable") from error
    try:
        yield BlueZ(bus)
    finally:
        bus.disconnect()
