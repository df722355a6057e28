"""The board of the bench, on USB: bare, with no keys, or made a tag for the time of the bench. Blocks.

As a tag it has keys of its own and a store of its own in a temporary folder, so that its log is read by the station's
own code; both are gone afterwards, and the board is bare again.
"""

from __future__ import annotations

import contextlib
import hashlib
import secrets
import tempfile
import time
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from host import clock, service
from host.access.vault import TagKeys
from host.bench import procedure
from host.bench.run import Person, Skipped
from host.docking.keeping import Keeping
from host.docking.session import dock
from host.errors import InputError, LinkError
from host.link.errors import NoAnswer, NoPort, PortError
from host.link.usb import RESTART_S, Repl, about, provision_over_usb, wipe
from host.link.wired import wired
from host.phrase import NextStep, Phrase
from host.tag.events import Event, Tag
from kitwire.keys import TAG_ID_SIZE, check_value

OF_BENCH = "be4cbe4cbe4c"
"""How the ids of tags begin that a bench has made: such a tag is nobody's, and may be wiped without a question."""

FIRST_S = 6.0
"""How long the board is waited for when it is to be there already, in seconds."""

SETTLE_S = 3.0
"""How long a tag is left alone after a start or a wake, in seconds: it holds off for 2 s, and then records."""

START_S = 20.0
"""How long the board may take to be at its prompt after a sleep or a reset, in seconds."""

_WHO = """\
import json, board, machine
from binascii import hexlify
from machine import Pin
# EFUSE_RD_MAC_SPI_SYS_3_REG of the ESP32-C6; esptool reads the revision there (targets/esp32c6.py).
word = machine.mem32[0x600B0850]
print(json.dumps({
    "id": hexlify(machine.unique_id()).decode(),
    "revision": "%d.%d" % (word >> 22 & 3, word >> 18 & 15),
    "powered": Pin(board.DOCK_SENSE, Pin.IN).value() == board.DOCKED,
}))
"""


class Bench:
    """One board on `port`, and what a person's hands do to it. `complete`: it is a whole tag, no bare board."""

    def __init__(self, port: str, adapter: str | None, complete: bool, person: Person) -> None:
        self.port = port
        self.adapter = adapter
        self.complete = complete
        self.person = person
        self._gestures = procedure.gestures(complete)
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._store: service.Database | None = None
        self._tag: Tag | None = None

    def act(self, gesture: str) -> None:
        """Ask the person for a gesture, and wait until it is done."""
        self.person.act(self._gestures[gesture])

    @contextlib.contextmanager
    def repl(self, seconds: float = START_S) -> Iterator[Repl]:
        """The board's prompt, waited for up to `seconds`. Its program stands still until it is let go on.

        Raises `PortError`.
        """
        deadline = time.monotonic() + seconds
        while True:
            try:
                tag = Repl(self.port, max(1.0, deadline - time.monotonic()))
                break
            except (NoAnswer, NoPort) as error:  # asleep, or on its way back
                if time.monotonic() >= deadline:
                    raise PortError("bench.maybe_asleep", error=error, ready=self._gestures["ready"]) from None
                time.sleep(0.3)
        try:
            yield tag
        finally:
            tag.close()

    def begin(self, by_hand: bool) -> dict[str, Any]:
        """Have the board connected, if there are hands for it, until it is met. Raises as `meet`."""
        while True:
            asked = False
            if by_hand:
                with contextlib.suppress(Skipped):  # the board is connected already, or nobody is there
                    self.act("ready")
                    asked = True
            try:
                return self.meet()
            except PortError as error:
                if not asked:
                    raise
                self.person.tell(error)

    def meet(self) -> dict[str, Any]:
        """Look who is there. Raises `PortError`; `InputError` if it is a tag of somebody's."""
        with self.repl(FIRST_S) as tag:
            told = about(tag)
            if "firmware" not in told:
                flash = NextStep("tag.flash", port=self.port)
                raise PortError("bench.lacks_firmware", port=self.port, flash=flash)
            told |= tag.ask(_WHO)
            if told["tag"] and not told["tag"].startswith(OF_BENCH):
                tag.go_on()
                wiping = NextStep("tag.wipe", port=self.port)
                raise InputError("bench.somebodys_tag", port=self.port, tag=told["tag"], wipe=wiping)
        if not told["powered"]:
            raise PortError("bench.no_power_sensed")
        chip = hashlib.sha256(told["id"].encode()).hexdigest()[:8]
        return {
            "chip": chip,
            "micropython": told["micropython"],
            "machine": told["board"],
            "revision": told["revision"],
            "firmware": told["firmware"],
        }

    @contextlib.contextmanager
    def bare(self, seconds: float = START_S) -> Iterator[Repl]:
        """The prompt of a board without keys; if it is a tag of the bench it is wiped before. Raises `PortError`."""
        with self.repl(seconds) as tag:
            if not about(tag).get("tag"):
                yield tag
                return
            wipe(tag)
        self._tag = None
        time.sleep(RESTART_S)
        with self.repl() as tag:
            yield tag

    @property
    def store(self) -> service.Database:
        """The bench's own station."""
        if self._store is None:
            self._folder = tempfile.TemporaryDirectory(prefix="kitdock-bench-")
            path = Path(self._folder.name) / "bench.db"
            self._store = service.create_database(path, "Bench", "UTC", False, clock.now_ms())
        return self._store

    def tag(self) -> Tag:
        """The board as a tag, with fresh keys unless it has them of before. Raises `PortError`."""
        if self._tag is None:
            tag_id, keys = OF_BENCH + secrets.token_hex(TAG_ID_SIZE)[len(OF_BENCH) :], TagKeys.random()

            def written() -> dict[str, str]:
                told = provision_over_usb(self.port, tag_id, keys, True)
                if any(told.get(name) != check_value(key).hex() for name, key in keys._asdict().items()):
                    raise LinkError("bench.other_keys", port=self.port)
                return told

            service.Tags(self.store).enrol_tag(tag_id, "BENCH", keys, clock.now_ms(), written, True)
            self._tag = service.Tags(self.store).tag(tag_id)
        return self._tag

    def fetch(self) -> list[Event]:
        """What the board has logged since the last time, read over the cable; then it goes on. Raises `LinkError`."""
        import asyncio

        tag = self.tag()
        before = service.Tags(self.store).last_record(tag.id)
        with self.repl():
            pass  # it may be on its way back
        with wired(self.port) as link, Keeping(self.store) as keeping:
            work = dock(keeping, tag, clock.now_ms, lambda step: None, nullcontext(link), hurry=False)
            report = asyncio.run(work)
        if report.error is not None:
            raise LinkError("bench.log_unreadable", error=report.error) from report.error
        last = before[0] if before else 0
        return [event for event in service.Tags(self.store).events(tag.id) if event.sequence > last]

    def close(self) -> None:
        """Leave a bare board and nothing of the bench's own station. If the board stays as it was, tell the person."""
        try:
            if self._tag is not None:
                self._leave_bare()
        finally:
            if self._store is not None:
                self._store.close()
            if self._folder is not None:
                self._folder.cleanup()

    def _leave_bare(self) -> None:
        for again in (True, False):  # it may be falling asleep just now
            try:
                with self.repl() as tag:
                    wipe(tag)
                return
            except LinkError as error:
                if not again:
                    self.person.tell(Phrase("bench.not_bare", error=error, wipe=NextStep("tag.wipe", port=self.port)))
