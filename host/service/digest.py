"""People ask what is new, for a mail that never nags, and say that they have read it."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from host import clock
from host.reconcile import reconcile
from host.reconcile.digest import Digest, Scope, digest
from host.reconcile.discrepancy import Discrepancy
from host.reconcile.lifecycle import CLEARED, Entry, changes
from host.service.expiry import Advised, Expiries
from host.service.reconciling import Reconciling
from host.store.database import Database
from host.store.digests import DigestRepository
from host.store.discrepancies import DiscrepancyRepository
from host.store.dock import DockRepository
from host.tag.dock import overdue

SECOND_MS = 1000
"""A digest is named by the second in which it was made."""


class NewThings(NamedTuple):
    """A digest, and when it was made: what is new by sections, with what to do about the kits among it."""

    made_ms: int
    new: Digest
    expired_carried: list[Advised]
    expiring: list[Advised]


class Digests:
    """People ask for the digest, and say that they have read it."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._changes = DigestRepository(db)
        self._discrepancies = DiscrepancyRepository(db)
        self._docks = DockRepository(db)
        self._expiries = Expiries(db)
        self._reconciling = Reconciling(db)

    def new_things(self, now_ms: int, everything: bool = False) -> NewThings:
        """What is new since the newest digest that somebody has read; with `everything` whatever stood in that too.

        Writes nothing. Raises `NotAllowed`.
        """
        made_ms = now_ms // SECOND_MS * SECOND_MS
        settings, zone = self._db.settings, self._db.station.time_zone
        read_ms = None if everything else self._expiries.digest_read()
        scope = Scope(made_ms, read_ms, zone, settings.expiry_days, settings.report_hours)
        there = self._reconciling.found_now(made_ms)
        expiring = self._expiries.expiring(clock.today(made_ms, zone), settings.expiry_days)
        undone = overdue(self._docks.attendance(), settings.dock_alarm_hours, made_ms)
        new = digest(expiring, there, scope, undone)
        kits = self._expiries.advised([*new.expired_carried, *new.expiring])
        expired = len(new.expired_carried)
        return NewThings(made_ms, new, kits[:expired], kits[expired:])

    def read_digest(self, made_ms: int, at_ms: int) -> None:
        """Notes that the digest which was made then has been read.

        What stood in it and nobody has noted yet was first seen by it, as far as nothing has changed since: of what
        came up later nobody knows by that digest. Raises `NotAllowed`.
        """
        self._expiries.acknowledge_digest(made_ms, at_ms)
        if not self._changes.changed_since(made_ms + SECOND_MS):
            self._note_first_seen(reconcile(self._reconciling.situation(made_ms)), made_ms)

    def _note_first_seen(self, found: Sequence[Discrepancy], at_ms: int) -> None:
        """Notes what nobody had noted by then; what was judged or noted since stays as it is."""
        with self._db.changing("discrepancy.note") as detail:
            known = self._discrepancies.standings(found)
            counts: Counter[str] = Counter()
            for change in changes(found, known):
                standing = known.get((change.kind, change.subject))
                if change.action != CLEARED and (standing is None or standing.changed_at_ms <= at_ms):
                    self._discrepancies.add_entry(Entry(0, *change, None, self._db.login, at_ms))
                    counts[change.action] += 1
            detail |= counts
