"""What all tests share: the option for exhaustive runs, and the lines that they tell at the end."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import settings

from tests.telling import PROPERTY, Tell

# No test is timed: a slow machine is no failure.
settings.register_profile("kitdock", deadline=None)
settings.load_profile("kitdock")


def pytest_configure() -> None:
    # What is started in the background, as a scheduler does, ignores Ctrl-C, and so would all that the tests start.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--exhaustive", action="store_true", help="run the exhaustive tests too (`make test-all`)")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--exhaustive"):
        return
    left_out = [item for item in items if item.get_closest_marker("exhaustive")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Tell:
    """Tell a line at the end of the run, such as how much was tried."""
    return lambda line: record_property(PROPERTY, line)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    reports = [each for kind in ("passed", "failed") for each in terminalreporter.stats.get(kind, [])]
    told = [
        value for each in reports if each.when == "call" for name, value in each.user_properties if name == PROPERTY
    ]
    if told:
        terminalreporter.section("told")
        for line in sorted(told):
            terminalreporter.line(line)
