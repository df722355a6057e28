"""Officers and places in the database."""

from datetime import date
from typing import Any

from host.errors import InputError, RuleError
from host.ledger import Officer, Place
from host.store.database import Database

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
            self._add_officer(Officer(officer, trained_on, at_ms, unit, station, role))
            detail |= {"trained_on": _iso(trained_on), "unit": unit, "station": station, "role": role}

    def _add_officer(self, new: Officer) -> None:
        if self._row("SELECT 1 FROM officer WHERE id = ?", (new.id,)):
            raise RuleError(f"officer {new.id} is known already: see `kitdock officer list`")
        if new.station is not None:
            self._station_place(new.station)
        self._connection.execute(
            f"INSERT INTO officer ({_OFFICER}) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (new.id, _iso(new.trained_on), new.added_at_ms, new.unit, new.station, new.role, _iso(new.left_on)),
        )

    def set_training(self, officer: str, trained_on: date) -> None:
        """Notes the day of an officer's last training. Raises `InputError` if the officer is unknown."""
        self.change_officer(officer, trained_on=trained_on)

    def change_officer(self, officer: str, **changes: date | str | None) -> Officer:
        """Changes an officer's `trained_on`, `unit`, `station`, `role` or `left_on`, and returns the officer.

        Raises `InputError` if the officer or the station is unknown.
        """
        with self._changing("officer.change", officer) as detail:
            known = self.officer(officer)
            if isinstance(station := changes.get("station"), str):
                self._station_place(station)
            new = known._replace(**changes)  # type: ignore[arg-type]
            self._connection.execute(
                "UPDATE officer SET trained_on = ?, unit = ?, station = ?, role = ?, left_on = ? WHERE id = ?",
                (_iso(new.trained_on), new.unit, new.station, new.role, _iso(new.left_on), officer),
            )
            for key, value in changes.items():
                before = getattr(known, key)
                if before != value:
                    detail[key] = [str(before) if before else None, str(value) if value else None]
        return new

    def officers(self) -> list[Officer]:
        """All officers by number."""
        return [_officer(row) for row in self._rows(f"SELECT {_OFFICER} FROM officer ORDER BY id")]

    def officer(self, officer: str) -> Officer:
        """One officer. Raises `InputError` if unknown."""
        row = self._row(f"SELECT {_OFFICER} FROM officer WHERE id = ?", (officer,))
        if row is None:
            raise InputError(f"no officer {officer}: add the officer with `kitdock officer add {officer}`")
        return _officer(row)

    def add_place(self, place: str, kind: str, unit: str | None, at_ms: int) -> None:
        """Adds a station, vehicle, custody suite or cabinet. Raises `RuleError` if it is known already."""
        with self._changing("place.add", place) as detail:
            if self._row("SELECT 1 FROM place WHERE id = ?", (place,)):
                raise RuleError(f"place {place} is known already: see `kitdock place list`")
            self._connection.execute("INSERT INTO place VALUES (?, ?, ?, ?)", (place, kind, unit, at_ms))
            detail |= {"kind": kind, "unit": unit}

    def places(self) -> list[Place]:
        """All places: stations first, by name."""
        rows = self._rows("SELECT id, kind, unit FROM place ORDER BY kind <> 'station', kind, id")
        return [Place(*row) for row in rows]

    def place(self, place: str) -> Place:
        """One place. Raises `InputError` if unknown."""
        row = self._row("SELECT id, kind, unit FROM place WHERE id = ?", (place,))
        if row is None:
            raise InputError(
                f"no place {place}: see `kitdock place list`, or add it with `kitdock place add {place} --kind KIND`"
            )
        return Place(*row)

    def _station_place(self, place: str | None) -> str:
        """The id of a station that holds stock; this database's own if None. Raises `InputError` if it is none."""
        if place is None:
            return self.station.name
        found = self.place(place)
        if found.kind != "station":
            raise InputError(f"{place} is a {found.kind}, not a station: stock is kept at stations")
        return found.id


def _officer(row: tuple[Any, ...]) -> Officer:
    id, trained_on, added_at_ms, unit, station, role, left_on = row
    return Officer(id, _date(trained_on), added_at_ms, unit, station, role, _date(left_on))


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
