"""Tags on the virtual air, seen by a plain bumble central: adverts, GATT, buffers, addresses, counters."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from bumble import hci
from bumble.device import Advertisement, Connection, Device, DeviceConfiguration, Peer
from bumble.gatt_client import CharacteristicProxy
from bumble.host import Host
from bumble.transport import open_transport

from host.sim.station import VirtualStation
from host.sim.tag_radio import BUFFERS, SETUP_S
from tests.sim.rig import printed, run, until, within

SERVICE = "6e400001-b5a3-f393-e0a9-e50e24dcca9e"
RX = "6e400002-b5a3-f393-e0a9-e50e24dcca9e"
TX = "6e400003-b5a3-f393-e0a9-e50e24dcca9e"
ADVERT = bytes.fromhex("020106") + bytes.fromhex("0416d2fc41")

PERIPHERAL = f"""
    import bluetooth, json, time
    ble = bluetooth.BLE()
    ble.active(True)
    ble.config(mtu=247)
    ((rx, tx),) = ble.gatts_register_services(((bluetooth.UUID("{SERVICE}"), (
        (bluetooth.UUID("{RX}"), bluetooth.FLAG_WRITE | bluetooth.FLAG_WRITE_NO_RESPONSE),
        (bluetooth.UUID("{TX}"), bluetooth.FLAG_NOTIFY),
    )),))
    links = []
    def advertise():
        ble.gap_advertise(20000, adv_data=bytes.fromhex("{ADVERT.hex()}"), connectable=True)
    def happened(event, data):
        if event == 1:
            links.append(data[0])
        elif event == 2:
            links.clear()
            advertise()
        elif event == 3 and data[1] == rx:
            links[:] = [data[0]]  # the connection itself may be told of later
            received(ble.gatts_read(rx))
    ble.irq(happened)
"""

ECHO = (
    PERIPHERAL
    + """
    waiting = []
    def received(data):
        waiting.append(data)
    ble.gatts_set_buffer(rx, 512, True)
    advertise()
    while True:
        time.sleep_ms(5)
        while waiting:
            ble.gatts_notify(links[0], tx, waiting.pop(0))
"""
)


@asynccontextmanager
async def central(station: VirtualStation) -> AsyncIterator[Device]:
    """A powered bumble host on a controller of its own."""
    device = Device(config=DeviceConfiguration(name="", address=hci.Address.generate_static_address()))
    device.host = Host()
    controller = station.controller("central")
    device.host.controller = controller
    controller.host = device.host
    await device.power_on()
    try:
        yield device
    finally:
        await device.power_off()


async def heard(device: Device, count: int = 1) -> set[tuple[str, bytes]]:
    """Addresses and data of adverts, when those of `count` addresses have been heard."""
    seen: dict[str, bytes] = {}

    def hear(advertisement: Advertisement) -> None:
        seen[str(advertisement.address)] = advertisement.data_bytes

    device.on(Device.EVENT_ADVERTISEMENT, hear)
    await device.start_scanning()
    await until(lambda: len(seen) >= count)
    await device.stop_scanning()
    device.remove_listener(Device.EVENT_ADVERTISEMENT, hear)
    return set(seen.items())


async def linked(device: Device, address: str) -> tuple[Connection, CharacteristicProxy[bytes], list[bytes]]:
    """A connection to `address` at MTU 247: it, the RX characteristic, and what TX notifies."""
    connection = await within(device.connect(address))
    peer = Peer(connection)
    assert await within(peer.request_mtu(247)) == 247
    (service,) = await within(peer.discover_service(SERVICE))
    characteristics = {str(one.uuid).lower(): one for one in await within(service.discover_characteristics())}
    notified: list[bytes] = []
    await within(characteristics[TX].subscribe(notified.append))
    return connection, characteristics[RX], notified


def test_an_advert_is_heard_as_it_was_given(tmp_path: Path) -> None:
    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1")
        async with central(station) as device:
            ((address, data),) = await heard(device)
        assert data == ADVERT
        kind, reported = tag.radio.call("ble_get", ["mac"])
        assert kind == 1
        assert address.split("/")[0].replace(":", "").lower() == reported
        assert int(reported[:2], 16) >= 0xC0  # a random static address
        assert tag.faults == []

    run(test, tmp_path, ECHO)


def test_gatt_echo_at_mtu_247_and_what_it_costs_on_air(tmp_path: Path) -> None:
    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1")
        async with central(station) as device:
            ((address, _),) = await heard(device)
            connection, rx, notified = await linked(device, address)
            station.air.reset()
            message = bytes(range(244))
            await within(rx.write_value(message, with_response=True))
            await until(lambda: notified == [message])
            air = station.air
            assert (air.requests, air.responses, air.notifications, air.commands) == (1, 1, 1, 0)
            assert air.att_pdus == {"to_tag": 1, "from_tag": 2}
            assert air.att_bytes == {"to_tag": 3 + 244, "from_tag": 1 + 3 + 244}
            # 4 bytes of L2CAP and 10 around each link-layer packet.
            assert air.air_bytes == {"to_tag": 247 + 14, "from_tag": 1 + 14 + 247 + 14}
            await within(rx.write_value(b"without", with_response=False))
            await until(lambda: len(notified) == 2)
            assert air.commands == 1
            await within(connection.disconnect())
            await within(heard(device))  # it advertises again
        assert tag.faults == []

    run(test, tmp_path, ECHO)


@pytest.mark.parametrize(
    ("buffer", "expected"),
    [
        ("", ["61" * 20, "62" * 20]),  # 20 bytes unless said otherwise, the rest lost without a word
        ("ble.gatts_set_buffer(rx, 512)", ["61" * 100, "62" * 30]),
    ],
)
def test_the_buffer_of_a_characteristic(tmp_path: Path, buffer: str, expected: list[str]) -> None:
    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1")
        async with central(station) as device:
            ((address, _),) = await heard(device)
            _, rx, _ = await linked(device, address)
            await within(rx.write_value(b"a" * 100, with_response=True))
            await until(lambda: len(printed(tag)) == 1)
            await within(rx.write_value(b"b" * 30, with_response=True))
            await until(lambda: len(printed(tag)) == 2)
        assert printed(tag) == expected

    run(
        test,
        tmp_path,
        PERIPHERAL
        + f"""
    from binascii import hexlify
    def received(data):
        print(json.dumps(hexlify(data).decode()))
    {buffer}
    advertise()
    while True:
        time.sleep_ms(5)
""",
    )


def test_in_append_mode_writes_gather_until_they_are_read(tmp_path: Path) -> None:
    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1")
        async with central(station) as device:
            ((address, _),) = await heard(device)
            _, rx, _ = await linked(device, address)
            for piece in (b"ab", b"cd", b"ef"):
                await within(rx.write_value(piece, with_response=True))
            tag.lid_open()
            await until(lambda: len(printed(tag)) == 1)
        assert printed(tag) == [["abcde", ""]]  # what does not fit is lost

    run(
        test,
        tmp_path,
        PERIPHERAL
        + """
    import machine
    ble.irq(None)
    ble.gatts_set_buffer(rx, 5, True)
    advertise()
    while not machine.Pin(2).value():
        time.sleep_ms(5)
    print(json.dumps([ble.gatts_read(rx).decode(), ble.gatts_read(rx).decode()]))
""",
    )


def test_notifications_that_outrun_the_link_raise_enomem(tmp_path: Path) -> None:
    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1")
        async with central(station) as device:
            ((address, _),) = await heard(device)
            _, rx, notified = await linked(device, address)
            await within(rx.write_value(b"go", with_response=True))
            await until(lambda: len(notified) == 40)
        (enomem,) = printed(tag)
        assert enomem >= 1
        assert notified == [bytes([number]) * 244 for number in range(40)]
        assert BUFFERS < 40

    run(
        test,
        tmp_path,
        PERIPHERAL
        + """
    import errno
    go = []
    def received(data):
        go.append(1)
    advertise()
    while not go:
        time.sleep_ms(5)
    enomem = number = 0
    while number < 40:
        try:
            ble.gatts_notify(links[0], tx, bytes([number]) * 244)
            number += 1
        except OSError as error:
            assert error.errno == errno.ENOMEM
            enomem += 1
            time.sleep_ms(5)
    print(json.dumps(enomem))
    while True:
        time.sleep_ms(5)
""",
    )


def test_interrupts_wait_until_the_program_waits(tmp_path: Path) -> None:
    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1")
        async with central(station) as device:
            ((address, _),) = await heard(device)
            await within(device.connect(address))
            await asyncio.sleep(2 * SETUP_S)
            tag.lid_open()
            await until(lambda: len(printed(tag)) == 1)
        assert printed(tag) == [[0, 1]]

    run(
        test,
        tmp_path,
        PERIPHERAL
        + """
    import machine
    advertise()
    while not machine.Pin(2).value():
        pass
    before = len(links)
    time.sleep_ms(1)
    print(json.dumps([before, len(links)]))
    time.sleep(60)
""",
    )


def test_of_two_centrals_that_answer_at_once_one_is_not_taken_and_finds_out(tmp_path: Path) -> None:
    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1")
        async with central(station) as one, central(station) as other:
            ((address, _),) = await heard(one)
            reasons: list[int] = []
            for connection in await asyncio.gather(within(one.connect(address)), within(other.connect(address))):
                connection.on(Connection.EVENT_DISCONNECTION, reasons.append)
            await until(lambda: bool(reasons))
            assert reasons == [hci.HCI_ErrorCode.CONNECTION_FAILED_TO_BE_ESTABLISHED_ERROR]
            assert len(one.connections) + len(other.connections) == 1
        assert tag.faults == []

    run(test, tmp_path, ECHO)


def test_a_connection_is_told_of_after_what_it_brings(tmp_path: Path) -> None:
    """As NimBLE of ESP-IDF 5.5 does: it asks the central for its version first."""

    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1")
        async with central(station) as device:
            ((address, _),) = await heard(device)
            connection, rx, _ = await linked(device, address)
            await within(rx.write_value(b"x", with_response=True))
            await asyncio.sleep(2 * SETUP_S)
            await within(connection.disconnect())
            ((address, _),) = await heard(device)
            await within((await within(device.connect(address))).disconnect())
            await until(lambda: len(printed(tag)) == 5)
        assert [event for event, _ in printed(tag)] == [21, 3, 1, 2, 2]
        assert [kind for _, kind in printed(tag)[2:]] == [1, 1, 255], "the last failed in its set-up"

    run(
        test,
        tmp_path,
        PERIPHERAL
        + """
    def told(event, data):
        print(json.dumps([event, data[1]]))
        if event == 2:
            advertise()
    ble.irq(told)
    advertise()
    while True:
        time.sleep_ms(5)
""",
    )


def test_a_new_address_only_while_silent(tmp_path: Path) -> None:
    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1")
        await until(lambda: len(printed(tag)) == 1)
        first, second, refused = printed(tag)[0]
        assert first != second
        assert second == refused

    run(
        test,
        tmp_path,
        """
        import bluetooth, json, time
        from binascii import hexlify
        ble = bluetooth.BLE()
        ble.active(True)
        def address():
            kind, value = ble.config("mac")
            return hexlify(value).decode()
        seen = [address()]
        ble.config(addr_mode=1)
        seen.append(address())
        ble.gap_advertise(20000, adv_data=b"")
        ble.config(addr_mode=1)
        seen.append(address())
        print(json.dumps(seen))
        time.sleep(60)
        """,
    )


def test_several_tags_on_one_air(tmp_path: Path) -> None:
    async def test(station: VirtualStation) -> None:
        tags = [await station.add_tag(str(number)) for number in range(3)]
        async with central(station) as device:
            addresses = {address for address, _ in await heard(device, count=3)}
            for number, address in enumerate(sorted(addresses)):
                connection, rx, notified = await linked(device, address)
                await within(rx.write_value(b"tag %d" % number, with_response=True))
                await until(lambda notified=notified: bool(notified))
                assert notified == [b"tag %d" % number]
                await within(connection.disconnect())
        assert [tag.faults for tag in tags] == [[], [], []]

    run(test, tmp_path, ECHO)


@pytest.mark.parametrize("end", ["power_off", "reset"])
def test_a_tag_that_goes_without_a_word_is_missed_by_the_central(tmp_path: Path, end: str) -> None:
    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1")
        async with central(station) as device:
            ((address, _),) = await heard(device)
            connection, _, _ = await linked(device, address)
            reasons: list[int] = []
            connection.on(Connection.EVENT_DISCONNECTION, reasons.append)
            getattr(tag, end)()
            await until(lambda: bool(reasons))
            assert reasons == [hci.HCI_ErrorCode.CONNECTION_TIMEOUT_ERROR]

    run(test, tmp_path, ECHO)


def test_a_station_that_goes_without_a_word_is_missed_by_the_tag(tmp_path: Path) -> None:
    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1")
        adapter = await station.listen_hci()
        async with await open_transport(adapter) as (source, sink):
            config = DeviceConfiguration(name="", address=hci.Address.generate_static_address())
            device = Device.from_config_with_hci(config, source, sink)
            await within(device.power_on())
            ((address, _),) = await heard(device)
            _, rx, notified = await linked(device, address)
            await within(rx.write_value(b"here", with_response=True))
            await until(lambda: notified == [b"here"])
        async with central(station) as other:  # the tag advertises again, once it has missed the first
            ((again, _),) = await heard(other)
            assert again == address
        assert tag.faults == []

    run(test, tmp_path, ECHO)


def test_deep_sleep_switches_the_radio_off(tmp_path: Path) -> None:
    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1")
        async with central(station) as device:
            await heard(device)
            tag.lid_open()
            await until(lambda: tag.state == "asleep")
            adverts: list[Advertisement] = []
            device.on(Device.EVENT_ADVERTISEMENT, adverts.append)
            await device.start_scanning()
            await asyncio.sleep(0.2)
            await device.stop_scanning()
            assert adverts == []

    run(
        test,
        tmp_path,
        PERIPHERAL
        + """
    import machine
    advertise()
    while not machine.Pin(2).value():
        time.sleep_ms(5)
    machine.deepsleep()
""",
    )


def test_a_characteristic_with_descriptors_is_refused_in_words(tmp_path: Path) -> None:
    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1")
        await until(lambda: "descriptors" in tag.output)
        assert tag.output.strip() == "the virtual radio takes no descriptors of characteristics"

    run(
        test,
        tmp_path,
        f"""
    import bluetooth
    ble = bluetooth.BLE()
    ble.active(True)
    described = (bluetooth.UUID("{TX}"), bluetooth.FLAG_NOTIFY, ((bluetooth.UUID(0x2901), bluetooth.FLAG_READ),))
    try:
        ble.gatts_register_services(((bluetooth.UUID("{SERVICE}"), (described,)),))
    except ValueError as error:
        print(error)
    """,
    )
