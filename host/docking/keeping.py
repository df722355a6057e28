"""The store in a thread of its own: whatever it has to wait for, the radio's loop goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self, TypeVar

from host import service

_Result = TypeVar("_Result")


class Keeping:
    """One thread with one connection to the database of `store`, under the same login. Use it in a `with` block.

    What is handed to `do` is done in the order in which it came. Heavy work that belongs to a log, such as verifying
    it, is handed over as well.
    """

    def __init__(self, store: service.Database) -> None:
        self._path = store.path
        self._login = store.login
        self._own: service.Database | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")

    async def do(self, work: Callable[[service.Database], _Result]) -> _Result:
        """What `work` returns or raises, given the store. Work that has begun is finished, even for a task that is
        cancelled meanwhile."""
        done = asyncio.get_running_loop().run_in_executor(self._thread, self._do, work)
        try:
            return await asyncio.shield(done)
        except asyncio.CancelledError:
            await asyncio.wait([done])
            raise

    def _do(self, work: Callable[[service.Database], _Result]) -> _Result:
        if self._own is None:
            self._own = service.open_database(self._path, login=self._login)
        return work(self._own)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.submit(self._close)
        self._thread.shutdown()

    def _close(self) -> None:
        if self._own is not None:
            self._own.close()
