"""Usage reports at the command line: filed from a file, from standard input and at a terminal; listed; shown."""

import json
from pathlib import Path

import pytest

from host import clock
from host.access.roles import PROGRAMME_LEAD
from host.cli.render import Row
from tests.cli.conftest import HOUR_MS, Station, noon
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
    assert done.stdout == "Filed usage report 1: 3 doses, officer 1207.\n"


def test_report_on_an_opening_takes_time_and_doses_from_the_log(force: Station) -> None:
    opened(force)
    left = {key: value for key, value in ANSWERS.items() if key not in ("doses", "incident_at")}
    report = force.json("usage", "file", "--opening", "P1", "--answers", "-", input=json.dumps(left))
    assert (report["doses"], report["pouch"], report["opening"], report["officer"]) == (2, "P1", "P1:1", "1207")
    opening = force.json("openings")[0]
    assert (opening["cause"], opening["reports"]) == (None, [1])
    assert report["kit"] == "K1"
    assert "reported" in force.run("openings").stdout
    assert report["incident_at"] == opening["opened_at"]
    assert {each["kind"] for each in force.json("reconcile")} == {"pouch_without_kit"}, "both doses of the kit are gone"


def test_list_shows_doses_and_nothing_protected(force: Station) -> None:
    force.run("usage", "file", "--officer", "1207", "--answers", "-", input=GIVEN)
    listed = force.json("usage", "list")
    assert [(each["id"], each["form"], each["form_version"], each["doses"], each["officer"]) for each in listed] == [
        (1, "england_wales", 1, 3, "1207")
    ]
    everything = (
        force.run("usage", "list", "--format", "csv").stdout + json.dumps(listed) + force.run("usage", "list").stdout
    )
    filed = listed[0]["filed_at"]
    for time in (filed, filed[:16].replace("T", " ")):
        everything = everything.replace(time, "")
    for protected in ("heroin", "female", "34", "conscious", "outcome", "person", "tried_to_wake"):
        assert protected not in everything


def test_show_opens_the_protected_answers(force: Station) -> None:
    lead(force)
    force.run("usage", "file", "--officer", "1207", "--answers", "-", input=GIVEN)
    shown = {each["field"]: each for each in force.json("usage", "show", "1")}
    assert shown["outcome"] == {
        "field": "outcome",
        "label": "Outcome for the person",
        "answer": "conscious_and_responsive",
        "protected": True,
        "hidden": False,
    }
    assert shown["doses"]["protected"] is False
    text = force.run("usage", "show", "1").stdout
    assert "Report 1, england_wales version 1, filed" in text
    assert "conscious and responsive" in text
    assert "by officer 1207" in text
    assert "no usage report 2" in force.refused("usage", "show", "2", status=2)


def filed(force: Station, *arguments: str, doses: int = 1, at: str | None = None) -> Row:
    """A report, of the time that the log tells if nothing else is said."""
    answers = {key: value for key, value in ANSWERS.items() if key != "incident_at"} | {"doses": doses}
    answers |= {"incident_at": at} if at else {}
    found: Row = force.json("usage", "file", *arguments, "--answers", "-", input=json.dumps(answers))
    return found


def left(force: Station) -> dict[str, int]:
    return {row["kit"]: row["doses_left"] for row in force.json("kit", "list")}


def test_withdrawn_report_gives_its_doses_back_and_a_restored_one_takes_them(force: Station) -> None:
    opened(force)
    filed(force, "--opening", "P1")
    assert left(force) == {"K1": 1}
    assert "--reason" in force.run("usage", "withdraw", "1", status=2).stderr
    done = force.run("usage", "withdraw", "1", "--reason", "wrong pouch")
    assert done.stdout == "Withdrew usage report 1.\n"
    assert left(force) == {"K1": 2}
    (row,) = force.json("usage", "list")
    assert (row["stands"], row["kit"], row["same_as"]) == ("withdrawn", "K1", None)
    assert force.run("usage", "list").stdout.rstrip().endswith("withdrawn")
    assert "was withdrawn" in force.refused("usage", "withdraw", "1", "--reason", "again", status=1)
    assert force.run("usage", "restore", "1").stdout == "Usage report 1 counts again.\n"
    assert left(force) == {"K1": 1}
    assert "already counts" in force.refused("usage", "restore", "1", status=1)


def test_two_reports_of_the_same_doses_count_once(force: Station) -> None:
    opened(force)
    force.run("officer", "add", "1300")
    filed(force, "--opening", "P1")
    assert filed(force, "--opening", "P1:1", "--officer", "1300")["opening"] == "P1:1"
    assert left(force) == {"K1": 0}
    done = force.run("usage", "same", "2", "1")
    assert done.stdout == "Usage report 2 is about the same doses as report 1. They are counted once.\n"
    assert left(force) == {"K1": 1}
    assert force.run("usage", "list").stdout.rstrip().endswith("same as 1")
    assert "one that counts itself." in force.refused("usage", "same", "1", "1", status=1)


def test_report_without_an_opening_is_matched_to_one(force: Station) -> None:
    opened(force)
    at = clock.iso(clock.now_ms() - 10 * HOUR_MS, "Europe/London")  # the pouch was opened five hours later
    report = filed(force, "--officer", "1207", at=at[:16])
    assert (report["opening"], report["kit"]) == (None, "K1")
    done = force.run("usage", "match", "1", "P1")
    assert done.stdout == "Usage report 1 is now about opening P1:1.\n"
    assert force.json("openings")[0]["reports"] == [1]
    assert "no opening number 7" in force.refused("usage", "match", "1", "P1:7", status=2)


def test_report_that_amends_another_replaces_it(force: Station) -> None:
    opened(force)
    filed(force, "--opening", "P1", doses=2)
    assert filed(force, "--opening", "P1:1", "--amends", "1")["id"] == 2
    assert [row["stands"] for row in force.json("usage", "list")] == ["withdrawn", "filed"]
    assert left(force) == {"K1": 1}
    assert force.json("openings")[0]["reports"] == [2]


def test_kit_is_said_if_two_were_in_the_pouch(force: Station) -> None:
    then = noon(-20)
    force.store(lambda store: store.add_kit("K2", "Nyxoid", "A1", None, None, then))
    force.store(lambda store: store.issue_kit("K2", "1207", "P1", then))
    opened(force)
    answers = json.dumps({key: value for key, value in ANSWERS.items() if key != "incident_at"})
    done = force.run("usage", "file", "--opening", "P1", "--answers", "-", input=answers)
    assert "Warning: We don't know which kit the doses came from. Say so with --kit: K1 or K2." in done.stderr
    line = force.refused("usage", "file", "--opening", "P1:1", "--kit", "K9", "--answers", "-", input=answers, status=2)
    assert "no kit K9" in line
    assert filed(force, "--opening", "P1:1", "--kit", "K2", "--amends", "1")["kit"] == "K2"
    assert left(force) == {"K1": 2, "K2": 1}


def test_who_was_there_reports_on_another_officers_pouch_by_its_name(force: Station) -> None:
    opened(force)
    force.run("officer", "add", "1300")
    force.run("account", "grant", "stranger", "officer", "--officer", "1300")
    when = force.json("openings")[0]["opened_at"]
    answers = json.dumps({**ANSWERS, "incident_at": when[:16], "doses": 1})
    done = force.run("usage", "file", "--opening", "P1", "--answers", "-", input=answers, login="stranger")
    assert done.stdout == "Filed usage report 1: 1 dose from kit K1, officer 1300.\n"
    assert force.json("openings")[0]["reports"] == [1]
    late = json.dumps({**ANSWERS, "incident_at": "2020-01-05T18:30"})
    line = force.refused("usage", "file", "--opening", "P1", "--answers", "-", input=late, status=2, login="stranger")
    assert line.startswith("That pouch has no opening within an hour of the incident.")


def test_acts_on_reports_are_for_ones_own(force: Station) -> None:
    opened(force)
    force.run("officer", "add", "1300")
    force.run("account", "grant", "stranger", "officer", "--officer", "1300")
    force.run("account", "grant", "dock", "officer")
    filed(force, "--opening", "P1")
    withdraw = ("usage", "withdraw", "1", "--reason", "wrong")
    assert "The report is another officer's." in force.refused(*withdraw, status=1, login="stranger")
    line = force.refused(*withdraw, status=1, login="dock")
    assert line.startswith("Account dock can't do this (report withdraw 1)")
    assert [row["stands"] for row in force.json("usage", "list")] == ["filed"]


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
    assert "resupply_needed: Answer yes or no, not 'soon'." in told


@pytest.mark.parametrize("text", ["", "{", "[]", '"x"', "null"])
def test_answers_that_are_no_json_object_are_refused(force: Station, text: str) -> None:
    assert "answers aren't" in force.refused(
        "usage", "file", "--officer", "1207", "--answers", "-", input=text, status=2
    )


def test_name_is_refused_unless_the_station_collects_names(force: Station, tmp_path: Path) -> None:
    named = json.dumps({**json.loads(GIVEN), "person_name": "somebody"})
    line = force.refused("usage", "file", "--officer", "1207", "--answers", "-", input=named, status=2)
    assert line == "person_name: This station doesn't collect names. Leave it out."
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
    monkeypatch.setattr("host.cli.terminal.has_terminal", lambda: True)
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
    assert "Choose one of" in done.stderr
    assert done.stdout == "Filed usage report 1: 2 doses from kit K1, officer 1207.\n"
    shown = {each["field"]: each["answer"] for each in force.json("usage", "show", "1")}
    assert shown["substance"] == "heroin"
    assert (shown["person_age"], shown["outcome"], shown["resupply_needed"]) == (34, "unconscious", False)
    assert "person_gender" not in shown
    assert "resupply_kits" not in shown


def test_given_up_form_files_nothing(force: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("host.cli.terminal.has_terminal", lambda: True)
    opened(force)
    force.run("usage", "file", "--opening", "P1", input="North\n", status=1)
    assert force.json("usage", "list") == []
    assert force.json("openings")[0]["cause"] is None
