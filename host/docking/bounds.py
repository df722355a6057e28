"""How long a device may take and how much it may send, whatever it is and whatever it claims.

A station that has proved who speaks must still not believe how much. docs/wire.md has what of this binds a tag.
"""

from __future__ import annotations

FRAME_S = 5.0
"""How long a whole frame may take from when it is waited for, or sent, in seconds. Of 486 bytes, at the slowest
connection interval that BlueZ asks for, it takes a tenth of a second; a tag that erases a sector of flash first needs
half a second more."""

AUTHENTICATION_S = 5.0
"""How long after the connection the first sealed reply may take, in seconds: a tag gives a station as long."""

CONNECTION_S = 8.0
"""How long a connection and its discovery may take, in seconds. They take 1.5 s; a tag on the air every 250 ms is
missed now and then, and a link that fails to be set up is noticed after six intervals."""

DISCONNECT_S = 4.0
"""How long a disconnection may take, in seconds: the supervision time-out of BlueZ is 0.42 s, that of a phone 2 s or
more, and the radio is given back whatever comes of it."""

SHARE_S = 6.0
"""How long one tag may fetch while others wait, in seconds: what it holds beyond that comes at its next turn. Thirty
days of a busy pouch, 1,000 records, take less than 3 s."""

DOCKING_S = 12.0
"""How long a connection and all that is said over it may take, in seconds: a connection, a share, and the batch that
it ends with."""

BATCH = 256
"""Most records in one READ, and so in one transaction: 9 kB, which come in a second or two at a slow connection
interval, so that a share ends soon after its time."""

AFTERWARDS = 16
"""How many records a tag may add while it is docked, and the station takes in the same docking: the setting of the
time, of the expiry, a lid that is played with. More come at the next."""

WAITING_BYTES = 16_384
"""Most bytes that a link keeps until they are asked for: the answer to a STATUS and to a READ of `BATCH` records is
12,900 bytes if each record comes in a frame of its own, and nobody asks for more at once."""

HELD = 10_000
"""Most records that a log holds at a time, and so all that comes in one docking: the ring of Kitdock's tags has 128
sectors of 50, which is 6,400."""

FIRST_RECORDS = 10_000
"""Most records of a tag on the day when it was enrolled: its ring holds 6,400 and has come round by more than half,
as on a bench."""

RECORDS_A_DAY = 20_000
"""Most records that a tag makes in a day: somebody who waves a magnet at it without a pause makes one in some 4 s.
Who is quicker for long enough waits for the clock. Without this bound a gap up to sequence 50,000,000 costs 21 s of
the processor, since the log key has to be followed step by step."""


def most_records(enrolled_at_ms: int, now_ms: int) -> int:
    """The last sequence that the log of a tag can have reached. A clock that was put back since counts as no time."""
    elapsed_ms = max(0, now_ms - enrolled_at_ms)
    return FIRST_RECORDS + RECORDS_A_DAY * elapsed_ms // 86_400_000
