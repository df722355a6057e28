"""The air of the virtual station: bumble's link with counters, and each tag's Bluetooth on it.

Every packet goes through bumble's hosts, HCI and controllers; only the radio waves are virtual. A tag
whose interpreter has no `bluetooth` gets a bumble host (`tag_radio.py`), driven by the shim; one that
has its own gets just a controller (`TagController`) behind a pty.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import hashlib
import random
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from bumble import core, hci, ll
from bumble.controller import Connection as Link
from bumble.controller import Controller, LegacyAdvertiser
from bumble.device import AdvertisingType
from bumble.link import LocalLink
from bumble.transport.common import StreamPacketSource, Transport
from bumble.transport.pty import open_pty_transport

DATA_LENGTH = 251
"""Most bytes in one link-layer packet, with the data length extension that ESP32s and dongles have."""
PACKET_OVERHEAD = 10
"""Bytes around them on the 1M PHY: preamble 1, access address 4, header 2, CRC 3."""
SUPERVISION_S = 0.72
"""Seconds after which the other end notices that one has gone without a word, unless the central asked for others."""
ESTABLISH_S = 0.2
"""Seconds in which a central notices that its tag took no connection: six intervals of 30 ms or so (Core 6.B.4.5)."""
AT_A_METRE_DBM = -47.5
"""Strength at which a station hears a tag a metre away (measured by a user, of a XIAO with its antenna on)."""
SENSITIVITY_DBM = -94.0
"""Weakest signal that is still heard (model: a dongle's and the chip's are within a few dB of it)."""


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
    """bumble's link, with counters in `air`, on which a controller may vanish without a word.

    Two centrals may ask for a connection at once: who is not taken finds out, as a controller does.
    """

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
        connection = sender_controller.le_connections.get(destination_address)
        receiver = self.find_le_controller(destination_address)
        if connection is not None and receiver is not None:
            # bumble's own takes the sender's random address for the one that it is connected under.
            heard = functools.partial(receiver.on_link_acl_data, connection.self_address, transport, data)
            asyncio.get_running_loop().call_soon(heard)

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
        hearers = [each for each in self.controllers if isinstance(each, StationController)]
        for each in random.sample(hearers, len(hearers)):  # which of two that answer is the first is chance
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
        self.remove_controller(controller)
        self.silence(controller)

    def silence(self, controller: Controller) -> None:
        """Let `controller` do nothing any more that its host had asked for; its peers find out as in `vanish`."""
        controller.le_legacy_advertiser.stop()
        controller.le_scan_enable = False
        controller.pending_le_connection = None
        for connection in list(controller.le_connections.values()):
            self.give_up(controller, connection, hci.HCI_ErrorCode.CONNECTION_TIMEOUT_ERROR)
        controller.le_connections.clear()

    def give_up(self, controller: Controller, connection: Link, reason: int) -> None:
        """Both ends of `connection` lose it after its supervision time-out, `controller`'s for `reason`."""
        peer, other_end = self._other_end(connection)
        seconds = _supervision_s(peer if isinstance(peer, TagController) else controller, connection)
        self.later(seconds, functools.partial(lose, controller, connection, reason))
        if peer is not None and other_end is not None:
            lost = functools.partial(lose, peer, other_end, hci.HCI_ErrorCode.CONNECTION_TIMEOUT_ERROR)
            self.later(seconds, lost)

    def _other_end(self, connection: Link) -> tuple[Controller | None, Link | None]:
        for controller in self.controllers:
            end = controller.le_connections.get(connection.self_address)
            if end is not None and end.self_address == connection.peer_address:
                return controller, end
        return None, None

    def expect(self, controller: Controller, connection: Link) -> None:
        """`controller` takes itself to be connected: it finds out if it is not."""

        def look() -> None:
            if self._other_end(connection)[1] is None:
                reason = hci.HCI_ErrorCode.CONNECTION_FAILED_TO_BE_ESTABLISHED_ERROR
                self.later(ESTABLISH_S, functools.partial(lose, controller, connection, reason))

        self.later(0, look)  # the tag has it by then, or does not take it; the central has not gone meanwhile

    def holder(self, connection: Link) -> StationController | None:
        """The central at the other end of a tag's `connection`, if it is one that acknowledges no end."""
        central = self._other_end(connection)[0]
        return central if isinstance(central, StationController) and not central.acknowledges else None

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        """Call `action` in `seconds`, unless the air is gone by then."""

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


def lose(controller: Controller, connection: Link, reason: int) -> None:
    """Let `controller` find out that `connection` is no more."""
    if controller.le_connections.get(connection.peer_address) is connection:
        controller.on_le_disconnected(connection, reason)


def _supervision_s(tag: Controller, connection: Link) -> float:
    """Seconds after which either end of `connection` gives the other up."""
    if not isinstance(tag, TagController):
        return SUPERVISION_S
    central = connection.self_address if connection.controller is not tag else connection.peer_address
    return tag.supervision_s.get(central, SUPERVISION_S)


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
        self.air = link
        self.supervision_s: dict[hci.Address, float] = {}
        """By address of a central: the supervision time-out that it asked for."""

    def on_le_connect_ind(self, packet: ll.ConnectInd) -> None:
        self.supervision_s[packet.initiator_address] = packet.timeout / 100
        before = self.le_connections.get(packet.initiator_address)
        super().on_le_connect_ind(packet)
        connection = self.le_connections.get(packet.initiator_address)
        if connection is not None and connection is not before:
            self.air.expect(self, connection)

    def on_hci_disconnect_command(self, command: hci.HCI_Disconnect_Command) -> None:
        # LL_TERMINATE_IND is sent until it is acknowledged, at most for the supervision time-out (Core 6.B.5.1.6).
        connection = self.find_le_connection_by_handle(command.connection_handle)
        if connection is None or self.air.holder(connection) is None:
            super().on_hci_disconnect_command(command)
            return
        self._send_hci_command_status(hci.HCI_COMMAND_STATUS_PENDING, command.op_code)
        self.air.give_up(self, connection, command.reason)

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
    """The station's own adapter, or that of a stranger.

    `acknowledges`  the end of a connection, which otherwise lasts for its supervision time-out
    `answers`       what a tag's stack asks of its version, before it tells its program of the connection
    """

    acknowledges = True
    answers = True
    le_acl_data_packet_length = DATA_LENGTH
    _strength_dbm: float | None = None

    def on_hci_reset_command(self, command: hci.HCI_Reset_Command) -> Any:
        # bumble's own goes on with whatever it was doing (Core 4.E.7.3.2).
        if isinstance(self.link, AirLink):
            self.link.silence(self)
        return super().on_hci_reset_command(command)

    def on_hci_le_create_connection_cancel_command(self, command: hci.HCI_LE_Create_Connection_Cancel_Command) -> Any:
        # bumble's own goes on initiating, and refuses every connection after that (Core 4.E.7.8.13).
        pending, self.pending_le_connection = self.pending_le_connection, None
        if pending is None:
            return hci.HCI_StatusReturnParameters(hci.HCI_ErrorCode.COMMAND_DISALLOWED_ERROR)
        asyncio.get_running_loop().call_soon(self.send_hci_packet, _cancelled(pending))
        return super().on_hci_le_create_connection_cancel_command(command)

    def create_le_connection(self, peer_address: hci.Address) -> None:
        before = self.le_connections.get(peer_address)
        super().create_le_connection(peer_address)
        connection = self.le_connections.get(peer_address)
        if connection is not None and connection is not before and isinstance(self.link, AirLink):
            self.link.expect(self, connection)

    def on_ll_control_pdu(self, sender_address: hci.Address, packet: ll.ControlPdu) -> None:
        if self.acknowledges or not isinstance(packet, ll.TerminateInd):
            super().on_ll_control_pdu(sender_address, packet)

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


def _cancelled(pending: Any) -> hci.HCI_LE_Connection_Complete_Event:
    """What a host hears of a connection that it had asked for in `pending`, and wants no more."""
    return hci.HCI_LE_Connection_Complete_Event(
        status=hci.HCI_ErrorCode.UNKNOWN_CONNECTION_IDENTIFIER_ERROR,
        connection_handle=0,
        role=hci.Role.CENTRAL,
        peer_address_type=pending.peer_address.address_type,
        peer_address=pending.peer_address,
        connection_interval=0,
        peripheral_latency=0,
        supervision_timeout=0,
        central_clock_accuracy=0,
    )


def own_address(name: str) -> hci.Address:
    """The public address of the chip in the tag called `name`."""
    return hci.Address(hashlib.sha256(name.encode()).digest()[:6], hci.Address.PUBLIC_DEVICE_ADDRESS)


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
