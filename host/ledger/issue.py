"""Officers, places, lots and kits, and what is checked before a movement is added to the ledger."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

from host import clock
from host.errors import InputError, RuleError
from host.ledger.movement import (
    CORRECT,
    DESTROY,
    DESTROYED,
    IN_STOCK,
    IS_SO,
    ISSUE,
    ISSUED,
    LEAVE_BEHIND,
    LEFT_BEHIND,
    LOSE,
    LOST,
    RECEIVE,
    TRANSFER,
    USE,
    USED,
    VOID,
    Movement,
    State,
    correction_refusal,
    in_words,
    kind_in_words,
    refusal,
    replay,
    standing,
)
from host.phrase import NextStep, Phrase

DOSES_PER_KIT = 2
"""Doses in a box if nothing else is said."""

STATION = "station"
PLACE_KINDS = (STATION, "vehicle", "custody", "cabinet")
"""What a place may be: stations hold stock; kits are issued to the others."""


UNKNOWN, LAPSED, VALID = "unknown", "lapsed", "valid"
TRAINING = (VALID, LAPSED, UNKNOWN)
"""What an officer's training may be."""


class Officer(NamedTuple):
    """`id` is the collar number; `trained_on` the day of the last naloxone training, if known.

    `unit`, `station` (a place) and `role` say where and as what the officer works; `left_on` is the last day.
    """

    id: str
    trained_on: date | None
    added_at_ms: int
    unit: str | None = None
    station: str | None = None
    role: str | None = None
    left_on: date | None = None

    @property
    def trained_until(self) -> date | None:
        """The last day of the 12 months after the officer's training, if that is known.

        Refresher training is due every 12 months (Home Office process evaluation, May 2025).
        """
        day = self.trained_on
        if day is None:
            return None
        leap_day = (day.month, day.day) == (2, 29)
        return day.replace(year=day.year + 1, day=28 if leap_day else day.day)

    def training(self, today: date) -> str:
        """Whether the officer's training is `VALID`, `LAPSED` or `UNKNOWN` on a day."""
        until = self.trained_until
        return UNKNOWN if until is None else LAPSED if until < today else VALID


class Place(NamedTuple):
    """Where kits are kept: `kind` is one of `PLACE_KINDS`."""

    id: str
    kind: str
    unit: str | None = None


class Lot(NamedTuple):
    """A production lot with the expiry printed on its packs; `recalled` is the reason if it is recalled."""

    product: str
    lot: str
    expires_on: date
    doses_per_kit: int
    recalled: str | None = None


class Kit(NamedTuple):
    """One box, with the number Kitdock gives it; `gtin` and `serial` as on the pack, where known."""

    id: str
    product: str
    lot: str
    gtin: str | None = None
    serial: str | None = None


class Carrier(NamedTuple):
    """Who or where a kit goes to: an officer, or a place that is no station; and what is in the way.

    `pouch_with` says who has the pouch, or had it at some time since then; None if nobody else.
    `has` are the kits that the officer has already.
    """

    officer: Officer | None
    place: Place | None
    pouch: str | None
    pouch_with: Phrase | None
    has: Sequence[str] = ()


def received_lot(known: Lot | None, product: str, lot: str, expires_on: date | None, doses_per_kit: int | None) -> Lot:
    """The facts of the lot that a box comes from: what is `known`, or else what its pack says.

    Raises `RuleError` if the pack contradicts what is known, `InputError` if neither gives an expiry.
    """
    if known is None:
        if expires_on is None:
            raise InputError("lot.new", lot=lot, product=product)
        return Lot(product, lot, expires_on, doses_per_kit or DOSES_PER_KIT)
    if expires_on not in (None, known.expires_on):
        raise RuleError(
            "lot.other_expiry",
            lot=lot,
            product=product,
            known=known.expires_on,
            expires_on=expires_on,
            correct=NextStep("kit.correct"),
        )
    if doses_per_kit not in (None, known.doses_per_kit):
        raise RuleError("lot.other_doses", lot=lot, product=product, known=known.doses_per_kit, doses=doses_per_kit)
    return known


def check_movement(
    movements: Sequence[Movement], movement: Movement, doses_per_kit: int, zone_name: str
) -> tuple[State, State]:
    """The states of a kit before and after `movement`, which follows on its `movements` so far, oldest first.

    Raises `RuleError` with the reason if it cannot.
    """
    steps = replay([*movements, movement], doses_per_kit)
    before = steps[-2].state if movements else State()
    why = _refusal(movements, before, movement, doses_per_kit)
    if why is not None:
        raise _refused(why, before, movement, zone_name)
    return before, steps[-1].state


def _refusal(movements: Sequence[Movement], before: State, movement: Movement, doses_per_kit: int) -> Phrase | None:
    if movement.kind != CORRECT:
        return refusal(before, movement)
    if any(each.kind == CORRECT and each.id == movement.corrects for each in movements):
        return Phrase("ledger.is_a_correction", movement=movement.corrects)
    return correction_refusal(standing(movements), before, movement, doses_per_kit)


def _refused(why: Phrase, before: State, movement: Movement, zone_name: str) -> RuleError:
    """The refusal with what is known of the kit, and what would help."""
    kit = movement.kit
    last_ms = before.moved_at_ms if movement.kind == CORRECT else before.stands_at_ms
    if movement.at_ms < last_ms:
        moved = clock.Instant(last_ms, zone_name)
        return RuleError("kit.moved_later", kit=kit, moved_at=moved, history=NextStep("kit.history", kit=kit))
    if movement.kind == ISSUE and before.status == ISSUED:
        since = clock.Instant(before.since_ms, zone_name)
        back = NextStep("kit.return", kit=kit)
        return RuleError("kit.already_issued", kit=kit, holder=held_by(before), since=since, back=back)
    status, doing = in_words(before.status), kind_in_words(movement.kind)
    if why.code == IS_SO:
        return RuleError(
            "kit.impossible_in_stock" if before.status == IN_STOCK else "kit.impossible_as_it_is",
            kit=kit,
            status=status,
            place=before.place,
            doing=doing,
            instead=_instead(before, movement),
        )
    return RuleError("kit.impossible", kit=kit, status=status, doing=doing, why=why)


def _instead(before: State, movement: Movement) -> Phrase:
    """What to do with a kit of which the wanted movement is impossible."""
    kit, kind = movement.kit, movement.kind
    if kind == RECEIVE:
        return Phrase("kit.another_number")
    if before.status == IN_STOCK and kind in (USE, LEAVE_BEHIND):
        return NextStep("kit.issue", "kit.comes_first", kit=kit)
    if before.status == ISSUED and kind in (TRANSFER, DESTROY):
        return NextStep("kit.return", "kit.comes_first", kit=kit)
    if before.status == LEFT_BEHIND:
        return NextStep("kit.return", "kit.if_it_came_back", kit=kit)
    if before.status == LOST and kind != LOSE:
        return NextStep("kit.find", "kit.if_it_turned_up", kit=kit)
    if before.status == USED:
        back, destroy = NextStep("kit.return", kit=kit), NextStep("kit.destroy", kit=kit)
        return Phrase("kit.return_or_destroy", back=back, destroy=destroy)
    if before.status == DESTROYED:
        return NextStep("kit.correct", "kit.if_that_is_wrong", kit=kit)
    if before.status == VOID:
        return NextStep("kit.receive", "kit.if_it_is_here", kit=kit)
    return NextStep("kit.history", "kit.see", kit=kit)


def last_to_correct(so_far: Sequence[Movement], kit: str) -> int | None:
    """The movement that a correction without a number is of. Raises `RuleError` if the last entry is a correction."""
    still = standing(so_far)
    if so_far and so_far[-1].kind == CORRECT:
        raise RuleError(
            "kit.reversed_already_one_left" if still else "kit.reversed_already",
            kit=kit,
            movement=so_far[-1].corrects,
            left=still[-1].id if still else None,
            see=NextStep("kit.history", kit=kit),
        )
    return still[-1].id if still else None


def held_by(state: State) -> Phrase:
    """With whom or where a kit is that was handed out, for people."""
    if state.officer:
        return Phrase("who.officer", officer=state.officer)
    return Phrase("who.place", place=state.place)


def check_receipt(kit: str, lot: Lot, at_ms: int, zone_name: str, accept_expired: bool) -> None:
    """Raises `RuleError` if a kit of `lot` has expired when it is received, unless that is accepted."""
    if lot.expires_on < clock.today(at_ms, zone_name) and not accept_expired:
        raise RuleError("kit.received_expired", kit=kit, lot=lot.lot, expires_on=lot.expires_on)


def check_issue(
    state: State, kit: Kit, lot: Lot, to: Carrier, at_ms: int, zone_name: str, carry_days: int, carry_roles: str
) -> list[Phrase]:
    """What to warn of when `kit`, which is in `state`, is issued `to` somebody at that instant.

    `carry_days` is how long a kit is carried; `carry_roles` the roles that may carry one, separated by commas, empty
    for all. Raises `RuleError` if the kit has expired, is recalled, quarantined or not whole, if the officer has left
    or may not carry, or if somebody else has the pouch.
    """
    day = clock.today(at_ms, zone_name)
    if lot.expires_on < day:
        raise RuleError("kit.expired", kit=kit.id, expires_on=lot.expires_on)
    if lot.recalled is not None:
        raise RuleError("kit.recalled", kit=kit.id, lot=lot.lot, reason=lot.recalled)
    if state.quarantine is not None:
        release = NextStep("kit.release", kit=kit.id)
        raise RuleError("kit.quarantined", kit=kit.id, reason=state.quarantine, release=release)
    if state.doses_left < lot.doses_per_kit:
        raise RuleError("kit.not_whole", kit=kit.id, left=state.doses_left, of=lot.doses_per_kit)
    if to.pouch_with is not None:
        raise RuleError("pouch.with_another", pouch=to.pouch, whom=to.pouch_with)
    warnings = []
    if lot.expires_on <= day + timedelta(days=carry_days):
        days = (lot.expires_on - day).days
        warnings.append(Phrase("kit.expires_soon", kit=kit.id, expires_on=lot.expires_on, days=days))
    if to.officer is not None:
        warnings += _check_officer(to.officer, day, carry_roles)
        if to.has:
            warnings.append(Phrase("officer.has_kit", officer=to.officer.id, kits=tuple(to.has)))
    return warnings


def put_aside(kit: Kit, lot: Lot, state: State, at_ms: int, zone_name: str) -> list[Phrase]:
    """What to warn of when `kit` comes back into stock: it must not lie among those that go out."""
    why = []
    if lot.recalled is not None:
        why.append(Phrase("kit.aside_recalled", lot=lot.lot, reason=lot.recalled))
    if state.quarantine is not None:
        why.append(Phrase("kit.aside_quarantined", reason=state.quarantine))
    if lot.expires_on < clock.today(at_ms, zone_name):
        why.append(Phrase("kit.aside_expired", expires_on=lot.expires_on))
    return [Phrase("kit.put_aside", kit=kit.id, why=tuple(why))] if why else []


def _check_officer(officer: Officer, day: date, carry_roles: str) -> list[Phrase]:
    if officer.left_on is not None and officer.left_on < day:
        back = NextStep("officer.back", officer=officer.id)
        raise RuleError("officer.left", officer=officer.id, left_on=officer.left_on, back=back)
    allowed = [each.strip() for each in carry_roles.split(",") if each.strip()]
    if allowed and officer.role not in allowed:
        raise RuleError(
            "officer.may_not_carry" if officer.role else "officer.of_no_role",
            officer=officer.id,
            role=officer.role,
            roles=tuple(allowed),
            change=NextStep("officer.role", officer=officer.id),
        )
    until = officer.trained_until
    if until is None:
        return [Phrase("officer.untrained", officer=officer.id)]
    if until < day:
        return [Phrase("officer.training_lapsed", officer=officer.id, until=until)]
    return []
