"""What the command does by itself, by the names that the steps give it."""

from __future__ import annotations

import functools
from collections.abc import Callable

from host.bench import air, chip, logs, warmth
from host.bench.board import Bench
from host.bench.procedure import BenchStep
from host.bench.run import Check, Outcome

CHECKS: dict[str, Callable[[Bench, BenchStep], Outcome]] = {
    "adc": logs.adc,
    "antenna": air.antenna,
    "button_log": logs.button_log,
    "chip": chip.chip,
    "docking": air.docking,
    "firmware": chip.firmware,
    "flash": chip.flash,
    "lid_log": logs.lid_log,
    "lid_wake": logs.lid_wake,
    "nvs": chip.nvs,
    "reset": chip.reset,
    "sleep": chip.sleep,
    "thermometer": warmth.thermometer,
    "wake_time": chip.wake_time,
    "wiped": logs.wiped,
}


def of(bench: Bench) -> dict[str, Check]:
    """The same, for one board."""
    return {name: functools.partial(check, bench) for name, check in CHECKS.items()}
