"""`kitdock db` at the command line: what it says, what it asks, and that nothing is ever half-done."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from host import clock
from host.access.vault import key_path
from host.store import connecting
from tests.cli.conftest import DAY_MS, Station
from tests.station import Store
from tests.unit.test_migrations import content, make_001

UNCOVERED = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}


@pytest.fixture
def old(tmp_path: Path) -> Station:
    """A station with a year of real records, made in an earlier layout and brought up to date."""
    path = tmp_path / "station.db"
    make_001(path)
    Store.open(path).close()
    path.with_name("station.db.before-002").unlink()
    return Station(path)


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


def run(station: Station, hook: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs `kitdock ARGUMENTS` in a process of its own, after the Python in `hook`."""
    program = f"import os, signal, sys\n{hook}\nfrom host.cli import main\nsys.exit(main())"
    return subprocess.run(
        [sys.executable, "-c", program, *arguments, "--db", str(station.db)],
        capture_output=True,
        text=True,
        env=UNCOVERED,
    )


KILL = "def die(*_, **__): os.kill(os.getpid(), signal.SIGKILL)\n"


# Backup.


def test_backup_says_what_is_in_it_and_what_is_not(force: Station) -> None:
    target = force.db.with_name("backup.db")
    result = force.run("db", "backup", str(target))
    assert f"Wrote the backup to {target} (" in result.stdout
    assert "The key file isn't in it. Keep a copy of station.db.key elsewhere." in result.stdout
    assert result.stderr == "", "no bar where nobody looks"
    assert Station(target).json("kit", "list")[0]["kit"] == "K1"
    assert "already exists" in force.refused("db", "backup", str(target), status=2)
    shown = force.json("db", "backup", str(target), "--overwrite")
    assert shown == {"file": str(target), "bytes": target.stat().st_size}


def test_backup_is_for_administrators(force: Station) -> None:
    force.run("account", "grant", "counter", "quartermaster")
    target = force.db.with_name("backup.db")
    line = force.refused("db", "backup", str(target), status=1, login="counter")
    assert "It needs the role administrator." in line
    assert not target.exists()


def test_backup_into_a_folder_that_cannot_be_written(force: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.mkstemp", denied)
    line = force.refused("db", "backup", str(force.db.with_name("backup.db")), status=2)
    assert line.startswith("Can't write to folder ")
    assert "Choose another place" in line


def test_backup_on_a_full_disk_leaves_nothing(force: Station) -> None:
    """A file size limit stands for the full disk."""
    folder = force.db.parent
    before = names(folder)
    limit = "import resource; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
    limit += "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))"
    done = run(force, limit, "db", "backup", str(folder / "backup.db"))
    assert done.returncode == 3, done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert "backup.db" in done.stderr
    assert names(folder) == before


@pytest.mark.parametrize("where", ["copying.file_faults", "copying.put"])
def test_killed_in_the_middle_a_backup_has_no_name_and_the_database_is_whole(force: Station, where: str) -> None:
    target = force.db.with_name("backup.db")
    target.write_text("the one before")
    hook = f"{KILL}from host.store import copying\n{where} = die"
    done = run(force, hook, "db", "backup", str(target), "--overwrite")
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert target.read_text() == "the one before"
    assert {each["result"] for each in force.json("db", "check")} == {"ok"}


# Restore.


def test_restore_shows_what_comes_and_what_goes_and_asks(force: Station) -> None:
    backup = force.db.with_name("backup.db")
    force.run("db", "backup", str(backup))
    force.run("officer", "add", "4199")
    result = force.run("db", "restore", str(backup), status=2)
    assert "is from station North. It holds 1 officer, 1 kit, 2 movements, 1 tag, 0 records" in result.stderr
    assert "The present database holds 2 officers" in result.stderr
    assert "use --yes" in result.stderr
    assert len(force.json("officer", "list")) == 2
    shown = force.json("db", "restore", str(backup), "--yes")
    assert (shown["officer"], shown["station"], shown["key_missing"]) == (1, "North", False)
    assert len(force.json("officer", "list")) == 1
    assert len(Station(Path(shown["kept"])).json("officer", "list")) == 2
    assert {each["result"] for each in force.json("db", "check")} == {"ok"}
    force.run("audit", "verify")
    (entry,) = force.json("audit", "list", "--action", "database.restore")
    assert entry["detail"]["epoch"] == 2
    assert "epoch 2" in force.run("audit", "list", "--action", "database.restore").stdout


def test_restore_on_a_terminal_asks(force: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    backup = force.db.with_name("backup.db")
    force.run("db", "backup", str(backup))
    force.run("officer", "add", "4199")
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda self: self.name == "<stdin>", raising=False)
    assert "Restore it?" in force.run("db", "restore", str(backup), input="n\n", status=1).stderr
    assert len(force.json("officer", "list")) == 2
    force.run("db", "restore", str(backup), input="y\n")
    assert len(force.json("officer", "list")) == 1


def test_restore_without_the_key_file_says_what_is_missing(force: Station, tmp_path: Path) -> None:
    backup = force.db.with_name("backup.db")
    force.run("db", "backup", str(backup))
    other = Station(tmp_path / "other.db")
    result = other.run("db", "restore", str(backup), "--yes")
    assert "no key file beside" in result.stderr
    assert "Restored the backup as " in result.stdout
    assert len(other.json("kit", "list")) == 1


def test_restore_of_another_stations_backup_is_refused(force: Station, tmp_path: Path) -> None:
    other = Station(tmp_path / "other.db")
    other.run("init", "--name", "South", "--time-zone", "Europe/London")
    before = content(force.db)
    assert "belongs to another database" in force.refused("db", "restore", str(other.db), "--yes", status=3)
    assert "no backup at" in force.refused("db", "restore", str(tmp_path / "none"), "--yes", status=3)
    assert "is the database itself" in force.refused("db", "restore", str(force.db), "--yes", status=2)
    assert content(force.db) == before


@pytest.mark.parametrize(
    "where", ["copying.file_faults", "restoring._keep", "copying.put", "copying.flush", "Path.hardlink_to"]
)
def test_killed_in_the_middle_a_restore_leaves_the_database_whole(force: Station, where: str) -> None:
    backup = force.db.with_name("backup.db")
    force.run("db", "backup", str(backup))
    force.run("officer", "add", "4199")
    hook = f"{KILL}from pathlib import Path\nfrom host.store import copying, restoring\n{where} = die"
    done = run(force, hook, "db", "restore", str(backup), "--yes")
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert len(force.json("officer", "list")) == 2
    assert {each["result"] for each in force.json("db", "check")} == {"ok"}
    force.run("db", "restore", str(backup), "--yes")
    assert len(force.json("officer", "list")) == 1


def test_restore_on_a_full_disk_changes_nothing(force: Station) -> None:
    backup = force.db.with_name("backup.db")
    force.run("db", "backup", str(backup))
    before, there = content(force.db), names(force.db.parent)
    limit = "import resource; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
    limit += "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))"
    done = run(force, limit, "db", "restore", str(backup), "--yes")
    assert done.returncode == 3, done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert (content(force.db), names(force.db.parent)) == (before, there)


# Check.


def test_check_lists_what_holds(old: Station) -> None:
    result = old.run("db", "check")
    rows = [re.split(r"\s{2,}", line) for line in result.stdout.splitlines()[2:]]
    assert [row[:2] for row in rows if row[0]] == [
        ["database file", "OK"],
        ["cross-references", "OK"],
        ["layout", "OK"],
        ["audit", "OK"],
        ["tables", "OK"],
        ["stock ledger", "OK"],
        ["running totals", "OK"],
        ["tags' logs", "OK"],
    ]
    assert all(len(line) <= 80 for line in result.stdout.splitlines())


def test_check_fails_with_a_status_and_repair_mends_what_it_can(old: Station) -> None:
    connection = sqlite3.connect(old.db, isolation_level=None)
    connection.execute("DROP TRIGGER event_no_delete")
    connection.execute("UPDATE kit_state SET doses_left = 9 WHERE kit = 'K-1'")
    connection.close()
    result = old.run("db", "check", status=1)
    assert "trigger event_no_delete is missing" in result.stdout
    assert "kit_state differs for K-1" in result.stdout
    assert "`kitdock db check --repair`" in " ".join(result.stdout.split())
    mended = old.run("db", "check", "--repair")
    assert "Put back: event_no_delete." in mended.stderr
    assert "failed" not in mended.stdout


def test_check_of_a_damaged_file_ends_with_3(old: Station) -> None:
    with Store.open(old.db) as store:
        for number in range(400):
            store.add_officer(f"7{number:03}", None, clock.now_ms())
        page = store.rows("SELECT rootpage FROM sqlite_schema WHERE name = 'movement_by_kit'")[0][0]
    whole = bytearray(old.db.read_bytes())
    whole[4096 * (page - 1) + 8 : 4096 * page] = b"\xa5" * (4096 - 8)
    old.db.write_bytes(whole)
    result = old.run("db", "check", status=3)
    assert "restore a backup" in result.stdout


def test_check_without_the_key_says_what_it_could_not_look_at(old: Station) -> None:
    key_path(old.db).unlink()
    found = {each["check"]: each for each in old.json("db", "check")}
    assert found["records"]["result"] == "not checked"
    assert "is missing" in found["records"]["found"]


# Vacuum, clock, retention.


def test_vacuum_says_the_sizes(force: Station) -> None:
    shown = force.json("db", "vacuum")
    assert shown["before_bytes"] >= shown["after_bytes"] == force.db.stat().st_size
    assert " MB and is now " in force.run("db", "vacuum").stdout


def test_a_clock_set_back_is_told_and_can_be_accepted(force: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    now = clock.now_ms()
    monkeypatch.setattr("host.clock.now_ms", lambda: now - 365 * DAY_MS)
    line = force.refused("officer", "add", "4199", status=3)
    assert "`kitdock db accept-clock`" in line.replace("kitdock db accept-clock", "`kitdock db accept-clock`")
    assert "The clock now counts as right." in force.run("db", "accept-clock").stdout
    force.run("officer", "add", "4199")


def test_retention_teaches_how_to_set_a_policy(force: Station) -> None:
    result = force.run("db", "retention")
    assert result.stdout.count("for ever") == 4
    assert "kitdock setting set retain_answers_days DAYS" in " ".join(result.stdout.split())
    assert all(len(line) <= 80 for line in result.stdout.splitlines()[:6])


def test_retention_lists_then_destroys_what_was_listed(old: Station) -> None:
    old.run("setting", "set", "retain_answers_days", "30")
    old.run("setting", "set", "retain_events_days", "30")
    listed = {each["kind"]: each for each in old.json("db", "retention", "--dry-run")}
    assert [listed[kind]["rows"] for kind in ("answers", "reports", "events", "leavers")] == [2, 0, 12, 0]
    assert listed["events"]["kept"] == 10
    assert listed["events"]["oldest"].startswith("2026-01-01")
    assert len(old.store(Store.events)) == 22
    assert "There's nobody to ask." in old.refused("db", "retention", "--apply", status=2)
    result = old.run("db", "retention", "--apply", "--yes")
    assert "Destroyed. To give the room back to the disk, use `kitdock db vacuum`." in result.stderr
    assert "10 of the records of tags and their explanations stay: openings without a cause" in " ".join(
        result.stdout.split()
    )
    assert len(old.store(Store.events)) == 10
    assert [each["rows"] for each in old.json("db", "retention")] == [0, 0, 0, 0]
    assert {each["result"] for each in old.json("db", "check")} == {"ok"}
    old.run("reconcile")
    assert old.json("usage", "list")[0]["doses"] == 2


def test_retention_says_what_a_reader_keeps_in_the_log(old: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connecting, "BUSY_TIMEOUT_S", 0.1)
    old.run("setting", "set", "retain_answers_days", "30")
    reader = sqlite3.connect(old.db, isolation_level=None)
    reader.execute("BEGIN")
    sealed = reader.execute("SELECT sealed FROM usage_report WHERE id = 1").fetchone()[0]
    assert sealed in old.db.read_bytes()
    told = " ".join(old.run("db", "retention", "--apply", "--yes").stderr.split())
    assert f"{old.db.name}-wal still holds it, because another program uses the database" in told
    reader.close()
    old.run("db", "vacuum")
    assert sealed not in old.db.read_bytes()


def test_retention_names_the_copies_that_still_hold_it(tmp_path: Path) -> None:
    path = tmp_path / "station.db"
    make_001(path)
    station = Station(path)
    station.run("setting", "set", "retain_answers_days", "30")
    assert f"{path}.before-002" in station.run("db", "retention", "--apply", "--yes").stderr


def test_retention_is_for_administrators(old: Station) -> None:
    old.run("account", "grant", "counter", "quartermaster")
    assert "It needs the role administrator." in old.refused("db", "retention", status=1, login="counter")


@pytest.mark.parametrize("where", ["RetentionRepository.forget", "Following.derive"])
def test_killed_in_the_middle_retention_destroys_nothing(old: Station, where: str) -> None:
    old.run("setting", "set", "retain_answers_days", "30")
    old.run("setting", "set", "retain_events_days", "30")
    before = content(old.db)
    module = {"R": "store.retaining", "F": "service.following"}[where[0]]
    hook = f"{KILL}from host.{module} import {where.partition('.')[0]}\n{where} = die"
    done = run(old, hook, "db", "retention", "--apply", "--yes")
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert content(old.db) == before
    assert {each["result"] for each in old.json("db", "check")} == {"ok"}


def test_a_database_of_a_later_kitdock_is_left_alone_by_every_care(force: Station) -> None:
    backup = force.db.with_name("backup.db")
    force.run("db", "backup", str(backup))
    connection = sqlite3.connect(force.db)
    connection.execute("INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('kitdock', '999', '')")
    connection.commit()
    connection.close()
    before = content(force.db)
    for command in (["backup", str(force.db.with_name("b2.db"))], ["check"], ["vacuum"], ["retention"]):
        line = force.refused("db", *command, status=3)
        assert "was changed by a later Kitdock (layout 999). Upgrade this installation." in line
    assert content(force.db) == before


def test_another_key_is_made_and_the_old_one_opens_nothing(old: Station) -> None:
    before = old.db.with_name("station.db.key").read_text()
    done = old.run("db", "rekey")
    assert done.stdout.startswith("Changed the station's key.")
    assert old.db.with_name("station.db.key").read_text() != before
    assert old.json("db", "rekey")["keys"] >= 1
    old.db.with_name("station.db.key").write_text(before)
    checked = {row["check"]: row["result"] for row in old.json("db", "check")}
    assert checked["records"] == "not checked"
    assert set(checked.values()) == {"ok", "not checked"}


def test_a_lost_key_is_asked_about(old: Station) -> None:
    assert "is there and opens this database" in old.refused("db", "rekey", "--lost", "--yes", status=1)
    old.db.with_name("station.db.key").unlink()
    assert "add --yes" in old.refused("db", "rekey", "--lost", status=2)
    assert not old.db.with_name("station.db.key").exists()
    done = old.run("db", "rekey", "--lost", "--yes")
    assert "Provision 2 tags again." in done.stdout
    assert old.json("tag", "list") == []


def test_a_person_is_forgotten_who_asks_for_it(old: Station) -> None:
    assert "Name either an officer" in old.refused("db", "forget", "--reason", "asked", status=2)
    line = old.refused("db", "forget", "--officer", "4102", "--reason", "asked", "--yes", status=1)
    assert line == "Officer 4102 hasn't left. Record it first: `kitdock officer leave 4102`."
    old.run("officer", "leave", "4102")
    assert "add --yes" in old.refused("db", "forget", "--officer", "4102", "--reason", "asked", status=2)
    done = old.run("db", "forget", "--officer", "4102", "--reason", "asked", "--yes")
    assert done.stdout.startswith("Destroyed the number.")
    assert "4102" not in old.run("audit", "list", "--since", "2000-01-01").stdout
    done = old.run("db", "forget", "--report", "1", "--reason", "asked", "--yes")
    assert done.stdout.startswith("Destroyed the answers of report 1.")
    assert "no usage report 99" in old.refused("db", "forget", "--report", "99", "--reason", "asked", "--yes", status=2)
    assert {row["result"] for row in old.json("db", "check")} == {"ok"}
