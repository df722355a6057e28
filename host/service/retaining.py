"""What the policy of retention says is destroyed, and what a person asks to have forgotten, in one transaction."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from host import clock
from host.access import retention
from host.access.retention import ANSWERS, EVENTS, KINDS, LEAVERS, REPORTS, Amount
from host.errors import RuleError
from host.phrase import NextStep, Phrase
from host.service.derivation import Derivation
from host.service.following import Following
from host.store.database import Database
from host.store.doses import DoseRepository
from host.store.drafts import DraftRepository
from host.store.people import PeopleRepository
from host.store.retaining import RetentionRepository
from host.store.rollups import RollupRepository
from host.store.tags import TagRepository
from host.tag.claims import starts_in_doubt


class Retention:
    """People ask what is old enough to go, and have it destroyed."""

    still_in_log = False

    def __init__(self, db: Database) -> None:
        self._db = db
        self._doses = DoseRepository(db)
        self._drafts = DraftRepository(db)
        self._people = PeopleRepository(db)
        self._following = Following(db)
        self._retention = RetentionRepository(db)
        self._rollups = RollupRepository(db)
        self._tags = TagRepository(db)
        self._derivation_service = Derivation(db)

    def retention_plan(self) -> list[Amount]:
        """What the policy would destroy now, by kind. Raises `NotAllowed`."""
        self._db.demand("database.retention")
        self._derivation_service.freshen()
        with self._db.reading():
            return self._retain(destroy=False)

    def retain(self) -> list[Amount]:
        """Destroys what the policy says, in one transaction, and overwrites its place in the file.

        Roll-ups stay what the history gives. `still_in_log` tells whether another program kept the log from being
        emptied. Raises `NotAllowed`, `StoreError`: then nothing was destroyed.
        """
        self._derivation_service.freshen()
        self._retention.overwrite_what_goes()
        with self._db.forgetting(), self._db.changing("database.retention") as detail:
            done = self._retain(destroy=True)
            detail |= {each.kind: each.rows for each in done if each.days}
        self.still_in_log = not self._retention.drop_log()
        return done

    def forget_officer(self, officer: str, reason: str) -> None:
        """Destroys the number of an officer who has left, as a policy would in time, because the person asks for it.

        The entry doesn't name the officer. Raises `InputError` if unknown, `RuleError` for one who has not left, has a
        kit out, or has an account; `NotAllowed`.
        """
        with self._forgetting(None, reason) as detail:
            known = self._people.officer(officer)
            left = self._retention.leaver(officer)
            if left is None:
                raise RuleError(
                    "officer.still_here", officer=known.id, leave=NextStep("officer.leave", officer=officer)
                )
            if left.needed:
                raise RuleError("officer.is_needed", officer=officer, see=NextStep("account.list"))
            with self._retention.lifted(LEAVERS):
                self._retention.rename_officer(officer)
            detail["officers"] = 1
        self.still_in_log = not self._retention.drop_log()

    def forget_report(self, report: int, reason: str) -> None:
        """Destroys all answers of a report, because the person it tells of asks for it; the report itself stays.

        Raises `InputError` if unknown, `NotAllowed`.
        """
        with self._forgetting(str(report), reason):
            self._doses.open_answers(report)
            self._retention.empty_report(report)
        self.still_in_log = not self._retention.drop_log()

    @contextmanager
    def _forgetting(self, subject: str | None, reason: str) -> Iterator[dict[str, object]]:
        self._derivation_service.freshen()
        self._retention.overwrite_what_goes()
        with self._db.forgetting(), self._db.changing("database.forget", subject) as detail:
            yield detail
            detail["reason"] = reason

    def _retain(self, destroy: bool) -> list[Amount]:
        now_ms = clock.now_ms()
        settings = self._db.settings
        if destroy:
            self._drafts.remove_old(retention.drafts_until_ms(0, now_ms))
        found = []
        for kind in KINDS:
            days = getattr(settings, f"retain_{kind}_days")
            until_ms = retention.until_ms(days, now_ms)
            if until_ms is None:
                found.append(Amount(kind, 0, None, 0, None, 0, None))
            else:
                of_kind = {
                    ANSWERS: self._retain_answers,
                    REPORTS: self._retain_reports,
                    EVENTS: self._retain_events,
                    LEAVERS: self._retain_leavers,
                }[kind]
                found.append(of_kind(until_ms, destroy)._replace(days=days))
        return found

    def _retain_answers(self, until_ms: int, destroy: bool) -> Amount:
        rows, filed = self._retention.old_answers(until_ms)
        drafts, kept = self._drafts.old(until_ms)
        if destroy:
            self._retention.empty_answers(until_ms)
            self._drafts.remove_old(until_ms)
        oldest = min([each for each in (filed, kept) if each is not None], default=None)
        return Amount(ANSWERS, 0, until_ms, rows + drafts, oldest, 0, None)

    def _retain_reports(self, until_ms: int, destroy: bool) -> Amount:
        rows, oldest = self._retention.old_fields(until_ms)
        if destroy:
            self._retention.empty_fields(until_ms)
        return Amount(REPORTS, 0, until_ms, rows, oldest, 0, None)

    def _retain_events(self, until_ms: int, destroy: bool) -> Amount:
        rows, kept, oldest = 0, 0, None
        with self._retention.lifted(EVENTS) if destroy else nullcontext():
            for tag in self._rollups.all_tags():
                old = self._retention.old_dockings(tag.id, until_ms)
                if not old:
                    continue
                events = self._tags.events(tag.id)
                stay = retention.needed(events, *self._retention.staying(tag.id))
                stay |= starts_in_doubt(events, self._tags.dockings(tag.id))
                goes = set(retention.forgettable(events, old, stay))
                rows += len(goes)
                kept += sum(each.docking in old for each in events) - len(goes)
                times = [old[each.docking] for each in events if each.sequence in goes]
                oldest = min([each for each in (oldest, *times) if each is not None], default=None)
                if destroy and goes:
                    self._retention.forget(tag.id, retention.ranges(goes))
                    self._following.derive(tag)
        why = Phrase("retention.events_stay") if kept else None
        return Amount(EVENTS, 0, until_ms, rows, oldest, kept, why)

    def _retain_leavers(self, until_ms: int, destroy: bool) -> Amount:
        zone = self._db.station.time_zone
        left = self._retention.leavers(clock.today(until_ms, zone))
        goes = [each for each in left if not each.needed]
        if destroy:
            with self._retention.lifted(LEAVERS):
                for each in goes:
                    self._retention.rename_officer(each.officer)
        return Amount(
            LEAVERS,
            0,
            until_ms,
            len(goes),
            clock.midnight_after(goes[0].left_on, zone) if goes else None,
            len(left) - len(goes),
            Phrase("retention.leavers_stay") if len(left) > len(goes) else None,
        )
