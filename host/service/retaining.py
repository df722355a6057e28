"""Retention in the database: counts what the policy destroys, and destroys it in one transaction."""

from host import clock
from host.access import retention
from host.access.retention import ANSWERS, EVENTS, KINDS, LEAVERS, REPORTS, Amount
from host.service.derivation import Derivation
from host.store.database import Database
from host.store.retaining import RetentionRepository


class Retention:
    """The part of the store that destroys what is old enough."""

    still_in_log = False

    def __init__(self, db: Database) -> None:
        self._db = db
        self._retention = RetentionRepository(db)
        self._derivation_service = Derivation(db)

    def retention_plan(self) -> list[Amount]:
        """What the policy would destroy now, by kind. Raises `NotAllowed`."""
        self._db.demand("database.retention")
        self._derivation_service.freshen()
        with self._db.reading():
            return self._retain(destroy=False)

    def retain(self) -> list[Amount]:
        """Destroys what the policy says, in one transaction, and overwrites its place in the file.

        Roll-ups stay what the history gives. `still_in_log` tells whether another program kept the log from being
        emptied. Raises `NotAllowed`, `StoreError`: then nothing was destroyed.
        """
        self._derivation_service.freshen()
        # Freed bytes are zeroed, in this connection from now on.
        self._db.connection.execute("PRAGMA secure_delete = ON")
        with self._db.changing("database.retention") as detail:
            done = self._retain(destroy=True)
            detail |= {each.kind: each.rows for each in done if each.days}
        self.still_in_log = not self._retention.drop_log()
        return done

    def _retain(self, destroy: bool) -> list[Amount]:
        now_ms = clock.now_ms()
        settings = self._db.settings
        found = []
        for kind in KINDS:
            days = getattr(settings, f"retain_{kind}_days")
            until_ms = retention.until_ms(days, now_ms)
            if until_ms is None:
                found.append(Amount(kind, 0, None, 0, None, 0, None))
            else:
                of_kind = {
                    ANSWERS: self._retain_answers,
                    REPORTS: self._retain_reports,
                    EVENTS: self._retention.retain_events,
                    LEAVERS: self._retention.retain_leavers,
                }[kind]
                found.append(of_kind(until_ms, destroy)._replace(days=days))
        return found

    def _retain_answers(self, until_ms: int, destroy: bool) -> Amount:
        return self._retention.retain_column(ANSWERS, "sealed", "x''", until_ms, destroy)

    def _retain_reports(self, until_ms: int, destroy: bool) -> Amount:
        return self._retention.retain_column(REPORTS, "fields", "'{}'", until_ms, destroy)
