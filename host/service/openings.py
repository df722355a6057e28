"""Openings of pouches in the database, with who had the pouch and what was said of them."""

from host.service.derivation import Derivation
from host.store.database import Database
from host.store.openings import OpeningRepository
from host.usage.openings import Opening


class Openings:
    """The part of the store that reads openings."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._openings = OpeningRepository(db)
        self._derivation_service = Derivation(db)

    def openings(self, tag: str | None = None, unsettled: bool = False, since_ms: int | None = None) -> list[Opening]:
        """Openings of one tag or of all, oldest first; with `unsettled` only those that lack a cause or a report.

        With `since_ms` only those that most likely began at or after it. An officer's own account is given those of
        pouches that the officer may have carried then; a shared one those of pouches that docked within `SHIFT_MS`.
        """
        self._derivation_service.freshen()
        return self._asked_for(tag, unsettled, since_ms)

    def _asked_for(self, tag: str | None = None, unsettled: bool = False, since_ms: int | None = None) -> list[Opening]:
        """As `openings`, of roll-ups that are fresh: one query for each kind of thing, however many openings."""
        conditions, parameters = self._openings.own_openings()
        if tag is not None:
            conditions.append("o.tag = ?")
            parameters.append(tag)
        if unsettled:
            conditions.append("((o.cause IS NULL AND o.reports = 0) OR (o.cause = 'used' AND o.reports = 0))")
        if since_ms is not None:
            conditions.append("o.began_likely_ms >= ?")
            parameters.append(since_ms)
        return self._openings.openings_where(conditions, parameters)
