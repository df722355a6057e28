"""`kitdock scan` and `kitdock dock` as people and programs run them, on the virtual station."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import signal
import sys
from datetime import date
from pathlib import Path

from host.usage.whole import openings
from tests.e2e.stage import HOUR, T0, Stage, play

KITDOCK = Path(sys.executable).parent / "kitdock"


async def kitdock(stage: Stage, *arguments: str) -> tuple[int | None, str, str]:
    """Exit status, standard output and standard error, with nobody at the terminal."""
    process = await asyncio.create_subprocess_exec(
        KITDOCK, *arguments, "--db", stage.store.path,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, complaints = await process.communicate()
    return process.returncode, output.decode(), complaints.decode()


async def at_terminal(stage: Stage, answers: dict[str, str], *arguments: str) -> tuple[int | None, str]:
    """Exit status and what the terminal shows, with each of `answers` typed when its question is asked."""
    master, slave = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        KITDOCK, *arguments, "--db", stage.store.path, stdin=slave, stdout=slave, stderr=slave
    )
    os.close(slave)
    os.set_blocking(master, False)
    shown, waiting = "", dict(answers)
    while process.returncode is None:
        await asyncio.sleep(0.05)
        try:
            shown += os.read(master, 65536).decode()
        except BlockingIOError:
            continue
        except OSError:
            break
        for question in [each for each in waiting if each in shown]:
            os.write(master, waiting.pop(question).encode() + b"\n")
    await process.wait()
    os.close(master)
    assert not waiting, f"never asked: {list(waiting)}; shown: {shown}"
    return process.returncode, shown


async def opened_once(stage: Stage) -> str:
    """A docked pouch with one opening of a minute; returns the adapter that hears it."""
    stage.store.add_officer("4101", None, stage.now_ms())
    tag = await stage.add()
    tag.at(T0 + HOUR).lid_open()
    tag.at(T0 + HOUR + 20).press()
    tag.at(T0 + HOUR + 60).lid_close()
    await stage.until(T0 + 2 * HOUR)
    tag.dock()
    await tag.settle()
    return await stage.station.listen_hci()


def with_pouch(stage: Stage) -> None:
    """Officer 4101 has had the pouch, with a kit in it, since the beginning."""
    began_ms = int(T0 * 1000)
    stage.store.add_kit("K-0001", "Nyxoid", "A1", date(2199, 1, 31), None, began_ms)
    stage.store.issue_kit("K-0001", "4101", "P-01", began_ms)


def test_scan_lists_what_waits_and_takes_nothing(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        adapter = await opened_once(stage)
        status, output, complaints = await kitdock(
            stage, "scan", "--seconds", "1.5", "--adapter", adapter, "--format", "json"
        )
        assert status == 0, complaints
        (row,) = json.loads(output)
        assert (row["pouch"], row["waiting"], row["lid_open"], row["tamper"]) == ("P-01", 5, False, False)
        assert stage.store.dockings() == []

    play(tmp_path, scene)


def test_dock_without_a_terminal_collects_and_asks_nobody(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        adapter = await opened_once(stage)
        status, output, complaints = await kitdock(
            stage, "dock", "--once", "--wait", "1.5", "--adapter", adapter, "--format", "json"
        )
        assert status == 0, complaints
        (row,) = json.loads(output)
        assert (row["pouch"], row["outcome"], row["records_added"], row["error"]) == ("P-01", "complete", 6, None)
        assert "P-01" in complaints, "progress is on standard error"
        (opening,) = openings(stage.store.picture())
        assert (opening.dose_marks, opening.explanation) == (1, None)
        status, output, _ = await kitdock(stage, "dock", "--once", "--wait", "1", "--adapter", adapter)
        assert (status, "No tag has anything new." in output) == (0, True)

    play(tmp_path, scene)


def test_dock_at_a_terminal_asks_the_officer_and_offers_the_dose_marks(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        adapter = await opened_once(stage)
        status, shown = await at_terminal(
            stage,
            {"Your answer": "1", "Doses given [1]": "2", "Your collar number": "4101", "report now": "n"},
            "dock", "--once", "--wait", "1.5", "--adapter", adapter,
        )  # fmt: skip
        assert status == 0, shown
        (opening,) = openings(stage.store.picture())
        assert opening.explanation is not None
        assert (opening.explanation.cause, opening.explanation.doses, opening.explanation.officer) == (
            "used",
            2,
            "4101",
        )
        assert opening.reports == ()
        assert "Pouch P-01 is issued to nobody." in shown

    play(tmp_path, scene)


def test_dock_at_a_terminal_offers_the_holder_and_notes_who_came_instead(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        adapter = await opened_once(stage)
        with_pouch(stage)
        stage.store.add_officer("4102", None, stage.now_ms())
        status, shown = await at_terminal(
            stage, {"Your collar number [4101]": "4102", "Your answer": ""},
            "dock", "--once", "--wait", "1.5", "--adapter", adapter,
        )  # fmt: skip
        assert status == 0, shown
        assert "Pouch P-01 is issued to officer 4101." in shown
        picture = stage.store.picture()
        assert [each.officer for each in picture.docked_by] == ["4102"]
        (opening,) = openings(picture)
        assert (opening.officers, opening.explanation) == (("4101",), None)

    play(tmp_path, scene)


def test_dock_without_a_terminal_says_which_reports_are_missing(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        adapter = await opened_once(stage)
        with_pouch(stage)
        collect = ("dock", "--once", "--wait", "1.5", "--adapter", adapter)
        status, _, complaints = await kitdock(stage, *collect)
        assert (status, "has no report yet" in complaints) == (0, False), complaints
        (opening,) = openings(stage.store.picture())
        explain = ("openings", "explain", "P-01", "--cause", "used", "--officer", "4101")
        status, _, complaints = await kitdock(stage, *explain)
        assert status == 0, complaints
        status, _, complaints = await kitdock(stage, *collect, "--all")
        assert status == 0, complaints
        assert (
            f"has no report yet. To file it: `kitdock usage file --opening {opening.name} --officer 4101`" in complaints
        )

    play(tmp_path, scene)


def test_a_radio_that_is_not_there_is_one_line_and_status_4(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        for command in (("scan",), ("dock", "--once")):
            status, output, complaints = await kitdock(stage, *command, "--adapter", "tcp-client:127.0.0.1:9")
            assert (status, output) == (4, "")
            assert complaints.count("\n") == 1
            assert complaints.startswith("kitdock: Bluetooth adapter tcp-client:127.0.0.1:9 can't be opened")

    play(tmp_path, scene)


def test_a_tag_that_is_refused_ends_the_command_with_status_4(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        known = stage.store.tag("P-01").id
        keys = stage.store.tag_keys(known)
        tag.enrol(known, keys.advert, bytes(32), keys.log, replace=True)
        await tag.settle()
        tag.dock()
        await tag.settle()
        adapter = await stage.station.listen_hci()
        status, _, complaints = await kitdock(stage, "dock", "--once", "--wait", "1.5", "--adapter", adapter)
        assert status == 4
        assert "kitdock: Pouch P-01 was not collected. " in complaints
        assert "session key" in complaints
        assert "Traceback" not in complaints

    play(tmp_path, scene)


def test_ctrl_c_ends_the_service_and_keeps_what_it_collected(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        adapter = await opened_once(stage)
        service = await asyncio.create_subprocess_exec(
            KITDOCK, "dock", "--no-prompt", "--adapter", adapter, "--db", stage.store.path,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert service.stderr is not None
        async with asyncio.timeout(20):
            while b"Collected: 6 new entries." not in await service.stderr.readline():
                pass
            service.send_signal(signal.SIGINT)
            _, complaints = await service.communicate()
        assert service.returncode == 0, complaints
        assert complaints.endswith(b"The dock is closed.\n")
        assert len(stage.types()) == 6

    play(tmp_path, scene)
