"""Officers and places in the database."""

from datetime import date
from typing import Any

from host.errors import InputError
from host.ledger import Officer, Place
from host.ledger.issue import STATION
from host.ledger.movement import IN_STOCK, ISSUED
from host.phrase import NextStep
from host.stock.people import StockedPlace
from host.store.database import Database

_OFFICER = "id, trained_on, added_at_ms, unit, station, role, left_on"


class PeopleRepository:
    """Officers, with the kits that are out to each, and places."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def has_officer(self, officer: str) -> bool:
        """Whether an officer of that number is known."""
        return self._db.row("SELECT 1 FROM officer WHERE id = ?", (officer,)) is not None

    def add_officer(self, new: Officer) -> None:
        """Adds an officer, within a transaction."""
        self._db.connection.execute(
            f"INSERT INTO officer ({_OFFICER}) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (new.id, _iso(new.trained_on), new.added_at_ms, new.unit, new.station, new.role, _iso(new.left_on)),
        )

    def write_officer(self, new: Officer) -> None:
        """Writes a known officer anew, except for the number and when it was added, within a transaction."""
        self._db.connection.execute(
            "UPDATE officer SET trained_on = ?, unit = ?, station = ?, role = ?, left_on = ? WHERE id = ?",
            (_iso(new.trained_on), new.unit, new.station, new.role, _iso(new.left_on), new.id),
        )

    def officers(self) -> list[Officer]:
        """All officers by number."""
        return [_officer(row) for row in self._db.rows(f"SELECT {_OFFICER} FROM officer ORDER BY id")]

    def officer(self, officer: str) -> Officer:
        """One officer. Raises `InputError` if unknown."""
        row = self._db.row(f"SELECT {_OFFICER} FROM officer WHERE id = ?", (officer,))
        if row is None:
            add = NextStep("officer.enter", officer=officer)
            raise InputError("officer.unknown", officer=officer, add=add).like(officer, self._shown("officer"))
        return _officer(row)

    def with_kits(self, officer: str) -> tuple[Officer, list[str]]:
        """As `officer`, with the kits that are out to that officer, in order."""
        columns = ", ".join(f"o.{column}" for column in Officer._fields)
        rows = self._db.rows(
            f"SELECT {columns}, k.kit FROM officer o LEFT JOIN kit_state k ON k.officer = o.id AND k.status = 'issued' "
            "WHERE o.id = ? ORDER BY k.kit",
            (officer,),
        )
        if not rows:
            self.officer(officer)
        return _officer(rows[0][:-1]), [row[-1] for row in rows if row[-1] is not None]

    def pouches_of_kits(self, officer: str | None = None) -> dict[str, dict[str, str | None]]:
        """The kits out to each officer, or to one, in order, each with its pouch (None: in none)."""
        whose, parameters = ("= ?", (officer,)) if officer is not None else ("IS NOT NULL", ())
        found: dict[str, dict[str, str | None]] = {}
        for number, kit, pouch in self._db.rows(
            f"SELECT officer, kit, pouch FROM kit_state WHERE officer {whose} AND status = ? ORDER BY kit",
            (*parameters, ISSUED),
        ):
            found.setdefault(number, {})[kit] = pouch
        return found

    def has_place(self, place: str) -> bool:
        """Whether a place of that name is known."""
        return self._db.row("SELECT 1 FROM place WHERE id = ?", (place,)) is not None

    def add_place(self, new: Place, at_ms: int) -> None:
        """Adds a place, within a transaction."""
        self._db.connection.execute(
            "INSERT INTO place (id, kind, unit, added_at_ms) VALUES (?, ?, ?, ?)", (new.id, new.kind, new.unit, at_ms)
        )

    def stocked_places(self) -> list[StockedPlace]:
        """All places, stations first, with how many kits are there."""
        rows = self._db.rows(
            "SELECT id, kind, unit, coalesce(kits, 0) FROM place LEFT JOIN "
            "(SELECT place, count(*) kits FROM kit_state WHERE status IN (?, ?) GROUP BY place) ON place = id "
            "ORDER BY kind <> 'station', kind, id",
            (IN_STOCK, ISSUED),
        )
        return [StockedPlace(*row) for row in rows]

    def places(self) -> list[Place]:
        """All places: stations first, by name."""
        rows = self._db.rows("SELECT id, kind, unit FROM place ORDER BY kind <> 'station', kind, id")
        return [Place(*row) for row in rows]

    def place(self, place: str) -> Place:
        """One place. Raises `InputError` if unknown."""
        row = self._db.row("SELECT id, kind, unit FROM place WHERE id = ?", (place,))
        if row is None:
            see, add = NextStep("place.list"), NextStep("place.enter", place=place)
            raise InputError("place.unknown", place=place, see=see, add=add).like(place, self._shown("place"))
        return Place(*row)

    def station_place(self, place: str | None) -> str:
        """The id of a station that holds stock; this database's own if None. Raises `InputError` if it is none."""
        if place is None:
            return self._db.station.name
        found = self.place(place)
        if found.kind != STATION:
            raise InputError("place.no_station", place=place, kind=found.kind)
        return found.id

    def _shown(self, table: str) -> list[str]:
        """The names of all officers or places, as far as the account is shown them."""
        if not self._db.shows_names():
            return []
        return [str(row[0]) for row in self._db.rows(f"SELECT id FROM {table}")]


def _officer(row: tuple[Any, ...]) -> Officer:
    id, trained_on, added_at_ms, unit, station, role, left_on = row
    return Officer(id, _date(trained_on), added_at_ms, unit, station, role, _date(left_on))


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
