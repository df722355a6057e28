"""Line plots: whatever was measured can be drawn, and nothing is left out in silence."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from hardware.making import plot


@pytest.mark.parametrize("level", [0.0, 3.3])
def test_a_line_that_does_not_move_is_drawn(level: float, tmp_path: Path) -> None:
    plot.draw(tmp_path / "flat.png", "Flat", [plot.Panel("V", {"supply": [(0.0, level), (1.0, level)]})], until=1.0)
    found = {colour for _, colour in Image.open(tmp_path / "flat.png").getcolors(100_000) or []}
    assert tuple(bytes.fromhex(plot.COLOURS[0][1:])) in found


def test_more_lines_than_there_are_colours_are_refused(tmp_path: Path) -> None:
    lines = {str(number): [(0.0, 0.0), (1.0, float(number))] for number in range(len(plot.COLOURS) + 1)}
    with pytest.raises(ValueError, match="zip"):
        plot.draw(tmp_path / "many.png", "Many", [plot.Panel("V", lines)], until=1.0)
