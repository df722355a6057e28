"""Programs that crash or hang: the traceback is kept, the prompt is left, a watchdog resets the chip."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from host.sim.station import VirtualStation
from host.sim.tag import FirmwareFailed
from host.sim.virtual_board import POWER_ON, WATCHDOG_RESET
from tests.refusals import refused
from tests.sim.rig import START, printed, run, until


def test_a_crash_is_noted_and_leaves_the_repl(tmp_path: Path) -> None:
    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1")
        await tag.settle()
        assert tag.state == "idle"
        assert len(tag.faults) == 1
        assert tag.faults[0].splitlines()[-1] == "ZeroDivisionError: divide by zero"
        assert tag.execute("print(6 * 7)") == "42\n"

    run(test, tmp_path, "1 / 0")


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
            with refused("sim.tag_failed", FirmwareFailed, error="SyntaxError: invalid syntax"):
                tag.execute("import broken")

    asyncio.run(test())


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
        with refused("sim.tag_failed", FirmwareFailed, error="ValueError: WDT timeout too short"):
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
