"""`kitdock demo` through the real console script, and what it leaves in the database."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from host.access import identity
from tests.e2e.terminal import KITDOCK, Terminal

MOST_S = 60


def kitdock(*arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [KITDOCK, *arguments], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, **options
    )


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[str], Path, float]:
    db = tmp_path_factory.mktemp("demo") / "demo.db"
    began = time.monotonic()
    done = kitdock("demo", "--batch", "--db", db)
    return done, db, time.monotonic() - began


def shown(db: Path, *command: str) -> Any:
    done = kitdock(*command, "--db", db, "--format", "json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_demo_ends_well_and_says_where_the_database_is(played: Any) -> None:
    done, db, took_s = played
    assert done.returncode == 0, done.stderr
    assert took_s < MOST_S
    assert f"The database is {db}" in done.stdout
    assert "5 tags docked again, 0 rows added" in done.stdout
    assert "Usage report 1 is filed.\n" in done.stdout
    for pouch in range(1, 7):
        assert f"P-0{pouch}" in done.stderr, "each docking is shown as it happens"


def test_every_event_is_a_record_of_36_bytes(played: Any) -> None:
    _, db, _ = played
    connection = sqlite3.connect(db)
    count, shortest, longest = connection.execute(
        "SELECT count(*), min(length(record)), max(length(record)) FROM event"
    ).fetchone()
    connection.close()
    assert count > 60
    assert (shortest, longest) == (36, 36)


def test_each_planted_discrepancy_is_found_and_no_other(played: Any) -> None:
    _, db, _ = played
    found = sorted((each["kind"], each["pouch"]) for each in shown(db, "reconcile"))
    assert found == [
        ("expired_carried", "P-04"),
        ("not_docked", "P-05"),
        ("opening_unexplained", "P-03"),
        ("pouch_without_kit", "P-02"),
        ("record_tampered", "P-06"),
    ]


def test_expiry_names_the_expired_kit_first(played: Any) -> None:
    _, db, _ = played
    first = shown(db, "expiry")[0]
    assert (first["kit"], first["officer"], first["expired"]) == ("K-0004", "4104", True)


def test_the_filed_report_has_its_doses_and_no_protected_answer(played: Any) -> None:
    _, db, _ = played
    (report,) = shown(db, "usage", "list")
    assert (report["officer"], report["pouch"], report["doses"]) == ("4102", "P-02", 2)
    assert "outcome" not in report
    assert "programme lead" in kitdock("usage", "show", "1", "--db", db).stderr
    assert kitdock("account", "grant", identity.login(), "programme_lead", "--db", db).returncode == 0
    answers = {each["field"]: each["answer"] for each in shown(db, "usage", "show", "1")}
    assert answers["outcome"] == "conscious_and_responsive"
    assert b"conscious_and_responsive" not in db.read_bytes()


def test_a_second_demo_does_not_touch_the_first_ones_database(played: Any) -> None:
    _, db, _ = played
    before = db.read_bytes()
    done = kitdock("demo", "--batch", "--db", db)
    assert done.returncode == 2
    assert "already exists" in done.stderr
    assert db.read_bytes() == before


def test_no_key_is_in_clear_in_the_database_or_the_output(played: Any) -> None:
    from tests.station import Store

    done, db, _ = played
    with Store.open(db) as store:
        secrets = [key for tag in store.tags() for key in store.tag_keys(tag.id)]
    assert len(secrets) == 18
    files = [path for path in db.parent.iterdir() if path.suffix != ".key"]
    haystack = b"".join(path.read_bytes() for path in files) + (done.stdout + done.stderr).encode()
    for key in secrets:
        assert key not in haystack
        assert key.hex().encode() not in haystack.lower()
    assert oct(Path(f"{db}.key").stat().st_mode & 0o777) == "0o600"


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "thought_s", [pytest.param(30, id="30 s"), pytest.param(60, id="60 s", marks=pytest.mark.exhaustive)]
)
def test_a_demo_is_as_patient_as_its_user(tmp_path: Path, thought_s: float) -> None:
    terminal = Terminal("demo", "--db", tmp_path / "demo.db")
    slow = 1 if thought_s < 60 else 2
    try:
        prompts = 0
        while terminal.until("Your collar number", 60):
            terminal.type("\n")  # the officer who has the pouch
            assert terminal.until("Your answer:", 20), terminal.shown[-2000:]
            prompts += 1
            if prompts <= slow:
                time.sleep(thought_s)
            terminal.type("\n")
        assert prompts == 2, terminal.shown[-2000:]
        terminal.until(None, 60)
    finally:
        status = terminal.status()
    assert status == 0, terminal.shown[-2000:]
    assert f"The database is {tmp_path / 'demo.db'}" in terminal.shown.replace("\r\n", "")


def test_ctrl_c_at_a_prompt_ends_the_demo(tmp_path: Path) -> None:
    terminal = Terminal("demo", "--db", tmp_path / "demo.db")
    try:
        assert terminal.until("Your collar number", 60), terminal.shown[-2000:]
        terminal.interrupt()
        terminal.until(None, 20)
    finally:
        status = terminal.status()
    assert status not in (0, -9), terminal.shown[-500:]
    assert "Traceback" not in terminal.shown and "Fatal" not in terminal.shown
