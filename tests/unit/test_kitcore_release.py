"""The firmware says the version that the project has."""

import runpy
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def test_firmware_and_project_have_one_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    firmware = runpy.run_path(str(ROOT / "firmware" / "version.py"))
    assert project.split(".")[:2] == [str(firmware["MAJOR"]), str(firmware["MINOR"])]


def test_manifest_names_every_file_of_the_firmware() -> None:
    manifest = (ROOT / "firmware" / "manifest.py").read_text()
    modules = {path.stem for path in (ROOT / "firmware").glob("*.py")} - {"manifest"}
    named = {line.strip(' ",') for line in manifest.splitlines() if line.startswith('    "')}
    assert named == modules
