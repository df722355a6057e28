"""What people did about discrepancies: opened, acknowledged, resolved with a reason, reopened when one returns.

An entry is never changed. Where a discrepancy stands is what its entries make of it, oldest first:

    nothing      -- found -->              opened
    opened       -- acknowledge -->        acknowledged    somebody knows; listed, and marked
    any of them  -- resolve -->            resolved        no longer listed while the same occurrence is found
    resolved     -- another occurrence --> reopened
    any of them  -- no longer found -->    cleared
    cleared      -- found again -->        reopened
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from host.errors import InputError, RuleError
from host.phrase import NextStep
from host.reconcile.discrepancy import Discrepancy

OPENED = "opened"
ACKNOWLEDGED = "acknowledged"
RESOLVED = "resolved"
REOPENED = "reopened"
CLEARED = "cleared"

_BEFORE: Mapping[str, tuple[str, ...]] = {
    ACKNOWLEDGED: (OPENED, REOPENED),
    RESOLVED: (OPENED, REOPENED, ACKNOWLEDGED),
    REOPENED: (ACKNOWLEDGED, RESOLVED),
}
"""What a person may do: the status after it, and those before it."""

Key = tuple[str, str]
"""Kind and subject."""


class Entry(NamedTuple):
    """One row of the history of a discrepancy: what was done, by whom, why. Time in Unix milliseconds."""

    id: int
    kind: str
    subject: str
    occurrence: str
    action: str
    reason: str | None
    login: str
    at_ms: int


class Standing(NamedTuple):
    """Where a discrepancy stands; `reason` is the last one that anybody gave, by `login` if that was the last entry."""

    kind: str
    subject: str
    occurrence: str
    status: str
    opened_at_ms: int
    changed_at_ms: int
    login: str
    reason: str | None

    @property
    def key(self) -> Key:
        """Kind and subject."""
        return self.kind, self.subject


class Live(NamedTuple):
    """A discrepancy that is found now, and its status; `standing` is None if it was never noted.

    `called` is what people type for it: P-02, or pouch-without-kit:P-02 if more than one is about that pouch.
    """

    found: Discrepancy
    status: str
    standing: Standing | None
    called: str

    @property
    def is_new(self) -> bool:
        """Whether nobody has done anything about it yet."""
        return self.status in (OPENED, REOPENED)


class Change(NamedTuple):
    """What is to be noted of a discrepancy: found, found again, or no longer found."""

    kind: str
    subject: str
    occurrence: str
    action: str


def after(before: Standing | None, entry: Entry) -> Standing:
    """Where a discrepancy stands after an entry."""
    opened_at_ms = entry.at_ms if before is None else before.opened_at_ms
    reason = entry.reason if entry.reason is not None or before is None else before.reason
    return Standing(
        entry.kind, entry.subject, entry.occurrence, entry.action, opened_at_ms, entry.at_ms, entry.login, reason
    )


def standings(entries: Iterable[Entry]) -> dict[Key, Standing]:
    """Where each discrepancy stands after all entries."""
    found: dict[Key, Standing] = {}
    for entry in sorted(entries):
        key = (entry.kind, entry.subject)
        found[key] = after(found.get(key), entry)
    return found


def live(found: Iterable[Discrepancy], known: Mapping[Key, Standing]) -> list[Live]:
    """What is found now, in the same order, with where each stands: also what was resolved, and is still found."""
    there = list(found)
    about = Counter(each.about for each in there)
    return [
        Live(each, _status(each, standing), standing, each.about if about[each.about] == 1 else each.typed)
        for each, standing in ((each, known.get(each.key)) for each in there)
    ]


def _status(found: Discrepancy, standing: Standing | None) -> str:
    if standing is None:
        return OPENED
    if standing.status == CLEARED or (
        standing.occurrence != found.occurrence and standing.status in (ACKNOWLEDGED, RESOLVED)
    ):
        return REOPENED
    return standing.status


def changes(found: Iterable[Discrepancy], known: Mapping[Key, Standing]) -> list[Change]:
    """What is to be noted: what is new, what has returned, what is gone."""
    there = live(found, known)
    noted = [
        Change(each.found.kind, each.found.subject, each.found.occurrence, each.status)
        for each in there
        if each.standing is None or each.standing.status != each.status
    ]
    keys = {each.found.key for each in there}
    gone = [each for each in known.values() if each.status != CLEARED and each.key not in keys]
    return noted + [Change(each.kind, each.subject, each.occurrence, CLEARED) for each in gone]


def check(action: str, found: Discrepancy, status: str) -> None:
    """Raises `RuleError` if a person cannot do this to a discrepancy of that status."""
    if status not in _BEFORE[action]:
        raise RuleError(
            "discrepancy.is_so_already" if status == action else "discrepancy.is_otherwise",
            name=found.title,
            status=status,
            show=NextStep("discrepancy.show", discrepancy=found.typed),
        )


def named(name: str, there: Sequence[Live]) -> Live:
    """The discrepancy that somebody means: by what it is about, by its kind as well, or by its name for programs.

    Raises `InputError` if none is found now, or several answer to it.
    """
    kind, colon, subject = name.partition(":")
    exact = f"{kind.casefold().replace('-', '_')}:{subject}" if colon else name
    by_name = ([each.found.names[1], each.found.names[0], each.found.about] for each in there)
    for of_one_sort in zip(*by_name, strict=True):
        found = [each for each, its in zip(there, of_one_sort, strict=True) if its in (name, exact)]
        if len(found) == 1:
            return found[0]
        if found:
            raise InputError("discrepancy.several", name=name, which=tuple(each.found.typed for each in found))
    called = [each.called for each in there]
    raise InputError("discrepancy.unknown", name=name, known=NextStep("discrepancy.list")).like(name, called)
