"""Stocktakes: what somebody counted in a place, against what the ledger has there.

What is counted takes hours, and the place is not closed meanwhile. So the ledger is looked at over the whole time
from the start of the stocktake until it is compared, called the window:

    in the ledger                    scanned                       not scanned
    here through the whole window    found                         missing
    came or went in the window       found, if it was here when    no difference: it moved while shelves were counted
                                     last scanned or came later
    not here                         wrong place, if the ledger    nobody's business
                                     has it in another; else
                                     unexpected
    no such kit                      unknown

A kit that was scanned may also be expired, or hold other than the ledger's doses. Two who count share the shelves:
a kit that both have scanned is counted double, since one of them may have been at the other's shelf, or two boxes
carry one number. In a blind stocktake each counts everything: a kit that not all found is counted once. Neither is
said of a kit that moved in the window.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from host import clock
from host.ledger import Holding, Lot, Place, Step, stretches
from host.ledger.issue import STATION
from host.ledger.movement import DESTROYED, IN_STOCK, ISSUED, LEFT_BEHIND, LOST, NOWHERE, USED, State, in_words
from host.phrase import NextStep, Phrase
from host.stock.expiry import is_expired

MISSING = "missing"
UNEXPECTED = "unexpected"
UNKNOWN = "unknown"
WRONG_PLACE = "wrong_place"
DOUBLE = "double"
COUNTED_ONCE = "counted_once"
EXPIRED = "expired"
DOSES = "doses"
UNCOUNTED = "uncounted"

KINDS = {
    MISSING: Phrase("difference.missing"),
    UNEXPECTED: Phrase("difference.unexpected"),
    UNKNOWN: Phrase("difference.unknown"),
    WRONG_PLACE: Phrase("difference.wrong_place"),
    DOUBLE: Phrase("difference.double"),
    COUNTED_ONCE: Phrase("difference.counted_once"),
    EXPIRED: Phrase("difference.expired"),
    DOSES: Phrase("difference.doses"),
    UNCOUNTED: Phrase("difference.uncounted"),
}
"""Every kind of difference, and what it is."""


class CountScan(NamedTuple):
    """A kit's number that `counter` scanned at `at_ms`, with the doses counted in it, if they were.

    `id` goes up in the order of scanning.
    """

    id: int
    at_ms: int
    counter: str
    kit: str
    doses: int | None = None


class Box(NamedTuple):
    """What the ledger knows of a kit: its lot and its movements replayed, oldest first.

    `due` is why it needs counting; None if it doesn't.
    """

    lot: Lot
    steps: Sequence[Step]
    due: Phrase | None = None

    def state(self, at_ms: int | None = None) -> State:
        """Its state at an instant (None: after everything); before its receipt, that at its receipt."""
        then = [each.state for each in self.steps if at_ms is None or each.movement.at_ms <= at_ms]
        return then[-1] if then else self.steps[0].state if self.steps else NOWHERE


class Count(NamedTuple):
    """What is counted: the place, whether each counts everything, the window, and the station's zone."""

    place: Place
    blind: bool
    started_at_ms: int
    until_ms: int
    zone: str

    @property
    def today(self) -> date:
        """The day on which it is compared."""
        return clock.today(self.until_ms, self.zone)


class Difference(NamedTuple):
    """One thing that does not agree: a kind of `KINDS`, the kit, the facts, and what to do next.

    `doses` is what a closing records as counted, None if nothing.
    """

    kind: str
    kit: str
    detail: Phrase
    next_step: Phrase
    doses: int | None = None

    @property
    def name(self) -> str:
        """How a person names it."""
        return f"{self.kind}:{self.kit}"


class Result(NamedTuple):
    """What a stocktake comes to: differences by kind and kit, and kits for which nothing need be said.

    expected: in the place by the ledger now, or found there.
    moved: came in the window, and were not scanned; no difference.
    repeated: scanned again by the same counter; counted once.
    quarantined: found, and quarantined as the ledger has it.
    counted: kits that needed counting, and the doses counted in them: as many as the ledger has.
    counters: how many kits each counter has scanned.
    """

    expected: int
    found: tuple[str, ...]
    moved: tuple[str, ...]
    repeated: tuple[str, ...]
    quarantined: tuple[str, ...]
    counted: tuple[tuple[str, int], ...]
    counters: Mapping[str, int]
    differences: tuple[Difference, ...]


class Answer(NamedTuple):
    """What is said to one scan: `ok` if nothing is wrong, else `wrong` says what."""

    kit: str
    wrong: tuple[Phrase, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.wrong

    @property
    def said(self) -> Phrase:
        """What is said."""
        return Phrase("scan.wrong", wrong=self.wrong) if self.wrong else Phrase("scan.ok")


def compare(count: Count, scans: Iterable[CountScan], boxes: Mapping[str, Box]) -> Result:
    """What the scans that stand come to; `boxes` holds every kit now in the place and every known kit scanned."""
    by_kit: dict[str, list[CountScan]] = {}
    for scan in sorted(scans):
        by_kit.setdefault(scan.kit, []).append(scan)
    counters = Counter(counter for of_kit in by_kit.values() for counter in {each.counter for each in of_kit})
    found: list[str] = []
    moved: list[str] = []
    differences: list[Difference] = []
    for kit in sorted({*boxes, *by_kit}):
        of_kit = by_kit.get(kit, [])
        box = boxes.get(kit)
        if box is None:
            differences.append(_unknown(kit, of_kit))
            continue
        over = _over_window(count, kit, box)
        throughout = _throughout(count, over)
        if not of_kit:
            if throughout:
                differences.append(_missing(count, kit, box))
            elif is_here(count.place, box.state()):
                moved.append(kit)
            continue
        came = _came(count, over, of_kit[-1])
        if came:
            found.append(kit)
        else:
            differences.append(_astray(count, kit, box))
        if throughout or (not came and not count.blind):
            differences += _miscounted(count, kit, of_kit, counters)
        differences += _contents(count, kit, box, of_kit)
    order = list(KINDS)
    here = {kit for kit, box in boxes.items() if is_here(count.place, box.state())}
    return Result(
        expected=len(here | {*found}),
        found=tuple(found),
        moved=tuple(moved),
        repeated=tuple(kit for kit, of_kit in by_kit.items() if _repeated(of_kit)),
        quarantined=tuple(kit for kit in found if boxes[kit].state().quarantine is not None),
        counted=tuple(
            (kit, doses)
            for kit in found
            for doses in _agreed(by_kit[kit])
            if boxes[kit].due is not None and doses == boxes[kit].state().doses_left
        ),
        counters=dict(sorted(counters.items())),
        differences=tuple(sorted(differences, key=lambda each: (order.index(each.kind), each.kit))),
    )


def answer(count: Count, scan: CountScan, before: Iterable[CountScan], box: Box | None) -> Answer:
    """What to say to `scan`, which follows on the scans of the same kit `before`; None for a kit not known.

    A blind stocktake does not say what others have counted.
    """
    said = []
    others = sorted({each.counter for each in before if each.counter != scan.counter})
    if scan.doses is None and any(each.counter == scan.counter for each in before):
        said.append(Phrase("scan.counted_by_you"))
    if others and not count.blind:
        said.append(Phrase("scan.counted_by", counters=tuple(others)))
    if box is None:
        return Answer(scan.kit, (Phrase("scan.unknown_kit"), *said))
    state = box.state()
    if not is_here(count.place, state):
        said.insert(0, Phrase("scan.unexpected", where=_whereabouts(state, count.zone)))
    if is_expired(box.lot, count.today):
        said.append(Phrase("scan.expired", expires_on=box.lot.expires_on))
    if box.lot.recalled is not None:
        said.append(Phrase("scan.recalled", lot=box.lot.lot))
    if state.quarantine is not None:
        said.append(Phrase("scan.quarantined", reason=state.quarantine))
    if box.due is not None and scan.doses is None:
        said.append(Phrase("scan.to_be_counted", kit=scan.kit))
    if scan.doses is not None and scan.doses != state.doses_left:
        said.append(Phrase("scan.other_doses", doses=scan.doses, left=state.doses_left))
    return Answer(scan.kit, tuple(said))


def is_here(place: Place, state: State | Holding) -> bool:
    """Whether a kit in that state is to be found in the place: stock of a station, or issued to another place."""
    return state.place == place.id and state.status == (IN_STOCK if place.kind == STATION else ISSUED)


def _over_window(count: Count, kit: str, box: Box) -> list[Holding]:
    """The kit's stretches of custody that meet the window."""
    return [
        each
        for each in stretches(kit, (step.movement for step in box.steps), box.lot.doses_per_kit)
        if each.since_ms <= count.until_ms
        and (each.until_ms is None or each.until_ms > max(each.since_ms, count.started_at_ms))
    ]


def _throughout(count: Count, over: Sequence[Holding]) -> bool:
    """Whether the kit was here through the whole window."""
    whole = bool(over) and over[0].since_ms <= count.started_at_ms
    return whole and all(is_here(count.place, each) for each in over)


def _came(count: Count, over: Sequence[Holding], last: CountScan) -> bool:
    """Whether the kit was here when it was last scanned, or came afterwards: some record a return after the shelf."""
    return any(is_here(count.place, each) and (each.until_ms is None or each.until_ms > last.at_ms) for each in over)


def _repeated(of_kit: Iterable[CountScan]) -> bool:
    """Whether a counter scanned the kit again, other than to say its doses."""
    said = [each.counter for each in of_kit if each.doses is None]
    return len(said) > len(set(said))


def _missing(count: Count, kit: str, box: Box) -> Difference:
    since = clock.local(box.state().since_ms, count.zone).date()
    lose = NextStep("kit.lose", "difference.look_for_it", kit=kit)
    return Difference(MISSING, kit, Phrase("difference.here_since", since=since), lose)


def _unknown(kit: str, of_kit: Iterable[CountScan]) -> Difference:
    who = tuple(sorted({each.counter for each in of_kit}))
    receive = NextStep("stock.receive", "difference.receive_it")
    return Difference(UNKNOWN, kit, Phrase("difference.scanned_by", counters=who), receive)


def _astray(count: Count, kit: str, box: Box) -> Difference:
    """A kit that was scanned and is not here by the ledger."""
    state = box.state()
    detail = _whereabouts(state, count.zone)
    station = count.place.id if count.place.kind == STATION else None
    if state.status in (IN_STOCK, ISSUED) and state.place is not None:
        if state.status == ISSUED:
            move = NextStep("kit.return", "difference.move_it", kit=kit, station=station)
        elif station:
            move = NextStep("kit.transfer", "difference.move_it", kit=kit, station=station)
        else:
            move = NextStep("kit.issue", "difference.move_it", kit=kit, place=count.place.id)
        return Difference(WRONG_PLACE, kit, detail, move)
    next_step = NextStep("kit.history", "difference.see_what_happened", kit=kit)
    if state.status in (ISSUED, USED, LEFT_BEHIND):
        next_step = NextStep("kit.return", kit=kit, station=station)
    elif state.status == LOST:
        next_step = NextStep("kit.find", kit=kit, station=station)
    return Difference(UNEXPECTED, kit, detail, next_step)


def _whereabouts(state: State, zone: str) -> Phrase:
    """Where the ledger has a kit, and since when, for people."""
    since = clock.local(state.since_ms, zone).date() if state.since_ms else None
    if state.status == ISSUED and state.officer is not None:
        return Phrase("whereabouts.carried", officer=state.officer, pouch=state.pouch, since=since)
    if state.status in (IN_STOCK, ISSUED):
        return Phrase("whereabouts.at", place=state.place, since=since)
    return Phrase("whereabouts.gone", status=in_words(state.status), since=since)


def _miscounted(count: Count, kit: str, of_kit: Iterable[CountScan], counters: Iterable[str]) -> list[Difference]:
    """Whether too many have scanned the kit; in a blind stocktake, whether one of the `counters` has not."""
    who = sorted({each.counter for each in of_kit})
    if not count.blind:
        if len(who) < 2:
            return []
        detail = Phrase("difference.scanned_by", counters=tuple(who))
        return [Difference(DOUBLE, kit, detail, Phrase("difference.two_boxes", kit=kit))]
    without = sorted({*counters} - {*who})
    if not without:
        return []
    detail = Phrase("difference.scanned_by_some", counters=tuple(who), others=tuple(without))
    return [Difference(COUNTED_ONCE, kit, detail, Phrase("difference.look_together"))]


def _contents(count: Count, kit: str, box: Box, of_kit: Iterable[CountScan]) -> list[Difference]:
    """Whether a kit that was scanned has expired, or other doses than the ledger has."""
    found = []
    if is_expired(box.lot, count.today) and box.state().status != DESTROYED:
        expires_on = box.lot.expires_on
        detail = Phrase("difference.expired_ago", expires_on=expires_on, days=(count.today - expires_on).days)
        found.append(Difference(EXPIRED, kit, detail, NextStep("kit.destroy", "difference.take_it_off", kit=kit)))
    if box.due is not None and not any(each.doses is not None for each in of_kit):
        count_it = NextStep("kit.count", "difference.scan_with_doses", kit=kit)
        found.append(Difference(UNCOUNTED, kit, Phrase("difference.to_be_counted", why=box.due), count_it))
    newest = _newest_doses(of_kit)
    ledger = {counter: box.state(each.at_ms).doses_left for counter, each in newest.items()}
    if any(each.doses != ledger[counter] for counter, each in newest.items()):
        state = box.state()
        counted = {each.doses for each in newest.values()}
        agreed = counted.pop() if len(counted) == 1 else None
        possible = agreed is not None and agreed <= state.doses and state.status in (IN_STOCK, ISSUED)
        # Doses that were given or counted since then make the count an old one.
        doses = agreed if possible and {state.doses_left} == {*ledger.values()} else None
        said = tuple(
            Phrase("difference.doses_by", doses=each.doses, counter=counter) for counter, each in sorted(newest.items())
        )
        detail = Phrase("difference.other_doses", said=said, left=state.doses_left)
        next_step: Phrase = Phrase("difference.closing_records")
        if doses is None:
            next_step = NextStep("kit.count", "difference.count_again", kit=kit)
        found.append(Difference(DOSES, kit, detail, next_step, doses))
    return found


def _newest_doses(of_kit: Iterable[CountScan]) -> dict[str, CountScan]:
    """The last scan of each counter that told doses."""
    return {each.counter: each for each in of_kit if each.doses is not None}


def _agreed(of_kit: Iterable[CountScan]) -> set[int]:
    """The doses that were counted in a kit, if all who counted them found the same; else none."""
    told = {each.doses for each in _newest_doses(of_kit).values() if each.doses is not None}
    return told if len(told) == 1 else set()
