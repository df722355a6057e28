"""Officers and places in the database."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from host import clock
from host.errors import InputError, RuleError
from host.ledger import Officer, Place
from host.ledger.issue import STATION
from host.ledger.movement import IN_STOCK, ISSUED
from host.phrase import NextStep, Phrase
from host.stock import people
from host.stock.people import Carrying, StockedPlace
from host.store.database import Database

if TYPE_CHECKING:
    from host.receiving.officers import Plan
    from host.receiving.printed import DateStyle

_OFFICER = "id, trained_on, added_at_ms, unit, station, role, left_on"


class People(Database):
    """The part of the store that knows officers and places."""

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
        with self._changing("officer.add", officer) as detail:
            new = Officer(officer, trained_on, at_ms, unit, station, role)
            self._add_officer(new)
            detail |= _added(new)

    def _add_officer(self, new: Officer) -> None:
        if self._row("SELECT 1 FROM officer WHERE id = ?", (new.id,)):
            raise RuleError("officer.known", officer=new.id, see=NextStep("officer.list"))
        if new.station is not None:
            self._station_place(new.station)
        self._connection.execute(
            f"INSERT INTO officer ({_OFFICER}) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (new.id, _iso(new.trained_on), new.added_at_ms, new.unit, new.station, new.role, _iso(new.left_on)),
        )

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
        with self._changing("officer.change", officer) as detail:
            known = self._officer(officer)
            if isinstance(trained_on := changes.get("trained_on"), date):
                people.check_trained(known, trained_on, clock.today(clock.now_ms(), self.station.time_zone), correct)
            return self._change_officer(known, changes, detail)

    def _change_officer(
        self, known: Officer, changes: Mapping[str, date | str | None], detail: dict[str, object]
    ) -> Officer:
        if isinstance(station := changes.get("station"), str):
            self._station_place(station)
        new = known._replace(**changes)  # type: ignore[arg-type]
        self._connection.execute(
            "UPDATE officer SET trained_on = ?, unit = ?, station = ?, role = ?, left_on = ? WHERE id = ?",
            (_iso(new.trained_on), new.unit, new.station, new.role, _iso(new.left_on), known.id),
        )
        for key, value in changes.items():
            before = getattr(known, key)
            if before != value:
                detail[key] = f"{before or 'none'} -> {value or 'none'}"
        return new

    def import_officers(self, data: bytes, at_ms: int, style: DateStyle | None = None, dry_run: bool = False) -> Plan:
        """Adds and changes the officers of a CSV file, all or none, and returns what that was.

        With `dry_run` nothing is written. Raises `LinesRefused` with each bad line, `InputError` for the whole file.
        """
        from host.receiving import officers  # reads GS1 as well, which takes its time to load

        with self._writing():
            self._demand("officer.add")
            self._demand("officer.change")
            known = {each.id: each for each in self._officers()}
            stations = {each.id for each in self.places() if each.kind == STATION}
            today = clock.today(at_ms, self.station.time_zone)
            found = officers.plan(data, known, stations, today, at_ms, style)
            for new in [] if dry_run else found.added:
                self._add_officer(new)
                self._note("officer.add", new.id, {**_added(new), "imported": True})
            for number, changes in {} if dry_run else found.changed.items():
                detail: dict[str, object] = {"imported": True}
                self._change_officer(known[number], changes, detail)
                self._note("officer.change", number, detail)
        return found

    def officers(self) -> list[Officer]:
        """All officers by number. Raises `NotAllowed`."""
        self._demand("stock.read")
        return self._officers()

    def _officers(self) -> list[Officer]:
        return [_officer(row) for row in self._rows(f"SELECT {_OFFICER} FROM officer ORDER BY id")]

    def carrying(self, officer: str | None = None) -> list[Carrying]:
        """All officers by number, or one, with the kits that are out to each. Raises `NotAllowed`."""
        self._demand("stock.read", officer)
        with self._reading():
            whose, parameters = ("= ?", (officer,)) if officer is not None else ("IS NOT NULL", ())
            kits: dict[str, dict[str, str | None]] = {}
            for number, kit, pouch in self._rows(
                f"SELECT officer, kit, pouch FROM kit_state WHERE officer {whose} AND status = ? ORDER BY kit",
                (*parameters, ISSUED),
            ):
                kits.setdefault(number, {})[kit] = pouch
            known = self._officers() if officer is None else [self._officer(officer)]
        return [Carrying(each, kits.get(each.id, {})) for each in known]

    def officer(self, officer: str) -> Officer:
        """One officer; an officer's own account is told of no other. Raises `InputError` if unknown, `NotAllowed`."""
        account = self.account
        if account.only_officer and account.officer not in (None, officer):
            self._refuse("stock.read", officer, Phrase("access.of_another_officer"))
        return self._officer(officer)

    def _officer(self, officer: str) -> Officer:
        row = self._row(f"SELECT {_OFFICER} FROM officer WHERE id = ?", (officer,))
        if row is None:
            raise InputError("officer.unknown", officer=officer, add=NextStep("officer.enter", officer=officer))
        return _officer(row)

    def _with_kits(self, officer: str) -> tuple[Officer, list[str]]:
        """As `officer`, with the kits that are out to that officer, in order."""
        account = self.account
        if account.only_officer and account.officer not in (None, officer):
            self._refuse("stock.read", officer, Phrase("access.of_another_officer"))
        columns = ", ".join(f"o.{column}" for column in Officer._fields)
        rows = self._rows(
            f"SELECT {columns}, k.kit FROM officer o LEFT JOIN kit_state k ON k.officer = o.id AND k.status = 'issued' "
            "WHERE o.id = ? ORDER BY k.kit",
            (officer,),
        )
        if not rows:
            self._officer(officer)
        return _officer(rows[0][:-1]), [row[-1] for row in rows if row[-1] is not None]

    def add_place(self, place: str, kind: str, unit: str | None, at_ms: int) -> None:
        """Adds a station, vehicle, custody suite or cabinet. Raises `RuleError` if it is known already."""
        with self._changing("place.add", place) as detail:
            if self._row("SELECT 1 FROM place WHERE id = ?", (place,)):
                raise RuleError("place.known", place=place, see=NextStep("place.list"))
            self._connection.execute(
                "INSERT INTO place (id, kind, unit, added_at_ms) VALUES (?, ?, ?, ?)", (place, kind, unit, at_ms)
            )
            detail |= {"kind": kind, "unit": unit}

    def places(self) -> list[Place]:
        """All places: stations first, by name."""
        rows = self._rows("SELECT id, kind, unit FROM place ORDER BY kind <> 'station', kind, id")
        return [Place(*row) for row in rows]

    def stocked_places(self) -> list[StockedPlace]:
        """All places, stations first, with how many kits are there. Raises `NotAllowed`."""
        self._demand("stock.read")
        rows = self._rows(
            "SELECT id, kind, unit, coalesce(kits, 0) FROM place LEFT JOIN "
            "(SELECT place, count(*) kits FROM kit_state WHERE status IN (?, ?) GROUP BY place) ON place = id "
            "ORDER BY kind <> 'station', kind, id",
            (IN_STOCK, ISSUED),
        )
        return [StockedPlace(*row) for row in rows]

    def place(self, place: str) -> Place:
        """One place. Raises `InputError` if unknown."""
        row = self._row("SELECT id, kind, unit FROM place WHERE id = ?", (place,))
        if row is None:
            see, add = NextStep("place.list"), NextStep("place.enter", place=place)
            raise InputError("place.unknown", place=place, see=see, add=add)
        return Place(*row)

    def _station_place(self, place: str | None) -> str:
        """The id of a station that holds stock; this database's own if None. Raises `InputError` if it is none."""
        if place is None:
            return self.station.name
        found = self.place(place)
        if found.kind != STATION:
            raise InputError("place.no_station", place=place, kind=found.kind)
        return found.id


def _officer(row: tuple[Any, ...]) -> Officer:
    id, trained_on, added_at_ms, unit, station, role, left_on = row
    return Officer(id, _date(trained_on), added_at_ms, unit, station, role, _date(left_on))


def _added(new: Officer) -> dict[str, object]:
    """What the audit tells of a new officer."""
    told: dict[str, object] = {
        "trained_on": _iso(new.trained_on),
        "unit": new.unit,
        "station": new.station,
        "role": new.role,
    }
    return told if new.left_on is None else {**told, "left_on": _iso(new.left_on)}


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
