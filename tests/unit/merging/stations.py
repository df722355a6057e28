"""What the tests of merging share: stations that something happens to, and their journals in pieces."""

from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from random import Random
from typing import NamedTuple
from unittest import mock

from host import clock
from host.access import journal
from host.access.journal import Actor, JournalEntry
from host.merging import Replica, arrived, joined
from host.store.journal import read
from host.store.stock import Incoming
from tests.station import Store
from tests.unit.test_rollups import T0, History


class Journal(NamedTuple):
    """A station's journal, as it is at some moment."""

    station: str
    entries: tuple[JournalEntry, ...]

    @property
    def whole(self) -> Replica:
        return joined(arrived(self.station, self.entries))


def journal_of(store: Store) -> Journal:
    return Journal(store.station.uuid, tuple(read(store.connection)))


class OfForce(History):
    """A history with kit numbers that all stations give out, and some of its own."""

    def __init__(self, store: Store, random: Random, prefix: str) -> None:
        self.numbers = [*(f"K{number}" for number in range(4)), *(f"{prefix}{number}" for number in range(2))]
        super().__init__(store, random)
        store.add_officer(f"{prefix}-77", None, T0)

    def receive(self) -> None:
        box = Incoming(self.random.choice(self.numbers), "Two", "L-Two", date(2028, 1, 31), 2)
        self.store.receive([box], self.now, "North")


def new(folder: Path, at_ms: int = T0) -> Store:
    folder.mkdir()
    with mock.patch.object(clock, "now_ms", lambda: at_ms):
        store: Store = Store.create(folder / "station.db", "North", "Europe/London", False, at_ms)
    return store


def lived(store: Store, seed: int, prefix: str, steps: int) -> Store:
    """A station at which so many things happened, each recorded at its time."""
    now = [T0]
    with mock.patch.object(clock, "now_ms", lambda: now[0]):
        history = OfForce(store, Random(seed), prefix)
        for _ in range(steps):
            history.play(1)
            now[0] = history.now
    return store


def pieces(random: Random, journals: Iterable[Journal]) -> Iterator[Replica]:
    """The journals cut anywhere, some of it doubled, each piece with its entries in any order, in any order.

    Entries from before there was a journal stay with the first after them.
    """
    found = []
    for station, entries in journals:
        first = next(at for at, each in enumerate(entries) if each.via is not None)
        places = [0, *range(first + 1 if first else 0, len(entries) + 1)]
        cuts = sorted(random.sample(places, min(random.randrange(1, 7), len(entries))))
        for begin, end in zip((0, *cuts), (*cuts, len(entries)), strict=True):
            for _ in range(random.choice([1, 1, 2])):
                found.append((station, random.sample(entries[begin:end], end - begin)))
    random.shuffle(found)
    return (arrived(station, entries) for station, entries in found)


def at_once_or_not(random: Random, replicas: Iterable[Replica]) -> Replica:
    """Joined in any way: one after the other, or some with each other first."""
    waiting: list[Replica] = list(replicas)
    while len(waiting) > 1:
        some = random.randrange(2, 5)
        waiting = [*waiting[some:], joined(*waiting[:some])]
        if random.random() < 0.3:
            random.shuffle(waiting)
    return joined(waiting[0])


WHO = Actor("keeper", "system", "desk")


def chain(
    *bodies: list[str], station: str = "S", epoch: int = 1, after: JournalEntry | None = None
) -> list[JournalEntry]:
    """A journal of a station, an entry for each list of bodies, or what follows on an entry of it."""
    found: list[JournalEntry] = []
    begin, head = (after.number + 1, after.hash) if after else (1, journal.START)
    for number, texts in enumerate(bodies, begin):
        facts = tuple(journal.fact(part, None, body) for part, body in enumerate(texts))
        head = journal.chained(head, station, epoch, number, number, WHO, "x", "done", [each.digest for each in facts])
        found.append(JournalEntry(number, epoch, number, *WHO, "x", "done", head, facts))
    return found
