"""Checks find what is planted."""

import sqlite3
from pathlib import Path

import pytest

from host import clock, errors
from host.access.vault import key_path
from host.store import Store
from host.store.care import AUDIT, FILE, LAYOUT, LEDGER, RECORDS, REFERENCES, ROLLUPS
from tests.unit.care.care import change, failed
from tests.unit.test_migrations import T1, T2, rows


def test_a_good_database_holds_in_all(store: Store) -> None:
    found = list(store.check())
    assert [(each.name, each.holds) for each in found] == [
        (name, True) for name in (FILE, REFERENCES, LAYOUT, AUDIT, LEDGER, ROLLUPS, RECORDS)
    ]
    assert found[-1].found == "22 records as their tags sealed them, or known not to be"


PLANTED: dict[str, tuple[list[str], str, str]] = {
    "a trigger is away": (["DROP TRIGGER event_no_delete"], LAYOUT, "trigger event_no_delete is missing"),
    "a trigger does nothing": (
        ["DROP TRIGGER event_no_delete", "CREATE TRIGGER event_no_delete BEFORE DELETE ON event BEGIN SELECT 1; END"],
        LAYOUT,
        "trigger event_no_delete was changed",
    ),
    "an index is away": (["DROP INDEX movement_by_kit"], LAYOUT, "index movement_by_kit is missing"),
    "a foreign table": (["CREATE TABLE notes (x)"], LAYOUT, "table notes is not Kitdock's"),
    "a roll-up is wrong": (
        ["UPDATE kit_state SET doses_left = 9 WHERE kit = 'K-1'"],
        ROLLUPS,
        "kit_state differs for K-1",
    ),
    "a roll-up is away": ([f"DELETE FROM opening WHERE tag = '{T1}'"], ROLLUPS, f"opening differs for {T1}"),
    "an officer is away": (
        ["DELETE FROM officer WHERE id = '4102'"],
        REFERENCES,
        "a row of movement names what is not in officer",
    ),
    "an audit entry is altered": (
        ["DROP TRIGGER audit_no_update", "UPDATE audit SET login = 'nobody' WHERE id = 1"],
        AUDIT,
        "entry 1 is not what was written",
    ),
    "a movement is away": (
        ["DROP TRIGGER movement_no_delete", "DELETE FROM movement WHERE id = 6"],
        LEDGER,
        "movement 7 of K-2",
    ),
    "a record tells of something else": (
        ["DROP TRIGGER event_no_update", f"UPDATE event SET type = 'heartbeat' WHERE tag = '{T1}' AND sequence = 8"],
        RECORDS,
        f"tag {T1}: 1 record not as the tag sealed it (8)",
    ),
    "a record has other bytes": (
        ["DROP TRIGGER event_no_update", f"UPDATE event SET record = zeroblob(36) WHERE tag = '{T1}' AND sequence = 8"],
        RECORDS,
        f"tag {T1}: 2 records not as the tag sealed it (8, 9)",
    ),
    "the keys of a tag are altered": (
        [f"UPDATE tag SET sealed_keys = zeroblob(124) WHERE id = '{T1}'"],
        RECORDS,
        f"the sealed value of keys of tag {T1} was altered",
    ),
    "an altered record is called good": (
        ["DROP TRIGGER event_no_update", f"UPDATE event SET verdict = 'verified' WHERE tag = '{T2}' AND sequence = 6"],
        RECORDS,
        f"tag {T2}: 1 record not as the tag sealed it (6)",
    ),
}


@pytest.mark.parametrize(("statements", "name", "told"), PLANTED.values(), ids=PLANTED.keys())
def test_what_is_planted_is_found(store: Store, path: Path, statements: list[str], name: str, told: str) -> None:
    assert failed(store) == {}
    change(path, *statements)
    assert told in failed(store)[name]


def test_a_damaged_file_is_said_to_be_and_nothing_more_is_looked_at(path: Path) -> None:
    with Store.open(path, login="keeper") as store:
        for number in range(400):
            store.add_officer(f"7{number:03}", None, clock.now_ms())
    page = rows(path, "SELECT rootpage FROM sqlite_schema WHERE name = 'movement_by_kit'")[0][0]
    whole = bytearray(path.read_bytes())
    whole[4096 * (page - 1) + 8 : 4096 * page] = b"\xa5" * (4096 - 8)
    path.write_bytes(whole)
    with Store.open(path, login="keeper") as store:
        found = list(store.check())
    assert [(each.name, each.holds) for each in found] == [(FILE, False)]


def test_without_the_key_records_are_not_checked_and_all_else_is(store: Store, path: Path) -> None:
    key_path(path).unlink()
    assert [(each.name, each.holds) for each in store.check()][-2:] == [(ROLLUPS, True), (RECORDS, None)]


def test_records_after_a_gap_are_checked_but_for_the_first(store: Store, path: Path) -> None:
    change(path, "DROP TRIGGER event_no_delete", f"DELETE FROM event WHERE tag = '{T2}' AND sequence IN (1, 2)")
    assert RECORDS not in failed(store)
    change(path, "DROP TRIGGER event_no_update", f"UPDATE event SET aux = 5 WHERE tag = '{T2}' AND sequence = 4")
    assert "(4)" in failed(store)[RECORDS]


def test_repair_makes_again_what_can_be_made(store: Store, path: Path) -> None:
    change(
        path,
        "DROP TRIGGER event_no_delete",
        "DROP TRIGGER movement_no_update",
        "CREATE TRIGGER movement_no_update BEFORE UPDATE ON movement BEGIN SELECT 1; END",
        "DROP INDEX movement_by_kit",
        "UPDATE kit_state SET doses_left = 9",
        "DELETE FROM opening",
    )
    assert set(failed(store)) == {LAYOUT, ROLLUPS}
    assert sorted(store.repair().objects) == ["event_no_delete", "movement_by_kit", "movement_no_update"]
    assert failed(store) == {}
    assert [each.action for each in store.audit_entries()][-1] == "database.repair"
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        change(path, "DELETE FROM event")


def test_repair_leaves_history_alone(store: Store, path: Path) -> None:
    change(path, "DROP TRIGGER audit_no_update", "UPDATE audit SET login = 'nobody' WHERE id = 1")
    store.repair()
    assert set(failed(store)) == {AUDIT}


def test_an_auditor_may_check_and_not_repair(store: Store, path: Path) -> None:
    store.grant("eye", "auditor", None, clock.now_ms())
    with Store.open(path, login="eye") as other:
        assert failed(other) == {}
        with pytest.raises(errors.NotAllowed):
            other.repair()
