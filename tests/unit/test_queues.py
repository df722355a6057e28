"""Who is asked at the dock, in which order, and what a client has seen of the dockings: rules alone."""

from host.tag.events import Docking
from host.tag.times import Interval
from host.usage.openings import Opening
from host.usage.queues import MOST_UNDER_WAY, AtTheDock, Known, Queue, collected, queues

OPENING = Opening("P:1", "t", "P", 1, Interval(1, 3, 2), None, 5, False, 0, (), (), None)


def pouch(name: str, *holders: str, asks: bool = True) -> AtTheDock:
    return AtTheDock(f"tag of {name}", name, list(holders), [OPENING] if asks else [], [])


def docking(number: int, tag: str, ended_ms: int | None, outcome: str | None = "complete") -> Docking:
    return Docking(number, tag, 1, ended_ms, outcome if ended_ms is not None else None, *[None] * 9)  # type: ignore[arg-type]


def test_one_queue_for_each_officer_in_the_order_in_which_they_docked() -> None:
    first, other, second = pouch("P1", "1207"), pouch("P2", "1300"), pouch("P3", "1207")
    assert queues([first, other, second]) == [Queue("1207", [first, second]), Queue("1300", [other])]


def test_a_pouch_about_which_nothing_is_asked_waits_for_nobody() -> None:
    assert queues([pouch("P1", "1207", asks=False)]) == []
    due = AtTheDock("t", "P1", ["1207"], [], [("1207", OPENING)])
    assert queues([due]) == [Queue("1207", [due])]


def test_pouches_that_nobody_is_known_to_have_are_in_a_queue_of_their_own() -> None:
    stray, known, other = pouch("P1"), pouch("P2", "1207"), pouch("P3")
    assert queues([stray, known, other]) == [Queue(None, [stray, other]), Queue("1207", [known])]


def test_a_pouch_that_several_may_have_brought_is_in_the_queue_of_each() -> None:
    shared = pouch("P1", "1207", "1300")
    assert queues([shared]) == [Queue("1207", [shared]), Queue("1300", [shared])]


def test_what_was_collected_comes_in_the_order_in_which_it_ended_and_each_tag_once() -> None:
    since = [docking(5, "a", 30), docking(6, "b", 20), docking(7, "a", 40), docking(8, "c", 25, "failed")]
    assert collected(Known(4), since) == (["b", "a"], Known(8))
    assert collected(Known(8), []) == ([], Known(8))


def test_a_docking_that_ends_after_a_later_one_is_not_missed() -> None:
    tags, known = collected(Known(4), [docking(5, "slow", None), docking(6, "quick", 20)])
    assert (tags, known) == (["quick"], Known(6, (5,)))
    assert collected(known, [docking(5, "slow", 50)]) == (["slow"], Known(6))


def test_dockings_that_broke_off_with_their_process_are_not_watched_for_ever() -> None:
    broken = [docking(number, "a", None) for number in range(1, 100)]
    _, known = collected(Known(0), broken)
    assert known == Known(99, tuple(range(100 - MOST_UNDER_WAY, 100)))
