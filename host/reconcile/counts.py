"""Rules about what the ledger, the reports and the counts say of the same kit."""

from collections.abc import Callable, Iterator, Mapping

from host.ledger import Movement, Step, first_impossible, in_words
from host.ledger.movement import ISSUE, ISSUED, NOWHERE, State
from host.phrase import NextStep, Phrase
from host.reconcile.discrepancy import HIGH, LOW, MEDIUM, Discrepancy, movement, record, report
from host.reconcile.discrepancy import stocktake as stocktake_fact
from host.reconcile.situation import CountDifference, KitAccount, KitLedger, ReportedDoses, View, only
from host.stock import stocktake
from host.usage.doses import numbers
from host.usage.openings import Opening
from host.usage.reports import FILED

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
    evidence = Phrase(
        "found.doses_off",
        missing=missing,
        left=max(state.doses_left, 0),
        of=account.doses,
        used=account.used,
        quiet=account.quiet,
        reported=account.told,
        pending=account.pending,
    )
    reports = [each.report for each in each.told_by if each.report is not None] + list(account.short)
    if missing > 0:
        step = NextStep("kit.count", "next.doses_gone", kit=kit)
    elif account.lacks:
        again = NextStep("kit.count", kit=kit)
        short = next(iter(account.short))
        step = NextStep("kit.use", "next.doses_lack", kit=kit, doses=account.lacks, report=short, count=again)
    else:
        step = NextStep("kit.count", "next.doses_not_gone", kit=kit)
    return Discrepancy(
        "doses_differ",
        MEDIUM,
        kit,
        f"{last.id if last else 0}:{missing}",
        at_ms,
        evidence,
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
    counting = [each.id for each in opening.filed if each.stands == FILED]
    if len(counting) > 1:
        explain = NextStep("opening.doses", opening=opening.name, doses=told["reported"])
        step = NextStep("report.same", "next.same_doses", report=counting[-1], same=counting[0], explain=explain)
    elif counting:
        amend = NextStep("report.amend", report=counting[0])
        step = NextStep("opening.doses", "next.doses_or_report_anew", opening=opening.name, amend=amend)
    else:
        step = NextStep("opening.doses", "next.doses_told", opening=opening.name)
    return Discrepancy(
        "doses_differ",
        MEDIUM,
        f"{opening.tag}:{opening.sequence}",
        ":".join(f"{source}{doses}" for source, doses in told.items()) + f":{len(counting)}",
        opening.began.likely_ms,
        Phrase(
            "found.doses_told",
            said=told.get("said"),
            marked=told.get("marked"),
            reported=told.get("reported"),
            reports=len(counting),
        ),
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
    return Discrepancy(
        "doses_differ",
        LOW if kits else MEDIUM,
        f"report-{number}",
        str(told.report.doses - lacking),
        told.report.filed_at_ms,
        Phrase(
            "found.more_reported" if kits else "found.none_taken",
            report=number,
            doses=told.report.doses,
            taken=told.report.doses - lacking,
            kits=tuple(kits),
        ),
        NextStep("kit.use", "next.the_other_doses" if kits else "next.doses_of_report", doses=lacking, report=number),
        (report(number), *(movement(each.movement) for each in told.taken)),
        kit=kits[0] if len(kits) == 1 else None,
        officer=told.report.officer,
    )


def kit_issued_twice(view: View) -> Iterator[Discrepancy]:
    """A kit that was issued while it was out already: two ledgers that were put together, most likely."""
    for each, step, before in _impossible(view):
        if _twice(step, before):
            yield _about(
                each,
                step,
                kind="kit_issued_twice",
                evidence=Phrase(
                    "found.kit_issued_twice",
                    first=_whom(before),
                    since=view.at(before.since_ms),
                    second=_whom(step.movement),
                    at=view.at(step.movement.at_ms),
                ),
                next_step=NextStep("kit.history", "next.kit_issued_twice", kit=each.kit),
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
                evidence=Phrase(
                    "found.ledger_impossible",
                    movement=step.movement.id,
                    kind=step.movement.kind,
                    at=view.at(step.movement.at_ms),
                    why=step.impossible,
                ),
                next_step=NextStep("kit.history", "next.ledger_impossible", kit=each.kit),
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


def _whom(held: State | Movement) -> Phrase | str:
    """Who or which place has or gets a kit."""
    return Phrase("found.officer", officer=held.officer) if held.officer else str(held.place)


def _about(
    each: KitLedger, step: Step, *, kind: str, evidence: Phrase, next_step: Phrase, facts: tuple[str, ...]
) -> Discrepancy:
    now = each.steps[-1].state
    return Discrepancy(
        kind,
        HIGH,
        each.kit,
        str(step.movement.id),
        step.movement.at_ms,
        Phrase("found.and_now", what=evidence, status=in_words(now.status)),
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
        Phrase(
            "found.stocktake",
            stocktake=there.id,
            place=there.place,
            closed_at=view.at(there.closed_at_ms),
            difference=what,
            detail=detail,
            reason=reason,
        ),
        _NEXT[what if what == stocktake.UNKNOWN else kind](kit),
        (stocktake_fact(there.id),),
        kit=kit,
        place=there.place,
    )


_NEXT: Mapping[str, Callable[[str], Phrase]] = {
    "stocktake_missing": lambda kit: NextStep("kit.lose", "next.stocktake_missing", kit=kit),
    "stocktake_unexpected": lambda kit: NextStep("kit.history", "next.stocktake_unexpected", kit=kit),
    stocktake.UNKNOWN: lambda kit: NextStep("stock.receive", "next.stocktake_unknown"),
    "stocktake_wrong_place": lambda kit: NextStep("kit.transfer", "next.stocktake_wrong_place", kit=kit),
    "stocktake_double": lambda kit: Phrase("next.stocktake_double", kit=kit),
    "doses_differ": lambda kit: NextStep("kit.count", "next.count_again", kit=kit),
}
"""What to do about a difference of a stocktake, by the kind of discrepancy; of a kit that nobody knows, by that."""
