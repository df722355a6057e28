"""Two databases with one identity: told where their histories part, with both sides. Neither is preferred."""

from typing import NamedTuple

from host.merging.replica import Chained, Replica


class ForkSide(NamedTuple):
    """The entry with which one of them goes on."""

    hash: bytes
    at_ms: int


class Fork(NamedTuple):
    """Where a station has two entries of the same epoch and number."""

    station: str
    epoch: int
    number: int
    sides: tuple[ForkSide, ...]


def counted(replica: Replica) -> tuple[list[Chained], tuple[Fork, ...]]:
    """The entries that are history, by station, epoch and number; and the forks.

    From a fork on no entry of either side counts, nor what follows on one: a fact's name would stand for two things,
    and to take one side would be to choose. What a station recorded in an epoch before it was restored does count, also
    after the backup: it happened.
    """
    named: dict[tuple[str, int, int], list[Chained]] = {}
    for each in replica.taken:
        named.setdefault((each.station, each.entry.number, each.entry.epoch), []).append(each)
    apart: set[Chained | None] = set()
    forks: list[Fork] = []
    for (station, number, epoch), sides in sorted(named.items()):
        after = [each for each in sides if replica.taken[each] in apart]
        if len(sides) > 1 and len(after) < len(sides):
            told = sorted(ForkSide(each.entry.hash, each.entry.at_ms) for each in sides)
            forks.append(Fork(station, epoch, number, tuple(told)))
        apart.update(sides if len(sides) > 1 else after)
    found = [each for each in replica.taken if each not in apart]
    found.sort(key=lambda each: (each.station, each.entry.epoch, each.entry.number))
    return found, tuple(forks)
