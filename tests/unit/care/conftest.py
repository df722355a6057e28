"""A database that was once of the first layout, opened by its keeper."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.station import Store
from tests.unit.test_migrations import make_001


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "station.db"
    make_001(path)
    Store.open(path, login="keeper").close()
    path.with_name("station.db.before-002").unlink()
    return path


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with Store.open(path, login="keeper") as opened:
        yield opened
