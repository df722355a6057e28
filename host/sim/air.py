"""The air of the virtual station: bumble's link with counters, and each tag's Bluetooth on it.

Every packet goes through bumble's hosts, HCI and controllers; only the radio waves are virtual. A tag
whose interpreter has no `bluetooth` gets a bumble host here (`TagRadio`), driven by the shim; one that
has its own gets just a controller (`TagController`) behind a pty.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import functools
import hashlib
import tempfile
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from bumble import att, core, gatt, hci, ll
from bumble.controller import Connection as Link
from bumble.controller import Controller, LegacyAdvertiser
from bumble.device import AdvertisingType, Connection, Device, DeviceConfiguration
from bumble.host import Host
from bumble.link import LocalLink
from bumble.transport.common import StreamPacketSource, Transport
from bumble.transport.pty import open_pty_transport

from host.sim.virtual_board import Refusal

DATA_LENGTH = 251
"""Most bytes in one link-layer packet, with the data length extension that ESP32s and dongles have."""
PACKET_OVERHEAD = 10
"""Bytes around them on the 1M PHY: preamble 1, access address 4, header 2, CRC 3."""
SUPERVISION_S = 0.72
"""Seconds after which the other end notices that one has gone without a word."""
NOTIFICATION_S = 0.0025
"""Seconds on the air for one full notification with its gaps and acknowledgement (model)."""
BUFFERS = 8
"""Notifications that the stack holds before it reports ENOMEM (model: NimBLE's pool, less what it needs)."""
DEFAULT_MTU = 256
"""NimBLE's preferred MTU until `config(mtu=...)`."""
DEFAULT_VALUE_SIZE = 20
"""Bytes of a characteristic's value until `gatts_set_buffer` or `gatts_write`."""

AT_A_METRE_DBM = -47.5
"""Strength at which a station hears a tag a metre away (measured by a user, of a XIAO with its antenna on)."""
SENSITIVITY_DBM = -94.0
"""Weakest signal that is still heard (model: a dongle's and the chip's are within a few dB of it)."""

CENTRAL_CONNECT, CENTRAL_DISCONNECT, _WRITE, _MTU_EXCHANGED = 1, 2, 3, 21
_PUBLIC, _RANDOM = 0, 1


class Air:
    """What has gone over the air between stations and tags. Attributes are counts; `reset` zeroes them.

    `requests` (each one is a round trip), `responses`, `commands`, `notifications` and `confirmations` are
    ATT PDUs. By direction, "to_tag" and "from_tag": `att_pdus`, `att_bytes` (the PDUs alone) and
    `air_bytes` (with L2CAP and link-layer framing).
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.requests = 0
        self.responses = 0
        self.commands = 0
        self.notifications = 0
        self.confirmations = 0
        self.att_pdus = {"to_tag": 0, "from_tag": 0}
        self.att_bytes = {"to_tag": 0, "from_tag": 0}
        self.air_bytes = {"to_tag": 0, "from_tag": 0}

    def count(self, direction: str, l2cap: bytes) -> None:
        """Count one L2CAP packet."""
        packets = -(-len(l2cap) // DATA_LENGTH)
        self.air_bytes[direction] += len(l2cap) + packets * PACKET_OVERHEAD
        if l2cap[2:4] != b"\x04\x00" or len(l2cap) < 5:
            return
        self.att_pdus[direction] += 1
        self.att_bytes[direction] += len(l2cap) - 4
        opcode = l2cap[4]
        if opcode in (0x1B, 0x23):
            self.notifications += 1
        elif opcode == 0x1E:
            self.confirmations += 1
        elif opcode & 0x40:
            self.commands += 1
        elif opcode & 1:
            self.responses += 1
        else:
            self.requests += 1


class AirLink(LocalLink):
    """bumble's link, with counters in `air`, on which a controller may vanish without a word."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.air = Air()
        self.path_loss_db = 0.0
        """What distance, walls and bodies take from every signal between station and tags, beyond that of a metre."""
        self._timers: set[asyncio.TimerHandle] = set()

    def send_acl_data(
        self, sender_controller: Controller, destination_address: hci.Address, transport: Any, data: bytes
    ) -> None:
        self.air.count("from_tag" if isinstance(sender_controller, TagController) else "to_tag", data)
        super().send_acl_data(sender_controller, destination_address, transport, data)

    def strength_dbm(self, tag: TagController) -> float:
        """How strong a station hears `tag`, and the other way round."""
        return AT_A_METRE_DBM - self.path_loss_db - tag.loss_db()

    def send_advertising_pdu(self, sender_controller: Controller, packet: ll.AdvertisingPdu) -> None:
        if not isinstance(sender_controller, TagController):
            super().send_advertising_pdu(sender_controller, packet)
            return
        strength = self.strength_dbm(sender_controller)
        if strength < SENSITIVITY_DBM:
            return
        for each in self.controllers:
            if isinstance(each, StationController):
                asyncio.get_running_loop().call_soon(each.hear, packet, strength)

    def send_ll_control_pdu(
        self, sender_address: hci.Address, receiver_address: hci.Address, packet: ll.ControlPdu
    ) -> None:
        # Who has vanished hears nothing more; the sender finds out by its supervision timeout.
        with contextlib.suppress(core.InvalidArgumentError):
            super().send_ll_control_pdu(sender_address, receiver_address, packet)

    def vanish(self, controller: Controller) -> None:
        """Take `controller` off the air; its peers lose their connections after the supervision timeout."""
        if controller not in self.controllers:
            return
        controller.le_legacy_advertiser.stop()
        self.remove_controller(controller)
        for connection in list(controller.le_connections.values()):
            peer = self.find_le_controller(connection.peer_address)
            other_end = peer.le_connections.get(connection.self_address) if peer is not None else None
            if peer is not None and other_end is not None:
                self._later(SUPERVISION_S, functools.partial(_lose, peer, other_end))
        controller.le_connections.clear()

    def _later(self, seconds: float, action: Callable[[], None]) -> None:
        def act() -> None:
            self._timers.discard(timer)
            action()

        timer = asyncio.get_running_loop().call_later(seconds, act)
        self._timers.add(timer)

    def close(self) -> None:
        for timer in self._timers:
            timer.cancel()
        for controller in list(self.controllers):
            controller.le_legacy_advertiser.stop()
            self.remove_controller(controller)


def _lose(controller: Controller, connection: Link) -> None:
    if controller.le_connections.get(connection.peer_address) is connection:
        controller.on_le_disconnected(connection, hci.HCI_ErrorCode.CONNECTION_TIMEOUT_ERROR)


class _Advertiser(LegacyAdvertiser):
    def _on_timer_fired(self) -> None:
        self.send_advertising_data()
        # HCI counts in units of 0.625 ms.
        self.timer_handle = asyncio.get_running_loop().call_later(
            self.advertising_interval_min * 0.000625, self._on_timer_fired
        )

    def send_advertising_data(self) -> None:
        # bumble's own sends the connectable kind alone.
        if self.enabled and self.advertising_type == AdvertisingType.UNDIRECTED:
            self.controller.send_advertising_pdu(ll.AdvNonConnInd(self.address, self.advertising_data))
        super().send_advertising_data()


class TagController(Controller):
    """A tag's controller: legacy advertising only, and no new address while that is going on."""

    le_features = Controller.le_features & ~hci.LeFeatureMask.LE_EXTENDED_ADVERTISING
    le_acl_data_packet_length = DATA_LENGTH

    def __init__(
        self, name: str, link: AirLink, source: Any = None, sink: Any = None, own: hci.Address | None = None
    ) -> None:
        super().__init__(name, source, sink, link, public_address=own)
        self.loss_db: Callable[[], float] = lambda: 0.0
        """What the tag's own board takes from its signal."""
        self.le_legacy_advertiser = _Advertiser(self)

    def on_hci_reset_command(self, command: hci.HCI_Reset_Command) -> Any:
        self.le_legacy_advertiser.stop()
        for connection in list(self.le_connections.values()):
            connection.send_ll_control_pdu(ll.TerminateInd(hci.HCI_ErrorCode.REMOTE_USER_TERMINATED_CONNECTION_ERROR))
        self.le_connections.clear()
        return super().on_hci_reset_command(command)

    def on_hci_le_set_random_address_command(self, command: hci.HCI_LE_Set_Random_Address_Command) -> Any:
        if self.le_legacy_advertiser.enabled:
            return hci.HCI_StatusReturnParameters(hci.HCI_ErrorCode.COMMAND_DISALLOWED_ERROR)
        return super().on_hci_le_set_random_address_command(command)


class StationController(Controller):
    """The station's own adapter."""

    le_acl_data_packet_length = DATA_LENGTH
    _strength_dbm: float | None = None

    def hear(self, packet: ll.AdvertisingPdu, strength_dbm: float) -> None:
        """Take in what a tag advertises, heard so strong."""
        self._strength_dbm = strength_dbm
        try:
            self.on_ll_advertising_pdu(packet)
        finally:
            self._strength_dbm = None

    def send_hci_packet(self, packet: hci.HCI_Packet) -> None:
        # bumble's own says -50 dBm of everything.
        if self._strength_dbm is not None:
            rssi = round(self._strength_dbm)
            if isinstance(packet, hci.HCI_LE_Advertising_Report_Event):
                legacy = [replace(report, rssi=rssi) for report in packet.reports]
                packet = hci.HCI_LE_Advertising_Report_Event(legacy)
            elif isinstance(packet, hci.HCI_LE_Extended_Advertising_Report_Event):
                extended = [replace(report, rssi=rssi) for report in packet.reports]
                packet = hci.HCI_LE_Extended_Advertising_Report_Event(extended)
        super().send_hci_packet(packet)


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


def own_address(name: str) -> hci.Address:
    """The public address of the chip in the tag called `name`."""
    return hci.Address(hashlib.sha256(name.encode()).digest()[:6], hci.Address.PUBLIC_DEVICE_ADDRESS)


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
        loss_db: Callable[[], float] = lambda: 0.0,
    ) -> None:
        """`loss_db` is what the tag's board takes from its signal."""
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
        self._data = b""
        self._response = b""

    def call(self, name: str, arguments: list[Any]) -> Any:
        """The answer to a board call, or a coroutine that gives it. Raises `Refusal`."""
        if self._device is None and name != "ble_active":
            raise Refusal(errno.ENODEV, "Bluetooth is not active")
        return getattr(self, "_on" + name.removeprefix("ble"))(*arguments)

    @property
    def active(self) -> bool:
        return self._device is not None

    def vanish(self) -> None:
        """The chip has gone: its peers will notice by themselves."""
        if self._controller is not None:
            self._link.vanish(self._controller)
        self._forget()

    def _forget(self) -> None:
        if self._sending is not None:
            self._sending.cancel()
            self._sending = None
        if self._device is not None:
            self._device.powered_on = False
        self._device = self._controller = None
        self._values.clear()
        self._characteristics.clear()
        self._outgoing.clear()

    def _on_active(self, active: bool | None) -> Any:
        if active is None:
            return self._device is not None
        if active and self._device is None:
            return self._switch_on()
        if not active and self._controller is not None:
            for connection in list(self._controller.le_connections.values()):
                connection.send_ll_control_pdu(
                    ll.TerminateInd(hci.HCI_ErrorCode.REMOTE_USER_TERMINATED_CONNECTION_ERROR)
                )
            self._controller.le_connections.clear()
            self._link.vanish(self._controller)
            self._forget()
        return active

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
            value.written(piece)
            handle = next((handle for handle, one in self._values.items() if one is value), None)
            if handle is not None:
                self._interrupt(_WRITE, [connection.handle, handle])

        return written

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
        return False if connection is None else self._disconnect(connection)

    async def _disconnect(self, connection: Connection) -> bool:
        with contextlib.suppress(core.BaseBumbleError, hci.HCI_Error):
            await self._radio().send_async_command(
                hci.HCI_Disconnect_Command(
                    connection_handle=connection.handle,
                    reason=hci.HCI_ErrorCode.REMOTE_USER_TERMINATED_CONNECTION_ERROR,
                )
            )
        return True

    def _connected(self, connection: Connection) -> None:
        peer = connection.peer_address
        kind_and_address = [int(peer.address_type) & 1, bytes(peer)[::-1].hex()]
        self._interrupt(CENTRAL_CONNECT, [connection.handle, *kind_and_address])
        connection.on(
            Connection.EVENT_CONNECTION_ATT_MTU_UPDATE,
            lambda: self._interrupt(_MTU_EXCHANGED, [connection.handle, connection.att_mtu]),
        )
        connection.on(
            Connection.EVENT_DISCONNECTION,
            lambda _: self._interrupt(CENTRAL_DISCONNECT, [connection.handle, *kind_and_address]),
        )


class NativeRadio:
    """A controller behind a pty, for an interpreter with `bluetooth` of its own: H4, named in MICROPYBTUART."""

    def __init__(self, name: str, link: AirLink, transport: Transport, path: str) -> None:
        self.path = path
        self._link = link
        self._transport = transport
        self._controller = TagController(name, link, transport.source, transport.sink, own_address(name))
        self.vanish()

    @classmethod
    async def open(cls, name: str, link: AirLink) -> NativeRadio:
        """A controller that is not on the air yet."""
        with tempfile.TemporaryDirectory(prefix="kitdock-uart-") as folder:
            alias = Path(folder) / "uart"
            transport = await open_pty_transport(str(alias))
            path = str(alias.readlink())
        return cls(name, link, transport, path)

    def behind(self, loss_db: Callable[[], float]) -> None:
        """`loss_db` is what the tag's board takes from its signal."""
        self._controller.loss_db = loss_db

    def appear(self) -> None:
        """The chip has started."""
        if isinstance(self._transport.source, StreamPacketSource):
            self._transport.source.parser.reset()  # a packet that was cut off by the end of the last wake
        if self._controller not in self._link.controllers:
            self._link.add_controller(self._controller)

    def vanish(self) -> None:
        """The chip has gone."""
        self._link.vanish(self._controller)

    async def close(self) -> None:
        self.vanish()
        await self._transport.close()
