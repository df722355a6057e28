"""Kits as a whole: where each is now or was then, what became of one, which goes out next, one in place of another."""

from collections.abc import Mapping
from typing import NamedTuple

from host import clock, ledger
from host.errors import InputError, RuleError
from host.ledger import Kit, Lot, Movement, State, Step
from host.ledger.issue import STATION
from host.ledger.movement import ISSUE, ISSUED, LEFT_BEHIND, LOST, NOWHERE, RETURN, USE, USED
from host.phrase import NextStep, Phrase
from host.store.stock import Moved, NextKit, Stock

_KIT = "k.id, k.product, k.lot, k.gtin, k.serial"


class KitNow(NamedTuple):
    """A kit, its lot and its state."""

    kit: Kit
    lot: Lot
    state: State


class KitOpening(NamedTuple):
    """An opening of the pouch while a kit was in it, most likely at `at_ms`; `reports` are the ids of usage reports."""

    at_ms: int
    tag: str
    sequence: int
    pouch: str
    cause: str | None
    reports: list[int]


class Fate(NamedTuple):
    """What became of a kit that is replaced: a return, use, loss or leaving behind.

    `doses` were used in all, or were counted in it when it came back; `report` tells of the use.
    """

    kind: str = RETURN
    doses: int | None = None
    report: int | None = None
    reason: str | None = None


class Kits(Stock):
    """The part of the store that answers for kits."""

    def kit_states(self, at_ms: int | None = None, officer: str | None = None) -> list[KitNow]:
        """Every kit that had been received by then (None: now), or the officer's, first to expire first.

        A past instant is told as the ledger stood then. An officer's account is given the officer's own. Raises
        `NotAllowed`.
        """
        account = self.account
        if not account.only_officer or account.officer is None:
            self._demand("stock.read")
        elif officer not in (None, account.officer):
            return []
        else:
            officer = account.officer
        with self._reading():
            lots = {(each.product, each.lot): each for each in self._lots()}
            found = self._now(lots, officer) if at_ms is None else self._then(lots, officer, at_ms)
        return sorted(found, key=lambda each: (each.lot.expires_on, each.kit.id))

    def _now(self, lots: Mapping[tuple[str, str], Lot], officer: str | None) -> list[KitNow]:
        columns = ", ".join(f"s.{column}" for column in State._fields)
        where, parameters = ("WHERE s.officer = ?", (officer,)) if officer is not None else ("", ())
        rows = self._rows(f"SELECT {_KIT}, {columns} FROM kit_state s JOIN kit k ON k.id = s.kit {where}", parameters)
        width = len(Kit._fields)
        return [KitNow(Kit(*row[:width]), lots[row[1], row[2]], State(*row[width:])) for row in rows]

    def _then(self, lots: Mapping[tuple[str, str], Lot], officer: str | None, at_ms: int) -> list[KitNow]:
        kits = [Kit(*row) for row in self._rows(f"SELECT {_KIT} FROM kit k")]
        lot_of = {each.id: lots[each.product, each.lot] for each in kits}
        states = ledger.states(self._movements(None), {kit: lot.doses_per_kit for kit, lot in lot_of.items()}, at_ms)
        found = [KitNow(each, lot_of[each.id], states[each.id]) for each in kits if each.id in states]
        return [each for each in found if officer is None or each.state.officer == officer]

    def history(self, kit: str) -> tuple[KitNow, list[Step], list[KitOpening]]:
        """A kit, its movements with the state after each, and the openings of its pouch while it was issued.

        Raises `InputError` if the kit is unknown, `NotAllowed`.
        """
        self._demand("stock.read", kit)
        self.freshen()
        with self._reading():
            found, lot = self.kit(kit), self.lot_of(kit)
            steps = ledger.replay(self._movements(kit), lot.doses_per_kit)
            rows = self._rows(
                "SELECT o.began_likely_ms, o.tag, o.sequence, o.pouch, o.cause, "
                "(SELECT group_concat(id) FROM usage_report r WHERE r.tag = o.tag AND r.sequence = o.sequence) "
                "FROM custody c JOIN opening o ON o.pouch = c.pouch AND o.began_likely_ms >= c.since_ms "
                "AND (c.until_ms IS NULL OR o.began_likely_ms < c.until_ms) "
                "WHERE c.kit = ? AND c.status = 'issued' ORDER BY o.began_likely_ms, o.sequence",
                (kit,),
            )
        evidence = [KitOpening._make((*row[:5], sorted(map(int, row[5].split(","))) if row[5] else [])) for row in rows]
        return KitNow(found, lot, steps[-1].state if steps else NOWHERE), steps, evidence

    def next_kits(self, station: str | None, product: str | None, most: int, at_ms: int) -> list[NextKit]:
        """The kits at a station (None: this one) to issue next at an instant, in that order, as `_to_issue` says.

        Raises `NotAllowed`.
        """
        self._demand("stock.read")
        day = clock.today(at_ms, self.station.time_zone)
        return self._to_issue(self._station_place(station), day, product, most)

    def issue_next(self, to: Movement, station: str | None, product: str | None) -> Moved:
        """Issues, as `to` says but for the kit, the kit at a station (None: this one) that `next_kits` has first.

        Raises as `move`; `RuleError` if there is none that can be issued.
        """
        self.freshen()
        with self._writing():
            self._demand("kit.issue")
            self._right_now()
            kit = self._first_to_expire(self._station_place(station), to.at_ms, product)
            return self._move_all([to._replace(kit=kit)])[0]

    def _first_to_expire(self, station: str, at_ms: int, product: str | None) -> str:
        found = self._to_issue(station, clock.today(at_ms, self.station.time_zone), product, 1)
        if not found:
            waiting = self._waiting_at(station)
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

        The new one goes to the same officer or place and into the same pouch; None is that of the same product which
        expires first. A kit that is used up, lost or left behind already is not taken back. The issue comes last.
        Raises as `move`; `RuleError` if it is not clear which kit is meant.
        """
        self.freshen()
        with self._writing():
            self._demand("kit.issue", new)
            self._right_now()
            old = self._to_replace(who)
            state = self._state(old)
            if new == old:
                raise RuleError("kit.replaces_itself", kit=old)
            shelf = self._station_place(station)
            kit = new or self._first_to_expire(shelf, at_ms, self.kit(old).product)
            pouch = state.pouch or self._last_pouch(old)
            place = None if state.officer is not None else state.place
            to = Movement(0, at_ms, ISSUE, kit, state.officer, place, pouch, document=document)
            return self._move_all([*self._taken_back(old, state, fate, at_ms, shelf, document), to])

    def kit_to_replace(self, who: str) -> str:
        """The kit that `who` stands for: an officer's, a pouch's, or itself. Raises as `replace`."""
        self._demand("kit.issue", who)
        return self._to_replace(who)

    def _to_replace(self, who: str) -> str:
        """The kit that `who` stands for: an officer's, a pouch's, or itself."""
        if self._row("SELECT 1 FROM officer WHERE id = ?", (who,)):
            column, holder = "officer", Phrase("holder.officer", officer=who)
        elif self._row("SELECT 1 FROM custody WHERE pouch = ? LIMIT 1", (who,)):
            column, holder = "pouch", Phrase("holder.pouch", pouch=who)
        elif self._row("SELECT 1 FROM kit WHERE id = ?", (who,)):
            return self._replaceable(who)
        else:
            raise InputError("replace.unknown", who=who, see=NextStep("kit.list"))
        carried = self._rows(
            f"SELECT kit FROM kit_state WHERE {column} = ? AND status = ? ORDER BY kit LIMIT 9", (who, ISSUED)
        )
        if len(carried) > 1:
            raise RuleError("replace.several", holder=holder, kits=tuple(row[0] for row in carried))
        kit = carried[0][0] if carried else self._ended_with(column, who)
        if kit is None:
            raise RuleError("replace.none", holder=holder, issue=NextStep("kit.hand_out"))
        return self._replaceable(kit)

    def _ended_with(self, column: str, who: str) -> str | None:
        """The kit that an officer or pouch had last, if it was used up, lost or left behind with nobody else since."""
        newest = f"SELECT kit, {column} FROM custody WHERE {{}} = ? AND status = ? ORDER BY since_ms DESC, began DESC"
        last = self._row(newest.format(column), (who, ISSUED))
        if last is None or self._row(newest.format("kit"), (last[0], ISSUED)) != last:
            return None
        return str(last[0]) if self._state(last[0]).status in (USED, LOST, LEFT_BEHIND) else None

    def _replaceable(self, kit: str) -> str:
        """The kit, if it is out with somebody who has no other in its place already. Raises `RuleError`."""
        state = self._state(kit)
        in_stock = state.officer is None and state.place is not None and self.place(state.place).kind == STATION
        if in_stock or state.status not in (ISSUED, USED, LOST, LEFT_BEHIND):
            status = ledger.in_words(state.status)
            raise RuleError("replace.not_out", kit=kit, status=status, issue=NextStep("kit.hand_out"))
        if state.status != ISSUED and state.officer is not None:
            other = self._row("SELECT kit FROM kit_state WHERE officer = ? AND status = ?", (state.officer, ISSUED))
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

    def _last_pouch(self, kit: str) -> str | None:
        """The pouch that a kit was last carried in, if that still has a tag."""
        row = self._row(
            "SELECT pouch FROM custody WHERE kit = ? AND status = ? ORDER BY since_ms DESC, began DESC LIMIT 1",
            (kit, ISSUED),
        )
        tagged = row and self._row("SELECT pouch FROM tag WHERE pouch = ? AND retired_at_ms IS NULL", row)
        return tagged[0] if tagged else None
