"""Expiry in the database: kits that expire, what is known of it, replacements, and what a forecast rests on."""

from datetime import date
from typing import Any

from host import clock
from host.errors import InputError
from host.ledger.movement import IN_STOCK
from host.phrase import NextStep
from host.stock.expiry import Expiry, Note, counts
from host.stock.forecast import OBSERVED_DAYS
from host.store.database import Database


class ExpiryRepository:
    """The part of the store that tells what expires."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def holder_column(self, holder: str) -> str:
        if self._db.row("SELECT 1 FROM officer WHERE id = ?", (holder,)):
            return "officer"
        if self._db.row("SELECT 1 FROM place WHERE id = ?", (holder,)):
            return "place"
        officers, places = NextStep("officer.list"), NextStep("place.list")
        raise InputError("expiry.no_such_holder", holder=holder, officers=officers, places=places)

    def expiring(self, sql: str, last: date, today: date, column: str | None, holder: str | None) -> list[Expiry]:
        narrowed = f" AND k.{column} = ?" if column else ""
        parameters = (last.isoformat(), holder) if column else (last.isoformat(),)
        home = self._db.station.name
        return [_expiry(row, today, home) for row in self._db.rows(sql + narrowed, parameters)]

    def has_kits(self) -> bool:
        """Whether any kit was ever received."""
        return self._db.row("SELECT 1 FROM kit LIMIT 1") is not None

    def observed_days(self, product: str, today: date) -> int:
        """For how long the product is in the ledger, up to a year."""
        recorded = (
            "SELECT m.at_ms FROM movement m JOIN kit_state k ON k.kit = m.kit "
            "WHERE k.product = ? AND k.status <> 'void' ORDER BY m.id LIMIT 1"
        )
        # What was recorded first need not have happened first: a force may enter its past afterwards.
        happened = (
            "SELECT min((SELECT min(at_ms) FROM movement m WHERE m.kit = k.kit)) FROM kit_state k "
            "WHERE k.product = ? AND k.status <> 'void'"
        )
        for first in (recorded, happened):
            row = self._db.row(first, (product,))
            began = clock.today(row[0], self._db.station.time_zone) if row and row[0] is not None else today
            if (today - began).days >= OBSERVED_DAYS:
                return OBSERVED_DAYS
        return max((today - began).days, 1)


def _expiry(row: tuple[Any, ...], today: date, home: str) -> Expiry:
    kit, product, lot, day, status, officer, place, pouch, unit, station, since_ms, until, reason, login, at_ms = row
    expires_on = date.fromisoformat(day)
    note = counts(Note(date.fromisoformat(until), reason, login, at_ms), since_ms, today) if until else None
    at = station if officer is not None else place if status == IN_STOCK else None
    who = (officer, place, pouch, unit, at or home, since_ms)
    return Expiry(kit, product, lot, expires_on, (expires_on - today).days, status, *who, note)
