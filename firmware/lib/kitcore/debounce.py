"""A level that counts only once it has held still."""

STABLE_MS = 20
"""Milliseconds a level must hold: contact bounce of a push-button ends well within."""


class Debounce:
    """The settled level of one input, out of samples taken at any pace.

    `level` is the settled level, None before the first one has held still.
    """

    def __init__(self, level: "bool | None" = None, stable_ms: int = STABLE_MS) -> None:
        self.level = level
        self._stable_ms = stable_ms
        self._candidate = level
        self._since_ms = 0

    def sample(self, now_ms: int, level: bool) -> bool:
        """Take in `level` as read at `now_ms`; whether this settles another level than before."""
        if level != self._candidate:
            self._candidate = level
            self._since_ms = now_ms
        if level == self.level or now_ms - self._since_ms < self._stable_ms:
            return False
        self.level = level
        return True

    @property
    def moving(self) -> bool:
        """Whether the last sample differs from the settled level."""
        return self._candidate != self.level
