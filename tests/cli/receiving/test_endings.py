"""What ends a session, and what stays of it."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner

from host import errors
from host.cli.root import root
from host.service.receiving import Receiving
from tests.cli.conftest import Station
from tests.cli.receiving.shelf import GTIN, KITDOCK, PRODUCT, assert_whole, kits, pack, receive


def test_a_busy_database_costs_one_beep(shelf: Station) -> None:
    take = Receiving.receive_next
    calls: list[int] = []

    def busy_once(*arguments: Any, **named: Any) -> Any:
        calls.append(1)
        if len(calls) == 2:
            raise errors.DatabaseBusy("database.busy", path=shelf.db)
        return take(*arguments, **named)

    with patch.object(Receiving, "receive_next", busy_once):
        refused = receive(shelf, *[pack()] * 3, status=1)
    assert f"Line 2 was not received. Database {shelf.db} is locked" in refused.stderr
    assert [kit[0] for kit in kits(shelf)] == ["K-0001", "K-0002"]


def test_a_full_disk_ends_the_session_and_says_what_stays(shelf: Station) -> None:
    take = Receiving.receive_next
    calls: list[int] = []

    def full_at_last(*arguments: Any, **named: Any) -> Any:
        calls.append(1)
        if len(calls) == 3:
            raise errors.DatabaseFull("database.full", path=shelf.db)
        return take(*arguments, **named)

    with patch.object(Receiving, "receive_next", full_at_last):
        ended = receive(shelf, *[pack()] * 4, status=3)
    assert "Kept: the 2 kits received before that." in ended.stderr
    assert "Received 2 kits into North." in ended.stdout
    assert len(kits(shelf)) == 2


def test_who_may_not_receive_is_refused_before_a_scan(shelf: Station) -> None:
    shelf.run("account", "grant", "auditor1", "auditor")
    refused = shelf.refused("stock", "receive", input=f"{pack()}\n", login="auditor1", status=1)
    assert "It needs the role quartermaster." in refused
    assert kits(shelf) == []
    assert shelf.run("stock", "list", login="auditor1").exit_code == 0


def test_bytes_that_are_no_text_are_one_bad_line(shelf: Station) -> None:
    scans = b"\xff\xfe\x00\n" + b"A" * 30_000 + b"\n" + pack().encode() + b"\n"
    done = CliRunner().invoke(root, ["stock", "receive"], input=scans, env={"KITDOCK_DB": str(shelf.db)})
    assert done.exit_code == 1
    assert all(line.startswith("kitdock: Line ") for line in done.stderr.splitlines()[:-1])
    assert len(kits(shelf)) == 1


def started(db: Path) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [KITDOCK, "stock", "receive"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"KITDOCK_DB": str(db), "COLUMNS": "80"},
    )


def beep(process: "subprocess.Popen[bytes]", scan: str) -> str:
    """The answer to a scan."""
    assert process.stdin is not None
    assert process.stderr is not None
    process.stdin.write(f"{scan}\n".encode())
    process.stdin.flush()
    return process.stderr.readline().decode()


@pytest.mark.parametrize(
    "command", ["stock receive", "stocktake scan"], ids=lambda command: str(command).replace(" ", "-")
)
def test_closed_input_is_an_empty_one(shelf: Station, command: str) -> None:
    shelf.run("stocktake", "start")
    done = subprocess.run(
        f"exec '{KITDOCK}' {command} <&-",
        shell=True,
        capture_output=True,
        text=True,
        env=os.environ | {"KITDOCK_DB": str(shelf.db)},
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert " 0 kits" in done.stdout.splitlines()[0]


@pytest.fixture
def real(tmp_path: Path) -> Iterator[tuple[Station, str]]:
    """A station made by the real clock, and a scan that is good for years by it."""
    made = Station(tmp_path / "real.db")
    with patch("host.clock.now_ms", lambda: time.time_ns() // 1_000_000):
        made.run("init", "--name", "North", "--time-zone", "Europe/London")
        made.run("product", "add", PRODUCT, "--gtin", GTIN)
        year = datetime.now(tz=ZoneInfo("Europe/London")).year + 2
        yield made, pack(expires=f"{year % 100:02}0131")


def test_a_kill_between_beeps_keeps_what_was_answered(real: tuple[Station, str]) -> None:
    station, scan = real
    with started(station.db) as process:
        assert "K-0001" in beep(process, scan)
        assert "K-0002" in beep(process, scan)
        process.kill()
    assert [kit[0] for kit in kits(station)] == ["K-0001", "K-0002"]
    assert "K-0003" in receive(station, scan).stderr
    assert_whole(station)


def test_ctrl_c_keeps_what_was_answered_and_says_how_many(real: tuple[Station, str]) -> None:
    station, scan = real
    with started(station.db) as process:
        assert "K-0001" in beep(process, scan)
        assert "K-0002" in beep(process, scan)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "kitdock: Interrupted. Kept: the 2 kits received before that." in err.decode()
    assert "Traceback" not in err.decode()
    assert "Received 2 kits into North." in out.decode()
    assert [kit[0] for kit in kits(station)] == ["K-0001", "K-0002"]


def test_two_receivers_at_once_share_the_numbers(real: tuple[Station, str]) -> None:
    station, scan = real
    with started(station.db) as first, started(station.db) as second:
        scans = f"{scan}\n".encode() * 25
        for process in (first, second):
            assert process.stdin is not None
            process.stdin.write(scans)
            process.stdin.close()
            process.stdin = None
        said = [process.communicate(timeout=120)[1].decode().splitlines() for process in (first, second)]
    assert [process.returncode for process in (first, second)] == [0, 0]
    numbers = [[line.split()[0] for line in lines] for lines in said]
    assert [len(each) for each in numbers] == [25, 25]
    assert sorted(numbers[0] + numbers[1]) == [f"K-{at:04}" for at in range(1, 51)]
    assert_whole(station)
