"""The package as somebody gets it who has no checkout: from a wheel, in a clean environment, in an empty folder.

The wheel is built from a source archive, so that both are shown to be whole. Building and installing need a package
index: without one this is skipped, and says so; in CI it fails instead.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.e2e.test_flashing_guide import follow_the_recipe

REPOSITORY = Path(__file__).parents[2]
SOURCES = ("pyproject.toml", "README.md", "LICENSE", "host", "firmware")
pytestmark = [pytest.mark.exhaustive, pytest.mark.timeout(900)]


class Installed(NamedTuple):
    """A virtual environment's programs, an empty folder, and an environment that names nothing of the checkout."""

    programs: Path
    folder: Path
    environment: dict[str, str]

    def run(self, *words: str | Path) -> subprocess.CompletedProcess[str]:
        """What the environment's program does in the empty folder."""
        return done(self.programs / words[0], *words[1:], cwd=self.folder, environment=self.environment)


def done(*words: str | Path, cwd: Path, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        words, cwd=cwd, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )


def demand_an_index(folder: Path) -> None:
    """Skip if pip reaches no index; in CI fail."""
    pip = done(
        sys.executable, "-m", "pip", "download", "--no-deps", "--dest", folder / "index", "setuptools", cwd=folder
    )
    if pip.returncode:
        why = f"pip reaches no package index: {pip.stderr.strip().splitlines()[-1]}"
        assert "CI" not in os.environ, why
        pytest.skip(why)


@pytest.fixture
def installed(tmp_path: Path) -> Installed:
    folder = tmp_path
    demand_an_index(folder)
    source = folder / "source"
    source.mkdir()
    left_out = shutil.ignore_patterns("__pycache__", "node_modules", "*.egg-info")
    for name in SOURCES:
        of_checkout = REPOSITORY / name
        if of_checkout.is_dir():
            shutil.copytree(of_checkout, source / name, ignore=left_out)
        else:
            shutil.copy(of_checkout, source)
    builder, programs = folder / "builder", folder / "clean" / "bin"
    steps: list[tuple[str | Path, ...]] = [
        (sys.executable, "-m", "venv", builder),
        (builder / "bin/pip", "install", "--quiet", "setuptools>=77"),
        (builder / "bin/python", "-c", "from setuptools.build_meta import build_sdist as b; b('../archive')"),
        (builder / "bin/pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, "ARCHIVE"),
        (sys.executable, "-m", "venv", folder / "clean"),
        (programs / "pip", "install", "--quiet", "--constraint", REPOSITORY / "constraints.txt", "WHEEL[flash,sim]"),
    ]
    for step in steps:
        archive, wheel = next(folder.glob("archive/*.tar.gz"), None), next(folder.glob("*.whl"), None)
        words = [str(word).replace("ARCHIVE", str(archive)).replace("WHEEL", str(wheel)) for word in step]
        made = done(*words, cwd=source)
        assert made.returncode == 0, f"{words}: {made.stderr}"
    empty = folder / "empty"
    empty.mkdir()
    named = {name: value for name, value in os.environ.items() if not name.startswith(("KITDOCK", "PYTHON", "VIRTUAL"))}
    return Installed(programs, empty, named | {"XDG_CACHE_HOME": str(folder / "cache"), "HOME": str(folder / "home")})


def test_a_wheel_alone_flashes_provisions_docks_and_plays_the_demo(installed: Installed) -> None:
    nothing_of_the_checkout_is_used(installed)
    has_the_firmware_of_the_checkout(installed)
    follow_the_recipe(installed.programs, installed.folder, installed.folder, installed.environment)
    steps = installed.run("kitdock", "tag", "bench", "--list", "--only", "F")
    assert (steps.returncode, "F14" in steps.stdout) == (0, True), steps.stderr
    played = installed.run("kitdock", "demo", "--batch", "--db", "demo.db")
    assert played.returncode == 0, played.stderr
    assert "The database is demo.db" in played.stdout
    assert (installed.folder / "demo.db").exists()


def nothing_of_the_checkout_is_used(installed: Installed) -> None:
    code = "import sys, host, kitwire, host.flash.application as a; print(host.__file__, a.FIRMWARE, *sys.path)"
    told = installed.run("python", "-c", code)
    assert told.returncode == 0, told.stderr
    module, firmware, *_ = told.stdout.split()
    assert Path(module).is_relative_to(installed.programs.parent)
    assert Path(firmware).is_relative_to(installed.programs.parent)
    assert not [path for path in told.stdout.split() if Path(path).is_relative_to(REPOSITORY)]


def has_the_firmware_of_the_checkout(installed: Installed) -> None:
    code = "from host.flash import application as a; print(*(f'{p} {len(c)}' for p, c in a.build(a.FIRMWARE).items()))"
    here, there = done(sys.executable, "-c", code, cwd=REPOSITORY), installed.run("python", "-c", code)
    assert there.stdout == here.stdout != ""
