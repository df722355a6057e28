"""One normal docking on the virtual link: ATT round trips and bytes on air, beyond discovery.

The real firmware in MicroPython docks with the real station code. The rival is the least that ATT can do it
in: subscribe, three-pass authentication that carries the first request, one acknowledgement; and, in
bytes, the same records in notifications of full size with nothing around them but ATT, L2CAP and the link
layer.
"""

from __future__ import annotations

import asyncio
import secrets
import tempfile
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from host.access.vault import TagKeys
from host.docking.service import Dock
from host.link.adapter import open_adapter
from host.sim.air import DATA_LENGTH, PACKET_OVERHEAD
from host.sim.station import VirtualStation, VirtualTag
from kitwire import record
from kitwire.keys import TAG_ID_SIZE
from tests.bench.result import Result
from tests.station import Store

MTU = 247
LEAST_ROUND_TRIPS = 4
MOST_ROUND_TRIPS = 6
MOST_BYTES_RATIO = 2.0
OPENINGS = 8
DAYS = 30
OPENINGS_A_DAY = 4
"""The product's own target: 8 edges a day (hardware/currents.toml)."""

_WRITE_REQUEST = 0x12
_WRITE_COMMAND = 0x52
_L2CAP_HEADER = 4
_ATT_HEADER = 3
_SUBSCRIBE_BYTES = (_L2CAP_HEADER + 5 + PACKET_OVERHEAD) + (_L2CAP_HEADER + 1 + PACKET_OVERHEAD)


def run() -> list[Result]:
    """`docking_round_trips` and `docking_bytes_on_air`."""
    trips, on_air, records, _ = asyncio.run(_measure(_shift))
    least = _least_bytes(records)
    return [
        Result("docking_round_trips", trips, "round trips", "least for three-pass authentication over ATT",
               LEAST_ROUND_TRIPS, trips / LEAST_ROUND_TRIPS, f"at most {MOST_ROUND_TRIPS}", trips <= MOST_ROUND_TRIPS),
        Result("docking_bytes_on_air", on_air, f"bytes for {records} records", "bare notifications", least,
               on_air / least, f"at most {MOST_BYTES_RATIO} of the rival", on_air <= MOST_BYTES_RATIO * least),
    ]  # fmt: skip


def _least_bytes(records: int) -> int:
    payload = records * record.SIZE
    notifications = -(-payload // (MTU - _ATT_HEADER))
    return _SUBSCRIBE_BYTES + payload + notifications * (_ATT_HEADER + _L2CAP_HEADER + PACKET_OVERHEAD)


class Counted(NamedTuple):
    """What was counted of one docking, beyond discovery: round trips, bytes on air, records that were new, and
    link-layer packets from the tag in each of its answers."""

    round_trips: int
    bytes_on_air: int
    records: int
    answers: tuple[int, ...]


async def _shift(tag: VirtualTag, station: VirtualStation) -> None:
    """`OPENINGS` openings in half a day."""
    start = station.clock.now()
    for number in range(OPENINGS):
        at = start + 600 * (number + 1)
        tag.at(at).lid_open()
        tag.at(at + 60).lid_close()
    await station.clock.advance(start + 12 * 3600)


async def _days(tag: VirtualTag, station: VirtualStation) -> None:
    """`DAYS` days of openings; the tag adds its heartbeats."""
    start = station.clock.now()
    for day in range(DAYS):
        for number in range(OPENINGS_A_DAY):
            at = start + 86_400 * day + 3600 * (number + 1)
            tag.at(at).lid_open()
            tag.at(at + 60).lid_close()
    await station.clock.advance(start + 86_400 * DAYS)


async def month() -> Counted:
    """The docking of one tag with `DAYS` of log."""
    return await _measure(_days)


async def _measure(live: Callable[[VirtualTag, VirtualStation], Awaitable[None]]) -> Counted:
    """The docking of one tag after it has lived through `live`."""
    start = datetime(2026, 3, 1, 6, tzinfo=UTC)
    with tempfile.TemporaryDirectory() as folder:
        at_ms = int(start.timestamp() * 1000)
        with Store.create(Path(folder) / "bench.db", "Example Police", "Europe/London", False, at_ms) as store:
            async with VirtualStation(start) as station, open_adapter(await station.listen_hci()) as radio:
                tag = await station.add_tag("P-01", drift=0.004)
                tag_id, keys = secrets.token_hex(TAG_ID_SIZE), TagKeys.random()
                store.enrol_tag(tag_id, "P-01", keys, at_ms, lambda: tag.enrol(tag_id, *keys))
                await live(tag, station)
                pdus: list[tuple[str, int, int]] = []
                count = station.air.count

                def note(direction: str, l2cap: bytes) -> None:
                    packets = -(-len(l2cap) // DATA_LENGTH)
                    pdus.append((direction, l2cap[4], len(l2cap) + packets * PACKET_OVERHEAD))
                    count(direction, l2cap)

                station.air.count = note  # type: ignore[method-assign]
                tag.dock()
                with Dock(store, lambda _: None, lambda: int(station.clock.now() * 1000)) as here:
                    reports = await here.collect(radio, quiet_s=1.0)
                if len(reports) != 1 or reports[0].error is not None:
                    raise RuntimeError(f"the docking did not go as it must: {reports}")
    first = next(at for at, (_, opcode, _) in enumerate(pdus) if opcode == _WRITE_REQUEST)
    session = pdus[first:]
    # Each write is one flight: what the station sends before it waits for the tag fits one value.
    trips = sum(opcode in (_WRITE_REQUEST, _WRITE_COMMAND) for _, opcode, _ in session)
    return Counted(trips, sum(size for _, _, size in session), reports[0].added, _answers(session))


def _answers(session: list[tuple[str, int, int]]) -> tuple[int, ...]:
    """How many packets the tag sends between two of the station's."""
    answers = [0]
    for direction, _, size in session:
        if direction == "to_tag":
            answers.append(0)
        else:
            answers[-1] += -(-size // (DATA_LENGTH + PACKET_OVERHEAD))
    return tuple(each for each in answers if each)
