"""Openings derived from the events of a tag: edges, marks, lost records, holders, explanations."""

from host.usage.openings import Opening
from host.usage.whole import openings
from tests.force import DAY, HOUR, T0, carried_pouch


def only(found: list[Opening]) -> Opening:
    assert len(found) == 1
    return found[0]


def test_pouch_that_was_never_opened_has_no_openings() -> None:
    force, tag = carried_pouch()
    force.docking(tag, DAY)
    force.log(tag, ("boot", 0), ("heartbeat", HOUR), ("dock", DAY), ("time_set", DAY), ("undock", DAY + HOUR))
    assert openings(force.picture) == []


def test_opening_has_time_duration_marks_holder_and_kits() -> None:
    force, tag = carried_pouch()
    force.docking(tag, DAY)
    force.log(
        tag,
        ("lid_open", HOUR),
        ("dose_mark+1", HOUR + 20_000),
        ("dose_mark+2", HOUR + 150_000),
        ("lid_close", HOUR + 300_000),
    )
    opening = only(openings(force.picture))
    assert opening.name == "P1:1"
    assert opening.began.earliest_ms <= T0 + HOUR <= opening.began.latest_ms
    assert opening.ended is not None
    assert opening.ended.earliest_ms <= T0 + HOUR + 300_000 <= opening.ended.latest_ms
    assert (opening.duration_s, opening.is_open, opening.dose_marks) == (300, False, 2)
    assert (opening.officers, opening.kits) == (("1207",), ("K1",))
    assert opening.explanation is None
    assert opening.reports == ()


def test_brief_opening_has_no_duration_worth_the_name() -> None:
    force, tag = carried_pouch()
    force.docking(tag, DAY)
    force.log(tag, ("lid_open+brief", HOUR), ("lid_close+brief", HOUR))
    assert only(openings(force.picture)).duration_s == 0


def test_lid_still_open_is_an_opening_without_end() -> None:
    force, tag = carried_pouch()
    force.docking(tag, DAY)
    force.log(tag, ("lid_open", HOUR), ("dock+open", DAY))
    opening = only(openings(force.picture))
    assert opening.is_open
    assert opening.ended is None
    assert opening.duration_s is None


def test_lost_close_ends_the_opening_at_an_unknown_time() -> None:
    force, tag = carried_pouch()
    force.docking(tag, DAY)
    force.log(tag, ("lid_open", HOUR), ("altered", 0), ("dock", DAY), ("lid_open", DAY + HOUR))
    first, second = openings(force.picture)
    assert (first.is_open, first.ended, first.duration_s) == (False, None, None)
    assert (second.sequence, second.is_open) == (4, True)


def test_lost_close_and_lost_sleep_show_as_two_openings() -> None:
    force, tag = carried_pouch()
    force.docking(tag, DAY)
    force.log(tag, ("lid_open", HOUR), ("altered", 0), ("lid_open", 3 * HOUR), ("lid_close", 4 * HOUR))
    assert [each.sequence for each in openings(force.picture)] == [1, 3]


def test_altered_open_record_still_shows_the_opening_by_the_state_of_the_next() -> None:
    force, tag = carried_pouch()
    force.docking(tag, DAY)
    force.log(tag, ("boot", 0), ("altered", 0), ("dose_mark+2", HOUR), ("lid_close", HOUR + 5000))
    opening = only(openings(force.picture))
    assert opening.sequence == 3
    assert opening.dose_marks == 2  # the mark's own number counts the lost one


def test_tag_that_starts_its_life_open_was_not_opened() -> None:
    force, tag = carried_pouch()
    force.docking(tag, DAY)
    force.log(tag, ("boot+open", 0), ("lid_close", 5000))
    assert openings(force.picture) == []


def test_opening_across_a_new_start_has_no_duration() -> None:
    force, tag = carried_pouch()
    force.docking(tag, DAY)
    force.log(tag, ("lid_open", HOUR))
    force.log(tag, ("boot+open", 0), ("lid_close", 5000), first=2, boot_count=2)
    opening = only(openings(force.picture))
    assert opening.duration_s is None
    assert opening.ended is not None


def test_handover_within_the_bound_names_both_holders() -> None:
    """Nine days without docking leave hours of doubt: everyone who may have carried the pouch is named."""
    force, tag = carried_pouch()
    force.officer("1300")
    force.give_back("K1", 5 * DAY)
    force.issue("K1", "1300", "P1", 5 * DAY + 1)
    force.docking(tag, 9 * DAY)
    force.log(tag, ("lid_open", 5 * DAY), ("lid_close", 5 * DAY + 5000))
    assert only(openings(force.picture)).officers == ("1207", "1300")


def test_opening_before_the_issue_has_no_holder() -> None:
    force, tag = carried_pouch()
    force.movements[-1] = force.movements[-1]._replace(at_ms=T0 + 3 * DAY)
    force.docking(tag, DAY)
    force.log(tag, ("lid_open", HOUR), ("lid_close", HOUR + 5000))
    assert only(openings(force.picture)).officers == ()


def test_last_explanation_counts_and_reports_are_named() -> None:
    force, tag = carried_pouch()
    force.docking(tag, DAY)
    force.log(tag, ("lid_open", HOUR), ("lid_close", HOUR + 5000))
    force.explain(tag, 1, "1207", "training")
    force.explain(tag, 1, "1207", "used", 3)
    number = force.report("1207", tag, 1)
    opening = only(openings(force.picture))
    assert opening.explanation is not None
    assert (opening.explanation.cause, opening.explanation.doses) == ("used", 3)
    assert opening.reports == (number,)


def test_history_of_a_replaced_tag_stays_under_its_own_name() -> None:
    force, old = carried_pouch()
    force.docking(old, DAY)
    force.log(old, ("lid_open", HOUR), ("lid_close", HOUR + 5000))
    new = force.tag("P1", 2 * DAY)
    force.docking(new, 3 * DAY)
    force.log(new, ("lid_open", 3 * DAY - HOUR), ("lid_close", 3 * DAY - HOUR + 5000), docking=2)
    assert [each.name for each in openings(force.picture)] == [f"{old}:1", "P1:1"]
    assert [each.tag for each in openings(force.picture, new)] == [new]
