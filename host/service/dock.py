"""The dock tells of itself, and people ask how it is."""

import os
import platform
import secrets
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from host.errors import ClockWrong, DatabaseBusy, DatabaseFull, StoreError
from host.store.database import Database
from host.store.dock import DockRepository
from host.tag.dock import Attendance, DockRun, Overdue, RadioState, overdue


class DockStatus(NamedTuple):
    """How the dock is: all that is known of it, whether it runs, and what is overdue by so many hours, the setting."""

    known: Attendance
    running: bool
    overdue: list[Overdue]
    hours: int


class Docks:
    """A running dock tells how it is, every 15 s and whenever that changes; people ask.

    None of that is noted in the audit: no person does it, and it would grow without end.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._docks = DockRepository(db)

    def beat(self, radios: Sequence[RadioState], at_ms: int) -> None:
        """The dock of this process runs, with these adapters."""
        listened_ms = at_ms if any(each.listening for each in radios) else None
        with self._db.writing():
            self._db.demand("tag.dock")
            now = DockRun(at_ms, os.getpid(), platform.node(), at_ms, listened_ms)
            self._docks.put_run(_run(os.getpid()), now, radios)

    def waiting(self, tag_id: str, at_ms: int, why: str | None = None) -> None:
        """A tag was heard with something new, or its docking failed: `why` is the code of the error.

        Nothing is written if that is known. It waits since it was first heard, until a docking of it is complete.
        """
        known, reason = self._docks.waits(tag_id)
        if known and why in (None, reason):
            return
        with self._db.writing():
            self._db.demand("tag.dock", tag_id)
            self._docks.put_waiting(tag_id, at_ms, why)

    def trouble(self) -> StoreError | None:
        """Why nothing that a pouch brings can be saved now: the database is locked, its disk is full, or this
        computer's clock is far behind."""
        try:
            self._db.check_writable()
            self._db.right_now()
        except (DatabaseBusy, DatabaseFull, ClockWrong) as error:
            return error
        except StoreError:
            pass  # of this login; the dock may have another
        return None

    def status(self, now_ms: int) -> DockStatus:
        """How the dock is. Raises `NotAllowed`."""
        with self._db.reading():
            self._db.demand("stock.read")
            known, hours = self._docks.attendance(), self._db.settings.dock_alarm_hours
        running = known.run is not None and known.run.running(now_ms)
        return DockStatus(known, running, overdue(known, hours, now_ms), hours)


@cache
def _run(process: int) -> str:
    """A name for the run of this process, whose number another may have had."""
    return secrets.token_hex(8)
