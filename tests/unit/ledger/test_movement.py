"""What each kind of movement may do from each status, and what a correction makes of it."""

from collections.abc import Iterator

import pytest

from host import ledger
from host.clock import Instant
from host.errors import KitdockError, RuleError
from host.ledger import Movement, State, replay
from host.ledger.movement import (
    CORRECT,
    COUNT,
    DESTROY,
    FIND,
    IS_SO,
    ISSUE,
    KINDS,
    LEAVE_BEHIND,
    LOAD,
    LOSE,
    QUARANTINE,
    RECEIVE,
    RELEASE,
    RETURN,
    STATUSES,
    TRANSFER,
    UNLOAD,
    USE,
)
from host.phrase import NextStep, Phrase
from tests.force import HOUR, T0, ZONE
from tests.refusals import refused
from tests.unit.ledger.histories import DOSES, TO, USUAL, following, history

TABLE = """
                void      in_stock   issued       used      left_behind  lost      destroyed
receive         in_stock  -          -            -         -            -         -
issue           -         issued     -            -         -            -         -
return          -         -          in_stock     in_stock  in_stock     -         -
transfer        -         in_stock   -            -         -            -         -
load            -         in_stock   issued       -         -            -         -
unload          -         in_stock   issued       -         -            -         -
use             -         -          used         -         -            -         -
leave_behind    -         -          left_behind  -         -            -         -
lose            -         lost       lost         -         -            -         -
find            -         -          -            -         -            in_stock  -
quarantine      -         in_stock   issued       -         -            -         -
release         -         in_stock   issued       -         -            -         -
count           -         in_stock   issued       -         -            -         -
destroy         -         destroyed  -            destroyed -            -         -
correct         -         void       in_stock     issued    issued       issued    in_stock
"""
"""The status after a movement of each kind from each status; - where it is impossible."""

HEADINGS, *LINES = [line.split() for line in TABLE.strip().splitlines()]
EXPECTED = {(cells[0], status): after for cells in LINES for status, after in zip(HEADINGS, cells[1:], strict=True)}
FIRST = {UNLOAD: LOAD, RELEASE: QUARANTINE}
"""What must have happened for a movement to make sense."""


def test_table_is_of_every_kind_and_status() -> None:
    assert set(EXPECTED) == {(kind, status) for kind in KINDS for status in STATUSES}


@pytest.mark.parametrize(("kind", "status"), EXPECTED, ids=lambda name: name)
def test_movement_from_a_status(kind: str, status: str) -> None:
    kinds = list(TO[status])
    if kind in FIRST and EXPECTED[kind, status] != "-":
        kinds.append(FIRST[kind])
    movements = history(*kinds)
    new = following(movements, USUAL[kind])
    if kind == CORRECT:
        new = new._replace(corrects=movements[-1].id if movements else None)
    if EXPECTED[kind, status] == "-":
        with pytest.raises(RuleError) as found:
            ledger.check_movement(movements, new, DOSES, ZONE)
        assert_says_why_and_what_next(found.value, new)
        return
    before, after = ledger.check_movement(movements, new, DOSES, ZONE)
    assert (before.status, after.status) == (status, EXPECTED[kind, status])
    assert after.doses == (0 if after.status == "void" else DOSES)


def assert_says_why_and_what_next(why: RuleError, new: Movement) -> None:
    assert why.code in ("kit.already_issued", "kit.impossible", "kit.impossible_as_it_is", "kit.impossible_in_stock")
    assert why.fields["kit"] == "K1"
    if new.kind != CORRECT:
        assert Phrase("kit.another_number") in why.fields.values() or {*next_steps(why)} >= {"K1"}, why.fields


def next_steps(what: Phrase | KitdockError) -> Iterator[object]:
    """The kits of all next steps, however deep in the sentence."""
    if isinstance(what, NextStep):
        yield what.fields.get("kit")
    for each in what.fields.values():
        if isinstance(each, Phrase):
            yield from next_steps(each)


@pytest.mark.parametrize(
    ("kinds", "new", "why"),
    [
        ([RECEIVE], USUAL[TRANSFER]._replace(place="North"), Phrase("ledger.there_already")),
        (
            [RECEIVE, LOAD],
            USUAL[LOAD]._replace(pouch="P2"),
            NextStep("kit.unload", "ledger.in_a_pouch", kit="K1", pouch="P1"),
        ),
        ([RECEIVE], USUAL[UNLOAD], Phrase("ledger.in_no_pouch")),
        (
            [RECEIVE, QUARANTINE],
            USUAL[QUARANTINE],
            NextStep("kit.release", "ledger.quarantined_already", kit="K1", reason="shelf at 43 °C"),
        ),
        ([RECEIVE], USUAL[RELEASE], Phrase("ledger.not_quarantined")),
        ([RECEIVE, ISSUE], USUAL[USE]._replace(doses=3), Phrase("ledger.fewer_left", left=2, doses=3)),
        ([RECEIVE, ISSUE], USUAL[USE]._replace(doses=0), Phrase("ledger.how_many_given")),
        ([RECEIVE, ISSUE], USUAL[USE]._replace(doses=None), Phrase("ledger.how_many_given")),
        ([RECEIVE], USUAL[COUNT]._replace(doses=3), Phrase("ledger.came_with_fewer", came=2, doses=3)),
        ([RECEIVE], USUAL[COUNT]._replace(doses=-1), Phrase("ledger.came_with_fewer", came=2, doses=-1)),
        ([RECEIVE], USUAL[COUNT]._replace(doses=None), Phrase("ledger.how_many_counted")),
        ([RECEIVE, ISSUE], USUAL[RETURN]._replace(doses=3), Phrase("ledger.came_with_fewer", came=2, doses=3)),
    ],
)
def test_movement_that_makes_no_sense_is_refused(kinds: list[str], new: Movement, why: Phrase) -> None:
    movements = history(*kinds)
    with refused("kit.impossible", RuleError, kit="K1", why=why):
        ledger.check_movement(movements, following(movements, new), DOSES, ZONE)


def test_second_issue_says_who_has_the_kit_since_when_and_what_comes_first() -> None:
    movements = history(RECEIVE, ISSUE)
    holder, since = Phrase("who.officer", officer="1207"), Instant(movements[1].at_ms, ZONE)
    back = NextStep("kit.return", kit="K1")
    with refused("kit.already_issued", RuleError, kit="K1", holder=holder, since=since, back=back):
        ledger.check_movement(movements, following(movements, USUAL[ISSUE]), DOSES, ZONE)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_recorded_before_the_last_movement(kind: str) -> None:
    movements = history(RECEIVE, ISSUE)
    early = USUAL[kind]._replace(id=3, at_ms=T0 + HOUR, corrects=2 if kind == CORRECT else None)
    with refused("kit.moved_later", RuleError, moved_at=Instant(movements[1].at_ms, ZONE)):
        ledger.check_movement(movements, early, DOSES, ZONE)


def test_movement_at_the_very_time_of_the_last_is_after_it() -> None:
    movements = history(RECEIVE)
    _, after = ledger.check_movement(movements, following(movements, USUAL[ISSUE], hours=0), DOSES, ZONE)
    assert after.status == "issued"


def last(*movements: Movement) -> State:
    steps = replay(movements, DOSES)
    assert [each.impossible for each in steps] == [None] * len(steps)
    return steps[-1].state


def test_use_of_one_dose_leaves_the_kit_with_its_officer() -> None:
    movements = history(RECEIVE, ISSUE)
    one = following(movements, USUAL[USE]._replace(doses=1))
    state = last(*movements, one)
    assert (state.status, state.officer, state.doses_left, state.doses_used) == ("issued", "1207", 1, 1)
    assert state.began == 2  # it is with the officer since the issue
    state = last(*movements, one, following([one], one))
    assert (state.status, state.officer, state.doses_left, state.doses_used) == ("used", "1207", 0, 2)


def test_doses_missing_at_return_are_unaccounted_for_until_they_turn_up() -> None:
    movements = history(RECEIVE, ISSUE)
    back = following(movements, USUAL[RETURN]._replace(doses=1))
    state = last(*movements, back)
    assert (state.doses_left, state.doses_used, state.doses_unaccounted) == (1, 0, 1)
    state = last(*movements, back, following([back], USUAL[COUNT]._replace(doses=2)))
    assert (state.doses_left, state.doses_used, state.doses_unaccounted) == (2, 0, 0)


def test_doses_reported_as_used_that_are_still_there_count_against_the_unaccounted() -> None:
    movements = history(RECEIVE, ISSUE, USE)
    state = last(*movements, following(movements, USUAL[RETURN]._replace(doses=2)))
    assert (state.status, state.doses_left, state.doses_used, state.doses_unaccounted) == ("in_stock", 2, 2, -2)


def test_a_kit_in_a_pouch_keeps_it_when_issued_and_leaves_it_at_return_transfer_and_last_use() -> None:
    assert last(*history(RECEIVE, LOAD, ISSUE)).pouch == "P1"
    assert last(*history(RECEIVE, LOAD, ISSUE, RETURN)).pouch is None
    assert last(*history(RECEIVE, LOAD, TRANSFER)).pouch is None
    assert last(*history(RECEIVE, LOAD, ISSUE, USE)).pouch is None


def test_a_kit_that_is_gone_is_in_no_pouch() -> None:
    for gone in (LOSE, LEAVE_BEHIND):
        assert last(*history(RECEIVE, LOAD, ISSUE, gone)).pouch is None


def test_quarantine_for_no_reason_told_is_one() -> None:
    movements = history(RECEIVE)
    assert last(*movements, following(movements, USUAL[QUARANTINE]._replace(reason=None))).quarantine == ""


def test_quarantine_lasts_through_loss_and_return() -> None:
    assert last(*history(RECEIVE, ISSUE, QUARANTINE, RETURN)).quarantine == "shelf at 43 °C"
    assert last(*history(RECEIVE, QUARANTINE, LOSE, FIND)).quarantine == "shelf at 43 °C"
    assert last(*history(RECEIVE, QUARANTINE, LOSE, FIND, RELEASE)).quarantine is None


def test_corrections_go_back_from_the_last_movement_to_the_receipt_and_no_further() -> None:
    movements = history(RECEIVE, ISSUE, USE)
    seen = []
    for reversed_id in (3, 2, 1):
        movements.append(following(movements, USUAL[CORRECT]._replace(corrects=reversed_id)))
        state = last(*movements)
        seen.append((state.status, state.doses_left, state.doses_used))
    assert seen == [("issued", 2, 0), ("in_stock", 2, 0), ("void", 0, 0)]
    with refused("kit.impossible", RuleError, why=Phrase("ledger.nothing_to_correct")):
        ledger.check_movement(movements, following(movements, USUAL[CORRECT]), DOSES, ZONE)
    movements.append(following(movements, USUAL[RECEIVE]))
    assert last(*movements).status == "in_stock"


def test_only_the_last_movement_that_still_counts_can_be_corrected() -> None:
    movements = history(RECEIVE, ISSUE, USE, CORRECT)
    wrong = following(movements, USUAL[CORRECT])
    last_one = Phrase("ledger.only_the_last", movement=2, kind=Phrase("movement.issue"))
    for corrects in (1, 3):
        with refused("kit.impossible", RuleError, why=last_one):
            ledger.check_movement(movements, wrong._replace(corrects=corrects), DOSES, ZONE)
    with refused("kit.impossible", RuleError, why=Phrase("ledger.is_a_correction", movement=4)):
        ledger.check_movement(movements, wrong._replace(corrects=4), DOSES, ZONE)
    _, after = ledger.check_movement(movements, wrong._replace(corrects=2), DOSES, ZONE)
    assert after.status == "in_stock"


def test_correction_goes_on_with_a_stretch_that_the_wrong_movement_did_not_end() -> None:
    movements = history(RECEIVE, ISSUE, COUNT, CORRECT)
    state = last(*movements)
    assert (state.began, state.since_ms, state.moved_at_ms) == (2, movements[1].at_ms, movements[3].at_ms)
    movements = history(RECEIVE, ISSUE, RETURN, CORRECT)
    state = last(*movements)
    assert (state.status, state.began, state.since_ms) == ("issued", 2, movements[1].at_ms)
    assert (state.moved_at_ms, state.movement) == (movements[3].at_ms, 4)
    early = following(movements[:1], USUAL[COUNT])._replace(id=5, at_ms=movements[1].at_ms - 1)
    with refused("kit.moved_later", RuleError):
        ledger.check_movement(movements, early, DOSES, ZONE)


def test_in_the_place_of_a_movement_that_was_reversed_another_is_recorded_of_that_time() -> None:
    """An issue typed to the wrong officer is reversed hours later, and recorded for the right one from the start."""
    movements = history(RECEIVE, ISSUE, CORRECT)
    right = USUAL[ISSUE]._replace(id=4, at_ms=movements[1].at_ms, officer="1300")
    _, after = ledger.check_movement(movements, right, DOSES, ZONE)
    assert (after.officer, after.since_ms, after.moved_at_ms) == ("1300", movements[1].at_ms, movements[2].at_ms)
    (held,) = ledger.holdings([*movements, right], {"K1": DOSES})
    assert (held.officer, held.since_ms, held.until_ms) == ("1300", movements[1].at_ms, None)
    with refused("kit.moved_later", RuleError):
        ledger.check_movement(movements, right._replace(at_ms=movements[0].at_ms - 1), DOSES, ZONE)


def test_use_can_be_corrected_when_others_followed_it() -> None:
    movements = history(RECEIVE, ISSUE)
    movements.append(following(movements, USUAL[USE]._replace(doses=1)))
    movements.append(following(movements, USUAL[RETURN]))
    wrong = following(movements, USUAL[CORRECT]._replace(corrects=3))
    _, after = ledger.check_movement(movements, wrong, DOSES, ZONE)
    assert (after.status, after.doses_left, after.doses_used, after.began) == ("in_stock", 2, 0, 4)
    assert [each.id for each in ledger.standing([*movements, wrong])] == [1, 2, 4]


def test_use_before_a_count_that_is_corrected_leaves_what_was_counted() -> None:
    movements = history(RECEIVE, ISSUE)
    movements.append(following(movements, USUAL[USE]._replace(doses=1)))
    movements.append(following(movements, USUAL[COUNT]._replace(doses=1)))
    state = last(*movements, following(movements, USUAL[CORRECT]._replace(corrects=3)))
    assert (state.doses_left, state.doses_used, state.doses_unaccounted) == (1, 0, 1)


def test_use_without_which_what_followed_could_not_have_been_is_not_corrected() -> None:
    movements = history(RECEIVE, ISSUE, USE, DESTROY)
    wrong = following(movements, USUAL[CORRECT]._replace(corrects=3))
    why = Phrase("ledger.rests_on_the_use", movement=4, kind=Phrase("movement.destroy"))
    with refused("kit.impossible", RuleError, why=why):
        ledger.check_movement(movements, wrong, DOSES, ZONE)


def reported(movements: list[Movement], doses: int, before_hours: int) -> Movement:
    """A use of which a report tells, so many hours before it is recorded as the next movement."""
    use = following(movements, USUAL[USE]._replace(doses=doses, report=1))
    return use._replace(happened_ms=use.at_ms - before_hours * HOUR)


@pytest.mark.parametrize("status", [each for each in STATUSES if each != "void"])
def test_report_may_tell_of_a_use_whatever_became_of_the_kit(status: str) -> None:
    movements = [each for each in history(*TO[status]) if each.kind != USE]
    told = reported(movements, 1, 0)
    before, after = ledger.check_movement(movements, told, DOSES, ZONE)
    assert (after.status, after.officer, after.doses_used) == (before.status, before.officer, 1)
    with refused("kit.impossible", RuleError, why=Phrase("ledger.fewer_left", left=2, doses=3)):
        ledger.check_movement(movements, told._replace(doses=3), DOSES, ZONE)


def test_report_on_a_number_that_is_not_in_the_ledger_takes_nothing() -> None:
    movements = history(RECEIVE, CORRECT)
    with refused("kit.impossible_as_it_is", RuleError, status=Phrase("status.void")):
        ledger.check_movement(movements, reported(movements, 1, 0), DOSES, ZONE)


def test_use_told_of_after_a_later_count_is_what_the_count_did_not_find() -> None:
    movements = history(RECEIVE, ISSUE)
    movements.append(following(movements, USUAL[RETURN]._replace(doses=0)))
    state = last(*movements, reported(movements, 2, 2))
    assert (state.doses_left, state.doses_used, state.doses_unaccounted) == (0, 2, 0)
    state = last(*movements, reported(movements, 1, 2))
    assert (state.doses_left, state.doses_used, state.doses_unaccounted) == (0, 1, 1)


def test_count_that_found_all_stands_though_a_use_before_it_is_told_of() -> None:
    movements = history(RECEIVE, ISSUE)
    movements.append(following(movements, USUAL[RETURN]._replace(doses=2)))
    state = last(*movements, reported(movements, 1, 2))
    assert (state.status, state.doses_left, state.doses_used, state.doses_unaccounted) == ("in_stock", 2, 1, -1)


def test_kit_that_went_on_stays_with_whom_it_went_to_when_its_use_is_told_of() -> None:
    movements = history(RECEIVE, ISSUE, RETURN)
    movements.append(following(movements, USUAL[ISSUE]._replace(officer="1300")))
    state = last(*movements, reported(movements, 2, 3))
    assert (state.status, state.officer, state.doses_left, state.began) == ("issued", "1300", 0, 4)
    state = last(*movements, reported(movements, 2, 0))
    assert (state.status, state.doses_left) == ("used", 0), "while 1300 had it, it was used up"


def test_counted_is_at_the_receipt_at_a_count_and_at_a_return_with_doses() -> None:
    def counted(movements: list[Movement]) -> int:
        return (last(*movements).counted_ms - T0) // HOUR

    movements = history(RECEIVE, ISSUE)
    assert counted(movements) == 1
    back = following(movements, USUAL[RETURN])
    assert counted([*movements, back]) == 1
    assert counted([*movements, back._replace(doses=2)]) == 3
    assert counted(history(RECEIVE, ISSUE, COUNT)) == 3
    assert counted(history(RECEIVE, ISSUE, COUNT, CORRECT)) == 1


def test_merged_history_that_cannot_be_is_flagged_and_the_last_word_counts() -> None:
    """Two databases each issued the kit."""
    there = history(RECEIVE, ISSUE)
    here = following(there, USUAL[ISSUE]._replace(officer="1300"))
    steps = replay([*there, here], DOSES)
    assert [each.impossible for each in steps] == [None, None, Phrase(IS_SO, status=Phrase("status.issued"))]
    assert steps[-1].state.officer == "1300"
    flagged = ledger.first_impossible(steps)
    assert flagged is not None
    assert flagged.movement == here
    corrected = replay([*there, here, following([here], USUAL[CORRECT]._replace(corrects=here.id))], DOSES)
    assert ledger.first_impossible(corrected) is None
    assert corrected[-1].state.officer == "1207"


def test_merged_correction_of_another_movement_than_the_last_reverses_nothing() -> None:
    movements = history(RECEIVE, ISSUE, COUNT)
    stray = following(movements, USUAL[CORRECT]._replace(corrects=2))
    step = replay([*movements, stray], DOSES)[-1]
    assert step.impossible is not None
    assert (step.state.status, step.state.doses_left) == ("issued", 1)
    assert [each.id for each in ledger.standing([*movements, stray])] == [1, 2, 3]


def test_history_without_a_receipt_is_impossible_and_does_not_balance() -> None:
    issue = USUAL[ISSUE]._replace(id=1, at_ms=T0)
    assert replay([issue], DOSES)[0].impossible == Phrase(IS_SO, status=Phrase("status.void"))
    found = ledger.balance([issue], {"K1": DOSES})
    assert (found.balances, found.wrong) == (False, ("K1",))


def test_destroyed_kit_is_with_nobody() -> None:
    state = last(*history(RECEIVE, ISSUE, USE, DESTROY))
    assert (state.officer, state.pouch, state.doses_used) == (None, None, 2)
