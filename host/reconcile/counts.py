"""Rules about what the ledger, the reports and the counts say of the same kit."""

from collections.abc import Iterator

from host.ledger import Step, first_impossible, in_words
from host.ledger.movement import ISSUE, ISSUED, NOWHERE, State
from host.reconcile.discrepancy import HIGH, LOW, MEDIUM, Discrepancy, movement, record, report
from host.reconcile.discrepancy import stocktake as stocktake_fact
from host.reconcile.situation import CountDifference, KitAccount, KitLedger, ReportedDoses, View, only
from host.stock import stocktake
from host.usage.doses import numbers
from host.usage.openings import Opening
from host.usage.reports import FILED
from host.words import plural

_MISSING = (stocktake.MISSING,)
_UNEXPECTED = (stocktake.UNEXPECTED, stocktake.UNKNOWN)
_WRONG_PLACE = (stocktake.WRONG_PLACE,)
_TWICE = (stocktake.DOUBLE, stocktake.COUNTED_ONCE)
_DOSES = (stocktake.DOSES,)


def doses_differ(view: View) -> Iterator[Discrepancy]:
    """Doses that are not the same as said, marked, reported, recorded as used and counted; or more than a kit had."""
    # Where a use was reported twice, that one question is enough.
    twice = {kit for each in view.differing if each.reports_counting > 1 for kit in each.kits}
    for each in view.of.accounts.values():
        if each.account.off > 0 or (each.account.off < 0 and each.account.kit not in twice):
            yield _off(view, each)
    several = set()
    for opening in view.differing:
        several |= set(opening.reports) if opening.reports_counting > 1 else set()
        yield _numbers_differ(opening)
    for told in view.of.reported:
        lacking = _lacking(view, told)
        if lacking > 0 and told.report.id not in several:
            yield _more_reported(told, lacking)
    for count in _unsettled(view, _DOSES):
        yield _counted(view, count, "doses_differ", MEDIUM, f"{count.difference.kit}@{count.stocktake.id}")


def _off(view: View, each: KitAccount) -> Discrepancy:
    account, state = each.account, each.state
    kit = account.kit
    last = each.told_by[-1] if each.told_by else None
    at_ms = last.at_ms if last else state.moved_at_ms
    missing = account.off
    what = (
        f"{plural(missing, 'dose')} gone that nothing tells of"
        if missing > 0
        else f"{plural(-missing, 'dose')} told of, and not gone"
    )
    told = f"{plural(account.told, 'dose')} reported"
    told += f", {account.pending} said or marked as used and not reported" if account.pending else ""
    by = f", {account.quiet} of them by no report" if account.quiet else ""
    reports = [each.report for each in each.told_by if each.report is not None] + list(account.short)
    step = f"count it again: `kitdock kit count {kit} --doses DOSES`"
    if missing > 0:
        step = f"ask whether it was used and not reported; {step}"
    elif account.lacks:
        short = next(iter(account.short))
        step = f"`kitdock kit use {kit} --doses {account.lacks} --report {short}`, or {step}"
    else:
        step += "; if that is right, correct what was said or reported"
    return Discrepancy(
        "doses_differ",
        MEDIUM,
        kit,
        f"{last.id if last else 0}:{missing}",
        at_ms,
        f"{what}: {max(state.doses_left, 0)} of {account.doses} left, {account.used} recorded as used{by}; {told}",
        step,
        (*(movement(each.id) for each in each.told_by), *(report(each) for each in dict.fromkeys(reports))),
        kit=kit,
        pouch=state.pouch,
        officer=state.officer,
        place=state.place,
    )


def _numbers_differ(opening: Opening) -> Discrepancy:
    """An opening of which the sources tell different doses."""
    told = numbers(opening)
    words = ", ".join(f"{doses} {source}" for source, doses in told.items())
    counting = [each.id for each in opening.filed if each.stands == FILED]
    step = f"ask again, then `kitdock openings explain {opening.name} --cause used --doses DOSES`"
    if len(counting) > 1:
        words += f" in {plural(len(counting), 'report')}"
        step = (
            f"if both tell of the same doses, `kitdock usage same {counting[-1]} {counting[0]}`; if not, "
            f"`kitdock openings explain {opening.name} --cause used --doses {told['reported']}`"
        )
    elif counting:
        step += (
            f", or file the report anew: `kitdock usage file --amends {counting[0]}`; a count of the kit settles it too"
        )
    return Discrepancy(
        "doses_differ",
        MEDIUM,
        f"{opening.tag}:{opening.sequence}",
        ":".join(f"{source}{doses}" for source, doses in told.items()) + f":{len(counting)}",
        opening.began.likely_ms,
        f"doses told of this opening: {words}",
        step,
        (record(opening.tag, opening.sequence), *(report(each) for each in opening.reports)),
        kit=only(opening.kits),
        pouch=opening.pouch,
        officer=only(opening.officers),
        shown=opening.name,
    )


def _lacking(view: View, told: ReportedDoses) -> int:
    """How many of the doses of a report came from no kit."""
    lacking = told.report.doses - sum(each.doses for each in told.taken)
    if lacking <= 0 or (told.report.tag is None and not told.taken and view.matches.get(told.report.id) is None):
        return 0  # of a report without an opening and a kit, `use_without_opening` asks
    of = view.accounts.get(told.report.kit or "")
    # As far as its kit may have given them, the account of that kit asks.
    return lacking if of is None else max(0, min(lacking, of.short.get(told.report.id, 0)) - of.lacks)


def _more_reported(told: ReportedDoses, lacking: int) -> Discrepancy:
    kits = list(dict.fromkeys(each.kit for each in told.taken))
    number = told.report.id
    came = f"{told.report.doses - lacking} came from kit {' and '.join(kits)}" if kits else "none came from a kit yet"
    return Discrepancy(
        "doses_differ",
        LOW if kits else MEDIUM,
        f"report-{number}",
        str(told.report.doses - lacking),
        told.report.filed_at_ms,
        f"usage report {number} tells of {plural(told.report.doses, 'dose')}; {came}",
        f"ask which kit {'the other ' if kits else ''}{lacking} came from, then "
        f"`kitdock kit use KIT --doses {lacking} --report {number}`",
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
    # One that a movement of the past took elsewhere may be missing from two places: it is asked for once.
    missing = sorted(_unsettled(view, _MISSING), key=lambda count: (count.difference.at_ms, count.stocktake.id))
    for kit, count in {count.difference.kit: count for count in missing}.items():
        yield _counted(view, count, "stocktake_missing", MEDIUM, kit)


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


def _unsettled(view: View, kinds: tuple[str, ...]) -> Iterator[CountDifference]:
    """Differences of these kinds whose kit has not moved since."""
    for count in view.of.counts:
        if count.difference.kind in kinds and (count.moved_at_ms or 0) < count.difference.at_ms:
            yield count


def _counted(view: View, count: CountDifference, kind: str, severity: str, subject: str) -> Discrepancy:
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
