"""Whose turn it is at the dock: orders by hand, and any order by machine."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from host.docking.turns import (
    ADDRESSES,
    ATTEMPTS,
    FIRST_REST_S,
    GONE_S,
    HANDICAP_S,
    LONG_REST_S,
    LONGEST_PUT_OFF_S,
    LONGEST_REST_S,
    Turns,
    Visit,
)

RADIO = "hci0"


class Dock:
    """Turns with a clock: everyone in `here` is heard before each turn, four times a second."""

    def __init__(self) -> None:
        self.turns: Turns[str] = Turns()
        self.now = 1000.0
        self.here: dict[tuple[str, str], bool] = {}

    def come(self, tag: str, address: str | None = None, news: bool = True) -> None:
        self.here[tag, address or f"address of {tag}"] = news
        self.hear()

    def hear(self, radio: str = RADIO) -> None:
        for (tag, address), news in self.here.items():
            self.turns.heard(radio, Visit(tag, address, "device", news), self.now)

    def next(self, radio: str = RADIO, everything: bool = False, most: int | None = None) -> Visit[str] | None:
        self.turns.begin(radio)
        self.hear(radio)
        return self.turns.take(radio, self.now, everything, most)

    def wait(self, seconds: float) -> None:
        for _ in range(int(seconds * 4)):
            self.now += 0.25
            self.hear()

    def fail(self, proved: bool = True, hopeless: bool = False) -> str:
        visit = self.next()
        assert visit is not None
        self.turns.failed(visit, self.now, proved, hopeless)
        return visit.tag

    def complete(self) -> str:
        visit = self.next()
        assert visit is not None
        del self.here[visit.tag, visit.address]
        self.turns.ended(visit)
        return visit.tag


def test_who_came_first_is_first() -> None:
    dock = Dock()
    for tag in ("P-03", "P-01", "P-02"):
        dock.come(tag)
        dock.wait(1)
    assert [dock.complete() for _ in range(3)] == ["P-03", "P-01", "P-02"]
    assert dock.next() is None


def test_a_fresh_one_goes_before_one_that_has_failed() -> None:
    dock = Dock()
    dock.come("P-01")
    assert dock.fail() == "P-01"
    dock.wait(5)
    dock.come("P-02")
    assert [dock.complete(), dock.complete()] == ["P-02", "P-01"]


def test_one_that_fails_is_tried_less_and_less_often() -> None:
    dock = Dock()
    dock.come("P-01")
    at = []
    for _ in range(ATTEMPTS + 9):
        while dock.next() is None:
            dock.wait(1)
        dock.turns.failed(Visit("P-01", "address of P-01", "device", True), dock.now, True, False)
        at.append(dock.now)
    waits = [after - before for before, after in itertools.pairwise(at)]
    assert waits[:3] == [1, 2, LONG_REST_S]
    assert waits[-1] == LONGEST_REST_S
    assert sorted(waits) == waits


def test_where_trying_again_cannot_help_it_waits_long_at_once() -> None:
    dock = Dock()
    dock.come("P-01")
    dock.fail(hopeless=True)
    dock.wait(LONGEST_REST_S - 1)
    assert dock.next() is None
    dock.wait(1)
    assert dock.next() is not None


def test_what_the_station_fails_at_is_held_against_no_tag() -> None:
    dock = Dock()
    dock.come("P-01")
    at = []
    for _ in range(ATTEMPTS + 9):
        while (visit := dock.next()) is None:
            dock.wait(1)
        dock.turns.put_off(visit, dock.now)
        at.append(dock.now)
    waits = [after - before for before, after in itertools.pairwise(at)]
    assert waits[:3] == [1, 2, 4]
    assert sorted(waits) == waits
    assert waits[-1] == LONGEST_PUT_OFF_S
    assert not dock.turns.pending(RADIO, False, ATTEMPTS), "a dock that ends when all is quiet does end"
    dock.wait(LONGEST_PUT_OFF_S)
    assert dock.fail() == "P-01"
    dock.wait(1)
    assert dock.complete() == "P-01", "its own first failure"
    dock.come("P-01")
    assert dock.turns.pending(RADIO, False, ATTEMPTS)


def test_a_docking_that_is_complete_ends_what_failed_before() -> None:
    dock = Dock()
    dock.come("P-01")
    for _ in range(ATTEMPTS - 1):
        dock.fail()
        dock.wait(5)
    dock.complete()
    dock.come("P-01")
    dock.fail()
    dock.wait(1)
    assert dock.next() is not None


def test_somebody_who_repeats_a_signal_takes_nothing_from_its_tag() -> None:
    """A device without the key that sends the tag's own advert: what it fails at, its own address alone bears."""
    dock = Dock()
    dock.come("P-01", "impostor")
    dock.fail(proved=False, hopeless=True)
    dock.come("P-01", "itself")
    dock.wait(FIRST_REST_S)
    visit = dock.next()
    assert visit is not None
    assert visit.address == "itself"


def test_a_crowd_that_repeats_a_signal_and_rests_leaves_a_place_for_its_tag() -> None:
    """Each is refused and waits for an hour. None of them keeps the tag, which comes last, from being heard."""
    dock = Dock()
    crowd = 4
    for number in range(crowd):
        dock.come("P-01", f"impostor {number}")
    for _ in range(crowd):
        dock.fail(proved=False, hopeless=True)
        dock.wait(FIRST_REST_S)
    dock.come("P-01", "itself")
    visit = dock.turns.take(RADIO, dock.now, False, None)
    assert visit is not None
    assert visit.address == "itself"


def test_who_takes_a_new_address_each_second_is_not_tried_before_the_tag_again_and_again() -> None:
    """However often it sends: after a failure it is listened for a second, and the tag has its old address."""
    dock = Dock()
    tried = []
    for number in range(10):
        dock.turns.begin(RADIO)
        for _ in range(4):
            dock.now += FIRST_REST_S / 3
            for _ in range(50):
                dock.turns.heard(RADIO, Visit("P-01", f"impostor {number}", "device", True), dock.now)
            if number:
                dock.turns.heard(RADIO, Visit("P-01", "itself", "device", True), dock.now)
            visit = dock.turns.take(RADIO, dock.now, False, None)
            if visit is not None:
                break
        assert visit is not None
        tried.append(visit.address)
        if visit.address == "itself":
            break
        dock.now += 8
        dock.turns.failed(visit, dock.now, proved=False, hopeless=False)
    assert tried[-1] == "itself"
    assert len(tried) <= 3


def test_one_that_is_lifted_in_mid_read_is_nowhere_although_two_radios_heard_it() -> None:
    dock = Dock()
    for radio in ("hci0", "hci1"):
        dock.turns.begin(radio)
        dock.turns.heard(radio, Visit("P-01", "its address", "device", True), dock.now)
    visit = dock.turns.take("hci0", dock.now, False, None)
    assert visit is not None
    dock.turns.failed(visit, dock.now + 5, proved=True, hopeless=False)
    dock.now += GONE_S
    assert dock.turns.take("hci1", dock.now, False, None) is None


def test_a_tag_is_believed_to_have_a_few_addresses_at_most() -> None:
    dock = Dock()
    for number in range(1000):
        dock.come("P-01", f"impostor {number}")
    tried = set()
    for _ in range(50):
        visit = dock.next()
        if visit is None:
            break
        tried.add(visit.address)
        dock.turns.failed(visit, dock.now, proved=False, hopeless=True)
    kept = dock.turns._failures["P-01"]
    assert len(kept) <= ADDRESSES
    assert len(dock.turns._here[RADIO]) <= ADDRESSES


def test_what_the_tag_itself_failed_at_is_not_forgotten_for_its_addresses() -> None:
    dock = Dock()
    dock.come("P-01")
    dock.fail(proved=True, hopeless=True)
    for number in range(ADDRESSES + 3):
        dock.turns.failed(Visit("P-01", f"impostor {number}", "device", True), dock.now, False, True)
    dock.wait(GONE_S)
    assert dock.next() is None


def test_a_tag_is_on_one_radio_at_a_time() -> None:
    dock = Dock()
    dock.come("P-01")
    first = dock.next("hci0")
    assert first is not None
    assert dock.next("hci1") is None
    dock.turns.failed(first, dock.now, True, False)
    dock.wait(1)
    assert dock.next("hci1") is not None


def test_what_a_second_radio_heard_before_a_docking_is_old() -> None:
    dock = Dock()
    dock.come("P-01")
    dock.turns.begin("hci1")
    dock.hear("hci1")
    assert dock.complete() == "P-01"
    assert dock.turns.take("hci1", dock.now, False, None) is None


def test_one_that_was_away_waits_anew() -> None:
    dock = Dock()
    dock.come("P-01")
    del dock.here["P-01", "address of P-01"]
    dock.wait(GONE_S + 1)
    dock.come("P-02")
    dock.wait(1)
    dock.come("P-01")
    assert dock.complete() == "P-02"


def test_with_nothing_new_a_turn_comes_only_if_everything_is_asked_for_and_once() -> None:
    dock = Dock()
    dock.come("P-01", news=False)
    assert dock.next() is None
    visit = dock.next(everything=True)
    assert visit is not None
    dock.turns.ended(visit)
    assert dock.next(everything=True) is None
    assert not dock.turns.pending(RADIO, True, None)


def test_one_that_failed_often_is_not_waited_for() -> None:
    dock = Dock()
    dock.come("P-01")
    for _ in range(ATTEMPTS):
        assert dock.turns.pending(RADIO, False, ATTEMPTS)
        dock.fail()
        dock.wait(5)
    assert not dock.turns.pending(RADIO, False, ATTEMPTS)
    assert dock.turns.pending(RADIO, False, None)


def test_one_that_takes_no_connection_has_no_turn() -> None:
    dock = Dock()
    dock.come("P-01")
    dock.turns.begin(RADIO)
    dock.hear()
    dock.turns.away("P-01")
    assert dock.turns.take(RADIO, dock.now, False, None) is None


@given(st.lists(st.tuples(st.integers(0, 4), st.booleans(), st.booleans()), max_size=60), st.integers(1, 4))
def test_while_others_drag_one_that_is_well_is_next(plays: list[tuple[int, bool, bool]], draggers: int) -> None:
    """Some tags always fail, others come and go: none that drags is tried twice while one that is well waits."""
    dock = Dock()
    for number in range(draggers):
        dock.come(f"drags {number}")
    for number, (seconds, proved, hopeless) in enumerate(plays):
        dock.come(f"well {number}")
        tries: dict[str, int] = {}
        while True:
            visit = dock.next()
            assert visit is not None
            if visit.tag.startswith("well"):
                del dock.here[visit.tag, visit.address]
                dock.turns.ended(visit)
                break
            tries[visit.tag] = tries.get(visit.tag, 0) + 1
            assert tries[visit.tag] == 1, "twice, while one that is well waits"
            dock.turns.failed(visit, dock.now, proved, hopeless)
        dock.wait(seconds)


def test_one_that_has_failed_has_its_turn_however_many_fresh_ones_come() -> None:
    dock = Dock()
    dock.come("P-01")
    dock.fail()
    waited = 0
    while True:
        dock.come(f"fresh {waited}")
        visit = dock.next()
        assert visit is not None
        if visit.tag == "P-01":
            break
        del dock.here[visit.tag, visit.address]
        dock.turns.ended(visit)
        dock.wait(1)
        waited += 1
    assert 1 < waited <= HANDICAP_S + 2
