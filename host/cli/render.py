"""The one place that shows what a command returns: a table for people, JSON or CSV for programs."""

import csv
import json
import shutil
import sys
import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import click

NO_TERMINAL = 10_000
"""Columns of what is no terminal: lines are not broken for programs."""
LEAST_WIDTH = 16
"""A column narrower than this is not worth the breaking of its lines."""

Row = dict[str, Any]
"""One result as programs see it: JSON values by key, the same keys in each row."""

Cell = str | Callable[[Row], object]
"""What a column shows of a row: the value of a key, or what a function makes of the row."""


class Table(NamedTuple):
    """Rows, and how people see them.

    `columns` maps headings to cells. `details` are cells shown below each row, over the whole width.
    `empty` says what to do when there is no row. `note` is a line below the table.
    """

    rows: Sequence[Row]
    columns: Mapping[str, Cell]
    empty: str
    details: Sequence[Cell] = ()
    note: str = ""


class Done(NamedTuple):
    """Something was done: a line for people, the same as data, and warnings for standard error."""

    text: str
    data: Row
    warnings: Sequence[str] = ()


def render(value: Table | Done, form: str) -> None:
    """Shows a command's value in the format `form`: table, json or csv."""
    rows = [value.data] if isinstance(value, Done) else list(value.rows)
    if form == "json":
        data = rows[0] if isinstance(value, Done) else rows
        click.echo(json.dumps(data, indent=2, ensure_ascii=False))
    elif form == "csv":
        _csv(rows)
    elif isinstance(value, Done):
        click.echo(value.text)
    else:
        click.echo(_table(value) if rows else value.empty)
        if value.note and rows:
            click.echo(f"\n{value.note}")
    for warning in value.warnings if isinstance(value, Done) else ():
        click.echo(f"kitdock: warning: {warning}", err=True)


def _csv(rows: Sequence[Row]) -> None:
    if rows:
        writer = csv.DictWriter(sys.stdout, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows({key: _flat(value) for key, value in row.items()} for row in rows)


def _flat(value: object) -> object:
    return " ".join(map(str, value)) if isinstance(value, list) else value


def _show(cell: Cell, row: Row) -> str:
    value = cell(row) if callable(cell) else row[cell]
    return "" if value is None else str(_flat(value))


def _widths(headers: list[str], cells: list[list[str]]) -> list[int | None] | None:
    """The last column as wide as the terminal has room for, the others as wide as they are. None if all fit."""
    used = [max(map(len, column)) for column in zip(headers, *cells, strict=True)]
    room = shutil.get_terminal_size((NO_TERMINAL, 0)).columns - sum(each + 2 for each in used[:-1])
    return [*(None for _ in used[:-1]), room] if LEAST_WIDTH <= room < used[-1] else None


def _table(table: Table) -> str:
    from tabulate import tabulate

    headers = list(table.columns)
    cells = [[_show(cell, row) for cell in table.columns.values()] for row in table.rows]
    widths = None if table.details else _widths(headers, cells)
    # Numbers that are names, such as 007, must stay as they are.
    lines = tabulate(cells, headers=headers, tablefmt="simple", disable_numparse=True, maxcolwidths=widths).splitlines()
    if not table.details:
        return "\n".join(line.rstrip() for line in lines)
    width = max(40, shutil.get_terminal_size().columns)
    shown = [line.rstrip() for line in lines[:2]]
    for line, row in zip(lines[2:], table.rows, strict=True):
        shown.append(line.rstrip())
        for cell in table.details:
            shown += textwrap.wrap(
                _show(cell, row), width, initial_indent="    ", subsequent_indent="    ", break_on_hyphens=False
            )
        shown.append("")
    return "\n".join(shown[:-1])
