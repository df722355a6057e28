"""The authenticated conversation with one tag, over any link."""

from __future__ import annotations

import asyncio
import os
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import NamedTuple

from host.docking import bounds
from host.link.errors import TagDrags, TagMisbehaves, TagRefused, WrongKey
from host.link.gatt import Link
from host.phrase import Phrase
from kitwire import PROTOCOL_VERSION, record, session
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
    an answer, so several cost one round trip. Answers are taken in the order of the requests. Every method that waits
    raises `LinkLost`, `TagStalled`, `TagRefused`, `TagDrags` until the tag has proved itself, `TagMisbehaves` for more
    or other than was asked for, or `WireError` for a frame that was altered, replayed or malformed; except after
    `TagRefused` the session is over then.
    """

    def __init__(
        self, link: Link, channel: session.Channel, proof: bytes, now_ms: Callable[[], int], prove_by: float
    ) -> None:
        self._link = link
        self._channel = channel
        self._queued = [proof]
        self._due: deque[tuple[int, tuple[int, ...]]] = deque()
        self._unsent = 0
        self._now_ms = now_ms
        self._sent_ms = 0
        self._prove_by: float | None = prove_by
        self._first, self._last = 0, 0xFFFFFFFF

    @classmethod
    async def open(cls, link: Link, session_key: bytes, now_ms: Callable[[], int] | None = None) -> TagSession:
        """Authenticate both ends. `now_ms` gives the station's time in Unix milliseconds.

        Raises `WrongKey` if the tag does not hold `session_key`.
        """
        prove_by = asyncio.get_running_loop().time() + bounds.AUTHENTICATION_S
        handshake = session.StationHandshake(session_key, os.urandom(session.NONCE_SIZE))
        _demand_silence(link)
        await link.send([handshake.hello()])
        try:
            proof, channel = handshake.channel(await _body(link, prove_by))
        except session.Refused as error:
            raise TagRefused("link.session_refused", reason=_reason(error.code)) from error
        except AuthenticationError as error:
            raise WrongKey("link.wrong_key") from error
        return cls(link, channel, proof, now_ms or (lambda: time.time_ns() // 1_000_000), prove_by)

    def _queue(self, message: bytes) -> None:
        self._due.append(session.parse_request(message))
        self._unsent += 1
        self._queued.append(self._channel.seal(message))

    async def _message(self) -> bytes:
        if self._queued:
            if self._unsent == len(self._due):
                _demand_silence(self._link)
            self._unsent = 0
            bodies, self._queued = self._queued, []
            self._sent_ms = self._now_ms()
            await self._link.send(bodies)
        body = await _body(self._link, self._prove_by)
        if len(body) == 2 and body[0] == session.REFUSED:
            raise TagRefused("link.session_refused", reason=_reason(body[1]))
        message = self._channel.open(body)
        if not message:
            raise WireError("empty message")
        self._prove_by = None
        return message

    async def _reply(self, operation: int) -> tuple[int, ...]:
        return self._answer(operation, await self._message())

    def _answer(self, operation: int, message: bytes) -> tuple[int, ...]:
        """What `message` answers to the request for `operation`, which is the one that is due."""
        due, asked = self._due.popleft()
        assert due == operation
        code, values = session.parse_reply(message)
        if code == session.ERROR and values[0] == operation:
            raise TagRefused("link.operation_refused", operation=operation, reason=_reason(values[1]))
        if code != session.REPLY | operation:
            raise WireError(f"tag answered {code:#04x} to operation {operation:#04x}")
        if operation in (session.GET_CONFIG, session.SET_CONFIG) and values[: len(asked)] != asked:
            raise WireError(f"tag answered {values} where {asked} was asked for")
        return values

    def ask_status(self) -> None:
        """Queue STATUS; `status` takes the answer."""
        self._queue(bytes([session.STATUS]))

    async def status(self) -> TagStatus:
        """The answer to `ask_status`."""
        values = session.Status(*await self._reply(session.STATUS))
        arrived_ms = self._now_ms()
        if not _sensible(values):
            raise TagMisbehaves("link.status_senseless")
        self._first, self._last = values.first_sequence, values.last_sequence
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
        """The answer to `ask_records`: records in their order, and a `Gap` before those that follow one.

        It is no more than was asked for, and ends at most `bounds.AFTERWARDS` records beyond the last of `status`.
        """
        _, (first, most) = self._due[0]
        end = min(first + most, self._last + 1 + bounds.AFTERWARDS)
        begun = False
        while True:
            message = await self._message()
            if message[0] == session.RECORDS:
                records = session.records_of(message)
                if first < self._first:
                    raise TagMisbehaves("link.gap_senseless", first=first)
                first += len(records)
                if first > end:
                    raise TagMisbehaves("link.more_than_asked")
                yield records
            elif message[0] == session.GAP:
                gap = Gap(*session.gap_of(message))
                if begun or not first < gap.first <= self._last + 1:
                    raise TagMisbehaves("link.gap_senseless", first=gap.first)
                first = gap.first
                end = min(first + most, self._last + 1 + bounds.AFTERWARDS)
                yield gap
            else:
                (following,) = self._answer(session.READ, message)
                if following != first:
                    raise WireError(f"tag says that {following} is next where {first} is")
                return
            begun = True

    def ask_acknowledge(self, up_to: int) -> None:
        """Queue ACKNOWLEDGE of all records up to `up_to`; `acknowledged` takes the answer."""
        self._queue(session.pack_acknowledge(up_to))

    async def acknowledged(self) -> int:
        """The sequence up to which the tag now counts its records as committed."""
        return (await self._reply(session.ACKNOWLEDGE))[0]

    def ask_set_time(self) -> None:
        """Queue SET_TIME to the station's present time; `time_set` takes the answer."""
        # A station whose clock is beyond what 32 bits can say is refused by the tag, as one that is merely wrong.
        self._queue(session.pack_set_time(min(max(0, self._now_ms()), 0xFFFFFFFF * 1000)))

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


async def _body(link: Link, prove_by: float | None) -> bytes:
    """The body of the next frame, which must come by `prove_by` on the loop's clock, unless that is None."""
    try:
        async with asyncio.timeout_at(prove_by):
            return await link.receive()
    except TimeoutError:
        raise TagDrags("link.not_proven", seconds=bounds.AUTHENTICATION_S) from None


def _demand_silence(link: Link) -> None:
    """Raises `TagMisbehaves` if something has come that nobody asked for."""
    if not link.idle:
        raise TagMisbehaves("link.more_than_asked")


def _sensible(status: session.Status) -> bool:
    """Whether a tag can be in such a state."""
    return bool(
        status.version == PROTOCOL_VERSION
        and status.uptime_ms < 1000
        and status.battery_percent <= 100
        and record.FIRST_SEQUENCE <= status.first_sequence <= status.last_sequence + 1
        and status.last_sequence - status.first_sequence < bounds.HELD
    )
