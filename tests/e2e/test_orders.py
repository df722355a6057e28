"""A grid of orders around one use: no empty kit goes out, each question can be settled, none is asked for nothing."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from host.errors import KitdockError
from host.reconcile import reconcile
from tests.orders import HOUR, T0, Order, Play, grid
from tests.station import Store
from tests.telling import Tell

BATCH = 40
SHARE = 40
"""One order of so many is tried in `make test`, others each time; all of them with --exhaustive."""

ROUNDS = 8
"""How often somebody goes through what is asked and does what it says."""


@pytest.mark.timeout(3600)
def test_in_any_order_no_empty_kit_goes_out_and_every_question_can_be_settled(
    tmp_path: Path, tell: Tell, request: pytest.FixtureRequest
) -> None:
    orders = list(grid())
    seed = int(os.environ.get("KITDOCK_SEED", "0")) or Random().randrange(1, 2**31)
    if not request.config.getoption("exhaustive"):
        orders = Random(seed).sample(orders, len(orders) // SHARE)
    issued: list[str] = []
    unsettled: list[str] = []
    needless: list[str] = []
    for start in range(0, len(orders), BATCH):
        with Store.create(tmp_path / f"{start}.db", "North", "Europe/London", False, T0) as store:
            store.connection.execute("PRAGMA synchronous = OFF")
            store.add_place("South", "station", None, T0)
            plays = [Play(store, number, order) for number, order in enumerate(orders[start : start + BATCH], 1)]
            for play in plays:
                play.play()
            issued += [each for play in plays for each in play.could_be_issued]
            needless += asked_of_the_true(store, plays)
            unsettled += left_after_settling(store, plays)
            assert store.rolled_up() == store.recompute()
    true = sum(each.is_true for each in orders)
    tell(
        f"orders around one use (seed {seed}): {len(orders)} tried, {true} of them all true; "
        f"empty kits that could be issued: {len(issued)}; questions that nothing settles: {len(unsettled)}; "
        f"questions where nothing is wrong: {len(needless)}"
    )
    assert not issued + needless + unsettled, "\n".join([*issued[:9], *needless[:9], *unsettled[:9]])
    assert not needless, "\n".join(needless[:20])
    assert not unsettled, "\n".join(unsettled[:20])


def asked_of_the_true(store: Store, plays: list[Play]) -> list[str]:
    """What is asked about orders in which nothing is wrong, but for what is plainly still to be done."""
    found = reconcile(store.situation(T0 + 20 * HOUR))
    return [
        f"{play.order}: {each}"
        for play in plays
        if play.order.is_true
        for each in found
        if play.concerns(each) and not still_to_do(play.order, each.kind)
    ]


def still_to_do(order: Order, kind: str) -> bool:
    """Whether a question is no more than the next thing to do: the officer has no whole kit, and got no other yet."""
    if order.act.startswith("replace"):
        return False
    # Only a kit that is still out can be carried in part; one that came back or was lost leaves the pouch empty.
    return kind == "pouch_without_kit" or (kind == "not_whole_carried" and order.act == "nothing" and order.given > 0)


def left_after_settling(store: Store, plays: list[Play]) -> list[str]:
    """The questions that are left when somebody has done what each says, as often as that is needed."""
    tried: Counter[tuple[str, str]] = Counter()
    for _ in range(ROUNDS):
        found = reconcile(store.situation(T0 + 24 * HOUR))
        if not found:
            return []
        for play in plays:
            mine = [each for each in found if play.concerns(each)]
            if mine:
                tried[mine[0].key] += 1
                try:
                    play.settle(mine[0])
                except KitdockError as error:
                    tried[mine[0].key] += ROUNDS
                    play.refusals.append(f"{mine[0].kind}: {error}")
    left = reconcile(store.situation(T0 + 24 * HOUR))
    return [f"{play.order} {play.refusals}: {each}" for play in plays for each in left if play.concerns(each)] + [
        f"nobody's: {each}" for each in left if not any(play.concerns(each) for play in plays)
    ]
