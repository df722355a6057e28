"""Pins, battery, light and buzzer as a program that is awake has them."""

from __future__ import annotations

from pathlib import Path

from host.sim.station import VirtualStation
from tests.sim.rig import printed, run


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
