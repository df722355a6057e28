"""Verification of a tag's log: is each record what the tag sealed at that place, chained to the one before?

The place gives the sequence, never the record's own field, so an altered record cannot move others.
"""

from __future__ import annotations

from typing import NamedTuple

from host.tag.events import ALTERED, UNLINKED, VERIFIED, EventRow
from kitwire import keys, record
from kitwire.errors import WireError


class LogKey(NamedTuple):
    """The log key of a tag as it was ratcheted for `sequence`. It is never told."""

    sequence: int
    key: bytes

    def __repr__(self) -> str:
        return f"LogKey({self.sequence})"


class LogKeys:
    """How far the log key of each tag was followed, so that a dock does not begin anew each time. In memory only."""

    def __init__(self) -> None:
        self._furthest: dict[str, LogKey] = {}

    def at(self, tag_id: str, first: bytes, sequence: int) -> LogKey:
        """The nearest that is known at or before `sequence`, of a tag whose first log key is `first`."""
        known = self._furthest.get(tag_id)
        return known if known is not None and known.sequence <= sequence else LogKey(record.FIRST_SEQUENCE, first)

    def keep(self, tag_id: str, key: LogKey) -> None:
        """Keeps how far the key was followed to records that are committed."""
        self._furthest[tag_id] = key


class ChainVerifier:
    """Follows one tag's log from a known place, one record at a time.

    `log_key` is the tag's log key (32 bytes) at the sequence `key_at`, not after the next record; `last` the newest
    sequence that is committed and its record, or None at the start of the log; `last_verdict` what was found of it.
    """

    def __init__(
        self,
        tag_id: bytes,
        log_key: bytes,
        last: tuple[int, bytes] | None,
        last_verdict: str = VERIFIED,
        key_at: int = record.FIRST_SEQUENCE,
    ) -> None:
        self._tag_id = tag_id
        self._key = log_key
        self._key_at = key_at
        self._next = last[0] + 1 if last else record.FIRST_SEQUENCE
        self._previous_tag = record.tag_of(last[1]) if last else record.GENESIS_TAG
        self._previous_verdict = last_verdict if last else VERIFIED

    @property
    def key(self) -> LogKey:
        """How far the log key was followed."""
        return LogKey(self._key_at, self._key)

    @property
    def next_sequence(self) -> int:
        """The sequence at which the next record stands."""
        return self._next

    def skip_to(self, first: int, previous_tag: bytes) -> None:
        """The tag no longer holds the records before `first`; that one is chained to `previous_tag`.

        Raises `WireError` if that would go backwards.
        """
        if first <= self._next:
            raise WireError(f"tag reports records before {first} as lost, where {self._next} was due")
        self._next = first
        self._previous_tag = previous_tag
        self._previous_verdict = VERIFIED

    def take(self, sealed: bytes) -> EventRow:
        """The row for `sealed`, the 36 bytes at `next_sequence`, whatever their verdict.

        Raises `WireError` if they are not 36 bytes.
        """
        record.sequence_of(sealed)
        sequence = self._next
        while self._key_at < sequence:
            self._key = keys.ratchet(self._key)
            self._key_at += 1
        try:
            plain = record.open(self._tag_id, self._key, sequence, self._previous_tag, sealed)
            row = verified_row(sequence, sealed, plain)
        except WireError:
            # After an altered record its own tag cannot be trusted, and a good record that is chained
            # to the true one fails with it.
            row = unverified_row(sequence, sealed, ALTERED if self._previous_verdict == VERIFIED else UNLINKED)
        self._next = sequence + 1
        self._previous_tag = record.tag_of(sealed)
        self._previous_verdict = row.verdict
        return row


def verified_row(sequence: int, sealed: bytes, plain: record.Plain) -> EventRow:
    """The row of a record that opened as `plain`."""
    kind, flags, battery_mv, boot_count, uptime_s, utc_s, aux = plain
    name = record.TYPE_NAMES.get(kind) or str(kind)
    return EventRow(sequence, sealed, VERIFIED, name, flags, battery_mv, boot_count, uptime_s, utc_s, aux)


def unverified_row(sequence: int, sealed: bytes, verdict: str) -> EventRow:
    """The row of a record that did not open; `verdict` is `ALTERED` or `UNLINKED`."""
    return EventRow(sequence, sealed, verdict, None, None, None, None, None, None, None)
