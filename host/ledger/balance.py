"""Kits and doses by state: what came in is in stock, issued, used, left behind, lost, destroyed or unaccounted for."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from host.ledger.holding import by_kit
from host.ledger.movement import NOWHERE, STATUSES, VOID, Movement, replay


class Balance(NamedTuple):
    """Kits by status, and doses: received, left (by status), used, unaccounted for."""

    kits: dict[str, int]
    doses_received: int
    doses_left: dict[str, int]
    doses_used: int
    doses_unaccounted: int

    @property
    def balances(self) -> bool:
        """Whether every dose received is somewhere."""
        return self.doses_received == sum(self.doses_left.values()) + self.doses_used + self.doses_unaccounted


def balance(movements: Iterable[Movement], doses: Mapping[str, int], at_ms: int | None = None) -> Balance:
    """The balance at an instant (None: after everything), by the ledger as it stood then.

    `doses` is how many each kit came with. Receipts that were corrected by then count for nothing.
    """
    kits: Counter[str] = Counter()
    left: Counter[str] = Counter()
    received = used = unaccounted = 0
    for kit, of_kit in by_kit(each for each in movements if at_ms is None or each.at_ms <= at_ms).items():
        steps = replay(of_kit, doses[kit])
        state = steps[-1].state if steps else NOWHERE
        if state.status == VOID:
            continue
        kits[state.status] += 1
        left[state.status] += state.doses_left
        received += doses[kit]
        used += state.doses_used
        unaccounted += state.doses_unaccounted
    statuses = [each for each in STATUSES if each != VOID]
    return Balance(
        {each: kits[each] for each in statuses}, received, {each: left[each] for each in statuses}, used, unaccounted
    )
