"""The authenticated conversation with one tag, over any link."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator, Callable
from typing import NamedTuple

from host.link.errors import TagRefused, WrongKey
from host.link.gatt import Link
from host.phrase import Phrase
from kitwire import session
from kitwire.errors import AuthenticationError, WireError

_REASONS = {
    session.ERROR_FORM: Phrase("link.malformed"),
    session.ERROR_OPERATION: Phrase("link.unknown_operation"),
    session.ERROR_RANGE: Phrase("link.out_of_range"),
    session.ERROR_PROOF: Phrase("link.proof_of_another_key"),
    session.ERROR_VERSION: Phrase("link.unknown_version"),
    session.ERROR_STORAGE: Phrase("link.flash_write_failed"),
    session.ERROR_BUSY: Phrase("link.busy"),
}
"""What the error codes of `kitwire.session` say."""


class UptimeAnchor(NamedTuple):
    """One reading of the tag's uptime against the station's clock.

    `utc_ms` is the middle of the time in which the tag must have answered, `error_ms` half its width.
    """

    boot_count: int
    uptime_ms: int
    utc_ms: int
    error_ms: int


class TagStatus(NamedTuple):
    """What the tag says of itself, and the anchor that comes with it."""

    status: session.Status
    anchor: UptimeAnchor


class Gap(NamedTuple):
    """Records before `first` are gone from the tag; the next is chained to `previous_tag`."""

    first: int
    previous_tag: bytes


class TagSession:
    """Requests to a tag, sent in as few flights as the caller allows.

    Use `open` to authenticate. The requests are queued and go out together with the first wait for
    an answer, so several cost one round trip. Every method that waits raises `LinkLost`,
    `TagStalled`, `TagRefused`, or `WireError` for a frame that was altered, replayed or malformed; the
    session is over then.
    """

    def __init__(self, link: Link, channel: session.Channel, proof: bytes, now_ms: Callable[[], int]) -> None:
        self._link = link
        self._channel = channel
        self._queued = [proof]
        self._now_ms = now_ms
        self._sent_ms = 0

    @classmethod
    async def open(cls, link: Link, session_key: bytes, now_ms: Callable[[], int] | None = None) -> TagSession:
        """Authenticate both ends. `now_ms` gives the station's time in Unix milliseconds.

        Raises `WrongKey` if the tag does not hold `session_key`.
        """
        handshake = session.StationHandshake(session_key, os.urandom(session.NONCE_SIZE))
        await link.send([handshake.hello()])
        try:
            proof, channel = handshake.channel(await link.receive())
        except session.Refused as error:
            raise TagRefused("link.session_refused", reason=_reason(error.code)) from error
        except AuthenticationError as error:
            raise WrongKey("link.wrong_key") from error
        return cls(link, channel, proof, now_ms or (lambda: time.time_ns() // 1_000_000))

    def _queue(self, message: bytes) -> None:
        self._queued.append(self._channel.seal(message))

    async def _message(self) -> bytes:
        if self._queued:
            bodies, self._queued = self._queued, []
            self._sent_ms = self._now_ms()
            await self._link.send(bodies)
        body = await self._link.receive()
        if len(body) == 2 and body[0] == session.REFUSED:
            raise TagRefused("link.session_refused", reason=_reason(body[1]))
        return self._channel.open(body)

    async def _reply(self, operation: int) -> tuple[int, ...]:
        return _answer(operation, await self._message())

    def ask_status(self) -> None:
        """Queue STATUS; `status` takes the answer."""
        self._queue(bytes([session.STATUS]))

    async def status(self) -> TagStatus:
        """The answer to `ask_status`."""
        values = session.Status(*await self._reply(session.STATUS))
        arrived_ms = self._now_ms()
        # The tag cannot have answered before it was asked: after a proof, this flight is the asking.
        anchor = UptimeAnchor(
            values.boot_count,
            values.uptime_s * 1000 + values.uptime_ms,
            (self._sent_ms + arrived_ms) // 2,
            (arrived_ms - self._sent_ms + 1) // 2,
        )
        return TagStatus(values, anchor)

    def ask_records(self, first: int, most: int) -> None:
        """Queue READ of at most `most` records from sequence `first` on; `records` takes the answer."""
        self._queue(session.pack_read(first, most))

    async def records(self) -> AsyncIterator[list[bytes] | Gap]:
        """The answer to `ask_records`: records in their order, and a `Gap` before those that follow one."""
        while True:
            message = await self._message()
            if message[0] == session.RECORDS:
                yield session.records_of(message)
            elif message[0] == session.GAP:
                yield Gap(*session.gap_of(message))
            else:
                _answer(session.READ, message)
                return

    def ask_acknowledge(self, up_to: int) -> None:
        """Queue ACKNOWLEDGE of all records up to `up_to`; `acknowledged` takes the answer."""
        self._queue(session.pack_acknowledge(up_to))

    async def acknowledged(self) -> int:
        """The sequence up to which the tag now counts its records as committed."""
        return (await self._reply(session.ACKNOWLEDGE))[0]

    def ask_set_time(self) -> None:
        """Queue SET_TIME to the station's present time; `time_set` takes the answer."""
        self._queue(session.pack_set_time(self._now_ms()))

    async def time_set(self) -> int:
        """The correction that the tag made, in seconds; 0 if it was right or had no time before."""
        return (await self._reply(session.SET_TIME))[0]

    def ask_config(self, item: int) -> None:
        """Queue GET_CONFIG of the item with that number; `config` takes the answer."""
        self._queue(session.pack_get_config(item))

    async def config(self) -> int:
        """The value of the item that was asked for."""
        return (await self._reply(session.GET_CONFIG))[1]

    def ask_set_config(self, item: int, value: int) -> None:
        """Queue SET_CONFIG; `config_set` takes the answer."""
        self._queue(session.pack_set_config(item, value))

    async def config_set(self) -> int:
        """The value that the item has now."""
        return (await self._reply(session.SET_CONFIG))[1]

    def ask_identify(self, seconds: int) -> None:
        """Queue IDENTIFY; `identified` takes the answer, which comes at once."""
        self._queue(session.pack_identify(seconds))

    async def identified(self) -> None:
        """The tag shows itself."""
        await self._reply(session.IDENTIFY)


def _reason(error: int) -> Phrase:
    return _REASONS.get(error) or Phrase("link.error_number", number=error)


def _answer(operation: int, message: bytes) -> tuple[int, ...]:
    code, values = session.parse_reply(message)
    if code == session.ERROR:
        raise TagRefused("link.operation_refused", operation=values[0], reason=_reason(values[1]))
    if code != session.REPLY | operation:
        raise WireError(f"tag answered {code:#04x} to operation {operation:#04x}")
    return values
