"""What an officer is asked at the terminal when a pouch docks."""

from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner, Result

from host import clock, forms
from host.access.roles import OFFICER, PROGRAMME_LEAD
from host.cli import asking
from host.reconcile import reconcile
from tests.cli.conftest import DAY_MS, HOUR_MS, Station, day
from tests.station import Store

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


def dock(store: Store, *typed: str, tag: str = TAG) -> Result:
    """What is asked when the pouch has docked, and answered with the lines `typed`."""

    @click.command()
    def prompt() -> None:
        asking.ask_about(store, [tag], forms.DEFAULT)

    return CliRunner().invoke(prompt, input="".join(f"{line}\n" for line in typed), catch_exceptions=False)


def ask(store: Store, *typed: str) -> Result:
    """As `dock`, where the holder has confirmed the collar number."""
    return dock(store, "", *typed)


def said(store: Store) -> list[tuple[str | None, str, int | None]]:
    return [(each.officer, each.cause, each.doses) for each in store.explanations()]


def test_opening_that_was_not_a_use_takes_one_answer(store: Store) -> None:
    asked = ask(store, "2")
    assert asked.exit_code == 0
    assert asked.stdout == ""  # standard output is for results
    assert (
        "Pouch P1 is issued to officer 1207.\nIf you answer for yourself and not for an officer, type me."
        in asked.stderr
    )
    assert "Your collar number [1207]" in asked.stderr
    assert "Hello, 1207.\n\nPouch P1 was opened " in asked.stderr
    assert "  2  Training\n" in asked.stderr
    assert "For pouch P1 we have: training. If that is wrong, use `kitdock openings explain P1:1`." in asked.stderr
    assert said(store) == [("1207", "training", None)]
    assert store.unexplained_openings() == []


def test_empty_answer_leaves_the_question_for_later(store: Store) -> None:
    assert ask(store, "").exit_code == 0
    assert said(store) == []
    assert len(store.unexplained_openings()) == 1


def test_use_is_recorded_with_the_marks_and_reported_later(store: Store) -> None:
    assert "Doses given [2]" in ask(store, "used", "", "n").stderr
    assert said(store) == [("1207", "used", 2)]
    assert store.reports() == []


def test_use_is_reported_at_once(store: Store) -> None:
    asked = ask(store, "1", "4", "", *FORM)
    assert "Usage report 1 is filed." in asked.stderr
    assert said(store) == [("1207", "used", 4)]
    report, protected = store.report(1)
    assert (report.doses, report.officer, report.sequence) == (4, "1207", 1)
    assert protected["outcome"] == "unconscious"


def test_report_that_is_broken_off_leaves_the_explanation(store: Store) -> None:
    assert ask(store, "1", "", "y", "North").exit_code == 0
    assert said(store) == [("1207", "used", 2)]
    assert store.reports() == []


def test_impossible_doses_are_asked_again(store: Store) -> None:
    asked = ask(store, "1", "0", "100", "two", "8", "n")
    assert asked.exit_code == 0
    assert said(store) == [("1207", "used", 8)]


def test_collar_number_is_asked_if_nobody_carried_the_pouch(store: Store, force: Station) -> None:
    force.tag("P2")
    force.dock("0000000000000002", ("lid_open", 3), ("lid_close", 2))
    asked = dock(store, "9999", "1207", "3", tag="0000000000000002")
    assert "Pouch P2 is issued to nobody." in asked.stderr
    assert "Your collar number: 9999\n  There's no officer 9999." in asked.stderr
    assert said(store) == [("1207", "inspection", None)]


def test_who_says_another_number_speaks_in_that_name_and_it_is_noted(store: Store) -> None:
    store.add_officer("1300", None, clock.now_ms())
    assert dock(store, "1300", "2").exit_code == 0
    assert said(store) == [("1300", "training", None)]
    found = reconcile(store.situation(clock.now_ms()))
    # What was said tells as much as who docked it, so that is not asked as well; and the tag has two dose marks.
    assert [each.kind for each in found] == ["explanation_contradicted", "explained_by_another"]


def test_who_docks_a_pouch_of_another_and_says_nothing_is_noted(store: Store) -> None:
    store.add_officer("1300", None, clock.now_ms())
    assert dock(store, "1300", "").exit_code == 0
    assert said(store) == []
    found = reconcile(store.situation(clock.now_ms()))
    assert {each.kind for each in found} == {"opening_unexplained", "docked_by_another"}


def test_who_has_the_pouch_now_is_asked_although_another_had_it_when_it_was_opened(store: Store) -> None:
    now_ms = clock.now_ms()
    store.add_officer("1300", day(-60), now_ms)
    store.add_kit("K2", "Nyxoid", "A1", None, None, now_ms - DAY_MS)
    store.return_kit("K1", now_ms - 60_000, doses=0)
    store.issue_kit("K2", "1300", "P1", now_ms - 60_000)
    asked = dock(store, "", "")
    assert "Pouch P1 is issued to officer 1300." in asked.stderr
    assert "Your collar number [1300]" in asked.stderr


def test_who_keeps_the_stock_may_speak_for_oneself(store: Store) -> None:
    assert dock(store, "me", "4").exit_code == 0
    assert [(each.officer, each.cause, each.login) for each in store.explanations()] == [
        (None, "restocking", store.login)
    ]


def test_an_account_that_officers_share_cannot_speak_for_itself(force: Station) -> None:
    force.dock(TAG, ("lid_open", 5), ("lid_close", 4.9))
    with Store.open(force.db) as store:
        store.grant("dock", OFFICER, None, clock.now_ms())
    with Store.open(force.db, login="dock") as store:
        asked = dock(store, "me", "1207", "2")
        assert "yourself" not in asked.stderr
        assert "no officer me" in asked.stderr
    with Store.open(force.db) as store:
        assert [(each.officer, each.login) for each in store.explanations()] == [("1207", "dock")]


def test_an_officers_own_account_is_not_asked_who_speaks(force: Station) -> None:
    force.dock(TAG, ("lid_open", 5), ("lid_close", 4.9))
    with Store.open(force.db) as store:
        store.grant("constable", OFFICER, "1207", clock.now_ms())
    with Store.open(force.db, login="constable") as store:
        assert "collar number" not in dock(store, "2").stderr
    with Store.open(force.db) as store:
        assert said(store) == [("1207", "training", None)]


def test_a_report_that_is_missing_since_an_earlier_docking_is_asked_for(store: Store) -> None:
    ask(store, "1", "", "n")
    asked = ask(store, "", *FORM)
    assert "has no report yet. File it now?" in asked.stderr
    assert [(each.doses, each.sequence) for each in store.reports()] == [(2, 1)]
    assert dock(store).stderr == "", "nothing is left to ask"


def test_a_report_that_was_filed_before_docking_is_of_that_opening_and_nothing_is_asked(force: Station) -> None:
    with Store.open(force.db) as store:
        now_ms = clock.now_ms()
        when = clock.iso(now_ms - 5 * HOUR_MS, store.station.time_zone)
        store.add_report(forms.DEFAULT, "1207", None, 2, {"incident_at": when}, {}, now_ms)
    force.dock(TAG, ("lid_open", 5), ("lid_close", 4.9))
    with Store.open(force.db) as store:
        assert [(each.tag, each.sequence) for each in store.reports()] == [(TAG, 1)]
        assert dock(store).stderr == ""
        assert said(store) == []


def test_which_kit_was_used_is_asked_if_two_were_in_the_pouch(store: Store) -> None:
    now_ms = clock.now_ms()
    store.add_kit("K2", "Nyxoid", "A1", None, None, now_ms - 20 * DAY_MS)
    store.issue_kit("K2", "1207", "P1", now_ms - 20 * DAY_MS)
    asked = ask(store, "1", "", "y", "K7", "K2", *FORM)
    assert "Which kit was used: K1 or K2?" in asked.stderr
    assert "Type K1 or K2, or press Enter" in asked.stderr
    assert [each.kit for each in store.reports()] == ["K2"]
    assert [store.state(kit).doses_used for kit in ("K1", "K2")] == [0, 2]


def test_an_answer_that_is_needed_is_asked_for_again(store: Store) -> None:
    asked = ask(store, "used", "", "y", "", *FORM)
    assert asked.stderr.count("This one is required.") == 1
    assert len(store.reports()) == 1
