"""Products, lots, kits and the ledger of their movements, in the database."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from host import clock, ledger
from host.errors import InputError, RuleError
from host.ledger import Carrier, Kit, Lot, Movement, State
from host.ledger.movement import (
    CORRECT,
    FIND,
    IN_STOCK,
    ISSUE,
    ISSUED,
    LOAD,
    NOWHERE,
    RECEIVE,
    RETURN,
    TRANSFER,
    VOID,
)
from host.phrase import NextStep, Phrase
from host.store.doses import KitInHand, as_due
from host.store.people import People
from host.store.rollups import Rollups
from host.usage import doses
from host.usage.doses import Due, told
from host.usage.reports import FILED

_MOVEMENT = ", ".join(Movement._fields)
_LOT = """
l.product, l.lot, l.expires_on, l.doses_per_kit,
(SELECT CASE action WHEN 'recall' THEN reason END FROM recall r
 WHERE r.product = l.product AND r.lot = l.lot ORDER BY r.id DESC LIMIT 1)
"""


_STATE = ", ".join(f"s.{column}" for column in State._fields)
_DUE = ", ".join(f"c.{column}" for column in Due._fields)


class Incoming(NamedTuple):
    """A box that arrives: the number it is given, and what its pack says."""

    kit: str
    product: str
    lot: str
    expires_on: date | None = None
    doses_per_kit: int | None = None
    gtin: str | None = None
    serial: str | None = None
    document: str | None = None


class Reassigned(NamedTuple):
    """An opening that most likely began at `at_ms`, and by a movement of the past became another's."""

    name: str
    at_ms: int
    before: tuple[str, ...]
    after: tuple[str, ...]


class Moved(NamedTuple):
    """A movement that was recorded, the kit's state before and after it, and what to warn of.

    `due` is why the kit is to be counted then. `reassigned` are openings that are another's now.
    """

    movement: Movement
    before: State
    after: State
    warnings: list[Phrase]
    due: Due | None = None
    reassigned: tuple[Reassigned, ...] = ()


class Pouch(NamedTuple):
    """A pouch as a movement finds it; its `id` is None if the movement is about none.

    `tagged`: it has a tag in use. `with_whom` says who else has it now, or had it at some time since then, None
    if nobody; `in_stock` are the kits in it that are in stock.
    """

    id: str | None
    tagged: bool
    with_whom: Phrase | None
    in_stock: list[str]


class NextKit(NamedTuple):
    """A kit on the shelf that can be issued."""

    kit: str
    product: str
    lot: str
    expires_on: date


class Stock(People, Rollups):
    """The part of the store that counts kits."""

    def lots(self) -> list[Lot]:
        """All lots, first to expire first."""
        self._demand("stock.read")
        return self._lots()

    def _lots(self) -> list[Lot]:
        rows = self._rows(f"SELECT {_LOT} FROM lot l ORDER BY expires_on, l.product, l.lot")
        return [_lot(row) for row in rows]

    def lot(self, product: str, lot: str) -> Lot | None:
        """One lot, if known."""
        row = self._row(f"SELECT {_LOT} FROM lot l WHERE l.product = ? AND l.lot = ?", (product, lot))
        return _lot(row) if row else None

    def lot_of(self, kit: str) -> Lot:
        """The lot that a kit is of. Raises `InputError` if the kit is unknown."""
        found = self.kit(kit)
        lot = self.lot(found.product, found.lot)
        assert lot is not None  # a foreign key holds it
        return lot

    def kits(self) -> list[Kit]:
        """All kits by id."""
        self._demand("stock.read")
        return [Kit(*row) for row in self._rows("SELECT id, product, lot, gtin, serial FROM kit ORDER BY id")]

    def kit(self, kit: str) -> Kit:
        """One kit. Raises `InputError` if unknown."""
        row = self._row("SELECT id, product, lot, gtin, serial FROM kit WHERE id = ?", (kit,))
        if row is None:
            raise InputError("kit.unknown", kit=kit, see=NextStep("kit.list"), add=NextStep("kit.add", kit=kit))
        return Kit(*row)

    def movements(self, kit: str | None = None) -> list[Movement]:
        """The whole ledger, or one kit's part of it, oldest first. Raises `NotAllowed`."""
        self._demand("stock.read", kit)
        return self._movements(kit)

    def _movements(self, kit: str | None) -> list[Movement]:
        where, parameters = ("WHERE kit = ?", (kit,)) if kit is not None else ("", ())
        rows = self._rows(f"SELECT {_MOVEMENT} FROM movement {where} ORDER BY id", parameters)
        return [Movement(*row) for row in rows]

    def state(self, kit: str) -> State:
        """Where a kit is now, and what is in it; for an officer's account if it is with that officer.

        Raises `InputError` if the kit is unknown, `NotAllowed`.
        """
        found = self._state(kit)
        account = self.account
        if not account.only_officer or account.officer is None or found.officer != account.officer:
            self._demand("stock.read", kit)
        return found

    def _in_hand(self, kit: str) -> KitInHand:
        """A kit with all that a movement of it rests on. Raises `InputError` if it is unknown."""
        row = self._row(
            f"SELECT k.id, k.product, k.lot, k.gtin, k.serial, {_LOT}, d.off, {_DUE}, {_STATE} FROM kit k "
            "JOIN lot l ON l.product = k.product AND l.lot = k.lot LEFT JOIN kit_state s ON s.kit = k.id "
            "LEFT JOIN to_count c ON c.kit = k.id LEFT JOIN doses_off d ON d.kit = k.id WHERE k.id = ?",
            (kit,),
        )
        if row is None:
            self.kit(kit)
            raise AssertionError(f"kit {kit} has no lot")
        known, lot, off, due, state = row[:5], row[5:10], row[10], row[11:19], row[19:]
        return KitInHand(
            Kit(*known),
            _lot(lot),
            State(*state) if state[0] is not None else NOWHERE,
            self._movements(kit),
            as_due(due) if due[0] is not None else None,
            off or 0,
        )

    def _state(self, kit: str) -> State:
        row = self._row(f"SELECT {', '.join(State._fields)} FROM kit_state WHERE kit = ?", (kit,))
        if row is None:
            self.kit(kit)
            return NOWHERE
        return State(*row)

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
        with self._writing():
            self._demand("kit.receive")
            self._right_now()
            place = self._station_place(station)
            for box in boxes:
                found.append(self._receive(box, at_ms, place, accept_expired))
        return found

    def _receive(self, box: Incoming, at_ms: int, place: str, accept_expired: bool) -> Lot:
        again = self._received_again(box)
        known = self.lot(box.product, box.lot)
        facts = ledger.received_lot(known, box.product, box.lot, box.expires_on, box.doses_per_kit)
        ledger.check_receipt(box.kit, facts, at_ms, self.station.time_zone, accept_expired)
        if known is None:
            self._check_name(box.product)
            self._connection.execute(
                "INSERT INTO lot (product, lot, expires_on, doses_per_kit) VALUES (?, ?, ?, ?)",
                (box.product, box.lot, facts.expires_on.isoformat(), facts.doses_per_kit),
            )
        if again:
            self._connection.execute(
                "UPDATE kit SET gtin = ?, serial = ? WHERE id = ?", (box.gtin, box.serial, box.kit)
            )
        else:
            self._connection.execute(
                "INSERT INTO kit (id, product, lot, gtin, serial) VALUES (?, ?, ?, ?, ?)",
                (box.kit, box.product, box.lot, box.gtin, box.serial),
            )
        kit = Kit(box.kit, box.product, box.lot, box.gtin, box.serial)
        hand = self._in_hand(box.kit) if again else KitInHand(kit, facts, NOWHERE, [])
        self._move(Movement(0, at_ms, RECEIVE, box.kit, place=place, document=box.document), hand)
        return facts

    def _check_name(self, product: str) -> None:
        """Raises `RuleError` if only capitals tell a product from a known one: a recall would miss half of the kits."""
        known = [*self._products_of_lots(), *(name for (name,) in self._rows("SELECT name FROM product"))]
        like = next((each for each in known if each.casefold() == product.casefold()), product)
        if like != product and product not in known:
            raise RuleError("product.known_as", product=product, known=like)

    def _received_again(self, box: Incoming) -> bool:
        """Whether the number was received before, which was corrected. Raises `RuleError` if it cannot be given."""
        if box.serial is not None:
            same = self._row(
                "SELECT k.id FROM kit k JOIN kit_state s ON s.kit = k.id "
                "WHERE k.gtin IS ? AND k.serial = ? AND s.status <> ? AND (k.gtin IS NOT NULL OR k.product = ?)",
                (box.gtin, box.serial, VOID, box.product),
            )
            if same:
                raise RuleError("serial.received_already", serial=box.serial, kit=same[0])
        known = self._row("SELECT product, lot FROM kit WHERE id = ?", (box.kit,))
        if known is None:
            like = self._row("SELECT id FROM kit WHERE id = ? COLLATE NOCASE", (box.kit,))
            if like:
                raise RuleError("kit.number_too_like", number=box.kit, kit=like[0])
            return False
        if self._state(box.kit).status != VOID:
            raise RuleError("kit.known_already", kit=box.kit)
        if known != (box.product, box.lot):
            raise RuleError("kit.number_was_of_another", number=box.kit, product=known[0], lot=known[1])
        return True

    def issue_kit(
        self,
        kit: str,
        officer: str | None,
        pouch: str | None,
        at_ms: int,
        place: str | None = None,
        document: str | None = None,
    ) -> list[Phrase]:
        """Hands a kit to an officer or a place, in a pouch or without, and returns the warnings.

        Raises `InputError` for an unknown kit, officer, place or pouch, `RuleError` as `ledger.check_issue` says.
        """
        new = Movement(0, at_ms, ISSUE, kit, officer, place, pouch, document=document)
        return self.move(new).warnings

    def return_kit(self, kit: str, at_ms: int, doses: int | None = None, station: str | None = None) -> Moved:
        """Takes a kit back into stock; `doses` is how many were counted in it. Raises as `move`."""
        return self.move(Movement(0, at_ms, RETURN, kit, place=station, doses=doses))

    def move(self, movement: Movement) -> Moved:
        """Adds a movement to the ledger (its `id`, `login` and `recorded_at_ms` are filled in).

        Where a station is needed and none is given, it is this one. Raises `InputError` for an unknown kit,
        officer, place or pouch, `RuleError` with the reason if the movement is impossible.
        """
        return self.move_all([movement])[0]

    def move_all(self, movements: Iterable[Movement]) -> list[Moved]:
        """Adds several movements, all or none: a replacement is a return and an issue. Raises as `move`."""
        with self._writing():
            self._freshen()
            return self._move_all(list(movements))

    def _move_all(self, wanted: list[Movement]) -> list[Moved]:
        """As `move_all`, within a transaction."""
        for each in wanted:
            self._demand(f"kit.{each.kind}", each.kit)
        self._right_now()
        hands: dict[str, KitInHand] = {}
        batch = {each.kit for each in wanted}
        done = []
        for each in wanted:
            hand = hands.get(each.kit) or self._in_hand(each.kit)
            moved, hands[each.kit] = self._checked_move(each, hand, batch)
            done.append(moved)
        # Only now is it known what is left on the shelf.
        return [
            each._replace(
                warnings=[*each.warnings, *self._left_on_the_shelf(each, hands)], due=hands[each.movement.kit].due
            )
            for each in done
        ]

    def _left_on_the_shelf(self, moved: Moved, batch: Mapping[str, KitInHand]) -> list[Phrase]:
        """What to warn of after an issue: a kit that should have gone first.

        The kits of `batch` were moved with it: one that has just come back need not go out first.
        """
        if moved.movement.kind != ISSUE:
            return []
        warnings = []
        hand = batch[moved.movement.kit]
        day = clock.today(moved.movement.at_ms, self.station.time_zone)
        shelf = self._to_issue(moved.before.place or "", day, hand.kit.product, len(batch) + 1)
        first = next((each for each in shelf if each.kit not in batch), None)
        expires_on = hand.lot.expires_on
        if first and first.expires_on < expires_on and first.expires_on > day + timedelta(self.settings.carry_days):
            warnings.append(Phrase("kit.another_first", kit=first.kit, expires_on=first.expires_on))
        return warnings

    def _to_issue(self, station: str, day: date, product: str | None, most: int) -> list[NextKit]:
        """The kits to issue next: those that stay good while they are carried, first to expire first; then the rest."""
        lasting = self._next_kits(station, day + timedelta(self.settings.carry_days + 1), product, most)
        if len(lasting) == most:
            return lasting
        rest = [each for each in self._next_kits(station, day, product, most) if each not in lasting]
        return [*lasting, *rest][:most]

    def _next_kits(self, station: str, day: date, product: str | None, most: int) -> list[NextKit]:
        """The kits at a station that can be issued on that day and lie in no pouch, first to expire first."""
        products = [product] if product is not None else self._products_of_lots()
        found = [each for name in products for each in self._next_of_product(station, day, name, most)]
        return sorted(found, key=lambda each: (each.expires_on, each.kit))[:most]

    def _products_of_lots(self) -> list[str]:
        """Every product of which there is a lot; looked up one by one, since there are few."""
        found: list[str] = []
        while row := self._row("SELECT min(product) FROM lot WHERE product > ?", (found[-1] if found else "",)):
            if row[0] is None:
                break
            found.append(row[0])
        return found

    def _next_of_product(self, station: str, day: date, product: str, most: int) -> list[NextKit]:
        rows = self._rows(
            "SELECT s.kit, s.product, s.lot, s.expires_on FROM kit_state s "
            "CROSS JOIN lot l ON l.product = s.product AND l.lot = s.lot "
            "WHERE s.status = 'in_stock' AND s.place = ? AND s.product = ? AND s.expires_on >= ? "
            "AND s.quarantine IS NULL AND s.pouch IS NULL AND s.doses_left = l.doses_per_kit "
            "AND NOT EXISTS (SELECT 1 FROM to_count c WHERE c.kit = s.kit) "
            "AND NOT EXISTS (SELECT 1 FROM doses_off d WHERE d.kit = s.kit) "
            "AND coalesce((SELECT action FROM recall r WHERE r.product = s.product AND r.lot = s.lot "
            "ORDER BY r.id DESC LIMIT 1), 'lift') = 'lift' ORDER BY s.expires_on, s.kit LIMIT ?",
            (station, product, day.isoformat(), most),
        )
        return [NextKit(kit, product, lot, date.fromisoformat(text)) for kit, product, lot, text in rows]

    def _checked_move(self, movement: Movement, hand: KitInHand, batch: set[str]) -> tuple[Moved, KitInHand]:
        """Adds a movement of the kit `hand`, one of a batch of kits, and says how that is then. Raises as `move`."""
        kit, lot, state = hand.kit, hand.lot, hand.state
        warnings: list[Phrase] = []
        if movement.kind == TRANSFER and movement.place is None:
            raise InputError("kit.transferred_nowhere", kit=kit.id)
        if movement.kind in (RETURN, TRANSFER, FIND):
            movement = movement._replace(place=self._station_place(movement.place))
        issued = movement.kind == ISSUE
        named = movement.pouch or (state.pouch if issued else None)
        pouch = self._pouch(named, kit.id, movement if issued else state, movement.at_ms)
        if movement.pouch is not None and not pouch.tagged:
            enrol = NextStep("tag.enrol", pouch=movement.pouch)
            raise InputError("pouch.has_no_tag", pouch=movement.pouch, enrol=enrol)
        if movement.report is not None:
            movement = self._reported_use(movement, movement.report)
        if movement.kind == LOAD and pouch.with_whom is not None:
            raise RuleError("pouch.with_another_than_kit", pouch=movement.pouch, whom=pouch.with_whom, kit=kit.id)
        if movement.kind == ISSUE:
            warnings = self._check_issue(movement, hand, pouch)
            left = [each for each in pouch.in_stock if each not in batch]
            if left:
                warnings.append(Phrase("pouch.also_holds", pouch=pouch.id, kit=left[0]))
        if movement.kind == TRANSFER:
            self._refuse_uncounted(hand, movement.at_ms)
        if movement.kind in (RETURN, FIND):
            warnings = ledger.put_aside(kit, lot, state, movement.at_ms, self.station.time_zone)
        moved, hand = self._move(movement, hand)
        if movement.kind == CORRECT and moved.after.pouch is not None and moved.after.where != moved.before.where:
            again_ms = max(moved.after.since_ms, moved.before.since_ms)  # until then it was so all the time
            again = self._pouch(moved.after.pouch, kit.id, moved.after, again_ms)
            if again.with_whom is not None:
                raise RuleError("pouch.again_with_another", kit=kit.id, pouch=again.id, whom=again.with_whom)
        return moved._replace(warnings=warnings), hand

    def _reported_use(self, use: Movement, report_id: int) -> Movement:
        """A use of which a report tells, with when that was.

        Raises `InputError` if there is no such report, `RuleError` if it does not tell of so many doses more.
        """
        report = self._open_answers(report_id)
        lacking = report.doses - self._taken([report_id]).get(report_id, 0)
        if report.stands != FILED or not use.doses or use.doses > lacking:
            raise RuleError(
                "report.tells_of_fewer" if report.stands == FILED else "report.counts_not",
                report=report_id,
                doses=report.doses,
                lacking=max(lacking, 0),
                see=NextStep("kit.history", kit=use.kit),
            )
        return use._replace(happened_ms=self._when(report, use.kit, use.at_ms))

    def _refuse_uncounted(self, hand: KitInHand, at_ms: int, since: str | None = None) -> None:
        """Raises `RuleError` if a kit in stock is to be counted, or its doses do not add up.

        `since` is when it was issued wrongly: if it was out since then all the same, nothing is to be counted.
        """
        kit, state, due = hand.kit.id, hand.state, hand.due
        if due is not None and due.at_ms > at_ms:
            due = doses.due(self._kit_facts(kit), at_ms)
        if due is not None and state.status == IN_STOCK:
            raise RuleError(
                "kit.to_count_first" if since is None else "kit.to_count_or_out_since",
                kit=kit,
                why=told(due, self.station.time_zone),
                count=NextStep("kit.count", kit=kit),
                since=since,
            )
        if state.status == IN_STOCK and hand.off:
            raise RuleError("kit.does_not_add_up", kit=kit, see=NextStep("reconcile.list"))

    def _check_issue(self, movement: Movement, hand: KitInHand, pouch: Pouch) -> list[Phrase]:
        kit, lot, state = hand.kit, hand.lot, hand.state
        if (movement.officer is None) == (movement.place is None):
            raise InputError("kit.to_officer_or_place", kit=kit.id)
        officer, has = self._with_kits(movement.officer) if movement.officer else (None, [])
        place = self.place(movement.place) if movement.place else None
        if place is not None and place.kind == "station":
            raise InputError("place.is_station", place=place.id, transfer=NextStep("kit.transfer_stock"))
        ledger.check_movement(hand.movements, movement, lot.doses_per_kit, self.station.time_zone)
        to = Carrier(officer, place, pouch.id, pouch.with_whom, has)
        settings = self.settings
        warnings = ledger.check_issue(
            state, kit, lot, to, movement.at_ms, self.station.time_zone, settings.carry_days, settings.carry_roles
        )
        wrong = _reversed_issue(hand.movements)
        if wrong is None or wrong.at_ms >= movement.at_ms:
            self._refuse_uncounted(hand, movement.at_ms)
            return warnings
        since = clock.show(wrong.at_ms, self.station.time_zone).replace(" ", "T")
        self._refuse_uncounted(hand, movement.at_ms, since)
        warnings.append(Phrase("kit.issue_was_reversed", kit=kit.id, since=since))
        return warnings

    def reversed_issue(self, kit: str) -> Movement | None:
        """The issue of a kit that its last entry has reversed; None if that was something else. Raises `NotAllowed`."""
        self._demand("kit.issue", kit)
        return _reversed_issue(self._movements(kit))

    def _pouch(self, pouch: str | None, kit: str, holder: Movement | State, since_ms: int) -> Pouch:
        """A pouch, for a kit that its `holder` has in it since then."""
        if pouch is None:
            return Pouch(None, False, None, [])
        row = self._row(
            "SELECT EXISTS (SELECT 1 FROM tag WHERE pouch = ?1 AND retired_at_ms IS NULL), "
            "(SELECT json_array(officer, place, until_ms) FROM custody WHERE pouch = ?1 AND status = ?2 AND kit <> ?3 "
            "AND (officer IS NOT ?4 OR place IS NOT ?5) AND (until_ms IS NULL OR until_ms > ?6) "
            "ORDER BY since_ms DESC LIMIT 1), "
            "(SELECT json_group_array(kit) FROM kit_state WHERE pouch = ?1 AND status = ?7)",
            (pouch, ISSUED, kit, holder.officer, holder.place, since_ms, IN_STOCK),
        )
        assert row is not None
        tagged, other, in_stock = row
        return Pouch(pouch, bool(tagged), self._had_by(*json.loads(other)) if other else None, json.loads(in_stock))

    def _had_by(self, officer: str | None, place: str | None, until_ms: int | None) -> Phrase:
        """Who else has a pouch, or had it, for people."""
        who = ledger.held_by(State(officer=officer, place=place))
        if until_ms is None:
            return Phrase("pouch.is_with", who=who)
        return Phrase("pouch.was_with", who=who, until=clock.Instant(until_ms, self.station.time_zone))

    def _move(self, movement: Movement, hand: KitInHand) -> tuple[Moved, KitInHand]:
        """Checks a movement against the kit's own, adds it with its entry in the audit, keeps the roll-ups.

        Returns what was done, and the kit as it is then.
        """
        lot, so_far = hand.lot, hand.movements
        if movement.kind == CORRECT and movement.corrects is None:
            movement = movement._replace(corrects=_last_to_correct(so_far, movement.kit))
        movement = movement._replace(login=self.login, recorded_at_ms=clock.now_ms())
        before, _ = ledger.check_movement(so_far, movement, lot.doses_per_kit, self.station.time_zone)
        cursor = self._connection.execute(
            f"INSERT INTO movement ({_MOVEMENT}) VALUES (NULL{', ?' * (len(Movement._fields) - 1)})", movement[1:]
        )
        assert cursor.lastrowid is not None
        movement = movement._replace(id=cursor.lastrowid)
        # Of the present no opening is known yet; a movement of the past, or a correction, may give some to others.
        since_ms = min([movement.at_ms, *(each.at_ms for each in so_far if each.id == movement.corrects)])
        hand, before_it, after_it = self._roll_up_kit(hand, movement)
        were = {(each.tag, each.sequence): each for each in before_it}
        facts = {key: value for key, value in movement._asdict().items() if value is not None}
        for known in ("kit", "kind", "login", "recorded_at_ms"):
            facts.pop(known, None)
        self._note(f"kit.{movement.kind}", movement.kit, facts)
        reassigned = tuple(
            Reassigned(each.name, each.began.likely_ms, were[each.tag, each.sequence].officers, each.officers)
            for each in after_it
            if each.began.latest_ms >= since_ms and each.officers != were[each.tag, each.sequence].officers
        )
        return Moved(movement, before, hand.state, [], hand.due, reassigned), hand

    def expiry_of_pouch(self, pouch: str) -> date | None:
        """The last good day of the kit that is in `pouch` now, the first of several; None if it holds none."""
        row = self._row("SELECT min(expires_on) FROM kit_state WHERE pouch = ? AND status = ?", (pouch, ISSUED))
        return date.fromisoformat(row[0]) if row and row[0] else None

    def today(self) -> date:
        """The day it is now in the station's zone."""
        return clock.today(clock.now_ms(), self.station.time_zone)


def _reversed_issue(so_far: Sequence[Movement]) -> Movement | None:
    """The issue that the last of these movements reverses."""
    if not so_far or so_far[-1].kind != CORRECT:
        return None
    wrong = next((each for each in so_far if each.id == so_far[-1].corrects), None)
    return wrong if wrong is not None and wrong.kind == ISSUE else None


def _last_to_correct(so_far: Sequence[Movement], kit: str) -> int | None:
    """The movement that a correction without a number is of. Raises `RuleError` if the last entry is a correction."""
    still = ledger.standing(so_far)
    if so_far and so_far[-1].kind == CORRECT:
        raise RuleError(
            "kit.reversed_already_one_left" if still else "kit.reversed_already",
            kit=kit,
            movement=so_far[-1].corrects,
            left=still[-1].id if still else None,
            see=NextStep("kit.history", kit=kit),
        )
    return still[-1].id if still else None


def _lot(row: tuple[Any, ...]) -> Lot:
    product, lot, day, doses, recalled = row
    return Lot(product, lot, date.fromisoformat(day), doses, recalled)
