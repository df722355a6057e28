"""A force at scale, written straight into the tables of its history: what reconcile, expiry and movements cost then.

What is in the records is random bytes (nothing here opens them); everything else is as a store would have it. A
hundredth of all openings is unexplained, a hundredth of the carried kits expired, and so on: see `_Shares`.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from host.store.adopting import adopt
from kitwire import record
from tests.station import Store

NOW_MS = 1_780_000_000_000
TODAY = date(2026, 5, 28)
DAY_MS = 86_400_000
STATIONS = 20
KITS_OF_AN_OFFICER = 5
"""Of these one is carried; the others are in stock, used up, returned and destroyed, as years go by."""
EVENTS_OF_A_TAG = 500
DOCKINGS_OF_A_TAG = 25
PRODUCT = "Naloxone 1.8 mg"


class Size(NamedTuple):
    """How large a force is; kits, officers and tags follow from the number of events."""

    events: int

    @property
    def officers(self) -> int:
        """One officer, pouch and tag for so many events."""
        return self.events // EVENTS_OF_A_TAG

    @property
    def kits(self) -> int:
        """All kits ever received."""
        return self.officers * KITS_OF_AN_OFFICER


def make(path: Path, size: Size) -> None:
    """Writes a force of that size to a new database at `path`; its roll-ups are still to be made."""
    with Store.create(path, "Central", "Europe/London", False, NOW_MS - 400 * DAY_MS):
        pass
    connection = sqlite3.connect(path)
    connection.executescript("PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; PRAGMA cache_size = -200000")
    random = Random(size.events)
    connection.executemany(
        "INSERT INTO place VALUES (?, 'station', NULL, 0)", [(f"Station {number}",) for number in range(STATIONS)]
    )
    _fill(connection, "officer", _officers(size, random))
    connection.execute("INSERT INTO product (name, doses_per_kit, added_at_ms) VALUES (?, 2, 0)", (PRODUCT,))
    _fill(connection, "lot", ((PRODUCT, lot(number), _expiry(number).isoformat(), 2) for number in range(_LOTS)))
    _fill(connection, "kit", ((_kit(number), PRODUCT, lot(number % _LOTS), None, None) for number in range(size.kits)))
    _fill(connection, "movement", _movements(size, random))
    _fill(connection, "tag", _tags(size))
    _fill(connection, "docking", _dockings(size))
    _fill(connection, "event", _events(size, random))
    _fill(connection, "explanation", _explanations(connection, random))
    connection.execute("UPDATE rollup SET version = 0")
    connection.commit()
    connection.close()


def enter(store: Store) -> None:
    """Enters all that was written straight into the tables into the journal."""
    with store.writing():
        adopt(store)


def _fill(connection: sqlite3.Connection, table: str, rows: Iterator[tuple[Any, ...]]) -> None:
    first = next(rows, None)
    if first is None:
        return
    statement = f"INSERT INTO {table} VALUES ({', '.join('?' * len(first))})"
    connection.execute(statement, first)
    while batch := list(islice(rows, 100_000)):
        connection.executemany(statement, batch)
    connection.commit()


_LOTS = 200


def lot(number: int) -> str:
    return f"L{number:04d}"


def _expiry(number: int) -> date:
    """Lots expire from two months ago to three years from now; a few of their kits are still carried."""
    return TODAY + timedelta(days=-60 + number * 6)


def _kit(number: int) -> str:
    return f"K-{number:06d}"


def officer(number: int) -> str:
    return f"{number:05d}"


def _tag(number: int) -> str:
    return f"{number:016x}"


def _pouch(number: int) -> str:
    return f"P-{number:05d}"


def _officers(size: Size, random: Random) -> Iterator[tuple[Any, ...]]:
    for number in range(size.officers):
        trained_days = 370 if random.random() < 0.01 else random.randrange(1, 360)
        left = (TODAY - timedelta(days=5)).isoformat() if random.random() < 0.001 else None
        trained = (TODAY - timedelta(days=trained_days)).isoformat()
        yield officer(number), trained, 0, f"Unit {number % 50}", f"Station {number % STATIONS}", "constable", left


def _movements(size: Size, random: Random) -> Iterator[tuple[Any, ...]]:
    """Kit n * 5 is carried by officer n, mostly in date; n * 5 + 1 is in stock; the others have come and gone."""
    number = 0

    def row(days_ago: float, kind: str, kit: int, **more: Any) -> tuple[Any, ...]:
        nonlocal number
        number += 1
        at_ms = NOW_MS - int(days_ago * DAY_MS)
        columns = ("officer", "place", "pouch", "doses", "corrects", "report", "reason", "document")
        return (number, at_ms, kind, _kit(kit), *(more.get(each) for each in columns), "bench", at_ms, None)

    for holder in range(size.officers):
        station = f"Station {holder % STATIONS}"
        carried, stock, returned, used, destroyed = range(holder * 5, holder * 5 + 5)
        for kit in (carried, stock, returned, used, destroyed):
            yield row(390, "receive", kit, place=station)
        for kit, out, back in ((returned, 380, 340), (used, 339, 300), (destroyed, 299, 270)):
            yield row(out, "issue", kit, officer=officer(holder), pouch=_pouch(holder))
            if kit == used:
                yield row(back, "use", kit, doses=2)
            else:
                yield row(back, "return", kit, place=station, doses=1 if random.random() < 0.002 else 2)
        yield row(265, "destroy", destroyed, reason="expired", document="D1")
        out = carried if _expiry(carried % _LOTS) > TODAY or random.random() < 0.2 else stock
        yield row(260, "issue", out, officer=officer(holder), pouch=_pouch(holder))


def _tags(size: Size) -> Iterator[tuple[Any, ...]]:
    for number in range(size.officers):
        check = f"{number:016x}"
        yield _tag(number), _pouch(number), NOW_MS - 390 * DAY_MS, None, b"", check, check, check, None


def _docked_days_ago(tag: int, nth: int) -> float:
    """Dockings spread over 260 days, the last of most tags within the week."""
    late = 9.0 if tag % 100 == 0 else 0.5
    return late + (DOCKINGS_OF_A_TAG - 1 - nth) * 250 / DOCKINGS_OF_A_TAG


def _dockings(size: Size) -> Iterator[tuple[Any, ...]]:
    per_docking = EVENTS_OF_A_TAG // DOCKINGS_OF_A_TAG
    for tag in range(size.officers):
        for nth in range(DOCKINGS_OF_A_TAG):
            at_ms = NOW_MS - int(_docked_days_ago(tag, nth) * DAY_MS)
            uptime_ms = at_ms - (NOW_MS - 390 * DAY_MS)
            battery = 10 if tag % 200 == 0 else 80
            yield (tag * DOCKINGS_OF_A_TAG + nth + 1, _tag(tag), at_ms, at_ms + 800, "complete", None, per_docking, 1,
                   uptime_ms, at_ms, 50, 3900, battery, (nth + 1) * per_docking)  # fmt: skip


def _events(size: Size, random: Random) -> Iterator[tuple[Any, ...]]:
    """For each docking as many records: heartbeats, the dock's own, and an opening in one docking of five."""
    per_docking = EVENTS_OF_A_TAG // DOCKINGS_OF_A_TAG
    sealed = os.urandom(36)
    start_ms = NOW_MS - 390 * DAY_MS
    for tag in range(size.officers):
        tag_id = _tag(tag)
        gap_at = random.randrange(EVENTS_OF_A_TAG) if random.random() < 0.005 else -1
        sequence = 0
        for nth in range(DOCKINGS_OF_A_TAG):
            docking = tag * DOCKINGS_OF_A_TAG + nth + 1
            until_s = (NOW_MS - int(_docked_days_ago(tag, nth) * DAY_MS) - start_ms) // 1000
            opened = random.random() < 0.2
            for place in range(per_docking):
                sequence += 1
                if sequence == gap_at:
                    continue
                uptime_s = until_s - (per_docking - place) * 30_000
                name, flags = "heartbeat", 0
                if opened and place in (5, 6):
                    name, flags = ("lid_open", record.FLAG_LID_OPEN) if place == 5 else ("lid_close", 0)
                yield (tag_id, sequence, sealed, docking, "verified", name, flags, 3900, 1, uptime_s, 0, 0)


def _explanations(connection: sqlite3.Connection, random: Random) -> Iterator[tuple[Any, ...]]:
    """Of each opening but a hundredth."""
    rows = connection.execute("SELECT tag, sequence FROM event WHERE type = 'lid_open'").fetchall()
    for number, (tag, sequence) in enumerate(rows, 1):
        if random.random() >= 0.01:
            cause = random.choice(["training", "inspection", "restocking", "accidental"])
            yield number, tag, sequence, NOW_MS - DAY_MS, officer(int(tag, 16)), cause, None, "bench"
