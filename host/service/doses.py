"""People ask what became of each kit's doses: which kits need counting, and where sources differ."""

from host.service.derivation import Derivation
from host.store.database import Database
from host.store.doses import DoseRepository
from host.usage.doses import Due


class Doses:
    """People ask what became of the doses of kits."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._doses = DoseRepository(db)
        self._derivation_service = Derivation(db)

    def to_count(self) -> dict[str, Due]:
        """The kits that need counting, and why. Raises `NotAllowed`."""
        self._db.demand("stock.read")
        self._derivation_service.freshen()
        return self._doses.dues()

    def waiting_at(self, station: str) -> int:
        """How many kits in the stock of a station need counting. Raises `NotAllowed`."""
        self._db.demand("stock.read")
        return self._doses.waiting_at(station)
