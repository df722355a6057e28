"""Kits as a whole: where each is now or was then, what became of one, which goes out next."""

from collections.abc import Mapping
from datetime import timedelta

from host import clock, ledger
from host.ledger import Balance, Lot, Step
from host.ledger.movement import NOWHERE, VOID
from host.service.derivation import Derivation
from host.store.database import Database
from host.store.kits import KitNow, KitOpening, KitRepository
from host.store.people import PeopleRepository
from host.store.stock import NextKit, StockRepository


class Kits:
    """Answers for kits as a whole."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._kits = KitRepository(db)
        self._people = PeopleRepository(db)
        self._stock = StockRepository(db)
        self._derivation_service = Derivation(db)

    def kit_states(self, at_ms: int | None = None, officer: str | None = None) -> list[KitNow]:
        """Every kit that had been received by then (None: now), or the officer's, first to expire first.

        For a past instant, the states are those in the ledger at that time. An officer's account gets only that
        officer's kits. Raises `NotAllowed`.
        """
        account = self._db.account
        if not account.only_officer or account.officer is None:
            self._db.demand("stock.read")
        elif officer not in (None, account.officer):
            return []
        else:
            officer = account.officer
        with self._db.reading():
            lots = {(each.product, each.lot): each for each in self._stock.lots()}
            found = self._kits.now(lots, officer) if at_ms is None else self._then(lots, officer, at_ms)
        return sorted(found, key=lambda each: (each.lot.expires_on, each.kit.id))

    def balance(self, at_ms: int | None = None) -> tuple[list[KitNow], Balance]:
        """As `kit_states`, but for receipts that were corrected, and how kits and doses add up. Raises `NotAllowed`."""
        there = [each for each in self.kit_states(at_ms) if each.state.status != VOID]
        doses = {each.kit.id: each.lot.doses_per_kit for each in there}
        return there, ledger.tally({each.kit.id: each.state for each in there}, doses)

    def _then(self, lots: Mapping[tuple[str, str], Lot], officer: str | None, at_ms: int) -> list[KitNow]:
        """Every kit that had been received by an instant, or the officer's, as the ledger stood then."""
        kits = self._stock.kits()
        lot_of = {each.id: lots[each.product, each.lot] for each in kits}
        doses = {kit: lot.doses_per_kit for kit, lot in lot_of.items()}
        states = ledger.states(self._stock.movements(), doses, at_ms)
        found = [KitNow(each, lot_of[each.id], states[each.id]) for each in kits if each.id in states]
        return [each for each in found if officer is None or each.state.officer == officer]

    def history(self, kit: str) -> tuple[KitNow, list[Step], list[KitOpening]]:
        """A kit, its movements with the state after each, and the openings of its pouch while it was issued.

        Raises `InputError` if the kit is unknown, `NotAllowed`.
        """
        self._db.demand("stock.read", kit)
        self._derivation_service.freshen()
        with self._db.reading():
            found, lot = self._stock.kit(kit), self._stock.lot_of(kit)
            steps = ledger.replay(self._stock.movements(kit), lot.doses_per_kit)
            evidence = self._kits.openings(kit)
        return KitNow(found, lot, steps[-1].state if steps else NOWHERE), steps, evidence

    def next_kits(self, station: str | None, product: str | None, most: int, at_ms: int) -> list[NextKit]:
        """The kits at a station (None: this one) to issue next at an instant, in that order.

        Those come first that stay good while they are carried.

        Raises `NotAllowed`.
        """
        self._db.demand("stock.read")
        day = clock.today(at_ms, self._db.station.time_zone)
        last = day + timedelta(self._db.settings.carry_days)
        return self._stock.to_issue(self._people.station_place(station), day, last, product, most)
