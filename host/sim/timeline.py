"""The virtual station's time: as fast as it can be computed for history, real for the radio."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol


class Clocked(Protocol):
    """Something that lives by the timeline."""

    async def run_to(self, target: float) -> None:
        """Go through everything up to `target` (Unix seconds) at once."""

    def resume(self) -> None:
        """Real time goes on."""


class Timeline:
    """True time in Unix seconds. It runs with real time ("live"), except during `advance` ("instant")."""

    def __init__(self, start: float) -> None:
        self._base = start
        self._began = time.monotonic()
        self._target: float | None = None
        self.boards: list[Clocked] = []
        """Who has to be brought along by `advance`."""

    @property
    def instant(self) -> bool:
        """Whether boards may go up to `now` as fast as they can."""
        return self._target is not None

    def now(self) -> float:
        """The present; in instant mode the instant to which every board has yet to come."""
        return self._target if self._target is not None else self._base + time.monotonic() - self._began

    async def advance(self, to: float) -> None:
        """Jump to `to`: every board goes through what is scheduled before it, sleeps and wakes included.

        Time then goes on from `to` with real time. Raises `ValueError` for an instant in the past.
        """
        if self._target is not None:
            raise RuntimeError("the timeline is advancing already")
        if to < self.now():
            raise ValueError(f"cannot advance to {to:.3f}: it is {self.now():.3f}")
        self._target = to
        try:
            await asyncio.gather(*(board.run_to(to) for board in self.boards))
        finally:
            self._base, self._began = to, time.monotonic()
            self._target = None
            for board in self.boards:
                board.resume()
