"""An opening of a lid, as the log of its tag tells it."""

from typing import NamedTuple

from host.tag.times import Interval


class LidOpening(NamedTuple):
    """One opening as a tag's log tells it, with its times; who carried the pouch is another matter.

    `duration_s` is None if the close is not known, and 0 if it was too brief to measure.
    """

    sequence: int
    began: Interval
    ended: Interval | None
    duration_s: int | None
    is_open: bool
    dose_marks: int
