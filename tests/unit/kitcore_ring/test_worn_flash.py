"""Flash that wears, and flash that does not obey: wear is even, what fails is seen, nothing is lost."""

import pytest

from kitcore import ring
from kitcore.ring import SECTOR, SLOT, Ring, StorageError
from tests.cases.nor import Nor
from tests.telling import Tell
from tests.unit.kitcore_ring.known_log import (
    FULL,
    HELD,
    SECTORS,
    TAG_ID,
    assert_holds,
    empty,
    fill,
    filled,
    opened,
    plain,
    slot_at,
)


def test_sectors_wear_evenly(tell: Tell) -> None:
    nor = empty(FULL)
    log = Ring(nor, FULL, TAG_ID)
    nor.erased = [0] * FULL
    nor.steps = 0
    years, day = 2, 12
    fill(log, years * 365 * day)
    assert max(nor.erased) - min(nor.erased) <= 1
    a_year = sum(nor.erased) / FULL / years
    tell(f"{day} records a day: {a_year:.2f} erases of each of {FULL} sectors a year")
    assert a_year < 0.7


def test_slot_that_does_not_take_its_record_is_passed_over() -> None:
    nor = filled(10)
    nor.stuck[slot_at(11) + 20] = 0x00
    log = fill(opened(nor), 12)
    assert bytes(nor.bytes[slot_at(11) : slot_at(11) + SLOT]) == bytes(SLOT)
    assert_holds(log, 12)
    assert_holds(opened(nor), 12)


def test_erase_that_leaves_single_bits_is_done_again() -> None:
    nor = filled(149)
    works = nor.erase

    def erases_badly(sector: int) -> None:
        works(sector)
        if nor.erased[sector] < 3:
            nor.bytes[sector * SECTOR + 4000] = 0xEF

    nor.erase = erases_badly  # type: ignore[method-assign]
    nor.erased = [0] * SECTORS
    assert_holds(fill(opened(nor), 150), 150)
    assert nor.erased == [3, 0, 0]


def test_erase_that_fails_without_a_word_is_an_error_and_loses_nothing_newer() -> None:
    nor = filled(149)
    log = opened(nor)
    works = nor.erase
    nor.erase = lambda sector: None  # type: ignore[method-assign]
    with pytest.raises(StorageError, match="does not erase"):
        log.append(plain(150))
    assert log.last == 149
    nor.erase = works  # type: ignore[method-assign]
    reopened = opened(nor)
    assert reopened.first == 50
    assert_holds(fill(reopened, 150), 150)


def test_dead_flash_is_an_error_and_the_log_is_as_it_was() -> None:
    nor = filled(10)
    log = opened(nor)
    takes = nor.program
    nor.program = lambda offset, data: None  # type: ignore[method-assign]
    with pytest.raises(StorageError):
        log.append(plain(11))
    assert log.last == 10
    nor.program = takes  # type: ignore[method-assign]
    assert_holds(fill(opened(nor), 12), 12)


def test_newest_record_is_never_erased_for_room() -> None:
    class Worn(Nor):
        """Takes headers and zeros, but spoils whatever is written into a slot."""

        def program(self, offset: int, data: bytes) -> None:
            super().program(offset, data if len(data) != ring.SLOT - 8 else bytes(data[:-1]) + b"\x00")

    worn = Worn(SECTORS, filled(10).bytes)
    log = opened(worn)
    refusals = []
    for _ in range(HELD):
        with pytest.raises(StorageError) as refusal:
            log.append(plain(11))
        refusals.append(str(refusal.value))
    assert refusals[-1] == "no sector left that does not hold the newest record"
    assert_holds(log, 10)
    assert_holds(opened(worn), 10)
