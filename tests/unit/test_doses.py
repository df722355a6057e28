"""The account of doses: what state an opening is in, why a kit needs counting, and when a kit does not add up."""

import pytest

from host import clock
from host.clock import Instant
from host.ledger.movement import DESTROY, FIND, LEAVE_BEHIND, LOSE, UNLOAD, USE
from host.phrase import Phrase
from host.usage.doses import (
    BACK,
    OPENED,
    OPENING_STATES,
    TOLD,
    UNREAD,
    WHYS,
    DoseAccount,
    Due,
    KitFacts,
    account,
    confirmed,
    due,
    matches,
    opening_state,
    spoken_by_another,
    told,
)
from host.usage.openings import Opening
from host.usage.reports import SAME, WITHDRAWN
from host.usage.whole import all_facts, openings
from tests.force import DAY, HOUR, T0, ZONE, Force, carried_pouch


def opened(*, marks: int = 0, docked: int = DAY) -> tuple[Force, str]:
    """Officer 1207 has K1 in P1, which was opened an hour after T0, and docked."""
    force, tag = carried_pouch()
    force.docking(tag, docked)
    marked = [(f"dose_mark+{number}", HOUR + 1000 * number) for number in range(1, marks + 1)]
    force.log(tag, ("lid_open", HOUR), *marked, ("lid_close", HOUR + 60_000))
    return force, tag


def the_opening(force: Force) -> Opening:
    (found,) = openings(force.picture)
    return found


def state(force: Force) -> str:
    return opening_state(the_opening(force))


def facts(force: Force, kit: str = "K1") -> KitFacts:
    return next(each for each in all_facts(force.picture) if each.kit == kit)


def why(force: Force, kit: str = "K1") -> str | None:
    found = due(facts(force, kit))
    return found.why if found else None


def accounts(force: Force) -> dict[str, DoseAccount]:
    return {each.kit: account(each) for each in all_facts(force.picture)}


def off(force: Force, kit: str = "K1") -> int:
    return accounts(force)[kit].off


# The states of an opening.


def test_opening_of_which_nobody_says_anything_is_unexplained() -> None:
    assert state(opened()[0]) == "unexplained"
    assert state(opened(marks=2)[0]) == "unexplained", "a mark is no word of anybody"


@pytest.mark.parametrize("cause", ["training", "inspection", "restocking", "accidental"])
def test_opening_that_was_no_use_is_explained_unless_something_tells_of_one(cause: str) -> None:
    force, tag = opened()
    force.explain(tag, 1, "1207", cause)
    assert state(force) == "explained"
    marked, tag = opened(marks=1)
    marked.explain(tag, 1, "1207", cause)
    assert state(marked) == "contradicted"
    number = force.report("1207", tag, 1)
    assert state(force) == "contradicted"
    force.reports[number - 1] = force.reports[number - 1]._replace(stands=WITHDRAWN)
    assert state(force) == "explained"


def test_last_explanation_counts() -> None:
    force, tag = opened(marks=1)
    force.explain(tag, 1, "1207", "training")
    force.explain(tag, 1, "1207", "used", 1)
    assert state(force) == "unreported"


def test_use_is_reported_when_all_that_tell_of_it_agree() -> None:
    force, tag = opened(marks=2)
    force.explain(tag, 1, "1207", "used", 2)
    assert state(force) == "unreported"
    force.report("1207", tag, 1, doses=2)
    assert state(force) == "reported"


def test_report_alone_says_what_the_opening_was() -> None:
    force, tag = opened()
    force.report("1207", tag, 1, doses=2)
    assert state(force) == "reported"


@pytest.mark.parametrize(
    ("marks", "said", "reported"), [(1, 2, None), (1, None, 2), (0, 1, 2), (2, 2, 1), (1, 2, 2), (2, 1, 2)]
)
def test_numbers_that_are_not_the_same_differ(marks: int, said: int | None, reported: int | None) -> None:
    force, tag = opened(marks=marks)
    if said is not None:
        force.explain(tag, 1, "1207", "used", said)
    if reported is not None:
        force.report("1207", tag, 1, doses=reported)
    assert state(force) == "differing"


def test_no_mark_says_nothing_against_a_use() -> None:
    force, tag = opened()
    force.explain(tag, 1, "1207", "used", 2)
    force.report("1207", tag, 1, doses=2)
    assert state(force) == "reported"


def test_two_reports_are_one_use_each_only_if_something_else_tells_of_as_many_doses() -> None:
    force, tag = opened()
    force.officer("1300")
    first, second = (force.report(officer, tag, 1, doses=1) for officer in ("1207", "1300"))
    assert state(force) == "differing", "two people helped, or two reports of one"
    force.explain(tag, 1, "1207", "used", 2)
    assert state(force) == "reported"
    force.explanations.clear()
    force.reports[second - 1] = force.reports[second - 1]._replace(stands=SAME, same_as=first)
    assert state(force) == "reported"
    assert the_opening(force).doses_reported == 1


def test_each_state_says_whether_to_count_and_what_is_asked() -> None:
    assert {name: (each.to_count, each.asks) for name, each in OPENING_STATES.items()} == {
        "contradicted": (True, "explanation_contradicted"),
        "differing": (True, "doses_differ"),
        "unexplained": (True, "opening_unexplained"),
        "unreported": (True, "report_missing"),
        "reported": (True, None),
        "explained": (False, None),
    }


def test_who_did_not_carry_the_pouch_may_say_that_it_was_restocked_not_that_it_was_used() -> None:
    def another(officer: str | None, cause: str) -> bool:
        force, tag = opened()
        force.explain(tag, 1, officer, cause, 1 if cause == "used" else None)
        return spoken_by_another(the_opening(force))

    assert not another("1207", "used")
    assert another("1300", "used")
    assert another("1300", "training")
    assert not another(None, "restocking"), "who keeps the stock opens pouches too"
    assert another(None, "used")


# What needs counting.


def test_kit_is_to_be_counted_after_an_opening_that_may_have_been_a_use() -> None:
    force, tag = opened()
    found = due(facts(force))
    assert found is not None
    assert (found.why, found.pouch, found.tag, found.sequence, found.earlier) == (OPENED, "P1", tag, 1, False)
    assert abs(found.at_ms - T0 - HOUR) < HOUR / 2
    force.explain(tag, 1, "1207", "training")
    assert why(force) is None
    force.explain(tag, 1, "1207", "used", 1)
    assert why(force) == OPENED
    force.report("1207", tag, 1, doses=1, kit="K1")
    assert why(force) == OPENED, "even a use that all agree on: nobody has looked"


def test_count_or_return_with_doses_after_the_opening_settles_it_and_one_before_does_not() -> None:
    force, _ = opened()
    force.move(HOUR // 4, "count", "K1", doses=2)
    assert why(force) == OPENED
    force.give_back("K1", 2 * DAY)
    assert why(force) == OPENED, "nobody looked when it came back"
    force.move(2 * DAY + HOUR, "count", "K1", doses=2)
    assert why(force) is None
    back, _ = opened()
    back.give_back("K1", 2 * DAY, doses=2)
    back.docking(back.tags[0].id, 2 * DAY + HOUR)
    assert why(back) is None


def test_kit_that_went_on_uncounted_is_due_of_an_earlier_time() -> None:
    force, _ = opened()
    force.officer("1300")
    force.give_back("K1", 2 * DAY)
    force.issue("K1", "1300", "P2", 3 * DAY)
    found = due(facts(force))
    assert found is not None
    assert (found.why, found.earlier) == (OPENED, True)


def test_kit_that_was_not_in_the_pouch_then_is_not_concerned() -> None:
    force, _ = opened()
    force.kit("K2")
    force.issue("K2", "1207", "P1", 2 * DAY)
    assert (why(force, "K1"), why(force, "K2")) == (OPENED, None)


def test_report_without_an_opening_is_told_of_who_had_a_kit_then() -> None:
    force, tag = carried_pouch()
    force.docking(tag, DAY)
    number = force.report("1207", None, None, incident="2026-05-28T23:00:00+01:00")
    found = due(facts(force))
    assert found is not None
    assert (found.why, found.report, found.at_ms) == (TOLD, number, T0 + 5_600_000)
    force.reports[0] = force.reports[0]._replace(stands=WITHDRAWN)
    assert why(force) is None
    force.reports[0] = force.reports[0]._replace(stands="filed", officer="1300")
    assert why(force) is None, "1300 had no kit"


def test_kit_that_left_a_pouch_is_to_be_counted_until_the_pouch_has_docked() -> None:
    force, tag = carried_pouch()
    force.docking(tag, DAY)
    assert why(force) is None
    force.give_back("K1", 2 * DAY)
    found = due(facts(force))
    assert found is not None
    assert (found.why, found.pouch, found.at_ms) == (UNREAD, "P1", T0 + 2 * DAY)
    force.docking(tag, 2 * DAY + HOUR, "failed", "the tag stopped answering")
    assert why(force) == UNREAD
    force.docking(tag, 2 * DAY + 2 * HOUR)
    assert why(force) is None


def test_kit_that_left_a_pouch_without_a_tag_or_is_still_with_the_same_officer_is_not_unread() -> None:
    force = Force()
    force.officer("1207")
    force.kit("K1")
    force.issue("K1", "1207", "P1")
    force.give_back("K1", DAY)
    assert why(force) is None
    carried, _ = carried_pouch()
    carried.move(DAY, UNLOAD, "K1")
    assert why(carried) is None
    carried.give_back("K1", 2 * DAY)
    assert why(carried) == UNREAD


def test_log_of_a_tag_that_was_fetched_just_before_it_was_taken_out_is_read() -> None:
    for fetched, expected in ((2 * DAY - HOUR // 2, None), (2 * DAY - 2 * HOUR, UNREAD)):
        force, tag = carried_pouch()
        force.docking(tag, fetched)
        force.tags[0] = force.tags[0]._replace(retired_at_ms=T0 + 2 * DAY)
        force.give_back("K1", 3 * DAY)
        assert why(force) == expected
    force.move(4 * DAY, "count", "K1", doses=2)
    assert why(force) is None


def test_kit_that_was_lost_or_left_behind_and_came_back_is_to_be_counted() -> None:
    for gone, back in ((LOSE, FIND), (LEAVE_BEHIND, "return")):
        force = Force()
        force.officer("1207")
        force.kit("K1")
        force.issue("K1", "1207", None)
        force.move(HOUR, gone, "K1")
        assert why(force) is None, "it is not here"
        force.move(2 * HOUR, back, "K1", place="North")
        assert due(facts(force)) == Due("K1", BACK, T0 + 2 * HOUR, False)
        force.move(3 * HOUR, "count", "K1", doses=2)
        assert why(force) is None


def test_kit_that_is_neither_out_nor_in_stock_is_not_to_be_counted() -> None:
    for gone in (LOSE, LEAVE_BEHIND):
        force, _ = opened()
        force.move(2 * DAY, gone, "K1")
        assert why(force) is None
    used, tag = opened(marks=2)
    used.report("1207", tag, 1, doses=2, kit="K1")
    assert why(used) is None
    used.move(2 * DAY, DESTROY, "K1")
    assert why(used) is None


def test_what_was_reversed_makes_nothing_due() -> None:
    force, tag = carried_pouch()
    force.docking(tag, DAY)
    force.officer("1300")
    force.kit("K2")
    wrong = force.move(HOUR, "issue", "K2", officer="1300", pouch="P2")
    assert force.tag("P2") != tag
    force.give_back("K2", 2 * HOUR)
    assert why(force, "K2") == UNREAD
    force.move(3 * HOUR, "correct", "K2", corrects=wrong + 1)
    force.move(3 * HOUR, "correct", "K2", corrects=wrong)
    assert why(force, "K2") is None


def test_each_reason_to_count_is_told_with_what_it_is_about() -> None:
    each = Due("K1", "", T0, False, "P1", "0" * 16, 1, 7)
    at = Instant(T0, ZONE)
    assert {name: told(each._replace(why=name), ZONE) for name in WHYS} == {
        OPENED: Phrase("due.opened", pouch="P1", at=at),
        TOLD: Phrase("due.told", report=7, at=at),
        UNREAD: Phrase("due.unread", pouch="P1", at=at),
        BACK: Phrase("due.back", at=at),
    }


# What does not add up.


def test_kit_that_nothing_happened_to_adds_up() -> None:
    force, _ = carried_pouch()
    found = accounts(force)["K1"]
    assert (found.doses, found.used, found.unaccounted, found.told, found.pending) == (2, 0, 0, 0, 0)
    assert (found.short, found.counted, found.off) == ({}, False, 0)


def test_doses_that_a_count_does_not_find_are_off_until_a_report_tells_of_them() -> None:
    force, tag = opened()
    force.give_back("K1", 2 * DAY, doses=0)
    assert off(force) == 2
    force.explain(tag, 1, "1207", "used", 2)
    found = accounts(force)["K1"]
    assert (found.pending, found.off, found.counted) == (2, 0, True), "the missing report is asked for, not the doses"
    number = force.report("1207", tag, 1, doses=2)
    force.move(3 * DAY, USE, "K1", doses=2, report=number, happened_ms=T0 + HOUR)
    found = accounts(force)["K1"]
    assert (found.used, found.unaccounted, found.told, found.pending, found.off) == (2, 0, 2, 0, 0)


def test_count_that_finds_more_than_was_reported_is_off_the_other_way() -> None:
    force, tag = opened(marks=2)
    force.report("1207", tag, 1, doses=2, kit="K1")
    assert off(force) == 0
    force.give_back("K1", 2 * DAY, doses=2)
    assert off(force) == -2


def test_use_said_and_never_counted_is_not_off() -> None:
    force, tag = opened(marks=2)
    force.explain(tag, 1, "1207", "used", 2)
    found = accounts(force)["K1"]
    assert (found.pending, found.counted, found.off) == (2, False, 0)


def test_use_said_of_a_kit_that_was_counted_whole_is_off() -> None:
    force, tag = opened(marks=2)
    force.explain(tag, 1, "1207", "used", 2)
    force.give_back("K1", 2 * DAY, doses=2)
    assert off(force) == -2


def test_report_of_more_than_the_kit_gave_is_short() -> None:
    force, tag = opened()
    number = force.report("1207", tag, 1, doses=3)
    force.move(DAY, USE, "K1", doses=2, report=number)
    assert accounts(force)["K1"].short == {number: 1}
    force.kit("K2")
    force.issue("K2", "1207", "P3")
    force.move(DAY, USE, "K2", doses=1, report=number)
    assert accounts(force)["K1"].short == {}
    assert {kit: each.off for kit, each in accounts(force).items()} == {"K1": 0, "K2": 0}


def test_use_recorded_by_hand_is_the_one_that_the_report_tells_of() -> None:
    force, tag = opened()
    force.move(2 * HOUR, USE, "K1", doses=2)
    force.report("1207", tag, 1, doses=2)
    found = accounts(force)["K1"]
    assert (found.used, found.quiet, found.told, found.short, found.off) == (2, 2, 2, {}, 0)


def test_report_that_is_withdrawn_or_the_same_as_another_tells_of_no_doses() -> None:
    force, tag = opened(marks=1)
    force.report("1207", tag, 1, doses=1, kit="K1")
    for stands in (SAME, WITHDRAWN):
        force.report("1207", tag, 1, doses=1, kit="K1", stands=stands)
        found = accounts(force)["K1"]
        assert (found.used, found.told, found.short, found.off) == (1, 1, {}, 0)


def test_use_said_of_a_pouch_with_two_kits_may_be_of_either() -> None:
    force, tag = opened()
    force.kit("K2")
    force.issue("K2", "1207", "P1")
    force.explain(tag, 1, "1207", "used", 1)
    assert [off(force, kit) for kit in ("K1", "K2")] == [0, 0]
    force.give_back("K1", 2 * DAY, doses=1)
    force.give_back("K2", 2 * DAY, doses=2)
    assert [off(force, kit) for kit in ("K1", "K2")] == [0, 0]
    force.move(3 * DAY, "count", "K2", doses=0)
    assert off(force, "K2") == 2


def test_counts_of_every_kit_confirm_an_opening_whose_numbers_differ() -> None:
    force, tag = opened(marks=1)
    force.report("1207", tag, 1, doses=2, kit="K1")
    assert state(force) == "differing"
    assert not confirmed(the_opening(force), accounts(force))
    force.move(2 * DAY, "return", "K1", place="North", doses=0)
    assert confirmed(the_opening(force), accounts(force))
    force.move(3 * DAY, "count", "K1", doses=1)
    assert not confirmed(the_opening(force), accounts(force)), "one is there that was reported"


# Reports that name no opening.


def test_report_belongs_to_the_nearest_opening_and_to_one_that_needs_it_first() -> None:
    force, tag = opened()
    force.log(tag, ("lid_open", HOUR + HOUR // 2), ("lid_close", HOUR + HOUR // 2 + 5000), first=3)
    force.report("1207", None, None, incident="2026-05-28T22:50:00+01:00")  # 24 minutes after the first

    def belongs() -> list[int | None]:
        found = matches(force.picture.reports, openings(force.picture), HOUR)
        return [each.sequence if each else None for each in found.values()]

    assert belongs() == [3]
    force.explain(tag, 3, "1207", "training")
    assert belongs() == [1]
    force.report("1207", None, None, incident="2026-05-28T22:50:00+01:00")
    assert belongs() == [1, 3], "no opening is given twice"
    force.report("1207", None, None, incident="2026-05-28T22:50:00+01:00")
    assert belongs() == [1, 3, None]


def test_report_of_another_officer_or_another_hour_belongs_to_no_opening() -> None:
    force, _ = opened()
    force.officer("1300")
    force.report("1300", None, None, incident="2026-05-28T22:27:00+01:00")
    force.report("1207", None, None, incident="2026-05-29T00:30:00+01:00")
    assert list(matches(force.picture.reports, openings(force.picture), HOUR).values()) == [None, None]


def test_of_two_openings_that_may_both_have_been_then_a_report_belongs_to_the_likelier() -> None:
    """Soon after each other, and docked a day later: by the tag's clock either may have been at that minute."""
    force, tag = opened()
    force.log(tag, ("lid_open", HOUR + 480_000), ("lid_close", HOUR + 540_000), first=3)
    force.report("1207", None, None, incident=clock.iso(T0 + HOUR + 480_000, ZONE))
    (found,) = matches(force.picture.reports, openings(force.picture), HOUR).values()
    assert found is not None and found.sequence == 3
