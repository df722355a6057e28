"""A tag on USB: the air's session over the cable, what the station says of it, and what it forgets. Real mpremote."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
from pathlib import Path
from typing import Any

import pytest
import serial
from click.testing import CliRunner

from host.access.vault import TagKeys
from host.cli.root import root
from host.sim.tag import VirtualTag
from kitwire import config
from kitwire.advert import bind_key
from tests.e2e.stage import HOUR, T0, Stage, play
from tests.station import Store


async def kitdock(stage: Stage, *arguments: str) -> tuple[int | None, str, str]:
    """Exit status, standard output and standard error, with nobody at the terminal; in a thread of its own.

    Returns once the tag on the port has gone on, and is at rest.
    """
    tags = [tag for tag in stage.station.tags if tag.serial_port() in arguments]
    calls = [heard_calls(tag) for tag in tags]
    command = ["tag", *arguments, "--db", str(stage.store.path)]
    result = await asyncio.to_thread(CliRunner().invoke, root, command)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    for tag, heard in zip(tags, calls, strict=True):
        if heard and tag.state != "off":
            await gone_on(tag, heard)
    return result.exit_code, result.stdout, result.stderr


async def gone_on(tag: VirtualTag, calls: list[str]) -> None:
    """Until the tag has slept or been reset, as a command leaves it, and its own program has begun."""
    async with asyncio.timeout(20):
        while True:
            left = [at for at, name in enumerate(calls) if name in ("deepsleep", "reset")]
            if left and "rtc_memory" in calls[left[0] :]:
                break
            await asyncio.sleep(0.01)
    await tag.settle()


async def shown(stage: Stage, *arguments: str) -> Any:
    """What the command gives to programs."""
    status, output, complaints = await kitdock(stage, *arguments, "--format", "json")
    assert status == 0, complaints
    return json.loads(output)


async def refused(stage: Stage, *arguments: str, status: int) -> str:
    """The one line that says why not."""
    ended, output, complaints = await kitdock(stage, *arguments)
    assert (ended, output) == (status, ""), complaints
    lines = [line for line in complaints.splitlines() if line.startswith("kitdock: ")]
    assert len(lines) == 1, complaints
    assert "Traceback" not in complaints
    return lines[0].removeprefix("kitdock: ")


async def opened_once(stage: Stage) -> VirtualTag:
    """A tag that was opened for a minute, on USB now."""
    tag = await stage.add()
    tag.at(T0 + HOUR).lid_open()
    tag.at(T0 + HOUR + 20).press()
    tag.at(T0 + HOUR + 60).lid_close()
    await stage.until(T0 + 2 * HOUR)
    tag.dock()
    await tag.settle()
    return tag


def test_the_log_comes_over_the_cable_as_over_the_air(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        tag = await opened_once(stage)
        rows = await shown(stage, "log", "--port", tag.serial_port())
        types = ["boot", "lid_open", "dose_mark", "lid_close", "dock", "stopped", "time_set"]
        assert [row["event"] for row in rows] == types == stage.types()
        assert {row["verdict"] for row in rows} == {"verified"}
        assert rows[2]["detail"] == "mark 1"
        assert rows[3]["uptime_s"] - rows[1]["uptime_s"] == 60
        docking = stage.store.dockings()[-1]
        assert (docking.outcome, docking.records_added) == ("complete", 7)
        again = await shown(stage, "log", "P-01", "--port", tag.serial_port())
        assert [row["event"] for row in again] == [*types, "stopped"], "the tag went on: no start, and nothing twice"
        assert [row["sequence"] for row in await shown(stage, "log", "P-01", "--limit", "2")] == [7, 8]
        await tag.settle()
        (report,) = await stage.dock(tag, everything=True)
        assert report.error is None
        assert report.status is not None
        assert report.status.status.acknowledged == 8
        assert report.status.status.boot_count == 1

    play(tmp_path, scene)


def test_uptime_runs_on_through_a_session_on_the_cable(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        tag = await opened_once(stage)
        before = (await stage.dock(tag))[0].status
        for command in (("info",), ("log",), ("config", "P-01"), ("identify", "P-01", "--seconds", "1")):
            await shown(stage, *command, "--port", tag.serial_port())
            await tag.settle()
        tag.undock()
        await tag.settle()
        after = (await stage.dock(tag))[0].status
        assert before is not None
        assert after is not None
        assert after.anchor.boot_count == before.anchor.boot_count
        passed = after.anchor.uptime_ms - before.anchor.uptime_ms
        assert abs(passed - (after.anchor.utc_ms - before.anchor.utc_ms)) < 1000
        assert "boot" not in stage.types()[1:]

    play(tmp_path, scene)


def test_a_sleeping_tag_and_a_just_reset_one_are_reached_too(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        assert tag.state == "asleep"
        rows = await shown(stage, "log", "P-01", "--port", tag.serial_port())
        assert [row["event"] for row in rows] == ["boot", "time_set"]
        tag.dock()
        await tag.settle()
        calls = heard_calls(tag)
        tag.reset()  # it holds off for two seconds now, and is stopped in them
        async with asyncio.timeout(20):
            while calls.count("rtc_memory") < 2:  # what was kept is read, and that this is a new start is written
                await asyncio.sleep(0.02)
        rows = await shown(stage, "log", "P-01", "--port", tag.serial_port())
        assert [row["event"] for row in rows].count("boot") == 2, "the first program to run records the start, once"
        await tag.settle()
        (report,) = await stage.dock(tag, everything=True)
        assert report.error is None
        assert stage.types().count("boot") == 2

    play(tmp_path, scene)


def test_info_compares_check_values_and_says_whose_tag_it_is(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        tag = await stage.station.add_tag("new")
        await tag.settle()
        told = await shown(stage, "info", "--port", tag.serial_port())
        assert (told["micropython"], told["tag"], told["advert_key"]) == ("1.29.0", None, None)
        assert any(each.startswith("kitlog 524288 at") for each in told["partitions"])
        assert 0x180000 // 2 < told["files_free"] < 0x180000, "of the partition that the files are in"
        tag = await stage.add()
        told = await shown(stage, "info", "--port", tag.serial_port())
        known = stage.store.tag("P-01")
        assert (told["tag"], told["pouch"], told["last_sequence"]) == (known.id, "P-01", 1)
        assert (told["advert_key"], told["session_key"]) == ("match", "match")
        await tag.settle()
        keys = stage.store.tag_keys(known.id)
        tag.enrol(known.id, bytes(32), keys.session, keys.log, replace=True)
        await tag.settle()
        told = await shown(stage, "info", "--port", tag.serial_port())
        assert (told["advert_key"], told["session_key"]) == ("differ", "match")
        await tag.settle()
        tag.enrol("00" * 8, *keys, replace=True)
        await tag.settle()
        _, output, _ = await kitdock(stage, "info", "--port", tag.serial_port())
        assert "none at this station" in output
        assert "unknown" in output

    play(tmp_path, scene)


def test_configuration_is_shown_and_changed_over_cable_and_air(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        tag.dock()
        await tag.settle()
        port = tag.serial_port()
        rows = await shown(stage, "config", "P-01", "--port", port)
        assert {row["item"]: row["value"] for row in rows} == {item.name: item.default for item in config.ITEMS}
        assert not any(row["changed"] for row in rows)
        rows = await shown(
            stage, "config", "P-01", "--port", port, "--heartbeat", "12h", "--second-dose", "3m", "--buzzer"
        )
        assert {row["item"] for row in rows if row["changed"]} == {"heartbeat_s", "second_dose_s", "buzzer"}
        adapter = await stage.station.listen_hci()
        await tag.settle()
        rows = await shown(stage, "config", "P-01", "--adapter", adapter, "--heartbeat", "12h", "--second-dose", "off")
        values = {row["item"]: row["value"] for row in rows}
        assert (values["heartbeat_s"], values["second_dose_s"], values["buzzer"]) == (43200, 0, 1)
        assert {row["item"] for row in rows if row["changed"]} == {"second_dose_s"}
        await tag.settle()
        (report,) = await stage.dock(tag, everything=True)
        assert report.error is None
        assert stage.types().count("config") == 4

    play(tmp_path, scene)


def test_open_needs_consent_and_gives_its_bind_key_to_a_file_alone(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        port = tag.serial_port()
        line = await refused(stage, "config", "P-01", "--port", port, "--profile", "open", status=2)
        assert "Agree to that with --trackable" in line
        await tag.settle()
        rows = await shown(stage, "config", "P-01", "--port", port, "--profile", "open", "--trackable")
        assert [row["value"] for row in rows][:3] == [config.PROFILE_OPEN, 86400, 1]
        await tag.settle()
        assert "Agree to that" in await refused(stage, "config", "P-01", "--port", port, "--untrackable", status=2)
        await tag.settle()
        rows = await shown(stage, "config", "P-01", "--port", port, "--untrackable", "--profile", "docked")
        assert [row["value"] for row in rows][:3] == [config.PROFILE_DOCKED, 86400, 0]
        file = tmp_path / "bind"
        status, output, complaints = await kitdock(stage, "config", "P-01", "--bind-key-file", str(file))
        assert status == 0, complaints
        key = bind_key(stage.store.tag_keys(stage.store.tag("P-01").id).advert).hex()
        assert file.read_text() == key + "\n"
        assert oct(file.stat().st_mode & 0o777) == "0o600"
        assert key not in output + complaints
        assert "not overwritten" in await refused(stage, "config", "P-01", "--bind-key-file", str(file), status=2)

    play(tmp_path, scene)


def test_the_battery_is_calibrated_from_the_tags_own_reading(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        port = tag.serial_port()
        rows = await shown(stage, "config", "P-01", "--port", port, "--battery-measured", "3978")
        values = {row["item"]: row["value"] for row in rows}
        assert values["battery_gain"] == 1020, "the virtual cell reads 3900 mV"
        await tag.settle()
        rows = await shown(stage, "log", "P-01", "--port", port)
        assert rows[-1]["event"] == "time_set"
        assert abs(rows[-1]["battery_mv"] - 3978) <= 4
        await tag.settle()
        rows = await shown(stage, "config", "P-01", "--port", port, "--battery-measured", "3978")
        assert [row for row in rows if row["changed"]] == [], "it is right now"
        await tag.settle()
        line = await refused(stage, "config", "P-01", "--port", port, "--battery-measured", "3000", status=2)
        assert "Its divider can't be that far off." in line

    play(tmp_path, scene)


def test_readings_of_the_temperature_need_an_offset_and_both_are_set_at_once(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        port = tag.serial_port()
        line = await refused(stage, "config", "P-01", "--port", port, "--temperature", "6h", status=2)
        assert "--temperature-offset" in line
        await tag.settle()
        both = ("--temperature", "6h", "--temperature-offset", "-1.5")
        rows = await shown(stage, "config", "P-01", "--port", port, *both)
        assert {row["item"]: row["shown"] for row in rows if row["changed"]} == {
            "temperature_s": "6 h",
            "temp_offset": "-1.5 °C",
        }
        await tag.settle()
        neither = ("--temperature-offset", "none", "--temperature", "off")
        rows = await shown(stage, "config", "P-01", "--port", port, *neither)
        assert {row["item"]: row["value"] for row in rows if row["changed"]} == {"temperature_s": 0, "temp_offset": 0}
        await tag.settle()
        assert "as an offset" in await refused(
            stage, "config", "P-01", "--port", port, "--temperature-offset", "warm", status=2
        )

    play(tmp_path, scene)


def test_a_tag_shows_itself_over_cable_and_air(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        flashes = lights(tag)
        done = await shown(stage, "identify", "P-01", "--port", tag.serial_port(), "--seconds", "1")
        assert done["seconds"] == 1
        assert len(flashes) >= 1
        flashes.clear()
        tag.dock()
        await tag.settle()
        adapter = await stage.station.listen_hci()
        await shown(stage, "identify", "P-01", "--adapter", adapter, "--seconds", "1")
        async with asyncio.timeout(10):
            while not flashes:
                await asyncio.sleep(0.05)

    play(tmp_path, scene)


def heard_calls(tag: VirtualTag) -> list[str]:
    """Fills with the names of what the firmware asks of the board from now on."""
    found: list[str] = []
    real = tag.board.call

    def call(name: str, arguments: list[Any]) -> Any:
        found.append(name)
        return real(name, arguments)

    tag.board.call = call  # type: ignore[method-assign]
    return found


def lights(tag: VirtualTag) -> list[float]:
    """Fills with the moments at which the tag's light goes on."""
    found: list[float] = []
    real = tag.board.call

    def call(name: str, arguments: list[Any]) -> Any:
        if name == "pin_write" and arguments[:2] == [18, 1]:
            found.append(tag.board.now)
        return real(name, arguments)

    tag.board.call = call  # type: ignore[method-assign]
    return found


def test_a_wiped_tag_is_none_and_the_station_keeps_its_history(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        tag = await opened_once(stage)
        port = tag.serial_port()
        tag_id = stage.store.tag("P-01").id
        await shown(stage, "log", "--port", port)
        await tag.settle()
        tag.undock()
        await tag.settle()
        status, _, complaints = await kitdock(stage, "wipe", "--port", port)
        assert (status, "Give --yes" in complaints) == (2, True)
        assert [each.id for each in stage.store.tags()] == [tag_id]
        await tag.settle()
        done = await shown(stage, "wipe", "--port", port, "--yes")
        assert done == {"tag": tag_id, "pouch": "P-01", "lost": 1}, "the undocking was not fetched"
        assert stage.store.tags() == []
        assert [each.id for each in stage.store.tags(retired=True)] == [tag_id]
        assert len(await shown(stage, "log", tag_id)) == 7
        await tag.settle()
        assert (await shown(stage, "info", "--port", port))["tag"] is None
        await tag.settle()
        again = await shown(stage, "wipe", "--port", port, "--yes")
        assert again["tag"] is None

    play(tmp_path, scene)


def test_another_tag_on_the_port_is_named_and_left_as_it_is(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        first = await stage.add("P-01")
        await stage.add("P-02")
        for command in (("log", "P-02"), ("config", "P-02"), ("identify", "P-02")):
            line = await refused(stage, *command, "--port", first.serial_port(), status=2)
            assert line.startswith(f"The tag on port {first.serial_port()} is ")
            assert "of pouch P-01, not the tag of pouch P-02." in line
            await first.settle()

    play(tmp_path, scene)


def test_a_tag_of_another_station_and_one_with_another_key_hand_over_nothing(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        tag = await stage.station.add_tag("theirs")
        tag.enrol(secrets.token_hex(8), *TagKeys.random())
        await tag.settle()
        assert "no pouch or tag" in await refused(stage, "log", "--port", tag.serial_port(), status=2)
        ours = await stage.add()
        known = stage.store.tag("P-01").id
        keys = stage.store.tag_keys(known)
        ours.enrol(known, keys.advert, bytes(32), keys.log, replace=True)
        await ours.settle()
        for command in ("log", "config", "identify"):
            line = await refused(stage, command, "P-01", "--port", ours.serial_port(), status=4)
            assert "does not hold its session key" in line
            await ours.settle()
        assert stage.store.events() == []
        assert stage.store.dockings()[-1].outcome == "failed"

    play(tmp_path, scene)


def test_a_tag_without_keys_says_what_to_do(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        tag = await stage.station.add_tag("new")
        await tag.settle()
        line = await refused(stage, "log", "--port", tag.serial_port(), status=4)
        assert "it has no keys yet: kitdock tag provision" in line

    play(tmp_path, scene)


def test_ports_that_are_no_tag_are_one_line_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("host.link.usb.PATIENCE_S", 0.1)
    monkeypatch.setattr("host.link.usb.ENTER_S", 0.2)

    async def scene(stage: Stage) -> None:
        none = str(tmp_path / "none")
        ours, theirs = os.openpty()
        silent = os.ttyname(theirs)
        try:
            for command in (("info",), ("log",), ("wipe", "--yes")):
                assert "no serial port" in await refused(stage, *command, "--port", none, status=4)
            line = await refused(stage, "info", "--port", silent, status=4)
            assert "answers as MicroPython does" in line
        finally:
            os.close(ours)
            os.close(theirs)
        assert "no serial port" in await refused(stage, "provision", "P-09", "--port", none, status=4)
        stage.store.enrol_tag("00" * 8, "P-08", TagKeys.random(), stage.now_ms(), lambda: None)
        assert "no serial port" in await refused(stage, "config", "P-08", "--port", none, status=4)

    play(tmp_path, scene)


def test_a_port_in_use_is_said_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("host.link.usb.PATIENCE_S", 0.1)

    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        with serial.Serial(tag.serial_port(), exclusive=True):
            line = await refused(stage, "info", "--port", tag.serial_port(), status=4)
        assert "in use by another program" in line

    play(tmp_path, scene)


def test_power_lost_in_the_middle_of_fetching_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene(stage: Stage) -> None:
        tag = await opened_once(stage)
        real = tag.board.call
        reads = 0

        def call(name: str, arguments: list[Any]) -> Any:
            nonlocal reads
            if name == "flash_read":
                reads += 1
                if reads == 12:
                    asyncio.get_running_loop().call_soon(tag.power_off)
            return real(name, arguments)

        monkeypatch.setattr(tag.board, "call", call)
        line = await refused(stage, "log", "P-01", "--port", tag.serial_port(), status=4)
        assert "not docked" in line or "went away" in line or "failed" in line
        monkeypatch.undo()
        tag.power_on()
        await tag.settle()
        rows = await shown(stage, "log", "P-01", "--port", tag.serial_port())
        assert [row["event"] for row in rows][:4] == ["boot", "lid_open", "dose_mark", "lid_close"]
        with Store.open(stage.store.path) as store:
            assert {event.verdict for event in store.events()} == {"verified"}

    play(tmp_path, scene)


def test_a_tag_shows_itself_for_the_ten_seconds_of_the_default(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        flashes = lights(tag)
        done = await shown(stage, "identify", "P-01", "--port", tag.serial_port())
        assert done["seconds"] == 10
        assert len(flashes) == pytest.approx(20, abs=2)
        types = [row["event"] for row in await shown(stage, "log", "P-01", "--port", tag.serial_port())]
        assert "boot" not in types[1:], "and goes on"

    play(tmp_path, scene)
