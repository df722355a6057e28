"""The light and the buzzer."""

import board
from machine import PWM, Pin

from kitcore.signs import Player


class Indicator(Player):
    """Dark and silent at first."""

    def __init__(self) -> None:
        super().__init__()
        self._light = Pin(board.LED, Pin.OUT, value=0)
        self._lit = 0
        self._sounding = 0
        self._buzzer: PWM | None = None

    def drive(self, now_ms: int) -> None:
        """Light and sound as the sign that plays has them at `now_ms`."""
        self._put(*self.tick(now_ms))

    def off(self) -> None:
        """Dark and silent again."""
        self._put(0, 0)

    def _put(self, light: int, sound: int) -> None:
        if light != self._lit:
            self._lit = light
            self._light.value(light)
        if sound != self._sounding:
            self._sounding = sound
            if self._buzzer is not None:
                self._buzzer.deinit()
                self._buzzer = None
            if sound:
                self._buzzer = PWM(Pin(board.BUZZER), freq=sound, duty_u16=0x8000)
