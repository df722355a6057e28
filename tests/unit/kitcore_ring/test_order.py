"""The log holds what was appended, in order, round the ring and to its end; it begins empty and gives up its oldest."""

import pytest

from host.tag.events import VERIFIED
from host.tag.verify import ChainVerifier
from kitcore import ring
from kitcore.ring import HEADER_SIZE, SLOTS, Ring, StorageError, form
from kitwire import record
from tests.cases.nor import Nor
from tests.unit.kitcore_ring.known_log import (
    HELD,
    KEYS,
    LOG_KEY,
    SEALED,
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


def test_empty_log() -> None:
    log = opened(empty())
    assert (log.first, log.last, log.damaged) == (1, 0, False)
    assert log.tag_before_first == record.GENESIS_TAG
    assert list(log.records(1, 10)) == []


@pytest.mark.parametrize("count", [1, 49, 50, 99, 100, 149, 150, 199, 200, 333])
def test_log_holds_what_was_appended_through_every_wrap(count: int) -> None:
    nor = empty()
    log = fill(opened(nor), count)
    assert_holds(log, count)
    assert_holds(opened(nor), count)
    assert_holds(opened(nor, log.hint()), count)
    assert count - log.first + 1 >= min(count, HELD - SLOTS)
    assert keys_in(nor) == [count + 1]


def test_records_are_sealed_for_the_station() -> None:
    log = fill(opened(empty()), 60)
    previous = record.GENESIS_TAG
    for sequence, sealed in enumerate(log.records(1, 60), 1):
        assert record.open(TAG_ID, KEYS[sequence - 1], sequence, previous, sealed) == plain(sequence)
        previous = record.tag_of(sealed)


def test_read_starts_and_ends_where_it_is_asked_to() -> None:
    log = fill(opened(empty()), 120)
    for first in (1, 2, 48, 49, 50, 51, 99, 100, 120):
        for most in (0, 1, 2, 51, 1000):
            assert list(log.records(first, most)) == SEALED[first : min(first + most, 121)]


def test_read_ends_when_the_ring_overruns_it() -> None:
    log = fill(opened(empty()), 149)
    reader = log.records(1, 1000)
    assert next(reader) == SEALED[1]
    fill(log, 160)
    assert log.first == 50
    assert list(reader) == [], "the slots after it hold other records now"


def test_a_full_ring_gives_up_its_oldest_records_and_the_station_sees_the_gap() -> None:
    nor = filled(60)
    log = opened(nor)
    verifier = ChainVerifier(TAG_ID, LOG_KEY, None)
    rows = [verifier.take(sealed) for sealed in log.records(1, 1000)]
    fill(log, 290)
    assert log.first > verifier.next_sequence == 61, "records that no station has read are gone"
    lost = log.first - verifier.next_sequence
    verifier.skip_to(log.first, log.tag_before_first)
    rows += [verifier.take(sealed) for sealed in log.records(log.first, 1000)]
    assert {row.verdict for row in rows} == {VERIFIED}
    assert len(rows) == 290 - lost
    assert lost < 290 - 60 - (HELD - SLOTS) + SLOTS, "no more than it must"


def test_no_sector_is_erased_while_that_is_forbidden() -> None:
    for last in (49, 149):
        nor = filled(last - 2)
        log = opened(nor)
        log.may_erase = False
        fill(log, last)
        before = bytes(nor.bytes)
        for _ in range(3):
            with pytest.raises(StorageError, match="not to be erased"):
                log.append(plain(last + 1))
        assert bytes(nor.bytes) == before
        assert_holds(log, last)
        assert_holds(opened(nor, log.hint()), last)
        log.may_erase = True
        assert_holds(fill(log, last + 3), last + 3)


def test_forming_destroys_the_old_log_and_its_keys() -> None:
    nor = filled(160)
    form(nor, SECTORS, bytes(32))
    assert keys_in(nor) == []
    assert not [sequence for sequence in range(1, 161) if SEALED[sequence] in bytes(nor.bytes)]
    assert (opened(nor).first, opened(nor).last) == (1, 0)


@pytest.mark.parametrize("generation", [2**31 - 2, 2**32 - 3, 2**32 - 1])
def test_the_last_generation_is_the_end_and_says_so(generation: int, small_sectors: None) -> None:
    nor = Nor(3)
    header = ring.Header(generation, 1000, bytes(16))
    ring._begin_sector(nor, 3, header)
    body = bytes(record.SIZE) + LOG_KEY
    nor.program(generation % 3 * 512 + HEADER_SIZE, body + ring._crc(body))
    log = Ring(nor, 3, TAG_ID)
    assert log.last == 1000
    appended = 0
    try:
        for _ in range(20):
            log.append(plain(log.last + 1))
            appended += 1
    except StorageError as error:
        assert str(error) == "no generation left"
    assert appended == min(20, 3 + (2**32 - 1 - generation) * 4)
    assert Ring(nor, 3, TAG_ID).last == Ring(nor, 3, TAG_ID, log.hint()).last == 1000 + appended


def test_the_last_sequence_is_the_end_and_says_so(small_sectors: None) -> None:
    nor = Nor(3)
    ring._begin_sector(nor, 3, ring.Header(7, 2**32 - 3, bytes(16)))
    body = bytes(record.SIZE) + LOG_KEY
    nor.program(512 + HEADER_SIZE, body + ring._crc(body))
    log = Ring(nor, 3, TAG_ID)
    assert [log.append(plain(1)), log.append(plain(1))] == [2**32 - 2, 2**32 - 1]
    with pytest.raises(StorageError, match="no sequence left"):
        log.append(plain(1))
    assert Ring(nor, 3, TAG_ID).last == Ring(nor, 3, TAG_ID, log.hint()).last == 2**32 - 1
    nor = Nor(3)
    ring._begin_sector(nor, 3, ring.Header(7, 2**32 - 1, bytes(16)))
    nor.program(512 + HEADER_SIZE, bytes([1]) * 160)
    with pytest.raises(StorageError, match="no sequence left"):
        Ring(nor, 3, TAG_ID)
