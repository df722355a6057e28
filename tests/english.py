"""Phrases that no text of Kitdock has, each with the reason. `python -m tests.english` lists where they are.

Most of them are another language in English words. `make lint` and `tests/test_english.py` look for them in every
sentence that the program says, in its forms, in the documents and in the comments of the code. A phrase is here only
if good English can do without it. If one of them is in your way, say it another way, or make its pattern narrower.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
TEXTS = (
    *("*.md", "docs/*.md", "hardware/**/*.md", "host/**/*.py", "host/**/*.toml"),
    *("firmware/**/*.py", "hardware/**/*.py", "tests/**/*.py"),
)
NOT = {"tests/english.py", "tests/test_english.py"}
"""These name the phrases."""

BANNED = {
    r"(?:is|are|was|were) so(?=[.,;:?!)]| (?:and|or|already|now)\b)": "say what is the case",
    r"what (?:is|was) (?:already )?so\b": "say what is the case",
    r"holds? (?:it|that|this) so\b": "say what checks it",
    r"(?:is|are|was|were) told\b": "say who tells whom",
    r"somebody says\b": "say who says it",
    r"(?:is|are|was|were) to be counted\b": "say who counts it",
    r"(?<!for )stands? (?:in(?! for\b| \()|at|there)\b": "write 'is in'",
    r"looks ahead\b": "say how many days it covers",
    r"goes by\b": "say what it uses",
    r"said of (?:it|them|him|her)\b": "say who said what",
    r"(?:is|was) that of\b": "say what it is, has or says",
    r"either of them\b": "write 'either', or name both",
    r"all the same\b": "write 'anyway' or 'still'",
    r"apart by\b": "write 'differ by'",
    r"the own\b": "write 'its own' or 'your own'",
    r"such as have\b": "write 'those with'",
    r"(?<!at )one time\b(?!-| (?:zone|code|password)\b)": "write 'once'",
    r"(?<!there )(?:is|are) no (?:date|number|time|name|day)\b": "write 'isn't a date' or the like",
    r"(?:is|are) like that\b": "name what you mean",
    r"as it is then\b": "write 'at that time'",
    r"whose \w+ (?:is|was) it\b(?! ?\?)": "write 'whose pouch it is'",
    r"(?<!, )(?<!not )but for\b": "write 'except'",
    r"besides (?:the|a|an|that|those|this|its|their|what|his)\b": "write 'except', 'as well as' or 'next to'",
    r"whoever\b": "write 'the person who' or 'anyone who'",
}
"""Regular expressions, in which a space is whatever is between two words, and what to do instead."""

PATTERNS = {re.compile(rf"(?<!\w){pattern}", re.IGNORECASE): instead for pattern, instead in BANNED.items()}
GAP = re.compile(r"""(?:\s|\\n|["']\s*\n\s*f?["'])+""")
"""What can be between two words: the end of a line, and in a Python file of one string and the start of the next."""


class Hit(NamedTuple):
    """A banned phrase, where it is, and what to do instead."""

    path: Path
    line: int
    phrase: str
    instead: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: '{self.phrase}': {self.instead}"


def flattened(text: str) -> tuple[str, list[int]]:
    """The text with each gap as one space, and for each of its characters the line that it was on."""
    flat: list[str] = []
    lines: list[int] = []
    line, at = 1, 0
    for gap in GAP.finditer(text):
        words = text[at : gap.start()] + " "
        flat.append(words)
        lines += [line] * len(words)
        line += gap[0].count("\n")
        at = gap.end()
    return "".join(flat) + text[at:], lines + [line] * len(text[at:])


def hits_in(text: str, path: Path) -> Iterator[Hit]:
    """The banned phrases in a text; `path` is what it is called."""
    flat, lines = flattened(text)
    for pattern, instead in PATTERNS.items():
        for found in pattern.finditer(flat):
            yield Hit(path, lines[found.start()], found[0].strip(), instead)


def texts() -> list[Path]:
    """The files that people read: users, and developers."""
    found = {path for pattern in TEXTS for path in ROOT.glob(pattern) if "node_modules" not in path.parts}
    return sorted(path for path in found if path.relative_to(ROOT).as_posix() not in NOT)


def hits(path: Path) -> list[Hit]:
    """The banned phrases in a file, from its first line to its last."""
    return sorted(hits_in(path.read_text(encoding="utf-8"), path.relative_to(ROOT)))


def main() -> int:
    found = [hit for path in texts() for hit in hits(path)]
    for hit in found:
        print(hit)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
