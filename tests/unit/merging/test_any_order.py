"""The facts of several stations give one history, in any order, in any pieces, any number of times."""

from random import Random
from typing import Any

import pytest

from host.access.history import FACT, HISTORY, STATION
from host.access.journal import named
from host.ledger import State
from host.ledger.holding import Holding
from host.merging import Merged, MergedKit, joined, merged
from host.store.recording import columns_of, plain
from tests.station import Store
from tests.telling import Tell
from tests.unit.merging.stations import Journal, at_once_or_not, journal_of, lived, new, pieces
from tests.unit.test_journal import happen
from tests.unit.test_migrations import make

ORDERS = 100


@pytest.fixture(scope="module")
def force(tmp_path_factory: pytest.TempPathFactory) -> list[Journal]:
    """Three stations, and two that were once of earlier layouts, of which the second had an audit."""
    folder = tmp_path_factory.mktemp("force")
    found = []
    for seed, name in enumerate(("North", "South", "East")):
        with lived(new(folder / name), seed, name[0], 150) as store:
            found.append(journal_of(store))
    for layout in ("layout_001", "layout_002"):
        make(folder / f"{layout}.db", layout)
        with Store.open(folder / f"{layout}.db", login="keeper") as store:
            happen(store)
            found.append(journal_of(store))
    assert found[-1].entries[0].via is None
    return found


def test_in_any_order_and_in_any_pieces_it_is_one_history(force: list[Journal], tell: Tell) -> None:
    random = Random(1)
    first = joined(*(each.whole for each in force))
    history = merged(first)
    assert history.doubts == history.missing == set()
    assert history.issued_twice and history.conflicts, "there is something to get wrong"
    differ = 0
    for _ in range(ORDERS):
        replica = at_once_or_not(random, pieces(random, force))
        differ += replica != first or merged(replica) != history
    entries = sum(len(each.entries) for each in force)
    tell(f"merging: {entries} entries of {len(force)} stations in {ORDERS} orders, differences: {differ}")
    assert differ == 0


def test_joining_again_changes_nothing(force: list[Journal]) -> None:
    some = joined(*(each.whole for each in force[:2]))
    assert joined(some, some) == joined(some) == some
    assert joined(joined(some, force[2].whole), some) == joined(force[2].whole, some)


def test_what_came_before_its_predecessors_waits_and_does_not_count(force: list[Journal]) -> None:
    station, entries = force[0]
    half = len(entries) // 2
    early = Journal(station, entries[half:]).whole
    assert merged(early)._replace(doubts=frozenset()) == merged(joined())
    assert {each.why for each in merged(early).doubts} == {"waits"}
    assert merged(joined(early, Journal(station, entries[:half]).whole)) == merged(force[0].whole)


@pytest.fixture(scope="module", params=["of all kinds", "of the ledger"])
def alone(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Store:
    folder = tmp_path_factory.mktemp("alone")
    if request.param == "of the ledger":
        return lived(new(folder / "new"), 11, "N", 150)
    make(folder / "station.db", "layout_001")
    old: Store = Store.open(folder / "station.db", login="keeper")
    happen(old)
    return old


@pytest.mark.parametrize("table", HISTORY)
def test_a_station_alone_has_the_rows_of_its_database(alone: Store, table: str) -> None:
    history = merged(journal_of(alone).whole)
    columns = [each for each, _ in columns_of(alone.connection)[table]]
    quoted = ", ".join(f'"{each}"' for each in columns)
    there = [dict(zip(columns, map(plain, row), strict=True)) for row in alone.rows(f"SELECT {quoted} FROM {table}")]
    found = [local(history, table, row.columns) for row in history.tables[table].values()]
    assert sorted(found, key=repr) == sorted(there, key=repr)
    assert history.doubts == history.missing == set()
    assert history.conflicts == history.forks == history.issued_twice == ()


def local(history: Merged, table: str, columns: Any) -> dict[str, Any]:
    """The columns of a row with the numbers that the rows it refers to have at their station."""
    refers = HISTORY[table].refers
    return {
        column: history.tables[refers[column]][(value,)].columns["id"] if value and column in refers else value
        for column, value in columns.items()
    }


def test_a_station_alone_has_the_ledger_of_its_roll_ups(alone: Store) -> None:
    history = merged(journal_of(alone).whole)
    states = {
        kit: State(*row)
        for kit, *row in alone.rows(f"SELECT kit, {', '.join(State._fields)} FROM kit_state ORDER BY kit")
    }
    assert states and {kit: state_here(history, each) for kit, each in history.kits.items()} == states
    custody = alone.rows(
        "SELECT kit, officer, pouch, since_ms, until_ms, place, status, began FROM custody ORDER BY kit, began"
    )
    held = [held_here(history, kit, each) for kit in history.kits.values() for each in kit.custody]
    assert sorted(held, key=lambda each: (each.kit, each.began)) == [Holding(*row) for row in custody]


def test_a_movement_names_the_report_that_tells_of_it(alone: Store) -> None:
    history = merged(journal_of(alone).whole)
    reports = [key for (key,) in sorted(history.tables["usage_report"])]
    told = {
        kit.identities[step.movement.id - 1]: reports[step.movement.report - 1]
        for kit in history.kits.values()
        for step in kit.steps
        if step.movement.report is not None
    }
    rows = history.tables["movement"].values()
    assert told == {row.origin: row.columns["report"] for row in rows if row.columns["report"]}
    assert told


def number_here(history: Merged, kit: MergedKit, movement: int) -> int:
    if movement == 0:
        return 0
    number: int = history.tables["movement"][(kit.identities[movement - 1],)].columns["id"]
    return number


def state_here(history: Merged, kit: MergedKit) -> State:
    state = kit.steps[-1].state
    return state._replace(
        began=number_here(history, kit, state.began), movement=number_here(history, kit, state.movement)
    )


def held_here(history: Merged, kit: MergedKit, held: Holding) -> Holding:
    return held._replace(began=number_here(history, kit, held.began))


def test_rows_are_told_apart_by_what_tells_them_apart(force: list[Journal]) -> None:
    history = merged(joined(*(each.whole for each in force)))
    stations = {each.station for each in force}
    for table, of in HISTORY.items():
        assert of.by != FACT or of.key == ("id",), f"{table}: its key tells its rows apart"
        for key, row in history.tables[table].items():
            if of.by == FACT:
                assert key == (row.origin,) and named(row.origin).station in stations
            elif of.by == STATION:
                assert key[0] == named(row.origin).station
    assert {key[0] for key in history.tables["station"]} == stations
    assert ("4101",) in history.tables["officer"] and ("K1",) in history.tables["kit"]
