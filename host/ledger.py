"""The stock ledger: officers, lots, kits and their movements; who holds what, at any time.

State is never stored: it follows from the movements, oldest first, so it can be told for any instant.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from host import clock
from host.errors import InputError, RuleError

RECEIVE = "receive"
"""The kit came into stock."""
ISSUE = "issue"
"""The kit was handed to an officer, in a pouch or without."""
RETURN = "return"
"""The kit came back into stock."""

DOSES_PER_KIT = 2
"""Doses in a box if nothing else is said."""

EXPIRY_WARNING_DAYS = 90
"""An issue warns if the kit expires within so many days."""


class Officer(NamedTuple):
    """`id` is the collar number; `trained_on` the day of the last naloxone training, if known."""

    id: str
    trained_on: date | None
    added_at_ms: int


class Lot(NamedTuple):
    """A production lot with the expiry printed on its packs."""

    product: str
    lot: str
    expires_on: date
    doses_per_kit: int


class Kit(NamedTuple):
    """One box, with the number Kitdock gives it."""

    id: str
    product: str
    lot: str


class Movement(NamedTuple):
    """One row of the ledger; `officer` and `pouch` only for an issue."""

    id: int
    at_ms: int
    kind: str
    kit: str
    officer: str | None
    pouch: str | None


class Holding(NamedTuple):
    """A kit in an officer's hands from `since_ms` until `until_ms` (None: still)."""

    kit: str
    officer: str
    pouch: str | None
    since_ms: int
    until_ms: int | None

    def covers(self, at_ms: int) -> bool:
        """Whether the officer held the kit at that instant."""
        return self.since_ms <= at_ms and (self.until_ms is None or at_ms < self.until_ms)


def holdings(movements: Iterable[Movement]) -> list[Holding]:
    """Every holding there ever was, in order of issue. `movements` may come in any order."""
    done: list[Holding] = []
    open_by_kit: dict[str, Holding] = {}
    for movement in sorted(movements, key=lambda each: (each.at_ms, each.id)):
        held = open_by_kit.pop(movement.kit, None)
        if held is not None:
            done.append(held._replace(until_ms=movement.at_ms))
        if movement.kind == ISSUE and movement.officer is not None:
            open_by_kit[movement.kit] = Holding(movement.kit, movement.officer, movement.pouch, movement.at_ms, None)
    return sorted([*done, *open_by_kit.values()], key=lambda each: (each.since_ms, each.kit))


def holdings_of_pouch(all_holdings: Iterable[Holding], pouch: str, at_ms: int) -> list[Holding]:
    """The kits that were in `pouch` at that instant."""
    return [each for each in all_holdings if each.pouch == pouch and each.covers(at_ms)]


def holder_of_pouch(all_holdings: Iterable[Holding], pouch: str, at_ms: int) -> str | None:
    """The officer who carried `pouch` at that instant."""
    return next((each.officer for each in holdings_of_pouch(all_holdings, pouch, at_ms)), None)


def training_valid_until(officer: Officer) -> date | None:
    """The last day of the 12 months after the officer's training, if that is known.

    Refresher training is due every 12 months (Home Office process evaluation, May 2025).
    """
    day = officer.trained_on
    if day is None:
        return None
    leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year + 1, day=28 if leap_day else day.day)


def received_lot(known: Lot | None, product: str, lot: str, expires_on: date | None, doses_per_kit: int | None) -> Lot:
    """The facts of the lot that a box comes from: what is `known`, or else what its pack says.

    Raises `RuleError` if the pack contradicts what is known, `InputError` if neither gives an expiry.
    """
    if known is None:
        if expires_on is None:
            raise InputError(f"lot {lot} of {product} is new: give the expiry printed on the pack with --expires")
        return Lot(product, lot, expires_on, doses_per_kit or DOSES_PER_KIT)
    if expires_on not in (None, known.expires_on):
        raise RuleError(
            f"lot {lot} of {product} is known to expire on {known.expires_on}, not {expires_on}: "
            "check the printed lot and expiry"
        )
    if doses_per_kit not in (None, known.doses_per_kit):
        raise RuleError(
            f"lot {lot} of {product} is known to have {known.doses_per_kit} doses a kit, not {doses_per_kit}: "
            "check the pack"
        )
    return known


def check_issue(
    movements: Sequence[Movement],
    kit: Kit,
    lot: Lot,
    officer: Officer,
    pouch: str | None,
    at_ms: int,
    zone_name: str,
) -> list[str]:
    """What to warn of when `kit` is issued at that instant.

    Raises `RuleError` if it is issued already, has moved after that instant, has expired, or if another
    officer carries the pouch.
    """
    there_were = holdings(movements)
    held = next((each for each in there_were if each.kit == kit.id and each.until_ms is None), None)
    if held is not None:
        raise RuleError(
            f"kit {kit.id} is already issued, to officer {held.officer} since {clock.show(held.since_ms, zone_name)}: "
            f"`kitdock kit return {kit.id}` comes first"
        )
    _check_order(movements, kit.id, at_ms, zone_name)
    day = clock.today(at_ms, zone_name)
    if lot.expires_on < day:
        raise RuleError(f"kit {kit.id} expired on {lot.expires_on}: never issue it, take another")
    other = None if pouch is None else holder_of_pouch(there_were, pouch, at_ms)
    if other not in (None, officer.id):
        raise RuleError(f"pouch {pouch} is with officer {other}: return the kits in it first")
    warnings = []
    if lot.expires_on <= day + timedelta(days=EXPIRY_WARNING_DAYS):
        warnings.append(f"kit {kit.id} expires on {lot.expires_on}, in {(lot.expires_on - day).days} days")
    trained_until = training_valid_until(officer)
    if trained_until is None:
        warnings.append(f"no training is known for officer {officer.id}: it must come before carriage")
    elif trained_until < day:
        warnings.append(f"training of officer {officer.id} lapsed on {trained_until}: the refresher is due")
    return warnings


def check_return(movements: Sequence[Movement], kit: str, at_ms: int, zone_name: str) -> Holding:
    """The holding that ends when `kit` is returned at that instant.

    Raises `RuleError` if it is not issued, or has moved after that instant.
    """
    held = next((each for each in holdings(movements) if each.kit == kit and each.until_ms is None), None)
    if held is None:
        raise RuleError(f"kit {kit} is in stock, not issued: see `kitdock kit list`")
    _check_order(movements, kit, at_ms, zone_name)
    return held


def _check_order(movements: Iterable[Movement], kit: str, at_ms: int, zone_name: str) -> None:
    last = max((each.at_ms for each in movements if each.kit == kit), default=at_ms)
    if last > at_ms:
        raise RuleError(
            f"kit {kit} moved at {clock.show(last, zone_name)}, after the time given: the ledger only grows forward"
        )
