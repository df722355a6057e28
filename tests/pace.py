"""What the station has learned of a tag's pace: inside `host.tag.times`, where only bounds come out of it."""

from collections.abc import Sequence
from math import inf

from host.tag import times
from host.tag.times import Anchor, Pace


def pace_of(anchors: Sequence[Anchor]) -> Pace:
    """The pace of the tag that set `anchors`; `ANY_PACE` if that is not within the model."""
    return times._learned(times._believed(times._starts((), anchors), -inf))
