"""Runs small MicroPython programs on virtual tags."""

from __future__ import annotations

import asyncio
import json
import textwrap
from collections.abc import Awaitable, Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mpremote.transport_serial import SerialTransport

from host.sim.station import VirtualStation
from host.sim.tag import VirtualTag

START = datetime(2026, 3, 1, 6, tzinfo=UTC)
DAY_S = 86400.0
SLEEPS = """
    import machine
    print("asleep soon")
    machine.deepsleep()
"""
"""A program that has nothing to do."""
STAYS = """
    import time
    print("main runs")
    while True:
        time.sleep(1)
"""
"""A program that is never done."""


def run(test: Callable[[VirtualStation], Coroutine[Any, Any, None]], folder: Path, main: str) -> None:
    """Run `test` on a virtual station whose tags have `main` as their main.py; nothing may stay behind."""

    async def whole() -> None:
        path = folder / "main.py"
        path.write_text(textwrap.dedent(main))
        async with VirtualStation(START, files={"/main.py": path}) as station:
            await test(station)
        others = asyncio.all_tasks() - {asyncio.current_task()}
        assert not others, f"tasks left behind: {others}"

    asyncio.run(whole())


def printed(tag: VirtualTag) -> list[Any]:
    """The lines of JSON that the tag's program has printed."""
    assert tag.faults == []
    return [json.loads(line) for line in tag.output.splitlines()]


async def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait until `condition` holds."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)


async def within(job: Awaitable[Any], seconds: float = 20.0) -> Any:
    """The result of `job`, or a failure after `seconds`."""
    return await asyncio.wait_for(job, seconds)


def spoken(tag: VirtualTag, talk: Callable[[SerialTransport], Any]) -> Any:
    """What `talk` gives on a connection to the tag, in a thread as mpremote blocks."""

    def whole() -> Any:
        transport = SerialTransport(tag.serial_port(), baudrate=115200)
        try:
            return talk(transport)
        finally:
            transport.close()

    tag.serial_port()  # made in the event loop
    return asyncio.wait_for(asyncio.to_thread(whole), 30)
