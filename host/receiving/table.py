"""A CSV file of kits or officers, read without touching anything: the good lines, and what is wrong with the others.

| what the file is | what is done |
|---|---|
| UTF-8 with or without its mark, UTF-16 with its mark | read |
| no UTF-8 anywhere beyond ASCII | read as Windows-1252 |
| some lines UTF-8, others not | the others are bad: a mixture cannot be told apart |
| an Excel workbook, or other bytes | refused |
| comma, semicolon or tab between cells; a first line `sep=;` | the one that finds the most known columns |
| columns in any order, capitals, blanks for underscores | read by their names in the first line |
| a column missing, unknown or twice | refused, by its name |
| empty lines, and lines of empty cells | passed over |
| `="0123"` or `'0123` in a cell, as Excel keeps text | read without that |
| `9.506E+12` in a cell that is not to be rounded | bad: Excel has rounded a number |
| a quotation mark that is not closed, cells beyond the columns | bad: a line never runs on into the next |

Lines are numbered as an editor numbers them, the first with the columns' names is 1.
"""

import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from host.errors import InputError, KitdockError
from host.phrase import Phrase
from host.receiving import naming
from host.receiving.printed import DateStyle, expiry, expiry_doubt, gtin14, shown, style_of

REQUIRED = ("kit", "lot")
"""Columns of a file of kits that must be there and filled in; of product and gtin, at least one."""
OPTIONAL = ("product", "gtin", "expires", "doses", "serial", "document")
"""Columns of a file of kits that may be there."""

MAX_DOSES = 99

_ROUNDED = re.compile(r"\d[.,]\d+[Ee]\+\d+")
_MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


class Row(NamedTuple):
    """One line of a file: the text of each known column, empty if there is none."""

    line: int
    cells: Mapping[str, str]


class BadLine(NamedTuple):
    """A line that cannot be taken, and why."""

    line: int
    wrong: Phrase | KitdockError


class Rows(NamedTuple):
    """The lines of a file, those that can be read and those that cannot."""

    good: list[Row]
    bad: list[BadLine]


class KitLine(NamedTuple):
    """A kit as a file tells it. `doubts` are what a person must confirm."""

    line: int
    kit: str
    product: str | None
    gtin: str | None
    lot: str
    expires_on: date | None
    doses: int | None
    serial: str | None
    document: str | None
    doubts: tuple[Phrase, ...]


class KitLines(NamedTuple):
    """The kits of a file, and the lines that are none; both in the file's order."""

    good: list[KitLine]
    bad: list[BadLine]


def rows(data: bytes, required: Sequence[str], optional: Sequence[str]) -> Rows:
    """The lines of a CSV file by the names of its columns; `required` ones are filled in.

    Raises `InputError` if the file has no such columns, or is no text.
    """
    lines = [(number, text) for number, text in enumerate(_lines(data), 1) if text is None or text.strip()]
    separator = ""
    if lines and (told := re.fullmatch(r"sep=([,;\t|])", (lines[0][1] or "").strip("\r\n "))):
        separator = told[1]
        lines = lines[1:]
    if not lines:
        raise InputError("file.empty", columns=tuple(required))
    try:
        separator, columns = _header(lines[0][1], separator, required, optional)
    except InputError as wrong:
        raise InputError("file.line", line=lines[0][0], wrong=wrong) from None
    found = Rows([], [])
    for number, text in lines[1:]:
        try:
            cells = _cells(text, separator)
            if any(cells):
                found.good.append(Row(number, _row(cells, columns, required)))
        except InputError as wrong:
            found.bad.append(BadLine(number, wrong))
    return found


def read_kits(data: bytes, today: date, style: DateStyle | None = None) -> KitLines:
    """The kits in a CSV file with the columns `REQUIRED` and `OPTIONAL`, on the day `today`.

    `style` says what comes first in dates of numbers, see `host.receiving.printed`; None: what the file itself
    tells, else it raises `DatesUnclear`. A kit that is there
    twice, also in other capitals, is bad each time; so is a box, by its GTIN and serial. Raises
    `InputError` if the file as a whole cannot be read.
    """
    lines = rows(data, REQUIRED, OPTIONAL)
    style = style or style_of((row.cells.get("expires", "") for row in lines.good), today)
    kits: list[KitLine] = []
    bad = {line.line: line for line in (*_twice(lines.good), *lines.bad)}
    for row in lines.good:
        try:
            kits.append(_kit(row, today, style))
        except InputError as wrong:
            bad[row.line] = BadLine(row.line, wrong)
    return KitLines([kit for kit in kits if kit.line not in bad], [bad[line] for line in sorted(bad)])


def _lines(data: bytes) -> list[str | None]:
    """The text of each line, None for one that is not in the file's encoding. Raises `InputError`."""
    encoding = next((name for mark, name in _MARKS.items() if data.startswith(mark)), None)
    if data.startswith(b"PK\x03\x04"):
        raise InputError("file.workbook")
    if encoding == "utf-16":
        try:
            data = data.decode("utf-16").encode()
        except UnicodeDecodeError:
            raise InputError("file.cut") from None
    if b"\0" in data:
        raise InputError("file.no_text")
    if encoding == "utf-8-sig":
        data = data[3:]
    raw = data.splitlines()
    texts = [_decoded(line, "utf-8") for line in raw]
    if encoding or None not in texts or any(text and not text.isascii() for text in texts):
        return texts
    return [_decoded(line, "cp1252") for line in raw]


def _decoded(line: bytes, encoding: str) -> str | None:
    try:
        return line.decode(encoding)
    except UnicodeDecodeError:
        return None


def _header(
    line: str | None, separator: str, required: Sequence[str], optional: Sequence[str]
) -> tuple[str, list[str]]:
    """What separates the cells, and the columns' names. Raises `InputError`."""
    known = {*required, *optional}

    def names(by: str) -> list[str]:
        return [re.sub(r"\s+", "_", cell.casefold()) for cell in _cells(line, by)]

    separator = separator or max(",;\t", key=lambda by: len(known & set(names(by))))
    columns = names(separator)
    while columns and not columns[-1]:
        columns.pop()
    strange = [name for name in columns if name not in known]
    may = Phrase(
        "file.columns" if optional else "file.required_columns", required=tuple(required), optional=tuple(optional)
    )
    if len(strange) == len(columns):
        raise InputError("file.no_columns", columns=may)
    if strange:
        raise InputError("file.strange_columns", strange=tuple(map(shown, strange)), columns=may)
    missing = [name for name in required if name not in columns]
    if missing:
        raise InputError("file.missing_columns", missing=tuple(missing), columns=may)
    double = [name for name in known if columns.count(name) > 1]
    if double:
        raise InputError("file.column_twice", columns=tuple(sorted(double)))
    return separator, columns


def _cells(text: str | None, separator: str) -> list[str]:
    """The cells of a line, without blanks around and Excel's marks of text. Raises `InputError`."""
    if text is None:
        raise InputError("line.other_encoding")
    try:
        cells = next(csv.reader([text], delimiter=separator, strict=True), [])
    except csv.Error:
        raise InputError("line.quotation_mark") from None
    return [re.sub(r"^=\"(.*)\"$|^'(?=.)", r"\1", cell.strip()).strip() for cell in cells]


def _row(cells: Sequence[str], columns: Sequence[str], required: Iterable[str]) -> dict[str, str]:
    """The cells by their columns. Raises `InputError`."""
    if any(cells[len(columns) :]):
        raise InputError("line.too_many_cells", cells=len(cells), columns=len(columns))
    named = dict(zip(columns, [*cells, *[""] * len(columns)], strict=False))
    empty = [name for name in required if not named[name]]
    if empty:
        raise InputError("line.empty_cells", columns=tuple(empty))
    return named


def _kit(row: Row, today: date, style: DateStyle | None) -> KitLine:
    """The kit that a line tells. Raises `InputError`."""

    def text(column: str) -> str | None:
        cell = row.cells.get(column, "")
        if _ROUNDED.fullmatch(cell) and column != "gtin":
            raise InputError("line.rounded", column=column, text=cell)
        return naming.line(column, cell) if cell else None

    gtin, product, when, doses = text("gtin"), text("product"), text("expires"), text("doses")
    if product is None and gtin is None:
        raise InputError("line.no_product")
    expires_on = expiry(when, today, style) if when else None
    doubt = expiry_doubt(expires_on, today) if expires_on else None
    if doses is not None and not (re.fullmatch(r"[0-9]{1,2}", doses) and int(doses)):
        raise InputError("line.no_doses", text=shown(doses), most=MAX_DOSES)
    return KitLine(
        row.line,
        naming.number("kit number", text("kit") or ""),
        product,
        gtin14(gtin) if gtin else None,
        text("lot") or "",
        expires_on,
        int(doses) if doses else None,
        text("serial"),
        text("document"),
        (doubt,) if doubt else (),
    )


def _twice(lines: Iterable[Row]) -> Iterator[BadLine]:
    """What names a kit or a box that another line names as well, for each such line."""
    same: dict[tuple[str, ...], list[tuple[int, Phrase]]] = defaultdict(list)
    for line, cells in lines:
        kit, gtin, serial = cells["kit"], cells.get("gtin", ""), cells.get("serial", "")
        same[(kit.casefold(),)].append((line, Phrase("line.kit", kit=kit)))
        if gtin and serial:
            same[gtin.zfill(14), serial].append((line, Phrase("line.serial", serial=serial, gtin=gtin)))
    for those in same.values():
        for line, what in those if len(those) > 1 else ():
            others = tuple(other for other, _ in those if other != line)
            yield BadLine(line, Phrase("line.twice", what=what, lines=others))
