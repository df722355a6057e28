"""Each sentence with example fields: whole, short, without a gap left open; and the page that has them all."""

import re

import pytest

from host.words import en_GB
from tests import sentences
from tests.test_words import REFUSALS, codes, everything

LONGEST = 330
"""Characters of a sentence, or of the few that belong together, with short fields: four lines of a terminal."""

SAID = [(code, said) for _, code, said in sentences.said()]
REFUSED = sorted({code for _, call, name in everything() if name in REFUSALS for code in codes(call, name) if code})
"""Codes of what is refused: these stand by themselves before a person."""

GAP = re.compile(r"[{}]|\bNone\b(?! (?:of|has|is|was)\b)|\bTrue\b| [,.;:!](?:\s|$)|[^.]\.\.(?!\.)|,\.")
"""What is left where a field was not filled, or was empty."""

NO_GAP = {"answers.no_object", "found.limits"}
"""What shows JSON; and limits of which at least one is always there."""

GO_ON = ("pouch.is_with", "pouch.was_with", "bench.")
"""What goes on after something else: Pouch P-03 is with officer 4101. FAILED: the board was not heard."""

ENDS = (".", "?", "!", ":", "\N{HORIZONTAL ELLIPSIS}", "...")


@pytest.mark.parametrize(("code", "said"), SAID)
def test_a_sentence_is_short_and_has_no_gap(code: str, said: str) -> None:
    assert len(said) <= LONGEST, said
    assert code in NO_GAP or not GAP.search(said.strip("\n ")), said
    assert said == said.rstrip() or said.endswith("> "), "spaces at the end"


@pytest.mark.parametrize(("code", "said"), SAID)
def test_what_ends_as_a_sentence_begins_as_one(code: str, said: str) -> None:
    first = said.lstrip(" !\n")[:1]
    inside = isinstance(text := en_GB.SENTENCES.get(code), str) and text.startswith("{")
    if said.endswith((".", "?")) and not said.endswith("...") and not inside and not code.startswith(GO_ON):
        assert not first.islower(), said


@pytest.mark.parametrize("code", REFUSED)
def test_a_refusal_is_a_sentence(code: str) -> None:
    text = en_GB.SENTENCES[code]
    open_ended = callable(text) or text.endswith("}")  # ends as what it says of another sentence
    for said in {each for known, each in SAID if known == code}:
        assert open_ended or said.rstrip("`").endswith(ENDS), said
        assert not said[0].islower() or callable(text) or text.startswith("{"), said


def test_there_are_refusals_to_look_at() -> None:
    assert len(REFUSED) > 250
    assert set(REFUSED) <= set(en_GB.SENTENCES)


def test_the_page_has_each_sentence_as_it_is() -> None:
    shown = sentences.PAGE.read_text(encoding="utf-8")
    assert shown == sentences.page(), "`python -m tests.sentences` writes it anew"


QUOTING = {
    "docs/quartermaster.md": "| you see | what it means, and what you do |",
    "docs/station.md": "| what it says | what it means | what to do |",
    "docs/flashing.md": "| it says | do |",
}
"""Guides, and the head of the table in each that says what a message means."""


@pytest.mark.parametrize(("guide", "head"), QUOTING.items(), ids=lambda each: each[:24])
def test_a_guide_quotes_what_is_said(guide: str, head: str) -> None:
    root = sentences.PAGE.parents[1]
    by_the_tag = (root / "firmware/provision.py").read_text(encoding="utf-8")
    everything_said = "\n".join([*(re.sub(r"\s+", " ", said) for _, said in SAID), by_the_tag])
    table = (root / guide).read_text(encoding="utf-8").partition(head)[2].partition("\n\n")[0]
    quoted = [each for row in table.splitlines()[2:] for each in re.findall(r"`([^`]+)`", row.split("|")[1])]
    assert len(quoted) >= 5
    missing = [each for each in quoted for part in each.split("...") if part.strip() not in everything_said]
    assert missing == []
