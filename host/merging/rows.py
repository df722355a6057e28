"""The rows that follow from the entries of several stations, and where two of them say different things of one."""

import json
from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any, NamedTuple

from host.access import journal
from host.access.history import FACT, HISTORY, NAME
from host.ledger.movement import KINDS
from host.merging.replica import NOT_READ, Chained, Doubt, Replica

Key = tuple[Any, ...]
"""What tells a row apart: the identity of the fact that put it; its key; or its station and its key there."""

_ADDED = "added_at_ms"
"""When a station heard of something says nothing of the thing itself."""


class MergedRow(NamedTuple):
    """A row by its columns, which name others by identity; `origin` is the fact that put it, in an entry of `put_ms`.

    A number in the column `id` is the row's number at its own station.
    """

    origin: str
    put_ms: int
    columns: Mapping[str, Any]

    @property
    def owned(self) -> tuple[Any, ...]:
        """By which of several rows is the owner's: the one that was put first."""
        return self.put_ms, *journal.named(self.origin)


class Conflict(NamedTuple):
    """What stations say differently of one thing; the owner's row is the first, and the one that stands."""

    table: str
    key: Key
    sides: tuple[MergedRow, ...]


class MergedRows(NamedTuple):
    """Rows by table and key; conflicts; facts that are neither there nor said to be destroyed; facts not understood."""

    tables: Mapping[str, Mapping[Key, MergedRow]]
    conflicts: tuple[Conflict, ...]
    missing: frozenset[str]
    doubts: frozenset[Doubt]


def rows(replica: Replica, entries: Iterable[Chained]) -> MergedRows:
    """What follows from these entries, which are in order for each station."""
    stations: dict[str, _Station] = {}
    missing: set[str] = set()
    doubts: set[Doubt] = set()
    for station, entry in entries:
        own = stations.setdefault(station, _Station(station))
        own.times[entry.epoch, entry.number] = entry.at_ms
        for fact in entry.facts:
            identity = journal.identity(station, entry.epoch, entry.number, fact.part)
            _, body = replica.bodies.get((station, fact.digest), (b"", None))
            if body is not None:
                if not own.take(identity, _read(body)):
                    doubts.add(Doubt(station, entry.epoch, entry.number, NOT_READ, fact.part))
            elif (station, fact.digest) not in replica.destroyed:
                missing.add(identity)
    tables, conflicts = _together(stations.values())
    return MergedRows(tables, tuple(conflicts), frozenset(missing), frozenset(doubts))


class _Station:
    """The rows of one station as its entries put, set and take them away, one after the other."""

    def __init__(self, station: str) -> None:
        self.rows: dict[tuple[str, Key], MergedRow] = {}
        self.times: dict[tuple[int, int], int] = {}
        """When each entry was made, by epoch and number."""
        self._station = station
        self._where: dict[str, tuple[str, Key]] = {}

    def take(self, identity: str, body: list[Any] | None) -> bool:
        """The next fact; False if it isn't understood."""
        match body:
            case [journal.TOLD | journal.RECORDS | journal.FORGOTTEN, *_]:
                return True
            case [journal.PUT, str(table), dict(columns)] if _fit(table, columns):
                return self._hold(table, identity, columns)
            case [journal.SET, str(table), dict(columns), str(origin)] if _fit(table, columns):
                return self._hold(table, origin, columns)
            case [journal.GONE, str(table), str(origin)] if table in HISTORY:
                self.rows.pop(self._where.get(origin, (table, ())), None)
                return True
        return False

    def _hold(self, table: str, origin: str, columns: dict[str, Any]) -> bool:
        try:
            station, *number, _ = journal.named(origin)
        except ValueError:
            return False
        put_ms = self.times.get((number[0], number[1]))
        if station != self._station or put_ms is None:
            return False
        where = (table, self._key(table, origin, columns))
        self._where[origin] = where
        self.rows[where] = MergedRow(origin, put_ms, columns)
        return True

    def _key(self, table: str, origin: str, columns: Mapping[str, Any]) -> Key:
        of = HISTORY[table]
        if of.by == FACT:
            return (origin,)
        key = tuple(columns[each] for each in of.key)
        return key if of.by == NAME else (self._station, *key)


def _read(body: str) -> list[Any] | None:
    try:
        found = json.loads(body)
    except ValueError:
        return None
    return found if isinstance(found, list) else None


def _fit(table: str, columns: Mapping[str, Any]) -> bool:
    """Whether a row is one of a table that this version knows, with what everything here needs of it."""
    if table not in HISTORY or not all(isinstance(columns.get(each), str | int) for each in HISTORY[table].key):
        return False
    whole = all(isinstance(columns.get(each), int) for each in ("at_ms", "recorded_at_ms"))
    return table != "movement" or (whole and columns.get("kind") in KINDS and isinstance(columns.get("kit"), str))


def _together(stations: Iterable[_Station]) -> tuple[dict[str, dict[Key, MergedRow]], list[Conflict]]:
    said: dict[tuple[str, Key], list[MergedRow]] = {}
    for where, row in chain.from_iterable(each.rows.items() for each in stations):
        said.setdefault(where, []).append(row)
    tables: dict[str, dict[Key, MergedRow]] = {table: {} for table in HISTORY}
    conflicts: list[Conflict] = []
    for (table, key), all_of_them in sorted(said.items(), key=lambda each: repr(each[0])):
        versions = _in_use(sorted(all_of_them, key=lambda each: each.owned))
        tables[table][key] = versions[0]
        if len({_content(each) for each in versions}) > 1:
            conflicts.append(Conflict(table, key, tuple(versions)))
    return tables, conflicts


def _in_use(versions: list[MergedRow]) -> list[MergedRow]:
    """Without what a station says of a tag that it has retired, unless nobody has it in use: then as who put it last.

    A tag that goes from one station to another has a row at both.
    """
    retired = [each for each in versions if each.columns.get("retired_at_ms") is not None]
    return [each for each in versions if each not in retired] or versions[-1:]


def _content(row: MergedRow) -> str:
    return json.dumps({name: value for name, value in row.columns.items() if name != _ADDED}, sort_keys=True)
