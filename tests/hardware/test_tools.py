"""tools.sh, on machines that differ: what is missing is named, and what cannot be installed stops `make hardware`.

Each program that it runs is a stand-in; apt-get notes what it was asked to do.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from hardware.checks import kicad
from tests.hardware import damage

TOOLS = damage.HARDWARE / "tools.sh"
SYSTEM = ("bash", "cp", "cut", "dirname", "grep", "mkdir", "mktemp", "mv", "rm", "sed", "sort", "tail", "tar", "wc")
PROGRAMS = dict.fromkeys(("ngspice", "openscad", "dot", "pdftoppm", "xvfb-run"), "") | {"kicad-cli": "echo 9.0.8"}
SHAPES = "/usr/share/kicad/nowhere"
"""In place of the folder of KiCad's own shapes, which this machine may have."""
APT = {
    "apt-get": """echo "$*" >>"$CALLED"
case "$*" in
*indextargets*) echo 'mirror://debian bookworm' ;;
*download*) : >kicad-packages3d.deb ;;
esac""",
    "apt-cache": "echo '  Candidate: 6.0.10-1'",
    "dpkg-deb": 'tar -c -C "$PACKAGE" ./usr',
}


class Machine:
    """A folder with a copy of tools.sh and the board, and the programs that are on it."""

    def __init__(self, folder: Path, programs: dict[str, str], root: bool = False, system: str = "debian") -> None:
        self.folder = folder
        self.bin = folder / "bin"
        for path in (self.bin, folder / "hardware" / "board"):
            path.mkdir(parents=True)
        shutil.copy(damage.BOARD, folder / "hardware" / "board")
        (folder / "os-release").write_text(f"ID={system}\nVERSION_CODENAME=bookworm\n")
        text = TOOLS.read_text()
        for old, new in (("/etc/os-release", str(folder / "os-release")), ("/usr/share/kicad/3dmodels", SHAPES)):
            assert old in text
            text = text.replace(old, new)
        (folder / "hardware" / "tools.sh").write_text(text)
        for name in SYSTEM:
            (self.bin / name).symlink_to(shutil.which(name) or "")
        for name, does in ({"id": f"echo {0 if root else 1000}"} | programs).items():
            (self.bin / name).write_text(f"#!{shutil.which('bash')}\n{does}\n")
            (self.bin / name).chmod(0o755)

    def run(self, status: int = 0) -> str:
        """Run tools.sh, which must end with `status`; what it said."""
        (self.folder / "tmp").mkdir(exist_ok=True)
        variables = {"PATH": self.bin, "CALLED": self.folder / "called", "PACKAGE": self.folder / "package"}
        variables |= {"TMPDIR": self.folder / "tmp"}
        done = subprocess.run(
            [shutil.which("bash") or "", "hardware/tools.sh"],
            cwd=self.folder,
            env={name: str(value) for name, value in variables.items()},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (status, "")
        assert list((self.folder / "tmp").iterdir()) == []
        return done.stdout

    @property
    def called(self) -> str:
        """What apt-get was asked to do."""
        return (self.folder / "called").read_text()


WANTED = sorted(set(re.findall(r'KICAD9_3DMODEL_DIR\}/([^"]+)"', damage.BOARD.read_text())))
"""The shapes of the board's parts."""


def put_shapes(folder: Path) -> None:
    """Put every shape that the board wants into `folder`."""
    for name in WANTED:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


@pytest.mark.parametrize(("root", "system"), [(False, "debian"), (True, "ubuntu")], ids=["not root", "not Debian"])
def test_what_is_missing_is_named_where_nothing_can_be_installed(root: bool, system: str, tmp_path: Path) -> None:
    machine = Machine(tmp_path, APT, root, system)
    assert machine.run().startswith("Missing: kicad-cli ngspice openscad dot pdftoppm xvfb-run. On Debian, as root: ")
    assert not (tmp_path / "called").exists()


def test_a_kicad_too_old_for_the_board_is_missing(tmp_path: Path) -> None:
    machine = Machine(tmp_path, PROGRAMS | {"kicad-cli": "echo 8.0.9"})
    assert machine.run().startswith(f"Missing: kicad-cli({kicad.OLDEST}+). ")


def test_debian_12_installs_kicad_from_its_backports(tmp_path: Path) -> None:
    machine = Machine(tmp_path, APT, root=True)
    put_shapes(tmp_path / "build" / "hardware" / "3dmodels")
    assert machine.run() == "Installing kicad-cli ngspice openscad dot pdftoppm xvfb-run (about 1 GB, once) ...\n"
    assert re.search(r"install .* kicad/bookworm-backports .* ngspice ", machine.called)


def test_a_debian_with_a_recent_kicad_needs_no_backports(tmp_path: Path) -> None:
    machine = Machine(tmp_path, APT | {"apt-cache": "echo '  Candidate: 9.0.2+dfsg-1'"}, root=True)
    put_shapes(tmp_path / "build" / "hardware" / "3dmodels")
    machine.run()
    assert re.search(r"install .* kicad kicad-symbols ", machine.called)


def test_without_a_network_it_says_why_and_fails(tmp_path: Path) -> None:
    machine = Machine(tmp_path, APT | {"apt-get": "echo 'E: Could not resolve host'; exit 100"}, root=True)
    told = machine.run(status=1).splitlines()
    assert told[1:] == [
        "E: Could not resolve host",
        "Could not install kicad-cli ngspice openscad dot pdftoppm xvfb-run: see build/hardware/tools.log. "
        "To check what can be checked without: .venv/bin/python -m hardware",
    ]


LOCKED = """case "$*" in
*" update") echo >>"$CALLED.updates"
if [ "$(wc -l <"$CALLED.updates")" -le TIMES ]
then echo 'E: Could not get lock /var/lib/apt/lists/lock'; exit 100; fi ;;
esac
"""
"""An apt-get whose lists are held by another one, so many TIMES."""


def test_it_waits_for_another_apt_to_end(tmp_path: Path) -> None:
    held = {"apt-get": LOCKED.replace("TIMES", "3") + APT["apt-get"], "sleep": 'echo "slept $1" >>"$CALLED"'}
    machine = Machine(tmp_path, APT | held, root=True)
    put_shapes(tmp_path / "build" / "hardware" / "3dmodels")
    assert machine.run().startswith("Installing ")
    assert machine.called.count("slept 5") == 3
    assert "DPkg::Lock::Timeout=600" in machine.called, "apt itself waits for dpkg's"


def test_it_fails_if_another_apt_does_not_end(tmp_path: Path) -> None:
    held = {"apt-get": LOCKED.replace("TIMES", "1000"), "sleep": ":"}
    told = Machine(tmp_path, APT | held, root=True).run(status=1)
    assert "E: Could not get lock /var/lib/apt/lists/lock" in told
    assert (tmp_path / "called.updates").read_text().count("\n") == 121, "ten minutes of tries"


def test_shapes_of_parts_are_fetched_once_to_where_kicad_is_told_to_look(tmp_path: Path) -> None:
    machine = Machine(tmp_path, PROGRAMS | APT, root=True)
    put_shapes(tmp_path / "package" / SHAPES.removeprefix("/"))
    assert machine.run() == f"Fetching the shapes of {len(WANTED)} parts (330 MB, once) ...\n"
    assert "download kicad-packages3d/bookworm-backports" in machine.called
    there = tmp_path / kicad.SHAPES.relative_to(damage.HARDWARE.parent)
    assert sorted(str(path.relative_to(there)) for path in there.rglob("*.step")) == WANTED
    assert machine.run() == ""


def test_shapes_that_cannot_be_fetched_are_told(tmp_path: Path) -> None:
    machine = Machine(tmp_path, PROGRAMS | APT | {"apt-get": "echo 'E: Could not resolve host'; exit 100"}, root=True)
    assert machine.run(status=1).splitlines()[1:] == [
        "E: Could not resolve host",
        "Could not fetch the shapes of parts: see build/hardware/tools.log",
    ]
    (tmp_path / "bin" / "id").write_text(f"#!{shutil.which('bash')}\necho 1000\n")
    assert machine.run() == "The shapes of parts for the board's pictures are missing: install kicad-packages3d\n"
