"""Movements and what follows from them: where each kit is, with whom, and how many doses it has.

A movement is a row that is never changed. A kit's state is what its movements make of it, oldest first; `after`
is the one rule for what a movement may do and does. A wrong movement is reversed by another, of kind `CORRECT`.

    kind           from                        to            besides
    receive        nowhere                     in stock      at a station
    issue          in stock                    issued        to an officer, or a vehicle, custody suite or cabinet
    return         issued, used, left behind   in stock      at a station; may count the doses
    transfer       in stock                    in stock      at another station
    load, unload   in stock, issued            the same      into a pouch, out of it
    use            issued                      issued, used  `doses` are given; used when none is left
                   any, with a report          as before     the report tells of a use that was before
    leave_behind   issued                      left behind   with a person at risk
    lose           in stock, issued            lost
    find           lost                        in stock      at a station
    quarantine     in stock, issued            the same      not to be issued until released
    release        in stock, issued            the same
    count          in stock, issued            the same      somebody counted the doses
    destroy        in stock, used              destroyed
    correct        any but nowhere             as if the movement that it reverses had never been

A kit is corrected from its last movement backwards, down to its receipt, after which it is void; its number may then
be received again. A use alone may be reversed at any time, since it moves nothing but doses. A correction is not
corrected: the movement is recorded anew.

What was reversed never was: who had a kit, in which pouch and since when follows from the movements that still
count. The ledger keeps both, the movement and its reversal; and in place of the one reversed another may be
recorded, of that time. So the order of a kit's movements is that in which they were recorded.

Doses never vanish: of the doses that came with a kit, each is left in it, was used, or is unaccounted for, which
a count may make negative if fewer are missing than were reported as used. A report may tell of a use after somebody has
counted the kit: then its doses are some of those that the count did not find, and the count stands.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from host.phrase import NextStep, Phrase

RECEIVE = "receive"
ISSUE = "issue"
RETURN = "return"
TRANSFER = "transfer"
LOAD = "load"
UNLOAD = "unload"
USE = "use"
LEAVE_BEHIND = "leave_behind"
LOSE = "lose"
FIND = "find"
QUARANTINE = "quarantine"
RELEASE = "release"
COUNT = "count"
DESTROY = "destroy"
CORRECT = "correct"

IN_STOCK = "in_stock"
ISSUED = "issued"
USED = "used"
"""Every dose was given."""
LEFT_BEHIND = "left_behind"
LOST = "lost"
DESTROYED = "destroyed"
VOID = "void"
"""Its receipt was corrected: there is no such kit."""
STATUSES = (IN_STOCK, ISSUED, USED, LEFT_BEHIND, LOST, DESTROYED, VOID)

_FROM: Mapping[str, tuple[str, ...]] = {
    RECEIVE: (VOID,),
    ISSUE: (IN_STOCK,),
    RETURN: (ISSUED, USED, LEFT_BEHIND),
    TRANSFER: (IN_STOCK,),
    LOAD: (IN_STOCK, ISSUED),
    UNLOAD: (IN_STOCK, ISSUED),
    USE: (ISSUED,),
    LEAVE_BEHIND: (ISSUED,),
    LOSE: (IN_STOCK, ISSUED),
    FIND: (LOST,),
    QUARANTINE: (IN_STOCK, ISSUED),
    RELEASE: (IN_STOCK, ISSUED),
    COUNT: (IN_STOCK, ISSUED),
    DESTROY: (IN_STOCK, USED),
}
KINDS = (*_FROM, CORRECT)
"""Every kind of movement."""


IS_SO = "ledger.kit_is"
"""The refusal of a movement that is impossible from the status that the kit has."""


class Movement(NamedTuple):
    """One row of the ledger: what happened to `kit` at `at_ms`, and who recorded it when.

    `officer` or `place` is where an issue goes; `place` where a receipt, return, transfer or find puts it. `pouch`
    belongs to an issue or load. `doses` are those given (use) or counted (return, count). `corrects` is the id of
    the movement reversed; `report` that of the usage report that tells of the use, and `happened_ms` when that was, if
    it was before it was recorded. Times in Unix milliseconds.
    """

    id: int
    at_ms: int
    kind: str
    kit: str
    officer: str | None = None
    place: str | None = None
    pouch: str | None = None
    doses: int | None = None
    corrects: int | None = None
    report: int | None = None
    reason: str | None = None
    document: str | None = None
    login: str = ""
    recorded_at_ms: int = 0
    happened_ms: int | None = None


class State(NamedTuple):
    """What a kit is after its movements.

    `since_ms` is when it came to be with this officer or in this place and pouch, by the movement `began`;
    `moved_at_ms` and `movement` tell the last of all. `quarantine` is the reason for it, None if it is not quarantined.
    `counted_ms` is when its doses were last known by looking: at its receipt or at a count. `stands_at_ms` is when the
    last movement was that still counts: nothing can be recorded before it.
    """

    status: str = VOID
    officer: str | None = None
    place: str | None = None
    pouch: str | None = None
    quarantine: str | None = None
    doses_left: int = 0
    doses_used: int = 0
    doses_unaccounted: int = 0
    since_ms: int = 0
    began: int = 0
    moved_at_ms: int = 0
    movement: int = 0
    counted_ms: int = 0
    stands_at_ms: int = 0

    @property
    def doses(self) -> int:
        """How many doses the kit came with: each is left, used or unaccounted for."""
        return self.doses_left + self.doses_used + self.doses_unaccounted

    @property
    def where(self) -> tuple[str, str | None, str | None, str | None]:
        """What makes one stretch of custody: status, officer, place, pouch."""
        return self.status, self.officer, self.place, self.pouch


NOWHERE = State()
"""Before a kit is received."""


class Step(NamedTuple):
    """A movement, the state after it, and why it was impossible (None: it was not)."""

    movement: Movement
    state: State
    impossible: Phrase | None


def refusal(state: State, movement: Movement) -> Phrase | None:
    """Why `movement` cannot follow on `state`; None if it can. A correction is judged by `replay`."""
    if movement.at_ms < state.stands_at_ms:
        return Phrase("ledger.moved_since")
    told = movement.kind == USE and movement.report is not None and state.status != VOID
    if state.status not in _FROM[movement.kind] and not told:
        return Phrase(IS_SO, status=in_words(state.status))
    if movement.kind == TRANSFER and movement.place == state.place:
        return Phrase("ledger.there_already")
    if movement.kind == LOAD and state.pouch is not None:
        return NextStep("kit.unload", "ledger.in_a_pouch", kit=movement.kit, pouch=state.pouch)
    if movement.kind == UNLOAD and state.pouch is None:
        return Phrase("ledger.in_no_pouch")
    if movement.kind == QUARANTINE and state.quarantine is not None:
        return NextStep("kit.release", "ledger.quarantined_already", kit=movement.kit, reason=state.quarantine)
    if movement.kind == RELEASE and state.quarantine is None:
        return Phrase("ledger.not_quarantined")
    return _refused_doses(state, movement)


def _refused_doses(state: State, movement: Movement) -> Phrase | None:
    """Why so many doses cannot have been given or counted."""
    kind, doses = movement.kind, movement.doses
    if kind == USE and (doses is None or doses < 1):
        return Phrase("ledger.how_many_given")
    can = _can_have_given(state, movement)
    if kind == USE and doses is not None and doses > can:
        return Phrase("ledger.fewer_left", left=can, doses=doses)
    if kind == COUNT and doses is None:
        return Phrase("ledger.how_many_counted")
    if kind in (COUNT, RETURN) and doses is not None and not 0 <= doses <= state.doses:
        return Phrase("ledger.came_with_fewer", came=state.doses, doses=doses)
    return None


def _can_have_given(state: State, movement: Movement) -> int:
    """How many doses a use can be of: what is left; for one that a report tells of, all that were not used else."""
    return state.doses_left if movement.report is None else state.doses - state.doses_used


def after(state: State, movement: Movement, doses_per_kit: int) -> State:
    """The state after a movement that is no correction, possible or not: what is recorded last is taken as true."""
    return _taken_on(state, _moved(state, movement, doses_per_kit), movement)


def _taken_on(state: State, new: State, movement: Movement) -> State:
    """The `new` state that `movement` leads to from `state`: a stretch of custody goes on, or a new one begins."""
    since_ms, began = (state.since_ms, state.began) if new.where == state.where else (movement.at_ms, movement.id)
    return new._replace(
        since_ms=since_ms,
        began=began,
        moved_at_ms=max(state.moved_at_ms, movement.at_ms),
        movement=movement.id,
        stands_at_ms=movement.at_ms,
    )


def _moved(state: State, movement: Movement, doses_per_kit: int) -> State:
    kind = movement.kind
    if kind == RECEIVE:
        return State(IN_STOCK, place=movement.place, doses_left=doses_per_kit, counted_ms=movement.at_ms)
    if kind == ISSUE:
        return state._replace(
            status=ISSUED, officer=movement.officer, place=movement.place, pouch=movement.pouch or state.pouch
        )
    if kind in (RETURN, FIND):
        back = state._replace(status=IN_STOCK, officer=None, place=movement.place, pouch=None)
        return _counted(back, movement)
    if kind == TRANSFER:
        return state._replace(place=movement.place, pouch=None)
    if kind in (LOAD, UNLOAD):
        return state._replace(pouch=movement.pouch if kind == LOAD else None)
    if kind == USE:
        return _used(state, movement)
    if kind == QUARANTINE:
        return state._replace(quarantine=movement.reason or "")
    if kind == RELEASE:
        return state._replace(quarantine=None)
    if kind == COUNT:
        return _counted(state, movement)
    status = {LEAVE_BEHIND: LEFT_BEHIND, LOSE: LOST, DESTROY: DESTROYED}[kind]
    if kind == DESTROY:
        return state._replace(status=status, officer=None, pouch=None)
    return state._replace(status=status, pouch=None)


def _used(state: State, movement: Movement) -> State:
    """After a use. If the kit was counted after it, its doses are some of those that the count did not find."""
    given = movement.doses or 0
    happened_ms = movement.at_ms if movement.happened_ms is None else movement.happened_ms
    from_left = 0 if happened_ms < state.counted_ms else min(given, state.doses_left)
    if movement.report is None:
        from_left = given
    used = state._replace(
        doses_left=state.doses_left - from_left,
        doses_used=state.doses_used + given,
        doses_unaccounted=state.doses_unaccounted - (given - from_left),
    )
    # A kit that went on to somebody else before anyone recorded the use is still with them, whatever is in it.
    if state.status == ISSUED and used.doses_left <= 0 and happened_ms >= state.since_ms:
        return used._replace(status=USED, pouch=None)
    return used


def _counted(state: State, movement: Movement) -> State:
    counted = movement.doses
    if counted is None:
        return state
    return state._replace(
        doses_left=counted,
        doses_unaccounted=state.doses_unaccounted + state.doses_left - counted,
        counted_ms=movement.at_ms,
    )


def replay(movements: Iterable[Movement], doses_per_kit: int) -> list[Step]:
    """What the movements of one kit, in the order in which they were recorded, made of it, one step for each.

    `Step.impossible` marks movements that cannot follow each other, which two merged databases may have. What is
    recorded last is taken as true, but a correction of what is neither the kit's last movement nor a use reverses
    nothing.
    """
    steps: list[Step] = []
    still_count: list[Movement] = []
    state = NOWHERE
    for movement in movements:
        if movement.kind == CORRECT:
            impossible = correction_refusal(still_count, state, movement, doses_per_kit)
            still_count = _without(still_count, movement.corrects)
            # As if it had never been.
            moved_at_ms = max(state.moved_at_ms, movement.at_ms)
            state = _final(still_count, doses_per_kit)._replace(moved_at_ms=moved_at_ms, movement=movement.id)
        else:
            impossible = refusal(state, movement)
            still_count.append(movement)
            state = after(state, movement, doses_per_kit)
        steps.append(Step(movement, state, impossible))
    return steps


def standing(movements: Iterable[Movement]) -> list[Movement]:
    """The movements of one kit that still count, oldest first: neither corrections nor what they reversed."""
    found: list[Movement] = []
    for movement in movements:
        if movement.kind == CORRECT:
            found = _without(found, movement.corrects)
        else:
            found.append(movement)
    return found


def _without(still_count: list[Movement], reversed_id: int | None) -> list[Movement]:
    """The movements without the one reversed, if it is one that can be: the last of all, or a use."""
    found = next((each for each in still_count if each.id == reversed_id), None)
    if found is None or (found.kind != USE and found is not still_count[-1]):
        return still_count
    return [each for each in still_count if each is not found]


def _final(still_count: Iterable[Movement], doses_per_kit: int) -> State:
    state = NOWHERE
    for movement in still_count:
        state = after(state, movement, doses_per_kit)
    return state


def first_impossible(steps: Iterable[Step]) -> Step | None:
    """The first step that was impossible and has not been corrected."""
    steps = list(steps)
    corrected = {each.movement.corrects for each in steps if each.movement.kind == CORRECT and not each.impossible}
    return next((each for each in steps if each.impossible and each.movement.id not in corrected), None)


def correction_refusal(
    still_count: list[Movement], state: State, movement: Movement, doses_per_kit: int
) -> Phrase | None:
    """Why a correction cannot follow; None if it reverses the last movement that still counts, or a use."""
    if movement.at_ms < state.moved_at_ms:
        return Phrase("ledger.moved_since")
    if not still_count:
        return Phrase("ledger.nothing_to_correct")
    last = still_count[-1]
    if movement.corrects == last.id:
        return None
    if not any(each.id == movement.corrects and each.kind == USE for each in still_count):
        return Phrase("ledger.only_the_last", movement=last.id, kind=kind_in_words(last.kind))
    before = NOWHERE
    for each in _without(still_count, movement.corrects):
        if refusal(before, each) is not None:
            return Phrase("ledger.rests_on_the_use", movement=each.id, kind=kind_in_words(each.kind))
        before = after(before, each, doses_per_kit)
    return None


_STATUSES = {
    IN_STOCK: Phrase("status.in_stock"),
    ISSUED: Phrase("status.issued"),
    USED: Phrase("status.used"),
    LEFT_BEHIND: Phrase("status.left_behind"),
    LOST: Phrase("status.lost"),
    DESTROYED: Phrase("status.destroyed"),
    VOID: Phrase("status.void"),
}

_KINDS = {
    RECEIVE: Phrase("movement.receive"),
    ISSUE: Phrase("movement.issue"),
    RETURN: Phrase("movement.return"),
    TRANSFER: Phrase("movement.transfer"),
    LOAD: Phrase("movement.load"),
    UNLOAD: Phrase("movement.unload"),
    USE: Phrase("movement.use"),
    LEAVE_BEHIND: Phrase("movement.leave_behind"),
    LOSE: Phrase("movement.lose"),
    FIND: Phrase("movement.find"),
    QUARANTINE: Phrase("movement.quarantine"),
    RELEASE: Phrase("movement.release"),
    COUNT: Phrase("movement.count"),
    DESTROY: Phrase("movement.destroy"),
    CORRECT: Phrase("movement.correct"),
}


def in_words(status: str) -> Phrase:
    """A status for people."""
    return _STATUSES[status]


def kind_in_words(kind: str) -> Phrase:
    """A kind of movement for people."""
    return _KINDS[kind]
