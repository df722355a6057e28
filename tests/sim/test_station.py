"""The virtual station starts, refuses and ends as it should."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from host.sim import runtime
from host.sim.process import InterpreterFailed, lacks_bluetooth
from host.sim.runtime import ScriptFailed, SimulatorMissing, run_script
from host.sim.station import VirtualStation
from tests.refusals import refused
from tests.sim.rig import START, run, until


def children() -> set[str]:
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    before = children(), open_files()

    async def test(station: VirtualStation) -> None:
        for number in range(3):
            tag = await station.add_tag(str(number))
            tag.serial_port()
        await station.listen_hci()
        await until(lambda: all("on" in tag.output for tag in station.tags))
        assert len(children() - before[0]) == 3

    run(
        test,
        tmp_path,
        """
        import bluetooth, time
        ble = bluetooth.BLE()
        ble.active(True)
        ble.gap_advertise(20000, adv_data=b"")
        print("on")
        while True:
            time.sleep(1)
        """,
    )
    assert children() == before[0]
    assert open_files() == before[1]


def test_a_station_closes_while_a_program_computes(tmp_path: Path) -> None:
    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1")
        await until(lambda: "on" in tag.output)

    run(test, tmp_path, "print('on')\nwhile True:\n    pass\n")


def test_an_interpreter_that_dies_is_a_fault_and_no_hang(tmp_path: Path) -> None:
    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1")
        await tag.settle()
        (child,) = children() - before
        os.kill(int(child), 9)
        await until(lambda: tag.state == "idle")
        assert tag.faults == ["the interpreter's process ended"]
        tag.reset()
        await until(lambda: tag.output == "on\non\n")

    before = children()
    run(test, tmp_path, "import time\nprint('on')\ntime.sleep(60)\n")


def test_the_start_needs_a_time_zone() -> None:
    with pytest.raises(ValueError, match="time zone"):
        VirtualStation(datetime(2026, 3, 1))


def test_a_missing_package_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(runtime, "_MODULES", tmp_path)

    async def start() -> None:
        async with VirtualStation(START):
            pytest.fail("the station started without MicroPython")

    with refused("sim.not_set_up", SimulatorMissing):
        asyncio.run(start())


def test_a_missing_firmware_says_what_to_do(tmp_path: Path) -> None:
    async def start() -> None:
        async with VirtualStation(START, files={"/": tmp_path / "missing"}):
            pytest.fail("the station started without firmware")

    with refused("sim.no_firmware", SimulatorMissing, path=tmp_path / "missing"):
        asyncio.run(start())


def test_a_script_prints_or_says_why_not(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("import os, sys\nimport there\nprint(sys.implementation.name, len(os.urandom(4)), there.value)\n")
    (tmp_path / "there.py").write_text("value = 7\n")
    assert run_script(script, {"/lib/there.py": tmp_path / "there.py"}) == "micropython 4 7\n"
    with pytest.raises(ScriptFailed) as failed:
        run_script(script)
    assert failed.value.fields["traceback"].splitlines()[-1] == "ImportError: no module named 'there'"


def test_another_interpreter_that_is_none_is_refused(tmp_path: Path) -> None:
    with refused("sim.cannot_run", InterpreterFailed, program=str(tmp_path / "missing")):
        lacks_bluetooth(str(tmp_path / "missing"))
    with refused("sim.not_micropython", InterpreterFailed, program="/bin/false"):
        lacks_bluetooth("/bin/false")


def test_history_of_several_tags_keeps_to_each_ones_order(tmp_path: Path) -> None:
    async def test(station: VirtualStation) -> None:
        start = datetime(2026, 3, 2, tzinfo=UTC).timestamp()
        tags = [await station.add_tag(str(number), drift=number / 1000) for number in range(3)]
        for number, tag in enumerate(tags):
            for hour in range(3):
                tag.at(start + (hour + number) * 3600).lid_open()
                tag.at(start + (hour + number) * 3600 + 600).lid_close()
        await station.clock.advance(start + 86400)
        for tag in tags:
            assert tag.faults == []
            assert [line.split()[0] for line in tag.output.splitlines()] == ["0"] + ["1", "0"] * 3
        # Each counts its own time: the faster the clock, the more seconds to the same input.
        firsts = [int(tag.output.splitlines()[1].split()[1]) for tag in tags]
        for number, first in enumerate(firsts):
            true_s = start + number * 3600 - START.timestamp()
            assert abs(first - true_s * (1 + number / 1000)) <= 2

    run(
        test,
        tmp_path,
        """
        import esp32, machine, time
        machine.mem32[0x600B1028] &= ~(1 << 2)
        lid = machine.Pin(2)
        print(lid.value(), time.time())
        esp32.wake_on_ext1((lid,), esp32.WAKEUP_ALL_LOW if lid.value() else esp32.WAKEUP_ANY_HIGH)
        machine.deepsleep()
        """,
    )


def test_a_tag_that_starts_anew_has_not_come_to_rest_because_the_program_before_waited(tmp_path: Path) -> None:
    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1")
        await until(lambda: "on" in tag.output and tag._waiting is not None)
        tag._in_slices = True  # it is between two slices of its wait, which it is for a moment only
        tag.reset()
        looked = 0
        while tag.output.count("on") < 2:
            await asyncio.sleep(0)
            tag._at_rest.disturb(tag.board.now - 3600)  # however long the interpreter takes to start
            if tag.output.count("on") < 2:
                looked += not tag._ending
                assert not tag._settled()
        assert looked

    run(test, tmp_path, "print('on')\nimport time\nwhile True:\n    time.sleep(1)\n")
