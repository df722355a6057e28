"""Checks of the hardware. Each takes what it looks at, so that it can be shown a damaged copy."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Result:
    """What a check found."""

    faults: list[str] = field(default_factory=list)
    """One line for each thing that is wrong: what, where, what to do. None: the check has passed."""
    figures: dict[str, str] = field(default_factory=dict)
    """What was measured, with its unit, by name."""
