"""Every command has help, is in the README, and starts without loading what it does not need."""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from host import words
from host.cli import COMMANDS, GROUPS, overview
from host.cli.groups import Command, ListByDefault
from host.cli.root import root
from tests.test_words import command_line

REPOSITORY = Path(__file__).parents[2]


def walk(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, by the name under which it is documented."""
    if not isinstance(command, click.Group):
        yield " ".join(path), command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        found = command.get_command(context, name)
        assert found is not None
        default = isinstance(command, ListByDefault) and name == command.default
        yield from walk(found, path if default else (*path, name))


EVERY = dict(walk(root, ("kitdock",)))


def rows_of(document: str) -> dict[str, str]:
    """Command and description of each row of a document's command tables."""
    text = (REPOSITORY / document).read_text(encoding="utf-8")
    table = re.search(r"<!-- commands -->(.*)<!-- /commands -->", text, re.DOTALL)
    assert table, f"{document} has no table between the markers <!-- commands --> and <!-- /commands -->"
    rows = re.findall(r"^\|.*?`([^`]+)` \|(?:.*\|)? ([^|]+) \|$", table[1], re.MULTILINE)
    assert len(rows) == len(dict(rows)), "a command has two rows"
    return dict(rows)


def test_whole_command_line_is_there() -> None:
    expected = (
        "init, account show, account list, account grant, account revoke, setting list, setting set, "
        "place add, place list, officer add, officer change, officer leave, officer import, officer list, "
        "audit list, audit head, audit verify, audit export, product add, product gtin, product storage, product list, "
        "stock receive, stock import, stock labels, stock list, stock balance, "
        "kit add, kit issue, kit next, kit return, kit replace, "
        "kit transfer, kit load, kit unload, kit use, kit leave-behind, kit lose, kit find, kit quarantine, "
        "kit release, kit count, kit destroy, kit correct, kit list, kit history, tag ports, tag flash, tag bench, "
        "tag provision, tag info, tag log, tag config, tag identify, tag wipe, tag list, "
        "stocktake start, stocktake scan, stocktake status, stocktake result, stocktake close, stocktake cancel, "
        "stocktake list, recall, recall show, recall lift, recall list, "
        "scan, dock, openings, openings explain, usage file, usage withdraw, usage same, usage match, "
        "usage restore, usage list, usage show, "
        "reconcile, reconcile show, reconcile acknowledge, reconcile resolve, reconcile reopen, "
        "expiry, expiry acknowledge, expiry forecast, "
        "report holdings, report month, digest, digest acknowledge, "
        "db backup, db restore, db check, db retention, db vacuum, db rekey, db forget, db accept-clock, "
        "service install, service uninstall, demo"
    )
    assert set(EVERY) == {f"kitdock {name}" for name in expected.split(", ")}


@pytest.mark.parametrize("name", EVERY)
def test_command_has_help_for_itself_and_each_option(name: str) -> None:
    command = EVERY[name]
    assert isinstance(command, Command)
    assert words.summary(command.path).endswith(".")
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert words.help_of(command.path, parameter.opts[-1])
        else:
            assert parameter.human_readable_name.strip("[]").isupper()


def test_list_of_all_commands_says_of_each_what_it_says_of_itself() -> None:
    assert rows_of("docs/commands.md") == {name: words.summary(name.removeprefix("kitdock ")) for name in EVERY}


def test_readme_says_of_each_command_what_it_says_of_itself() -> None:
    assert rows_of("README.md") == {f"kitdock {name}": words.summary(name) for name in COMMANDS}


def test_each_command_is_in_one_group() -> None:
    assert sum(map(len, GROUPS.values())) == len(COMMANDS)
    for heading, group in GROUPS.items():
        assert f"\n{words.heading(heading)}:\n  {next(iter(group))} " in overview()


@pytest.mark.parametrize("name", COMMANDS)
def test_overview_says_what_the_command_says_of_itself(name: str) -> None:
    command = root.get_command(click.Context(root), name)
    assert command is not None
    told = command.get_short_help_str(limit=200)
    assert told == words.summary(name)
    assert re.search(rf"^  {name} +{re.escape(told)}$", overview(), re.MULTILINE)


def test_overview_fits_eighty_columns() -> None:
    assert max(len(line) for line in overview().splitlines()) <= 80


@pytest.mark.parametrize("path", [path for path, _ in command_line()])
def test_help_fits_eighty_columns_and_breaks_no_word(path: str) -> None:
    shown = CliRunner().invoke(root, [*path.split(), "--help"], prog_name="kitdock", terminal_width=80).stdout
    assert max(map(len, shown.splitlines())) <= 80
    assert not re.search(r"\w-$", shown, re.MULTILINE)
    assert len(words.summary(path)) <= 70


def test_console_script_is_this_command() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["scripts"] == {"kitdock": "host.cli:main"}


def modules_loaded(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; {code}; print(*sys.modules, file=sys.stderr)"],
        cwd=REPOSITORY,
        env={"PYTHONPATH": f"{REPOSITORY}:{REPOSITORY / 'firmware' / 'lib'}"},
        capture_output=True,
        text=True,
        check=True,
    )
    return {name.partition(".")[0] for name in done.stderr.split()}


HEAVY = {
    "bleak",
    "bumble",
    "sqlite_utils",
    "sqlite3",
    "cryptography",
    "tabulate",
    "mpremote",
    "serial",
    "esptool",
    "segno",
}


def test_help_loads_nothing_heavy() -> None:
    loaded = modules_loaded("sys.argv[1:] = ['--help']; from host.cli import main; main()")
    assert not loaded & (HEAVY | {"click"})


@pytest.mark.parametrize(
    "command", ["kit", "stock", "product", "officer", "openings", "usage", "tag", "reconcile", "expiry", "init"]
)
def test_help_of_a_command_loads_nothing_heavy(command: str) -> None:
    loaded = modules_loaded(f"from host.cli.root import root; root(['{command}', '--help'], standalone_mode=False)")
    assert "click" in loaded
    # The names of record types come from the wire, which brings its AES along.
    assert not loaded & (HEAVY - {"cryptography"})


def test_help_of_a_group_loads_none_of_its_commands() -> None:
    asked = "from host.cli.root import root; root(['kit', '--help'], standalone_mode=False)"
    assert modules_loaded(f"{asked}; assert 'host.cli.kit.stock' not in sys.modules")


def test_shell_that_completes_is_told_the_help() -> None:
    kit = root.get_command(click.Context(root), "kit")
    assert kit is not None
    found = {each.value: each.help for each in kit.shell_complete(click.Context(kit), "lo")}
    assert found == {"load": "Put a kit into a pouch.", "lose": "Record that a kit is lost."}
    issue = EVERY["kitdock kit issue"]
    found = {each.value: each.help for each in issue.shell_complete(click.Context(issue), "--po")}
    assert found == {"--pouch": "The pouch it is carried in."}


def test_console_script_gives_help_and_version() -> None:
    script = Path(sys.executable).parent / "kitdock"
    for arguments in (["--help"], ["-h"]):
        done = subprocess.run([script, *arguments], capture_output=True, text=True, check=True)
        assert done.stdout == overview() + "\n"
    done = subprocess.run([script, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("kitdock, version ")
    done = subprocess.run([script, "kit", "add", "--help"], capture_output=True, text=True, check=True)
    assert "--expires" in done.stdout


def test_a_database_that_is_not_named_is_asked_for() -> None:
    done = CliRunner().invoke(root, ["kit", "list"], env={"KITDOCK_DB": None})
    assert done.exit_code == 2
    assert "`export KITDOCK_DB=FILE`. Make one with `kitdock init`." in " ".join(done.stderr.split())


def test_help_of_a_group_says_the_whole_first_line_of_each_command() -> None:
    told = " ".join(CliRunner().invoke(root, ["officer", "--help"]).stdout.split())
    assert "Record that an officer is leaving, and see which kits are still out." in told


def test_help_of_a_group_that_lists_tells_where_the_options_of_that_are() -> None:
    assert "`kitdock expiry list --help`" in CliRunner().invoke(root, ["expiry", "--help"], prog_name="kitdock").stdout
