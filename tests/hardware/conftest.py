"""Tools that a machine may not have, and solids that are made once.

Tests that need a tool skip and say so where it is missing. `make hardware` installs them all.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import trimesh

from hardware.checks import kicad, solids
from hardware.errors import MissingTool, tool
from hardware.making import printing
from tests.hardware import damage

STL = damage.HARDWARE.parent / "build" / "hardware" / "enclosure"


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


@pytest.fixture(scope="session")
def stl() -> dict[str, Path]:
    """All parts of both builds; made again only when their sources have changed."""
    return printing.build(STL)


@pytest.fixture(scope="session")
def body(stl: dict[str, Path]) -> trimesh.Trimesh:
    return solids.load(stl["body-board"])
