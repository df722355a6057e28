"""Stretches of custody: who had which kit in which pouch, from when until when. What was reversed never was."""

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import NamedTuple

from host.ledger.movement import CORRECT, ISSUED, Movement, Step, replay, standing
from host.tag.times import Interval


class Holding(NamedTuple):
    """A kit with an officer, or in a place, from `since_ms` until `until_ms` (None: still), by movement `began`.

    `status` is one of those in `host.ledger.movement`; `officer` or `place` says with whom or where.
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

    def meets(self, when: Interval) -> bool:
        """Whether it was so at some instant of an interval."""
        return self.during(when.earliest_ms, when.latest_ms)

    def during(self, earliest_ms: int, latest_ms: int) -> bool:
        """Whether it was so at some instant between two, both included."""
        return self.since_ms <= latest_ms and (self.until_ms is None or self.until_ms > earliest_ms)


def stretches(kit: str, movements: Iterable[Movement], doses_per_kit: int) -> list[Holding]:
    """Every stretch of one kit, in order, from its movements, oldest first; the last one is open.

    None if its receipt was reversed: there is no such kit.
    """
    return stretches_of_steps(kit, replay(standing(movements), doses_per_kit))


def stretches_of_steps(kit: str, steps: Iterable[Step]) -> list[Holding]:
    """As `stretches`, from movements that all count, replayed."""
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


def reversed_stretches(kit: str, movements: Iterable[Movement], doses_per_kit: int) -> list[Holding]:
    """The stretches that movements brought about and corrections reversed: each until it was reversed, or moved on.

    They are not custody, but the person who entered them may have had a reason.
    """
    found: list[Holding] = []
    whole = list(movements)
    standing_ids = {each.id for each in standing(whole)}
    steps = replay(whole, doses_per_kit)
    for step, after in zip(steps, [*steps[1:], None], strict=True):
        state = step.state
        if step.movement.kind == CORRECT or step.movement.id in standing_ids or state.began != step.movement.id:
            continue
        until_ms = after.movement.at_ms if after is not None else None
        found.append(
            Holding(kit, state.officer, state.pouch, state.since_ms, until_ms, state.place, state.status, state.began)
        )
    return found


def by_kit(movements: Iterable[Movement]) -> dict[str, list[Movement]]:
    """The movements of each kit, in the order in which they were recorded."""
    ordered = sorted(movements, key=lambda each: (each.kit, each.id))
    return {kit: list(group) for kit, group in groupby(ordered, key=lambda each: each.kit)}


def holdings(movements: Iterable[Movement], doses: Mapping[str, int]) -> list[Holding]:
    """Every stretch in which a kit was issued, in order of issue; `doses` is how many each kit came with."""
    found = [
        each
        for kit, of_kit in by_kit(movements).items()
        for each in stretches(kit, of_kit, doses[kit])
        if each.status == ISSUED
    ]
    return sorted(found, key=lambda each: (each.since_ms, each.kit))


def holdings_of_pouch(all_holdings: Iterable[Holding], pouch: str, at_ms: int) -> list[Holding]:
    """The kits that were in `pouch` at that instant."""
    return [each for each in all_holdings if each.pouch == pouch and each.covers(at_ms)]


def holder_of_pouch(all_holdings: Iterable[Holding], pouch: str, at_ms: int) -> str | None:
    """The officer who carried `pouch` at that instant."""
    return next((each.officer for each in holdings_of_pouch(all_holdings, pouch, at_ms)), None)
