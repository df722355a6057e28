"""Stocktakes in the database: what was scanned, what it came to, and with which reasons it was closed.

A scan is kept as soon as it is made, so that a stocktake goes on after a break. An undo is a row of its own.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from host.clock import Instant
from host.errors import InputError, RuleError
from host.ledger import Kit, Movement
from host.ledger.issue import STATION
from host.ledger.movement import COUNT, IN_STOCK, ISSUED
from host.phrase import NextStep, Phrase
from host.stock import stocktake
from host.stock.stocktake import Answer, Count, CountScan, Difference, Result
from host.store.database import Database
from host.store.people import PeopleRepository
from host.store.stock import StockRepository
from host.store.stocktake import STANDING, STOCKTAKE, Stocktake, StocktakeRepository, as_stocktake


class Settled(NamedTuple):
    """A difference with which a stocktake was closed, and the reason given."""

    kind: str
    kit: str
    detail: str
    reason: str
    login: str
    at_ms: int


class Past(NamedTuple):
    """A stocktake in the history: how many kits were scanned, and how many differences it was closed with."""

    stocktake: Stocktake
    scanned: int
    differences: int


class Unsettled(RuleError):
    """A stocktake cannot be closed: differences lack a reason."""


class Stocktakes:
    """The part of the store that counts what is in a place."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._people = PeopleRepository(db)
        self._stock = StockRepository(db)
        self._stocktakes = StocktakeRepository(db)

    def start_stocktake(self, place: str | None, blind: bool, at_ms: int) -> Stocktake:
        """Starts a stocktake of a place (None: this station), in which, if `blind`, each counts everything.

        Raises `InputError` for an unknown place, `RuleError` if one is under way there.
        """
        name = self._people.place(place).id if place is not None else self._db.station.name
        with self._db.changing("stocktake.start", name) as detail:
            row = self._db.row(f"SELECT {STOCKTAKE} FROM stocktake WHERE place = ? AND closed_at_ms IS NULL", (name,))
            if row:
                known = as_stocktake(row)
                raise RuleError(
                    "stocktake.under_way",
                    stocktake=known.id,
                    place=name,
                    login=known.started_by,
                    at=Instant(known.started_at_ms, self._db.station.time_zone),
                    scan=NextStep("stocktake.scan"),
                )
            cursor = self._db.connection.execute(
                "INSERT INTO stocktake (place, blind, started_at_ms, started_by) VALUES (?, ?, ?, ?)",
                (name, int(blind), at_ms, self._db.login),
            )
            assert cursor.lastrowid is not None
            detail |= {"stocktake": cursor.lastrowid, "blind": blind}
        return self._stocktakes.stocktake(cursor.lastrowid)

    def open_stocktake(self, which: str | None) -> Stocktake:
        """The stocktake under way that `which` names, by place or number; None: the only one, or this station's.

        Raises `InputError` if there is none, or several.
        """
        self._db.demand("stock.read")
        under_way = self.open_stocktakes()
        if which is not None:
            found = [each for each in under_way if which in (each.place, str(each.id))]
            if not found:
                raise InputError("stocktake.not_under_way", which=which, see=NextStep("stocktake.list"))
            return min(found, key=lambda each: each.place != which)
        if not under_way:
            raise InputError("stocktake.none_under_way", start=NextStep("stocktake.start"))
        here = [each for each in under_way if each.place == self._db.station.name]
        if len(under_way) > 1 and not here:
            places = tuple(each.place for each in under_way)
            raise InputError("stocktake.several_under_way", count=len(under_way), places=places)
        return (here or under_way)[0]

    def any_stocktake(self, which: str | None) -> Stocktake:
        """As `open_stocktake`, but a number may be that of one that was closed. Raises `InputError`."""
        self._db.demand("stock.read")
        if which is not None and which.isascii() and which.isdigit():
            row = self._db.row(f"SELECT {STOCKTAKE} FROM stocktake WHERE id = ?", (int(which),))
            if row:
                return as_stocktake(row)
        return self.open_stocktake(which)

    def open_stocktakes(self) -> list[Stocktake]:
        """The stocktakes under way, by place."""
        self._db.demand("stock.read")
        return [
            as_stocktake(row)
            for row in self._db.rows(f"SELECT {STOCKTAKE} FROM stocktake WHERE closed_at_ms IS NULL ORDER BY place")
        ]

    def stocktakes(self) -> list[Past]:
        """All stocktakes, newest first."""
        self._db.demand("stock.read")
        rows = self._db.rows(
            f"SELECT {STOCKTAKE}, "
            "(SELECT count(DISTINCT kit) FROM stocktake_scan c WHERE c.stocktake = s.id AND c.undoes IS NULL AND "
            "c.id NOT IN (SELECT undoes FROM stocktake_scan WHERE stocktake = s.id AND undoes IS NOT NULL)), "
            "(SELECT count(*) FROM stocktake_difference d WHERE d.stocktake = s.id) FROM stocktake s ORDER BY id DESC"
        )
        return [Past(as_stocktake(row[:-2]), *row[-2:]) for row in rows]

    def scan_kit(self, number: int, counter: str, kit: str, doses: int | None, at_ms: int) -> Answer:
        """Keeps one scan, of a known kit or not, and returns what to say to it. Raises `RuleError` if it is closed."""
        with self._db.changing("stocktake.scan", kit) as detail:
            count = self._count(self._under_way(number), at_ms)
            before = self._stocktakes.scans(number, kit)
            cursor = self._db.connection.execute(
                "INSERT INTO stocktake_scan (stocktake, at_ms, login, counter, kit, doses) VALUES (?, ?, ?, ?, ?, ?)",
                (number, at_ms, self._db.login, counter, kit, doses),
            )
            assert cursor.lastrowid is not None
            scan = CountScan(cursor.lastrowid, at_ms, counter, kit, doses)
            detail |= {"stocktake": number, "counter": counter} | ({} if doses is None else {"doses": doses})
            return stocktake.answer(count, scan, before, self._stocktakes.boxes("k.id = ?", (kit,)).get(kit))

    def undo_scan(self, number: int, counter: str, at_ms: int) -> str | None:
        """Takes back the last scan of a counter and returns its kit; None if there is none left."""
        with self._db.writing():
            self._db.demand("stocktake.scan")
            self._under_way(number)
            row = self._db.row(
                f"SELECT id, kit FROM stocktake_scan WHERE {STANDING} AND counter = ? ORDER BY id DESC LIMIT 1",
                (number, number, counter),
            )
            if row is None:
                return None
            undone, kit = row
            self._db.connection.execute(
                "INSERT INTO stocktake_scan (stocktake, at_ms, login, counter, kit, undoes) VALUES (?, ?, ?, ?, ?, ?)",
                (number, at_ms, self._db.login, counter, kit, undone),
            )
            self._db.note("stocktake.scan", kit, {"stocktake": number, "counter": counter, "undoes": undone})
        return str(kit)

    def stocktake_result(self, number: int, until_ms: int) -> Result:
        """What a stocktake under way comes to so far."""
        self._db.demand("stock.read")
        with self._db.reading():
            return self._result(self._stocktakes.stocktake(number), until_ms)

    def settled_differences(self, number: int) -> list[Settled]:
        """The differences with which a stocktake was closed, by kind and kit."""
        self._db.demand("stock.read")
        rows = self._db.rows(
            "SELECT kind, kit, detail, reason, login, at_ms FROM stocktake_difference WHERE stocktake = ?", (number,)
        )
        order = list(stocktake.KINDS)
        return sorted((Settled(*row) for row in rows), key=lambda each: (order.index(each.kind), each.kit))

    def close_stocktake(self, number: int, reasons: Mapping[tuple[str, str], str], at_ms: int) -> Result:
        """Closes a stocktake with a reason for each difference, by kind and kit; records the doses counted.

        Raises `Unsettled` naming the differences without a reason, `InputError` for a reason without a difference,
        `RuleError` if it is closed already, or blind and counted by one alone.
        """
        with self._db.changing("stocktake.close", self._stocktakes.stocktake(number).place) as detail:
            known = self._under_way(number)
            result = self._result(known, at_ms)
            if known.blind and len(result.counters) < 2:
                cancel = NextStep("stocktake.cancel")
                raise RuleError("stocktake.needs_two", stocktake=number, place=known.place, cancel=cancel)
            _check_reasons(known, result.differences, reasons)
            for each in result.differences:
                reason = reasons[each.kind, each.kit]
                self._db.connection.execute(
                    "INSERT INTO stocktake_difference (stocktake, kind, kit, detail, reason, login, at_ms) "
                    "VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (number, each.kind, each.kit, str(each.detail), reason, self._db.login, at_ms),
                )
                if each.doses is not None:
                    counted = Movement(0, at_ms, COUNT, each.kit, doses=each.doses)
                    about = counted._replace(reason=reason, document=f"stocktake {number}")
                    self._stock.move(about, self._stock.in_hand(each.kit))
            for kit, doses in result.counted:
                counted = Movement(0, at_ms, COUNT, kit, doses=doses, document=f"stocktake {number}")
                self._stock.move(counted, self._stock.in_hand(kit))
            self._stocktakes.end(number, at_ms, None)
            detail |= {"stocktake": number, "found": len(result.found), "differences": len(result.differences)}
        return result

    def cancel_stocktake(self, number: int, reason: str, at_ms: int) -> None:
        """Gives a stocktake up: it is closed without a result. Raises `RuleError` if it is closed already."""
        with self._db.changing("stocktake.cancel", self._stocktakes.stocktake(number).place) as detail:
            self._under_way(number)
            self._stocktakes.end(number, at_ms, reason)
            detail |= {"stocktake": number, "reason": reason}

    def _under_way(self, number: int) -> Stocktake:
        """The stocktake, which must not be closed. Raises `RuleError` if it is."""
        known = self._stocktakes.stocktake(number)
        if known.closed_at_ms is not None:
            raise RuleError(
                "stocktake.closed" if known.cancelled is None else "stocktake.given_up",
                stocktake=number,
                place=known.place,
                login=known.closed_by,
                at=Instant(known.closed_at_ms, self._db.station.time_zone),
            )
        return known

    def _count(self, known: Stocktake, until_ms: int) -> Count:
        return Count(
            self._people.place(known.place), known.blind, known.started_at_ms, until_ms, self._db.station.time_zone
        )

    def _result(self, known: Stocktake, until_ms: int) -> Result:
        count = self._count(known, until_ms)
        # Written into the query, not bound: each status has its own index of places.
        here = IN_STOCK if count.place.kind == STATION else ISSUED
        boxes = self._stocktakes.boxes(
            f"k.id IN (SELECT kit FROM kit_state WHERE status = '{here}' AND place = ? "
            "UNION SELECT kit FROM stocktake_scan WHERE stocktake = ?)",
            (known.place, known.id),
        )
        scans = self._stocktakes.scans(known.id)
        scanned = {each.kit for each in scans}
        # A kit whose scan was undone, and that is not here, is nobody's business.
        about = {
            kit: box for kit, box in boxes.items() if kit in scanned or stocktake.is_here(count.place, box.state())
        }
        return stocktake.compare(count, scans, about)

    def kits_with_serial(self, packs: Iterable[tuple[str, str]]) -> list[Kit]:
        """The kits whose pack has one of these GTINs and serials, but for those of which the receipt was taken back."""
        return self._stocktakes.kits_with_serial(packs)

    def has_kit(self, kit: str) -> bool:
        """Whether a kit of that number was ever received."""
        return self._stocktakes.has_kit(kit)

    def kit_like(self, text: str) -> str | None:
        """The one kit whose number is `text` but for capitals; None if there is none, or several."""
        return self._stocktakes.kit_like(text)


def _check_reasons(known: Stocktake, differences: Iterable[Difference], reasons: Mapping[tuple[str, str], str]) -> None:
    """Raises `Unsettled` or `InputError` unless there is a reason for each difference, and for nothing else."""
    there = {(each.kind, each.kit): each for each in differences}
    strange = [f"{kind}:{kit}" for kind, kit in reasons if (kind, kit) not in there]
    if strange:
        see = NextStep("stocktake.result")
        raise InputError("stocktake.no_difference", name=strange[0], stocktake=known.id, place=known.place, see=see)
    without = [each for key, each in there.items() if not reasons.get(key, "").strip()]
    if without:
        raise Unsettled(
            "stocktake.unsettled",
            stocktake=known.id,
            place=known.place,
            first=without[0].name,
            differences=tuple(Phrase("stocktake.difference", name=each.name, detail=each.detail) for each in without),
        )
