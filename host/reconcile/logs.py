"""Rules about the logs of tags: records altered or gone, errors of a tag's own, clocks that cannot be right."""

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from itertools import groupby

from host import clock
from host.reconcile.discrepancy import HIGH, LOW, MEDIUM, Discrepancy, docking, record
from host.reconcile.situation import TagFlaw, View, only, whose
from host.tag.events import ALTERED
from host.tag.log import CLOCK, CUT, FAULT, GAP, NO_START, PUT_BACK, RESTART, STOP, Flaw
from host.tag.logbook import cause_of_start
from host.words import plural, times

_KEEP = "keep the pouch and its tag as evidence, count its kit, enrol another tag"

SHOWN_POUCHES = 5
"""Of more pouches than this, the first ones are named."""
SHOWN_RECORDS = 5
"""Of more records than this, the first ones are named."""


def record_tampered(view: View) -> Iterator[Discrepancy]:
    """Records that are not what the tag sealed; with those after them that cannot be judged."""

    def told(flaw: Flaw) -> str:
        which, _, follows = flaw.detail.partition("|")
        return f"{which} of tag {flaw.tag} is not what the tag sealed{follows}"

    return _one_each(view, ALTERED, "record_tampered", HIGH, told, _KEEP)


def sequence_gap(view: View) -> Iterator[Discrepancy]:
    """Records that a tag made and the station never got."""

    def told(flaw: Flaw) -> str:
        return f"{flaw.detail} gone from tag {flaw.tag}: openings in that time are not known"

    return _one_each(view, GAP, "sequence_gap", MEDIUM, told, "dock more often, and ask whether the kit was used")


def records_removed(view: View) -> Iterator[Discrepancy]:
    """Records gone from a log that was not full, which a tag does not do by itself."""

    def told(flaw: Flaw) -> str:
        return (
            f"{flaw.detail} gone from tag {flaw.tag}, although its log was not full: only then does it drop its oldest "
            "records"
        )

    return _one_each(view, CUT, "records_removed", HIGH, told, _KEEP)


def log_put_back(view: View) -> Iterator[Discrepancy]:
    """A log that ended before what had been collected from it: it was put back to an earlier state."""

    def told(flaw: Flaw) -> str:
        return (
            f"the log of tag {flaw.tag} ended at record {flaw.detail} when it docked at {view.show(flaw.at_ms)}, and "
            f"records up to {flaw.sequence} had been collected before"
        )

    return _one_each(view, PUT_BACK, "log_put_back", HIGH, told, _KEEP)


def start_missing(view: View) -> Iterator[Discrepancy]:
    """A record of another start of the tag than the one before it, and none that tells of that start."""

    def told(flaw: Flaw) -> str:
        return (
            f"record {flaw.sequence} of tag {flaw.tag} belongs to another start of the tag than the one before it, and "
            "no record tells of that start"
        )

    return _one_each(view, NO_START, "start_missing", HIGH, told, _KEEP)


def _one_each(
    view: View, flaws: str, kind: str, severity: str, told: Callable[[Flaw], str], next_step: str
) -> Iterator[Discrepancy]:
    """A discrepancy for each flaw of one kind."""
    for each in _of_kind(view, flaws):
        yield _about(each, kind=kind, severity=severity, evidence=told(each.flaw), next_step=next_step)


def tag_interrupted(view: View) -> Iterator[Discrepancy]:
    """A tag that started anew although its battery was well, or whose program somebody stopped over USB.

    Who copies its memory and writes that back later leaves no more than this.
    """
    found = [each for each in view.of.flaws if each.flaw.kind in (RESTART, STOP)]
    found.sort(key=lambda each: (each.flaw.tag, each.flaw.docking, each.flaw.sequence))
    for _, group in groupby(found, key=lambda each: (each.flaw.tag, each.flaw.docking)):
        of_docking = list(group)
        flaw = of_docking[0].flaw
        starts = [each.flaw for each in of_docking if each.flaw.kind == RESTART]
        stops = len(of_docking) - len(starts)
        told = []
        if stops:
            told.append(f"its program was stopped over USB {times(stops)}")
        if starts:
            causes = ", ".join(dict.fromkeys(cause_of_start(int(each.detail)) for each in starts))
            told.append(f"it started anew {times(len(starts))} with a battery that was well ({causes})")
        which = f"record{'s' if len(of_docking) > 1 else ''} "
        which += ", ".join(str(each.flaw.sequence) for each in of_docking[:SHOWN_RECORDS])
        more = f" and {len(of_docking) - SHOWN_RECORDS} more" if len(of_docking) > SHOWN_RECORDS else ""
        made = _about(
            of_docking[0],
            kind="tag_interrupted",
            severity=MEDIUM,
            evidence=f"tag {flaw.tag}: {', and '.join(told)}; {which}{more}. A log can be put back that way",
            next_step="ask who had it on a cable, or changed its cell; if nobody did, count the kit",
        )
        facts = (*(record(flaw.tag, each.flaw.sequence) for each in of_docking), docking(flaw.docking))
        yield made._replace(facts=facts)


def tag_faulty(view: View) -> Iterator[Discrepancy]:
    """A tag whose firmware has recorded errors of its own; when none has come for days, it is well again."""
    days = view.settings.faulty_days
    since = view.now_ms - days * clock.DAY_MS
    lately = [each for each in _of_kind(view, FAULT) if each.in_use and each.flaw.at_ms >= since]
    lately.sort(key=lambda each: (each.flaw.tag, each.flaw.sequence))
    for tag, group in groupby(lately, key=lambda each: each.flaw.tag):
        of_tag = list(group)
        last = of_tag[-1]
        found = _about(
            last,
            kind="tag_faulty",
            severity=LOW,
            evidence=f"tag {tag} reported {plural(len(of_tag), 'error')} of its own in {days} days, the last in "
            f"record {last.flaw.sequence}: {last.flaw.detail}",
            next_step="if more come, flash the tag again or put another in its place",
        )
        facts = tuple(record(tag, each.flaw.sequence) for each in of_tag)
        yield found._replace(subject=tag, occurrence=str(last.flaw.sequence), facts=facts, shown=last.pouch)


def _about(each: TagFlaw, *, kind: str, severity: str, evidence: str, next_step: str) -> Discrepancy:
    """A discrepancy in a tag's log, since the docking that brought it to light."""
    flaw = each.flaw
    return Discrepancy(
        kind,
        severity,
        f"{flaw.tag}:{flaw.sequence}",
        "found",
        flaw.at_ms,
        evidence,
        next_step,
        (record(flaw.tag, flaw.sequence), docking(flaw.docking)),
        pouch=each.pouch,
        shown=f"{each.pouch if each.in_use else flaw.tag}:{flaw.sequence}",
        **whose(each.held),
    )


def clock_implausible(view: View) -> Iterator[Discrepancy]:
    """A day on which dockings were noted at times that the tags' other dockings contradict."""
    wrong = sorted(_of_kind(view, CLOCK), key=lambda each: (each.flaw.at_ms, each.flaw.docking))
    for day, group in groupby(wrong, key=lambda each: view.day(each.flaw.at_ms)):
        yield _on_wrong_day(view, day, list(group))


def _on_wrong_day(view: View, day: date, found: list[TagFlaw]) -> Discrepancy:
    pouches = list(dict.fromkeys(each.pouch for each in found))
    more = f" and {len(pouches) - SHOWN_POUCHES} more" if len(pouches) > SHOWN_POUCHES else ""
    first = found[0].flaw
    return Discrepancy(
        "clock_implausible",
        LOW,
        day.isoformat(),
        "noted",
        first.at_ms,
        f"{plural(len(found), 'docking')} of {', '.join(pouches[:SHOWN_POUCHES])}{more} noted on {day}, the first at "
        f"{view.show(first.at_ms)}: what else is known of the same tags does not allow that time",
        "check this computer's clock; times of openings rest on the other dockings",
        tuple(docking(each.flaw.docking) for each in found),
        pouch=only(pouches),
    )


def _of_kind(view: View, kind: str) -> Iterable[TagFlaw]:
    return (each for each in view.of.flaws if each.flaw.kind == kind)
