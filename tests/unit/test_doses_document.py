"""docs/doses.md has the states of an opening, and why a kit needs counting, as the program follows them."""

import re
from pathlib import Path

from host.usage.doses import OPENING_STATES, WHYS

DOCUMENT = (Path(__file__).parents[2] / "docs/doses.md").read_text()


def rows(name: str) -> list[list[str]]:
    """The cells of the table between two markers, without its head."""
    found = re.search(rf"<!-- {name} -->\n(.*)\n<!-- /{name} -->", DOCUMENT, re.DOTALL)
    assert found, f"docs/doses.md has no table between the markers {name}"
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in found[1].splitlines()[2:]]


def asks(kind: str | None) -> str:
    """The kind of the question that a state raises, as people type it."""
    return f"`{kind.replace('_', '-')}`" if kind else ""


def test_the_states_of_an_opening_are_those_that_the_program_follows() -> None:
    assert rows("opening states") == [
        [name, str(state.text), "yes" if state.to_count else "no", asks(state.asks)]
        for name, state in OPENING_STATES.items()
    ]


def test_what_makes_a_kit_to_be_counted_is_what_the_program_follows() -> None:
    assert [each[:2] for each in rows("to count")] == [[why, str(text)] for why, text in WHYS.items()]
