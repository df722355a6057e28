"""What the world does to a tag: lid, button, dock, battery and temperature, now or at an instant."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from host.sim.thermometer import Around
from host.sim.timeline import Timeline
from host.sim.virtual_board import PRESS_S, Board, checked_drift


class HasInputs(Protocol):
    """What `Inputs` needs of a tag."""

    timeline: Timeline
    board: Board

    def input(self, at: float, change: Callable[[], None]) -> None:
        """Schedule a change of the board at true Unix seconds `at`."""


class Inputs:
    """What happens to a tag at one instant (Unix seconds), or now."""

    def __init__(self, tag: HasInputs, at: float | None) -> None:
        self._tag = tag
        self._at = at

    def lid_open(self) -> None:
        self._set("lid_open", True)

    def lid_close(self) -> None:
        self._set("lid_open", False)

    def dock(self) -> None:
        """Put the tag on a dock: 5 V at dock sense, and the button line low."""
        self._set("docked", True)

    def undock(self) -> None:
        self._set("docked", False)

    def battery(self, millivolts: int) -> None:
        """The cell has `millivolts` from then on."""
        self._set("battery_mv", millivolts)

    def temperature(self, around: float | Around) -> None:
        """It is `around` °C around the tag from then on, or what that gives for true Unix seconds."""
        profile = around if callable(around) else lambda at: around
        self._change(lambda: setattr(self._tag.board.thermometer, "around", profile))

    def drift(self, error: float) -> None:
        """The RTC's relative error from then on, as of another temperature. Raises `ValueError` beyond ±0.02."""
        self._set("drift", checked_drift(error))

    def press(self, seconds: float = PRESS_S) -> None:
        """Press the button and let it go after `seconds`."""
        self._set("pressed", True)
        self._set("pressed", False, seconds)

    def _set(self, what: str, value: Any, later: float = 0.0) -> None:
        self._change(lambda: setattr(self._tag.board, what, value), later)

    def _change(self, change: Callable[[], None], later: float = 0.0) -> None:
        at = (self._tag.timeline.now() if self._at is None else self._at) + later
        self._tag.input(at, change)
