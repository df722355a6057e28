"""Safe mode: fault after fault, so the log and sessions are left alone.

At the dock the tag says on the air that it has a problem and stays awake, so that somebody can get in over USB;
a press of the button shows the sign of safe mode. The next normal wake is tried an hour later.
"""

import sys
import time

from kitcore import battery, life, signs
from kitcore.beacon import Beacon, State
from kitcore.life import RETRY_MS, Life
from kitwire import advert

TYPE_CHECKING = False
if TYPE_CHECKING:
    from clock import Clock
    from dock import Dock
    from lid import Lid
    from radio import Radio
    from watchdog import Watchdog

SHOWING_MS = 20
"""Pause between two rounds while a sign is shown."""
IDLE_MS = 500
"""Pause at the dock, where only its power is looked at: USB breaks in by itself."""


def run(clock: "Clock", lid: "Lid", dock: "Dock", pressed: bool, watchdog: "Watchdog") -> None:
    """Stay awake while dock power is there, an hour at most, and while the sign is shown if it was `pressed`."""
    from indicator import Indicator

    indicator = Indicator()
    began_ms = clock.uptime_ms()
    if pressed and Life(clock.memory).take(life.PRESSED, began_ms) == life.SHOW:
        indicator.play(signs.SAFE, bool(clock.memory.config[life.BUZZER]), began_ms)
    voice = _Voice() if dock.on else None
    now_ms = began_ms
    try:
        while (dock.on or indicator.playing) and now_ms - began_ms < RETRY_MS:
            watchdog.feed()
            dock.poll(now_ms)
            indicator.drive(now_ms)
            if voice is not None:
                voice.step(now_ms, lid, bool(clock.memory.damaged))
            time.sleep_ms(SHOWING_MS if indicator.playing else IDLE_MS)
            now_ms = clock.uptime_ms()
    finally:
        indicator.off()
        if voice is not None:
            voice.off()


class _Voice:
    """One advertisement for each epoch. If the radio is what does not work, silence: the way in over USB must stay."""

    def __init__(self) -> None:
        self._radio: Radio | None = None
        self._until_ms: int | None = 0

    def step(self, now_ms: int, lid: "Lid", damaged: bool) -> None:
        """Speak, in the first round of each epoch."""
        if self._until_ms is None or now_ms < self._until_ms:
            return
        try:
            self._speak(now_ms, lid, damaged)
            self._until_ms = now_ms + advert.EPOCH_S * 1000
        except Exception as error:  # noqa: BLE001  of the radio, or of the memory that keeps the keys
            sys.print_exception(error)  # type: ignore[attr-defined]
            self._until_ms = None

    def _speak(self, now_ms: int, lid: "Lid", damaged: bool) -> None:
        from settings import Settings

        settings = Settings()  # it may be what does not work
        identity = settings.identity()
        if self._radio is None:
            from radio import Radio

            self._radio = Radio()
            self._radio.on()
        if identity is None or self._radio.new_address() is None:
            return
        from kitcore.tag import EPOCH

        beacon = Beacon(identity.advert_key)
        beacon.begin(settings.next_of(EPOCH), now_ms)
        millivolts = _millivolts()
        low = battery.level(millivolts, battery.OK) != battery.OK
        data = beacon.frame(State(battery.percent(millivolts), lid.on, low, True, damaged, 0))
        if data is not None:
            self._radio.advertise(data, False)

    def off(self) -> None:
        """Stop everything."""
        if self._radio is not None:
            self._radio.off()


def _millivolts() -> int:
    """The cell's voltage, 0 if that is what does not work."""
    from battery import Battery

    try:
        return Battery().millivolts()
    except OSError:
        return 0
