"""--output: what is in the file, what is refused and when, and that a file is whole or not there."""

from __future__ import annotations

import errno
import io
import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from openpyxl import load_workbook

from host import clock
from host.cli.options import format_option, open_store, with_store
from host.cli.render import Done, PrintedReport, Table
from host.cli.root import Root
from host.cli.saving import ENDINGS, Output, check, save
from host.errors import KitdockError, NotKitdock
from host.sheets.whole import write_whole
from tests.cli.conftest import Station
from tests.cli.test_help import EVERY

TABLE = Table([{"kit": "007", "lot": "=1+1"}], {"kit": "kit", "lot": "lot"}, "no kits yet", title="Kits")
NOW_MS = 1_777_656_600_000
"""2026-05-01 18:30 in London."""


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which of `COMMANDS` have run, at the same time always."""
    monkeypatch.setattr(clock, "now_ms", lambda: NOW_MS)
    RUNS.clear()
    return RUNS


RUNS: list[str] = []


@format_option
def kits() -> Table:
    """Kits."""
    RUNS.append("kits")
    return TABLE


@format_option
def month() -> PrintedReport:
    """Month."""
    RUNS.append("month")
    return PrintedReport("May", {"kits": TABLE, "recalls": TABLE._replace(rows=[], title="Recalls")})


@format_option
def receive() -> Done:
    """Receive."""
    RUNS.append("receive")
    return Done("received", {"kit": "007"})


COMMANDS = {each.__name__: click.command()(each) for each in (kits, month, receive)}


class Commands(Root):
    """`kits`, `month` and `receive` in place of Kitdock's commands."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return COMMANDS.get(cmd_name)


def run(*arguments: str, status: int = 0) -> Result:
    result = CliRunner().invoke(Commands("kitdock"), list(arguments))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == status, result.output
    assert result.stdout == ""
    return result


def test_each_ending_makes_its_form(runs: list[str], tmp_path: Path) -> None:
    content = {}
    for ending in ENDINGS:
        file = tmp_path / f"kits{ending}"
        assert run("kits", "--output", str(file)).stderr == f"Wrote 1 row to {file}.\n"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        content[ending] = file.read_bytes()
    assert content[".csv"] == b"kit,lot\n007,=1+1\n"
    assert json.loads(content[".json"]) == TABLE.rows
    assert content[".txt"].decode().splitlines() == [
        "Kits",
        "",
        "Kit    Lot",
        "-----  -----",
        "007    =1+1",
        "",
        "Made 1 May 2026, 17:30. Times are in the time zone UTC.",
    ]
    assert b"<h1>Kits</h1>" in content[".html"]
    assert content[".pdf"].startswith(b"%PDF-")
    assert load_workbook(io.BytesIO(content[".xlsx"]))["Kits"]["B2"].value == "=1+1"
    assert len(runs) == len(ENDINGS)
    assert len(list(tmp_path.iterdir())) == len(ENDINGS), "something was left behind"


def test_the_ending_may_be_in_capitals(runs: list[str], tmp_path: Path) -> None:
    run("kits", "--output", str(tmp_path / "KITS.CSV"))
    assert (tmp_path / "KITS.CSV").read_text() == "kit,lot\n007,=1+1\n"


def test_a_report_is_one_file(runs: list[str], tmp_path: Path) -> None:
    file = tmp_path / "may.xlsx"
    assert run("month", "--output", str(file)).stderr == f"Wrote 1 row in 2 tables to {file}.\n"
    assert load_workbook(file).sheetnames == ["Kits", "Recalls", "About"]
    refused = run("month", "--output", str(tmp_path / "may.csv"), status=2).stderr
    assert refused.startswith("kitdock: CSV holds one table, and this is 2. Use ")
    assert not (tmp_path / "may.csv").exists()


def test_a_table_without_title_has_that_of_its_command_and_the_zone_of_its_station(
    station: Station, tmp_path: Path
) -> None:
    station.run("kit", "list", "--output", str(tmp_path / "kits.txt"))
    lines = (tmp_path / "kits.txt").read_text().splitlines()
    assert lines[0] == "kitdock kit list"
    assert lines[2].startswith("No kits yet. ")
    assert re.fullmatch(r"Made \d\d? \w{3} \d{4}, \d\d:\d\d\. Times are in the time zone Europe/London\.", lines[-1])


def refusal(*arguments: str, status: int = 2) -> str:
    """The one line of a command that did not run."""
    RUNS.clear()
    (line,) = run(*arguments, status=status).stderr.splitlines()
    assert RUNS == []
    return line


def test_what_cannot_be_written_is_refused_before_anything_is_done(tmp_path: Path) -> None:
    there = tmp_path / "kits.csv"
    there.write_text("mine")
    assert refusal("kits", "--output", str(there)) == (
        f"kitdock: File {there} already exists. Choose another name, or replace it with --overwrite."
    )
    assert refusal("kits", "--output", f"{tmp_path}/kits.doc").endswith(
        "kits.doc. Choose a name that ends in .csv, .json, .txt, .html, .pdf, .xlsx or .eml."
    )
    assert refusal("kits", "--output", f"{tmp_path}/none/kits.csv") == (
        f"kitdock: There's no folder {tmp_path}/none. Make it, or choose another place for kits.csv."
    )
    assert there.read_text() == "mine"
    assert list(tmp_path.iterdir()) == [there]


def test_a_read_only_folder_is_refused_before_anything_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # For root, as which tests may run, every folder can be written.
    monkeypatch.setattr(os, "access", lambda path, mode: (path, mode) != (tmp_path, os.W_OK))
    assert refusal("kits", "--output", f"{tmp_path}/kits.csv") == (
        f"kitdock: Folder {tmp_path} is read-only. Choose another place for kits.csv."
    )


@pytest.mark.parametrize(("ending", "module"), [(".pdf", "fpdf"), (".xlsx", "openpyxl")])
def test_a_missing_extra_is_told_before_anything_is_done(
    ending: str, module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    line = refusal("kits", "--output", f"{tmp_path}/kits{ending}", status=1)
    assert line.startswith(f"kitdock: Kitdock needs more software to write {ending} files.")
    assert line.endswith("Install it with pip install 'kitdock[reports]'.")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--format", "json", "--output", "kits.csv"], "Leave out --format."),
        (["--output", "kits.csv", "--format", "table"], "Leave out --format."),
        (["--overwrite"], "Name the file to replace"),
        (["--output", "/"], "/ is a folder, and --output takes a file"),
    ],
)
def test_options_that_contradict_each_other_are_refused(
    arguments: list[str], complaint: str, runs: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert complaint in run("kits", *arguments, status=2).stderr
    assert runs == []
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_replaced_when_asked_for_and_is_then_private(runs: list[str], tmp_path: Path) -> None:
    file = tmp_path / "kits.csv"
    file.write_text("mine")
    file.chmod(0o644)
    run("kits", "--overwrite", "--output", str(file))
    assert file.read_text() == "kit,lot\n007,=1+1\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("before", [None, "mine"])
def test_a_full_disk_leaves_what_was_there(before: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    file = tmp_path / "kits.csv"
    if before is not None:
        file.write_text(before)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(KitdockError, match=r"kits\.csv: there's no room left on the disk\. Choose another place"):
        save(TABLE, Output(file, True, "kitdock kits"), "UTC")
    assert [path.read_text() for path in tmp_path.iterdir()] == ([] if before is None else [before])


def test_a_file_that_came_while_the_command_ran_is_not_replaced(tmp_path: Path) -> None:
    output = Output(tmp_path / "kits.csv", False, "kitdock kits")
    check(output)
    output.path.write_text("theirs")
    with pytest.raises(KitdockError, match="already exists"):
        save(TABLE, output, "UTC")
    assert output.path.read_text() == "theirs"


def test_an_interrupt_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_whole(tmp_path / "kits.csv", b"kit\n")
    assert list(tmp_path.iterdir()) == []


def test_something_done_can_be_saved_too_with_its_warnings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = Done("kit 007 received", {"kit": "007"}, ["kit 007 has expired"])
    file = tmp_path / "done.txt"
    save(done, Output(file, False, "kitdock kit add"), "UTC")
    assert "kit 007 received" in file.read_text()
    assert capsys.readouterr().err == f"kitdock: Warning: kit 007 has expired\nWritten to {file}.\n"
    save(done, Output(tmp_path / "done.html", False, "kitdock kit add"), "UTC")
    assert b'<th scope="row">007</th>' in (tmp_path / "done.html").read_bytes()


FILE_IS_THE_RESULT = ("kitdock audit export", "kitdock db backup", "kitdock stock labels")
"""Commands that make one kind of file, and say so in their own words."""


@pytest.mark.parametrize("name", sorted(set(EVERY) - set(FILE_IS_THE_RESULT)))
def test_a_command_takes_output_if_it_shows_a_table(name: str) -> None:
    options = {option for parameter in EVERY[name].params for option in parameter.opts}
    if "--format" not in options:
        assert "--output" not in options
        return
    returns = str(EVERY[name].callback.__annotations__["return"])  # type: ignore[union-attr]
    assert ("--output" in options) == ("Table" in returns or "PrintedReport" in returns)
    assert ("--overwrite" in options) == ("--output" in options)


def test_a_database_that_cannot_tell_its_zone_is_closed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = []

    class Empty:
        """A store in which no station is."""

        @property
        def station(self) -> None:
            raise NotKitdock("database.not_kitdock", path="station.db")

        def close(self) -> None:
            closed.append(True)

    @with_store
    def show(db: Path) -> Table:
        with open_store(db):
            return TABLE

    monkeypatch.setattr("host.service.station.open_database", lambda db: Empty())
    file = tmp_path / "kits.csv"
    result = CliRunner().invoke(click.command()(show), ["--db", "station.db", "--output", str(file)])
    assert isinstance(result.exception, NotKitdock)
    assert closed == [True]
    assert not file.exists()


def test_help_loads_nothing_that_writes_files() -> None:
    root = Path(__file__).parents[2]
    code = "import sys; from host.cli.root import root; root(['expiry', 'list', '--help'], standalone_mode=False); "
    done = subprocess.run(
        [sys.executable, "-c", f"{code} print(*sys.modules, file=sys.stderr)"],
        cwd=root,
        env={"PYTHONPATH": f"{root}:{root / 'firmware' / 'lib'}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "--output" in done.stdout
    assert not {"openpyxl", "fpdf", "host.cli.saving", "tempfile"} & set(done.stderr.split())
