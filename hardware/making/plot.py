"""Line plots as PNG.

Two plots of a simulation do not pay for matplotlib; Pillow is there, as the PDF reports need it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

WIDTH, PANEL_HEIGHT = 900, 260
LEFT, RIGHT, TOP, BOTTOM, GAP = 60, 150, 48, 40, 24
SCALE = 3
"""Drawn so many times larger, then made smaller: smooth lines."""
COLOURS = ("#1f5fa8", "#c2491d", "#2c7a3f", "#7a4a9c")
GREY, PALE, INK = "#8a8a8a", "#dddddd", "#222222"


@dataclass
class Panel:
    """One pair of axes: up to four lines by name, each of (x, y) in s and `unit`; levels by name, dashed across."""

    unit: str
    lines: dict[str, list[tuple[float, float]]]
    levels: dict[str, float] = field(default_factory=dict)


def draw(path: Path, title: str, panels: list[Panel], until: float) -> None:
    """Draw `panels` one under the other over the same seconds, 0 to `until`, into the PNG at `path`."""
    height = TOP + len(panels) * (PANEL_HEIGHT + GAP) - GAP + BOTTOM
    image = Image.new("RGB", (WIDTH * SCALE, height * SCALE), "white")
    pen = ImageDraw.Draw(image)
    _text(pen, LEFT, 14, title, INK, size=15)
    for place, panel in enumerate(panels):
        _panel(pen, panel, TOP + place * (PANEL_HEIGHT + GAP), until, last=place == len(panels) - 1)
    path.parent.mkdir(parents=True, exist_ok=True)
    image.resize((WIDTH, height), Image.Resampling.LANCZOS).save(path)


def _panel(pen: ImageDraw.ImageDraw, panel: Panel, top: int, until: float, last: bool) -> None:
    values = [y for line in panel.lines.values() for _, y in line] + list(panel.levels.values())
    least = min(values) if max(values) / 2 < min(values) < max(values) else 0.0
    step = _step((max(values) - least) or 1.0)
    low, high = math.floor(least / step) * step, max(math.ceil(max(values) / step), 1) * step
    right, bottom = WIDTH - RIGHT, top + PANEL_HEIGHT

    def at(x: float, y: float) -> tuple[float, float]:
        return LEFT + (right - LEFT) * x / until, bottom - PANEL_HEIGHT * (y - low) / (high - low)

    for number in range(round((high - low) / step) + 1):
        y = low + number * step
        _line(pen, [at(0, y), at(until, y)], PALE)
        _text(pen, LEFT - 8, at(0, y)[1] - 7, f"{y:g} {panel.unit}", INK, anchor="ra")
    across = _step(until)
    for number in range(math.floor(until / across + 1e-9) + 1):
        x = number * across
        _line(pen, [at(x, low), at(x, high)], PALE)
        if last:
            shown = f"{x * 1e3:g} ms" if until < 0.5 else f"{x:g} s"
            _text(pen, at(x, low)[0], bottom + 8, shown, INK, anchor="ma")
    for y in panel.levels.values():
        for part in range(0, 60, 2):
            _line(pen, [at(until * part / 60, y), at(until * (part + 1) / 60, y)], GREY)
    for name, y in panel.levels.items():
        _text(pen, right + 8, at(0, y)[1] - 8, name, GREY)
    colours = COLOURS[: len(panel.lines)]
    for place, ((name, line), colour) in enumerate(zip(panel.lines.items(), colours, strict=True)):
        _line(pen, [at(x, max(y, low)) for x, y in line if x <= until], colour, 2)
        _line(pen, [(right + 8, top + 17 * place + 8), (right + 26, top + 17 * place + 8)], colour, 2)
        _text(pen, right + 32, top + 17 * place, name, colour)


def _step(span: float) -> float:
    """A round step that divides `span` into some four to ten."""
    magnitude = 10.0 ** math.floor(math.log10(span))
    return next(each for each in (magnitude / 10, magnitude / 5, magnitude / 2, magnitude) if span / each <= 10)


def _line(pen: ImageDraw.ImageDraw, points: list[tuple[float, float]], colour: str, width: float = 1) -> None:
    scaled = [(x * SCALE, y * SCALE) for x, y in points]
    pen.line(scaled, fill=colour, width=round(width * SCALE), joint="curve")


def _text(
    pen: ImageDraw.ImageDraw, x: float, y: float, text: str, colour: str, size: int = 13, anchor: str = "la"
) -> None:
    pen.text((x * SCALE, y * SCALE), text, fill=colour, font=ImageFont.load_default(size * SCALE), anchor=anchor)
