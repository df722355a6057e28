"""A document as a workbook: a worksheet for each section, and a last one that says what it all is.

Headings are in the first row, so that sorting, filters and other programs find them. Numbers are numbers, days
are days, and instants are the station's local time without an offset, since a worksheet knows no zones. Text is
text whatever it looks like: 007 keeps its zeros, =1+1 is never worked out.
"""

import io
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.header_footer import HeaderFooterItem, _HeaderFooterPart
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from host import words
from host.errors import InputError
from host.phrase import Phrase
from host.sheets import Document, Section, shown

MOST_ROWS = 1_048_575
"""Rows that a worksheet takes below its headings."""

_LONGEST_NAME = 31
_NARROWEST, _WIDEST = 6, 60
"""Bounds of a column's width, in characters."""
_TALL = Alignment(vertical="top", wrap_text=True)
_DAY, _TIME = "d mmm yyyy", "d mmm yyyy hh:mm"
"""How a worksheet shows a day and a local time."""


def make(document: Document) -> bytes:
    """The file. Raises `InputError` if a section has more rows than a worksheet takes."""
    book = Workbook()
    book.remove(book.worksheets[0])
    book.properties.title = document.title
    book.properties.creator = "Kitdock"
    book.properties.created = document.made.astimezone(UTC).replace(tzinfo=None)
    names = sheet_names([section.heading or document.title for section in document.sections])
    for name, section in zip(names, document.sections, strict=True):
        _fill(book.create_sheet(name), section, document.title)
    _about(book.create_sheet(words.heading("about")), document, names)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def sheet_names(headings: Iterable[str]) -> list[str]:
    """A name for each worksheet: short enough, without what is forbidden in one, no two alike."""
    names: list[str] = []
    taken = {words.heading("about").casefold(), "history"}  # the latter is Excel's own
    for heading in headings:
        plain = re.sub(r"[\[\]:*?/\\\x00-\x1f]", " ", heading).strip(" '") or words.heading("table")
        name, number = plain[:_LONGEST_NAME].strip(" '"), 1
        while name.casefold() in taken:
            number += 1
            end = f" {number}"
            name = plain[: _LONGEST_NAME - len(end)].rstrip() + end
        taken.add(name.casefold())
        names.append(name)
    return names


def _fill(sheet: Worksheet, section: Section, title: str) -> None:
    if len(section.rows) > MOST_ROWS:
        raise InputError("sheet.too_many_rows", rows=len(section.rows))
    columns = [*section.columns, *([words.heading("details")] if section.details else [])]
    for number, heading in enumerate(columns, 1):
        _put(sheet, 1, number, heading).font = Font(bold=True)
    for number, row in enumerate(section.rows):
        details = ["\n".join(section.details[number])] if section.details else []
        tall = any("\n" in text or len(text) > _WIDEST for text in map(shown, [*row, *details]))
        for column, value in enumerate([*row, *details], 1):
            cell = _put(sheet, number + 2, column, value)
            if tall:
                cell.alignment = _TALL
    _widen(sheet, columns, section)
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(columns))}{len(section.rows) + 1}"
    _for_paper(sheet, title)


def _put(sheet: Worksheet, row: int, column: int, value: object) -> Cell:
    """Sets a cell, with the type that the value has."""
    cell = sheet.cell(row, column)
    assert isinstance(cell, Cell)
    if value is None or value == "":
        return cell
    if isinstance(value, int | float) and not isinstance(value, bool):
        cell.value = value
        return cell
    if isinstance(value, date):
        cell.value = value.replace(tzinfo=None) if isinstance(value, datetime) else value
        cell.number_format = _TIME if isinstance(value, datetime) else _DAY
        return cell
    text = ILLEGAL_CHARACTERS_RE.sub("\ufffd", shown(value))
    cell.value = text
    cell.data_type = "s"  # neither a formula nor an error, whatever it begins with
    cell.quotePrefix = text[0] in "=+-@"  # nor once somebody edits it
    return cell


def _widen(sheet: Worksheet, columns: Sequence[str], section: Section) -> None:
    """Columns as wide as what is in them, within bounds; the arrow of the filter takes room beside a heading."""
    for number, heading in enumerate(columns):
        if number < len(section.columns):
            lengths = [len(shown(row[number])) for row in section.rows]
        else:
            lengths = [len(line) for lines in section.details for line in lines]
        width = min(max([_NARROWEST, len(heading) + 3, *(length + 1 for length in lengths)]), _WIDEST)
        sheet.column_dimensions[get_column_letter(number + 1)].width = width


def _for_paper(sheet: Worksheet, title: str) -> None:
    sheet.print_title_rows = "1:1"
    sheet.page_setup.paperSize = 9  # A4
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.HeaderFooter.oddHeader = HeaderFooterItem(left=_HeaderFooterPart(title.replace("&", "&&")))
    sheet.HeaderFooter.oddFooter = HeaderFooterItem(
        right=_HeaderFooterPart(words.told(Phrase("paper.page", page="&P", pages="&N")))
    )


def _about(sheet: Worksheet, document: Document, names: Sequence[str]) -> None:
    """What the document is, when it was made, and the notes of its sections."""
    lines = [(words.heading("title"), document.title), ("", document.line), ("", document.stamp)]
    lines += [(name, section.note) for name, section in zip(names, document.sections, strict=True)]
    for number, (name, text) in enumerate([line for line in lines if line[1]], 1):
        _put(sheet, number, 1, name)
        _put(sheet, number, 2, text).alignment = _TALL
    sheet.column_dimensions["A"].width = _LONGEST_NAME
    sheet.column_dimensions["B"].width = 80
