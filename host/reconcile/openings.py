"""Rules about openings of pouches, and the usage reports that tell of them or of none."""

from collections.abc import Iterable, Iterator

from host.phrase import NextStep, Phrase
from host.reconcile.discrepancy import LOW, MEDIUM, Discrepancy, docking, movement, record, report
from host.reconcile.situation import LooseReport, Resupply, View, only, whose
from host.usage.doses import spoken_by_another
from host.usage.openings import Opening
from host.usage.reports import CAUSES, USED, UsageReport, incident_ms

HOUR_MS = 3_600_000


def opening_unexplained(view: View) -> Iterator[Discrepancy]:
    """An opening of which nobody has said why."""
    for opening in view.unreported:
        if opening.explanation is not None:
            continue
        yield _about(
            opening,
            kind="opening_unexplained",
            severity=MEDIUM if opening.officers else LOW,
            occurrence="opened",
            evidence=Phrase(
                "found.opening_unexplained",
                at=view.at(opening.began.likely_ms),
                error_ms=opening.began.error_ms,
                duration_s=opening.duration_s,
                dose_marks=opening.dose_marks,
                officers=opening.officers,
            ),
            next_step=NextStep(
                "opening.explain",
                "next.opening_unexplained",
                opening=opening.name,
                officer=only(opening.officers),
            ),
        )


def report_missing(view: View) -> Iterator[Discrepancy]:
    """An opening explained as used, with no usage report; of more weight once that is overdue."""
    for opening in view.unreported:
        explanation = opening.explanation
        if explanation is None or explanation.cause != USED:
            continue
        due_ms = opening.began.likely_ms + view.settings.report_hours * HOUR_MS
        overdue = view.now_ms > due_ms
        yield _about(
            opening,
            kind="report_missing",
            severity=MEDIUM if overdue else LOW,
            occurrence="overdue" if overdue else "due",
            evidence=Phrase(
                "found.report_overdue" if overdue else "found.report_due",
                by=explanation.said_by,
                at=view.at(explanation.at_ms),
                doses=explanation.doses or 0,
                due=view.at(due_ms),
            ),
            next_step=NextStep("report.file", "next.report_missing", opening=opening.name),
        )


def explanation_contradicted(view: View) -> Iterator[Discrepancy]:
    """An opening said to be no use, although its tag has dose marks or a report tells of a use."""
    belong = {(each.tag, each.sequence): number for number, each in view.matches.items() if each is not None}
    for opening in view.contradicted:
        explanation = opening.explanation
        assert explanation is not None
        reports = opening.reports or tuple(
            number for key, number in belong.items() if key == (opening.tag, opening.sequence)
        )
        against = [Phrase("found.dose_marks", marks=opening.dose_marks)] if opening.dose_marks else []
        against += [Phrase("found.report", report=each) for each in reports]
        yield _about(
            opening,
            kind="explanation_contradicted",
            severity=MEDIUM,
            occurrence=f"{explanation.id}:{opening.dose_marks}:{','.join(map(str, reports))}",
            evidence=Phrase(
                "found.explanation_contradicted",
                by=explanation.said_by,
                cause=CAUSES[explanation.cause],
                against=tuple(against),
            ),
            next_step=NextStep(
                "opening.used",
                "next.used_or_withdraw" if reports else "next.used_or_count",
                opening=opening.name,
                officer=only(opening.officers),
                withdraw=NextStep("report.withdraw", report=reports[0]) if reports else None,
            ),
            facts=tuple(report(each) for each in reports),
        )


def explained_by_another(view: View) -> Iterator[Discrepancy]:
    """An opening explained by somebody who did not carry the pouch: pouches may have been swapped."""
    for opening in view.of.openings:
        explanation = opening.explanation
        if explanation is None or not spoken_by_another(opening):
            continue
        yield _about(
            opening,
            kind="explained_by_another",
            severity=MEDIUM,
            occurrence=str(explanation.id),
            evidence=Phrase(
                "found.explained_by_another",
                by=explanation.said_by,
                cause=CAUSES[explanation.cause],
                officers=opening.officers,
            ),
            next_step=NextStep(
                "opening.explain", "next.explained_by_another", opening=opening.name, officer=opening.officers[0]
            ),
        )


def docked_by_another(view: View) -> Iterator[Discrepancy]:
    """A pouch that somebody else than its holder brought to the dock: pouches may have been swapped."""
    spoken = {
        (each.tag, each.explanation.officer)
        for each in view.of.openings
        if each.explanation and spoken_by_another(each)
    }
    for each in view.of.docked_by:
        holders = [held.officer for held in each.held if held.officer is not None]
        if not holders or each.officer in holders or (each.tag, each.officer) in spoken:
            continue
        yield Discrepancy(
            "docked_by_another",
            MEDIUM,
            each.tag,
            f"{each.docking}:{each.officer}",
            each.started_at_ms,
            Phrase(
                "found.docked_by_another",
                officer=each.officer,
                at=view.at(each.started_at_ms),
                holders=tuple(dict.fromkeys(holders)),
            ),
            NextStep("kit.return", "next.docked_by_another", issue=NextStep("kit.issue"), holder=holders[0]),
            (docking(each.docking), *(movement(held.began) for held in each.held)),
            pouch=each.pouch,
            shown=each.pouch,
            **whose(each.held),
        )


def _about(
    opening: Opening,
    *,
    kind: str,
    severity: str,
    occurrence: str,
    evidence: Phrase,
    next_step: Phrase,
    facts: tuple[str, ...] = (),
) -> Discrepancy:
    """A discrepancy that concerns an opening. If the pouch may have been in several hands it names nobody."""
    return Discrepancy(
        kind,
        severity,
        f"{opening.tag}:{opening.sequence}",
        occurrence,
        opening.began.likely_ms,
        evidence,
        next_step,
        (record(opening.tag, opening.sequence), *facts),
        kit=only(opening.kits),
        pouch=opening.pouch,
        officer=only(opening.officers),
        shown=opening.name,
    )


def use_without_opening(view: View) -> Iterator[Discrepancy]:
    """A usage report for which no tag has logged an opening, although one was there and its log is known."""
    for loose in view.of.reports:
        if view.matches[loose.report.id] is not None or loose.unread:
            continue  # or it has not docked yet: then nothing is known to be missing
        taken = sum(each.doses for each in loose.taken)
        settled = any(each.kit != loose.report.kit for each in loose.taken)
        if settled or (not loose.logged and taken >= loose.report.doses):
            continue  # somebody has said which kit it was, or no tag could have logged it
        yield _unlogged(view, loose)


def _unlogged(view: View, loose: LooseReport) -> Discrepancy:
    told, held = loose.report, loose.held
    at_ms = incident_ms(told)
    pouches = {each.pouch for each in held if each.pouch}
    lacking = told.doses - sum(each.doses for each in loose.taken)
    return Discrepancy(
        "use_without_opening",
        MEDIUM if loose.logged else LOW,
        str(told.id),
        "filed",
        at_ms,
        Phrase(
            "found.use_not_logged" if loose.logged else "found.use_without_tag",
            report=told.id,
            doses=told.doses,
            at=view.at(at_ms),
        ),
        NextStep(
            "report.match",
            "next.opening_or_kit" if lacking > 0 else "next.opening_of_report",
            report=told.id,
            use=NextStep("kit.use", doses=lacking, report=told.id) if lacking > 0 else None,
        ),
        (report(told.id), *(movement(each.began) for each in held)),
        kit=only(each.kit for each in held),
        pouch=only(pouches),
        officer=told.officer,
    )


def resupply_undelivered(view: View) -> Iterator[Discrepancy]:
    """A usage report that asked for kits, and fewer were issued to its officer since."""
    for asked, got in _delivered(view.of.resupplies):
        told, _, left_on = asked
        wanted = _wanted(told)
        late = view.days_since(told.filed_at_ms) >= view.settings.resupply_days
        gone = left_on is not None and left_on < view.today
        if not late or gone or got >= wanted:
            continue
        yield Discrepancy(
            "resupply_undelivered",
            MEDIUM,
            str(told.id),
            "asked" if not got else f"asked:{got}",
            told.filed_at_ms,
            Phrase(
                "found.fewer_issued" if got else "found.none_issued",
                report=told.id,
                filed_at=view.at(told.filed_at_ms),
                wanted=wanted,
                issued=got,
            ),
            NextStep("kit.issue_next", "next.resupply_undelivered", officer=told.officer),
            (report(told.id),),
            officer=told.officer,
        )


def _wanted(told: UsageReport) -> int:
    kits = told.fields.get("resupply_kits")
    return max(kits, 1) if isinstance(kits, int) else 1


def _delivered(resupplies: Iterable[Resupply]) -> Iterator[tuple[Resupply, int]]:
    """Each request with how many kits were issued for it: an issue is for the oldest one that is not yet satisfied."""
    used: dict[str, set[int]] = {}
    for asked in sorted(resupplies, key=lambda each: (incident_ms(each.report), each.report.id)):
        spent = used.setdefault(asked.report.officer, set())
        # Two kits may be issued at the same instant, so an issue is named by its place among them.
        free = [number for number in range(len(asked.issued)) if (len(asked.issued) - number) not in spent]
        mine = free[: _wanted(asked.report)]
        spent.update(len(asked.issued) - number for number in mine)
        yield asked, len(mine)
