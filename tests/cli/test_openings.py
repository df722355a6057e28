"""Openings, their explanations, reconciliation and expiry at the command line."""

import pytest

from tests.cli.conftest import Station, day, noon
from tests.station import Store

TAG = "0000000000000001"


def opened(force: Station) -> Station:
    force.dock(TAG, ("lid_open", 5), ("dose_mark", 4.99), ("dose_mark", 4.95), ("lid_close", 4.9))
    return force


def test_opening_is_listed_with_its_bound_and_its_holder(force: Station) -> None:
    opening = opened(force).json("openings")[0]
    assert opening["opening"] == "P1:1"
    assert (opening["officers"], opening["kits"]) == (["1207"], ["K1"])
    assert (opening["dose_marks"], opening["cause"], opening["reports"]) == (2, None, [])
    # Five hours before the only anchor, with a clock that may be 1.54 % wrong.
    assert 277 <= opening["opened_error_s"] <= 281
    assert abs(opening["duration_s"] - 360) <= 1
    text = force.run("openings").stdout
    assert "unexplained" in text
    assert "5 min" in text


def test_one_pouch_can_be_listed_by_pouch_or_tag(force: Station) -> None:
    opened(force)
    force.tag("P2")
    assert (
        len(force.json("openings", "P1"))
        == len(force.json("openings", TAG))
        == len(force.json("openings", "list", "P1"))
    )
    assert force.json("openings", "P2") == []
    assert "no pouch or tag P9" in force.refused("openings", "P9", status=2)


def test_explanation_is_recorded_and_a_new_one_replaces_it_visibly(force: Station) -> None:
    opened(force)
    by = ("--officer", "1207")
    assert force.json("openings", "explain", "P1", "--cause", "training", *by)["replaces"] is None
    done = force.run("openings", "explain", "P1:1", "--cause", "used", *by)
    assert "used on someone, 2 doses. That replaces what officer 1207 said (training)." in done.stdout
    assert "kitdock usage file --opening P1:1" in done.stdout
    opening = force.json("openings")[0]
    assert (opening["cause"], opening["doses"], opening["explained_by"]) == ("used", 2, "1207")
    assert len(force.store(lambda store: store.explanations())) == 2


def test_who_keeps_the_stock_says_who_told_it_or_speaks_for_oneself(force: Station) -> None:
    opened(force)
    line = force.refused("openings", "explain", "P1", "--cause", "restocking", status=2)
    assert line == "Officer 1207 had the pouch at opening P1:1. Say with --officer who explains it."
    both = ("--cause", "restocking", "--myself", "--officer", "1207")
    assert (
        "or --myself if you speak for yourself, not both"
        in force.run("openings", "explain", "P1", *both, status=2).stderr
    )
    done = force.json("openings", "explain", "P1", "--cause", "restocking", "--myself")
    assert (done["officer"], done["cause"]) == (None, "restocking")
    login = force.store(lambda store: store.login)
    (opening,) = force.json("openings")
    assert (opening["explained_by"], opening["entered_by"]) == (login, login)
    done = force.run("openings", "explain", "P1:1", "--cause", "training", "--officer", "1207")
    assert (
        done.stdout
        == f"Opening P1:1 is explained by officer 1207: training. That replaces what {login} said (restocking).\n"
    )


def test_wrong_explanations_are_refused(force: Station) -> None:
    opened(force)
    explain = ("openings", "explain", "P1", "--officer", "1207")
    assert "no opening number 2" in force.refused("openings", "explain", "P1:2", "--cause", "training", status=2)
    assert "no officer 9" in force.refused("openings", "explain", "P1", "--cause", "used", "--officer", "9", status=2)
    line = force.refused(*explain, "--cause", "training", "--doses", "1", status=2)
    assert line == "Doses can only be given with the cause used, not with training."
    assert "party" in force.run(*explain, "--cause", "party", status=2).stderr
    assert "--doses" in force.run(*explain, "--cause", "used", "--doses", "0", status=2).stderr
    assert "--cause" in force.run(*explain, status=2).stderr
    assert force.json("openings")[0]["cause"] is None


def test_more_doses_than_a_kit_has_can_be_explained(force: Station) -> None:
    opened(force)
    assert force.json("openings", "explain", "P1", "--cause", "used", "--doses", "8", "--officer", "1207")["doses"] == 8


def test_cause_is_asked_at_a_terminal(force: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("host.cli.terminal.has_terminal", lambda: True)
    opened(force)
    done = force.run("openings", "explain", "P1", input="9999\n\n9\n1\n\n")
    assert "Your collar number [1207]: 9999\n  There's no officer 9999." in done.stderr
    assert "Type a number from 1 to 5" in done.stderr
    assert "by officer 1207: used on someone, 2 doses" in done.stdout
    done = force.run("openings", "explain", "P1:1", input="me\n3\n")
    login = force.store(lambda store: store.login)
    assert (
        f"Opening P1:1 is explained by {login}: checking it. That replaces what officer 1207 said (used on someone)."
        in done.stdout
    )
    done = force.run("openings", "explain", "P1:1", input="\n\n", status=2)
    assert "stays" in done.stderr


def test_reconcile_gives_each_discrepancy_with_its_next_step(force: Station) -> None:
    opened(force)
    force.dock(TAG, ("altered", 0), days_ago=0)
    found = force.json("reconcile")
    assert [each["kind"] for each in found] == ["record_tampered", "opening_unexplained"]
    fields = ["kind", "severity", "kit", "pouch", "officer", "since", "evidence", "next_step"]
    assert all(list(each) == [*fields, "place", "name", "called", "title", "status", "said", "facts"] for each in found)
    text = force.run("reconcile").stdout
    assert "next: Ask why" in text


def test_carried_expired_kit_is_in_reconcile_and_first_in_expiry(force: Station) -> None:
    force.dock(TAG)
    then = noon(-30)
    with Store.open(force.db) as store:
        store.add_officer("1300", day(-60), then)
        for kit, days in (("K2", -2), ("K3", -10), ("K4", 30)):
            store.add_kit(kit, "Other", f"L{kit}", day(days), None, then)
        store.issue_kit("K2", "1300", None, then)
    assert [each["kit"] for each in force.json("expiry")] == ["K2", "K3", "K4"]
    assert "expired 2 days ago" in force.run("expiry").stdout
    found = {(each["kind"], each["kit"]) for each in force.json("reconcile")}
    assert found == {("expired_carried", "K2"), ("kit_without_pouch", "K2")}


def test_pouch_that_stays_away_is_not_docked(force: Station) -> None:
    force.dock(TAG, days_ago=9)
    found = force.json("reconcile")
    assert [(each["kind"], each["pouch"], each["officer"]) for each in found] == [("not_docked", "P1", "1207")]
    assert force.json("reconcile", "--not-docked", "10") == []
