"""kitcore's log: appends round the ring, recovers from power cuts, meets tampering; prints what it holds."""

from binascii import crc32, hexlify

from nor import Nor, PowerCut

from kitcore.ring import SECTOR, Ring, StorageError, form
from kitwire import record

TAG_ID = bytes(range(8))
SECTORS = 3


def tell(name, log, flash):
    held = b"".join(log.records(log.first, 1000))
    print(
        name,
        log.first,
        log.last,
        log.damaged,
        hexlify(log.tag_before_first).decode(),
        hexlify(log.hint()).decode(),
        len(held),
        "%08x" % (crc32(held) & 0xFFFFFFFF),
        "%08x" % (crc32(bytes(flash.bytes)) & 0xFFFFFFFF),
    )


def append(log, count):
    for _ in range(count):
        log.append(record.Plain(record.LID_OPEN, 1, 3900, 1, 10 * log.last, 0, log.last))


flash = Nor(SECTORS)
try:
    Ring(flash, SECTORS, TAG_ID)
except StorageError as error:
    print(error)
form(flash, SECTORS, bytes(range(32)))
log = Ring(flash, SECTORS, TAG_ID)
tell("empty", log, flash)
for count in (1, 48, 1, 50, 49, 1, 80):
    append(log, count)
    tell("appended", log, flash)
tell("searched", Ring(flash, SECTORS, TAG_ID), flash)
tell("followed", Ring(flash, SECTORS, TAG_ID, log.hint()), flash)
print([len(list(log.records(first, most))) for first, most in ((200, 5), (229, 10), (230, 1), (220, 0))])

before = bytes(flash.bytes)
for cut in list(range(0, 210, 11)):
    flash = Nor(SECTORS, before)
    log = Ring(flash, SECTORS, TAG_ID)
    flash.cut_at = cut
    try:
        append(log, 20)
    except PowerCut:
        print("cut after", cut, "with", log.last)
    flash.cut_at = None
    log = Ring(flash, SECTORS, TAG_ID)
    tell("recovered", log, flash)
    append(log, 1)

newest = 230 // 50 % SECTORS * SECTOR + 32 + 230 % 50 * 80
flash = Nor(SECTORS, before)
flash.bytes[newest + 7] ^= 1
log = Ring(flash, SECTORS, TAG_ID)
append(log, 2)
tell("altered", log, flash)
