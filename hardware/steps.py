"""The steps of `make hardware`, in their order: what is checked, and what is made on the way."""

from __future__ import annotations

import functools
import zipfile
from collections.abc import Callable
from pathlib import Path

from hardware import perfboard
from hardware.checks import (
    Result,
    antenna,
    bom,
    circuit,
    dock,
    gerbers,
    kicad,
    layout,
    magnet,
    mesh,
    pins,
    places,
    power,
    silk,
    spice,
)
from hardware.making import fabrication, gallery, perfboard_views, printing, waves, wiring
from hardware.parts import BOARD, WIRING, Box, Circuit, builds

HARDWARE = Path(__file__).parent
ROOT = HARDWARE.parent
BUILD = ROOT / "build" / "hardware"
SCHEMATIC = BOARD.with_suffix(".kicad_sch")
SPICE = HARDWARE / "checks" / "spice"
FIRMWARE_PINS = ROOT / "firmware" / "board.py"

BELOW_ANTENNA = 6
"""mm towards the dock end that are clear of copper too; to the other sides the board ends."""


@functools.cache
def mechanics(build: str) -> places.Mechanics:
    """The enclosure's numbers for a build."""
    return places.Mechanics(build=build)


def merged(results: dict[str, Result]) -> Result:
    """Several results as one, each line with the name of its own."""
    whole = Result()
    for name, result in results.items():
        whole.faults += [f"{name}: {fault}" for fault in result.faults]
        whole.figures |= {f"{name}, {what}": figure for what, figure in result.figures.items()}
    return whole


def _of_both(check: Callable[[Circuit, str], Result]) -> Callable[[], Result]:
    return lambda: merged({build: check(its, build) for build, its in builds().items()})


def antenna_space() -> Box:
    """Where the custom board holds no copper: about the module's antenna, and some way below it."""
    its = mechanics("board")
    return Box(
        its["antenna_x"], its["antenna_y"] - BELOW_ANTENNA, its["antenna_x"] + its["antenna_width"], its["board_length"]
    )


def _parts_lists() -> Result:
    result = merged({name: bom.check(its) for name, its in {**builds(), "dock": dock.read().circuit}.items()})
    for source in (WIRING, dock.WIRING):
        listed, made = source.parent / "bom.csv", wiring.bom_csv(wiring.bom(source))
        if not listed.exists() or listed.read_text() != made:
            listed.write_text(made)
            where = listed.relative_to(HARDWARE)
            result.faults.append(f"{where} was not what {source.name} gives; it has been written anew, look at it")
    return result


def _fabrication() -> Result:
    folder = BUILD / "board"
    fabrication.fabrication(BOARD, folder)
    with zipfile.ZipFile(folder / "gerbers.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        for path in sorted((folder / "gerbers").iterdir()):
            packed.write(path, path.name)
    its = builds()["board"]
    return merged(
        {
            "gerbers": gerbers.check(folder / "gerbers", its),
            "positions": gerbers.check_positions(folder / "positions.csv", its),
            "BOM": bom.check_export(its, folder / "bom.csv"),
        }
    )


def _enclosure() -> Result:
    stl = printing.build(BUILD / "enclosure")
    there = {
        "board": mesh.custom_board(mechanics("board"), builds()["board"]),
        "xiao": mesh.reference_board(mechanics("xiao"), perfboard.read()),
    }
    found = {
        build: merged(mesh.check(mechanics(build), {part: stl[f"{part}-{build}"] for part in printing.PARTS}, its))
        for build, its in there.items()
    }
    return merged(found)


def shown() -> dict[str, list[Path]]:
    """The pictures of the documents, each with what it is made of: its source, and the code that draws it."""
    drawing = {path.stem: path for path in (HARDWARE / "making").glob("*.py")}
    board = [BOARD, *sorted((HARDWARE / "board" / "3d").iterdir()), drawing["fabrication"]]
    xiao = [WIRING, perfboard.LAYOUT, HARDWARE / "perfboard.py", drawing["perfboard_views"], drawing["wiring"]]
    waved = [BOARD, *sorted(SPICE.glob("*.py")), drawing["plot"], drawing["waves"]]
    names: dict[str, list[Path]] = {
        "schematic.png": [SCHEMATIC, drawing["fabrication"]],
        "xiao-wiring.png": [WIRING, drawing["wiring"]],
        "dock-wiring.png": [dock.WIRING, drawing["wiring"]],
    }
    names |= {f"{name}.png": board for name in fabrication.VIEWS}
    names |= {name: [*waved, *made_of] for name, made_of in waves.pictures().items()}
    names |= {name: [*made_of, drawing["printing"]] for name, made_of in printing.pictures().items()}
    return names | dict.fromkeys(perfboard_views.pictures(), xiao)


def _pictures() -> Result:
    """Draw all of them anew, and keep those that show something new."""
    folder = BUILD / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    fabrication.drawings(BOARD, folder)
    printing.draw(folder)
    waves.draw(builds()["board"], folder)
    wiring.draw(folder / "xiao-wiring.png")
    wiring.draw(folder / "dock-wiring.png", dock.WIRING, wiring.DOCK_SPREAD)
    perfboard_views.draw(perfboard.read(), builds()["xiao"], wiring.colours(), folder)
    replaced = gallery.keep({folder / name: made_of for name, made_of in shown().items()})
    result = gallery.check(shown())
    result.figures["replaced"] = ", ".join(replaced) or "none: nothing that they show has changed"
    return result


STEPS: dict[str, Callable[[], Result]] = {
    "pins": _of_both(lambda its, _: pins.check(its, pins.firmware_pins(FIRMWARE_PINS))),
    "circuit": _of_both(circuit.check),
    "parts": _parts_lists,
    "simulation": _of_both(spice.check),
    "power": _of_both(power.check),
    "magnet": lambda: magnet.check(mechanics("board")),
    "perfboard": lambda: layout.check(builds()["xiao"], perfboard.read(), mechanics("xiao")),
    "dock": lambda: merged({"cradle": dock.check(dock.read(), 1), "rack": dock.check(dock.read())}),
    "places": lambda: places.check(mechanics("board"), builds()["board"]),
    "antenna": lambda: antenna.check(BOARD, antenna_space()),
    "silk": lambda: silk.check(BOARD),
    "erc": lambda: kicad.check_schematic(SCHEMATIC, BUILD / "erc.json"),
    "drc": lambda: kicad.check_board(BOARD, BUILD / "drc.json"),
    "fabrication": _fabrication,
    "enclosure": _enclosure,
    "pictures": _pictures,
}
