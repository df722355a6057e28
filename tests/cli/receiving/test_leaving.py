"""The questions of receiving: each with `?`, `help`, `back`, `later`, nothing, nonsense and the end of the input."""

from typing import NamedTuple

import pytest

from host.cli.steps import line
from tests.cli.conftest import Station
from tests.cli.receiving.shelf import GTIN, kits, pack, receive

OTHER = "0100614141000036" + "1727053110C1"
"""A pack of a product that is not known."""
CLICKS_OWN = ("Error:", "[y/N]", "Aborted", "Usage:")


class Asked(NamedTuple):
    """A question: what is scanned and typed before it, how it is shown, and what is no answer to it."""

    before: tuple[str, ...]
    shown: str
    nonsense: str


QUESTIONS = {
    "product": Asked((OTHER,), line("ask.number_or_name"), "99"),
    "doses": Asked((OTHER, "Nyxoid"), line("ask.doses_in_one"), "none"),
    "lot": Asked((GTIN,), line("ask.lot"), "T1 exp soon"),
    "expiry": Asked((GTIN, "T1"), line("ask.expiry"), "soon"),
    "right": Asked((pack(expires="450101"),), line("ask.is_that_so"), "perhaps"),
}


@pytest.mark.parametrize("name", QUESTIONS)
@pytest.mark.usefixtures("terminal")
def test_each_question_tells_what_is_wanted_and_takes_no_such_word_for_an_answer(shelf: Station, name: str) -> None:
    asked = QUESTIONS[name]
    done = receive(shelf, *asked.before, "?", "help", "HELP", "", asked.nonsense)
    assert done.stderr.count(asked.shown) >= 6, done.stderr
    assert done.stderr.count("Type back or skip to leave this pack out") == 3
    assert not [each for each in CLICKS_OWN if each in done.output]
    assert kits(shelf) == []
    assert [row["product"] for row in shelf.json("product", "list")] == ["Naloxone X"]


@pytest.mark.parametrize("name", QUESTIONS)
@pytest.mark.usefixtures("terminal")
def test_back_leaves_the_pack_out_and_goes_on(shelf: Station, name: str) -> None:
    done = receive(shelf, pack(), *QUESTIONS[name].before, "back", pack("A2"))
    assert "skipped" in done.stderr.lower()
    assert [kit[1] for kit in kits(shelf)] == ["A1", "A2"]


@pytest.mark.parametrize("name", QUESTIONS)
@pytest.mark.parametrize("word", ["later", "done"])
@pytest.mark.usefixtures("terminal")
def test_later_ends_and_what_was_scanned_stays(shelf: Station, name: str, word: str) -> None:
    done = receive(shelf, pack(), *QUESTIONS[name].before, word, pack("A2"))
    assert "skipped" in done.stderr.lower()
    assert [kit[1] for kit in kits(shelf)] == ["A1"]


@pytest.mark.usefixtures("terminal")
def test_the_same_words_work_between_packs(shelf: Station) -> None:
    done = receive(shelf, "?", "help", "back", pack(), pack("A2"), "Back", "later", pack("A3"))
    assert done.stderr.count("Or type back to take back the last kit") == 2
    assert [kit[1] for kit in kits(shelf)] == ["A1"]
