"""Another interpreter: its controller behind a pty, and board calls over inherited pipes.

No MicroPython with `bluetooth` of its own is at hand here, so at the pty bumble's host stands in for NimBLE.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
from pathlib import Path

import pytest
from bumble import gatt, hci
from bumble.device import Device, DeviceConfiguration
from bumble.transport import open_transport

from host.sim import runtime
from host.sim.air import AirLink, NativeRadio, own_address
from host.sim.station import VirtualStation
from host.sim.tag import FirmwareFailed
from tests.e2e.stage import Stage, play
from tests.sim.rig import START, printed, run, until, within
from tests.sim.test_air import ADVERT, RX, SERVICE, TX, central, heard, linked

INTERPRETER = os.environ.get("KITDOCK_MICROPYTHON")

needs_interpreter = pytest.mark.skipif(
    not INTERPRETER, reason="KITDOCK_MICROPYTHON does not name a MicroPython for Unix to run the tags with"
)


async def echo_host(path: str) -> None:
    """A peripheral's host on the controller behind the pty at `path`, until it is cancelled."""
    async with await open_transport(f"serial:{path}") as (source, sink):
        config = DeviceConfiguration(name="", address=hci.Address.generate_static_address())
        device = Device.from_config_with_hci(config, source, sink)
        tx = gatt.Characteristic(
            TX, gatt.Characteristic.Properties.NOTIFY, gatt.Characteristic.Permissions.READABLE, b""
        )
        echoes: set[asyncio.Task[None]] = set()

        def written(connection: object, value: bytes) -> None:
            echoes.add(asyncio.create_task(device.notify_subscribers(tx, value)))

        rx = gatt.Characteristic(
            RX,
            gatt.Characteristic.Properties.WRITE,
            gatt.Characteristic.Permissions.WRITEABLE,
            gatt.CharacteristicValue(write=written),
        )
        device.gatt_server.max_mtu = 247
        device.add_service(gatt.Service(SERVICE, [rx, tx]))
        await device.power_on()
        await device.start_advertising(
            own_address_type=hci.OwnAddressType.RANDOM,
            advertising_data=ADVERT,
            advertising_interval_min=20,
            advertising_interval_max=20,
        )
        await asyncio.Event().wait()


def test_a_controller_behind_a_pty_serves_a_host_on_it(tmp_path: Path) -> None:
    async def test() -> None:
        async with VirtualStation(START, files={}) as station:
            radio = await NativeRadio.open("1", station.link)
            radio.appear()
            host = asyncio.create_task(echo_host(radio.path))
            try:
                async with central(station) as device:
                    ((address, data),) = await within(heard(device))
                    assert data == ADVERT
                    _, rx, notified = await linked(device, address)
                    await within(rx.write_value(bytes(range(244)), with_response=True))
                    await until(lambda: notified == [bytes(range(244))])
                    assert station.air.att_bytes["from_tag"] > 244
                    radio.vanish()  # deep sleep
                    assert len(station.link.controllers) == 1
            finally:
                host.cancel()
                await asyncio.gather(host, return_exceptions=True)
                await radio.close()

    asyncio.run(test())


def test_a_controller_appears_again_at_the_next_wake() -> None:
    async def test() -> None:
        link = AirLink()
        radio = await NativeRadio.open("1", link)
        assert len(link.controllers) == 0
        radio.appear()
        radio.appear()
        assert len(link.controllers) == 1
        radio.vanish()
        assert len(link.controllers) == 0
        radio.appear()
        assert len(link.controllers) == 1
        await radio.close()
        link.close()

    asyncio.run(test())


@needs_interpreter
def test_the_board_over_inherited_pipes(tmp_path: Path) -> None:
    main = tmp_path / "main.py"
    main.write_text(
        """
import esp32, json, machine, time
machine.mem32[0x600B1028] &= ~(1 << 2)
lid = machine.Pin(2, machine.Pin.IN)
log = esp32.Partition.find(esp32.Partition.TYPE_DATA, label="kitlog")[0]
lid.irq(lambda pin: print(json.dumps("edge")))
before = time.ticks_ms()
time.sleep_ms(500)
print(json.dumps([lid.value(), machine.reset_cause(), machine.wake_pins(), time.ticks_diff(time.ticks_ms(), before)]))
log.writeblocks(0, bytes([0x11] * 8), 0)
esp32.wake_on_ext1((lid,), esp32.WAKEUP_ALL_LOW if lid.value() else esp32.WAKEUP_ANY_HIGH)
machine.deepsleep()
"""
    )

    async def test() -> None:
        async with VirtualStation(START, interpreter=INTERPRETER, files={"/main.py": main}) as station:
            tag = await station.add_tag("1")
            start = tag.board.now
            tag.at(start + 3600).lid_open()
            tag.at(start + 3600.4).lid_close()
            await station.clock.advance(start + 7200)
            lines = printed(tag)
            assert lines[0][:3] == [0, 1, []]
            assert lines[1] == "edge"
            assert lines[2][:3] == [0, 4, [2]]
            assert all(500 <= line[3] < 510 for line in (lines[0], lines[2]))
            assert tag.state == "asleep"
            tag.flash.cut_after(3)
            tag.flash.bytes[:8] = b"\xff" * 8
            tag.lid_open()
            await until(lambda: tag.state == "off")
            assert tag.flash.read(0, 4) == b"\x11" * 3 + b"\xff"
            tag.power_on()
            assert tag.execute("print(6 * 7)") == "42\n"

    asyncio.run(test())


@needs_interpreter
def test_the_firmware_runs_on_it() -> None:
    async def test() -> None:
        async with VirtualStation(START, interpreter=INTERPRETER) as station:
            tag = await station.add_tag("1")
            await tag.settle()
            answer = tag.enrol("0011223344556677", b"a" * 32, b"s" * 32, b"l" * 32)
            assert answer["tag"] == "0011223344556677"
            start = station.clock.now()
            tag.at(start + 3600).lid_open()
            tag.at(start + 7200).lid_close()
            await station.clock.advance(start + 10000)
            assert tag.faults == []
            assert tag.state == "asleep"
            assert tag.board.counters.wakes >= 3

    asyncio.run(test())


@needs_interpreter
def test_the_life_of_a_tag_fits_into_128_kib_of_heap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Enrolment, edges and a docking, garbage collected as on the chip."""
    asked = subprocess.run([str(INTERPRETER), "-c", "import sys; print(sys.maxsize)"], capture_output=True, check=True)
    small = int(asked.stdout) < 1 << 31  # objects of the chip's size
    monkeypatch.setattr(runtime, "HEAP", (128 if small else 256) * 1024)

    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        start = stage.station.clock.now()
        for number in range(60):
            edge = tag.at(start + 60 * (number + 1))
            edge.lid_close() if number % 2 else edge.lid_open()
        await stage.station.clock.advance(start + 3700)
        (report,) = await stage.dock(tag)
        assert (report.error, report.altered, tag.faults) == (None, 0, [])
        assert report.added >= 62

    play(tmp_path, scene, interpreter=INTERPRETER)


@needs_interpreter
def test_what_programs_write_stays_in_the_tags_own_folder(tmp_path: Path) -> None:
    main = tmp_path / "main.py"
    main.write_text("import machine\nmachine.deepsleep()\n")
    write = "import os\nos.mkdir('/thing')\nwith open('/thing/../../kitdock-test', 'w') as f:\n    f.write('kept')\n"

    async def test() -> None:
        async with VirtualStation(START, interpreter=INTERPRETER, files={"/main.py": main}) as station:
            tag = await station.add_tag("1")
            await tag.settle()
            tag.execute(write)
            tag.reset()
            await tag.settle()
            told = tag.execute("import os\nprint(sorted(os.listdir('/')), open('kitdock-test').read(), os.getcwd())")
            assert told == "['kitdock-test', 'main.py', 'thing'] kept /\n"
            assert not Path("/kitdock-test").exists()
            assert not Path("/thing").exists()
            with pytest.raises(FirmwareFailed) as failed:
                tag.execute("open('/etc/passwd')")
            assert "ENOENT" in failed.value.fields["error"]

    asyncio.run(test())


IN_SLICES = """
    import _virtual, machine, time

    class Radio:
        def active(self):
            return True

    _virtual.native_radio = Radio()  # as where the interpreter has `bluetooth`: it sleeps each slice by itself
    _virtual.native_sleep_ms = lambda ms: None
    rounds = 0
    while True:
        time.sleep_ms(100)
        rounds += 1
        print(rounds)
"""


def test_a_tag_that_waits_in_slices_comes_to_rest_and_lets_time_pass(tmp_path: Path) -> None:
    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1")
        await within(tag.settle())
        before = len(tag.output.splitlines())
        await within(station.clock.advance(station.clock.now() + 60))
        assert len(tag.output.splitlines()) - before == pytest.approx(600, abs=20)
        await within(tag.settle())
        before = len(tag.output.splitlines())
        await asyncio.sleep(1)
        assert len(tag.output.splitlines()) > before, "and real time goes on"

    run(test, tmp_path, IN_SLICES)


def test_a_controller_behind_a_pty_has_the_chips_own_address_too() -> None:
    async def test() -> None:
        link = AirLink()
        radio = await NativeRadio.open("1", link)
        radio.appear()
        (controller,) = link.controllers
        assert controller.public_address == own_address("1")
        await radio.close()
        link.close()

    asyncio.run(test())
