"""Documents for people, as files: a title, a line below it, and tables under headings.

`make` turns a document into the bytes of a file. The makers are pure; the caller writes the file. XLSX and PDF
need the packages of the extra `reports`, which are imported when such a file is made.
"""

from collections.abc import Sequence
from datetime import date, datetime
from importlib import import_module
from importlib.util import find_spec
from typing import NamedTuple

from host.errors import KitdockError
from host.phrase import Phrase
from host.words import told, written

NEEDS = {".html": None, ".pdf": "fpdf", ".xlsx": "openpyxl"}
"""The endings of files that can be made, and the module that each needs."""


class Section(NamedTuple):
    """One table of a document, under `heading` unless that is empty.

    The cells of `rows` are what people see: text, numbers, days, local times, None for nothing. `details` has for
    each row the lines that stand below it, or is empty. `note` is a line below the table.
    """

    heading: str
    columns: Sequence[str]
    rows: Sequence[Sequence[object]]
    details: Sequence[Sequence[str]] = ()
    note: str = ""


class Document(NamedTuple):
    """What goes into a file. `made` is local to the station: its time zone is named in the file."""

    title: str
    line: str
    made: datetime
    sections: Sequence[Section]

    @property
    def stamp(self) -> str:
        """When the document was made, and in which zone its times are."""
        return told(Phrase("paper.made", at=self.made, zone=str(self.made.tzinfo)))


def check(ending: str) -> None:
    """Raises `KitdockError` if what makes files with that ending is not installed."""
    module = NEEDS[ending]
    if module is not None and find_spec(module) is None:
        raise KitdockError("sheet.no_maker", ending=ending)


def make(document: Document, ending: str) -> bytes:
    """The content of a file with that ending, one of `NEEDS`. Raises `KitdockError` if its maker is not installed."""
    check(ending)
    content: bytes = import_module(f"host.sheets.{ending[1:]}").make(document)
    return content


def shown(value: object) -> str:
    """A cell as people read it."""
    if isinstance(value, bool):
        return told(Phrase("cell.yes" if value else "cell.no"))
    if isinstance(value, date):
        return written(value)
    return "" if value is None else str(value)


def is_numeric(column: Sequence[object]) -> bool:
    """Whether a column is read by its right edge: numbers, and at least one."""
    values = [value for value in column if value is not None]
    return bool(values) and all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)


def fit(wanted: Sequence[float], room: float) -> list[float]:
    """Widths that together take at most `room`: narrow columns get what they want, wide ones share the rest."""
    widths = [0.0] * len(wanted)
    for rank, index in enumerate(sorted(range(len(wanted)), key=wanted.__getitem__)):
        widths[index] = min(wanted[index], room / (len(wanted) - rank))
        room -= widths[index]
    return widths
