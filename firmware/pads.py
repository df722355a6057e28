"""The pads that wake the chip, given back to the program.

To be woken by ext1, ESP-IDF hands each armed pad to the low-power side of the ESP32-C6: `ext1_wakeup_prepare` in
components/esp_hw_support/sleep_modes.c sets its bit in LP_AON_GPIO_MUX. That register is in the always-on domain and
outlives deep sleep, reset and watchdog. After the wake ESP-IDF only ends the hold; its manual leaves the rest to
`rtc_gpio_deinit`, which MicroPython compiles out for this chip (ports/esp32/machine_pin.c; issue 17334). Such a pad
reads 0 until the power is cut.
"""

import board
from machine import mem32

_LP_AON_GPIO_MUX = 0x600B1028
"""One bit for each of GPIO 0 to 7, 1: the pad is the low-power side's (esp32c6/lp_aon_reg.h)."""


def release() -> None:
    """Let the lid and the button be read: before any pin is made, in every wake."""
    mem32[_LP_AON_GPIO_MUX] &= ~(1 << board.LID | 1 << board.BUTTON)
