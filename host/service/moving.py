"""A movement is held against its kit's own, recorded, and noted, with what follows for the kit and its pouches."""

from typing import NamedTuple

from host import clock, ledger
from host.ledger import Movement, State
from host.ledger.movement import CORRECT
from host.phrase import Phrase
from host.store.database import Database
from host.store.doses import KitInHand
from host.store.movements import MovementRepository
from host.store.rollups import RollupRepository
from host.usage.doses import Due


class Reassigned(NamedTuple):
    """An opening that most likely began at `at_ms`, and by a movement of the past became another's."""

    name: str
    at_ms: int
    before: tuple[str, ...]
    after: tuple[str, ...]


class Moved(NamedTuple):
    """A movement that was recorded, the kit's state before and after it, and what to warn of.

    `due` is why the kit needs counting afterwards. `reassigned` are openings that are now another officer's.
    """

    movement: Movement
    before: State
    after: State
    warnings: list[Phrase]
    due: Due | None = None
    reassigned: tuple[Reassigned, ...] = ()


class Moving:
    """Every use case that moves a kit records the movement here, within its transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._movements = MovementRepository(db)
        self._rollups = RollupRepository(db)

    def record(self, movement: Movement, hand: KitInHand | None = None) -> tuple[Moved, KitInHand]:
        """Checks a movement of the kit `hand` (None: loads it), adds it and its entry in the audit, keeps what follows.

        Returns what was done, and the kit after it. Raises `InputError` for an unknown kit, `RuleError` if the
        movement is impossible.
        """
        if hand is None:
            hand = self._movements.in_hand(movement.kit)
        so_far = hand.movements
        if movement.kind == CORRECT and movement.corrects is None:
            movement = movement._replace(corrects=ledger.last_to_correct(so_far, movement.kit))
        movement = movement._replace(login=self._db.login, recorded_at_ms=clock.now_ms())
        before, _ = ledger.check_movement(so_far, movement, hand.lot.doses_per_kit, self._db.station.time_zone)
        movement = self._movements.add(movement)
        # Of the present no opening is known yet; a movement of the past, or a correction, may give some to others.
        since_ms = min([movement.at_ms, *(each.at_ms for each in so_far if each.id == movement.corrects)])
        hand, before_it, after_it = self._rollups.roll_up_kit(hand, movement)
        self._note(movement)
        were = {(each.tag, each.sequence): each for each in before_it}
        reassigned = tuple(
            Reassigned(each.name, each.began.likely_ms, were[each.tag, each.sequence].officers, each.officers)
            for each in after_it
            if each.began.latest_ms >= since_ms and each.officers != were[each.tag, each.sequence].officers
        )
        return Moved(movement, before, hand.state, [], hand.due, reassigned), hand

    def _note(self, movement: Movement) -> None:
        """Adds the entry in the audit of a movement, which the subject, the action and the entry's own columns tell."""
        facts = {key: value for key, value in movement._asdict().items() if value is not None}
        for known in ("kit", "kind", "login", "recorded_at_ms"):
            facts.pop(known, None)
        self._db.note(f"kit.{movement.kind}", movement.kit, facts)
