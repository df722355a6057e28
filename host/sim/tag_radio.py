"""A tag's Bluetooth for an interpreter that has none: the peripheral's part of NimBLE, on a bumble host."""

from __future__ import annotations

import asyncio
import contextlib
import errno
from collections import deque
from collections.abc import Callable
from typing import Any

from bumble import att, core, gatt, hci, ll
from bumble.device import AdvertisingType, Connection, Device, DeviceConfiguration
from bumble.host import Host

from host.sim.air import AirLink, StationController, TagController, own_address
from host.sim.virtual_board import Refusal

NOTIFICATION_S = 0.0025
"""Seconds on the air for one full notification with its gaps and acknowledgement (model)."""
BUFFERS = 8
"""Notifications that the stack holds before it reports ENOMEM (model: NimBLE's pool, less what it needs)."""
CONNECTIONS = 4
"""Centrals at a time, CONFIG_BT_NIMBLE_MAX_CONNECTIONS (ports/esp32/boards/sdkconfig.ble)."""
SETUP_S = 0.06
"""Seconds between a connection and its event. NimBLE of ESP-IDF 5.5 first asks the central for version and features
(`ble_gap_rx_conn_complete` in its ble_gap.c; measured by a user); events for MTU and writes come meanwhile."""
RESPONSE_S = 40.0
"""Seconds after which a central that does not answer in the link layer is given up (Core 6.B.5.2)."""
STOP_S = 2.0
"""Seconds that switching off waits for a central that does not acknowledge it (BLE_HS_STOP_ON_SHUTDOWN_TIMEOUT)."""
DEFAULT_MTU = 256
"""NimBLE's preferred MTU until `config(mtu=...)`."""
DEFAULT_VALUE_SIZE = 20
"""Bytes of a characteristic's value until `gatts_set_buffer` or `gatts_write`."""


CENTRAL_CONNECT, CENTRAL_DISCONNECT, _WRITE, _MTU_EXCHANGED = 1, 2, 3, 21
_PUBLIC, _RANDOM = 0, 1
_NO_ADDRESS = [0xFF, bytes(6).hex()]


class _Value:
    """A characteristic's value as NimBLE's port keeps it."""

    def __init__(self) -> None:
        self.data = b""
        self.room = DEFAULT_VALUE_SIZE
        self.append = False

    def written(self, piece: bytes) -> None:
        """A central wrote `piece`: what does not fit is lost without a word."""
        self.data = ((self.data if self.append else b"") + piece)[: self.room]

    def taken(self) -> bytes:
        data = self.data
        if self.append:
            self.data = b""
        return data


class TagRadio:
    """What `radio/bluetooth.py` asks for: the peripheral's part of `bluetooth.BLE` on a bumble host.

    `interrupt` is called with an event and its data as MicroPython numbers them; addresses are hexadecimal.
    `own_address` is the public one, made from the name; bumble's link takes no connection to it.
    Services can be registered once each time the radio is switched on.
    """

    def __init__(
        self,
        name: str,
        link: AirLink,
        interrupt: Callable[[int, list[Any]], None],
        linked: Callable[[int], None] = lambda change: None,
        loss_db: Callable[[], float] = lambda: 0.0,
    ) -> None:
        """`linked` is called with 1 for each central that comes and -1 for each that goes; `loss_db` is what the tag's
        board takes from its signal."""
        self._linked = linked
        self._loss_db = loss_db
        self._name = name
        self._link = link
        self._interrupt = interrupt
        self._device: Device | None = None
        self._controller: TagController | None = None
        self._settings: dict[str, Any] = {"mtu": DEFAULT_MTU, "rxbuf": 256, "gap_name": "MPY ESP32"}
        self.own_address = own_address(name)
        self._address_kind = _RANDOM
        self._values: dict[int, _Value] = {}
        self._characteristics: dict[int, gatt.Characteristic[bytes]] = {}
        self._outgoing: deque[tuple[Connection, bytes]] = deque()
        self._sending: asyncio.TimerHandle | None = None
        self._setups: dict[int, asyncio.TimerHandle] = {}
        self._terminating: set[int] = set()
        self._heard = False
        """Whether the program has a handler for events."""
        self.tells_of_failed_setups = True
        """NimBLE of ESP-IDF 5.5.3 and later says a word of them, earlier ones none (`ble_gap_conn_broken`)."""
        self.tells_of_ends = True
        """Whether the end of a connection is an event; with some centrals it is not (esp-idf 15670)."""
        self._data = b""
        self._response = b""

    def call(self, name: str, arguments: list[Any]) -> Any:
        """The answer to a board call, or a coroutine that gives it. Raises `Refusal`."""
        if self._device is None and name not in ("ble_active", "ble_irq"):
            raise Refusal(errno.ENODEV, "Bluetooth is not active")
        return getattr(self, "_on" + name.removeprefix("ble"))(*arguments)

    @property
    def active(self) -> bool:
        return self._device is not None

    @property
    def advertising(self) -> bool:
        """Whether it can be heard, whatever its program takes it for."""
        return self._controller is not None and self._controller.le_legacy_advertiser.enabled

    @property
    def connections(self) -> int:
        """How many centrals are connected, whatever its program knows of them."""
        return 0 if self._controller is None else len(self._controller.le_connections)

    @property
    def handles(self) -> list[int]:
        """The handles of its characteristics' values, in the order in which they were registered."""
        return list(self._values)

    def vanish(self) -> None:
        """The chip has gone: its peers will notice by themselves."""
        self._heard = False
        self._leave()

    def _leave(self) -> None:
        if self._controller is not None:
            self._link.vanish(self._controller)
        self._forget()

    def _forget(self) -> None:
        if self._sending is not None:
            self._sending.cancel()
            self._sending = None
        if self._device is not None:
            self._device.powered_on = False
        for setup in self._setups.values():
            setup.cancel()
        self._setups.clear()
        self._terminating.clear()
        self._device = self._controller = None
        self._values.clear()
        self._characteristics.clear()
        self._outgoing.clear()

    def _on_active(self, active: bool | None) -> Any:
        if active is None:
            return self._device is not None
        if active and self._device is None:
            return self._switch_on()
        return self._switch_off() if not active and self._controller is not None else active

    async def _switch_off(self) -> bool:
        controller = self._controller
        assert controller is not None
        controller.le_legacy_advertiser.stop()
        for connection in list(controller.le_connections.values()):
            if self._link.holder(connection) is None:
                reason = hci.HCI_ErrorCode.REMOTE_USER_TERMINATED_CONNECTION_ERROR
                connection.send_ll_control_pdu(ll.TerminateInd(reason))
                del controller.le_connections[connection.peer_address]
        if controller.le_connections:
            await asyncio.sleep(STOP_S)
        self._leave()
        return False

    async def _switch_on(self) -> bool:
        self._address_kind = _RANDOM
        controller = TagController(self._name, self._link, own=self.own_address)
        controller.loss_db = self._loss_db
        name = str(self._settings["gap_name"])
        device = Device(config=DeviceConfiguration(name=name, address=hci.Address.generate_static_address()))
        device.host = Host()
        device.host.controller = controller
        controller.host = device.host
        device.gatt_server.max_mtu = self._settings["mtu"]
        device.on(Device.EVENT_CONNECTION, self._connected)
        self._controller, self._device = controller, device
        try:
            await device.power_on()
        except asyncio.CancelledError:
            self.vanish()
            raise
        return True

    def _radio(self) -> Device:
        if self._device is None:
            raise Refusal(errno.ENODEV, "Bluetooth is not active")
        return self._device

    def _on_get(self, parameter: str) -> Any:
        if parameter == "mac":
            # bumble keeps an address as it goes over the air, MicroPython turns it round.
            device = self._radio()
            address = device.random_address if self._address_kind == _RANDOM else device.public_address
            return self._address_kind, bytes(address)[::-1].hex()
        if parameter in self._settings:
            return self._settings[parameter]
        raise Refusal(errno.EINVAL, f"unknown config param {parameter}")

    def _on_set(self, parameter: str, value: Any) -> Any:
        if parameter == "addr_mode":
            if value not in (_PUBLIC, _RANDOM):
                raise Refusal(errno.EINVAL, "this controller has public and random static addresses only")
            self._address_kind = value
            return self._new_address() if value == _RANDOM else None
        if parameter not in self._settings:
            raise Refusal(errno.EINVAL, f"unknown config param {parameter}")
        self._settings[parameter] = value
        if parameter == "mtu":
            self._radio().gatt_server.max_mtu = value
        return None

    async def _new_address(self) -> None:
        """A fresh address; while it advertises the controller refuses it, and NimBLE's port does not say so."""
        device = self._radio()
        address = hci.Address.generate_static_address()
        with contextlib.suppress(hci.HCI_Error):
            await device.send_sync_command(hci.HCI_LE_Set_Random_Address_Command(random_address=address))
            device.random_address = address

    async def _on_advertise(
        self, interval_us: int | None, data: str | None, response: str | None, connectable: bool
    ) -> None:
        device = self._radio()
        if data is not None:
            self._data = bytes.fromhex(data)
        if response is not None:
            self._response = bytes.fromhex(response)
        if max(len(self._data), len(self._response)) > 31:
            raise Refusal(errno.EINVAL, "advertising data is longer than 31 bytes")
        await device.stop_advertising()
        if interval_us is None:
            return
        if connectable and len(device.connections) >= CONNECTIONS:
            raise Refusal(errno.ENOMEM, "ENOMEM")
        kind = AdvertisingType.UNDIRECTED_CONNECTABLE_SCANNABLE if connectable else AdvertisingType.UNDIRECTED
        await device.start_advertising(
            advertising_type=kind,
            own_address_type=hci.OwnAddressType(self._address_kind),
            advertising_data=self._data,
            scan_response_data=self._response,
            advertising_interval_min=interval_us / 1000,
            advertising_interval_max=interval_us / 1000,
        )

    def _on_services(self, services: list[Any]) -> list[list[int]]:
        device = self._radio()
        if self._characteristics:
            raise Refusal(errno.EBUSY, "services are registered already")
        handles = []
        for service, described in services:
            characteristics = []
            for uuid, flags in described:
                value = _Value()
                characteristic: gatt.Characteristic[bytes] = gatt.Characteristic(
                    core.UUID(uuid),
                    gatt.Characteristic.Properties(flags & 0xFF),
                    gatt.Characteristic.Permissions.READABLE | gatt.Characteristic.Permissions.WRITEABLE,
                    gatt.CharacteristicValue(read=lambda _, value=value: value.data, write=self._written_to(value)),
                )
                characteristics.append((characteristic, value))
            device.add_service(gatt.Service(core.UUID(service), [one for one, _ in characteristics]))
            for characteristic, value in characteristics:
                self._values[characteristic.handle] = value
                self._characteristics[characteristic.handle] = characteristic
            handles.append([one.handle for one, _ in characteristics])
        return handles

    def _written_to(self, value: _Value) -> Callable[[Connection, bytes], None]:
        def written(connection: Connection, piece: bytes) -> None:
            handle = next((handle for handle, one in self._values.items() if one is value), None)
            if handle is None or not self._heard:
                value.written(piece)
            else:  # the handler runs within the write (MICROPY_PY_BLUETOOTH_USE_SYNC_EVENTS): one piece at a time
                self._interrupt(_WRITE, [connection.handle, handle, piece.hex()])

        return written

    def _on_irq(self, handled: bool) -> None:
        self._heard = handled

    def _on_written(self, handle: int, piece: str) -> None:
        self._value(handle).written(bytes.fromhex(piece))

    def _value(self, handle: int) -> _Value:
        if handle not in self._values:
            raise Refusal(errno.EINVAL, f"no characteristic has the value handle {handle}")
        return self._values[handle]

    def _on_read(self, handle: int) -> str:
        return self._value(handle).taken().hex()

    def _on_buffer(self, handle: int, room: int, append: bool) -> None:
        value = self._value(handle)
        value.room, value.append, value.data = room, append, b""

    def _on_write(self, handle: int, data: str, send_update: bool) -> None:
        value = self._value(handle)
        value.data = bytes.fromhex(data)
        value.room = max(value.room, len(value.data))
        if send_update:
            for connection in list(self._radio().connections.values()):
                self._on_notify(connection.handle, handle, None)

    def _on_notify(self, link: int, handle: int, data: str | None) -> None:
        value = self._value(handle)
        connection = self._radio().connections.get(link)
        if connection is None:
            raise Refusal(errno.ENOTCONN, "ENOTCONN")
        if len(self._outgoing) >= BUFFERS:
            raise Refusal(errno.ENOMEM, "ENOMEM")
        content = value.data if data is None else bytes.fromhex(data)
        pdu = att.ATT_Handle_Value_Notification(
            attribute_handle=handle, attribute_value=content[: connection.att_mtu - 3]
        )
        self._outgoing.append((connection, bytes(pdu)))
        if self._sending is None:
            self._sending = asyncio.get_running_loop().call_later(NOTIFICATION_S, self._send)

    def _send(self) -> None:
        self._sending = None
        connection, pdu = self._outgoing.popleft()
        device = self._device
        if device is not None and connection.handle in device.connections:
            device.gatt_server.send_gatt_pdu(connection, pdu)
        if self._outgoing:
            self._sending = asyncio.get_running_loop().call_later(NOTIFICATION_S, self._send)

    def _on_disconnect(self, link: int) -> Any:
        connection = self._radio().connections.get(link)
        if link in self._terminating:
            raise Refusal(errno.EALREADY, "EALREADY")
        return False if connection is None else self._disconnect(connection)

    async def _disconnect(self, connection: Connection) -> bool:
        self._terminating.add(connection.handle)
        with contextlib.suppress(core.BaseBumbleError, hci.HCI_Error):
            await self._radio().send_async_command(
                hci.HCI_Disconnect_Command(
                    connection_handle=connection.handle,
                    reason=hci.HCI_ErrorCode.REMOTE_USER_TERMINATED_CONNECTION_ERROR,
                )
            )
        return True

    def _connected(self, connection: Connection) -> None:
        self._linked(1)
        handle, peer = connection.handle, connection.peer_address
        kind_and_address = [int(peer.address_type) & 1, bytes(peer)[::-1].hex()]
        central = self._link.find_le_controller(peer)
        answers = not isinstance(central, StationController) or central.answers

        def set_up() -> None:
            del self._setups[handle]
            self._interrupt(CENTRAL_CONNECT, [handle, *kind_and_address])

        def given_up() -> None:
            asyncio.get_running_loop().create_task(self._disconnect(connection))

        loop = asyncio.get_running_loop()
        self._setups[handle] = loop.call_later(SETUP_S, set_up) if answers else loop.call_later(RESPONSE_S, given_up)
        connection.on(
            Connection.EVENT_CONNECTION_ATT_MTU_UPDATE,
            lambda: self._interrupt(_MTU_EXCHANGED, [handle, connection.att_mtu]),
        )
        connection.on(Connection.EVENT_DISCONNECTION, lambda _: self._ended(handle, kind_and_address))

    def _ended(self, handle: int, kind_and_address: list[Any]) -> None:
        """NimBLE tells of the end of what it has told of; a connection that failed in its set-up has no address."""
        self._linked(-1)
        self._terminating.discard(handle)
        setup = self._setups.pop(handle, None)
        if setup is not None:
            setup.cancel()
            if self.tells_of_failed_setups:
                self._interrupt(CENTRAL_DISCONNECT, [handle, *_NO_ADDRESS])
        elif self.tells_of_ends:
            self._interrupt(CENTRAL_DISCONNECT, [handle, *kind_and_address])
