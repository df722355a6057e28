"""What is sealed has a key of its own; another station key opens all of it, and changes no fact."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from host import clock
from host.access import vault as vaults
from host.access.roles import PROGRAMME_LEAD
from host.access.vault import TagKeys, Vault, item_of, key_path, next_path
from host.errors import InputError, NotAllowed, RuleError, VaultError
from host.usage.reports import Draft
from tests.refusals import refused
from tests.station import Store
from tests.unit.care.care import failed
from tests.unit.test_migrations import T2, make_001, rows

FORM = "england_wales"
NEW = "0f" * 8
KEYS = TagKeys(b"\x31" * 32, b"\x32" * 32, b"\x33" * 32)
OLD_KEYS = TagKeys(b"\x21" * 32, b"\x22" * 32, b"\x23" * 32)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A station of which some is sealed as before layout 009, and some since."""
    path = tmp_path / "station.db"
    make_001(path)
    with Store.open(path, login="keeper") as store:
        now = clock.now_ms()
        store.grant("keeper", PROGRAMME_LEAD, None, now)
        store.enrol_tag(NEW, "P-09", KEYS, now, lambda: None)
        store.add_report(FORM, "4102", None, 1, {"area": "South"}, {"outcome": "unconscious"}, now)
        store.keep_draft(FORM, "4102", None, Draft({"outcome": "unconscious"}))
    return path


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with Store.open(path, login="keeper") as opened:
        yield opened


def opens(store: Store) -> None:
    """Whatever was sealed, in either way, opens."""
    assert (store.tag_keys(T2), store.tag_keys(NEW)) == (OLD_KEYS, KEYS)
    old, new = min(each.id for each in store.reports()), max(each.id for each in store.reports())
    assert [store.report(each)[1] for each in (old, new)] == [{"outcome": "conscious"}, {"outcome": "unconscious"}]
    kept = store.kept_draft(FORM, "4102", None)
    assert kept is not None
    assert kept.answers == {"outcome": "unconscious"}


def sealed(path: Path) -> list[tuple[bytes]]:
    return [*rows(path, "SELECT sealed_keys FROM tag ORDER BY id"), *rows(path, "SELECT sealed FROM usage_report")]


def test_everything_opens_as_it_was_sealed(store: Store) -> None:
    opens(store)
    kinds = [item_of(value) for (value,) in rows(store.path, "SELECT sealed_keys FROM tag")]
    assert sum(each is not None for each in kinds) >= 1
    assert failed(store) == {}


def test_another_station_key_opens_all_and_changes_no_fact(store: Store, path: Path) -> None:
    for _ in range(3):
        before, facts, old = sealed(path), rows(path, "SELECT * FROM fact"), key_path(path).read_text()
        assert store.rekey() >= 3
        assert key_path(path).read_text() != old
        assert not next_path(path).exists()
        assert sealed(path) == before
        assert rows(path, "SELECT * FROM fact")[: len(facts)] == facts
        opens(store)
        assert failed(store) == {}
        with Store.open(path, login="keeper") as other:
            opens(other)
    detail = json.loads(list(store.audit_entries(action="database.rekey"))[-1].detail or "")
    assert detail["after"] == store.station.key_check != detail["before"]


def test_the_old_key_opens_nothing_of_the_database_any_more(store: Store, path: Path) -> None:
    old = Vault.load(path, store.station.key_check)
    store.rekey()
    station = store.station.uuid
    for item, wrapped in rows(path, "SELECT item, wrapped FROM wrapped_key"):
        with pytest.raises(VaultError):
            old.unwrap(wrapped, item, station, item)


def test_a_program_that_read_the_old_key_goes_on(store: Store, path: Path) -> None:
    with Store.open(path, login="keeper") as dock:
        opens(dock)
        store.rekey()
        opens(dock)
        dock.add_report(FORM, "4101", None, 1, {"area": "West"}, {"outcome": "conscious"}, clock.now_ms())
        store.rekey()
        assert store.report(max(each.id for each in store.reports()))[1] == {"outcome": "conscious"}
    assert failed(store) == {}


KILLED = """
import os, signal, sys
from pathlib import Path
from host.access import vault
from host.store.sealing import SealingRepository
from tests.station import Store
where = sys.argv[2]
def killed(*_): os.kill(os.getpid(), signal.SIGKILL)
import host.service.keys as keys
if where == "before the file": keys.Vault.prepare = killed
if where == "before wrapping": SealingRepository.wrap_anew = killed
if where == "before the commit": SealingRepository.set_check = killed
if where == "before the file takes its place": keys.finish = killed
with Store.open(Path(sys.argv[1]), login="keeper") as store:
    store.rekey()
"""


@pytest.mark.parametrize(
    "where", ["before the file", "before wrapping", "before the commit", "before the file takes its place"]
)
def test_killed_while_the_key_is_changed_either_key_opens_all(path: Path, where: str) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, str(path), where], cwd=Path(__file__).parents[2])
    assert done.returncode == -signal.SIGKILL
    with Store.open(path, login="keeper") as store:
        opens(store)
        assert failed(store) == {}
        store.rekey()
        opens(store)
    assert not next_path(path).exists()


def test_a_sealed_value_opens_in_no_other_place(store: Store, path: Path) -> None:
    first, *_, last = rows(path, "SELECT id FROM usage_report ORDER BY id")
    with store.writing() as connection:
        connection.execute(
            "UPDATE usage_report SET sealed = (SELECT sealed FROM usage_report WHERE id = ?) WHERE id = ?",
            (last[0], first[0]),
        )
        store.note("report.withdraw", "a test")
    with pytest.raises(VaultError):
        store.report(first[0])


@pytest.mark.parametrize("change", [
    "DELETE FROM wrapped_key",
    "UPDATE wrapped_key SET wrapped = zeroblob(60)",
    "UPDATE wrapped_key SET recipient = 'another'",
    "UPDATE wrapped_key SET wrapped = (SELECT wrapped FROM wrapped_key ORDER BY item = {item} LIMIT 1)",
])  # fmt: skip
def test_a_key_that_was_altered_or_is_of_another_item_opens_nothing(store: Store, change: str) -> None:
    (value,) = rows(store.path, f"SELECT sealed_keys FROM tag WHERE id = '{NEW}'")[0]
    store.connection.execute(change.format(item=f"'{item_of(value)}'"))
    with pytest.raises(VaultError):
        store.tag_keys(NEW)


def test_what_is_destroyed_takes_its_key_along(store: Store, path: Path) -> None:
    def keys() -> int:
        return len(rows(path, "SELECT item FROM wrapped_key"))

    before = keys()
    store.drop_draft("4102", None)
    assert keys() == before - 1
    store.set_setting("retain_answers_days", "1")
    later = clock.now_ms() + 3 * clock.DAY_MS
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now_ms", lambda: later)
        store.retain()
    assert keys() == before - 2
    assert failed(store) == {}


def test_the_key_file_keeps_its_group_and_mode(store: Store, path: Path) -> None:
    path.chmod(0o660)
    key_path(path).chmod(0o640)
    store.rekey()
    assert key_path(path).stat().st_mode & 0o777 == 0o640
    opens(store)


def test_a_lost_key_takes_along_what_nobody_can_open(store: Store, path: Path) -> None:
    with refused("key.is_there", RuleError, path=key_path(path)):
        store.begin_anew(clock.now_ms())
    key_path(path).rename(path.with_name("elsewhere"))
    with Store.open(path, login="keeper") as other:
        with pytest.raises(VaultError):
            other.rekey()
        assert other.would_be_lost() == (3, 1, 3)
        assert other.begin_anew(clock.now_ms()) == (3, 1, 3)
        assert other.tags() == []
        assert {tuple(other.report(each.id)[1].items()) for each in other.reports()} == {()}
        other.enrol_tag("aa" * 8, "P-09", KEYS, clock.now_ms(), lambda: None)
        assert other.tag_keys("aa" * 8) == KEYS
        assert {name: found for name, found in failed(other).items() if name != "records"} == {}


def test_another_databases_key_file_is_left_where_it_is(path: Path, tmp_path: Path) -> None:
    Vault.create(tmp_path / "other.db")
    shutil.copy2(key_path(tmp_path / "other.db"), key_path(path))
    before = key_path(path).read_text()
    with Store.open(path, login="keeper") as store, refused("key.in_the_way", InputError, path=key_path(path)):
        store.begin_anew(clock.now_ms())
    assert key_path(path).read_text() == before


def test_the_key_is_the_administrators_to_change(store: Store, path: Path) -> None:
    store.grant("eye", "auditor", None, clock.now_ms())
    with Store.open(path, login="eye") as other:
        for use in (other.rekey, other.would_be_lost):
            with pytest.raises(NotAllowed):
                use()
    assert not next_path(path).exists()


def test_a_full_disk_changes_nothing(store: Store, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(vaults.os, "fsync", full)
    with pytest.raises(VaultError):
        store.rekey()
    monkeypatch.setattr(vaults.os, "fsync", os.fsync)
    assert not next_path(path).exists()
    opens(store)
