"""A station as tests drive it: every use case by its name, whichever service it is of."""

from datetime import date
from importlib import import_module
from inspect import getmembers, isclass
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, Self

from host import service
from host.ledger import Movement
from host.ledger.movement import RETURN
from host.reconcile.lifecycle import Entry, Standing, standings
from host.service.moving import Moved
from host.service.station import create_database, open_database
from host.stock.expiry import Note
from host.store.database import Database
from host.store.doses import DoseRepository
from host.usage.doses import DoseAccount, account


def _services() -> dict[str, type]:
    """The service of each use case. A name stands for one thing in all of them."""
    found: dict[str, type] = {}
    for module in iter_modules(service.__path__, "host.service."):
        for _, each in getmembers(import_module(module.name), isclass):
            if each.__module__ == module.name and hasattr(service, each.__name__):  # named at the door
                for name in vars(each):
                    if not name.startswith("_") and callable(vars(each)[name]) and not issubclass(each, tuple):
                        assert name not in found, f"{name} is of {found[name]} and of {each}"
                        found[name] = each
    return found


USE_CASES = _services()


class _Unbound(type(Database)):  # type: ignore[misc]
    def __getattr__(cls, name: str) -> Any:
        if name not in USE_CASES:
            raise AttributeError(name)
        return lambda store, *args, **kwargs: getattr(store, name)(*args, **kwargs)


class Store(Database, metaclass=_Unbound):
    """An open database that can do all that the services can."""

    @classmethod
    def open(cls, path: Path | str, busy_timeout_s: float | None = None, login: str | None = None) -> Self:
        return cls._of(open_database(path, busy_timeout_s, login))

    @classmethod
    def create(cls, *args: Any, **kwargs: Any) -> Self:
        return cls._of(create_database(*args, **kwargs))

    @classmethod
    def _of(cls, opened: Database) -> Self:
        store = cls.__new__(cls)
        store.__dict__.update(opened.__dict__)
        return store

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in USE_CASES:
            raise AttributeError(name)
        made = self.__dict__.setdefault("services", {})
        of = USE_CASES[name]
        if of not in made:
            made[of] = of(self)
        return getattr(made[of], name)

    # What only tests ask, mostly of what is rolled up and the history beside it.

    def return_kit(self, kit: str, at_ms: int, doses: int | None = None, station: str | None = None) -> Moved:
        """Takes a kit back into stock; `doses` is how many were counted in it."""
        moved: Moved = self.move(Movement(0, at_ms, RETURN, kit, place=station, doses=doses))
        return moved

    def account_of(self, kit: str) -> DoseAccount:
        """What the sources say of the doses of one kit."""
        self.freshen()
        return account(DoseRepository(self).kit_facts(kit))

    def expiry_notes(self) -> dict[str, Note]:
        """The last note on each kit that has any."""
        rows = self.rows("SELECT kit, until, reason, login, at_ms FROM expiry_note ORDER BY id")
        return {kit: Note(date.fromisoformat(until), *rest) for kit, until, *rest in rows}

    def recomputed_standings(self) -> tuple[list[Standing], list[Standing]]:
        """Where every discrepancy stands, by the roll-up, and by all entries: the two are the same."""
        entries = self.rows(f"SELECT {', '.join(Entry._fields)} FROM discrepancy_entry ORDER BY id")
        rolled_up = self.rows(f"SELECT {', '.join(Standing._fields)} FROM discrepancy")
        by_entries = standings(Entry(*row) for row in entries).values()
        return sorted(Standing(*row) for row in rolled_up), sorted(by_entries)
