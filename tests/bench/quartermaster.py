"""What a quartermaster waits for, at 10⁵, 10⁶ and 10⁷ events: reconcile, expiry, a movement.

The rival of the questions is the full recompute: all roll-ups made again from the history. That of a movement is a
bare row committed to the same disk by `sqlite3` as safely.
"""

from __future__ import annotations

import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

from host.reconcile import reconcile
from host.stock.expiry import demands, suggest
from host.store.stock import Incoming
from tests.bench import scale
from tests.bench.result import Result
from tests.station import Store

SIZES = (100_000, 1_000_000, 10_000_000)
ROUNDS = 9
MOVEMENTS = 40
CHECKED = 1_000_000
"""Events of the database that is checked as a whole."""
GOAL_MS = 150.0
GOAL_MOVEMENT_MS = 5.0
GOAL_RATIO = 20.0


def run() -> list[Result]:
    """`reconcile_1e7_ms`, `expiry_1e7_ms`, `movement_ms`, `check_1e6_s`, `rollup_against_recompute`; growth to them."""
    results: list[Result] = []
    for events in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            results += _run(Path(folder), scale.Size(events))
    return results


def _run(folder: Path, size: scale.Size) -> list[Result]:
    path = folder / "scale.db"
    power = f"1e{len(str(size.events)) - 1}"
    _say(f"{size.events:,} events, {size.kits:,} kits, {size.officers:,} officers: writing their history")
    scale.make(path, size)
    _say("deriving all of it (the full recompute)")
    recompute_ms = _timed(lambda: Store.open(path).close())
    with Store.open(path) as store:
        found = len(reconcile(store.situation(scale.NOW_MS)))
        listed = len(_expiry(store))
        _say(f"{found:,} discrepancies, {listed:,} kits that expire within 90 days")
        reconcile_ms = _best(lambda: _reconcile(store))
        expiry_ms = _best(lambda: _expiry(store))
        movement_ms = _movements(store)
        check_s = _checked(store) if size.events == CHECKED else None
    row_ms = _bare_rows(folder / "rows.db")
    slower = max(reconcile_ms, expiry_ms)
    last = size.events == SIZES[-1]
    results = [
        _result(f"reconcile_{power}_ms", reconcile_ms, recompute_ms, GOAL_MS if last else None),
        _result(f"expiry_{power}_ms", expiry_ms, recompute_ms, GOAL_MS if last else None),
    ]
    if check_s is not None:
        results.append(
            Result("check_1e6_s", check_s, "s", "full recompute", recompute_ms / 1000, check_s * 1000 / recompute_ms,
                   "none", True)
        )  # fmt: skip
    if last:
        results += [
            Result("movement_ms", movement_ms, "ms", "a bare row, as safely", row_ms, movement_ms / row_ms,
                   f"at most {GOAL_MOVEMENT_MS:.0f} ms", movement_ms <= GOAL_MOVEMENT_MS),
            Result("rollup_against_recompute", recompute_ms / slower, "times faster", "the full recompute", 1.0,
                   recompute_ms / slower, f"at least {GOAL_RATIO:.0f}", recompute_ms >= GOAL_RATIO * slower),
        ]  # fmt: skip
    return results


def _result(name: str, value: float, rival: float, goal: float | None) -> Result:
    words = "none" if goal is None else f"at most {goal:.0f} ms"
    return Result(name, value, "ms", "full recompute", rival, value / rival, words, goal is None or value <= goal)


def _reconcile(store: Store) -> object:
    """What `kitdock reconcile` does up to the table."""
    return store.standings(reconcile(store.situation(scale.NOW_MS)))


def _expiry(store: Store) -> list[object]:
    """What `kitdock expiry` does up to the table."""
    settings = store.settings
    home = store.station.name
    found = store.expiring(scale.TODAY, settings.expiry_days)
    shelves = store.shelves(demands(found, home, settings.carry_days), scale.TODAY, settings.carry_days)
    return list(suggest(found, shelves, home, settings.carry_days))


def _movements(store: Store) -> float:
    """Receive, issue and return, each committed: the median of the slowest kind, in ms."""
    now_ms = scale.NOW_MS
    kinds: dict[str, list[float]] = {"receive": [], "issue": [], "return": []}
    for number in range(MOVEMENTS):
        kit = f"NEW-{number}"
        box = Incoming(kit, scale.PRODUCT, scale.lot(199))
        kinds["receive"].append(_timed(partial(store.receive, [box], now_ms)))
        kinds["issue"].append(_timed(partial(store.issue_kit, kit, scale.officer(number), None, now_ms)))
        kinds["return"].append(_timed(partial(store.return_kit, kit, now_ms)))
    medians = {kind: median(times) for kind, times in kinds.items()}
    _say(", ".join(f"{kind} {value:.1f} ms" for kind, value in medians.items()))
    return max(medians.values())


def _checked(store: Store) -> float:
    """All of `kitdock db check`, in seconds, of a database whose history is in the journal."""
    _say("entering the history into the journal")
    scale.enter(store)
    began = time.perf_counter()
    found = {each.name: each.holds for each in store.check()}
    seconds = time.perf_counter() - began
    if not found["tables"] or not found["audit"]:
        raise AssertionError(f"the check finds faults in a sound database: {found}")
    return seconds


def _bare_rows(path: Path) -> float:
    """One row and its commit, as safe against a power cut as the store's."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE row (id, text)")
    times = [_timed(lambda: connection.execute("INSERT INTO row VALUES (1, 'movement')")) for _ in range(MOVEMENTS)]
    connection.close()
    return median(times)


def _best(work: Callable[[], object]) -> float:
    """The least of several rounds: what else the machine does only adds."""
    return min(_timed(work) for _ in range(ROUNDS))


def _timed(work: Callable[[], object]) -> float:
    """Milliseconds that `work` takes."""
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def _say(text: str) -> None:
    print(f"  {text} ...", file=sys.stderr, flush=True)
