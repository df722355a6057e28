"""What a command shows, written to a file with --output. The ending of its name chooses the form.

A file is written whole or not at all, for its owner alone (mode 0600): it names officers. It replaces no other
unless asked to.
"""

import os
import platform
from pathlib import Path
from typing import NamedTuple

import click

from host import clock, sheets
from host.cli.render import Done, PrintedReport, Value, as_text, data, document, warn
from host.cli.steps import line
from host.errors import InputError, KitdockError, why
from host.sheets import mail
from host.sheets.whole import write_whole

MAIL = ".eml"
ENDINGS = (".csv", ".json", ".txt", *sheets.NEEDS, MAIL)
"""Endings of files that can be written."""

TEXT_WIDTH = 80
"""Columns of a text file: of a mail, or a page of plain print."""


class Output(NamedTuple):
    """The file to write, whether it may replace another, and the command that shows the value."""

    path: Path
    overwrite: bool
    command: str


def check(output: Output) -> None:
    """Raises `KitdockError` if the file cannot be written, as far as can be seen before a command has run."""
    path = output.path
    if path.suffix.lower() not in ENDINGS:
        raise InputError("output.other_ending", path=path, endings=ENDINGS)
    if not path.parent.is_dir():
        raise InputError("output.no_folder", folder=path.parent, name=path.name)
    if not os.access(path.parent, os.W_OK):
        raise InputError("output.folder_read_only", folder=path.parent, name=path.name)
    _demand_new(output)
    if path.suffix.lower() in sheets.NEEDS:
        sheets.check(path.suffix.lower())


def save(value: Value, output: Output, zone: str) -> None:
    """Writes a command's value to a file and says so on standard error. Its times are local to `zone`.

    Raises `KitdockError` if that cannot be done; then there is no file, or the one from before.
    """
    content = _content(value, output, zone)
    _demand_new(output)
    try:
        write_whole(output.path, content)
    except OSError as error:
        raise KitdockError("output.not_written", path=output.path, why=why(error)) from error
    warn(value)
    click.echo(_written(value, output.path), err=True)


def _demand_new(output: Output) -> None:
    if (output.path.exists() or output.path.is_symlink()) and not output.overwrite:
        raise InputError("output.exists", path=output.path)


def _content(value: Value, output: Output, zone: str) -> bytes:
    ending = output.path.suffix.lower()
    if ending in (".csv", ".json"):
        return data(value, ending[1:]).encode()
    sheet = document(value, output.command, clock.local(clock.now_ms(), zone))
    if ending in sheets.NEEDS:
        return sheets.make(sheet, ending)
    head = [] if isinstance(value, PrintedReport) else [sheet.title, ""]
    text = "\n".join([*head, as_text(value, TEXT_WIDTH, TEXT_WIDTH), "", sheet.stamp, ""])
    return mail.make(sheet, text, platform.node()) if ending == MAIL else text.encode()


def _written(value: Value, path: Path) -> str:
    """That it was written, and how much."""
    if isinstance(value, Done):
        return line("said.written", path=path)
    if isinstance(value, PrintedReport):
        rows = sum(len(table.rows) for table in value.tables.values())
        return line("said.report_written", rows=rows, tables=len(value.tables), path=path)
    return line("said.rows_written", rows=len(value.rows), path=path)
