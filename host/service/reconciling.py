"""What does not agree: asked for, looked at closely, judged; and noted once it is first seen, is back, or is gone."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from host.errors import InputError
from host.phrase import Phrase
from host.reconcile import SEVERITIES
from host.reconcile import reconcile as find
from host.reconcile.discrepancy import Discrepancy
from host.reconcile.lifecycle import (
    ACKNOWLEDGED,
    CLEARED,
    REOPENED,
    RESOLVED,
    Entry,
    Live,
    Standing,
    changes,
    check,
    live,
    named,
)
from host.reconcile.situation import Situation
from host.service.derivation import Derivation
from host.service.names import Names
from host.service.people import People
from host.settings import Settings
from host.store.database import Database
from host.store.discrepancies import DiscrepancyRepository
from host.store.evidence import EvidenceRepository
from host.store.situation import SituationRepository

_BECOMES = {"acknowledge": ACKNOWLEDGED, "resolve": RESOLVED, "reopen": REOPENED}
"""What a discrepancy is once somebody has done that."""


class Wanted(NamedTuple):
    """Which discrepancies are asked for; of those, what was resolved only with `resolved_too`."""

    kinds: tuple[str, ...] = ()
    severity: str | None = None
    officer: str | None = None
    station: str | None = None
    only_new: bool = False
    resolved_too: bool = False


class Disagreements(NamedTuple):
    """What does not agree, worst first. `hidden` counts what was asked for and is known; `narrowed`: not all was."""

    shown: list[Live]
    hidden: int
    narrowed: bool


class Shown(NamedTuple):
    """A fact, such as movement:12; when it was, in Unix milliseconds, and what it says."""

    fact: str
    at_ms: int | None
    text: Phrase


class Examined(NamedTuple):
    """One discrepancy with what it rests on and what was done about it; `live` is None if it is found no more."""

    name: str
    live: Live | None
    evidence: list[Shown]
    history: list[Entry]


class Judged(NamedTuple):
    """A discrepancy, and where it stands now that somebody has judged it."""

    found: Discrepancy
    standing: Standing


class Reconciling:
    """People ask where records do not agree and what that rests on, and say what they make of it."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._discrepancies = DiscrepancyRepository(db)
        self._evidence = EvidenceRepository(db)
        self._situations = SituationRepository(db)
        self._derivation_service = Derivation(db)
        self._people = People(db)

    def found_now(self, now_ms: int, settings: Settings | None = None) -> list[Live]:
        """What does not agree now, worst first, with where each stands; with other settings than those in force.

        What nobody has noted yet stands as opened, first seen now. Nothing is written. Raises `NotAllowed`.
        """
        return self.standings(find(self.situation(now_ms, settings)))

    def disagreements(self, now_ms: int, wanted: Wanted, not_docked_days: int | None = None) -> Disagreements:
        """What does not agree now, of what is asked for; with another threshold of days without docking if given.

        Raises `InputError` for an unknown station, `NotAllowed`.
        """
        settings = self._db.settings
        if not_docked_days is not None:
            settings = settings._replace(not_docked_days=not_docked_days)
        there = self.found_now(now_ms, settings)
        Names(self._db).check_names(officer=wanted.officer)
        if wanted.station is not None:
            there = self._of_station(there, wanted.station)
        worst = SEVERITIES if wanted.severity is None else SEVERITIES[: SEVERITIES.index(wanted.severity) + 1]
        chosen = [
            each
            for each in there
            if (not wanted.kinds or each.found.kind in wanted.kinds)
            and each.found.severity in worst
            and wanted.officer in (None, each.found.officer)
        ]
        shown = [
            each
            for each in chosen
            if (wanted.resolved_too or each.status != RESOLVED) and (not wanted.only_new or each.is_new)
        ]
        narrowed = bool(wanted.kinds or wanted.severity or wanted.officer or wanted.station or wanted.only_new)
        return Disagreements(shown, len(chosen) - len(shown), narrowed)

    def _of_station(self, there: list[Live], station: str) -> list[Live]:
        """What concerns the station's stock, and officers at home there."""
        self._people.place(station)
        officers = [each.found.officer for each in there if each.found.officer is not None]
        at_home = self.stations_of(officers)
        return [each for each in there if station in (each.found.place, at_home.get(each.found.officer or ""))]

    def examined(self, name: str, now_ms: int) -> Examined:
        """The discrepancy of that name with all that is known of it; one that is gone by its history.

        Raises `InputError` if there is none and was none, `NotAllowed`.
        """
        try:
            there = named(name, self.found_now(now_ms))
        except InputError:
            kind, _, subject = name.replace("-", "_", name.partition(":")[0].count("-")).partition(":")
            history = self.discrepancy_entries(kind, subject)
            if not history:
                raise
            return Examined(name, None, [], history)
        history = self.discrepancy_entries(*there.found.key)
        return Examined(there.found.name, there, self.evidence(there.found.facts), history)

    def judge_named(self, name: str, verb: str, reason: str, at_ms: int) -> Judged:
        """Notes that somebody acknowledged, resolved or reopened (`verb`) the discrepancy of that name.

        Raises `InputError` if none is found now, `RuleError`, `NotAllowed`.
        """
        found = named(name, self.found_now(at_ms)).found
        return Judged(found, self.judge(verb, _BECOMES[verb], found, reason, at_ms))

    def note_what_is_found(self, now_ms: int) -> dict[str, int]:
        """Notes what is first seen, is back, or is found no more; returns how many of each, and shows them to nobody.

        Called once something has changed, and by the dock every now and then, since time changes things too. Writes
        nothing if all of it is noted already. Raises `NotAllowed`.
        """
        return self.note_discrepancies(find(self.situation_to_note(now_ms)), now_ms)

    def standings(self, found: Iterable[Discrepancy]) -> list[Live]:
        """Where each of what was found stands. Raises `NotAllowed`."""
        self._db.demand("stock.read")
        there = list(found)
        return live(there, self._discrepancies.standings(there))

    def note_discrepancies(self, found: Sequence[Discrepancy], at_ms: int) -> dict[str, int]:
        """Notes what was found and is new or has returned, and what is no longer found; returns how many of each.

        Writes nothing if nothing has changed. Raises `NotAllowed`.
        """
        self._db.demand("discrepancy.note")
        if not changes(found, self._discrepancies.standings(found)):
            return {}
        with self._db.changing("discrepancy.note") as detail:
            counts: dict[str, int] = {}
            for change in changes(found, self._discrepancies.standings(found)):
                self._discrepancies.add_entry(Entry(0, *change, None, self._db.login, at_ms))
                counts[change.action] = counts.get(change.action, 0) + 1
            detail |= counts
        return counts

    def judge(self, verb: str, action: str, found: Discrepancy, reason: str, at_ms: int) -> Standing:
        """Notes that somebody acknowledged, resolved or reopened a discrepancy, and where it stands then.

        `verb` is the action of `host.access.roles`, as in discrepancy.resolve. Raises `RuleError`, `NotAllowed`.
        """
        with self._db.changing(f"discrepancy.{verb}", found.name) as detail:
            (now,) = live([found], self._discrepancies.standings([found]))
            check(action, found, now.status)
            if now.standing is None or now.standing.status == CLEARED:
                self._discrepancies.add_entry(
                    Entry(0, *found.key, found.occurrence, now.status, None, self._db.login, at_ms)
                )
            detail["reason"] = reason
            return self._discrepancies.add_entry(
                Entry(0, *found.key, found.occurrence, action, reason, self._db.login, at_ms)
            )

    def stations_of(self, officers: Iterable[str]) -> dict[str, str]:
        """The home stations of officers, as far as they are known. Raises `NotAllowed`."""
        self._db.demand("stock.read")
        return self._discrepancies.stations_of(officers)

    def discrepancy_entries(self, kind: str, subject: str) -> list[Entry]:
        """What was done about one discrepancy, oldest first; a tag may go by the pouch it is or was in.

        Raises `NotAllowed`.
        """
        self._db.demand("stock.read")
        return self._discrepancies.entries_about(kind, subject)

    def evidence(self, facts: tuple[str, ...]) -> list[Shown]:
        """What each fact says, in the same order; no health data. Raises `NotAllowed`."""
        self._db.demand("stock.read")
        look = {
            "movement": self._evidence.movement_fact,
            "record": self._evidence.record_fact,
            "report": self._evidence.report_fact,
            "docking": self._evidence.docking_fact,
            "stocktake": self._evidence.stocktake_fact,
        }
        found = []
        for fact in facts:
            kind, _, which = fact.partition(":")
            at_ms, text = look[kind](which) or (None, Phrase("fact.gone"))
            found.append(Shown(fact, at_ms, text))
        return found

    def situation(self, now_ms: int, settings: Settings | None = None) -> Situation:
        """What the rules look at, as far as any could speak of it. Raises `NotAllowed`."""
        self._db.demand("stock.read")
        return self._seen(now_ms, settings)

    def situation_to_note(self, now_ms: int) -> Situation:
        """The same for the program itself, which notes what is found and shows it to nobody. Raises `NotAllowed`."""
        self._db.demand("discrepancy.note")
        return self._seen(now_ms, None)

    def _seen(self, now_ms: int, settings: Settings | None) -> Situation:
        self._derivation_service.freshen()
        with self._db.reading():
            settings = settings or self._db.settings
            loose, reported = self._situations.loose_reports(), self._situations.short_reports()
            found = self._situations.openings_asking(loose)
            return Situation(
                now_ms=now_ms,
                time_zone=self._db.station.time_zone,
                settings=settings,
                has_tags=self._situations.has_tags(),
                carried=self._situations.worth_carried(now_ms),
                openings=found,
                reports=loose,
                tags=self._situations.worth_tags(now_ms, settings),
                flaws=self._situations.flaws(now_ms, settings),
                empty=self._situations.empty_pouches(),
                untagged=self._situations.untagged_pouches(),
                accounts=self._situations.accounts(found, reported),
                reported=reported,
                unread=self._situations.unread_logs(),
                docked_by=self._situations.docked_by(),
                impossible=self._situations.impossible_ledgers(),
                counts=self._situations.counts(),
                resupplies=self._situations.resupplies(),
                exposed=self._situations.exposed(),
            )
