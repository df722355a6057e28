"""Receiving kits as a scanner or a file tells of them, their labels, and what is in stock, in the database."""

from collections.abc import Iterable, Sequence
from datetime import date
from functools import cached_property
from typing import NamedTuple

from host import clock, ledger
from host.errors import InputError, KitdockError, RuleError
from host.ledger import Lot
from host.ledger.movement import DESTROYED, IN_STOCK, ISSUED, VOID
from host.phrase import NextStep, Phrase
from host.receiving import numbers
from host.receiving.table import BadLine, KitLine
from host.sheets.labels import Label
from host.store.catalogue import Catalogue
from host.store.stock import Incoming, Stock


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


class Receiving(Catalogue, Stock):
    """The part of the store that takes in kits."""

    @cached_property
    def _given(self) -> dict[str, int]:
        """The highest count known to be taken, by prefix. Others may have taken more since."""
        return {}

    def check_receiving(self, station: str | None) -> str:
        """The station that kits will be received into. Raises `NotAllowed` or `InputError` if that cannot be."""
        self._demand("kit.receive")
        return self._station_place(station)

    def receive_next(
        self, box: Incoming, prefix: str, at_ms: int, station: str | None = None, accept_expired: bool = False
    ) -> Received:
        """Receives a box under the next free number of `prefix`; its own `kit` and `doses_per_kit` are not read.

        A box whose receipt was taken back, known by its serial, gets its number again. A lot of which every receipt
        was taken back may come with another expiry. Raises as `receive`.
        """
        with self._writing():
            self._demand("kit.receive")
            self._right_now()
            place = self._station_place(station)
            kit = self._number_before(box) or self._next_number(prefix)
            known = self.lot(box.product, box.lot)
            doses = known.doses_per_kit if known else self.product(box.product).doses_per_kit
            lot = self._receive(box._replace(kit=kit, doses_per_kit=doses), at_ms, place, accept_expired)
            return Received(kit, lot, self.state(kit).movement)

    def check_import(
        self, lines: Sequence[KitLine], at_ms: int, document: str | None = None, accept_expired: bool = False
    ) -> Checked:
        """What `import_kits` would make of the lines, without receiving anything. Raises `NotAllowed`."""
        self._demand("kit.receive")
        with self._reading():
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
        with self._writing():
            self._demand("kit.receive")
            self._right_now()
            place = self._station_place(station)
            checked = self._check_lines(lines, at_ms, document, accept_expired)
            for box in () if checked.bad else checked.boxes:
                self._receive(box, at_ms, place, accept_expired)
            return checked

    def labels(self, kits: Sequence[str] = (), lot: str | None = None, since_ms: int | None = None) -> list[Label]:
        """Labels of the kits named, or of those of a lot, received at or after an instant: in order of receipt.

        Kits destroyed are left out unless named. Raises `InputError` for a kit that is unknown or was taken back.
        """
        self._demand("stock.read")
        if kits:
            return [self._label(kit) for kit in kits]
        rows = self._rows(
            "SELECT k.kit, k.product, k.lot, k.expires_on FROM kit_state k JOIN movement m ON m.kit = k.kit "
            "WHERE m.kind = 'receive' AND k.status NOT IN (?, ?) AND (? IS NULL OR k.lot = ?) "
            "GROUP BY k.kit HAVING ? IS NULL OR max(m.at_ms) >= ? ORDER BY max(m.id)",
            (VOID, DESTROYED, lot, lot, since_ms, since_ms),
        )
        return [Label(kit, product, of, date.fromisoformat(day)) for kit, product, of, day in rows]

    def levels(self) -> list[Level]:
        """How many kits of each lot are at each station, and how many are issued: first to expire first."""
        self._demand("stock.read")
        self.freshen()
        rows = self._rows(
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
        lot = self.lot_of(kit)
        if self.state(kit).status == VOID:
            raise InputError("kit.has_no_label", kit=kit)
        return Label(kit, lot.product, lot.lot, lot.expires_on)

    def _number_before(self, box: Incoming) -> str | None:
        """The number that the same box had when its receipt was taken back."""
        row = self._row(
            "SELECT k.id FROM kit k JOIN kit_state s ON s.kit = k.id WHERE k.gtin IS ? AND k.serial = ? "
            "AND k.product = ? AND k.lot = ? AND s.status = ? ORDER BY s.movement DESC LIMIT 1",
            (box.gtin, box.serial, box.product, box.lot, VOID),
        )
        return str(row[0]) if row else None

    def _next_number(self, prefix: str) -> str:
        """The first free number after those given. Within a transaction: no other receiver can take it."""
        given = self._given
        if prefix not in given:
            rows = self._rows("SELECT id FROM kit WHERE id >= ? AND id < ?", (f"{prefix}0", f"{prefix}:"))
            given[prefix] = numbers.highest(prefix, (kit for (kit,) in rows))
        while self._row("SELECT 1 FROM kit WHERE id = ? COLLATE NOCASE", (numbers.number(prefix, given[prefix] + 1),)):
            given[prefix] += 1
        return numbers.number(prefix, given[prefix] + 1)

    def _receive(self, box: Incoming, at_ms: int, place: str, accept_expired: bool) -> Lot:
        known = self.lot(box.product, box.lot)
        if known is not None:
            self._relearn_lot(known, self._relearned(known, box))
        return super()._receive(box, at_ms, place, accept_expired)

    def _relearned(self, known: Lot, box: Incoming) -> Lot:
        """The lot as a pack tells of it, if every receipt of the lot was taken back: what was known was mistyped."""
        told = known._replace(
            expires_on=box.expires_on or known.expires_on, doses_per_kit=box.doses_per_kit or known.doses_per_kit
        )
        return known if told == known or self._has_kits(known) else told

    def _relearn_lot(self, known: Lot, lot: Lot) -> None:
        """Corrects what is known of a lot, within a transaction."""
        if lot == known:
            return
        self._connection.execute(
            "UPDATE lot SET expires_on = ?, doses_per_kit = ? WHERE product = ? AND lot = ?",
            (lot.expires_on.isoformat(), lot.doses_per_kit, lot.product, lot.lot),
        )
        for (kit,) in self._rows("SELECT kit FROM kit_state WHERE lot = ? AND product = ?", (lot.lot, lot.product)):
            self._write_kit(kit, ledger.replay(self._movements(kit), lot.doses_per_kit), lot)
            self._roll_up_doses([kit])
        before, after = (
            {"expires_on": each.expires_on.isoformat(), "doses": each.doses_per_kit} for each in (known, lot)
        )
        self._note("lot.correct", f"{lot.product} {lot.lot}", {"before": before, "after": after})

    def _has_kits(self, lot: Lot) -> bool:
        """Whether any receipt of the lot stands."""
        found = self._row(
            "SELECT 1 FROM kit_state WHERE lot = ? AND product = ? AND status <> ? LIMIT 1",
            (lot.lot, lot.product, VOID),
        )
        return found is not None

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
            return self.product(line.product).name
        of_gtin = self.product_of(line.gtin)
        if of_gtin is None:
            raise unknown_gtin(line.gtin, line.product)
        if line.product not in (None, of_gtin.name):
            raise InputError("gtin.not_of_product", gtin=line.gtin, of=of_gtin.name, product=line.product)
        return of_gtin.name

    def _lot_of_line(self, line: KitLine, box: Incoming, before: Lot | None) -> Lot:
        """The lot that a line tells of, as the stock or a line before knows it. Raises if they contradict."""
        known = before
        if known is None and (stored := self.lot(box.product, box.lot)) is not None:
            known = self._relearned(stored, box)
        if known is None and box.expires_on is None:
            raise InputError("lot.new_without_expiry", lot=box.lot, product=box.product)
        doses = box.doses_per_kit if known else box.doses_per_kit or self.product(box.product).doses_per_kit
        return ledger.received_lot(known, box.product, box.lot, box.expires_on, doses)

    def _check_line(self, line: KitLine, box: Incoming, lot: Lot, at_ms: int, accept_expired: bool) -> None:
        """Raises `KitdockError` if this kit cannot be received."""
        self._received_again(box)
        ledger.check_receipt(box.kit, lot, at_ms, self.station.time_zone, accept_expired)
        if line.doubts and lot.expires_on >= clock.today(at_ms, self.station.time_zone):
            raise RuleError("kit.doubtful", doubt=line.doubts[0], add=NextStep("kit.add", kit=box.kit))


def unknown_gtin(gtin: str, product: str | None = None) -> InputError:
    """A GTIN is of no known product, and what to do about it."""
    enter = NextStep("product.gtin", name=product, gtin=gtin) if product else NextStep("product.add", gtin=gtin)
    return InputError("gtin.unknown", what=of_no_product(gtin), enter=enter)


def of_no_product(gtin: str) -> Phrase:
    """That a GTIN is of no known product, and what it may be else."""
    return Phrase("gtin.of_no_product" if gtin[0] == "0" else "gtin.of_a_case", gtin=gtin)
