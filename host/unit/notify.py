"""What a service tells the manager that started it, as `sd_notify(3)` has it. Started otherwise, it tells nobody.

Nothing here raises: that a word does not arrive is never the end of a dock.
"""

import os
import socket
from contextlib import suppress

_PATIENCE_S = 0.05
"""How long a manager that does not read is waited for, in seconds: no longer than the radio's loop may be held."""


def ready() -> None:
    """It has started."""
    _send("READY=1")


def alive() -> None:
    """It is alive. To be told only by what has just seen that scanning works: without it the manager restarts."""
    _send("WATCHDOG=1")


def status(text: str) -> None:
    """What it does now, in a line for people who ask the manager."""
    _send(f"STATUS={' '.join(text.split())}")


def stopping() -> None:
    """It is about to end."""
    _send("STOPPING=1")


def _send(state: str) -> None:
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")) or not hasattr(socket, "AF_UNIX"):
        return
    if address.startswith("@"):
        address = f"\0{address[1:]}"  # a name in the kernel, not in a file system
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.settimeout(_PATIENCE_S)
        sender.sendto(state.encode(errors="replace"), address)
