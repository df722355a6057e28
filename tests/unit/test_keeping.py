"""The store in a thread of its own: the loop goes on meanwhile, and what has begun is finished."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from host import service
from host.access.vault import TagKeys
from host.docking.keeping import Keeping
from host.errors import InputError
from tests.refusals import refused
from tests.station import Store

NOW_MS = 1_767_225_600_000


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.create(tmp_path / "station.db", "Example Police", "Europe/London", False, NOW_MS) as opened:
        yield opened


def test_the_loop_goes_on_while_the_store_waits(store: Store) -> None:
    async def run() -> int:
        ticks = 0
        with Keeping(store) as keeping:
            slow = asyncio.create_task(keeping.do(lambda _: time.sleep(0.3)))
            while not slow.done():
                await asyncio.sleep(0.01)
                ticks += 1
        return ticks

    assert asyncio.run(run()) > 10


def test_work_is_done_in_its_order_and_under_the_same_login(store: Store) -> None:
    async def run() -> list[str]:
        with Keeping(store) as keeping:
            return list(await asyncio.gather(*(keeping.do(lambda own, at=at: f"{at} {own.login}") for at in range(3))))

    assert asyncio.run(run()) == [f"{at} {store.login}" for at in range(3)]


def test_what_the_store_raises_is_raised_to_who_asked(store: Store) -> None:
    async def run() -> None:
        with Keeping(store) as keeping:
            await keeping.do(lambda own: service.Tags(own).tag("P-99"))

    with refused("tag.unknown_name", InputError, name="P-99"):
        asyncio.run(run())


def test_work_that_has_begun_is_finished_although_its_task_is_cancelled(store: Store) -> None:
    def enrol(own: service.Database) -> None:
        time.sleep(0.2)
        service.Tags(own).enrol_tag("0123456789abcdef", "P-01", TagKeys.random(), NOW_MS, lambda: None)

    async def run() -> None:
        with Keeping(store) as keeping:
            task = asyncio.create_task(keeping.do(enrol))
            await asyncio.sleep(0.05)
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            assert store.tag("P-01").id == "0123456789abcdef"

    asyncio.run(run())
