"""Several centrals at once, sessions left open, another key, a replay: real packets to the real firmware."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from bumble import att
from bumble.device import Connection

from host.flash.application import FIRMWARE
from host.link.errors import LinkLost
from host.sim.tag import VirtualTag
from host.sim.tag_radio import CENTRAL_CONNECT, CENTRAL_DISCONNECT, SETUP_S
from host.sim.virtual_board import Refusal
from kitwire import faults, session
from tests.e2e.stage import Stage, play
from tests.e2e.strangers import Stranger, share_held, until
from tests.e2e.test_fuzz import Central
from tests.telling import Tell


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
    """It does not advertise meanwhile, so the stack's word of a second one is put in by hand."""

    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        key = await key_of(stage, tag)
        dropped: list[int] = []
        disconnect = tag.radio._on_disconnect

        def noted(link: int) -> Any:
            dropped.append(link)
            return disconnect(link)

        tag.radio._on_disconnect = noted  # type: ignore[method-assign]
        async with Central(await Stranger(stage, "first").listen()).visit() as visit:
            channel = await visit.authenticate(key)
            visit.write(session.frame(channel.seal(bytes([session.STATUS]))))
            assert await visit.answers(1)
            second, address = 77, "c0ffee00c0ff"
            tag._radio_interrupt(CENTRAL_CONNECT, [second, 1, address])
            visit.write(session.frame(channel.seal(bytes([session.STATUS]))))
            assert await visit.answers(2)
            tag._radio_interrupt(CENTRAL_DISCONNECT, [second, 1, address])
            visit.write(session.frame(channel.seal(bytes([session.STATUS]))))
            assert await visit.answers(3)
            assert {channel.open(body)[0] for body in visit.heard} == {session.REPLY | session.STATUS}
            assert dropped == [second]
        await still_docks(stage, tag)

    play(tmp_path, scene)


def test_who_says_nothing_is_dropped_and_the_lid_is_recorded_meanwhile(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        await key_of(stage, tag)
        central = Central(await Stranger(stage, "silent").listen())
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
        central = Central(await Stranger(stage, "thief").listen())
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
        async with Central(await Stranger(stage, "first").listen()).visit() as visit:
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
        after = stage.types()[3:]
        assert after[0] == "stopped", "there is a Ctrl-C in it"
        assert [kind for kind in after if kind != "stopped"] == ["undock", "lid_open", "lid_close", "dock"]
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


def nothing() -> bytes:
    return b""


def a_hello() -> bytes:
    return session.frame(session.StationHandshake(bytes(32), os.urandom(session.NONCE_SIZE)).hello())


def half_a_hello() -> bytes:
    return a_hello()[:10]


async def docks(stage: Stage, within_s: float) -> float:
    """Collect until it goes well. Returns the seconds that it took, of at most `within_s`."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    while True:
        reports = await stage.collect(everything=True)
        if reports and reports[-1].error is None:
            return loop.time() - began
        assert loop.time() - began < within_s, reports


@asynccontextmanager
async def held_by(*holding: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """With strangers at it."""
    tasks = [asyncio.create_task(each) for each in holding]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.parametrize("says", [nothing, half_a_hello, a_hello])
def test_a_central_that_proves_nothing_again_and_again_is_in_nobodys_way(
    tmp_path: Path, says: Callable[[], bytes], tell: Tell
) -> None:
    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        await key_of(stage, tag)
        silent = Stranger(stage, "silent")
        async with held_by(silent.hold(says, tag.radio.handles[0])):
            share = await share_held(stage, tag, 12)
            tag.lid_open()
            took_s = await docks(stage, 10)
        told = says.__name__.replace("_", " ")
        tell(f"a central that says {told} holds a tag {share:.0%} of 12 s; a station docks meanwhile in {took_s:.1f} s")
        assert silent.connections >= 2, "it is let go after 5 s"
        assert share < 0.2
        assert stage.types()[-1] == "lid_open"

    play(tmp_path, scene)


def test_as_many_as_a_tag_takes_leave_a_place_now_and_then(tmp_path: Path, tell: Tell) -> None:
    """Each of them comes again at once, under another address. Who gets a place that falls free is chance."""

    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        await key_of(stage, tag)
        strangers = [Stranger(stage, f"stranger {number}") for number in range(3)]
        async with held_by(*(each.hold(rotating=True) for each in strangers)):
            await until(lambda: tag.radio.connections == 3)
            await asyncio.sleep(2 * SETUP_S)  # the tag learns of the third
            await until(lambda: not tag.radio.advertising)
            tag.lid_open()
            took_s = await docks(stage, 60)
        tell(f"with three centrals that say nothing, under new addresses each time, a station docks in {took_s:.1f} s")
        assert stage.types()[-1] == "lid_open"

    play(tmp_path, scene)


def test_a_central_that_does_not_go_is_got_rid_of_with_the_radio(tmp_path: Path) -> None:
    """It acknowledges no end, and its connection lasts for 32 s: three of those are all that a tag takes."""

    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        await key_of(stage, tag)
        strangers = [Stranger(stage, f"stranger {number}", supervision_s=32) for number in range(3)]
        for each in strangers:
            each.controller.acknowledges = False
        async with held_by(*(each.hold() for each in strangers)):
            await until(lambda: tag.radio.connections == 3)
            for each in strangers:
                each.controller.le_scan_enable = False  # they have what they want
            await asyncio.sleep(2 * SETUP_S)
            await until(lambda: not tag.radio.advertising)
            tag.lid_open()
            took_s = await docks(stage, 15)
        assert 4 < took_s < 15
        assert stage.types()[-1] == "lid_open"

    play(tmp_path, scene)


def test_connections_that_the_stack_tells_nothing_of_do_not_silence_a_tag(tmp_path: Path) -> None:
    """The centrals answer nothing in the link layer, so NimBLE does not tell of them; it has room for four."""

    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        await key_of(stage, tag)
        strangers = [Stranger(stage, f"stranger {number}") for number in range(4)]
        for each in strangers:
            each.controller.answers = False
        async with held_by(*(each.hold() for each in strangers[:1])):
            await until(lambda: tag.radio.connections == 1)
            await docks(stage, 5)
        async with held_by(*(each.hold() for each in strangers[1:])):
            await until(lambda: tag.radio.connections == 4)
            for each in strangers:
                each.controller.le_scan_enable = False
            tag.lid_open()
            await docks(stage, 10)
        assert stage.types()[-1] == "lid_open"

    play(tmp_path, scene)


@pytest.mark.parametrize("told", [True, False])
def test_a_connection_that_fails_in_its_set_up_does_not_silence_a_tag(tmp_path: Path, told: bool) -> None:
    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        await key_of(stage, tag)
        tag.radio.tells_of_failed_setups = told
        connection = await Stranger(stage, "hasty").connect()
        await connection.disconnect()
        await asyncio.sleep(0.5 if told else 3)
        assert tag.radio.advertising
        tag.lid_open()
        await docks(stage, 5)
        assert stage.types()[-1] == "lid_open"

    play(tmp_path, scene)


async def met(stranger: Stranger) -> Connection:
    """A connection of which the tag has been told."""
    connection = await stranger.connect()
    await asyncio.sleep(0.2)
    return connection


def test_an_end_that_is_no_event_leaves_no_tag_awake(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        await key_of(stage, tag)
        tag.radio.tells_of_ends = False
        switched_on: list[None] = []
        switch_on = tag.radio._switch_on

        def noted() -> Any:
            switched_on.append(None)
            return switch_on()

        tag.radio._switch_on = noted  # type: ignore[method-assign]
        short = Stranger(stage, "short")
        await (await met(short)).disconnect()
        await asyncio.sleep(8)
        assert tag.radio.advertising and not switched_on, "that it has gone is noticed, and the radio is not begun anew"
        await (await met(short)).disconnect()
        tag.undock()
        await until(lambda: tag.state == "asleep")
        tag.radio.tells_of_ends = True
        tag.dock()
        await docks(stage, 5)

    play(tmp_path, scene)


def test_a_tag_that_is_lifted_is_silent_though_a_stranger_holds_it(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        await key_of(stage, tag)
        await Stranger(stage, "silent").connect()
        await asyncio.sleep(1)
        assert tag.radio.advertising, "others may come"
        tag.undock()
        await asyncio.sleep(1)
        assert tag.state == "running" and not tag.radio.advertising
        await until(lambda: tag.state == "asleep")

    play(tmp_path, scene)


def test_what_a_stranger_writes_is_not_taken_for_what_the_station_says(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        await key_of(stage, tag)
        connection = await Stranger(stage, "loud").connect()

        async def babble() -> None:
            for byte in session.frame(bytes(session.MAX_BODY)):
                command = att.ATT_Write_Command(attribute_handle=tag.radio.handles[0], attribute_value=bytes([byte]))
                connection.gatt_client.send_gatt_pdu(bytes(command))
                await asyncio.sleep(0.01)

        async with held_by(babble()):
            tag.lid_open()
            (report,) = await stage.collect()
        assert report.error is None
        assert stage.types()[-1] == "lid_open"

    play(tmp_path, scene)


def test_what_comes_before_the_word_of_a_connection_counts(tmp_path: Path) -> None:
    """The MTU, and all of the handshake: NimBLE tells of the connection when the central has said what it can do."""

    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        await key_of(stage, tag)
        for number in range(26):
            edge = tag.at(stage.station.clock.now() + number)
            edge.lid_close() if number % 2 else edge.lid_open()
        await stage.until(stage.station.clock.now() + 30)
        stage.station.air.reset()
        (report,) = await stage.collect()
        assert (report.error, report.added) == (None, 26)
        assert stage.station.air.notifications < 20, "in notifications of 20 bytes it would be 50"

    play(tmp_path, scene)


def test_a_connection_that_the_tag_does_not_take_is_tried_again(tmp_path: Path) -> None:
    """Another central was quicker: the station's controller takes itself to be connected for a moment."""

    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        await key_of(stage, tag)
        controller = tag.radio._controller
        assert controller is not None
        take = controller.on_le_connect_ind

        def not_taken(_: object) -> None:
            controller.on_le_connect_ind = take  # type: ignore[method-assign]

        controller.on_le_connect_ind = not_taken  # type: ignore[method-assign, assignment]
        tag.lid_open()
        lost, done = await stage.collect()
        assert isinstance(lost.error, LinkLost)
        assert done.error is None

    play(tmp_path, scene)


def test_an_address_changes_while_nobody_is_connected(tmp_path: Path) -> None:
    """A stranger comes again and again; each epoch lasts 4 s here, less than he is let stay."""
    advert = tmp_path / "advert.py"
    source = (FIRMWARE / "lib" / "kitwire" / "advert.py").read_text()
    advert.write_text(re.sub(r"^EPOCH_S = \d+$", "EPOCH_S = 4", source, flags=re.MULTILINE))
    assert "EPOCH_S = 4\n" in advert.read_text()

    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        await key_of(stage, tag)
        connected: list[int] = []
        new_address = tag.radio._new_address

        def noted() -> Any:
            connected.append(tag.radio.connections)
            return new_address()

        tag.radio._new_address = noted  # type: ignore[method-assign]
        async with held_by(Stranger(stage, "silent").hold()):
            await asyncio.sleep(14)
        assert 2 <= len(connected) <= 4
        assert set(connected) == {0}

    play(tmp_path, scene, files={"/": FIRMWARE, "/lib/kitwire/advert.py": advert})
