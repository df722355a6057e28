"""What is left in a lithium polymer cell, from its voltage at rest."""

LOW_MV = 3500
"""Millivolts at the cell under which the battery is low: about a tenth is left."""
RECOVERED_MV = 3600
"""Millivolts above which it is no longer low; the gap keeps a tired cell from chattering."""

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


def is_low(millivolts: int, was_low: bool) -> bool:
    """Whether the cell is low now, given whether it was before."""
    return millivolts <= RECOVERED_MV if was_low else millivolts < LOW_MV
