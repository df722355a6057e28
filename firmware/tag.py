"""The tag itself: what is recorded, and what a station can ask of it."""

import settings as names
import version
from battery import Battery
from clock import Clock
from indicator import Indicator
from settings import Settings

from kitcore import battery
from kitcore.policy import Event, Policy
from kitcore.ring import Ring, StorageError
from kitcore.server import Device, RangeError
from kitwire import PROTOCOL_VERSION, config, record, session

LEAST_CORRECTION_MS = 2000
"""A clock nearer to the station's than this stays as it is, so that docking twice records nothing."""
SHORTEST_HEARTBEAT_S = 3600
LONGEST_HEARTBEAT_S = 604800


class Tag(Device):
    """One enrolled tag, awake, with its `log` open."""

    def __init__(
        self, settings: Settings, clock: Clock, policy: Policy, cell: Battery, indicator: Indicator, log: Ring
    ) -> None:
        self.log = log
        self.policy = policy
        self.clock = clock
        self.settings = settings
        self._memory = clock.memory
        self._cell = cell
        self._indicator = indicator
        self._battery_mv = 0
        self.heartbeat_s = settings.get(names.HEARTBEAT_S, names.DEFAULT_HEARTBEAT_S)
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
                self.note([self.policy.event(record.FAULT, code)])
            except StorageError:
                self._memory.fault = code
                raise

    def look_at_battery(self) -> None:
        """Read the battery's voltage for the records to come."""
        self._battery_mv = min(self._cell.millivolts(), 0xFFFF)

    def measure(self) -> None:
        """Read the battery, and record once that it has become low."""
        self.look_at_battery()
        self.note(self.policy.battery(self._battery_mv))

    def beat(self, uptime_ms: int) -> None:
        """Record a sign of life if one is due."""
        self.note(self.policy.heartbeat(uptime_ms, self.heartbeat_s))

    def press(self) -> None:
        """The button was pressed: two flashes for a dose mark, one for a call to the station."""
        events = self.policy.press(self.clock.uptime_ms())
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
            version.MAJOR,
            version.MINOR,
            self.policy.flags(),
            self._battery_mv,
            self.battery_percent,
            config.PROFILE_DOCKED,
            self._memory.boot_count,
            uptime_ms // 1000,
            uptime_ms % 1000,
            self.clock.utc_ms() // 1000,
            self.log.first,
            self.log.last,
            self.settings.get(names.ACKNOWLEDGED),
            self.settings.get(names.EPOCH),
        )

    def acknowledge(self, up_to: int) -> int:
        acknowledged = self.settings.get(names.ACKNOWLEDGED)
        if up_to > acknowledged:
            self.settings.put(names.ACKNOWLEDGED, up_to)
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
        self.note([self.policy.event(record.TIME_SET, max(-0x8000, min(correction_s, 0x7FFF)))])
        return max(-0x80000000, min(correction_s, 0x7FFFFFFF))

    def get_config(self, item: int) -> int:
        if item == config.PROFILE:
            return config.PROFILE_DOCKED
        if item == config.HEARTBEAT_S:
            return self.heartbeat_s
        raise RangeError("no configuration item %d" % item)

    def set_config(self, item: int, value: int) -> None:
        known = self.get_config(item)
        if item == config.PROFILE and value != config.PROFILE_DOCKED:
            raise RangeError("this firmware has one profile")
        if item == config.HEARTBEAT_S and not SHORTEST_HEARTBEAT_S <= value <= LONGEST_HEARTBEAT_S:
            raise RangeError("heartbeat of %d s" % value)
        if value != known:
            self.settings.put(names.HEARTBEAT_S, value)
            self.heartbeat_s = value
            self.note([self.policy.event(record.CONFIG, item)])

    def identify(self, seconds: int) -> None:
        self._indicator.identify(self.clock.uptime_ms() + seconds * 1000)

    def show(self, uptime_ms: int) -> None:
        """Carry on what `identify` began."""
        self._indicator.tick(uptime_ms)
