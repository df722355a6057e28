"""What is done when a wake cannot help itself: a module does not load, a pin or the memory fails.

Each step is taken whatever becomes of the others. What the wake was to record is seen by the next one, as the lid and
the button are armed; at the dock or on USB somebody has the time to break in.
"""

import sys
import time

import machine
import micropython

RETRY_MS = 300000
"""Milliseconds until the next wake, if no pin wakes the tag before."""
RARE_MS = 3600000
"""The same, once wakes have failed again and again: each costs as much as a day of sleep."""
POWERED_MS = 1000
"""The same at the dock or on USB."""
WINDOW_MS = 10000
"""Milliseconds in which mpremote can break in there."""
CTRL_C, NO_KEY = 3, -1
"""What stops the program: what a terminal sends, or nothing."""
MOST_FAULTY = 3
"""Wakes in a row that failed, from which on they become rare."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def run(error: Exception) -> None:
    """Note `error` for the next wake, arm what can be armed, and sleep."""
    sys.print_exception(error)  # type: ignore[attr-defined]
    sleep_ms = RARE_MS if _number(lambda: _note(error)) >= MOST_FAULTY else RETRY_MS
    if _number(_powered):
        _open_window()
        sleep_ms = POWERED_MS
    _number(_arm_lid)
    _number(_arm_button)
    try:
        machine.deepsleep(sleep_ms)
    except Exception:  # noqa: BLE001  a wake source that the chip does not take: without them, then
        import esp32

        esp32.wake_on_ext1((), esp32.WAKEUP_ALL_LOW)
        esp32.wake_on_gpio((), esp32.WAKEUP_ALL_LOW)
        machine.deepsleep(RETRY_MS)


def _number(step: "Callable[[], int]") -> int:
    """What `step` gives; 0 if it fails."""
    try:
        return step()
    except Exception as error:  # noqa: BLE001  the next step must be taken
        sys.print_exception(error)  # type: ignore[attr-defined]
        return 0


def _note(error: Exception) -> int:
    """Keep `error` in RTC memory until a wake can record it. Returns how many wakes in a row have failed."""
    import io

    from clock import Clock

    from kitwire import faults

    text = io.StringIO()
    sys.print_exception(error, text)  # type: ignore[attr-defined]
    clock = Clock()
    clock.memory.pend(faults.place_of(text.getvalue()))
    clock.memory.faulty = min(clock.memory.faulty + 1, 0xFF)
    clock.keep()
    return clock.memory.faulty


def _open_window() -> None:
    """Let somebody break in; the next wake records that."""
    try:
        micropython.kbd_intr(CTRL_C)
        time.sleep_ms(WINDOW_MS)
        micropython.kbd_intr(NO_KEY)
    except KeyboardInterrupt:
        _number(_note_stop)
        raise


def _note_stop() -> int:
    from clock import Clock

    clock = Clock(resumed=True)
    clock.memory.stopped = min(clock.memory.stopped + 1, 0xFF)
    clock.keep()
    return clock.memory.stopped


def _powered() -> int:
    import board
    from machine import Pin

    return int(Pin(board.DOCK_SENSE, Pin.IN).value() == board.DOCKED)


def _arm_lid() -> int:
    import pads
    from lid import Lid

    pads.release()
    Lid(None).arm()
    return 1


def _arm_button() -> int:
    from button import Button

    return int(Button(None).arm())
