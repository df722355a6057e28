"""`kill -9` of the dock in mid-sync: what was committed stays, the next docking goes on, no row comes twice."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from host.tag.events import VERIFIED
from tests.e2e.stage import HOUR, T0, Stage, play

KITDOCK = Path(sys.executable).parent / "kitdock"
OPENINGS = 12


async def dock_process(stage: Stage, adapter: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        KITDOCK, "dock", "--once", "--wait", "2", "--no-prompt", "--adapter", adapter, "--db", stage.store.path,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


@pytest.mark.parametrize("notifications", [1, 3, 5])
def test_a_killed_dock_loses_and_repeats_nothing(tmp_path: Path, notifications: int) -> None:
    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        for number in range(OPENINGS):
            tag.at(T0 + 60 * number + 30).lid_open()
            tag.at(T0 + 60 * number + 50).lid_close()
        await stage.until(T0 + HOUR)
        adapter = await stage.station.listen_hci()
        tag.dock()
        await tag.settle()

        stage.station.air.reset()
        victim = await dock_process(stage, adapter)
        while stage.station.air.notifications < notifications and victim.returncode is None:
            await asyncio.sleep(0.001)
        os.kill(victim.pid, signal.SIGKILL)
        await victim.communicate()
        assert victim.returncode == -signal.SIGKILL
        left = [event.sequence for event in stage.store.events()]
        assert left == list(range(1, len(left) + 1))

        heir = await dock_process(stage, adapter)
        printed, complaints = await heir.communicate()
        assert heir.returncode == 0, complaints.decode()
        assert b"P-01" in printed
        events = stage.store.events()
        assert [event.sequence for event in events] == list(range(1, len(events) + 1))
        assert {event.verdict for event in events} == {VERIFIED}
        assert [event.type for event in events].count("lid_open") == OPENINGS
        assert [event.type for event in events].count("lid_close") == OPENINGS

    play(tmp_path, scene)
