"""Movements by hand, and histories that end in each status."""

from host.ledger import Movement
from host.ledger.movement import (
    CORRECT,
    COUNT,
    DESTROY,
    FIND,
    ISSUE,
    LEAVE_BEHIND,
    LOAD,
    LOSE,
    QUARANTINE,
    RECEIVE,
    RELEASE,
    RETURN,
    TRANSFER,
    UNLOAD,
    USE,
)
from tests.force import HOUR, T0

DOSES = 2
"""In the kit of these histories."""

USUAL = {
    RECEIVE: Movement(0, 0, RECEIVE, "K1", place="North"),
    ISSUE: Movement(0, 0, ISSUE, "K1", officer="1207"),
    RETURN: Movement(0, 0, RETURN, "K1", place="North"),
    TRANSFER: Movement(0, 0, TRANSFER, "K1", place="South"),
    LOAD: Movement(0, 0, LOAD, "K1", pouch="P1"),
    UNLOAD: Movement(0, 0, UNLOAD, "K1"),
    USE: Movement(0, 0, USE, "K1", doses=DOSES),
    LEAVE_BEHIND: Movement(0, 0, LEAVE_BEHIND, "K1"),
    LOSE: Movement(0, 0, LOSE, "K1"),
    FIND: Movement(0, 0, FIND, "K1", place="North"),
    QUARANTINE: Movement(0, 0, QUARANTINE, "K1", reason="shelf at 43 °C"),
    RELEASE: Movement(0, 0, RELEASE, "K1"),
    COUNT: Movement(0, 0, COUNT, "K1", doses=1),
    DESTROY: Movement(0, 0, DESTROY, "K1"),
    CORRECT: Movement(0, 0, CORRECT, "K1"),
}
"""A movement of each kind as it usually is; a use empties the kit."""

TO = {
    "void": [],
    "in_stock": [RECEIVE],
    "issued": [RECEIVE, ISSUE],
    "used": [RECEIVE, ISSUE, USE],
    "left_behind": [RECEIVE, ISSUE, LEAVE_BEHIND],
    "lost": [RECEIVE, ISSUE, LOSE],
    "destroyed": [RECEIVE, DESTROY],
}
"""The shortest history to each status."""


def history(*kinds: str) -> list[Movement]:
    """Usual movements, an hour apart; a correction is of the one before it."""
    return [
        USUAL[kind]._replace(id=number, at_ms=T0 + number * HOUR, corrects=number - 1 if kind == CORRECT else None)
        for number, kind in enumerate(kinds, 1)
    ]


def following(movements: list[Movement], new: Movement, hours: int = 1) -> Movement:
    """`new` as the next movement, so many hours after the last."""
    last = movements[-1] if movements else Movement(0, T0, "", "K1")
    return new._replace(id=last.id + 1, at_ms=last.at_ms + hours * HOUR)
