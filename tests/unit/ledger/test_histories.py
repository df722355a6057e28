"""Random histories, in which possible and impossible movements are tried: the ledger against a model of its own.

The model knows nothing of `host.ledger`'s rules: it keeps each kit as a notebook does. What was wrong is struck out,
and the page is read again from the top.
"""

import itertools
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from host import ledger
from host.errors import RuleError
from host.ledger import Movement, replay, states, stretches
from host.ledger.movement import CORRECT, KINDS, RECEIVE
from tests.force import ZONE
from tests.unit.ledger.histories import DOSES

KITS = ("K1", "K2")


class Box:
    """A kit as somebody would keep it in a notebook."""

    def __init__(self) -> None:
        self.now: dict[str, Any] = {"is": None}
        self.page: list[Movement] = []
        self.moved_at = 0

    @property
    def last_at(self) -> int:
        """When the last line was that still counts."""
        return self.page[-1].at_ms if self.page else 0

    def struck_out(self, line: int | None) -> "Box | None":
        """The notebook without one line; None if that was neither the last nor a use, or others rest on it."""
        left = [each for each in self.page if each.id != line]
        gone = [each for each in self.page if each.id == line]
        if not gone or (gone[0] is not self.page[-1] and gone[0].kind != "use"):
            return None
        found = Box()
        for each in left:
            if not found.would_take(each):
                return None
            found.take(each)
        return found

    def would_take(self, new: Movement) -> bool:
        if new.at_ms < (self.moved_at if new.kind == "correct" else self.last_at):
            return False
        if new.kind == "correct":
            return self.struck_out(new.corrects) is not None
        now = self.now
        where, doses = now["is"], new.doses
        if where is None:
            return new.kind == "receive"
        shelf, out = where == "shelf", where == "out"
        counted = doses is None or doses <= DOSES
        return {
            "receive": False,
            "issue": shelf,
            "return": counted and (out or where in ("empty", "given away")),
            "transfer": shelf and new.place != now["holder"],
            "load": (shelf or out) and now["pouch"] is None,
            "unload": (shelf or out) and now["pouch"] is not None,
            "use": out and doses is not None and 1 <= doses <= now["left"],
            "leave_behind": out,
            "lose": shelf or out,
            "find": where == "gone",
            "quarantine": (shelf or out) and not now["kept back"],
            "release": (shelf or out) and now["kept back"],
            "count": (shelf or out) and doses is not None and counted,
            "destroy": shelf or where == "empty",
        }[new.kind]

    def take(self, new: Movement) -> None:
        self.moved_at = max(self.moved_at, new.at_ms)
        if new.kind == "correct":
            clean = self.struck_out(new.corrects)
            assert clean is not None
            self.now, self.page = clean.now, clean.page
            return
        self.page.append(new)
        now = dict(self.now)
        if new.kind == "receive":
            now = {"is": "shelf", "holder": new.place, "pouch": None, "kept back": False}
            now |= {"left": DOSES, "used": 0, "missing": 0}
        elif new.kind == "issue":
            now |= {"is": "out", "holder": new.officer or new.place, "pouch": new.pouch or now["pouch"]}
        elif new.kind in ("return", "transfer", "find"):
            now |= {"is": "shelf", "holder": new.place, "pouch": None}
        elif new.kind in ("load", "unload"):
            now["pouch"] = new.pouch
        elif new.kind == "use":
            now |= {"left": now["left"] - (new.doses or 0), "used": now["used"] + (new.doses or 0)}
            now |= {"is": "empty", "pouch": None} if now["left"] == 0 else {}
        elif new.kind in ("quarantine", "release"):
            now["kept back"] = new.kind == "quarantine"
        elif new.kind in ("leave_behind", "lose", "destroy"):
            now |= {"is": {"leave_behind": "given away", "lose": "gone", "destroy": "ash"}[new.kind], "pouch": None}
        if new.kind in ("count", "return") and new.doses is not None:
            now |= {"missing": now["missing"] + now["left"] - new.doses, "left": new.doses}
        self.now = now


NAMES = {
    None: "void",
    "shelf": "in_stock",
    "out": "issued",
    "empty": "used",
    "given away": "left_behind",
    "gone": "lost",
    "ash": "destroyed",
}

likely_kinds = st.one_of(st.sampled_from(KINDS), st.sampled_from(["issue", "return", "use", "count", "correct"]))


@st.composite
def attempts(draw: st.DrawFn) -> list[tuple[Movement, int]]:
    """Movements that somebody tries to record, each with how many movements ago the one was that it corrects."""
    found: list[tuple[Movement, int]] = []
    for kind in [RECEIVE, *draw(st.lists(likely_kinds, max_size=30))]:
        place = draw(st.sampled_from(["North", "South"]))
        to_place = kind == "issue" and draw(st.booleans())
        new = Movement(
            0,
            draw(st.integers(-1, 3)),
            kind,
            draw(st.sampled_from(KITS)),
            officer=draw(st.sampled_from(["1207", "1300"])) if kind == "issue" and not to_place else None,
            place="CAR-7" if to_place else place if kind in ("receive", "return", "transfer", "find") else None,
            pouch=draw(st.sampled_from(["P1", "P2"])) if kind == "load" or (kind == "issue" and to_place) else None,
            doses=draw(st.integers(0, 3)) if kind in ("use", "count") else draw(st.sampled_from([None, None, 0, 1, 2])),
            reason="" if kind == "quarantine" else None,
        )
        if kind not in ("use", "count", "return"):
            new = new._replace(doses=None)
        found.append((new, draw(st.sampled_from([0, 0, 0, 1, 2, 3]))))
    return found


@given(attempts())
def test_ledger_takes_what_can_be_refuses_what_cannot_and_no_dose_is_lost(tried: list[tuple[Movement, int]]) -> None:
    boxes = {kit: Box() for kit in KITS}
    recorded: list[Movement] = []
    seen: list[tuple[int, dict[str, dict[str, Any]]]] = []
    now = 10
    for number, (new, ago) in enumerate(tried, 1):
        box = boxes[new.kit]
        now = max(now, now + new.at_ms)
        new = new._replace(id=number, at_ms=now if new.at_ms >= 0 else box.last_at - 1)
        if new.kind == CORRECT:
            undo = box.page[-1 - ago :]
            new = new._replace(corrects=undo[0].id if undo else 999)
        own = [each for each in recorded if each.kit == new.kit]
        expected = box.would_take(new)
        try:
            ledger.check_movement(own, new, DOSES, ZONE)
        except RuleError:
            assert not expected, new
            continue
        assert expected, new
        recorded.append(new)
        box.take(new)
        seen.append((new.at_ms, {kit: each.now for kit, each in boxes.items()}))
    assert_same(recorded, {kit: box.now for kit, box in boxes.items()})
    for at_ms in {at for at, _ in seen}:
        then = [each for each in recorded if each.at_ms <= at_ms]
        assert_same(then, next(found for at, found in reversed(seen) if at == at_ms), recorded, at_ms)
    assert_stretches_hold(recorded)


def assert_same(
    movements: list[Movement],
    model: dict[str, dict[str, Any]],
    whole: list[Movement] | None = None,
    at_ms: int | None = None,
) -> None:
    """The state of each kit, and the balance, are those of the model."""
    found = states(whole if whole is not None else movements, dict.fromkeys(KITS, DOSES), at_ms)
    for kit, state in found.items():
        box = model[kit]
        assert state.status == NAMES[box["is"]]
        if box["is"] is not None:
            held = (state.pouch, state.quarantine is not None, state.doses_left)
            assert held == (box["pouch"], box["kept back"], box["left"])
            assert (state.doses_used, state.doses_unaccounted) == (box["used"], box["missing"])
            if box["is"] in ("shelf", "out"):
                assert (state.officer or state.place) == box["holder"]
    there = [box for kit, box in model.items() if kit in found and box["is"] is not None]
    balance = ledger.tally(found, dict.fromkeys(KITS, DOSES))
    assert balance.balances
    assert balance.doses_received == DOSES * len(there)
    assert sum(balance.doses_left.values()) == sum(box["left"] for box in there)
    assert balance.doses_used == sum(box["used"] for box in there)
    assert balance.kits["issued"] == sum(box["is"] == "out" for box in there)


def assert_stretches_hold(movements: list[Movement]) -> None:
    """A kit's stretches follow one another without a gap; the one at an instant agrees with the state then.

    Whatever was reversed later never was, as if nobody had ever noted it.
    """
    for kit in KITS:
        whole = [each for each in movements if each.kit == kit]
        found = stretches(kit, whole, DOSES)
        reversed_ids = {each.corrects for each in whole}
        own = [each for each in whole if each.kind != CORRECT and each.id not in reversed_ids]
        assert found == stretches(kit, own, DOSES)
        assert bool(found) == bool(own)
        if own:
            state, now = states(whole, {kit: DOSES})[kit], states(own, {kit: DOSES})[kit]
            assert state._replace(moved_at_ms=0, movement=0) == now._replace(moved_at_ms=0, movement=0)
            assert (state.began, state.since_ms) == (found[-1].began, found[-1].since_ms)
        for earlier, later in itertools.pairwise(found):
            assert earlier.until_ms == later.since_ms
        assert [each.until_ms is None for each in found] == [False] * (len(found) - 1) + [True] * bool(found)
        for each in own:
            covering = [one for one in found if one.covers(each.at_ms)]
            state = states(own, {kit: DOSES}, each.at_ms)[kit]
            assert len(covering) == 1
            stretch = covering[0]
            assert (stretch.status, stretch.officer, stretch.place, stretch.pouch) == state.where


any_movements = st.lists(
    st.builds(
        Movement,
        st.just(0),
        st.integers(0, 9),
        st.sampled_from(KINDS),
        st.just("K1"),
        st.sampled_from([None, "1207"]),
        st.sampled_from([None, "North", "South"]),
        st.sampled_from([None, "P1"]),
        st.sampled_from([None, -1, 0, 1, 2, 99]),
        st.integers(1, 9),
    ),
    max_size=20,
).map(lambda found: [_numbered(each, number) for number, each in enumerate(found, 1)])


def _numbered(movement: Movement, number: int) -> Movement:
    return movement._replace(id=number, corrects=movement.corrects if movement.kind == CORRECT else None)


@given(any_movements)
def test_any_merged_history_can_be_replayed_and_what_could_not_be_is_flagged(movements: list[Movement]) -> None:
    steps = replay(movements, DOSES)
    assert [each.movement for each in steps] == movements
    box = Box()
    for step in steps:
        # The model stops at the first that cannot be; up to there both agree.
        if not box.would_take(step.movement):
            assert step.impossible is not None
            assert ledger.first_impossible(steps[: steps.index(step) + 1]) is not None
            return
        if step.movement.doses is not None and step.movement.doses < 0:
            return
        assert step.impossible is None
        box.take(step.movement)
        assert step.state.status == NAMES[box.now["is"]]


@given(any_movements, st.integers(1, 9))
def test_doses_of_any_merged_history_are_those_of_the_pack_or_flagged(movements: list[Movement], doses: int) -> None:
    steps = replay(sorted(movements, key=lambda each: each.id), doses)
    assert all(each.state.doses in (0, doses) for each in steps)
    found = ledger.balance(movements, {"K1": doses})
    whole = not steps or steps[-1].state.status == "void" or steps[-1].state.doses == doses
    assert found.balances is whole
    assert whole or ledger.first_impossible(steps) is not None
