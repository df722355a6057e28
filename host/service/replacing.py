"""The kit that expires first goes out, and one kit goes out in place of another."""

from datetime import timedelta
from typing import NamedTuple

from host import clock, ledger
from host.errors import InputError, RuleError
from host.ledger import Movement, State
from host.ledger.issue import STATION
from host.ledger.movement import ISSUE, ISSUED, LEFT_BEHIND, LOST, RETURN, USE, USED
from host.phrase import NextStep, Phrase
from host.service.derivation import Derivation
from host.service.moving import Moved
from host.service.stock import Stock
from host.store.database import Database
from host.store.doses import DoseRepository
from host.store.kits import CarriedBy, KitRepository
from host.store.people import PeopleRepository
from host.store.stock import StockRepository


class Fate(NamedTuple):
    """What became of a kit that is replaced: a return, use, loss or leaving behind.

    `doses` were used in all, or were counted in it when it came back; `report` tells of the use.
    """

    kind: str = RETURN
    doses: int | None = None
    report: int | None = None
    reason: str | None = None


class Replacements:
    """Issues the next kit, and takes back one for another, in one step."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._doses = DoseRepository(db)
        self._kits = KitRepository(db)
        self._people = PeopleRepository(db)
        self._stock = StockRepository(db)
        self._derivation_service = Derivation(db)
        self._stock_service = Stock(db)

    def issue_next(self, to: Movement, station: str | None, product: str | None) -> Moved:
        """Issues the kit at a station (None: this one) that `next_kits` has first; all else is as `to` says.

        Raises as `move`; `RuleError` if there is none that can be issued.
        """
        self._derivation_service.freshen()
        with self._db.writing():
            self._db.demand("kit.issue")
            self._db.right_now()
            kit = self._first_to_expire(self._people.station_place(station), to.at_ms, product)
            return self._stock_service.move_within([to._replace(kit=kit)])[0]

    def _first_to_expire(self, station: str, at_ms: int, product: str | None) -> str:
        day = clock.today(at_ms, self._db.station.time_zone)
        found = self._stock.to_issue(station, day, day + timedelta(self._db.settings.carry_days), product, 1)
        if not found:
            waiting = self._doses.waiting_at(station)
            raise RuleError(
                "kit.none_to_issue",
                product=product,
                station=station,
                see=NextStep("kit.list_at", place=station),
                waiting=waiting,
                to_count=NextStep("kit.list_to_count"),
            )
        return found[0].kit

    def replace(
        self, who: str, new: str | None, fate: Fate, at_ms: int, station: str | None = None, document: str | None = None
    ) -> list[Moved]:
        """Takes back the kit of an officer, a pouch or that number, and issues `new` in its place, all or none.

        The new one goes to the same officer or place and into the same pouch; None means the kit of the same product
        that expires first. A kit that is used up, lost or left behind already is not taken back. The issue comes last.
        Raises as `move`; `RuleError` if it is not clear which kit is meant.
        """
        self._derivation_service.freshen()
        with self._db.writing():
            self._db.demand("kit.issue", new)
            self._db.right_now()
            old = self._to_replace(who)
            state = self._stock.state(old)
            if new == old:
                raise RuleError("kit.replaces_itself", kit=old)
            shelf = self._people.station_place(station)
            kit = new or self._first_to_expire(shelf, at_ms, self._stock.kit(old).product)
            pouch = state.pouch or self._kits.last_pouch(old)
            place = None if state.officer is not None else state.place
            to = Movement(0, at_ms, ISSUE, kit, state.officer, place, pouch, document=document)
            return self._stock_service.move_within([*self._taken_back(old, state, fate, at_ms, shelf, document), to])

    def kit_to_replace(self, who: str) -> str:
        """The kit that `who` stands for: an officer's, a pouch's, or itself. Raises as `replace`."""
        self._db.demand("kit.issue", who)
        return self._to_replace(who)

    def _to_replace(self, who: str) -> str:
        """The kit that `who` stands for: an officer's, a pouch's, or itself. Raises as `replace`."""
        by = self._kits.carrier(who)
        if by is None:
            if self._stock.known_kit(who) is None:
                raise InputError("replace.unknown", who=who, see=NextStep("kit.list"))
            return self._replaceable(who)
        holder = Phrase("holder.officer", officer=who) if by == "officer" else Phrase("holder.pouch", pouch=who)
        carried = self._kits.carried(by, who, 9)
        if len(carried) > 1:
            raise RuleError("replace.several", holder=holder, kits=tuple(carried))
        kit = carried[0] if carried else self._ended_with(by, who)
        if kit is None:
            raise RuleError("replace.none", holder=holder, issue=NextStep("kit.hand_out"))
        return self._replaceable(kit)

    def _ended_with(self, by: CarriedBy, who: str) -> str | None:
        """The kit that an officer or pouch had last, if it was used up, lost or left behind with nobody else since."""
        last = self._kits.carried_last(by, who)
        return last if last is not None and self._stock.state(last).status in (USED, LOST, LEFT_BEHIND) else None

    def _replaceable(self, kit: str) -> str:
        """The kit, if it is out with somebody who has no other in its place already. Raises `RuleError`."""
        state = self._stock.state(kit)
        in_stock = state.officer is None and state.place is not None and self._people.place(state.place).kind == STATION
        if in_stock or state.status not in (ISSUED, USED, LOST, LEFT_BEHIND):
            status = ledger.in_words(state.status)
            raise RuleError("replace.not_out", kit=kit, status=status, issue=NextStep("kit.hand_out"))
        if state.status != ISSUED and state.officer is not None:
            other = self._kits.carried("officer", state.officer, 1)
            if other:
                raise RuleError("replace.done_already", officer=state.officer, other=other[0], kit=kit)
        return kit

    def _taken_back(
        self, kit: str, state: State, fate: Fate, at_ms: int, shelf: str, document: str | None
    ) -> list[Movement]:
        """The movements that end the carrying of a kit; none if it has ended."""
        if state.status != ISSUED:
            known = fate.kind == USE and state.status == USED and fate.doses == state.doses_used
            if fate != Fate() and not known:
                raise RuleError("replace.ended_already", kit=kit, status=ledger.in_words(state.status))
            return []
        end = Movement(
            0, at_ms, fate.kind, kit, doses=fate.doses, report=fate.report, reason=fate.reason, document=document
        )
        back = end._replace(kind=RETURN, place=shelf)
        if fate.kind == RETURN:
            return [back]
        if fate.kind == USE and fate.doses is not None:
            more = fate.doses - state.doses_used
            if more < 0:
                see = NextStep("kit.history", kit=kit)
                raise RuleError("replace.more_used", kit=kit, used=state.doses_used, doses=fate.doses, see=see)
            # Who says how many were used has looked: the rest is in it.
            rest = back._replace(doses=state.doses_left - more, report=None)
            return [*([end._replace(doses=more)] if more else []), *([rest] if more < state.doses_left else [])]
        return [end]
