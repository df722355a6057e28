"""What is installed: every package of the host, and the wire protocol."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_every_package_is_installed() -> None:
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    there = {path.parent for path in (ROOT / "host").rglob("__init__.py") if "node_modules" not in path.parts}
    assert set(listed) == {"kitwire"} | {".".join(path.relative_to(ROOT).parts) for path in there}
