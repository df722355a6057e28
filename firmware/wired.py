"""A session over USB: `kitdock` calls this through the raw REPL, where it has stopped the tag's own program.

The frames are those of the air, in hexadecimal. Meanwhile nobody looks at the inputs; what has changed then is
recorded when the tag goes on, after a short deep sleep, which leaves its uptime as it is.
"""

import json
import os
import time
from binascii import hexlify, unhexlify

import version
from battery import Battery
from clock import Clock
from flash_log import FlashLog
from indicator import Indicator
from settings import Settings

from kitcore.ring import Ring, StorageError
from kitcore.server import Server
from kitcore.tag import Signs, Tag
from kitwire import session

LOOK_MS = 20
"""Pause between two steps of a sign, in milliseconds."""


class _Session:
    """The one session that is open."""

    tag: "Tag | None" = None
    signs: "Signs | None" = None
    server: "Server | None" = None


def open() -> None:
    """Be ready for a session with a station. Prints {"tag"}, or {"error"} if there is no tag or no log here."""
    try:
        settings = Settings()
        identity = settings.identity()
        if identity is None:
            return _tell({"error": "it has no keys yet: kitdock tag provision"})
        clock = Clock(resumed=True)
        flash = FlashLog()
        log = Ring(flash, flash.sectors, identity.tag_id, clock.memory.hint)
        signs = Signs()
        tag = Tag(settings, clock, Battery(), signs, log, (version.MAJOR, version.MINOR))
        if clock.memory.boot_count:
            tag.read_battery()
        else:  # it was stopped before it could say so
            tag.start(clock.memory.cause)
    except (OSError, StorageError) as error:
        return _tell({"error": str(error)})
    _Session.tag = tag
    _Session.signs = signs
    _Session.server = Server(identity.session_key, os.urandom(session.NONCE_SIZE), tag)
    return _tell({"tag": hexlify(identity.tag_id).decode()})


def feed(piece_hex: str) -> None:
    """Take a piece of the station's stream. Prints the frames that answer it, a line for each."""
    if _Session.server is not None:
        for frame in _Session.server.feed(unhexlify(piece_hex)):
            print(hexlify(frame).decode())  # noqa: T201  the raw REPL hands it to the station


def show(seconds: int) -> None:
    """Show for so long which tag this is. Prints a dot now and then, so that nobody gives up waiting."""
    tag, signs = _Session.tag, _Session.signs
    if tag is None or signs is None:
        return
    indicator = Indicator()
    began_ms = tag.clock.uptime_ms()
    tag.identify(seconds)
    wish = signs.take()
    if wish is not None:
        indicator.play(wish[0], wish[1], began_ms)
    passed_ms = told_ms = 0
    while passed_ms <= seconds * 1000:
        passed_ms = tag.clock.uptime_ms() - began_ms
        indicator.drive(began_ms + passed_ms)
        if passed_ms - told_ms >= 1000:
            told_ms = passed_ms
            print(".", end="")  # noqa: T201
        time.sleep_ms(LOOK_MS)
    indicator.off()


def _tell(told: "dict[str, str]") -> None:
    print(json.dumps(told))  # noqa: T201
