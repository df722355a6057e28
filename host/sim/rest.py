"""Whether a firmware that stays awake has dealt with what has happened: it has waited, again and again."""

from __future__ import annotations

SETTLED_S = 0.4
"""Seconds that a tag which stays awake has to have waited, since the last input, to have dealt with it."""
SETTLED_ROUNDS = 5
"""Waits that it has to have ended meanwhile, so that a slow machine is not taken for a firmware at rest."""
LONG_WAIT_S = 3.0
"""A single wait as long as this is rest too; the firmware's own hold-off at power-on is shorter."""


class Rest:
    """The waits of one firmware since something last happened to it. Times are the board's, in seconds."""

    def __init__(self, now: float) -> None:
        self.disturb(now)

    def disturb(self, now: float) -> None:
        """Something has happened that the firmware has to deal with."""
        self._waited_s = 0.0
        self._rounds = 0
        self._began = now

    def begin(self, now: float) -> None:
        """It begins to wait."""
        self._began = now

    def end(self, now: float) -> None:
        """Its wait is over."""
        self._waited_s += now - self._began
        self._rounds += 1

    def there(self, now: float) -> bool:
        """Whether a firmware that is waiting now is at rest."""
        waits_s = now - self._began
        return waits_s >= LONG_WAIT_S or (self._waited_s + waits_s >= SETTLED_S and self._rounds >= SETTLED_ROUNDS)
