"""The sheet of kit labels, read back from the PDF's own instructions: where codes and text are, and what they say."""

import re
import zlib
from datetime import date
from itertools import pairwise
from typing import NamedTuple

import pytest
import segno
from fpdf import FPDF
from hypothesis import given, settings
from hypothesis import strategies as st

from host import sheets
from host.errors import InputError, KitdockError
from host.phrase import Phrase
from host.sheets import labels
from host.sheets.labels import L7159, Label, Layout
from host.words import BRITISH, use
from tests.refusals import refused

DAY = date(2027, 5, 31)
KIT = Label("K-0001", "Nasal spray 1.8 mg", "AC3453", DAY)
POINT = 25.4 / 72
_RULER = FPDF()


class Box(NamedTuple):
    """A rectangle in millimetres from the page's upper left corner, and the text in it, if it is text."""

    left: float
    top: float
    right: float
    bottom: float
    text: str = ""


def pages(pdf: bytes) -> list[tuple[list[Box], list[Box]]]:
    """The dark squares and the lines of text of each page, as the file draws them."""
    found = []
    for stream in re.findall(rb"stream\n(.*?)\nendstream", pdf, re.DOTALL):
        squares, texts = [], []
        font, size = "", 0.0
        for line in zlib.decompress(stream).decode("cp1252").splitlines():
            if square := re.fullmatch(r"([\d.]+) ([\d.]+) ([\d.]+) -([\d.]+) re f", line):
                x, y, wide, high = map(float, square.groups())
                top = 297 - y * POINT
                squares.append(Box(x * POINT, top, (x + wide) * POINT, top + high * POINT))
            elif chosen := re.fullmatch(r"BT /(F\d+) ([\d.]+) Tf ET", line):
                font, size = chosen[1], float(chosen[2])
            elif shown := re.fullmatch(r"BT ([\d.]+) ([\d.]+) Td \((.*)\) Tj ET", line):
                text = re.sub(r"\\(.)", r"\1", shown[3])
                _RULER.core_fonts_encoding = "cp1252"
                _RULER.set_font("helvetica", "B" if font == "F1" else "", size)
                left, base = float(shown[1]) * POINT, 297 - float(shown[2]) * POINT
                width = _RULER.get_string_width(text)
                # Capitals of Helvetica are 0.72 high, tails 0.21 deep.
                texts.append(Box(left, base - 0.72 * size * POINT, left + width, base + 0.21 * size * POINT, text))
        found.append((squares, texts))
    return found


def place(layout: Layout, number: int) -> Box:
    """The label at place `number`, from 1."""
    row, column = divmod(number - 1, layout.columns)
    left, top = layout.left + column * layout.across, layout.top + row * layout.down
    return Box(left, top, left + layout.width, top + layout.height)


def inside(box: Box, outer: Box) -> bool:
    return outer.left <= box.left and box.right <= outer.right and outer.top <= box.top and box.bottom <= outer.bottom


def on(boxes: list[Box], outer: Box) -> list[Box]:
    return [box for box in boxes if inside(box, outer)]


def code(squares: list[Box]) -> list[list[int]]:
    """The modules that the squares make, row by row."""
    left, top = min(box.left for box in squares), min(box.top for box in squares)
    module = squares[0].bottom - squares[0].top
    size = round((max(box.right for box in squares) - left) / module)
    rows = [[0] * size for _ in range(size)]
    for box in squares:
        for x in range(round((box.left - left) / module), round((box.right - left) / module)):
            rows[round((box.top - top) / module)][x] = 1
    return rows


def test_a_label_says_number_product_lot_and_expiry_beside_its_code() -> None:
    ((squares, texts),) = pages(labels.sheet([KIT]))
    first = place(L7159, 1)
    assert [box.text for box in on(texts, first)] == [
        "K-0001",
        "Nasal spray 1.8 mg",
        "Lot AC3453",
        "Expires 31 May 2027",
    ]
    assert len(on(texts, first)) == len(texts)
    assert len(on(squares, first)) == len(squares)
    assert code(squares) == [list(row) for row in segno.make("K-0001", error="m", micro=False).matrix]


def test_a_code_has_four_blank_modules_around_it() -> None:
    ((squares, texts),) = pages(labels.sheet([KIT]))
    module = squares[0].bottom - squares[0].top
    first = place(L7159, 1)
    assert min(box.left for box in squares) - first.left >= 4 * module
    assert min(box.left for box in texts) - max(box.right for box in squares) >= 4 * module - 0.02


def test_a_part_used_sheet_begins_where_it_is_told_and_goes_on_overleaf() -> None:
    kits = [KIT._replace(kit=f"K-{number:04}") for number in range(1, 28)]
    found = pages(labels.sheet(kits, first=23))
    assert [len(texts) // 4 for _, texts in found] == [2, 24, 1]
    assert [on(found[0][1], place(L7159, number))[0].text for number in (23, 24)] == ["K-0001", "K-0002"]
    assert [on(found[1][1], place(L7159, number))[0].text for number in (1, 2, 4, 24)] == [
        *("K-0003", "K-0004", "K-0006", "K-0026")
    ]
    assert on(found[2][1], place(L7159, 1))[0].text == "K-0027"


def test_a_long_product_ends_in_an_ellipsis_a_long_number_does_not() -> None:
    long = Label("W" * 32, "Nasal spray of two doses with instructions in two languages", "Q" * 60, DAY)
    ((_, texts),) = pages(labels.sheet([long]))
    said = [box.text for box in texts]
    assert "".join(text for text in said if set(text) == {"W"}) == long.kit
    assert "".join(said).count("Q") == 60
    (product,) = [text for text in said if text.startswith("Nasal")]
    assert product.endswith("…")
    assert long.product.startswith(product[:-1])
    assert len(product) > 20


names = st.text("ABCWQijl0189-./", min_size=1, max_size=32)
words = st.text(st.characters(min_codepoint=33, max_codepoint=0x17F), min_size=1, max_size=60)


@settings(max_examples=30)
@given(names, words, st.text("".join(map(chr, range(33, 127))), min_size=1, max_size=60))
def test_nothing_leaves_its_label_or_lies_on_something_else(kit: str, product: str, lot: str) -> None:
    smallest = Layout(columns=3, rows=8, width=60, height=30, left=5, top=5, across=62, down=31)
    for layout in (L7159, smallest):
        ((squares, texts),) = pages(labels.sheet([Label(kit, product, lot, DAY)], layout, first=5))
        fifth = place(layout, 5)
        assert len(texts) >= 4
        assert on(texts, fifth) == texts
        assert on(squares, fifth) == squares
        assert max(box.right for box in squares) < min(box.left for box in texts)
        assert all(upper.bottom <= lower.top for upper, lower in pairwise(texts))
        assert code(squares) == [list(row) for row in segno.make(kit, error="m", micro=False).matrix]


def test_the_same_labels_are_the_same_file() -> None:
    assert labels.sheet([KIT]) == labels.sheet([KIT])
    assert labels.sheet([KIT]) != labels.sheet([KIT._replace(kit="K-0002")])


def test_a_product_in_other_letters_is_printed_as_near_as_can_be() -> None:
    ((_, texts),) = pages(labels.sheet([KIT._replace(product="Kroplówka ś")]))
    assert texts[1].text == "Kroplówka s"


BEYOND = {"kit": KIT._replace(kit="Ж-1"), "lot": KIT._replace(lot="Ж1")}


@pytest.mark.parametrize("label", BEYOND.values(), ids=BEYOND)
def test_a_number_in_other_letters_is_refused(label: Label) -> None:
    with refused("labels.strange_letters", InputError):
        labels.sheet([label])


@pytest.mark.parametrize("code", ["paper.lot", "paper.expires"])
def test_a_word_in_other_letters_is_refused(code: str) -> None:
    told = f"Ж {BRITISH.sentences[code]}"
    before = use(BRITISH._replace(sentences={**BRITISH.sentences, code: told}))
    try:
        with refused("labels.strange_letters", InputError, what=Phrase("named.wording")):
            labels.sheet([KIT])
    finally:
        use(before)


@pytest.mark.parametrize(
    ("layout", "first", "code", "fields"),
    [
        (L7159, 0, "labels.no_place", {"place": 0, "places": 24}),
        (L7159, 25, "labels.no_place", {"place": 25, "places": 24}),
        (L7159._replace(columns=4), 1, "labels.beyond_the_sheet", {"right_mm": pytest.approx(268.75)}),
        (L7159._replace(rows=9), 1, "labels.beyond_the_sheet", {"bottom_mm": pytest.approx(318)}),
        (L7159._replace(across=63), 1, "labels.overlap", {}),
        (L7159._replace(down=33), 1, "labels.overlap", {}),
        (L7159._replace(width=59), 1, "labels.too_small", {}),
        (L7159._replace(height=29), 1, "labels.too_small", {}),
    ],
)
def test_a_sheet_that_cannot_be_is_refused(layout: Layout, first: int, code: str, fields: dict[str, object]) -> None:
    with refused(code, InputError, **fields):
        labels.sheet([KIT], layout, first)


def test_no_kits_make_no_sheet() -> None:
    with refused("labels.none", InputError):
        labels.sheet([])


def test_without_fpdf2_it_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "find_spec", lambda _: None)
    with refused("sheet.no_maker", KitdockError, ending=".pdf"):
        labels.sheet([KIT])
