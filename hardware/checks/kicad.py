"""KiCad's own checks and exports, by its command line. KiCad 9 or later, which the board was drawn with."""

from __future__ import annotations

import functools
import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

from hardware.checks import Result
from hardware.errors import HardwareError, MissingTool, tool

OLDEST = 9
"""The least major version: an older KiCad does not open the files of a newer one."""
TIMEOUT_S = 300
SHAPES = Path(__file__).parents[2] / "build" / "hardware" / "3dmodels"
"""Where hardware/tools.sh leaves the shapes of parts that KiCad's own packages do not bring."""


class KicadError(HardwareError):
    """kicad-cli refused; says what it was to do, and its own words."""


@functools.cache
def version() -> str:
    """KiCad's version, as "9.0.8"; raises MissingTool where there is none or one too old."""
    found = re.search(r"\d+(\.\d+)+", subprocess.run([tool("kicad-cli"), "version"], capture_output=True,
                                                     text=True, check=False, timeout=TIMEOUT_S).stdout)  # fmt: skip
    if found is None or int(found[0].split(".")[0]) < OLDEST:
        raise MissingTool(f"KiCad {OLDEST} or later is wanted; `make hardware` installs it on Debian, as root")
    return found[0]


def run(*arguments: str | Path) -> str:
    """What `kicad-cli` with these arguments printed; raises KicadError, and MissingTool without KiCad."""
    version()
    what = f"kicad-cli {' '.join(map(str, arguments[:3]))} of {Path(arguments[-1]).name}"
    shapes = {"KICAD9_3DMODEL_DIR": str(SHAPES)} if SHAPES.is_dir() and any(SHAPES.iterdir()) else {}
    try:
        done = subprocess.run([tool("kicad-cli"), *map(str, arguments)], capture_output=True, text=True, check=False,
                              timeout=TIMEOUT_S, env={**os.environ, **shapes})  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise KicadError(f"{what} did not end in {TIMEOUT_S} s") from error
    if done.returncode:
        raise KicadError(f"{what}: {(done.stderr or done.stdout).strip()}")
    return done.stdout + done.stderr


def check_schematic(schematic: Path, report: Path) -> Result:
    """ERC with every severity; the report goes to `report` (JSON). Raises KicadError, MissingTool."""
    told = _reported("sch", "erc", "--severity-all", "--format", "json", "--output", report, schematic)
    found = [each for sheet in told["sheets"] for each in sheet["violations"]]
    return Result([_line("ERC", each) for each in found], {"ERC": str(len(found))})


def check_board(board: Path, report: Path) -> Result:
    """DRC with every severity, what is not connected, and parity with the schematic beside it; as check_schematic."""
    told = _reported(
        "pcb", "drc", "--severity-all", "--schematic-parity", "--format", "json", "--output", report, board
    )
    result = Result()
    for name, key in (("DRC", "violations"), ("unconnected", "unconnected_items"), ("parity", "schematic_parity")):
        result.faults += [_line(name, each) for each in told[key]]
        result.figures[name] = str(len(told[key]))
    return result


def _reported(*arguments: str | Path) -> Any:
    """What `kicad-cli` with these arguments, the last but one of them its report, has found."""
    report = Path(arguments[-2])
    report.parent.mkdir(parents=True, exist_ok=True)
    report.unlink(missing_ok=True)  # kicad-cli ends well even if it cannot write: an old report must not count
    run(*arguments)
    if not report.exists():
        raise KicadError(f"kicad-cli {arguments[1]} of {Path(arguments[-1]).name} has left no report")
    return json.loads(report.read_text())


def _line(kind: str, violation: dict[str, object]) -> str:
    items = violation.get("items")
    where = "; ".join(str(item["description"]) for item in items) if isinstance(items, list) else ""
    return f"{kind}: {violation['description']} ({where})"
