"""The database is locked, or its disk is full: what people see at the dock, and that it goes on by itself."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from tests.e2e.stage import Stage, play
from tests.e2e.terminal import KITDOCK
from tests.e2e.test_asking_beside_collecting import at_terminal, carried, shows


def words(shown: str) -> str:
    """What a terminal has shown, wherever its lines end."""
    return " ".join(shown.split())


async def status(stage: Stage) -> tuple[int | None, list[tuple[str, str]]]:
    """How `dock --status` ends, and the state of each thing that it lists."""
    process = await asyncio.create_subprocess_exec(
        KITDOCK, "dock", "--status", "--format", "json", "--db", stage.store.path, stdout=asyncio.subprocess.PIPE
    )
    shown, _ = await process.communicate()
    return process.returncode, [(row["kind"], row["state"]) for row in json.loads(shown)]


def seen_by_people(folder: Path, trouble: Callable[[Path], Callable[[], object]], said: str) -> None:
    """A pouch comes while there is `trouble`, which returns what ends it: each terminal says so once, and goes on."""

    async def scene(stage: Stage) -> None:
        tags = await carried(stage)
        adapter = await stage.station.listen_hci()
        dock = ("dock", "--adapter", adapter, "--db", stage.store.path)
        with at_terminal(*dock, "--no-prompt") as service, ExitStack() as later:
            await shows(service, "The dock is open.")
            asks = later.enter_context(at_terminal(*dock))
            await shows(asks, "so this terminal only asks.")
            await asyncio.sleep(2.0)
            over = trouble(Path(stage.store.path))
            tags["4101"].dock()
            await shows(service, "again.")
            await shows(asks, "itself.")
            ended, states = await status(stage)
            assert (ended, ("database", "not_writable") in states) == (1, True)
            over()
            await shows(service, "P-01     Collected:")
            await shows(asks, "Your collar number [4101]:")
            asks.type("\n2\n")
            await shows(asks, "For pouch P-01 we have: training.")
            await shows(asks, "can be saved again.")
            assert words(service.shown).count(said) == words(asks.shown).count(said) == 1
            lines = (service.shown + asks.shown).splitlines()
            # The name of the file can't be broken, however long the folder of a test is.
            assert max(len(each) for each in lines if str(folder) not in each) <= 80
            async with asyncio.timeout(20):
                while (await status(stage))[0]:
                    await asyncio.sleep(0.5)
            _, states = await status(stage)
            assert ("latest", "collected") in states and "pouch" not in {kind for kind, _ in states}
            (docking,) = stage.store.dockings()
            assert (docking.outcome, stage.types()[:3]) == ("complete", ["boot", "lid_open", "lid_close"])

    play(folder, scene)


def test_a_locked_database_is_told_of_once_and_the_pouch_is_collected_when_it_is_free(tmp_path: Path) -> None:
    def lock(path: Path) -> Callable[[], object]:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        return other.close

    seen_by_people(tmp_path, lock, "Another program has locked database")


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A disk of 4 MB of its own."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        pytest.skip("a disk of its own needs Linux and root")
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"no disk can be mounted here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def test_a_full_disk_is_told_of_once_and_the_pouch_is_collected_when_there_is_room(tmp_path: Path) -> None:
    def fill(path: Path) -> Callable[[], object]:
        filler = path.with_name("filler")
        with filler.open("wb", buffering=0) as file, suppress(OSError):
            while True:
                file.write(bytes(4096))
        return filler.unlink

    with small_disk(tmp_path / "disk") as disk:
        seen_by_people(disk, fill, "There's no room left for database")
