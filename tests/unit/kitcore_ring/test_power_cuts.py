"""The power goes at every step of an append, in the recovery from that, and in forming a log."""

import pytest

from kitcore.ring import SLOTS, form
from tests.cases.nor import Nor, PowerCut
from tests.telling import Tell
from tests.unit.kitcore_ring.known_log import HELD, LOG_KEY, SECTORS, assert_holds, fill, filled, keys_in, opened, plain

BORDERS = {"into a fresh sector": 47, "round the ring": 147}


def run_until_cut(nor: Nor, up_to: int) -> int:
    """Open and append until the power goes. Returns the sequence of the last append that returned."""
    done = 0
    try:
        log = opened(nor)
        done = log.last
        while done < up_to:
            done = log.append(plain(done + 1))
    except PowerCut:
        pass
    nor.cut_at = None
    nor.steps = 0
    return done


@pytest.mark.parametrize("start", BORDERS.values(), ids=BORDERS.keys())
def test_power_cut_at_every_step(start: int) -> None:
    before = bytes(filled(start).bytes)
    trace = Nor(SECTORS, before)
    assert run_until_cut(trace, start + 5) == start + 5
    whole = Nor(SECTORS, before)
    fill(opened(whole), start + 5)
    assert whole.steps > 5 * (72 + 32)
    for cut in range(whole.steps + 1):
        nor = Nor(SECTORS, before)
        nor.cut_at = cut
        done = run_until_cut(nor, start + 5)
        # The key of a record goes right after the next record, of which a cut may leave the half.
        assert set(keys_in(nor, start + 8)) <= {done, done + 1, done + 2}, cut
        log = opened(nor)
        assert done <= log.last <= done + 1, cut  # none lost; the one under way is whole or not there
        assert not log.damaged, cut
        assert_holds(log, log.last)
        assert keys_in(nor, start + 8) == [log.last + 1], cut
        assert log.last - log.first + 1 >= min(start, HELD - SLOTS - 2), cut
        assert_holds(fill(log, start + 7), start + 7)
        assert_holds(opened(nor), start + 7)


def cut_twice(start: int, first_stride: int, second_stride: int) -> int:
    """Cut the power in an append, then in the recovery from that; returns how many pairs were tried."""
    pairs = 0
    before = bytes(filled(start).bytes)
    whole = Nor(SECTORS, before)
    fill(opened(whole), start + 4)
    for first_cut in range(0, whole.steps, first_stride):
        torn = Nor(SECTORS, before)
        torn.cut_at = first_cut
        done = run_until_cut(torn, start + 4)
        recovery = Nor(SECTORS, torn.bytes)
        opened(recovery)
        for second_cut in range(0, recovery.steps, second_stride):
            nor = Nor(SECTORS, torn.bytes)
            nor.cut_at = second_cut
            with pytest.raises(PowerCut):
                opened(nor)
            nor.cut_at = None
            log = opened(nor)
            assert done <= log.last <= done + 1
            assert not log.damaged
            assert_holds(log, log.last)
            assert_holds(fill(log, start + 6), start + 6)
            assert keys_in(nor, start + 7) == [start + 7]
            pairs += 1
    return pairs


@pytest.mark.parametrize("start", BORDERS.values(), ids=BORDERS.keys())
def test_power_cut_in_the_recovery_from_a_power_cut(start: int) -> None:
    assert cut_twice(start, 23, 7) > 20


@pytest.mark.exhaustive
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("start", BORDERS.values(), ids=BORDERS.keys())
def test_every_pair_of_power_cuts(start: int, tell: Tell) -> None:
    pairs = cut_twice(start, 1, 1)
    tell(f"power cut twice after {start} records: {pairs} pairs, 0 records lost, 0 invented, 0 past keys left")
    assert pairs > 1000


def test_many_cuts_in_one_sector_fill_it_with_skipped_slots() -> None:
    nor = filled(10)
    for _ in range(60):
        nor.cut_at = nor.steps + 40
        assert run_until_cut(nor, 11) in (0, 10)
    log = opened(nor)
    assert_holds(log, 10)
    assert_holds(fill(log, 120), 120)
    assert_holds(opened(nor), 120)


def test_forming_cut_short_can_be_done_again() -> None:
    old = bytes(filled(160).bytes)
    whole = Nor(SECTORS, old)
    form(whole, SECTORS, LOG_KEY)
    for cut in [*range(0, whole.steps, 487), *range(whole.steps - 110, whole.steps)]:
        nor = Nor(SECTORS, old)
        nor.cut_at = cut
        with pytest.raises(PowerCut):
            form(nor, SECTORS, LOG_KEY)
        nor.cut_at = None
        form(nor, SECTORS, LOG_KEY)
        assert keys_in(nor) == [1]
        assert_holds(fill(opened(nor), 3), 3)
