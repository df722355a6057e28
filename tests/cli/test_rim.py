"""Where the program meets the computer: a full disk, a closed pipe, letters that are not there, Ctrl-C, a fault.

Each runs the program itself. A traceback is a bug of ours, and nothing else is one.
"""

import csv
import io
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Station, day
from tests.station import Store

ROOT = Path(__file__).parent.parent.parent
RUN = "import sys; sys.argv[0] = 'kitdock'; from host.cli import main; main()"
FULL = Path("/dev/full")
NO_ROOM = "kitdock: There's no room left to write to, so not all of the result was written.\n"

needs_full = pytest.mark.skipif(not FULL.exists(), reason="this system has no disk that is always full")


def environment(station: Station, **more: str) -> dict[str, str]:
    return {**os.environ, "KITDOCK_DB": str(station.db), "PYTHONPATH": f"{ROOT}:{ROOT}/firmware/lib", **more}


def kitdock(station: Station, *typed: str, code: str = RUN, **how: Any) -> subprocess.CompletedProcess[bytes]:
    """Runs the program, with nobody at the terminal."""
    env = environment(station, **how.pop("env", {}))
    how = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **how}
    return subprocess.run([sys.executable, "-c", code, *typed], env=env, timeout=60, check=False, **how)


@pytest.fixture
def abroad(station: Station) -> Station:
    """North with a kit whose lot has letters that cp1252 lacks."""
    expires = day(400).isoformat()
    station.run("kit", "add", "K1", "--product", "Spray ☃", "--lot", "Zażółć", "--expires", expires, "--doses", "2")
    return station


@needs_full
@pytest.mark.parametrize(
    "typed",
    [
        ["kit", "list"],
        ["kit", "list", "--format", "json"],
        ["kit", "list", "--format", "csv"],
        ["report", "month"],
        ["audit", "export"],
        ["--help"],
        ["kit", "--help"],
        ["kit", "list", "--help"],
        ["--version"],
    ],
    ids=" ".join,
)
def test_full_disk_under_the_result_is_one_sentence(abroad: Station, typed: list[str]) -> None:
    with FULL.open("wb") as full:
        done = kitdock(abroad, *typed, stdout=full)
    assert (done.returncode, done.stderr.decode()) == (1, NO_ROOM)


@needs_full
def test_full_disk_under_everything_still_fails(abroad: Station) -> None:
    with FULL.open("wb") as full:
        assert kitdock(abroad, "kit", "list", stdout=full, stderr=full).returncode == 1
        assert kitdock(abroad, "kit", "lst", stdout=full, stderr=full).returncode == 2
        assert kitdock(abroad, "--help", stdout=full, stderr=full).returncode == 1


@needs_full
def test_what_was_done_stays_done_where_it_cannot_be_shown(abroad: Station) -> None:
    with FULL.open("wb") as full:
        assert kitdock(abroad, "officer", "add", "1300", stdout=full).returncode == 1
    assert [each["officer"] for each in abroad.json("officer", "list")] == ["1300"]


@pytest.mark.parametrize("typed", [["audit", "list"], ["--help"], ["kit", "--help"], ["audit", "export"]], ids=" ".join)
def test_pipe_that_nobody_reads_is_quiet(abroad: Station, typed: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = kitdock(abroad, *typed, stdout=writer)
    finally:
        os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")


def test_streams_that_are_not_there_are_no_traceback(abroad: Station) -> None:
    for closed in ("<&-", ">&-", "2>&-", "<&- >&- 2>&-"):
        for typed, status in (("kit list", 0), ("--help", 0), ("kit lst", 2), ("stock receive", 0)):
            done = subprocess.run(
                ["sh", "-c", f'exec "$0" -c "$1" {typed} {closed}', sys.executable, RUN],
                env=environment(abroad), timeout=60, check=False, capture_output=True,
            )  # fmt: skip
            assert done.returncode == status, (typed, closed, done.stderr)
            assert b"Traceback" not in done.stderr + done.stdout
            assert b"Exception ignored" not in done.stderr


CP1252 = {"PYTHONIOENCODING": "cp1252"}


def test_letters_that_a_console_lacks_are_replaced(abroad: Station) -> None:
    shown = kitdock(abroad, "kit", "list", env=CP1252)
    assert (shown.returncode, shown.stderr) == (0, b"")
    assert "Za?ó??".encode("cp1252") in shown.stdout
    assert b"Spray ?" in shown.stdout
    assert kitdock(abroad, "tag", "config", "--help", env=CP1252).returncode == 0
    refused = kitdock(abroad, "kit", "list", "--lot", "Zażółw", env=CP1252)
    assert refused.returncode == 2
    assert "There are no kits of lot 'Za?ó?w' here. Did you mean Za?ó???" in refused.stderr.decode("cp1252")


def test_json_loses_no_letter_whatever_the_console_has(abroad: Station) -> None:
    for encoding in ("cp1252", "latin-1", "ascii", "utf-8"):
        shown = kitdock(abroad, "kit", "list", "--format", "json", env={"PYTHONIOENCODING": encoding})
        (row,) = json.loads(shown.stdout.decode("utf-8"))
        assert (row["lot"], row["product"]) == ("Zażółć", "Spray ☃"), encoding


def test_csv_says_that_a_letter_was_replaced_and_a_file_has_all(abroad: Station, tmp_path: Path) -> None:
    shown = kitdock(abroad, "kit", "list", "--format", "csv", env=CP1252)
    (row,) = csv.DictReader(io.StringIO(shown.stdout.decode("cp1252")))
    assert row["lot"] == "Za?ó??"
    assert shown.stderr.decode() == (
        "kitdock: Some letters can't be written here (cp1252) and are shown as ?. "
        "To keep them all, use --output FILE.csv.\n"
    )
    path = tmp_path / "kits.csv"
    assert kitdock(abroad, "kit", "list", "--output", str(path), env=CP1252).returncode == 0
    (row,) = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8")))
    assert row["lot"] == "Zażółć"


def test_letters_that_cannot_be_read_end_nothing(abroad: Station) -> None:
    for encoding in ("cp1252", "ascii", "utf-8"):
        done = kitdock(
            abroad, "stock", "receive", input=b"\x81\xff\xfe\n", stdin=None, env={"PYTHONIOENCODING": encoding}
        )
        assert done.returncode == 1, done.stderr
        assert b"Traceback" not in done.stderr


def test_plain_c_locale_shows_what_it_can(abroad: Station) -> None:
    plain = {"LC_ALL": "C", "LANG": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    for typed in (["kit", "list"], ["--help"], ["tag", "config", "--help"], ["kit", "list", "--lot", "ż"]):
        done = kitdock(abroad, *typed, env=plain)
        assert b"Traceback" not in done.stderr, typed


FAULTY = f"""
from host.service.kits import Kits
def kit_states(self, at_ms=None, officer=None):
    secret = "0123456789abcdef"
    raise LookupError("this is ours")
Kits.kit_states = kit_states
{RUN}
"""


def test_fault_of_ours_keeps_its_traceback_and_says_whose_it_is(abroad: Station) -> None:
    done = kitdock(abroad, "kit", "list", code=FAULTY)
    lines = done.stderr.decode().splitlines()
    assert (done.returncode, done.stdout) == (70, b"")
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[-2] == "LookupError: this is ours"
    assert lines[-1].startswith("kitdock: This is a fault in Kitdock, not something you did.")
    assert abroad.db.name not in done.stderr.decode()


STOPPED = f"""
from host.cli import place
from host.cli.place import service
add_place = service.People.add_place
def stopped(self, *arguments):
    add_place(self, *arguments)
    raise KeyboardInterrupt
service.People.add_place = stopped
{RUN}
"""


def test_command_that_is_stopped_says_what_is_kept(abroad: Station) -> None:
    done = kitdock(abroad, "place", "add", "Car1", "--kind", "vehicle", code=STOPPED)
    assert done.returncode == 130
    assert done.stderr.decode() == "\nkitdock: Stopped. What was recorded before that is kept.\n"
    assert [each["place"] for each in abroad.json("place", "list")] == ["North", "Car1"]


# At a terminal.


class Terminal:
    """The program at a pseudo-terminal, and what it has shown."""

    def __init__(self, station: Station, *typed: str, code: str = RUN) -> None:
        self._ours, theirs = os.openpty()
        self._process = subprocess.Popen(
            [sys.executable, "-c", code, *typed],
            stdin=theirs, stdout=theirs, stderr=theirs, env=environment(station), start_new_session=True,
        )  # fmt: skip
        os.close(theirs)
        self.shown = ""
        self._seen = 0

    def until(self, text: str) -> None:
        deadline = time.monotonic() + 30
        while text not in self.shown[self._seen :]:
            assert time.monotonic() < deadline, f"{text!r} was never shown: {self.shown}"
            if select.select([self._ours], [], [], 0.1)[0]:
                self.shown += self._read()
        self._seen = self.shown.index(text, self._seen) + len(text)

    def _read(self) -> str:
        try:
            return os.read(self._ours, 65536).decode()
        except OSError as error:  # it has ended
            raise AssertionError(self.shown) from error

    def type(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def interrupt(self) -> None:
        """Ctrl-C, as the terminal sends it."""
        time.sleep(0.2)
        self._process.send_signal(signal.SIGINT)

    def end(self) -> int:
        """Its exit status."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if select.select([self._ours], [], [], 0.1)[0]:
                try:
                    self.shown += os.read(self._ours, 65536).decode()
                except OSError:
                    break
        return self._process.wait(10)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._ours)


@pytest.fixture
def terminal() -> Iterator[Callable[..., Terminal]]:
    opened: list[Terminal] = []

    def open_(*arguments: Any, **named: Any) -> Terminal:
        opened.append(Terminal(*arguments, **named))
        return opened[-1]

    yield open_
    for each in opened:
        each.close()


@pytest.mark.parametrize("way", ["Ctrl-C", "Ctrl-D"])
def test_prompt_that_is_left_ends_the_command_with_what_was_kept(
    force: Station, terminal: Callable[..., Terminal], way: str
) -> None:
    force.dock("0000000000000001", ("lid_open", 5), ("dose_mark", 4.99), ("lid_close", 4.9))
    asked = terminal(force, "openings", "explain", "P1")
    asked.until("collar number")
    asked.interrupt() if way == "Ctrl-C" else asked.type("\x04")
    assert asked.end() == (130 if way == "Ctrl-C" else 2)
    assert "Nothing was recorded." in asked.shown if way == "Ctrl-C" else "stays" in asked.shown
    assert "Traceback" not in asked.shown
    assert "Aborted" not in asked.shown
    assert force.store(lambda store: store.explanations()) == []


def test_no_is_no_interruption(force: Station, terminal: Callable[..., Terminal], tmp_path: Path) -> None:
    backup = tmp_path / "backup.db"
    force.run("db", "backup", str(backup))
    asked = terminal(force, "db", "restore", str(backup))
    asked.until("(yes/no) [no]")
    asked.type("perhaps\n")
    asked.until("Type yes or no.")
    asked.type("n\n")
    assert asked.end() == 1
    assert asked.shown.endswith("kitdock: Nothing was changed.\r\n")


DOCK = f"""
import asyncio
from host.cli import dock
class Supervision:
    def __init__(self, *_, **__):
        pass
    async def run(self):
        await asyncio.sleep(60)
dock.Supervision = Supervision
{RUN}
"""


@pytest.mark.parametrize("way", ["Ctrl-C", "Ctrl-D"])
def test_ctrl_c_in_a_question_leaves_the_question_and_not_the_dock(
    force: Station, terminal: Callable[..., Terminal], way: str
) -> None:
    at_dock = terminal(force, "dock", code=DOCK)
    at_dock.until("The dock is open")
    for opened in (5, 3):
        force.dock("0000000000000001", ("lid_open", opened), ("lid_close", opened - 0.1))
        at_dock.until("collar number")
        at_dock.interrupt() if way == "Ctrl-C" else at_dock.type("\x04")
        at_dock.until("Left for later")
    at_dock.interrupt()
    assert at_dock.end() == 0
    assert "Traceback" not in at_dock.shown
    assert at_dock.shown.endswith("The dock is closed.\r\n")
    with Store.open(force.db) as store:
        assert store.explanations() == []
        assert len(store.unexplained_openings()) == 2
