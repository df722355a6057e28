"""Dock sense: whether the dock's or USB's 5 V are there."""

import time

import board
from level import Level
from machine import Pin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

STABLE_MS = 200
"""Milliseconds for which dock power must hold: contacts scrape while a pouch is put down."""


class Dock(Level):
    """On while dock power is there."""

    def __init__(self, known: "bool | None") -> None:
        super().__init__(Pin(board.DOCK_SENSE, Pin.IN), board.DOCKED, known, STABLE_MS)

    def on_loss(self, act: "Callable[[], None]") -> None:
        """Call `act` once the power has gone for good, whatever runs then, and also if nothing does."""

        def lost(_: Pin) -> None:
            time.sleep_ms(STABLE_MS)
            if not self.raw():
                act()

        self.pin.irq(lost, Pin.IRQ_FALLING)
