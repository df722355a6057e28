"""`kitdock reconcile` at the command line: listed, filtered, shown, acknowledged, resolved, reopened."""

import pytest

from host import clock
from host.access.roles import AUDITOR
from host.reconcile import RULES
from tests.cli.conftest import Station, day
from tests.station import Store

TAG = "0000000000000001"
OPENING = "opening_unexplained:P1:1"


@pytest.fixture
def opened(force: Station) -> Station:
    """Pouch P1 of officer 1207 was opened, and nobody has said why."""
    force.dock(TAG, ("lid_open", 5), ("lid_close", 4.9))
    return force


def names(station: Station, *options: str) -> list[str]:
    return [each["name"] for each in station.json("reconcile", *options)]


def test_each_has_kind_severity_kit_holder_since_evidence_and_the_next_step(opened: Station) -> None:
    (found,) = opened.json("reconcile")
    assert {key: found[key] for key in ("kind", "severity", "kit", "pouch", "officer", "place", "status", "name")} == {
        "kind": "opening_unexplained",
        "severity": "medium",
        "kit": "K1",
        "pouch": "P1",
        "officer": "1207",
        "place": None,
        "status": "opened",
        "name": OPENING,
    }
    assert found["title"] == "Pouch P1 was opened and we don't know why yet"
    assert found["facts"] == [f"record:{TAG}:1"]
    text = opened.run("reconcile").stdout
    assert "Officer 1207 had it." in " ".join(text.split())
    assert "next: Ask why" in text
    assert "Status: open. Look closer: `kitdock reconcile show P1:1`." in text
    assert "1 question: 1 medium" in text
    assert max(len(line) for line in text.splitlines()) <= 80


def test_it_can_be_narrowed_and_says_so_when_nothing_is_left(opened: Station) -> None:
    opened.run("place", "add", "South", "--kind", "station")
    opened.run("officer", "change", "1207", "--station", "South")
    assert names(opened, "--kind", "opening_unexplained", "--severity", "medium", "--officer", "1207") == [OPENING]
    assert names(opened, "--station", "South") == [OPENING]
    opened.run("officer", "add", "1300", "--trained", day(-1).isoformat())
    for narrowed in (["--severity", "high"], ["--kind", "not_docked"], ["--officer", "1300"], ["--station", "North"]):
        assert names(opened, *narrowed) == []
        assert "--all" in opened.run("reconcile", *narrowed).stdout
    assert "no place called East" in opened.refused("reconcile", "--station", "East", status=2)
    assert "no officer 9999" in opened.refused("reconcile", "--officer", "9999", status=2)
    opened.run("reconcile", "--kind", "party", status=2)


def test_acknowledged_stays_listed_and_marked_and_can_be_left_out(opened: Station) -> None:
    done = opened.run("reconcile", "acknowledge", OPENING, "--reason", "asked; on leave until Monday").stdout
    assert done == "Acknowledged: Pouch P1 was opened and we don't know why yet (asked; on leave until Monday).\n"
    assert [each["status"] for each in opened.json("reconcile")] == ["acknowledged"]
    assert "asked; on leave until Monday" in " ".join(opened.run("reconcile").stdout.split())
    assert names(opened, "--new") == []
    line = opened.refused("reconcile", "acknowledge", OPENING, "--reason", "again", status=1)
    assert "is already acknowledged" in line


def test_resolved_leaves_the_list_and_is_not_lost(opened: Station) -> None:
    opened.run("reconcile", "resolve", OPENING, "--reason", "lid fell open in the car")
    assert names(opened) == []
    assert names(opened, "--all") == [OPENING]
    text = opened.run("reconcile", "show", OPENING).stdout
    assert "lid fell open in the car" in text
    assert "resolved" in text
    opened.run("reconcile", "reopen", OPENING, "--reason", "it was another pouch")
    assert names(opened, "--new") == [OPENING]
    assert "it was another pouch" in " ".join(opened.run("reconcile").stdout.split())


def test_one_that_returns_is_open_again_and_shows_how_it_was_resolved(force: Station) -> None:
    force.dock(TAG, days_ago=18)
    (name,) = names(force)
    assert name == "not_docked:P1"
    force.run("reconcile", "resolve", name, "--reason", "on leave")
    assert names(force) == []
    force.dock(TAG, days_ago=9)
    force.note()
    (again,) = force.json("reconcile")
    assert (again["name"], again["status"]) == (name, "reopened")
    assert "on leave" in again["said"]
    history = force.json("reconcile", "show", name)["history"]
    assert [each["action"] for each in history] == ["opened", "resolved", "reopened"]


def test_one_that_is_gone_is_cleared_and_shown_by_its_history(opened: Station) -> None:
    opened.note()
    opened.run("openings", "explain", "P1:1", "--cause", "training", "--officer", "1207")
    opened.note()
    assert names(opened, "--all") == []
    shown = opened.json("reconcile", "show", f"opening_unexplained:{TAG}:1")
    assert [each["action"] for each in shown["history"]] == ["opened", "cleared"]
    assert opened.json("reconcile", "show", OPENING)["history"] == shown["history"], "the pouch names it as well"
    assert "There is no discrepancy called opening_unexplained:P1:9" in opened.refused(
        "reconcile", "show", "opening_unexplained:P1:9", status=2
    )


def test_one_that_is_resolved_is_not_taken_for_agreement(opened: Station) -> None:
    opened.run("reconcile", "resolve", OPENING, "--reason", "asked")
    assert opened.run("reconcile").stdout.startswith("Nothing to show. To see everything: `kitdock reconcile --all`.")
    assert names(opened, "--all") == [OPENING]


def test_show_has_what_it_rests_on(opened: Station) -> None:
    opened.store(lambda store: store.change_officer("1207", trained_on=day(-400), correct=True))
    shown = opened.json("reconcile", "show", "training_lapsed:K1")
    (fact,) = shown["evidence"]
    assert fact["fact"] == "movement:2"
    assert fact["text"].startswith("kit K1 issued, officer 1207, pouch P1, recorded by ")
    (record,) = opened.json("reconcile", "show", OPENING)["evidence"]
    assert record["text"] == "lid open, verified, collected with docking 1"
    text = opened.run("reconcile", "show", OPENING).stdout
    assert "Evidence" in text
    assert "History" in text


def test_listing_writes_nothing_and_shows_what_nobody_has_noted(opened: Station) -> None:
    opened.store(lambda store: store.grant("watch", AUDITOR, None, 0))
    before = opened.store(lambda store: list(store.connection.iterdump()))
    for login in (None, "watch"):
        for command in ("list", "show", "digest"):
            arguments = {"list": ("reconcile",), "show": ("reconcile", "show", OPENING), "digest": ("digest",)}[command]
            assert "was opened and we don't know why" in opened.run(*arguments, login=login).stdout
    assert opened.store(lambda store: list(store.connection.iterdump())) == before
    assert "Nobody has noted it yet." in opened.run("reconcile", "show", OPENING).stdout


def test_what_is_noted_is_noted_by_whoever_judges_recalls_or_counts(opened: Station) -> None:
    def noted(kind: str, subject: str) -> list[str]:
        return [each.action for each in opened.store(lambda store: store.discrepancy_entries(kind, subject))]

    opened.store(lambda store: store.change_officer("1207", trained_on=day(-400), correct=True))
    opened.run("reconcile", "acknowledge", OPENING, "--reason", "asked")
    assert noted("opening_unexplained", f"{TAG}:1") == ["opened", "acknowledged"]
    assert noted("training_lapsed", "K1") == ["opened"]
    opened.run("recall", "A1", "--reason", "notice 12")
    assert noted("recalled_carried", "K1") == ["opened"]
    opened.run("recall", "lift", "A1", "--reason", "it was lot A7")
    assert noted("recalled_carried", "K1") == ["opened", "cleared"]
    opened.store(lambda store: store.change_officer("1207", trained_on=day(-10), correct=True))
    opened.run("stocktake", "start")
    opened.run("stocktake", "close")
    assert noted("training_lapsed", "K1") == ["opened", "cleared"]


def test_somebody_who_only_reads_sees_the_same_and_may_not_judge(opened: Station) -> None:
    opened.store(lambda store: store.grant("watch", AUDITOR, None, 0))
    assert [each["name"] for each in opened.json("reconcile", login="watch")] == [OPENING]
    line = opened.refused("reconcile", "resolve", OPENING, "--reason", "so", status=1, login="watch")
    assert "quartermaster" in line


def test_reasons_and_names_that_cannot_be_are_refused(opened: Station) -> None:
    assert "needs --reason TEXT too" in opened.run("reconcile", "resolve", OPENING, status=2).stderr
    assert "reason" in opened.refused("reconcile", "resolve", OPENING, "--reason", " ", status=2)
    line = opened.refused("reconcile", "resolve", "expired_carried:K7", "--reason", "so", status=2)
    assert "There is no discrepancy called expired_carried:K7 at present." in line
    assert names(opened) == [OPENING]


def test_another_threshold_is_tried_and_nothing_noted(force: Station) -> None:
    force.dock(TAG, days_ago=9)
    force.note()
    assert names(force) == ["not_docked:P1"]
    assert names(force, "--not-docked", "10") == []
    assert names(force) == ["not_docked:P1"]
    entries = force.store(lambda store: store.discrepancy_entries("not_docked", TAG))
    assert [each.action for each in entries] == ["opened"]
    force.run("setting", "set", "not_docked_days", "10")
    assert names(force) == []


def test_rules_are_listed_with_the_settings_in_force(station: Station) -> None:
    station.run("setting", "set", "report_hours", "72")
    rules = {each["kind"]: each for each in station.json("reconcile", "--rules")}
    assert list(rules) == [rule.kind for rule in RULES]
    assert rules["report_missing"]["settings"] == {"report_hours": 72}
    text = station.run("reconcile", "--rules").stdout
    assert "report_hours 72" in text
    assert "A pouch was opened, and nobody has said why yet." in text


def test_usual_questions_of_a_quartermaster_come_with_the_worst_first(force: Station) -> None:
    force.dock(TAG, ("lid_open", 5), ("lid_close", 4), days_ago=9)

    def age(store: Store) -> None:
        store.connection.execute("UPDATE lot SET expires_on = ?", (str(day(-2)),))
        store.rebuild()

    force.store(age)
    assert [each["kind"] for each in force.json("reconcile")] == [
        "expired_carried",
        "opening_unexplained",
        "not_docked",
    ]
    csv = force.run("reconcile", "--format", "csv").stdout.splitlines()
    assert len(csv) == 4
    assert csv[0].startswith("kind,severity,kit,pouch,officer,since,evidence,next_step,")


def test_a_pouch_whose_kit_was_lost_on_the_shelf_is_filled_by_loading_another(opened: Station) -> None:
    opened.tag("P2")
    opened.store(lambda store: store.add_kit("K9", "Nyxoid", "A1", None, None, clock.now_ms()))
    opened.run("kit", "load", "K9", "P2")
    opened.run("kit", "lose", "K9", "--reason", "not on the shelf")
    (row,) = opened.json("reconcile", "--kind", "pouch_without_kit")
    assert (row["pouch"], row["next_step"]) == ("P2", "`kitdock kit load KIT P2`")
