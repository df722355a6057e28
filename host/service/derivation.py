"""What a docking that was broken off has left stale is derived before anybody reads it."""

from host.store.database import Database


class Derivation:
    """What reads what follows from logs asks for it to be fresh."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def freshen(self) -> None:
        """Derives what is stale, in a transaction of its own."""
        if self._db.begun().stale:
            from host.service.following import Following  # seldom needed, and it needs much

            with self._db.writing():
                Following(self._db).freshen()
