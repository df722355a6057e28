"""The log on a model of NOR flash: order, wrap, tampering, worn flash, and a power cut at every step."""

from collections.abc import Iterator
from itertools import islice

import pytest

from host.events import VERIFIED
from host.verify import ChainVerifier
from kitcore import ring
from kitcore.ring import HEADER_SIZE, SECTOR, SLOT, SLOTS, Ring, StorageError, form
from kitwire import keys, record
from kitwire.errors import AuthenticationError, WireError
from tests.cases.nor import Nor, PowerCut, Random
from tests.telling import Tell

TAG_ID = bytes(range(8))
LOG_KEY = bytes(range(32))
SECTORS = 3
HELD = SECTORS * SLOTS  # slots of the whole ring; the genesis slot is one of the first sector's


def plain(sequence: int) -> record.Plain:
    return record.Plain(record.LID_OPEN, 1, 3900, 1, 10 * sequence, 0, sequence)


def log_keys() -> Iterator[bytes]:
    """The log key of record 1, of record 2, ..."""
    key = LOG_KEY
    while True:
        yield key
        key = keys.ratchet(key)


def sealed_log(count: int) -> list[bytes]:
    """What a log of `count` records must hold; the entry at 0 stands for no record."""
    log = [bytes(record.SIZE)]
    for sequence, key in enumerate(islice(log_keys(), count), 1):
        log.append(record.seal(TAG_ID, key, sequence, record.tag_of(log[-1]), plain(sequence)))
    return log


KEYS = list(islice(log_keys(), 400))
SEALED = sealed_log(399)


def empty(sectors: int = SECTORS) -> Nor:
    nor = Nor(sectors)
    form(nor, sectors, LOG_KEY)
    return nor


def opened(nor: Nor, hint: bytes = b"") -> Ring:
    return Ring(nor, SECTORS, TAG_ID, hint)


def fill(log: Ring, up_to: int) -> Ring:
    while log.last < up_to:
        assert log.append(plain(log.last + 1)) == log.last
    return log


def filled(up_to: int) -> Nor:
    nor = empty()
    fill(opened(nor), up_to)
    return nor


def assert_holds(log: Ring, last: int) -> None:
    """The log holds exactly what was appended, up to `last`."""
    assert log.last == last
    assert list(log.records(log.first, 1000)) == SEALED[log.first : last + 1]
    assert log.tag_before_first == record.tag_of(SEALED[log.first - 1])


def keys_in(nor: Nor, up_to: int = 400) -> list[int]:
    """For which records, of the first `up_to`, the flash holds the log key, anywhere in it."""
    dump = bytes(nor.bytes)
    return [sequence for sequence, key in enumerate(KEYS[:up_to], 1) if key in dump]


def slot_at(sequence: int) -> int:
    """Offset of the slot of `sequence` in a log that no power cut has touched."""
    return sequence // SLOTS % SECTORS * SECTOR + HEADER_SIZE + sequence % SLOTS * SLOT


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


def test_flash_without_a_log_is_refused() -> None:
    with pytest.raises(StorageError, match="holds no log"):
        opened(Nor(SECTORS))
    with pytest.raises(StorageError, match="holds no log"):
        opened(Nor(SECTORS, bytes(SECTORS * SECTOR)))


def test_forming_destroys_the_old_log_and_its_keys() -> None:
    nor = filled(160)
    form(nor, SECTORS, bytes(32))
    assert keys_in(nor) == []
    assert not [sequence for sequence in range(1, 161) if SEALED[sequence] in bytes(nor.bytes)]
    assert (opened(nor).first, opened(nor).last) == (1, 0)


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


# --- found by search ---------------------------------------------------------------------------------

FULL = 128
"""Sectors of the partition on the chip."""
MOST_READ = 1000
"""Bytes that a cold start may read of it, which is 524288."""


def cold_start(nor: Nor, sectors: int) -> tuple[Ring, int]:
    """A log opened without a hint, and how many bytes that read."""
    nor.has_read = 0
    log = Ring(nor, sectors, TAG_ID)
    return log, nor.has_read


def test_a_cold_start_reads_little_of_a_full_log(tell: Tell) -> None:
    nor = Nor(FULL)
    form(nor, FULL, LOG_KEY)
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


@pytest.fixture
def small_sectors(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sectors of 4 slots, so that rings of many sectors come round soon."""
    monkeypatch.setattr(ring, "SLOTS", 4)
    monkeypatch.setattr(ring, "SECTOR", 512)


class ReadsAll(Ring):
    """Finds the newest record without search."""

    def _search(self) -> bool:
        return False


class Searches(Ring):
    """Has no other way than search."""

    def _scan(self) -> None:
        raise AssertionError("search found nothing")


@pytest.mark.parametrize("sectors", [2, 3, 5, 8])
def test_search_alone_finds_what_reading_everything_finds_whatever_a_power_cut_left(
    sectors: int, small_sectors: None
) -> None:
    nor = Nor(sectors)
    form(nor, sectors, LOG_KEY)
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


# --- flash that holds something else -------------------------------------------------------------------


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
    nor = Nor(sectors)
    form(nor, sectors, log_key)
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
    """Whoever writes to the flash can put the end of another log there, but what he gets does not verify."""
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


# --- full, and worn --------------------------------------------------------------------------------


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


def test_sectors_wear_evenly(tell: Tell) -> None:
    nor = Nor(FULL)
    form(nor, FULL, LOG_KEY)
    log = Ring(nor, FULL, TAG_ID)
    nor.erased = [0] * FULL
    nor.steps = 0
    years, day = 2, 12
    fill(log, years * 365 * day)
    assert max(nor.erased) - min(nor.erased) <= 1
    a_year = sum(nor.erased) / FULL / years
    tell(f"{day} records a day: {a_year:.2f} erases of each of {FULL} sectors a year")
    assert a_year < 0.7


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


# --- tampering -----------------------------------------------------------------------------------


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


# --- flash that does not do as it is told ----------------------------------------------------------


def test_slot_that_does_not_take_its_record_is_passed_over() -> None:
    nor = filled(10)
    nor.stuck[slot_at(11) + 20] = 0x00
    log = fill(opened(nor), 12)
    assert bytes(nor.bytes[slot_at(11) : slot_at(11) + SLOT]) == bytes(SLOT)
    assert_holds(log, 12)
    assert_holds(opened(nor), 12)


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


# --- power cuts ------------------------------------------------------------------------------------

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
