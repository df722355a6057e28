"""Dock sense: whether the dock's or USB's 5 V are there."""

import board
from level import Level
from machine import Pin

STABLE_MS = 200
"""Milliseconds for which dock power must hold: contacts scrape while a pouch is put down."""


class Dock(Level):
    """On while dock power is there."""

    def __init__(self, known: "bool | None") -> None:
        super().__init__(Pin(board.DOCK_SENSE, Pin.IN), board.DOCKED, known, STABLE_MS)
