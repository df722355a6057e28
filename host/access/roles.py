"""Roles, and what each may do. The store asks here before every change and every protected reading.

An action is named by what it touches and what it does; the audit uses the same names.
"""

from typing import NamedTuple

from host.ledger.movement import KINDS
from host.phrase import Phrase

OFFICER = "officer"
QUARTERMASTER = "quartermaster"
PROGRAMME_LEAD = "programme_lead"
AUDITOR = "auditor"
ADMINISTRATOR = "administrator"

ROLES = {
    OFFICER: Phrase("role.officer"),
    QUARTERMASTER: Phrase("role.quartermaster"),
    PROGRAMME_LEAD: Phrase("role.programme_lead"),
    AUDITOR: Phrase("role.auditor"),
    ADMINISTRATOR: Phrase("role.administrator"),
}
"""Every role, and what it is for."""

_STOCK = frozenset({QUARTERMASTER})
_KEEPERS = frozenset({QUARTERMASTER, ADMINISTRATOR})
_STATION = frozenset({OFFICER, QUARTERMASTER, PROGRAMME_LEAD, ADMINISTRATOR})
_JUDGES = frozenset({QUARTERMASTER, PROGRAMME_LEAD})
_SIGHT = frozenset({QUARTERMASTER, PROGRAMME_LEAD, AUDITOR, ADMINISTRATOR})
_OVERSIGHT = frozenset({AUDITOR, ADMINISTRATOR})

ACTIONS = {
    **{f"kit.{kind}": _STOCK for kind in KINDS},
    "lot.recall": _JUDGES,
    "lot.correct": _STOCK,
    "product.add": _STOCK,
    "product.storage": _STOCK,
    "officer.add": _KEEPERS,
    "officer.change": _KEEPERS,
    "place.add": _KEEPERS,
    "stocktake.start": _STOCK,
    "stocktake.scan": _STOCK,
    "stocktake.close": _STOCK,
    "stocktake.cancel": _STOCK,
    "expiry.acknowledge": _STOCK,
    "discrepancy.note": _STATION,
    "discrepancy.acknowledge": _JUDGES,
    "discrepancy.resolve": _JUDGES,
    "discrepancy.reopen": _JUDGES,
    "digest.acknowledge": _JUDGES,
    "setting.change": _KEEPERS,
    "setting.retention": frozenset({ADMINISTRATOR}),
    "tag.enrol": _KEEPERS,
    "tag.retire": _KEEPERS,
    "tag.dock": _STATION,
    "opening.explain": _STATION,
    "report.file": _STATION,
    "report.draft": _STATION,
    "report.withdraw": _STATION,
    "report.same": _STATION,
    "report.match": _STATION,
    "report.restore": _STATION,
    "report.read": frozenset({OFFICER, PROGRAMME_LEAD}),
    "stock.read": _SIGHT,
    "account.grant": frozenset({ADMINISTRATOR}),
    "account.revoke": frozenset({ADMINISTRATOR}),
    "audit.read": _OVERSIGHT,
    "database.open": frozenset(ROLES),
    "database.backup": frozenset({ADMINISTRATOR}),
    "database.restore": frozenset({ADMINISTRATOR}),
    "database.repair": frozenset({ADMINISTRATOR}),
    "database.check": _OVERSIGHT | _STOCK,
    "database.vacuum": frozenset({ADMINISTRATOR}),
    "database.retention": frozenset({ADMINISTRATOR}),
    "database.forget": frozenset({ADMINISTRATOR}),
    "database.rekey": frozenset({ADMINISTRATOR}),
    "clock.accept": frozenset({ADMINISTRATOR}),
}
"""Who may do what."""

FOUNDER = frozenset({ADMINISTRATOR, QUARTERMASTER})
"""The roles of the account that makes a database."""


class Account(NamedTuple):
    """Who acts: the operating system's `login`, its roles, and the officer it belongs to, if it is one's own."""

    login: str
    roles: frozenset[str]
    officer: str | None

    def may(self, action: str) -> bool:
        """Whether one of the roles allows the action."""
        return not self.roles.isdisjoint(ACTIONS[action])

    @property
    def only_officer(self) -> bool:
        """Whether it sees no more than what is its officer's own."""
        return self.roles == {OFFICER}

    def bound(self, action: str) -> bool:
        """Whether it may do this for its own officer alone, or for whom a shared dock speaks: as an officer only.

        What another of its roles lets it see or do does not widen that.
        """
        return self.roles & ACTIONS[action] == {OFFICER}

    def reads_as(self, officer: str) -> frozenset[str]:
        """The roles in which it reads what `officer` has filed: that of officer counts for one's own alone."""
        return self.roles if officer == self.officer else self.roles - {OFFICER}


def who_may(action: str) -> Phrase:
    """The roles that allow an action, for people."""
    return Phrase("role.one_of", roles=tuple(each for each in ROLES if each in ACTIONS[action]))
