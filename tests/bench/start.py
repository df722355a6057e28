"""Start-up of the command line: `kitdock --help` against `mpremote --help`."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

from tests.bench.result import Result

ROUNDS = 15


def run() -> list[Result]:
    """`cli_start`, the median wall time in milliseconds."""
    folder = Path(sys.executable).parent
    times: dict[str, list[float]] = {"kitdock": [], "mpremote": []}
    for name in times:
        _time(folder / name)  # once unmeasured: byte code and disk cache
    for _ in range(ROUNDS):
        for name, measured in times.items():
            measured.append(_time(folder / name))
    ours, theirs = (statistics.median(measured) * 1000 for measured in times.values())
    ratio = ours / theirs
    return [
        Result("cli_start", ours, "ms", "mpremote --help", theirs, ratio, "at most 0.6 of the rival", ratio <= 0.6)
    ]  # fmt: skip


def _time(command: Path) -> float:
    start = time.perf_counter()
    subprocess.run([command, "--help"], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start
