"""What follows from a tag's log is derived anew when a docking ends, and before anybody reads what was left stale."""

from host.store.database import Database


class Derivation:
    """What reads what follows from logs asks for it to be fresh."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def freshen(self) -> None:
        """Derives what a docking that was broken off has left stale."""
        if self._db.begun().stale:
            from host.store.derivation import DerivationRepository  # seldom needed, and it needs much

            with self._db.writing():
                DerivationRepository(self._db).freshen()
