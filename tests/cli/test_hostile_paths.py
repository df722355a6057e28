"""Every file that somebody can name, under names that no computer takes: one sentence, and nothing half-written."""

import os
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from host.cli.root import root
from host.cli.values import FilePath, _File
from tests.cli.conftest import Station, day

GIVEN = {
    "backup": "backup.db", "doses": "1", "expires": "2199-01-31", "file": "plain", "gtins": "09506000134352",
    "kind": "station", "kit": "K1", "kits": "K1", "login": "bob", "lot": "A1", "made": "now", "name": "South",
    "officer": "1207", "opening": "P1", "other": "1", "output": "labels.pdf", "place": "North", "port": "/dev/null",
    "pouch": "P1", "product": "Nyxoid", "reason": "why", "report_id": "1", "role": "auditor", "setting": "carry_days",
    "station": "North", "time_zone": "Europe/London", "until": "2199-01-31", "value": "3", "who": "1207",
    "document": "D1",
}  # fmt: skip
"""What is typed for all else that a command needs."""


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


def named_files() -> Iterator[tuple[str, click.Command, click.Parameter]]:
    for path, command in commands(root):
        for each in command.params:
            if isinstance(each.type, FilePath | _File):
                yield " ".join(path), command, each


NAMED = list(named_files())


def needed(command: click.Command, but: click.Parameter) -> list[str]:
    """What must be typed besides."""
    typed: list[str] = []
    for each in command.params:
        if each.required and each is not but and each.name != "db":
            value = GIVEN.get(each.name or "", "1")
            typed += [each.opts[-1], value] if isinstance(each, click.Option) else [value]
    return typed


def ending(command: str, param: click.Parameter) -> str:
    """What a file of that kind is called."""
    if param.name == "output":
        return ".pdf" if command == "stock labels" else "" if command == "audit export" else ".csv"
    return {"labels": ".pdf", "label": ".svg"}.get(param.name or "", "")


@pytest.fixture
def shelf(station: Station, monkeypatch: pytest.MonkeyPatch) -> Station:
    """North with kit K1 and officer 1207, seen from a folder with hostile names in it."""
    folder = station.db.parent
    monkeypatch.chdir(folder)
    station.run("officer", "add", "1207", "--trained", day(-30).isoformat())
    expires = day(400).isoformat()
    station.run("kit", "add", "K1", "--product", "Nyxoid", "--lot", "A1", "--expires", expires, "--doses", "2")
    station.run("db", "backup", "backup.db")
    (folder / "plain").write_text("no table\n")
    (folder / "folder").mkdir()
    (folder / "loop").symlink_to(folder / "loop")
    return station


def listing(folder: Path) -> list[str]:
    return sorted(map(os.fsdecode, folder.iterdir()))


@pytest.mark.parametrize(("command", "of", "param"), NAMED, ids=[f"{name} {each.name}" for name, _, each in NAMED])
def test_name_that_no_computer_takes_is_one_sentence(
    shelf: Station, command: str, of: click.Command, param: click.Parameter
) -> None:
    end = ending(command, param)
    hostile = {
        "a" * 300 + end: "its name is too long",
        "d/" * 3000 + f"x{end}": "its name is too long",
        f"loop/x{end}": "its links go round in a circle",
        f"plain/x{end}": "part of its path is not a folder",
        f"a\0b{end}": "has letters in it that this computer can't read",
        "folder": "is a folder",
        "": "",
    }
    folder = shelf.db.parent
    before = listing(folder)
    for name, why in hostile.items():
        if name == "folder" and (not isinstance(param.type, FilePath) or param.type.dir_okay):
            continue  # a backup is refused by another sentence; a folder of images is wanted
        typed = [param.opts[-1], name] if isinstance(param, click.Option) else [name]
        result = shelf.run_any(*command.split(), *needed(of, param), *typed)
        lines = result.stderr.splitlines()
        assert result.exit_code, (name[:20], result.output)
        assert result.exit_code == 2 or not why, (name[:20], result.output)
        assert why in result.stderr, (name[:20], result.stderr)
        assert len(lines) == 1 and lines[0].startswith("kitdock: "), lines
        assert listing(folder) == before, name[:20]


def test_link_that_leads_nowhere_is_not_written_over(shelf: Station) -> None:
    link = shelf.db.with_name("away.csv")
    link.symlink_to(shelf.db.with_name("gone") / "kits.csv")
    assert "already exists" in shelf.refused("kit", "list", "--output", str(link), status=2)
    assert "already exists" in shelf.refused("audit", "export", "--output", str(link), status=2)
    assert link.is_symlink()


@pytest.mark.parametrize(
    "content", [b"\xff{", b"[" * 100_000, b"", b"[]", b"\x00"], ids=["bytes", "deep", "", "[]", "0"]
)
def test_answers_that_are_none_are_refused(shelf: Station, content: bytes) -> None:
    file = shelf.db.with_name("answers.json")
    file.write_bytes(content)
    said = shelf.refused("usage", "file", "--officer", "1207", "--answers", str(file), status=2)
    assert said.casefold().startswith("the answers aren't")
    if hasattr(os, "mkfifo"):
        assert shelf.run_any("usage", "file", "--officer", "1207", "--answers", "-", input="[").exit_code == 2


def test_name_that_is_no_text_is_a_file_all_the_same(shelf: Station) -> None:
    name = str(shelf.db.with_name(os.fsdecode(b"k\xff.csv")))
    shelf.run("kit", "list", "--output", name)
    assert name in listing(shelf.db.parent)
