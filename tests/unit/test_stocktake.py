"""A stocktake's comparison: every kit lands in one place, whatever moved meanwhile; counters, doses, dates."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from host import ledger
from host.clock import Instant
from host.ledger import Lot, Movement, Place, State, replay
from host.ledger.movement import CORRECT, IN_STOCK, ISSUED, NOWHERE, correction_refusal, refusal
from host.phrase import NextStep, Phrase
from host.stock import stocktake
from host.stock.stocktake import Box, Count, CountScan, Difference, Result

ZONE = "Europe/London"
NORTH = Place("North", "station")
CAR = Place("Car 1", "vehicle")
START, END = 10, 30
"""The window of the histories below, in milliseconds."""
DAY = 86_400_000
T0 = 1_780_000_000_000
"""2026-05-28 21:26:40 in London."""
LOT = Lot("Naloxone 1.8 mg", "A1", date(2028, 4, 30), 2)
KITS = [f"K-{number}" for number in range(4)]
MOVES = [
    ("receive", {"place": "North"}),
    ("receive", {"place": "South"}),
    ("issue", {"officer": "4101"}),
    ("issue", {"place": "Car 1"}),
    ("return", {"place": "North"}),
    ("return", {"place": "South"}),
    ("transfer", {"place": "North"}),
    ("transfer", {"place": "South"}),
    ("load", {"pouch": "P-01"}),
    ("unload", {}),
    ("lose", {}),
    ("find", {"place": "North"}),
    ("destroy", {}),
    ("correct", {}),
]


@st.composite
def histories(draw: st.DrawFn) -> dict[str, list[Movement]]:
    """Possible movements of some of the kits, before and within the window."""
    found = {}
    for kit in draw(st.lists(st.sampled_from(KITS), unique=True)):
        of_kit: list[Movement] = []
        wanted = draw(st.lists(st.tuples(st.integers(0, END), st.sampled_from(MOVES)), max_size=8))
        first = (draw(st.integers(0, END)), draw(st.sampled_from(MOVES[:2])))
        for at, (kind, where) in sorted([first, *wanted], key=lambda each: each[0]):
            state = replay(of_kit, 2)[-1].state if of_kit else NOWHERE
            movement = Movement(len(of_kit) + 1, at, kind, kit, **where)
            if kind == CORRECT:
                still = ledger.standing(of_kit)
                if len(still) < 2:
                    continue
                movement = movement._replace(corrects=still[-1].id)
                assert correction_refusal(still, state, movement, 2) is None
            elif refusal(state, movement) is not None:
                continue
            of_kit.append(movement)
        if of_kit:
            found[kit] = of_kit
    return found


scans = st.lists(
    st.tuples(st.integers(START, END), st.sampled_from(["first", "second"]), st.sampled_from(KITS)), max_size=12
).map(lambda rows: [CountScan(number, *row) for number, row in enumerate(sorted(rows, key=lambda row: row[0]), 1)])


def state_at(movements: list[Movement], at_ms: int) -> State:
    """The state at an instant, as it is known at the end: what was reversed by then never was."""
    wrong = {each.corrects for each in movements}
    still = [each for each in movements if each.kind != CORRECT and each.id not in wrong]
    steps = replay([each for each in still if each.at_ms <= at_ms], 2)
    return steps[-1].state if steps else NOWHERE


def present(place: Place, movements: list[Movement], at_ms: int) -> bool:
    state = state_at(movements, at_ms)
    return (state.status, state.place) == ((IN_STOCK if place == NORTH else ISSUED), place.id)


def expected_class(place: Place, movements: list[Movement] | None, scanned: list[CountScan]) -> str | None:
    """Where a kit belongs, found by asking the ledger at every single instant."""
    if movements is None:
        return "unknown" if scanned else None
    here = {at: present(place, movements, at) for at in range(START, END + 1)}
    if scanned:
        if any(here[at] for at in range(scanned[-1].at_ms, END + 1)):
            return "found"
        state = state_at(movements, END)
        in_a_place = state.status in (IN_STOCK, ISSUED) and state.place is not None
        return "wrong_place" if in_a_place else "unexpected"
    if all(here.values()):
        return "missing"
    return "moved" if here[END] else None


@given(histories(), scans, st.sampled_from([NORTH, CAR]), st.booleans())
def test_every_kit_is_in_exactly_the_right_class(
    ledgers: dict[str, list[Movement]], scanned: list[CountScan], place: Place, blind: bool
) -> None:
    boxes = {kit: Box(LOT, replay(movements, 2)) for kit, movements in ledgers.items()}
    result = stocktake.compare(Count(place, blind, START, END, ZONE), scanned, boxes)
    classes: dict[str, list[str]] = {kit: [] for kit in KITS}
    for kit in result.found:
        classes[kit].append("found")
    for kit in result.moved:
        classes[kit].append("moved")
    for each in result.differences:
        if each.kind in ("missing", "unexpected", "unknown", "wrong_place"):
            classes[each.kit].append(each.kind)
    for kit in KITS:
        of_kit = [each for each in scanned if each.kit == kit]
        right = expected_class(place, ledgers.get(kit), of_kit)
        assert classes[kit] == ([] if right is None else [right]), kit
        both = len({each.counter for each in of_kit}) == 2
        kinds = {each.kind for each in result.differences if each.kit == kit}
        stayed = kit in ledgers and all(present(place, ledgers[kit], at) for at in range(START, END + 1))
        astray = right in ("unexpected", "wrong_place")
        assert ("double" in kinds) == (both and not blind and (stayed or astray))
        two_count = len({each.counter for each in scanned}) == 2
        assert ("counted_once" in kinds) == (bool(of_kit) and two_count and not both and blind and stayed)
    assert len({(each.kind, each.kit) for each in result.differences}) == len(result.differences)
    now_here = {kit for kit, movements in ledgers.items() if present(place, movements, END)}
    assert result.expected == len(now_here | set(result.found))


def box(*movements: tuple[int, str, dict[str, object]], lot: Lot = LOT) -> Box:
    """A kit received in North long before, and what else happened to it, in milliseconds after T0."""
    rows = [Movement(1, T0 - 50 * DAY, "receive", "K-1", place="North")]
    for at, kind, where in movements:
        rows.append(Movement(len(rows) + 1, T0 + at, kind, "K-1", **where))  # type: ignore[arg-type]
    return Box(lot, replay(rows, lot.doses_per_kit))


def result(boxed: Box | None, *scanned: tuple[int, str, int | None], blind: bool = False) -> Result:
    """The stocktake of North that starts at T0 and is compared 1000 ms later."""
    rows = [CountScan(number, T0 + at, who, "K-1", doses) for number, (at, who, doses) in enumerate(scanned, 1)]
    return stocktake.compare(count(blind), rows, {} if boxed is None else {"K-1": boxed})


def count(blind: bool = False) -> Count:
    return Count(NORTH, blind, T0, T0 + 1000, ZONE)


def one(found: Result) -> Difference:
    assert len(found.differences) == 1, found.differences
    return found.differences[0]


def test_kit_scanned_before_its_return_is_recorded_is_no_difference() -> None:
    boxed = box((-DAY, "issue", {"officer": "4101"}), (500, "return", {"place": "North"}))
    assert result(boxed, (100, "first", None)).differences == ()


def test_kit_scanned_after_it_went_out_by_the_ledger_is_unexpected() -> None:
    boxed = box((100, "issue", {"officer": "4101", "pouch": "P-01"}))
    assert result(boxed, (50, "first", None)).differences == ()
    found = one(result(boxed, (500, "first", None)))
    detail = Phrase("whereabouts.carried", officer="4101", pouch="P-01", since=date(2026, 5, 28))
    assert (found.kind, found.detail) == ("unexpected", detail)
    assert found.next_step == NextStep("kit.return", kit="K-1", station="North")


def test_loading_into_a_pouch_on_the_shelf_does_not_excuse_a_missing_kit() -> None:
    assert one(result(box((100, "load", {"pouch": "P-01"})))).kind == "missing"


def test_what_was_recorded_wrongly_and_reversed_does_not_excuse_a_missing_kit() -> None:
    boxed = box((100, "issue", {"officer": "4101"}), (200, "correct", {"corrects": 2}))
    assert one(result(boxed)).kind == "missing"
    boxed = box((-9, "issue", {"officer": "4101"}), (200, "correct", {"corrects": 2}))
    assert one(result(boxed)).kind == "missing", "it was on the shelf all the time"
    assert result(boxed, (100, "first", None)).differences == ()


def test_going_and_coming_in_one_instant_does_not_excuse_a_missing_kit() -> None:
    boxed = box((100, "issue", {"officer": "4101"}), (100, "return", {"place": "North"}))
    assert one(result(boxed)).kind == "missing"


def test_kit_found_in_a_vehicle_is_issued_to_it_or_taken_back() -> None:
    here = Count(CAR, False, T0, T0 + 1000, ZONE)
    found = stocktake.compare(here, [CountScan(1, T0, "first", "K-1")], {"K-1": box()})
    assert one(found).next_step == NextStep("kit.issue", "difference.move_it", kit="K-1", place="Car 1")


SEE, MOVE = "difference.see_what_happened", "difference.move_it"


def gone(status: str) -> Phrase:
    return Phrase("whereabouts.gone", status=Phrase(f"status.{status}"), since=date(2026, 5, 28))


def now_at(place: str) -> Phrase:
    return Phrase("whereabouts.at", place=place, since=date(2026, 5, 28))


def test_each_way_of_being_astray_names_what_to_do() -> None:
    at = {"kit": "K-1", "station": "North"}
    cases = [
        (("lose", {}), "unexpected", gone("lost"), NextStep("kit.find", **at)),
        (("destroy", {}), "unexpected", gone("destroyed"), NextStep("kit.history", SEE, kit="K-1")),
        (("transfer", {"place": "South"}), "wrong_place", now_at("South"), NextStep("kit.transfer", MOVE, **at)),
        (("issue", {"place": "Car 1"}), "wrong_place", now_at("Car 1"), NextStep("kit.return", MOVE, **at)),
    ]
    for (kind, where), *expected in cases:
        found = one(result(box((-9, kind, where)), (5, "first", None)))
        assert [found.kind, found.detail, found.next_step] == expected
    unknown = one(result(None, (5, "first", None)))
    assert (unknown.kind, unknown.detail) == ("unknown", Phrase("difference.scanned_by", counters=("first",)))
    assert unknown.next_step == NextStep("stock.receive", "difference.receive_it")


def test_same_counter_counts_a_kit_one_time_and_two_count_it_double() -> None:
    again = result(box(), (1, "first", None), (2, "first", None))
    assert (again.differences, again.repeated, dict(again.counters)) == ((), ("K-1",), {"first": 1})
    double = one(result(box(), (1, "first", None), (2, "second", None)))
    assert double.detail == Phrase("difference.scanned_by", counters=("first", "second"))
    assert result(box(), (1, "first", None), (2, "first", 2)).repeated == ()


def test_blind_counts_are_compared() -> None:
    assert result(box(), (1, "first", None), (2, "second", None), blind=True).differences == ()
    rows = [CountScan(1, T0, "first", "K-1"), CountScan(2, T0, "second", "K-2")]
    found = stocktake.compare(count(blind=True), rows, {"K-1": box(), "K-2": box()})
    assert [each.detail for each in found.differences] == [
        Phrase("difference.scanned_by_some", counters=("first",), others=("second",)),
        Phrase("difference.scanned_by_some", counters=("second",), others=("first",)),
    ]


def counted_by(counter: str, doses: int) -> Phrase:
    return Phrase("difference.doses_by", doses=doses, counter=counter)


def test_doses_are_compared_with_the_ledger_when_they_were_counted() -> None:
    carried = {"officer": "4101"}
    before = box((-9, "issue", carried), (-8, "use", {"doses": 1}), (-7, "return", {"place": "North"}))
    assert result(before, (5, "first", 1)).differences == ()
    found = one(result(before, (5, "first", 2)))
    detail = Phrase("difference.other_doses", said=(counted_by("first", 2),), left=1)
    assert (found.kind, found.detail, found.doses) == ("doses", detail, 2)
    later = box((100, "issue", carried), (200, "use", {"doses": 1}), (300, "return", {"place": "North"}))
    assert result(later, (5, "first", 2)).differences == ()
    assert one(result(later, (5, "first", 1))).doses is None, "the ledger has moved on since the count"


def test_kit_that_is_to_be_counted_is_asked_for_its_doses() -> None:
    why = Phrase("due.back", at=Instant(T0, ZONE))
    due = box()._replace(due=why)
    found = one(result(due, (5, "first", None)))
    assert (found.kind, found.detail, found.doses) == ("uncounted", Phrase("difference.to_be_counted", why=why), None)
    assert found.next_step == NextStep("kit.count", "difference.scan_with_doses", kit="K-1")
    counted = result(due, (5, "first", None), (6, "first", 2))
    assert (counted.differences, counted.counted) == ((), (("K-1", 2),))
    assert result(box(), (5, "first", 2)).counted == (), "that nobody need count"
    differs = result(due, (5, "first", 1))
    assert ([each.kind for each in differs.differences], differs.counted) == (["doses"], ())
    not_agreed = result(due, (5, "first", 1), (6, "second", 2))
    assert ("uncounted" in {each.kind for each in not_agreed.differences}, not_agreed.counted) == (False, ())
    assert one(result(due)).kind == "missing"


def test_count_that_cannot_be_or_is_not_agreed_is_not_recorded() -> None:
    assert one(result(box(), (5, "first", 9))).doses is None
    both = result(box(), (5, "first", 1), (6, "second", 2))
    assert [(each.kind, each.doses) for each in both.differences] == [("double", None), ("doses", None)]
    assert both.differences[1].detail.fields["said"] == (counted_by("first", 1), counted_by("second", 2))
    recounted = one(result(box(), (5, "first", 0), (6, "first", 1)))
    assert recounted.doses == 1


def test_doses_of_a_kit_that_cannot_be_counted_are_not_recorded() -> None:
    for gone in (("lose", {}), ("issue", {"officer": "4101"}), ("issue", {"place": "Car 1"})):
        found = result(box((-9, *gone), (-8, "lose", {})) if gone[0] == "issue" else box((-9, *gone)), (5, "first", 1))
        assert [(each.kind, each.doses) for each in found.differences] == [("unexpected", None), ("doses", None)]


def test_lost_kit_is_no_longer_where_it_was_lost() -> None:
    lost = State("lost", place="Car 1")
    assert not stocktake.is_here(CAR, lost)
    assert stocktake.is_here(CAR, lost._replace(status=ISSUED))
    assert not stocktake.is_here(NORTH, lost._replace(status=ISSUED, place="North"))


def test_expired_kit_that_was_destroyed_meanwhile_is_no_difference() -> None:
    expired = LOT._replace(expires_on=date(2026, 5, 27))
    assert result(box((20, "destroy", {}), lot=expired), (5, "first", None)).differences == ()
    lost = result(box((20, "lose", {}), lot=expired), (5, "first", None))
    assert [each.kind for each in lost.differences] == ["expired"]


def test_expired_on_the_day_after_the_printed_one_and_quarantine_is_no_difference() -> None:
    last_day = box(lot=LOT._replace(expires_on=date(2026, 5, 28)))
    assert result(last_day, (5, "first", None)).differences == ()
    expired = box(lot=LOT._replace(expires_on=date(2026, 5, 27)))
    detail = Phrase("difference.expired_ago", expires_on=date(2026, 5, 27), days=1)
    assert one(result(expired, (5, "first", None))).detail == detail
    assert [each.kind for each in result(expired).differences] == ["missing"]
    aside = result(box((-9, "quarantine", {"reason": "froze"})), (5, "first", None))
    assert (aside.differences, aside.quarantined) == ((), ("K-1",))


def wrong(boxed: Box | None, scan: CountScan, *before: CountScan, blind: bool = False) -> tuple[Phrase, ...]:
    answer = stocktake.answer(count(blind), scan, before, boxed)
    assert answer.ok == (answer.said == Phrase("scan.ok"))
    return answer.wrong


def test_answer_tells_what_is_known_at_once() -> None:
    scan = CountScan(3, T0 + 5, "first", "K-1")
    by_second = CountScan(1, T0, "second", "K-1")
    assert wrong(box(), scan) == ()
    assert wrong(None, scan) == (Phrase("scan.unknown_kit"),)
    assert wrong(box(), scan, by_second) == (Phrase("scan.counted_by", counters=("second",)),)
    assert wrong(box(), scan, by_second, blind=True) == ()
    assert wrong(box(), scan, scan._replace(id=2), blind=True) == (Phrase("scan.counted_by_you"),)
    other = wrong(box(), scan._replace(doses=1), scan._replace(id=2))
    assert other == (Phrase("scan.other_doses", doses=1, left=2),)
    carried = box((-9, "issue", {"officer": "4101"}))
    where = Phrase("whereabouts.carried", officer="4101", pouch=None, since=date(2026, 5, 28))
    assert wrong(carried, scan) == (Phrase("scan.unexpected", where=where),)
    bad = LOT._replace(expires_on=date(2026, 5, 1), recalled="leaking valves")
    assert wrong(box((-9, "quarantine", {"reason": "froze"}), lot=bad), scan) == (
        Phrase("scan.expired", expires_on=date(2026, 5, 1)),
        Phrase("scan.recalled", lot="A1"),
        Phrase("scan.quarantined", reason="froze"),
    )
