"""A pouch's label: its name, and the id of its tag as a QR code. Nothing on it is secret."""

import io
from html import escape
from pathlib import Path

import segno

from host.errors import InputError

FORMS = (".svg", ".png")
"""Endings of the files that a label can be written to."""

_WIDTH = 60
"""Width of the SVG label in millimetres; a QR code of 16 digits is read from 20 mm."""


def check(path: Path) -> None:
    """Raises `InputError` if no label can be written to `path`."""
    if path.suffix.lower() not in FORMS:
        raise InputError("label.no_file", path=path, endings=FORMS)
    if not path.parent.is_dir():
        raise InputError("label.no_folder", folder=path.parent)


def write(path: Path, pouch: str, tag_id: str) -> None:
    """Write the label to `path`: as .svg with its text, as .png the QR code alone. Raises `OSError`."""
    if path.suffix.lower() == ".png":
        buffer = io.BytesIO()
        _code(tag_id).save(buffer, kind="png", scale=8)
        path.write_bytes(buffer.getvalue())
    else:
        path.write_text(svg(pouch, tag_id), encoding="utf-8")


def svg(pouch: str, tag_id: str) -> str:
    """The label as an SVG of 60 mm by 30 mm."""
    code = _code(tag_id).svg_inline(scale=1, border=2, omitsize=True).replace("<svg ", '<svg width="28" height="28" ')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}mm" height="30mm" viewBox="0 0 {_WIDTH} 30">'
        f'<rect width="{_WIDTH}" height="30" fill="#fff"/><g transform="translate(1 1)">{code}</g>'
        f'<text x="31" y="15" font-family="sans-serif" font-size="6">{escape(pouch)}</text>'
        f'<text x="31" y="22" font-family="monospace" font-size="2.7">{escape(tag_id)}</text></svg>\n'
    )


def text(pouch: str, tag_id: str) -> str:
    """The label for a dark terminal, two rows of the code to a line."""
    rows = [list(row) for row in _code(tag_id).matrix_iter(border=2)]
    if len(rows) % 2:
        rows.append([0] * len(rows[0]))
    blocks = {(0, 0): "█", (0, 1): "▀", (1, 0): "▄", (1, 1): " "}
    lines = [
        "".join(blocks[bool(upper), bool(lower)] for upper, lower in zip(*pair, strict=True))
        for pair in zip(rows[::2], rows[1::2], strict=True)
    ]
    return "\n".join([f"pouch {pouch}", *lines, tag_id])


def _code(tag_id: str) -> segno.QRCode:
    # Upper case makes it a QR code of letters and digits, which is smaller than one of bytes.
    return segno.make(tag_id.upper(), error="m", micro=False)
