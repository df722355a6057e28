"""The tables follow from the journal: whatever is changed in one behind Kitdock's back is named by the check."""

import re
import shutil
import sqlite3
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from host import clock
from host.access.history import EVENTS, HISTORY
from host.access.vault import key_path
from host.errors import RuleError
from host.phrase import Phrase
from host.service.care import RECORDS, TABLES_OF
from host.store.stock import Incoming
from tests.station import Store
from tests.unit.care.care import failed
from tests.unit.test_migrations import T1, T2, make_001

TABLES = (*HISTORY, EVENTS)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A station in which something of every kind has happened: before there was a journal, and since."""
    path = tmp_path_factory.mktemp("journal") / "station.db"
    make_001(path)
    with Store.open(path, login="keeper") as store:
        happen(store)
    return path


def happen(store: Store) -> None:
    now = clock.now_ms()
    store.add_officer("4103", date(2026, 1, 1), now)
    store.change_officer("4103", unit="Roads")
    store.set_setting("carry_days", "30")
    store.add_product("Three", ["05012345678900"], 3)
    store.receive([Incoming(f"Z{number}", "Three", "L9", date(2030, 1, 31), 3) for number in range(4)], now)
    store.recall("Three", "L9", "a fault", None, now)
    store.lift_recall("Three", "L9", "no fault", now)
    store.acknowledge_expiry(["Z0"], date(2031, 1, 1), "known", now)
    store.acknowledge_digest(now, now)
    store.note_what_is_found(now)
    store.grant("stranger", "auditor", None, now)
    store.revoke("stranger", "auditor")
    stocktake = store.start_stocktake(None, False, now).id
    for kit in ("Z1", "Z2", "Z3"):
        store.scan_kit(stocktake, "4101", kit, None, now)
    store.undo_scan(stocktake, "4101", now)
    missing = store.stocktake_result(stocktake, now).differences
    store.close_stocktake(stocktake, {(each.kind, each.kit): "not found" for each in missing}, now)
    store.note_docked_by(T2, "4102", now)
    store.note_own_stop(T1, 14, now)
    report = store.add_report("england_wales", "4102", None, 1, {"area": "South"}, {"outcome": "conscious"}, now)
    store.withdraw_report(report.id, "told twice", now)
    store.restore_report(report.id, None, now)
    store.set_setting("retain_events_days", "30")
    store.retain()


@pytest.fixture
def path(made: Path, tmp_path: Path) -> Path:
    target = tmp_path / "station.db"
    for each in (made, key_path(made)):
        shutil.copy2(each, tmp_path / each.name)
    return target


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with Store.open(path, login="keeper") as opened:
        yield opened


def test_every_table_is_of_the_history_or_said_to_be_none(store: Store) -> None:
    tables = {row[0] for row in store.rows("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    derived = {"rollup", "kit_state", "custody", "to_count", "doses_off", "opening", "opening_asks", "log_flaw"}
    derived |= {"tag_state", "temperature", "stale_tag", "discrepancy"}
    working = {"tag_radio", "report_draft", "stocktake_reason", "dock_run", "dock_radio", "dock_waiting", "wrapped_key"}
    assert tables - derived - working == {*TABLES, "journal", "fact", "_sqlite_migrations"}


def test_after_all_that_everything_holds(store: Store) -> None:
    assert failed(store) == {}
    assert all(store.rows(f"SELECT 1 FROM {table} LIMIT 1") for table in TABLES), "each is tried below"


def unguarded(path: Path, *statements: str, values: tuple[Any, ...] = ()) -> None:
    """What somebody does who drops the triggers, and puts them back; `values` are those of the last statement."""
    connection = sqlite3.connect(path, isolation_level=None)
    triggers = connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
    for name, _ in triggers:
        connection.execute(f"DROP TRIGGER {name}")
    try:
        for each in statements[:-1]:
            connection.execute(each)
        connection.execute(statements[-1], values)
    finally:
        for _, sql in triggers:
            connection.execute(sql)
        connection.close()


def wrong(store: Store) -> list[tuple[str, str]]:
    """How rows differ from the journal, and in which table."""
    found = next(each for each in store.check() if each.name == TABLES_OF)
    return [] if found.holds else [(each.code, each.fields["table"]) for each in found.found.fields["faults"]]


def first(path: Path, table: str) -> dict[str, Any]:
    connection = sqlite3.connect(path)
    connection.row_factory = sqlite3.Row
    row = dict(connection.execute(f"SELECT * FROM {table} LIMIT 1").fetchone())
    connection.close()
    return row


def by_key(path: Path, table: str) -> str:
    key = ("tag", "sequence") if table == EVENTS else HISTORY[table].key
    row = first(path, table)
    return " AND ".join(f"{each} = '{row[each]}'" for each in key)


def columns() -> Iterator[tuple[str, str]]:
    connection = sqlite3.connect(":memory:")
    from host.store.migrations import apply

    apply(connection)
    for table in TABLES:
        key = ("tag", "sequence") if table == EVENTS else HISTORY[table].key
        for _, column, *_ in connection.execute(f"PRAGMA table_info({table})"):
            if column not in key:
                yield table, column
    connection.close()


def others(path: Path, table: str, column: str, was: Any) -> list[Any]:
    """Other values for a cell, likely ones first."""
    connection = sqlite3.connect(path)
    (sql,) = connection.execute("SELECT sql FROM sqlite_schema WHERE name = ?", (table,)).fetchone()
    connection.close()
    near = was + 1 if isinstance(was, int) else bytes(len(was)) if isinstance(was, bytes) else None
    like = "e" * len(was) if isinstance(was, str) else None
    found = [near, like, "{}", *re.findall(r"'(\w+)'", sql), 1, 0, "x", None, b"x"]
    return [each for each in found if each != was]


ALONE = {
    ("movement", "corrects"): "of a correction alone",
    ("movement", "happened_ms"): "of a use alone",
    ("movement", "doses"): "of a use, a return or a count alone",
    ("movement", "pouch"): "of an issue alone",
    ("movement", "officer"): "of an issue alone",
    ("usage_report", "same_as"): "with what it stands as",
    ("usage_report", "stands"): "with the report that it is the same as",
    ("account", "officer"): "of the role of officer alone",
}
"""Cells of a first row that the layout refuses to be anything else, and in which other rows they may be."""


@pytest.mark.parametrize(("table", "column"), list(columns()))
def test_a_cell_that_was_altered_is_named(store: Store, path: Path, table: str, column: str) -> None:
    where, row = by_key(path, table), first(path, table)
    for other in others(path, table, column, row[column]):
        try:
            unguarded(path, f"UPDATE {table} SET {column} = ? WHERE {where}", values=(other,))
        except (sqlite3.IntegrityError, sqlite3.OperationalError):  # an index on what JSON tells refuses other text
            continue
        assert ("check.rows_altered", table) in wrong(store)
        return
    assert (table, column) in ALONE


@pytest.mark.parametrize("table", [each for each in TABLES if each != "station"])
def test_a_row_that_was_removed_is_named(store: Store, path: Path, table: str) -> None:
    unguarded(path, f"DELETE FROM {table} WHERE {by_key(path, table)}")
    assert ("check.rows_missing", table) in wrong(store)


@pytest.mark.parametrize("table", [each for each in TABLES if each != "station"])
def test_a_row_that_was_added_is_named(store: Store, path: Path, table: str) -> None:
    row = first(path, table)
    for column in reversed(("tag", "sequence") if table == EVENTS else HISTORY[table].key):
        for other in others(path, table, column, row[column]):
            new = row | {column: other}
            names, places = ", ".join(new), ", ".join("?" * len(new))
            try:
                unguarded(
                    path,
                    "DROP INDEX IF EXISTS tag_in_pouch",
                    f"INSERT INTO {table} ({names}) VALUES ({places})",
                    values=tuple(new.values()),
                )
            except sqlite3.IntegrityError:
                continue
            assert ("check.rows_added", table) in wrong(store)
            return
    pytest.fail("no row could be added")


def test_a_movement_that_was_rewritten_with_its_journal_as_it_was_passes_nothing(store: Store, path: Path) -> None:
    """The fault that the journal was made for: it passed the check of the audit, and a repair."""
    unguarded(path, "UPDATE movement SET officer = '4102' WHERE id = 4")
    store.repair()
    assert store.verify_audit().broken_at is None
    assert failed(store)[TABLES_OF] == Phrase(
        "check.faults", faults=(Phrase("check.rows_altered", table="movement", rows=("4",), more=0),), more=0
    )


HIDDEN = {
    "from all": "NULL",
    "behind a later row": "'movement:5'",
    "in another table": "'kit:K-1'",
    "in a table that there isn't": "'nothing:4'",
}


@pytest.mark.parametrize("where", HIDDEN.values(), ids=HIDDEN.keys())
def test_a_row_that_was_removed_with_its_fact_hidden_is_named(store: Store, path: Path, where: str) -> None:
    unguarded(path, f"UPDATE fact SET about = {where} WHERE about = 'movement:4'", "DELETE FROM movement WHERE id = 4")
    assert store.verify_audit().why is None, "what is hashed is as it was"
    assert ("check.rows_altered", "fact") in wrong(store)


def test_records_that_were_removed_with_their_facts_hidden_are_named(store: Store, path: Path) -> None:
    unguarded(
        path,
        f"UPDATE fact SET about = 'event:none' WHERE about = 'event:{T2}'",
        f"DELETE FROM event WHERE tag = '{T2}'",
    )
    assert ("check.rows_altered", "fact") in wrong(store)


def test_rows_that_are_exchanged_are_named(store: Store, path: Path) -> None:
    unguarded(
        path,
        "UPDATE movement SET kit = iif(kit = 'K-1', 'K-2', 'K-1') WHERE id IN (1, 2)",
        f"UPDATE event SET docking = 1 + docking WHERE tag = '{T2}' AND sequence = 8",
    )
    assert set(wrong(store)) == {("check.rows_altered", "movement"), ("check.rows_altered", EVENTS)}


@pytest.mark.parametrize("undone", ["tried", "refused"])
def test_what_follows_a_transaction_that_was_undone_is_recorded(store: Store, undone: str) -> None:
    now = clock.now_ms()
    if undone == "tried":
        with store.trial():
            store.add_officer("4150", None, now)
    else:
        with pytest.raises(RuleError):
            store.add_officer("4101", None, now)
    store.add_officer("4151", None, now)
    assert [each[0] for each in store.rows("SELECT about FROM fact WHERE about LIKE 'officer:415%'")] == [
        "officer:4151"
    ]
    assert failed(store) == {}


def test_nothing_is_kept_that_is_in_no_entry(store: Store) -> None:
    with pytest.raises(AssertionError, match="officer"), store.writing() as connection:
        connection.execute("INSERT INTO officer (id, added_at_ms) VALUES ('4199', 1)")
    assert "4199" not in [each.id for each in store.officers()]
    assert failed(store) == {}


@pytest.mark.parametrize("sql", [
    "UPDATE lot SET expires_on = 'soon'",
    "UPDATE movement SET kit = 'K-99'",
    "DELETE FROM lot",
    "UPDATE officer SET trained_on = 'never'",
])  # fmt: skip
def test_what_another_program_made_nonsense_stops_no_check(store: Store, path: Path, sql: str) -> None:
    unguarded(path, sql)
    found = {each.name: each.holds for each in store.check()}
    assert found[TABLES_OF] is False
    assert list(found)[-1] == RECORDS


def test_the_check_of_many_rows_names_three_and_counts_the_rest(store: Store, path: Path) -> None:
    unguarded(path, "UPDATE kit SET serial = 'x' || id")
    (fault,) = failed(store)[TABLES_OF].fields["faults"]
    assert (fault.code, len(fault.fields["rows"]), fault.fields["more"]) == ("check.rows_altered", 3, 4)
