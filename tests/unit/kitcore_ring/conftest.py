"""What the tests of the log share besides `known_log`."""

import pytest

from kitcore import ring


@pytest.fixture
def small_sectors(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sectors of 4 slots, so that rings of many sectors come round soon."""
    monkeypatch.setattr(ring, "SLOTS", 4)
    monkeypatch.setattr(ring, "SECTOR", 512)
