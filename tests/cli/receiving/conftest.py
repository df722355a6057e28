"""A station in June that knows one product, and somebody at its terminal."""

from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest

from tests.cli.conftest import Station
from tests.cli.receiving.shelf import GTIN, NOW_MS, PRODUCT, copied


@pytest.fixture(autouse=True)
def june() -> Iterator[None]:
    """The first of June 2026, each reading of the clock a millisecond later."""
    ticks = iter(range(NOW_MS, NOW_MS + 10_000_000))
    with patch("host.clock.now_ms", lambda: next(ticks)):
        yield


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A station with a product, to be copied: making one takes longer than a test."""
    made = Station(tmp_path_factory.mktemp("template") / "station.db")
    with patch("host.clock.now_ms", lambda: NOW_MS - 1000):
        made.run("init", "--name", "North", "--time-zone", "Europe/London")
        made.run("product", "add", PRODUCT, "--gtin", GTIN)
    return made.db


@pytest.fixture
def shelf(template: Path, tmp_path: Path) -> Station:
    """A station that knows one product, `Naloxone X`."""
    return copied(template, tmp_path)


@pytest.fixture
def terminal() -> Iterator[None]:
    """Somebody can answer."""
    with patch("host.cli.terminal.has_terminal", return_value=True):
        yield
