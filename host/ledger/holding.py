"""Stretches of custody: who had which kit in which pouch, from when until when."""

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import NamedTuple

from host.ledger.movement import ISSUED, Movement, Step, replay


class Holding(NamedTuple):
    """A kit with an officer, or in a place, from `since_ms` until `until_ms` (None: still), by movement `began`.

    `status` is that of `host.ledger.movement`; `officer` or `place` says with whom or where.
    """

    kit: str
    officer: str | None
    pouch: str | None
    since_ms: int
    until_ms: int | None
    place: str | None = None
    status: str = ISSUED
    began: int = 0

    def covers(self, at_ms: int) -> bool:
        """Whether it was so at that instant."""
        return self.since_ms <= at_ms and (self.until_ms is None or at_ms < self.until_ms)


def stretches(kit: str, steps: Iterable[Step]) -> list[Holding]:
    """Every stretch of one kit, in order; the last one is open, unless there is none."""
    found: list[Holding] = []
    for _, state, _ in steps:
        if found and found[-1].began == state.began:
            continue
        if found:
            found[-1] = found[-1]._replace(until_ms=state.since_ms)
        found.append(
            Holding(kit, state.officer, state.pouch, state.since_ms, None, state.place, state.status, state.began)
        )
    return found


def by_kit(movements: Iterable[Movement]) -> dict[str, list[Movement]]:
    """The movements of each kit, oldest first."""
    ordered = sorted(movements, key=lambda each: (each.kit, each.at_ms, each.id))
    return {kit: list(group) for kit, group in groupby(ordered, key=lambda each: each.kit)}


def holdings(movements: Iterable[Movement], doses: Mapping[str, int]) -> list[Holding]:
    """Every stretch in which a kit was issued, in order of issue; `doses` is how many each kit came with."""
    found = [
        each
        for kit, of_kit in by_kit(movements).items()
        for each in stretches(kit, replay(of_kit, doses[kit]))
        if each.status == ISSUED
    ]
    return sorted(found, key=lambda each: (each.since_ms, each.kit))


def holdings_of_pouch(all_holdings: Iterable[Holding], pouch: str, at_ms: int) -> list[Holding]:
    """The kits that were in `pouch` at that instant."""
    return [each for each in all_holdings if each.pouch == pouch and each.covers(at_ms)]


def holder_of_pouch(all_holdings: Iterable[Holding], pouch: str, at_ms: int) -> str | None:
    """The officer who carried `pouch` at that instant."""
    return next((each.officer for each in holdings_of_pouch(all_holdings, pouch, at_ms)), None)
