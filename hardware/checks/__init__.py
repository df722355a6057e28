"""Checks of the hardware. Each takes what it looks at, so that it can be shown a damaged copy."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field


@dataclass
class Result:
    """What a check found."""

    faults: list[str] = field(default_factory=list)
    """One line for each thing that is wrong: what, where, what to do. None: the check has passed."""
    figures: dict[str, str] = field(default_factory=dict)
    """What was measured, with its unit, by name."""


class HardwareError(Exception):
    """Something of the hardware cannot be read, worked out or made; says what, where, and why."""


class MissingTool(Exception):
    """A program that is not on this machine; says which, and how to get it."""


def tool(name: str) -> str:
    """The path of the program `name`; raises MissingTool."""
    path = shutil.which(name)
    if path is None:
        raise MissingTool(f"{name} is not installed; `make hardware` installs it on Debian, as root")
    return path
