"""A database that cannot be used: one clear line, a status of 3, and nothing half-written."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from host.access.vault import key_path
from host.cli.root import root
from tests.cli.conftest import Station, day

KITDOCK = Path(sys.executable).parent / "kitdock"


def test_database_that_is_not_there_says_how_to_make_one(tmp_path: Path) -> None:
    path = tmp_path / "none.db"
    line = Station(path).refused("kit", "list", status=3)
    assert (
        line == f"There's no database at {path}. Make one with `kitdock init --db {path} --name NAME --time-zone ZONE`."
    )


def test_no_database_named_is_a_usage_error(tmp_path: Path) -> None:
    done = subprocess.run([KITDOCK, "kit", "list"], capture_output=True, text=True, env={"PATH": ""}, cwd=tmp_path)
    assert done.returncode == 2
    assert "--db" in done.stderr
    assert "KITDOCK_DB" in done.stderr


def test_init_overwrites_nothing_and_leaves_nothing_behind(tmp_path: Path) -> None:
    station = Station(tmp_path / "x.db")
    arguments = ["init", "--name", "North", "--time-zone"]
    assert "no time zone" in station.refused(*arguments, "Mars/Olympus", status=2)
    assert list(tmp_path.iterdir()) == []
    station.run(*arguments, "Europe/London")
    before = station.db.read_bytes(), key_path(station.db).read_bytes()
    assert "wasn't overwritten" in station.refused(*arguments, "Europe/London", status=2)
    assert (station.db.read_bytes(), key_path(station.db).read_bytes()) == before
    station.db.unlink()
    assert "wasn't overwritten" in station.refused(*arguments, "Europe/London", status=2)
    assert not station.db.exists()


def test_other_files_are_not_kitdock(tmp_path: Path) -> None:
    path = tmp_path / "text.db"
    path.write_text("shopping list\n" * 100)
    assert "isn't a Kitdock database" in Station(path).refused("kit", "list", status=3)
    path.write_bytes(b"")
    assert "isn't a Kitdock database" in Station(path).refused("kit", "list", status=3)


def test_later_layout_asks_for_an_upgrade(station: Station) -> None:
    with sqlite3.connect(station.db) as connection:
        connection.execute("INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('kitdock', '999_later')")
    connection.close()
    assert "Upgrade this installation." in station.refused("kit", "list", status=3)


def test_locked_database_is_given_up(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("host.store.connecting.BUSY_TIMEOUT_S", 0.05)
    other = sqlite3.connect(station.db, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert "locked by another program" in station.refused("officer", "add", "1207", status=3)
    assert station.json("officer", "list") == []  # reading goes on
    other.execute("ROLLBACK")
    other.close()
    station.run("officer", "add", "1207")


def test_full_disk_keeps_nothing_of_the_command(station: Station) -> None:
    """A file size limit stands for the full disk: the kernel refuses to let the database grow."""
    arguments = ["kit", "add", "K1", "--product", "Nyxoid", "--lot", "A1", "--expires", str(day(400))]
    limited = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096));"
        "from host.cli import main; sys.exit(main())"
    )
    # Coverage would write its own file under the same limit.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    done = subprocess.run(
        [sys.executable, "-c", limited, *arguments, "--db", str(station.db)],
        capture_output=True,
        text=True,
        env=environment,
    )
    assert done.returncode == 3, done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert done.stderr.startswith("kitdock: ")
    assert station.json("kit", "list") == []
    station.run(*arguments)


def test_key_file_is_asked_for_when_it_is_needed(force: Station, tmp_path: Path) -> None:
    from tests.cli.test_usage import GIVEN, lead

    lead(force)
    file = ["usage", "file", "--officer", "1207", "--answers", "-"]
    force.run(*file, input=GIVEN)
    kept = key_path(force.db).rename(tmp_path / "kept")
    assert "is missing. Put it back" in force.refused("usage", "show", "1", status=3)
    assert "is missing. Put it back" in force.refused(*file, input=GIVEN, status=3)
    assert len(force.json("usage", "list")) == 1
    other = Station(tmp_path / "other.db")
    other.run("init", "--name", "South", "--time-zone", "Europe/London")
    key_path(other.db).rename(key_path(force.db))
    assert "belongs to another database" in force.refused("usage", "show", "1", status=3)
    kept.rename(key_path(force.db))
    key_path(force.db).chmod(0o644)
    assert "chmod 600" in force.refused("usage", "show", "1", status=3)
    key_path(force.db).chmod(0o600)
    force.run("usage", "show", "1")


def test_bug_keeps_its_traceback(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what a user can act on is cut to a line."""

    def broken(*_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr("host.service.expiry.suggest", broken)
    result = CliRunner().invoke(root, ["expiry", "--db", str(station.db)])
    assert isinstance(result.exception, RuntimeError)
