"""What an officer is asked at the terminal when a pouch docks."""

from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner, Result

from host import clock, forms
from host.cli import asking
from host.prompting import unexplained_openings
from host.roles import PROGRAMME_LEAD
from host.store import Store
from tests.cli.conftest import Station

TAG = "0000000000000001"
FORM = ["North", "", "", "", "", "", *["n"] * 8, "unconscious", "", "y", "n"]
"""Answers in order: area, time, gender, age, substance, doses, eight of first aid, outcome, ambulance, paramedics,
resupply."""


@pytest.fixture
def store(force: Station) -> Iterator[Store]:
    force.dock(TAG, ("lid_open", 5), ("dose_mark", 4.99), ("dose_mark", 4.95), ("lid_close", 4.9))
    with Store.open(force.db) as opened:
        opened.grant(opened.login, PROGRAMME_LEAD, None, clock.now_ms())
        yield opened


def ask(store: Store, *typed: str) -> Result:
    @click.command()
    def prompt() -> None:
        for opening in unexplained_openings(store, TAG):
            asking.ask_opening(store, opening, forms.DEFAULT)

    return CliRunner().invoke(prompt, input="".join(f"{line}\n" for line in typed), catch_exceptions=False)


def said(store: Store) -> list[tuple[str, str, int | None]]:
    return [(each.officer, each.cause, each.doses) for each in store.explanations()]


def test_opening_that_was_not_a_use_takes_one_answer(store: Store) -> None:
    asked = ask(store, "2")
    assert asked.exit_code == 0
    assert asked.stdout == ""  # standard output is for results
    assert "Pouch P1 was opened at" in asked.stderr
    assert said(store) == [("1207", "training", None)]
    assert unexplained_openings(store) == []


def test_empty_answer_leaves_the_question_for_later(store: Store) -> None:
    assert ask(store, "").exit_code == 0
    assert said(store) == []
    assert len(unexplained_openings(store)) == 1


def test_use_is_recorded_with_the_marks_and_reported_later(store: Store) -> None:
    assert "Doses given [2]" in ask(store, "used", "", "n").stderr
    assert said(store) == [("1207", "used", 2)]
    assert store.reports() == []


def test_use_is_reported_at_once(store: Store) -> None:
    asked = ask(store, "1", "4", "", *FORM)
    assert "usage report 1 filed" in asked.stderr
    assert said(store) == [("1207", "used", 4)]
    report, protected = store.report(1)
    assert (report.doses, report.officer, report.sequence) == (4, "1207", 1)
    assert protected["outcome"] == "unconscious"


def test_report_that_is_broken_off_leaves_the_explanation(store: Store) -> None:
    assert ask(store, "1", "", "y", "North").exit_code == 1
    assert said(store) == [("1207", "used", 2)]
    assert store.reports() == []


def test_impossible_doses_are_asked_again(store: Store) -> None:
    asked = ask(store, "1", "0", "100", "two", "8", "n")
    assert asked.exit_code == 0
    assert said(store) == [("1207", "used", 8)]


def test_collar_number_is_asked_if_nobody_carried_the_pouch(store: Store, force: Station) -> None:
    force.tag("P2")
    force.dock("0000000000000002", ("lid_open", 3), ("lid_close", 2))
    opening = unexplained_openings(store, "0000000000000002")[0]

    @click.command()
    def prompt() -> None:
        asking.ask_opening(store, opening, forms.DEFAULT)

    asked = CliRunner().invoke(prompt, input="3\n9999\n1207\n", catch_exceptions=False)
    assert "no officer 9999" in asked.stderr
    assert said(store) == [("1207", "inspection", None)]


def test_an_answer_that_is_needed_is_asked_for_again(store: Store) -> None:
    asked = ask(store, "used", "", "y", "", *FORM)
    assert asked.stderr.count("this answer is needed") == 1
    assert len(store.reports()) == 1
