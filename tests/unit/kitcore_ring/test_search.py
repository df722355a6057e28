"""The newest record is found again: by the hint kept through deep sleep, else by search that reads little."""

import pytest

from kitcore.ring import SECTOR, SLOTS, Ring, StorageError
from tests.cases.nor import Nor, PowerCut
from tests.telling import Tell
from tests.unit.kitcore_ring.known_log import (
    FULL,
    SECTORS,
    TAG_ID,
    assert_holds,
    empty,
    fill,
    filled,
    keys_in,
    opened,
    plain,
)

MOST_READ = 1000
"""Bytes that a cold start may read of a full log, which has 524288."""


class ReadsAll(Ring):
    """Finds the newest record without search."""

    def _search(self) -> bool:
        return False


class Searches(Ring):
    """Has no other way than search."""

    def _scan(self) -> None:
        raise AssertionError("search found nothing")


def test_hint_that_does_not_hold_is_not_believed() -> None:
    nor = empty()
    log = fill(opened(nor), 20)
    old_hint = log.hint()
    fill(log, 23)
    for hint in (old_hint, b"", b"\xff" * 12, bytes(12), b"short"):
        assert_holds(opened(nor, hint), 23)
    full = fill(log, 49).hint()
    fill(log, 50)
    assert_holds(opened(nor, full), 50)


@pytest.mark.parametrize("last", [20, 49])
def test_hint_to_a_record_that_still_has_its_key_is_not_believed(last: int) -> None:
    """The next record is written, and its writer fails before it destroys the key of this one."""

    class KeepsKeys(Nor):
        def program(self, offset: int, data: bytes) -> None:
            if offset % SECTOR == 0 or any(data):
                super().program(offset, data)

    nor = filled(last)
    hint = opened(nor).hint()
    faulty = KeepsKeys(SECTORS, nor.bytes)
    with pytest.raises(StorageError):
        opened(faulty).append(plain(last + 1))
    again = Nor(SECTORS, faulty.bytes)
    assert keys_in(again) == [last + 1, last + 2]
    assert_holds(opened(again, hint), last + 1)
    assert keys_in(again) == [last + 2]


def test_hint_spares_the_search() -> None:
    nor = empty()
    hint = fill(opened(nor), 75).hint()

    class Counting(Nor):
        reads = 0

        def read(self, offset: int, size: int) -> bytes:
            self.reads += 1
            return bytes(super().read(offset, size))

    counting = Counting(SECTORS, nor.bytes)
    fill(opened(counting, hint), 76)
    assert counting.reads < 10


def cold_start(nor: Nor, sectors: int) -> tuple[Ring, int]:
    """A log opened without a hint, and how many bytes that read."""
    nor.has_read = 0
    log = Ring(nor, sectors, TAG_ID)
    return log, nor.has_read


def test_a_cold_start_reads_little_of_a_full_log(tell: Tell) -> None:
    nor = empty(FULL)
    log = Ring(nor, FULL, TAG_ID)
    most = 0
    while log.last < FULL * SLOTS + 3 * SLOTS:
        fill(log, log.last + 1)
        # At every record of one sector, and at both ends of all others.
        if log.last > FULL * SLOTS + SLOTS or log.last % SLOTS in (0, 1, 49):
            again, has_read = cold_start(nor, FULL)
            assert again.hint() == log.hint()
            most = max(most, has_read)
    tell(f"cold start of a log of {FULL} sectors: {most} of {FULL * SECTOR} bytes read at most")
    assert most <= MOST_READ
    assert log.last - log.first + 1 >= 6350


@pytest.mark.parametrize("sectors", [2, 3, 5, 8])
def test_search_alone_finds_what_reading_everything_finds_whatever_a_power_cut_left(
    sectors: int, small_sectors: None
) -> None:
    nor = empty(sectors)
    log = Ring(nor, sectors, TAG_ID)
    tried = 0
    while log.last < 9 * sectors:
        before = bytes(nor.bytes)
        nor.steps = 0
        fill(log, log.last + 1)
        for cut in range(log.last % 7, nor.steps, 7):
            torn = Nor(sectors, before)
            torn.cut_at = cut
            with pytest.raises(PowerCut):
                Ring(torn, sectors, TAG_ID).append(plain(log.last))
            found = [Nor(sectors, torn.bytes), Nor(sectors, torn.bytes)]
            opened = [Searches(found[0], sectors, TAG_ID), ReadsAll(found[1], sectors, TAG_ID)]
            assert opened[0].hint() == opened[1].hint()
            assert not opened[0].damaged
            assert found[0].bytes == found[1].bytes
            tried += 1
    assert tried > 9 * sectors * 14
