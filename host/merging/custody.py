"""The movements of kits of several stations: what the ledger makes of them, and kits that two stations issued."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from host.access import journal
from host.ledger import Holding, Movement, Step, replay, stretches
from host.ledger.movement import CORRECT, IN_STOCK, ISSUE
from host.merging.rows import Key, MergedRow

_Tables = Mapping[str, Mapping[Key, MergedRow]]


class MergedKit(NamedTuple):
    """What the movements of one kit, of any station, make of it: a step for each, and the stretches of custody.

    `doses`: how many it came with; `identities`: the fact that put each movement, whose number is its place among
    them, from 1 on. The number of a report is its place among all by identity.
    """

    doses: int
    identities: tuple[str, ...]
    steps: tuple[Step, ...]
    custody: tuple[Holding, ...]


class IssuedAt(NamedTuple):
    """An issue by one station: the fact that put it, and to whom or where it went, and when."""

    station: str
    identity: str
    movement: Movement


class IssuedTwice(NamedTuple):
    """A question: a station issued a kit while another had it issued, as far as it knew. The earlier issue is first."""

    kit: str
    sides: tuple[IssuedAt, IssuedAt]


def kits(tables: _Tables) -> dict[str, MergedKit]:
    """Each kit that has movements, and of which the lot is known."""
    reports = {identity: number for number, (identity,) in enumerate(sorted(tables["usage_report"]), 1)}
    found: dict[str, list[MergedRow]] = {}
    for row in tables["movement"].values():
        found.setdefault(row.columns["kit"], []).append(row)
    made: dict[str, MergedKit] = {}
    for kit, of_kit in sorted(found.items()):
        doses = _doses(tables, kit)
        if doses is not None:
            made[kit] = _kit(kit, in_order(of_kit), reports, doses)
    return made


def _doses(tables: _Tables, kit: str) -> int | None:
    known = tables["kit"].get((kit,))
    lot = tables["lot"].get((known.columns.get("product"), known.columns.get("lot"))) if known else None
    doses = lot.columns.get("doses_per_kit") if lot else None
    return doses if isinstance(doses, int) else None


def _kit(kit: str, ordered: list[MergedRow], reports: Mapping[str, int], doses: int) -> MergedKit:
    numbers = {row.origin: number for number, row in enumerate(ordered, 1)}
    movements = [_movement(row.columns, numbers[row.origin], numbers, reports) for row in ordered]
    return MergedKit(doses, tuple(numbers), tuple(replay(movements, doses)), tuple(stretches(kit, movements, doses)))


def _movement(
    row: Mapping[str, object], number: int, numbers: Mapping[str, int], reports: Mapping[str, int]
) -> Movement:  # fmt: skip
    """A movement with numbers for what it names; 0 names what is not there."""
    corrects, report = (
        None if row.get(column) is None else known.get(str(row[column]), 0)
        for column, known in (("corrects", numbers), ("report", reports))
    )
    columns = {each: row[each] for each in Movement._fields if each in row}
    return Movement(**columns | {"id": number, "corrects": corrects, "report": report})  # type: ignore[arg-type]


def in_order(movements: list[MergedRow]) -> list[MergedRow]:
    """The movements of one kit by when they were recorded; those of one station stay in the order in which it did so,
    also where its clock was set back."""
    latest: dict[str, int] = {}
    placed = []
    for row in sorted(movements, key=lambda each: journal.named(each.origin)):
        name = journal.named(row.origin)
        latest[name.station] = max(latest.get(name.station, 0), row.columns["recorded_at_ms"])
        placed.append((latest[name.station], name, row))
    return [row for _, _, row in sorted(placed, key=lambda each: each[:2])]


def issued_twice(merged: Mapping[str, MergedKit]) -> Iterator[IssuedTwice]:
    """The kits that a station issued while they were out by another, as each saw it. What was corrected never was."""
    for kit, of_kit in merged.items():
        reversed_ones = {step.movement.corrects for step in of_kit.steps}
        count = [each for each, *_ in of_kit.steps if each.kind != CORRECT and each.id not in reversed_ones]
        own = _own_steps(of_kit, count)
        out: dict[str, IssuedAt] = {}
        for movement, state, impossible in replay(count, of_kit.doses):
            identity, seen = of_kit.identities[movement.id - 1], own[movement.id]
            station = journal.named(identity).station
            if movement.kind == ISSUE:
                issue = IssuedAt(station, identity, movement)
                yield from (IssuedTwice(kit, (other, issue)) for name, other in sorted(out.items()) if name != station)
                out[station] = issue
            elif seen.impossible is not None and impossible is None and state.status == IN_STOCK:
                out.clear()  # it took back what it can know only from another
            elif seen.state.status == IN_STOCK:
                out.pop(station, None)


def _own_steps(kit: MergedKit, movements: Iterable[Movement]) -> dict[int, Step]:
    """Each movement as its own station saw it, as if there were no other."""
    by_station: dict[str, list[Movement]] = {}
    for each in movements:
        by_station.setdefault(journal.named(kit.identities[each.id - 1]).station, []).append(each)
    return {step.movement.id: step for own in by_station.values() for step in replay(own, kit.doses)}
