"""RTC memory, NVS and raw flash as a program has them: what each refuses, and what outlives sleep and power cuts."""

from __future__ import annotations

from pathlib import Path

from host.sim.station import VirtualStation
from host.sim.virtual_board import DEEPSLEEP_RESET, HARD_RESET, POWER_ON
from tests.sim.rig import printed, run

MEMORIES = """
    import binascii, esp32, json, machine, time
    rtc, nvs, kept = machine.RTC(), esp32.NVS("test"), {}
    for name in ("committed", "loose"):
        try:
            kept[name] = nvs.get_i32(name)
        except OSError:
            kept[name] = None
    print(json.dumps([machine.reset_cause(), rtc.memory().decode(), kept["committed"], kept["loose"]]))
    rtc.memory(b"seen %d" % machine.reset_cause())
    nvs.set_i32("committed", (kept["committed"] or 0) + 1)
    nvs.commit()
    nvs.set_i32("loose", 1)
    if machine.reset_cause() == machine.DEEPSLEEP_RESET:
        machine.reset()
    machine.deepsleep(1000 if machine.reset_cause() == machine.PWRON_RESET else 0)
"""


def test_what_outlives_sleep_reset_and_power_off(tmp_path: Path) -> None:
    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1")
        await station.clock.advance(station.clock.now() + 60)
        tag.power_off()
        tag.power_on()
        await tag.settle()
        assert printed(tag) == [
            [POWER_ON, "", None, None],
            [DEEPSLEEP_RESET, f"seen {POWER_ON}", 1, 1],
            [HARD_RESET, f"seen {DEEPSLEEP_RESET}", 2, 1],
            [POWER_ON, "", 3, 1],
        ]

    run(test, tmp_path, MEMORIES)


def test_nvs_refuses_what_the_chip_refuses(tmp_path: Path) -> None:
    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1")
        await tag.settle()
        assert printed(tag) == [
            "ESP_ERR_NVS_NOT_FOUND",
            "ESP_ERR_NVS_NOT_FOUND",
            "ESP_ERR_NVS_INVALID_LENGTH",
            "ESP_ERR_NVS_KEY_TOO_LONG",
            [3, "abc"],
            "ESP_ERR_NVS_NOT_FOUND",
        ]

    run(
        test,
        tmp_path,
        """
        import esp32, json
        nvs = esp32.NVS("test")
        def tell(job):
            try:
                print(json.dumps(job()))
            except OSError as error:
                print(json.dumps(error.args[1]))
        nvs.set_blob("blob", b"abc")
        nvs.commit()
        tell(lambda: nvs.get_i32("missing"))
        tell(lambda: nvs.get_i32("blob"))
        tell(lambda: nvs.get_blob("blob", bytearray(2)))
        tell(lambda: nvs.set_i32("a-key-of-16-chars", 1))
        buffer = bytearray(5)
        tell(lambda: [nvs.get_blob("blob", buffer), bytes(buffer[:3]).decode()])
        nvs.erase_key("blob")
        tell(lambda: nvs.get_blob("blob", buffer))
        """,
    )


def test_a_partition_is_raw_flash(tmp_path: Path) -> None:
    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1")
        await tag.settle()
        assert printed(tag) == [
            [128, 4096, 524288],
            [240, 48, 0, 255],
            [255, 255],
            ["kitlog", 0x40, 1],
            "ESP_ERR_INVALID_SIZE",
        ]
        assert tag.flash.bytes[4096 * 2 + 7] == 0x55

    run(
        test,
        tmp_path,
        """
        import json
        from esp32 import Partition
        log = Partition.find(Partition.TYPE_DATA, label="kitlog")[0]
        print(json.dumps([log.ioctl(4, 0), log.ioctl(5, 0), log.info()[3]]))
        def read(at):
            one = bytearray(1)
            log.readblocks(0, one, at)
            return one[0]
        seen = []
        log.writeblocks(0, b"\\xf0", 10)
        seen.append(read(10))
        log.writeblocks(0, b"\\x3f", 10)
        seen.append(read(10))
        log.writeblocks(0, b"\\x00", 10)
        seen += [read(10), read(11)]
        print(json.dumps(seen))
        log.ioctl(6, 0)
        print(json.dumps([read(10), read(11)]))
        log.writeblocks(2, bytes([0x55]) * 4096)
        print(json.dumps([log.info()[4], log.info()[1], len(Partition.find(Partition.TYPE_APP))]))
        try:
            log.readblocks(128, bytearray(1), 0)
        except OSError as error:
            print(json.dumps(error.args[1]))
        """,
    )


def test_a_power_cut_ends_the_program_where_it_is(tmp_path: Path) -> None:
    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1")
        await tag.settle()
        tag.flash.cut_after(5)
        tag.lid_open()
        await tag.settle()
        assert tag.state == "off"
        assert tag.flash.read(0, 8) == b"\x11" * 5 + b"\xff" * 3
        assert printed(tag) == ["slept"]
        tag.power_on()
        await tag.settle()
        assert printed(tag) == ["slept", "written"]
        assert tag.flash.read(0, 8) == b"\x11" * 8

    run(
        test,
        tmp_path,
        """
        import esp32, json, machine
        machine.mem32[0x600B1028] &= ~(1 << 2)
        lid = machine.Pin(2, machine.Pin.IN)
        if lid.value():
            try:
                log = esp32.Partition.find(esp32.Partition.TYPE_DATA, label="kitlog")[0]
                log.writeblocks(0, b"\\x11" * 8, 0)
                print(json.dumps("written"))
            except BaseException:
                print(json.dumps("a power cut cannot be caught"))
            finally:
                log.writeblocks(0, b"\\x11" * 8, 0)
        else:
            print(json.dumps("slept"))
            esp32.wake_on_ext1((lid,), esp32.WAKEUP_ANY_HIGH)
            machine.deepsleep()
        """,
    )


def test_power_off_in_mid_sleep_and_on_again(tmp_path: Path) -> None:
    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1")
        await tag.settle()
        assert tag.state == "running"
        tag.power_off()
        tag.power_on()
        await tag.settle()
        assert printed(tag) == [POWER_ON, POWER_ON]

    run(
        test,
        tmp_path,
        """
        import json, machine, time
        print(json.dumps(machine.reset_cause()))
        time.sleep(3600)
        """,
    )
