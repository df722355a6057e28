"""What has come of stations' journals, in any order, in any pieces, any number of times: it only ever grows.

What comes is a claim. An entry waits until the one before it is there, and is taken if its hash follows on that one;
an entry of which a fact isn't what its digest says is not taken at all. What an entry that was taken says was
destroyed is destroyed here, whether its body is there already, comes later, or comes again from an older copy.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from host.access import journal
from host.access.journal import Before, Fact, JournalEntry

ALTERED, WAITS, DOES_NOT_FOLLOW, NOT_READ = "altered", "waits", "does_not_follow", "not_read"
"""Why something does not count: a fact isn't what its digest says; the entry before is not there yet; it is there and
the hash doesn't follow on it; a fact tells of what this version of Kitdock doesn't know."""


class Chained(NamedTuple):
    """An entry of the journal of a station. Its facts are digests; their bodies are kept apart."""

    station: str
    entry: JournalEntry


class Doubt(NamedTuple):
    """What does not count, and why; `part` is the fact that it is about, if it is about one."""

    station: str
    epoch: int
    number: int
    why: str
    part: int = 0


FactKey = tuple[str, bytes]
"""A fact by its station and its digest: no station destroys what another holds, though it can copy a digest."""


class Replica(NamedTuple):
    """What has come of any journals.

    `taken`: the entries that are proven, each with the one that it follows on (None: it is the first); `waiting`:
    those that are not; `bodies`: salt and body by station and digest; `destroyed`: the same of facts that are no more;
    `refused`: the facts for which an entry was not taken.
    """

    taken: Mapping[Chained, Chained | None] = {}
    waiting: frozenset[Chained] = frozenset()
    bodies: Mapping[FactKey, tuple[bytes, str]] = {}
    destroyed: frozenset[FactKey] = frozenset()
    refused: frozenset[Doubt] = frozenset()


_FORGOTTEN = f'["{journal.FORGOTTEN}"'

_Numbered = Mapping[tuple[str, int], list[Chained]]
"""Entries by station and number."""


def arrived(station: str, entries: Iterable[JournalEntry]) -> Replica:
    """A piece of the journal of a station, to be joined with what is known.

    Entries from before layout 008 prove nothing by themselves: they come in one piece with the first after them.
    """
    waiting: set[Chained] = set()
    bodies: dict[FactKey, tuple[bytes, str]] = {}
    refused: set[Doubt] = set()
    for entry in entries:
        wrong = _wrong(entry)
        if wrong is not None:
            refused.add(Doubt(station, entry.epoch, entry.number, ALTERED, wrong))
            continue
        waiting.add(Chained(station, entry._replace(facts=tuple(_bare(each) for each in entry.facts))))
        for _, digest, salt, _, body in entry.facts:
            if salt is not None and body is not None:
                bodies[station, digest] = salt, body
    return Replica(_together(station, waiting), frozenset(waiting), bodies, frozenset(), frozenset(refused))


def joined(*replicas: Replica) -> Replica:
    """All that these know. The order doesn't matter, nor how often one is among them, nor what is joined first."""
    known: dict[Chained, Chained | None] = {}
    bodies: dict[FactKey, tuple[bytes, str]] = {}
    for each in replicas:
        known |= each.taken
        bodies |= each.bodies
    taken = _taken(known, frozenset().union(*(each.waiting for each in replicas)) - known.keys())
    waiting = frozenset().union(*(each.waiting for each in replicas)) - taken.keys()
    destroyed = frozenset(_destroyed(taken, bodies)).union(*(each.destroyed for each in replicas))
    kept = {key: each for key, each in bodies.items() if key not in destroyed}
    return Replica(taken, waiting, kept, destroyed, frozenset().union(*(each.refused for each in replicas)))


def doubts(replica: Replica) -> frozenset[Doubt]:
    """The entries that were not taken, and why."""
    known = numbered(replica.taken)
    return replica.refused | {
        Doubt(each.station, each.entry.epoch, each.entry.number, _why_not(known, each)) for each in replica.waiting
    }


def numbered(entries: Iterable[Chained]) -> dict[tuple[str, int], list[Chained]]:
    """Entries by station and number: there are several where a station was restored, or is two databases."""
    found: dict[tuple[str, int], list[Chained]] = {}
    for each in entries:
        found.setdefault((each.station, each.entry.number), []).append(each)
    return found


def _why_not(known: _Numbered, each: Chained) -> str:
    number = each.entry.number if each.entry.via is None else each.entry.number - 1
    return DOES_NOT_FOLLOW if number == 0 or (each.station, number) in known else WAITS


def _wrong(entry: JournalEntry) -> int | None:
    """The first part of an entry that isn't what its digest says, or isn't the next part."""
    return next((at for at, each in enumerate(entry.facts) if each.part != at or not journal.fits(each)), None)


def _bare(fact: Fact) -> Fact:
    return Fact(fact.part, fact.digest, None, None, None)


def _together(station: str, piece: Collection[Chained]) -> dict[Chained, Chained | None]:
    """The entries from before layout 008, if all of them are here with the first after them, which binds them."""
    old = sorted((each for each in piece if each.entry.via is None), key=lambda each: each.entry.number)
    if not old or [each.entry.number for each in old] != list(range(1, len(old) + 1)):
        return {}
    before = Before()
    for each in old:
        before.holds(each.entry)
    first: dict[Chained, Chained | None] = {
        each: old[-1]
        for each in piece
        if each.entry.number == len(old) + 1 and journal.follows(before.bound(), station, each.entry)
    }
    return dict(zip(old, (None, *old), strict=False)) | first if first else {}


def _taken(known: Mapping[Chained, Chained | None], waiting: Iterable[Chained]) -> dict[Chained, Chained | None]:
    """The entries that were taken, with those of the waiting that now can be, each with the one it follows on."""
    taken, at = dict(known), numbered(known)
    for each in sorted(waiting, key=lambda each: (each.station, each.entry.number)):
        number = each.entry.number
        for before in at.get((each.station, number - 1), ()) if number > 1 else (None,):
            if _goes_on(before, each):
                taken[each] = before
                at.setdefault((each.station, number), []).append(each)
    return taken


def _goes_on(before: Chained | None, new: Chained) -> bool:
    """Whether an entry follows on another (None: on none, it is the first). An epoch doesn't go back."""
    if before is None:
        return journal.follows(journal.START, *new)
    follows = before.entry.via is not None and before.entry.epoch <= new.entry.epoch
    return follows and journal.follows(before.entry.hash, *new)


def _destroyed(
    taken: Mapping[Chained, Chained | None], bodies: Mapping[FactKey, tuple[bytes, str]]
) -> Iterator[FactKey]:
    """The facts that entries say were destroyed, each of them of the same station and before it."""
    saying = {key: body for key, (_, body) in bodies.items() if body.startswith(_FORGOTTEN)}
    at = numbered(taken) if saying else {}
    for each in taken if saying else ():
        for fact in each.entry.facts:
            for number, part in _forgotten(saying.get((each.station, fact.digest))):
                found = _before(each, number, at, taken)
                if found is not None and 0 <= part < len(found.entry.facts):
                    yield each.station, found.entry.facts[part].digest


def _before(
    each: Chained, number: int, at: _Numbered, taken: Mapping[Chained, Chained | None]
) -> Chained | None:  # fmt: skip
    """The entry with that number that an entry came after: where there are two, the one on its own branch."""
    among = at.get((each.station, number), ()) if number < each.entry.number else ()
    if len(among) < 2:
        return among[0] if among else None
    found: Chained | None = each
    while found is not None and found.entry.number != number:
        found = taken[found]
    return found


def _forgotten(body: str | None) -> list[tuple[int, int]]:
    try:
        found = journal.forgotten(body) if body is not None else []
        return [(number, part) for number, part in found if isinstance(part, int)]
    except (ValueError, TypeError, LookupError, AttributeError):  # no Kitdock wrote it
        return []
