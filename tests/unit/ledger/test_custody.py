"""Who had which kit in which pouch, from when until when."""

from random import Random

from host.ledger import holder_of_pouch, holdings, holdings_of_pouch, stretches
from host.ledger.movement import CORRECT, COUNT, ISSUE, LOAD, RECEIVE, RETURN, UNLOAD, USE
from tests.force import HOUR, T0
from tests.unit.ledger.histories import DOSES, USUAL, following, history


def test_a_stretch_ends_when_officer_place_pouch_or_status_changes_and_not_at_a_count() -> None:
    movements = history(RECEIVE, ISSUE, COUNT, LOAD, UNLOAD, RETURN)
    found = stretches("K1", movements, DOSES)
    assert [(each.status, each.officer, each.place, each.pouch, each.began) for each in found] == [
        ("in_stock", None, "North", None, 1),
        ("issued", "1207", None, None, 2),
        ("issued", "1207", None, "P1", 4),
        ("issued", "1207", None, None, 5),
        ("in_stock", None, "North", None, 6),
    ]
    assert [each.until_ms for each in found] == [T0 + number * HOUR for number in (2, 4, 5, 6)] + [None]


def test_an_issue_that_was_corrected_never_was() -> None:
    movements = history(RECEIVE, ISSUE, CORRECT)
    assert holdings(movements, {"K1": DOSES}) == []
    (found,) = stretches("K1", movements, DOSES)
    assert (found.status, found.began, found.since_ms, found.until_ms) == ("in_stock", 1, T0 + HOUR, None)


def test_a_return_that_was_corrected_leaves_the_stretch_whole() -> None:
    movements = history(RECEIVE, ISSUE, RETURN, CORRECT)
    (found,) = holdings(movements, {"K1": DOSES})
    assert (found.officer, found.began, found.since_ms, found.until_ms) == ("1207", 2, T0 + 2 * HOUR, None)
    again = following(movements, USUAL[ISSUE]._replace(officer="1300"))
    assert holdings([*movements, again], {"K1": DOSES})[0].officer == "1207", "it could not be issued again"


def test_a_use_that_is_corrected_later_did_not_end_the_stretch() -> None:
    movements = history(RECEIVE, ISSUE, USE, RETURN)
    assert [each.status for each in stretches("K1", movements, DOSES)] == ["in_stock", "issued", "used", "in_stock"]
    movements.append(following(movements, USUAL[CORRECT]._replace(corrects=3)))
    assert [(each.status, each.until_ms) for each in stretches("K1", movements, DOSES)] == [
        ("in_stock", T0 + 2 * HOUR),
        ("issued", T0 + 4 * HOUR),
        ("in_stock", None),
    ]


def test_a_kit_whose_receipt_was_corrected_has_no_stretch() -> None:
    assert stretches("K1", history(RECEIVE, CORRECT), DOSES) == []


def test_who_has_a_pouch_is_who_has_the_kit_in_it() -> None:
    first = history(RECEIVE, LOAD, ISSUE, RETURN)
    second = [
        USUAL[RECEIVE]._replace(id=11, at_ms=T0, kit="K2"),
        USUAL[ISSUE]._replace(id=12, at_ms=T0 + 5 * HOUR, kit="K2", officer="1300", pouch="P1"),
        USUAL[USE]._replace(id=13, at_ms=T0 + 7 * HOUR, kit="K2"),
    ]
    everything = [*first, *second]
    Random(5).shuffle(everything)
    found = holdings(everything, {"K1": DOSES, "K2": DOSES})
    holders = [holder_of_pouch(found, "P1", T0 + hour * HOUR) for hour in range(1, 9)]
    assert holders == [None, None, "1207", None, "1300", "1300", None, None]
    assert [each.kit for each in holdings_of_pouch(found, "P1", T0 + 5 * HOUR)] == ["K2"]
    assert holdings_of_pouch(found, "P2", T0 + 5 * HOUR) == []


def test_a_kit_issued_to_a_place_is_with_no_officer() -> None:
    movements = history(RECEIVE)
    out = following(movements, USUAL[ISSUE]._replace(officer=None, place="CAR-7"))
    (found,) = holdings([*movements, out], {"K1": DOSES})
    assert (found.officer, found.place) == (None, "CAR-7")
