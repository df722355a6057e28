"""Sheets of labels, written to a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from host.errors import InputError, KitdockError, why

if TYPE_CHECKING:
    from host.stock.labels import Label

PDF = click.Path(dir_okay=False, readable=False, path_type=Path)
"""The type of the file."""


def check_labels(path: Path, overwrite: bool) -> None:
    """Raises `KitdockError` if no labels can be written to the file, as far as can be seen beforehand."""
    from host.cli.saving import Output, check

    if path.suffix.lower() != ".pdf":
        raise InputError("output.other_ending", path=path, endings=(".pdf",))
    check(Output(path, overwrite, "kitdock stock labels"))


def write_labels(found: Sequence[Label], path: Path, first: int = 1) -> None:
    """Writes the sheet, from that place of it on. Raises `KitdockError` if it cannot be written."""
    from host.sheets.labels import sheet
    from host.sheets.whole import write_whole

    content = sheet(found, first=first)
    try:
        write_whole(path, content)
    except OSError as error:
        raise KitdockError("output.not_written", path=path, why=why(error)) from error
