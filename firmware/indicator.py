"""The light and the buzzer: short signs that hold the tag up, and the long one that does not."""

import time

import board
from machine import PWM, Pin

SIGN_MS = 80
"""Length of one flash, and of the dark after it."""
CHIRP_HZ = 4000
"""Frequency at which the piezo is loudest (model: not measured)."""


class Indicator:
    """Dark and silent at first."""

    def __init__(self) -> None:
        self._light = Pin(board.LED, Pin.OUT, value=0)
        self._chirp: PWM | None = None
        self._until_ms = 0

    def flash(self, times: int) -> None:
        """Flash `times` times; takes 160 ms for each."""
        for _ in range(times):
            self._light.value(1)
            time.sleep_ms(SIGN_MS)
            self._light.value(0)
            time.sleep_ms(SIGN_MS)

    def identify(self, until_ms: int) -> None:
        """Begin to flash and chirp twice a second, up to `until_ms` of the clock given to `tick`."""
        self._until_ms = until_ms

    def tick(self, now_ms: int) -> None:
        """Carry on what `identify` began."""
        if not self._until_ms:
            return
        show = now_ms < self._until_ms and now_ms // 250 % 2 == 0
        self._light.value(1 if show else 0)
        if show and self._chirp is None:
            self._chirp = PWM(Pin(board.BUZZER), freq=CHIRP_HZ, duty_u16=0x8000)
        elif not show and self._chirp is not None:
            self._chirp.deinit()
            self._chirp = None
        if now_ms >= self._until_ms:
            self._until_ms = 0
