"""Awake: at the dock, and for a minute after a call, with the radio on and the log still running."""

import time

import faults
from button import Button
from dock import Dock
from lid import Lid
from link import Link
from radio import Radio
from settings import Identity

from kitcore.beacon import Beacon, State
from kitcore.tag import EPOCH, Tag

LINKED_MS = 5
"""Pause between two rounds while a station is linked."""
QUICK_MS = 20
"""Pause while a press may come or an input is moving."""
DOCKED_MS = 100
"""Pause at the dock: the Hall switch itself looks only five times a second."""
MEASURE_MS = 60000
"""Milliseconds between two looks at the battery."""


class Awake:
    """The rounds of one tag for as long as it wants its radio."""

    def __init__(self, tag: Tag, identity: Identity, lid: Lid, button: Button, dock: Dock) -> None:
        self._tag = tag
        self._lid = lid
        self._button = button
        self._dock = dock
        self._radio = Radio()
        self._beacon = Beacon(identity.advert_key)
        self._link = Link(self._radio, identity.session_key, tag, tag.clock)
        self._measured_ms = tag.clock.uptime_ms()
        self._mute = False
        self.doing = faults.RADIO

    def run(self) -> None:
        """Go round until the radio is not wanted any more and no station is linked.

        `doing` says at any moment which code of `faults` an exception belongs to.
        """
        self.doing = faults.RADIO
        self._radio.on()
        try:
            now_ms = self._tag.clock.uptime_ms()
            while self._tag.life.wants_radio(now_ms) or self._radio.linked:
                self._round(now_ms)
                now_ms = self._tag.clock.uptime_ms()
        finally:
            self._radio.off()

    def _round(self, now_ms: int) -> None:
        self.doing = faults.INPUT
        self._look(now_ms)
        self.doing = faults.RADIO
        if not self._radio.linked:
            self._speak(now_ms)
        self.doing = faults.SESSION
        self._link.step()
        if not self._link.busy:
            time.sleep_ms(self._pause_ms())

    def _pause_ms(self) -> int:
        if self._radio.linked:
            return LINKED_MS
        if self._dock.on and self._dock.settled and self._lid.settled:
            return DOCKED_MS
        return QUICK_MS

    def _look(self, now_ms: int) -> None:
        """Record what the inputs, the battery and the calendar have brought."""
        tag = self._tag
        if self._lid.poll(now_ms):
            tag.note(tag.life.lid(self._lid.on))
        if self._dock.poll(now_ms):
            tag.note(tag.life.dock(self._dock.on))
        if self._button.poll(now_ms, self._dock.raw()) and self._button.on:
            tag.press()
        if now_ms - self._measured_ms >= MEASURE_MS:
            self._measured_ms = now_ms
            tag.measure()
        tag.beat(now_ms)
        tag.show(now_ms)

    def _speak(self, now_ms: int) -> None:
        """Have the air say what is so."""
        tag = self._tag
        state = State(tag.battery_percent, tag.lid_open, tag.battery_low, False, tag.damaged, tag.log.last)
        if self._mute:
            return
        if self._beacon.stale(now_ms, state):
            if not self._radio.new_address():
                # An old address under a new epoch would let a stranger follow the tag.
                self._mute = True
                tag.fault(faults.ADDRESS)
                return
            self._beacon.begin(tag.settings.next_of(EPOCH), now_ms)
        data = self._beacon.frame(state)
        if data is not None:
            self._radio.advertise(data)
        elif not self._radio.advertising:
            self._radio.resume()
