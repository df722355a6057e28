"""How long an asyncio loop is held: a ticker beside the work."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

TICK_S = 0.001


class Ticker:
    """Measures the longest time for which the loop gave it no turn. `not_counted` is a counter of seconds that the loop
    spent on what belongs to the measurement; what it rises by in a gap is taken off.

    `longest_busy_ms` leaves out the time in which the machine gave this process no turn. It is for what waits for
    nothing, such as no disk.
    """

    def __init__(self, not_counted: Callable[[], float] = lambda: 0.0) -> None:
        self.longest_ms = 0.0
        self.longest_busy_ms = 0.0
        self._not_counted = not_counted

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._tick())
        await asyncio.sleep(0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.sleep(2 * TICK_S)  # what held the loop at last is measured too
        self._task.cancel()

    async def _tick(self) -> None:
        while True:
            began, busy_s, taken_off = time.perf_counter(), time.process_time(), self._not_counted()
            await asyncio.sleep(TICK_S)
            gap_s = time.perf_counter() - began - TICK_S - (self._not_counted() - taken_off)
            busy_s = time.process_time() - busy_s
            self.longest_ms = max(self.longest_ms, gap_s * 1000)
            self.longest_busy_ms = max(self.longest_busy_ms, min(gap_s, busy_s) * 1000)
