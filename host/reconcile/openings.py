"""Rules about openings of pouches, and the usage reports that tell of them or of none."""

from collections.abc import Iterable, Iterator

from host.reconcile.discrepancy import LOW, MEDIUM, Discrepancy, docking, movement, record, report
from host.reconcile.situation import LooseReport, Resupply, View, only, whose
from host.usage.doses import spoken_by_another
from host.usage.openings import Opening
from host.usage.reports import CAUSES, USED, UsageReport, incident_ms
from host.words import bound, plural

HOUR_MS = 3_600_000


def opening_unexplained(view: View) -> Iterator[Discrepancy]:
    """An opening of which nobody has said why."""
    for opening in view.unreported:
        if opening.explanation is not None:
            continue
        when = f"{view.show(opening.began.likely_ms)} (± {bound(opening.began.error_ms)})"
        duration = "" if opening.duration_s is None else f", for {opening.duration_s} s"
        marks = f", {plural(opening.dose_marks, 'dose mark')}" if opening.dose_marks else ""
        holders = " or ".join(opening.officers) or "nobody on record"
        yield _about(
            opening,
            kind="opening_unexplained",
            severity=MEDIUM if opening.officers else LOW,
            occurrence="opened",
            evidence=f"opened at {when}{duration}{marks}; carried by {holders}",
            next_step=f"ask why, then `kitdock openings explain {opening.name} --officer "
            f"{only(opening.officers) or 'OFFICER'} --cause CAUSE`",
        )


def report_missing(view: View) -> Iterator[Discrepancy]:
    """An opening explained as used, with no usage report; of more weight once that is overdue."""
    for opening in view.unreported:
        explanation = opening.explanation
        if explanation is None or explanation.cause != USED:
            continue
        due_ms = opening.began.likely_ms + view.settings.report_hours * HOUR_MS
        overdue = view.now_ms > due_ms
        due = f"due {'since' if overdue else 'by'} {view.show(due_ms)}"
        yield _about(
            opening,
            kind="report_missing",
            severity=MEDIUM if overdue else LOW,
            occurrence="overdue" if overdue else "due",
            evidence=f"{explanation.said_by} said at {view.show(explanation.at_ms)}: used on a person, "
            f"{plural(explanation.doses or 0, 'dose')}; no report is filed, {due}",
            next_step=f"file it with `kitdock usage file --opening {opening.name}`",
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
        against = [plural(opening.dose_marks, "dose mark")] if opening.dose_marks else []
        against += [f"usage report {each}" for each in reports]
        yield _about(
            opening,
            kind="explanation_contradicted",
            severity=MEDIUM,
            occurrence=f"{explanation.id}:{opening.dose_marks}:{','.join(map(str, reports))}",
            evidence=f"{explanation.said_by} said: {CAUSES[explanation.cause]}; against that: {' and '.join(against)}",
            next_step=f"ask again, then `kitdock openings explain {opening.name} --officer "
            f"{only(opening.officers) or 'OFFICER'} --cause used --doses DOSES`; if it was no use, count the kit"
            + (f" and `kitdock usage withdraw {reports[0]} --reason WHY`" if reports else ""),
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
            evidence=f"{explanation.said_by} said: {CAUSES[explanation.cause]}; by the ledger officer "
            f"{' or '.join(opening.officers)} had the pouch",
            next_step=f"ask officer {opening.officers[0]}, then `kitdock openings explain {opening.name} --officer "
            f"{opening.officers[0]} --cause CAUSE`; if pouches were swapped, put the kits right in the ledger",
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
            f"officer {each.officer} brought it to the dock at {view.show(each.started_at_ms)}; by the ledger officer "
            f"{' or '.join(dict.fromkeys(holders))} has it",
            f"look which pouch each of them has; if they were swapped, `kitdock kit return` and `kitdock kit issue` "
            f"put that right, else it is settled when officer {holders[0]} docks it",
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
    evidence: str,
    next_step: str,
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
    kit = f", or from which kit the doses came: `kitdock kit use KIT --doses {lacking} --report {told.id}`"
    return Discrepancy(
        "use_without_opening",
        MEDIUM if loose.logged else LOW,
        str(told.id),
        "filed",
        at_ms,
        f"usage report {told.id} tells of {plural(told.doses, 'dose')} at {view.show(at_ms)}; "
        + ("no tag has logged an opening then" if loose.logged else "no pouch with a tag was with the officer then"),
        f"ask whose pouch it was, then say which opening: `kitdock usage match {told.id} POUCH:NUMBER`"
        + (kit if lacking > 0 else ""),
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
        since = f"{got} of them issued since" if got else "none was issued since"
        yield Discrepancy(
            "resupply_undelivered",
            MEDIUM,
            str(told.id),
            "asked" if not got else f"asked:{got}",
            told.filed_at_ms,
            f"usage report {told.id}, filed at {view.show(told.filed_at_ms)}, asks for {plural(wanted, 'kit')}; "
            f"{since}",
            f"`kitdock kit issue --next {told.officer}`, or ask whether it is still needed",
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
