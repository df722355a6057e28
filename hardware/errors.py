"""What can be wrong before anything is checked, and the programs that may be missing."""

from __future__ import annotations

import shutil


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
