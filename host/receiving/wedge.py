r"""What a scanner that types, a keyboard wedge, does to a bar code, and how it is undone.

GS1 allows 82 characters in a lot or serial (General Specifications, figure 7.11-1). None of
`# $ @ [ \ ] ^ { | } ~` or the blank is among them, so one of these inside a scan can only stand for the
separator FNC1. `_ % ? * ;` and all other marks are allowed in a lot: they are never taken for a separator.

| what arrives | what is done |
|---|---|
| blanks, CR, LF, TAB, NUL, STX, ETX, EOT around the scan | dropped |
| `]d2` `]C1` `]Q3` `]e0` `]J1` in front, also without the `]` | dropped: a GS1 code |
| `]E0` `]E3` `]E4` `]I1` in front | dropped: a product number alone must follow |
| `]D2` `]c1` `]q3` `]j1`; `]E0` before more than a number | caps lock: letters are turned back, and asked about |
| another `]..` in front, such as `]d1` or `]C0` | dropped, and asked about: the code does not call itself GS1 |
| FNC1 as GS (0x1D), also first or last | a separator |
| FNC1 as `<GS>` `{GS}` `[GS]` `<FNC1>` `{FNC1}` `[FNC1]` | a separator |
| FNC1 as `\x1d` `\u001d` `\FNC1` `^]` `&#29;`, U+241D, U+2194 | a separator |
| FNC1 as TAB, a blank, or one of `# $ @ [ \ ] ^ { \| } ~` | a separator |
| FNC1 lost, or replaced by a mark that a lot may have | fields run together: `host.receiving.gs1` asks |
| brackets, `(01)09506000134352(10)A1` | each bracket begins a field; blanks are dropped |
| small letters in a lot, and no `]d2` or the like in front | asked about: caps lock may be on |
| letters beyond ASCII, control characters, a second line | refused: keyboard layout, or two scans in one |
| a web address, HIBC (`+`), ISO 15434 (`[)>`) | refused: not this kind of code |

What replaces FNC1 is looked for only where no GS (0x1D) arrives.
"""

import re
from typing import Literal, NamedTuple

from host.errors import InputError
from host.phrase import Phrase
from host.receiving.printed import shown

MAX_SCAN = 200
"""Longest scan in characters; a pack's code with all national numbers is half as long."""

_AROUND = " \t\r\n\0\x02\x03\x04\ufeff"
_GS = "\x1d"
_SPELLED = re.compile(
    r"<GS>|\{GS\}|\[GS\]|<FNC1>|\{FNC1\}|\[FNC1\]|\\x1d|\\u001d|\\FNC1|\^\]|&#29;|[\u241d\u2194]|[#$@\[\\\]^{|}~\t ]",
    re.IGNORECASE,
)
_GS1 = ("d2", "C1", "Q3", "e0", "J1")
_RETAIL = ("E0", "E3", "E4", "I1")
_SYMBOLOGY = re.compile(r"\](\w\d)|(d2|C1|Q3|e0|J1|D2|c1|q3|j1)(?=\W*\d)", re.ASCII)
_ALLOWED = re.compile(r"[!-\"%-?A-Z_a-z]*")
_OTHERS = {
    "http": Phrase("scan.web_address"),
    "www.": Phrase("scan.web_address"),
    "+": Phrase("scan.hibc"),
    "[)>": Phrase("scan.iso_15434"),
}


class Typed(NamedTuple):
    """A scan with the scanner's habits undone.

    fields: the runs of characters between separators, none empty.
    separated: whether separators, or brackets, arrive: then no field hides another.
    kind: what the scanner calls the code, None if it says nothing that helps.
    swapped: whether caps lock was on and the letters have been turned back.
    doubt: what else a person must confirm.
    """

    fields: list[str]
    separated: bool
    kind: Literal["gs1", "retail"] | None
    swapped: bool
    doubt: Phrase | None

    @property
    def case_known(self) -> bool:
        """Whether the scan itself shows that caps lock was off."""
        return self.kind == "gs1" and not self.swapped


def undo(scan: str) -> Typed:
    """The fields of one scan. Raises `InputError` if it cannot be one."""
    text = scan.strip(_AROUND)
    if not text.strip(_GS + _AROUND):
        raise InputError("scan.nothing")
    if len(text) > MAX_SCAN or re.search(r"[\r\n]", text):
        raise InputError("scan.several", text=shown(text))
    head = _SYMBOLOGY.match(text)
    symbology = (head[1] or head[2]) if head else ""
    text = text[head.end() :] if head else text
    for start, other in _OTHERS.items():
        if text.lower().startswith(start):
            raise InputError("scan.not_gs1", text=shown(text), what=other)
    number_alone = re.fullmatch(r"\d{,14}", text) is not None
    swapped = symbology.swapcase() in _GS1 and not (symbology in _RETAIL and number_alone)
    gs1 = swapped or symbology in _GS1
    retail = not gs1 and symbology in _RETAIL
    fields, separated = _fields(text.swapcase() if swapped else text)
    doubt = Phrase("doubt.marked_otherwise", symbology=symbology)
    known = gs1 or retail or not symbology
    return Typed(fields, separated, "gs1" if gs1 else "retail" if retail else None, swapped, None if known else doubt)


def _fields(text: str) -> tuple[list[str], bool]:
    """The runs between separators, and whether there were any."""
    if _GS not in text:
        text = _SPELLED.sub(_GS, text)
    odd = text.replace(_GS, "")
    allowed = _ALLOWED.match(odd)
    if allowed and allowed.end() < len(odd):
        raise InputError("scan.strange_letter", text=shown(text), letter=odd[allowed.end()])
    if text.lstrip(_GS).startswith("("):
        _, *parts = re.split(r"\((\d{2,4})\)", odd)
        runs = [f"{ai}{value}" for ai, value in zip(parts[::2], parts[1::2], strict=True)]
        if not runs:
            raise InputError("scan.no_brackets", text=shown(odd))
        return runs, True
    return [run for run in text.split(_GS) if run], _GS in text
