"""A document as one HTML file that needs nothing else: for the screen in light and dark, for A4, for a mail."""

from collections.abc import Iterator
from html import escape

from host.phrase import Phrase
from host.sheets import Document, Section, is_numeric, shown
from host.words import told

_STYLE = """\
:root { color-scheme: light dark; }
body { font: 0.9rem/1.4 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; }
h1 { font-size: 1.4rem; margin: 0; }
p { margin: 0.25rem 0 0; }
.quiet, caption, .below td { color: color-mix(in srgb, CanvasText 70%, Canvas); }
table { border-collapse: collapse; margin-top: 1.5rem; width: 100%; }
caption { padding: 0.3rem 0; text-align: left; }
caption b { color: CanvasText; font-size: 1.1rem; }
th, td { overflow-wrap: anywhere; padding: 0.3rem 0.6rem; text-align: left; vertical-align: top; }
tbody { border-top: 1px solid color-mix(in srgb, CanvasText 25%, Canvas); break-inside: avoid; }
thead { border-bottom: 2px solid; display: table-header-group; }
tbody th { font-weight: 600; }
.number { font-variant-numeric: tabular-nums; text-align: right; }
.below td { padding: 0 0.6rem 0.3rem 2rem; }
@page { margin: 12mm; size: A4; }
@media print {
  :root { color-scheme: light; }
  body { font-size: 9pt; margin: 0; max-width: none; padding: 0; }
  caption { break-after: avoid; }
}
"""


def make(document: Document) -> bytes:
    """The file, in UTF-8. Its policy forbids to load anything from anywhere."""
    title = escape(document.title)
    lines = [
        "<!doctype html>",
        '<html lang="en-GB">',
        '<meta charset="utf-8">',
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        '<meta name="viewport" content="width=device-width">',
        f"<title>{title}</title>",
        f"<style>\n{_STYLE}</style>",
        "<main>",
        f"<h1>{title}</h1>",
        *([f"<p>{_words(document.line)}</p>"] if document.line else []),
        f'<p class="quiet">{escape(document.stamp)}</p>',
        *(line for section in document.sections for line in _table(section)),
        "</main>",
        "</html>",
        "",
    ]
    return "\n".join(lines).encode()


def _table(section: Section) -> Iterator[str]:
    numeric = [is_numeric(column) for column in zip(*section.rows, strict=True)] or [False] * len(section.columns)
    count = told(Phrase("paper.rows", rows=len(section.rows)))
    yield "<table>"
    yield f"<caption>{f'<b>{_words(section.heading)}</b>, ' if section.heading else ''}{count}</caption>"
    yield f"<thead><tr>{''.join(map(_head, section.columns, numeric))}</tr></thead>"
    for number, row in enumerate(section.rows):
        first, *others = (f"{_right(right)}>{_words(shown(value))}" for value, right in zip(row, numeric, strict=True))
        cells = "".join(f"<td{cell}</td>" for cell in others)
        yield f'<tbody><tr><th scope="row"{first}</th>{cells}</tr>'
        for line in section.details[number] if section.details else ():
            yield f'<tr class="below"><td colspan="{len(row)}">{_words(line)}</td></tr>'
        yield "</tbody>"
    yield "</table>"
    if section.note:
        yield f"<p>{_words(section.note)}</p>"


def _head(heading: str, right: bool) -> str:
    """A heading; a column without one gets no empty heading, which would be read aloud as one."""
    return f'<th scope="col"{_right(right)}>{_words(heading)}</th>' if heading else "<td></td>"


def _right(right: bool) -> str:
    return ' class="number"' if right else ""


def _words(text: str) -> str:
    return "<br>".join(map(escape, text.splitlines()))
