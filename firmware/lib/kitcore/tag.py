"""The tag itself: what is recorded, and what a station can ask of it. Nothing of the chip is in it.

Its edges are handed in; on the chip they are files of `firmware/`, in tests models of them:

    settings    numbers that outlive power-off, by name
    clock       uptime and UTC, and the `memory` that outlives deep sleep
    cell        the battery's voltage
    indicator   light and buzzer
    log         the ring of records in flash

What a wake for an edge of the lid does not need is imported where it is used: each import costs time, and a
wake is what drains the battery.
"""

from kitwire import PROTOCOL_VERSION, record

from . import battery, life
from .life import Life
from .ring import StorageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    from kitwire import session

    from .life import Memory
    from .ring import Ring

    class Settings(Protocol):
        def get(self, name: str, default: int = 0) -> int: ...

        def put(self, name: str, value: int) -> None: ...

        def next_of(self, name: str) -> int: ...

    class Clock(Protocol):
        memory: Memory

        def keep(self) -> None: ...

        def uptime_ms(self) -> int: ...

        def utc_ms(self) -> int: ...

        def set_utc(self, utc_ms: int) -> None: ...

    class Cell(Protocol):
        def millivolts(self) -> int: ...

    class Indicator(Protocol):
        def show(self, sign: "tuple[tuple[int, int, int], ...]", sound: bool) -> None: ...


BOOT_COUNT = "boot_count"
ACKNOWLEDGED = "acknowledged"
EPOCH = "epoch"
"""Names of the numbers in `settings`, beside those of `config`: starts from power-off or reset, last sequence
that a station has committed, last epoch advertised."""

LEAST_CORRECTION_MS = 2000
"""A clock nearer to the station's than this stays as it is, so that docking twice records nothing."""


def _unsigned(value: int) -> int:
    return value & 0xFFFFFFFF


def _signed(value: int) -> int:
    return value - 0x100000000 if value > 0x7FFFFFFF else value


class Signs:
    """What is to be shown next; the newest wish counts. Light and buzzer are made when there is one."""

    def __init__(self) -> None:
        self.wish: "tuple[tuple[tuple[int, int, int], ...], bool] | None" = None

    def show(self, sign: "tuple[tuple[int, int, int], ...]", sound: bool) -> None:
        """Show `sign`, with its `sound` or without."""
        self.wish = (sign, sound)

    def take(self) -> "tuple[tuple[tuple[int, int, int], ...], bool] | None":
        """The wish, once; None if there is none."""
        wish, self.wish = self.wish, None
        return wish


class Tag:
    """One enrolled tag, awake, with its `log` open."""

    def __init__(
        self,
        settings: "Settings",
        clock: "Clock",
        cell: "Cell",
        indicator: "Indicator",
        log: "Ring",
        version: "tuple[int, int]",
    ) -> None:
        """`version` is the firmware's, major and minor."""
        self.log = log
        self.clock = clock
        self.settings = settings
        self.life = Life(clock.memory)
        self._memory = clock.memory
        self._cell = cell
        self._indicator = indicator
        self._version = version
        self._battery_mv = 0
        self._level = clock.memory.battery
        self.temperature = 0
        """How warm it was as this wake began, as records tell it; 0 if that is not known or no longer so."""

    # What happens to it. All of this raises `StorageError` if the flash refuses, and the edge is seen again.

    def start(self, cause: int) -> None:
        """A start from power-off or reset, with `machine.reset_cause()`: recorded, and what was kept is checked."""
        memory = self._memory
        count = self.settings.get(BOOT_COUNT) + 1
        try:
            self.settings.put(BOOT_COUNT, count)
        except StorageError:  # the log matters more
            from kitwire import faults

            memory.pend(faults.place("settings", 0))
        memory.boot_count = count & 0xFFFF or 1
        memory.cause = 0
        senseless = self._configure()
        self.read_battery()
        self._record(record.BOOT, cause)
        self.note_faults()
        for code in senseless:
            self._record(record.FAULT, code)

    def _configure(self) -> "list[int]":
        """Take the configuration from the settings: what is out of range is as if it were not there.

        Returns a code of `kitwire.faults` for each item that is out of range.
        """
        from kitwire import config, faults

        values, senseless = [], []
        for item in config.ITEMS:
            value = _unsigned(self.settings.get(item.name, _signed(item.default)))
            if not config.accepts(item, value):
                senseless.append(faults.CONFIG + item.number)
                value = item.default
            values.append(value)
        if values[life.PROFILE] == config.PROFILE_OPEN and not values[life.TRACKABLE]:
            # Put right for good: consent given later must not bring the profile back by itself.
            values[life.PROFILE] = config.PROFILE_DOCKED
            senseless.append(faults.TRACKING)
            try:
                self.settings.put(config.BY_NUMBER[config.PROFILE].name, config.PROFILE_DOCKED)
            except StorageError:
                pass  # then it is put right at the next start
        if not values[life.TEMP_OFFSET]:
            values[life.TEMPERATURE_S] = 0
        self._memory.config = tuple(values)
        return senseless

    def lid(self, is_open: bool, moved: bool = False) -> None:
        """The lid's settled level; `moved` if an edge of it woke the tag.

        An edge whose level is already back gives both edges, marked brief.
        """
        if is_open != bool(self._memory.lid_open):
            self._take(life.OPENED if is_open else life.CLOSED)
        elif moved:
            self._take(life.CLOSED if is_open else life.OPENED, record.FLAG_BRIEF)
            if is_open != bool(self._memory.lid_open):
                self._take(life.OPENED if is_open else life.CLOSED, record.FLAG_BRIEF)
        else:
            return
        if self.life.lid_speaks():
            self.life.take_the_field(self.clock.uptime_ms())

    def dock(self, docked: bool) -> None:
        """Whether dock power is there."""
        if docked == bool(self._memory.docked):
            return
        self.log.may_erase = docked or self._level < battery.EMPTY
        taken = self._take(life.DOCKS if docked else life.UNDOCKS)
        if docked:
            self.note_faults()  # a weak cell may have been in the way
            return
        if taken:
            self._memory.coldest = self._memory.warmest = 0
        if self.date() == life.OUT_OF_DATE:
            from . import signs

            self._show(signs.EXPIRED)

    def press(self) -> None:
        """The button went down, away from the dock."""
        if self._take(life.PRESSED) == record.DOSE_MARK:
            from . import signs

            self._indicator.show(signs.MARK_STARVING if self.life.starving() else signs.MARK, self._sound)

    def release(self) -> None:
        """The button was let go within 1.5 s."""
        if self._take(life.RELEASED) == life.CALL:
            from . import signs

            self._show(signs.CALL)

    def hold(self) -> None:
        """The button is held for 1.5 s."""
        if self._take(life.HELD) == life.SHOW:
            from . import signs

            unread = self.log.last > self.settings.get(ACKNOWLEDGED)
            self._show(signs.state(self.date(), self.battery_percent, self.battery_low, unread))

    def _take(self, given: int, flags: int = 0) -> int:
        """Go through an input of `life`. Returns the effect, 0 if there is none or the log did not take it."""
        effect = self.life.take(given, self.clock.uptime_ms())
        if not 0 < effect < life.CALL:
            return effect
        taken = False
        try:
            taken = self._record(effect, self._memory.marks if effect == record.DOSE_MARK else 0, flags)
        finally:
            if not taken:
                self.life.undo()
        return effect if taken else 0

    def _show(self, sign: "tuple[tuple[int, int, int], ...]") -> None:
        if not self.life.starving():
            self._indicator.show(sign, self._sound)

    @property
    def _sound(self) -> bool:
        return bool(self._memory.config[life.BUZZER])

    def _record(self, kind: int, aux: int = 0, flags: int = 0) -> bool:
        """Append a record of the present state. Returns False, and keeps that for later, if the cell is too weak."""
        memory = self._memory
        if kind in record.TELL_TEMPERATURE:
            aux = self.temperature
        try:
            self.log.append(
                record.Plain(
                    kind,
                    self.life.flags() | flags,
                    self._battery_mv,
                    memory.boot_count,
                    self.clock.uptime_ms() // 1000,
                    self.clock.utc_ms() // 1000,
                    aux & 0xFFFF,
                )
            )
        except StorageError:
            if self.log.may_erase:
                raise
            from kitwire import faults

            memory.pend(faults.WEAK)
            self.clock.keep()
            return False
        self.keep()
        return True

    def keep(self) -> None:
        """Bring RTC memory up to date."""
        self._memory.hint = self.log.hint()
        self._memory.damaged = self._memory.damaged or self.log.damaged
        self.clock.keep()

    def went_well(self) -> None:
        """This wake, or a minute of it, is over without a fault."""
        if self._memory.faulty:
            self._memory.faulty = 0
            self.clock.keep()

    def fault(self, code: int) -> None:
        """Record the fault `code` of `kitwire.faults`; if the log does not take it, at the next chance."""
        self._memory.pend(code)
        self.try_faults()

    def try_faults(self) -> None:
        """Record the faults that are pending, if the log takes them."""
        try:
            self.note_faults()
        except StorageError:
            self.clock.keep()

    def note_faults(self) -> None:
        """Record the faults that are still to be recorded."""
        memory = self._memory
        while memory.faults[0] and self._record(record.FAULT, memory.faults[0]):
            memory.faults = memory.faults[1:] + (0,)
            self.clock.keep()

    def note_stops(self) -> None:
        """Record that the program was stopped over USB, if that is still to be recorded."""
        memory = self._memory
        if memory.stopped and self._record(record.STOPPED, memory.stopped):
            memory.stopped = 0
            self.clock.keep()

    def give_up_temperature(self) -> None:
        """The last reading of the chip's temperature did not come back, and this start is why: there is no other.

        A station that wants readings again sets the item again.
        """
        from kitwire import config, faults

        memory = self._memory
        memory.reading = 0
        memory.pend(faults.TEMPERATURE)
        memory.config = memory.config[: life.TEMPERATURE_S] + (0,) + memory.config[life.TEMPERATURE_S + 1 :]
        self.clock.keep()
        try:
            self.settings.put(config.BY_NUMBER[config.TEMPERATURE_S].name, 0)
        except StorageError:
            pass  # then the next start from power-off tries once more

    def _note_temperature(self) -> None:
        """At the dock: record how cold and how warm it was since it left the last one."""
        memory = self._memory
        if memory.docked and memory.coldest and self._record(record.TEMPERATURE, memory.warmest << 8 | memory.coldest):
            memory.coldest = memory.warmest = 0
            self.clock.keep()

    def read_battery(self) -> None:
        """Read the battery's voltage for the records to come."""
        memory = self._memory
        gain = memory.config[life.BATTERY_GAIN]
        self._battery_mv = min(self._cell.millivolts() * gain // 1000, 0xFFFF)
        self._level = battery.level(self._battery_mv, memory.battery)
        self.log.may_erase = bool(memory.docked) or self._level < battery.EMPTY

    def note_battery(self) -> None:
        """Act on the voltage that was read; record once that the battery has become low."""
        memory = self._memory
        before, memory.battery = memory.battery, self._level
        if memory.battery and not before:
            self._record(record.BATTERY_LOW)

    def measure(self) -> None:
        """Read the battery, and act on it."""
        self.read_battery()
        self.note_battery()

    def beat(self, uptime_ms: int) -> None:
        """What the clock brings: a sign of life, a cue, a turn on the air in the field; at a dock, how warm it was."""
        self._note_temperature()
        if self.life.heartbeat_due(uptime_ms):
            self._memory.heartbeat_s = uptime_ms // 1000
            self._record(record.HEARTBEAT)
        cue = self.life.cue(uptime_ms)
        if cue:
            from . import signs

            self._show(signs.SECOND_DOSE if cue == life.SECOND_DOSE else signs.RESEDATION)
        if self.life.field_due(uptime_ms):
            self.life.take_the_field(uptime_ms)

    # What it knows of itself.

    def date(self) -> int:
        """What is known of the kit's date: `life.DATE_UNKNOWN`, `IN_DATE` or `OUT_OF_DATE`."""
        expires_s = self._memory.config[life.KIT_EXPIRES_S]
        utc_ms = self.clock.utc_ms()
        if not expires_s or not utc_ms:
            return life.DATE_UNKNOWN
        return life.OUT_OF_DATE if utc_ms >= expires_s * 1000 else life.IN_DATE

    @property
    def battery_percent(self) -> int:
        return battery.percent(self._battery_mv)

    @property
    def damaged(self) -> bool:
        """Whether the log was found altered, now or before a deep sleep."""
        return bool(self._memory.damaged or self.log.damaged)

    @property
    def battery_low(self) -> bool:
        return bool(self._memory.battery)

    @property
    def lid_open(self) -> bool:
        return bool(self._memory.lid_open)

    # What a station asks of it.

    def status(self) -> "session.Status":
        from kitwire import session

        uptime_ms = self.clock.uptime_ms()
        return session.Status(
            PROTOCOL_VERSION,
            self._version[0],
            self._version[1],
            self.life.flags(),
            self._battery_mv,
            self.battery_percent,
            self._memory.config[life.PROFILE],
            self._memory.boot_count,
            uptime_ms // 1000,
            uptime_ms % 1000,
            self.clock.utc_ms() // 1000,
            self.log.first,
            self.log.last,
            self.settings.get(ACKNOWLEDGED),
            self.settings.get(EPOCH),
        )

    def acknowledge(self, up_to: int) -> int:
        acknowledged = self.settings.get(ACKNOWLEDGED)
        if up_to > acknowledged:
            self.settings.put(ACKNOWLEDGED, up_to)
            acknowledged = up_to
        return acknowledged

    def set_time(self, utc_ms: int) -> int:
        known_ms = self.clock.utc_ms()
        correction_s = 0
        if known_ms:
            if abs(utc_ms - known_ms) < LEAST_CORRECTION_MS:
                return 0
            correction_s = (utc_ms - known_ms + 500) // 1000
        self.clock.set_utc(utc_ms)
        self._record(record.TIME_SET, max(-0x8000, min(correction_s, 0x7FFF)))
        return max(-0x80000000, min(correction_s, 0x7FFFFFFF))

    def get_config(self, item: int) -> int:
        from .server import RangeError

        if not 0 < item <= life.ITEMS:
            raise RangeError("no configuration item %d" % item)
        return self._memory.config[item - 1]

    def set_config(self, item: int, value: int) -> None:
        from kitwire import config

        from .server import RangeError

        known = config.BY_NUMBER.get(item)
        if known is None or not config.accepts(known, value):
            raise RangeError("item %d, value %d" % (item, value))
        now = self._memory.config
        if item == config.PROFILE and value == config.PROFILE_OPEN and not now[life.TRACKABLE]:
            raise RangeError("profile open needs consent to tracking")
        if item == config.TRACKABLE and not value and now[life.PROFILE] == config.PROFILE_OPEN:
            raise RangeError("profile open is in use")
        if item == config.TEMPERATURE_S and value and not now[life.TEMP_OFFSET]:
            raise RangeError("nobody has compared its thermometer with another")
        if item == config.TEMP_OFFSET and not value and now[life.TEMPERATURE_S]:
            raise RangeError("its temperature is in use")
        if value == _unsigned(self.settings.get(known.name, _signed(known.default))):
            return
        self.settings.put(known.name, _signed(value))
        self._memory.config = now[: item - 1] + (value,) + now[item:]
        self._record(record.CONFIG, item)

    def identify(self, seconds: int) -> None:
        from . import signs

        self._show(signs.identify(seconds))
