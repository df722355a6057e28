"""The session over USB: the same frames as over the air, in hexadecimal, through the tag's own `wired` module."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from host.link.errors import LinkLost, PortError
from host.link.usb import Repl, repl
from kitwire import session
from kitwire.errors import WireError


class WiredLink:
    """A `host.link.gatt.Link` over the REPL of a tag, which answers to each flight at once."""

    def __init__(self, tag: Repl, tag_id: str) -> None:
        self._tag = tag
        self.tag_id = tag_id
        """Who answers, as it says itself; a session proves it."""
        self._bodies: list[bytes] = []
        self._frames = session.FrameBuffer()

    @property
    def idle(self) -> bool:
        return not self._bodies

    async def send(self, bodies: list[bytes]) -> None:
        stream = b"".join(session.frame(body) for body in bodies)
        try:
            printed = await asyncio.to_thread(self._tag.run, f"wired.feed('{stream.hex()}')")
        except PortError as error:
            raise LinkLost(error.code, **error.fields) from error
        for line in printed.split():
            try:
                self._bodies += self._frames.feed(bytes.fromhex(line))
            except ValueError:
                raise WireError("the tag answered with what is no frame") from None

    async def receive(self) -> bytes:
        if not self._bodies:
            raise LinkLost("link.nothing_more")
        return self._bodies.pop(0)

    def show(self, seconds: int) -> None:
        """Let the tag show itself for so long, which a session at the prompt has nobody to do. Raises `PortError`."""
        self._tag.run(f"wired.show({seconds})")


def opened(tag: Repl) -> WiredLink:
    """A link to the tag at its prompt. Raises `PortError` if it has no keys, or its log cannot be read."""
    return WiredLink(tag, str(tag.ask("import wired\nwired.open()\n")["tag"]))


@contextmanager
def wired(port: str) -> Iterator[WiredLink]:
    """A link to the tag on `port`; after it the tag goes on as before, its uptime too.

    Raises `PortError` if no tag answers there that has keys.
    """
    with repl(port) as tag:
        try:
            yield opened(tag)
        finally:
            tag.go_on()
