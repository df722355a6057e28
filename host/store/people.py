"""Officers and places in the database."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from host.errors import InputError, RuleError
from host.ledger import Officer, Place
from host.ledger.issue import STATION
from host.phrase import NextStep, Phrase

if TYPE_CHECKING:
    pass
from host.store.database import Database

_OFFICER = "id, trained_on, added_at_ms, unit, station, role, left_on"


class PeopleRepository:
    """The part of the store that knows officers and places."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add_officer(self, new: Officer) -> None:
        if self._db.row("SELECT 1 FROM officer WHERE id = ?", (new.id,)):
            raise RuleError("officer.known", officer=new.id, see=NextStep("officer.list"))
        if new.station is not None:
            self.station_place(new.station)
        self._db.connection.execute(
            f"INSERT INTO officer ({_OFFICER}) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (new.id, iso(new.trained_on), new.added_at_ms, new.unit, new.station, new.role, iso(new.left_on)),
        )

    def change_officer(
        self, known: Officer, changes: Mapping[str, date | str | None], detail: dict[str, object]
    ) -> Officer:
        if isinstance(station := changes.get("station"), str):
            self.station_place(station)
        new = known._replace(**changes)  # type: ignore[arg-type]
        self._db.connection.execute(
            "UPDATE officer SET trained_on = ?, unit = ?, station = ?, role = ?, left_on = ? WHERE id = ?",
            (iso(new.trained_on), new.unit, new.station, new.role, iso(new.left_on), known.id),
        )
        for key, value in changes.items():
            before = getattr(known, key)
            if before != value:
                detail[key] = f"{before or 'none'} -> {value or 'none'}"
        return new

    def officers(self) -> list[Officer]:
        return [_officer(row) for row in self._db.rows(f"SELECT {_OFFICER} FROM officer ORDER BY id")]

    def officer(self, officer: str) -> Officer:
        row = self._db.row(f"SELECT {_OFFICER} FROM officer WHERE id = ?", (officer,))
        if row is None:
            raise InputError("officer.unknown", officer=officer, add=NextStep("officer.enter", officer=officer))
        return _officer(row)

    def with_kits(self, officer: str) -> tuple[Officer, list[str]]:
        """As `officer`, with the kits that are out to that officer, in order."""
        account = self._db.account
        if account.only_officer and account.officer not in (None, officer):
            self._db.refuse("stock.read", officer, Phrase("access.of_another_officer"))
        columns = ", ".join(f"o.{column}" for column in Officer._fields)
        rows = self._db.rows(
            f"SELECT {columns}, k.kit FROM officer o LEFT JOIN kit_state k ON k.officer = o.id AND k.status = 'issued' "
            "WHERE o.id = ? ORDER BY k.kit",
            (officer,),
        )
        if not rows:
            self.officer(officer)
        return _officer(rows[0][:-1]), [row[-1] for row in rows if row[-1] is not None]

    def places(self) -> list[Place]:
        """All places: stations first, by name."""
        rows = self._db.rows("SELECT id, kind, unit FROM place ORDER BY kind <> 'station', kind, id")
        return [Place(*row) for row in rows]

    def place(self, place: str) -> Place:
        """One place. Raises `InputError` if unknown."""
        row = self._db.row("SELECT id, kind, unit FROM place WHERE id = ?", (place,))
        if row is None:
            see, add = NextStep("place.list"), NextStep("place.enter", place=place)
            raise InputError("place.unknown", place=place, see=see, add=add)
        return Place(*row)

    def station_place(self, place: str | None) -> str:
        """The id of a station that holds stock; this database's own if None. Raises `InputError` if it is none."""
        if place is None:
            return self._db.station.name
        found = self.place(place)
        if found.kind != STATION:
            raise InputError("place.no_station", place=place, kind=found.kind)
        return found.id


def _officer(row: tuple[Any, ...]) -> Officer:
    id, trained_on, added_at_ms, unit, station, role, left_on = row
    return Officer(id, _date(trained_on), added_at_ms, unit, station, role, _date(left_on))


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
