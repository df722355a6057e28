"""The virtual board behaves as stock MicroPython on the chip does: sleep, wake, memories, flash, time."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from host.sim.station import VirtualStation
from host.sim.tag import FirmwareFailed
from host.sim.virtual_board import (
    DEEPSLEEP_RESET,
    HARD_RESET,
    POWER_ON,
    WAKE_EXT1,
    WAKE_GPIO,
    WAKE_TIMER,
    WATCHDOG_RESET,
)
from tests.sim.rig import DAY_S, START, printed, run, until

ARM_LID = """
    import esp32, json, machine
    lid = machine.Pin(2, machine.Pin.IN)
    print(json.dumps([lid.value(), machine.reset_cause(), machine.wake_reason(), machine.wake_pins()]))
    esp32.wake_on_ext1((lid,), esp32.WAKEUP_ALL_LOW if lid.value() else esp32.WAKEUP_ANY_HIGH)
    machine.deepsleep()
"""


def test_ext1_wakes_at_the_armed_level(tmp_path: Path) -> None:
    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1")
        await tag.settle()
        start = station.clock.now()
        tag.at(start + 3600).lid_open()
        tag.at(start + 7200).lid_close()
        await station.clock.advance(start + DAY_S)
        assert tag.state == "asleep"
        assert printed(tag) == [
            [0, POWER_ON, 0, []],
            [1, DEEPSLEEP_RESET, WAKE_EXT1, [2]],
            [0, DEEPSLEEP_RESET, WAKE_EXT1, [2]],
        ]
        assert tag.board.counters.wakes == 3

    run(test, tmp_path, ARM_LID)


def test_a_level_that_is_there_already_ends_deep_sleep_at_once(tmp_path: Path) -> None:
    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1")
        await tag.settle()
        tag.at(station.clock.now() + 60).lid_open()
        await station.clock.advance(station.clock.now() + 65)
        # Armed for "high" while it is high: it wakes again and again, as often as the chip can boot.
        assert 15 <= tag.board.counters.wakes <= 25

    run(
        test,
        tmp_path,
        """
        import esp32, machine
        esp32.wake_on_ext1((machine.Pin(2),), esp32.WAKEUP_ANY_HIGH)
        machine.deepsleep()
        """,
    )


def test_the_dock_and_the_button_pull_the_same_line_low(tmp_path: Path) -> None:
    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1")
        await tag.settle()
        start = station.clock.now()
        tag.at(start + 10).press(seconds=2)
        tag.at(start + 20).dock()
        await station.clock.advance(start + 30)
        assert printed(tag) == [[1, 0, 0, []], [0, 0, WAKE_GPIO, [0]], [0, 1, WAKE_GPIO, [0]]]

    run(
        test,
        tmp_path,
        """
        import esp32, json, machine, time
        button, dock = machine.Pin(0, machine.Pin.IN), machine.Pin(21, machine.Pin.IN)
        print(json.dumps([button.value(), dock.value(), machine.wake_reason(), machine.wake_pins()]))
        while not button.value() and not dock.value():
            time.sleep_ms(10)
        if not dock.value():
            esp32.wake_on_gpio((button,), esp32.WAKEUP_ALL_LOW)
        machine.deepsleep()
        """,
    )


def test_a_pin_that_cannot_wake_is_refused(tmp_path: Path) -> None:
    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1")
        await tag.settle()
        assert printed(tag) == ["refused"]

    run(
        test,
        tmp_path,
        """
        import esp32, json, machine
        try:
            esp32.wake_on_gpio((machine.Pin(21),), esp32.WAKEUP_ALL_LOW)
        except OSError:
            print(json.dumps("refused"))
        """,
    )


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
            [DEEPSLEEP_RESET, f"seen {POWER_ON}", 1, None],
            [HARD_RESET, f"seen {DEEPSLEEP_RESET}", 2, None],
            [POWER_ON, "", 3, None],
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


@pytest.mark.parametrize("drift", [0.01, -0.02])
def test_the_clock_counts_through_deep_sleep_with_its_error(tmp_path: Path, drift: float) -> None:
    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1", drift=drift)
        start = tag.board.now
        await station.clock.advance(start + 4.5 * DAY_S)
        # The timer counts with the same clock, so each day of it begins a day later by that clock.
        clocks = printed(tag)
        assert len(clocks) == int(4.5 * (1 + drift)) + 1
        assert all(abs(one - day * DAY_S) <= day + 2 for day, one in enumerate(clocks))
        assert tag.board.wake_reason == WAKE_TIMER
        true_s = tag.board.now - start
        counted_s = tag.board.call("rtc_us", []) / 1e6
        assert counted_s == pytest.approx(true_s * (1 + drift), abs=0.001)

    run(
        test,
        tmp_path,
        """
        import json, machine, time
        print(json.dumps(time.time()))
        assert time.time_ns() // 1000000000 - time.time() in (0, 1)
        machine.deepsleep(86400000)
        """,
    )


def test_the_clocks_error_may_change_with_time_also_within_a_sleep(tmp_path: Path) -> None:
    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1", drift=0.01)
        start = tag.board.now
        tag.at(start + 0.5 * DAY_S).drift(-0.02)
        tag.at(start + 1.5 * DAY_S).drift(0.02)
        with pytest.raises(ValueError, match="does not drift"):
            tag.at(start).drift(0.021)
        half_slow = (1 - 0.5 * 1.01) / 0.98  # days that the rest of a sleep takes once the clock is slow
        await station.clock.advance(start + (0.5 + half_slow) * DAY_S - 5)
        assert len(printed(tag)) == 1, "the first sleep lasts until the slow clock has counted a day"
        await station.clock.advance(start + (0.5 + half_slow) * DAY_S + 5)
        assert len(printed(tag)) == 2
        await station.clock.advance(start + 2.25 * DAY_S)
        passed_s = tag.board.now - start - 1.5 * DAY_S
        counted_s = tag.board.call("rtc_us", []) / 1e6
        assert counted_s == pytest.approx(0.5 * DAY_S * 1.01 + DAY_S * 0.98 + passed_s * 1.02, abs=0.001)

    run(
        test,
        tmp_path,
        """
        import json, machine, time
        print(json.dumps(time.time()))
        machine.deepsleep(86400000)
        """,
    )


def test_instant_mode_jumps_over_sleeps_and_goes_on_live(tmp_path: Path) -> None:
    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1")
        start = tag.board.now
        await station.clock.advance(start + 3600.5)
        counted = printed(tag)
        assert counted[:3] == [0, 1, 2]
        assert 3590 <= len(counted) <= 3601
        assert start + 3600.5 <= tag.board.now < start + 3700
        await until(lambda: len(printed(tag)) > len(counted))  # and now in real time
        assert len(printed(tag)) < len(counted) + 100

    run(
        test,
        tmp_path,
        """
        import time
        began = time.ticks_ms()
        while True:
            print(time.ticks_diff(time.ticks_ms(), began) // 1000)
            time.sleep_ms(1000)
        """,
    )


def test_time_does_not_go_back() -> None:
    from host.sim.timeline import Timeline

    async def test() -> None:
        clock = Timeline(1000.0)
        with pytest.raises(ValueError, match="cannot advance"):
            await clock.advance(999.0)

    asyncio.run(test())


def test_a_program_that_polls_the_clock_ends_in_instant_mode(tmp_path: Path) -> None:
    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1")
        await station.clock.advance(station.clock.now() + 60)
        assert printed(tag) == ["over"]

    run(
        test,
        tmp_path,
        """
        import json, time
        began = time.ticks_ms()
        while time.ticks_diff(time.ticks_ms(), began) < 100:
            pass
        print(json.dumps("over"))
        """,
    )


def test_pin_interrupts_run_while_the_program_waits(tmp_path: Path) -> None:
    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1")
        start = tag.board.now
        tag.at(start + 1).lid_open()
        tag.at(start + 2).lid_close()
        tag.at(start + 3).lid_open()
        await station.clock.advance(start + 20)
        # Rising edges only, one of them in the middle of a sleep whose length stays what it was.
        assert printed(tag) == [["edge", 1], ["edge", 1], ["slept", 10]]

    run(
        test,
        tmp_path,
        """
        import json, machine, time
        lid = machine.Pin(2, machine.Pin.IN)
        lid.irq(lambda pin: print(json.dumps(["edge", pin.value()])), machine.Pin.IRQ_RISING)
        began = time.ticks_ms()
        time.sleep(10)
        print(json.dumps(["slept", (time.ticks_diff(time.ticks_ms(), began) + 50) // 1000]))
        """,
    )


def test_battery_light_and_buzzer(tmp_path: Path) -> None:
    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1")
        tag.battery(3456)
        await tag.settle()
        await station.clock.advance(station.clock.now() + 1)
        assert printed(tag)[-1] == 3456
        assert tag.board.outputs[18] == 1
        assert tag.board.tones == {19: 4000}

    run(
        test,
        tmp_path,
        """
        import json, machine, time
        machine.Pin(18, machine.Pin.OUT, value=0).on()
        machine.PWM(machine.Pin(19), freq=4000, duty_u16=0x8000)
        while True:
            print(json.dumps(machine.ADC(machine.Pin(1), atten=machine.ADC.ATTN_11DB).read_uv() * 2 // 1000))
            time.sleep_ms(100)
        """,
    )


def test_a_crash_is_noted_and_leaves_the_repl(tmp_path: Path) -> None:
    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1")
        await tag.settle()
        assert tag.state == "idle"
        assert len(tag.faults) == 1
        assert tag.faults[0].splitlines()[-1] == "ZeroDivisionError: divide by zero"
        assert tag.execute("print(6 * 7)") == "42\n"

    run(test, tmp_path, "1 / 0")


def test_an_exception_in_an_interrupt_does_not_end_the_program(tmp_path: Path) -> None:
    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1")
        await tag.settle()
        tag.lid_open()
        await station.clock.advance(station.clock.now() + 20)
        assert tag.output.endswith("went on\n")
        assert tag.faults == ["ZeroDivisionError('divide by zero',)"]

    run(
        test,
        tmp_path,
        """
        import machine, time
        machine.Pin(2).irq(lambda pin: 1 / 0)
        time.sleep(10)
        print("went on")
        """,
    )


def test_a_watchdog_that_is_not_fed_resets_the_chip(tmp_path: Path) -> None:
    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1")
        await station.clock.advance(station.clock.now() + 60)
        # Fed for six seconds, then not: eight seconds later it bites. RTC memory stays, and deep sleep ends it.
        assert printed(tag) == [[POWER_ON, ""], [WATCHDOG_RESET, "fed 3"]]
        assert tag.state == "asleep"
        assert tag.board.counters.awake_s == pytest.approx(14, abs=0.1)

    run(
        test,
        tmp_path,
        """
        import json, machine, time
        rtc = machine.RTC()
        print(json.dumps([machine.reset_cause(), rtc.memory().decode()]))
        dog = machine.WDT(timeout=8000)
        if machine.reset_cause() == machine.WDT_RESET:
            machine.deepsleep()
        for count in range(1, 4):
            time.sleep(2)
            dog.feed()
            rtc.memory(b"fed %d" % count)
        time.sleep(3600)
        """,
    )


def test_a_watchdog_bites_a_program_that_polls(tmp_path: Path) -> None:
    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1")
        await station.clock.advance(station.clock.now() + 3)
        assert printed(tag) == [POWER_ON, WATCHDOG_RESET]

    run(
        test,
        tmp_path,
        """
        import json, machine, time
        print(json.dumps(machine.reset_cause()))
        if machine.reset_cause() == machine.PWRON_RESET:
            machine.WDT(timeout=500)
            while True:
                time.ticks_ms()
        """,
    )


def test_a_watchdog_runs_on_at_the_repl_unless_it_is_given_longer(tmp_path: Path) -> None:
    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1")
        await station.clock.advance(station.clock.now() + 20)
        assert printed(tag) == [POWER_ON, WATCHDOG_RESET]
        tag.execute("machine.WDT(timeout=60000)")
        tag.output = ""
        await station.clock.advance(station.clock.now() + 50)
        assert printed(tag) == []
        await station.clock.advance(station.clock.now() + 20)
        assert printed(tag) == [WATCHDOG_RESET]
        with pytest.raises(FirmwareFailed, match="too short"):
            tag.execute("machine.WDT(timeout=0)")

    run(
        test,
        tmp_path,
        """
        import json, machine
        print(json.dumps(machine.reset_cause()))
        machine.WDT(timeout=15000)
        """,
    )


def test_modules_are_compiled_and_tracebacks_keep_their_lines(tmp_path: Path) -> None:
    (tmp_path / "thing.py").write_text("def fail():\n    # a line\n    return 1 / 0\n")
    (tmp_path / "main.py").write_text("import thing\nthing.fail()\n")
    (tmp_path / "broken.py").write_text("def :\n")

    async def test() -> None:
        async with VirtualStation(START, files={"/": tmp_path}) as station:
            tag = await station.add_tag("1")
            await tag.settle()
            assert 'File "thing.py", line 3, in fail' in tag.faults[0]
            assert tag.execute("import os\nprint(sorted(os.listdir()))") == "['broken.py', 'main.py', 'thing.mpy']\n"
            with pytest.raises(FirmwareFailed, match="SyntaxError"):
                tag.execute("import broken")

    asyncio.run(test())


def test_a_watchdog_ends_a_program_that_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("host.sim.tag.HANG_S", 0.5)

    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1")
        await until(lambda: tag.state == "asleep")
        assert printed(tag) == [POWER_ON, WATCHDOG_RESET]
        await station.clock.advance(station.clock.now() + 3600)
        tag.reset()
        await until(lambda: len(printed(tag)) == 3)

    run(
        test,
        tmp_path,
        """
        import json, machine
        print(json.dumps(machine.reset_cause()))
        if machine.reset_cause() == machine.PWRON_RESET:
            machine.WDT(timeout=5000)
            while True:
                pass
        machine.deepsleep()
        """,
    )
