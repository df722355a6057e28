"""What KiCad makes of the custom board: the files for its maker, the drawings, the pictures."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from PIL import Image

from hardware.checks import gerbers, kicad
from hardware.errors import MissingTool, tool

BOM_FIELDS = "Reference,Value,Footprint,Manufacturer,MPN,Alternates,${QUANTITY}"
BOM_LABELS = BOM_FIELDS.replace("${QUANTITY}", "Quantity")
BOM_SAME = "Value,Footprint,MPN"
VIEWS = {
    "board-top": ("--side", "top", "--width", "1000", "--height", "1200"),
    "board-bottom": ("--side", "bottom", "--width", "1000", "--height", "1200"),
    "board": ("--rotate", "-45,0,30", "--perspective", "--zoom", "0.85", "--width", "1200", "--height", "1000"),
}
"""Pictures of the board, each with KiCad's options for it."""
PICTURE_DPI = 150
COLOURS = 128
"""Of a picture's palette: a quarter of the bytes, and no difference to see."""


def fabrication(board: Path, folder: Path) -> None:
    """What a maker of boards wants: gerbers, drill file, positions and BOM, in `folder`; all from the same origin.

    Raises hardware.checks.kicad.KicadError, MissingTool.
    """
    layers = ",".join(name.replace("_", ".") for name in gerbers.LAYERS)
    made = folder / "gerbers"
    made.mkdir(parents=True, exist_ok=True)
    positions, bom = folder / "positions.csv", folder / "bom.csv"
    for old in (*made.iterdir(), positions, bom):
        old.unlink(missing_ok=True)
    kicad.run("pcb", "export", "gerbers", "--layers", layers, "--subtract-soldermask",
              "--use-drill-file-origin", "--output", f"{made}/", board)  # fmt: skip
    # As routed slots: the older way of writing them is not read by all.
    kicad.run("pcb", "export", "drill", "--drill-origin", "plot", "--excellon-oval-format", "route",
              "--output", f"{made}/", board)  # fmt: skip
    kicad.run("pcb", "export", "pos", "--side", "front", "--format", "csv", "--units", "mm",
              "--use-drill-file-origin", "--exclude-dnp", "--output", positions, board)  # fmt: skip
    kicad.run("sch", "export", "bom", "--fields", BOM_FIELDS, "--labels", BOM_LABELS, "--group-by", BOM_SAME,
              "--exclude-dnp", "--ref-range-delimiter", "", "--output", bom,
              board.with_suffix(".kicad_sch"))  # fmt: skip


def drawings(board: Path, folder: Path) -> None:
    """The schematic as PDF and PNG, the board as STEP and from its sides.

    Raises hardware.checks.kicad.KicadError, and MissingTool where a program or the shape of a part is not there.
    """
    pdftoppm = tool("pdftoppm")
    schematic = board.with_suffix(".kicad_sch")
    pdf = folder / "schematic.pdf"
    kicad.run("sch", "export", "pdf", "--output", pdf, schematic)
    said = kicad.run("pcb", "export", "step", "--force", "--subst-models", "--drill-origin",
                     "--output", folder / f"{board.stem}.step", board)  # fmt: skip
    if lacking := sorted(set(re.findall(r"File not found: \S+/(\S+)", said))):
        raise MissingTool(f"KiCad has no shape of {', '.join(lacking)}; `make hardware` gets them on Debian, as root")
    subprocess.run([pdftoppm, "-r", str(PICTURE_DPI), "-png", "-singlefile", str(pdf),
                    str(folder / "schematic")], check=True)  # fmt: skip
    for name, options in VIEWS.items():
        kicad.run("pcb", "render", *options, "--quality", "high", "--background", "opaque", "--output",
                  folder / f"{name}.png", board)  # fmt: skip
    for name in ("schematic", *VIEWS):
        small = Image.open(folder / f"{name}.png").convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
        small.save(folder / f"{name}.png", optimize=True)
