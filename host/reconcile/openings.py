"""Rules about openings of pouches, and the usage reports that tell of them or of none."""

from collections.abc import Iterator

from host.openings import Opening
from host.reconcile.discrepancy import LOW, MEDIUM, Discrepancy, movement, record, report
from host.reconcile.situation import LooseReport, View, only
from host.reports import USED, incident_ms
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
            next_step=f"ask why, then `kitdock openings explain {opening.name} --cause CAUSE`",
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
            evidence=f"officer {explanation.officer} said at {view.show(explanation.at_ms)}: used on a person, "
            f"{plural(explanation.doses or 0, 'dose')}; no report is filed, {due}",
            next_step=f"file it with `kitdock usage file --opening {opening.name}`",
        )


def _about(
    opening: Opening, *, kind: str, severity: str, occurrence: str, evidence: str, next_step: str
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
        (record(opening.tag, opening.sequence),),
        kit=only(opening.kits),
        pouch=opening.pouch,
        officer=only(opening.officers),
        shown=opening.name,
    )


def use_without_opening(view: View) -> Iterator[Discrepancy]:
    """A usage report for which no tag has logged an opening."""
    for loose in view.of.reports:
        if view.matches[loose.report.id] is None:
            yield _unlogged(view, loose)


def _unlogged(view: View, loose: LooseReport) -> Discrepancy:
    told, held = loose
    at_ms = incident_ms(told)
    pouches = {each.pouch for each in held if each.pouch}
    return Discrepancy(
        "use_without_opening",
        MEDIUM if pouches else LOW,
        str(told.id),
        "filed",
        at_ms,
        f"usage report {told.id} tells of {plural(told.doses, 'dose')} at {view.show(at_ms)}; "
        "no tag has logged an opening then",
        "dock the pouch if it has not been since; else check which kit was used"
        if pouches
        else "check which kit was used: the officer had no pouch with a tag",
        (report(told.id), *(movement(each.began) for each in held)),
        kit=only(each.kit for each in held),
        pouch=only(pouches),
        officer=told.officer,
    )


def resupply_undelivered(view: View) -> Iterator[Discrepancy]:
    """A usage report that asked for a kit, and none was issued to its officer since."""
    for told, issued_at_ms, left_on in view.of.resupplies:
        asked_ms = incident_ms(told)
        late = view.days_since(told.filed_at_ms) >= view.settings.resupply_days
        gone = left_on is not None and left_on < view.today
        if not late or gone or (issued_at_ms is not None and issued_at_ms >= asked_ms):
            continue
        last = "none was ever issued" if issued_at_ms is None else f"the last was issued at {view.show(issued_at_ms)}"
        wanted = told.fields.get("resupply_kits")
        kits = plural(wanted, "kit") if isinstance(wanted, int) else "a kit"
        yield Discrepancy(
            "resupply_undelivered",
            MEDIUM,
            str(told.id),
            "asked",
            told.filed_at_ms,
            f"usage report {told.id}, filed at {view.show(told.filed_at_ms)}, asks for {kits}; {last}",
            f"`kitdock kit issue --next {told.officer}`, or ask whether it is still needed",
            (report(told.id),),
            officer=told.officer,
        )
