"""Officers, lots, kits and the ledger of their movements, in the database."""

from datetime import date

from host import clock, ledger
from host.errors import InputError, RuleError
from host.expiry import expiry_of_pouch
from host.ledger import Kit, Lot, Movement, Officer
from host.store.database import Database


class Stock(Database):
    """The part of the store that counts kits."""

    def add_officer(self, officer: str, trained_on: date | None, at_ms: int) -> None:
        """Adds an officer. Raises `RuleError` if the number is known already."""
        with self._writing() as connection:
            if self._row("SELECT 1 FROM officer WHERE id = ?", (officer,)):
                raise RuleError(f"officer {officer} is known already: see `kitdock officer list`")
            day = trained_on.isoformat() if trained_on else None
            connection.execute("INSERT INTO officer VALUES (?, ?, ?)", (officer, day, at_ms))

    def set_training(self, officer: str, trained_on: date) -> None:
        """Notes the day of an officer's last training. Raises `InputError` if the officer is unknown."""
        with self._writing() as connection:
            self.officer(officer)
            connection.execute("UPDATE officer SET trained_on = ? WHERE id = ?", (trained_on.isoformat(), officer))

    def officers(self) -> list[Officer]:
        """All officers by number."""
        rows = self._rows("SELECT id, trained_on, added_at_ms FROM officer ORDER BY id")
        return [Officer(id, date.fromisoformat(day) if day else None, at_ms) for id, day, at_ms in rows]

    def officer(self, officer: str) -> Officer:
        """One officer. Raises `InputError` if unknown."""
        row = self._row("SELECT id, trained_on, added_at_ms FROM officer WHERE id = ?", (officer,))
        if row is None:
            raise InputError(f"no officer {officer}: add the officer with `kitdock officer add {officer}`")
        return Officer(row[0], date.fromisoformat(row[1]) if row[1] else None, row[2])

    def lots(self) -> list[Lot]:
        """All lots, first to expire first."""
        rows = self._rows("SELECT product, lot, expires_on, doses_per_kit FROM lot ORDER BY expires_on, product, lot")
        return [Lot(product, lot, date.fromisoformat(day), doses) for product, lot, day, doses in rows]

    def lot(self, product: str, lot: str) -> Lot | None:
        """One lot, if known."""
        return next((each for each in self.lots() if (each.product, each.lot) == (product, lot)), None)

    def kits(self) -> list[Kit]:
        """All kits by id."""
        return [Kit(*row) for row in self._rows("SELECT id, product, lot FROM kit ORDER BY id")]

    def kit(self, kit: str) -> Kit:
        """One kit. Raises `InputError` if unknown."""
        row = self._row("SELECT id, product, lot FROM kit WHERE id = ?", (kit,))
        if row is None:
            raise InputError(f"no kit {kit}: see `kitdock kit list`, or add it with `kitdock kit add {kit}`")
        return Kit(*row)

    def movements(self) -> list[Movement]:
        """The whole ledger, oldest first."""
        rows = self._rows("SELECT id, at_ms, kind, kit, officer, pouch FROM movement ORDER BY at_ms, id")
        return [Movement(*row) for row in rows]

    def add_kit(
        self, kit: str, product: str, lot: str, expires_on: date | None, doses_per_kit: int | None, at_ms: int
    ) -> Lot:
        """Receives a kit into stock and returns its lot; a lot that is new needs its expiry.

        Raises `RuleError` if the kit is known or the lot is known with other facts, `InputError` if the
        lot is new and has no expiry.
        """
        with self._writing() as connection:
            if self._row("SELECT 1 FROM kit WHERE id = ?", (kit,)):
                raise RuleError(f"kit {kit} is known already: give the new box another number")
            known = self.lot(product, lot)
            facts = ledger.received_lot(known, product, lot, expires_on, doses_per_kit)
            if known is None:
                connection.execute(
                    "INSERT INTO lot VALUES (?, ?, ?, ?)",
                    (product, lot, facts.expires_on.isoformat(), facts.doses_per_kit),
                )
            connection.execute("INSERT INTO kit VALUES (?, ?, ?)", (kit, product, lot))
            self._move(at_ms, ledger.RECEIVE, kit, None, None)
        return facts

    def issue_kit(self, kit: str, officer: str, pouch: str | None, at_ms: int) -> list[str]:
        """Hands a kit to an officer, in a pouch or without, and returns the warnings.

        Raises `InputError` for an unknown kit, officer or pouch, `RuleError` as `ledger.check_issue` says.
        """
        with self._writing():
            found = self.kit(kit)
            to = self.officer(officer)
            lot = self.lot(found.product, found.lot)
            assert lot is not None  # a foreign key holds it
            if pouch is not None and not self._row(
                "SELECT 1 FROM tag WHERE pouch = ? AND retired_at_ms IS NULL", (pouch,)
            ):
                raise InputError(
                    f"no pouch {pouch} has a tag: enrol one with `kitdock tag provision {pouch} --port PORT`"
                )
            warnings = ledger.check_issue(self.movements(), found, lot, to, pouch, at_ms, self.station.time_zone)
            self._move(at_ms, ledger.ISSUE, kit, officer, pouch)
        return warnings

    def return_kit(self, kit: str, at_ms: int) -> ledger.Holding:
        """Takes a kit back into stock and returns who had it.

        Raises `InputError` for an unknown kit, `RuleError` if it is not issued.
        """
        with self._writing():
            self.kit(kit)
            held = ledger.check_return(self.movements(), kit, at_ms, self.station.time_zone)
            self._move(at_ms, ledger.RETURN, kit, None, None)
        return held

    def _move(self, at_ms: int, kind: str, kit: str, officer: str | None, pouch: str | None) -> None:
        self._connection.execute(
            "INSERT INTO movement (at_ms, kind, kit, officer, pouch) VALUES (?, ?, ?, ?, ?)",
            (at_ms, kind, kit, officer, pouch),
        )

    def expiry_of_pouch(self, pouch: str) -> date | None:
        """The last good day of the kit that is in `pouch` now, the first of several; None if it holds none."""
        by_name = {(lot.product, lot.lot): lot for lot in self.lots()}
        lot_of = {kit.id: by_name[kit.product, kit.lot] for kit in self.kits()}
        return expiry_of_pouch(lot_of, ledger.holdings(self.movements()), pouch)

    def today(self) -> date:
        """The day it is now in the station's zone."""
        return clock.today(clock.now_ms(), self.station.time_zone)
