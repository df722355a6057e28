"""A document as PDF: A4, portrait or landscape as its columns need, headings on each page.

It uses the fonts that every PDF reader has, so nothing is embedded and no font is looked for: neither fpdf2 nor
what it needs brings one, and where an operating system keeps its own differs. These fonts have the letters of
Western Europe (Windows-1252). Another letter is printed as the nearest of them, or as ?, and a line at the end
says so; the HTML file has them all.
"""

import unicodedata
from collections.abc import Iterator, Sequence

from fpdf import FPDF, XPos, YPos
from fpdf.fonts import CoreFont

from host.phrase import Phrase
from host.sheets import Document, Section, fit, is_numeric, shown
from host.words import told

_ENCODING = "cp1252"
_CONTROL = frozenset({*range(32), 127} - {ord("\n")})
_FONT = "helvetica"
_MARGIN = 12.0
"""Around each page; this and all below in millimetres, sizes of letters in points."""
_FOOT = 8.0
_SHORT = 210.0
"""The short side of A4."""
_LETTERS = 8.5
_LINE = 4.1
_BASE = 3.0
"""From the top of a line to where its letters stand."""
_PAD = 1.2
_INDENT = 5.0
_SPARE = 10.0
"""A column is at most so much wider than what is in it, that the eye finds its way along a row."""
_GREY = 90
_PAGES = "\x01" * 6
"""Stands for the number of pages until that is known: as long as that may be, and in no text."""
_NEAREST = {"≤": "<=", "≥": ">=", "→": "->", "←": "<-", "−": "-", "‑": "-", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D"}


def make(document: Document) -> bytes:
    """The file."""
    plain_document = _plain(document)
    paper = _Paper(plain_document)
    tables = [_Grid(paper, section) for section in plain_document.sections]
    paper.begin(max((sum(table.wanted) for table in tables), default=0.0))
    for table in tables:
        table.draw()
    if any(plain(text) != text for text in _texts(document)):
        paper.down(_LINE)
        paper.paragraph(plain(told(Phrase("paper.strange_letters"))))
    return bytes(paper.output())


def plain(text: str) -> str:
    """The text in letters that the fonts have: the same if they have all."""
    return text if _has(text) else "".join(map(_letter, text))


def _has(text: str) -> bool:
    """Whether the fonts have all of the text; control characters are in none."""
    try:
        return not _CONTROL.intersection(text.encode(_ENCODING))
    except UnicodeEncodeError:
        return False


def _letter(letter: str) -> str:
    if letter == "\n" or _has(letter):
        return letter
    near = _NEAREST.get(letter) or "".join(
        part for part in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(part)
    )
    return near if near and _has(near) else "" if unicodedata.combining(letter) else "?"


def _texts(document: Document) -> Iterator[str]:
    """All text of a document."""
    yield from (document.title, document.line, document.stamp)
    for section in document.sections:
        yield from (section.heading, section.note, *section.columns)
        yield from (shown(value) for row in section.rows for value in row)
        yield from (line for lines in section.details for line in lines)


def _plain(document: Document) -> Document:
    """The same in letters that the fonts have."""
    sections = [
        Section(
            plain(section.heading),
            [plain(heading) for heading in section.columns],
            [[plain(value) if isinstance(value, str) else value for value in row] for row in section.rows],
            [[plain(line) for line in lines] for lines in section.details],
            plain(section.note),
        )
        for section in document.sections
    ]
    return document._replace(title=plain(document.title), line=plain(document.line), sections=sections)


class _Paper(FPDF):
    """The pages: title and line on the first, on all the foot. `y` is where the next line goes."""

    def __init__(self, document: Document) -> None:
        super().__init__(format="A4")
        self.core_fonts_encoding = _ENCODING
        self.document = document
        self.turned = "portrait"
        self.set_title(document.title)
        self.set_creator("Kitdock")
        self.set_lang("en-GB")
        self.set_creation_date(document.made)
        self.set_margin(_MARGIN)
        self.set_auto_page_break(False)
        self.alias_nb_pages(_PAGES)
        self.set_line_width(0.1)
        self.letters()

    @property
    def room(self) -> float:
        """Width between the margins."""
        return self.w - 2 * _MARGIN

    @property
    def bottom(self) -> float:
        """Where the last line ends."""
        return self.h - _MARGIN - _FOOT

    def letters(self, size: float = _LETTERS, bold: bool = False, grey: int = 0) -> None:
        """Chooses the letters of what follows."""
        self.set_font(_FONT, "B" if bold else "", size)
        self.set_text_color(grey)

    def wide(self, text: str) -> float:
        """Width of the text in these letters. As fpdf2's `get_string_width`, but fit for a million cells."""
        assert isinstance(self.current_font, CoreFont)
        letters = text.encode(_ENCODING).decode("latin-1")
        return float(self.current_font.get_text_width(letters, self.font_size_pt, None)[1] / self.k)

    def begin(self, wanted: float) -> None:
        """The first page, turned so that `wanted` fits if it can."""
        self.turned = "portrait" if wanted <= _SHORT - 2 * _MARGIN else "landscape"
        self.next_page()
        self.letters(14, bold=True)
        self.paragraph(self.document.title, 6.5)
        self.letters(9, grey=_GREY)
        for text in (self.document.line, plain(self.document.stamp)):
            self.paragraph(text)

    def next_page(self) -> None:
        """One more page, turned as the first."""
        self.add_page(orientation=self.turned)

    def footer(self) -> None:
        """What fpdf2 puts at the foot of each page."""
        self.letters(7.5, grey=_GREY)
        self.set_xy(_MARGIN, self.h - _MARGIN - 4)
        page = told(Phrase("paper.page", page=self.page_no(), pages=_PAGES))
        self.cell(30, 4, _PAGES.join(map(plain, page.split(_PAGES))))
        self.cell(self.room - 30, 4, self.wrap(self.document.title, self.room - 30)[0], align="R")
        self.letters()

    def down(self, height: float) -> None:
        """Goes down, to a new page if there is no room for that."""
        if self.y + height > self.bottom:
            self.next_page()
        else:
            self.set_y(self.y + height)

    def paragraph(self, text: str, line: float = _LINE) -> None:
        """Text over the whole width."""
        for part in self.wrap(text, self.room) if text else ():
            if self.y + line > self.bottom:
                self.next_page()
            self.cell(self.room, line, part, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def wrap(self, text: str, width: float) -> list[str]:
        """The text in lines of at most `width`, broken between words, and within one that is too long."""
        width -= 2 * self.c_margin
        return [line for part in text.split("\n") for line in self._wrapped(part, width)]

    def _wrapped(self, text: str, width: float) -> Iterator[str]:
        if self.wide(text) <= width:
            yield text
            return
        line = ""
        for word in text.split():
            longer = f"{line} {word}" if line else word
            if self.wide(longer) <= width:
                line = longer
                continue
            if line:
                yield line
            line = word
            while self.wide(line) > width and len(line) > 1:
                end = next((end for end in range(len(line) - 1, 1, -1) if self.wide(line[:end]) <= width), 1)
                yield line[:end]
                line = line[end:]
        yield line


class _Grid:
    """One section on paper."""

    def __init__(self, paper: _Paper, section: Section) -> None:
        self.paper = paper
        self.section = section
        self.rows = [[shown(value) for value in row] for row in section.rows]
        columns = list(zip(*section.rows, strict=True)) or [()] * len(section.columns)
        self.numeric = [is_numeric(column) for column in columns]
        self.wanted = [
            max([self._width(heading, bold=True), *(self._width(row[number]) for row in self.rows)])
            for number, heading in enumerate(section.columns)
        ]
        self.widths: list[float] = []

    def _width(self, text: str, bold: bool = False) -> float:
        self.paper.letters(bold=bold)
        return max(map(self.paper.wide, text.split("\n"))) + 2 * self.paper.c_margin + 0.1

    def draw(self) -> None:
        """Draws heading, table and note."""
        paper = self.paper
        self.widths = fit(self.wanted, paper.room)
        spare = (paper.room - sum(self.widths)) / max(1, len(self.widths))
        spare = spare if self.section.details else min(spare, _SPARE)
        self.widths = [width + spare for width in self.widths]
        paper.down(_LINE)
        if self.section.heading:
            if paper.y + 5 * _LINE > paper.bottom:
                paper.next_page()
            paper.letters(11, bold=True)
            paper.paragraph(self.section.heading, 6)
        self._head()
        for number, row in enumerate(self.rows):
            self._row(row, self.section.details[number] if self.section.details else ())
        if self.section.note:
            paper.down(_LINE / 2)
            paper.letters(grey=_GREY)
            paper.paragraph(self.section.note)

    def _head(self) -> None:
        self.paper.letters(bold=True)
        self._line(
            [self.paper.wrap(text, width) for text, width in zip(self.section.columns, self.widths, strict=True)]
        )
        self._rule(0.3)
        self.paper.letters()

    def _row(self, row: Sequence[str], details: Sequence[str]) -> None:
        """One row and what is below it, on one page if a page has the room."""
        paper = self.paper
        paper.letters()
        cells = [paper.wrap(text, width) for text, width in zip(row, self.widths, strict=True)]
        below = [line for text in details for line in paper.wrap(text, paper.room - _INDENT)]
        height = (max(map(len, cells), default=0) + len(below)) * _LINE + 2 * _PAD
        if paper.y + height > paper.bottom and height < paper.bottom - 2 * _MARGIN:
            self._next_page()
        self._line(cells)
        paper.letters(grey=_GREY)
        for text in below:
            self._make_room()
            paper.set_x(_MARGIN + _INDENT)
            paper.cell(paper.room - _INDENT, _LINE, text, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self._rule(0.1)

    def _line(self, cells: Sequence[Sequence[str]]) -> None:
        """Cells side by side, each with its lines."""
        self.paper.set_y(self.paper.y + _PAD)
        for number in range(max(map(len, cells), default=0)):
            self._make_room()
            x, y = _MARGIN, self.paper.y + _BASE
            for lines, width, numeric in zip(cells, self.widths, self.numeric, strict=True):
                if number < len(lines) and lines[number]:
                    text, pad = lines[number], self.paper.c_margin
                    # Far cheaper than fpdf2's cells, of which a table has very many.
                    self.paper.text(x + (width - pad - self.paper.wide(text) if numeric else pad), y, text)
                x += width
            self.paper.set_y(self.paper.y + _LINE)

    def _rule(self, thickness: float) -> None:
        y = self.paper.y + _PAD / 2
        self.paper.set_line_width(thickness)
        self.paper.set_draw_color(0 if thickness > 0.2 else 190)
        self.paper.line(_MARGIN, y, _MARGIN + sum(self.widths), y)
        self.paper.set_y(y + _PAD / 2)

    def _make_room(self) -> None:
        if self.paper.y + _LINE > self.paper.bottom:
            self._next_page()

    def _next_page(self) -> None:
        self.paper.next_page()
        self._head()
