"""What is left in a lithium polymer cell, from its voltage at rest."""

from kitwire.record import LOW_MV

OK, LOW, CRITICAL, EMPTY = range(4)
"""Levels. LOW: recorded and advertised. CRITICAL: away from the dock no radio, light or sound. EMPTY: no erase."""

EMPTY_MV = 3000
_MARKS_MV = ((EMPTY, EMPTY_MV, 3100), (CRITICAL, 3200, 3300), (LOW, LOW_MV, LOW_MV + 100))
"""(level, millivolts under which it begins, millivolts up to which it lasts): the gap keeps a tired cell from
chattering. At 3500 mV about a tenth is left. At 3200 mV it is some hundredth, and the radio's 100 mA and more may
pull a cold cell under the 2.5 to 2.8 V at which its protection or the chip's brown-out detector ends everything. An
erase lasts up to 300 ms, so under 3000 mV, where the curve falls steeply, it would often be cut short (figures from
data sheets: no cell was measured)."""

_CURVE = (
    (3000, 0),
    (3300, 2),
    (3500, 8),
    (3600, 14),
    (3700, 30),
    (3750, 45),
    (3800, 55),
    (3900, 70),
    (4000, 82),
    (4100, 93),
    (4200, 100),
)
"""(millivolts, percent), a typical LiPo at rest and room temperature (model: no cell was measured)."""


def percent(millivolts: int) -> int:
    """Charge in percent, 0..100, along straight lines between the points of the curve."""
    below_mv, below = _CURVE[0]
    if millivolts <= below_mv:
        return below
    for above_mv, above in _CURVE[1:]:
        if millivolts <= above_mv:
            return below + (above - below) * (millivolts - below_mv) // (above_mv - below_mv)
        below_mv, below = above_mv, above
    return below


def level(millivolts: int, before: int) -> int:
    """The level of the cell now, given that `before`."""
    for one, begins_mv, lasts_mv in _MARKS_MV:
        if millivolts < begins_mv or (before >= one and millivolts <= lasts_mv):
            return one
    return OK


def trimmed_mean(readings: "list[int]") -> int:
    """The mean of `readings` without the quarter that is lowest and the quarter that is highest.

    A reading that a burst of the radio or a spike has spoilt is far off; it must not count.
    """
    cut = len(readings) // 4
    kept = sorted(readings)[cut : len(readings) - cut]
    return sum(kept) // len(kept)
