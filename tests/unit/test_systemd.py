"""The unit of the dock's service: what it says, and that systemd itself takes it."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from host.errors import InputError
from host.unit import systemd
from host.unit.systemd import DockUnit, quoted
from tests.refusals import refused

PLAIN = DockUnit(Path("/opt/kitdock/bin/kitdock"), Path("/var/lib/kitdock/station.db"), ("hci0", "hci1"), "kitdock")
PROGRAMS = ["plain", "with spaces", "100% sure", "%h %n %%", "$HOME", "Köln"]
NOT_OF_PROGRAMS = ['a "quoted" one', "it's", "back\\slash"]
NAMES = [*PROGRAMS, *NOT_OF_PROGRAMS]


def lines(unit: DockUnit) -> list[str]:
    return unit.text("Kitdock dock", "about").splitlines()


def value(unit: DockUnit, key: str) -> str:
    (found,) = (each.removeprefix(f"{key}=") for each in lines(unit) if each.startswith(f"{key}="))
    return found


def test_it_starts_the_dock_and_asks_nothing() -> None:
    assert value(PLAIN, "ExecStart") == (
        '"/opt/kitdock/bin/kitdock" "dock" "--no-prompt" "--db" "/var/lib/kitdock/station.db"'
        ' "--adapter" "hci0" "--adapter" "hci1"'
    )
    assert value(PLAIN, "User") == "kitdock"
    assert value(PLAIN, "ReadWritePaths") == '"/var/lib/kitdock"'


@pytest.mark.parametrize(
    "line",
    [
        *("Type=notify", "NotifyAccess=main", "WatchdogSec=30", "Restart=always", "RestartSec=5"),
        *("StartLimitIntervalSec=0", "After=bluetooth.service time-sync.target", "WantedBy=multi-user.target"),
        *("NoNewPrivileges=yes", "ProtectSystem=strict", "PrivateTmp=yes"),
    ],
)
def test_it_is_watched_started_again_for_ever_and_shut_in(line: str) -> None:
    assert line in lines(PLAIN)


def test_bluez_is_not_started_for_dongles_that_it_would_take_away() -> None:
    assert value(PLAIN._replace(adapters=("usb:0",)), "Wants") == "time-sync.target"
    for adapters in ((), ("hci1",), ("usb:0", "hci1")):
        assert value(PLAIN._replace(adapters=adapters), "Wants") == "bluetooth.service time-sync.target"


def test_a_name_that_no_unit_can_hold_is_refused() -> None:
    for name in ("new\nline", "tab\t", "\udcff"):
        with refused("unit.unwritable_name", InputError, name=name):
            quoted(name)


@pytest.mark.parametrize("name", NOT_OF_PROGRAMS)
def test_a_program_that_systemd_would_not_start_is_refused(name: str) -> None:
    program = Path("/opt") / name / "kitdock"
    with refused("unit.unwritable_name", InputError, name=str(program)):
        lines(PLAIN._replace(program=program))


def read_back(text: str) -> list[str]:
    """The words of a line as systemd.syntax(7) reads them: quotes, backslashes, specifiers, then variables."""
    words = re.findall(r'"((?:[^"\\]|\\.)*)"', text)
    plain = [re.sub(r"\\(.)", r"\1", word) for word in words]
    assert not [word for word in plain if re.search(r"%(?!%)", word.replace("%%", ""))], "a specifier is left"
    return [word.replace("%%", "%") for word in plain]


@pytest.mark.parametrize("name", NAMES)
def test_names_with_signs_come_back_as_they_were(name: str) -> None:
    program = PLAIN.program if name in NOT_OF_PROGRAMS else Path("/opt") / name / "kitdock"
    unit = DockUnit(program, Path("/srv") / name / "a.db", (name,), "me")
    first, *arguments = read_back(value(unit, "ExecStart"))
    assert first == str(program)
    assert not [each for each in arguments if "$" in each.replace("$$", "")], "a variable is left"
    assert [each.replace("$$", "$") for each in arguments][-3:] == [str(unit.database), "--adapter", name]
    assert read_back(value(unit, "ReadWritePaths")) == [str(unit.database.parent)]


def verified(folder: Path, text: str) -> tuple[int, str]:
    """The exit status of `systemd-analyze verify`, and what it says of the unit."""
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("there is no systemd-analyze here")
    path = folder / systemd.NAME
    path.write_text(text, encoding="utf-8")
    done = subprocess.run([analyze, "verify", str(path)], capture_output=True, text=True, check=False)
    return done.returncode, "".join(each for each in done.stderr.splitlines(True) if systemd.NAME in each)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("adapters", [(), ("hci0", "usb:0")], ids=str)
def test_systemd_takes_it_and_finds_the_program(tmp_path: Path, name: str, adapters: tuple[str, ...]) -> None:
    program = tmp_path / (name if name in PROGRAMS else "plain") / "kitdock"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    unit = DockUnit(program, tmp_path / name / "station.db", adapters, "root")
    assert verified(tmp_path, unit.text("Kitdock dock", "about")) == (0, "")


def test_systemd_would_say_what_is_wrong(tmp_path: Path) -> None:
    missing = PLAIN._replace(program=tmp_path / "kitdock")
    status, said = verified(tmp_path, missing.text("Kitdock dock", "about"))
    assert status == 1
    assert "is not executable: No such file or directory" in said
    _, said = verified(tmp_path, missing.text("Kitdock dock", "about").replace("WatchdogSec=30", "WatchdogSec=often"))
    assert "Failed to parse sec value, ignoring: often" in said


def test_the_program_is_the_one_that_was_typed_or_else_that_of_this_installation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "kitdock")])
    scripts = tmp_path / "scripts"
    monkeypatch.setattr("sysconfig.get_path", lambda _: str(scripts))
    with refused("unit.no_program"):
        systemd.program()
    scripts.mkdir()
    (scripts / "kitdock").touch()
    assert systemd.program() == scripts / "kitdock"
    (tmp_path / "kitdock").touch()
    assert systemd.program() == tmp_path / "kitdock"


def test_it_is_for_linux_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not systemd.is_here()
