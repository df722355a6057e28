"""A station and its tags for end-to-end tests: real firmware, real MicroPython, real Bluetooth packets."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from host.access.vault import TagKeys
from host.docking.service import Dock
from host.docking.session import DockingReport, DockingStep
from host.link.adapter import Adapter, open_adapter
from host.sim.runtime import run_script
from host.sim.station import VirtualStation
from host.sim.tag import VirtualTag
from kitwire.keys import TAG_ID_SIZE
from tests.station import Store

START = datetime(2026, 3, 1, 6, tzinfo=UTC)
T0 = START.timestamp()
HOUR = 3600.0
DAY = 86400.0


class Stage:
    """`store` and `station`, with tags enrolled by their own firmware."""

    def __init__(self, store: Store, station: VirtualStation, radio: Adapter) -> None:
        self.store = store
        self.station = station
        self.radio = radio
        self.steps: list[DockingStep] = []

    def now_ms(self) -> int:
        return int(self.station.clock.now() * 1000)

    async def add(self, pouch: str = "P-01", drift: float = 0.0) -> VirtualTag:
        """A tag that is enrolled in `pouch` and asleep."""
        tag = await self.station.add_tag(pouch, drift=drift)
        tag_id, keys = secrets.token_hex(TAG_ID_SIZE), TagKeys.random()
        self.store.enrol_tag(tag_id, pouch, keys, self.now_ms(), lambda: tag.enrol(tag_id, *keys))
        await tag.settle()
        return tag

    async def dock(self, *tags: VirtualTag, everything: bool = False, quiet_s: float = 1.0) -> list[DockingReport]:
        """Set `tags` in the dock, unless they are, and collect."""
        for tag in tags:
            tag.dock()
        await asyncio.gather(*(tag.settle() for tag in tags))
        return await self.collect(everything, quiet_s)

    async def collect(self, everything: bool = False, quiet_s: float = 1.0) -> list[DockingReport]:
        """Collect from whatever tag is on the air, wherever it is."""
        with Dock(self.store, self.steps.append, self.now_ms) as here:
            return await here.collect(self.radio, quiet_s=quiet_s, everything=everything)

    async def until(self, instant: float) -> None:
        """Let time pass to `instant`, Unix seconds."""
        await self.station.clock.advance(instant)

    def types(self, pouch: str = "P-01") -> list[str | None]:
        """The types of the events committed of a pouch's tag, in order."""
        return [event.type for event in self.store.events(self.store.tag(pouch).id)]


def play(
    folder: Path,
    scene: Callable[[Stage], Awaitable[None]],
    interpreter: str | None = None,
    files: Mapping[str, Path] | None = None,
    start: datetime = START,
) -> None:
    """Run `scene` on a fresh stage, and see that no firmware had a fault of its own.

    `interpreter` is the path of another MicroPython for the tags, `files` are theirs instead of the firmware's own.
    """
    start_ms = round(start.timestamp() * 1000)

    @asynccontextmanager
    async def stage() -> AsyncIterator[Stage]:
        with Store.create(folder / "station.db", "Example Police", "Europe/London", False, start_ms) as store:
            station = VirtualStation(start, interpreter=interpreter, files=files)
            async with station, open_adapter(await station.listen_hci()) as radio:
                yield Stage(store, station, radio)
                faults = {tag.name: tag.faults for tag in station.tags if tag.faults}
                assert not faults, faults

    async def run() -> None:
        async with stage() as opened:
            await scene(opened)

    asyncio.run(run())


def micropython_version(folder: Path) -> str:
    """What the interpreter of the virtual tags says of itself."""
    script = folder / "version.py"
    script.write_text("import sys\nprint(sys.version.split('; ')[1], 'on', sys.platform)\n")
    return run_script(script).strip()
