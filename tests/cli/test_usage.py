"""Usage reports at the command line: filed from a file, from standard input and at a terminal; listed; shown."""

import json
from pathlib import Path

import pytest

from host import clock
from host.roles import PROGRAMME_LEAD
from tests.cli.conftest import Station
from tests.unit.test_forms import ANSWERS

TAG = "0000000000000001"
GIVEN = json.dumps({**ANSWERS, "incident_at": "2020-01-05T18:30"})


def opened(force: Station) -> Station:
    force.dock(TAG, ("lid_open", 5), ("dose_mark", 4.99), ("dose_mark", 4.95), ("lid_close", 4.9))
    return force


def lead(station: Station) -> None:
    """The founder reads reports as well."""
    station.store(lambda store: store.grant(store.login, PROGRAMME_LEAD, None, clock.now_ms()))


def test_report_is_filed_from_a_file(force: Station, tmp_path: Path) -> None:
    answers = tmp_path / "answers.json"
    answers.write_text(GIVEN, encoding="utf-8")
    done = force.run("usage", "file", "--officer", "1207", "--answers", str(answers))
    assert done.stdout == "usage report 1 filed: 3 doses, officer 1207\n"


def test_report_on_an_opening_takes_time_and_doses_from_the_log(force: Station) -> None:
    opened(force)
    left = {key: value for key, value in ANSWERS.items() if key not in ("doses", "incident_at")}
    report = force.json("usage", "file", "--opening", "P1", "--answers", "-", input=json.dumps(left))
    assert (report["doses"], report["pouch"], report["opening"], report["officer"]) == (2, "P1", "P1:1", "1207")
    opening = force.json("openings")[0]
    assert (opening["cause"], opening["reports"]) == ("used", [1])
    assert report["incident_at"] == opening["opened_at"]
    assert {each["kind"] for each in force.json("reconcile")} == {"pouch_without_kit"}, "both doses of the kit are gone"


def test_list_shows_doses_and_nothing_protected(force: Station) -> None:
    force.run("usage", "file", "--officer", "1207", "--answers", "-", input=GIVEN)
    listed = force.json("usage", "list")
    assert [(each["id"], each["form"], each["doses"], each["officer"]) for each in listed] == [
        (1, "england_wales", 3, "1207")
    ]
    everything = (
        force.run("usage", "list", "--format", "csv").stdout + json.dumps(listed) + force.run("usage", "list").stdout
    )
    for protected in ("heroin", "female", "34", "conscious", "outcome", "person", "tried_to_wake"):
        assert protected not in everything.replace(listed[0]["filed_at"], "")


def test_show_opens_the_protected_answers(force: Station) -> None:
    lead(force)
    force.run("usage", "file", "--officer", "1207", "--answers", "-", input=GIVEN)
    shown = {each["field"]: each for each in force.json("usage", "show", "1")}
    assert shown["outcome"] == {
        "field": "outcome",
        "label": "Outcome of the person",
        "answer": "conscious_and_responsive",
        "protected": True,
        "hidden": False,
    }
    assert shown["doses"]["protected"] is False
    text = force.run("usage", "show", "1").stdout
    assert "conscious and responsive" in text
    assert "by officer 1207" in text
    assert "no usage report 2" in force.refused("usage", "show", "2", status=2)


def test_each_wrong_answer_has_its_line_and_nothing_is_kept(force: Station) -> None:
    wrong = json.dumps({**ANSWERS, "doses": 0, "area": "", "outcome": "fine", "incident_at": "2020-02-30T10:00"})
    done = force.run("usage", "file", "--officer", "1207", "--answers", "-", input=wrong, status=2)
    assert [line.split(":")[1].strip() for line in done.stderr.splitlines()] == [
        "area",
        "incident_at",
        "doses",
        "outcome",
    ]
    assert force.json("usage", "list") == []


def test_a_protected_answer_that_is_refused_is_not_repeated(force: Station) -> None:
    wrong = json.dumps(
        {**ANSWERS, "person_age": "old secret", "outcome": "secret", "tilted_head": "secret", "resupply_needed": "soon"}
    )
    told = force.run("usage", "file", "--officer", "1207", "--answers", "-", input=wrong, status=2).stderr
    assert len(told.splitlines()) == 4
    assert "secret" not in told
    assert "resupply_needed: is yes or no, not 'soon'" in told


@pytest.mark.parametrize("text", ["", "{", "[]", '"x"', "null"])
def test_answers_that_are_no_json_object_are_refused(force: Station, text: str) -> None:
    assert "answers are not" in force.refused(
        "usage", "file", "--officer", "1207", "--answers", "-", input=text, status=2
    )


def test_name_is_refused_unless_the_station_collects_names(force: Station, tmp_path: Path) -> None:
    named = json.dumps({**json.loads(GIVEN), "person_name": "somebody"})
    line = force.refused("usage", "file", "--officer", "1207", "--answers", "-", input=named, status=2)
    assert line == "person_name: this station does not collect names; leave it out"
    other = Station(tmp_path / "names.db")
    other.run("init", "--name", "North", "--time-zone", "Europe/London", "--collect-names")
    other.run("officer", "add", "1207")
    lead(other)
    other.run("usage", "file", "--officer", "1207", "--answers", "-", input=named)
    assert "somebody" in other.run("usage", "show", "1").stdout


def test_who_reports_must_be_known(force: Station) -> None:
    assert "no officer 9" in force.refused("usage", "file", "--officer", "9", "--answers", "-", input=GIVEN, status=2)
    assert "--officer" in force.run("usage", "file", "--answers", "-", input=GIVEN, status=2).stderr
    assert "no form x" in force.refused(
        "usage", "file", "--form", "x", "--officer", "1207", "--answers", "-", input=GIVEN, status=2
    )


def test_without_terminal_and_answers_nothing_is_asked(force: Station) -> None:
    assert "--answers" in force.run("usage", "file", "--officer", "1207", status=2).stderr


def test_form_is_asked_at_a_terminal_until_each_answer_fits(force: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("host.cli.asking.has_terminal", lambda: True)
    opened(force)
    lead(force)
    typed = [
        "North",
        "",  # the time from the log
        "",  # gender is not known
        "two hundred",
        "34",
        "1",  # heroin
        "",  # two doses from the marks
        *["yes"] * 8,
        "fine",
        "unconscious",
        "",  # the ambulance's time is not known
        "no",
        "no",
    ]
    done = force.run("usage", "file", "--opening", "P1", input="\n".join(typed) + "\n")
    assert "whole number from 0 to 120" in done.stderr
    assert "not 'two hundred'" not in done.stderr, "a protected answer is not repeated"
    assert "is one of" in done.stderr
    assert done.stdout == "usage report 1 filed: 2 doses, officer 1207\n"
    shown = {each["field"]: each["answer"] for each in force.json("usage", "show", "1")}
    assert shown["substance"] == "heroin"
    assert (shown["person_age"], shown["outcome"], shown["resupply_needed"]) == (34, "unconscious", False)
    assert "person_gender" not in shown
    assert "resupply_kits" not in shown


def test_given_up_form_keeps_nothing(force: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("host.cli.asking.has_terminal", lambda: True)
    opened(force)
    force.run("usage", "file", "--opening", "P1", input="North\n", status=1)
    assert force.json("usage", "list") == []
    assert force.json("openings")[0]["cause"] is None
