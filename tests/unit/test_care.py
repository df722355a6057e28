"""Care of the database: backups are whole or not there, checks find what is planted, retention leaves no byte."""

import json
import sqlite3
import stat
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from shutil import copyfile
from typing import Any

import pytest

from host import clock, errors
from host.errors import InputError
from host.ledger import Movement
from host.roles import PROGRAMME_LEAD
from host.store import Store, copying
from host.store.care import AUDIT, FILE, LAYOUT, LEDGER, RECORDS, REFERENCES, ROLLUPS
from host.store.restoring import proven
from host.vault import key_path
from kitwire import record
from tests.unit.test_docking import NOW_MS as DOCKING_MS
from tests.unit.test_docking import Bench
from tests.unit.test_migrations import T1, T2, TEST_KEY, content, make_001, rows

DAY = clock.DAY_MS


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "station.db"
    make_001(path)
    Store.open(path, login="keeper").close()
    path.with_name("station.db.before-002").unlink()
    return path


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with Store.open(path, login="keeper") as opened:
        yield opened


def change(path: Path, *statements: str) -> None:
    """What somebody does with another program."""
    connection = sqlite3.connect(path, isolation_level=None)
    for each in statements:
        connection.execute(each)
    connection.close()


def failed(store: Store) -> dict[str, str]:
    return {each.name: each.found for each in store.check() if not each.holds}


def names(path: Path) -> list[str]:
    return sorted(each.name for each in path.parent.iterdir() if not each.name.endswith(("-wal", "-shm")))


# Backup.


def test_backup_is_one_whole_file_for_its_owner(store: Store, path: Path) -> None:
    target = path.with_name("backup.db")
    size = store.back_up(target)
    assert target.stat().st_size == size
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert rows(target, "PRAGMA journal_mode") == [("delete",)]
    assert rows(target, "SELECT count(*) FROM event") == [(22,)]
    assert TEST_KEY.encode() not in target.read_bytes()
    assert names(path) == ["backup.db", "station.db", "station.db.key"]
    assert list(store.audit_entries())[-1].action == "database.backup"


def test_backup_is_of_one_moment_while_others_write(store: Store, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying, "STEP_PAGES", 5)
    seen: list[tuple[int, int]] = []
    with Store.open(path, login="keeper") as other:

        def another_writes(done: int, of: int) -> None:
            seen.append((done, of))
            other.add_officer(f"5{len(seen):03}", None, clock.now_ms())

        target = path.with_name("backup.db")
        store.back_up(target, progress=another_writes)
    assert len(seen) > 10
    assert seen[-1][0] == seen[-1][1]
    assert [done for done, _ in seen] == sorted(done for done, _ in seen), "it is never begun anew"
    assert rows(target, "SELECT id FROM officer ORDER BY id") == [("4101",), ("4102",)]
    assert len(store.officers()) == 2 + len(seen)


def test_backup_overwrites_nothing_unasked(store: Store, path: Path) -> None:
    target = path.with_name("backup.db")
    target.write_text("precious")
    with pytest.raises(InputError, match="--overwrite"):
        store.back_up(target)
    assert target.read_text() == "precious"
    store.back_up(target, overwrite=True)
    assert rows(target, "PRAGMA integrity_check") == [("ok",)]


@pytest.mark.parametrize("name", ["station.db", "station.db.key", "station.db-wal"])
def test_backup_never_replaces_the_database_or_its_key(store: Store, path: Path, name: str) -> None:
    store.add_officer("4103", None, clock.now_ms())
    before = path.with_name(name).read_bytes()
    with pytest.raises(InputError, match="belongs to the database itself"):
        store.back_up(path.with_name(name), overwrite=True)
    assert path.with_name(name).read_bytes() == before


def test_a_file_that_appears_while_the_backup_is_made_stays(store: Store, path: Path) -> None:
    target = path.with_name("backup.db")
    with pytest.raises(InputError, match="--overwrite"):
        store.back_up(target, progress=lambda *_: target.write_text("precious"))
    assert target.read_text() == "precious"


@pytest.mark.parametrize("end", ["-wal", "-journal"])
def test_no_backup_is_put_beside_a_log_of_another_database(store: Store, path: Path, end: str) -> None:
    target = path.with_name("backup.db")
    target.write_text("an older one")
    path.with_name(f"backup.db{end}").write_text("its log")
    with pytest.raises(InputError, match=f"backup.db{end} would be played into the backup"):
        store.back_up(target, overwrite=True)
    assert target.read_text() == "an older one"


def test_backup_into_no_folder_is_refused(store: Store, path: Path) -> None:
    with pytest.raises(InputError, match="in a folder that exists"):
        store.back_up(path.parent / "nowhere" / "backup.db")
    with pytest.raises(InputError, match="in a folder that exists"):
        store.back_up(path.parent)


def test_backup_is_for_administrators(store: Store, path: Path) -> None:
    store.grant("count", "quartermaster", None, clock.now_ms())
    with Store.open(path, login="count") as other, pytest.raises(errors.NotAllowed, match="administrator"):
        other.back_up(path.with_name("backup.db"))
    assert names(path) == ["station.db", "station.db.key"]
    assert [(each.action, each.outcome) for each in store.audit_entries()][-1] == ("database.backup", "refused")


def test_no_backup_is_made_of_what_is_damaged(store: Store, path: Path) -> None:
    change(path, "DROP TRIGGER explanation_no_update", "UPDATE explanation SET officer = '9'")
    with pytest.raises(errors.DatabaseDamaged, match="explanation names what is not in officer"):
        store.back_up(path.with_name("backup.db"))
    assert names(path) == ["station.db", "station.db.key"]


def test_no_backup_is_made_of_a_broken_audit(store: Store, path: Path) -> None:
    change(path, "DROP TRIGGER audit_no_update", "UPDATE audit SET login = 'nobody' WHERE id = 1")
    with pytest.raises(errors.DatabaseDamaged, match="audit"):
        store.back_up(path.with_name("backup.db"))
    assert names(path) == ["station.db", "station.db.key"]


# Check.


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


# Vacuum, and retention.


def test_vacuum_gives_room_back(store: Store, path: Path) -> None:
    change(path, "CREATE TABLE big AS SELECT zeroblob(3000000) AS x", "DROP TABLE big")
    before, after = store.vacuum()
    assert before > 3_000_000 > 1_000_000 > after
    assert path.stat().st_size <= after
    assert failed(store) == {}


def retained(store: Store, **days: int) -> dict[str, tuple[int, int]]:
    """Rows destroyed and kept by kind, under a policy."""
    for kind, number in days.items():
        store.set_setting(f"retain_{kind}_days", str(number))
    planned = {each.kind: (each.rows, each.kept) for each in store.retention_plan()}
    done = {each.kind: (each.rows, each.kept) for each in store.retain()}
    assert done == planned, "the dry run tells what is done"
    return done


def bytes_of(path: Path) -> bytes:
    return b"".join(each.read_bytes() for each in path.parent.glob("station.db*") if each != key_path(path))


def test_without_a_policy_nothing_goes(store: Store, path: Path) -> None:
    before = [line for line in content(path) if '"audit"' not in line]
    assert set(retained(store).values()) == {(0, 0)}
    assert [line for line in content(path) if '"audit"' not in line] == before


def test_protected_answers_are_gone_from_the_file(store: Store, path: Path) -> None:
    sealed = [row[0] for row in rows(path, "SELECT sealed FROM usage_report ORDER BY id")]
    assert all(each in bytes_of(path) for each in sealed)
    assert retained(store, answers=30)["answers"] == (2, 0)
    assert not any(each in bytes_of(path) for each in sealed)
    store.grant("keeper", PROGRAMME_LEAD, None, clock.now_ms())
    report, protected = store.report(1)
    assert (report.fields, protected) == ({"area": "North"}, {})
    assert retained(store)["answers"] == (0, 0), "gone once"
    assert failed(store) == {}


def test_open_answers_go_and_the_report_stays(store: Store, path: Path) -> None:
    assert b'{"area": "South"}' in bytes_of(path)
    assert retained(store, reports=30)["reports"] == (2, 0)
    assert b'{"area": "South"}' not in bytes_of(path)
    assert [(each.officer, each.doses, each.fields) for each in store.reports()] == [("4101", 2, {}), ("4102", 1, {})]


def test_records_go_but_for_what_something_rests_on(store: Store, path: Path) -> None:
    before = store.rolled_up()
    gone = [row[0] for row in rows(path, f"SELECT record FROM event WHERE tag = '{T1}' AND sequence IN (3, 4)")]
    assert retained(store, events=30)["events"] == (12, 10)
    assert not any(each in bytes_of(path) for each in gone)
    assert {(each.tag, each.sequence) for each in store.events()} == {
        *((T1, sequence) for sequence in (1, 8, 9, 10, 12, 13, 14)),  # start, use, without a cause, newest
        *((T2, sequence) for sequence in (1, 6, 8)),  # start, altered, newest
    }
    assert [(each.sequence, each.cause) for each in store.explanations()] == [(8, "used")]
    after = store.rolled_up()
    assert store.recompute() == after
    assert len(before["opening"]) == 3
    assert [row for row in before["opening"] if row[1] != 3] == after["opening"]
    assert after["log_flaw"] == before["log_flaw"], "what is gone is no gap"
    assert rows(path, "SELECT tag, first, last FROM forgotten ORDER BY tag, first") == [
        (T1, 2, 7),
        (T1, 11, 11),
        (T2, 2, 5),
        (T2, 7, 7),
    ]
    assert failed(store) == {}
    assert retained(store)["events"] == (0, 10), "the second time there is nothing more"


def test_young_records_stay(store: Store) -> None:
    assert retained(store, events=3650)["events"] == (0, 0)
    assert len(store.events()) == 22


def test_history_is_append_only_again_afterwards(store: Store, path: Path) -> None:
    retained(store, events=30, leavers=30)
    for table in ("event", "explanation", "movement"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            change(path, f"DELETE FROM {table}")


def test_the_number_of_a_leaver_goes_and_the_ledger_stays(store: Store, path: Path) -> None:
    store.change_officer("4102", left_on=date(2026, 2, 1))
    ledger = [each._replace(officer=None) for each in store.movements()]
    assert retained(store, leavers=30)["leavers"] == (1, 0)
    assert [(each.id, str(each.left_on)) for each in store.officers()] == [("4101", "None"), ("left-1", "2026-02-01")]
    assert [each.officer for each in store.movements() if each.kind == "issue"] == ["4101", "left-1", "4101"]
    assert [each._replace(officer=None) for each in store.movements()] == ledger
    assert [each.officer for each in store.reports()] == ["4101", "left-1"]
    assert store.recompute() == store.rolled_up()
    assert failed(store) == {}
    store.add_officer("4102", None, clock.now_ms())  # the number can be given to another
    assert retained(store)["leavers"] == (0, 0)


def test_a_leaver_with_a_kit_out_keeps_the_number(store: Store) -> None:
    store.change_officer("4101", left_on=date(2026, 2, 1))
    assert retained(store, leavers=30)["leavers"] == (0, 1)
    for kit in ("K-1", "K-2"):
        store.move(Movement(0, clock.now_ms(), "return", kit))
    assert retained(store)["leavers"] == (1, 0)


def test_retention_says_in_the_audit_how_much(store: Store) -> None:
    retained(store, answers=30, events=30)
    assert list(store.audit_entries())[-1].detail == '{"answers":2,"events":12}'
    assert store.verify_audit().broken_at is None


def test_retention_that_fails_destroys_nothing(store: Store, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store.set_setting("retain_events_days", "30")
    store.set_setting("retain_answers_days", "30")
    before = content(path)

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("disk full")

    monkeypatch.setattr(Store, "_derive", full)
    with pytest.raises(sqlite3.OperationalError):
        store.retain()
    assert content(path) == before


# Restore.


@pytest.fixture
def backup(store: Store, path: Path) -> Path:
    made = path.with_name("backup.db")
    store.back_up(made)
    store.add_officer("4199", None, clock.now_ms())
    store.close()
    return made


def restored(backup: Path, path: Path, login: str = "keeper") -> Path | None:
    with proven(backup, path, login) as candidate:
        return candidate.take_its_place()


def test_a_backup_takes_the_databases_place_and_that_is_kept(backup: Path, path: Path) -> None:
    kept = restored(backup, path)
    assert kept is not None
    assert rows(kept, "SELECT id FROM officer") == [("4101",), ("4102",), ("4199",)]
    with Store.open(path, login="keeper") as store:
        assert [each.id for each in store.officers()] == ["4101", "4102"]
        assert failed(store) == {}
        last = list(store.audit_entries())[-1]
        assert (last.action, last.login) == ("database.restore", "keeper")
        (replaced,) = rows(kept, "SELECT hash FROM audit ORDER BY id DESC LIMIT 1")[0]
        assert json.loads(last.detail)["replaced_head"] == replaced.hex(), "it tells which audit it cut off"
        assert store.tag_keys(T1)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert rows(path, "PRAGMA journal_mode") == [("wal",)]
    assert names(path) == ["backup.db", "station.db", kept.name, "station.db.key"]


def test_a_backup_comes_where_there_is_nothing(backup: Path, tmp_path: Path) -> None:
    target = tmp_path / "new" / "station.db"
    target.parent.mkdir()
    with proven(backup, target, "keeper") as candidate:
        assert candidate.key_missing
        assert candidate.present is None
        assert candidate.contents.rows["officer"] == 2
        assert candidate.take_its_place() is None
    with Store.open(target, login="keeper") as store:
        assert len(store.officers()) == 2
    assert [each.name for each in target.parent.iterdir()] == ["station.db"]


@pytest.mark.parametrize("end", ["-wal", "-journal"])
def test_a_log_that_was_left_behind_is_not_played_into_the_backup(backup: Path, path: Path, end: str) -> None:
    log = path.with_name(path.name + end)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(f"PRAGMA journal_mode = {'WAL' if end == '-wal' else 'DELETE'}")
    connection.execute("PRAGMA cache_size = 0")
    connection.execute("BEGIN")
    connection.executemany("INSERT INTO officer (id, added_at_ms) VALUES (?, 1)", [(f"5{n:03}",) for n in range(500)])
    if end == "-wal":
        connection.execute("COMMIT")
    left = log.read_bytes()
    connection.close()
    path.unlink()
    log.write_bytes(left)
    assert restored(backup, path) is None
    with Store.open(path, login="keeper") as store:
        assert [each.id for each in store.officers()] == ["4101", "4102"]
        assert failed(store) == {}
    (aside,) = path.parent.glob(f"{path.name}.before-restore-*{end}")
    assert aside.read_bytes() == left


@pytest.mark.parametrize("damage", ["text", "middle", "cut"])
def test_a_backup_replaces_what_is_damaged(backup: Path, path: Path, damage: str) -> None:
    whole = path.read_bytes()
    spoilt = {"text": b"shopping list", "middle": whole[:8192] + b"\xa5" * (len(whole) - 8192), "cut": whole[:10_000]}
    path.write_bytes(spoilt[damage])
    kept = restored(backup, path)
    assert kept is not None
    assert kept.read_bytes() == spoilt[damage]
    with Store.open(path, login="keeper") as store:
        assert failed(store) == {}


def test_an_older_layout_is_brought_up_to_date_on_the_way(path: Path, tmp_path: Path) -> None:
    old = tmp_path / "old" / "backup.db"
    old.parent.mkdir()
    make_001(old)
    with proven(old, path, "keeper") as candidate:
        assert candidate.contents.newest_ms == 1_767_398_400_000, "of the backup, not of its migration"
        candidate.take_its_place()
    assert names(path)[1:2] == ["station.db"]
    assert rows(old, "SELECT count(*) FROM _sqlite_migrations") == [(1,)]
    with Store.open(path, login="keeper") as store:
        assert failed(store) == {}


REFUSED: dict[str, tuple[list[str], type[errors.KitdockError], str]] = {
    "another program's": (["PRAGMA application_id = 1"], errors.NotKitdock, "not a Kitdock database"),
    "of a later Kitdock": (
        ["INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('kitdock', '999_later', '')"],
        errors.NewerSchema,
        "upgrade this installation",
    ),
    "with a broken audit": (
        ["DROP TRIGGER audit_no_update", "UPDATE audit SET login = 'nobody' WHERE id = 1"],
        errors.DatabaseDamaged,
        "take another backup",
    ),
    "with an index that lacks rows": (
        [
            "PRAGMA writable_schema = ON",
            "UPDATE sqlite_schema SET sql = replace(sql, '(lot, product)', '(product, lot)') WHERE name = 'kit_by_lot'",
        ],
        errors.DatabaseDamaged,
        "is damaged .*kit_by_lot",
    ),
    "with rows that name nothing": (["DELETE FROM officer"], errors.DatabaseDamaged, "is damaged"),
    "of another station": (["UPDATE station SET key_check = '0'"], errors.VaultError, "belongs to another database"),
    "where one is nobody": (["UPDATE account SET login = 'other'"], errors.NotAllowed, "has no role"),
    "where one is no administrator": (
        ["DELETE FROM account WHERE role = 'administrator'"],
        errors.NotAllowed,
        "may not do this",
    ),
}


@pytest.mark.parametrize(("statements", "error", "told"), REFUSED.values(), ids=REFUSED.keys())
def test_a_backup_that_proves_nothing_changes_nothing(
    backup: Path, path: Path, statements: list[str], error: type[Exception], told: str
) -> None:
    change(backup, *statements)
    before, there = path.read_bytes(), names(path)
    with pytest.raises(error, match=told) as refused:
        restored(backup, path)
    assert str(backup) in str(refused.value) or told in ("may not do this", "belongs to another database")
    assert ".part" not in str(refused.value)
    assert (path.read_bytes(), names(path)) == (before, there)


def test_what_a_backup_holds_is_shown_to_its_administrators_alone(backup: Path, path: Path) -> None:
    change(backup, "UPDATE account SET role = 'auditor' WHERE role = 'administrator'")
    shown = []
    with pytest.raises(errors.NotAllowed), proven(backup, path, "keeper") as candidate:
        shown.append(candidate.contents)
    assert shown == []


def test_a_cut_backup_is_refused(backup: Path, path: Path) -> None:
    backup.write_bytes(backup.read_bytes()[:20_000])
    before = path.read_bytes()
    with pytest.raises(errors.StoreError):
        restored(backup, path)
    assert path.read_bytes() == before


def test_who_is_no_administrator_of_the_present_one_restores_nothing(backup: Path, path: Path) -> None:
    change(path, "UPDATE account SET login = 'other'")
    with pytest.raises(errors.NotAllowed):
        restored(backup, path)


@pytest.mark.parametrize("error", [errors.DatabaseReadOnly, errors.DatabaseFull, errors.DatabaseBusy])
def test_a_refusal_that_cannot_be_noted_is_still_one(
    backup: Path, path: Path, monkeypatch: pytest.MonkeyPatch, error: type[errors.StoreError]
) -> None:
    change(path, "DELETE FROM account WHERE role = 'administrator'")

    def no(*_: Any) -> None:
        raise error("it cannot be written")

    monkeypatch.setattr(Store, "_note_refusal", no)
    with pytest.raises(error):
        restored(backup, path)


def test_another_stations_backup_is_refused_without_a_key_too(backup: Path, path: Path) -> None:
    change(backup, "UPDATE station SET key_check = '0', name = 'South'")
    key_path(path).unlink()
    before = path.read_bytes()
    with pytest.raises(InputError, match=r"another station, South.*that of Example Police"):
        restored(backup, path)
    assert path.read_bytes() == before


def test_a_database_is_not_restored_from_itself(backup: Path, path: Path) -> None:
    second = path.with_name("second.db")
    second.hardlink_to(path)
    for same in (path, second):
        with pytest.raises(InputError, match="is the database itself"):
            restored(same, path)
    assert names(path) == ["backup.db", "second.db", "station.db", "station.db.key"]


def test_a_link_is_not_replaced(backup: Path, path: Path) -> None:
    link = path.with_name("link.db")
    link.symlink_to(path)
    with pytest.raises(InputError, match=f"link to {path}"):
        restored(backup, link)
    assert link.is_symlink()


def test_a_backup_may_be_named_by_a_link(backup: Path, path: Path) -> None:
    link = path.with_name("newest")
    link.symlink_to(backup)
    assert restored(link, path) is not None
    assert link.is_symlink()
    with Store.open(path, login="keeper") as store:
        assert len(store.officers()) == 2


def test_what_takes_the_place_of_a_shared_one_is_not_open_to_another_group(
    backup: Path, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no(*_: Any) -> None:
        raise PermissionError(1, "Operation not permitted")

    path.chmod(0o660)
    restored(backup, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o660
    monkeypatch.setattr("os.chown", no)
    restored(backup, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_database_in_use_is_not_replaced(backup: Path, path: Path) -> None:
    with Store.open(path, login="keeper") as in_use:
        with pytest.raises(errors.DatabaseBusy, match="stop `kitdock dock`"):
            restored(backup, path)
        assert len(in_use.officers()) == 3
        in_use.add_officer("4200", None, clock.now_ms())
    assert names(path) == ["backup.db", "station.db", "station.db.key"]
    restored(backup, path)


def test_failing_at_the_last_step_leaves_what_was(backup: Path, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = content(path)

    def no(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(copying, "put", no)
    with pytest.raises(errors.DatabaseReadOnly, match=r"No space left on device.*nothing was changed"):
        restored(backup, path)
    assert content(path) == before
    assert rows(path, "PRAGMA journal_mode") == [("wal",)]
    assert names(path) == ["backup.db", "station.db", "station.db.key"]


def test_without_second_names_the_old_one_is_copied(backup: Path, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no(*_: Any) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", no)
    kept = restored(backup, path)
    assert kept is not None
    assert rows(kept, "SELECT count(*) FROM officer") == [(3,)]


def test_nothing_is_left_beside_the_backup(backup: Path, path: Path) -> None:
    away = path.parent / "disk"
    away.mkdir()
    copyfile(backup, away / "backup.db")
    restored(away / "backup.db", path)
    assert [each.name for each in away.iterdir()] == ["backup.db"]


def test_after_a_restore_a_tag_hands_over_again_what_is_not_there(tmp_path: Path) -> None:
    path, saved = tmp_path / "s.db", tmp_path / "backup.db"
    with Store.create(path, "North", "Europe/London", False, DOCKING_MS, login="keeper") as store:
        bench = Bench(store)
        bench.tag.happen(record.BOOT)
        assert bench.dock().error is None
        store.back_up(saved)
        bench.tag.happen(record.LID_OPEN)
        bench.tag.happen(record.LID_CLOSE)
        bench.now_ms += 120_000
        assert bench.dock().added == 2
        everything = bench.rows
    restored(saved, path)
    with Store.open(path, login="keeper") as store:
        assert len(store.records(bench.tag.id)) == len(everything) - 2
        bench.store = store
        assert bench.dock().added == 2
        assert bench.rows == everything
        assert failed(store) == {}


def test_docking_goes_on_after_retention(tmp_path: Path) -> None:
    with Store.create(tmp_path / "s.db", "North", "Europe/London", False, DOCKING_MS, login="keeper") as store:
        bench = Bench(store)
        for _ in range(20):
            bench.tag.happen(record.HEARTBEAT)
        assert bench.dock().error is None
        assert retained(store, events=30)["events"][0] >= 18
        bench.tag.happen(record.LID_OPEN)
        bench.now_ms += 60_000
        report = bench.dock()
        assert (report.error, report.added, report.altered) == (None, 1, 0)
        assert failed(store) == {}
        assert store.rolled_up()["log_flaw"] == []
