"""One wake of a tag: find out why, append what happened, sleep. The composition root.

Nothing here runs twice: deep sleep ends the program and the next wake starts it anew. An exception
becomes a FAULT record and the tag sleeps anyway, armed for its next edge; fault after fault leads to
safe mode. Only Ctrl-C at the dock or on USB, which is recorded, and a tag that is not enrolled, lead to the REPL.
What cannot be dealt with here is raised: `main.py` has the last word.

An edge of the lid is what wakes a tag most, so what that does not need is imported where it is used.
"""

import time

import board
import machine
import micropython
import pads
import version
from battery import Battery
from button import Button
from clock import Clock, go_on
from dock import Dock
from flash_log import FlashLog
from lid import Lid
from settings import Settings
from watchdog import Watchdog

from kitcore import battery, life
from kitcore.life import JAMMED_MS, MOST_FAULTY, Life
from kitcore.ring import Ring
from kitcore.tag import Signs, Tag

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

HOLD_OFF_MS = 2000
"""Milliseconds in which mpremote can break in after power-on or reset."""
PUT_OFF_MS = 60000
"""Milliseconds for which a start is put off when the cell is flat, so that it does not break down again at once."""
SETTLE_MS = 500
"""Longest wait for the inputs to hold still."""
PROMPT_LEFT_MS = 10
"""Milliseconds of deep sleep between a REPL that nobody can reach any more and the next wake."""
LOOK_MS = 5
"""Pause between two looks at the inputs."""
CTRL_C, NO_KEY = 3, -1
"""What stops the program: what is sent by a terminal, or nothing, so that no wake is stopped unseen."""


class Wake:
    """One wake, from the first look at the pins to deep sleep."""

    def __init__(self) -> None:
        self._watchdog = Watchdog()
        self._clock = Clock()
        memory = self._memory = self._clock.memory
        self._woken_by = self._pins()
        # What is as it was need not hold still first, unless it is what woke the tag. The dock's contacts scrape
        # when they touch, and it is the button's line that wakes the tag then.
        sure = self._clock.woken and board.BUTTON not in self._woken_by
        self._lid = Lid(bool(memory.lid_open) if self._clock.woken and board.LID not in self._woken_by else None)
        self._button = Button(bool(memory.held) if sure else None)
        self._dock = Dock(bool(memory.docked) if sure else None)
        self._life = Life(memory)
        self._tag: Tag | None = None
        self._temperature = 0
        self._sleep_ms = 0
        self._least_sleep_ms = 0
        self._most_sleep_ms = 0

    def _pins(self) -> "tuple[int, ...]":
        """The pins that woke the tag; also the lid's if the chip was reset since, and no longer knows."""
        if not self._clock.woken:
            return ()
        return tuple(machine.wake_pins()) + ((board.LID,) if self._memory.reading == life.WOKEN_BY_LID else ())

    def hold_off(self) -> None:
        """After power-on or reset with USB, dock or button: leave developers a moment to break in."""
        if not self._clock.woken and (self._dock.raw() or self._button.raw()):
            time.sleep_ms(HOLD_OFF_MS)

    def run(self) -> bool:
        """All of the wake that comes before sleep; False if the REPL is wanted instead."""
        memory = self._memory
        self._note_reset()
        if memory.state == life.SAFE and not self._may_try():
            self._stay_safe()
            return True
        self._look_at_thermometer()
        memory.faulty = min(memory.faulty + 1, 0xFF)
        self._clock.keep()
        settings = Settings()
        tag_id = settings.tag_id()
        if tag_id is None:
            memory.faulty = 0
            self._life.take(life.NO_KEYS, 0)
            return not self._dock.raw()
        self._life.take(life.KEYS, 0)
        cell = Battery()
        if not self._clock.woken and not self._dock.raw() and cell.millivolts() < battery.EMPTY_MV:
            memory.faulty = 0
            self._sleep_ms = PUT_OFF_MS
            return True
        flash = FlashLog()
        log = Ring(flash, flash.sectors, tag_id, memory.hint)
        self._life.take(life.CLEAN, 0)
        signs = Signs()
        tag = self._tag = Tag(settings, self._clock, cell, signs, log, (version.MAJOR, version.MINOR))
        self._life = tag.life
        tag.temperature = self._temperature
        pressed = self._look(tag)
        tag.temperature = 0  # from here on it warms itself
        if pressed or signs.wish is not None or tag.life.air(self._clock.uptime_ms()) != life.SILENT:
            from awake import Awake

            Awake(tag, settings, self._lid, self._button, self._dock, signs, self._watchdog).run(pressed)
        tag.went_well()
        return True

    def _look_at_thermometer(self) -> None:
        """See how warm it is, before the ADC is used and before this wake counts as faulty: see `thermometer`.

        If that resets the chip, the next start goes on with this wake. A press of the button may be over by then, so
        it is not put at risk. At the dock a charger warms the chip.
        """
        memory = self._memory
        uptime_ms = self._clock.uptime_ms()
        if not self._clock.woken or memory.reading or not self._life.looks(uptime_ms):
            return
        memory.sampled_s = uptime_ms // 1000  # also if it is put off: a button that is jammed must not wake it at once
        if self._dock.raw() or self._button.raw() or board.BUTTON in self._woken_by:
            return
        from thermometer import tenths

        memory.reading = life.WOKEN_BY_LID if board.LID in self._woken_by else life.WOKEN
        self._clock.keep()
        self._temperature = self._life.looked(tenths())
        memory.reading = 0

    def _note_reset(self) -> None:
        """What a reset that nobody asked for says: the watchdog's is a fault, three of any kind lead to safe mode."""
        memory = self._memory
        if not self._clock.woken and memory.cause == machine.WDT_RESET:
            from kitwire import faults

            memory.pend(faults.WATCHDOG)
        if memory.faulty >= MOST_FAULTY:
            self._give_up()

    def _give_up(self) -> None:
        """Go into safe mode; that is recorded once."""
        memory = self._memory
        if memory.state != life.SAFE:
            self._life.take(life.FAULTS, 0)
            if memory.faulty == MOST_FAULTY:
                from kitwire import faults

                memory.pend(faults.SAFE)

    def _may_try(self) -> bool:
        """Whether a normal wake may be tried in safe mode: each hour, and after power-on.

        After no other reset, or a crash in each try would lead to the next at once: a panic is a hard reset to
        MicroPython, a lock-up of the processor and a glitch of its power are 0 (ports/esp32/modmachine.c).
        """
        if self._clock.woken:
            return machine.wake_reason() == machine.TIMER_WAKE
        return self._memory.cause == machine.PWRON_RESET

    def _stay_safe(self) -> None:
        import safe

        self._settle()
        pressed = board.BUTTON in self._woken_by and not self._dock.on
        safe.run(self._clock, self._lid, self._dock, pressed, self._watchdog)
        if self._dock.on:
            self._sleep_ms = 1

    def _look(self, tag: Tag) -> bool:
        """Record what woke the tag, and whatever else has changed while it slept; whether a press still lasts."""
        memory = self._memory
        self._settle()
        new_start = not memory.boot_count
        if new_start:
            tag.start(memory.cause)
        else:
            tag.read_battery()
        if memory.reading:
            tag.give_up_temperature()
        tag.note_faults()
        tag.note_stops()
        tag.dock(self._dock.on)
        tag.lid(self._lid.on, not new_start and board.LID in self._woken_by)
        tag.note_battery()
        tag.beat(self._clock.uptime_ms())
        # The dock pulls the same line low. A press may be over before the chip has started.
        down = self._button.on
        if new_start or self._dock.on or not (board.BUTTON in self._woken_by or (down and not memory.held)):
            return False
        tag.press()
        if not down:
            tag.release()
        return down

    def _settle(self) -> None:
        """Wait until all inputs have held still, or for half a second."""
        inputs = (self._lid, self._button, self._dock)
        began_ms = self._clock.uptime_ms()
        while True:
            now_ms = self._clock.uptime_ms()
            for level in inputs:
                level.poll(now_ms)
            if all([level.settled for level in inputs]) or now_ms - began_ms >= SETTLE_MS:
                return
            time.sleep_ms(LOOK_MS)

    def faulted(self, error: Exception) -> None:
        """Record that `error` was caught and where, and see that the next one is not caught at once."""
        self._least_sleep_ms = JAMMED_MS
        self._memory.pend(_place(error))
        if self._memory.faulty >= MOST_FAULTY:
            self._give_up()
        if self._tag is not None:
            self._tag.try_faults()

    def interrupted(self) -> None:
        """Somebody has taken over: record that, leave them alone, and forget what went wrong before.

        In safe mode the log is left alone, so the next wake that is none records it.
        """
        memory = self._memory
        safe = memory.state == life.SAFE
        memory.stopped = min(memory.stopped + 1, 0xFF)
        memory.faulty = 0
        self._life.take(life.CLEAN, 0)
        self._clock.keep()
        if not safe:
            import stop

            stop.record(self._clock)
        self.leave_prompt()

    def leave_prompt(self) -> None:
        """The REPL is there for as long as USB power is; a tag that is unplugged goes on as after a short sleep."""
        self._watchdog.rest()
        self._dock.on_loss(lambda: go_on(PROMPT_LEFT_MS))

    def sleep(self) -> None:
        """Deep sleep until the lid moves, the button or a dock pulls its line low, or something is due."""
        memory = self._memory
        if memory.state not in (life.SAFE, life.PROVISIONING):
            self._try_to(self._lid.arm)
        self._try_to(self._arm_button)
        sleep_ms = self._sleep_ms or self._life.sleep_ms(self._clock.uptime_ms())
        if self._most_sleep_ms:
            sleep_ms = min(sleep_ms, self._most_sleep_ms)
        sleep_ms = max(sleep_ms, self._least_sleep_ms)
        self._clock.keep(sleep_ms)
        machine.deepsleep(sleep_ms)

    def _arm_button(self) -> None:
        memory = self._memory
        unseen = self._button.raw() and not self._button.on and not (self._dock.raw() and memory.docked)
        memory.held = 0 if self._button.arm() or unseen else 1
        if unseen:
            self._sleep_ms = 1  # pressed or docked this very moment: the next wake finds it so

    def _try_to(self, arm: "Callable[[], None]") -> None:
        """Arm one wake source. If that fails, the others are armed anyway, and the inputs are looked at soon."""
        try:
            arm()
        except Exception as error:  # noqa: BLE001  whatever it is
            self._memory.pend(_place(error))
            self._most_sleep_ms = JAMMED_MS


def _place(error: Exception) -> int:
    """Print the traceback, and make it the aux of a FAULT record."""
    import io
    import sys

    from kitwire import faults

    sys.print_exception(error)  # type: ignore[attr-defined]
    text = io.StringIO()
    sys.print_exception(error, text)  # type: ignore[attr-defined]
    return faults.place_of(text.getvalue())


def main() -> None:
    """Run one wake."""
    pads.release()
    wake = Wake()
    try:
        micropython.kbd_intr(CTRL_C)
        wake.hold_off()
        try:
            if not wake.run():
                wake.leave_prompt()
                return
        except Exception as error:  # noqa: BLE001  whatever it is, the tag must go on logging
            wake.faulted(error)
        wake.sleep()
    except KeyboardInterrupt:
        micropython.kbd_intr(NO_KEY)
        wake.interrupted()
        raise
