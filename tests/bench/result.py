"""One benchmark's result, and how a list of them is shown and kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

from tabulate import tabulate


class Result(NamedTuple):
    """`value` and `rival_value` in `unit`, `ratio` the first over the second; `goal` in words, `met` or not."""

    name: str
    value: float
    unit: str
    rival: str
    rival_value: float
    ratio: float
    goal: str
    met: bool


def table(results: list[Result]) -> str:
    """A table for people."""
    headers = ("benchmark", "value", "unit", "rival", "its value", "ratio", "goal", "met")
    rows = [
        (
            each.name,
            f"{each.value:,.4g}",
            each.unit,
            each.rival,
            f"{each.rival_value:,.4g}",
            f"{each.ratio:.2f}",
            each.goal,
            "yes" if each.met else "NO",
        )
        for each in results
    ]
    return tabulate(rows, headers=headers, disable_numparse=True)


def write(results: list[Result], path: Path) -> None:
    """The list as JSON, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps([each._asdict() for each in results], indent=1) + "\n")
    partial.replace(path)
