"""No text that people read has a phrase that `tests.english` bans, and the search finds what it is for."""

from pathlib import Path

import pytest

from tests import english

HERE = Path("here")


@pytest.mark.parametrize("path", english.texts(), ids=lambda path: path.relative_to(english.ROOT).as_posix())
def test_no_banned_phrase_is_in(path: Path) -> None:
    assert [str(hit) for hit in english.hits(path)] == []


def test_words_forms_and_documents_are_looked_at() -> None:
    looked_at = {path.relative_to(english.ROOT).as_posix() for path in english.texts()}
    assert {"README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "docs/roles.md"} <= looked_at
    assert {"host/words/en_GB.py", "host/forms/england_wales.toml", "hardware/errata.md"} <= looked_at


@pytest.mark.parametrize(
    "text",
    [
        "This is so.",
        "the file says what is so",
        "the officer is told that the kit expires",
        "The key stands\n  in the database.",
        '"{pouch} stands "\n        f"in {place}"',
        "either of them will do",
        "it is counted all the same",
        "with the own login",
        "'31/11' is no date",
        "counted one time",
        "everything but for the keys",
        "nobody besides the quartermaster",
        "Whoever docks it",
        "find whose pouch is it",
    ],
)
def test_a_banned_phrase_is_found(text: str) -> None:
    assert len(list(english.hits_in(text, HERE))) >= 1


@pytest.mark.parametrize(
    "text",
    [
        "The kit is so old that it can't be issued.",
        "A spare tag stands in for the lost one.",
        "There is no date on the box.",
        "One kit at one time, in one time zone.",
        "Not for the officer, but for the quartermaster.",
        "Whose pouch is it?",
        "Besides, the box is empty.",
    ],
)
def test_good_english_is_left_alone(text: str) -> None:
    assert list(english.hits_in(text, HERE)) == []


def test_a_hit_names_its_line() -> None:
    (hit,) = english.hits_in("One.\n\nTwo and\nit is\ntold to us.", HERE)
    assert str(hit) == "here:4: 'is told': say who tells whom"
