"""Receiving kits as a scanner or a file tells of them, their labels, and what is in stock, in the database."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from host import clock, ledger
from host.errors import InputError, KitdockError, RuleError
from host.ledger import Lot
from host.ledger.movement import DESTROYED, IN_STOCK, ISSUED, VOID
from host.phrase import NextStep, Phrase
from host.receiving.table import BadLine, KitLine
from host.service.derivation import Derivation
from host.service.stock import Stock
from host.sheets.labels import Label
from host.store.catalogue import CatalogueRepository
from host.store.database import Database
from host.store.people import PeopleRepository
from host.store.receiving import ReceivingRepository
from host.store.stock import Incoming, StockRepository


class Received(NamedTuple):
    """A kit that was received: its number, its lot, and the movement."""

    kit: str
    lot: Lot
    movement: int


class Checked(NamedTuple):
    """The kits that a file brings, each with its lot, and the lines that cannot be taken, in the file's order."""

    boxes: list[Incoming]
    lots: list[Lot]
    bad: list[BadLine]


class Level(NamedTuple):
    """Kits of one lot at one station, or issued (`station` None); of them how many quarantined, and to be counted."""

    station: str | None
    product: str
    lot: str
    expires_on: date
    kits: int
    quarantined: int
    to_count: int


class Receiving:
    """The part of the store that takes in kits."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._catalogue = CatalogueRepository(db)
        self._people = PeopleRepository(db)
        self._receiving = ReceivingRepository(db)
        self._stock = StockRepository(db)
        self._derivation_service = Derivation(db)
        self._stock_service = Stock(db)

    def add_kit(
        self, kit: str, product: str, lot: str, expires_on: date | None, doses_per_kit: int | None, at_ms: int
    ) -> Lot:
        """Receives one kit into this station's stock and returns its lot; see `receive`."""
        return self.receive([Incoming(kit, product, lot, expires_on, doses_per_kit)], at_ms)[0]

    def receive(
        self, boxes: Iterable[Incoming], at_ms: int, station: str | None = None, accept_expired: bool = False
    ) -> list[Lot]:
        """Receives kits into the stock of a station (None: this one), all or none, and returns the lot of each.

        Raises `RuleError` if a kit, or its serial, is known already, its lot is known with other facts, or it has
        expired and that is not accepted; `InputError` if a lot is new and has no expiry.
        """
        found = []
        with self._db.writing():
            self._db.demand("kit.receive")
            self._db.right_now()
            place = self._people.station_place(station)
            for box in boxes:
                found.append(self._receive(box, at_ms, place, accept_expired))
        return found

    def check_receiving(self, station: str | None) -> str:
        """The station that kits will be received into. Raises `NotAllowed` or `InputError` if that cannot be."""
        self._db.demand("kit.receive")
        return self._people.station_place(station)

    def receive_next(
        self, box: Incoming, prefix: str, at_ms: int, station: str | None = None, accept_expired: bool = False
    ) -> Received:
        """Receives a box under the next free number of `prefix`; its own `kit` and `doses_per_kit` are not read.

        A box whose receipt was taken back, known by its serial, gets its number again. A lot of which every receipt
        was taken back may come with another expiry. Raises as `receive`.
        """
        with self._db.writing():
            self._db.demand("kit.receive")
            self._db.right_now()
            place = self._people.station_place(station)
            kit = self._receiving.number_before(box) or self._receiving.next_number(prefix)
            known = self._stock.lot(box.product, box.lot)
            doses = known.doses_per_kit if known else self._catalogue.product(box.product).doses_per_kit
            lot = self._receive(box._replace(kit=kit, doses_per_kit=doses), at_ms, place, accept_expired)
            return Received(kit, lot, self._stock_service.state(kit).movement)

    def check_import(
        self, lines: Sequence[KitLine], at_ms: int, document: str | None = None, accept_expired: bool = False
    ) -> Checked:
        """What `import_kits` would make of the lines, without receiving anything. Raises `NotAllowed`."""
        self._db.demand("kit.receive")
        with self._db.reading():
            return self._check_lines(lines, at_ms, document, accept_expired)

    def import_kits(
        self,
        lines: Sequence[KitLine],
        at_ms: int,
        station: str | None = None,
        document: str | None = None,
        accept_expired: bool = False,
    ) -> Checked:
        """Receives the kits of a file, all of them, or none if one line is bad.

        `document` is that of the lines that name none. Raises `NotAllowed`, or `InputError` for the station.
        """
        with self._db.writing():
            self._db.demand("kit.receive")
            self._db.right_now()
            place = self._people.station_place(station)
            checked = self._check_lines(lines, at_ms, document, accept_expired)
            for box in () if checked.bad else checked.boxes:
                self._receive(box, at_ms, place, accept_expired)
            return checked

    def labels(self, kits: Sequence[str] = (), lot: str | None = None, since_ms: int | None = None) -> list[Label]:
        """Labels of the kits named, or of those of a lot, received at or after an instant: in order of receipt.

        Kits destroyed are left out unless named. Raises `InputError` for a kit that is unknown or was taken back.
        """
        self._db.demand("stock.read")
        if kits:
            return [self._label(kit) for kit in kits]
        rows = self._db.rows(
            "SELECT k.kit, k.product, k.lot, k.expires_on FROM kit_state k JOIN movement m ON m.kit = k.kit "
            "WHERE m.kind = 'receive' AND k.status NOT IN (?, ?) AND (? IS NULL OR k.lot = ?) "
            "GROUP BY k.kit HAVING ? IS NULL OR max(m.at_ms) >= ? ORDER BY max(m.id)",
            (VOID, DESTROYED, lot, lot, since_ms, since_ms),
        )
        return [Label(kit, product, of, date.fromisoformat(day)) for kit, product, of, day in rows]

    def levels(self) -> list[Level]:
        """How many kits of each lot are at each station, and how many are issued: first to expire first."""
        self._db.demand("stock.read")
        self._derivation_service.freshen()
        rows = self._db.rows(
            "SELECT CASE status WHEN ? THEN place END AS station, product, lot, expires_on, count(*), "
            "sum(quarantine IS NOT NULL), sum(status = 'in_stock' AND c.kit IS NOT NULL) "
            "FROM kit_state k LEFT JOIN to_count c ON c.kit = k.kit WHERE status IN (?, ?) "
            "GROUP BY status, station, product, lot, expires_on "
            "ORDER BY station IS NULL, station, expires_on, product, lot",
            (IN_STOCK, IN_STOCK, ISSUED),
        )
        return [
            Level(station, product, lot, date.fromisoformat(day), *counts)
            for station, product, lot, day, *counts in rows
        ]

    def _label(self, kit: str) -> Label:
        lot = self._stock.lot_of(kit)
        if self._stock_service.state(kit).status == VOID:
            raise InputError("kit.has_no_label", kit=kit)
        return Label(kit, lot.product, lot.lot, lot.expires_on)

    def _receive(self, box: Incoming, at_ms: int, place: str, accept_expired: bool) -> Lot:
        known = self._stock.lot(box.product, box.lot)
        if known is not None:
            self._receiving.relearn_lot(known, self._relearned(known, box))
        return self._stock.enter_box(box, at_ms, place, accept_expired)

    def _relearned(self, known: Lot, box: Incoming) -> Lot:
        """The lot as a pack tells of it, if every receipt of the lot was taken back: what was known was mistyped."""
        told = known._replace(
            expires_on=box.expires_on or known.expires_on, doses_per_kit=box.doses_per_kit or known.doses_per_kit
        )
        return known if told == known or self._receiving.has_kits(known) else told

    def _check_lines(self, lines: Iterable[KitLine], at_ms: int, document: str | None, accept_expired: bool) -> Checked:
        """What the lines bring, held against the stock and against each other."""
        found = Checked([], [], [])
        lots: dict[tuple[str, str], Lot] = {}
        serials: dict[tuple[str, str], int] = {}
        for line in lines:
            try:
                box = self._box(line, document)
                if box.serial is not None:
                    first = serials.setdefault((box.gtin or box.product, box.serial), line.line)
                    if first != line.line:
                        raise InputError("serial.on_two_lines", serial=box.serial, line=first)
                key = (box.product, box.lot)
                lots.setdefault(key, self._lot_of_line(line, box, lots.get(key)))
                self._check_line(line, box, lots[key], at_ms, accept_expired)
                facts = lots[key]
                found.boxes.append(box._replace(expires_on=facts.expires_on, doses_per_kit=facts.doses_per_kit))
                found.lots.append(lots[key])
            except KitdockError as wrong:
                found.bad.append(BadLine(line.line, wrong))
        return found

    def _box(self, line: KitLine, document: str | None) -> Incoming:
        product = self._product_of_line(line)
        return Incoming(
            line.kit,
            product,
            line.lot,
            line.expires_on,
            line.doses,
            line.gtin,
            line.serial,
            line.document or document,
        )

    def _product_of_line(self, line: KitLine) -> str:
        """The product that a line means. Raises `InputError` if it is not in the catalogue, or is two."""
        if line.gtin is None:
            assert line.product is not None  # a line has one of them
            return self._catalogue.product(line.product).name
        of_gtin = self._catalogue.product_of(line.gtin)
        if of_gtin is None:
            raise unknown_gtin(line.gtin, line.product)
        if line.product not in (None, of_gtin.name):
            raise InputError("gtin.not_of_product", gtin=line.gtin, of=of_gtin.name, product=line.product)
        return of_gtin.name

    def _lot_of_line(self, line: KitLine, box: Incoming, before: Lot | None) -> Lot:
        """The lot that a line tells of, as the stock or a line before knows it. Raises if they contradict."""
        known = before
        if known is None and (stored := self._stock.lot(box.product, box.lot)) is not None:
            known = self._relearned(stored, box)
        if known is None and box.expires_on is None:
            raise InputError("lot.new_without_expiry", lot=box.lot, product=box.product)
        doses = box.doses_per_kit if known else box.doses_per_kit or self._catalogue.product(box.product).doses_per_kit
        return ledger.received_lot(known, box.product, box.lot, box.expires_on, doses)

    def _check_line(self, line: KitLine, box: Incoming, lot: Lot, at_ms: int, accept_expired: bool) -> None:
        """Raises `KitdockError` if this kit cannot be received."""
        self._stock.received_again(box)
        ledger.check_receipt(box.kit, lot, at_ms, self._db.station.time_zone, accept_expired)
        if line.doubts and lot.expires_on >= clock.today(at_ms, self._db.station.time_zone):
            raise RuleError("kit.doubtful", doubt=line.doubts[0], add=NextStep("kit.add", kit=box.kit))


def unknown_gtin(gtin: str, product: str | None = None) -> InputError:
    """A GTIN is of no known product, and what to do about it."""
    enter = NextStep("product.gtin", name=product, gtin=gtin) if product else NextStep("product.add", gtin=gtin)
    return InputError("gtin.unknown", what=of_no_product(gtin), enter=enter)


def of_no_product(gtin: str) -> Phrase:
    """That a GTIN is of no known product, and what it may be else."""
    return Phrase("gtin.of_no_product" if gtin[0] == "0" else "gtin.of_a_case", gtin=gtin)
