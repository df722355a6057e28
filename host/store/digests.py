"""Whether anything has changed since a digest was made."""

from host.access import journal
from host.store.database import Database

CHANGES_NOTHING = (
    "database.backup",
    "digest.acknowledge",
    "discrepancy.acknowledge",
    "discrepancy.note",
    "discrepancy.reopen",
    "discrepancy.resolve",
    "expiry.acknowledge",
    "report.read",
)
"""What is in the audit, and makes no record disagree with another."""


class DigestRepository:
    """The part of the store that tells a digest from what came after it."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def changed_since(self, at_ms: int) -> bool:
        """Whether anything was done from that instant on that a record may disagree about."""
        others = ", ".join("?" * len(CHANGES_NOTHING))
        # Backwards from the newest entry, of which few are younger than a digest; the audit may be long.
        row = self._db.row(
            "SELECT 1 FROM journal WHERE number > "
            "coalesce((SELECT number FROM journal WHERE at_ms < ? ORDER BY number DESC LIMIT 1), 0) "
            f"AND outcome = ? AND action NOT IN ({others}) LIMIT 1",
            (at_ms, journal.DONE, *CHANGES_NOTHING),
        )
        return row is not None
