"""Tables in a terminal that is too narrow for them."""

from __future__ import annotations

import pytest

from host.cli.render import Table, render

MEANING = "what its battery reading is multiplied by, so that it says what a meter says"
TABLE = Table([{"item": "battery_gain", "meaning": MEANING}], {"item": "item", "meaning": "meaning"}, "none")


@pytest.mark.parametrize(("columns", "lines"), [("200", 3), ("60", 4), ("40", 5)])
def test_the_last_column_is_broken_to_fit(
    columns: str, lines: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    render(TABLE, "table")
    shown = capsys.readouterr().out.splitlines()
    assert len(shown) == lines
    assert max(map(len, shown)) <= int(columns)
    assert " ".join(line[14:].strip() for line in shown[2:]) == MEANING


def test_lines_for_a_program_are_never_broken(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    render(TABLE, "table")
    assert MEANING in capsys.readouterr().out
