"""Sessions over the radio: with every central, until one has proved that it holds the key; then with that one alone.

So a central that connects and says nothing, or half of something, is in nobody's way.
"""

import os
import time

from radio import Central, Radio

from kitcore.server import Server
from kitwire import session

PROVE_MS = 5000
"""Milliseconds a peer has to prove that it holds the session key."""
IDLE_MS = 15000
"""Milliseconds without a word from the station, or to it, after which the link is dropped."""
LAST_WORD_MS = 100
"""Milliseconds for the last frame to leave before the link is dropped."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from kitcore.server import Device
    from kitcore.tag import Clock


class _Session:
    """What is kept of one central."""

    def __init__(self, server: Server, now_ms: int) -> None:
        self.server = server
        self.answers: Iterator[bytes] | None = None
        self.opened_ms = self.heard_ms = now_ms


class Link:
    """The sessions that the radio's centrals have."""

    def __init__(self, radio: Radio, session_key: bytes, device: "Device", clock: "Clock") -> None:
        self._radio = radio
        self._session_key = session_key
        self._device = device
        self._clock = clock

    @property
    def busy(self) -> bool:
        """Whether there is something to do at once."""
        sessions = [central.session for central in self._radio.centrals]
        return any([each is not None and each.answers is not None for each in sessions])

    def step(self) -> None:
        """For each central take in what has come, send at most one frame, and drop it if its time is up."""
        for central in self._radio.centrals:
            if not central.leaving:
                self._serve(central)

    def _serve(self, central: Central) -> None:
        now_ms = self._clock.uptime_ms()
        if central.session is None:
            server = Server(self._session_key, os.urandom(session.NONCE_SIZE), self._device)
            central.session = _Session(server, now_ms)
        present: _Session = central.session
        server = present.server
        if present.answers is None:
            piece = self._radio.take(central)
            if piece:
                present.heard_ms = now_ms
                present.answers = server.feed(piece)
        if present.answers is not None:
            frame = next(present.answers, None)
            if frame is None:
                present.answers = None
            elif self._radio.send(central, frame):
                present.heard_ms = self._clock.uptime_ms()
            else:
                self._radio.drop(central)
                return
        if server.authenticated:
            self._radio.keep(central)
        if present.answers is None and server.over:
            time.sleep_ms(LAST_WORD_MS)
            self._radio.drop(central)
        unproven = not server.authenticated and now_ms - present.opened_ms >= PROVE_MS
        if unproven or now_ms - present.heard_ms >= IDLE_MS:
            self._radio.drop(central)
