"""Discrepancies: what people do about what the rules find."""

from collections.abc import Iterable, Sequence

from host.reconcile.discrepancy import Discrepancy
from host.reconcile.lifecycle import CLEARED, Entry, Live, Standing, changes, check, live, standings
from host.store.database import Database
from host.store.discrepancies import DiscrepancyRepository


class Discrepancies:
    """Notes what was found and what people do about it, and tells where each discrepancy stands."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._discrepancies = DiscrepancyRepository(db)

    def standings(self, found: Iterable[Discrepancy]) -> list[Live]:
        """Where each of what was found stands. Raises `NotAllowed`."""
        self._db.demand("stock.read")
        there = list(found)
        return live(there, self._discrepancies.standings(there))

    def note_discrepancies(self, found: Sequence[Discrepancy], at_ms: int) -> dict[str, int]:
        """Notes what was found and is new or has returned, and what is no longer found; returns how many of each.

        Writes nothing if nothing has changed. Raises `NotAllowed`.
        """
        self._db.demand("discrepancy.note")
        if not changes(found, self._discrepancies.standings(found)):
            return {}
        with self._db.changing("discrepancy.note") as detail:
            counts: dict[str, int] = {}
            for change in changes(found, self._discrepancies.standings(found)):
                self._discrepancies.add_entry(Entry(0, *change, None, self._db.login, at_ms))
                counts[change.action] = counts.get(change.action, 0) + 1
            detail |= counts
        return counts

    def judge(self, verb: str, action: str, found: Discrepancy, reason: str, at_ms: int) -> Standing:
        """Notes that somebody acknowledged, resolved or reopened a discrepancy, and where it stands then.

        `verb` is the action of `host.access.roles`, as in discrepancy.resolve. Raises `RuleError`, `NotAllowed`.
        """
        with self._db.changing(f"discrepancy.{verb}", found.name) as detail:
            (now,) = live([found], self._discrepancies.standings([found]))
            check(action, found.name, now.status)
            if now.standing is None or now.standing.status == CLEARED:
                self._discrepancies.add_entry(
                    Entry(0, *found.key, found.occurrence, now.status, None, self._db.login, at_ms)
                )
            detail["reason"] = reason
            return self._discrepancies.add_entry(
                Entry(0, *found.key, found.occurrence, action, reason, self._db.login, at_ms)
            )

    def stations_of(self, officers: Iterable[str]) -> dict[str, str]:
        """The home stations of officers, as far as they are known. Raises `NotAllowed`."""
        self._db.demand("stock.read")
        return self._discrepancies.stations_of(officers)

    def discrepancy_entries(self, kind: str, subject: str) -> list[Entry]:
        """What was done about one discrepancy, oldest first; a tag may go by the pouch it is or was in.

        Raises `NotAllowed`.
        """
        self._db.demand("stock.read")
        return self._discrepancies.entries_about(kind, subject)

    def recomputed_standings(self) -> tuple[list[Standing], list[Standing]]:
        """Where every discrepancy stands, by the roll-up, and by all entries: the two are the same."""
        self._db.demand("stock.read")
        entries = self._discrepancies.all_entries()
        return sorted(self._discrepancies.all_standings()), sorted(standings(entries).values())
