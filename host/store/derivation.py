"""What follows from a tag's log is derived anew when a docking ends, and before anybody reads what was left stale."""

from host.store.database import Database
from host.store.doses import DoseRepository
from host.store.reports import ReportRepository
from host.store.rollups import OF_TAG, RollupRepository
from host.tag.events import Tag


class DerivationRepository:
    """Derives what follows from logs, over all the rows that keep it: roll-ups, questions, accounts of doses, reports.

    It holds none of its own.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._doses = DoseRepository(db)
        self._reports = ReportRepository(db)
        self._rollups = RollupRepository(db)

    def freshen(self) -> None:
        """Derives what a docking that was broken off has left stale, within a transaction."""
        if self._db.begun().stale:
            for tag_id in self._rollups.stale_tags():
                self.derive_tag(tag_id)

    def derive_tag(self, tag_id: str) -> None:
        """As `derive`, of the tag with that id, which there is."""
        self.derive(self._rollups.tag_by_id(tag_id))

    def derive(self, tag: Tag) -> None:
        """Makes the roll-ups of one tag again, and those of the kits in its pouch, within a transaction."""
        self._rollups.derive_log(tag)
        self._doses.drop_questions(tag.id)
        self._doses.roll_up_questions(OF_TAG, (tag.id,))
        self._doses.roll_up_doses(self._doses.kits_in_pouch(tag.pouch))
        self._reports.match_reports(tag.id)
