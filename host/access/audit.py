"""The audit: who did what, when, one entry chained to the next, so that none can be changed or taken out unseen.

    hash of entry n = SHA-256( hash of entry n - 1 | JSON [n, at_ms, login, action, subject, outcome, detail] )

The entry before the first has a hash of 32 zero bytes. JSON without blanks, in UTF-8, keys of `detail` sorted. A
chain cannot show that its newest entries were cut off, or that all of it was made anew by somebody who can write
the file: for that, keep the newest hash elsewhere (the export of the audit prints it) and verify against it.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from host.phrase import Phrase

DONE = "done"
REFUSED = "refused"

START = bytes(32)
"""What the first entry is chained to."""


# Made once: `json.dumps` makes an encoder for each text.
_row_text = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class AuditEntry(NamedTuple):
    """One entry of the audit; `detail` is JSON without health data, `hash` 32 bytes."""

    id: int
    at_ms: int
    login: str
    action: str
    subject: str | None
    outcome: str
    detail: str
    hash: bytes


class Chain(NamedTuple):
    """What verifying found: how many entries hold, the newest hash, and the first that does not, with why."""

    entries: int
    head: bytes
    broken_at: int | None
    why: Phrase | None


def detail_text(detail: Mapping[str, object]) -> str:
    """The details of an entry as they are kept and hashed."""
    return json.dumps(dict(detail), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def chained(
    before: bytes, id: int, at_ms: int, login: str, action: str, subject: str | None, outcome: str, detail: str
) -> bytes:
    """The hash of an entry that follows on one with hash `before`."""
    text = _row_text([id, at_ms, login, action, subject, outcome, detail])
    return hashlib.sha256(before + text.encode()).digest()


def verify(entries: Iterable[AuditEntry]) -> Chain:
    """Whether each entry, oldest first, is what was written, and none is missing between them."""
    head, count = START, 0
    for entry in entries:
        if entry.id != count + 1:
            return Chain(count, head, count + 1, Phrase("audit.entry_missing", entry=count + 1))
        if chained(head, *entry[:-1]) != entry.hash:
            return Chain(count, head, entry.id, Phrase("audit.entry_altered", entry=entry.id))
        head, count = entry.hash, entry.id
    return Chain(count, head, None, None)
