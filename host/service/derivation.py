"""What follows from a tag's log is derived anew when a docking ends, and before anybody reads what was left stale."""

from host.store.database import Database
from host.store.derivation import DerivationRepository
from host.store.rollups import RollupRepository


class Derivation:
    """Derives what follows from logs."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._derivation = DerivationRepository(db)
        self._rollups = RollupRepository(db)

    def freshen(self) -> None:
        """Derives what a docking that was broken off has left stale."""
        if self._rollups.is_stale():
            with self._db.writing():
                self._derivation.freshen()
