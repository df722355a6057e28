"""The situation that the rules of reconciliation look at, from roll-ups and by indexes.

What is read grows with what is wrong, not with what happened.
"""

from host.reconcile.situation import (
    ReportedDoses,
    Situation,
)
from host.service.derivation import Derivation
from host.settings import Settings
from host.store.database import Database
from host.store.doses import DoseRepository
from host.store.situation import STANDS, SituationRepository


class Situations:
    """The part of the store that makes situations."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._doses = DoseRepository(db)
        self._situations = SituationRepository(db)
        self._derivation_service = Derivation(db)

    def situation(self, now_ms: int, settings: Settings | None = None) -> Situation:
        """What the rules look at, as far as any could speak of it. Raises `NotAllowed`."""
        self._db.demand("stock.read")
        self._derivation_service.freshen()
        with self._db.reading():
            settings = settings or self._db.settings
            loose, reported = self._situations.loose_reports(), self._short_reports()
            found = self._situations.openings_asking(loose)
            has_tags = self._db.row("SELECT 1 FROM tag_state WHERE retired_at_ms IS NULL LIMIT 1") is not None
            return Situation(
                now_ms=now_ms,
                time_zone=self._db.station.time_zone,
                settings=settings,
                has_tags=has_tags,
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
                impossible=self._situations.kit_ledgers("kit_state k WHERE k.impossible IS NOT NULL"),
                counts=self._situations.counts(),
                resupplies=self._situations.resupplies(),
                exposed=self._situations.exposed(),
            )

    def _short_reports(self) -> list[ReportedDoses]:
        """The usage reports of which fewer doses were taken from kits than they tell of."""
        told = self._doses.reports(
            "WHERE r.stands = 'filed' AND r.doses > coalesce((SELECT sum(m.doses) FROM movement m "
            f"WHERE m.report = r.id AND m.kind = 'use' AND {STANDS}), 0) ORDER BY r.id"
        )
        taken = self._situations.taken_for_reports([each.id for each in told])
        return [ReportedDoses(each, taken.get(each.id, ())) for each in told]
