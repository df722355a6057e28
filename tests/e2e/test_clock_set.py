"""Somebody sets the station's clock while the dock is open: it says so, and collects what it can date."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.e2e.stage import Stage, play
from tests.e2e.test_asking_beside_collecting import at_terminal, carried, collected, shows
from tests.e2e.test_unsaved import status, words

CLOCK = """
import os, time

right, at = (time.time_ns, time.time), os.environ.get("KITDOCK_TEST_CLOCK")


def ahead():
    with open(at) as file:
        return int(file.read())


if at:
    time.time_ns, time.time = (lambda: right[0]() + ahead() * 10**9), (lambda: right[1]() + ahead())
"""
"""What a Python that begins loads: its clock is as many seconds ahead as a file says."""


class WrongClock:
    """The clock of all commands that begin from now on, though not that of the test."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self._file = folder / "ahead"
        self.put(0)
        (folder / "sitecustomize.py").write_text(CLOCK)
        patch.setenv("KITDOCK_TEST_CLOCK", str(self._file))
        patch.setenv("PYTHONPATH", str(folder), prepend=":")

    def put(self, ahead_s: int) -> None:
        self._file.write_text(str(ahead_s))


@pytest.fixture
def clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WrongClock:
    (tmp_path / "clock").mkdir()
    return WrongClock(tmp_path / "clock", monkeypatch)


def test_a_clock_that_is_put_forward_is_told_of_and_pouches_are_collected(tmp_path: Path, clock: WrongClock) -> None:
    async def scene(stage: Stage) -> None:
        tags = await carried(stage)
        adapter = await stage.station.listen_hci()
        with at_terminal("dock", "--no-prompt", "--adapter", adapter, "--db", stage.store.path) as dock:
            await shows(dock, "The dock is open.")
            tags["4101"].dock()
            await collected(stage, "P-01")
            clock.put(86_400)
            await shows(dock, "clock was put forward by 24 hours")
            tags["4102"].dock()
            await collected(stage, "P-02")
            assert words(dock.shown).count("was put forward") == 1

    play(tmp_path, scene)


@pytest.mark.parametrize(("ahead_s", "by"), [(-7200, "2 hours"), (-86_400, "24 hours"), (-1_796_000_000, "57 years")])
def test_a_clock_that_is_put_back_stops_the_collecting_until_it_is_right(
    tmp_path: Path, clock: WrongClock, ahead_s: int, by: str
) -> None:
    async def scene(stage: Stage) -> None:
        tags = await carried(stage)
        adapter = await stage.station.listen_hci()
        with at_terminal("dock", "--no-prompt", "--adapter", adapter, "--db", stage.store.path) as dock:
            await shows(dock, "The dock is open.")
            await asyncio.sleep(3.0)
            clock.put(ahead_s)
            await shows(dock, f"put back by {by}")
            tags["4101"].dock()
            await shows(dock, "again.")
            assert "Not collected. This computer's clock says" in words(dock.shown)
            ended, states = await status(stage)
            assert (ended, ("database", "not_writable") in states) == (1, True)
            clock.put(0)
            await shows(dock, "P-01     Collected:")
            assert words(dock.shown).count("Not collected") == 1
            (docking,) = stage.store.dockings()
            assert docking.outcome == "complete"

    play(tmp_path, scene)
