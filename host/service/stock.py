"""Kits are issued, returned and moved in every other way; people ask where one is, and for lots and the ledger."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

from host import clock, ledger
from host.errors import InputError, RuleError
from host.ledger import Carrier, Kit, Lot, Movement, State
from host.ledger.movement import (
    CORRECT,
    FIND,
    IN_STOCK,
    ISSUE,
    LOAD,
    RETURN,
    TRANSFER,
)
from host.phrase import NextStep, Phrase
from host.service.following import Following
from host.service.moving import Moved, Moving
from host.store.database import Database
from host.store.doses import DoseRepository, KitInHand
from host.store.movements import MovementRepository, Pouch
from host.store.people import PeopleRepository
from host.store.stock import StockRepository
from host.usage import doses
from host.usage.doses import told
from host.usage.reports import FILED


class Stock:
    """People move kits, and ask what there is and where."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._following = Following(db)
        self._doses = DoseRepository(db)
        self._people = PeopleRepository(db)
        self._movements = MovementRepository(db)
        self._moving = Moving(db)
        self._stock = StockRepository(db)

    def lots(self) -> list[Lot]:
        """All lots, first to expire first."""
        self._db.demand("stock.read")
        return self._stock.lots()

    def lot(self, product: str, lot: str) -> Lot | None:
        """One lot, if known."""
        return self._stock.lot(product, lot)

    def lot_of(self, kit: str) -> Lot:
        """The lot that a kit is of. Raises `InputError` if the kit is unknown."""
        return self._stock.lot_of(kit)

    def kits(self) -> list[Kit]:
        """All kits by id."""
        self._db.demand("stock.read")
        return self._stock.kits()

    def kit(self, kit: str) -> Kit:
        """One kit. Raises `InputError` if unknown."""
        return self._stock.kit(kit)

    def movements(self, kit: str | None = None) -> list[Movement]:
        """The whole ledger, or one kit's part of it, oldest first. Raises `NotAllowed`."""
        self._db.demand("stock.read", kit)
        return self._stock.movements(kit)

    def state(self, kit: str) -> State:
        """Where a kit is now, and what is in it; for an officer's account if it is with that officer.

        Raises `InputError` if the kit is unknown, `NotAllowed`.
        """
        found = self._stock.state(kit)
        account = self._db.account
        if not account.only_officer or account.officer is None or found.officer != account.officer:
            self._db.demand("stock.read", kit)
        return found

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

    def move(self, movement: Movement) -> Moved:
        """Adds a movement to the ledger (its `id`, `login` and `recorded_at_ms` are filled in).

        Where a station is needed and none is given, it is this one. Raises `InputError` for an unknown kit,
        officer, place or pouch, `RuleError` with the reason if the movement is impossible.
        """
        return self.move_all([movement])[0]

    def move_all(self, movements: Iterable[Movement]) -> list[Moved]:
        """Adds several movements, all or none: a replacement is a return and an issue. Raises as `move`."""
        with self._db.writing():
            self._following.freshen()
            return self.move_within(list(movements))

    def move_within(self, wanted: list[Movement]) -> list[Moved]:
        """As `move_all`, within a transaction."""
        for each in wanted:
            self._db.demand(f"kit.{each.kind}", each.kit)
        self._db.right_now()
        hands: dict[str, KitInHand] = {}
        batch = {each.kit for each in wanted}
        done = []
        for each in wanted:
            hand = hands.get(each.kit) or self._movements.in_hand(each.kit)
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
        day = clock.today(moved.movement.at_ms, self._db.station.time_zone)
        last = day + timedelta(self._db.settings.carry_days)
        shelf = self._stock.to_issue(moved.before.place or "", day, last, hand.kit.product, len(batch) + 1)
        first = next((each for each in shelf if each.kit not in batch), None)
        expires_on = hand.lot.expires_on
        if first and first.expires_on < expires_on and first.expires_on > day + timedelta(self._db.settings.carry_days):
            warnings.append(Phrase("kit.another_first", kit=first.kit, expires_on=first.expires_on))
        return warnings

    def _checked_move(self, movement: Movement, hand: KitInHand, batch: set[str]) -> tuple[Moved, KitInHand]:
        """Adds a movement of the kit `hand`, one of a batch of kits, and says how that is then. Raises as `move`."""
        kit, lot, state = hand.kit, hand.lot, hand.state
        warnings: list[Phrase] = []
        if movement.kind == TRANSFER and movement.place is None:
            raise InputError("kit.transferred_nowhere", kit=kit.id)
        if movement.kind in (RETURN, TRANSFER, FIND):
            movement = movement._replace(place=self._people.station_place(movement.place))
        issued = movement.kind == ISSUE
        named = movement.pouch or (state.pouch if issued else None)
        pouch = self._movements.pouch(named, kit.id, movement if issued else state, movement.at_ms)
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
            warnings = ledger.put_aside(kit, lot, state, movement.at_ms, self._db.station.time_zone)
        moved, hand = self._moving.record(movement, hand)
        if movement.kind == CORRECT and moved.after.pouch is not None and moved.after.where != moved.before.where:
            again_ms = max(moved.after.since_ms, moved.before.since_ms)  # until then it was so all the time
            again = self._movements.pouch(moved.after.pouch, kit.id, moved.after, again_ms)
            if again.with_whom is not None:
                raise RuleError("pouch.again_with_another", kit=kit.id, pouch=again.id, whom=again.with_whom)
        return moved._replace(warnings=warnings), hand

    def _reported_use(self, use: Movement, report_id: int) -> Movement:
        """A use of which a report tells, with when that was.

        Raises `InputError` if there is no such report, `RuleError` if it does not tell of so many doses more.
        """
        report = self._doses.open_answers(report_id)
        lacking = report.doses - self._doses.taken([report_id]).get(report_id, 0)
        if report.stands != FILED or not use.doses or use.doses > lacking:
            raise RuleError(
                "report.tells_of_fewer" if report.stands == FILED else "report.counts_not",
                report=report_id,
                doses=report.doses,
                lacking=max(lacking, 0),
                see=NextStep("kit.history", kit=use.kit),
            )
        return use._replace(happened_ms=self._doses.when(report, use.kit, use.at_ms))

    def _refuse_uncounted(self, hand: KitInHand, at_ms: int, since: str | None = None) -> None:
        """Raises `RuleError` if a kit in stock needs counting, or its doses do not add up.

        `since` is when it was issued wrongly: if it really was out from then on, nobody need count it.
        """
        kit, state, due = hand.kit.id, hand.state, hand.due
        if due is not None and due.at_ms > at_ms:
            due = doses.due(self._doses.kit_facts(kit), at_ms)
        if due is not None and state.status == IN_STOCK:
            raise RuleError(
                "kit.to_count_first" if since is None else "kit.to_count_or_out_since",
                kit=kit,
                why=told(due, self._db.station.time_zone),
                count=NextStep("kit.count", kit=kit),
                since=since,
            )
        if state.status == IN_STOCK and hand.off:
            raise RuleError("kit.does_not_add_up", kit=kit, see=NextStep("reconcile.list"))

    def _check_issue(self, movement: Movement, hand: KitInHand, pouch: Pouch) -> list[Phrase]:
        kit, lot, state = hand.kit, hand.lot, hand.state
        if (movement.officer is None) == (movement.place is None):
            raise InputError("kit.to_officer_or_place", kit=kit.id)
        officer, has = self._people.with_kits(movement.officer) if movement.officer else (None, [])
        place = self._people.place(movement.place) if movement.place else None
        if place is not None and place.kind == "station":
            raise InputError("place.is_station", place=place.id, transfer=NextStep("kit.transfer_stock"))
        ledger.check_movement(hand.movements, movement, lot.doses_per_kit, self._db.station.time_zone)
        to = Carrier(officer, place, pouch.id, pouch.with_whom, has)
        settings = self._db.settings
        warnings = ledger.check_issue(
            state, kit, lot, to, movement.at_ms, self._db.station.time_zone, settings.carry_days, settings.carry_roles
        )
        wrong = _reversed_issue(hand.movements)
        if wrong is None or wrong.at_ms >= movement.at_ms:
            self._refuse_uncounted(hand, movement.at_ms)
            return warnings
        since = clock.show(wrong.at_ms, self._db.station.time_zone).replace(" ", "T")
        self._refuse_uncounted(hand, movement.at_ms, since)
        warnings.append(Phrase("kit.issue_was_reversed", kit=kit.id, since=since))
        return warnings

    def reversed_issue(self, kit: str) -> Movement | None:
        """The issue of a kit that its last entry has reversed; None if that was something else. Raises `NotAllowed`."""
        self._db.demand("kit.issue", kit)
        return _reversed_issue(self._stock.movements(kit))

    def expiry_of_pouch(self, pouch: str) -> date | None:
        """The last good day of the kit that is in `pouch` now, the first of several; None if it holds none."""
        return self._stock.expiry_of_pouch(pouch)


def _reversed_issue(so_far: Sequence[Movement]) -> Movement | None:
    """The issue that the last of these movements reverses."""
    if not so_far or so_far[-1].kind != CORRECT:
        return None
    wrong = next((each for each in so_far if each.id == so_far[-1].corrects), None)
    return wrong if wrong is not None and wrong.kind == ISSUE else None
