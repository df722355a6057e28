"""`make hardware`: what it says, and what its status is."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from hardware import __main__ as command
from hardware import steps
from hardware.checks import Result, dock
from hardware.errors import HardwareError, MissingTool
from hardware.making import gallery
from tests.hardware import damage


def test_every_step_is_told_in_the_readme_and_no_other() -> None:
    table = (damage.HARDWARE / "README.md").read_text().split("| step |")[1].split("\n\n")[0]
    told = [
        name for cell in re.findall(r"^\| (`[^|]*) \|", table, re.MULTILINE) for name in re.findall(r"`(\w+)`", cell)
    ]
    assert told == list(steps.STEPS)


def test_the_committed_pictures_show_what_is_so() -> None:
    assert gallery.check(steps.shown()).faults == []


def test_every_picture_is_shown_by_a_document() -> None:
    shown = {
        name
        for path in damage.HARDWARE.rglob("*.md")
        for name in re.findall(r"pictures/([\w-]+\.png)", path.read_text())
    }
    assert shown == set(steps.shown())


def test_a_fault_is_told_with_its_step_and_ends_with_1(capsys: pytest.CaptureFixture[str]) -> None:
    status = command.run(
        {
            "circuit": lambda: Result(["no R between EN and +3V3"], {"rules": "3 rules"}),
            "drc": lambda: Result(),
        }
    )
    told = capsys.readouterr().out
    assert status == 1
    assert "FAULTY   circuit" in told
    assert "no R between EN and +3V3" in told
    assert "1 of 2 steps passed" in told
    assert "FAULTY: circuit" in told


@pytest.mark.parametrize(("where", "status"), [("", 0), ("true", 1)], ids=["on a desk", "in CI"])
def test_what_is_missing_is_skipped_and_named_and_a_fault_in_ci_alone(
    where: str, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def without_kicad() -> Result:
        raise MissingTool("kicad-cli is not installed")

    monkeypatch.setenv("CI", where)
    assert command.run({"drc": without_kicad, "pins": lambda: Result()}) == status
    told = capsys.readouterr().out
    assert "skipped  drc: kicad-cli is not installed" in told
    assert "SKIPPED, not checked: drc" in told
    assert ("In CI every step must be taken." in told) == bool(status)


def test_in_ci_nothing_skipped_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    assert command.run({"pins": lambda: Result()}) == 0


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (HardwareError("wiring.yml cannot be read:\n  line 5"), "wiring.yml cannot be read: line 5"),
        (PermissionError(30, "Read-only file system", "erc.json"), "Read-only file system: 'erc.json'"),
        (subprocess.TimeoutExpired("openscad", 300), "'openscad' timed out after 300 seconds"),
    ],
)
def test_a_step_that_cannot_be_taken_is_faulty_and_the_others_are_taken(
    error: Exception, fault: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken() -> Result:
        raise error

    assert command.run({"circuit": broken, "pins": lambda: Result()}) == 1
    told = capsys.readouterr().out
    assert "FAULTY   circuit" in told
    assert fault in told
    assert "passed   pins" in told


def test_an_interrupted_run_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted() -> Result:
        raise KeyboardInterrupt

    monkeypatch.setattr(sys, "argv", ["hardware"])
    monkeypatch.setattr(command, "STEPS", {"pins": interrupted})
    assert command.main() == 130
    assert "interrupted" in capsys.readouterr().err


def test_a_parts_list_that_is_not_the_wiring_s_is_told_and_written_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "HARDWARE", tmp_path)
    for module, folder in ((steps, "xiao"), (dock, "dock")):
        copy = shutil.copytree(damage.HARDWARE / folder, tmp_path / folder) / module.WIRING.name
        monkeypatch.setattr(module, "WIRING", copy)
    (tmp_path / "xiao" / "bom.csv").write_text("Reference,Quantity\n")
    (tmp_path / "dock" / "bom.csv").unlink()
    assert steps.STEPS["parts"]().faults == [
        "xiao/bom.csv was not what wiring.yml gives; it has been written anew, look at it",
        "dock/bom.csv was not what wiring.yml gives; it has been written anew, look at it",
    ]
    assert steps.STEPS["parts"]().faults == []


@pytest.mark.needs_kicad
def test_what_the_maker_gets_is_checked_and_packed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "BUILD", tmp_path)
    result = steps.STEPS["fabrication"]()
    assert result.faults == []
    assert set(result.figures) == {"gerbers, gerbers", "positions, positions", "BOM, lines"}
    with zipfile.ZipFile(tmp_path / "board" / "gerbers.zip") as packed:
        kinds = {Path(name).suffix for name in packed.namelist()}
    assert {".gtl", ".gbl", ".gts", ".gbs", ".gm1", ".drl"} <= kinds


def test_a_name_that_is_no_step_s_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["hardware", "drill"])
    assert command.main() == 2
    assert "no step is called 'drill'; there are: pins, circuit" in capsys.readouterr().err


def test_faults_of_several_builds_say_whose_they_are() -> None:
    found = steps.merged({"board": Result(["no U3"], {"rules": "30"}), "xiao": Result([], {"rules": "13"})})
    assert found == Result(["board: no U3"], {"board, rules": "30", "xiao, rules": "13"})
