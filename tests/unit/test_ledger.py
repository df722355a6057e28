"""The stock ledger: who holds what follows from the movements, and the rules of issue and return hold."""

from datetime import date
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host import ledger
from host.errors import InputError, KitdockError, RuleError
from host.ledger import ISSUE, RECEIVE, RETURN, Kit, Lot, Movement, Officer
from tests.force import DAY, HOUR, T0, ZONE

KIT = Kit("K1", "Nyxoid", "A1")
LOT = Lot("Nyxoid", "A1", date(2028, 1, 31), 2)
TRAINED = Officer("1207", date(2026, 5, 1), T0)
RECEIVED = Movement(1, T0, RECEIVE, "K1", None, None)


def check(
    movements: list[Movement], lot: Lot = LOT, officer: Officer = TRAINED, pouch: str | None = None, at: int = HOUR
) -> list[str]:
    return ledger.check_issue(movements, KIT, lot, officer, pouch, T0 + at, ZONE)


def issued(to: str, at: int = 0, kit: str = "K1", pouch: str | None = None) -> Movement:
    return Movement(2, T0 + at, ISSUE, kit, to, pouch)


steps = st.lists(
    st.tuples(
        st.integers(0, 50),
        st.sampled_from(["K1", "K2"]),
        st.sampled_from([ISSUE, RETURN]),
        st.sampled_from(["1207", "1300"]),
    ),
    max_size=20,
)


@given(steps, st.randoms(use_true_random=False))
def test_a_kit_is_never_in_two_hands_whatever_order_the_rows_come_in(
    history: list[tuple[int, str, str, str]], random: Random
) -> None:
    movements = [
        Movement(number, at, kind, kit, officer if kind == ISSUE else None, None)
        for number, (at, kit, kind, officer) in enumerate(sorted(history, key=lambda step: step[0]), 1)
    ]
    found = ledger.holdings(movements)
    for at in range(52):
        for kit in ("K1", "K2"):
            holders = [each for each in found if each.kit == kit and each.covers(at)]
            before = [each for each in movements if each.kit == kit and each.at_ms <= at]
            last = max(before, key=lambda each: (each.at_ms, each.id), default=None)
            assert [each.officer for each in holders] == ([last.officer] if last and last.kind == ISSUE else [])
    shuffled = movements[:]
    random.shuffle(shuffled)
    assert ledger.holdings(shuffled) == found


@given(steps)
def test_checked_ledger_issues_only_from_stock_and_takes_back_only_what_is_out(
    history: list[tuple[int, str, str, str]],
) -> None:
    movements = [RECEIVED, Movement(2, T0, RECEIVE, "K2", None, None)]
    out: dict[str, str] = {}
    now = T0
    for at, kit, kind, officer in history:
        try:
            if kind == ISSUE:
                ledger.check_issue(
                    movements, KIT._replace(id=kit), LOT, Officer(officer, None, T0), None, T0 + at, ZONE
                )
            else:
                ledger.check_return(movements, kit, T0 + at, ZONE)
        except KitdockError:
            refused = True
        else:
            refused = False
        moved = max(each.at_ms for each in movements if each.kit == kit)
        may = (kit not in out if kind == ISSUE else kit in out) and T0 + at >= moved
        assert refused is not may
        if may:
            movements.append(Movement(len(movements) + 1, T0 + at, kind, kit, officer if kind == ISSUE else None, None))
            now = max(now, T0 + at)
            if kind == ISSUE:
                out[kit] = officer
            else:
                del out[kit]
    held = {each.kit: each.officer for each in ledger.holdings(movements) if each.until_ms is None}
    assert held == out


def test_second_issue_says_who_has_the_kit_since_when_and_what_comes_first() -> None:
    with pytest.raises(RuleError) as refused:
        check([RECEIVED, issued("1300")], at=DAY)
    assert str(refused.value) == (
        "kit K1 is already issued, to officer 1300 since 2026-05-28 21:26: `kitdock kit return K1` comes first"
    )


def test_expired_kit_is_never_issued_but_may_go_out_on_its_last_day() -> None:
    assert check([RECEIVED], LOT._replace(expires_on=date(2026, 5, 28)))
    with pytest.raises(RuleError, match="expired on 2026-05-27"):
        check([RECEIVED], LOT._replace(expires_on=date(2026, 5, 27)))


def test_expiry_is_judged_by_the_calendar_of_the_station() -> None:
    """At 23:30 UTC it is already the next day in London's summer."""
    with pytest.raises(RuleError, match="expired"):
        check([RECEIVED], LOT._replace(expires_on=date(2026, 5, 28)), at=3 * HOUR)


def test_kit_that_expires_within_ninety_days_warns() -> None:
    assert check([RECEIVED], LOT._replace(expires_on=date(2026, 8, 27))) == []  # 91 days
    assert check([RECEIVED], LOT._replace(expires_on=date(2026, 8, 26))) == ["kit K1 expires on 2026-08-26, in 90 days"]


def test_unknown_or_lapsed_training_warns() -> None:
    assert "no training is known" in check([RECEIVED], officer=TRAINED._replace(trained_on=None))[0]
    assert check([RECEIVED], officer=TRAINED._replace(trained_on=date(2025, 5, 28))) == []
    assert "lapsed on 2026-05-27" in check([RECEIVED], officer=TRAINED._replace(trained_on=date(2025, 5, 27)))[0]


def test_training_on_a_leap_day_ends_in_february() -> None:
    assert ledger.training_valid_until(TRAINED._replace(trained_on=date(2024, 2, 29))) == date(2025, 2, 28)


def test_pouch_in_other_hands_takes_no_kit() -> None:
    other = issued("1300", kit="K2", pouch="P1")
    with pytest.raises(RuleError, match="pouch P1 is with officer 1300"):
        check([RECEIVED, other], pouch="P1")
    assert check([RECEIVED, other._replace(officer="1207")], pouch="P1") == []


def test_ledger_takes_nothing_before_its_last_row() -> None:
    back = Movement(3, T0 + DAY, RETURN, "K1", None, None)
    with pytest.raises(RuleError, match="moved at 2026-05-29 21:26"):
        check([RECEIVED, issued("1300"), back], at=HOUR)
    with pytest.raises(RuleError, match="moved at"):
        ledger.check_return([RECEIVED, issued("1300", at=DAY)], "K1", T0 + HOUR, ZONE)


def test_kit_in_stock_cannot_be_returned() -> None:
    with pytest.raises(RuleError, match="in stock"):
        ledger.check_return([RECEIVED], "K1", T0 + DAY, ZONE)


def test_lot_keeps_the_facts_of_its_first_pack() -> None:
    assert ledger.received_lot(None, "Nyxoid", "A1", LOT.expires_on, None) == LOT
    assert ledger.received_lot(LOT, "Nyxoid", "A1", None, None) == LOT
    with pytest.raises(InputError, match="--expires"):
        ledger.received_lot(None, "Nyxoid", "A1", None, 2)
    with pytest.raises(RuleError, match="known to expire on 2028-01-31, not 2028-02-29"):
        ledger.received_lot(LOT, "Nyxoid", "A1", date(2028, 2, 29), None)
    with pytest.raises(RuleError, match="2 doses a kit, not 1"):
        ledger.received_lot(LOT, "Nyxoid", "A1", None, 1)
