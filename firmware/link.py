"""A session over the radio: one station at a time, with its time limits."""

import os
import time

from radio import Radio

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


class Link:
    """Whatever session the radio's present link carries."""

    def __init__(self, radio: Radio, session_key: bytes, device: "Device", clock: "Clock") -> None:
        self._radio = radio
        self._session_key = session_key
        self._device = device
        self._clock = clock
        self._number = 0
        self._server: Server | None = None
        self._answers: Iterator[bytes] | None = None
        self._opened_ms = 0
        self._heard_ms = 0

    @property
    def busy(self) -> bool:
        """Whether there is something to do at once."""
        return self._answers is not None

    def step(self) -> None:
        """Take in what has come, send at most one frame, drop a peer whose time is up."""
        if not self._radio.usable:
            self._server = self._answers = None
            return
        now_ms = self._clock.uptime_ms()
        if self._server is None or self._number != self._radio.links:
            self._number = self._radio.links
            self._server = Server(self._session_key, os.urandom(session.NONCE_SIZE), self._device)
            self._answers = None
            self._opened_ms = self._heard_ms = now_ms
        if self._answers is None:
            piece = self._radio.take()
            if piece:
                self._heard_ms = now_ms
                self._answers = self._server.feed(piece)
        if self._answers is not None:
            frame = next(self._answers, None)
            if frame is None:
                self._answers = None
            elif self._radio.send(frame):
                self._heard_ms = self._clock.uptime_ms()
            else:
                self._drop()
                return
        if self._answers is None and self._server.over:
            time.sleep_ms(LAST_WORD_MS)
            self._drop()
        unproven = not self._server.authenticated and now_ms - self._opened_ms >= PROVE_MS
        if unproven or now_ms - self._heard_ms >= IDLE_MS:
            self._drop()

    def _drop(self) -> None:
        self._answers = None
        self._radio.drop()
