"""The state trace for the charge model: known traces give exact seconds; and what heap a tag has used."""

from __future__ import annotations

from pathlib import Path

import pytest

from host.sim.station import VirtualStation
from host.sim.virtual_board import BOOT_S, CELL, DOCK, STATES, Counters
from tests.sim.rig import run, until, within
from tests.sim.test_air import ECHO, central, heard, linked

CALLS_S = 0.01
"""What the board calls of a test's program may take, 50 µs each."""
GIVEN_POWER_S = 5.0
"""A busy machine may take so long to give it power, in real seconds."""


def seconds(counters: Counters, supply: str) -> dict[str, float]:
    """The seconds in each state that it was in, without the moment until it got its power."""
    assert set(counters.seconds[supply]) == set(STATES)
    return {
        state: value
        for state, value in counters.seconds[supply].items()
        if value > (GIVEN_POWER_S if state == "off" else CALLS_S)
    }


def about(expected: dict[str, float]) -> object:
    return pytest.approx(expected, abs=CALLS_S)


def test_awake_light_and_buzzer(tmp_path: Path) -> None:
    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1")
        start = tag.board.now
        await station.clock.advance(start + 100)
        taken = seconds(tag.board.counters, CELL)
        assert taken == about({"awake": 11, "light": 6.5, "buzzer": 0.5, "asleep": 100 - 11})
        assert taken["awake"] + taken["asleep"] == pytest.approx(tag.board.now - start, abs=1e-6)
        assert seconds(tag.board.counters, DOCK) == {}
        assert tag.board.counters.boots == {CELL: 1, DOCK: 0}

    run(
        test,
        tmp_path,
        """
        import machine, time
        light = machine.Pin(18, machine.Pin.OUT, value=0)
        time.sleep(2)
        light.on()
        time.sleep(6)
        buzzer = machine.PWM(machine.Pin(19), freq=4000, duty_u16=0x8000)
        time.sleep_ms(500)
        buzzer.deinit()
        light.off()
        time.sleep_ms(2500)
        machine.deepsleep()
        """,
    )


def test_boots_and_supplies(tmp_path: Path) -> None:
    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1")
        await tag.settle()
        before = seconds(tag.board.counters, CELL)
        start = station.clock.now()
        # Two edges; then at the dock for 100 s, in which it sleeps; the dock pulls no line that wakes this program.
        tag.at(start + 10).lid_open()
        tag.at(start + 40).lid_close()
        tag.at(start + 100).dock()
        tag.at(start + 200).undock()
        await station.clock.advance(start + 300)
        counters = tag.board.counters
        assert counters.boots == {CELL: 3, DOCK: 0}
        assert counters.wakes == 3
        on_cell = seconds(counters, CELL)
        assert on_cell["boot"] == pytest.approx(2 * BOOT_S, abs=1e-6)
        assert on_cell["awake"] - before["awake"] == pytest.approx(2, abs=CALLS_S)
        assert on_cell["asleep"] - before.get("asleep", 0) == pytest.approx(198 - 2 * BOOT_S, abs=0.1)
        assert seconds(counters, DOCK) == about({"asleep": 100})
        tag.power_off()
        await station.clock.advance(start + 350)
        assert seconds(counters, CELL)["off"] == pytest.approx(50, abs=0.1)

    run(
        test,
        tmp_path,
        """
        import esp32, machine, time
        time.sleep(1)
        machine.mem32[0x600B1028] &= ~(1 << 2)
        lid = machine.Pin(2, machine.Pin.IN)
        esp32.wake_on_ext1((lid,), esp32.WAKEUP_ALL_LOW if lid.value() else esp32.WAKEUP_ANY_HIGH)
        machine.deepsleep()
        """,
    )


def test_advertising(tmp_path: Path) -> None:
    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1")
        await station.clock.advance(tag.board.now + 60)
        assert seconds(tag.board.counters, CELL) == about({"awake": 10, "advertising": 5, "asleep": 50})

    run(
        test,
        tmp_path,
        """
        import bluetooth, machine, time
        ble = bluetooth.BLE()
        ble.active(True)
        time.sleep(1)
        ble.gap_advertise(250000, adv_data=b"\\x02\\x01\\x06")
        time.sleep(3)
        ble.gap_advertise(None)
        time.sleep(2)
        ble.gap_advertise(250000)
        time.sleep(2)
        ble.active(False)
        time.sleep(2)
        machine.deepsleep()
        """,
    )


def test_a_link_and_the_heap_at_its_end(tmp_path: Path) -> None:
    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1")
        async with central(station) as device:
            ((address, _),) = await within(heard(device))
            connection, _, _ = await linked(device, address)
            assert not tag.board.advertising
            assert tag.board.links == 1
            began = tag.board.counters.seconds[CELL]["linked"]
            await until(lambda: tag.board.counters.seconds[CELL]["linked"] > began + 0.2)
            assert tag.board.counters.heap_session == 0
            await connection.disconnect()
            await until(lambda: tag.board.counters.heap_session > 0)
            assert tag.board.links == 0
            assert 10_000 < tag.board.counters.heap_session < 1_000_000

    run(test, tmp_path, ECHO)


def test_the_heap_of_a_wake_grows_with_what_is_allocated(tmp_path: Path) -> None:
    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1")
        await tag.settle()
        small = tag.board.counters.heap_wake
        tag.lid_open()
        await tag.settle()
        grown = tag.board.counters.heap_wake - small
        assert 5_000 < small < 200_000
        assert 50_000 < grown < 53_000

    run(
        test,
        tmp_path,
        """
        import esp32, machine
        machine.mem32[0x600B1028] &= ~(1 << 2)
        lid = machine.Pin(2, machine.Pin.IN)
        if lid.value():
            for _ in range(50):
                bytearray(1000)
            machine.deepsleep()
        esp32.wake_on_ext1((lid,), esp32.WAKEUP_ANY_HIGH)
        machine.deepsleep()
        """,
    )
