"""A document as HTML: whole, escaped, without anything from elsewhere, and readable by a screen reader."""

from __future__ import annotations

from html.parser import HTMLParser

from hypothesis import example, given
from hypothesis import strategies as st

from host.sheets import Document, Section, make
from tests.unit.sheets.conftest import MADE

VOID = {"meta", "br"}


class Page(HTMLParser):
    """The text of each element, in order, and whether all that was opened was closed."""

    def __init__(self, document: Document) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, dict[str, str | None], str]] = []
        self.feed(make(document, ".html").decode("utf-8"))
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs), ""))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip():
            tag, attrs, text = self.found[-1]
            self.found[-1] = (tag, attrs, text + data)

    def texts(self, tag: str, **attrs: str) -> list[str]:
        return [text for found, has, text in self.found if found == tag and attrs.items() <= has.items()]


def test_the_page_has_all_and_escapes_it(summary: Document) -> None:
    page = Page(summary)
    assert page.texts("title") == page.texts("h1") == ["Monthly summary, Example Police"]
    assert page.texts("p") == [
        "1 to 31 May 2026",
        "Made 1 May 2026, 18:30. Times are in the time zone Europe/London.",
        "1 older kit is not shown",
    ]
    assert page.texts("th", scope="row") == ["007", "008", "opening unexplained", "expired carried"]
    assert page.texts("th", scope="col")[:3] == ["kit", "lot", "expires"]
    assert "<b>&" in page.texts("td")


def test_lines_below_a_row_span_it_and_stay_with_it(summary: Document) -> None:
    page = Page(summary)
    assert page.texts("td", colspan="2") == [
        "opened at 18:02 for 4 min",
        "next: ask officer 4101",
        "expired <yesterday>",
        "next: replace it",
    ]
    assert len(page.texts("tbody")) == 4


def test_every_table_has_a_caption_with_its_count(summary: Document) -> None:
    page = Page(summary)
    assert page.texts("caption") == ["", ""]
    assert page.texts("b") == ["Kits, 2 rows", "Discrepancies, 2 rows"]
    alone = Page(Document("t", "", MADE, [Section("", ["a", ""], [[1, 2]])]))
    assert alone.texts("caption") == ["1 row"]
    assert alone.texts("th", scope="col") == ["a"], "a column without heading has no empty one"


def test_numbers_stand_at_the_right(summary: Document) -> None:
    assert Page(summary).texts("td", **{"class": "number"}) == ["2", ""]


def test_nothing_comes_from_elsewhere(summary: Document) -> None:
    page = Page(summary)
    policy = [attrs["content"] for tag, attrs, _ in page.found if tag == "meta" and "http-equiv" in attrs]
    assert policy == ["default-src 'none'; style-src 'unsafe-inline'"]
    assert not {"link", "script", "img", "iframe"} & {tag for tag, _, _ in page.found}
    assert not any({"src", "href"} & attrs.keys() for _, attrs, _ in page.found)
    style = "".join(page.texts("style"))
    assert "url(" not in style
    assert "@import" not in style
    assert "size: A4" in style
    assert "table-header-group" in style


MARKUP = st.lists(
    st.sampled_from(["<i>", "</td>", "<script>", "</script>", "&lt;", '"', "'", "\n"]) | st.text(max_size=5), max_size=6
).map("".join)


@given(MARKUP)
@example("<script>x</script>")
def test_no_text_becomes_markup(text: str) -> None:
    section = Section(text, [text, "b"], [[text, text]], [[text]], text)
    plain = Section("h", ["h", "b"], [["h", "h"]], [["h"]], "h")
    tags = [tag for tag, _, _ in Page(Document(text, text, MADE, [section])).found if tag not in ("br", "p", "b")]
    expected = [tag for tag, _, _ in Page(Document("h", "h", MADE, [plain])).found if tag not in ("br", "p", "b")]
    assert sorted(tags) == sorted(expected) or not text
