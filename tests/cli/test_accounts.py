"""Accounts at the command line, and what each role sees of a usage report."""

import json
from unittest.mock import patch

from host import forms
from tests.cli.conftest import Station
from tests.unit.test_forms import ANSWERS

TAG = "0000000000000001"
GIVEN = json.dumps({**ANSWERS, "incident_at": "2020-01-05T18:30"})


def test_founder_is_administrator_and_quartermaster(station: Station) -> None:
    (row,) = station.json("account", "show", login=None)
    assert row["roles"] == ["quartermaster", "administrator"]
    assert {"kit.issue", "account.grant"} <= set(row["may"])
    assert "report.read" not in row["may"]
    (listed,) = station.json("account", "list")
    assert listed == row
    assert row["login"] in station.run("account", "show").stdout


def test_roles_are_granted_and_taken(station: Station) -> None:
    assert (
        station.run("account", "grant", "lead", "programme_lead").stdout
        == "Account lead now has the role programme lead.\n"
    )
    (row,) = station.json("account", "show", login="lead")
    assert (row["login"], row["roles"], row["officer"]) == ("lead", ["programme_lead"], None)
    assert "already" in station.refused("account", "grant", "lead", "programme_lead", status=1)
    assert "Account lead can't do this" in station.refused(
        "account", "grant", "lead", "administrator", status=1, login="lead"
    )
    assert (
        station.run("account", "revoke", "lead", "programme_lead").stdout
        == "Account lead no longer has the role programme lead.\n"
    )
    assert "kitdock account grant lead ROLE" in station.refused("account", "show", status=1, login="lead")
    assert "doesn't have the role programme_lead" in station.refused(
        "account", "revoke", "lead", "programme_lead", status=1
    )


def test_a_login_that_this_computer_does_not_know_is_warned_of(station: Station) -> None:
    assert (
        "no login nobody-here-by-that-name"
        in station.run("account", "grant", "nobody-here-by-that-name", "auditor").stderr
    )
    assert station.run("account", "grant", "root", "auditor").stderr == ""


def test_the_last_administrator_stays(station: Station) -> None:
    (you,) = [each["login"] for each in station.json("account", "list")]
    assert "last administrator" in station.refused("account", "revoke", you, "administrator", status=1)
    assert station.json("account", "show")[0]["roles"] == ["quartermaster", "administrator"]


def test_an_officers_own_account_and_a_shared_one(force: Station) -> None:
    force.run("account", "grant", "constable", "officer", "--officer", "1207")
    force.run("account", "grant", "dock", "officer")
    assert "no officer 9" in force.refused("account", "grant", "stranger", "officer", "--officer", "9", status=2)
    assert "goes with the role officer" in force.refused(
        "account", "grant", "stranger", "auditor", "--officer", "1207", status=2
    )
    listed = {each["login"]: each["officer"] for each in force.json("account", "list")}
    assert (listed["constable"], listed["dock"]) == ("1207", None)
    assert "shared" in force.run("account", "list").stdout


def with_everybody(force: Station) -> Station:
    force.run("officer", "add", "1300")
    for login, *role in (
        ("constable", "officer", "--officer", "1207"),
        ("stranger", "officer", "--officer", "1300"),
        ("dock", "officer"),
        ("keeper", "quartermaster"),
        ("lead", "programme_lead"),
        ("auditor", "auditor"),
    ):
        force.run("account", "grant", login, *role)
    return force


def test_a_report_is_read_by_who_filed_it_and_the_lead_alone_and_the_audit_shows_each_attempt(force: Station) -> None:
    with_everybody(force)
    done = force.run("usage", "file", "--answers", "-", input=GIVEN, login="constable")
    assert done.stdout == "Filed usage report 1: 3 doses, officer 1207.\n", "one's own account says who reports"
    force.run("usage", "file", "--officer", "1300", "--answers", "-", input=GIVEN, login="dock")
    for login in ("constable", "lead"):
        shown = {each["field"]: each["answer"] for each in force.json("usage", "show", "1", login=login)}
        assert shown["substance"] == ANSWERS["substance"]
    line = force.refused("usage", "show", "2", status=1, login="constable")
    assert line == "Account constable can't do this (report read 2). The report is another officer's."
    line = force.refused("usage", "show", "1", status=1, login="keeper")
    assert line == "Account keeper can't do this (report read 1). It needs the role officer or programme lead."
    assert "share can't read reports" in force.refused("usage", "show", "2", status=1, login="dock")
    assert [
        (each["login"], each["subject"], each["outcome"])
        for each in force.json("audit", "list", "--action", "report.read", login="auditor")
    ] == [
        ("constable", "1", "done"),
        ("lead", "1", "done"),
        ("constable", "2", "refused"),
        ("keeper", "1", "refused"),
        ("dock", "2", "refused"),
    ]
    everything = force.run("audit", "list", "--format", "csv", login="auditor").stdout
    assert str(ANSWERS["substance"]) not in everything


def test_officers_list_their_own_reports_and_openings(force: Station) -> None:
    with_everybody(force)
    force.dock(TAG, ("lid_open", 5), ("dose_mark", 4.99), ("lid_close", 4.9))
    for number, login in (("1207", "constable"), ("1300", "stranger")):
        force.run("usage", "file", "--officer", number, "--answers", "-", input=GIVEN, login=login)
    assert [each["officer"] for each in force.json("usage", "list", login="constable")] == ["1207"]
    assert force.json("usage", "list", login="dock") == []
    assert len(force.json("usage", "list", login="keeper")) == 2
    assert [each["opening"] for each in force.json("openings", login="constable")] == ["P1:1"]
    assert force.json("openings", login="stranger") == []
    assert "no opening" in force.refused(
        "openings", "explain", "P1", "--cause", "training", "--officer", "1300", status=2, login="stranger"
    )
    explain = ("openings", "explain", "P1", "--cause", "training")
    assert "Say with --officer who explains it." in force.refused(*explain, status=2, login="dock")
    assert "Say which one." in force.refused(*explain, "--myself", status=1, login="dock")
    force.run(*explain, "--officer", "1207", login="dock")
    (opening,) = force.json("openings", login="keeper")
    assert (opening["cause"], opening["explained_by"], opening["entered_by"]) == ("training", "1207", "dock")


def test_answers_for_other_roles_are_shown_as_that_whether_given_or_not(force: Station) -> None:
    form = forms.load(forms.DEFAULT)
    for_lead = tuple(
        each._replace(protected=("programme_lead",)) if each.key in ("substance", "person_gender") else each
        for each in form.fields
    )
    with_everybody(force)
    left = {key: value for key, value in json.loads(GIVEN).items() if key != "person_gender"}
    force.run("usage", "file", "--answers", "-", input=json.dumps(left), login="constable")
    with patch("host.forms.load", return_value=form._replace(fields=for_lead)):
        shown = {each["field"]: each for each in force.json("usage", "show", "1", login="constable")}
        text = force.run("usage", "show", "1", login="constable").stdout
        assert force.json("usage", "show", "1", login="lead")
    for hidden in ("substance", "person_gender"):
        assert (shown[hidden]["answer"], shown[hidden]["hidden"], shown[hidden]["protected"]) == (None, True, True)
    assert shown["outcome"]["answer"] == "conscious_and_responsive"
    assert text.count("for other roles") == 2
    assert str(ANSWERS["substance"]) not in text
