"""How warm the virtual chip is, and what its own thermometer says of that.

As MicroPython 1.29 and ESP-IDF 5.5 have it; the lines are named where they are modelled. What is not: that a second
reading in one start was wrong (esp-idf 12864, closed). How much a chip warms itself is assumed: no board was measured.
"""

from __future__ import annotations

import math
from collections.abc import Callable

Around = Callable[[float], float]
"""How warm it is around the tag, in °C, by true Unix seconds."""

LEAST_C, MOST_C = -40.0, 125.0
"""Beyond this `temperature_sensor_get_celsius` gives ESP_ERR_INVALID_STATE (ESP-IDF, components/esp_driver_tsens/src/
temperature_sensor.c; the bounds in hal/esp32c6/include/hal/temperature_sensor_ll.h)."""
UPSET_C = -76.0
"""What it reads once the ADC has been used in the same start (esp-idf 15524, open: "-76.000000"; 12921)."""
WARMED_C = {"awake": 6.0, "boot": 6.0}
"""By state of the board, how much warmer than its surroundings the chip becomes in the end (assumed)."""
DOCKED_C = 8.0
"""The same, added to it, while the charger beside it works (assumed)."""
LAG_S = 600.0
"""Seconds in which two thirds of that are reached, and lost again (assumed)."""


class BadReading(Exception):
    """The chip's thermometer reads what ESP-IDF refuses, which MicroPython answers with `abort()`."""


class Thermometer:
    """The thermometer in the chip of one tag."""

    def __init__(self) -> None:
        self.around: Around = lambda at: 20.0
        self.error_c = 0.0
        """By how much it reads too high; chips have been seen ten degrees too low (esp-idf 15421)."""
        self.adc_used = False
        """Whether the ADC has been used since the start."""
        self.bad_readings = 0
        """How many of the next readings make no sense, for whatever reason."""
        self._warmer_c = 0.0

    def pass_time(self, seconds: float, mode: str, docked: bool) -> None:
        """So long was the board in `mode`, on a dock or not."""
        target_c = WARMED_C.get(mode, 0.0) + (DOCKED_C if docked else 0.0)
        self._warmer_c = target_c + (self._warmer_c - target_c) * math.exp(-seconds / LAG_S)

    def celsius(self, at: float) -> float:
        """How warm the chip is at `at`, true Unix seconds."""
        return self.around(at) + self._warmer_c

    def read(self, at: float) -> int:
        """What `esp32.mcu_temperature()` gives: a half more, cut off towards zero (ports/esp32/modesp32.c).

        Raises `BadReading` where each step's ESP_ERROR_CHECK there would end in `abort()`.
        """
        told = UPSET_C if self.adc_used or self.bad_readings else self.celsius(at) + self.error_c
        self.bad_readings = max(0, self.bad_readings - 1)
        if not LEAST_C <= told <= MOST_C:
            raise BadReading(f"Exceeding temperature measure range: {told:f}")
        return int(told + 0.5)
