"""`kitdock service`: the unit comes and goes, under a folder of the test's and with a systemctl that only notes."""

import sys
from pathlib import Path

import pytest

from host import clock
from host.access import identity
from host.unit import systemd
from tests.cli.conftest import Station
from tests.station import Store

ME = identity.login()
STARTED = ["daemon-reload", "enable kitdock-dock.service", "restart kitdock-dock.service"]


class Computer:
    """A computer with systemd, of which a folder and what systemctl was asked for are kept."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.units = folder / "units"
        self.units.mkdir()
        self.unit = self.units / "kitdock-dock.service"
        self._asked = folder / "asked"
        self._systemctl = folder / "bin/systemctl"
        self._systemctl.parent.mkdir()
        self.answers("exit 0")
        monkeypatch.setenv("PATH", str(self._systemctl.parent))
        monkeypatch.setattr(systemd, "FOLDER", self.units)
        monkeypatch.setattr(systemd, "is_here", lambda: True)
        monkeypatch.setattr(systemd, "may_install", lambda: True)

    def answers(self, script: str) -> None:
        self._systemctl.write_text(f'#!/bin/sh\necho "$@" >> "{self._asked}"\n{script}\n')
        self._systemctl.chmod(0o755)

    def asked(self) -> list[str]:
        """What systemctl was asked for since the last time."""
        asked = self._asked.read_text().splitlines() if self._asked.exists() else []
        self._asked.unlink(missing_ok=True)
        return asked


@pytest.fixture
def computer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Computer:
    (tmp_path / "computer").mkdir()
    return Computer(tmp_path / "computer", monkeypatch)


def test_installing_writes_the_unit_and_starts_it(station: Station, computer: Computer) -> None:
    done = station.run("service", "install", "--adapter", "hci0", "--adapter", "usb:0")
    assert computer.asked() == STARTED
    text = computer.unit.read_text()
    assert f'--db" "{station.db.resolve()}" "--adapter" "hci0" "--adapter" "usb:0"' in text
    assert f"User={ME}\n" in text
    assert [each.name for each in computer.units.iterdir()] == ["kitdock-dock.service"]
    assert computer.unit.stat().st_mode & 0o777 == 0o644
    assert "`journalctl -u kitdock-dock`" in done.stdout
    assert "`systemctl status kitdock-dock`" in done.stdout


def test_no_name_and_no_key_is_in_it(station: Station, computer: Computer) -> None:
    text = station.run("service", "install", "--print").stdout
    with Store.open(station.db) as store:
        assert store.station.name not in text
        assert store.station.key_check not in text
        assert store.key_path.read_text().strip() not in text


def test_installing_again_leaves_it_running(station: Station, computer: Computer) -> None:
    station.run("service", "install")
    computer.asked()
    assert not station.json("service", "install")["changed"]
    assert computer.asked() == ["enable kitdock-dock.service", "start kitdock-dock.service"]
    assert station.json("service", "install", "--adapter", "hci1")["changed"]
    assert computer.asked() == STARTED


def test_uninstalling_is_the_way_back(station: Station, computer: Computer) -> None:
    station.run("service", "install")
    computer.asked()
    assert "no longer a service" in station.run("service", "uninstall").stdout
    assert computer.asked() == ["disable --now kitdock-dock.service", "daemon-reload"]
    assert list(computer.units.iterdir()) == []
    assert "There is no service to take away" in station.run("service", "uninstall").stdout
    assert computer.asked() == []


def test_printing_changes_nothing(station: Station, computer: Computer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(systemd, "may_install", lambda: False)
    monkeypatch.setattr(systemd, "is_here", lambda: False)
    printed = station.run("service", "install", "--print", "--user", "nobody-yet").stdout
    assert (list(computer.units.iterdir()), computer.asked()) == ([], [])
    monkeypatch.undo()
    assert printed.startswith("# ")
    assert "\nUser=nobody-yet\n" in printed


def test_who_is_not_root_reads_what_to_run(
    station: Station, computer: Computer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(systemd, "may_install", lambda: False)
    monkeypatch.setattr(systemd, "program", lambda: Path("/opt/my kit/bin/kitdock"))
    said = station.refused("service", "install", "--adapter", "hci0", "--adapter", "hci 1", "--user", "dock", status=1)
    command = "sudo '/opt/my kit/bin/kitdock' service install"
    assert f"`{command} --db {station.db.resolve()} --adapter hci0 --adapter 'hci 1' --user dock`" in said
    assert f"`{command} --db {station.db.resolve()}`" in station.refused("service", "install", status=1)
    assert "`sudo '/opt/my kit/bin/kitdock' service uninstall`" in station.refused("service", "uninstall", status=1)
    assert (list(computer.units.iterdir()), computer.asked()) == ([], [])


def test_a_login_without_a_role_is_named_before_anything_is_changed(
    station: Station, computer: Computer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identity, "is_known", lambda name: name in (ME, "dock"))
    before = len(station.json("audit", "list"))
    assert "no login 'nobody-yet'" in station.refused("service", "install", "--user", "nobody-yet", status=2)
    said = station.refused("service", "install", "--user", "dock", status=1)
    assert "Login dock has no role at this station" in said
    assert "`kitdock account grant dock officer`" in said
    assert (list(computer.units.iterdir()), computer.asked()) == ([], [])
    assert len(station.json("audit", "list")) == before, "nobody tried to come in"
    with Store.open(station.db) as store:
        store.grant("dock", "auditor", None, clock.now_ms())
    assert "has no role" in station.refused("service", "install", "--user", "dock", status=1)
    station.run("account", "grant", "dock", "officer")
    assert station.json("service", "install", "--user", "dock")["user"] == "dock"


def test_root_needs_no_role_of_its_own(station: Station, computer: Computer) -> None:
    done = station.run("service", "install", "--user", ME, login="somebody-else")
    assert "The dock is a service now" in done.stdout


def test_an_owner_without_a_name_is_no_login(
    station: Station, computer: Computer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(path: Path) -> str:
        raise KeyError(path)

    monkeypatch.setattr(Path, "owner", unknown)
    number = station.db.stat().st_uid
    assert f"This computer has no login '{number}'." in station.refused("service", "install", status=2)


def test_what_systemd_refuses_is_said(station: Station, computer: Computer, monkeypatch: pytest.MonkeyPatch) -> None:
    computer.answers('echo "Job for kitdock-dock.service failed." >&2; [ "$1" != restart ]')
    assert station.refused("service", "install", status=1) == (
        "The command `systemctl restart kitdock-dock.service` failed. It said: Job for kitdock-dock.service failed."
    )
    monkeypatch.setenv("PATH", "/nowhere")
    assert "systemctl is missing" in station.refused("service", "uninstall", status=1)
    assert computer.unit.exists()


def test_elsewhere_the_guide_says_what_to_use(
    station: Station, computer: Computer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(systemd, "is_here", lambda: False)
    for command in ("install", "uninstall"):
        assert "docs/service.md says what to use" in station.refused("service", command, status=1)
    monkeypatch.setattr(sys, "platform", "win32")
    assert "docs/service.md" in station.refused("service", "install", "--print", status=1)


def test_a_database_that_is_not_there_is_refused(station: Station, computer: Computer) -> None:
    station.refused("service", "install", "--db", str(station.db.with_name("none.db")), status=1)
    assert (list(computer.units.iterdir()), computer.asked()) == ([], [])
