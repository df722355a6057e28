"""What the firmware takes of the chip: byte code, heap, flash. A figure above its ceiling fails the bench.

The heap figures are upper bounds: the WebAssembly build of MicroPython frees nothing while a program runs, so what
is in use at the end of a wake or of a radio link is all that was allocated since the start, with the virtual board's
own modules (some 23 kB, and some 0.2 kB for each of their calls). The chip collects garbage, and needs less.
"""

from __future__ import annotations

import asyncio
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from host.access.vault import TagKeys
from host.docking.service import Dock
from host.docking.session import DockingReport
from host.flash.application import FIRMWARE, build
from host.link.adapter import Adapter, open_adapter
from host.sim.nor import SECTOR
from host.sim.station import VirtualStation
from tests.bench.result import Result
from tests.station import Store

MPY_BYTES = 64 * 1024
"""Byte code is copied from flash to the heap when it is imported; not all of it is in one wake."""
HEAP_BYTES = 192 * 1024
"""Well within what an ESP32-C6 has: 512 KiB of SRAM, of which ESP-IDF and its tasks take a part (model)."""
SESSION_BYTES = 448 * 1024
"""More than the chip has to spare with Bluetooth on: there garbage is collected in a session, which is not shown."""
PROGRAMMED_BYTES = 160
"""An 80-byte slot, the 32 bytes of the last key zeroed, and a fiftieth of what a new sector takes."""
ERASED_BYTES = 100
"""A fiftieth of a sector, and a little for what is not an edge."""

LITTLEFS_PROGRAMMED, LITTLEFS_ERASED = 4096.0, 1.01 * SECTOR
"""For a record of 16 bytes appended to a file: littlefs copies the block (measured, architecture notes)."""

EDGES = 200
"""Four sectors' worth."""
OPENINGS = 8


def run() -> list[Result]:
    """`firmware_mpy_bytes`, `heap_peak_wake`, `heap_peak_session`, `flash_bytes_per_edge`, `flash_erased_per_edge`."""
    modules = [content for path, content in build(FIRMWARE).items() if path.endswith(".mpy")]
    programmed, erased, wake, session = asyncio.run(_measure())
    return [
        _below("firmware_mpy_bytes", sum(map(len, modules)), f"bytes in {len(modules)} files", MPY_BYTES),
        _below("heap_peak_wake", wake, "bytes, upper bound", HEAP_BYTES),
        _below("heap_peak_session", session, "bytes, upper bound", SESSION_BYTES),
        _below("flash_bytes_per_edge", programmed, "bytes programmed", PROGRAMMED_BYTES, LITTLEFS_PROGRAMMED),
        _below("flash_erased_per_edge", erased, "bytes erased", ERASED_BYTES, LITTLEFS_ERASED),
    ]


def _below(name: str, value: float, unit: str, ceiling: float, littlefs: float | None = None) -> Result:
    rival, rival_value = ("the ceiling", ceiling) if littlefs is None else ("littlefs, one append", littlefs)
    return Result(
        name, value, unit, rival, rival_value, value / rival_value, f"at most {ceiling:,.0f}", value <= ceiling
    )


async def _collect(store: Store, radio: Adapter, station: VirtualStation) -> list[DockingReport]:
    with Dock(store, lambda _: None, lambda: int(station.clock.now() * 1000)) as here:
        return await here.collect(radio, quiet_s=1.0)


async def _measure() -> tuple[float, float, int, int]:
    """Bytes programmed and erased for an edge; heap of the wake that takes most of it, and of a session."""
    start = datetime(2026, 3, 1, 6, tzinfo=UTC)
    at_ms = int(start.timestamp() * 1000)
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "bench.db"
        with Store.create(database, "Example Police", "Europe/London", False, at_ms) as store:
            async with VirtualStation(start) as station, open_adapter(await station.listen_hci()) as radio:
                tag = await station.add_tag("P-01")
                tag_id, keys = "00112233445566aa", TagKeys.random()
                store.enrol_tag(tag_id, "P-01", keys, at_ms, lambda: tag.enrol(tag_id, *keys))
                await tag.settle()
                programmed, erased = tag.flash.programmed, tag.flash.erased
                began = station.clock.now()
                # Within a day, so that no heartbeat comes between.
                for number in range(EDGES):
                    edge = tag.at(began + 60 * (number + 1))
                    edge.lid_close() if number % 2 else edge.lid_open()
                await station.clock.advance(began + 60 * (EDGES + 1))
                programmed, erased = tag.flash.programmed - programmed, tag.flash.erased - erased
                counters = tag.board.counters
                wake = counters.heap_wake
                tag.dock()
                await _collect(store, radio, station)
                tag.undock()
                for number in range(OPENINGS):
                    at = began + 60 * (EDGES + 10 + 2 * number)
                    tag.at(at).lid_open()
                    tag.at(at + 60).lid_close()
                await station.clock.advance(began + 60 * (EDGES + 12 + 2 * OPENINGS))
                counters.heap_session = 0
                tag.dock()
                reports = await _collect(store, radio, station)
                if len(reports) != 1 or reports[0].error is not None or tag.faults:
                    raise RuntimeError(f"the docking did not go as it must: {reports} {tag.faults}")
                async with asyncio.timeout(20):
                    while not counters.heap_session:
                        await asyncio.sleep(0.01)
                return programmed / EDGES, erased * SECTOR / EDGES, wake, counters.heap_session
