"""Officers are asked at a terminal while the dock collects: real processes, terminals, firmware and radio packets."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import date
from pathlib import Path

from host.sim.tag import VirtualTag
from host.usage.whole import openings
from tests.e2e.stage import HOUR, T0, Stage, play
from tests.e2e.terminal import KITDOCK, Terminal

SOON_S = 20.0


async def carried(stage: Stage) -> dict[str, VirtualTag]:
    """Officers 4101 and 4102 carry P-01 and P-02, each of which was opened for a minute."""
    tags = {}
    for officer, pouch, kit in (("4101", "P-01", "K-0001"), ("4102", "P-02", "K-0002")):
        stage.store.add_officer(officer, None, stage.now_ms())
        tags[officer] = tag = await stage.add(pouch)
        began_ms = int(T0 * 1000)
        stage.store.add_kit(kit, "Nyxoid", "A1", date(2199, 1, 31), None, began_ms)
        stage.store.issue_kit(kit, officer, pouch, began_ms)
        tag.at(T0 + HOUR).lid_open()
        tag.at(T0 + HOUR + 60).lid_close()
    await stage.until(T0 + 2 * HOUR)
    return tags


@contextmanager
def at_terminal(*words: str | Path) -> Iterator[Terminal]:
    """A command at a terminal, which ends with the block."""
    terminal = Terminal(*words)
    try:
        yield terminal
    finally:
        terminal.kill()
        terminal.status()


async def shows(terminal: Terminal, text: str | None) -> None:
    there = await asyncio.to_thread(terminal.until, text, SOON_S)
    assert there, f"not shown: {text}; shown: {terminal.shown}"


async def collected(stage: Stage, pouch: str) -> None:
    """Waits until all that a pouch has logged is in the database."""
    async with asyncio.timeout(SOON_S):
        while not any(each.outcome == "complete" for each in stage.store.dockings(stage.store.tag(pouch).id)):
            await asyncio.sleep(0.2)


def causes(stage: Stage) -> dict[str, str]:
    return {each.pouch: each.explanation.cause for each in openings(stage.store.picture()) if each.explanation}


@asynccontextmanager
async def collecting(stage: Stage, adapter: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """The dock as a service: a process that only collects."""
    service = await asyncio.create_subprocess_exec(
        KITDOCK, "dock", "--no-prompt", "--adapter", adapter, "--db", stage.store.path,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert service.stderr is not None
    try:
        assert b"The dock is open" in await service.stderr.readline()
        yield service
    finally:
        service.send_signal(signal.SIGINT)
        await service.communicate()


def test_a_second_pouch_is_collected_while_the_first_officer_types_and_its_officer_is_asked_next(
    tmp_path: Path,
) -> None:
    async def scene(stage: Stage) -> None:
        tags = await carried(stage)
        adapter = await stage.station.listen_hci()
        with at_terminal("dock", "--adapter", adapter, "--db", stage.store.path) as terminal:
            await shows(terminal, "The dock is open.")
            tags["4101"].dock()
            await shows(terminal, "Your collar number [4101]:")
            tags["4102"].dock()
            await collected(stage, "P-02")
            assert "P-02" not in terminal.shown, "nothing is shown in the middle of a question"
            terminal.type("\n")
            await shows(terminal, "Pouch P-02 was collected. Its questions come after these.")
            await shows(terminal, "Your answer:")
            terminal.interrupt()
            await shows(terminal, "Left for later.")
            await shows(terminal, "Your collar number [4102]:")
            terminal.type("\n2\n")
            await shows(terminal, "For pouch P-02 we have: training.")
            assert causes(stage) == {"P-02": "training"}
            await asyncio.sleep(1.0)  # nobody is asked any more
            terminal.interrupt()
            await shows(terminal, "The dock is closed.")
            assert terminal.status() == 0

    play(tmp_path, scene)


def test_a_killed_or_closed_terminal_loses_no_answer_and_the_dock_goes_on(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        tags = await carried(stage)
        adapter = await stage.station.listen_hci()
        asks = ("dock", "--adapter", adapter, "--db", stage.store.path)
        async with collecting(stage, adapter) as service:
            with at_terminal(*asks) as terminal:
                await shows(terminal, "so this terminal only asks.")
                tags["4101"].dock()
                await shows(terminal, "Your collar number [4101]:")
                terminal.type("\n1\n1\ny\n")
                await shows(terminal, "Area where the officer works")
                terminal.type("Nordhafen\n")
                await shows(terminal, "Date and time of the incident")
                terminal.kill()
            tags["4102"].dock()
            await collected(stage, "P-02")
            assert causes(stage) == {"P-01": "used"}

            with at_terminal(*asks) as again:
                await shows(again, "We'll ask in this order: officer 4101, officer 4102.")
                again.type("\ny\n")
                await shows(again, "You'd started this report. Your answers are filled in.")
                await shows(again, "[Nordhafen]:")
                assert await asyncio.to_thread(again.close) == 0
            assert stage.store.rows("SELECT officer FROM report_draft") == [("4101",)]
            assert service.returncode is None, "closing the terminal closes no dock"

    play(tmp_path, scene)


def test_a_closed_window_ends_what_is_asked_and_the_dock_that_was_opened_in_it(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        tags = await carried(stage)
        adapter = await stage.station.listen_hci()
        with at_terminal("dock", "--adapter", adapter, "--db", stage.store.path) as terminal:
            await shows(terminal, "The dock is open.")
            tags["4101"].dock()
            await shows(terminal, "Your collar number [4101]:")
            terminal.type("\n1\n1\ny\nNordhafen\n")
            await shows(terminal, "Date and time of the incident")
            assert await asyncio.to_thread(terminal.close, hangup=True) == 0
        assert causes(stage) == {"P-01": "used"}
        assert stage.store.rows("SELECT officer FROM report_draft") == [("4101",)]
        async with collecting(stage, adapter):
            tags["4102"].dock()
            await collected(stage, "P-02")

    play(tmp_path, scene)


def test_a_second_dock_for_the_same_database_is_refused(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        adapter = await stage.station.listen_hci()
        async with collecting(stage, adapter):
            second = await asyncio.create_subprocess_exec(
                KITDOCK, "dock", "--no-prompt", "--adapter", adapter, "--db", stage.store.path,
                stdin=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
            )  # fmt: skip
            _, complaints = await second.communicate()
            assert (second.returncode, b"The dock is already open." in complaints) == (4, True)

    play(tmp_path, scene)
