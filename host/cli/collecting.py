"""Collecting in a thread of its own, with a loop of its own, while somebody types in the main one."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from types import TracebackType
from typing import Any, Self


class Collecting:
    """Runs `work` until the block ends; then it is cancelled and waited for. Use it in a `with` block."""

    def __init__(self, work: Callable[[], Coroutine[Any, Any, object]]) -> None:
        self._work = work
        self._loop = asyncio.new_event_loop()
        self._task: asyncio.Task[object] | None = None
        self._error: BaseException | None = None
        self._began = threading.Event()
        self._thread = threading.Thread(target=self._run, name="collecting")

    def goes_on(self) -> None:
        """Raises whatever has ended it."""
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        async def main() -> None:
            self._task = asyncio.create_task(self._work())
            self._began.set()
            await asyncio.wait([self._task])

        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(main())
        assert self._task is not None
        if not self._task.cancelled():
            self._error = self._task.exception()

    def __enter__(self) -> Self:
        self._thread.start()
        self._began.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            with suppress(RuntimeError):  # it has ended by itself
                self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join()
