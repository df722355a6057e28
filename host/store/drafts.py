"""Drafts of usage reports in the database, sealed: what an officer has answered before leaving the rest for later."""

import json

from host import forms
from host.store.database import Database
from host.store.sealing import SealingRepository
from host.usage.reports import Draft

Place = tuple[str, int] | None
"""The opening that a report tells of, by tag and sequence; None: it names none."""

_VERSION = "form_version"
"""Under which name the version stands beside the draft; what was kept before that was said is of the first."""


class DraftRepository:
    """Holds one draft for each officer, form and opening, sealed as the protected answers of reports are.

    It says which version of the form it answers: the questions of another one are others.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._sealing = SealingRepository(db)

    def draft(self, form: str, officer: str, place: Place, since_ms: int) -> Draft | None:
        """The draft of a report, unless it was kept before `since_ms` or answers another version of the form.

        Raises `VaultError`.
        """
        row = self._db.row(
            "SELECT sealed FROM report_draft "
            "WHERE form = ? AND officer = ? AND tag IS ? AND sequence IS ? AND kept_at_ms >= ?",
            (form, officer, *(place or (None, None)), since_ms),
        )
        if row is None:
            return None
        kept = json.loads(self._sealing.open(row[0], _seal_of(form, officer, place)))
        return Draft(**kept) if kept.pop(_VERSION, 1) == forms.load(form).version else None

    def put(self, form: str, officer: str, place: Place, new: Draft, at_ms: int) -> None:
        """Keeps a draft in place of any before, within a transaction. Raises `VaultError`."""
        text = json.dumps({_VERSION: forms.load(form).version, **new._asdict()})
        sealed = self._sealing.seal(text.encode(), _seal_of(form, officer, place))
        opening = place or (None, None)
        self._db.connection.execute(
            "DELETE FROM report_draft WHERE form = ? AND officer = ? AND tag IS ? AND sequence IS ?",
            (form, officer, *opening),
        )
        self._db.connection.execute(
            "INSERT INTO report_draft (form, officer, tag, sequence, kept_at_ms, login, sealed) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            (form, officer, *opening, at_ms, self._db.login, self._sealing.keep(sealed)),
        )

    def remove(self, officer: str, place: Place) -> None:
        """Destroys the officer's drafts of reports on that opening, within a transaction."""
        self._db.connection.execute(
            "DELETE FROM report_draft WHERE officer = ? AND tag IS ? AND sequence IS ?",
            (officer, *(place or (None, None))),
        )

    def remove_on(self, tag: str, sequence: int) -> None:
        """Destroys everybody's drafts of reports on an opening, within a transaction."""
        self._db.connection.execute("DELETE FROM report_draft WHERE tag = ? AND sequence = ?", (tag, sequence))

    def old(self, until_ms: int) -> tuple[int, int | None]:
        """How many drafts were kept before `until_ms`, and when the oldest of them."""
        row = self._db.row("SELECT count(*), min(kept_at_ms) FROM report_draft WHERE kept_at_ms < ?", (until_ms,))
        assert row is not None
        return row[0], row[1]

    def remove_old(self, until_ms: int) -> None:
        """Destroys the drafts that were kept before `until_ms`, within a transaction."""
        self._db.connection.execute("DELETE FROM report_draft WHERE kept_at_ms < ?", (until_ms,))


def _seal_of(form: str, officer: str, place: Place) -> str:
    """What the seal of a draft is bound to."""
    on = f"{place[0]}:{place[1]}" if place else "no opening"
    return f"draft of form {form} by officer {officer} on {on}"
