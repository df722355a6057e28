"""What follows from a tag's log is derived anew when a docking ends, and before anybody reads what was left stale."""

from typing import TYPE_CHECKING

from host.tag.events import Tag

if TYPE_CHECKING:
    pass
from host.store.database import Database
from host.store.doses import DoseRepository
from host.store.reports import ReportRepository
from host.store.rollups import OF_TAG, RollupRepository

_TAG = ", ".join(Tag._fields)


class DerivationRepository:
    """Derives what follows from logs."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._doses = DoseRepository(db)
        self._reports = ReportRepository(db)
        self._rollups = RollupRepository(db)

    def freshen(self) -> None:
        """As `freshen`, within a transaction."""
        if self._db.begun().stale:
            for row in self._db.rows("SELECT tag FROM stale_tag"):
                self.derive_tag(row[0])

    def derive_tag(self, tag_id: str) -> None:
        row = self._db.row(f"SELECT {_TAG} FROM tag WHERE id = ?", (tag_id,))
        assert row is not None
        self.derive(Tag(*row))

    def derive(self, tag: Tag) -> None:
        """Makes the roll-ups of one tag again, and those of the kits in its pouch, within a transaction."""
        self._rollups.derive_log(tag)
        self._db.connection.execute("DELETE FROM opening_asks WHERE tag = ?", (tag.id,))
        self._doses.roll_up_questions(OF_TAG, (tag.id,))
        self._doses.roll_up_doses(self._doses.kits_in_pouch(tag.pouch))
        self._reports.match_reports(tag.id)
