"""Openings of pouches, with who had the pouch and what people said about them; and which of them an account may see."""

from host import clock
from host.access.roles import Account
from host.service.derivation import Derivation
from host.store.database import Database
from host.store.openings import OpeningRepository, Sight
from host.usage.openings import Opening

SHIFT_MS = 12 * 3_600_000
"""How long after a docking an account that officers share is shown the openings of the pouch."""


class Openings:
    """People ask for openings, and each account sees those that it may."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._openings = OpeningRepository(db)
        self._derivation_service = Derivation(db)

    def openings(self, tag: str | None = None, unsettled: bool = False, since_ms: int | None = None) -> list[Opening]:
        """Openings of one tag or of all, oldest first; with `unsettled` only those that lack a cause or a report.

        With `since_ms` only those that most likely began at or after it. An officer's own account is given those of
        pouches that the officer may have carried then; a shared one those of pouches that docked within `SHIFT_MS`.
        """
        self._derivation_service.freshen()
        return self._openings.openings(tag, unsettled, since_ms, own_openings(self._db.account))


def own_openings(account: Account, action: str | None = None) -> Sight | None:
    """Which openings an account may see; with an `action`, about which it may do that. None: all of them."""
    if not (account.only_officer if action is None else account.bound(action)):
        return None
    return Sight(account.officer, clock.now_ms() - SHIFT_MS)
