"""The antenna switch of boards that have one; MicroPython's own board files leave it without power."""

import board
from machine import Pin


def connect() -> None:
    """Power the switch and lead the radio to the antenna."""
    for place in range(len(board.RF_SWITCH[board.PROFILE])):
        Pin(board.RF_SWITCH[board.PROFILE][place][0], Pin.OUT, value=board.RF_SWITCH[board.PROFILE][place][1])


def release() -> None:
    """Let its pads go: the switch takes no current."""
    for place in range(len(board.RF_SWITCH[board.PROFILE])):
        Pin(board.RF_SWITCH[board.PROFILE][place][0], Pin.IN)
