"""Two centrals at once, sessions left open, another key, a replay: real packets to the real firmware."""

from __future__ import annotations

import asyncio
import os
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


def test_garbage_on_the_serial_line_costs_no_more_than_the_time_at_the_dock(tmp_path: Path) -> None:
    """With a Ctrl-C in it the program ends; it goes on when the cable is pulled, as if it had slept."""

    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        await stage.dock(tag)
        line = os.open(tag.serial_port(), os.O_RDWR | os.O_NOCTTY)
        try:
            for garbage in (bytes(range(6, 256)) * 4, b"AT+CGMI\r\n", b"\x03" + bytes(range(32, 127)), b"\x00\xff\x7f"):
                os.write(line, garbage)
                await asyncio.sleep(0.1)
            while tag.state != "idle":
                await asyncio.sleep(0.01)
            tag.lid_open()
            await asyncio.sleep(0.5)
            assert tag.state == "idle", "the prompt is there for as long as the power is"
            tag.undock()
            await tag.settle()
            assert tag.state == "asleep"
        finally:
            os.close(line)
        tag.at(stage.station.clock.now() + 60).lid_close()
        await stage.until(stage.station.clock.now() + 120)
        (report,) = await stage.dock(tag, everything=True)
        assert (report.error, report.altered) == (None, 0)
        assert stage.types()[3:] == ["undock", "lid_open", "lid_close", "dock"]
        assert stage.types().count("boot") == 1

    play(tmp_path, scene)


def test_a_scrape_of_the_contacts_leaves_somebody_at_the_prompt_alone(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        await stage.dock(tag)
        assert tag.execute("print(6 * 7)") == "42\n"
        now = stage.station.clock.now()
        tag.at(now + 0.1).undock()
        tag.at(now + 0.2).dock()
        await asyncio.sleep(1)
        assert tag.state == "idle"
        assert tag.execute("print(7 * 8)") == "56\n"

    play(tmp_path, scene)


def test_a_board_without_keys_sleeps_once_its_cable_is_pulled(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        tag = await stage.station.add_tag("P-01")
        await tag.settle()
        tag.dock()
        tag.reset()
        while tag.state != "idle":
            await asyncio.sleep(0.01)
        tag.undock()
        while tag.state != "asleep":
            await asyncio.sleep(0.01)

    play(tmp_path, scene)
