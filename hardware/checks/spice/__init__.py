"""The simulations: what each deck of hardware/simulation/ must show of a build, with that build's own values.

A deck names no value of a part. The values come from the circuit, from what limits.toml takes for true of parts, and
from the situation; a part that is not where it must be, and a measurement that a deck does not yield, are faults.
"""

from __future__ import annotations

from collections.abc import Callable

from hardware.checks import Result
from hardware.checks.spice.bench import Bench
from hardware.checks.spice.docking import contacts, dock, undocked
from hardware.checks.spice.inputs import divider, lid, reed, trap
from hardware.checks.spice.ngspice import Limits, SimulationError
from hardware.checks.spice.supply import handover, sag
from hardware.errors import tool
from hardware.parts import Circuit, CircuitError

Deck = Callable[[Bench], None]
DECKS: tuple[Deck, ...] = (divider, lid, reed, trap, dock, undocked, contacts, sag, handover)


def examine(circuit: Circuit, build: str, limits: Limits | None = None, decks: tuple[Deck, ...] = DECKS) -> Bench:
    """Run `decks` for `circuit`, the "board" or the "xiao" build. Raises MissingTool without ngspice."""
    tool("ngspice")
    bench = Bench(circuit, build, limits or Limits.read())
    for deck in decks:
        try:
            deck(bench)
        except (CircuitError, SimulationError) as error:
            bench.result.faults.append(f"{deck.__name__}: {error}")
    return bench


def check(circuit: Circuit, build: str, limits: Limits | None = None) -> Result:
    """See that every deck shows what it must. Raises MissingTool without ngspice."""
    return examine(circuit, build, limits).result
