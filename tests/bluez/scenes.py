"""What is shown on the real BlueZ, scene by scene. Each leaves both radios powered and no dock running."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable

from tests.bluez.rig import Pouch, Rig, SceneFailed
from tests.bluez.vm import ADAPTERS

Scene = Callable[[Rig], Awaitable[str]]
"""Returns what it has measured, in a few words. Raises `SceneFailed`."""

RETURN_S = 15.0
"""Seconds from a radio's return within which a pouch is collected that was docked then."""
PATIENCE_S = 90.0
"""Seconds for a pouch to be collected where no bound is claimed."""
AWAY_S = 10.0
"""Seconds for which an adapter is detached."""
READ_BYTES = 1000
"""A tag that has sent so many has sent records, and a session without any has fewer."""
ROUNDS = 10
SEED = 20261201


async def two_tags_over_two_adapters(rig: Rig) -> str:
    """Today's simplest command, once over each adapter."""
    for pouch, adapter in zip(rig.pouches, ADAPTERS, strict=False):
        await pouch.use()
        pouch.tag.dock()
        await rig.run("dock", "--once", "--no-prompt", "--wait", "8", "--adapter", adapter)
        if await rig.openings(pouch) != pouch.opened:
            raise SceneFailed(f"{pouch.name} isn't collected over {adapter}")
        pouch.tag.undock()
    return f"{await rig.see_each_record_once()} records"


async def bluetoothd_restarts(rig: Rig) -> str:
    async def fault() -> None:
        await rig.kill_bluetoothd()
        await asyncio.sleep(2)

    return await _heals(rig, fault, rig.start_bluetoothd)


async def adapter_is_detached(rig: Rig) -> str:
    async def fault() -> None:
        await rig.detach("hci0")
        await asyncio.sleep(AWAY_S)

    return await _heals(rig, fault, lambda: rig.attach("hci0"))


async def adapter_is_unpowered_at_start(rig: Rig) -> str:
    pouch = rig.pouches[0]
    await rig.power("hci0", False)
    await rig.start_dock("hci0")
    await asyncio.sleep(8)
    await rig.see_that_it_runs()
    await pouch.use()
    await rig.power("hci0", True)
    seconds = await _collected_in_time(rig, pouch, time.monotonic())
    await _stop(rig)
    return seconds


async def _heals(rig: Rig, fault: Callable[[], Awaitable[None]], mend: Callable[[], Awaitable[None]]) -> str:
    """A dock that has collected something goes on to after the fault."""
    first, second = rig.pouches[:2]
    await first.use()
    first.tag.dock()
    await rig.start_dock("hci0")
    await rig.collected(first, PATIENCE_S)
    await fault()
    await rig.see_that_it_runs()
    await second.use()
    await mend()
    seconds = await _collected_in_time(rig, second, await rig.powered("hci0"))
    await _stop(rig)
    return seconds


async def _collected_in_time(rig: Rig, pouch: Pouch, returned: float) -> str:
    pouch.tag.dock()
    seconds = await rig.collected(pouch, PATIENCE_S) - returned
    if seconds > RETURN_S:
        raise SceneFailed(f"{pouch.name} was collected {seconds:.1f} s after the radio's return")
    return f"collected {seconds:.1f} s after the radio's return"


async def killed_between_read_and_acknowledge(rig: Rig) -> str:
    pouch = rig.pouches[0]
    for _ in range(8):
        await pouch.use()
    began_ms = time.time_ns() // 1_000_000
    async with rig.nothing_reaches_the_tag(READ_BYTES):
        pouch.tag.dock()
        await rig.start_dock("hci0")
        await rig.collected(pouch, PATIENCE_S)  # in the store, and the tag doesn't know
        await rig.machine.end("dock")
    if await rig.rows(f"SELECT id FROM docking WHERE tag = '{pouch.id}' AND finished_at_ms > {began_ms}"):
        raise SceneFailed("the docking ended before the dock was killed")
    pouch.tag.undock()
    await pouch.use()
    await rig.start_dock("hci0")
    pouch.tag.dock()
    await rig.collected(pouch, PATIENCE_S)
    await _stop(rig)
    return f"{await rig.see_each_record_once()} records"


async def fifty_dockings_with_ten_faults(rig: Rig) -> str:
    chance = random.Random(SEED)
    faults = list(_FAULTS) * 3
    chance.shuffle(faults)
    await rig.start_dock(*ADAPTERS)
    for fault in faults[:ROUNDS]:
        for pouch in rig.pouches:
            await pouch.use()
        for pouch in rig.pouches:
            pouch.tag.dock()
        await asyncio.sleep(chance.uniform(0, 8))
        await fault(rig, chance.choice(ADAPTERS))
        for pouch in rig.pouches:
            await rig.collected(pouch, PATIENCE_S)
    await _stop(rig)
    dockings = ROUNDS * len(rig.pouches)
    return f"{dockings} dockings, {ROUNDS} faults, {await rig.see_each_record_once()} records"


async def _bluetoothd_dies(rig: Rig, adapter: str) -> None:
    await rig.kill_bluetoothd()
    await asyncio.sleep(1)
    await rig.start_bluetoothd()
    await rig.powered()


async def _adapter_goes(rig: Rig, adapter: str) -> None:
    await rig.detach(adapter)
    await asyncio.sleep(1)
    await rig.attach(adapter)
    await rig.powered(adapter)


async def _power_goes(rig: Rig, adapter: str) -> None:
    await rig.power(adapter, False)
    await asyncio.sleep(1)
    await rig.power(adapter, True)


async def _dock_is_killed(rig: Rig, adapter: str) -> None:
    await rig.machine.end("dock")
    await rig.start_dock(*ADAPTERS)


_FAULTS = (_bluetoothd_dies, _adapter_goes, _power_goes, _dock_is_killed)


async def _stop(rig: Rig) -> None:
    await rig.see_that_it_runs()
    status = await rig.machine.end("dock", "SIGINT")
    if status:
        raise SceneFailed(f"the dock ends with {status} after Ctrl-C: {rig.machine.printed('dock')[-1000:]}")
    for pouch in rig.pouches:
        pouch.tag.undock()


SCENES: dict[str, Scene] = {
    "two tags, once over hci0 and once over hci1": two_tags_over_two_adapters,
    "bluetoothd is killed and started again": bluetoothd_restarts,
    "the adapter is gone for 10 s": adapter_is_detached,
    "the adapter has no power at the start": adapter_is_unpowered_at_start,
    "the dock is killed between read and acknowledge": killed_between_read_and_acknowledge,
    "50 dockings over two adapters, with 10 faults": fifty_dockings_with_ten_faults,
}
