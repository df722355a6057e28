"""A restore proves the backup, swaps it in whole or changes nothing."""

import json
import sqlite3
import stat
from datetime import date
from pathlib import Path
from shutil import copyfile
from typing import Any

import pytest

from host import clock, errors
from host.access import journal
from host.access.vault import key_path
from host.errors import InputError
from host.ledger import Movement
from host.phrase import Phrase
from host.service.restoring import proven
from host.store import copying, restoring
from host.store.database import Database
from kitwire import record
from tests.refusals import refused
from tests.station import Store
from tests.unit.care.care import change, failed, names, retained
from tests.unit.test_docking import NOW_MS as DOCKING_MS
from tests.unit.test_docking import Bench
from tests.unit.test_migrations import T1, content, make_001, rows


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
        (replaced,) = rows(kept, "SELECT hash FROM journal ORDER BY number DESC LIMIT 1")[0]
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
    "another program's": (["PRAGMA application_id = 1"], errors.NotKitdock, "database.not_kitdock"),
    "of a later Kitdock": (
        ["INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('kitdock', '999_later', '')"],
        errors.NewerSchema,
        "database.newer",
    ),
    "with a broken audit": (
        ["DROP TRIGGER journal_no_update", "UPDATE journal SET login = 'nobody' WHERE number = 1"],
        errors.DatabaseDamaged,
        "backup.audit_broken",
    ),
    "with an index that lacks rows": (
        [
            "PRAGMA writable_schema = ON",
            "UPDATE sqlite_schema SET sql = replace(sql, '(lot, product)', '(product, lot)') WHERE name = 'kit_by_lot'",
        ],
        errors.DatabaseDamaged,
        "database.damaged",
    ),
    "with rows that name nothing": (["DELETE FROM officer"], errors.DatabaseDamaged, "database.damaged"),
    "of another station": (["UPDATE station SET key_check = '0'"], errors.VaultError, "key.of_another"),
    "where one is nobody": (["UPDATE account SET login = 'other'"], errors.NotAllowed, "access.not_allowed"),
    "where one is no administrator": (
        ["DELETE FROM account WHERE role = 'administrator'"],
        errors.NotAllowed,
        "access.not_allowed",
    ),
}


@pytest.mark.parametrize(("statements", "error", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_a_backup_that_proves_nothing_changes_nothing(
    backup: Path, path: Path, statements: list[str], error: type[errors.KitdockError], code: str
) -> None:
    change(backup, *statements)
    before, there = path.read_bytes(), names(path)
    with pytest.raises(error) as found:
        restored(backup, path)
    refusal = found.value
    assert refusal.code == code
    if code == "access.not_allowed":
        why = refusal.fields["why"]
        assert why.code == "access.for_roles" or why.fields["path"] == backup
    elif code != "key.of_another":
        assert backup in (refusal.fields.get("path"), refusal.fields.get("backup"))
    assert ".part" not in str(refusal)
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
        raise error("database.full", path=path)

    monkeypatch.setattr(Database, "_note_refusal", no)
    with pytest.raises(error):
        restored(backup, path)


def test_another_stations_backup_is_refused_without_a_key_too(backup: Path, path: Path) -> None:
    backup.unlink()
    with Store.create(path.with_name("south.db"), "South", "Europe/London", False, clock.now_ms(), "keeper") as south:
        south.back_up(backup)
    key_path(path).unlink()
    before = path.read_bytes()
    with refused("backup.of_another_station", InputError, station="South", present="Example Police"):
        restored(backup, path)
    assert path.read_bytes() == before


def begun(path: Path) -> tuple[str, int, list[tuple[str, int]]]:
    """The station of a database: its identity, its epoch, and each restore in its journal with the epoch it is of.

    The entry says the same, and everything in the database holds.
    """
    with Store.open(path, login="keeper") as store:
        assert failed(store) == {}
        assert store.verify_audit().broken_at is None
        restores = [each for each in store.journal() if each.action == "database.restore" and each.outcome == "done"]
        for each in restores:
            told = journal.told(each.facts[0].body)
            assert told is not None
            assert json.loads(told.detail)["epoch"] == each.epoch
        return store.station.uuid, store.station.epoch, [(each.action, each.epoch) for each in restores]


def test_a_restore_begins_a_new_epoch_of_the_same_station(backup: Path, path: Path) -> None:
    (uuid, _), *_ = rows(path, "SELECT uuid, epoch FROM station")
    restored(backup, path)
    assert begun(path) == (uuid, 2, [("database.restore", 2)])
    with Store.open(path, login="keeper") as store:
        store.add_officer("4103", None, clock.now_ms())
        *_, last = store.journal()
        assert (last.action, last.epoch) == ("officer.add", 2)
        store.back_up(path.with_name("second.db"))
    restored(path.with_name("second.db"), path)
    assert begun(path) == (uuid, 3, [("database.restore", 2), ("database.restore", 3)])


def test_who_has_asked_for_the_station_before_learns_of_its_new_epoch(store: Store) -> None:
    before = store.station
    with store.changing("database.restore"):
        store.begin_epoch(7)
        assert store.begun().newest.epoch == 7
    assert store.station == before._replace(epoch=7)


def test_an_older_backup_over_a_later_epoch_goes_beyond_that(backup: Path, path: Path) -> None:
    restored(backup, path)
    kept = restored(backup, path)
    assert kept is not None
    assert rows(kept, "SELECT epoch FROM station") == [(2,)]
    assert begun(path)[1:] == (3, [("database.restore", 3)])


def test_a_later_backup_over_an_older_database_goes_beyond_its_own(backup: Path, path: Path) -> None:
    copyfile(path, path.with_name("older.db"))
    restored(backup, path)
    restored(backup, path)
    later = path.with_name("later.db")
    with Store.open(path, login="keeper") as store:
        store.back_up(later)
    path.with_name("older.db").replace(path)
    restored(later, path)
    assert begun(path)[1] == 4


def test_a_backup_where_there_is_nothing_begins_an_epoch_too(backup: Path, path: Path) -> None:
    path.unlink()
    assert restored(backup, path) is None
    assert begun(path)[1] == 2


def spoil(path: Path) -> None:
    """Who may do what can't be read any more; the rest of the file is as it was."""
    change(path, "PRAGMA journal_mode = DELETE")
    ((page,),) = rows(path, "SELECT rootpage FROM sqlite_schema WHERE name = 'account'")
    ((size,),) = rows(path, "PRAGMA page_size")
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xa5" * size)
    with pytest.raises(errors.DatabaseDamaged):
        Store.open(path, login="keeper")


def test_the_epoch_of_a_damaged_database_is_not_used_again(backup: Path, path: Path) -> None:
    restored(backup, path)
    spoil(path)
    restored(backup, path)
    assert begun(path)[1] == 3


def test_the_epoch_of_another_stations_damaged_database_is_none_of_its_own(backup: Path, tmp_path: Path) -> None:
    south = tmp_path / "south" / "station.db"
    south.parent.mkdir()
    with (
        Store.create(south, "South", "Europe/London", False, clock.now_ms(), "keeper") as store,
        store.changing("database.restore"),
    ):
        store.begin_epoch(9)
    key_path(south).unlink()
    spoil(south)
    restored(backup, south)
    copyfile(key_path(backup.with_name("station.db")), key_path(south))
    key_path(south).chmod(0o600)
    assert begun(south)[1] == 2


def test_a_restore_that_fails_begins_nothing(backup: Path, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(copying, "put", no)
    with pytest.raises(errors.DatabaseReadOnly):
        restored(backup, path)
    monkeypatch.undo()
    assert begun(path)[1:] == (1, [])


def test_what_an_earlier_epoch_recorded_can_be_corrected_in_a_later_one(store: Store, path: Path) -> None:
    now_ms = clock.now_ms()
    store.add_kit("K-9", "Nyxoid", "C3", date(2099, 1, 31), None, now_ms)
    store.move(Movement(0, now_ms, "lose", "K-9", reason="not on the shelf"))
    lost = next(each for each in reversed(list(store.journal())) if each.action == "kit.lose")
    backup = path.with_name("backup.db")
    store.back_up(backup)
    store.close()
    restored(backup, path)
    with Store.open(path, login="keeper") as again:
        assert again.state("K-9").status == "lost"
        movement = max(each.id for each in again.movements() if each.kit == "K-9")
        again.move(Movement(0, clock.now_ms(), "correct", "K-9", corrects=movement, reason="behind the others"))
        assert again.state("K-9").status == "in_stock"
        *_, correction = again.journal()
        assert (correction.action, correction.epoch) == ("kit.correct", 2)
        put = next(each for each in correction.facts if each.about and each.about.startswith("movement:"))
        assert put.body is not None
        of = json.loads(put.body)[2]["corrects"]
        assert of.startswith(f"{again.station.uuid}/1/{lost.number}.")
    assert begun(path)[1] == 2


def test_the_databases_own_copy_from_before_it_had_an_identity_is_the_same_stations(tmp_path: Path) -> None:
    path = tmp_path / "station.db"
    make_001(path)
    Store.open(path, login="keeper").close()
    ((uuid,),) = rows(path, "SELECT uuid FROM station")
    restored(tmp_path / "station.db.before-002", path)
    assert begun(path)[:2] == (uuid, 2)


def test_a_database_is_not_restored_from_itself(backup: Path, path: Path) -> None:
    second = path.with_name("second.db")
    second.hardlink_to(path)
    for same in (path, second):
        with refused("backup.is_the_database", InputError, backup=same):
            restored(same, path)
    assert names(path) == ["backup.db", "second.db", "station.db", "station.db.key"]


def test_a_link_is_not_replaced(backup: Path, path: Path) -> None:
    link = path.with_name("link.db")
    link.symlink_to(path)
    with refused("database.is_link", InputError, path=link, to=path):
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
        with refused("database.in_use", errors.DatabaseBusy, path=path):
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
    with refused("database.cannot_replace", errors.DatabaseReadOnly, path=path, why=Phrase("os.full")):
        restored(backup, path)
    assert content(path) == before
    assert rows(path, "PRAGMA journal_mode") == [("wal",)]
    assert names(path) == ["backup.db", "station.db", "station.db.key"]


def test_failing_after_the_swap_keeps_the_old_one(backup: Path, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = content(path)
    put = copying.put

    def put_and_fail(part: Path, target: Path) -> None:
        put(part, target)
        if target == path:
            raise OSError(5, "Input/output error")

    monkeypatch.setattr(copying, "put", put_and_fail)
    with refused("database.cannot_replace", errors.DatabaseReadOnly, path=path, why=Phrase("os.disk_error")):
        restored(backup, path)
    (kept,) = path.parent.glob("station.db.before-restore-*")
    assert content(kept) == before


def test_failing_gives_a_damaged_one_its_log_back(backup: Path, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_bytes(b"shopping list")
    log = path.with_name("station.db-wal")
    keep = restoring._keep

    def keep_with_a_log(target: Path, kept: Path) -> None:
        log.write_bytes(b"its log")  # SQLite, which looked at the file before, takes one away that it cannot read
        keep(target, kept)

    def no(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(restoring, "_keep", keep_with_a_log)
    monkeypatch.setattr(copying, "put", no)
    with pytest.raises(errors.DatabaseReadOnly):
        restored(backup, path)
    assert (path.read_bytes(), log.read_bytes()) == (b"shopping list", b"its log")
    assert not list(path.parent.glob("station.db.before-restore-*"))


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
