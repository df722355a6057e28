"""Everything about the enclosure's parts of one build: printed parts, and how they fit with the board and the pouch."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from hardware.checks import Result, fit, in_use, printed
from hardware.checks.places import Mechanics
from hardware.checks.solids import Solids, bought, custom_board, load, placed, plug, reference_board

__all__ = ["check", "custom_board", "reference_board"]


def check(its: Mechanics, stl: Mapping[str, Path], board: Solids) -> dict[str, Result]:
    """Everything about the parts of one build, from their STL files by part and what its board is made of."""
    meshes = {part: load(path) for part, path in stl.items()}
    found = {
        "solids": printed.whole(meshes),
        "walls": printed.walls(meshes, its["least_wall"], its["engraving"]),
        "printing": printed.printable(meshes, its["bridge"], its["bed"]),
    }
    if found["solids"].faults:
        return found
    there = {part: placed(path, its, part) for part, path in stl.items()}
    around = bought(its)
    tag = {part: there[part] for part in ("body", "lid", "clip")}
    holder = {part: there[part] for part in ("magnet_holder", "magnet_cap")}
    groups = {part: {part: there[part]} for part in (*tag, *holder, "cradle")}
    found["fit"] = fit.fits({**groups, "bought": around, "board": board})
    within = {part: tag[part] for part in ("body", "lid")} | around | board
    found["board"] = fit.held(its, {part: tag[part] for part in ("body", "lid")}, board["board"])
    found["lid"] = fit.lid_works(its, there["lid"], there["body"])
    found["contacts"] = fit.contacts(its, around)
    found["shut"] = fit.shut(its, tag)
    found["assembly"] = fit.goes_together(its, tag, around, board)
    found["USB plug"] = fit.plugs_in(plug(its), within)
    found["holder"] = fit.holder_works(there["magnet_holder"], there["magnet_cap"], around["magnet"])
    found["kept"] = fit.kept(there["body"], there["cradle"], around)
    found["dock"] = in_use.docks(its, there["cradle"], tag)
    found["stands"] = in_use.stands(its, there["cradle"])
    found["clip"] = in_use.clip_holds(its, there["body"], there["clip"])
    found["antenna"] = fit.antenna(its, around)
    found["flap"] = in_use.flap(its, tag, holder)
    found["pouch"] = in_use.pouch(its, there["cradle"], tag)
    found["rack"] = in_use.rack(its, there["rack"], tag)
    return found
