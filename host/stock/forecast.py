"""How many kits to order, month by month, so that there are as many good ones as today.

Two things take kits away. The calendar is known: each kit expires on its printed day. Use is not: kits that are
used, lost or left behind come at some rate, which is estimated from what went in the last year.

The model of use is the usual one for counts. Kits go as a Poisson process of unknown rate. With Jeffreys' prior
for the rate, Gamma(1/2, 0), n kits in T days leave Gamma(n + 1/2, T), and how many go in the next m days has the
negative binomial distribution with size n + 1/2 and probability T / (T + m) (Gelman et al., Bayesian Data
Analysis, 3rd edition, sections 2.6 and 2.8). Its spread holds both chance and how little a short record tells.
It does not know of seasons, of a programme that grows, or of several kits used in one incident: then the real
spread is wider.
"""

from calendar import monthrange
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from math import exp, lgamma, log, log1p
from typing import NamedTuple

OBSERVED_DAYS = 365
"""How many days back the rate of use covers, or fewer if there aren't as many."""

TELLING_DAYS = 28
"""What fewer days tell of use is so little that the bounds are of no use to anybody."""

INTERVAL = 0.8
"""The chance that the real number is from low to high, both included; a little more, since kits are whole."""


class Prediction(NamedTuple):
    """How many kits will go: the mean, and the bounds of the interval."""

    low: int
    mean: float
    high: int


class Supply(NamedTuple):
    """What is known of one product.

    `expiring` counts the whole kits that are out (True) or in stock (False), by the first day of the month in
    which they expire. `gone` were used, lost or left behind in the last `observed_days`.
    """

    product: str
    expiring: Mapping[tuple[date, bool], int]
    gone: int
    observed_days: int


class Need(NamedTuple):
    """Kits of a product that are needed from the first day of `month` on, or of a whole period.

    To have them by then they are to be ordered on the day `order_by`; that is today if it would have been earlier.
    """

    product: str
    month: date
    expiring_carried: int
    expiring_in_stock: int
    use: Prediction
    low: int
    likely: int
    high: int
    order_by: date


def predict(gone: int, observed_days: int, days: int) -> Prediction:
    """How many kits will go within `days`, when so many went in the `observed_days` before (at least one)."""
    size, chance = gone + 0.5, observed_days / (observed_days + days)
    tail = (1 - INTERVAL) / 2
    low, high = _quantiles(size, chance, (tail, 1 - tail))
    return Prediction(low, size * days / observed_days, high)


def _quantiles(size: float, chance: float, shares: tuple[float, float]) -> tuple[int, int]:
    """The least counts whose cumulative probability reaches the shares, in logarithms: large counts underflow."""
    found: list[int] = []
    count, below = 0, 0.0
    log_chance, log_other = log(chance), log1p(-chance)
    while True:
        below += exp(lgamma(size + count) - lgamma(size) - lgamma(count + 1) + size * log_chance + count * log_other)
        while below >= shares[len(found)]:
            found.append(count)
            if len(found) == 2:
                return found[0], found[1]
        count += 1


def forecast(supply: Supply, today: date, months: int, lead_days: int) -> list[Need]:
    """What is needed of a product, month by month from this one on; what has expired is needed now.

    `likely` follows the mean: what is too little for a whole kit in one month is carried to the next.
    """
    first = today.replace(day=1)
    needs: list[Need] = []
    owed = 0.0
    for _ in range(months):
        begins = max(first, today)
        use = predict(supply.gone, supply.observed_days, (_end_of_month(first) - begins).days + 1)
        carried, stock = (_expiring(supply, first, begins == today, out) for out in (True, False))
        owed += use.mean
        likely = min(max(round(owed), use.low), use.high)
        owed -= likely
        expiring = carried + stock
        order_by = max(first - timedelta(days=lead_days), today)
        needs.append(
            Need(
                supply.product, first, carried, stock, use,
                expiring + use.low, expiring + likely, expiring + use.high, order_by,
            )
        )  # fmt: skip
        first = _end_of_month(first) + timedelta(days=1)
    return needs


def total(supply: Supply, needs: Iterable[Need], today: date) -> Need:
    """What is needed in all the months of a forecast. Its interval is narrower than theirs added up."""
    found = list(needs)
    use = predict(supply.gone, supply.observed_days, (_end_of_month(found[-1].month) - today).days + 1)
    carried, stock = sum(each.expiring_carried for each in found), sum(each.expiring_in_stock for each in found)
    low, likely, high = (carried + stock + count for count in (use.low, round(use.mean), use.high))
    return Need(supply.product, found[0].month, carried, stock, use, low, likely, high, found[0].order_by)


def _expiring(supply: Supply, first: date, is_now: bool, out: bool) -> int:
    """The kits that expire in the month that begins on `first`; now also those that expired before it."""
    if not is_now:
        return supply.expiring.get((first, out), 0)
    return sum(count for (month, is_out), count in supply.expiring.items() if is_out == out and month <= first)


def _end_of_month(first: date) -> date:
    return first.replace(day=monthrange(first.year, first.month)[1])
