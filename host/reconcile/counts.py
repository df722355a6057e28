"""Rules about what the ledger, the reports and the counts say of the same kit."""

from collections.abc import Iterator

from host import stocktake
from host.ledger import Step, first_impossible, in_words
from host.ledger.movement import ISSUE, ISSUED, NOWHERE, State
from host.reconcile.discrepancy import HIGH, LOW, MEDIUM, Discrepancy, movement, report
from host.reconcile.discrepancy import stocktake as stocktake_fact
from host.reconcile.situation import Count, KitLedger, ReportedDoses, View
from host.words import plural

_MISSING = (stocktake.MISSING,)
_UNEXPECTED = (stocktake.UNEXPECTED, stocktake.UNKNOWN)
_WRONG_PLACE = (stocktake.WRONG_PLACE,)
_TWICE = (stocktake.DOUBLE, stocktake.COUNTED_ONCE)
_DOSES = (stocktake.DOSES,)


def doses_differ(view: View) -> Iterator[Discrepancy]:
    """Doses counted at a return, count or stocktake that are not what the reports leave; or more reported than a kit
    had."""
    for each in view.of.unaccounted:
        found = _unaccounted(view, each)
        if found is not None:
            yield found
    for told in view.of.reported:
        if told.taken and sum(each.doses for each in told.taken) < told.report.doses:
            yield _more_reported(told)
    for count in _unsettled(view, _DOSES):
        yield _counted(view, count, "doses_differ", MEDIUM, f"{count.difference.kit}@{count.stocktake.id}")


def _unaccounted(view: View, each: KitLedger) -> Discrepancy | None:
    steps = each.steps
    state = steps[-1].state if steps else NOWHERE
    missing = state.doses_unaccounted
    if missing == 0:
        return None
    before = [NOWHERE, *(step.state for step in steps)]
    changed = [
        step for step, was in zip(steps, before, strict=False) if step.state.doses_unaccounted != was.doses_unaccounted
    ]
    last = changed[-1].movement
    uses = [step.movement for step in steps if step.movement.report is not None]
    told = f"{plural(state.doses_used, 'dose')} of {each.doses} recorded as used"
    what = (
        f"{plural(missing, 'dose')} missing"
        if missing > 0
        else f"{plural(-missing, 'dose')} more in it than the uses leave"
    )
    return Discrepancy(
        "doses_differ",
        MEDIUM,
        each.kit,
        f"{last.id}:{missing}",
        last.at_ms,
        f"counted at {view.show(last.at_ms)}: {what}; {told}, {state.doses_left} left",
        "ask whether it was used and not reported; count it again"
        if missing > 0
        else "count it again, and check the report's doses",
        (*(movement(step.movement.id) for step in changed), *(report(use.report) for use in uses if use.report)),
        kit=each.kit,
        pouch=state.pouch,
        officer=state.officer,
        place=state.place,
    )


def _more_reported(told: ReportedDoses) -> Discrepancy:
    taken = sum(each.doses for each in told.taken)
    kits = list(dict.fromkeys(each.kit for each in told.taken))
    number = told.report.id
    return Discrepancy(
        "doses_differ",
        LOW,
        f"report-{number}",
        str(taken),
        told.report.filed_at_ms,
        f"usage report {number} tells of {plural(told.report.doses, 'dose')}; {taken} came from kit "
        f"{' and '.join(kits)}",
        f"ask which kit the other {told.report.doses - taken} came from, then "
        f"`kitdock kit use KIT --doses {told.report.doses - taken} --report {number}`",
        (report(number), *(movement(each.movement) for each in told.taken)),
        kit=kits[0] if len(kits) == 1 else None,
        officer=told.report.officer,
    )


def kit_issued_twice(view: View) -> Iterator[Discrepancy]:
    """A kit that was issued while it was out already: two ledgers that were put together, most likely."""
    for each, step, before in _impossible(view):
        if _twice(step, before):
            first = f"officer {before.officer}" if before.officer else str(before.place)
            second = f"officer {step.movement.officer}" if step.movement.officer else str(step.movement.place)
            yield _about(
                each,
                step,
                kind="kit_issued_twice",
                evidence=f"issued to {first} at {view.show(before.since_ms)}, and to {second} at "
                f"{view.show(step.movement.at_ms)} with no return between",
                next_step=f"look which box is where: see `kitdock kit history {each.kit}`",
                facts=(movement(before.began), movement(step.movement.id)),
            )


def ledger_impossible(view: View) -> Iterator[Discrepancy]:
    """A kit whose movements cannot follow on each other in any other way than two issues."""
    for each, step, before in _impossible(view):
        if not _twice(step, before):
            yield _about(
                each,
                step,
                kind="ledger_impossible",
                evidence=f"movement {step.movement.id}, {step.movement.kind.replace('_', ' ')} at "
                f"{view.show(step.movement.at_ms)}, cannot have been: {step.impossible}",
                next_step=f"look where the box is: see `kitdock kit history {each.kit}`",
                facts=(movement(step.movement.id),),
            )


def _impossible(view: View) -> Iterator[tuple[KitLedger, Step, State]]:
    """The first movement of each kit that cannot be, with the state before it."""
    for each in view.of.impossible:
        step = first_impossible(each.steps)
        if step is not None:
            place = each.steps.index(step)
            yield each, step, each.steps[place - 1].state if place else NOWHERE


def _twice(step: Step, before: State) -> bool:
    return step.movement.kind == ISSUE and before.status == ISSUED


def _about(
    each: KitLedger, step: Step, *, kind: str, evidence: str, next_step: str, facts: tuple[str, ...]
) -> Discrepancy:
    now = each.steps[-1].state
    return Discrepancy(
        kind,
        HIGH,
        each.kit,
        str(step.movement.id),
        step.movement.at_ms,
        f"{evidence}; by the last movement it is {in_words(now.status)}",
        next_step,
        facts,
        kit=each.kit,
        pouch=now.pouch,
    )


def stocktake_missing(view: View) -> Iterator[Discrepancy]:
    """A kit that the newest stocktake of its place did not find, and that has not moved since."""
    for count in _unsettled(view, _MISSING):
        yield _counted(view, count, "stocktake_missing", MEDIUM, count.difference.kit)


def stocktake_unexpected(view: View) -> Iterator[Discrepancy]:
    """A kit that the newest stocktake found although it is out or gone by the ledger, or not in it at all."""
    for count in _unsettled(view, _UNEXPECTED):
        yield _counted(view, count, "stocktake_unexpected", MEDIUM, f"{count.difference.kit}@{count.stocktake.place}")


def stocktake_wrong_place(view: View) -> Iterator[Discrepancy]:
    """A kit that the newest stocktake found in another place than the ledger has it, and that has not moved since."""
    for count in _unsettled(view, _WRONG_PLACE):
        yield _counted(view, count, "stocktake_wrong_place", MEDIUM, f"{count.difference.kit}@{count.stocktake.place}")


def stocktake_double(view: View) -> Iterator[Discrepancy]:
    """A kit that two people counted on the same shelves, or only one of two who each counted everything."""
    for count in _unsettled(view, _TWICE):
        yield _counted(view, count, "stocktake_double", LOW, f"{count.difference.kit}@{count.stocktake.place}")


def _unsettled(view: View, kinds: tuple[str, ...]) -> Iterator[Count]:
    """Differences of these kinds whose kit has not moved since."""
    for count in view.of.counts:
        if count.difference.kind in kinds and (count.moved_at_ms or 0) < count.difference.at_ms:
            yield count


def _counted(view: View, count: Count, kind: str, severity: str, subject: str) -> Discrepancy:
    _, what, kit, detail, reason, at_ms = count.difference
    there = count.stocktake
    return Discrepancy(
        kind,
        severity,
        subject,
        str(there.id),
        at_ms,
        f"stocktake {there.id} of {there.place}, closed at {view.show(there.closed_at_ms)}: "
        f"{what.replace('_', ' ')}, {detail}; the reason given: {reason}",
        _NEXT["unknown" if what == "unknown" else kind].format(kit=kit),
        (stocktake_fact(there.id),),
        kit=kit,
        place=there.place,
    )


_NEXT = {
    "stocktake_missing": "look for it again; if it is gone, `kitdock kit lose {kit}`",
    "stocktake_unexpected": "record how it came there: see `kitdock kit history {kit}`",
    "unknown": "receive it with `kitdock stock receive`, or put its label right",
    "stocktake_wrong_place": "`kitdock kit transfer {kit} STATION`, or take it back to where it belongs",
    "stocktake_double": "look whether two boxes carry the number {kit}",
    "doses_differ": "count it again: `kitdock kit count {kit} --doses DOSES`",
}
