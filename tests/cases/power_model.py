"""A tag whose power may go at any step, and what must be true of it afterwards; on both interpreters.

The tag is kitcore's own: `Tag` and `Ring` on models of NOR flash, settings, clock and battery. A wake is
a list of what happens in it. Every programmed byte, every part of an erase and every commit of
the settings is a step, and before each the power may go. The model knows each record whose append has returned
and what the station has acknowledged, and checks the tag against it whenever it starts.
"""

# ruff: noqa: UP031  MicroPython subset

from nor import Nor

from kitcore import life, ring, tag
from kitwire import config, faults, keys, record
from kitwire.errors import WireError

TAG_ID = bytes(range(8))
LOG_KEY = bytes(range(32))
UTC_MS = 1790000000000
WAKE_MS = 600000
DAY_MS = 86400000
GOOD_MV = 3900
WEAK_MV = 2950
LEAST_ERASE_MV = 3000

LOST, INVENTED, LOOP, READABLE = "records lost", "records invented", "boot loops", "past keys readable"
ZEROS = (LOST, INVENTED, LOOP, READABLE)

_KEYS = [b"", LOG_KEY]
_record_keys = [b""]
_verified = {}
_sealed = {}
_seal = record.seal


def key_of(sequence):
    """The log key of record `sequence`."""
    while len(_KEYS) <= sequence:
        _KEYS.append(keys.ratchet(_KEYS[-1]))
    return _KEYS[sequence]


def record_keys(last):
    """What the records up to `last` are sealed with, each at its sequence, and perhaps more."""
    while len(_record_keys) <= last:
        _record_keys.append(keys.record_key(key_of(len(_record_keys))))
    return _record_keys


def verified(sequence, previous_tag, sealed):
    """What the station reads in `sealed`, or None if the tag did not seal it there."""
    place = (sequence, previous_tag, sealed)
    if place not in _verified:
        try:
            _verified[place] = record.open(TAG_ID, key_of(sequence), sequence, previous_tag, sealed)
        except WireError:
            _verified[place] = None
    return _verified[place]


def seal_once(*what):
    """`record.seal`, which is the same each time that one record is written again in another cut."""
    if what not in _sealed:
        _sealed[what] = _seal(*what)
    return _sealed[what]


class Violation(Exception):
    """What must never be was found; the first argument is one of `ZEROS`."""


class Settings:
    """What NVS keeps in `kept`; a commit is one step and whole or nothing, as in NVS."""

    def __init__(self, flash, kept):
        self._flash = flash
        self.kept = kept

    def get(self, name, default=0):
        return self.kept.get(name, default)

    def put(self, name, value):
        self._flash.step()
        self.kept[name] = value

    def next_of(self, name):
        self.put(name, self.get(name) + 1)
        return self.get(name)


class Clock:
    """The clock and RTC memory of `world`."""

    def __init__(self, world):
        self._world = world
        self.memory = life.begin(life.unpack(world.rtc), True, world.now_ms)

    def keep(self):
        self.memory.seen_ms = self._world.now_ms
        self._world.rtc = self.memory.pack()

    def uptime_ms(self):
        return self._world.now_ms - self.memory.started_ms

    def utc_ms(self):
        return self.memory.utc_ms + self.uptime_ms() if self.memory.utc_ms else 0

    def set_utc(self, utc_ms):
        self.memory.utc_ms = utc_ms - self.uptime_ms()


class Cell:
    """The battery of `world`."""

    def __init__(self, world):
        self._world = world

    def millivolts(self):
        return self._world.millivolts


class Indicator:
    """Nobody looks."""

    def show(self, sign, sound):
        pass


class WatchedRing(ring.Ring):
    """The log, of whose appends the model learns."""

    def append(self, plain):
        world = self.world
        world.pending = plain
        try:
            sequence = super().append(plain)
        except ring.StorageError:
            world.pending = None
            raise
        world.done.append(plain)
        world.pending = None
        if sequence != len(world.done):
            raise Violation(INVENTED, "append gave %d, not %d" % (sequence, len(world.done)))
        return sequence


_COPIED = ("rtc", "now_ms", "lid", "docked", "millivolts", "pending", "acked", "acking", "cuts", "refused", "resumed")


class World:
    """A tag asleep, its surroundings, and what the model knows of it.

    `done`      what was appended, each record once its append had returned
    `pending`   the record under way when the power went
    `acked`     the highest sequence that the tag has said to be acknowledged; `acking` the one under way
    `cuts`      how often the power went: a slot is lost with each at most
    `refused`   wakes in which the battery was too weak for the erase that a record needed
    `resumed`   RTC memory outlived a cut and was believed, which no chip does: it may lag behind the log
    """

    Ring = WatchedRing
    Tag = tag.Tag

    def __init__(self, sectors, content=None):
        self.sectors = sectors
        self.flash = Nor(sectors, content)
        self.kept = {}
        self.rtc = b""
        self.now_ms = 1000
        self.lid = False
        self.docked = False
        self.millivolts = GOOD_MV
        self.done = []
        self.pending = None
        self.acked = 0
        self.acking = 0
        self.cuts = 0
        self.refused = 0
        self.resumed = False

    def copy(self):
        other = type(self)(self.sectors, self.flash.bytes)
        for name in _COPIED:
            setattr(other, name, getattr(self, name))
        other.kept = dict(self.kept)
        other.done = list(self.done)
        return other

    def lose_power(self, keeps_rtc):
        """The power goes, if it has not gone in the middle of a step; RTC memory may outlive that."""
        self.flash.cut_at = None
        self.cuts += 1
        self.resumed = bool(keeps_rtc)
        if not keeps_rtc:
            self.rtc = b""
        self.check_dump(len(self.done))

    def _torn(self):
        """Slots that hold no record because the power went in them."""
        dump = bytes(self.flash.bytes)
        starts = [
            sector * ring.SECTOR + ring.HEADER_SIZE + slot * ring.SLOT
            for sector in range(self.sectors)
            for slot in range(ring.SLOTS)
        ]
        return min(self.cuts, len([at for at in starts if dump[at : at + ring.SLOT] == bytes(ring.SLOT)]))

    def check_dump(self, last):
        """No key of a record up to `last`, nor what it is sealed with, is anywhere in what a thief can read."""
        dump = bytes(self.flash.bytes) + self.rtc
        key_of(last)
        for secrets in (_KEYS, record_keys(last)):
            for sequence in range(1, last + 1):
                if secrets[sequence] in dump:
                    raise Violation(READABLE, "key of record %d of %d" % (sequence, last))

    def check_edges(self, boot_count):
        """The last records of lid and dock are true; the start with this count assumes a closed lid and no dock.

        A weak cell may have kept the start itself out of the log.
        """
        here = [plain.type for plain in self.done if plain.boot_count == boot_count]
        for now, came, went in (
            (self.lid, record.LID_OPEN, record.LID_CLOSE),
            (self.docked, record.DOCK, record.UNDOCK),
        ):
            last = [kind for kind in here if kind in (came, went)][-1:]
            if now != (last == [came]):
                raise Violation(LOST, "no %s where one happened" % record.TYPE_NAMES[came if now else went])

    def check(self, log):
        """The `log`, just opened, holds what the model knows, and nothing else."""
        if log.last == len(self.done) + 1 and self.pending is not None:
            self.done.append(self.pending)
        self.pending = None
        last = len(self.done)
        if log.last != last:
            raise Violation(LOST if log.last < last else INVENTED, "last is %d, not %d" % (log.last, last))
        if log.damaged:
            raise Violation(LOST, "found damaged")
        held = last - log.first + 1
        least = min(last, (self.sectors - 1) * ring.SLOTS)
        if held < least and held < least - self._torn():
            raise Violation(LOST, "only %d of %d held after %d cuts" % (held, last, self.cuts))
        sequence, previous_tag = log.first, log.tag_before_first
        for sealed in log.records(sequence, last + 1):
            plain = verified(sequence, previous_tag, sealed)
            if plain is None:
                raise Violation(LOST, "record %d does not verify" % sequence)
            if plain != self.done[sequence - 1]:
                raise Violation(INVENTED, "record %d is %s" % (sequence, plain))
            sequence, previous_tag = sequence + 1, record.tag_of(sealed)
        if sequence != last + 1:
            raise Violation(LOST, "records end before %d" % sequence)
        self.check_dump(last)
        acked = self.kept.get(tag.ACKNOWLEDGED, 0)
        if acked < self.acked or acked > max(self.acked, self.acking):
            raise Violation(LOST, "acknowledged is %d, not %d" % (acked, self.acked))
        self.acked = self.acking = acked


def _open(world):
    world.lid = True


def _close(world):
    world.lid = False


def _dock(world):
    world.docked = True


def _undock(world):
    world.docked = False


def _weak(world):
    world.millivolts = WEAK_MV


def _charged(world):
    world.millivolts = GOOD_MV


def _day(world):
    world.now_ms += DAY_MS


SURROUNDINGS = {
    "open": _open,
    "close": _close,
    "dock": _dock,
    "undock": _undock,
    "weak": _weak,
    "charged": _charged,
    "day": _day,
}
"""What happens around the tag; the rest of a wake it does itself: press, session, config, warm."""
EDGES = ("open", "close", "dock", "undock")
"""Of that, what wakes the tag; what comes after it in a wake comes while the tag is awake."""


def session(world, here):
    """A station reads everything, acknowledges it, and sets the clock, five seconds on at each docking."""
    log = here.log
    world.acking = log.last
    acked = here.acknowledge(log.last)
    if acked != log.last:
        raise Violation(LOST, "acknowledged %d of %d" % (acked, log.last))
    world.acked = acked
    here.set_time(UTC_MS + world.now_ms + 5000 * (world.now_ms // WAKE_MS % 7))


def run_wake(world, wake):
    """One wake of the tag, as the firmware does it. Raises `PowerCut`, `Violation`, or what the firmware would."""
    world.flash.steps = 0
    world.now_ms += WAKE_MS
    happenings = list(wake)
    woken = False
    while happenings and happenings[0] in SURROUNDINGS and not woken:
        woken = happenings[0] in EDGES
        SURROUNDINGS[happenings.pop(0)](world)
    clock = Clock(world)
    memory = clock.memory
    settings = Settings(world.flash, world.kept)
    log = world.Ring(world.flash, world.sectors, TAG_ID, memory.hint)
    log.world = world
    world.check(log)
    here = world.Tag(settings, clock, Cell(world), Indicator(), log, (0, 1))
    look_around(world, here, clock)
    for happening in happenings:
        world.now_ms += 1000
        if happening in SURROUNDINGS:
            SURROUNDINGS[happening](world)
            look_around(world, here, clock)
        elif happening == "press":
            here.press()
        elif happening == "session":
            session(world, here)
        elif happening == "warm":
            here.life.looked(200)
        elif happening == "config":
            here.set_config(config.HEARTBEAT_S, 7200 + len(world.done))
    if faults.WEAK in memory.faults:
        if world.millivolts >= LEAST_ERASE_MV or world.docked:
            raise Violation(LOST, "refused a record with a good battery")
        world.refused += 1
    elif not world.resumed:
        world.check_edges(memory.boot_count)
    clock.keep()


def look_around(world, here, clock):
    """The inputs as they are now."""
    if clock.memory.boot_count:
        here.read_battery()
        here.note_faults()
    else:
        here.start(1)
    here.dock(world.docked)
    here.lid(world.lid)
    here.note_battery()
    here.beat(clock.uptime_ms())


SMALL = (4, 512)
"""Slots and bytes of a small sector: a ring of 12 records, that comes round often."""
REAL = (ring.SLOTS, ring.SECTOR)


def set_up(slots, sector):
    """From now on sectors have that many slots and bytes, and no record is sealed twice."""
    ring.SLOTS, ring.SECTOR = slots, sector
    record.seal = seal_once


def tear_down():
    """Everything is as it was."""
    ring.SLOTS, ring.SECTOR = REAL
    record.seal = _seal


def enrolled(kind, sectors):
    """A tag of that kind of `World`, with an empty log, that has never had power."""
    world = kind(sectors)
    ring.form(world.flash, sectors, LOG_KEY)
    return world
