"""What a dock says when the database can't be written: it goes on by itself once it can, and tags keep their logs."""

from __future__ import annotations

from host.errors import DatabaseBusy, DatabaseFull
from host.phrase import Phrase


def unsaved(error: Exception) -> Phrase | None:
    """Why nothing can be saved now, if that passes; nobody at the dock has to try again."""
    if isinstance(error, DatabaseBusy):
        return Phrase("unsaved.locked", path=error.fields["path"])
    if isinstance(error, DatabaseFull):
        return Phrase("unsaved.no_room", path=error.fields["path"])
    return None
