"""One wake of a tag: find out why, append what happened, sleep. The composition root.

Nothing here runs twice: deep sleep ends the program and the next wake starts it anew. An exception
becomes a FAULT record and the tag sleeps all the same, armed for its next edge; only Ctrl-C at the
dock or on USB, and a tag that is not enrolled, lead to the REPL.
"""

import sys
import time

import board
import faults
import machine
import version
from awake import Awake
from battery import Battery
from button import Button
from clock import Clock
from dock import Dock
from flash_log import FlashLog
from indicator import Indicator
from lid import Lid
from settings import Settings

from kitcore import tag as names
from kitcore.policy import JAMMED_MS, Policy
from kitcore.ring import Ring
from kitcore.tag import Tag

HOLD_OFF_MS = 2000
"""Milliseconds in which mpremote can break in after power-on or reset."""
SETTLE_MS = 500
"""Longest wait for the inputs to hold still."""
RELEASE_MS = 3000
"""Longest wait for the button to be released: while it is down it cannot wake the tag."""
LOOK_MS = 5
"""Pause between two looks at the inputs."""


class Wake:
    """One wake, from the first look at the pins to deep sleep."""

    def __init__(self) -> None:
        self._lid = Lid()
        self._button = Button()
        self._dock = Dock()
        self._clock = Clock()
        self._settings = Settings()
        self._life = Policy(self._clock.memory)
        self._tag: Tag | None = None
        self._doing = faults.START
        self._least_sleep_ms = 0

    def hold_off(self) -> None:
        """After power-on or reset with USB, dock or button: leave developers a moment to break in."""
        if self._clock.new_start and (self._dock.raw() or self._button.raw()):
            time.sleep_ms(HOLD_OFF_MS)

    def run(self) -> bool:
        """All of the wake that comes before sleep; False if the REPL is wanted instead."""
        identity = self._settings.identity()
        if identity is None:
            return not self._dock.raw()
        self._doing = faults.LOG
        memory = self._clock.memory
        flash = FlashLog()
        log = Ring(flash, flash.sectors, identity.tag_id, memory.hint)
        tag = self._tag = Tag(self._settings, self._clock, Battery(), Indicator(), log, (version.MAJOR, version.MINOR))
        self._life = tag.life
        self._doing = faults.START
        if self._clock.new_start:
            memory.boot_count = self._settings.next_of(names.BOOT_COUNT) & 0xFFFF
        self._doing = faults.INPUT
        self._look(tag)
        if self._life.wants_radio(self._clock.uptime_ms()):
            awake = Awake(tag, identity, self._lid, self._button, self._dock)
            try:
                awake.run()
            except Exception:
                self._doing = awake.doing
                raise
        return True

    def _look(self, tag: Tag) -> None:
        """Record what woke the tag, and whatever else has changed while it slept."""
        new_start = self._clock.new_start
        woken_by = () if new_start else machine.wake_pins()
        held = self._clock.memory.held
        self._settle()
        tag.look_at_battery()
        if new_start:
            tag.note(self._life.boot(machine.reset_cause()))
        tag.note_fault()
        tag.note(self._life.dock(self._dock.on))
        tag.note(self._life.lid(self._lid.on, board.LID in woken_by))
        tag.measure()
        tag.beat(self._clock.uptime_ms())
        # The dock pulls the same line low. A press may be over before the chip has started.
        pressed = board.BUTTON in woken_by or (self._button.on and not held)
        if pressed and not new_start and not self._dock.on:
            tag.press()

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

    def faulted(self) -> None:
        """Record that an exception was caught, and see that the next one is not caught at once."""
        self._least_sleep_ms = JAMMED_MS
        if self._tag is not None:
            self._tag.fault(self._doing)
        else:
            self._clock.memory.fault = self._doing

    def sleep(self) -> None:
        """Deep sleep until the lid moves, the button or a dock pulls its line low, or a heartbeat is due."""
        waited_ms = 0
        while self._button.raw() and not self._dock.raw() and waited_ms < RELEASE_MS:
            time.sleep_ms(LOOK_MS)
            waited_ms += LOOK_MS
        memory = self._clock.memory
        memory.held = not self._button.arm()
        self._lid.arm()
        self._clock.keep()
        period_s = self._settings.get("heartbeat_s", 86400)
        sleep_ms = self._life.sleep_ms(self._clock.uptime_ms(), period_s, memory.held)
        machine.deepsleep(max(sleep_ms, self._least_sleep_ms))


def main() -> None:
    """Run one wake."""
    wake = Wake()
    wake.hold_off()
    try:
        if not wake.run():
            return
    except Exception as error:  # noqa: BLE001  whatever it is, the tag must go on logging
        sys.print_exception(error)  # type: ignore[attr-defined]
        wake.faulted()
    wake.sleep()


main()
