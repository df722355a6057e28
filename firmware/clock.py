"""The clock: time since the start, UTC once a station has set it, and what RTC memory keeps.

The chip's clock counts through deep sleep. Uptime is counted from what it showed at the last start from power-off or
reset. An IDE sets it as it connects, and `mpremote rtc --set` does (MicroPython, ports/esp32/machine_rtc.c,
`settimeofday`): that is seen by the milliseconds of the boot, which nobody can set, and taken out again.
"""

import time

import machine

from kitcore import life


def chip_ms() -> int:
    """The chip's own clock in milliseconds."""
    return time.time_ns() // 1000000


def boot_ms() -> int:
    """Milliseconds of this boot, modulo 2^30."""
    return time.ticks_ms()  # type: ignore[return-value]


class Clock:
    """Uptime and UTC, and the `memory` that outlives deep sleep.

    `woken` is True if deep sleep has just ended and RTC memory is what it was, or if the wake that followed was cut
    short by a reading of the temperature (see `thermometer`): nothing was done in it yet. A start that is not recorded
    yet has a `memory.boot_count` of 0. `resumed`: a program that has run in this start was stopped, and this one goes
    on for it.
    """

    def __init__(self, resumed: bool = False) -> None:
        self._rtc = machine.RTC()
        cause = machine.reset_cause()
        kept = life.unpack(bytes(self._rtc.memory()))
        if resumed and kept is not None:
            life.mend(kept, chip_ms(), boot_ms())
        cut_short = kept is not None and kept.reading and cause != machine.PWRON_RESET
        woken = resumed or cut_short or cause == machine.DEEPSLEEP_RESET
        self.memory = life.begin(kept, bool(woken), chip_ms())
        self.woken = self.memory is kept
        if not self.woken:
            self.memory.cause = cause
            self.keep()  # if this program is stopped, the next one sees that the start isn't recorded yet

    def keep(self, sleep_ms: int = 0) -> None:
        """Write the memory to where deep sleep leaves it; one of `sleep_ms` begins now, if that is given."""
        now_ms = chip_ms()
        self.memory.seen_ms = now_ms
        self.memory.seen_ticks = boot_ms()
        self.memory.due_ms = now_ms + sleep_ms if sleep_ms else 0
        self._rtc.memory(self.memory.pack())

    def uptime_ms(self) -> int:
        """Milliseconds since the last start from power-off or reset."""
        return chip_ms() - self.memory.started_ms

    def utc_ms(self) -> int:
        """Unix milliseconds, 0 while no station has set the clock."""
        return self.memory.utc_ms + self.uptime_ms() if self.memory.utc_ms else 0

    def set_utc(self, utc_ms: int) -> None:
        """It is `utc_ms` Unix milliseconds now."""
        self.memory.utc_ms = utc_ms - self.uptime_ms()


def go_on(sleep_ms: int) -> None:
    """Leave the REPL: the tag goes on as after a deep sleep of `sleep_ms`, whatever was done to the chip's clock."""
    Clock(resumed=True).keep(sleep_ms)
    machine.deepsleep(sleep_ms)
