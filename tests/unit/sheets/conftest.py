"""A document of two tables as commands make them."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from host.sheets import Document, Section

MADE = datetime(2026, 5, 1, 18, 30, tzinfo=ZoneInfo("Europe/London"))
RECEIVED = datetime(2026, 4, 1, 9, 15, tzinfo=ZoneInfo("Europe/London"))


@pytest.fixture
def summary() -> Document:
    """Kits with numbers that are names, a day and an instant; and discrepancies with lines below each."""
    kits = Section(
        "Kits",
        ["kit", "lot", "expires", "received", "doses", "battery"],
        [
            ["007", "=1+1", date(2026, 5, 1), RECEIVED, 2, "80 %"],
            ["008", "<b>&", "2026-05-01", RECEIVED, None, None],
        ],
        note="1 older kit is not shown",
    )
    found = Section(
        "Discrepancies",
        ["kind", "pouch"],
        [["opening unexplained", "P-01"], ["expired carried", "P-02"]],
        [["opened at 18:02 for 4 min", "next: ask officer 4101"], ["expired <yesterday>", "next: replace it"]],
    )
    return Document("Monthly summary, Example Police", "1 to 31 May 2026", MADE, [kits, found])
