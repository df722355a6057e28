"""What is found is noted once a command has changed something: first seen, back, or gone."""

from __future__ import annotations

from contextlib import suppress

from host import clock, service
from host.errors import StoreError


def note(store: service.Database) -> None:
    """Notes what is found. What a command has done stays done if that fails: the dock, or the next one, notes it.

    It looks at the whole force, so it is for commands that judge, recall or count, and not for each movement.
    """

    with suppress(StoreError):
        service.Reconciling(store).note_what_is_found(clock.now_ms())
