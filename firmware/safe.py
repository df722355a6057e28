"""Safe mode: fault after fault, so the log and sessions are left alone.

At the dock the tag says on the air that it has a problem and stays awake, so that somebody can get in over USB;
a press of the button shows the sign of safe mode. The next normal wake is tried an hour later.
"""

import sys
import time

from kitcore import battery, life, signs
from kitcore.beacon import Beacon, State
from kitcore.life import RETRY_MS, Life

TYPE_CHECKING = False
if TYPE_CHECKING:
    from battery import Battery
    from clock import Clock
    from dock import Dock
    from lid import Lid
    from radio import Radio
    from settings import Settings
    from watchdog import Watchdog

PAUSE_MS = 20


def run(
    clock: "Clock", settings: "Settings", cell: "Battery", lid: "Lid", dock: "Dock", pressed: bool, watchdog: "Watchdog"
) -> None:
    """Stay awake while dock power is there, an hour at most, and while the sign is shown if it was `pressed`."""
    from indicator import Indicator

    indicator = Indicator()
    began_ms = clock.uptime_ms()
    if pressed and Life(clock.memory).take(life.PRESSED, began_ms) == life.SHOW:
        indicator.play(signs.SAFE, bool(clock.memory.config[life.BUZZER]), began_ms)
    radio = _speaking(clock, settings, cell, lid) if dock.on else None
    now_ms = began_ms
    while (dock.on or indicator.playing) and now_ms - began_ms < RETRY_MS:
        watchdog.feed()
        dock.poll(now_ms)
        indicator.drive(now_ms)
        time.sleep_ms(PAUSE_MS)
        now_ms = clock.uptime_ms()
    indicator.off()
    if radio is not None:
        radio.off()


def _speaking(clock: "Clock", settings: "Settings", cell: "Battery", lid: "Lid") -> "Radio | None":
    """The radio with one advertisement on the air, or None if that is what does not work."""
    from radio import Radio

    from kitcore.tag import EPOCH

    try:
        identity = settings.identity()
        radio = Radio()
        radio.on()
        if identity is None or radio.new_address() is None:
            return None
        beacon = Beacon(identity.advert_key)
        beacon.begin(settings.next_of(EPOCH), clock.uptime_ms())
        millivolts = cell.millivolts()
        low = battery.level(millivolts, battery.OK) != battery.OK
        memory = clock.memory
        data = beacon.frame(State(battery.percent(millivolts), lid.on, low, True, bool(memory.damaged), 0))
        if data is not None:
            radio.advertise(data, False)
        return radio
    except Exception as error:  # noqa: BLE001  the way in over USB must stay
        sys.print_exception(error)  # type: ignore[attr-defined]
        return None
