"""What the one light and the buzzer say, as data: steps of (light, sound in Hz or 0, milliseconds).

One rule runs through all of it, for somebody who is cold and in a hurry: a long flash is good, short flashes are
counted, a flicker is bad.
"""

from .life import IN_DATE, OUT_OF_DATE

HIGH_HZ = 4000
"""Where the piezo is loudest (model: not measured): something has worked, or is due."""
LOW_HZ = 2000
"""Something is bad."""

_SHORT = ((1, 0, 200), (0, 0, 300))
_LONG = ((1, 0, 1000), (0, 0, 300))
_FLICKER = ((1, LOW_HZ, 60), (0, 0, 60)) * 8
_PAUSE = ((0, 0, 1200),)

MARK = ((1, HIGH_HZ, 80), (0, 0, 80)) * 2
"""A dose mark is in the log."""
MARK_STARVING = ((1, 0, 80),)
"""A dose mark is in the log, and the cell bears no more than this."""
CALL = ((1, HIGH_HZ, 600),)
"""The tag calls: it advertises for a minute."""
SECOND_DOSE = (((1, HIGH_HZ, 120), (0, 0, 120)) * 2 + ((0, 0, 760),)) * 8
"""The time for a second dose has come: pairs of flashes, 10 s."""
RESEDATION = ((1, HIGH_HZ, 900), (0, 0, 600)) * 7
"""Sedation may return: long flashes, 10 s."""
EXPIRED = ((1, LOW_HZ, 60), (0, 0, 60)) * 25
"""Lifted off the dock with a kit that is out of date: a flicker of 3 s."""
SAFE = (_FLICKER + _PAUSE) * 2
"""Safe mode: two flickers."""


def state(date: int, percent: int, low: bool, unread: bool) -> "tuple[tuple[int, int, int], ...]":
    """The answer to a long press, three groups.

    Date: one long flash in date, a flicker out of date, two short ones not known. Battery: one to four short
    flashes for the quarters that are left, a flicker if low. Events: one long flash if the station has them
    all, two short ones if it has yet to collect some.
    """
    first = {IN_DATE: _LONG, OUT_OF_DATE: _FLICKER}.get(date, _SHORT * 2)
    second = _FLICKER if low else _SHORT * (1 + min(percent, 99) // 25)
    return first + _PAUSE + second + _PAUSE + (_SHORT * 2 if unread else _LONG)


def identify(seconds: int) -> "tuple[tuple[int, int, int], ...]":
    """A station asks which tag this is: twice a second, for `seconds`."""
    return ((1, HIGH_HZ, 250), (0, 0, 250)) * (2 * seconds)


class Player:
    """Goes through the steps of one sign at a time; the newest takes the place of the one before."""

    def __init__(self) -> None:
        self._steps: "tuple[tuple[int, int, int], ...]" = ()
        self._at = 0
        self._until_ms = 0
        self._sound = False

    def play(self, steps: "tuple[tuple[int, int, int], ...]", sound: bool, now_ms: int) -> None:
        """Begin with `steps`, in light alone unless `sound`."""
        self._steps = steps
        self._sound = sound
        self._at = 0
        self._until_ms = now_ms + steps[0][2]

    def tick(self, now_ms: int) -> "tuple[int, int]":
        """What is to be on at `now_ms`: light, and sound in Hz or 0."""
        while self.playing and now_ms >= self._until_ms:
            self._at += 1
            if self.playing:
                self._until_ms += self._steps[self._at][2]
        if not self.playing:
            return 0, 0
        light, sound, _ = self._steps[self._at]
        return light, sound if self._sound else 0

    @property
    def playing(self) -> bool:
        return self._at < len(self._steps)
