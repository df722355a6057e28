"""Start-up of the command line: its help, and a list from a small database, against `mpremote --help`."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from host import clock
from host.store.stock import Incoming
from tests.bench.result import Result
from tests.station import Store

ROUNDS = 15
KITS = 20


def run() -> list[Result]:
    """`cli_start` and `cli_list_start`, the median wall times in milliseconds."""
    folder = Path(sys.executable).parent
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    rival = [folder / "mpremote", "--help"]
    with tempfile.TemporaryDirectory() as made:
        path = Path(made) / "station.db"
        _station(path)
        help_ms, its_ms = _beside([folder / "kitdock", "--help"], rival, environment)
        list_ms, its_other_ms = _beside(
            [folder / "kitdock", "kit", "list"], rival, {**environment, "KITDOCK_DB": str(path)}
        )
    return [
        _result("cli_start", help_ms, its_ms, 0.6),
        _result("cli_list_start", list_ms, its_other_ms, 1.5),
    ]


def _result(name: str, ours: float, theirs: float, most: float) -> Result:
    ratio = ours / theirs
    return Result(name, ours, "ms", "mpremote --help", theirs, ratio, f"at most {most} of the rival", ratio <= most)


def _station(path: Path) -> None:
    with Store.create(path, "North", "Europe/London", False, clock.now_ms()) as store:
        store.receive(
            [Incoming(f"K-{each:04}", "Two", "L1", date(2099, 1, 1), 2) for each in range(KITS)], clock.now_ms()
        )


def _beside(command: Sequence[Path | str], rival: Sequence[Path | str], environment: Mapping[str, str]) -> list[float]:
    """The median times of both in milliseconds, run in turn."""
    times: list[list[float]] = [[], []]
    for each in (command, rival):
        _time(each, environment)  # once unmeasured: byte code and disk cache
    for _ in range(ROUNDS):
        for each, measured in zip((command, rival), times, strict=True):
            measured.append(_time(each, environment))
    return [statistics.median(measured) * 1000 for measured in times]


def _time(command: Sequence[Path | str], environment: Mapping[str, str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
    return time.perf_counter() - start
