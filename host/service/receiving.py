"""Kits are received as a scanner or a file tells of them; people ask for their labels, and for what is in stock."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from host import clock, ledger
from host.errors import InputError, KitdockError, RuleError
from host.ledger import Kit, Lot, Movement
from host.ledger.movement import NOWHERE, RECEIVE, VOID
from host.phrase import NextStep, Phrase
from host.receiving.table import BadLine, KitLine
from host.service.derivation import Derivation
from host.service.moving import Moving
from host.service.stock import Stock
from host.stock.labels import Label
from host.store.catalogue import CatalogueRepository
from host.store.database import Database
from host.store.doses import KitInHand
from host.store.movements import MovementRepository
from host.store.people import PeopleRepository
from host.store.receiving import Level, ReceivingRepository
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


class Receiving:
    """People receive kits by hand, by scanner or from a file, and ask what was received and is there."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._catalogue = CatalogueRepository(db)
        self._people = PeopleRepository(db)
        self._receiving = ReceivingRepository(db)
        self._movements = MovementRepository(db)
        self._moving = Moving(db)
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

        `document` applies to the lines that name none. Raises `NotAllowed`, or `InputError` for the station.
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
        return [Label(*each) for each in self._receiving.received(lot, since_ms)]

    def levels(self) -> list[Level]:
        """How many kits of each lot are at each station, and how many are issued: first to expire first."""
        self._db.demand("stock.read")
        self._derivation_service.freshen()
        return self._receiving.levels()

    def _label(self, kit: str) -> Label:
        lot = self._stock.lot_of(kit)
        if self._stock_service.state(kit).status == VOID:
            raise InputError("kit.has_no_label", kit=kit)
        return Label(kit, lot.product, lot.lot, lot.expires_on)

    def _receive(self, box: Incoming, at_ms: int, place: str, accept_expired: bool) -> Lot:
        known = self._stock.lot(box.product, box.lot)
        if known is not None:
            self._relearn(known, self._relearned(known, box))
        return self._enter(box, at_ms, place, accept_expired)

    def _relearn(self, known: Lot, lot: Lot) -> None:
        """Corrects what is known of a lot, and notes it."""
        if lot == known:
            return
        self._receiving.correct_lot(lot)
        before, after = (
            {"expires_on": each.expires_on.isoformat(), "doses": each.doses_per_kit} for each in (known, lot)
        )
        self._db.note("lot.correct", f"{lot.product} {lot.lot}", {"before": before, "after": after})

    def _enter(self, box: Incoming, at_ms: int, place: str, accept_expired: bool) -> Lot:
        """Receives a box whose lot, if it is known, is known rightly, and returns the lot. Raises as `receive`."""
        again = self._received_again(box)
        known = self._stock.lot(box.product, box.lot)
        facts = ledger.received_lot(known, box.product, box.lot, box.expires_on, box.doses_per_kit)
        ledger.check_receipt(box.kit, facts, at_ms, self._db.station.time_zone, accept_expired)
        if known is None:
            self._check_name(box.product)
            self._stock.add_lot(facts)
        kit = Kit(box.kit, box.product, box.lot, box.gtin, box.serial)
        if again:
            self._stock.set_pack(kit)
            hand = self._movements.in_hand(kit.id)
        else:
            self._stock.add_kit(kit)
            hand = KitInHand(kit, facts, NOWHERE, [])
        self._moving.record(Movement(0, at_ms, RECEIVE, box.kit, place=place, document=box.document), hand)
        return facts

    def _check_name(self, product: str) -> None:
        """Raises `RuleError` if only capitals tell a product from a known one: a recall would miss half of the kits."""
        known = [*self._stock.products_of_lots(), *self._catalogue.names()]
        like = next((each for each in known if each.casefold() == product.casefold()), product)
        if like != product and product not in known:
            raise RuleError("product.known_as", product=product, known=like)

    def _received_again(self, box: Incoming) -> bool:
        """Whether the number was received before, which was corrected. Raises `RuleError` if it cannot be given."""
        if box.serial is not None:
            same = self._stock.kit_with_serial(box.gtin, box.serial, box.product)
            if same is not None:
                raise RuleError("serial.received_already", serial=box.serial, kit=same)
        known = self._stock.known_kit(box.kit)
        if known is None:
            like = self._stock.kits_like(box.kit)
            if like:
                raise RuleError("kit.number_too_like", number=box.kit, kit=like[0])
            return False
        if self._stock.state(box.kit).status != VOID:
            raise RuleError("kit.known_already", kit=box.kit)
        if (known.product, known.lot) != (box.product, box.lot):
            raise RuleError("kit.number_was_of_another", number=box.kit, product=known.product, lot=known.lot)
        return True

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
        self._received_again(box)
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
