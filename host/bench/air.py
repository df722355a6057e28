"""The board on the air, as this computer's own Bluetooth hears it."""

from __future__ import annotations

import asyncio
import secrets
import statistics
import time
from contextlib import suppress
from typing import Any

from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData

from host import service
from host.bench.board import Bench
from host.bench.procedure import BenchStep
from host.bench.run import Outcome
from host.docking.service import Dock
from host.docking.session import DockingReport
from host.link.adapter import open_adapter
from host.phrase import Phrase

LEAST_HEARD = 3
"""Advertisements in each part, fewer of which say nothing of the signal."""

_ADVERTISE = """\
import antenna, gc, json, time
from radio import Radio
radio = Radio()
def say(name):
    radio.advertise(b"\\x02\\x01\\x06" + bytes([len(name) + 1, 9]) + name, True)
    for _ in range({rounds}):
        time.sleep_ms(500)
        print(".")
    radio.silence()
radio.on()
fresh = radio.new_address() is not None
gc.collect()
free = gc.mem_free()
say(b"{with_it}")
antenna.release()
say(b"{without}")
radio.off()
print(json.dumps({{"free": free, "fresh": fresh}}))
"""


def antenna(bench: Bench, step: BenchStep) -> Outcome:
    """How much the antenna switch brings, from one advertisement with it and one without."""
    bench.person.act(Phrase("bench.lay_one_metre_off"))
    mark = secrets.token_hex(3)
    with_it, without = f"kb{mark}+", f"kb{mark}-"
    code = _ADVERTISE.format(rounds=round(step.limits["seconds"] * 2), with_it=with_it, without=without)
    strengths: dict[str, list[int]] = {with_it: [], without: []}

    def heard(_: BLEDevice, data: AdvertisementData) -> None:
        if data.local_name in strengths:
            strengths[data.local_name].append(data.rssi)

    async def listen() -> dict[str, Any]:
        async with open_adapter(bench.adapter) as radio, radio.scanning(heard):
            return await asyncio.to_thread(run)

    def run() -> dict[str, Any]:
        with bench.bare() as tag:
            return tag.ask(code)

    told = asyncio.run(listen())
    found: dict[str, Any] = {"heap_free_with_bluetooth": told["free"], "fresh_address": told["fresh"]}
    if not told["fresh"]:
        return Outcome(False, Phrase("bench.no_fresh_address"), found)
    if len(strengths[with_it]) < LEAST_HEARD:
        return Outcome(False, Phrase("bench.too_few_heard", heard=len(strengths[with_it])), found)
    on = round(statistics.median(strengths[with_it]))
    found["with_dbm"] = on
    if len(strengths[without]) < LEAST_HEARD:  # so weak that it is not heard at all
        gain, said = step.limits["least_gain_db"], Phrase("bench.nothing_without_antenna", on=on)
    else:
        off = round(statistics.median(strengths[without]))
        gain, said = on - off, Phrase("bench.antenna_strength", on=on, off=off)
        found["without_dbm"] = off
    return Outcome(on >= step.limits["least_dbm"] and gain >= step.limits["least_gain_db"], said, found)


def docking(bench: Bench, step: BenchStep) -> Outcome:
    """Whether the station's own dock collects from the board over the air."""
    tag = bench.tag()
    began = time.monotonic()
    reports: list[DockingReport] = []

    async def dock() -> None:
        done = asyncio.Event()

        def ended(report: DockingReport) -> None:
            reports.append(report)
            if report.error is None:
                done.set()

        async with open_adapter(bench.adapter) as radio:
            with Dock(bench.store, lambda step: None) as here:
                docking = asyncio.create_task(here.collect(radio, everything=True, docked=ended))
                waiting = asyncio.create_task(done.wait())
                await asyncio.wait(
                    (docking, waiting), timeout=step.limits["seconds"], return_when=asyncio.FIRST_COMPLETED
                )
                waiting.cancel()
                docking.cancel()
                with suppress(asyncio.CancelledError):
                    await docking  # or what went wrong with the radio

    asyncio.run(dock())
    found: dict[str, Any] = {"tries": len(reports), "seconds": round(time.monotonic() - began, 1)}
    if not reports:
        return Outcome(False, Phrase("bench.not_heard", seconds=step.limits["seconds"]), found)
    if reports[-1].error is not None:
        return Outcome(False, Phrase("bench.docking_failed", error=reports[-1].error), found)
    events = service.Tags(bench.store).events(tag.id)
    verified = sum(event.verdict == "verified" for event in events)
    found |= {"records": len(events), "verified": verified}
    said = Phrase("bench.docked", verified=verified, records=len(events))
    return Outcome(verified == len(events) > 0, said, found)
