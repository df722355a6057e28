"""What all tests share: the option for exhaustive runs."""

from __future__ import annotations

import pytest
from hypothesis import settings

# No test is timed: a slow machine is no failure.
settings.register_profile("kitdock", deadline=None)
settings.load_profile("kitdock")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--exhaustive", action="store_true", help="run the exhaustive tests too (`make test-all`)")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--exhaustive"):
        return
    left_out = [item for item in items if item.get_closest_marker("exhaustive")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
