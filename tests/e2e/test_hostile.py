"""Two centrals at once, sessions left open, another key, a replay: real packets to the real firmware."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from bumble import hci
from bumble.device import Device, DeviceConfiguration
from bumble.host import Host

from host.sim.air import CENTRAL_CONNECT, CENTRAL_DISCONNECT
from host.sim.tag import VirtualTag
from host.sim.virtual_board import Refusal
from kitwire import faults, session
from tests.e2e.stage import Stage, play
from tests.e2e.test_fuzz import Central


async def stranger(stage: Stage, name: str) -> Device:
    """A Bluetooth host of somebody's, on a controller of its own."""
    device = Device(config=DeviceConfiguration(name="", address=hci.Address.generate_static_address()))
    device.host = Host()
    controller = stage.station.controller(name)
    device.host.controller = controller
    controller.host = device.host
    await device.power_on()
    await device.start_scanning(active=False)
    return device


async def key_of(stage: Stage, tag: VirtualTag) -> bytes:
    (report,) = await stage.dock(tag)
    assert report.error is None
    return stage.store.tag_keys(stage.store.tag(tag.name).id).session


async def still_docks(stage: Stage, tag: VirtualTag, *more: str) -> None:
    """The tag has recorded `more` since it was docked, and docks as ever."""
    await tag.settle()
    (report,) = await stage.dock(tag, everything=True)
    assert (report.error, report.altered) == (None, 0)
    assert stage.types() == ["boot", "dock", "time_set", *more]


def test_a_second_central_is_dropped_while_one_is_served(tmp_path: Path) -> None:
    """bumble's controllers take one central at a time, so the stack's word of a second one is put in by hand."""

    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        key = await key_of(stage, tag)
        dropped: list[int] = []
        disconnect = tag.radio._on_disconnect

        def noted(link: int) -> Any:
            dropped.append(link)
            return disconnect(link)

        tag.radio._on_disconnect = noted  # type: ignore[method-assign]
        async with Central(await stranger(stage, "first")).visit() as visit:
            channel = await visit.authenticate(key)
            second, address = 77, "c0ffee00c0ff"
            tag._radio_interrupt(CENTRAL_CONNECT, [second, 1, address])
            visit.write(session.frame(channel.seal(bytes([session.STATUS]))))
            assert await visit.answers(1)
            tag._radio_interrupt(CENTRAL_DISCONNECT, [second, 1, address])
            visit.write(session.frame(channel.seal(bytes([session.STATUS]))))
            assert await visit.answers(2)
            assert {channel.open(body)[0] for body in visit.heard} == {session.REPLY | session.STATUS}
            assert dropped == [second]
        await still_docks(stage, tag)

    play(tmp_path, scene)


def test_who_says_nothing_is_dropped_and_the_lid_is_recorded_meanwhile(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        await key_of(stage, tag)
        central = Central(await stranger(stage, "silent"))
        async with central.visit() as visit:
            tag.lid_open()
            began = stage.station.clock.now()
            await visit.end()
            assert 4 < stage.station.clock.now() - began < 14, "without a proof in 5 s"
        tag.lid_close()
        await still_docks(stage, tag, "lid_open", "lid_close")

    play(tmp_path, scene)


def test_another_key_and_a_replay_get_nothing(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        key = await key_of(stage, tag)
        central = Central(await stranger(stage, "thief"))
        async with central.visit() as visit:
            await visit.authenticate(bytes(32), check=False)
            assert await visit.answers(1)
            assert visit.heard == [bytes([session.REFUSED, session.ERROR_PROOF])]
            await visit.end()
        async with central.visit() as visit:
            channel = await visit.authenticate(key)
            kept = session.frame(channel.seal(bytes([session.STATUS])))
            proof = visit.said[-1]
            visit.write(kept)
            assert await visit.answers(1)
            visit.heard.clear()
            visit.write(kept)
            await visit.end()
            assert visit.heard == [], "the same frame again"
        async with central.visit() as visit:
            station = session.StationHandshake(key, bytes(session.NONCE_SIZE))
            visit.write(session.frame(station.hello()))
            assert await visit.answers(1)
            visit.heard.clear()
            visit.write(proof)
            assert await visit.answers(1)
            assert visit.heard == [bytes([session.REFUSED, session.ERROR_PROOF])]
            await visit.end()
        await asyncio.sleep(0)
        await still_docks(stage, tag)

    play(tmp_path, scene)


def test_an_exception_in_the_radios_interrupt_is_a_fault_like_any_other(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        await key_of(stage, tag)
        read = tag.radio._on_read

        def fail(_: int) -> str:
            tag.radio._on_read = read  # type: ignore[method-assign]
            raise Refusal(5, "EIO")

        tag.radio._on_read = fail  # type: ignore[method-assign]
        async with Central(await stranger(stage, "first")).visit() as visit:
            visit.write(b"x")
            await visit.end()
        await tag.settle()
        assert tag.state == "asleep"
        tag.at(stage.station.clock.now() + 100).lid_open()
        await stage.until(stage.station.clock.now() + 400)
        await still_docks(stage, tag, "fault", "lid_open")
        (code,) = [event.aux for event in stage.store.events() if event.type == "fault"]
        assert code is not None and faults.describe(code).startswith("exception in radio, line ")

    play(tmp_path, scene)
