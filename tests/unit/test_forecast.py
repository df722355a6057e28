"""The forecast of kits to order: worked by hand, and its interval against simulated use."""

from datetime import date
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host.stock.forecast import INTERVAL, Supply, forecast, predict, total

TODAY = date(2026, 6, 16)
JUNE, JULY, AUGUST = date(2026, 6, 1), date(2026, 7, 1), date(2026, 8, 1)


def test_interval_is_that_of_the_negative_binomial_worked_by_hand() -> None:
    """Nothing went in 30 days: size 1/2, chance 1/2, so P(0) = 0.707, P(1) = 0.177, P(2) = 0.066."""
    nothing = predict(0, 30, 30)
    assert (nothing.low, nothing.high) == (0, 2)  # 0.884 at one is short of 0.9
    assert nothing.mean == pytest.approx(0.5)
    # Size 1.5, chance 1/2: P(0) = 0.354, and with P(1) = 0.265, P(2) = 0.166, P(3) = 0.097, P(4) = 0.054: 0.935.
    assert predict(1, 30, 30)[::2] == (0, 4)
    # Size 12.5, chance 12/13: P(0) = 0.368, P(1) = 0.354, P(2) = 0.184 make 0.905.
    assert predict(12, 360, 30)[::2] == (0, 2)


def test_a_short_record_tells_less() -> None:
    short, long = predict(1, 30, 30), predict(12, 360, 30)
    assert short.high > long.high


@given(st.integers(0, 500), st.integers(7, 365), st.integers(1, 400))
def test_bounds_hold_the_mean_or_come_within_one_kit_of_it(gone: int, observed: int, days: int) -> None:
    found = predict(gone, observed, days)
    assert 0 <= found.low <= found.high
    if gone:
        assert found.low <= found.mean + 1
        assert found.mean <= found.high + 1


@pytest.mark.parametrize("a_month", [0.3, 2.0, 9.0, 40.0])
def test_interval_holds_simulated_poisson_use_about_as_often_as_it_says(a_month: float) -> None:
    """Of counts that are whole the share is a little above; 4,000 draws tell it to about 0.006."""
    random = Random(20260616)
    hits = 0
    rounds = 4000
    for _ in range(rounds):
        found = predict(poisson(random, a_month * 12), 360, 30)
        hits += found.low <= poisson(random, a_month) <= found.high
    discreteness = 1 / (1 + a_month) ** 0.5  # one count's share of all, roughly
    assert INTERVAL - 0.02 <= hits / rounds <= INTERVAL + 0.02 + 0.2 * discreteness


def poisson(random: Random, mean: float) -> int:
    """A draw: arrivals, a unit apart on average, before `mean`."""
    count, at = 0, random.expovariate(1.0)
    while at < mean:
        count, at = count + 1, at + random.expovariate(1.0)
    return count


def test_months_hold_what_expires_what_may_be_used_and_when_to_order() -> None:
    supply = Supply(
        "Nyxoid", {(date(2026, 3, 1), True): 2, (JUNE, True): 1, (JULY, False): 4, (AUGUST, True): 3}, 12, 365
    )
    june, july, august = forecast(supply, TODAY, 3, lead_days=28)
    assert (june.month, june.expiring_carried, june.expiring_in_stock, june.order_by) == (JUNE, 3, 0, TODAY)
    assert (july.month, july.expiring_carried, july.expiring_in_stock, july.order_by) == (JULY, 0, 4, TODAY)
    assert (august.expiring_carried, august.order_by) == (3, date(2026, 7, 4))
    assert june.use == predict(12, 365, 15)  # the 16th to the 30th
    assert (july.low, july.high) == (4 + july.use.low, 4 + july.use.high)


def test_parts_of_a_kit_are_carried_until_they_make_one() -> None:
    """Half a kit a month, by the mean: one in every second month."""
    supply = Supply("Nyxoid", {}, 6, 365)
    needs = forecast(supply, date(2027, 1, 1), 12, lead_days=28)
    assert {each.likely for each in needs} == {0, 1}
    whole = total(supply, needs, date(2027, 1, 1))
    assert abs(sum(each.likely for each in needs) - 6.5) < 1
    assert whole.likely in (6, 7)
    assert whole.high - whole.low < sum(each.high - each.low for each in needs)
    assert whole.use == predict(6, 365, 365)


def test_year_ends_and_long_lead_times_are_no_trouble() -> None:
    needs = forecast(Supply("Nyxoid", {}, 0, 365), date(2026, 11, 30), 3, lead_days=400)
    assert [each.month for each in needs] == [date(2026, 11, 1), date(2026, 12, 1), date(2027, 1, 1)]
    assert {each.order_by for each in needs} == {date(2026, 11, 30)}
