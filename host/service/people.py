"""Officers and places are entered and changed, and asked for with what they have."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

from host import clock
from host.errors import RuleError
from host.ledger import Officer, Place
from host.ledger.issue import STATION
from host.phrase import NextStep, Phrase
from host.stock import people
from host.stock.people import Carrying, StockedPlace
from host.store.database import Database
from host.store.people import PeopleRepository

if TYPE_CHECKING:
    from host.receiving.officers import Plan
    from host.receiving.printed import DateStyle


class People:
    """People enter and change officers and places, and ask who and where they are and what they have."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._people = PeopleRepository(db)

    def add_officer(
        self,
        officer: str,
        trained_on: date | None,
        at_ms: int,
        unit: str | None = None,
        station: str | None = None,
        role: str | None = None,
    ) -> None:
        """Adds an officer. Raises `RuleError` if the number is known already, `InputError` if `station` is none."""
        with self._db.changing("officer.add", officer) as detail:
            new = Officer(officer, trained_on, at_ms, unit, station, role)
            self._add(new)
            detail |= _added(new)

    def set_training(self, officer: str, trained_on: date, correct: bool = False) -> Officer:
        """Notes the day of an officer's last training, and returns the officer.

        Raises `InputError` if the officer is unknown or the day is to come, `RuleError` if a later training is known,
        unless that was wrong (`correct`).
        """
        return self.change_officer(officer, correct, trained_on=trained_on)

    def change_officer(self, officer: str, correct: bool = False, **changes: date | str | None) -> Officer:
        """Changes an officer's `trained_on`, `unit`, `station`, `role` or `left_on`, and returns the officer.

        Raises `InputError` if the officer or the station is unknown; for a training as `set_training`.
        """
        with self._db.changing("officer.change", officer) as detail:
            known = self._people.officer(officer)
            if isinstance(trained_on := changes.get("trained_on"), date):
                people.check_trained(
                    known, trained_on, clock.today(clock.now_ms(), self._db.station.time_zone), correct
                )
            return self._change(known, changes, detail)

    def import_officers(self, data: bytes, at_ms: int, style: DateStyle | None = None, dry_run: bool = False) -> Plan:
        """Adds and changes the officers of a CSV file, all or none, and returns what that was.

        With `dry_run` nothing is written. Raises `LinesRefused` with each bad line, `InputError` for the whole file.
        """
        from host.receiving import officers  # reads GS1 as well, which takes its time to load

        with self._db.writing():
            self._db.demand("officer.add")
            self._db.demand("officer.change")
            known = {each.id: each for each in self._people.officers()}
            stations = {each.id for each in self._people.places() if each.kind == STATION}
            today = clock.today(at_ms, self._db.station.time_zone)
            found = officers.plan(data, known, stations, today, at_ms, style)
            for new in [] if dry_run else found.added:
                self._add(new)
                self._db.note("officer.add", new.id, {**_added(new), "imported": True})
            for number, changes in {} if dry_run else found.changed.items():
                detail: dict[str, object] = {"imported": True}
                self._change(known[number], changes, detail)
                self._db.note("officer.change", number, detail)
        return found

    def _add(self, new: Officer) -> None:
        """Raises as `add_officer`."""
        if self._people.has_officer(new.id):
            raise RuleError("officer.known", officer=new.id, see=NextStep("officer.list"))
        if new.station is not None:
            self._people.station_place(new.station)
        self._people.add_officer(new)

    def _change(self, known: Officer, changes: Mapping[str, date | str | None], detail: dict[str, object]) -> Officer:
        """The officer as changed; each value that differs from before goes into `detail`, for the audit."""
        if isinstance(station := changes.get("station"), str):
            self._people.station_place(station)
        new = known._replace(**changes)  # type: ignore[arg-type]
        self._people.write_officer(new)
        for key, value in changes.items():
            before = getattr(known, key)
            if before != value:
                detail[key] = f"{before or 'none'} -> {value or 'none'}"
        return new

    def officers(self) -> list[Officer]:
        """All officers by number. Raises `NotAllowed`."""
        self._db.demand("stock.read")
        return self._people.officers()

    def carrying(self, officer: str | None = None) -> list[Carrying]:
        """All officers by number, or one, with the kits that are out to each. Raises `NotAllowed`."""
        self._db.demand("stock.read", officer)
        with self._db.reading():
            kits = self._people.pouches_of_kits(officer)
            known = self._people.officers() if officer is None else [self._people.officer(officer)]
        return [Carrying(each, kits.get(each.id, {})) for each in known]

    def officer(self, officer: str) -> Officer:
        """One officer; an officer's own account sees no other. Raises `InputError` if unknown, `NotAllowed`."""
        account = self._db.account
        if account.only_officer and account.officer not in (None, officer):
            self._db.refuse("stock.read", officer, Phrase("access.of_another_officer"))
        return self._people.officer(officer)

    def add_place(self, place: str, kind: str, unit: str | None, at_ms: int) -> None:
        """Adds a station, vehicle, custody suite or cabinet. Raises `RuleError` if it is known already."""
        with self._db.changing("place.add", place) as detail:
            if self._people.has_place(place):
                raise RuleError("place.known", place=place, see=NextStep("place.list"))
            self._people.add_place(Place(place, kind, unit), at_ms)
            detail |= {"kind": kind, "unit": unit}

    def places(self) -> list[Place]:
        """All places: stations first, by name."""
        return self._people.places()

    def stocked_places(self) -> list[StockedPlace]:
        """All places, stations first, with how many kits are there. Raises `NotAllowed`."""
        self._db.demand("stock.read")
        return self._people.stocked_places()

    def place(self, place: str) -> Place:
        """One place. Raises `InputError` if unknown."""
        return self._people.place(place)


def _added(new: Officer) -> dict[str, object]:
    """What the audit tells of a new officer."""
    told: dict[str, object] = {
        "trained_on": new.trained_on.isoformat() if new.trained_on else None,
        "unit": new.unit,
        "station": new.station,
        "role": new.role,
    }
    return told if new.left_on is None else {**told, "left_on": new.left_on.isoformat()}
