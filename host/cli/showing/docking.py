"""A docking as it goes on, and the radio it goes over."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TypeVar

import click

from host import clock, service
from host.cli import terminal
from host.cli.steps import told
from host.docking.session import DockingStep
from host.link.adapter import Adapter, open_adapter
from host.phrase import Phrase

_Result = TypeVar("_Result")

adapter_option = click.option("--adapter", metavar="NAME")


MOST_HELD = 20
"""How many lines are held for later at most: a defective device may cause any number, and the last ones tell most."""


def at_once(_: DockingStep, text: str) -> None:
    """Shows a line on standard error."""
    terminal.say(text)


def progress(
    store: service.Database,
    now_ms: Callable[[], int] = clock.now_ms,
    show: Callable[[DockingStep, str], None] = at_once,
) -> Callable[[DockingStep], None]:
    """Shows each step of a docking as it happens, with the station's time. It asks nothing of `store` by then."""
    zone = store.station.time_zone

    def tell(step: DockingStep) -> None:
        if step.stage in ("connected", "received", "committed"):
            return  # over in a moment, and in the line that ends the docking
        now = clock.iso(now_ms(), zone)[11:19]
        show(step, f"{now}  {step.pouch:<8} {told(step.said)}")

    return tell


class Meanwhile:
    """What happens at the dock while somebody types, for later. Lines may come from another thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lines: deque[str] = deque(maxlen=MOST_HELD)
        self._dropped = 0
        self.asking = False
        """Whether somebody is asked. What was collected is said of each pouch then, in another way."""

    def add(self, step: DockingStep, text: str) -> None:
        """Holds a line."""
        if self.asking and step.stage in ("heard", "complete"):
            return
        with self._lock:
            self._dropped += len(self._lines) == MOST_HELD
            self._lines.append(text)

    def show(self) -> None:
        """Shows what is held: the last lines, and how many came before them."""
        with self._lock:
            lines, dropped = list(self._lines), self._dropped
            self._lines.clear()
            self._dropped = 0
        if dropped:
            terminal.say(told(Phrase("dock.lines_left_out", left_out=dropped)))
        for each in lines:
            terminal.say(each)


def on_radio(name: str | None, work: Callable[[Adapter], Awaitable[_Result]]) -> _Result | None:
    """What `work` gives on the adapter called `name`; None if the user stopped it."""

    async def run() -> _Result:
        async with open_adapter(name) as radio:
            return await work(radio)

    try:
        return asyncio.run(run())
    except KeyboardInterrupt:
        return None
