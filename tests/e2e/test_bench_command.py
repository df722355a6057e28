"""`kitdock tag bench` as a person has it: at a terminal of 80 columns, with mistakes, stopped and gone on with."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from host.bench import procedure
from host.bench.report import BenchReport
from tests.e2e.terminal import KITDOCK, Terminal

pytestmark = pytest.mark.timeout(300)


class Simulator:
    """`python -m host.sim`: one board that has the firmware and no keys, and what is done to it."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "host.sim"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self.adapter = self._process.stdout.readline().split()[-1]
        self.port = self._process.stdout.readline().split()[-1]

    def do(self, command: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{command} 1\n")
        self._process.stdin.flush()

    def close(self) -> None:
        self._process.communicate(timeout=20)


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    running = Simulator()
    try:
        yield running
    finally:
        running.close()


def sees(terminal: Terminal, text: str, seconds: float = 40) -> None:
    assert terminal.until(text, seconds), terminal.shown[-2000:]


def connected(terminal: Terminal, simulator: Simulator) -> None:
    """Do as the command says before the first step, after a mistake."""
    sees(terminal, "-> Connect D3 to 3V3 and D2 to GND")
    terminal.type("what?\n")
    sees(terminal, "Press Enter on its own, or one of the keys.")
    terminal.type("\n")
    sees(terminal, "reads no power at DOCK_SENSE")
    simulator.do("dock")
    sees(terminal, "Press Enter when that is done")
    terminal.type("\n")


def lid_by_hand(terminal: Terminal, simulator: Simulator) -> None:
    sees(terminal, "-> Move the wire at D2 from GND to 3V3.")
    terminal.type("?\n")
    sees(terminal, "Expected: reason ext1, pin 2; the pin then reads 1.")
    simulator.do("open")
    terminal.type("\n")
    sees(terminal, "-> Move the wire at D2 back to GND.")
    simulator.do("close")
    terminal.type("\n")
    sees(terminal, "passed: slept ")


def test_a_run_is_stopped_and_gone_on_with(tmp_path: Path, simulator: Simulator) -> None:
    report = tmp_path / "report.json"
    command = ("tag", "bench", "--port", simulator.port)
    terminal = Terminal(*command, "--only", "F1,F8,U1", "--report", "report.json", folder=tmp_path)
    try:
        sees(terminal, "What have you got?")
        most = len(procedure.instruments())
        terminal.type(f"{most + 1}\n")
        sees(terminal, f"There is no number {most + 1}. The numbers go from 1 to {most}.")
        terminal.type("1\n")
        connected(terminal, simulator)
        sees(terminal, "passed: JS with Emscripten, MicroPython 1.29.0, chip revision 0.2")
        sees(terminal, "-> Move the wire at D2 from GND to 3V3.")
        terminal.type("q\n")
        assert terminal.until(None, 60)
    finally:
        status = terminal.status()
    assert status == 0, "nothing has failed"
    assert f"`kitdock tag bench --port {simulator.port} --resume report.json`" in terminal.shown
    assert [each["id"] for each in json.loads(report.read_text())["steps"]] == ["F1"]

    terminal = Terminal(*command, "--resume", "report.json", "--only", "F8,U1", folder=tmp_path)
    try:
        sees(terminal, "-> Connect D3")
        terminal.type("s\n")  # it is connected already
        lid_by_hand(terminal, simulator)
        sees(terminal, "Times that it worked, of twenty")
        terminal.type("some\n")
        sees(terminal, "I can't read 'some' as a number. Type it like 17 times.")
        terminal.type("19\n")
        sees(terminal, "19 does not pass. If you mistyped it, type it again. Press Enter to keep it.")
        terminal.type("\n")
        sees(terminal, "FAILED: times that it worked, of twenty: 19 times (passes: 20 times)")
        terminal.type("r\n")
        sees(terminal, "Times that it worked, of twenty")
        terminal.type("18\n")
        sees(terminal, "Press Enter to keep it.")
        terminal.type("\n")
        sees(terminal, "Enter: go on, r: repeat this step")
        terminal.type("\n")
        assert terminal.until(None, 60)
    finally:
        status = terminal.status()
    assert status == 1, "a step has failed"
    assert "Traceback" not in terminal.shown
    lines = re.sub("\x1b\\[[0-9;]*m", "", terminal.shown).replace("): ", "):\n").splitlines()
    assert [line for line in lines if len(line) > 80] == []
    steps = {each["id"]: each for each in json.loads(report.read_text())["steps"]}
    assert {id: each["status"] for id, each in steps.items()} == {"F1": "passed", "F8": "passed", "U1": "failed"}
    assert (steps["U1"]["tries"], steps["U1"]["found"]) == (2, {"times that it worked, of twenty": 18.0})


def test_ctrl_c_keeps_what_there_is(tmp_path: Path, simulator: Simulator) -> None:
    report = tmp_path / "report.json"
    simulator.do("dock")
    command = ("tag", "bench", "--port", simulator.port, "--have", "wires", "--only", "F3,F6", "--report", report)
    terminal = Terminal(*command)
    try:
        sees(terminal, "-> Connect D3")
        terminal.type("\n")
        sees(terminal, "20 s of deep sleep")
        terminal.interrupt()
        assert terminal.until(None, 60)
    finally:
        status = terminal.status()
    assert status == 1
    assert "Traceback" not in terminal.shown
    assert "The report is" in terminal.shown
    assert [each["id"] for each in json.loads(report.read_text())["steps"]] == ["F3"]


def test_with_nobody_there_it_does_what_it_can(tmp_path: Path, simulator: Simulator) -> None:
    simulator.do("dock")
    report = tmp_path / "report.json"
    command: list[str | Path] = [KITDOCK, "tag", "bench", "--port", simulator.port, "--only", "F1,F8,U1"]

    def run(*more: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*command, *more], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, cwd=tmp_path
        )

    done = run("--report", report, "--format", "json")
    assert done.returncode == 0, done.stderr
    first, *_, usb, total = json.loads(done.stdout)
    assert (first["section"], first["passed"], first["failed"]) == ("The first board", 1, 0)
    assert (usb["passed"], total["passed"], total["failed"]) == (0, 1, 0)
    said = {each["id"]: (each["status"], each["said"]) for each in json.loads(report.read_text())["steps"]}
    assert said["F8"] == ("not done", "needs wires")
    assert said["U1"] == ("not done", "there is nobody to ask")
    again = run("--report", report)
    assert (again.returncode, again.stdout) == (2, "")
    assert "exists already. Go on with it by --resume" in again.stderr
    for wrong, why in (
        (("--have", "hammer"), "There is no instrument 'hammer'"),
        (("--only", "Z9"), "There is no step Z9"),
        (("--report", "a", "--resume", "b"), "Give --report or --resume, not both."),
        (("--resume", "none.json"), "Report none.json can't be read"),
    ):
        refused = run(*wrong)
        assert refused.returncode == 2, wrong
        assert why in refused.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]


def test_without_a_port_it_says_what_is_missing(tmp_path: Path) -> None:
    done = subprocess.run([KITDOCK, "tag", "bench"], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 2
    assert "Name the board's serial port with --port PORT" in done.stderr
    absent = [KITDOCK, "tag", "bench", "--port", "/dev/none", "--have", ""]
    done = subprocess.run(absent, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 4
    assert "no serial port /dev/none" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_what_has_a_verdict_is_not_done_again(tmp_path: Path) -> None:
    """All that needs the board is settled, so that not even its port has to be named."""
    report = BenchReport.begin(tmp_path / "report.json", "0", ())
    for step in procedure.steps():
        if step.does:
            report.record(step.id, "passed", "")
    command = [KITDOCK, "tag", "bench", "--resume", report.path]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    again = BenchReport.resume(report.path).results
    assert again["F1"] == report.results["F1"]
    assert (again["U4"].status, again["C1"].said) == ("not done", "needs tag, pa")
