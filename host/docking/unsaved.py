"""What a dock says when nothing can be saved: it goes on by itself once it can, and tags keep their logs."""

from __future__ import annotations

from host.errors import ClockWrong, DatabaseBusy, DatabaseFull
from host.phrase import Phrase


def unsaved(error: Exception) -> Phrase | None:
    """Why nothing can be saved now, if that passes; nobody at the dock has to try again."""
    if isinstance(error, DatabaseBusy):
        return Phrase("unsaved.locked", path=error.fields["path"])
    if isinstance(error, DatabaseFull):
        return Phrase("unsaved.no_room", path=error.fields["path"])
    if isinstance(error, ClockWrong):
        return Phrase("unsaved.clock", **error.fields)
    return None
