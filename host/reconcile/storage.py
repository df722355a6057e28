"""Rules about how kits are kept: heat and frost."""

from collections.abc import Callable, Iterator
from itertools import groupby
from typing import NamedTuple

from host.phrase import NextStep, Phrase
from host.reconcile.discrepancy import MEDIUM, Discrepancy, movement, record
from host.reconcile.situation import Exposed, View, whose
from host.stock.storage import Limits
from host.tag.temperature import Reading, error_c, too_cold, too_warm


class _Side(NamedTuple):
    """Heat or frost: the code of its sentence, by how much a reading was beyond a limit, and what it told."""

    code: str
    beyond: Callable[[Reading, Limits], int | None]
    celsius: Callable[[Reading], int]


_SIDES = (
    _Side("found.warmest", too_warm, lambda reading: reading.warmest_c),
    _Side("found.coldest", too_cold, lambda reading: reading.coldest_c),
)


def outside_storage_limits(view: View) -> Iterator[Discrepancy]:
    """A kit whose pouch was warmer or colder than the product's label allows, by more than its thermometer can err."""
    found = [each for each in view.of.exposed if any(side.beyond(each.reading, each.limits) for side in _SIDES)]
    found.sort(key=lambda each: (each.kit, each.reading.latest_ms, each.reading.tag, each.reading.sequence))
    for _, group in groupby(found, key=lambda each: each.kit):
        yield _of_kit(view, list(group))


def _of_kit(view: View, found: list[Exposed]) -> Discrepancy:
    last = found[-1]
    told, shown = [], []
    for side in _SIDES:
        worst = max(found, key=lambda each: (side.beyond(each.reading, each.limits) or 0, -_width_ms(each.reading)))
        if side.beyond(worst.reading, worst.limits):
            told.append(_told(view, worst, side))
            shown.append(worst)
    records = dict.fromkeys(record(each.reading.tag, each.reading.sequence) for each in found)
    facts = dict.fromkeys(record(each.reading.tag, each.reading.sequence) for each in [*shown, last])
    return Discrepancy(
        "outside_storage_limits",
        MEDIUM,
        last.kit,
        f"{last.reading.tag}:{last.reading.sequence}",
        min(max(each.reading.earliest_ms, each.held.since_ms) for each in found),
        Phrase(
            "found.outside_storage_limits",
            product=last.product,
            limits=Phrase("found.limits", least_c=last.limits.least_c, most_c=last.limits.most_c),
            measured=tuple(told),
            records=len(records),
        ),
        NextStep(
            "discrepancy.resolve",
            "next.outside_storage_limits",
            product=last.product,
            discrepancy=f"outside-storage-limits:{last.kit}",
        ),
        (*facts, *dict.fromkeys(movement(each.held.began) for each in found)),
        pouch=last.reading.pouch,
        **whose([last.now]),
    )


def _told(view: View, each: Exposed, side: _Side) -> Phrase:
    """What the tag told, and of when, as far as the kit was in its pouch."""
    reading, celsius = each.reading, side.celsius(each.reading)
    began_ms = max(reading.earliest_ms, each.held.since_ms)
    ended_ms = max(began_ms, min(reading.latest_ms, each.held.until_ms or reading.latest_ms))
    when = Phrase("found.between", began=view.at(began_ms), ended=view.at(ended_ms))
    return Phrase(side.code, celsius=celsius, error=error_c(celsius), when=when)


def _width_ms(reading: Reading) -> int:
    return reading.latest_ms - reading.earliest_ms
