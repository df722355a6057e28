"""`make bluez`: shows the dock on the real BlueZ, and prints a table of what was shown and how long it took.

Names of scenes as arguments, or parts of them, choose some. Where the virtual machine can't be had, it says why and
ends well, unless CI is true: there a skip is a failure.
"""

from __future__ import annotations

import asyncio
import importlib.metadata
import os
import platform
import sys
import tempfile
import time
from pathlib import Path

from tabulate import tabulate

from tests.bluez.packages import CannotBeHad, unpacked
from tests.bluez.rig import CHECKOUT, Rig, SceneFailed, kept, rig
from tests.bluez.scenes import SCENES
from tests.bluez.vm import GuestFailed, qemu_version
from tests.e2e.stage import micropython_version

WHOLE_S = 1200.0
"""Seconds for everything, whatever hangs; some seven minutes on two cores."""
SCENE_S = 420.0
LOGS = CHECKOUT / "build" / "bluez"


async def versions(here: Rig, folder: Path) -> dict[str, str]:
    _, kernel = await here.machine.run("uname", "-r")
    _, bluez = await here.machine.run(here.machine.unpacked("usr/libexec/bluetooth/bluetoothd"), "--version")
    return {
        "Linux": kernel.strip(),
        "BlueZ": bluez.strip(),
        "bleak": importlib.metadata.version("bleak"),
        "QEMU": await asyncio.to_thread(qemu_version, unpacked()),
        "MicroPython": await asyncio.to_thread(micropython_version, folder),
        "Python": platform.python_version(),
    }


async def play(work: Path, chosen: list[str]) -> list[tuple[str, str, float, str]]:
    """Each scene with its outcome, seconds and what it measured; it ends with the first that fails."""
    played: list[tuple[str, str, float, str]] = []
    began = time.monotonic()
    async with asyncio.timeout(WHOLE_S), rig(work) as here:
        for name, version in (await versions(here, work)).items():
            print(f"{name:12} {version}", flush=True)
        print(f"booted in {time.monotonic() - began:.0f} s", flush=True)
        for name in chosen:
            began = time.monotonic()
            try:
                async with asyncio.timeout(SCENE_S):
                    outcome, said = "shown", await SCENES[name](here)
            except (SceneFailed, GuestFailed, TimeoutError) as failed:
                outcome, said = "FAILED", str(failed) or "it takes too long"
            played.append((name, outcome, time.monotonic() - began, said.splitlines()[0]))
            print(f"{outcome:7} {time.monotonic() - began:5.0f} s  {name}: {said}", flush=True)
            if outcome != "shown":
                break
    return played


def main() -> int:
    chosen = [name for name in SCENES if not sys.argv[1:] or any(part in name for part in sys.argv[1:])]
    if not chosen:
        print("No scene has that in its name:", *SCENES, sep="\n  ")
        return 2
    with tempfile.TemporaryDirectory(prefix="kitdock-bluez-") as folder:
        try:
            played = asyncio.run(play(Path(folder), chosen))
        except CannotBeHad as reason:
            print(f"Skipped: the dock on the real BlueZ. {reason}")
            return int(os.environ.get("CI") == "true")
        except (GuestFailed, SceneFailed, TimeoutError) as failed:
            print(f"FAILED: {failed or 'it takes too long'}")
            return 1
        finally:
            kept(Path(folder), LOGS)
    print()
    print(tabulate([(name, outcome, f"{seconds:.0f}", said) for name, outcome, seconds, said in played],
                   headers=("scene", "outcome", "seconds", "measured")))  # fmt: skip
    if [outcome for _, outcome, _, _ in played] != ["shown"] * len(chosen):
        print(f"What the programs in the machine said is in {LOGS.relative_to(CHECKOUT)}.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
