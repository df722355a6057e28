"""A place is counted: people scan what is there, ask what it came to, and close it with their reasons.

A scan is kept as soon as it is made, so that a stocktake goes on after a break. An undo is a row of its own.
"""

from collections.abc import Iterable, Mapping

from host.clock import Instant
from host.errors import InputError, RuleError
from host.ledger import Kit, Movement
from host.ledger.issue import STATION
from host.ledger.movement import COUNT, IN_STOCK, ISSUED
from host.phrase import NextStep, Phrase
from host.service.moving import Moving
from host.stock import stocktake
from host.stock.stocktake import Answer, Count, Difference, Result
from host.store.database import Database
from host.store.people import PeopleRepository
from host.store.stock import StockRepository
from host.store.stocktake import Past, Settled, Stocktake, StocktakeRepository


class Unsettled(RuleError):
    """A stocktake cannot be closed: differences lack a reason."""


class Stocktakes:
    """People count what is in a place, and ask how that differs from the ledger."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._people = PeopleRepository(db)
        self._moving = Moving(db)
        self._stock = StockRepository(db)
        self._stocktakes = StocktakeRepository(db)

    def start_stocktake(self, place: str | None, blind: bool, at_ms: int) -> Stocktake:
        """Starts a stocktake of a place (None: this station), in which, if `blind`, each counts everything.

        Raises `InputError` for an unknown place, `RuleError` if one is under way there.
        """
        name = self._people.place(place).id if place is not None else self._db.station.name
        with self._db.changing("stocktake.start", name) as detail:
            known = self._stocktakes.under_way_at(name)
            if known is not None:
                raise RuleError(
                    "stocktake.under_way",
                    stocktake=known.id,
                    place=name,
                    login=known.started_by,
                    at=Instant(known.started_at_ms, self._db.station.time_zone),
                    scan=NextStep("stocktake.scan"),
                )
            number = self._stocktakes.start(name, blind, at_ms)
            detail |= {"stocktake": number, "blind": blind}
        return self._stocktakes.stocktake(number)

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
            known = self._stocktakes.known_stocktake(int(which))
            if known is not None:
                return known
        return self.open_stocktake(which)

    def open_stocktakes(self) -> list[Stocktake]:
        """The stocktakes under way, by place."""
        self._db.demand("stock.read")
        return self._stocktakes.under_way()

    def stocktakes(self) -> list[Past]:
        """All stocktakes, newest first."""
        self._db.demand("stock.read")
        return self._stocktakes.past()

    def scan_kit(self, number: int, counter: str, kit: str, doses: int | None, at_ms: int) -> Answer:
        """Keeps one scan, of a known kit or not, and returns what to say to it. Raises `RuleError` if it is closed."""
        with self._db.changing("stocktake.scan", kit) as detail:
            count = self._count(self._under_way(number), at_ms)
            before = self._stocktakes.scans(number, kit)
            scan = self._stocktakes.add_scan(number, counter, kit, doses, at_ms)
            detail |= {"stocktake": number, "counter": counter} | ({} if doses is None else {"doses": doses})
            return stocktake.answer(count, scan, before, self._stocktakes.box(kit))

    def undo_scan(self, number: int, counter: str, at_ms: int) -> str | None:
        """Takes back the last scan of a counter and returns its kit; None if there is none left."""
        with self._db.writing():
            self._db.demand("stocktake.scan")
            self._under_way(number)
            undone = self._stocktakes.last_scan(number, counter)
            if undone is None:
                return None
            self._stocktakes.add_undo(number, undone, at_ms)
            told = {"stocktake": number, "counter": counter, "undoes": undone.id}
            self._db.note("stocktake.scan", undone.kit, told)
        return undone.kit

    def stocktake_result(self, number: int, until_ms: int) -> Result:
        """What a stocktake under way comes to so far."""
        self._db.demand("stock.read")
        with self._db.reading():
            return self._result(self._stocktakes.stocktake(number), until_ms)

    def settled_differences(self, number: int) -> list[Settled]:
        """The differences with which a stocktake was closed, by kind and kit."""
        self._db.demand("stock.read")
        order = list(stocktake.KINDS)
        return sorted(self._stocktakes.settled(number), key=lambda each: (order.index(each.kind), each.kit))

    def keep_reasons(self, number: int, reasons: Mapping[tuple[str, str], str]) -> None:
        """Keeps the reasons given so far, by kind and kit, until the stocktake is closed. Raises as `scan_kit`."""
        with self._db.changing("stocktake.close", self._stocktakes.stocktake(number).place) as detail:
            self._under_way(number)
            self._stocktakes.put_reasons(number, {of: each for of, each in reasons.items() if each.strip()})
            detail |= {"stocktake": number, "reasons_kept": len(reasons)}

    def reasons_kept(self, number: int) -> dict[tuple[str, str], str]:
        """The reasons that were given before somebody left the rest for later."""
        self._db.demand("stock.read")
        return self._stocktakes.reasons(number)

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
                self._stocktakes.add_difference(number, each, reason, at_ms)
                if each.doses is not None:
                    counted = Movement(0, at_ms, COUNT, each.kit, doses=each.doses)
                    about = counted._replace(reason=reason, document=f"stocktake {number}")
                    self._moving.record(about)
            for kit, doses in result.counted:
                counted = Movement(0, at_ms, COUNT, kit, doses=doses, document=f"stocktake {number}")
                self._moving.record(counted)
            self._stocktakes.end(number, at_ms, None)
            self._stocktakes.put_reasons(number, {})
            detail |= {"stocktake": number, "found": len(result.found), "differences": len(result.differences)}
        return result

    def cancel_stocktake(self, number: int, reason: str, at_ms: int) -> None:
        """Gives a stocktake up: it is closed without a result. Raises `RuleError` if it is closed already."""
        with self._db.changing("stocktake.cancel", self._stocktakes.stocktake(number).place) as detail:
            self._under_way(number)
            self._stocktakes.end(number, at_ms, reason)
            self._stocktakes.put_reasons(number, {})
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
        here = IN_STOCK if count.place.kind == STATION else ISSUED
        boxes = self._stocktakes.boxes(known.id, known.place, here)
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
        return self._stock.known_kit(kit) is not None

    def kit_like(self, text: str) -> str | None:
        """The one kit whose number is `text`, ignoring capitals; None if there is none, or several."""
        found = self._stock.kits_like(text)
        return found[0] if len(found) == 1 else None


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
