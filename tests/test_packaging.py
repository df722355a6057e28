"""What is installed: every package of the host, the wire protocol, the firmware, and each file that is no Python.

And what is run before a commit: the same as `make lint`.
"""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
SETUPTOOLS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
FIRMWARE = "host.flash.firmware"
"""The package that the firmware's folder becomes."""


def kept(path: Path) -> bool:
    return not {"node_modules", "__pycache__"} & set(path.parts)


def packages_below(folder: Path) -> set[str]:
    """The folders with Python in or below `folder`, as packages relative to it; "" is the folder itself."""
    found = {path.parent.relative_to(folder) for path in folder.rglob("*.py") if kept(path)}
    return {".".join(path.parts) for path in found}


def test_every_package_is_installed() -> None:
    there = {path.parent for path in (ROOT / "host").rglob("__init__.py") if kept(path)}
    of_host = {".".join(path.relative_to(ROOT).parts) for path in there}
    of_firmware = {f"{FIRMWARE}.{name}".rstrip(".") for name in packages_below(ROOT / "firmware")}
    assert f"{FIRMWARE}.lib.kitcore" in of_firmware
    assert set(SETUPTOOLS["packages"]) == {"kitwire"} | of_host | of_firmware
    assert SETUPTOOLS["package-dir"][FIRMWARE] == "firmware"


def test_every_file_of_the_host_is_installed() -> None:
    installed: set[Path] = set()
    for package, patterns in SETUPTOOLS["package-data"].items():
        folder = ROOT / SETUPTOOLS["package-dir"].get(package, Path(*package.split(".")))
        for pattern in patterns:
            found = set(folder.glob(pattern))
            assert found, f"{package} has no {pattern}"
            installed |= found
    assert ROOT / "firmware/partitions.csv" in installed
    assert {ROOT / "host/py.typed", ROOT / "firmware/lib/kitwire/py.typed"} <= installed
    of_host = [path for path in (ROOT / "host").rglob("*") if path.is_file() and kept(path)]
    assert [path for path in of_host if path.suffix != ".py" and path not in installed] == []


def test_what_runs_before_a_commit_is_what_lint_runs() -> None:
    makefile, hooks = ((ROOT / name).read_text() for name in ("Makefile", ".pre-commit-config.yaml"))
    recipe = re.search(r"^lint:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
    assert recipe
    linted = re.findall(r"^\t@(.+)$", recipe[1].replace("$(BIN)", ".venv/bin"), re.MULTILINE)
    assert re.findall(r"^ +entry: (.+)$", hooks, re.MULTILINE) == linted
    assert set(re.findall(r"^ +language: (.+)$", hooks, re.MULTILINE)) == {"system"}
    assert set(re.findall(r"^ +-? ?repo: (.+)$", hooks, re.MULTILINE)) == {"local"}
