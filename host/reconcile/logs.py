"""Rules about the logs of tags: records altered or gone, errors of a tag's own, clocks that cannot be right."""

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from itertools import groupby

from host import clock
from host.phrase import NextStep, Phrase
from host.reconcile.discrepancy import HIGH, LOW, MEDIUM, Discrepancy, docking, record
from host.reconcile.situation import TagFlaw, View, only, whose
from host.tag.events import ALTERED, ELSEWHERE
from host.tag.log import CLOCK, CUT, FAULT, GAP, NO_START, PUT_BACK, RESTART, STOP, Flaw
from host.tag.logbook import cause_of_start

SHOWN_POUCHES = 5
"""Of more pouches than this, the first ones are named."""
SHOWN_RECORDS = 5
"""Of more records than this, the first ones are named."""


def record_tampered(view: View) -> Iterator[Discrepancy]:
    """Records that are not what the tag sealed; with those after them that cannot be judged."""

    def found(flaw: Flaw) -> Phrase:
        altered, _, after = flaw.detail.partition("|")
        records, others = _numbers(altered), sum(_numbers(after))
        return Phrase("found.record_tampered", records=records, tag=flaw.tag, others=others)

    return _one_each(view, ALTERED, "record_tampered", HIGH, found, _keep)


def sequence_gap(view: View) -> Iterator[Discrepancy]:
    """Records that a tag made and the station never got."""

    def found(flaw: Flaw) -> Phrase:
        if flaw.detail == ELSEWHERE:
            return Phrase("found.gap_elsewhere", tag=flaw.tag, **_gone(flaw))
        return Phrase("found.sequence_gap", tag=flaw.tag, **_gone(flaw))

    def ask(each: TagFlaw) -> Phrase:
        if each.flaw.detail == ELSEWHERE:
            return NextStep("tag.dock", "next.gap_elsewhere", pouch=each.pouch)
        return NextStep("tag.dock", "next.sequence_gap", pouch=each.pouch)

    return _one_each(view, GAP, "sequence_gap", MEDIUM, found, ask)


def records_removed(view: View) -> Iterator[Discrepancy]:
    """Records gone from a log that was not full, which a tag does not do by itself."""

    def found(flaw: Flaw) -> Phrase:
        return Phrase("found.records_removed", tag=flaw.tag, **_gone(flaw))

    return _one_each(view, CUT, "records_removed", HIGH, found, _keep)


def log_put_back(view: View) -> Iterator[Discrepancy]:
    """A log that ended before what had been collected from it: it was put back to an earlier state."""

    def found(flaw: Flaw) -> Phrase:
        at, last = view.at(flaw.at_ms), int(flaw.detail)
        return Phrase("found.log_put_back", tag=flaw.tag, last=last, at=at, collected=flaw.sequence)

    return _one_each(view, PUT_BACK, "log_put_back", HIGH, found, _keep)


def start_missing(view: View) -> Iterator[Discrepancy]:
    """A record of another start of the tag than the one before it, and none that tells of that start."""

    def found(flaw: Flaw) -> Phrase:
        return Phrase("found.start_missing", record=flaw.sequence, tag=flaw.tag)

    return _one_each(view, NO_START, "start_missing", HIGH, found, _keep)


def _one_each(
    view: View,
    flaws: str,
    kind: str,
    severity: str,
    found: Callable[[Flaw], Phrase],
    next_step: Callable[[TagFlaw], Phrase],
) -> Iterator[Discrepancy]:
    """A discrepancy for each flaw of one kind."""
    for each in _of_kind(view, flaws):
        yield _about(each, kind=kind, severity=severity, evidence=found(each.flaw), next_step=next_step(each))


def _keep(each: TagFlaw) -> Phrase:
    return NextStep("tag.enrol", "next.keep_as_evidence", pouch=each.pouch)


def _numbers(detail: str) -> tuple[int, ...]:
    """The numbers in what the log notes of a flaw."""
    return tuple(map(int, re.findall(r"\d+", detail)))


def _gone(flaw: Flaw) -> dict[str, int]:
    """The first and the last of the records that are missing before that of a flaw."""
    return {"first": flaw.sequence - flaw.records, "last": flaw.sequence - 1}


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
        made = _about(
            of_docking[0],
            kind="tag_interrupted",
            severity=MEDIUM,
            evidence=Phrase(
                "found.tag_interrupted",
                tag=flaw.tag,
                stops=len(of_docking) - len(starts),
                starts=len(starts),
                causes=tuple(dict.fromkeys(cause_of_start(int(each.detail)) for each in starts)),
                records=tuple(each.flaw.sequence for each in of_docking[:SHOWN_RECORDS]),
                more=len(of_docking[SHOWN_RECORDS:]),
            ),
            next_step=NextStep("kit.count", "next.tag_interrupted", kit=only(each.kit for each in of_docking[0].held)),
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
            evidence=Phrase(
                "found.tag_faulty",
                tag=tag,
                errors=len(of_tag),
                days=days,
                record=last.flaw.sequence,
                what=last.flaw.detail,
            ),
            next_step=NextStep("tag.enrol", "next.tag_faulty", pouch=last.pouch),
        )
        facts = tuple(record(tag, each.flaw.sequence) for each in of_tag)
        yield found._replace(subject=tag, occurrence=str(last.flaw.sequence), facts=facts, shown=last.pouch)


def _about(each: TagFlaw, *, kind: str, severity: str, evidence: Phrase, next_step: Phrase) -> Discrepancy:
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
    first = found[0].flaw
    return Discrepancy(
        "clock_implausible",
        LOW,
        day.isoformat(),
        "noted",
        first.at_ms,
        Phrase(
            "found.clock_implausible",
            dockings=len(found),
            pouches=tuple(pouches[:SHOWN_POUCHES]),
            more=len(pouches[SHOWN_POUCHES:]),
            day=day,
            first_at=view.at(first.at_ms),
        ),
        Phrase("next.clock_implausible"),
        tuple(docking(each.flaw.docking) for each in found),
        pouch=only(pouches),
    )


def _of_kind(view: View, kind: str) -> Iterable[TagFlaw]:
    return (each for each in view.of.flaws if each.flaw.kind == kind)
