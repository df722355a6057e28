"""Tools that a machine may not have: the tests that need one skip and say so. `make hardware` installs them all."""

import pytest

from hardware.checks import kicad
from hardware.errors import MissingTool, tool


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for name, present in (("ngspice", _ngspice), ("openscad", _openscad), ("kicad", kicad.version)):
        marked = [item for item in items if item.get_closest_marker(f"needs_{name}")]
        if marked:
            try:
                present()
            except MissingTool as missing:
                for item in marked:
                    item.add_marker(pytest.mark.skip(reason=str(missing)))


def _ngspice() -> None:
    tool("ngspice")


def _openscad() -> None:
    tool("openscad")
