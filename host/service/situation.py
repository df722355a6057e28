"""The situation that the rules of reconciliation look at."""

from host.reconcile.situation import Situation
from host.service.derivation import Derivation
from host.settings import Settings
from host.store.database import Database
from host.store.situation import SituationRepository


class Situations:
    """Makes the situation at an instant."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._situations = SituationRepository(db)
        self._derivation_service = Derivation(db)

    def situation(self, now_ms: int, settings: Settings | None = None) -> Situation:
        """What the rules look at, as far as any could speak of it. Raises `NotAllowed`."""
        self._db.demand("stock.read")
        return self._seen(now_ms, settings)

    def situation_to_note(self, now_ms: int) -> Situation:
        """The same for the program itself, which notes what is found and shows it to nobody. Raises `NotAllowed`."""
        self._db.demand("discrepancy.note")
        return self._seen(now_ms, None)

    def _seen(self, now_ms: int, settings: Settings | None) -> Situation:
        self._derivation_service.freshen()
        with self._db.reading():
            settings = settings or self._db.settings
            loose, reported = self._situations.loose_reports(), self._situations.short_reports()
            found = self._situations.openings_asking(loose)
            return Situation(
                now_ms=now_ms,
                time_zone=self._db.station.time_zone,
                settings=settings,
                has_tags=self._situations.has_tags(),
                carried=self._situations.worth_carried(now_ms),
                openings=found,
                reports=loose,
                tags=self._situations.worth_tags(now_ms, settings),
                flaws=self._situations.flaws(now_ms, settings),
                empty=self._situations.empty_pouches(),
                untagged=self._situations.untagged_pouches(),
                accounts=self._situations.accounts(found, reported),
                reported=reported,
                unread=self._situations.unread_logs(),
                docked_by=self._situations.docked_by(),
                impossible=self._situations.impossible_ledgers(),
                counts=self._situations.counts(),
                resupplies=self._situations.resupplies(),
                exposed=self._situations.exposed(),
            )
