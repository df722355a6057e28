"""What a tag logged and how it got here: tags, dockings and the events of the log, as plain values."""

from typing import NamedTuple

VERIFIED = "verified"
"""The record is what the tag sealed at that place of its log."""
ALTERED = "altered"
"""The record does not authenticate at that place: its bytes were changed after sealing."""
UNLINKED = "unlinked"
"""Whether the record is genuine cannot be told, because what it is chained to is not here."""

ELSEWHERE = "collected elsewhere"
"""The detail of a complete docking at which records were gone that the tag had handed over: to another station, or to
this one before it was restored."""


class Tag(NamedTuple):
    """An enrolled tag: id (16 hexadecimal digits), the pouch it is in, instants in Unix milliseconds.

    `retired_at_ms` is set once another enrolment took the pouch over, or the tag was wiped or put into another pouch,
    which `moved_to` names then. The check values are 16 hexadecimal digits each.
    """

    id: str
    pouch: str
    enrolled_at_ms: int
    retired_at_ms: int | None
    advert_check: str
    session_check: str
    log_check: str
    moved_to: str | None = None


class Radio(NamedTuple):
    """The last advert accepted from a tag: only a higher (epoch, index) is accepted after it."""

    epoch: int
    index: int  # type: ignore[assignment]  # hides tuple.index, which nobody calls on it
    heard_at_ms: int


class EventRow(NamedTuple):
    """One record as it goes into the store; everything after `verdict` is None unless verified.

    `record` is the 36 bytes as received, `type` a name of `kitwire.record.TYPE_NAMES` (or the number as
    text), `uptime_s` seconds since the start with `boot_count`, `utc_s` the tag's own estimate (0: none).
    """

    sequence: int
    record: bytes
    verdict: str
    type: str | None
    flags: int | None
    battery_mv: int | None
    boot_count: int | None
    uptime_s: int | None
    utc_s: int | None
    aux: int | None


class Event(NamedTuple):
    """One stored record of `tag` without its bytes, and the docking that brought it; else as `EventRow`."""

    tag: str
    docking: int
    sequence: int
    verdict: str
    type: str | None
    flags: int | None
    battery_mv: int | None
    boot_count: int | None
    uptime_s: int | None
    utc_s: int | None
    aux: int | None


class StatusTold(NamedTuple):
    """What a tag told of itself when it docked: its `anchor`, its battery, and the last record of its log.

    The start with `boot_count` had an uptime of `uptime_ms` at `anchor_utc_ms`, known to within `anchor_error_ms`.
    """

    boot_count: int
    uptime_ms: int
    anchor_utc_ms: int
    anchor_error_ms: int
    battery_mv: int
    battery_percent: int
    last_sequence: int


class Docking(NamedTuple):
    """One visit of a tag at the dock. `outcome` is None (under way or broken off), 'complete' or 'failed'.

    From `boot_count` on it is `StatusTold`, and None until the tag has told its status.
    """

    id: int
    tag: str
    started_at_ms: int
    finished_at_ms: int | None
    outcome: str | None
    detail: str | None
    records_added: int
    boot_count: int | None
    uptime_ms: int | None
    anchor_utc_ms: int | None
    anchor_error_ms: int | None
    battery_mv: int | None
    battery_percent: int | None
    last_sequence: int | None
