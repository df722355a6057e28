"""Kit labels on sheets of sticky labels, as PDF: a QR code of the kit's number, and what people read.

    +--------------------------------+
    | [QR]  KIT NUMBER               |    the QR code holds the kit's number and nothing else,
    | [QR]  product, cut if long     |    so that `kitdock` reads a label as it reads what is typed
    | [QR]  Lot A1                   |
    |       Expires 2027-05-31       |
    +--------------------------------+

The number and the lot are never cut: their letters become smaller, then they take more lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from host import sheets
from host.errors import InputError
from host.phrase import Phrase
from host.stock.labels import Label
from host.words import told

if TYPE_CHECKING:
    from fpdf import FPDF

_PAGE = (210.0, 297.0)
"""A4; this and all lengths in millimetres, sizes of letters in points."""
_QR = 24.0
"""The largest code; a scanner reads one of 32 characters from 15 mm."""
_QUIET = 4
"""Blank modules that a QR code needs around it (ISO/IEC 18004)."""
_EDGE = 2.0
"""Kept blank inside a label's edge: printers and stickers are a little off."""
_POINT = 25.4 / 72
_NO_DATE = datetime(2000, 1, 1, tzinfo=UTC)
"""Written as the day of making, so that the same labels are the same file."""


class Layout(NamedTuple):
    """How labels lie on an A4 sheet, in millimetres: `left` and `top` are the first one's corner.

    `across` and `down` are from one label's corner to the next one's. As it stands: 24 labels of 63.5 by 33.9,
    sold as L7159.
    """

    columns: int = 3
    rows: int = 8
    width: float = 63.5
    height: float = 33.9
    left: float = 7.25
    top: float = 12.9
    across: float = 66.0
    down: float = 33.9

    @property
    def places(self) -> int:
        """Labels on a sheet."""
        return self.columns * self.rows


L7159 = Layout()


def sheet(labels: Sequence[Label], layout: Layout = L7159, first: int = 1) -> bytes:
    """A PDF of the labels, row by row from place `first` of the first sheet, with further sheets as needed.

    The same labels give the same bytes. Raises `InputError` if there is no such place, if labels do not fit
    on the paper, or if the fonts of PDF lack a letter of a number or lot, or of what the language says; `KitdockError`
    if fpdf2 is not installed.
    """
    _check(labels, layout, first)
    sheets.check(".pdf")
    from fpdf import FPDF

    pdf = FPDF(format="A4")
    pdf.core_fonts_encoding = "cp1252"
    pdf.set_title(told(Phrase("paper.kit_labels")))
    pdf.set_creator("Kitdock")
    pdf.set_creation_date(_NO_DATE)
    pdf.set_margin(0)
    pdf.c_margin = 0
    pdf.set_auto_page_break(False)
    for place, label in enumerate(labels, first - 1):
        at = place % layout.places
        if at == 0 or not pdf.page:
            pdf.add_page()
        row, column = divmod(at, layout.columns)
        _draw(pdf, label, layout, layout.left + column * layout.across, layout.top + row * layout.down)
    return bytes(pdf.output())


def _check(labels: Sequence[Label], layout: Layout, first: int) -> None:
    """Raises `InputError` if the sheet cannot be made."""
    if not labels:
        raise InputError("labels.none")
    if not 1 <= first <= layout.places:
        raise InputError("labels.no_place", place=first, places=layout.places)
    right = layout.left + (layout.columns - 1) * layout.across + layout.width
    bottom = layout.top + (layout.rows - 1) * layout.down + layout.height
    if right > _PAGE[0] or bottom > _PAGE[1]:
        raise InputError("labels.beyond_the_sheet", right_mm=right, bottom_mm=bottom)
    if layout.across < layout.width or layout.down < layout.height:
        raise InputError("labels.overlap")
    if layout.width < 60 or layout.height < 30:
        raise InputError("labels.too_small")


def _draw(pdf: FPDF, label: Label, layout: Layout, left: float, top: float) -> None:
    """One label, its corner at `left` and `top`."""
    side = min(_QR, layout.height - 2)
    _draw_code(pdf, label.kit, left + 1, top + (layout.height - side) / 2, side)
    text_left = left + 1 + side
    room = left + layout.width - _EDGE - text_left
    lot = _printable(label.lot, Phrase("named.lot"))
    lines = [
        *_whole(pdf, _printable(label.kit, Phrase("named.kit_number")), room, (16, 14, 12, 10, 8, 6), bold=True),
        *_cut(pdf, label.product, room, (9, 8, 7)),
        *_whole(pdf, _wording("paper.lot", lot=lot), room, (9, 8, 7, 6, 5)),
        *_whole(pdf, _wording("paper.expires", expires_on=label.expires_on), room, (10, 9, 8), bold=True),
    ]
    y = top + (layout.height - sum(size for size, _, _ in lines) * 1.25 * _POINT) / 2
    for size, bold, text in lines:
        pdf.set_font("helvetica", "B" if bold else "", size)
        pdf.text(text_left, y + size * _POINT, text)
        y += size * 1.25 * _POINT


def _draw_code(pdf: FPDF, text: str, left: float, top: float, side: float) -> None:
    """The QR code with its blank edge, as squares rather than an image: sharp on every printer."""
    import segno

    code = segno.make(text, error="m", micro=False)
    module = side / (code.symbol_size(border=_QUIET)[0])
    for y, row in enumerate(code.matrix, _QUIET):
        start = None
        for x, dark in enumerate([*row, 0], _QUIET):
            if dark and start is None:
                start = x
            elif not dark and start is not None:
                pdf.rect(left + start * module, top + y * module, (x - start) * module, module, style="F")
                start = None


_Line = tuple[float, bool, str]
"""Size of the letters, whether bold, and the text."""


def _whole(pdf: FPDF, text: str, room: float, sizes: Sequence[float], bold: bool = False) -> list[_Line]:
    """The text on one line in the first size that fits, else on as many as it takes in the last."""
    for size in sizes:
        if _width(pdf, text, size, bold) <= room:
            return [(size, bold, text)]
    lines = [""]
    for letter in text:
        if _width(pdf, lines[-1] + letter, sizes[-1], bold) > room:
            lines.append("")
        lines[-1] += letter
    return [(sizes[-1], bold, line) for line in lines]


def _cut(pdf: FPDF, text: str, room: float, sizes: Sequence[float]) -> list[_Line]:
    """The text on one line in the first size that fits, else in the last with an ellipsis for its end."""
    from host.sheets.pdf import plain

    shown = plain(text)
    for size in sizes:
        if _width(pdf, shown, size, False) <= room:
            return [(size, False, shown)]
    while _width(pdf, shown + "…", sizes[-1], False) > room:
        shown = shown[:-1].rstrip()
    return [(sizes[-1], False, shown + "…")]


def _width(pdf: FPDF, text: str, size: float, bold: bool) -> float:
    pdf.set_font("helvetica", "B" if bold else "", size)
    return pdf.get_string_width(text)


def _wording(code: str, **fields: object) -> str:
    """What the language in use says on a label. Raises `InputError` if the fonts lack a letter of it."""
    return _printable(told(Phrase(code, **fields)), Phrase("named.wording"))


def _printable(text: str, what: Phrase) -> str:
    """The text itself. Raises `InputError` if the fonts lack a letter of it: a label must not say another number."""
    from host.sheets.pdf import plain

    if plain(text) != text:
        raise InputError("labels.strange_letters", what=what, text=text)
    return text
