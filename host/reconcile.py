"""Reconciliation: where the ledger, the tags' logs, the reports and the calendar do not agree.

Each rule is a small pure function that yields discrepancies. A discrepancy states what is known and what to
do next. It is never a verdict on a person: a missing signal is no evidence that nothing happened, and a flat
battery is not misconduct.
"""

from collections.abc import Callable, Iterator
from datetime import date, datetime
from functools import cached_property
from typing import NamedTuple

from host import clock
from host.events import ALTERED, VERIFIED, Docking, Event
from host.expiry import is_expired
from host.ledger import Holding, training_valid_until
from host.openings import Opening, openings
from host.picture import Picture
from host.reports import USED, UsageReport
from host.words import bound, plural
from kitwire import faults as fault_codes
from kitwire import record

HIGH = "high"
MEDIUM = "medium"
LOW = "low"
SEVERITIES = (HIGH, MEDIUM, LOW)
"""Worst first."""

NOT_DOCKED_DAYS = 7
"""Days without a docking after which a carried pouch is a discrepancy."""

FAULTY_DAYS = 14
"""Days for which a fault that a docking has brought to light is a discrepancy."""

MATCH_TOLERANCE_MS = 3_600_000
"""A report that names no opening belongs to one whose interval is at most this far from its incident time."""

BROKEN_OFF_MS = 600_000
"""A docking that has not ended after so long was broken off, by a power cut for instance."""


_FAULT = record.TYPE_NAMES[record.FAULT]


class Discrepancy(NamedTuple):
    """One thing that does not agree; `kit`, `pouch` and `officer` as far as it concerns any."""

    kind: str
    severity: str
    kit: str | None
    pouch: str | None
    officer: str | None
    since_ms: int
    evidence: str
    next_step: str


class Situation:
    """A picture, the moment it is judged at, and what the rules share."""

    def __init__(self, picture: Picture, now_ms: int, not_docked_days: int = NOT_DOCKED_DAYS) -> None:
        self.picture = picture
        self.now_ms = now_ms
        self.not_docked_days = not_docked_days
        self.pouch_of = {tag.id: tag.pouch for tag in picture.tags}
        self.docking_at = {docking.id: docking.started_at_ms for docking in picture.dockings}

    @property
    def today(self) -> date:
        """The station's calendar day."""
        return clock.today(self.now_ms, self.picture.time_zone)

    def show(self, at_ms: int) -> str:
        """An instant in the station's zone."""
        return clock.show(at_ms, self.picture.time_zone)

    def midnight_after(self, day: date) -> int:
        """The instant at which `day` ends, in Unix milliseconds."""
        return clock.midnight_after(day, self.picture.time_zone)

    @cached_property
    def openings(self) -> list[Opening]:
        """All openings."""
        return openings(self.picture)

    @cached_property
    def carried(self) -> list[Holding]:
        """What officers hold now."""
        return [each for each in self.picture.holdings() if each.until_ms is None]

    def holder_now(self, pouch: str) -> Holding | None:
        """Who carries the pouch now."""
        return next((each for each in self.carried if each.pouch == pouch), None)

    @cached_property
    def unnamed(self) -> dict[int, Opening | None]:
        """For each report that names no opening: the opening it belongs to, by officer and time."""
        free = [each for each in self.openings if not each.reports]
        found: dict[int, Opening | None] = {}
        for report in self.picture.reports:
            if report.tag is None:
                found[report.id] = opening = next((each for each in free if _belongs(report, each)), None)
                if opening:
                    free.remove(opening)
        return found


def _incident_ms(report: UsageReport) -> int:
    """When the incident was; the time of filing if the form does not ask for it."""
    text = report.fields.get("incident_at")
    return round(datetime.fromisoformat(text).timestamp() * 1000) if isinstance(text, str) else report.filed_at_ms


def _belongs(report: UsageReport, opening: Opening) -> bool:
    if report.officer not in opening.officers or (opening.explanation and opening.explanation.cause != USED):
        return False
    until = (opening.ended or opening.began).latest_ms
    return opening.began.earliest_ms - MATCH_TOLERANCE_MS <= _incident_ms(report) <= until + MATCH_TOLERANCE_MS


def _only(values: tuple[str, ...]) -> str | None:
    return values[0] if len(values) == 1 else None


def _about(opening: Opening, kind: str, severity: str, evidence: str, next_step: str) -> Discrepancy:
    """A discrepancy that concerns an opening. If the pouch may have been in several hands it names nobody."""
    return Discrepancy(
        kind,
        severity,
        _only(opening.kits),
        opening.pouch,
        _only(opening.officers),
        opening.began.likely_ms,
        evidence,
        next_step,
    )


def opening_unexplained(situation: Situation) -> Iterator[Discrepancy]:
    """An opening of which nobody has said why."""
    reported = [each for each in situation.unnamed.values() if each is not None]
    for opening in situation.openings:
        if opening.explanation or opening.reports or opening in reported:
            continue
        when = f"{situation.show(opening.began.likely_ms)} (± {bound(opening.began.error_ms)})"
        duration = "" if opening.duration_s is None else f", for {opening.duration_s} s"
        marks = f", {plural(opening.dose_marks, 'dose mark')}" if opening.dose_marks else ""
        holders = " or ".join(opening.officers) or "nobody on record"
        yield _about(
            opening,
            "opening_unexplained",
            MEDIUM if opening.officers else LOW,
            f"opened at {when}{duration}{marks}; carried by {holders}",
            f"ask why, then `kitdock openings explain {opening.name} --cause CAUSE`",
        )


def report_missing(situation: Situation) -> Iterator[Discrepancy]:
    """An opening explained as used, with no usage report."""
    reported = [each for each in situation.unnamed.values() if each is not None]
    for opening in situation.openings:
        explanation = opening.explanation
        if explanation and explanation.cause == USED and not opening.reports and opening not in reported:
            yield _about(
                opening,
                "report_missing",
                MEDIUM,
                f"officer {explanation.officer} said at {situation.show(explanation.at_ms)}: used on a person, "
                f"{plural(explanation.doses or 0, 'dose')}; no report is filed",
                f"file it with `kitdock usage file --opening {opening.name}`",
            )


def use_without_opening(situation: Situation) -> Iterator[Discrepancy]:
    """A usage report for which no tag has logged an opening."""
    for report in situation.picture.reports:
        if report.tag is None and situation.unnamed[report.id] is None:
            at_ms = _incident_ms(report)
            held = [
                each for each in situation.picture.holdings() if each.officer == report.officer and each.covers(at_ms)
            ]
            pouches = tuple(dict.fromkeys(each.pouch for each in held if each.pouch))
            yield Discrepancy(
                "use_without_opening",
                MEDIUM if pouches else LOW,
                _only(tuple(each.kit for each in held)),
                _only(pouches),
                report.officer,
                at_ms,
                f"usage report {report.id} tells of {plural(report.doses, 'dose')} at {situation.show(at_ms)}; "
                "no tag has logged an opening then",
                "dock the pouch if it has not been since; else check which kit was used"
                if pouches
                else "check which kit was used: the officer had no pouch with a tag",
            )


def expired_carried(situation: Situation) -> Iterator[Discrepancy]:
    """A kit in an officer's hands whose printed expiry has passed."""
    lot_of = situation.picture.lot_of()
    for held in situation.carried:
        lot = lot_of[held.kit]
        if is_expired(lot, situation.today):
            days = (situation.today - lot.expires_on).days
            yield Discrepancy(
                "expired_carried",
                HIGH,
                held.kit,
                held.pouch,
                held.officer,
                max(held.since_ms, situation.midnight_after(lot.expires_on)),
                f"{lot.product} lot {lot.lot} expired on {lot.expires_on}, {plural(days, 'day')} ago",
                f"`kitdock kit return {held.kit}`, then issue a kit that is in date",
            )


def training_lapsed(situation: Situation) -> Iterator[Discrepancy]:
    """A kit in the hands of an officer whose training is more than 12 months old."""
    officers = {each.id: each for each in situation.picture.officers}
    for held in situation.carried:
        until = training_valid_until(officers[held.officer]) if held.officer else None
        if until is not None and until < situation.today:
            yield Discrepancy(
                "training_lapsed",
                MEDIUM,
                held.kit,
                held.pouch,
                held.officer,
                max(held.since_ms, situation.midnight_after(until)),
                f"the 12 months since the officer's last training ended on {until}",
                f"book the refresher, then `kitdock officer add {held.officer} --trained DATE --update`",
            )


def not_docked(situation: Situation) -> Iterator[Discrepancy]:
    """A carried pouch whose tag has not docked for days."""
    complete: dict[str, int] = {}
    for docking in situation.picture.dockings:
        if docking.outcome == "complete":
            complete[docking.tag] = docking.finished_at_ms or docking.started_at_ms
    for tag in situation.picture.tags:
        held = situation.holder_now(tag.pouch)
        if tag.retired_at_ms is not None or held is None:
            continue
        last = complete.get(tag.id)
        since = max(last or 0, tag.enrolled_at_ms, held.since_ms)
        days = (situation.now_ms - since) // clock.DAY_MS
        if days >= situation.not_docked_days:
            seen = f"last docked at {situation.show(last)}" if last else "has never docked"
            yield Discrepancy(
                "not_docked",
                MEDIUM,
                held.kit,
                tag.pouch,
                held.officer,
                since,
                f"{seen}; carried for {plural(days, 'day')} without docking",
                "ask for the pouch at the dock; if it is there and not seen, check its battery",
            )


def record_tampered(situation: Situation) -> Iterator[Discrepancy]:
    """Records that are not what the tag sealed; with those after them that cannot be judged."""
    for tag_id, events in situation.picture.events_of().items():
        for run in _runs(events):
            altered = [each.sequence for each in run if each.verdict == ALTERED]
            others = len(run) - len(altered)
            follows = f"; {others} after it cannot be judged" if others else ""
            yield _about_log(
                situation,
                tag_id,
                run[0],
                "record_tampered",
                HIGH,
                f"record {', '.join(map(str, altered)) or run[0].sequence} of tag {tag_id} is not what the tag "
                f"sealed{follows}",
                "keep the pouch and its tag as evidence, count its kit, enrol another tag",
            )


def sequence_gap(situation: Situation) -> Iterator[Discrepancy]:
    """Records that a tag made and the station never got."""
    for tag_id, events in situation.picture.events_of().items():
        before = 0
        for event in events:
            missing = event.sequence - before - 1
            if missing:
                names = (
                    f"record {before + 1} is" if missing == 1 else f"records {before + 1} to {event.sequence - 1} are"
                )
                yield _about_log(
                    situation,
                    tag_id,
                    event,
                    "sequence_gap",
                    MEDIUM,
                    f"{names} gone from tag {tag_id}: openings in that time are not known",
                    "dock more often, and ask whether the kit was used",
                )
            before = event.sequence


def tag_faulty(situation: Situation) -> Iterator[Discrepancy]:
    """A tag whose firmware has recorded faults of its own; when none has come for days, it is well again."""
    in_use = {tag.id for tag in situation.picture.tags if tag.retired_at_ms is None}
    since = situation.now_ms - FAULTY_DAYS * clock.DAY_MS
    for tag_id, events in situation.picture.events_of().items():
        faults = [each for each in events if each.type == _FAULT and situation.docking_at[each.docking] >= since]
        if faults and tag_id in in_use:
            last = faults[-1]
            yield _about_log(
                situation,
                tag_id,
                last,
                "tag_faulty",
                LOW,
                f"tag {tag_id} reported {plural(len(faults), 'error')} of its own in {FAULTY_DAYS} days, the last in "
                f"record {last.sequence}: {fault_codes.describe(last.aux or 0)}",
                "if more come, flash the tag again or put another in its place",
            )


def docking_failed(situation: Situation) -> Iterator[Discrepancy]:
    """A tag whose last docking did not end well; the next one that does clears it."""
    last: dict[str, Docking] = {each.tag: each for each in situation.picture.dockings}
    for tag in situation.picture.tags:
        docking = last.get(tag.id)
        if docking is None or tag.retired_at_ms is not None or docking.outcome == "complete":
            continue
        broken_off = docking.outcome is None
        if broken_off and situation.now_ms - docking.started_at_ms < BROKEN_OFF_MS:
            continue  # under way
        held = situation.holder_now(tag.pouch)
        yield Discrepancy(
            "docking_failed",
            MEDIUM,
            held.kit if held else None,
            tag.pouch,
            held.officer if held else None,
            docking.started_at_ms,
            f"the docking at {situation.show(docking.started_at_ms)} "
            + ("was broken off" if broken_off else f"failed: {docking.detail}"),
            "dock the pouch again: what it holds is kept until the station has it",
        )


RULES: tuple[Callable[[Situation], Iterator[Discrepancy]], ...] = (
    record_tampered,
    expired_carried,
    report_missing,
    opening_unexplained,
    use_without_opening,
    sequence_gap,
    training_lapsed,
    not_docked,
    docking_failed,
    tag_faulty,
)
"""In the order in which they matter within one severity."""


def reconcile(picture: Picture, now_ms: int, not_docked_days: int = NOT_DOCKED_DAYS) -> list[Discrepancy]:
    """All discrepancies, worst first, of equal ones the oldest first."""
    situation = Situation(picture, now_ms, not_docked_days)
    found = []
    for order, rule in enumerate(RULES):
        found += [(SEVERITIES.index(each.severity), order, each.since_ms, each) for each in rule(situation)]
    return [each for *_, each in sorted(found, key=lambda entry: entry[:3])]


def _runs(events: list[Event]) -> Iterator[list[Event]]:
    """Unbroken runs of events that are not verified."""
    run: list[Event] = []
    for event in events:
        if event.verdict != VERIFIED and (not run or event.sequence == run[-1].sequence + 1):
            run.append(event)
            continue
        if run:
            yield run
        run = [] if event.verdict == VERIFIED else [event]
    if run:
        yield run


def _about_log(
    situation: Situation, tag_id: str, event: Event, kind: str, severity: str, evidence: str, next_step: str
) -> Discrepancy:
    """A discrepancy in a tag's log, since the docking that brought it to light."""
    since = situation.docking_at[event.docking]
    pouch = situation.pouch_of[tag_id]
    held = [each for each in situation.picture.holdings() if each.pouch == pouch and each.covers(since)]
    kits = tuple(each.kit for each in held)
    officers = tuple(dict.fromkeys(each.officer for each in held if each.officer))
    return Discrepancy(kind, severity, _only(kits), pouch, _only(officers), since, evidence, next_step)
