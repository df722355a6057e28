"""Names that somebody types to be shown less: one that nobody knows here is refused, with what is nearly it."""

from __future__ import annotations

from host.access.roles import ACTIONS
from host.errors import InputError
from host.store.database import Database
from host.store.names import NameRepository
from host.store.people import PeopleRepository


class Names:
    """Judges the names that a list is narrowed by, so that a slip is not an empty list."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._names = NameRepository(db)
        self._people = PeopleRepository(db)

    def check_names(
        self,
        *,
        officer: str | None = None,
        place: str | None = None,
        station: str | None = None,
        unit: str | None = None,
        product: str | None = None,
        lot: str | None = None,
    ) -> None:
        """Raises `InputError` for a name that is unknown.

        An account that is not shown the stock is shown no names either: to it, nothing matches.
        """
        if not self._db.account.may("stock.read"):
            return
        if officer is not None:
            self._people.officer(officer)
        if place is not None:
            self._people.place(place)
        if station is not None:
            self._people.station_place(station)
        if unit is not None and unit not in (units := self._names.units()):
            raise InputError("name.no_such_unit", name=unit).like(unit, units)
        if product is not None and product not in (products := self._names.products()):
            raise InputError("name.no_such_product", name=product).like(product, products)
        if lot is not None and lot not in (lots := self._names.lots()):
            raise InputError("name.no_such_lot", name=lot).like(lot, lots)

    def check_audited(self, login: str | None, action: str | None) -> None:
        """Raises `InputError` for a login that is unknown, and for an action that the audit can tell nothing of."""
        self._db.demand("audit.read")
        if login is not None and login not in (logins := self._names.logins()):
            raise InputError("name.no_such_login", name=login).like(login, logins)
        actions = {*ACTIONS, *self._names.actions()}
        groups = {each.partition(".")[0] for each in actions}
        if action is not None and action not in actions | groups:
            raise InputError("name.no_such_action", name=action).like(action, sorted(actions | groups))
