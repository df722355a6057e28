"""Officers are asked when a pouch docks: they say why it was opened and how much was used, and report it.

It is the same at the dock, at the command line and in a script: the face asks and shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from host import clock, forms
from host.errors import InputError
from host.phrase import NextStep
from host.service.drafts import Drafts
from host.service.openings import Openings
from host.service.people import People
from host.service.reports import Reports
from host.service.tags import Tags
from host.store.database import Database
from host.store.drafts import DraftRepository
from host.store.tags import TagRepository
from host.usage.openings import Opening
from host.usage.queues import AtTheDock, Known, Queue, collected, queues
from host.usage.reports import CAUSES, MAX_DOSES, USED, Unseen, UsageReport, filled, incident_ms

MOST_DOCKINGS = 1000
"""How many dockings one look at what was collected takes up: more than a shift brings."""


class Reporting(NamedTuple):
    """Who reports on what. `officer` is None if nobody can be taken for the one.

    Without an `opening` it is what the report tells of; `tag` (its id) is then that of a pouch which another officer
    carried.
    """

    officer: str | None
    opening: Opening | None
    tag: str | None


class Telling:
    """Officers are asked what only they know, and say it."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._dockings = TagRepository(db)
        self._drafts = DraftRepository(db)
        self._drafts_service = Drafts(db)
        self._openings = Openings(db)
        self._people = People(db)
        self._reports = Reports(db)
        self._tags = Tags(db)

    def unexplained_openings(self, tag_id: str | None = None) -> list[Opening]:
        """The closed openings of one tag, or of all, that nobody has explained, oldest first.

        `dose_marks` of each is what to offer as the number of doses.
        """
        return [
            each
            for each in self._openings.openings(tag_id, unsettled=True)
            if each.explanation is None and not each.is_open
        ]

    def at_the_dock(self, tag_id: str) -> AtTheDock:
        """What is to be asked once a tag has docked. Raises `NotAllowed`."""
        found = self.unexplained_openings(tag_id)
        pouch = self._tags.tag(tag_id).pouch
        # Who stands here has it now; an opening may have been another's, who had it before.
        holders = self._reports.holders_of(pouch) or list(
            dict.fromkeys(officer for each in found for officer in each.officers)
        )
        return AtTheDock(tag_id, pouch, holders, found, self._missing_of(holders))

    def known_since(self, since_ms: int) -> Known:
        """What a client knows that has seen nothing that ended at or after `since_ms`. Raises `NotAllowed`."""
        self._db.demand("tag.dock")
        return Known(self._dockings.last_docking_before(since_ms))

    def collected(self, known: Known) -> tuple[list[str], Known]:
        """The tags that were collected since, by whichever process, in that order; and what is known now.

        At most `MOST_DOCKINGS` are looked at; the next time goes on. Raises `NotAllowed`.
        """
        self._db.demand("tag.dock")
        return collected(known, self._dockings.dockings_since(known.docking, known.under_way, MOST_DOCKINGS))

    def queues(self, tags: Iterable[str]) -> list[Queue]:
        """Whom to ask about the pouches of `tags` that have docked, in that order. Raises `NotAllowed`."""
        return queues([self.at_the_dock(each) for each in tags])

    def reports_missing(self, tag_id: str) -> list[tuple[str, Opening]]:
        """The reports that are missing from those who have the pouch of a tag now, as (officer, opening)."""
        return self._missing_of(self._reports.holders_of(self._tags.tag(tag_id).pouch))

    def _missing_of(self, officers: Sequence[str]) -> list[tuple[str, Opening]]:
        account = self._db.account
        others = account.bound("report.file") and account.officer is not None
        speakers = [each for each in officers if not others or each == account.officer]
        return [(officer, each) for officer in speakers for each in self._reports.missing_reports(officer)]

    def missing_besides(self, officer: str, asked: Sequence[Opening]) -> list[Opening]:
        """The uses of which the officer's report is missing, but for those that were asked about just now."""
        names = {(each.tag, each.sequence) for each in asked}
        return [each for each in self._reports.missing_reports(officer) if (each.tag, each.sequence) not in names]

    def find_opening(self, name: str) -> Opening:
        """The opening called POUCH-OR-TAG:SEQUENCE; without the sequence, the newest unexplained one.

        Raises `InputError` if there is none.
        """
        place, colon, sequence = name.rpartition(":")
        if not colon:
            place, sequence = name, ""
        elif not sequence.isascii() or not sequence.isdigit():
            # A pouch's own name may hold a colon.
            place, sequence = name, ""
        tag = self._tags.tag(place)
        of_tag = self._openings.openings(tag.id)
        see = NextStep("opening.list", pouch=place)
        if sequence:
            found = next((each for each in of_tag if each.sequence == int(sequence)), None)
            if found is None:
                raise InputError("opening.no_such_number", pouch=tag.pouch, sequence=int(sequence), see=see)
            return found
        unexplained = [each for each in of_tag if each.explanation is None]
        if not unexplained:
            raise InputError("opening.none_unexplained", pouch=tag.pouch, named=place, see=see)
        return unexplained[-1]

    def speaker(self, opening: Opening, officer: str | None) -> str:
        """The officer who speaks of an opening: the one named, or else the one whose account this is.

        Raises `InputError` if neither is known: who carried the pouch need not be who speaks.
        """
        number = officer or self._db.account.officer
        if number is None:
            raise InputError(
                "opening.carried_by" if opening.officers else "opening.carried_by_nobody",
                opening=opening.name,
                officers=tuple(opening.officers),
            )
        return number

    def record_explanation(
        self, opening: Opening, officer: str | None, cause: str, doses: int | None, at_ms: int
    ) -> int | None:
        """Records why the pouch was opened, and returns the doses recorded (None unless used on a person).

        `officer` says so; None: the account speaks for itself. If used and `doses` is None, the dose marks count. An
        earlier explanation stays readable; this one counts. Raises `InputError` for an unknown officer or cause, or a
        number of doses that cannot be.
        """
        if officer is not None:
            self._people.officer(officer)
        if cause not in CAUSES:
            raise InputError("opening.unknown_cause", cause=cause, causes=tuple(CAUSES))
        if cause != USED and doses is not None:
            raise InputError("opening.doses_of_another_cause", used=USED, cause=cause)
        if cause == USED:
            doses = doses if doses is not None else opening.dose_marks or None
            if doses is None:
                raise InputError("opening.no_dose_marks", opening=opening.name)
            if not 1 <= doses <= MAX_DOSES:
                raise InputError("opening.impossible_doses", doses=doses, most=MAX_DOSES)
        self._reports.add_explanation(opening.tag, opening.sequence, officer, cause, doses, at_ms)
        return doses

    def who_reports(self, name: str | None, officer: str | None) -> Reporting:
        """Who reports, and on which opening, `find_opening` by its name if there is one.

        Unless an `officer` is named it is the account's own, else the one who carried the pouch. An officer's own
        account cannot see another's openings, but may name a pouch that another officer had: anyone who was there
        reports too. Raises `InputError` if there is no such opening or officer, `NotAllowed`.
        """
        opening, tag = self._meant(name)
        officer = officer or self._db.account.officer
        if officer is None and opening is not None and len(opening.officers) == 1:
            officer = opening.officers[0]
        if officer is not None:
            self._people.officer(officer)
        return Reporting(officer, opening, tag)

    def _meant(self, name: str | None) -> tuple[Opening | None, str | None]:
        """The opening that is meant; or the tag of a pouch whose openings are another officer's, for who was there."""
        if name is None:
            return None, None
        try:
            return self.find_opening(name), None
        except InputError:
            account = self._db.account
            if not account.bound("report.file") or account.officer is None:
                raise
            return None, self._tags.tag(name.rpartition(":")[0] or name).id

    def prefilled(self, opening: Opening | None) -> dict[str, object]:
        """Answers that the log and the explanation already give, by the form's keys."""
        if opening is None:
            return {}
        explained = opening.explanation.doses if opening.explanation else None
        at = clock.iso(opening.began.likely_ms, self._db.station.time_zone)
        known: dict[str, object] = {"incident_at": at}
        if doses := explained or opening.dose_marks:
            known["doses"] = doses
        return known

    def file_report(
        self,
        form_key: str,
        opening: Opening | None,
        officer: str,
        answers: Mapping[str, object],
        at_ms: int,
        kit: str | None = None,
        amends: int | None = None,
        tag: str | None = None,
    ) -> UsageReport:
        """Files a usage report and returns it; answers that are not given are `prefilled`.

        The doses are taken from the kit that was in the pouch then, wherever it is now; if two are possible, `kit`
        says which. An `Unseen` answer is taken from the officer's draft; a draft goes once its report is filed. An
        opening may have several reports: for each person helped. `amends` is the report that this one replaces. Who was
        there and reports on a pouch that another officer carried names it by its `tag`: the opening nearest to the time
        of the incident is meant. Raises `InputError` for an unknown officer or form, `forms.AnswersRefused` with a line
        for each answer that does not fit; then nothing is written.
        """
        self._people.officer(officer)
        form = forms.load(form_key)
        station = self._db.station
        place = (opening.tag, opening.sequence) if opening else None
        if any(isinstance(each, Unseen) for each in answers.values()):
            self._db.demand_own("report.file", officer, officer)
            answers = filled(answers, self._drafts.draft(form_key, officer, place, since_ms=0))
        given = {**self.prefilled(opening), **{key: each for key, each in answers.items() if each not in (None, "")}}
        checked = forms.check(form, given, station.collect_names, station.time_zone, at_ms)
        if tag is not None:
            place = self._nearest(tag, checked.open, at_ms)
        filed = self._reports.add_report(
            form.key, officer, place, checked.doses, checked.open, checked.protected, at_ms, kit, amends
        )
        if tag is not None:
            self._drafts_service.drop_draft(officer, None)
        return filed

    def _nearest(self, tag: str, answers: Mapping[str, object], at_ms: int) -> tuple[str, int]:
        """The opening of a tag (its id) nearest to the incident that a report tells of. Raises `InputError`."""
        told = UsageReport(0, "", 0, at_ms, "", None, None, 0, dict(answers))
        near = self._reports.openings_unreported(tag, incident_ms(told))
        if not near:
            raise InputError("opening.none_near_the_incident")
        return near[0]
