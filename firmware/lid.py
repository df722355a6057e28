"""The lid: a Hall switch under a magnet, and the wake that follows each of its edges."""

import board
import esp32
from level import Level
from machine import Pin


class Lid(Level):
    """On while the lid is open."""

    def __init__(self, known: "bool | None") -> None:
        super().__init__(Pin(board.LID, Pin.IN), board.LID_OPEN, known)

    def arm(self) -> None:
        """Wake from deep sleep when the lid leaves its last settled level.

        ext1 wakes by level, not by edge: armed for the level it has, the tag would wake for ever. If
        the lid has moved meanwhile, deep sleep ends at once and the next wake sees it.
        """
        esp32.wake_on_ext1((self.pin,), esp32.WAKEUP_ALL_LOW if self.on else esp32.WAKEUP_ANY_HIGH)
