"""The situation from the whole history, with nothing left out: what the one from the roll-ups must agree with."""

from collections.abc import Iterable

from host.ledger import Holding, Movement, by_kit, replay
from host.ledger.movement import CORRECT, IN_STOCK, ISSUE, ISSUED, USE
from host.picture import Picture, RecallEntry
from host.reconcile.situation import (
    Carried,
    CountDifference,
    DockedBy,
    EmptyPouch,
    Exposed,
    KitLedger,
    LooseReport,
    PouchTag,
    ReportedDoses,
    Resupply,
    Situation,
    TagFlaw,
    Taken,
    UnreadLog,
    UntaggedPouch,
    kit_account,
)
from host.settings import DEFAULTS, Settings
from host.tag import log as taglog
from host.tag.events import Tag
from host.tag.log import TagLog
from host.usage.doses import PouchLog, due, whole_ms
from host.usage.openings import IN_A_POUCH
from host.usage.reports import FILED, UsageReport, incident_ms
from host.usage.whole import all_facts, openings


def situation_of(picture: Picture, now_ms: int, settings: Settings = DEFAULTS) -> Situation:
    """The situation at an instant, from everything that happened."""
    return _Recompute(picture).situation(now_ms, settings)


class _Recompute:
    """A picture, and what follows from it once."""

    def __init__(self, picture: Picture) -> None:
        self.picture = picture
        self.lot_of = picture.lot_of()
        self.ledgers = {
            kit: KitLedger(kit, lot, tuple(replay(of_kit, lot)))
            for kit, of_kit in by_kit(picture.movements).items()
            for lot in (self.lot_of[kit].doses_per_kit,)
        }
        self.custody = [each for of_kit in picture.custody().values() for each in of_kit]
        self.logs = {tag.id: self._log(tag) for tag in picture.tags}
        self.officers = {each.id: each for each in picture.officers}
        self.facts = {each.kit: each for each in all_facts(picture)}
        self.dockings = picture.dockings_of()

    def _log(self, tag: Tag) -> TagLog:
        events = sorted((each for each in self.picture.events if each.tag == tag.id), key=lambda each: each.sequence)
        dockings = [each for each in self.picture.dockings if each.tag == tag.id]
        forgotten, own = self.picture.forgotten.get(tag.id, ()), self.picture.own_stops.get(tag.id, ())
        return taglog.derive(tag, events, dockings, forgotten, own)

    def situation(self, now_ms: int, settings: Settings) -> Situation:
        in_use = [tag for tag in self.picture.tags if tag.retired_at_ms is None]
        return Situation(
            now_ms=now_ms,
            time_zone=self.picture.time_zone,
            settings=settings,
            has_tags=bool(in_use),
            carried=self._carried(),
            openings=openings(self.picture),
            reports=[self._loose(each) for each in self.picture.reports if each.tag is None and each.stands == FILED],
            tags=[self._tag(tag) for tag in in_use],
            flaws=self._flaws(),
            empty=[self._empty(tag) for tag in in_use if not self._now_in(tag.pouch, (ISSUED, IN_STOCK))],
            untagged=self._untagged({tag.pouch for tag in in_use}),
            accounts={kit: kit_account(facts) for kit, facts in self.facts.items()},
            reported=[ReportedDoses(each, self._taken(each)) for each in self.picture.reports if each.stands == FILED],
            unread=self._unread(),
            docked_by=self._docked_by(),
            impossible=list(self.ledgers.values()),
            counts=self._counts(),
            resupplies=[
                Resupply(each, self._issued_since(each), self.officers[each.officer].left_on)
                for each in self.picture.reports
                if each.fields.get("resupply_needed") and each.stands == FILED
            ],
            exposed=self._exposed(),
        )

    def _carried(self) -> list[Carried]:
        recalls = self._recalls()
        found = []
        for each in self.custody:
            if each.until_ms is not None or each.status != ISSUED:
                continue
            lot = self.lot_of[each.kit]
            officer = self.officers[each.officer] if each.officer is not None else None
            found.append(
                Carried(
                    each.kit,
                    each.officer,
                    each.place,
                    each.pouch,
                    self.ledgers[each.kit].steps[-1].state.quarantine,
                    each.since_ms,
                    each.began,
                    lot.product,
                    lot.lot,
                    lot.expires_on,
                    officer.trained_on if officer else None,
                    officer.left_on if officer else None,
                    recalls.get((lot.product, lot.lot)),
                    lot.doses_per_kit,
                    self.ledgers[each.kit].steps[-1].state.doses_left,
                    due(self.facts[each.kit]),
                )
            )
        return found

    def _recalls(self) -> dict[tuple[str, str], RecallEntry]:
        """The recall that stands, by product and lot."""
        last = {(each.product, each.lot): each for each in sorted(self.picture.recalls)}
        return {lot: each for lot, each in last.items() if each.action == "recall"}

    def _held_by(self, report: UsageReport) -> tuple[Holding, ...]:
        at_ms = incident_ms(report)
        return _in_order(
            each
            for each in self.custody
            if each.officer == report.officer and each.status == ISSUED and each.covers(at_ms)
        )

    def _now_in(self, pouch: str, statuses: tuple[str, ...]) -> tuple[Holding, ...]:
        return _in_order(
            each for each in self.custody if each.pouch == pouch and each.until_ms is None and each.status in statuses
        )

    def _tag(self, tag: Tag) -> PouchTag:
        state = self.logs[tag.id].state
        detail = next((each.detail for each in self.picture.dockings if each.id == state.last_docking), None)
        return PouchTag(state, self._now_in(tag.pouch, (ISSUED,)), detail, self.picture.heard.get(tag.id))

    def _flaws(self) -> list[TagFlaw]:
        return [
            TagFlaw(
                flaw,
                tag.pouch,
                tag.retired_at_ms is None,
                _in_order(
                    each
                    for each in self.custody
                    if each.pouch == tag.pouch and each.status == ISSUED and each.covers(flaw.at_ms)
                ),
            )
            for tag in self.picture.tags
            for flaw in self.logs[tag.id].flaws
        ]

    def _empty(self, tag: Tag) -> EmptyPouch:
        state = self.logs[tag.id].state
        last = max(
            (each for each in self.custody if each.pouch == tag.pouch),
            key=lambda each: (each.since_ms, each.kit, each.began),
            default=None,
        )
        became = None
        if last is not None:
            later = [each for each in self.custody if each.kit == last.kit and each.began > last.began]
            became = min(later, key=lambda each: each.began).status if later else None
        return EmptyPouch(tag.id, tag.pouch, tag.enrolled_at_ms, state.docked_at_ms, last, became)

    def _untagged(self, tagged: set[str]) -> list[UntaggedPouch]:
        retired = sorted(
            (each.retired_at_ms, each.id, each) for each in self.picture.tags if each.retired_at_ms is not None
        )
        last = {tag.pouch: (at_ms, tag) for at_ms, _, tag in retired if tag.pouch not in tagged}
        return [
            UntaggedPouch(tag.id, pouch, at_ms, tag.moved_to, self._now_in(pouch, (ISSUED, IN_STOCK)))
            for pouch, (at_ms, tag) in last.items()
        ]

    def _standing(self) -> list[Movement]:
        """The movements that no correction names, by id."""
        reversed_ids = {each.corrects for each in self.picture.movements if each.kind == CORRECT}
        return [each for each in sorted(self.picture.movements) if each.id not in reversed_ids]

    def _taken(self, report: UsageReport) -> tuple[Taken, ...]:
        return tuple(
            Taken(each.id, each.kit, each.doses or 0)
            for each in self._standing()
            if each.kind == USE and each.report == report.id
        )

    def _issued_since(self, report: UsageReport) -> tuple[int, ...]:
        return tuple(
            sorted(
                each.at_ms
                for each in self._standing()
                if each.kind == ISSUE and each.officer == report.officer and each.at_ms >= incident_ms(report)
            )
        )

    def _loose(self, report: UsageReport) -> LooseReport:
        held = self._held_by(report)
        at_ms = incident_ms(report)
        logs = [
            PouchLog(tag, whole_ms(self.dockings[tag.id]))
            for tag in self.picture.tags
            if tag.pouch in {each.pouch for each in held}
        ]
        then = [each for each in logs if each.there(at_ms)]
        unread = any(not each.read_until(at_ms) for each in then)
        return LooseReport(report, held, bool(then), unread, self._taken(report))

    def _unread(self) -> list[UnreadLog]:
        found = []
        for tag in self.picture.tags:
            log = PouchLog(tag, whole_ms(self.dockings[tag.id]))
            if tag.retired_at_ms is None or log.read_until(tag.retired_at_ms):
                continue
            held = _in_order(
                each for each in self.custody if each.pouch == tag.pouch and each.status == ISSUED and log.lost(each)
            )
            if held:
                states = {each.kit: self.ledgers[each.kit].steps[-1].state for each in held}
                found.append(
                    UnreadLog(self.logs[tag.id].state, held, all(log.counted(each, states[each.kit]) for each in held))
                )
        return found

    def _docked_by(self) -> list[DockedBy]:
        pouch_of = {each.id: each.pouch for each in self.picture.tags}
        dockings = {each.id: each for each in self.picture.dockings}
        last = {dockings[each.docking].tag: each for each in sorted(self.picture.docked_by)}
        found = []
        for tag, note in last.items():
            at_ms = dockings[note.docking].started_at_ms
            held = _in_order(
                each
                for each in self.custody
                if each.pouch == pouch_of[tag] and each.status == ISSUED and each.covers(at_ms)
            )
            found.append(DockedBy(tag, pouch_of[tag], note.docking, at_ms, note.officer, held))
        return found

    def _exposed(self) -> list[Exposed]:
        now = {each.kit: each for each in self.custody if each.until_ms is None and each.status in IN_A_POUCH}
        return [
            Exposed(held.kit, product, self.picture.limits[product], reading, held, now[held.kit])
            for log in self.logs.values()
            for reading in log.readings
            for held in self.custody
            if held.pouch == reading.pouch and held.status in IN_A_POUCH and held.kit in now
            for product in (self.lot_of[held.kit].product,)
            if product in self.picture.limits and held.during(reading.earliest_ms, reading.latest_ms)
        ]

    def _counts(self) -> list[CountDifference]:
        newest = {each.place: each for each in sorted(self.picture.stocktakes)}
        closed = {each.id: each for each in newest.values()}
        return [
            CountDifference(closed[each.stocktake], each, self._moved_at(each.kit))
            for each in self.picture.differences
            if each.stocktake in closed
        ]

    def _moved_at(self, kit: str) -> int | None:
        ledger = self.ledgers.get(kit)
        return ledger.steps[-1].state.moved_at_ms if ledger is not None else None


def _in_order(held: Iterable[Holding]) -> tuple[Holding, ...]:
    return tuple(sorted(held, key=lambda each: (each.since_ms, each.kit, each.began)))
