"""The chip's own thermometer: what a program reads, what resets the chip, and how the chip warms itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from host.sim.station import VirtualStation
from host.sim.thermometer import BadReading, Thermometer
from host.sim.virtual_board import HARD_RESET
from tests.sim.rig import printed, run

LOOKS = """
    import esp32, json, machine
    memory = machine.RTC()
    if machine.reset_cause() == machine.HARD_RESET:
        print(json.dumps(["reset", memory.memory().decode()]))
    else:
        memory.memory(b"looking")
        ADC
        print(json.dumps(esp32.mcu_temperature()))
    machine.deepsleep(3600000)
"""


def test_a_program_reads_how_warm_the_chip_is(tmp_path: Path) -> None:
    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1")
        await tag.settle()
        noon = station.clock.now() + 1800
        tag.temperature(lambda at: 10 if at < noon else 31)
        await station.clock.advance(noon + 1900)
        assert printed(tag) == [20, 31]

    run(test, tmp_path, LOOKS.replace("ADC", "pass"))


def test_once_the_adc_was_used_a_reading_resets_the_chip_and_rtc_memory_outlives_that(tmp_path: Path) -> None:
    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1")
        await tag.settle()
        assert printed(tag) == [["reset", "looking"]]
        assert tag.board.reset_cause == HARD_RESET

    run(test, tmp_path, LOOKS.replace("ADC", "machine.ADC(machine.Pin(1)).read_uv()"))


@pytest.mark.parametrize(
    ("celsius", "told"),
    [
        (-7.0, -6),
        (-6.4, -5),
        (-1.4, 0),
        (-0.6, 0),
        (0.4, 0),
        (0.5, 1),
        (21.4, 21),
        (21.5, 22),
        (-40.0, -39),
        (125.0, 125),
    ],
)
def test_what_micropython_gives_is_cut_off_towards_zero(celsius: float, told: int) -> None:
    thermometer = Thermometer()
    thermometer.around = lambda at: celsius
    assert thermometer.read(0.0) == told


@pytest.mark.parametrize("celsius", [-40.1, 125.1, -76.0])
def test_what_esp_idf_refuses_is_a_bad_reading(celsius: float) -> None:
    thermometer = Thermometer()
    thermometer.around = lambda at: celsius
    with pytest.raises(BadReading):
        thermometer.read(0.0)


def test_so_many_readings_are_bad_as_a_test_says() -> None:
    thermometer = Thermometer()
    thermometer.bad_readings = 2
    for _ in range(2):
        with pytest.raises(BadReading):
            thermometer.read(0.0)
    assert thermometer.read(0.0) == 20


def test_awake_and_docked_the_chip_warms_itself_and_asleep_it_cools() -> None:
    thermometer = Thermometer()
    thermometer.pass_time(0.3, "boot", docked=False)
    assert thermometer.celsius(0.0) - 20 < 0.01, "a start does next to nothing"
    thermometer.pass_time(7200, "awake", docked=True)
    warm = thermometer.celsius(0.0)
    assert warm > 30
    thermometer.pass_time(600, "asleep", docked=False)
    assert 20 < thermometer.celsius(0.0) < warm - 5
    thermometer.pass_time(3000, "asleep", docked=False)
    assert thermometer.celsius(0.0) - 20 < 0.1, "an hour of rest"
