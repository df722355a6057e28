"""The battery: the cell's voltage through a divider and the ADC."""

import board
from machine import ADC, Pin

from kitcore import battery

READINGS = 8
"""Readings taken, of which the middle four count: one alone is off by some 10 mV while the radio is on."""


class Battery:
    """The tag's cell."""

    def __init__(self) -> None:
        self._adc = ADC(Pin(board.VBAT_ADC), atten=ADC.ATTN_11DB)

    def millivolts(self) -> int:
        """The cell's voltage, as the chip's own calibration has it."""
        microvolts = battery.trimmed_mean([self._adc.read_uv() for _ in range(READINGS)])
        return microvolts * board.BATTERY_DIVIDER // 1000
