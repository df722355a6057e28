"""Checks find what is planted."""

import sqlite3
from pathlib import Path

import pytest

from host import clock, errors
from host.access.vault import key_path
from host.phrase import Phrase
from host.service.care import AUDIT, FILE, LAYOUT, LEDGER, RECORDS, REFERENCES, ROLLUPS, TABLES_OF
from tests.station import Store
from tests.unit.care.care import change, failed
from tests.unit.test_migrations import T1, T2, rows


def test_a_good_database_holds_in_all(store: Store) -> None:
    found = list(store.check())
    assert [(each.name, each.holds) for each in found] == [
        (name, True) for name in (FILE, REFERENCES, LAYOUT, AUDIT, TABLES_OF, LEDGER, ROLLUPS, RECORDS)
    ]
    assert found[-1].found == Phrase("check.records", count=22)


PLANTED: dict[str, tuple[list[str], str, Phrase | None]] = {
    "a trigger is away": (
        ["DROP TRIGGER event_no_delete"],
        LAYOUT,
        Phrase("check.missing", kind="trigger", name="event_no_delete"),
    ),
    "a trigger does nothing": (
        ["DROP TRIGGER event_no_delete", "CREATE TRIGGER event_no_delete BEFORE DELETE ON event BEGIN SELECT 1; END"],
        LAYOUT,
        Phrase("check.changed", kind="trigger", name="event_no_delete"),
    ),
    "an index is away": (
        ["DROP INDEX movement_by_kit"],
        LAYOUT,
        Phrase("check.missing", kind="index", name="movement_by_kit"),
    ),
    "a foreign table": (["CREATE TABLE notes (x)"], LAYOUT, Phrase("check.strange", kind="table", name="notes")),
    "a roll-up is wrong": (
        ["UPDATE kit_state SET doses_left = 9 WHERE kit = 'K-1'"],
        ROLLUPS,
        Phrase("check.table", table="kit_state", rows=("K-1",)),
    ),
    "a roll-up is away": (
        [f"DELETE FROM opening WHERE tag = '{T1}'"],
        ROLLUPS,
        Phrase("check.table", table="opening", rows=(T1,)),
    ),
    "an officer is away": (
        ["DELETE FROM officer WHERE id = '4102'"],
        REFERENCES,
        Phrase("check.reference", table="movement", parent="officer"),
    ),
    "an audit entry is altered": (
        ["DROP TRIGGER journal_no_update", "UPDATE journal SET login = 'nobody' WHERE number = 1"],
        AUDIT,
        None,
    ),
    "a movement is away": (
        ["DROP TRIGGER movement_no_delete", "DELETE FROM movement WHERE id = 6"],
        LEDGER,
        Phrase("check.movement", movement=7, kit="K-2"),
    ),
    "a record tells of something else": (
        ["DROP TRIGGER event_no_update", f"UPDATE event SET type = 'heartbeat' WHERE tag = '{T1}' AND sequence = 8"],
        RECORDS,
        Phrase("check.tag", tag=T1, count=1, sequences=(8,)),
    ),
    "a record has other bytes": (
        ["DROP TRIGGER event_no_update", f"UPDATE event SET record = zeroblob(36) WHERE tag = '{T1}' AND sequence = 8"],
        RECORDS,
        Phrase("check.tag", tag=T1, count=2, sequences=(8, 9)),
    ),
    "the keys of a tag are altered": (
        [f"UPDATE tag SET sealed_keys = zeroblob(124) WHERE id = '{T1}'"],
        RECORDS,
        Phrase("sealed.altered", what=f"keys of tag {T1}"),
    ),
    "an altered record is called good": (
        ["DROP TRIGGER event_no_update", f"UPDATE event SET verdict = 'verified' WHERE tag = '{T2}' AND sequence = 6"],
        RECORDS,
        Phrase("check.tag", tag=T2, count=1, sequences=(6,)),
    ),
}
"""What is done, the check that fails, and the fault it tells, with some of its fields; None for any."""


@pytest.mark.parametrize(("statements", "name", "told"), PLANTED.values(), ids=PLANTED.keys())
def test_what_is_planted_is_found(
    store: Store, path: Path, statements: list[str], name: str, told: Phrase | None
) -> None:
    assert failed(store) == {}
    change(path, *statements)
    faults = failed(store)[name].fields["faults"]
    assert faults
    assert told is None or any(each.code == told.code and told.fields.items() <= each.fields.items() for each in faults)


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
    fault = Phrase("check.tag", tag=T2, count=1, sequences=(4,))
    assert failed(store)[RECORDS] == Phrase("check.faults", faults=(fault,), more=0)


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
    change(path, "DROP TRIGGER journal_no_update", "UPDATE journal SET login = 'nobody' WHERE number = 1")
    store.repair()
    assert set(failed(store)) == {AUDIT}


def test_an_auditor_may_check_and_not_repair(store: Store, path: Path) -> None:
    store.grant("eye", "auditor", None, clock.now_ms())
    with Store.open(path, login="eye") as other:
        assert failed(other) == {}
        with pytest.raises(errors.NotAllowed):
            other.repair()
