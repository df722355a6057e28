"""Awake: the rounds of a tag while its radio is wanted, a sign is shown or its button is down.

Each round looks at the inputs first and records what they bring; nothing else holds that up for long.
"""

import time

from kitcore import life
from kitcore.life import HOLD_MS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from air import Air
    from button import Button
    from dock import Dock
    from indicator import Indicator
    from lid import Lid
    from settings import Settings
    from watchdog import Watchdog

    from kitcore.tag import Signs, Tag

LINKED_MS = 5
"""Pause between two rounds while a station is linked."""
QUICK_MS = 20
"""Pause while a press may come, a sign is shown or an input is moving."""
DOCKED_MS = 100
"""Pause at the dock: the Hall switch itself looks only five times a second."""
MEASURE_MS = 60000
"""Milliseconds between two looks at the battery."""
RELEASE_MS = 3000
"""Longest wait for the button to be released: while it is down it cannot wake the tag."""


class Awake:
    """The rounds of one wake."""

    def __init__(
        self,
        tag: "Tag",
        settings: "Settings",
        lid: "Lid",
        button: "Button",
        dock: "Dock",
        signs: "Signs",
        watchdog: "Watchdog",
    ) -> None:
        self._tag = tag
        self._settings = settings
        self._lid = lid
        self._button = button
        self._dock = dock
        self._signs = signs
        self._watchdog = watchdog
        self._air: Air | None = None
        self._indicator: Indicator | None = None
        self._measured_ms = tag.clock.uptime_ms()
        self._pressed_ms: int | None = None
        self._shown = False

    def run(self, pressed: bool) -> None:
        """Go round for as long as there is a reason; `pressed` if the press that woke the tag still lasts."""
        began_ms = self._tag.clock.uptime_ms()
        if pressed:
            self._pressed_ms = began_ms
        try:
            while self._round():
                self._pause()
        finally:
            if self._air is not None:
                self._air.off()
            if self._indicator is not None:
                self._indicator.off()
            self._tag.life.was_awake(began_ms, self._tag.clock.uptime_ms())

    def _round(self) -> bool:
        """Whether there is a reason to stay awake."""
        self._watchdog.feed()
        now_ms = self._tag.clock.uptime_ms()
        self._look(now_ms)
        showing = self._show(now_ms)
        form = self._tag.life.air(now_ms)
        if self._air is None and form != life.SILENT:
            self._air = self._tuned()
        if self._air is not None:
            self._air.step(now_ms, form)
        return showing or form != life.SILENT or self._linked or self._waits_for_release(now_ms)

    def _tuned(self) -> "Air | None":
        from air import Air

        identity = self._settings.identity()
        return Air(self._tag, identity) if identity else None

    @property
    def _linked(self) -> bool:
        return self._air is not None and self._air.linked

    def _waits_for_release(self, now_ms: int) -> bool:
        return self._pressed_ms is not None and now_ms - self._pressed_ms < RELEASE_MS

    def _pause(self) -> None:
        if self._linked:
            if not (self._air is not None and self._air.busy):
                time.sleep_ms(LINKED_MS)
            return
        showing = self._indicator is not None and self._indicator.playing
        quiet = self._dock.on and self._dock.settled and self._lid.settled and not showing
        time.sleep_ms(DOCKED_MS if quiet else QUICK_MS)

    def _look(self, now_ms: int) -> None:
        """Record what the inputs, the battery and the calendar have brought."""
        tag = self._tag
        if self._lid.poll(now_ms):
            tag.lid(self._lid.on)
        if self._dock.poll(now_ms):
            tag.dock(self._dock.on)
        self._look_at_button(now_ms)
        if now_ms - self._measured_ms >= MEASURE_MS:
            self._measured_ms = now_ms
            tag.measure()
            tag.went_well()
        tag.beat(now_ms)

    def _look_at_button(self, now_ms: int) -> None:
        # The dock pulls the same line low: what that does to it is no press and no release.
        docked = self._dock.raw()
        moved = self._button.poll(now_ms, docked)
        if docked:
            self._pressed_ms = None
        elif moved and self._button.on:
            self._pressed_ms = now_ms
            self._shown = False
            self._tag.press()
        elif self._pressed_ms is not None and not self._shown:
            if now_ms - self._pressed_ms >= HOLD_MS:
                self._shown = True
                self._tag.hold()
            elif moved:
                self._tag.release()
        if moved and not self._button.on:
            self._pressed_ms = None

    def _show(self, now_ms: int) -> bool:
        """Carry on what light and buzzer have to say; whether there is more to come."""
        wish = self._signs.take()
        if wish is not None:
            if self._indicator is None:
                from indicator import Indicator

                self._indicator = Indicator()
            self._indicator.play(wish[0], wish[1], now_ms)
        if self._indicator is None:
            return False
        self._indicator.drive(now_ms)
        return self._indicator.playing
