"""The button, whose line a dock pulls low too."""

import board
import esp32
from level import Level
from machine import Pin


class Button(Level):
    """On while the line is low."""

    def __init__(self, known: "bool | None") -> None:
        super().__init__(Pin(board.BUTTON, Pin.IN, Pin.PULL_UP), board.BUTTON_DOWN, known)

    def arm(self) -> bool:
        """Wake from deep sleep when the line goes low; False if it is low, which would wake at once."""
        if self.raw():
            return False
        esp32.wake_on_gpio((self.pin,), esp32.WAKEUP_ALL_LOW)
        return True
