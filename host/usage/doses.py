"""One account of doses: what was said, marked, reported and counted of the same kit, and what does not agree.

Four things can tell of a use: what an officer says at the dock, dose marks on the tag, usage reports, and counts. They
come in any order. An opening is in one of `OPENING_STATES`; if an opening leaves it unclear what is in the kit, the
kit needs counting. Until then it may come back, but it is not handed out.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from host import clock
from host.ledger import Holding, Movement, Step, replay, reversed_stretches, standing, stretches_of_steps
from host.ledger.movement import FIND, IN_STOCK, ISSUED, LEFT_BEHIND, NOWHERE, RETURN, USE, State
from host.phrase import Phrase
from host.tag.events import Docking, Tag
from host.usage.openings import IN_A_POUCH, Opening, in_order
from host.usage.reports import FILED, USED, WITHDRAWN, UsageReport, incident_ms

MATCH_TOLERANCE_MS = 3_600_000
"""A report that names no opening belongs to one whose interval is at most this far from its incident time."""

_NEVER = 1 << 62
"""An instant that does not come."""

FETCHED_MS = 3_600_000
"""A tag that is taken out of use within an hour of a whole docking has handed over what matters of its log."""

CONTRADICTED = "contradicted"
DIFFERING = "differing"
UNEXPLAINED = "unexplained"
UNREPORTED = "unreported"
REPORTED = "reported"
EXPLAINED = "explained"


class OpeningState(NamedTuple):
    """An opening's state in words, whether the kit in the pouch needs counting, and the kind of question it raises."""

    text: Phrase
    to_count: bool
    asks: str | None


OPENING_STATES: Mapping[str, OpeningState] = {
    CONTRADICTED: OpeningState(Phrase("opening.contradicted"), True, "explanation_contradicted"),
    DIFFERING: OpeningState(Phrase("opening.differing"), True, "doses_differ"),
    UNEXPLAINED: OpeningState(Phrase("opening.unexplained"), True, "opening_unexplained"),
    UNREPORTED: OpeningState(Phrase("opening.unreported"), True, "report_missing"),
    REPORTED: OpeningState(Phrase("opening.reported"), True, None),
    EXPLAINED: OpeningState(Phrase("opening.explained"), False, None),
}
"""The states of an opening. It is in the first one that fits."""


def numbers(opening: Opening) -> dict[str, int]:
    """How many doses each source tells of, of those that tell of any: said, marked, reported."""
    said = opening.explanation.doses if opening.explanation and opening.explanation.cause == USED else None
    found = {"said": said, "marked": opening.dose_marks or None, "reported": opening.doses_reported}
    return {source: doses for source, doses in found.items() if doses is not None}


def opening_state(opening: Opening) -> str:
    """Which of `OPENING_STATES` an opening is in, before any count."""
    explanation = opening.explanation
    if explanation is not None and explanation.cause != USED:
        return CONTRADICTED if opening.dose_marks or opening.reports else EXPLAINED
    if explanation is None and not opening.reports:
        return UNEXPLAINED
    told = numbers(opening)
    if len(set(told.values())) > 1 or (opening.reports_counting > 1 and set(told) == {"reported"}):
        return DIFFERING
    return REPORTED if opening.reports else UNREPORTED


def spoken_by_another(opening: Opening) -> bool:
    """Whether somebody who did not carry the pouch said why it was opened.

    Who keeps the stock opens pouches too, and may say so ("I opened it to restock"); not that it was used on a person.
    """
    explanation = opening.explanation
    if explanation is None or not opening.officers:
        return False
    if explanation.officer is None:
        return explanation.cause == USED
    return explanation.officer not in opening.officers


def asks_something(opening: Opening) -> bool:
    """Whether an opening may raise a question, as far as it alone can tell: a count may have answered it."""
    return OPENING_STATES[opening_state(opening)].asks is not None or spoken_by_another(opening)


# What needs counting.

OPENED = "opened"
TOLD = "told"
UNREAD = "unread"
BACK = "back"

WHYS: Mapping[str, Phrase] = {
    OPENED: Phrase("to_count.opened"),
    TOLD: Phrase("to_count.told"),
    UNREAD: Phrase("to_count.unread"),
    BACK: Phrase("to_count.back"),
}
"""Why a kit needs counting; of several reasons, `due` gives the first."""


class Due(NamedTuple):
    """Why a kit needs counting: one of `WHYS`, and when that was; `earlier` if it was before it was last issued.

    `tag` and `sequence` name the opening, `report` the usage report, `pouch` the pouch, as far as there is one.
    """

    kit: str
    why: str
    at_ms: int
    earlier: bool
    pouch: str | None = None
    tag: str | None = None
    sequence: int | None = None
    report: int | None = None


def told(due: Due, zone_name: str) -> Phrase:
    """Why a kit needs counting, for people."""
    at = clock.Instant(due.at_ms, zone_name)
    return {
        OPENED: Phrase("due.opened", pouch=due.pouch, at=at),
        TOLD: Phrase("due.told", report=due.report, at=at),
        UNREAD: Phrase("due.unread", pouch=due.pouch, at=at),
        BACK: Phrase("due.back", at=at),
    }[due.why]


class PouchLog(NamedTuple):
    """A tag that is or was in a pouch, and when it last docked whole."""

    tag: Tag
    docked_at_ms: int | None

    def covers(self, held: Holding) -> bool:
        """Whether the tag was in the pouch of `held` at some time of it."""
        until = held.until_ms
        return (
            self.tag.pouch == held.pouch
            and (until is None or self.tag.enrolled_at_ms < until)
            and (self.tag.retired_at_ms is None or self.tag.retired_at_ms > held.since_ms)
        )

    def there(self, at_ms: int) -> bool:
        """Whether the tag was in its pouch at an instant."""
        return self.tag.enrolled_at_ms <= at_ms and (self.tag.retired_at_ms is None or at_ms < self.tag.retired_at_ms)

    def lost(self, held: Holding) -> bool:
        """Whether a stretch reaches into the time of which the log of a tag out of use is not here."""
        since_ms = max(self.docked_at_ms or 0, self.tag.enrolled_at_ms)
        return held.since_ms < (self.tag.retired_at_ms or 0) and (held.until_ms is None or held.until_ms > since_ms)

    def counted(self, held: Holding, state: State) -> bool:
        """Whether the kit of such a stretch was counted after it, or is neither out nor in stock any more."""
        over_ms = min(held.until_ms or self.tag.retired_at_ms or 0, self.tag.retired_at_ms or 0)
        return state.counted_ms >= over_ms or state.status not in (IN_STOCK, ISSUED)

    def read_until(self, at_ms: int) -> bool:
        """Whether what it logged up to an instant is here, as far as it was in the pouch."""
        docked_at_ms, retired = self.docked_at_ms or 0, self.tag.retired_at_ms
        return docked_at_ms >= at_ms or (
            retired is not None and retired <= at_ms and retired - docked_at_ms < FETCHED_MS
        )


class KitFacts(NamedTuple):
    """All that the account of one kit rests on.

    `steps` are the movements that still count, replayed; `custody` its stretches, `once` those that were recorded and
    then reversed. `openings` are those of a pouch that it may have been in, by either; `loose` the reports that name
    no opening, of officers who had it then; `logs` the tags of its pouches; `taken` how many doses those reports that
    count took from kits in all, by report.
    """

    kit: str
    doses: int
    steps: Sequence[Step]
    custody: Sequence[Holding]
    once: Sequence[Holding]
    openings: Sequence[Opening]
    loose: Sequence[UsageReport]
    logs: Sequence[PouchLog]
    taken: Mapping[int, int]

    @property
    def state(self) -> State:
        """The kit's state by the ledger."""
        return self.steps[-1].state if self.steps else NOWHERE


def may_have_been_in(opening: Opening, custody: Iterable[Holding]) -> bool:
    """Whether a kit with that custody may have been in the pouch when it was opened."""
    return any(
        each.pouch == opening.pouch and each.status in IN_A_POUCH and each.meets(opening.began) for each in custody
    )


def may_have_been_used(report: UsageReport, custody: Iterable[Holding]) -> bool:
    """Whether a report that names no opening may tell of a kit with that custody: its officer had it then."""
    at_ms = incident_ms(report)
    return (
        report.tag is None
        and report.stands != WITHDRAWN
        and any(each.officer == report.officer and each.status == ISSUED and each.covers(at_ms) for each in custody)
    )


def used_ms(report: UsageReport, opening: Opening | None, custody: Iterable[Holding], until_ms: int) -> int:
    """When the use was that a report tells of: at its `opening`, but while a kit with that custody was there.

    Of a report that names no opening at the incident. `until_ms` at the latest.
    """
    told_ms = opening.began.likely_ms if opening else incident_ms(report)
    held = [
        each
        for each in custody
        if (opening and each.pouch == opening.pouch and each.meets(opening.began))
        or (opening is None and each.officer == report.officer and each.covers(told_ms))
    ]
    if held:
        told_ms = max(told_ms, held[0].since_ms)
        last = held[-1].until_ms
        told_ms = told_ms if last is None else min(told_ms, last - 1)
    return min(told_ms, until_ms)


def facts_of(
    ledgers: Mapping[str, tuple[int, Sequence[Movement]]],
    opened: Iterable[Opening],
    loose: Iterable[UsageReport],
    logs: Iterable[PouchLog],
    taken: Mapping[int, int],
) -> Iterator[KitFacts]:
    """The facts of each kit in `ledgers`: how many doses it came with, and its movements.

    What else there is may be more than concerns these kits: what does not is left out.
    """
    in_pouch: dict[str | None, list[Opening]] = {}
    for opening in opened:
        in_pouch.setdefault(opening.pouch, []).append(opening)
    by_officer: dict[str | None, list[UsageReport]] = {}
    for report in loose:
        by_officer.setdefault(report.officer, []).append(report)
    logs_of: dict[str | None, list[PouchLog]] = {}
    for log in logs:
        logs_of.setdefault(log.tag.pouch, []).append(log)
    for kit, (doses, own) in ledgers.items():
        steps = replay(standing(own), doses)
        custody = stretches_of_steps(kit, steps)
        once = reversed_stretches(kit, own, doses)
        pouches = dict.fromkeys(each.pouch for each in (*custody, *once) if each.pouch is not None)
        officers = dict.fromkeys(each.officer for each in custody if each.officer is not None)
        yield KitFacts(
            kit,
            doses,
            steps,
            custody,
            once,
            in_order(
                each
                for pouch in pouches
                for each in in_pouch.get(pouch, ())
                if may_have_been_in(each, (*custody, *once))
            ),
            sorted(
                (
                    each
                    for number in officers
                    for each in by_officer.get(number, ())
                    if may_have_been_used(each, custody)
                ),
                key=lambda each: each.id,
            ),
            sorted(each for pouch in pouches for each in logs_of.get(pouch, ())),
            taken,
        )


def whole_ms(dockings: Iterable[Docking]) -> int | None:
    """When a tag last docked whole; `dockings` are its own, oldest first."""
    ended = [each.finished_at_ms or each.started_at_ms for each in dockings if each.outcome == "complete"]
    return ended[-1] if ended else None


def due(facts: KitFacts, until_ms: int = _NEVER) -> Due | None:
    """Why the kit needs counting; None if it does not: it is neither out nor in stock, or was counted since.

    With `until_ms` only for what was not after that instant: who is given it then takes over what came later.
    """
    if facts.state.status not in (IN_STOCK, ISSUED):
        return None
    began_ms = _carried_since(facts)
    found = [each for each in _claims(facts, began_ms) if facts.state.counted_ms < each[0]]
    found += _unread(facts, began_ms) + _came_back(facts, began_ms)
    found = [each for each in found if each[1].at_ms <= until_ms]
    order = list(WHYS)
    # What is from before it was last issued matters most: then it was handed out so.
    return min(
        (each for _, each in found), key=lambda it: (not it.earlier, order.index(it.why), it.at_ms), default=None
    )


def _carried_since(facts: KitFacts) -> int:
    """Since when the kit is with whom it is out to, in whatever pouch; never, if it is not out."""
    since = _NEVER
    now = facts.custody[-1]
    for each in reversed(facts.custody):
        if (each.status, each.officer, each.place) != (ISSUED, now.officer, now.place):
            break
        since = each.since_ms
    return since


def _claims(facts: KitFacts, began_ms: int) -> list[tuple[int, Due]]:
    """What tells of a use, or does not rule one out; with each when a count must have been, at the earliest."""
    found = []
    for opening in facts.openings:
        state = opening_state(opening)
        if not OPENING_STATES[state].to_count:
            continue
        # A lid that is still open may have seen more by now.
        over_ms = _NEVER if opening.is_open else opening.ended_latest_ms
        # A reversed entry may still have been right about where the kit was.
        for held in (*facts.custody, *facts.once):
            if held.pouch == opening.pouch and held.status in IN_A_POUCH and held.meets(opening.began):
                # On the shelf a pouch is opened to fill it: that alone does not make a kit one that went out unseen.
                filled = held.status == IN_STOCK and state == UNEXPLAINED and not opening.dose_marks
                why = Due(
                    facts.kit,
                    OPENED,
                    max(opening.began.likely_ms, held.since_ms),
                    held.since_ms < began_ms != _NEVER and not filled,
                    opening.pouch,
                    opening.tag,
                    opening.sequence,
                )
                found.append((min(over_ms, _NEVER if held.until_ms is None else held.until_ms), why))
    for report in facts.loose:
        at_ms = incident_ms(report)
        earlier = at_ms < began_ms != _NEVER
        found.append((at_ms, Due(facts.kit, TOLD, at_ms, earlier, report=report.id)))
    return found


def _unread(facts: KitFacts, began_ms: int) -> list[tuple[int, Due]]:
    """Stretches in a pouch with a tag that are over, and of which the end of the log is not here."""
    found = []
    for held in facts.custody:
        until = held.until_ms
        if until is None or held.pouch is None or held.status != ISSUED or until <= facts.state.counted_ms:
            continue
        if held.since_ms >= began_ms:
            continue  # still with the same: it is counted when it comes back
        logs = [each for each in facts.logs if each.covers(held)]
        if any(not each.read_until(min(until, each.tag.retired_at_ms or until)) for each in logs):
            earlier = began_ms != _NEVER
            found.append((until, Due(facts.kit, UNREAD, until, earlier, held.pouch)))
    return found


def _came_back(facts: KitFacts, began_ms: int) -> list[tuple[int, Due]]:
    found = []
    before = NOWHERE
    for movement, state, _ in facts.steps:
        back = movement.kind == FIND or (movement.kind == RETURN and before.status == LEFT_BEHIND)
        if back and movement.at_ms > facts.state.counted_ms:
            found.append((movement.at_ms, Due(facts.kit, BACK, movement.at_ms, began_ms != _NEVER)))
        before = state
    return found


# What does not add up.


class DoseAccount(NamedTuple):
    """What the sources say of the doses of one kit.

    used: by the ledger; of these `quiet` by no report that counts.
    unaccounted: what counts did not find; less than none: what they found too many.
    told: what reports tell that came from it; of these `lacks` are not recorded as used.
    pending: said to have been used, or marked, with no report yet.
    short: reports that tell of more than kits had, with how many.
    counted: somebody counted it after all that tells of a use.
    off: how many more are gone than the sources tell of; less than none: fewer.
    """

    kit: str
    doses: int
    used: int
    quiet: int
    unaccounted: int
    told: int
    lacks: int
    pending: int
    short: Mapping[int, int]
    counted: bool
    off: int


def account(facts: KitFacts) -> DoseAccount:
    """The account of one kit."""
    state = facts.state
    uses = [step.movement for step in facts.steps if step.movement.kind == USE]
    own: dict[int, int] = {}
    quiet = 0
    for each in uses:
        if each.report is not None and each.report in facts.taken:
            own[each.report] = own.get(each.report, 0) + (each.doses or 0)
        else:
            quiet += each.doses or 0
    left_quiet = quiet
    short: dict[int, int] = {}
    shared = 0
    for number, doses in sorted(_reported(facts, own).items()):
        lacking = max(0, doses - facts.taken.get(number, 0))
        share = min(lacking, left_quiet)
        left_quiet -= share
        shared += share
        if lacking > share:
            short[number] = lacking - share
    # Doses that a report says came from this kit count, even if no movement records them yet.
    lacks = min(sum(short.values()), max(0, facts.doses - state.doses_used))
    told = sum(own.values()) + shared + lacks
    pending, perhaps = _pending(facts)
    claims = _claims(facts, 0)
    counted = all(state.counted_ms >= over_ms for over_ms, _ in claims)
    opened = [each for each in facts.openings if facts.kit in each.kits]
    said = [each for each in opened if opening_state(each) != UNEXPLAINED or each.dose_marks]
    gone = state.doses_used + state.doses_unaccounted
    if not said and not facts.loose:
        off = state.doses_unaccounted
    elif (claims and counted) or quiet or state.doses_unaccounted:
        off = gone - told - pending
    else:
        off = gone - told
    if off == perhaps:
        off = 0
    return DoseAccount(
        facts.kit, facts.doses, state.doses_used, quiet, state.doses_unaccounted, told, lacks, pending, short,
        bool(claims) and counted, off,
    )  # fmt: skip


def _reported(facts: KitFacts, own: Mapping[int, int]) -> dict[int, int]:
    """The reports whose doses came from this kit, as far as that is known, and how many each tells of."""
    found = {each.id: each.doses for each in facts.loose if each.stands == FILED and each.kit == facts.kit}
    for opening in facts.openings:
        for each in opening.filed:
            here = each.kit == facts.kit or each.id in own
            if each.stands == FILED and (here or (each.kit is None and opening.kits == (facts.kit,))):
                found[each.id] = each.doses
    return found


def _pending(facts: KitFacts) -> tuple[int, int]:
    """Doses said to have been used with no report yet, or marked and not explained: of this kit, and perhaps of it."""
    sure = perhaps = 0
    for opening in facts.openings:
        told = numbers(opening)
        if opening_state(opening) in (UNEXPLAINED, UNREPORTED, DIFFERING) and "reported" not in told:
            doses = told.get("said", told.get("marked", 0))
            if opening.kits == (facts.kit,):
                sure += doses
            elif facts.kit in opening.kits:
                perhaps += doses
    return sure, perhaps


def confirmed(opening: Opening, accounts: Mapping[str, DoseAccount]) -> bool:
    """Whether counts have answered what differs about an opening: every kit was counted since, and adds up."""
    of = [accounts.get(kit) for kit in opening.kits]
    return bool(of) and all(
        each is not None and each.counted and each.off == 0 and not set(each.short) & set(opening.reports)
        for each in of
    )


def matches(
    loose: Iterable[UsageReport], candidates: Iterable[Opening], tolerance_ms: int
) -> dict[int, Opening | None]:
    """For each report that names no opening, the one it belongs to: of its officer's, the nearest in time.

    One that needs a report goes before one that is explained as something else. No opening is given twice.
    """
    near: list[tuple[bool, tuple[int, int], int, str, int]] = []
    by_key = {(each.tag, each.sequence): each for each in candidates if not each.reports}
    reports = list(loose)
    for report in reports:
        for (tag, sequence), opening in by_key.items():
            distance = apart(incident_ms(report), opening)
            if report.officer in opening.officers and distance[0] <= tolerance_ms:
                near.append(
                    (opening_state(opening) not in (UNEXPLAINED, UNREPORTED), distance, report.id, tag, sequence)
                )
    found: dict[int, Opening | None] = dict.fromkeys((each.id for each in reports), None)
    taken: set[tuple[str, int]] = set()
    for _, _, number, tag, sequence in sorted(near):
        if found[number] is None and (tag, sequence) not in taken:
            found[number] = by_key[tag, sequence]
            taken.add((tag, sequence))
    return found


def apart(at_ms: int, opening: Opening) -> tuple[int, int]:
    """How far an instant is from an opening in ms: from when it may have been (0: within), from when it likely began.

    Two that were soon after each other may both have been at that instant; the likely time still tells them apart.
    """
    may = max(0, opening.began.earliest_ms - at_ms, at_ms - opening.ended_latest_ms)
    return may, abs(opening.began.likely_ms - at_ms)
