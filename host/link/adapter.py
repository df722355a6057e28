"""Which radio the station uses: the platform's own through bleak, or a controller that bumble drives.

Nothing above this file knows which of them it has.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

from bleak import BleakClient, BleakScanner
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from bleak.exc import BleakBluetoothNotAvailableError, BleakError

from host.link.errors import RadioError
from kitwire import session

Heard = Callable[[BLEDevice, AdvertisementData], None]
"""Called at each advertisement."""


class Adapter:
    """One Bluetooth radio: makes scanners and clients that know nothing of its kind."""

    def __init__(self, scanner: dict[str, Any], client: dict[str, Any]) -> None:
        self._scanner = scanner
        self._client = client

    @contextlib.asynccontextmanager
    async def scanning(self, heard: Heard) -> AsyncIterator[None]:
        """Calls `heard` at each advertisement while the context is open. Raises `RadioError`."""
        scanner = BleakScanner(heard, scanning_mode="active", **self._scanner)
        try:
            await scanner.start()
        except _FAILS as error:
            raise _no_scan(error) from error
        try:
            yield
        finally:
            # A radio that goes meanwhile has stopped; what it is needed for next says so.
            with contextlib.suppress(*_FAILS):
                await scanner.stop()

    def client(self, device: BLEDevice, dropped: Callable[[BleakClient], None], timeout: float) -> BleakClient:
        """A client for `device`, not yet connected; `timeout` in seconds for the connection."""
        return BleakClient(
            device, disconnected_callback=dropped, services=[session.SERVICE_UUID], timeout=timeout, **self._client
        )


_FAILS = (BleakError, OSError, EOFError, ValueError)
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


def _no_scan(error: Exception) -> RadioError:
    """Why the radio does not listen, and what to do."""
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
    if name is None or ":" not in name:
        options = {"bluez": {"adapter": name}} if name else {}
        yield Adapter(options, options)
        return
    try:
        from host.link import bumble_backend
    except ImportError as error:
        raise RadioError("radio.no_stack", adapter=name) from error
    async with contextlib.AsyncExitStack() as stack:
        device = await stack.enter_async_context(bumble_backend.open_device(name))
        scanner, client = bumble_backend.backends(device)
        yield Adapter({"backend": scanner}, {"backend": client})
