"""What does not agree: asked for, looked at closely, judged; and noted once it is first seen, is back, or is gone."""

from typing import NamedTuple

from host.errors import InputError
from host.reconcile import SEVERITIES
from host.reconcile import reconcile as find
from host.reconcile.lifecycle import ACKNOWLEDGED, REOPENED, RESOLVED, Entry, Live, Standing, named
from host.service.discrepancies import Discrepancies
from host.service.evidence import Evidence, Shown
from host.service.people import People
from host.service.situation import Situations
from host.settings import Settings
from host.store.database import Database

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


class Examined(NamedTuple):
    """One discrepancy with what it rests on and what was done about it; `live` is None if it is found no more."""

    name: str
    live: Live | None
    evidence: list[Shown]
    history: list[Entry]


class Judged(NamedTuple):
    """A discrepancy by its name, and where it stands now that somebody has judged it."""

    name: str
    standing: Standing


class Reconciling:
    """Asks where records do not agree, and what people make of it."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._discrepancies = Discrepancies(db)
        self._evidence = Evidence(db)
        self._people = People(db)
        self._situations = Situations(db)

    def found_now(self, now_ms: int, settings: Settings | None = None) -> list[Live]:
        """What does not agree now, worst first, with where each stands; with other settings than those in force.

        What nobody has noted yet stands as opened, first seen now. Nothing is written. Raises `NotAllowed`.
        """
        return self._discrepancies.standings(find(self._situations.situation(now_ms, settings)))

    def disagreements(self, now_ms: int, wanted: Wanted, not_docked_days: int | None = None) -> Disagreements:
        """What does not agree now, of what is asked for; with another threshold of days without docking if given.

        Raises `InputError` for an unknown station, `NotAllowed`.
        """
        settings = self._db.settings
        if not_docked_days is not None:
            settings = settings._replace(not_docked_days=not_docked_days)
        there = self.found_now(now_ms, settings)
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
        at_home = self._discrepancies.stations_of(officers)
        return [each for each in there if station in (each.found.place, at_home.get(each.found.officer or ""))]

    def examined(self, name: str, now_ms: int) -> Examined:
        """The discrepancy of that name with all that is known of it; one that is gone by its history.

        Raises `InputError` if there is none and was none, `NotAllowed`.
        """
        try:
            live = named(name, self.found_now(now_ms))
        except InputError:
            kind, _, subject = name.partition(":")
            history = self._discrepancies.discrepancy_entries(kind, subject)
            if not history:
                raise
            return Examined(name, None, [], history)
        history = self._discrepancies.discrepancy_entries(*live.found.key)
        return Examined(live.found.name, live, self._evidence.evidence(live.found.facts), history)

    def judge_named(self, name: str, verb: str, reason: str, at_ms: int) -> Judged:
        """Notes that somebody acknowledged, resolved or reopened (`verb`) the discrepancy of that name.

        Raises `InputError` if none is found now, `RuleError`, `NotAllowed`.
        """
        found = named(name, self.found_now(at_ms)).found
        return Judged(found.name, self._discrepancies.judge(verb, _BECOMES[verb], found, reason, at_ms))

    def note_what_is_found(self, now_ms: int) -> dict[str, int]:
        """Notes what is first seen, is back, or is found no more; returns how many of each, and shows them to nobody.

        Called once something has changed, and by the dock every now and then, since time changes things too. Writes
        nothing if all of it is noted already. Raises `NotAllowed`.
        """
        return self._discrepancies.note_discrepancies(find(self._situations.situation_to_note(now_ms)), now_ms)
