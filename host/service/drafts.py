"""A report that is left in the middle: what was answered is kept for its officer, sealed, and offered the next time."""

from host import clock, forms
from host.access.retention import drafts_until_ms
from host.store.database import Database
from host.store.drafts import DraftRepository
from host.usage.openings import Opening
from host.usage.reports import Draft, Unseen, filled


class Drafts:
    """Officers leave a report for later, and go on with it.

    An answer is read again by those alone who could read it in the report: at a shared dock an officer hands in what
    was answered before, and does not see it.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._drafts = DraftRepository(db)

    def keep_draft(self, form_key: str, officer: str, opening: Opening | None, new: Draft) -> None:
        """Keeps what was answered of a report, in place of an earlier draft. Raises `NotAllowed`, `VaultError`.

        It is kept after each answer; the audit has the first. Going on with it another time is audited then.
        """
        place = _place(opening)
        with self._db.writing():
            self._db.demand("report.draft", officer)
            self._db.demand_own("report.draft", officer, officer)
            kept = self._drafts.draft(form_key, officer, place, self._since_ms())
            self._drafts.remove_old(self._since_ms())
            self._drafts.put(form_key, officer, place, new._replace(answers=filled(new.answers, kept)), clock.now_ms())
            if kept is None:
                detail = {"draft": "kept", "form": form_key, "opening": _name(opening)}
                self._db.note("report.draft", officer, detail)

    def kept_draft(self, form_key: str, officer: str, opening: Opening | None) -> Draft | None:
        """What was answered of a report that was left for later, if anything was and it is not too old.

        That somebody is given it is audited. Raises `NotAllowed`, `VaultError`.
        """
        self._db.demand_own("report.draft", officer, officer)
        place = _place(opening)
        kept = self._drafts.draft(form_key, officer, place, self._since_ms())
        if kept is None:
            return None
        fields = forms.load(form_key).fields
        readable = forms.load(form_key).readable(self._db.account.reads_as(officer))
        unseen = {each.key for each in fields if each.protected and each.key not in readable}
        # Whether a question follows from an answer would tell that answer: it is asked again.
        telling = unseen & {each.required_if for each in fields}
        shown = {key: each for key, each in kept.answers.items() if key not in unseen}
        with self._db.changing("report.draft", officer) as detail:
            detail |= {"draft": "offered", "form": form_key, "opening": _name(opening), "fields": sorted(shown)}
        given = {key: Unseen() if key in unseen else each for key, each in kept.answers.items() if key not in telling}
        return kept._replace(answers=given)

    def drop_draft(self, officer: str, opening: Opening | None) -> None:
        """Destroys the officer's drafts of reports on that opening. Raises `NotAllowed`."""
        with self._db.changing("report.draft", officer) as detail:
            self._db.demand_own("report.draft", officer, officer)
            self._drafts.remove(officer, _place(opening))
            detail |= {"draft": "dropped", "opening": _name(opening)}

    def _since_ms(self) -> int:
        return drafts_until_ms(self._db.settings.retain_answers_days, clock.now_ms())


def _place(opening: Opening | None) -> tuple[str, int] | None:
    return (opening.tag, opening.sequence) if opening else None


def _name(opening: Opening | None) -> str | None:
    return f"{opening.tag}:{opening.sequence}" if opening else None
