"""Flash whose content the log did not write: no log at all, spoilt sectors, another log's, records altered by hand."""

import pytest

from kitcore import ring
from kitcore.ring import SECTOR, SLOT, Ring, StorageError, form
from kitwire import record
from kitwire.errors import AuthenticationError, WireError
from tests.cases.nor import Nor, Random
from tests.unit.kitcore_ring.known_log import (
    KEYS,
    LOG_KEY,
    SEALED,
    SECTORS,
    TAG_ID,
    empty,
    fill,
    filled,
    keys_in,
    opened,
    plain,
    slot_at,
)


def test_flash_without_a_log_is_refused() -> None:
    with pytest.raises(StorageError, match="holds no log"):
        opened(Nor(SECTORS))
    with pytest.raises(StorageError, match="holds no log"):
        opened(Nor(SECTORS, bytes(SECTORS * SECTOR)))


def live_on(nor: Nor, sectors: int) -> "Ring | None":
    """Open whatever `nor` holds and use it; None if it is refused as it should be."""
    try:
        log = Ring(nor, sectors, TAG_ID)
        first = log.first
        held = list(log.records(first, 10**6))
        assert len(held) <= log.last - first + 1
        for _ in range(6):
            log.append(plain(1))
    except StorageError:
        return None
    assert Ring(nor, sectors, TAG_ID, log.hint()).last == log.last
    return log


@pytest.mark.parametrize("sectors", [3, 8])
def test_flash_that_holds_anything_else_is_refused(sectors: int) -> None:
    size = sectors * SECTOR
    for content in (bytes(size), b"\xff" * size, b"KTD1" * (size // 4), *(Random(n).bytes(size) for n in range(1, 9))):
        nor = Nor(sectors, content)
        with pytest.raises(StorageError, match="holds no log"):
            Ring(nor, sectors, TAG_ID)
        assert nor.bytes == content
        form(nor, sectors, LOG_KEY)
        assert live_on(nor, sectors) is not None


def ring_of(sectors: int, last: int, log_key: bytes = LOG_KEY) -> Nor:
    nor = empty(sectors, log_key)
    fill(Ring(nor, sectors, TAG_ID), last)
    return nor


def sector_of(nor: Nor, sector: int) -> bytes:
    return bytes(nor.bytes[sector * ring.SECTOR : (sector + 1) * ring.SECTOR])


def put_sector(nor: Nor, sector: int, content: bytes) -> None:
    nor.bytes[sector * ring.SECTOR : (sector + 1) * ring.SECTOR] = content


@pytest.mark.parametrize("last", range(29, 62, 2))
def test_a_sector_that_is_spoilt_leaves_a_gap_and_the_newest_record(last: int, small_sectors: None) -> None:
    sectors = 8
    whole = ring_of(sectors, last)
    log = Ring(whole, sectors, TAG_ID)
    newest = next(iter(log.records(last, 1)))
    generation = log._newest.generation
    spoils = (
        bytes(512),
        b"\xff" * 512,
        Random(last).bytes(512),
        sector_of(whole, 2),
        sector_of(whole, generation % sectors),
    )
    for sector in range(sectors):
        if sector == generation % sectors:
            continue
        for number, spoilt in enumerate(spoils):
            nor = Nor(sectors, whole.bytes)
            put_sector(nor, sector, spoilt)
            again = Ring(nor, sectors, TAG_ID)
            assert again.last == last, (sector, number)
            assert next(iter(again.records(last, 1))) == newest
            assert again.tag_before_first == (SEALED[again.first - 1][20:] if again.first > 1 else bytes(16))
            assert list(again.records(again.first, 100)) == SEALED[again.first : last + 1]
            assert live_on(nor, sectors) is not None


@pytest.mark.parametrize("last", [9, 29, 33, 47])
def test_a_sector_of_another_ring_stops_nothing(last: int, small_sectors: None) -> None:
    """Anyone who writes to the flash can put the end of another log there, but what they get does not verify."""
    sectors = 8
    whole = ring_of(sectors, last)
    head = Ring(whole, sectors, TAG_ID)._newest.generation % sectors
    for other_last in (5, 30, 62, 140, 350):
        other = ring_of(sectors, other_last, bytes(32))
        other_head = Ring(other, sectors, TAG_ID)._newest.generation % sectors
        for sector in range(sectors):
            nor = Nor(sectors, whole.bytes)
            put_sector(nor, sector, sector_of(other, sector))
            if sector not in (head, other_head):
                assert Ring(nor, sectors, TAG_ID).last == last, "the log key tells which end is this log's"
            assert live_on(nor, sectors) is not None
        for half in range(1, sectors):
            content = bytes(whole.bytes[: half * 512]) + bytes(other.bytes[half * 512 :])
            live_on(Nor(sectors, content), sectors)


def test_one_bit_anywhere_never_stops_the_tag(small_sectors: None) -> None:
    whole = ring_of(4, 21)
    for bit in range(0, 4 * 512 * 8, 11):
        nor = Nor(4, whole.bytes)
        nor.bytes[bit // 8] ^= 1 << bit % 8
        log = live_on(nor, 4)
        assert log is not None
        assert log.last >= 21


def test_altered_record_in_the_middle_is_sent_as_it_stands() -> None:
    nor = filled(30)
    nor.bytes[slot_at(12) + 9] ^= 0x10
    log = opened(nor)
    got = list(log.records(1, 100))
    assert [sequence for sequence in range(1, 31) if got[sequence - 1] != SEALED[sequence]] == [12]
    with pytest.raises(AuthenticationError):
        record.open(TAG_ID, KEYS[11], 12, record.tag_of(SEALED[11]), got[11])


def test_altered_newest_record_is_kept_as_evidence_and_the_log_goes_on() -> None:
    nor = filled(30)
    nor.bytes[slot_at(30) + 9] ^= 0x10
    log = opened(nor)
    assert (log.last, log.damaged) == (30, True)
    log.append(plain(31))
    got = list(log.records(1, 100))
    assert len(got) == 31 and got[29] != SEALED[30]
    # Its tag is as it was, so the chain holds behind it.
    assert got[30] == SEALED[31]
    assert keys_in(nor) == [32]


def test_record_wiped_from_flash_leaves_a_hole_in_its_sector_only() -> None:
    nor = filled(120)
    nor.bytes[slot_at(60) : slot_at(60) + SLOT] = bytes(SLOT)
    log = opened(nor)
    got = list(log.records(1, 1000))
    assert log.last == 120 and len(got) == 120
    assert got[:59] == SEALED[1:60] and got[99:] == SEALED[100:121]
    assert log.damaged
    with pytest.raises(WireError):
        record.open(TAG_ID, KEYS[59], 60, record.tag_of(SEALED[59]), got[59])


def test_wiped_key_of_the_newest_record_is_noticed() -> None:
    nor = filled(30)
    nor.bytes[slot_at(30) + 36 : slot_at(30) + 68] = bytes(32)
    log = opened(nor)
    assert log.damaged
    log.append(plain(31))
    with pytest.raises(AuthenticationError):
        record.open(TAG_ID, KEYS[30], 31, record.tag_of(SEALED[30]), next(log.records(31, 1)))
