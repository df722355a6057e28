"""The histories of several stations as one: the same whatever came first, in whatever pieces, how often.

replica.py   what has come of their journals: proven entries, facts, and what was destroyed; joined with more
forks.py     two databases with one identity
rows.py      every table that follows, and where stations say different things
custody.py   the ledger of it, and kits that two stations issued
"""

from collections.abc import Mapping
from typing import NamedTuple

from host.merging.custody import IssuedTwice, MergedKit, issued_twice, kits
from host.merging.forks import Fork, counted
from host.merging.replica import Doubt, Replica, arrived, doubts, joined
from host.merging.rows import Conflict, Key, MergedRow, rows

__all__ = [
    "Conflict",
    "Doubt",
    "Fork",
    "IssuedTwice",
    "Merged",
    "MergedKit",
    "MergedRow",
    "Replica",
    "arrived",
    "joined",
    "merged",
]


class Merged(NamedTuple):
    """What follows from a replica: rows by table and key, kits by number; and all that somebody must be asked or told.

    `missing`: identities of facts that are not there, and of which no entry says that they were destroyed.
    """

    tables: Mapping[str, Mapping[Key, MergedRow]]
    kits: Mapping[str, MergedKit]
    issued_twice: tuple[IssuedTwice, ...]
    conflicts: tuple[Conflict, ...]
    forks: tuple[Fork, ...]
    missing: frozenset[str]
    doubts: frozenset[Doubt]


def merged(replica: Replica) -> Merged:
    """The one history of all that has come."""
    entries, forks = counted(replica)
    found = rows(replica, entries)
    of_kits = kits(found.tables)
    twice = tuple(issued_twice(of_kits))
    return Merged(found.tables, of_kits, twice, found.conflicts, forks, found.missing, found.doubts | doubts(replica))
