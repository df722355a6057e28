"""A document as PDF, its pages read back: headings on each, nothing lost, no letter that stops it."""

from __future__ import annotations

import re
import zlib
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from host.sheets import Document, Section, make, pdf
from tests.unit.sheets.conftest import MADE


def pages(content: bytes) -> list[list[str]]:
    """The texts on each page, in the order in which they are drawn."""
    found = []
    for stream in re.findall(rb"stream\n(.*?)\nendstream", content, re.DOTALL):
        drawn = zlib.decompress(stream)
        texts = re.findall(rb"\(((?:[^()\\]|\\.)*)\) Tj", drawn, re.DOTALL)
        page = "\n".join(re.sub(rb"\\(.)", rb"\1", text).decode("cp1252") for text in texts)
        found.append(re.sub(r"(page \d+ of )\n", r"\1", page).split("\n"))  # the total is drawn apart
    return found


def sizes(content: bytes) -> set[tuple[float, float]]:
    """Width and height of the pages, in points. A page that names no size has that of the document."""
    box = re.compile(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]")
    (every,) = (part for part in content.split(b"endobj") if b"/Type /Pages" in part)
    own = [part for part in content.split(b"endobj") if re.search(rb"/Type /Page\s", part)]
    found = [box.search(part) or box.search(every) for part in own]
    return {(float(each[1]), float(each[2])) for each in found if each}


def one(*sections: Section, title: str = "Expiry") -> Document:
    return Document(title, "", MADE, sections)


def test_the_page_has_all(summary: Document) -> None:
    (page,) = pages(make(summary, ".pdf"))
    assert page[:3] == [
        "Monthly summary, Example Police",
        "1 to 31 May 2026",
        "Made 1 May 2026, 18:30. Times are in the time zone Europe/London.",
    ]
    for text in ("Kits", "007", "=1+1", "<b>&", "1 older kit is not shown", "next: ask officer 4101", "page 1 of 1"):
        assert text in page
    assert page.index("P-01") < page.index("opened at 18:02 for 4 min") < page.index("P-02")


def test_the_same_document_makes_the_same_file(summary: Document) -> None:
    assert make(summary, ".pdf") == make(summary, ".pdf")
    later = summary._replace(made=MADE + timedelta(minutes=1))
    assert make(later, ".pdf") != make(summary, ".pdf")


def test_headings_and_page_numbers_are_on_each_page_and_no_row_is_lost() -> None:
    rows = [[f"{number:03}", "Nyxoid"] for number in range(120)]
    found = pages(make(one(Section("", ["kit", "product"], rows)), ".pdf"))
    assert len(found) > 2
    for number, page in enumerate(found, 1):
        assert page.count("product") == 1
        assert f"page {number} of {len(found)}" in page
        assert "Expiry" in page
    assert [text for page in found for text in page if re.fullmatch(r"\d{3}", text)] == [row[0] for row in rows]


def test_a_row_and_the_lines_below_it_stay_on_one_page() -> None:
    rows = [[f"{number:03}"] for number in range(90)]
    below = [[f"evidence {number:03}", f"next {number:03}"] for number in range(90)]
    for page in pages(make(one(Section("", ["kit"], rows, below)), ".pdf")):
        assert [text[-3:] for text in page if text.startswith("next ")] == [
            text for text in page if re.fullmatch(r"\d{3}", text)
        ]


def test_a_row_taller_than_a_page_goes_on() -> None:
    words = " ".join(f"w{number}" for number in range(9000))
    found = pages(make(one(Section("", ["what"], [[words]], [[words]])), ".pdf"))
    assert len(found) > 2
    told = re.findall(r"w\d+", " ".join(" ".join(page) for page in found))
    assert told == words.split() * 2


@pytest.mark.parametrize(("columns", "landscape"), [(4, False), (9, True), (30, True)])
def test_the_page_turns_as_the_columns_need(columns: int, landscape: bool) -> None:
    section = Section("", [f"h{number}" for number in range(columns)], [["some words of it"] * columns] * 80)
    content = make(one(section), ".pdf")
    assert sizes(content) == {(841.89, 595.28) if landscape else (595.28, 841.89)}


def test_long_cells_are_broken_between_words_and_long_words_within() -> None:
    word = "0123456789abcdef" * 12
    section = Section("", ["tag", "meaning"], [[word, "a long tale " * 40]])
    (page,) = pages(make(one(section), ".pdf"))
    assert "".join(text for text in page if re.fullmatch(r"[0-9a-f]{4,}", text)) == word
    assert (
        " ".join(text for text in page if "tale" in text or text in ("a", "a long")).split()
        == ["a", "long", "tale"] * 40
    )


def test_letters_that_the_fonts_lack_are_replaced_and_that_is_told() -> None:
    kept = one(Section("", ["a"], [["Café – “Müller” €"]]))
    (page,) = pages(make(kept, ".pdf"))
    assert "Café – “Müller” €" in page
    assert not any("fonts" in text for text in page)
    (page,) = pages(make(one(Section("", ["a"], [["Dŵr Łódź ≥ 東京 \x07"]])), ".pdf"))
    assert "Dwr Lódz >= ?? ?" in page
    assert any(text.startswith("Some letters aren't in the fonts") for text in page)


@given(st.text(max_size=40))
@settings(max_examples=60)
def test_no_text_stops_it(text: str) -> None:
    section = Section(text, [text, "b"], [[text, 1]], [[text]], text)
    content = make(Document(text, text, MADE, [section]), ".pdf")
    assert content.startswith(b"%PDF-")
    assert all(byte >= 32 and byte != 127 for byte in pdf.plain(text).replace("\n", "").encode("cp1252"))
    assert pdf.plain(pdf.plain(text)) == pdf.plain(text)


def test_a_thousand_pages_are_numbered_without_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "_LINE", 120.0)
    found = pages(make(one(Section("", ["kit"], [[str(number)] for number in range(1001)])), ".pdf"))
    assert len(found) > 999
    assert f"page {len(found)} of {len(found)}" in found[-1]


def test_a_heading_is_never_left_alone_at_the_foot_of_a_page() -> None:
    for rows in range(25, 45):
        first = Section("First", ["kit"], [["007"]] * rows)
        second = Section("Second", ["kit"], [["008"]] * 2, note="a note of many words " * 400)
        found = pages(make(one(first, second), ".pdf"))
        (page,) = (page for page in found if "Second" in page)
        assert page[page.index("Second") + 1 : page.index("Second") + 3] == ["kit", "008"]
        assert " ".join(" ".join(page) for page in found).count("many") == 400
