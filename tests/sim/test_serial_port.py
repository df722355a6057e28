"""mpremote's own transport on a tag's virtual serial port."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from mpremote.transport import TransportExecError
from mpremote.transport_serial import SerialTransport

from host.sim.station import VirtualStation
from host.sim.tag import FirmwareFailed
from tests.refusals import refused
from tests.sim.rig import SLEEPS, STAYS, run, spoken, until


@pytest.mark.parametrize("main", [SLEEPS, STAYS], ids=["asleep", "busy"])
def test_code_runs_through_the_raw_repl(tmp_path: Path, main: str) -> None:
    def talk(transport: SerialTransport) -> list[bytes]:
        transport.enter_raw_repl(soft_reset=False)
        answers = [
            transport.exec("a = 6\nprint(a * 7)"),
            transport.exec("print(a)"),
            transport.exec("x = '" + "y" * 5000 + "'\nprint(len(x))"),
        ]
        transport.exit_raw_repl()
        return answers

    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1")
        await until(lambda: bool(tag.output))
        assert await spoken(tag, talk) == [b"42\r\n", b"6\r\n", b"5000\r\n"]
        assert tag.state == "idle"
        assert tag.faults == []

    run(test, tmp_path, main)


def test_the_code_has_the_boards_modules(tmp_path: Path) -> None:
    def talk(transport: SerialTransport) -> bytes:
        transport.enter_raw_repl(soft_reset=False)
        return bytes(
            transport.exec(
                "import esp32, machine, time\nnvs = esp32.NVS('test')\nnvs.set_i32('a', 5)\nnvs.commit()\n"
                "time.sleep_ms(20)\nprint(machine.Pin(2).value())"
            )
        )

    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1")
        tag.lid_open()
        await tag.settle()
        assert await spoken(tag, talk) == b"1\r\n"
        assert tag.board.nvs == {("test", "a", "i32"): 5}

    run(test, tmp_path, SLEEPS)


def test_an_exception_comes_back_as_mpremotes_own(tmp_path: Path) -> None:
    def talk(transport: SerialTransport) -> tuple[str, bytes]:
        transport.enter_raw_repl(soft_reset=False)
        with pytest.raises(TransportExecError) as caught:
            transport.exec("print('before')\n1 / 0")
        return str(caught.value.error_output), transport.exec("print('after')")

    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1")
        await tag.settle()
        failure, after = await spoken(tag, talk)
        assert "ZeroDivisionError: divide by zero" in failure
        assert after == b"after\r\n"

    run(test, tmp_path, SLEEPS)


def test_a_soft_reset_forgets_and_a_hard_one_starts_main(tmp_path: Path) -> None:
    def talk(transport: SerialTransport) -> bytes:
        transport.enter_raw_repl(soft_reset=False)
        transport.exec("a = 1")
        transport.exit_raw_repl()
        transport.enter_raw_repl(soft_reset=True)
        gone = transport.exec("print('a' in globals())")
        transport.exec_raw_no_follow("import machine\nmachine.reset()")
        return bytes(gone)

    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1")
        await until(lambda: bool(tag.output))
        tag.output = ""
        assert await spoken(tag, talk) == b"False\r\n"
        await until(lambda: tag.output.endswith("main runs\n") and tag.state == "running")
        assert tag.board.reset_cause == 2

    run(test, tmp_path, STAYS)


def test_execute_blocks_and_runs_without_the_event_loop(tmp_path: Path) -> None:
    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1")
        await tag.settle()
        assert tag.state == "running"
        assert tag.execute("import time\ntime.sleep_ms(10)\nprint('done')") == "done\n"
        assert tag.state == "idle"

    run(test, tmp_path, STAYS)


@pytest.mark.parametrize("main", [SLEEPS, STAYS], ids=["asleep", "busy"])
def test_code_runs_at_whatever_moment_of_a_wake_it_comes(tmp_path: Path, main: str) -> None:
    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1")
        for delay_ms in range(0, 60, 3):
            tag.reset()
            await asyncio.sleep(delay_ms / 1000)
            assert tag.execute("print(6 * 7)") == "42\n"

    run(test, tmp_path, main)


def test_power_that_goes_before_the_code_runs_is_told(tmp_path: Path) -> None:
    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1")
        await tag.settle()
        outcome: list[tuple[str, str | None]] = []
        tag.power_off()
        assert tag.state == "running"  # until its interpreter has noticed
        tag.submit("print(1)", lambda printed, error: outcome.append((printed, error)))
        await until(lambda: bool(outcome))
        assert outcome == [("", "the tag has lost its power")]
        with refused("sim.no_power", FirmwareFailed, tag="1"):
            tag.execute("print(1)")

    run(test, tmp_path, STAYS)
