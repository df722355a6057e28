"""The two ends of the radio: pouches whose tags are virtual, and the dock in the virtual machine."""

from __future__ import annotations

import asyncio
import secrets
import shutil
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from bumble import hci
from bumble.controller import Controller

from host.access.vault import TagKeys
from host.sim.air import TagController
from host.sim.station import VirtualStation
from host.sim.tag import VirtualTag
from kitwire.keys import TAG_ID_SIZE
from tests.bluez import packages
from tests.bluez.vm import ADAPTERS, GuestFailed, Machine, booted
from tests.station import Store

CHECKOUT = Path(__file__).parents[2]
TERMINALS = dict(zip(ADAPTERS, ("/dev/ttyS1", "/dev/ttyS2"), strict=True))
DATABASE = "/run/station.db"
POUCHES = ("P-01", "P-02", "P-03", "P-04", "P-05")
RADIO_S = 90.0
"""Seconds for a radio to be powered."""
LOOK_S = 0.25
"""Seconds between two looks at what the dock has collected."""


class SceneFailed(Exception):
    """The dock didn't do what the scene expects of it."""


class Pouch:
    """A pouch, its tag, and how often its lid was opened."""

    def __init__(self, name: str, tag: VirtualTag, tag_id: str) -> None:
        self.name = name
        self.tag = tag
        self.id = tag_id
        self.opened = 0

    async def use(self) -> None:
        """Take it out of the dock, open it and close it."""
        for act in self.tag.undock, self.tag.lid_open, self.tag.lid_close:
            act()
            await self.tag.settle()
        self.opened += 1


class Rig:
    """Pouches, radios and the product's own command."""

    def __init__(self, station: VirtualStation, machine: Machine, pouches: list[Pouch]) -> None:
        self.station = station
        self.machine = machine
        self.pouches = pouches
        self.kitdock = str(Path(sys.executable).with_name("kitdock"))

    # Radios.

    async def attach(self, adapter: str) -> None:
        btattach = self.machine.unpacked("usr/bin/btattach")
        await self.machine.start(f"attach-{adapter}", btattach, "-B", TERMINALS[adapter], "-P", "h4")

    async def detach(self, adapter: str) -> None:
        await self.machine.end(f"attach-{adapter}")

    async def start_bluetoothd(self) -> None:
        settings = self.machine.unpacked("etc/bluetooth/main.conf")
        await self.machine.start(
            *("bluetoothd", self.machine.unpacked("usr/libexec/bluetooth/bluetoothd"), "-n", "-f", settings)
        )

    async def kill_bluetoothd(self) -> None:
        await self.machine.end("bluetoothd")

    async def power(self, adapter: str, on: bool) -> None:
        """Switch it, as soon as BlueZ lets us."""
        async with asyncio.timeout(RADIO_S):
            while await self.machine.ask("powered", adapter=adapter) != on:
                with suppress(GuestFailed):
                    await self.machine.ask("power", adapter=adapter, on=on)
                await asyncio.sleep(LOOK_S)

    async def powered(self, *adapters: str) -> float:
        """Wait until BlueZ has them powered: when that was, in seconds of `time.monotonic`."""
        for adapter in adapters or ADAPTERS:
            await self.until(partial(self.machine.ask, "powered", adapter=adapter), RADIO_S, f"power of {adapter}")
        return time.monotonic()

    # The dock.

    async def start_dock(self, *adapters: str) -> None:
        chosen = [word for adapter in adapters for word in ("--adapter", adapter)]
        await self.machine.start("dock", *self._command("dock", "--no-prompt", *chosen))

    async def run(self, *arguments: str, seconds: float = 120) -> str:
        """What a command of Kitdock prints. Raises `SceneFailed` if it ends with another status than 0."""
        status, printed = await self.machine.run(*self._command(*arguments), seconds=seconds)
        if status:
            raise SceneFailed(f"kitdock {' '.join(arguments)} ends with {status}: {printed}")
        return printed

    def _command(self, *arguments: str) -> tuple[str, ...]:
        return ("/usr/bin/env", f"KITDOCK_DB={DATABASE}", self.kitdock, *arguments)

    async def see_that_it_runs(self) -> None:
        """Raises `SceneFailed` if the dock has ended."""
        status = await self.machine.ask("status", name="dock")
        if status is not None:
            raise SceneFailed(f"the dock has ended with {status}: {self.machine.printed('dock')[-1000:]}")

    async def rows(self, sql: str) -> list[list[Any]]:
        found: list[list[Any]] = await self.machine.ask("rows", database=DATABASE, sql=sql)
        return found

    async def openings(self, pouch: Pouch) -> int:
        sql = f"SELECT count(*) FROM event WHERE tag = '{pouch.id}' AND type = 'lid_open'"
        return int((await self.rows(sql))[0][0])

    async def collected(self, pouch: Pouch, seconds: float) -> float:
        """Wait until all openings of the pouch are collected: when that was, in seconds of `time.monotonic`."""

        async def there() -> bool:
            await self.see_that_it_runs()
            return await self.openings(pouch) == pouch.opened

        await self.until(there, seconds, f"the openings of {pouch.name}")
        return time.monotonic()

    async def until(self, there: Callable[[], Awaitable[bool]], seconds: float, what: str) -> None:
        try:
            async with asyncio.timeout(seconds):
                while not await there():
                    await asyncio.sleep(LOOK_S)
        except TimeoutError:
            printed = self.machine.printed("dock")[-2000:]
            raise SceneFailed(f"waited {seconds:.0f} s for {what} in vain. The dock said:\n{printed}") from None

    async def see_each_record_once(self) -> int:
        """How many records there are of all pouches. Raises `SceneFailed` if one is missing."""
        whole = 0
        for pouch in self.pouches:
            found = await self.rows(
                f"SELECT sequence, type, verdict FROM event WHERE tag = '{pouch.id}' ORDER BY sequence"
            )
            numbers = [sequence for sequence, _, _ in found]
            if numbers != list(range(1, len(numbers) + 1)) or {verdict for _, _, verdict in found} - {"verified"}:
                raise SceneFailed(f"the records of {pouch.name} aren't whole: {found}")
            openings = sum(kind == "lid_open" for _, kind, _ in found)
            if openings != pouch.opened:
                raise SceneFailed(
                    f"{pouch.name} was opened {pouch.opened} times, and {openings} openings are collected"
                )
            whole += len(found)
        return whole

    # The air.

    @asynccontextmanager
    async def nothing_reaches_the_tag(self, after_bytes: int) -> AsyncIterator[None]:
        """Once the tags have sent so many bytes, what the station sends gets lost: its acknowledgement above all."""
        link = self.station.link
        sent = link.air.att_bytes["from_tag"]
        deliver = link.send_acl_data

        def send(sender: Controller, destination: hci.Address, transport: Any, data: bytes) -> None:
            read = link.air.att_bytes["from_tag"] - sent >= after_bytes
            if isinstance(sender, TagController) or not read:
                deliver(sender, destination, transport, data)

        link.send_acl_data = send  # type: ignore[assignment, method-assign]
        try:
            yield
        finally:
            del link.send_acl_data


@asynccontextmanager
async def rig(work: Path) -> AsyncIterator[Rig]:
    """Everything that a scene needs, with both radios powered. Raises `CannotBeHad`, `GuestFailed`."""
    unpacked = await asyncio.to_thread(packages.unpacked)
    async with VirtualStation(datetime.now(UTC)) as station:
        name = await station.listen_hci()
        (work / "shared").mkdir()
        pouches = await _equip(station, work / "shared" / "station.db")
        async with booted(unpacked, work, CHECKOUT, int(name.rsplit(":", 1)[1])) as machine:
            made = Rig(station, machine, pouches)
            await machine.run("/bin/sh", "-c", "cp /mnt/station.db* /run/")
            for adapter in ADAPTERS:
                await made.attach(adapter)
            await made.start_bluetoothd()
            await made.powered()
            yield made
            faults = {tag.name: tag.faults for tag in station.tags if tag.faults}
            if faults:
                raise SceneFailed(f"the firmware had faults of its own: {faults}")


async def _equip(station: VirtualStation, database: Path) -> list[Pouch]:
    pouches = []
    now_ms = int(station.clock.now() * 1000)
    with Store.create(database, "Example Police", "Europe/London", False, now_ms) as store:
        for name in POUCHES:
            pouches.append(await _enrolled(station, store, name, now_ms))
    return pouches


async def _enrolled(station: VirtualStation, store: Store, name: str, now_ms: int) -> Pouch:
    tag = await station.add_tag(name)
    tag_id, keys = secrets.token_hex(TAG_ID_SIZE), TagKeys.random()
    store.enrol_tag(tag_id, name, keys, now_ms, lambda: tag.enrol(tag_id, *keys))
    await tag.settle()
    return Pouch(name, tag, tag_id)


def kept(work: Path, to: Path) -> None:
    """Keep what the machine and its programs have said."""
    to.mkdir(parents=True, exist_ok=True)
    for log in (*work.glob("*.log"), *(work / "shared").glob("*.log")):
        shutil.copy(log, to)
