"""The tag itself: what is recorded, and what a station can ask of it. Nothing of the chip is in it.

Its edges are handed in; on the chip they are files of `firmware/`, in tests models of them:

    settings    numbers that outlive power-off, by name
    clock       uptime and UTC, and the `memory` that outlives deep sleep
    cell        the battery's voltage
    indicator   light and buzzer
    log         the ring of records in flash
"""

from kitwire import PROTOCOL_VERSION, config, record, session

from . import battery
from .device import Device, RangeError
from .policy import Policy
from .ring import StorageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    from .policy import Event, Memory
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
        def flash(self, times: int) -> None: ...

        def identify(self, until_ms: int) -> None: ...

        def tick(self, now_ms: int) -> None: ...


BOOT_COUNT = "boot_count"
ACKNOWLEDGED = "acknowledged"
EPOCH = "epoch"
"""Names of the numbers in `settings`, beside those of `config`: starts from power-off or reset, last sequence
that a station has committed, last epoch advertised."""

LEAST_CORRECTION_MS = 2000
"""A clock nearer to the station's than this stays as it is, so that docking twice records nothing."""


class Tag(Device):
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
        self.life = Policy(clock.memory)
        self._memory = clock.memory
        self._cell = cell
        self._indicator = indicator
        self._version = version
        self._battery_mv = 0
        self.heartbeat_s = settings.get("heartbeat_s", config.BY_NUMBER[config.HEARTBEAT_S].default)
        """Seconds between two heartbeats."""

    def note(self, events: "list[Event]") -> None:
        """Append a record for each event. Raises `StorageError` if the flash refuses."""
        for event in events:
            self.log.append(
                record.Plain(
                    event.type,
                    event.flags,
                    self._battery_mv,
                    self._memory.boot_count,
                    self.clock.uptime_ms() // 1000,
                    self.clock.utc_ms() // 1000,
                    event.aux & 0xFFFF,
                )
            )
            self.keep()

    def keep(self) -> None:
        """Bring RTC memory up to date."""
        self._memory.hint = self.log.hint()
        self._memory.damaged = self._memory.damaged or self.log.damaged
        self.clock.keep()

    def fault(self, code: int) -> None:
        """Record that a fault was caught; if the log does not take it, at the next chance."""
        self._memory.fault = code
        try:
            self.note_fault()
        except StorageError:
            self.clock.keep()

    def note_fault(self) -> None:
        """Record the fault that is still to be recorded, if any."""
        code = self._memory.fault
        if code:
            self._memory.fault = 0
            try:
                self.note([self.life.event(record.FAULT, code)])
            except StorageError:
                self._memory.fault = code
                raise

    def look_at_battery(self) -> None:
        """Read the battery's voltage for the records to come."""
        self._battery_mv = min(self._cell.millivolts(), 0xFFFF)

    def measure(self) -> None:
        """Read the battery, and record once that it has become low."""
        self.look_at_battery()
        self.note(self.life.battery(self._battery_mv))

    def beat(self, uptime_ms: int) -> None:
        """Record a sign of life if one is due."""
        self.note(self.life.heartbeat(uptime_ms, self.heartbeat_s))

    def press(self) -> None:
        """The button was pressed: two flashes for a dose mark, one for a call to the station."""
        events = self.life.press(self.clock.uptime_ms())
        self.note(events)
        self._indicator.flash(2 if events else 1)

    @property
    def battery_percent(self) -> int:
        return battery.percent(self._battery_mv)

    @property
    def damaged(self) -> bool:
        """Whether the log was found altered, now or before a deep sleep."""
        return bool(self._memory.damaged or self.log.damaged)

    @property
    def battery_low(self) -> bool:
        return bool(self._memory.battery_low)

    @property
    def lid_open(self) -> bool:
        return bool(self._memory.lid_open)

    def status(self) -> session.Status:
        uptime_ms = self.clock.uptime_ms()
        return session.Status(
            PROTOCOL_VERSION,
            self._version[0],
            self._version[1],
            self.life.flags(),
            self._battery_mv,
            self.battery_percent,
            config.PROFILE_DOCKED,
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
        self.note([self.life.event(record.TIME_SET, max(-0x8000, min(correction_s, 0x7FFF)))])
        return max(-0x80000000, min(correction_s, 0x7FFFFFFF))

    def get_config(self, item: int) -> int:
        if item == config.PROFILE:
            return config.PROFILE_DOCKED
        if item == config.HEARTBEAT_S:
            return self.heartbeat_s
        raise RangeError("no configuration item %d" % item)

    def set_config(self, item: int, value: int) -> None:
        known = self.get_config(item)
        if not config.accepts(config.BY_NUMBER[item], value):
            raise RangeError("item %d, value %d" % (item, value))
        if item == config.PROFILE and value != config.PROFILE_DOCKED:
            raise RangeError("this firmware has one profile")
        if value != known:
            self.settings.put("heartbeat_s", value)
            self.heartbeat_s = value
            self.note([self.life.event(record.CONFIG, item)])

    def identify(self, seconds: int) -> None:
        self._indicator.identify(self.clock.uptime_ms() + seconds * 1000)

    def show(self, uptime_ms: int) -> None:
        """Carry on what `identify` began."""
        self._indicator.tick(uptime_ms)
