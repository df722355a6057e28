"""A program sleeps as on the chip: what wakes it, at which level, and what it finds then."""

from __future__ import annotations

from pathlib import Path

from host.sim.station import VirtualStation
from host.sim.virtual_board import DEEPSLEEP_RESET, HARD_RESET, POWER_ON, WAKE_EXT1, WAKE_GPIO
from tests.sim.rig import DAY_S, printed, run

ARM_LID = """
    import esp32, json, machine
    machine.mem32[0x600B1028] &= ~(1 << 2)
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


def test_a_pad_that_ext1_has_armed_reads_0_until_its_bit_is_cleared_or_the_power_is_cut(tmp_path: Path) -> None:
    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1")
        await tag.settle()
        tag.lid_open()
        await tag.settle()
        assert printed(tag)[-1] == [0b100, 0, 0, 1]
        tag.reset()
        await tag.settle()
        assert printed(tag)[-1] == [0b100, 0, 0, 1], "a reset changes nothing"
        tag.power_off()
        tag.power_on()
        await tag.settle()
        assert printed(tag)[-1] == [0, 1, 0, 1]

    run(
        test,
        tmp_path,
        """
        import esp32, json, machine
        MUX = 0x600B1028
        lid = machine.Pin(2, machine.Pin.IN)
        told = [machine.mem32[MUX], lid.value()]
        machine.mem32[MUX] = 0x04
        told.append(lid.value())
        machine.mem32[MUX] &= ~0x04
        told.append(lid.value())
        print(json.dumps(told))
        esp32.wake_on_ext1((lid,), esp32.WAKEUP_ALL_LOW if told[-1] else esp32.WAKEUP_ANY_HIGH)
        machine.deepsleep()
        """,
    )


def test_of_several_causes_at_once_one_is_named_the_timer_before_gpio_before_ext1(tmp_path: Path) -> None:
    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1")
        await tag.settle()
        start = station.clock.now()
        tag.at(start + 10).lid_open()
        tag.at(start + 10).press(seconds=1)
        await station.clock.advance(start + 11)
        assert printed(tag)[-1] == [WAKE_GPIO, [0]], "that of the lid is not told"

    run(
        test,
        tmp_path,
        """
        import esp32, json, machine
        print(json.dumps([machine.wake_reason(), machine.wake_pins()]))
        esp32.wake_on_ext1((machine.Pin(2),), esp32.WAKEUP_ANY_HIGH)
        if machine.wake_reason() == 0:
            esp32.wake_on_gpio((machine.Pin(0),), esp32.WAKEUP_ALL_LOW)
            machine.deepsleep()
        """,
    )


def test_an_address_without_a_register_is_a_crash(tmp_path: Path) -> None:
    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1")
        await tag.settle()
        assert tag.faults == ["no register at 0x00000010"]
        assert tag.board.reset_cause == HARD_RESET

    run(
        test,
        tmp_path,
        """
        import machine
        if machine.reset_cause() == machine.PWRON_RESET:
            machine.mem32[0x10]
        machine.deepsleep()
        """,
    )
