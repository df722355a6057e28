"""The station's controller: what HCI_Reset and a cancelled connection end, and that nothing is left of a client."""

from __future__ import annotations

import asyncio
import socket
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from bumble import hci
from bumble.controller import Connection as Link

from host.sim.air import StationController
from host.sim.station import VirtualStation
from tests.sim.rig import run, until, within
from tests.sim.test_air import ECHO, central, heard

RESET = bytes(hci.HCI_Reset_Command())
SCAN = bytes(hci.HCI_LE_Set_Extended_Scan_Enable_Command(enable=1, filter_duplicates=0, duration=0, period=0))
SUPERVISION_S = 3.0
"""Longer than a tag takes to find out that its central has gone."""


def client(name: str) -> socket.socket:
    """A connection to the HCI called `name`."""
    return socket.create_connection(("127.0.0.1", int(name.rsplit(":", 1)[1])))


def stations(station: VirtualStation) -> list[StationController]:
    return [each for each in station.link.controllers if isinstance(each, StationController)]


def connect_to(address: str, own: hci.OwnAddressType = hci.OwnAddressType.RANDOM) -> bytes:
    """The command that connects to a random `address`."""
    return bytes(
        hci.HCI_LE_Create_Connection_Command(
            le_scan_interval=96,
            le_scan_window=96,
            initiator_filter_policy=0,
            peer_address_type=hci.AddressType.RANDOM_DEVICE,
            peer_address=hci.Address(address),
            own_address_type=own,
            connection_interval_min=24,
            connection_interval_max=40,
            max_latency=0,
            supervision_timeout=42,
            min_ce_length=0,
            max_ce_length=0,
        )
    )


class Told:
    """What a controller tells its host, in place of one."""

    def __init__(self) -> None:
        self.packets: list[bytes] = []

    def on_packet(self, packet: bytes) -> None:
        self.packets.append(packet)

    def statuses(self) -> list[int]:
        """Of the connections that were completed or given up."""
        return [packet[4] for packet in self.packets if packet[:2] == b"\x04\x3e" and packet[3] == 0x01]


def told_by(controller: StationController) -> Told:
    told = Told()
    controller.host = told
    return told


def test_a_reset_ends_the_scan(tmp_path: Path) -> None:
    async def test(station: VirtualStation) -> None:
        await station.add_tag("1")
        controller = station.controller()
        told = told_by(controller)
        controller.on_packet(SCAN)
        await until(lambda: len(told.packets) > 3)
        controller.on_packet(RESET)
        await until(lambda: told.packets[-1][:2] == b"\x04\x0e")
        told.packets.clear()
        await asyncio.sleep(0.2)  # ten adverts
        assert told.packets == []

    run(test, tmp_path, ECHO)


def test_a_reset_drops_the_connection_without_a_word(tmp_path: Path) -> None:
    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1")
        async with central(station) as device:
            ((address, _),) = await heard(device)
            await within(device.connect(address))
            (controller,) = stations(station)
            controller.on_packet(RESET)
            assert not controller.le_connections
            assert tag.radio.connections == 1
            await until(lambda: tag.radio.connections == 0, SUPERVISION_S)

    run(test, tmp_path, ECHO)


def test_after_a_reset_nothing_is_connected_to_that_was_asked_for_before(tmp_path: Path) -> None:
    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1")
        async with central(station) as device:
            ((address, _),) = await heard(device)
        controller = station.controller()
        told = told_by(controller)
        controller.on_packet(connect_to(address.split("/")[0]))
        controller.on_packet(RESET)
        await asyncio.sleep(0.2)
        assert told.statuses() == []
        assert tag.radio.connections == 0

    run(test, tmp_path, ECHO)


def test_a_connection_that_is_cancelled_is_told_of_and_the_next_one_succeeds(tmp_path: Path) -> None:
    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1")
        async with central(station) as device:
            ((address, _),) = await heard(device)
        controller = station.controller()
        controller.random_address = hci.Address("C0:00:00:00:00:01")
        told = told_by(controller)
        cancel = bytes(hci.HCI_LE_Create_Connection_Cancel_Command())
        controller.on_packet(cancel)
        controller.on_packet(connect_to("C0:00:00:00:00:02"))
        controller.on_packet(cancel)
        await until(lambda: told.statuses() == [hci.HCI_ErrorCode.UNKNOWN_CONNECTION_IDENTIFIER_ERROR])
        completed = [packet[6] for packet in told.packets if packet[:2] == b"\x04\x0e"]
        assert completed == [hci.HCI_ErrorCode.COMMAND_DISALLOWED_ERROR, hci.HCI_ErrorCode.SUCCESS]
        controller.on_packet(connect_to(address.split("/")[0]))
        await until(lambda: told.statuses()[1:] == [hci.HCI_ErrorCode.SUCCESS])
        assert tag.radio.connections == 1

    run(test, tmp_path, ECHO)


def closed(name: str) -> None:
    with client(name) as link:
        link.sendall(RESET + SCAN)


def cut(name: str) -> None:
    link = client(name)
    link.sendall(RESET + SCAN)
    link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    link.close()


def cut_before_it_is_taken(name: str) -> None:
    link = client(name)
    link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    link.close()


def in_the_middle_of_a_packet(name: str) -> None:
    with client(name) as link:
        link.sendall(RESET + SCAN[:3])


def nonsense(name: str) -> None:
    with client(name) as link:
        link.sendall(b"\xff" * 100 + SCAN)


def killed(name: str) -> None:
    """A process that reads nothing of what it asked for, and is killed."""
    code = (
        "import socket, sys\n"
        f"link = socket.create_connection(('127.0.0.1', {name.rsplit(':', 1)[1]}))\n"
        f"link.sendall({RESET + SCAN!r})\n"
        "print(flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.kill()


@pytest.mark.parametrize("leave", [closed, cut, cut_before_it_is_taken, in_the_middle_of_a_packet, nonsense, killed])
def test_nothing_is_left_of_a_client_that_has_gone(tmp_path: Path, leave: Callable[[str], None]) -> None:
    async def test(station: VirtualStation) -> None:
        name = await station.listen_hci()
        await station.add_tag("1")
        for _ in range(3):
            await asyncio.to_thread(leave, name)
        with client(name) as last:  # taken after all of those
            last.sendall(RESET)
            await until(lambda: len(stations(station)) == len(station._adapters) == 1)
        await until(lambda: not stations(station) and not station._adapters)

    run(test, tmp_path, ECHO)


def test_a_client_that_only_closes_its_own_side_has_gone_whatever_it_has_not_read(tmp_path: Path) -> None:
    async def test(station: VirtualStation) -> None:
        name = await station.listen_hci()
        with client(name) as link:
            link.sendall(RESET)
            await until(lambda: len(stations(station)) == 1)
            (adapter,) = station._adapters
            adapter._transport.write(bytes(16_000_000))  # more than the two ends keep
            assert adapter._transport.get_write_buffer_size()
            link.shutdown(socket.SHUT_WR)
            await until(lambda: not stations(station))

    run(test, tmp_path, ECHO)


def test_a_client_that_says_nothing_has_no_controller(tmp_path: Path) -> None:
    async def test(station: VirtualStation) -> None:
        with client(await station.listen_hci()):
            await until(lambda: len(station._adapters) == 1)
            assert not stations(station)
            assert not station.connected
        await until(lambda: not station._adapters)

    run(test, tmp_path, ECHO)


def test_a_client_that_goes_as_it_connects_does_not_keep_the_tag(tmp_path: Path) -> None:
    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1")
        async with central(station) as device:
            ((address, _),) = await heard(device)
        taken: list[Link] = []

        class Gone(StationController):
            def create_le_connection(self, peer_address: hci.Address) -> None:
                super().create_le_connection(peer_address)
                taken.extend(self.le_connections.values())
                station.link.vanish(self)

        gone = Gone("gone", link=station.link)
        gone.random_address = hci.Address("C0:00:00:00:00:03")
        gone.on_packet(connect_to(address.split("/")[0]))
        await until(lambda: len(taken) == 1 and tag.radio.connections == 1)
        await until(lambda: tag.radio.connections == 0, SUPERVISION_S)
        await asyncio.sleep(0.1)
        assert len(taken) == 1

    run(test, tmp_path, ECHO)


def test_a_station_with_a_public_address_is_answered_like_one_with_a_random_one(tmp_path: Path) -> None:
    """BlueZ connects under the adapter's public address, and scans under random ones meanwhile."""

    async def test(station: VirtualStation) -> None:
        await station.add_tag("1")
        async with central(station) as device:
            ((address, _),) = await heard(device)
        first, second = station.controller(), station.controller()
        assert len({first.public_address, second.public_address, hci.Address.ANY}) == 3
        told = told_by(first)
        first.on_packet(connect_to(address.split("/")[0], hci.OwnAddressType.PUBLIC))
        await until(lambda: told.statuses() == [hci.HCI_ErrorCode.SUCCESS])
        first.random_address = hci.Address("C0:00:00:00:00:04")
        ask_mtu = bytes.fromhex("0300040002f700")
        first.on_packet(bytes(hci.HCI_AclDataPacket(1, 0, 0, len(ask_mtu), ask_mtu)))
        await until(lambda: any(packet[0] == 2 and packet[9] == 0x03 for packet in told.packets))

    run(test, tmp_path, ECHO)
