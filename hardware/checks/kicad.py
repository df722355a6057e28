"""KiCad's own checks and exports, by its command line. KiCad 8 or later."""

from __future__ import annotations

import functools
import json
import re
import subprocess
from pathlib import Path

from hardware.checks import MissingTool, Result, tool

OLDEST = 8
TIMEOUT_S = 300


@functools.cache
def version() -> str:
    """KiCad's version, as "9.0.8"; raises MissingTool where there is none or one too old."""
    found = re.search(r"\d+(\.\d+)+", subprocess.run([tool("kicad-cli"), "version"], capture_output=True,
                                                     text=True, check=False, timeout=TIMEOUT_S).stdout)  # fmt: skip
    if found is None or int(found[0].split(".")[0]) < OLDEST:
        raise MissingTool(f"KiCad {OLDEST} or later is wanted; `make hardware` installs it on Debian, as root")
    return found[0]


def run(*arguments: str | Path) -> str:
    """What `kicad-cli` with these arguments printed; raises RuntimeError with its words when it fails."""
    version()
    done = subprocess.run([tool("kicad-cli"), *map(str, arguments)], capture_output=True, text=True, check=False,
                          timeout=TIMEOUT_S)  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"kicad-cli {' '.join(map(str, arguments[:3]))}: {(done.stderr or done.stdout).strip()}")
    return done.stdout


def check_schematic(schematic: Path, report: Path) -> Result:
    """ERC with every severity; the report goes to `report` (JSON)."""
    run("sch", "erc", "--severity-all", "--format", "json", "--output", report, schematic)
    found = [each for sheet in json.loads(report.read_text())["sheets"] for each in sheet["violations"]]
    return Result([_line("ERC", each) for each in found], {"ERC": str(len(found))})


def check_board(board: Path, report: Path) -> Result:
    """DRC with every severity, what is not connected, and parity with the schematic beside it."""
    run("pcb", "drc", "--severity-all", "--schematic-parity", "--format", "json", "--output", report, board)
    told = json.loads(report.read_text())
    result = Result()
    for name, key in (("DRC", "violations"), ("unconnected", "unconnected_items"), ("parity", "schematic_parity")):
        result.faults += [_line(name, each) for each in told[key]]
        result.figures[name] = str(len(told[key]))
    return result


def _line(kind: str, violation: dict[str, object]) -> str:
    items = violation.get("items")
    where = "; ".join(str(item["description"]) for item in items) if isinstance(items, list) else ""
    return f"{kind}: {violation['description']} ({where})"
