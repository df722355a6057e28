"""Which radio the station uses: the platform's own through bleak, or a controller that bumble drives.

Nothing above this file knows which of them it has.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Callable
from typing import Any, Protocol

from bleak import BleakClient, BleakScanner
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from bleak.exc import BleakBluetoothNotAvailableError, BleakDBusError, BleakError

from host.link.errors import RadioError
from kitwire import session

Heard = Callable[[BLEDevice, AdvertisementData], None]
"""Called at each advertisement."""

SWITCH_S = 10.0
"""How long a scan may take to begin or to end, in seconds."""


class Watch(Protocol):
    """Looks whether a radio still listens."""

    def begin(self) -> None:
        """A scan has been started."""

    async def check(self) -> None:
        """Raises `RadioError` if the scan hears nothing any more, or that can't be found out within seconds."""


class Adapter:
    """One Bluetooth radio: makes scanners and clients that know nothing of its kind. `name` is for people."""

    def __init__(self, name: str, scanner: dict[str, Any], client: dict[str, Any], watch: Watch | None = None) -> None:
        self.name = name
        self._scanner = scanner
        self._client = client
        self._watch = watch

    @contextlib.asynccontextmanager
    async def scanning(self, heard: Heard) -> AsyncIterator[None]:
        """Calls `heard` at each advertisement while the context is open. Raises `RadioError`."""
        scanner = BleakScanner(heard, scanning_mode="active", **self._scanner)
        try:
            async with asyncio.timeout(SWITCH_S):
                await scanner.start()
        except _FAILS as error:
            # If it has begun nevertheless, it would be in the way of the next.
            await _stop(scanner)
            raise _no_scan(self.name, error) from error
        if self._watch:
            self._watch.begin()
        try:
            yield
        finally:
            await _stop(scanner)

    async def check(self) -> None:
        """Raises `RadioError` if a scan under way hears nothing any more, as far as this kind of radio can tell."""
        if self._watch:
            await self._watch.check()

    def client(self, device: BLEDevice, dropped: Callable[[BleakClient], None], timeout: float) -> BleakClient:
        """A client for `device`, not yet connected; `timeout` in seconds for the connection."""
        return BleakClient(
            device, disconnected_callback=dropped, services=[session.SERVICE_UUID], timeout=timeout, **self._client
        )


async def _stop(scanner: BleakScanner) -> None:
    # A radio that has gone has stopped; what it is needed for next says so.
    with contextlib.suppress(*_FAILS):
        async with asyncio.timeout(SWITCH_S):
            await scanner.stop()


_FAILS = (BleakError, OSError, EOFError, ValueError, TimeoutError)
"""What bleak and the ways below it raise: BlueZ is asked over D-Bus, which may be shut, elsewhere or gone."""

_UNAVAILABLE = {
    "POWERED_OFF": "radio.off",
    "NO_BLUETOOTH": "radio.none",
    "NO_BLE_CENTRAL_ROLE": "radio.none",
    "DENIED_BY_USER": "radio.denied",
    "DENIED_BY_SYSTEM": "radio.denied",
    "DENIED_BY_UNKNOWN": "radio.denied",
}
"""Why bleak says that there is no Bluetooth."""


_BLUEZ = {
    "org.bluez.Error.NotReady": "radio.off",
    "org.freedesktop.DBus.Error.ServiceUnknown": "radio.unreachable",
    "org.freedesktop.DBus.Error.NoReply": "radio.unreachable",
    "org.freedesktop.DBus.Error.UnknownObject": "radio.not_there",
    "org.freedesktop.DBus.Error.UnknownMethod": "radio.not_there",
}
"""Why BlueZ does not scan: an adapter that has gone is an object or a method that is not there."""


def _no_scan(name: str, error: Exception) -> RadioError:
    """Why the radio called `name` does not listen, and what to do."""
    if isinstance(error, BleakDBusError) and error.dbus_error in _BLUEZ:
        return RadioError(_BLUEZ[error.dbus_error], adapter=name)
    if isinstance(error, BleakBluetoothNotAvailableError):
        code = _UNAVAILABLE.get(error.reason.name)
        return RadioError(code) if code else RadioError("radio.no_scan", error=str(error.args[0]))
    if isinstance(error, PermissionError):
        return RadioError("radio.denied")
    if isinstance(error, OSError | EOFError):
        return RadioError("radio.unreachable")
    return RadioError("radio.no_scan", error=str(error))


@contextlib.asynccontextmanager
async def open_adapter(name: str | None) -> AsyncIterator[Adapter]:
    """The radio called `name`: None for the platform's default, `hci1` for another adapter of BlueZ, or
    with a colon a controller for bumble (`usb:0`, `serial:/dev/ttyUSB0`, `tcp-client:HOST:PORT`).

    Raises `RadioError` if it cannot be had.
    """
    opened = _open_bumble(name) if name and ":" in name else _open_own(name)
    async with opened as adapter:
        yield adapter


@contextlib.asynccontextmanager
async def _open_own(name: str | None) -> AsyncIterator[Adapter]:
    """The radio of this computer's own Bluetooth."""
    if sys.platform != "linux":
        yield Adapter(name or "default", {}, {})
        return
    from host.link import bluez

    async with bluez.connected() as asked:
        named = await asked.adapter(name)
        options = {"bluez": {"adapter": named}}
        yield Adapter(named, options, options, bluez.BlueZWatch(asked, named))


@contextlib.asynccontextmanager
async def _open_bumble(name: str) -> AsyncIterator[Adapter]:
    try:
        from host.link import bumble_backend
    except ImportError as error:
        raise RadioError("radio.no_stack", adapter=name) from error
    async with bumble_backend.open_device(name) as (device, watch):
        scanner, client = bumble_backend.backends(device, watch)
        yield Adapter(name, {"backend": scanner}, {"backend": client}, watch)
