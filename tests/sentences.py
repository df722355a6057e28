"""Every sentence that people read, with example fields: `python -m tests.sentences` writes docs/sentences.md.

The page is for somebody to read in an hour, aloud. A test holds it to the sentences as they are.
"""

import inspect
import re
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from string import Formatter
from types import NoneType
from typing import Any, get_args, get_origin
from unittest.mock import patch

from host.clock import Instant
from host.phrase import NextStep, Phrase
from host.words import BRITISH, Sentence, en_GB, told

PAGE = Path(__file__).parents[1] / "docs/sentences.md"

SECTIONS: Mapping[str, Mapping[str, Sentence]] = {
    "What was typed, settings, roles, keys": en_GB.ACCESS,
    "The database": en_GB.STORE,
    "Stock": en_GB.STOCK,
    "Uses of kits": en_GB.USAGE,
    "What does not agree, and what expires": en_GB.RECONCILE,
    "Tags, the dock, the bench, the virtual station": en_GB.TAGS,
    "Commands": en_GB.COMMANDS,
}

AT = Instant(1_795_946_520_000, "Europe/London")
LATER = Instant(1_795_957_320_000, "Europe/London")
"""29 Nov 2026, 10:02 and 13:02."""

EXAMPLES: Mapping[str, object] = {
    "at": AT,
    "battery": 70,
    "began": AT,
    "cause": "training",
    "closed_at": AT,
    "day": "30 Nov 2026",
    "document": "WD-118",
    "ended": LATER,
    "columns": "It needs the columns kit and lot.",
    "error": "The tag said nothing for 5 s.",
    "error_ms": 90_000,
    "expires_on": date(2028, 4, 30),
    "file": "kits.csv",
    "first_at": AT,
    "folder": "/srv/kitdock",
    "how": "bring it closer",
    "instead": "Take it back first.",
    "gtin": "09506000134352",
    "kit": "K-0007",
    "login": "stores",
    "lot": "A3",
    "number": "K-0007",
    "officer": "4101",
    "opening": "P-03:12",
    "path": "/srv/kitdock/station.db",
    "place": "North",
    "port": "/dev/ttyACM0",
    "pouch": "P-03",
    "product": "Naloxone X",
    "reason": "seal broken",
    "report": 12,
    "role": "quartermaster",
    "station": "North",
    "tag": "0011223344556677",
    "text": "30/13/2026",
    "unit": "Response A",
    "who": "officer 4101",
    "where": "Get one from micropython.org.",
    "whom": "is with officer 4101",
    "why": "the seal is broken",
    "wrong": "Kit K-0012 is there twice.",
}
"""What goes into a field of that name; any other gets its name in capitals, or a number where it needs one."""

_LISTS = {"failed", "keys", "ranges", "readings", "reasons"}
_TEXTS = {"part", "port", "reason", "unit"}
"""Fields of functions that do not say what they take; all others of these take numbers."""


class Text(str):
    """A text that may be a day or a time as well."""

    __slots__ = ()

    def __format__(self, form: str) -> str:
        if form in ("on", "lately"):
            return f"on {self}"
        return super().__format__("" if form == "month" else form)


def example(name: str, spec: str = "") -> Any:
    """What may go into a field of a text."""
    if spec in ("on", "lately", "month"):
        return date(2028, 4, 30) if name.endswith("_on") or name in ("known", "day", "until") else AT
    if spec == "bound":
        return 90_000
    if spec == "times" or spec in en_GB.NOUNS:
        return 2
    if spec in en_GB.JOINED and spec:
        return [f"{EXAMPLES.get(name.rstrip('s'), name.upper())}", "K-0012" if "kit" in name else "another"]
    found = EXAMPLES.get(name, name.upper())
    return 2 if spec and isinstance(found, str) and not spec.endswith("s") else found


def fields(sentence: Sentence, least: bool = False) -> dict[str, Any]:
    """Example fields of a sentence; of a function the `least` that it can do with, or all."""
    if not callable(sentence):
        return {name: example(name, spec or "") for _, name, spec, _ in Formatter().parse(sentence) if name}
    taken = [each for each in inspect.signature(sentence).parameters.values() if each.kind is not each.VAR_KEYWORD]
    return {each.name: _of_kind(each, least) for each in taken if not least or each.default is each.empty}


def _of_kind(parameter: inspect.Parameter, least: bool) -> Any:
    """What a function may get for the parameter."""
    kind: Any = parameter.annotation
    name = parameter.name
    if kind is parameter.empty:
        return ["A1", "B2"] if name in _LISTS else EXAMPLES.get(name, "A1") if name in _TEXTS else 2
    kinds = get_args(kind) if get_origin(kind) is not list else (kind,)
    if least and NoneType in kinds:
        return None
    kind = next((each for each in kinds if each is not NoneType), kind)
    if get_origin(kind) is list:
        return ([2, 3] if get_args(kind) == (int,) else ["A1", "B2"])[: 1 if least else 2]
    found = {int: 2, float: 2.5, bool: True, Path: Path("/srv/kitdock/station.db")}.get(kind, EXAMPLES.get(name, "A1"))
    return Text(found) if isinstance(found, str) else found


def said() -> Iterator[tuple[str, str, str]]:
    """Section, code and sentence of everything that is said; of a function, each different way that it can say it.

    It is the day after `AT`, whatever day it is.
    """
    with patch("host.clock.now_ms", return_value=AT.at_ms + 86_400_000):
        yield from _said()


def _said() -> Iterator[tuple[str, str, str]]:
    for section, sentences in SECTIONS.items():
        for code, sentence in sentences.items():
            ways = {
                told(Phrase(code, **fields(sentence, least)))
                for least in ((True, False) if callable(sentence) else (False,))
            }
            yield from ((section, code, each) for each in sorted(ways))
    for action in en_GB.STEPS:
        yield "What can be done next", action, told(NextStep(action, **fields(en_GB.STEPS[action])))


def page() -> str:
    """The page as it is to be."""
    lines = [
        "# Every sentence",
        "",
        "Everything that Kitdock says to people, with made-up kits and officers in the gaps, apart from the help and",
        "the questions of a form. `python -m tests.sentences` writes this page from `host/words/en_GB.py`; change the",
        "sentences there. Read them aloud: that is how you hear what is wrong.",
    ]
    before = ""
    for section, code, sentence in said():
        if section != before:
            lines += ["", f"## {section}", "", "| code | sentence |", "|---|---|"]
            before = section
        shown = re.sub(r"\s*\n\s*", " / ", sentence).replace("|", "\\|")
        lines.append(f"| `{code}` | {shown} |")
    lines += ["", "## Headings and values in tables", "", "| code | text |", "|---|---|"]
    lines += [f"| `{code}` | {text} |" for code, text in BRITISH.headings.items() if code]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
