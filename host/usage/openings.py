"""Openings of pouches, derived from the events of their tags.

An opening is not an administration: a pouch is opened for training, inspection, restocking or by
accident too. It is named by its tag and the sequence of its first record.
"""

from collections.abc import Iterable
from typing import NamedTuple

from host.ledger import Holding
from host.ledger.movement import IN_STOCK, ISSUED
from host.tag.events import Tag
from host.tag.opening import LidOpening
from host.tag.times import Interval
from host.usage.reports import FILED, WITHDRAWN, Explanation, Filed

IN_A_POUCH = (ISSUED, IN_STOCK)
"""What a kit may be that lies in a pouch: out with somebody, or laid ready on the shelf."""


class Opening(NamedTuple):
    """One opening with everything known of it.

    `name` is how people name it: pouch and sequence, or tag and sequence if the pouch has another tag now.
    `officers` are those who may have carried the pouch within the interval `began`: more than one if it
    was handed over in that time, none if nobody had it. `duration_s` is None if the close is not known, and
    0 if it was too brief to measure; `is_open` says that the lid was not closed yet. `explanation` is the
    last one given, `filed` the usage reports.
    """

    name: str
    tag: str
    pouch: str
    sequence: int
    began: Interval
    ended: Interval | None
    duration_s: int | None
    is_open: bool
    dose_marks: int
    officers: tuple[str, ...]
    kits: tuple[str, ...]
    explanation: Explanation | None
    filed: tuple[Filed, ...] = ()

    @property
    def reports(self) -> tuple[int, ...]:
        """The ids of the usage reports that were not withdrawn."""
        return tuple(each.id for each in self.filed if each.stands != WITHDRAWN)

    @property
    def reports_counting(self) -> int:
        """How many reports tell of doses of their own."""
        return sum(each.stands == FILED for each in self.filed)

    @property
    def doses_reported(self) -> int | None:
        """How many doses the reports tell of; None without any."""
        return sum(each.doses for each in self.filed if each.stands == FILED) if self.reports else None

    @property
    def ended_latest_ms(self) -> int:
        """When it was over at the latest, as far as that is known."""
        return max(self.began.latest_ms, self.ended.latest_ms if self.ended else 0)


def opening(
    tag: Tag, found: LidOpening, held: Iterable[Holding], explanation: Explanation | None, filed: Iterable[Filed]
) -> Opening:
    """An opening with all that is known of it; `held` are stretches in which a kit was in the pouch."""
    within = [each for each in held if each.meets(found.began)]
    return Opening(
        name=f"{tag.pouch if tag.retired_at_ms is None else tag.id}:{found.sequence}",
        tag=tag.id,
        pouch=tag.pouch,
        sequence=found.sequence,
        began=found.began,
        ended=found.ended,
        duration_s=found.duration_s,
        is_open=found.is_open,
        dose_marks=found.dose_marks,
        officers=tuple(dict.fromkeys(each.officer for each in within if each.officer is not None)),
        kits=tuple(dict.fromkeys(each.kit for each in within)),
        explanation=explanation,
        filed=tuple(filed),
    )


def in_order(found: Iterable[Opening]) -> list[Opening]:
    """Openings, oldest first."""
    return sorted(found, key=lambda each: (each.began.likely_ms, each.pouch, each.sequence))
