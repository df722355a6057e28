"""Databases of each earlier layout, made by the code that had it: brought up to date whole, or left as they were."""

import hashlib
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from host import errors
from host.access.roles import ADMINISTRATOR, FOUNDER, PROGRAMME_LEAD, QUARTERMASTER
from host.access.vault import TagKeys, key_path
from host.ledger import Movement
from host.phrase import Phrase
from host.reconcile import reconcile
from host.store import connecting
from host.store.adopting import ADOPT
from host.store.database import Database
from host.store.layout import STEPS
from host.store.migrations import _002, migrations
from host.store.rollups import RollupRepository
from host.usage.doses import told
from tests.refusals import refused
from tests.station import Store
from tests.telling import Tell

DATA = Path(__file__).parents[1] / "data"
TEST_KEYS = {
    name: hashlib.sha256(f"test key of {name}.sql".encode()).hexdigest() for name in ("layout_001", "layout_002")
}
"""Each seals nothing but that file."""
T1, T2 = "01" * 8, "02" * 8
START = 1_767_225_600_000
HOUR = 3_600_000


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A database in layout 001, with its key file."""
    path = tmp_path / "station.db"
    make_001(path)
    return path


def make_001(path: Path) -> None:
    """The database that the code of layout 001 made, with real records of tags, and its key file."""
    make(path, "layout_001")


def make(path: Path, layout: str) -> None:
    """The database that the code of an earlier layout made, and its key file."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.executescript((DATA / f"{layout}.sql").read_text())
    connection.close()
    path.chmod(0o600)
    key_path(path).write_text(TEST_KEYS[layout] + "\n")
    key_path(path).chmod(0o600)


def rows(path: Path, sql: str) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def content(path: Path) -> list[str]:
    """Everything in a database, as SQL."""
    connection = sqlite3.connect(path)
    try:
        return list(connection.iterdump())
    finally:
        connection.close()


def test_everything_is_still_there(old: Path) -> None:
    with Store.open(old, login="keeper") as store:
        assert store.station[:5] == ("Example Police", "Europe/London", False, store.station.key_check, START)
        assert (len(bytes.fromhex(store.station.uuid)), store.station.epoch) == (16, 1)
        assert [(each.id, str(each.trained_on), each.left_on) for each in store.officers()] == [
            ("4101", "2025-11-03", None),
            ("4102", "None", None),
        ]
        assert [(each.lot, str(each.expires_on), each.doses_per_kit) for each in store.lots()] == [
            ("B2", "2026-09-30", 3),
            ("A1", "2027-06-30", 2),
        ]
        assert [each.pouch for each in store.tags()] == ["P-01", "P-02"]
        assert store.tag_keys(T2) == TagKeys(b"\x21" * 32, b"\x22" * 32, b"\x23" * 32)
        assert store.radio(T1) == (5, 7, START + 44 * HOUR)
        assert [each.records_added for each in store.dockings()] == [6, 4, 8, 4]
        assert [(each.tag, each.sequence) for each in store.events() if each.verdict == "altered"] == [(T2, 6)]
        assert len(store.events()) == 22
        assert len(store.records(T1)) == 14
        assert [(each.sequence, each.cause) for each in store.explanations()] == [(3, "training"), (8, "used")]
        store.grant("keeper", PROGRAMME_LEAD, None, START)
        report, protected = store.report(1)
        assert (report.officer, report.tag, report.sequence, report.doses) == ("4101", T1, 8, 2)
        assert (report.fields, protected) == ({"area": "North"}, {"outcome": "conscious"})


def test_what_was_in_the_ledger_is_at_the_station(old: Path) -> None:
    with Store.open(old) as store:
        at = [(each.id, each.kind, each.kit, each.officer, each.place, each.pouch) for each in store.movements()]
        assert at == [
            (1, "receive", "K-1", None, "Example Police", None),
            (2, "receive", "K-2", None, "Example Police", None),
            (3, "receive", "K-3", None, "Example Police", None),
            (4, "issue", "K-1", "4101", None, "P-01"),
            (5, "issue", "K-2", "4102", None, "P-02"),
            (6, "return", "K-2", None, "Example Police", None),
            (7, "issue", "K-2", "4101", None, "P-02"),
            (8, "use", "K-1", None, None, None),
        ]
        *entered, used = store.movements()
        assert all(each.recorded_at_ms == each.at_ms and each.login == "" for each in entered)
        # That layout did not take the doses of reports out of kits: now they are.
        assert (used.doses, used.report, used.login) == (2, 1, "(layout 003)")
        assert used.happened_ms is not None and used.happened_ms < START + 60 * HOUR
        assert (store.state("K-1").status, store.state("K-1").doses_left) == ("used", 0)
        assert [(each.id, each.kind) for each in store.places()] == [("Example Police", "station")]
        assert store.state("K-2").where == ("issued", "4101", None, "P-02")
        assert store.state("K-3").where == ("in_stock", None, "Example Police", None)
        # And it goes on from there.
        store.move(Movement(0, START + 60 * HOUR, "return", "K-2", doses=2))
        assert store.state("K-2").status == "in_stock"


def test_what_follows_is_derived(old: Path) -> None:
    with Store.open(old) as store:
        assert store.recompute() == store.rolled_up()
        found = {(each.tag, each.sequence): each for each in store.openings()}
        assert {key: (each.explanation.cause if each.explanation else None) for key, each in found.items()} == {
            (T1, 3): "training",
            (T1, 8): "used",
            (T1, 12): None,
        }
        assert found[T1, 8].reports == (1,)
        assert found[T1, 8].dose_marks == 1
    assert rows(old, "SELECT tag, sequence, kind FROM log_flaw") == [(T2, 6, "altered")]


def test_who_opens_it_first_founds_it_and_the_audit_begins(old: Path) -> None:
    with Store.open(old, login="keeper") as store:
        assert [(each.login, each.roles) for each in store.accounts()] == [("keeper", FOUNDER)]
        assert frozenset({ADMINISTRATOR, QUARTERMASTER}) == FOUNDER
        entries = list(store.audit_entries())
        adopted = [each for each in entries if each.action == ADOPT]
        assert [each.number for each in adopted] == list(range(1, len(adopted) + 1))
        assert {each.subject for each in adopted} == {
            *("station", "place", "officer", "product", "lot", "kit", "tag", "docking", "explanation"),
            *("usage_report", "movement", "event"),
        }
        assert [(each.action, each.login) for each in entries[len(adopted) :]] == [
            ("report.settle", "(layout 003)"),
            ("kit.use", "(layout 003)"),
            ("account.grant", "keeper"),
        ]
        assert store.verify_audit().broken_at is None
        assert {each.name: each.holds for each in store.check()}["tables"]
    with pytest.raises(errors.NotAllowed):
        Store.open(old, login="other")


def test_opening_it_again_changes_nothing(old: Path) -> None:
    Store.open(old).close()
    before = content(old)
    Store.open(old).close()
    assert content(old) == before


def test_the_layout_is_that_of_a_new_database(old: Path, tmp_path: Path) -> None:
    Store.open(old).close()
    Store.create(tmp_path / "new.db", "Example Police", "Europe/London", False, START).close()
    layout = "SELECT type, name, sql FROM sqlite_schema ORDER BY type, name"
    migrated, new = (
        [[str(cell).split() for cell in row] for row in rows(each, layout)] for each in (old, tmp_path / "new.db")
    )
    assert migrated == new
    assert rows(old, "PRAGMA foreign_key_check") == []


def test_a_station_has_one_identity_in_whatever_copy_it_is_made(old: Path, tmp_path: Path) -> None:
    copy, other = tmp_path / "copy.db", tmp_path / "other.db"
    make_001(copy)
    make(other, "layout_002")
    uuids = []
    for path in (old, copy, other):
        with Store.open(path, login="keeper") as store:
            uuids.append(store.station.uuid)
            assert (store.station.epoch, store.reports()[0].form_version) == (1, 1)
    assert uuids[0] == uuids[1] != uuids[2]


def test_a_copy_of_before_is_kept_for_its_owner(old: Path) -> None:
    before = content(old)
    Store.open(old).close()
    kept = old.with_name("station.db.before-002")
    assert content(kept) == before
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert sorted(each.name for each in old.parent.iterdir()) == [
        "station.db",
        "station.db.before-002",
        "station.db.key",
    ]


def test_a_new_database_keeps_no_copy(tmp_path: Path) -> None:
    Store.create(tmp_path / "new.db", "North", "Europe/London", False, START).close()
    assert sorted(each.name for each in tmp_path.iterdir()) == ["new.db", "new.db.key"]


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_failing_in_the_middle_leaves_what_was(old: Path, monkeypatch: pytest.MonkeyPatch, share: float) -> None:
    before = content(old)
    statements = _002.SQL.split(";\n")
    cut = round(len(statements) * share)
    monkeypatch.setattr(_002, "SQL", ";\n".join([*statements[:cut], "INSERT INTO no_such_table VALUES (1)"]) + ";")
    with pytest.raises(sqlite3.OperationalError):
        Store.open(old)
    assert content(old) == before
    monkeypatch.undo()
    with Store.open(old) as store:
        assert store.recompute() == store.rolled_up()


def test_failing_while_deriving_leaves_what_was(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = content(old)

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(RollupRepository, "derive_log", full)
    with pytest.raises(sqlite3.OperationalError):
        Store.open(old)
    assert content(old) == before


KILLED = """
import os, signal, sys
from host.store import copying
from host.service.following import Following
from host.service.station import open_database
from host.store.database import Database
from host.store.rollups import RollupRepository
def die(*_): os.kill(os.getpid(), signal.SIGKILL)
{where} = die
open_database(sys.argv[1], login="keeper")
"""


@pytest.mark.parametrize(
    "where", ["copying.put", "RollupRepository.derive_log", "Following._take_doses", "Database.admit"]
)
def test_killed_in_the_middle_it_is_all_old_or_all_new(old: Path, where: str) -> None:
    before = content(old)
    done = subprocess.run([sys.executable, "-c", KILLED.format(where=where), str(old)], capture_output=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    if where == "Database.admit":
        assert [row[0] for row in rows(old, "SELECT name FROM _sqlite_migrations ORDER BY id")] == [
            each.name for each in migrations._migrations
        ]
    else:
        assert content(old) == before
    with Store.open(old) as store:
        assert store.recompute() == store.rolled_up()
        assert len(store.movements()) == 8


AT_ANY_STATEMENT = """
import os, signal, sqlite3, sys
from host.service.station import open_database
from host.store.database import Database
left = int(sys.argv[2])
def ran(_):
    global left
    left -= 1
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)
init = Database.__init__
def watched(self, path, connection, login):
    init(self, path, connection, login)
    connection.set_trace_callback(ran)
Database.__init__ = watched
open_database(sys.argv[1], login="keeper")
print(left)
"""
MANY = 10**9


def killed_at(path: Path, statement: int) -> int:
    """Brings a database up to date and is killed at that SQL statement; returns how many there were if it was not."""
    done = subprocess.run(
        [sys.executable, "-c", AT_ANY_STATEMENT, str(path), str(statement)], capture_output=True, text=True
    )
    if done.returncode == -signal.SIGKILL:
        return 0
    assert done.returncode == 0, done.stderr
    return statement - int(done.stdout)


@pytest.mark.parametrize("layout", ["layout_001", "layout_002"])
@pytest.mark.parametrize("kills", [6, pytest.param(150, marks=[pytest.mark.exhaustive, pytest.mark.timeout(3600)])])
def test_killed_at_any_statement_it_is_all_old_or_all_new(tmp_path: Path, tell: Tell, layout: str, kills: int) -> None:
    whole = tmp_path / "whole.db"
    make(whole, layout)
    statements = killed_at(whole, MANY)
    figures = ("SELECT * FROM movement", "SELECT * FROM kit_state", "SELECT tag, sequence, record FROM event")
    due = {
        sql: [[cell for cell in row if not isinstance(cell, int) or cell < START * 1.01] for row in rows(whole, sql)]
        for sql in figures
    }
    with Store.open(whole, login="keeper") as store:
        holds = {each.name: each.holds for each in store.check()}
    assert holds["audit"]
    assert holds["tables"]
    seed = int(os.environ.get("KITDOCK_SEED", "0")) or Random().randrange(1, 2**31)
    tell(f"migration of {layout} killed at {kills} of {statements} statements, KITDOCK_SEED={seed}")
    old = 0
    for number, at in enumerate(Random(seed).sample(range(1, statements), kills)):
        path = tmp_path / f"{number}.db"
        make(path, layout)
        before = content(path)
        assert killed_at(path, at) == 0
        is_old = content(path) == before
        old += is_old
        done = [row[0] for row in rows(path, "SELECT name FROM _sqlite_migrations ORDER BY id")]
        assert is_old or done == list(STEPS), f"mixed, after statement {at}"
        with Store.open(path, login="keeper") as store:
            assert {each.name: each.holds for each in store.check()} == holds
        for sql, wanted in due.items():
            assert [
                [cell for cell in row if not isinstance(cell, int) or cell < START * 1.01] for row in rows(path, sql)
            ] == wanted
    assert old


def test_of_two_that_open_it_at_once_one_migrates(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second finds the work done once it gets its turn."""
    migrate: Callable[..., None] = connecting._migrate

    def while_another_is_faster(store: Database, *rest: object) -> None:
        monkeypatch.setattr(connecting, "_migrate", migrate)
        Store.open(old, login="first").close()
        migrate(store, *rest)

    monkeypatch.setattr(connecting, "_migrate", while_another_is_faster)
    with pytest.raises(errors.NotAllowed):
        Store.open(old, login="second")
    with Store.open(old, login="first") as store:
        assert store.recompute() == store.rolled_up()


def test_without_room_for_the_copy_it_is_left_as_it_was(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = content(old)

    def full(*_: object, **__: object) -> None:
        raise errors.DatabaseFull("database.full", path=old)

    monkeypatch.setattr("host.store.copying.copy", full)
    with pytest.raises(errors.DatabaseFull):
        Store.open(old)
    assert content(old) == before
    assert sorted(each.name for each in old.parent.iterdir()) == ["station.db", "station.db.key"]


def test_a_damaged_one_is_not_migrated(old: Path) -> None:
    with sqlite3.connect(old) as connection:
        connection.execute("DROP TRIGGER explanation_no_update")
        connection.execute("UPDATE explanation SET officer = '9'")
    connection.close()
    before = content(old)
    fault = Phrase("check.reference", table="explanation", parent="officer")
    with refused("database.damaged", errors.DatabaseDamaged, path=old, fault=fault):
        Store.open(old)
    assert content(old) == before


# Layout 002 took the doses of a report only from a kit that was still carried, and kept reversed custody.


@pytest.fixture
def second(tmp_path: Path) -> Iterator[Store]:
    """A database of layout 002, brought up to date."""
    make(tmp_path / "second.db", "layout_002")
    with Store.open(tmp_path / "second.db", login="keeper") as store:
        yield store


def test_doses_of_reports_that_were_never_taken_are_taken_from_the_kits_of_then(second: Store) -> None:
    left = {kit: (second.state(kit).doses_left, second.state(kit).doses_used) for kit in ("K-1", "K-2", "K-4")}
    # K-1 as it was; K-2 had come back as a full one; K-4 had been counted empty before its report.
    assert left == {"K-1": (0, 2), "K-2": (0, 2), "K-4": (0, 2)}
    assert second.state("K-4").doses_unaccounted == 0
    assert sum(each.doses for each in second.reports()) == sum(
        each.doses or 0 for each in second.movements() if each.kind == "use"
    )
    assert second.recompute() == second.rolled_up()


def test_a_kit_that_went_out_empty_is_asked_for_and_one_that_may_be_stays_in(second: Store) -> None:
    found = reconcile(second.situation(START + 50 * HOUR))
    assert ("not_whole_carried", "high", "K-2", "4101") in {
        (each.kind, each.severity, each.kit, each.officer) for each in found
    }
    why = told(second.to_count()["K-3"], second.station.time_zone)
    with refused("kit.to_count_first", errors.RuleError, kit="K-3", why=why):
        second.issue_kit("K-3", "4102", None, START + 50 * HOUR)
    second.move(Movement(0, START + 50 * HOUR, "count", "K-3", doses=1))
    with refused("kit.not_whole", errors.RuleError, kit="K-3", left=1, of=2):
        second.issue_kit("K-3", "4102", None, START + 51 * HOUR)


def test_an_opening_before_an_issue_was_reversed_is_nobodys(second: Store) -> None:
    (opening,) = (each for each in second.openings() if each.sequence == 7)
    assert (opening.officers, opening.kits) == ((), ())
