"""The audit at the command line; and the documented program that verifies an export without Kitdock."""

import json
import platform
import re
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Station, day

NO_TEXT = "\udcff"
"""An argument that is no UTF-8, as Python hands it on."""

DOCUMENT = Path(__file__).parents[2] / "docs/roles.md"


@pytest.fixture
def busy(force: Station) -> Station:
    """A force with an auditor, and an attempt that was refused."""
    force.run("account", "grant", "auditor", "auditor")
    force.refused("kit", "return", "K1", status=1, login="auditor")
    return force


def altered(station: Station, sql: str) -> None:
    connection = sqlite3.connect(station.db)
    for (name,) in connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN ('journal', 'fact')"
    ):
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute(sql)
    connection.commit()
    connection.close()


def test_list_says_who_did_what_and_what_was_refused(busy: Station) -> None:
    entries = busy.json("audit", "list", login="auditor")
    assert [each["entry"] for each in entries] == list(range(1, len(entries) + 1))
    assert {(each["via"], each["device"]) for each in entries} == {("system", platform.node())}
    assert {"account.grant", "tag.enrol", "officer.add", "kit.receive", "kit.issue"} <= {
        each["action"] for each in entries
    }
    (refused,) = busy.json("audit", "list", "--refused")
    assert (refused["login"], refused["action"], refused["subject"]) == ("auditor", "kit.return", "K1")
    assert "kit.return refused" in " ".join(busy.run("audit", "list", "--refused").stdout.split())
    assert {each["action"] for each in busy.json("audit", "list", "--action", "kit")} == {
        "kit.receive",
        "kit.issue",
        "kit.return",
    }
    assert busy.json("audit", "list", "--since", str(day(1))) == []
    tomorrow = day(1).isoformat()
    assert "further back with --since" in busy.run("audit", "list", "--since", tomorrow).stdout
    assert "nobody" in busy.refused("audit", "list", "--login", "nobody", status=2)


def test_audit_is_for_auditors_and_administrators(busy: Station) -> None:
    busy.run("account", "grant", "keeper", "quartermaster")
    for command in (["list"], ["verify"], ["export"]):
        line = busy.refused("audit", *command, status=1, login="keeper")
        assert line == "Account keeper can't do this (audit read). It needs the role auditor or administrator."


def test_verify_says_the_newest_mark_and_whether_one_kept_elsewhere_is_still_there(busy: Station) -> None:
    found = busy.json("audit", "verify", login="auditor")
    assert found["entries"] == len(busy.json("audit", "list"))
    mark = busy.run("audit", "head", login="auditor").stdout.strip()
    assert mark == found["mark"] == busy.json("audit", "head")["mark"]
    assert mark in busy.run("audit", "verify").stdout
    heard = mark.replace("-", " ").replace("0", "O").lower().replace(" ", "-", 1)
    busy.run("place", "add", "Car 7", "--kind", "vehicle")
    for kept in (mark, heard, found["head"]):
        assert busy.json("audit", "verify", "--contains", kept)["entries"] == found["entries"] + 1
    altered(busy, f"DELETE FROM journal WHERE number >= {found['entries']}")
    altered(busy, f"DELETE FROM fact WHERE entry >= {found['entries']}")
    busy.run("audit", "verify")
    for kept in (mark, found["head"]):
        line = busy.refused("audit", "verify", "--contains", kept, status=1)
        assert "Newer entries were cut off" in line
    assert "as a mark of the audit" in busy.refused("audit", "verify", "--contains", "19fe", status=2)


def test_verify_names_the_first_entry_that_was_altered(busy: Station) -> None:
    altered(busy, "UPDATE journal SET login = 'somebody' WHERE number IN (3, 5)")
    line = busy.refused("audit", "verify", status=1)
    assert line.startswith("The audit was altered. Entry 3 isn't what was written")
    assert "Up to there, 2 entries are whole." in line


def recipe() -> str:
    (code,) = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    return str(code)


def verified(export: Path) -> subprocess.CompletedProcess[str]:
    """What the program of the document says of an export, with nothing but Python."""
    return subprocess.run([sys.executable, "-I", "-S", "-c", recipe(), str(export)], capture_output=True, text=True)


def test_the_documented_program_verifies_an_export_and_finds_what_was_altered(busy: Station, tmp_path: Path) -> None:
    busy.run("place", "add", "Garage Zoë", "--kind", "cabinet")
    export = tmp_path / "audit.jsonl"
    done = busy.run("audit", "export", "--output", str(export), login="auditor")
    found = busy.json("audit", "verify")
    head = found["head"]
    assert found["mark"] in done.stderr
    assert stat.S_IMODE(export.stat().st_mode) == 0o600
    told = verified(export)
    assert (told.returncode, told.stdout) == (0, f"whole, newest hash {head}\n"), told.stderr
    lines = export.read_text(encoding="utf-8").splitlines(keepends=True)
    assert json.loads(json.loads(lines[-1])["told"])[1] == "Garage Zoë"
    for bad, number in (
        ([lines[0].replace("account.grant", "account.leave"), *lines[1:]], 1),
        ([*lines[:2], *lines[3:]], 3),
        ([*lines[:3], lines[4], lines[3], *lines[5:]], 4),
        ([*lines[:-1], lines[-1].replace("Garage", "Stable")], len(lines)),
    ):
        export.write_text("".join(bad), encoding="utf-8")
        told = verified(export)
        assert (told.returncode, told.stderr) == (1, f"entry {number} is not what was written\n")


def test_export_goes_to_standard_output_and_overwrites_nothing(busy: Station, tmp_path: Path) -> None:
    done = busy.run("audit", "export")
    entries = [json.loads(line) for line in done.stdout.splitlines()]
    assert [each["number"] for each in entries] == list(range(1, len(entries) + 1))
    mark = busy.json("audit", "head")["mark"]
    assert f"Exported {len(entries)} entries. The newest is {mark}." in done.stderr
    kept = tmp_path / "kept"
    kept.write_text("precious")
    assert "already exists" in busy.refused("audit", "export", "--output", str(kept), status=2)
    assert kept.read_text() == "precious"
    assert "Can't write" in busy.refused("audit", "export", "--output", str(tmp_path / "no" / "x"), status=1)


def test_export_that_fails_half_way_leaves_no_file(
    busy: Station, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("host.cli.audit._write", full)
    assert "no room left on the disk" in busy.refused("audit", "export", "--output", str(tmp_path / "x"), status=1)
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("command", [
    ["audit", "list", "--login", NO_TEXT],
    ["account", "revoke", NO_TEXT, "officer"],
    ["account", "grant", "constable", "officer", "--officer", NO_TEXT],
    ["db", "backup", NO_TEXT],
])  # fmt: skip
def test_an_argument_that_is_no_text_is_refused(station: Station, command: list[str]) -> None:
    before = sorted(each.name for each in station.db.parent.iterdir())
    station.refused(*command, status=2)
    assert sorted(each.name for each in station.db.parent.iterdir()) == before
    assert station.run("audit", "verify").stdout.startswith("The audit is whole: 1 entry.")
