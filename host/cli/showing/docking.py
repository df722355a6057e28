"""A docking as it goes on, and the radio it goes over."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import click

from host import clock, service
from host.cli.steps import told
from host.docking.session import DockingStep
from host.link.adapter import Adapter, open_adapter

_Result = TypeVar("_Result")

adapter_option = click.option("--adapter", metavar="NAME")


def progress(store: service.Database, now_ms: Callable[[], int] = clock.now_ms) -> Callable[[DockingStep], None]:
    """Shows each step of a docking on standard error as it happens, with the station's time."""
    zone = store.station.time_zone

    def show(step: DockingStep) -> None:
        if step.stage in ("connected", "received", "committed"):
            return  # over in a moment, and in the line that ends the docking
        now = clock.iso(now_ms(), zone)[11:19]
        click.echo(f"{now}  {step.pouch:<8} {told(step.said)}", err=True)

    return show


def on_radio(name: str | None, work: Callable[[Adapter], Awaitable[_Result]]) -> _Result | None:
    """What `work` gives on the adapter called `name`; None if the user stopped it."""

    async def run() -> _Result:
        async with open_adapter(name) as radio:
            return await work(radio)

    try:
        return asyncio.run(run())
    except KeyboardInterrupt:
        return None
