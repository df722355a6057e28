"""The stock ledger: kits, their movements, and what follows from these.

movement.py   the kinds of movement, what each may do, and the state of a kit after them
holding.py    who had which kit from when until when
issue.py      officers, lots and kits; what is checked when a kit is received, issued or moved
balance.py    kits and doses by state at an instant; they always add up
"""

from host.ledger.balance import COUNTED, Balance, balance, states, tally
from host.ledger.holding import (
    Holding,
    by_kit,
    holder_of_pouch,
    holdings,
    holdings_of_pouch,
    reversed_stretches,
    stretches,
    stretches_of_steps,
)
from host.ledger.issue import (
    DOSES_PER_KIT,
    Carrier,
    Kit,
    Lot,
    Officer,
    Place,
    check_issue,
    check_movement,
    check_receipt,
    held_by,
    last_to_correct,
    put_aside,
    received_lot,
)
from host.ledger.movement import (
    ISSUE,
    RECEIVE,
    RETURN,
    Movement,
    State,
    Step,
    first_impossible,
    in_words,
    replay,
    standing,
)

__all__ = [
    "COUNTED",
    "DOSES_PER_KIT",
    "ISSUE",
    "RECEIVE",
    "RETURN",
    "Balance",
    "Carrier",
    "Holding",
    "Kit",
    "Lot",
    "Movement",
    "Officer",
    "Place",
    "State",
    "Step",
    "balance",
    "by_kit",
    "check_issue",
    "check_movement",
    "check_receipt",
    "first_impossible",
    "held_by",
    "holder_of_pouch",
    "holdings",
    "holdings_of_pouch",
    "in_words",
    "last_to_correct",
    "put_aside",
    "received_lot",
    "replay",
    "reversed_stretches",
    "standing",
    "states",
    "stretches",
    "stretches_of_steps",
    "tally",
]
