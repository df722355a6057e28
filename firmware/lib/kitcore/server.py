"""The tag's side of a session: bytes in, bytes out, whatever link carries them.

`Server.feed` takes a piece of the station's byte stream and gives the frames to send, one at a time:
reading the whole log needs the RAM of one frame, and the caller can look after its pins between two
frames. Replies come in the order of the requests, which a station may send without waiting for them.

What breaks the protocol ends the session (`over`); a request that came well sealed but cannot be done
gets an ERROR, and the session goes on.
"""

import struct

from kitwire import config, record, session
from kitwire.errors import AuthenticationError, WireError

from .ring import StorageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Protocol

    from .ring import Ring

    class Device(Protocol):
        """What a session can ask of a tag; on the tag it is `kitcore.tag.Tag`."""

        log: Ring

        def status(self) -> session.Status:
            """The tag's state at this moment."""

        def acknowledge(self, up_to: int) -> int:
            """Mark records up to `up_to`, at most the last one, as committed; never goes backwards.

            Returns what is acknowledged now.
            """

        def set_time(self, utc_ms: int) -> int:
            """Set the clock if it is unset or off by 2 s or more. Returns the seconds it was put forward."""

        def get_config(self, item: int) -> int:
            """The value of `item`. Raises `RangeError` if there is no such item."""

        def set_config(self, item: int, value: int) -> None:
            """Keep `value` for `item`. Raises `RangeError` if the tag takes no such item or value."""

        def identify(self, seconds: int) -> None:
            """Show which tag this is for `seconds`, without waiting for the end."""


LONGEST_IDENTIFY_S = 60
"""Longest time, in seconds, for which a tag shows itself."""


class RangeError(Exception):
    """A request asks for a value that the tag does not accept."""


class Server:
    """One session with one station.

    `over`           the session has ended: send what `feed` still gives, then drop the link
    `authenticated`  the station has proved that it holds the session key
    """

    def __init__(self, session_key: bytes, nonce: bytes, device: "Device") -> None:
        """`nonce` is 16 fresh random bytes, for this session only."""
        self.over = False
        self._handshake = session.TagHandshake(session_key, nonce)
        self._channel: session.Channel | None = None
        self._frames = session.FrameBuffer()
        self._device = device

    @property
    def authenticated(self) -> bool:
        return self._channel is not None

    def feed(self, piece: bytes) -> "Iterator[bytes]":
        """Frames that answer what `piece` completes, made as they are asked for.

        Exhaust it before the next piece; after the end there are none. Errors of the device other than
        `RangeError` and `StorageError` come through.
        """
        try:
            for body in self._frames.feed(piece):
                if self.over:
                    return
                for answer in self._answers(body):
                    yield session.frame(answer)
        except WireError:
            self.over = True

    def _answers(self, body: bytes) -> "Iterator[bytes]":
        """Bodies of the frames that answer the frame `body`. Raises `WireError` if the session is over."""
        if self._channel is not None:
            for reply in self._replies(self._channel.open(body)):
                yield self._channel.seal(reply)
            return
        try:
            if body[0] == session.HELLO:
                yield self._handshake.challenge(body)
            else:  # a good PROOF has no answer of its own: the first sealed reply shows that it was good
                self._channel = self._handshake.channel(body)
            return
        except session.Refused as refused:
            code = refused.code
        except AuthenticationError:
            code = session.ERROR_PROOF
        self.over = True
        yield bytes([session.REFUSED, code])

    def _replies(self, message: bytes) -> "Iterator[bytes]":
        """Messages that answer the request `message`. Raises `WireError` if it is empty."""
        if not message:
            raise WireError("empty message")
        operation = message[0]
        try:
            _, values = session.parse_request(message)
        except WireError:
            yield session.pack_error(operation, session.ERROR_FORM)
            return
        try:
            if operation == session.READ:
                yield from self._read(*values)
            else:
                yield self._done(operation, values)
        except RangeError:
            yield session.pack_error(operation, session.ERROR_RANGE)
        except StorageError:
            yield session.pack_error(operation, session.ERROR_STORAGE)

    def _done(self, operation: int, values: "tuple[int, ...]") -> bytes:
        """Do what any request but READ asks for. Returns its reply."""
        device = self._device
        reply = bytes([session.REPLY | operation])
        if operation == session.STATUS:
            return session.pack_status(device.status())
        if operation == session.ACKNOWLEDGE:
            up_to = values[0]
            if up_to > device.log.last:
                raise RangeError("record %d is yet to be made" % up_to)
            return reply + struct.pack("<I", device.acknowledge(up_to))
        if operation == session.SET_TIME:
            utc_s, milliseconds = values
            if not config.EARLIEST_UTC_S <= utc_s <= config.LATEST_UTC_S or milliseconds > 999:
                raise RangeError("not a time of this product's life")
            return reply + struct.pack("<i", device.set_time(utc_s * 1000 + milliseconds))
        if operation == session.GET_CONFIG:
            return reply + struct.pack("<BI", values[0], device.get_config(values[0]))
        if operation == session.SET_CONFIG:
            device.set_config(*values)
            return reply + struct.pack("<BI", *values)
        if operation == session.IDENTIFY:
            if not 0 < values[0] <= LONGEST_IDENTIFY_S:
                raise RangeError("time to identify")
            device.identify(values[0])
            return reply
        return session.pack_error(operation, session.ERROR_OPERATION)

    def _read(self, first: int, most: int) -> "Iterator[bytes]":
        """Messages that answer READ, each made when the one before it has gone."""
        log = self._device.log
        if not record.FIRST_SEQUENCE <= first <= log.last + 1:
            raise RangeError("no record %d" % first)
        if first < log.first:
            first = log.first
            yield session.pack_gap(first, log.tag_before_first)
        pending: "list[bytes]" = []
        for sealed in log.records(first, most):
            pending.append(sealed)
            first += 1
            if len(pending) == session.RECORDS_PER_FRAME:
                yield session.pack_records(pending)
                pending = []
        if pending:
            yield session.pack_records(pending)
        yield bytes([session.REPLY | session.READ]) + struct.pack("<I", first)
