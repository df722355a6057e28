"""Rules of reconciliation about kits, pouches, clocks, doses and counts: when each speaks, and what silences it."""

from datetime import date

from host.ledger import ISSUE
from host.reconcile import Discrepancy
from host.settings import DEFAULTS
from tests.force import DAY, HOUR, T0, Force, carried_pouch
from tests.unit.test_reconcile import kinds, one, reconcile

NOW = T0 + 2 * DAY


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
    assert "seal broken" in found.evidence
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
    assert "stood in the sun" in one(force, "quarantined_carried").evidence
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
    assert "19 %" in one(force, "battery_low").evidence
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
    assert "kit K1 that was in it is used up" in found.evidence
    assert "kitdock kit issue --next 1207 --pouch P1" in found.next_step
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
    assert "no kit was ever put into it" in one(force, "pouch_without_kit", T0 + 3 * DAY).evidence


def test_pouch_whose_tag_was_wiped_is_without_a_tag_while_a_kit_is_in_it() -> None:
    force, _ = docked()
    force.tags[0] = force.tags[0]._replace(retired_at_ms=T0 + 30 * HOUR)
    found = one(force, "pouch_without_tag")
    assert (found.kit, found.officer) == ("K1", "1207")
    force.tags.append(force.tags[0]._replace(id="f" * 16, enrolled_at_ms=T0 + 31 * HOUR, retired_at_ms=None))
    assert kinds(force) == []


def test_pouch_whose_tag_went_into_another_pouch_is_told_until_it_gets_one() -> None:
    force, _ = docked()
    force.tags[0] = force.tags[0]._replace(retired_at_ms=T0 + 30 * HOUR, moved_to="P2")
    found = one(force, "tag_moved")
    assert (found.severity, found.pouch) == ("medium", "P1")
    assert "provisioned into pouch P2" in found.evidence
    force.give_back("K1", 31 * HOUR)
    assert one(force, "tag_moved").severity == "low"
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
    assert found.evidence.startswith("2 dockings of P2, P1 noted on 2026-05-")
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
    assert "1 dose missing; 1 dose of 2 recorded as used, 0 left" in found.evidence
    assert found.since_ms == T0 + 26 * HOUR
    assert found.facts == ("movement:5", "report:1")
    force.move(27 * HOUR, "count", "K1", doses=1)
    assert "doses_differ" not in kinds(force)


def test_more_doses_in_a_kit_than_the_uses_leave_is_asked_too() -> None:
    force, _ = docked()
    force.move(20 * HOUR, "use", "K1", doses=1)
    force.give_back("K1", 25 * HOUR, doses=2)
    assert "1 dose more in it than the uses leave" in one(force, "doses_differ").evidence


def test_report_of_more_doses_than_its_kit_had_is_settled_by_the_kit_they_came_from() -> None:
    force, tag = docked()
    force.log(tag, ("boot", 0), ("lid_open", HOUR), ("lid_close", 2 * HOUR))
    number = force.report("1207", tag, 2, doses=3)
    force.explain(tag, 2, "1207", "used", 3)
    force.move(30 * HOUR, "use", "K1", doses=2, report=number)
    found = one(force, "doses_differ")
    assert "usage report 1 tells of 3 doses; 2 came from kit K1" in found.evidence
    assert found.facts == ("report:1", "movement:3")
    force.kit("K2")
    force.issue("K2", "1207", "P1", 31 * HOUR)
    force.move(32 * HOUR, "use", "K2", doses=1, report=number)
    assert kinds(force) == []


def test_kit_issued_to_two_is_told_with_both_and_names_neither_alone() -> None:
    force, _ = docked()
    force.officer("1300")
    force.move(30 * HOUR, ISSUE, "K1", officer="1300")
    found = one(force, "kit_issued_twice")
    assert (found.severity, found.officer) == ("high", None)
    assert "issued to officer 1207 at 2026-05-28 21:26, and to officer 1300 at 2026-05-30 03:26" in found.evidence
    assert found.facts == ("movement:2", "movement:3")
    assert "ledger_impossible" not in kinds(force)


def test_movement_that_cannot_have_been_is_told_with_the_reason() -> None:
    force, _ = docked()
    force.move(30 * HOUR, "find", "K1", place="North")
    found = one(force, "ledger_impossible")
    assert "movement 3, find at 2026-05-30 03:26, cannot have been: the kit is issued" in found.evidence
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
    assert "stocktake 1 of North" in found["stocktake_missing", "K1"].evidence
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


def resupply(force: Force, now: int) -> list[Discrepancy]:
    return [each for each in reconcile(force.picture, T0 + now) if each.kind == "resupply_undelivered"]


def test_resupply_that_was_asked_for_is_overdue_until_a_kit_is_issued() -> None:
    force, _ = docked()
    force.report("1207", None, None, incident="2026-05-29T10:00:00+01:00", resupply=2)
    assert resupply(force, 4 * DAY - 1) == []
    (found,) = resupply(force, 4 * DAY)
    assert (found.officer, found.facts) == ("1207", ("report:1",))
    assert "asks for 2 kits; the last was issued at 2026-05-28 21:26" in found.evidence
    force.kit("K2")
    force.issue("K2", "1207", None, 13 * HOUR)  # after the incident, before it was reported
    assert resupply(force, 4 * DAY) == []
    force.move(14 * HOUR, "correct", "K2", corrects=4)
    assert len(resupply(force, 4 * DAY)) == 1


def test_nobody_who_has_left_is_waited_for_with_a_kit() -> None:
    force, _ = docked()
    force.report("1207", None, None, resupply=1)
    force.officers[0] = force.officers[0]._replace(left_on=date(2026, 5, 30))
    assert resupply(force, 9 * DAY) == []
