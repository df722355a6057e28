"""Officers: their training, and what is out with each."""

from datetime import date
from typing import NamedTuple

from host.errors import InputError, RuleError
from host.ledger import Officer


class Carrying(NamedTuple):
    """An officer, and the kits that are out to this officer, each with its pouch (None: in none)."""

    officer: Officer
    kits: dict[str, str | None]


class StockedPlace(NamedTuple):
    """A place, and how many kits are there."""

    id: str
    kind: str
    unit: str | None
    kits: int


def check_trained(known: Officer | None, trained_on: date, today: date, correct: bool = False) -> None:
    """Raises `InputError` for a training to come, `RuleError` if a later one is known: the last one counts.

    With `correct` the later one was wrong.
    """
    if trained_on > today:
        raise InputError("training.to_come", trained_on=trained_on)
    if known is not None and known.trained_on is not None and trained_on < known.trained_on and not correct:
        raise RuleError("training.later_known", officer=known.id, known=known.trained_on, trained_on=trained_on)
