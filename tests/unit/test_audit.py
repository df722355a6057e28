"""The audit: anyone who checks it finds a changed, missing or added entry; its end against a hash kept elsewhere."""

import hashlib
import itertools
import json
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from host import clock
from host.access import journal
from host.access.journal import START, Actor, Before, Chain, Fact, JournalEntry, Told
from host.cli.root import root
from host.errors import ClockWrong, DatabaseDamaged, NotAllowed
from host.phrase import Phrase
from host.receiving.marks import read_mark
from tests.refusals import refused
from tests.station import Store

NOW = clock.now_ms()


STATION = "0123456789abcdef0123456789abcdef"
WHO = Actor("constable", "system", "desk")


def entry(number: int, before: bytes, facts: Sequence[Fact], station: str = STATION) -> JournalEntry:
    digests = [each.digest for each in facts]
    hash = journal.chained(before, station, 1, number, 1000 * number, WHO, "kit.issue", "done", digests)
    return JournalEntry(number, 1, 1000 * number, *WHO, "kit.issue", "done", hash, tuple(facts))


def facts(number: int) -> list[Fact]:
    row = journal.text_of(["put", "movement", {"id": number}])
    told = journal.told_body(Told(f"K{number}", '{"officer":"4101"}'))
    return [journal.fact(0, None, told), journal.fact(1, f"movement:{number}", row)]


def before_008(count: int) -> list[JournalEntry]:
    """Entries as they were chained before layout 008."""
    before, entries = START, []
    for number in range(1, count + 1):
        detail = '{"officer":"4101"}'
        before = journal.chained_before(
            before, number, 1000 * number, "constable", "kit.issue", f"K{number}", "done", detail
        )  # fmt: skip
        told = journal.fact(0, None, journal.told_body(Told(f"K{number}", detail)))
        entries.append(
            JournalEntry(number, 1, 1000 * number, "constable", None, None, "kit.issue", "done", before, (told,))
        )
    return entries


def chain(count: int, older: int = 0) -> list[JournalEntry]:
    entries = before_008(older)
    binding = Before()
    for each in entries:
        assert binding.holds(each)
    before = binding.bound() if older else START
    for number in range(older + 1, count + 1):
        entries.append(entry(number, before, facts(number)))
        before = entries[-1].hash
    return entries


def test_hashes_are_those_of_the_description() -> None:
    body, salt = '["told",null,"é",null]', bytes(range(16))
    digest = hashlib.sha256(salt + body.encode()).digest()
    assert journal.fact(0, None, body, salt) == Fact(0, digest, salt, None, body)
    text = f'["{STATION}",2,1,5,"zoë","system","desk","kit.add","done",["{digest.hex()}"]]'
    assert json.loads(text)[4] == "zoë"
    expected = hashlib.sha256(bytes(32) + text.encode()).digest()
    who = Actor("zoë", "system", "desk")
    assert journal.chained(START, STATION, 2, 1, 5, who, "kit.add", "done", [digest]) == expected
    assert journal.detail_text({"b": 1, "a": "é"}) == '{"a":"é","b":1}'
    old = '[1,5,"zoë","kit.add",null,"done","{}"]'
    expected = hashlib.sha256(bytes(32) + old.encode()).digest()
    assert journal.chained_before(START, 1, 5, "zoë", "kit.add", None, "done", "{}") == expected


@pytest.mark.parametrize("older", [0, 2, 5])
def test_an_empty_journal_and_a_whole_one(older: int) -> None:
    assert journal.verify(STATION, []) == Chain(0, START, None, None)
    entries = chain(5, older)
    assert journal.verify(STATION, iter(entries)) == Chain(5, entries[-1].hash, None, None)


def other_fact(entry: JournalEntry, **changes: Any) -> JournalEntry:
    last = entry.facts[-1]
    return entry._replace(facts=(*entry.facts[:-1], last._replace(**changes)))


ALTERED: dict[str, Callable[[JournalEntry], JournalEntry]] = {
    "epoch": lambda entry: entry._replace(epoch=2),
    "at_ms": lambda entry: entry._replace(at_ms=entry.at_ms + 1),
    "login": lambda entry: entry._replace(login="stranger"),
    "via": lambda entry: entry._replace(via="pin"),
    "device": lambda entry: entry._replace(device="elsewhere"),
    "no device": lambda entry: entry._replace(device=None),
    "action": lambda entry: entry._replace(action="kit.return"),
    "outcome": lambda entry: entry._replace(outcome="refused"),
    "hash": lambda entry: entry._replace(hash=bytes(32)),
    "a fact": lambda entry: other_fact(entry, body='["put","movement",{"id":0}]'),
    "a fact and its digest": lambda entry: other_fact(entry, body="[]", digest=journal.digest(bytes(16), "[]")),
    "a salt": lambda entry: other_fact(entry, salt=bytes(16)),
    "a digest": lambda entry: other_fact(entry, digest=bytes(32)),
    "a fact less": lambda entry: entry._replace(facts=entry.facts[:-1]),
    "a fact more": lambda entry: entry._replace(facts=(*entry.facts, journal.fact(2, None, "[]"))),
    "a fact twice": lambda entry: entry._replace(facts=(*entry.facts, entry.facts[-1])),
    "facts in another order": lambda entry: entry._replace(facts=entry.facts[::-1]),
    "a fact gone": lambda entry: other_fact(entry, body=None, salt=None, about=None),
    "a body gone": lambda entry: other_fact(entry, body=None),
    "a salt gone": lambda entry: other_fact(entry, salt=None),
}


@given(st.sampled_from(sorted(ALTERED)), st.integers(0, 7))
def test_any_altered_field_of_any_entry_is_found_and_named(field: str, at: int) -> None:
    entries = chain(8)
    entries[at] = ALTERED[field](entries[at])
    found = journal.verify(STATION, entries)
    assert (found.entries, found.broken_at) == (at, at + 1)
    assert found.why is not None
    codes = ("audit.entry_altered", "audit.fact_altered", "audit.fact_missing")
    assert (found.why.code in codes, found.why.fields["entry"]) == (True, at + 1)


OLDER: dict[str, Callable[[JournalEntry], JournalEntry]] = {
    "at_ms": lambda entry: entry._replace(at_ms=entry.at_ms + 1),
    "login": lambda entry: entry._replace(login="stranger"),
    "action": lambda entry: entry._replace(action="kit.return"),
    "outcome": lambda entry: entry._replace(outcome="refused"),
    "hash": lambda entry: entry._replace(hash=bytes(32)),
    "what it is about": lambda entry: entry._replace(
        facts=(journal.fact(0, None, journal.told_body(Told("K9", '{"officer":"4101"}'))),)
    ),
    "without any fact": lambda entry: entry._replace(facts=()),
}


@given(st.sampled_from(sorted(OLDER)), st.integers(0, 3), st.booleans())
def test_an_entry_of_before_that_was_altered_is_found(field: str, at: int, forgotten: bool) -> None:
    entries = chain(8, older=4)
    if forgotten:  # what it was about is gone: it is held by those after it alone
        told = entries[at].facts[0]._replace(salt=None, body=None)
        entries[at] = entries[at]._replace(facts=(told,))
    entries[at] = OLDER[field](entries[at])
    found = journal.verify(STATION, entries)
    assert found.broken_at is not None
    assert found.broken_at <= 5


def test_an_older_entry_among_newer_ones_is_found() -> None:
    entries = chain(8)
    old = before_008(5)[4]
    assert journal.verify(STATION, [*entries[:4], old, *entries[5:]]).broken_at == 5


def test_the_journal_of_another_station_is_found() -> None:
    assert journal.verify("f" * 32, chain(3)).broken_at == 1


@given(st.integers(0, 6))
def test_a_missing_entry_is_found(at: int) -> None:
    entries = chain(8)
    del entries[at]
    assert journal.verify(STATION, entries).broken_at == at + 1


@given(st.integers(0, 7))
def test_a_doubled_entry_is_found(at: int) -> None:
    entries = chain(8)
    entries.insert(at, entries[at])
    assert journal.verify(STATION, entries).broken_at == at + 2


@given(st.integers(0, 6))
def test_two_entries_that_changed_places_are_found(at: int) -> None:
    entries = chain(8)
    one, two = entries[at : at + 2]
    entries[at : at + 2] = [two._replace(number=one.number), one._replace(number=two.number)]
    assert journal.verify(STATION, entries).broken_at == at + 1


def test_an_entry_rewritten_with_a_fitting_hash_breaks_the_next() -> None:
    entries = chain(3)
    entries[1] = entry(2, entries[0].hash, facts(7))
    assert journal.verify(STATION, entries).broken_at == 3


def test_verifying_holds_one_entry_at_a_time_and_stops_at_the_first_that_is_wrong() -> None:
    def endless() -> Iterator[JournalEntry]:
        yield from chain(3)
        yield from itertools.repeat(chain(1)[0])

    assert journal.verify(STATION, endless()).broken_at == 4


def test_a_destroyed_fact_is_one_of_which_a_later_entry_says_so() -> None:
    entries = chain(3)
    gone = entries[1].facts[1]._replace(salt=None, body=None, about=None)
    entries[1] = entries[1]._replace(facts=(entries[1].facts[0], gone))
    assert journal.verify(STATION, entries).why == Phrase("audit.fact_missing", entry=2, part=1)
    said = journal.text_of([journal.FORGOTTEN, journal.by_entry({(2, 1), (1, 0)})])
    entries.append(entry(4, entries[-1].hash, [*facts(4)[:1], journal.fact(1, None, said)]))
    assert journal.verify(STATION, entries) == Chain(4, entries[-1].hash, None, None, 1, 4000)


@given(st.integers(1, 10**9), st.binary(min_size=32, max_size=32))
def test_a_mark_is_read_as_it_is_heard(number: int, hash: bytes) -> None:
    mark = journal.mark(number, hash)
    assert read_mark(mark) == mark
    assert read_mark(f" {mark.lower()} ") == mark
    head, _, letters = mark.partition("-")
    heard = letters.lower().replace("0", "o").replace("1", "i").replace("-", " ")
    assert read_mark(f"{head}-{heard}") == mark
    assert journal.mark(number + 1, hash) != mark


@pytest.mark.parametrize("text", ["", "12", "12-", "-ABCDE", "12-ABCDE-ABCDE-ABCDE-ABCD", "12-ABCDE-ABCDE-ABCDE-ABCDU"])
def test_what_is_no_mark_is_not_read(text: str) -> None:
    assert read_mark(text) is None


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.create(tmp_path / "station.db", "North", "Europe/London", False, NOW) as opened:
        for number in range(4):
            opened.add_place(f"Car {number}", "vehicle", None, NOW)
        yield opened


def tamper(store: Store, sql: str) -> None:
    """What somebody with write access to the file and another program can do."""
    connection = sqlite3.connect(store.path)
    for (name,) in connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN ('journal', 'fact')"
    ):
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute(sql)
    connection.commit()
    connection.close()


def test_the_database_refuses_to_change_or_delete_an_entry(store: Store) -> None:
    for sql in (
        "UPDATE journal SET login = 'stranger' WHERE number = 2",
        "DELETE FROM journal WHERE number = 2",
        "DELETE FROM fact WHERE entry = 2",
        "UPDATE fact SET body = '[]' WHERE entry = 2",
        "UPDATE fact SET body = NULL WHERE entry = 2",
        "UPDATE fact SET about = 'place:x', body = NULL, salt = NULL WHERE entry = 2",
        "UPDATE fact SET part = 9, body = NULL, salt = NULL WHERE entry = 2 AND part = 0",
        "UPDATE fact SET digest = zeroblob(32), body = NULL, salt = NULL WHERE entry = 2",
    ):
        with pytest.raises(sqlite3.IntegrityError):
            store.connection.execute(sql)
    assert store.verify_audit().entries == 5


@pytest.mark.parametrize(("sql", "first"), [
    ("UPDATE journal SET login = 'stranger' WHERE number = 3", 3),
    ("UPDATE journal SET outcome = 'refused' WHERE number = 5", 5),
    ("DELETE FROM journal WHERE number = 1", 1),
    ("DELETE FROM journal WHERE number = 4", 4),
    (
        "INSERT INTO journal SELECT 6, epoch, at_ms, login, via, device, action, outcome, hash FROM journal "
        "WHERE number = 5",
        6,
    ),
    ("UPDATE fact SET body = replace(body, 'Car', 'Van') WHERE entry = 3 AND part = 1", 3),
    ("UPDATE fact SET body = NULL, salt = NULL WHERE entry = 3 AND part = 1", 3),
    ("DELETE FROM fact WHERE entry = 4 AND part = 1", 4),
    ("DELETE FROM fact WHERE entry = 4", 4),
    ("INSERT INTO fact SELECT entry, 2, digest, salt, about, body FROM fact WHERE entry = 4 AND part = 1", 4),
])  # fmt: skip
def test_an_entry_altered_behind_kitdocks_back_is_found(store: Store, sql: str, first: int) -> None:
    tamper(store, sql)
    assert store.verify_audit().broken_at == first


@pytest.mark.parametrize(("sql", "first"), [
    ("UPDATE journal SET login = CAST(x'ff' AS TEXT) WHERE number = 3", 3),
    ("UPDATE journal SET at_ms = 9000000000000000000 WHERE number = 3", 3),
    ("UPDATE journal SET number = 9223372036854775807 WHERE number = 3", 3),
    ("UPDATE fact SET body = CAST(x'ff' AS TEXT) WHERE entry = 3", 3),
    ("UPDATE fact SET body = 'shopping list' WHERE entry = 3", 3),
    ("UPDATE fact SET body = '[]' WHERE entry = 3", 3),
    ("UPDATE fact SET body = '[1, 2, 3, 4]' WHERE entry = 3", 3),
    ("UPDATE fact SET body = '[\"told\", null, \"1\", null]' WHERE entry = 3", 3),
    ("UPDATE fact SET about = 'place:1' WHERE entry = 3", None),
])  # fmt: skip
def test_what_no_kitdock_writes_is_found_and_listed_and_stops_nothing(
    store: Store, sql: str, first: int | None
) -> None:
    tamper(store, sql)
    assert store.verify_audit().broken_at == first
    holds = {each.name: each.holds for each in store.check()}
    assert False in (holds["audit"], holds["tables"])
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
    tamper(store, "UPDATE journal SET at_ms = 9000000000000000000 WHERE number = 5")
    with refused("clock.behind", ClockWrong, newest=clock.Instant(9_000_000_000_000_000_000, "Europe/London")):
        store.add_place("Car 9", "vehicle", None, NOW)
    store.accept_clock()
    store.add_place("Car 9", "vehicle", None, NOW)


def test_an_end_that_was_cut_off_shows_only_against_a_hash_kept_elsewhere(store: Store) -> None:
    head = store.verify_audit().head
    assert store.audit_holds(head)
    store.add_place("Car 9", "vehicle", None, NOW)
    assert store.audit_holds(head), "the audit has grown since, and still holds it"
    mark = journal.mark(5, head)
    assert store.audit_holds(mark)
    tamper(store, "DELETE FROM journal WHERE number >= 5")
    assert store.verify_audit().broken_at == 5, "its facts are left"
    tamper(store, "DELETE FROM fact WHERE entry >= 5")
    assert store.verify_audit().broken_at is None
    assert not store.audit_holds(head)
    assert not store.audit_holds(mark)
    assert "tables" in {each.name for each in store.check() if not each.holds}, "the check names the row that they left"


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
