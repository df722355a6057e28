"""Kits and doses by state: what came in is in stock, issued, used, left behind, lost, destroyed or unaccounted for."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from host.ledger.holding import by_kit
from host.ledger.movement import STATUSES, VOID, Movement, State, replay

COUNTED = tuple(each for each in STATUSES if each != VOID)
"""The statuses of kits that there are."""


class Balance(NamedTuple):
    """Kits by status, and doses: received, left (by status), used, unaccounted for; `wrong` kits do not add up."""

    kits: dict[str, int]
    doses_received: int
    doses_left: dict[str, int]
    doses_used: int
    doses_unaccounted: int
    wrong: tuple[str, ...] = ()

    @property
    def balances(self) -> bool:
        """Whether every dose received is somewhere, in each kit and in all."""
        known = sum(self.doses_left.values()) + self.doses_used + self.doses_unaccounted
        return not self.wrong and self.doses_received == known


def states(movements: Iterable[Movement], doses: Mapping[str, int], at_ms: int | None = None) -> dict[str, State]:
    """The state of each kit at an instant (None: after everything), by the ledger as it stood then.

    `doses` is how many each kit came with.
    """
    so_far = (each for each in movements if at_ms is None or each.at_ms <= at_ms)
    return {kit: replay(of_kit, doses[kit])[-1].state for kit, of_kit in by_kit(so_far).items()}


def tally(found: Mapping[str, State], doses: Mapping[str, int]) -> Balance:
    """The balance of kits in these states. Receipts that were corrected count for nothing."""
    there = {kit: state for kit, state in found.items() if state.status != VOID}
    kits = Counter(state.status for state in there.values())
    left: Counter[str] = Counter()
    for state in there.values():
        left[state.status] += state.doses_left
    return Balance(
        {each: kits[each] for each in COUNTED},
        sum(doses[kit] for kit in there),
        {each: left[each] for each in COUNTED},
        sum(state.doses_used for state in there.values()),
        sum(state.doses_unaccounted for state in there.values()),
        tuple(sorted(kit for kit, state in there.items() if state.doses != doses[kit])),
    )


def balance(movements: Iterable[Movement], doses: Mapping[str, int], at_ms: int | None = None) -> Balance:
    """The balance at an instant, as `states` has it."""
    return tally(states(movements, doses, at_ms), doses)
