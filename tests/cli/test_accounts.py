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
    assert station.run("account", "grant", "lee", "programme_lead").stdout == "lee is programme lead now\n"
    (row,) = station.json("account", "show", login="lee")
    assert (row["login"], row["roles"], row["officer"]) == ("lee", ["programme_lead"], None)
    assert "already" in station.refused("account", "grant", "lee", "programme_lead", status=1)
    assert "lee may not do this" in station.refused("account", "grant", "lee", "administrator", status=1, login="lee")
    assert station.run("account", "revoke", "lee", "programme_lead").stdout == "lee is not programme lead any more\n"
    assert "kitdock account grant lee ROLE" in station.refused("account", "show", status=1, login="lee")
    assert "is not programme_lead" in station.refused("account", "revoke", "lee", "programme_lead", status=1)


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
    force.run("account", "grant", "anna", "officer", "--officer", "1207")
    force.run("account", "grant", "dock", "officer")
    assert "no officer 9" in force.refused("account", "grant", "ben", "officer", "--officer", "9", status=2)
    assert "belongs to role officer" in force.refused(
        "account", "grant", "ben", "auditor", "--officer", "1207", status=2
    )
    listed = {each["login"]: each["officer"] for each in force.json("account", "list")}
    assert (listed["anna"], listed["dock"]) == ("1207", None)
    assert "shared" in force.run("account", "list").stdout


def with_everybody(force: Station) -> Station:
    force.run("officer", "add", "1300")
    for login, *role in (
        ("anna", "officer", "--officer", "1207"),
        ("ben", "officer", "--officer", "1300"),
        ("dock", "officer"),
        ("quinn", "quartermaster"),
        ("lee", "programme_lead"),
        ("ada", "auditor"),
    ):
        force.run("account", "grant", login, *role)
    return force


def test_a_report_is_read_by_who_filed_it_and_the_lead_alone_and_the_audit_shows_each_attempt(force: Station) -> None:
    with_everybody(force)
    done = force.run("usage", "file", "--answers", "-", input=GIVEN, login="anna")
    assert done.stdout == "usage report 1 filed: 3 doses, officer 1207\n", "one's own account says who reports"
    force.run("usage", "file", "--officer", "1300", "--answers", "-", input=GIVEN, login="dock")
    for login in ("anna", "lee"):
        shown = {each["field"]: each["answer"] for each in force.json("usage", "show", "1", login=login)}
        assert shown["substance"] == ANSWERS["substance"]
    line = force.refused("usage", "show", "2", status=1, login="anna")
    assert line == "anna may not do this (report read 2): it is another officer's report"
    line = force.refused("usage", "show", "1", status=1, login="quinn")
    assert line == "quinn may not do this (report read 1): that is for officer or programme lead"
    assert "share reads no reports" in force.refused("usage", "show", "2", status=1, login="dock")
    assert [
        (each["login"], each["subject"], each["outcome"])
        for each in force.json("audit", "list", "--action", "report.read", login="ada")
    ] == [
        ("anna", "1", "done"),
        ("lee", "1", "done"),
        ("anna", "2", "refused"),
        ("quinn", "1", "refused"),
        ("dock", "2", "refused"),
    ]
    everything = force.run("audit", "list", "--format", "csv", login="ada").stdout
    assert str(ANSWERS["substance"]) not in everything


def test_officers_list_their_own_reports_and_openings(force: Station) -> None:
    with_everybody(force)
    force.dock(TAG, ("lid_open", 5), ("dose_mark", 4.99), ("lid_close", 4.9))
    for number, login in (("1207", "anna"), ("1300", "ben")):
        force.run("usage", "file", "--officer", number, "--answers", "-", input=GIVEN, login=login)
    assert [each["officer"] for each in force.json("usage", "list", login="anna")] == ["1207"]
    assert force.json("usage", "list", login="dock") == []
    assert len(force.json("usage", "list", login="quinn")) == 2
    assert [each["opening"] for each in force.json("openings", login="anna")] == ["P1:1"]
    assert force.json("openings", login="ben") == []
    assert "no opening" in force.refused(
        "openings", "explain", "P1", "--cause", "training", "--officer", "1300", status=2, login="ben"
    )
    force.run("openings", "explain", "P1", "--cause", "training", login="dock")
    assert force.json("openings", login="quinn")[0]["cause"] == "training"


def test_answers_for_other_roles_are_shown_as_that_whether_given_or_not(force: Station) -> None:
    form = forms.load(forms.DEFAULT)
    for_lead = tuple(
        each._replace(protected=("programme_lead",)) if each.key in ("substance", "person_gender") else each
        for each in form.fields
    )
    with_everybody(force)
    left = {key: value for key, value in json.loads(GIVEN).items() if key != "person_gender"}
    force.run("usage", "file", "--answers", "-", input=json.dumps(left), login="anna")
    with patch("host.forms.load", return_value=form._replace(fields=for_lead)):
        shown = {each["field"]: each for each in force.json("usage", "show", "1", login="anna")}
        text = force.run("usage", "show", "1", login="anna").stdout
        assert force.json("usage", "show", "1", login="lee")
    for hidden in ("substance", "person_gender"):
        assert (shown[hidden]["answer"], shown[hidden]["hidden"], shown[hidden]["protected"]) == (None, True, True)
    assert shown["outcome"]["answer"] == "conscious_and_responsive"
    assert text.count("for other roles") == 2
    assert str(ANSWERS["substance"]) not in text
