"""The watchdog: it resets the chip if the program stops.

`machine.WDT` of the ESP32 cannot be stopped, but made again it takes the new timeout (ports/esp32/machine_wdt.c
calls `esp_task_wdt_reconfigure`). So it is given a week before the REPL is left to a person. Deep sleep and
reset end it.
"""

from machine import WDT

TIMEOUT_MS = 30000
"""Milliseconds without `feed` after which the chip is reset: the longest step is a notification that
the stack does not take, 5 s."""
REST_MS = 604800000
"""Milliseconds that somebody at the REPL has."""


class Watchdog:
    """Armed from the start."""

    def __init__(self) -> None:
        self._wdt = WDT(timeout=TIMEOUT_MS)

    def feed(self) -> None:
        """The program goes on."""
        self._wdt.feed()

    def rest(self) -> None:
        """Leave somebody at the REPL alone."""
        self._wdt = WDT(timeout=REST_MS)
