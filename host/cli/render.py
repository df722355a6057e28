"""The one place that shows what a command returns: a table for people, JSON or CSV for programs.

CSV and JSON hold the data as they are, also a text that begins with = or +, which a spreadsheet may take for a
formula: a program that reads a lot's number must get that number. Who opens the file in a spreadsheet asks for
XLSX, where text is text.
"""

import csv
import io
import json
import shutil
import textwrap
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import click

from host.errors import InputError
from host.sheets import Document, Section, fit, shown

NO_TERMINAL = 10_000
"""Columns of what is no terminal: lines are not broken for programs."""
LEAST_WIDTH = 12
"""A column narrower than this is not worth the breaking of its lines."""
HEADING_ROOM = 2
"""A column is by so much wider than its heading, at least. So tabulate has it."""

Row = dict[str, Any]
"""One result as programs see it: JSON values by key, the same keys in each row."""

Cell = str | Callable[[Row], object]
"""What a column shows of a row: the value of a key, or what a function makes of the row."""


class Table(NamedTuple):
    """Rows, and how people see them.

    `columns` maps headings to cells. `details` are cells shown below each row, over the whole width.
    `empty` says what to do when there is no row. `note` is a line below the table. `title` names it in a file
    and among other tables; alone in a terminal it goes without.
    """

    rows: Sequence[Row]
    columns: Mapping[str, Cell]
    empty: str
    details: Sequence[Cell] = ()
    note: str = ""
    title: str = ""


class Report(NamedTuple):
    """Several tables, by the keys under which programs find them. `line` is below the title."""

    title: str
    tables: Mapping[str, Table]
    line: str = ""


class Done(NamedTuple):
    """Something was done: a line for people, the same as data, and warnings for standard error."""

    text: str
    data: Row
    warnings: Sequence[str] = ()


Value = Table | Report | Done
"""What a command returns."""


def render(value: Value, form: str) -> None:
    """Shows a command's value in the format `form`: table, json or csv.

    Raises `InputError` for a report of several tables as CSV.
    """
    if form == "table":
        columns = shutil.get_terminal_size((NO_TERMINAL, 0)).columns
        click.echo(as_text(value, columns, 80 if columns == NO_TERMINAL else max(40, columns)))
    else:
        click.echo(data(value, form), nl=False)
    warn(value)


def warn(value: Value) -> None:
    """Says on standard error what a command warns of."""
    for warning in value.warnings if isinstance(value, Done) else ():
        click.echo(f"kitdock: warning: {warning}", err=True)


def data(value: Value, form: str) -> str:
    """The value for programs, as json or csv. Raises `InputError` for a report of several tables as CSV."""
    if form == "csv":
        return _csv(value)
    if isinstance(value, Report):
        rows: object = {key: list(table.rows) for key, table in value.tables.items()}
    else:
        rows = value.data if isinstance(value, Done) else list(value.rows)
    return json.dumps(rows, indent=2, ensure_ascii=False) + "\n"


def as_text(value: Value, columns: int, details: int) -> str:
    """The value for people, in lines of at most `columns` where they can be broken; details in `details`."""
    if isinstance(value, Done):
        return value.text
    if isinstance(value, Table):
        return _with_note(value, columns, details)
    parts = [f"{heading(key, table)}\n\n{_with_note(table, columns, details)}" for key, table in value.tables.items()]
    return "\n\n\n".join(["\n".join(line for line in (value.title, value.line) if line), *parts])


def document(value: Value, title: str, made: datetime) -> Document:
    """The value for people, as a document made at that time. A table's own title goes before `title`."""
    if isinstance(value, Report):
        sections = [_section(table, heading(key, table)) for key, table in value.tables.items()]
        return Document(value.title, value.line, made, sections)
    if isinstance(value, Done):
        return Document(title, "", made, [_section(Table([value.data], {key: key for key in value.data}, ""), "")])
    return Document(value.title or title, "", made, [_section(value, "")])


def heading(key: str, table: Table) -> str:
    """What stands above a table among others: its title, or its key in words."""
    return table.title or key.replace("_", " ").capitalize()


def _section(table: Table, heading: str) -> Section:
    rows = [[_value(cell, row) for cell in table.columns.values()] for row in table.rows]
    details = [[_show(cell, row) for cell in table.details] for row in table.rows] if table.details else []
    return Section(heading, list(table.columns), rows, details, table.note if table.rows else table.empty)


def _csv(value: Value) -> str:
    if isinstance(value, Report):
        if len(value.tables) > 1:
            raise InputError(
                f"CSV holds one table and this is {len(value.tables)}: choose --format json, or --output FILE.xlsx"
            )
        rows = [row for table in value.tables.values() for row in table.rows]
    else:
        rows = [value.data] if isinstance(value, Done) else list(value.rows)
    text = io.StringIO()
    if rows:
        writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows({key: _flat(value) for key, value in row.items()} for row in rows)
    return text.getvalue()


def _flat(value: object) -> object:
    return " ".join(map(str, value)) if isinstance(value, list) else value


def _value(cell: Cell, row: Row) -> object:
    return _flat(cell(row) if callable(cell) else row[cell])


def _show(cell: Cell, row: Row) -> str:
    return shown(_value(cell, row))


def _widths(headers: list[str], cells: list[list[str]], columns: int) -> list[int | None] | None:
    """Where lines are broken so that they fit in `columns`: wide columns share the room. None if none need be."""
    headings = [len(header) + HEADING_ROOM for header in headers]
    used = [max(least, *map(len, column)) for least, *column in zip(headings, *cells, strict=True)]
    widths = [int(width) for width in fit(used, columns - 2 * (len(used) - 1))]
    least = [min(max(LEAST_WIDTH, heading), want) for heading, want in zip(headings, used, strict=True)]
    if widths == used or any(width < bound for width, bound in zip(widths, least, strict=True)):
        return None
    return [None if width == want else width for width, want in zip(widths, used, strict=True)]


def _with_note(table: Table, columns: int, details: int) -> str:
    if not table.rows:
        return table.empty
    return _table(table, columns, details) + (f"\n\n{table.note}" if table.note else "")


def _table(table: Table, columns: int, details: int) -> str:
    from tabulate import tabulate

    headers = list(table.columns)
    cells = [[_show(cell, row) for cell in table.columns.values()] for row in table.rows]
    widths = None if table.details else _widths(headers, cells, columns)
    # Numbers that are names, such as 007, must stay as they are.
    lines = tabulate(cells, headers=headers, tablefmt="simple", disable_numparse=True, maxcolwidths=widths).splitlines()
    if not table.details:
        return "\n".join(line.rstrip() for line in lines)
    shown_lines = [line.rstrip() for line in lines[:2]]
    for line, row in zip(lines[2:], table.rows, strict=True):
        shown_lines.append(line.rstrip())
        for cell in table.details:
            shown_lines += textwrap.wrap(
                _show(cell, row), details, initial_indent="    ", subsequent_indent="    ", break_on_hyphens=False
            )
        shown_lines.append("")
    return "\n".join(shown_lines[:-1])
