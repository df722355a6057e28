"""One digital input: a pin read through debounce."""

from machine import Pin

from kitcore.debounce import STABLE_MS, Debounce


class Level:
    """`pin`, on while it reads `on_level`.

    `known` is the level it had before: while it still has that, there is nothing to wait for.
    """

    def __init__(self, pin: Pin, on_level: int, known: "bool | None", stable_ms: int = STABLE_MS) -> None:
        self.pin = pin
        self._on_level = on_level
        self._debounce = Debounce(known, stable_ms)

    def raw(self) -> bool:
        """Whether it reads on at this moment."""
        return self.pin.value() == self._on_level

    def poll(self, now_ms: int, masked: bool = False) -> bool:
        """Sample the pin, or off while `masked`; whether that settled it at another level."""
        return self._debounce.sample(now_ms, self.raw() and not masked)

    @property
    def on(self) -> bool:
        """Whether it is on: the settled level, or the present one while none has settled."""
        settled = self._debounce.level
        return self.raw() if settled is None else settled

    @property
    def settled(self) -> bool:
        """Whether the last sample was the settled level."""
        return not self._debounce.moving
