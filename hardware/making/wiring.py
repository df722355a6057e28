"""A wiring file, of the reference build or of the dock: its bill of materials, the colours of its nets, its drawing."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hardware.errors import HardwareError, tool
from hardware.parts import WIRING

HEAD = ("Reference", "Quantity", "Value", "Description", "Manufacturer", "MPN", "Alternates", "Seen")
SPREAD = 0.9
"""Inches between the columns of the reference build's drawing."""
DOCK_SPREAD = 0.35
"""The same of the dock's."""
DRAWN_COLOURS = 64


class WiringError(HardwareError):
    """The wiring's file lacks something; one line that says what."""


@dataclass
class Line:
    """One thing to buy."""

    manufacturer: str
    mpn: str
    value: str
    description: str
    alternates: str
    seen: str
    """Where the part number was seen, or "to be confirmed"."""
    references: list[str] = field(default_factory=list)
    quantity: float = 0
    unit: str = ""


def bom(path: Path = WIRING) -> list[Line]:
    """What the build needs: first the parts, by reference, then the rest; raises WiringError."""
    harness = _harness(path)
    alternates, seen = harness.metadata["alternates"], harness.metadata["seen"]
    wanted = {str(part.mpn) for part in harness.connectors.values() if not part.ignore_in_bom}
    for mpn in sorted(wanted | {str(item["mpn"]) for item in harness.additional_bom_items}):
        if mpn not in seen:
            raise WiringError(f"{path.name} does not say where {mpn} was seen")
    if lacking := sorted(wanted - set(alternates)):
        raise WiringError(f"{path.name} names no alternate of {', '.join(lacking)}")
    lines: dict[str, Line] = {}
    for ref, part in sorted(harness.connectors.items(), key=lambda item: _order(item[0])):
        if part.ignore_in_bom:
            continue
        mpn = str(part.mpn)
        if mpn not in lines:
            value, what, maker = str(part.subtype), str(part.type), str(part.manufacturer)
            lines[mpn] = Line(maker, mpn, value, what, alternates[mpn], seen[mpn])
        lines[mpn].references.append(ref)
        lines[mpn].quantity += 1
    rest = []
    for item in harness.additional_bom_items:
        mpn = str(item["mpn"])
        line = Line(item["manufacturer"], mpn, item["subtype"], item["type"], "", seen[mpn])
        line.quantity, line.unit = item["qty"], item.get("unit", "")
        rest.append(line)
    return [*lines.values(), *rest]


def bom_csv(lines: list[Line]) -> str:
    """The bill of materials as a CSV file."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEAD)
    for line in lines:
        quantity = f"{line.quantity:g} {line.unit}".strip()
        refs = ", ".join(line.references)
        what = (line.value, line.description, line.manufacturer, line.mpn, line.alternates, line.seen)
        writer.writerow((refs, quantity, *what))
    return text.getvalue()


def colours(path: Path = WIRING) -> dict[str, str]:
    """The colour of each net's wires, as #rrggbb; raises WiringError."""
    from wireviz import wv_colors

    found: dict[str, set[str]] = defaultdict(set)
    for cable in _harness(path).cables.values():
        for label, colour in zip(cable.wirelabels, cable.colors, strict=True):
            found[label].add(wv_colors.get_color_hex(colour)[0])
    many = sorted(net for net, its in found.items() if len(its) > 1)
    if many:
        raise WiringError(f"{path.name}: {', '.join(many)} has wires of several colours")
    return {net: its.pop() for net, its in found.items()}


def draw(picture: Path, path: Path = WIRING, spread: float = SPREAD) -> None:
    """Draw the wiring into `picture` (.png), without what to buy, its columns `spread` inches apart.

    Raises MissingTool without Graphviz.
    """
    from PIL import Image

    tool("dot")
    harness = _harness(path)
    for part in harness.connectors.values():
        part.manufacturer = part.mpn = None
    graph = harness.create_graph()
    graph.attr(ranksep=str(spread), dpi="72", nodesep="0.15")
    raw = io.BytesIO(graph.pipe(format="png"))
    drawn = Image.open(raw).convert("RGB")
    drawn.quantize(DRAWN_COLOURS, Image.Quantize.MAXCOVERAGE).save(picture, optimize=True)


def _harness(path: Path) -> Any:
    from wireviz.wireviz import parse

    try:
        return parse(path.read_text(), return_types="harness")
    except Exception as error:
        raise WiringError(f"{path.name} cannot be read as wiring: {error}") from error


def _order(ref: str) -> tuple[str, int]:
    kind = ref.rstrip("0123456789")
    return kind, int(ref.removeprefix(kind))
