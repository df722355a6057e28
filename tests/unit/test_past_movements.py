"""Movements of the past, and what went out or came back uncounted: what is refused, and whose openings change."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from host import clock
from host.errors import RuleError
from host.ledger import Movement, held_by
from host.ledger.movement import CORRECT, COUNT, ISSUE, RECEIVE, RETURN, TRANSFER, State
from host.phrase import NextStep, Phrase
from host.service.moving import Reassigned
from host.tag.events import StatusTold
from host.usage.doses import told
from tests.refusals import refused
from tests.station import Store
from tests.unit.test_accounts import DAY, FORM, HOUR, NOW, TAGS, Force
from tests.unit.test_accounts import force as force


@pytest.fixture
def store(force: Force) -> Iterator[Store]:
    """1207 has had K1 in P1 for 25 days, 1300 K2 in P2; each was opened three hours ago; K3 and K4 are on the shelf."""
    with force.store("root") as opened:
        for kit in ("K3", "K4"):
            opened.add_kit(kit, "Nyxoid", "A1", None, None, NOW - 25 * DAY)
        yield opened
        assert opened.rolled_up() == opened.recompute()


def now(store: Store, kind: str, kit: str, **facts: object) -> list[Phrase]:
    return store.move(Movement(0, clock.now_ms(), kind, kit, **facts)).warnings  # type: ignore[arg-type]


def test_pouch_that_another_had_then_takes_no_kit_of_the_past(store: Store) -> None:
    store.return_kit("K1", NOW - 5 * DAY, doses=2)
    until = clock.Instant(NOW - 5 * DAY, "Europe/London")
    whom = Phrase("pouch.was_with", who=held_by(State(officer="1207")), until=until)
    with refused("pouch.with_another", RuleError, pouch="P1", whom=whom):
        store.issue_kit("K3", "1300", "P1", NOW - 6 * DAY)
    store.issue_kit("K3", "1300", "P1", NOW - 5 * DAY)
    assert store.state("K3").since_ms == NOW - 5 * DAY


def test_pouch_that_one_had_oneself_then_takes_another_kit_of_the_past(store: Store) -> None:
    store.return_kit("K1", NOW - 5 * DAY, doses=2)
    store.issue_kit("K3", "1207", "P1", NOW - 6 * DAY)
    assert store.state("K3").officer == "1207"


def test_issue_of_the_past_says_whose_an_opening_becomes(store: Store) -> None:
    (opening,) = store.openings(TAGS["P1"])
    moved = store.move(Movement(0, NOW - 6 * DAY, RETURN, "K1", doses=2))
    assert moved.reassigned == (Reassigned("P1:2", opening.began.likely_ms, ("1207",), ()),)
    moved = store.move(Movement(0, NOW - 5 * DAY, ISSUE, "K3", officer="1300", pouch="P1"))
    assert moved.reassigned == (Reassigned("P1:2", opening.began.likely_ms, (), ("1300",)),)
    assert [each.officers for each in store.openings(TAGS["P1"])] == [("1300",)]


def test_movement_of_the_present_reassigns_nothing(store: Store) -> None:
    moved = store.move(Movement(0, clock.now_ms(), RETURN, "K1", doses=2))
    assert moved.reassigned == ()
    assert store.move(Movement(0, clock.now_ms(), ISSUE, "K3", officer="1300", pouch="P1")).reassigned == ()


def test_correction_says_whose_an_opening_becomes(store: Store) -> None:
    (opening,) = store.openings(TAGS["P1"])
    moved = store.move(Movement(0, clock.now_ms(), CORRECT, "K1", reason="it was K3"))
    assert moved.reassigned == (Reassigned("P1:2", opening.began.likely_ms, ("1207",), ()),)
    assert [each.officers for each in store.openings(TAGS["P1"])] == [()]


def test_trial_records_nothing_and_refuses_as_ever(store: Store) -> None:
    before = store.movements()
    with store.trial():
        moved = store.move(Movement(0, NOW - 6 * DAY, RETURN, "K1", doses=2))
        with refused("kit.impossible_in_stock", RuleError, kit="K3", place="North"):
            store.move(Movement(0, clock.now_ms(), RETURN, "K3"))
    assert moved.reassigned != ()
    assert store.movements() == before
    assert store.state("K1").officer == "1207"
    store.return_kit("K1", clock.now_ms())
    assert store.state("K1").status == "in_stock", "what follows the trial is kept"


def test_kit_that_may_have_been_used_is_not_handed_out_until_somebody_counts_it(store: Store) -> None:
    """Nobody has said why P1 was opened."""
    assert store.move(Movement(0, clock.now_ms(), RETURN, "K1")).due is not None
    assert set(store.to_count()) == {"K1", "K2"}
    why = told(store.to_count()["K1"], "Europe/London")
    with refused("kit.to_count_first", RuleError, kit="K1", why=why):
        store.issue_kit("K1", "1300", None, clock.now_ms())
    store.add_place("South", "station", None, NOW)
    with refused("kit.to_count_first", RuleError, count=NextStep("kit.count", kit="K1")):
        now(store, TRANSFER, "K1", place="South")
    assert [each.kit for each in store.next_kits(None, None, 9, clock.now_ms())] == ["K3", "K4"]
    now(store, COUNT, "K1", doses=2)
    assert [each.kit for each in store.next_kits(None, None, 9, clock.now_ms())] == ["K1", "K3", "K4"]
    store.issue_kit("K1", "1207", None, clock.now_ms())
    assert set(store.to_count()) == {"K2"}


def test_kit_that_is_counted_when_it_comes_back_may_go_out_again(store: Store) -> None:
    moved = store.move(Movement(0, clock.now_ms(), RETURN, "K1", doses=2))
    assert moved.due is None
    store.issue_kit("K1", "1300", None, clock.now_ms())


def test_kit_of_which_more_is_told_than_is_gone_stays_on_the_shelf_though_it_is_whole(store: Store) -> None:
    filed = store.add_report(FORM, "1207", (TAGS["P1"], 2), 1, {}, {}, clock.now_ms())
    store.return_kit("K1", clock.now_ms(), doses=2)
    assert (store.state("K1").doses_left, store.account_of("K1").off) == (2, -1)
    with refused("kit.does_not_add_up", RuleError, kit="K1"):
        store.issue_kit("K1", "1207", None, clock.now_ms())
    assert [each.kit for each in store.next_kits(None, None, 9, clock.now_ms())] == ["K3", "K4"]
    store.withdraw_report(filed.id, "it was K2", clock.now_ms())
    assert store.account_of("K1").off == 0
    store.issue_kit("K1", "1207", None, clock.now_ms())


def test_opening_that_was_explained_asks_for_no_count(store: Store) -> None:
    store.add_explanation(TAGS["P1"], 2, "1207", "training", None, NOW)
    store.return_kit("K1", clock.now_ms())
    due = store.to_count()["K1"]
    assert due.why == "unread", "the pouch may have been opened since it last docked"
    docking = store.begin_docking(TAGS["P1"], clock.now_ms())
    store.set_status(docking, StatusTold(1, DAY + 2 * HOUR, clock.now_ms(), 50, 3900, 80, 0))
    store.finish_docking(docking, clock.now_ms(), "complete", None, 0)
    assert "K1" not in store.to_count()
    store.issue_kit("K1", "1300", None, clock.now_ms())


def test_officer_who_has_a_kit_gets_a_second_with_a_warning(store: Store) -> None:
    for kit, has in (("K3", ("K1",)), ("K4", ("K1", "K3"))):
        warned = Phrase("officer.has_kit", officer="1207", kits=has)
        assert warned in store.issue_kit(kit, "1207", None, clock.now_ms())


def test_kit_that_comes_back_and_must_not_go_out_is_put_aside(store: Store) -> None:
    store.recall("Nyxoid", "A1", "bad seals", None, clock.now_ms())
    recalled = Phrase("kit.aside_recalled", lot="A1", reason="bad seals")
    assert now(store, RETURN, "K1", doses=2) == [Phrase("kit.put_aside", kit="K1", why=(recalled,))]
    now(store, "quarantine", "K2", reason="frozen")
    now(store, "lose", "K2")
    frozen = Phrase("kit.aside_quarantined", reason="frozen")
    assert now(store, "find", "K2", place="North") == [Phrase("kit.put_aside", kit="K2", why=(recalled, frozen))]


def test_correction_typed_twice_reverses_once(store: Store) -> None:
    now(store, CORRECT, "K3", reason="typo")
    assert store.state("K3").status == "void"
    now(store, RECEIVE, "K3", place="North")
    now(store, ISSUE, "K3", officer="1207")
    now(store, CORRECT, "K3", reason="typo")
    with refused("kit.reversed_already_one_left", RuleError, kit="K3"):
        now(store, CORRECT, "K3", reason="typo")
    assert store.state("K3").status == "in_stock"
