"""The simulations' waves as pictures, for the documents."""

from __future__ import annotations

from pathlib import Path

from hardware.checks.spice.bench import Bench
from hardware.checks.spice.docking import dock
from hardware.checks.spice.ngspice import LIMITS, SIMULATION, Limits, run
from hardware.checks.spice.supply import cell_path
from hardware.making import plot
from hardware.parts import Circuit


def pictures() -> dict[str, list[Path]]:
    """The names of the pictures that `draw` makes, each with the decks and numbers it is made of."""
    shared = [LIMITS, *sorted(SIMULATION.glob("*.inc"))]
    return {"sim-dock.png": [SIMULATION / "dock.cir", *shared], "sim-sag.png": [SIMULATION / "sag.cir", *shared]}


def draw(board: Circuit, folder: Path) -> list[Path]:
    """Draw docking and the battery's sag on the custom board into `folder`.

    Raises CircuitError, SimulationError, and MissingTool without ngspice.
    """
    limits = Limits.read()
    bench = Bench(board, "board", limits)
    dock(bench)
    docking = bench.docking
    assert docking is not None
    worn = run("sag", "aged cell at 3.5 V", cell_path(bench) | {"r_cell": limits["cell.aged"], "v_cell": 3.5})
    plot.draw(
        folder / "sim-dock.png",
        "Docking: 0.1 s the contacts touch and scrape, 0.3 s they hold, 1.3 s the pouch is lifted",
        [
            plot.Panel("V", {"contact": docking.waves["dock_5v"], "+5V": docking.waves["p5"]}),
            plot.Panel(
                "V",
                {"BUTTON": docking.waves["button"], "DOCK_SENSE": docking.waves["sense"]},
                {"high for sure": bench.high, "low for sure": bench.low},
            ),
        ],
        until=1.6,
    )
    plot.draw(
        folder / "sim-sag.png",
        "Aged cell at 3.5 V: a start at 1 ms, three packets on air from 30 ms",
        [
            plot.Panel(
                "V",
                {"cell": worn.waves["pack"], "VSYS": worn.waves["vsys"], "+3V3": worn.waves["out"]},
                {"least for the flash": bench.supplied},
            )
        ],
        until=0.033,
    )
    return [folder / name for name in pictures()]
