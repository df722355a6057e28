"""The one place that shows what a command returns: a table for people, JSON or CSV for programs.

CSV and JSON hold the data as they are, also a text that begins with = or +, which a spreadsheet may take for a
formula: a program that reads a lot's number must get that number. Who opens the file in a spreadsheet asks for
XLSX, where text is text.
"""

import codecs
import csv
import io
import json
import re
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from itertools import islice
from typing import Any, NamedTuple

import click

from host import words
from host.cli.steps import line
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


def day_of(key: str) -> Cell:
    """A cell that shows the day of a key, which programs see as YYYY-MM-DD; of an instant, the day in its zone."""
    return lambda row: a_day(row[key])


def time_of(key: str) -> Cell:
    """A cell that shows the instant of a key, which programs see as ISO 8601 with its offset."""
    return lambda row: a_time(row[key])


def a_day(iso: str | None) -> date | None:
    """The day of a row's YYYY-MM-DD, or of its instant."""
    return date.fromisoformat(iso[:10]) if iso else None


def a_time(iso: str | None) -> datetime | None:
    """The local time of a row's instant."""
    return datetime.fromisoformat(iso) if iso else None


class Table(NamedTuple):
    """Rows, and how people see them.

    `columns` maps headings, by their codes (`host.words.heading`), to cells. `details` are cells shown below each
    row, over the whole width. `empty` says what to do when there is no row. `note` is a line below the table. `title`
    names it in a file and among other tables; alone in a terminal it goes without.
    """

    rows: Sequence[Row]
    columns: Mapping[str, Cell]
    empty: str
    details: Sequence[Cell] = ()
    note: str = ""
    title: str = ""


class PrintedReport(NamedTuple):
    """Several tables, by the keys under which programs find them. `line` is below the title."""

    title: str
    tables: Mapping[str, Table]
    line: str = ""


class Done(NamedTuple):
    """Something was done: a line for people, the same as data, and warnings for standard error."""

    text: str
    data: Row
    warnings: Sequence[str] = ()


Value = Table | PrintedReport | Done
"""What a command returns."""


def render(value: Value, form: str) -> None:
    """Shows a command's value in the format `form`: table, json or csv.

    Raises `InputError` for a report of several tables as CSV.
    """
    if form == "table":
        columns = shutil.get_terminal_size((NO_TERMINAL, 0)).columns
        if isinstance(value, Done) and not sys.stdout.isatty():
            columns = NO_TERMINAL
        click.echo(as_text(value, columns, 80 if columns == NO_TERMINAL else max(40, columns)))
    else:
        _hand_over(value, form)
    warn(value)


def _hand_over(value: Value, form: str) -> None:
    """Writes the value for programs where standard output may lack its letters.

    JSON is escaped then: it is the same JSON, whatever the encoding. CSV has no such way. A file or a spreadsheet that
    expects this encoding must get it, so what it lacks is replaced, and that is said.
    """
    text, encoding = data(value, form), sys.stdout.encoding or "utf-8"
    if codecs.lookup(encoding).name != "ascii":  # click takes that for UTF-8 that was not set
        try:
            text.encode(encoding)
        except UnicodeEncodeError:
            if form == "json":
                text = json.dumps(json.loads(text), indent=2) + "\n"
            else:
                complain(line("usage.letters_replaced", encoding=encoding))
                text = text.encode(encoding, "replace").decode(encoding)
    click.echo(text, nl=False)


def warn(value: Value) -> None:
    """Says on standard error what a command warns of."""
    for warning in value.warnings if isinstance(value, Done) else ():
        complain(line("said.warning", warning=warning))


def complain(text: str) -> None:
    """Says on standard error what is wrong: a line for a program, lines that fit for people."""
    for each in text.splitlines():
        told = f"kitdock: {each}"
        click.echo(prose(told, shutil.get_terminal_size().columns) if sys.stderr.isatty() else told, err=True)


def data(value: Value, form: str) -> str:
    """The value for programs, as json or csv. Raises `InputError` for a report of several tables as CSV."""
    if form == "csv":
        return _csv(value)
    if isinstance(value, PrintedReport):
        rows: object = {key: list(table.rows) for key, table in value.tables.items()}
    else:
        rows = value.data if isinstance(value, Done) else list(value.rows)
    return json.dumps(rows, indent=2, ensure_ascii=False) + "\n"


def as_text(value: Value, columns: int, details: int) -> str:
    """The value for people, in lines of at most `columns` where they can be broken; details in `details`."""
    if isinstance(value, Done):
        return prose(value.text, columns)
    if isinstance(value, Table):
        return _with_note(value, columns, details)
    parts = [f"{heading(key, table)}\n\n{_with_note(table, columns, details)}" for key, table in value.tables.items()]
    return "\n\n\n".join(["\n".join(prose(line, columns) for line in (value.title, value.line) if line), *parts])


def document(value: Value, title: str, made: datetime) -> Document:
    """The value for people, as a document made at that time. A table's own title goes before `title`."""
    if isinstance(value, PrintedReport):
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
    return Section(heading, _headings(table), rows, details, table.note if table.rows else table.empty)


def _headings(table: Table) -> list[str]:
    return [words.heading(code) for code in table.columns]


def _csv(value: Value) -> str:
    if isinstance(value, PrintedReport):
        if len(value.tables) > 1:
            raise InputError("output.one_table", tables=len(value.tables))
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


def _broken(headers: list[str], cells: list[list[str]], columns: int) -> tuple[list[str], list[list[str]]]:
    """Headings and cells broken into lines so that all fit in `columns`; as they are if no breaking would help.

    Words stay whole if they can, headings as well, and wide columns share the room.
    """
    room = columns - 2 * (len(headers) - 1)
    whole = [len(header) for header in headers]
    if sum(_wanted(whole, cells)) <= room:
        return headers, cells
    parts = [max(map(len, header.split()), default=0) for header in headers]
    widest = [
        max((len(word) for cell in column for word in _words(cell)), default=0) for column in zip(*cells, strict=True)
    ]
    nothing = [0] * len(widest)
    for headings, words_of in ((whole, widest), (parts, widest), (whole, nothing), (parts, nothing)):
        wanted = _wanted(headings, cells)
        least = [
            min(want, max(LEAST_WIDTH, heading + HEADING_ROOM, word))
            for want, heading, word in zip(wanted, headings, words_of, strict=True)
        ]
        if sum(least) <= room:
            more = fit([want - bound for want, bound in zip(wanted, least, strict=True)], room - sum(least))
            widths = [bound + int(extra) for bound, extra in zip(least, more, strict=True)]
            return (
                [_lines(header, width - HEADING_ROOM) for header, width in zip(headers, widths, strict=True)],
                [[_lines(cell, width) for cell, width in zip(row, widths, strict=True)] for row in cells],
            )
    return headers, cells


def _wanted(headings: list[int], cells: list[list[str]]) -> list[int]:
    """The width of each column whose heading, or the widest word of it, has so many characters."""
    return [max(heading + HEADING_ROOM, *map(len, column)) for heading, *column in zip(headings, *cells, strict=True)]


def _words(text: str) -> list[str]:
    """What is best left whole: words, parts of names.with_such_signs, and a date with its time."""
    return re.findall(r"\d\d? \w{3} \d{4}(?:, \d\d:\d\d)?|[^\s_.]+[_.]*|[_.]+", text)


def _lines(text: str, width: int) -> str:
    """The text in lines of at most `width` characters; a word that is longer is broken too, best after a _ or a dot."""
    lines = [""]
    for word in re.findall(r"\s*(?:[^\s_.]+[_.]*|[_.]+)", text):
        if lines[-1] and len(lines[-1] + word) > width:
            lines.append("")
        part = word if lines[-1] else word.lstrip()
        while len(part) > max(1, width):
            lines[-1:] = [part[: max(1, width)], ""]
            part = part[max(1, width) :]
        lines[-1] += part
    return "\n".join(lines)


def prose(text: str, columns: int, indent: str = "") -> str:
    """Lines for people, none longer than `columns` as far as words go; a `command` stays whole if it fits.

    `indent` stands before each line, and before what is broken off a line that has an indent of its own, that one.
    """
    return "\n".join(_paragraph(line, columns, indent) for line in text.splitlines())


def _paragraph(line: str, columns: int, indent: str) -> str:
    if len(indent + line) <= columns:
        return f"{indent}{line}"
    indent += line[: len(line) - len(line.lstrip())]
    room = columns - len(indent)
    lines = [""]
    for part in re.findall(r"\s*(?:\S*`[^`]*`\S*|\S+)", line.strip()):
        for word in [part] if len(part.lstrip()) <= room else re.findall(r"\s*\S+", part):
            if lines[-1] and len(lines[-1] + word) > room:
                lines.append("")
            lines[-1] += word if lines[-1] else word.lstrip()
    return "\n".join(indent + line for line in lines)


def _with_note(table: Table, columns: int, details: int) -> str:
    if not table.rows:
        return prose(table.empty, columns)
    return _table(table, columns, details) + (f"\n\n{prose(table.note, columns)}" if table.note else "")


def _table(table: Table, columns: int, details: int) -> str:
    from tabulate import tabulate

    headers, cells = _broken(
        _headings(table), [[_show(cell, row) for cell in table.columns.values()] for row in table.rows], columns
    )
    # Numbers that are names, such as 007, must stay as they are.
    lines = iter(tabulate(cells, headers=headers, tablefmt="simple", disable_numparse=True).splitlines())
    shown_lines = list(islice(lines, _height(headers) + 1))
    for texts, row in zip(cells, table.rows, strict=True):
        shown_lines += islice(lines, _height(texts))
        if table.details:
            shown_lines += [prose(text, details, "    ") for cell in table.details if (text := _show(cell, row))]
            shown_lines.append("")
    return "\n".join(line.rstrip() for line in shown_lines).rstrip("\n")


def _height(texts: list[str]) -> int:
    """Lines of a row of the table."""
    return max((text.count("\n") + 1 for text in texts), default=1)
