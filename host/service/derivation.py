"""What follows from a tag's log is derived anew when a docking ends, and before anybody reads what was left stale."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    pass
from host.store.database import Database
from host.store.derivation import DerivationRepository


class Derivation:
    """Derives what follows from logs."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._derivation = DerivationRepository(db)

    def freshen(self) -> None:
        """Derives what a docking that was broken off has left stale."""
        if self._db.row("SELECT 1 FROM stale_tag LIMIT 1"):
            with self._db.writing():
                self._derivation.freshen()
