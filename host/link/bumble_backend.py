"""bleak's scanner and client on Google's bumble: a Bluetooth host with no operating system under it.

Drives whatever controller bumble can reach: a USB dongle (`usb:0`), one behind a socket or a serial
port, or a virtual one. Only what a docking needs is here: scan, connect, discover, write, notify.
Pairing is refused, since tags are authenticated in `kitwire.session`.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
from collections.abc import AsyncIterator, Iterator
from typing import Any, ClassVar, cast

from bleak.args import SizedBuffer
from bleak.assigned_numbers import CharacteristicPropertyName
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.client import BaseBleakClient, NotifyCallback
from bleak.backends.descriptor import BleakGATTDescriptor
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData, AdvertisementDataCallback, BaseBleakScanner
from bleak.backends.service import BleakGATTService, BleakGATTServiceCollection
from bleak.exc import BleakError
from bleak.uuids import normalize_uuid_str
from bumble import core, gatt_client, hci
from bumble.device import Advertisement, Connection, Device, DeviceConfiguration, Peer
from bumble.transport import open_transport
from bumble.transport.common import TransportInitError

from host.errors import why
from host.link.errors import RadioError
from host.phrase import Phrase

logging.getLogger("bumble").addHandler(logging.NullHandler())
"""What bumble can't do it raises as well, and the dock says that once: its traces are for nobody at a dock."""

MTU = 247
"""The ATT MTU asked for, in bytes: one notification fills one link-layer packet of 251 bytes."""

POWER_ON_TIMEOUT_S = 10.0
"""How long a controller may take to answer at first, in seconds."""

ANSWER_S = 3.0
"""How long a controller that is in use may take to answer, in seconds."""

MOST_SEEN = 1024
"""How many devices a scan remembers at most: addresses cost nothing to invent."""

_PROPERTY_NAMES: dict[int, CharacteristicPropertyName] = {
    0x02: "read",
    0x04: "write-without-response",
    0x08: "write",
    0x10: "notify",
    0x20: "indicate",
}


@contextlib.asynccontextmanager
async def open_device(spec: str) -> AsyncIterator[tuple[Device, BumbleWatch]]:
    """A powered bumble host on the controller that `spec` names, such as `usb:0` or `tcp-client:HOST:PORT`, and
    what looks whether it still listens.

    Raises `RadioError` if the controller cannot be opened.
    """
    try:
        transport = await open_transport(spec)
    except Exception as error:  # each kind of transport raises what the library below it does, or anything
        raise RadioError("radio.cannot_open", why=_why_not(spec, error)) from error
    async with transport as (source, sink):
        # A fresh random static address: the two highest bits set (Core Specification 6.B.1.3.2.1).
        address = hci.Address.generate_static_address()
        config = DeviceConfiguration(name="", address=address)
        device = Device.from_config_with_hci(config, source, sink)
        try:
            async with asyncio.timeout(POWER_ON_TIMEOUT_S):
                await device.power_on()
        except (core.BaseBumbleError, hci.HCI_Error, OSError, TimeoutError) as error:
            raise RadioError("radio.cannot_open", why=Phrase("radio.silent", adapter=spec)) from error
        try:
            yield device, BumbleWatch(spec, device, source)
        finally:
            # One that was pulled out is off, and would not answer.
            if not source.terminated.done():
                with contextlib.suppress(core.BaseBumbleError, hci.HCI_Error, OSError, TimeoutError):
                    async with asyncio.timeout(ANSWER_S):
                        await device.power_off()


class BumbleWatch:
    """Looks whether a controller still answers and listens: a `host.link.adapter.Watch`."""

    def __init__(self, spec: str, device: Device, source: Any) -> None:
        self._spec = spec
        self._device = device
        self._source = source

    @property
    def gone(self) -> bool:
        """Whether the controller has gone."""
        return bool(self._source.terminated.done())

    def demand(self) -> None:
        """Raises `RadioError` if the controller has gone: bumble waits for the answer of one that has as of any."""
        if self.gone:
            raise RadioError("radio.cannot_open", why=Phrase("radio.not_there", adapter=self._spec))

    def begin(self) -> None:
        """A scan has been started."""

    async def check(self) -> None:
        """Raises `RadioError` if the controller has gone, does not answer, or has stopped the scan."""
        self.demand()
        try:
            async with asyncio.timeout(ANSWER_S):
                await self._device.host.send_sync_command(hci.HCI_Read_BD_ADDR_Command())
        except (core.BaseBumbleError, hci.HCI_Error, OSError, TimeoutError) as error:
            raise RadioError("radio.cannot_open", why=Phrase("radio.silent", adapter=self._spec)) from error
        if not self._device.is_scanning:
            raise RadioError("radio.deaf")


_USB1 = {-1: errno.EIO, -3: errno.EACCES, -4: errno.ENODEV, -5: errno.ENOENT, -6: errno.EBUSY}
"""What libusb's own errors (`usb1.USBError.value`) are to the operating system."""


def _why_not(spec: str, error: BaseException) -> Phrase:
    """Why the controller `spec` cannot be opened, and what to do. Libraries hide the system's error in others."""
    number = None
    told: BaseException | None = error
    while told is not None and number is None:
        number = told.errno if isinstance(told, OSError) else _USB1.get(getattr(told, "value", None) or 0)
        told = told.__cause__ or told.__context__
    text = str(error)
    if number in (errno.EACCES, errno.EPERM):
        return Phrase("radio.no_access", adapter=spec)
    if number in (errno.EBUSY, errno.EAGAIN) or "already in use" in text or "exclusively lock" in text:
        return Phrase("radio.busy", adapter=spec)
    if number in (errno.ENOENT, errno.ENODEV, errno.ENXIO) or text == "device not found":
        return Phrase("radio.not_there", adapter=spec)
    if type(error).__name__ == "NoBackendError" or (number is None and type(error).__name__.startswith("USBError")):
        return Phrase("radio.no_usb", adapter=spec)
    if isinstance(error, ImportError):
        return Phrase("radio.part_missing", adapter=spec, module=error.name)
    if isinstance(error, OSError):
        return Phrase("radio.wont_open", adapter=spec, why=why(error))
    if isinstance(error, ValueError | AssertionError) and not isinstance(error, TransportInitError):
        return Phrase("radio.no_such_name", adapter=spec)
    return Phrase("radio.wont_open", adapter=spec, why=text or type(error).__name__)


def backends(device: Device, watch: BumbleWatch) -> tuple[type[BaseBleakScanner], type[BaseBleakClient]]:
    """Scanner and client classes for `BleakScanner(backend=...)` and `BleakClient(backend=...)` on `device`."""
    scanner = type("BumbleScanner", (_Scanner,), {"radio": device, "watch": watch})
    client = type("BumbleClient", (_Client,), {"radio": device, "watch": watch})
    return scanner, client


@contextlib.contextmanager
def _asking(doing: str) -> Iterator[None]:
    """What bumble raises, as bleak's own error. When a connection goes, bumble cancels what waits for an answer on it;
    that doesn't mean that somebody cancelled the task itself."""
    try:
        yield
    except (core.BaseBumbleError, hci.HCI_Error, TimeoutError) as error:
        raise BleakError(f"{doing} failed: {error}") from error
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        raise BleakError(f"{doing} failed: the connection has gone") from error


class _Scanner(BaseBleakScanner):
    radio: ClassVar[Device]
    watch: ClassVar[BumbleWatch]

    def __init__(
        self,
        detection_callback: AdvertisementDataCallback | None,
        service_uuids: list[str] | None,
        scanning_mode: str = "active",
        **_: Any,
    ) -> None:
        super().__init__(detection_callback, service_uuids)
        self._active = scanning_mode == "active"

    async def start(self) -> None:
        self.watch.demand()
        self.seen_devices = {}
        self.radio.on(Device.EVENT_ADVERTISEMENT, self._heard)
        try:
            with _asking("scanning"):
                await self.radio.start_scanning(active=self._active, filter_duplicates=False)
        except BleakError:
            self.watch.demand()
            raise

    async def stop(self) -> None:
        self.radio.remove_listener(Device.EVENT_ADVERTISEMENT, self._heard)
        if self.watch.gone:
            return
        with _asking("ending the scan"):
            await self.radio.stop_scanning()

    def _heard(self, advertisement: Advertisement) -> None:
        data = _advertisement_data(advertisement)
        if not self.is_allowed_uuid(data.service_uuids):
            return
        address = advertisement.address.to_string(with_type_qualifier=False)
        if len(self.seen_devices) >= MOST_SEEN:
            self.seen_devices.clear()
            self.radio.advertisement_accumulators.clear()
        device = self.create_or_update_device(address, address, data.local_name, advertisement.address, data)
        self.call_detection_callbacks(device, data)


def _uuid(value: core.UUID) -> str:
    return normalize_uuid_str(value.to_hex_str("-"))


def _advertisement_data(advertisement: Advertisement) -> AdvertisementData:
    kinds = core.AdvertisingData.Type
    name: str | None = None
    uuids: list[str] = []
    service_data: dict[str, bytes] = {}
    manufacturer_data: dict[int, bytes] = {}
    for kind, value in advertisement.data.ad_structures:
        if kind in (kinds.COMPLETE_LOCAL_NAME, kinds.SHORTENED_LOCAL_NAME):
            name = value.decode("utf-8", "replace")
        elif kind == kinds.SERVICE_DATA_16_BIT_UUID and len(value) >= 2:
            service_data[_uuid(core.UUID.from_bytes(value[:2]))] = value[2:]
        elif kind == kinds.MANUFACTURER_SPECIFIC_DATA and len(value) >= 2:
            manufacturer_data[int.from_bytes(value[:2], "little")] = value[2:]
        elif kind in (
            kinds.COMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS,
            kinds.INCOMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS,
        ):
            for at in range(0, len(value) - 15, 16):
                uuids.append(_uuid(core.UUID.from_bytes(value[at : at + 16])))
    return AdvertisementData(
        local_name=name,
        manufacturer_data=manufacturer_data,
        service_data=service_data,
        service_uuids=uuids,
        tx_power=None,
        rssi=advertisement.rssi,
        platform_data=(advertisement,),
    )


class _Client(BaseBleakClient):
    radio: ClassVar[Device]
    watch: ClassVar[BumbleWatch]

    def __init__(
        self, address_or_ble_device: BLEDevice | str, *, services: set[str] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(
            address_or_ble_device,
            disconnected_callback=kwargs.get("disconnected_callback"),
            timeout=kwargs.get("timeout", 30.0),
        )
        if isinstance(address_or_ble_device, BLEDevice):
            self._peer_address: hci.Address = address_or_ble_device.details
        else:
            self._peer_address = hci.Address(address_or_ble_device, hci.Address.RANDOM_DEVICE_ADDRESS)
        self._wanted = services
        self._connection: Connection | None = None
        self._subscribers: dict[int, NotifyCallback] = {}

    @property
    def name(self) -> str:
        return self.address.replace(":", "-")

    @property
    def mtu_size(self) -> int:
        return int(self._live().att_mtu)

    @property
    def is_connected(self) -> bool:
        return self._connection is not None

    def _live(self) -> Connection:
        if self._connection is None:
            raise BleakError("not connected")
        return self._connection

    async def connect(self, pair: bool, **kwargs: Any) -> None:
        if pair:
            raise BleakError("pairing is not supported on this backend")
        if self.watch.gone:
            raise BleakError("the adapter has gone")
        with _asking(f"connecting to {self.address}"):
            connection = await self.radio.connect(self._peer_address, timeout=self._timeout)
        self._connection = connection
        connection.on(Connection.EVENT_DISCONNECTION, self._dropped)
        try:
            with _asking(f"discovering the services of {self.address}"):
                await self._discover(Peer(connection))
        except (BleakError, asyncio.CancelledError):
            await self.disconnect()
            raise

    async def _discover(self, peer: Peer) -> None:
        await peer.request_mtu(MTU)
        self.services = BleakGATTServiceCollection()
        if self._wanted is None:
            found = await peer.discover_services()
        else:
            found = [service for uuid in self._wanted for service in await peer.discover_service(core.UUID(uuid))]
        for proxy in found:
            service = BleakGATTService(proxy, proxy.handle, _uuid(proxy.uuid))
            self.services.add_service(service)
            for remote in await proxy.discover_characteristics():
                properties = [name for bit, name in _PROPERTY_NAMES.items() if remote.properties & bit]
                characteristic = BleakGATTCharacteristic(
                    remote, remote.handle, _uuid(remote.uuid), properties, lambda: self.mtu_size - 3, service
                )
                self.services.add_characteristic(characteristic)
                for found_descriptor in await remote.discover_descriptors():
                    descriptor = BleakGATTDescriptor(
                        found_descriptor, found_descriptor.handle, _uuid(found_descriptor.type), characteristic
                    )
                    self.services.add_descriptor(descriptor)

    def _dropped(self, *_: Any) -> None:
        self._connection = None
        if self._disconnected_callback:
            self._disconnected_callback()

    async def disconnect(self) -> None:
        if self._connection is None or self.watch.gone:
            return
        # The link may go by itself between the check and the command; either way it is gone.
        with contextlib.suppress(core.BaseBumbleError, hci.HCI_Error):
            await self._connection.disconnect()
        self._connection = None

    async def pair(self, *args: Any, **kwargs: Any) -> None:
        raise BleakError("pairing is not supported on this backend")

    async def unpair(self) -> None:
        raise BleakError("pairing is not supported on this backend")

    async def read_gatt_char(
        self, characteristic: BleakGATTCharacteristic, *, use_cached: bool = False, **kwargs: Any
    ) -> bytearray:
        with _asking(f"reading from {self.address}"):
            return bytearray(await self._proxy(characteristic).read_value())

    async def read_gatt_descriptor(
        self, descriptor: BleakGATTDescriptor, *, use_cached: bool = False, **kwargs: Any
    ) -> bytearray:
        self._live()
        with _asking(f"reading from {self.address}"):
            return bytearray(await cast(gatt_client.DescriptorProxy, descriptor.obj).read_value())

    async def write_gatt_char(self, characteristic: BleakGATTCharacteristic, data: SizedBuffer, response: bool) -> None:
        with _asking(f"writing to {self.address}"):
            await self._proxy(characteristic).write_value(bytes(data), with_response=response)

    async def write_gatt_descriptor(self, descriptor: BleakGATTDescriptor, data: SizedBuffer) -> None:
        self._live()
        with _asking(f"writing to {self.address}"):
            await cast(gatt_client.DescriptorProxy, descriptor.obj).write_value(bytes(data), with_response=True)

    async def start_notify(
        self, characteristic: BleakGATTCharacteristic, callback: NotifyCallback, **kwargs: Any
    ) -> None:
        with _asking(f"subscribing to {self.address}"):
            await self._proxy(characteristic).subscribe(lambda value: callback(bytearray(value)))

    async def stop_notify(self, characteristic: BleakGATTCharacteristic) -> None:
        with _asking(f"unsubscribing from {self.address}"):
            await self._proxy(characteristic).unsubscribe()

    def _proxy(self, characteristic: BleakGATTCharacteristic) -> gatt_client.CharacteristicProxy[bytes]:
        self._live()
        return cast("gatt_client.CharacteristicProxy[bytes]", characteristic.obj)
