"""What has come of stations' journals, in any order, in any pieces, any number of times: it only ever grows.

What comes is a claim. An entry waits until the one before it is there, and is taken if its hash follows on that one;
an entry of which a fact isn't what its digest says is not taken at all. What an entry that was taken says was
destroyed is destroyed here, whether its body is there already, comes later, or comes again from an older copy.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, product
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


class Replica(NamedTuple):
    """What has come of any journals.

    `taken`: the entries that are proven, each with the one that it follows on (None: it is the first); `waiting`:
    those that are not; `bodies`: salt and body by digest; `destroyed`: digests of facts that are no more; `refused`:
    the facts for which an entry was not taken.
    """

    taken: Mapping[Chained, Chained | None] = {}
    waiting: frozenset[Chained] = frozenset()
    bodies: Mapping[bytes, tuple[bytes, str]] = {}
    destroyed: frozenset[bytes] = frozenset()
    refused: frozenset[Doubt] = frozenset()


_Numbered = Mapping[tuple[str, int], list[Chained]]
"""Entries by station and number."""


def arrived(station: str, entries: Iterable[JournalEntry]) -> Replica:
    """A piece of the journal of a station, to be joined with what is known."""
    waiting: set[Chained] = set()
    bodies: dict[bytes, tuple[bytes, str]] = {}
    refused: set[Doubt] = set()
    for entry in entries:
        wrong = _wrong(entry)
        if wrong is not None:
            refused.add(Doubt(station, entry.epoch, entry.number, ALTERED, wrong))
            continue
        waiting.add(Chained(station, entry._replace(facts=tuple(_bare(each) for each in entry.facts))))
        for _, digest, salt, _, body in entry.facts:
            if salt is not None and body is not None:
                bodies[digest] = salt, body
    return Replica({}, frozenset(waiting), bodies, frozenset(), frozenset(refused))


def joined(*replicas: Replica) -> Replica:
    """All that these know. The order doesn't matter, nor how often one is among them, nor what is joined first."""
    known: dict[Chained, Chained | None] = {}
    bodies: dict[bytes, tuple[bytes, str]] = {}
    for each in replicas:
        known |= each.taken
        bodies |= each.bodies
    taken = _taken(known, frozenset().union(*(each.waiting for each in replicas)) - known.keys())
    waiting = frozenset().union(*(each.waiting for each in replicas)) - taken.keys()
    destroyed = frozenset(_destroyed(taken, bodies)).union(*(each.destroyed for each in replicas))
    kept = {
        digest: (salt, body) for digest, (salt, body) in bodies.items() if digest not in destroyed or _forgets(body)
    }
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
    """One from before layout 008 waits for the first after them, unless that one is there and binds others."""
    needs = each.entry.number if each.entry.via is None else each.entry.number - 1
    return DOES_NOT_FOLLOW if needs == 0 or (each.station, needs) in known else WAITS


def _wrong(entry: JournalEntry) -> int | None:
    """The first part of an entry that isn't what its digest says, or isn't the next part."""
    return next((at for at, each in enumerate(entry.facts) if each.part != at or not journal.fits(each)), None)


def _bare(fact: Fact) -> Fact:
    return Fact(fact.part, fact.digest, None, None, None)


def _taken(known: Mapping[Chained, Chained | None], waiting: Iterable[Chained]) -> dict[Chained, Chained | None]:
    """The entries that were taken, with those of the waiting that now can be, each with the one it follows on."""
    taken, at = dict(known), numbered(known)
    old = numbered(each for each in chain(known, waiting) if each.entry.via is None)
    for each in sorted(waiting, key=lambda each: (each.station, each.entry.number, each.entry.hash)):
        proof = _proof(each, at, old)
        if proof is not None:
            for before, one in zip((None, *proof), (*proof, each), strict=True):
                if one not in taken:
                    taken[one] = before
                    at.setdefault((one.station, one.entry.number), []).append(one)
    return taken


def _proof(new: Chained, at: _Numbered, old: _Numbered) -> tuple[Chained, ...] | None:
    """What an entry follows on, as far as that is not taken for certain yet, the last one last; None: on nothing.

    Entries from before layout 008 are bound by the first one after them, and prove nothing by themselves.
    """
    station, entry = new
    if entry.number == 1:
        return () if journal.follows(journal.START, station, entry) else None
    for before in at.get((station, entry.number - 1), ()):
        if before.entry.epoch <= entry.epoch and journal.follows(before.entry.hash, station, entry):
            return (before,)
    if (station, entry.number - 1) in old:
        for path in product(*(old.get((station, number), ()) for number in range(1, entry.number))):
            if journal.follows(_bound(path), station, entry):
                return path
    return None


def _bound(path: Iterable[Chained]) -> bytes:
    before = Before()
    for each in path:
        before.holds(each.entry)
    return before.bound()


def _destroyed(taken: Mapping[Chained, Chained | None], bodies: Mapping[bytes, tuple[bytes, str]]) -> Iterator[bytes]:
    """The digests of the facts that entries say were destroyed, each of them of the same station and before it."""
    saying = {digest: body for digest, (_, body) in bodies.items() if _forgets(body)}
    at = numbered(taken) if saying else {}
    for each in taken if saying else ():
        for fact in each.entry.facts:
            for number, part in _forgotten(saying.get(fact.digest)):
                found = _before(each, number, at, taken)
                if found is not None and 0 <= part < len(found.entry.facts):
                    yield found.entry.facts[part].digest


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


def _forgets(body: str) -> bool:
    """Whether a fact says what was destroyed. What says so is kept, even if something says that it was destroyed."""
    return body.startswith(f'["{journal.FORGOTTEN}"')


def _forgotten(body: str | None) -> list[tuple[int, int]]:
    try:
        found = journal.forgotten(body) if body is not None else []
        return [(number, part) for number, part in found if isinstance(part, int)]
    except (ValueError, TypeError, LookupError, AttributeError):  # no Kitdock wrote it
        return []
