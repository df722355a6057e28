"""People ask who holds how much, and for a month in numbers."""

from datetime import date

from host.ledger import Balance
from host.service.derivation import Derivation
from host.stock.summary import EXPIRED, Flow, Month, MonthInNumbers, added, balances, flows, month, turnover
from host.store.database import Database
from host.store.summaries import HeldBy, Shelf, SummaryRepository


class Summaries:
    """People ask what is held, and what a month did."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._summaries = SummaryRepository(db)
        self._derivation_service = Derivation(db)

    def held(self) -> list[HeldBy]:
        """Every kit that is out, by holder, the first to expire first; an officer's own for an officer's account."""
        account = self._db.account
        own = account.officer if account.only_officer else None
        if own is None:
            self._db.demand("stock.read")
        return self._summaries.held(own)

    def shelves_of_stations(self, today: date) -> list[Shelf]:
        """What every station has in stock and out. Raises `NotAllowed`."""
        self._db.demand("stock.read")
        return self._summaries.shelves_of_stations(today)

    def month(self, text: str | None, now_ms: int) -> MonthInNumbers:
        """The month written YYYY-MM in numbers; None is the one before this.

        Raises `InputError` for none, or one to come, `NotAllowed`.
        """
        self._db.demand("stock.read")
        of = month(text, now_ms, self._db.station.time_zone)
        found, start, end = self.month_of_stock(of)
        return MonthInNumbers(of, found, start, end, self.openings_by_cause(of), turnover(self.discrepancy_log(), of))

    def month_of_stock(self, of: Month) -> tuple[list[Flow], Balance, Balance]:
        """What moved in a month, and the balances at its start and end. Raises `NotAllowed`.

        Only the kits that moved since it began are replayed; the others are as their roll-ups say.
        """
        self._db.demand("stock.read")
        with self._db.reading():
            doses, expires_on = self._summaries.touched(of)
            movements = self._summaries.movements_of_touched(of)
            untouched, expired = self._summaries.untouched(of), self._summaries.untouched_expired(of)
        start, end = balances(movements, doses, of)
        found = flows(movements, doses, expires_on, of, self._db.station.time_zone)
        found = [
            each._replace(kits=each.kits + expired[0], doses=each.doses + expired[1]) if each.what == EXPIRED else each
            for each in found
        ]
        return found, added(untouched, start), added(untouched, end)

    def openings_by_cause(self, of: Month) -> dict[str | None, int]:
        """How many openings most likely began in a month, by cause; None: unexplained. Raises `NotAllowed`."""
        self._db.demand("stock.read")
        self._derivation_service.freshen()
        return self._summaries.openings_by_cause(of.begins_ms, of.ends_ms)

    def discrepancy_log(self) -> list[tuple[str, str, str, int]]:
        """What was ever noted of discrepancies: kind, subject, action and time, oldest first. Raises `NotAllowed`."""
        self._db.demand("stock.read")
        return self._summaries.discrepancy_log()
