"""Rules of reconciliation about kits, pouches, clocks, doses and counts: when each speaks, and what silences it."""

from datetime import date

from host.clock import Instant
from host.ledger import ISSUE
from host.phrase import NextStep, Phrase
from host.reconcile import Discrepancy
from host.settings import DEFAULTS
from host.usage.reports import WITHDRAWN
from tests.force import DAY, HOUR, T0, Force, carried_pouch
from tests.unit.test_reconcile import kinds, one, reconcile, saying

NOW = T0 + 2 * DAY


def at(after: int) -> Instant:
    """So many milliseconds after T0."""
    return Instant(T0 + after, "Europe/London")


def docked(at: int = DAY) -> tuple[Force, str]:
    """A pouch with its kit, that has docked; nothing is wrong with it."""
    force, tag = carried_pouch()
    force.docking(tag, at)
    assert kinds(force) == []
    return force, tag


def test_kit_of_a_recalled_lot_is_called_in_until_it_comes_back_or_the_recall_is_lifted() -> None:
    force, _ = docked()
    force.recall("K1", HOUR)
    found = one(force, "recalled_carried")
    assert (found.severity, found.kit, found.officer, found.since_ms) == ("high", "K1", "1207", T0 + HOUR)
    assert saying(found.evidence, "lot", "since", "reason") == (
        "found.recalled_carried",
        "LK1",
        at(HOUR),
        "seal broken",
    )
    assert found.next_step == NextStep("kit.replace", "next.recalled_carried", kit="K1")
    force.recall("K1", 2 * HOUR, "lift")
    assert kinds(force) == []
    force.recall("K1", 3 * HOUR)
    again = one(force, "recalled_carried")
    assert again.occurrence != found.occurrence
    force.give_back("K1", 30 * HOUR)
    assert "recalled_carried" not in kinds(force)


def test_quarantined_kit_that_is_still_out_is_asked_for_until_it_is_released() -> None:
    force, _ = docked()
    force.move(HOUR, "quarantine", "K1", reason="stood in the sun")
    found = one(force, "quarantined_carried")
    assert found.evidence == Phrase("found.quarantined_carried", reason="stood in the sun")
    assert saying(found.next_step, "release") == ("next.quarantined_carried", NextStep("kit.release", kit="K1"))
    force.move(2 * HOUR, "release", "K1")
    assert kinds(force) == []


def test_kit_of_somebody_who_left_is_asked_for_after_the_last_day() -> None:
    force, _ = docked()
    force.officers[0] = force.officers[0]._replace(left_on=date(2026, 5, 29))
    assert kinds(force, T0 + 26 * HOUR) == []  # 23:26 on the last day
    assert one(force, "kit_with_leaver", T0 + 27 * HOUR).officer == "1207"


def test_kit_with_an_officer_in_no_pouch_is_shown_where_pouches_have_tags() -> None:
    force = Force()
    force.officer("1207")
    force.kit("K1")
    force.issue("K1", "1207", None)
    force.kit("K2")
    force.move(0, ISSUE, "K2", place="Car 1")
    assert kinds(force) == []
    force.tag("P1")
    assert [(each.kind, each.kit) for each in reconcile(force.picture, NOW)] == [("kit_without_pouch", "K1")]
    force.move(HOUR, "load", "K1", pouch="P1")
    assert kinds(force) == []


def test_low_battery_is_shown_by_the_setting_until_the_next_docking_tells_better() -> None:
    force, tag = docked()
    force.docking(tag, DAY + HOUR, battery=19)
    assert saying(one(force, "battery_low").evidence, "percent") == ("found.battery_low", 19)
    assert reconcile(force.picture, NOW, DEFAULTS._replace(battery_percent=19)) == []
    force.docking(tag, DAY + 2 * HOUR, battery=90)
    assert kinds(force) == []


def kept_in_a_car() -> tuple[Force, str]:
    force = Force()
    force.kit("K1")
    tag = force.tag("P1")
    force.move(0, ISSUE, "K1", place="Car 1", pouch="P1")
    return force, tag


def test_pouch_in_a_car_is_not_asked_for_at_the_dock_but_its_silence_is_noticed() -> None:
    force, tag = kept_in_a_car()
    assert kinds(force, T0 + 29 * DAY) == []
    found = one(force, "tag_silent", T0 + 30 * DAY)
    assert (found.place, found.officer, found.severity) == ("Car 1", None, "low")
    force.heard[tag] = T0 + 10 * DAY
    assert kinds(force, T0 + 30 * DAY) == []
    assert kinds(force, T0 + 40 * DAY) == ["tag_silent"]


def test_pouch_whose_kit_was_used_up_is_without_a_kit_until_another_is_put_in() -> None:
    force, _ = docked()
    use = force.move(30 * HOUR, "use", "K1", doses=2)
    found = one(force, "pouch_without_kit")
    assert (found.severity, found.officer, found.pouch) == ("medium", "1207", "P1")
    assert saying(found.evidence, "kit", "since") == ("found.pouch_emptied", "K1", at(30 * HOUR))
    assert found.next_step == NextStep("kit.issue_next", officer="1207", pouch="P1")
    assert use == 3
    force.kit("K2")
    force.issue("K2", "1207", "P1", 40 * HOUR)
    assert kinds(force) == []


def test_pouch_that_was_handed_in_is_only_a_question_if_it_goes_on_docking() -> None:
    force, tag = docked()
    force.give_back("K1", 30 * HOUR)
    assert kinds(force) == []
    force.docking(tag, 40 * HOUR)  # on the same day: that is how it was handed in
    assert kinds(force) == []
    force.docking(tag, 60 * HOUR)
    found = one(force, "pouch_without_kit", T0 + 3 * DAY)
    assert (found.severity, found.officer) == ("low", None)
    assert kinds(force, T0 + 60 * HOUR + 8 * DAY) == []  # nobody seems to use it


def test_pouch_that_docks_and_never_had_a_kit_is_a_question() -> None:
    force = Force()
    tag = force.tag("P1")
    assert kinds(force) == []
    force.docking(tag, 2 * DAY)
    assert one(force, "pouch_without_kit", T0 + 3 * DAY).evidence.code == "found.pouch_never_filled"


def test_pouch_whose_tag_was_wiped_is_without_a_tag_while_a_kit_is_in_it() -> None:
    force, tag = docked()
    force.docking(tag, 30 * HOUR - 60_000)  # its log is fetched before
    force.tags[0] = force.tags[0]._replace(retired_at_ms=T0 + 30 * HOUR)
    found = one(force, "pouch_without_tag")
    assert (found.kit, found.officer) == ("K1", "1207")
    force.tags.append(force.tags[0]._replace(id="f" * 16, enrolled_at_ms=T0 + 31 * HOUR, retired_at_ms=None))
    assert kinds(force) == []


def test_pouch_whose_tag_went_into_another_pouch_is_told_until_it_gets_one() -> None:
    force, tag = docked()
    force.docking(tag, 30 * HOUR - 60_000)
    force.tags[0] = force.tags[0]._replace(retired_at_ms=T0 + 30 * HOUR, moved_to="P2")
    found = one(force, "tag_moved")
    assert (found.severity, found.pouch) == ("medium", "P1")
    assert found.evidence == Phrase("found.tag_moved_from_kit", tag=tag, pouch="P2", at=at(30 * HOUR))
    force.give_back("K1", 31 * HOUR)
    found = one(force, "tag_moved")
    assert (found.severity, found.evidence.code) == ("low", "found.tag_moved")
    force.tags.append(force.tags[0]._replace(id="f" * 16, retired_at_ms=None, moved_to=None))
    assert kinds(force) == []


def test_docking_noted_with_a_wrong_clock_is_one_question_for_the_day() -> None:
    force, tag = docked()
    force.kit("K2")
    other = force.tag("P2")
    force.issue("K2", "1207", "P2")
    for at in (DAY, DAY + HOUR, DAY + 2 * HOUR):
        force.docking(other, at)
        force.docking(tag, at + HOUR)
    assert kinds(force) == []
    force.docking(other, DAY + 3 * HOUR, wrong=-365 * DAY)
    force.docking(tag, DAY + 4 * HOUR, wrong=-365 * DAY)
    found = one(force, "clock_implausible")
    fields = ("dockings", "pouches", "more", "first_at")
    told = ("found.clock_implausible", 2, ("P2", "P1"), 0, Instant(found.since_ms, "Europe/London"))
    assert saying(found.evidence, *fields) == told
    assert found.pouch is None
    assert found.facts == ("docking:8", "docking:9")


def test_doses_missing_at_the_return_are_set_against_what_was_reported() -> None:
    force, tag = docked()
    number = force.report("1207", tag, None, doses=1)
    force.move(20 * HOUR, "use", "K1", doses=1, report=number)
    force.give_back("K1", 25 * HOUR, doses=1)
    assert "doses_differ" not in kinds(force)
    force.move(26 * HOUR, "count", "K1", doses=0)
    found = one(force, "doses_differ")
    assert found.evidence == Phrase("found.doses_off", missing=1, left=0, of=2, used=1, quiet=0, reported=1, pending=0)
    assert found.next_step == NextStep("kit.count", "next.doses_gone", kit="K1")
    assert found.since_ms == T0 + 26 * HOUR
    assert found.facts == ("movement:3", "movement:4", "movement:5", "report:1")
    force.move(27 * HOUR, "count", "K1", doses=1)
    assert "doses_differ" not in kinds(force)


def test_more_doses_in_a_kit_than_the_uses_leave_is_asked_too() -> None:
    force, _ = docked()
    force.move(20 * HOUR, "use", "K1", doses=1)
    force.give_back("K1", 25 * HOUR, doses=2)
    found = one(force, "doses_differ")
    assert found.evidence == Phrase("found.doses_off", missing=-1, left=2, of=2, used=1, quiet=1, reported=0, pending=0)
    assert found.next_step == NextStep("kit.count", "next.doses_not_gone", kit="K1")


def test_report_of_more_doses_than_its_kit_had_is_settled_by_the_kit_they_came_from() -> None:
    force, tag = docked()
    force.log(tag, ("boot", 0), ("lid_open", HOUR), ("lid_close", 2 * HOUR))
    number = force.report("1207", tag, 2, doses=3)
    force.explain(tag, 2, "1207", "used", 3)
    force.move(30 * HOUR, "use", "K1", doses=2, report=number)
    found = one(force, "doses_differ")
    assert found.evidence == Phrase("found.more_reported", report=1, doses=3, taken=2, kits=("K1",))
    assert found.next_step == NextStep("kit.use", "next.the_other_doses", doses=1, report=1)
    assert found.facts == ("report:1", "movement:3")
    force.kit("K2")
    force.issue("K2", "1207", "P1", 31 * HOUR)
    force.move(32 * HOUR, "use", "K2", doses=1, report=number)
    assert [(each.kind, each.kit, each.severity) for each in reconcile(force.picture, NOW)] == [
        ("not_whole_carried", "K2", "low")
    ]


def test_kit_issued_to_two_is_told_with_both_and_names_neither_alone() -> None:
    force, _ = docked()
    force.officer("1300")
    force.move(30 * HOUR, ISSUE, "K1", officer="1300")
    found = one(force, "kit_issued_twice")
    assert (found.severity, found.officer) == ("high", None)
    assert found.evidence.fields["what"] == Phrase(
        "found.kit_issued_twice",
        first=Phrase("found.officer", officer="1207"),
        since=at(0),
        second=Phrase("found.officer", officer="1300"),
        at=at(30 * HOUR),
    )
    assert found.facts == ("movement:2", "movement:3")
    assert "ledger_impossible" not in kinds(force)


def test_movement_that_cannot_have_been_is_told_with_the_reason() -> None:
    force, _ = docked()
    force.move(30 * HOUR, "find", "K1", place="North")
    found = one(force, "ledger_impossible")
    fields = ("movement", "kind", "at")
    assert saying(found.evidence.fields["what"], *fields) == ("found.ledger_impossible", 3, "find", at(30 * HOUR))
    assert "kit_issued_twice" not in kinds(force)


def test_differences_of_a_stocktake_stand_until_the_kit_moves_or_the_place_is_counted_again() -> None:
    force = Force()
    for kit in ("K1", "K2", "K3", "K4"):
        force.kit(kit)
    force.stocktake(
        DAY,
        ("missing", "K1"),
        ("unexpected", "K2"),
        ("double", "K3"),
        ("unknown", "K9"),
        ("doses", "K3"),
        ("wrong_place", "K4"),
    )
    found = {(each.kind, each.kit): each for each in reconcile(force.picture, NOW)}
    assert {key: each.severity for key, each in found.items()} == {
        ("stocktake_missing", "K1"): "medium",
        ("stocktake_unexpected", "K2"): "medium",
        ("stocktake_unexpected", "K9"): "medium",
        ("stocktake_wrong_place", "K4"): "medium",
        ("stocktake_double", "K3"): "low",
        ("doses_differ", "K3"): "medium",
    }
    told = found["stocktake_missing", "K1"].evidence
    assert saying(told, "stocktake", "place", "difference") == ("found.stocktake", 1, "North", "missing")
    assert {key: each.next_step.code for key, each in found.items()} == {
        ("stocktake_missing", "K1"): "next.stocktake_missing",
        ("stocktake_unexpected", "K2"): "next.stocktake_unexpected",
        ("stocktake_unexpected", "K9"): "next.stocktake_unknown",
        ("stocktake_wrong_place", "K4"): "next.stocktake_wrong_place",
        ("stocktake_double", "K3"): "next.stocktake_double",
        ("doses_differ", "K3"): "next.count_again",
    }
    force.move(30 * HOUR, "lose", "K1")
    assert "stocktake_missing" not in kinds(force)
    force.stocktake(40 * HOUR)
    assert kinds(force) == []


def test_another_place_that_is_counted_settles_nothing_here() -> None:
    force = Force()
    force.kit("K1")
    force.stocktake(DAY, ("missing", "K1"))
    force.stocktake(DAY + HOUR, place="South")
    assert kinds(force) == ["stocktake_missing"]


def test_kit_that_is_missing_from_two_places_is_asked_for_once() -> None:
    force = Force()
    force.kit("K1")
    force.stocktake(DAY, ("missing", "K1"))
    force.stocktake(DAY + HOUR, ("missing", "K1"), place="South")
    assert one(force, "stocktake_missing").place == "South"


def resupply(force: Force, now: int) -> list[Discrepancy]:
    return [each for each in reconcile(force.picture, T0 + now) if each.kind == "resupply_undelivered"]


def test_resupply_that_was_asked_for_is_overdue_until_as_many_kits_are_issued() -> None:
    force, _ = docked()
    force.report("1207", None, None, incident="2026-05-29T10:00:00+01:00", resupply=2)
    assert resupply(force, 4 * DAY - 1) == []
    (found,) = resupply(force, 4 * DAY)
    assert (found.officer, found.facts) == ("1207", ("report:1",))
    assert saying(found.evidence, "report", "wanted") == ("found.none_issued", 1, 2)
    assert found.next_step == NextStep("kit.issue_next", "next.resupply_undelivered", officer="1207")
    for kit in ("K2", "K3"):
        force.kit(kit)
    force.issue("K2", "1207", None, 13 * HOUR)  # after the incident, before it was reported
    (one_more,) = resupply(force, 4 * DAY)
    assert saying(one_more.evidence, "wanted", "issued") == ("found.fewer_issued", 2, 1)
    assert one_more.occurrence != found.occurrence, "who acknowledged the first hears of this one"
    wrong = force.move(13 * HOUR, ISSUE, "K3", officer="1207")
    assert resupply(force, 4 * DAY) == []
    force.move(14 * HOUR, "correct", "K3", corrects=wrong)
    assert resupply(force, 4 * DAY) == [one_more]


def test_a_kit_that_was_issued_is_for_one_request_the_oldest() -> None:
    force, _ = docked()
    for hour in ("10", "11"):
        force.report("1207", None, None, incident=f"2026-05-29T{hour}:00:00+01:00", resupply=1)
    force.kit("K2")
    force.issue("K2", "1207", None, 20 * HOUR)
    assert [each.facts for each in resupply(force, 4 * DAY)] == [("report:2",)]
    force.kit("K3")
    force.issue("K3", "1207", None, 20 * HOUR)
    assert resupply(force, 4 * DAY) == []


def test_a_request_that_was_withdrawn_is_asked_for_no_more() -> None:
    force, _ = docked()
    force.report("1207", None, None, resupply=1)
    assert len(resupply(force, 9 * DAY)) == 1
    force.reports[0] = force.reports[0]._replace(stands=WITHDRAWN)
    assert resupply(force, 9 * DAY) == []


def test_nobody_who_has_left_is_waited_for_with_a_kit() -> None:
    force, _ = docked()
    force.report("1207", None, None, resupply=1)
    force.officers[0] = force.officers[0]._replace(left_on=date(2026, 5, 30))
    assert resupply(force, 9 * DAY) == []


def opened_pouch(marks: int = 0) -> tuple[Force, str]:
    """Officer 1207 has K1 in P1, which was opened an hour after T0 and docked a day after it; 1300 has nothing."""
    force, tag = carried_pouch()
    force.officer("1300")
    force.docking(tag, DAY)
    marked = [(f"dose_mark+{number}", HOUR + 1000 * number) for number in range(1, marks + 1)]
    force.log(tag, ("lid_open", HOUR), *marked, ("lid_close", HOUR + 60_000))
    return force, tag


def test_explanation_that_the_marks_tell_against_is_asked_again_until_the_kit_was_counted() -> None:
    force, tag = opened_pouch(marks=2)
    force.explain(tag, 1, "1207", "training")
    found = one(force, "explanation_contradicted")
    assert (found.severity, found.kit, found.pouch, found.officer) == ("medium", "K1", "P1", "1207")
    marks, by = (Phrase("found.dose_marks", marks=2),), Phrase("who.officer", officer="1207")
    assert saying(found.evidence, "by", "against") == ("found.explanation_contradicted", by, marks)
    assert found.next_step == NextStep(
        "opening.used", "next.used_or_count", opening="P1:1", officer="1207", withdraw=None
    )
    force.move(30 * HOUR, "count", "K1", doses=1)
    assert "explanation_contradicted" in kinds(force), "one dose is gone"
    force.move(31 * HOUR, "count", "K1", doses=2)
    assert kinds(force) == []


def test_explanation_that_a_report_tells_against_is_asked_again_until_one_of_them_is_put_right() -> None:
    force, tag = opened_pouch()
    force.explain(tag, 1, "1207", "training")
    number = force.report("1207", tag, 1, doses=1, kit="K1")
    found = one(force, "explanation_contradicted")
    assert found.evidence.fields["against"] == (Phrase("found.report", report=1),)
    withdraw = NextStep("report.withdraw", report=number)
    assert saying(found.next_step, "withdraw") == ("next.used_or_withdraw", withdraw)
    assert found.facts[1:] == ("report:1",)
    force.explain(tag, 1, "1207", "used", 1)
    assert kinds(force) == ["not_whole_carried"]


def test_explanation_is_contradicted_by_a_report_that_names_no_opening_as_well() -> None:
    force, tag = opened_pouch()
    force.explain(tag, 1, "1207", "training")
    force.report("1207", None, None, doses=1, incident="2026-05-28T22:27:00+01:00", kit="K1")
    against = one(force, "explanation_contradicted").evidence.fields["against"]
    assert against == (Phrase("found.report", report=1),)


def test_who_explains_a_pouch_that_another_had_is_asked_about_until_the_holder_speaks() -> None:
    force, tag = opened_pouch()
    force.explain(tag, 1, "1300", "training")
    found = one(force, "explained_by_another")
    assert (found.severity, found.officer, found.pouch) == ("medium", "1207", "P1")
    by = ("found.explained_by_another", Phrase("who.officer", officer="1300"), ("1207",))
    assert saying(found.evidence, "by", "officers") == by
    assert found.next_step == NextStep("opening.explain", "next.explained_by_another", opening="P1:1", officer="1207")
    force.explain(tag, 1, "1207", "training")
    assert kinds(force) == []


def test_who_keeps_the_stock_may_say_why_they_opened_it_but_not_that_it_was_used() -> None:
    force, tag = opened_pouch()
    force.explain(tag, 1, None, "restocking", login="keeper")
    assert kinds(force) == []
    force.explain(tag, 1, None, "used", 1, login="keeper")
    assert one(force, "explained_by_another").evidence.fields["by"] == Phrase("who.login", login="keeper")


def test_explanation_of_a_pouch_that_nobody_had_is_nobody_elses() -> None:
    force, tag = opened_pouch()
    force.movements = force.movements[:1]
    force.explain(tag, 1, "1300", "training")
    assert kinds(force) == ["pouch_without_kit"]


def test_pouch_that_another_brought_to_the_dock_is_asked_about_until_its_holder_brings_it() -> None:
    force, tag = docked()
    force.officer("1300")
    first = force.docking(tag, 30 * HOUR)
    force.brings(first, "1300")
    found = one(force, "docked_by_another")
    assert (found.severity, found.officer, found.pouch, found.kit) == ("medium", "1207", "P1", "K1")
    assert found.evidence == Phrase("found.docked_by_another", officer="1300", at=at(30 * HOUR), holders=("1207",))
    assert found.facts == (f"docking:{first}", "movement:2")
    force.brings(force.docking(tag, 31 * HOUR), "1207")
    assert kinds(force) == []


def test_pouch_that_was_with_who_brought_it_or_with_nobody_is_no_question() -> None:
    force, tag = docked()
    force.officer("1300")
    force.brings(force.docking(tag, 30 * HOUR), "1300")
    force.move(30 * HOUR, "return", "K1", place="North")
    assert kinds(force) == []
    kept, tag = kept_in_a_car()
    kept.officer("1300")
    kept.brings(kept.docking(tag, DAY), "1300")
    assert kinds(kept) == []


def test_who_brought_a_pouch_and_explained_it_is_asked_about_once() -> None:
    force, tag = opened_pouch()
    force.brings(1, "1300")
    assert sorted(kinds(force)) == ["docked_by_another", "opening_unexplained"]
    force.explain(tag, 1, "1300", "training")
    assert kinds(force) == ["explained_by_another"]


def test_tag_that_was_taken_out_of_use_unread_is_told_until_the_kit_was_counted() -> None:
    force, tag = docked()
    force.tags[0] = force.tags[0]._replace(retired_at_ms=T0 + 30 * HOUR)
    found = one(force, "log_unread")
    assert (found.severity, found.kit, found.officer, found.pouch) == ("medium", "K1", "1207", "P1")
    assert found.evidence == Phrase("found.log_unread", tag=tag, retired_at=at(30 * HOUR), last=at(DAY + 1000))
    assert found.next_step == NextStep("kit.count", "next.log_unread", kit="K1")
    force.move(31 * HOUR, "count", "K1", doses=2)
    assert kinds(force) == ["pouch_without_tag"]


def test_tag_that_never_docked_is_unread_of_the_kits_that_were_in_its_pouch_meanwhile() -> None:
    force, _ = carried_pouch()
    force.give_back("K1", 10 * HOUR)
    force.kit("K2")
    force.issue("K2", "1207", "P1", 40 * HOUR)
    force.tags[0] = force.tags[0]._replace(retired_at_ms=T0 + 30 * HOUR)
    found = one(force, "log_unread")
    assert (found.kit, found.evidence.code) == ("K1", "found.log_never_read")


def test_nothing_is_lost_with_a_tag_whose_pouch_held_no_kit_since_it_docked() -> None:
    force, tag = docked()
    force.give_back("K1", 25 * HOUR, doses=2)
    force.docking(tag, 26 * HOUR)
    force.tags[0] = force.tags[0]._replace(retired_at_ms=T0 + 40 * HOUR)
    assert kinds(force) == []


def test_kit_that_went_out_uncounted_is_called_in() -> None:
    force, _ = opened_pouch()
    force.give_back("K1", 30 * HOUR)
    force.issue("K1", "1300", "P2", 31 * HOUR)
    found = one(force, "not_whole_carried")
    assert (found.severity, found.kit, found.officer, found.since_ms) == ("high", "K1", "1300", T0 + 31 * HOUR)
    assert found.evidence.code == "found.carried_uncounted"
    assert found.next_step == NextStep("kit.replace", "next.not_whole_urgent", kit="K1")
    force.move(32 * HOUR, "count", "K1", doses=2)
    assert "not_whole_carried" not in kinds(force)


def test_kit_that_is_carried_with_doses_gone_is_told_and_an_empty_one_is_called_in() -> None:
    force, tag = opened_pouch(marks=1)
    force.report("1207", tag, 1, doses=1, kit="K1")
    found = one(force, "not_whole_carried")
    assert (found.severity, found.evidence) == ("low", Phrase("found.carried_not_whole", left=1, of=2))
    assert found.next_step == NextStep("kit.replace", "next.not_whole_carried", kit="K1")
    force.move(30 * HOUR, "count", "K1", doses=0)
    empty = one(force, "not_whole_carried")
    assert (empty.severity, empty.evidence) == ("high", Phrase("found.carried_not_whole", left=0, of=2))
    assert empty.occurrence != found.occurrence


def test_kit_that_was_opened_while_with_its_officer_is_not_called_in_before_it_comes_back() -> None:
    force, tag = opened_pouch()
    force.explain(tag, 1, "1207", "used", 1)
    assert "not_whole_carried" not in kinds(force)
