"""Backups are whole or not there."""

import stat
from pathlib import Path

import pytest

from host import clock, errors
from host.access.roles import who_may
from host.errors import InputError
from host.phrase import Phrase
from host.store import copying
from tests.refusals import refused
from tests.station import Store
from tests.unit.care.care import change, names
from tests.unit.test_migrations import TEST_KEYS, rows


def test_backup_is_one_whole_file_for_its_owner(store: Store, path: Path) -> None:
    target = path.with_name("backup.db")
    size = store.back_up(target)
    assert target.stat().st_size == size
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert rows(target, "PRAGMA journal_mode") == [("delete",)]
    assert rows(target, "SELECT count(*) FROM event") == [(22,)]
    assert TEST_KEYS["layout_001"].encode() not in target.read_bytes()
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
    with refused("backup.exists", InputError, target=target):
        store.back_up(target)
    assert target.read_text() == "precious"
    store.back_up(target, overwrite=True)
    assert rows(target, "PRAGMA integrity_check") == [("ok",)]


@pytest.mark.parametrize("name", ["station.db", "station.db.key", "station.db-wal"])
def test_backup_never_replaces_the_database_or_its_key(store: Store, path: Path, name: str) -> None:
    store.add_officer("4103", None, clock.now_ms())
    before = path.with_name(name).read_bytes()
    with refused("backup.part_of_database", InputError, target=path.with_name(name)):
        store.back_up(path.with_name(name), overwrite=True)
    assert path.with_name(name).read_bytes() == before


def test_a_file_that_appears_while_the_backup_is_made_stays(store: Store, path: Path) -> None:
    target = path.with_name("backup.db")
    with refused("backup.exists", InputError, target=target):
        store.back_up(target, progress=lambda *_: target.write_text("precious"))
    assert target.read_text() == "precious"


@pytest.mark.parametrize("end", ["-wal", "-journal"])
def test_no_backup_is_put_beside_a_log_of_another_database(store: Store, path: Path, end: str) -> None:
    target = path.with_name("backup.db")
    target.write_text("an older one")
    path.with_name(f"backup.db{end}").write_text("its log")
    with refused("backup.log_there", InputError, log=path.with_name(f"backup.db{end}")):
        store.back_up(target, overwrite=True)
    assert target.read_text() == "an older one"


def test_backup_into_no_folder_is_refused(store: Store, path: Path) -> None:
    for target in (path.parent / "nowhere" / "backup.db", path.parent):
        with refused("backup.no_file", InputError, target=target):
            store.back_up(target)


def test_backup_is_for_administrators(store: Store, path: Path) -> None:
    store.grant("count", "quartermaster", None, clock.now_ms())
    why = Phrase("access.for_roles", roles=who_may("database.backup"))
    with Store.open(path, login="count") as other, refused("access.not_allowed", errors.NotAllowed, why=why):
        other.back_up(path.with_name("backup.db"))
    assert names(path) == ["station.db", "station.db.key"]
    assert [(each.action, each.outcome) for each in store.audit_entries()][-1] == ("database.backup", "refused")


def test_no_backup_is_made_of_what_is_damaged(store: Store, path: Path) -> None:
    change(path, "DROP TRIGGER explanation_no_update", "UPDATE explanation SET officer = '9'")
    fault = Phrase("check.reference", table="explanation", parent="officer")
    with refused("database.damaged", errors.DatabaseDamaged, path=path, fault=fault):
        store.back_up(path.with_name("backup.db"))
    assert names(path) == ["station.db", "station.db.key"]


def test_no_backup_is_made_of_a_broken_audit(store: Store, path: Path) -> None:
    change(path, "DROP TRIGGER journal_no_update", "UPDATE journal SET login = 'nobody' WHERE number = 1")
    with refused("database.audit_broken", errors.DatabaseDamaged, path=path):
        store.back_up(path.with_name("backup.db"))
    assert names(path) == ["station.db", "station.db.key"]
