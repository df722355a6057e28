"""The log: a ring of 36-byte records in raw NOR flash that survives a power cut at any byte.

    partition   sectors of 4096 bytes; the sector of generation g is number g modulo their count

    sector      byte    0..3     magic "KTD1"
                byte    4..7     generation, from 0, one more for each sector begun
                byte    8..11    sequence of the sector's first record
                byte   12..27    tag of the record before it
                byte   28..31    CRC-32 of the 28 bytes before
                byte   32..4031  50 slots of 80 bytes
                byte 4032..4095  not used, 0xFF

    slot        byte    0..35    record, see kitwire.record
                byte   36..67    log key for the NEXT record; zeros once that record is written
                byte   68..71    CRC-32 of record and key as they were written
                byte   72..79    not used, 0xFF

All integers are little-endian. Sequence 0 is the genesis slot, which no station ever sees: zeros for
a record, and the log key of the first one. Its tag is therefore that of `record.GENESIS_TAG`.

NOR flash clears bits and sets them again only by erasing a sector. So a slot is written in one
programming operation and read back; then the key in the slot before it is zeroed in place. Once its
key is gone, nobody who steals the tag can make that record again.

A power cut leaves one of these, and opening the log ends what was begun:

    a slot that is not what its CRC says, after one that is    it was being written: zero it, skip it
    two slots with a key                                       the older key was to be zeroed: zero it
    a sector without a valid header                            it was being erased: it is erased again
    a header without slots                                     the next record goes into it

A slot of zeros has no sequence: position among the others gives the sequence, never the record's
own field, so that the station can judge a record that was altered in flash.

The newest record is found by search. Seen from sector 0 the generations rise by one from sector to
sector up to the head and are a whole round lower, torn or missing behind it; in the head the written
slots come before the blank ones. Both borders are found by halving. The log key proves the find: it is
in the newest slot and nowhere else, so where the slot found has none (nor the one before it, if a power
cut tore that one), the flash contradicts itself and every sector is looked at.
"""

import binascii
import struct
from collections import namedtuple

from kitwire import keys, record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Protocol

    class Flash(Protocol):
        """Raw NOR flash as the log needs it; an edge is one. It raises `StorageError` if the chip refuses."""

        def read(self, offset: int, size: int) -> bytes:
            """`size` bytes from byte `offset` of the partition on."""

        def program(self, offset: int, data: bytes) -> None:
            """Clear the bits that are 0 in `data`, from byte `offset` on; others stay as they are."""

        def erase(self, sector: int) -> None:
            """Set the 4096 bytes of `sector` to 0xFF."""


SECTOR = 4096
"""Size of a sector in bytes: the least that NOR flash can erase."""
SLOTS = 50
"""Slots in a sector."""
SLOT = 80
"""Size of a slot in bytes."""
HEADER_SIZE = 32
"""Size of a sector's header in bytes; the first slot follows it."""
_MAGIC = b"KTD1"
_HEADER_FORMAT = "<4sII16s"
_KEY_AT = record.SIZE
_CRC_AT = record.SIZE + keys.KEY_SIZE
_WRITTEN = _CRC_AT + 4
_BLANK_SLOT = b"\xff" * SLOT
_VOID_SLOT = bytes(SLOT)
_NO_RECORD = bytes(record.SIZE)
_SPENT_KEY = bytes(keys.KEY_SIZE)
_TRIES = 3
_MOST = 0xFFFFFFFF
_HINT_FORMAT = "<III"

Header = namedtuple("Header", ("generation", "first_sequence", "previous_tag"))
"""Head of a sector: its generation, the sequence of its first record, the 16-byte tag before that."""

Place = namedtuple("Place", ("generation", "index"))
"""A slot: the generation of its sector and its number in it, 0 .. 49."""


class StorageError(Exception):
    """The flash holds no log, or did not take a write or an erase."""


def _crc(data: bytes) -> bytes:
    return struct.pack("<I", binascii.crc32(data) & 0xFFFFFFFF)


def _intact(slot: bytes) -> bool:
    """Whether `slot` is as it was written: only the newest is, since older ones have lost their key."""
    return _crc(slot[:_CRC_AT]) == slot[_CRC_AT:_WRITTEN]


def _program(flash: "Flash", offset: int, data: bytes) -> bool:
    """Program and read back."""
    flash.program(offset, data)
    return flash.read(offset, len(data)) == data


def _zero(flash: "Flash", offset: int, size: int) -> None:
    for _ in range(_TRIES):
        if _program(flash, offset, bytes(size)):
            return
    raise StorageError("flash did not take zeros at byte %d" % offset)


def _is_blank(flash: "Flash", sector: int) -> bool:
    step = 512
    blank = b"\xff" * step
    start = sector * SECTOR
    return all(flash.read(at, step) == blank for at in range(start, start + SECTOR, step))


def _begin_sector(flash: "Flash", sectors: int, header: Header) -> None:
    """Erase the sector of `header` and write its head. Raises `StorageError` if the flash refuses.

    The old head goes first: a cut in the erase must not leave a head above half-erased slots.
    """
    sector = header.generation % sectors
    _zero(flash, sector * SECTOR, HEADER_SIZE)
    for _ in range(_TRIES):
        flash.erase(sector)
        if _is_blank(flash, sector):  # an erase can fail without a word when the battery is weak
            break
    else:
        raise StorageError("sector %d does not erase" % sector)
    packed = struct.pack(_HEADER_FORMAT, _MAGIC, *header)
    if not _program(flash, sector * SECTOR, packed + _crc(packed)):
        raise StorageError("sector %d did not take its header" % sector)


def form(flash: "Flash", sectors: int, log_key: bytes) -> None:
    """Make an empty log whose first record is sealed under the 32-byte `log_key`.

    Every sector that is not blank is zeroed and erased, so no record or key of an earlier log remains.
    After a power cut on the way it is to be done again. Raises `StorageError` if the flash refuses.
    """
    written = [sector for sector in range(sectors) if not _is_blank(flash, sector)]
    for sector in written:
        _zero(flash, sector * SECTOR, SECTOR)
    for sector in written:
        flash.erase(sector)
        if not _is_blank(flash, sector):
            raise StorageError("sector %d does not erase" % sector)
    _begin_sector(flash, sectors, Header(0, 0, record.GENESIS_TAG))
    body = _NO_RECORD + log_key
    if not _program(flash, HEADER_SIZE, body + _crc(body)):
        raise StorageError("sector 0 did not take the log key")


class Ring:
    """The log of one tag, opened and made whole again after whatever happened to it.

    `last`        sequence of the newest record, 0 if there is none
    `damaged`     the log was found altered, other than by a power cut
    `may_erase`   whether `append` may erase a sector; to be False while the battery is too weak for it
    """

    def __init__(self, flash: "Flash", sectors: int, tag_id: bytes, hint: bytes = b"") -> None:
        """Open the log in the first `sectors` sectors of `flash`.

        `hint` is what `hint()` gave before deep sleep; it spares a search and is believed only as far
        as the flash bears it out. Raises `StorageError` if there is no log or the flash refuses.
        """
        self._flash = flash
        self._sectors = sectors
        self._tag_id = tag_id
        self._head = Header(0, 0, b"")  # of the sector being written
        self._free = 0  # its first slot not yet written
        self._oldest: Header | None = None  # of the oldest sector; None: not looked for yet
        self._newest = Place(0, 0)
        self._key = b""  # log key for the next record
        self._previous_tag = b""
        self.last = 0
        self.damaged = False
        self.may_erase = True
        if not self._follow(hint) and not self._search():
            self._scan()

    @property
    def first(self) -> int:
        """Sequence of the oldest record still held; `last` + 1 if there is none."""
        return max(record.FIRST_SEQUENCE, int(self._oldest_header().first_sequence))

    @property
    def tag_before_first(self) -> bytes:
        """Tag of the record before `first`, to which that one is chained."""
        return bytes(self._oldest_header().previous_tag)

    def hint(self) -> bytes:
        """12 bytes that let the next start find the newest record at once."""
        return struct.pack(_HINT_FORMAT, self._newest.generation, self._newest.index, self.last)

    def append(self, plain: record.Plain) -> int:
        """Seal `plain` as the next record, write it, destroy its key. Returns its sequence.

        Raises `StorageError` if the flash refuses, or if the record needs a new sector and `may_erase` is
        False (nothing is written then). The log is as it was, unless only the old key could not be
        destroyed: the next start tries that again.
        """
        if self.last == _MOST:
            raise StorageError("no sequence left")
        sealed = record.seal(self._tag_id, self._key, self.last + 1, self._previous_tag, plain)
        following = keys.ratchet(self._key)
        body = sealed + following
        written = body + _crc(body)
        for _ in range(_TRIES):
            if self._free == SLOTS:
                self._next_sector()
            place = Place(self._head.generation, self._free)
            self._free += 1
            if _program(self._flash, self._offset(place), written):
                break
            _zero(self._flash, self._offset(place), SLOT)
        else:
            raise StorageError("flash did not take record %d" % (self.last + 1))
        spent = self._newest
        self._newest = place
        self._key = following
        self._previous_tag = record.tag_of(sealed)
        self.last += 1
        _zero(self._flash, self._offset(spent) + _KEY_AT, keys.KEY_SIZE)
        return self.last

    def records(self, first: int, most: int) -> "Iterator[bytes]":
        """Up to `most` records from sequence `first` on, each as it is in flash, read one at a time.

        Ends early if the ring overruns it. `first` must be held. A record that the flash has lost
        altogether comes as 36 zeros, so that those after it keep their places.
        """
        end = min(first + most, self.last + 1)
        header = self._sector_of(first)
        while header is not None and first < end:
            following = None
            bound = end
            if header.generation < self._head.generation:
                following = self._header(header.generation + 1)
                if following is None:
                    return
                bound = min(end, following.first_sequence)
            sequence = header.first_sequence
            for index in range(SLOTS):
                if sequence >= bound or not self._holds(header.generation):
                    break
                slot = self._slot(Place(header.generation, index))
                if slot in (_VOID_SLOT, _BLANK_SLOT):
                    continue
                if sequence >= first:
                    yield self._judged(sequence, slot[: record.SIZE])
                sequence += 1
            if not self._holds(header.generation):
                return
            while sequence < bound:
                if sequence >= first:
                    yield self._judged(sequence, _NO_RECORD)
                sequence += 1
            first = bound
            header = following

    def _judged(self, sequence: int, sealed: bytes) -> bytes:
        if record.sequence_of(sealed) != sequence:
            self.damaged = True
        return sealed

    def _offset(self, place: Place) -> int:
        return int(place.generation % self._sectors * SECTOR + HEADER_SIZE + place.index * SLOT)

    def _slot(self, place: Place) -> bytes:
        return self._flash.read(self._offset(place), SLOT)

    def _header(self, generation: int) -> "Header | None":
        """The head of the sector of `generation`, if that is what its sector holds."""
        header = self._header_in(generation % self._sectors)
        return header if header and header.generation == generation else None

    def _header_in(self, sector: int) -> "Header | None":
        packed = self._flash.read(sector * SECTOR, HEADER_SIZE)
        if _crc(packed[:-4]) != packed[-4:]:
            return None
        magic, generation, first_sequence, previous_tag = struct.unpack(_HEADER_FORMAT, packed[:-4])
        if magic != _MAGIC or generation % self._sectors != sector:
            return None
        return Header(generation, first_sequence, previous_tag)

    def _holds(self, generation: int) -> bool:
        """Whether the ring has not come round to the sector of `generation` again."""
        return bool(generation > self._head.generation - self._sectors)

    def _before(self, header: Header) -> "Header | None":
        """The head of the sector before that of `header`, if the log still holds it."""
        generation = header.generation - 1
        if generation < 0 or not self._holds(generation):
            return None
        before = self._header(generation)
        return before if before is not None and before.first_sequence <= header.first_sequence else None

    def _oldest_header(self) -> Header:
        """The head of the log's oldest sector; looked for once, and again after each new sector."""
        if self._oldest is None:
            before: Header | None = self._head
            while before is not None:
                self._oldest = before
                before = self._before(before)
        return self._oldest or self._head

    def _sector_of(self, sequence: int) -> "Header | None":
        """The head of the sector that holds `sequence`, found by halving."""
        least, most = self._oldest_header().generation, self._head.generation
        while least < most:
            middle = (least + most + 1) // 2
            header = self._header(middle)
            if header is not None and header.first_sequence <= sequence:
                least = middle
            else:
                most = middle - 1
        return self._header(least)

    def _backwards(self) -> "Iterator[tuple[Header, int, bytes]]":
        """Each slot that is neither blank nor zeroed, newest first: its sector's head, its number, its bytes."""
        header: Header | None = self._head
        index = self._free
        while header is not None:
            while index:
                index -= 1
                slot = self._slot(Place(header.generation, index))
                if slot not in (_BLANK_SLOT, _VOID_SLOT):
                    yield header, index, slot
            header = self._before(header)
            index = SLOTS

    def _follow(self, hint: bytes) -> bool:
        """Take up the log where `hint` says it ends, if it does end there."""
        if len(hint) != struct.calcsize(_HINT_FORMAT):
            return False
        generation, index, last = struct.unpack(_HINT_FORMAT, hint)
        header = self._header(generation)
        if index >= SLOTS or header is None:
            return False
        place = Place(generation, index)
        slot = self._slot(place)
        if not _intact(slot) or record.sequence_of(slot[: record.SIZE]) != last:
            return False
        if index + 1 < SLOTS:
            if self._slot(Place(generation, index + 1)) != _BLANK_SLOT:
                return False
        elif self._header(generation + 1) is not None:
            return False
        self._head = header
        self._free = index + 1
        self._stand_at(place, slot, last)
        return True

    def _search(self) -> bool:
        """Find the newest record by halving; False if the flash contradicts itself."""
        head = self._header_in(0)
        if head is None:  # so sector 0 is the one being erased
            head = self._header_in(self._sectors - 1)
        else:
            sector, behind = 0, self._sectors
            while behind - sector > 1:
                middle = (sector + behind) // 2
                header = self._header(head.generation - sector + middle)
                if header is None:
                    behind = middle
                else:
                    sector, head = middle, header
        if head is None:
            return False
        written, blank = 0, SLOTS + 1
        while blank - written > 1:
            middle = (written + blank) // 2
            if self._slot(Place(head.generation, middle - 1)) == _BLANK_SLOT:
                blank = middle
            else:
                written = middle
        return self._recover(head, written, False)

    def _scan(self) -> None:
        """Find the newest record by every sector's head, in whatever state the flash is.

        A head that leads to a whole log key comes first, then the newest.
        """
        heads = [head for head in map(self._header_in, range(self._sectors)) if head is not None]
        heads.sort(key=lambda head: -int(head.generation))
        for whatever in (False, True):
            for head in heads:
                free = SLOTS
                while free and self._slot(Place(head.generation, free - 1)) == _BLANK_SLOT:
                    free -= 1
                if self._recover(head, free, whatever):
                    return
        raise StorageError("flash holds no log key" if heads else "flash holds no log")

    def _recover(self, head: Header, free: int, whatever: bool) -> bool:
        """Move to the newest record, below slot `free` of `head`, and finish what a power cut interrupted.

        False, and nothing done, if there is no slot or, unless `whatever`, none with a whole log key.
        """
        self._head = head
        self._free = free
        slots = self._backwards()
        newest = next(slots, None)
        older = next(slots, None)
        if newest is None:
            return False
        if not _intact(newest[2]) and older is not None and _intact(older[2]):
            _zero(self._flash, self._offset(Place(newest[0].generation, newest[1])), SLOT)
            newest, older = older, next(slots, None)
        header, index, slot = newest
        if not _intact(slot):
            if not whatever:
                return False
            # The slot before it has no key any more, so this one was whole once. It stays as evidence,
            # and the key it holds, right or wrong, carries the log on.
            self.damaged = True
        if older is not None and older[2][_KEY_AT:_CRC_AT] != _SPENT_KEY:
            _zero(self._flash, self._offset(Place(older[0].generation, older[1])) + _KEY_AT, keys.KEY_SIZE)
        last = self._sequence_at(header, index, slot)
        if last > _MOST:
            raise StorageError("no sequence left")
        self._stand_at(Place(header.generation, index), slot, last)
        return True

    def _sequence_at(self, header: Header, index: int, slot: bytes) -> int:
        """Sequence of the record in slot `index`: no slot before it was skipped, or they are counted."""
        if _intact(slot) and record.sequence_of(slot[: record.SIZE]) == header.first_sequence + index:
            return int(header.first_sequence + index)
        before = [self._slot(Place(header.generation, number)) for number in range(index)]
        return int(header.first_sequence) + len([slot for slot in before if slot != _VOID_SLOT])

    def _stand_at(self, place: Place, slot: bytes, last: int) -> None:
        self._newest = place
        self._key = slot[_KEY_AT:_CRC_AT]
        self._previous_tag = record.tag_of(slot[: record.SIZE])
        self.last = last

    def _next_sector(self) -> None:
        """Begin the next sector; when the ring is full, that of the oldest records."""
        header = Header(self._head.generation + 1, self.last + 1, self._previous_tag)
        if header.generation - self._newest.generation == self._sectors:
            raise StorageError("no sector left that does not hold the newest record")
        if header.generation > _MOST:
            raise StorageError("no generation left")
        if not self.may_erase:
            raise StorageError("sector %d is not to be erased now" % (header.generation % self._sectors))
        self._oldest = None
        _begin_sector(self._flash, self._sectors, header)
        self._head = header
        self._free = 0
