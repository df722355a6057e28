"""The audit: anyone who checks it finds a changed, missing or added entry; its end against a hash kept elsewhere."""

import hashlib
import itertools
import json
import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from host import clock
from host.access import audit
from host.access.audit import START, AuditEntry, Chain
from host.cli.root import root
from host.errors import ClockWrong, DatabaseDamaged, NotAllowed
from host.phrase import Phrase
from tests.refusals import refused
from tests.station import Store

NOW = clock.now_ms()


def chain(count: int, before: bytes = START) -> list[AuditEntry]:
    entries = []
    for number in range(1, count + 1):
        fields = (number, 1000 * number, "constable", "kit.issue", f"K{number}", "done", '{"officer":"4101"}')
        before = audit.chained(before, *fields)
        entries.append(AuditEntry(*fields, before))
    return entries


def test_hash_is_that_of_the_description() -> None:
    fields = [1, 5, "zoë", "kit.add", None, "done", '{"a":"é"}']
    text = '[1,5,"zoë","kit.add",null,"done","{\\"a\\":\\"é\\"}"]'
    assert json.loads(text) == fields
    expected = hashlib.sha256(bytes(32) + text.encode()).digest()
    assert audit.chained(START, 1, 5, "zoë", "kit.add", None, "done", '{"a":"é"}') == expected
    assert audit.detail_text({"b": 1, "a": "é"}) == '{"a":"é","b":1}'


def test_an_empty_audit_and_a_whole_one() -> None:
    assert audit.verify([]) == Chain(0, START, None, None)
    entries = chain(5)
    assert audit.verify(iter(entries)) == Chain(5, entries[-1].hash, None, None)


ALTERED: dict[str, Callable[[AuditEntry], AuditEntry]] = {
    "at_ms": lambda entry: entry._replace(at_ms=entry.at_ms + 1),
    "login": lambda entry: entry._replace(login="stranger"),
    "action": lambda entry: entry._replace(action="kit.return"),
    "subject": lambda entry: entry._replace(subject=None),
    "outcome": lambda entry: entry._replace(outcome="refused"),
    "detail": lambda entry: entry._replace(detail="{}"),
    "hash": lambda entry: entry._replace(hash=bytes(32)),
}


@given(st.sampled_from(sorted(ALTERED)), st.integers(0, 7))
def test_any_altered_field_of_any_entry_is_found_and_named(field: str, at: int) -> None:
    entries = chain(8)
    entries[at] = ALTERED[field](entries[at])
    found = audit.verify(entries)
    assert (found.entries, found.broken_at) == (at, at + 1)
    assert found.why == Phrase("audit.entry_altered", entry=at + 1)


@given(st.integers(0, 6))
def test_a_missing_entry_is_found(at: int) -> None:
    entries = chain(8)
    del entries[at]
    assert audit.verify(entries).broken_at == at + 1


@given(st.integers(0, 6))
def test_two_entries_that_changed_places_are_found(at: int) -> None:
    entries = chain(8)
    one, two = entries[at : at + 2]
    entries[at : at + 2] = [two._replace(id=one.id), one._replace(id=two.id)]
    assert audit.verify(entries).broken_at == at + 1


def test_an_entry_rewritten_with_a_fitting_hash_breaks_the_next() -> None:
    entries = chain(3)
    changed = entries[1]._replace(login="stranger")
    entries[1] = changed._replace(hash=audit.chained(entries[0].hash, *changed[:-1]))
    assert audit.verify(entries).broken_at == 3


def test_verifying_holds_one_entry_at_a_time_and_stops_at_the_first_that_is_wrong() -> None:
    def endless() -> Iterator[AuditEntry]:
        yield from chain(3)
        yield from itertools.repeat(chain(1)[0])

    assert audit.verify(endless()).broken_at == 4


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.create(tmp_path / "station.db", "North", "Europe/London", False, NOW) as opened:
        for number in range(4):
            opened.add_place(f"Car {number}", "vehicle", None, NOW)
        yield opened


def tamper(store: Store, sql: str) -> None:
    """What somebody with write access to the file and another program can do."""
    connection = sqlite3.connect(store.path)
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit'"):
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute(sql)
    connection.commit()
    connection.close()


def test_the_database_refuses_to_change_or_delete_an_entry(store: Store) -> None:
    for sql in ("UPDATE audit SET login = 'stranger' WHERE id = 2", "DELETE FROM audit WHERE id = 2"):
        with pytest.raises(sqlite3.IntegrityError):
            store.connection.execute(sql)
    assert store.verify_audit().entries == 5


@pytest.mark.parametrize(("sql", "first"), [
    ("UPDATE audit SET login = 'stranger' WHERE id = 3", 3),
    ("UPDATE audit SET outcome = 'refused' WHERE id = 5", 5),
    ("DELETE FROM audit WHERE id = 1", 1),
    ("DELETE FROM audit WHERE id = 4", 4),
    ("INSERT INTO audit SELECT 6, at_ms, login, action, subject, outcome, detail, hash FROM audit WHERE id = 5", 6),
])  # fmt: skip
def test_an_entry_altered_behind_kitdocks_back_is_found(store: Store, sql: str, first: int) -> None:
    tamper(store, sql)
    assert store.verify_audit().broken_at == first


@pytest.mark.parametrize(("change", "first"), [
    ("login = CAST(x'ff' AS TEXT)", 3),
    ("subject = CAST(x'ff' AS TEXT)", 3),
    ("subject = ''", 3),
    ("detail = 'shopping list'", 3),
    ("detail = CAST(x'ff' AS TEXT)", 3),
    ("at_ms = 9000000000000000000", 3),
    ("id = 9223372036854775807", 3),
])  # fmt: skip
def test_what_no_kitdock_writes_is_found_and_listed_and_stops_nothing(store: Store, change: str, first: int) -> None:
    tamper(store, f"UPDATE audit SET {change} WHERE id = 3")
    assert store.verify_audit().broken_at == first
    assert {each.name: each.holds for each in store.check()}["audit"] is False
    assert len(list(store.audit_entries())) == 5
    listing = ["audit", "list", "--db", str(store.path), "--since", "2000-01-01"]
    assert CliRunner().invoke(root, listing).exit_code == 0
    assert len(json.loads(CliRunner().invoke(root, [*listing, "--format", "json"]).stdout)) == 5


def test_a_text_that_another_program_spoilt_is_told_and_not_shown(store: Store) -> None:
    tamper(store, "UPDATE place SET unit = CAST(x'53656372657420ff' AS TEXT) WHERE id = 'Car 1'")
    with pytest.raises(DatabaseDamaged) as told:
        store.places()
    assert (told.value.code, told.value.fields["path"]) == ("database.no_utf8", store.path)
    assert "Secret" not in f"{told.value.fields}"


def test_a_time_that_no_calendar_has_is_told_and_can_be_left_behind(store: Store) -> None:
    tamper(store, "UPDATE audit SET at_ms = 9000000000000000000 WHERE id = 5")
    with refused("clock.behind", ClockWrong, newest=clock.Instant(9_000_000_000_000_000_000, "Europe/London")):
        store.add_place("Car 9", "vehicle", None, NOW)
    store.accept_clock()
    store.add_place("Car 9", "vehicle", None, NOW)


def test_an_end_that_was_cut_off_shows_only_against_a_hash_kept_elsewhere(store: Store) -> None:
    head = store.verify_audit().head
    assert store.audit_holds(head)
    store.add_place("Car 9", "vehicle", None, NOW)
    assert store.audit_holds(head), "the audit has grown since, and still holds it"
    tamper(store, "DELETE FROM audit WHERE id >= 5")
    assert store.verify_audit().broken_at is None
    assert not store.audit_holds(head)


def test_entries_are_found_by_who_what_when_and_refusal(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    later = clock.now_ms() + 10_000
    monkeypatch.setattr(clock, "now_ms", lambda: later)
    store.set_setting("carry_days", "30")
    store.grant("constable", "officer", None, NOW)
    with (
        Store.open(store.path, login="constable") as other,
        refused("access.not_allowed", NotAllowed, login="constable", action="place.add"),
    ):
        other.add_place("Car 9", "vehicle", None, NOW)

    def found(*filters: object) -> list[tuple[str, str]]:
        return [(each.login, each.action) for each in store.audit_entries(*filters)]  # type: ignore[arg-type]

    assert found(later) == [
        (store.login, "setting.change"),
        (store.login, "account.grant"),
        ("constable", "place.add"),
    ]
    assert found(None, "constable") == found(None, None, None, True) == [("constable", "place.add")]
    assert len(found(None, None, "place.add")) == len(found(None, None, "place")) == 5
    assert found(None, None, "pla") == []
    assert found(None, store.login, "place", True) == []


def test_a_clock_may_be_behind_the_newest_entry_by_an_hour(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    newest_ms = list(store.audit_entries())[-1].at_ms
    monkeypatch.setattr(clock, "now_ms", lambda: newest_ms - 3_600_001)
    with pytest.raises(ClockWrong):
        store.add_place("Car 8", "vehicle", None, NOW)
    monkeypatch.setattr(clock, "now_ms", lambda: newest_ms - 3_600_000)
    store.add_place("Car 9", "vehicle", None, NOW)
    assert store.verify_audit().entries == 6


def test_a_clock_set_back_a_year_writes_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now_ms", lambda: NOW - 365 * clock.DAY_MS)
    with refused("clock.behind", ClockWrong):
        store.add_place("Car 9", "vehicle", None, NOW)
    assert "Car 9" not in [each.id for each in store.places()]
    store.accept_clock()
    store.add_place("Car 9", "vehicle", None, NOW)
    assert store.verify_audit().broken_at is None


SECOND_PERSON = """
import cryptography.hazmat.primitives.ciphers.aead, cryptography.exceptions, sqlite3.dump, encodings.ascii
import os, stat, sys
from datetime import date
from pathlib import Path
import host.stock.people, host.receiving.officers
from tests.station import Store
from host import forms
from host.access import identity
from host.errors import KitdockError
db, group, may = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "member"
forms.load(forms.DEFAULT)
with Store.open(db) as founder:
    founder.today()
os.setgroups([group] if may else [])
os.setgid(4201)
os.setuid(4201)
os.umask(0o077)
try:
    with Store.open(db) as store:
        assert store.login == "uid4201", store.login
        store.add_officer("4102", None, 1)
        report = store.add_report("england_wales", "4102", None, 1, {}, {"outcome": "unconscious"}, 1)
        modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in db.parent.iterdir()}
        print(sorted(modes.items()))
except KitdockError as error:
    print(type(error).__name__)
"""


@pytest.mark.skipif(
    not hasattr(os, "getuid") or os.getuid() != 0, reason="only root can act as a second user: not shown here"
)
@pytest.mark.parametrize("member", [True, False])
def test_a_second_login_of_the_group_works_with_the_same_files(member: bool) -> None:
    """As `docs/roles.md` sets it up; run in a program of its own, which gives its rights up."""
    import subprocess
    import sys
    import tempfile

    group = 4300
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.chown(folder, 0, group)
        folder.chmod(0o2770)
        db = folder / "station.db"
        with Store.create(db, "North", "Europe/London", False, NOW) as founder:
            founder.grant("uid4201", "quartermaster", None, NOW)
        for path, mode in ((db, 0o660), (db.with_name("station.db.key"), 0o640)):
            assert path.stat().st_gid == group, "the folder gives its group on"
            path.chmod(mode)
        done = subprocess.run(
            [sys.executable, "-c", SECOND_PERSON, str(db), str(group), "member" if member else "stranger"],
            capture_output=True,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        assert done.returncode == 0, done.stderr
        if not member:
            assert done.stdout == "DatabaseMissing\n"
            return
        expected = {"station.db": 0o660, "station.db-shm": 0o660, "station.db-wal": 0o660, "station.db.key": 0o640}
        assert done.stdout == f"{sorted(expected.items())}\n"
        with Store.open(db) as founder:
            assert [each.login for each in founder.audit_entries(action="officer.add")] == ["uid4201"]
            assert len(founder.reports()) == 1
