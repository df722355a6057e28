"""The situation that the rules of reconciliation look at, from roll-ups and by indexes.

What is read grows with what is wrong, not with what happened.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from host import clock, ledger
from host.ledger import Holding, Movement, State
from host.picture import BroughtBy, ClosedDifference, ClosedStocktake, RecallEntry
from host.reconcile.situation import (
    Carried,
    CountDifference,
    DockedBy,
    EmptyPouch,
    Exposed,
    KitAccount,
    KitLedger,
    LooseReport,
    PouchTag,
    ReportedDoses,
    Resupply,
    TagFlaw,
    Taken,
    UnreadLog,
    UntaggedPouch,
    kit_account,
)
from host.settings import Settings
from host.stock.storage import Limits
from host.store.database import Database
from host.store.doses import DoseRepository
from host.store.openings import OpeningRepository
from host.tag.events import ALTERED, Tag
from host.tag.log import CLOCK, FAULT, GAP, TAMPERING, Flaw, TagState
from host.tag.temperature import LEAST_ERROR_C, Reading
from host.usage.doses import (
    CONTRADICTED,
    DIFFERING,
    EXPLAINED,
    FETCHED_MS,
    MATCH_TOLERANCE_MS,
    PouchLog,
    opening_state,
)
from host.usage.openings import Opening
from host.usage.reports import incident_ms

_HOLDING = "c.kit, c.officer, c.pouch, c.since_ms, c.until_ms, c.place, c.status, c.began"


_NOW_HELD = "k.kit, k.officer, k.pouch, k.since_ms, NULL, k.place, k.status, k.began"


_STANDS = "NOT EXISTS (SELECT 1 FROM movement x WHERE x.corrects = m.id)"


_WORTH_CARRIED = """
SELECT kit FROM kit_state WHERE status = 'issued' AND expires_on < :today
UNION SELECT k.kit FROM officer o CROSS JOIN kit_state k ON k.officer = o.id AND k.status = 'issued'
    WHERE o.trained_on < :trained
UNION SELECT k.kit FROM officer o CROSS JOIN kit_state k ON k.officer = o.id AND k.status = 'issued'
    WHERE o.left_on IS NOT NULL AND o.left_on < :today
UNION SELECT kit FROM kit_state WHERE quarantine IS NOT NULL AND status = 'issued'
UNION SELECT k.kit FROM json_each(:lots) j CROSS JOIN kit_state k
    ON k.product = j.value ->> 0 AND k.lot = j.value ->> 1 AND k.status = 'issued'
UNION SELECT kit FROM kit_state INDEXED BY kit_in_no_pouch
    WHERE status = 'issued' AND officer IS NOT NULL AND pouch IS NULL
UNION SELECT c.kit FROM to_count c CROSS JOIN kit_state k ON k.kit = c.kit AND k.status = 'issued' WHERE c.earlier
UNION SELECT kit FROM kit_state INDEXED BY kit_opened
    WHERE status = 'issued' AND (doses_used > 0 OR doses_unaccounted <> 0)
"""
"""The kits of which a rule about carried kits could speak."""


_WORTH_TAGS = """
SELECT tag FROM tag_state WHERE retired_at_ms IS NULL AND docked_at_ms IS NULL
UNION SELECT tag FROM tag_state WHERE retired_at_ms IS NULL AND docked_at_ms <= :docked
UNION SELECT tag FROM tag_state
    WHERE retired_at_ms IS NULL AND last_docking IS NOT NULL AND last_outcome IS NOT 'complete'
UNION SELECT tag FROM tag_state
    WHERE retired_at_ms IS NULL AND battery_percent IS NOT NULL AND battery_percent < :battery
"""
"""The tags in use of which a rule could speak."""


class SituationRepository:
    """Reads what does not agree, or may not, out of the roll-ups of all rooms; it holds no rows of its own.

    Also what only the picture of everything looks at: recalls, closed stocktakes, what was noted at the dock.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._doses = DoseRepository(db)
        self._openings = OpeningRepository(db)

    def has_tags(self) -> bool:
        """Whether any tag is in use."""
        return self._db.row("SELECT 1 FROM tag_state WHERE retired_at_ms IS NULL LIMIT 1") is not None

    def worth_carried(self, now_ms: int) -> list[Carried]:
        """The kits that are out of which a rule could speak, with their lots and who has them."""
        today = clock.today(now_ms, self._db.station.time_zone)
        recalls = {(each.product, each.lot): each for each in self._standing_recalls()}
        rows = self._db.connection.execute(
            "SELECT k.kit, k.officer, k.place, k.pouch, k.quarantine, k.since_ms, k.began, k.product, k.lot, "
            "k.expires_on, o.trained_on, o.left_on, l.doses_per_kit, k.doses_left "
            f"FROM ({_WORTH_CARRIED}) w CROSS JOIN kit_state k ON k.kit = w.kit "
            "CROSS JOIN lot l ON l.product = k.product AND l.lot = k.lot LEFT JOIN officer o ON o.id = k.officer",
            {
                "today": today.isoformat(),
                # Training ends a year after it at the earliest, so nobody trained later has lapsed.
                "trained": (today - timedelta(days=365)).isoformat(),
                "lots": json.dumps(list(recalls)),
            },
        )
        days: dict[str | None, date | None] = {None: None}
        due = self._doses.dues()
        found = []
        for kit, *first, product, lot, expires_on, trained_on, left_on, doses, left in rows:
            dates = (_day(expires_on, days), _day(trained_on, days), _day(left_on, days))
            recall = recalls.get((product, lot))
            found.append(Carried._make((kit, *first, product, lot, *dates, recall, doses, left, due.get(kit))))
        return found

    def openings_asking(self, loose: Iterable[LooseReport]) -> list[Opening]:
        """The openings that may raise a question, and those near a report that names none."""
        keys: set[tuple[str, int]] = set(self._db.rows("SELECT tag, sequence FROM opening_asks"))
        near = [(each.report.officer, incident_ms(each.report)) for each in loose]
        keys |= set(
            self._db.rows(
                "SELECT DISTINCT o.tag, o.sequence FROM json_each(?) q CROSS JOIN custody c "
                "ON c.officer = q.value ->> 0 AND c.pouch IS NOT NULL CROSS JOIN opening o ON o.pouch = c.pouch "
                "WHERE o.began_earliest_ms <= (q.value ->> 1) + ? "
                "AND max(o.began_latest_ms, coalesce(o.ended_latest_ms, 0)) >= (q.value ->> 1) - ?",
                (json.dumps(near), MATCH_TOLERANCE_MS, MATCH_TOLERANCE_MS),
            )
        )
        return self._openings.openings_where([], [], keys)

    def accounts(self, found: Iterable[Opening], reported: Iterable[ReportedDoses]) -> dict[str, KitAccount]:
        """The accounts of the kits that do not add up, and of those that an opening or report at odds is about."""
        kits = {row[0] for row in self._db.rows("SELECT kit FROM doses_off")}
        kits |= {each.report.kit for each in reported if each.report.kit is not None}
        at_odds = (DIFFERING, CONTRADICTED, EXPLAINED)
        kits |= {kit for each in found if opening_state(each) in at_odds for kit in each.kits}
        return {each.kit: kit_account(each) for each in self._doses.facts(kits)}

    def unread_logs(self) -> list[UnreadLog]:
        """Tags out of use whose log was not fetched to the end, with what was out in their pouch since."""
        tags = ", ".join(f"t.{column}" for column in Tag._fields)
        states = ", ".join(f"s.{column}" for column in TagState._fields)
        width, rest = len(Tag._fields), len(Tag._fields) + len(TagState._fields)
        held: dict[PouchLog, list[Holding]] = {}
        state_of: dict[str, TagState] = {}
        counted: dict[PouchLog, bool] = {}
        kit_states = ", ".join(f"k.{column}" for column in State._fields)
        for row in self._db.rows(
            f"SELECT {tags}, {states}, {_HOLDING}, {kit_states} FROM tag t INDEXED BY tag_retired "
            "CROSS JOIN tag_state s ON s.tag = t.id CROSS JOIN custody c ON c.pouch = t.pouch AND c.status = 'issued' "
            "CROSS JOIN kit_state k ON k.kit = c.kit "
            "WHERE t.retired_at_ms IS NOT NULL AND t.retired_at_ms - coalesce(s.docked_at_ms, 0) >= ? "
            "ORDER BY t.id, c.since_ms, c.kit, c.began",
            (FETCHED_MS,),
        ):
            state = TagState(*row[width:rest])
            log = PouchLog(Tag(*row[:width]), state.docked_at_ms)
            each = Holding(*row[rest : rest + len(Holding._fields)])
            if log.lost(each):
                state_of[state.tag] = state
                held.setdefault(log, []).append(each)
                counted[log] = counted.get(log, True) and log.counted(each, State(*row[rest + len(Holding._fields) :]))
        return [UnreadLog(state_of[log.tag.id], tuple(of), counted[log]) for log, of in held.items()]

    def docked_by(self) -> list[DockedBy]:
        """Who last said of each tag to have brought it, where that was noted."""
        rows = self._db.rows(
            "SELECT d.tag, t.pouch, d.id, d.started_at_ms, b.officer FROM docked_by b "
            "CROSS JOIN docking d ON d.id = b.docking CROSS JOIN tag t ON t.id = d.tag ORDER BY b.id"
        )
        last = {row[0]: row for row in rows}
        held = _grouped(
            self._db.rows(
                f"SELECT q.value ->> 0, {_HOLDING} FROM json_each(?) q CROSS JOIN custody c ON c.pouch = q.value ->> 1 "
                "AND c.status = 'issued' AND c.since_ms <= q.value ->> 3 "
                "AND (c.until_ms IS NULL OR c.until_ms > q.value ->> 3) ORDER BY c.since_ms, c.kit, c.began",
                (json.dumps([row[:4] for row in last.values()]),),
            )
        )
        return [DockedBy._make((*row, held.get((row[0],), ()))) for row in last.values()]

    def _standing_recalls(self) -> list[RecallEntry]:
        rows = self._db.rows(
            "SELECT id, product, lot, action, reason, at_ms FROM recall r WHERE action = 'recall' AND NOT EXISTS "
            "(SELECT 1 FROM recall l WHERE l.product = r.product AND l.lot = r.lot AND l.id > r.id)"
        )
        return [RecallEntry(*row) for row in rows]

    def loose_reports(self) -> list[LooseReport]:
        """The reports that count and name no opening, with what their officers had at the incident."""
        told = self._doses.reports("WHERE r.tag IS NULL AND r.stands = 'filed' ORDER BY r.id")
        at = {each.id: incident_ms(each) for each in told}
        held = _grouped(
            self._db.rows(
                f"SELECT q.value ->> 0, {_HOLDING} FROM json_each(?) q CROSS JOIN custody c "
                "ON c.officer = q.value ->> 1 AND c.status = 'issued' AND c.since_ms <= q.value ->> 2 "
                "AND (c.until_ms IS NULL OR c.until_ms > q.value ->> 2) ORDER BY c.since_ms, c.kit, c.began",
                (json.dumps([(each.id, each.officer, at[each.id]) for each in told]),),
            )
        )
        logs = self._doses.logs_of({each.pouch for of in held.values() for each in of if each.pouch is not None})
        taken = self.taken_for_reports([each.id for each in told])
        found = []
        for each in told:
            of = held.get((each.id,), ())
            pouches = {one.pouch for one in of}
            then = [log for log in logs if log.tag.pouch in pouches and log.there(at[each.id])]
            unread = any(not log.read_until(at[each.id]) for log in then)
            found.append(LooseReport(each, of, bool(then), unread, taken.get(each.id, ())))
        return found

    def short_reports(self) -> list[ReportedDoses]:
        """The usage reports of which fewer doses were taken from kits than they tell of."""
        told = self._doses.reports(
            "WHERE r.stands = 'filed' AND r.doses > coalesce((SELECT sum(m.doses) FROM movement m "
            f"WHERE m.report = r.id AND m.kind = 'use' AND {_STANDS}), 0) ORDER BY r.id"
        )
        taken = self.taken_for_reports([each.id for each in told])
        return [ReportedDoses(each, taken.get(each.id, ())) for each in told]

    def taken_for_reports(self, reports: Sequence[int]) -> dict[int, tuple[Taken, ...]]:
        """What was taken from kits for these reports, oldest first."""
        found: dict[int, tuple[Taken, ...]] = {}
        for number, *row in self._db.rows(
            "SELECT m.report, m.id, m.kit, m.doses FROM json_each(?) q CROSS JOIN movement m ON m.report = q.value "
            f"AND m.report IS NOT NULL AND m.kind = 'use' AND {_STANDS} ORDER BY m.id",
            (json.dumps(reports),),
        ):
            found[number] = (*found.get(number, ()), Taken(*row))
        return found

    def worth_tags(self, now_ms: int, settings: Settings) -> list[PouchTag]:
        """The tags in use of which a rule could speak, with what is in their pouches."""
        given = {
            "docked": now_ms - min(settings.not_docked_days, settings.silent_days) * clock.DAY_MS,
            "battery": settings.battery_percent,
        }
        held = _grouped(
            self._db.connection.execute(
                f"SELECT w.tag, {_NOW_HELD} FROM ({_WORTH_TAGS}) w CROSS JOIN tag_state s ON s.tag = w.tag "
                "CROSS JOIN kit_state k ON k.pouch = s.pouch AND k.status = 'issued' "
                "ORDER BY k.since_ms, k.kit, k.began",
                given,
            )
        )
        columns = ", ".join(f"s.{column}" for column in TagState._fields)
        rows = self._db.connection.execute(
            f"SELECT {columns}, d.detail, a.heard_at_ms FROM ({_WORTH_TAGS}) w CROSS JOIN tag_state s ON s.tag = w.tag "
            "LEFT JOIN docking d ON d.id = s.last_docking LEFT JOIN tag_radio a ON a.tag = s.tag",
            given,
        )
        return [
            PouchTag(state, held.get((state.tag,), ()), detail, heard_at_ms)
            for *first, detail, heard_at_ms in rows
            for state in (TagState(*first),)
        ]

    def flaws(self, now_ms: int, settings: Settings) -> list[TagFlaw]:
        """All flaws but faults, and the faults of late."""
        since_ms = now_ms - settings.faulty_days * clock.DAY_MS
        always = ", ".join(f"'{kind}'" for kind in (ALTERED, GAP, CLOCK, *TAMPERING))
        where = f"f.kind IN ({always}) OR (f.kind = '{FAULT}' AND f.at_ms >= ?)"
        held = _grouped(
            self._db.rows(
                f"SELECT f.tag, f.sequence, f.kind, {_HOLDING} FROM log_flaw f CROSS JOIN tag_state s ON s.tag = f.tag "
                "CROSS JOIN custody c ON c.pouch = s.pouch AND c.status = 'issued' AND c.since_ms <= f.at_ms "
                f"AND (c.until_ms IS NULL OR c.until_ms > f.at_ms) WHERE {where} ORDER BY c.since_ms, c.kit, c.began",
                (since_ms,),
            ),
            key=3,
        )
        columns = ", ".join(f"f.{column}" for column in Flaw._fields)
        rows = self._db.rows(
            f"SELECT {columns}, s.pouch, s.retired_at_ms IS NULL FROM log_flaw f "
            f"CROSS JOIN tag_state s ON s.tag = f.tag WHERE {where}",
            (since_ms,),
        )
        return [
            TagFlaw(flaw, pouch, bool(in_use), held.get((flaw.tag, flaw.sequence, flaw.kind), ()))
            for *first, pouch, in_use in rows
            for flaw in (Flaw(*first),)
        ]

    def empty_pouches(self) -> list[EmptyPouch]:
        """Of pouches with a tag and no kit, what was in each last, and what became of that."""
        rows = self._db.rows(
            f"SELECT s.tag, s.pouch, s.enrolled_at_ms, s.docked_at_ms, {_HOLDING}, "
            "(SELECT n.status FROM custody n WHERE n.kit = c.kit AND n.began > c.began ORDER BY n.began LIMIT 1) "
            "FROM (SELECT t.pouch FROM tag_state t INDEXED BY tag_state_of_pouch WHERE t.retired_at_ms IS NULL "
            "AND NOT EXISTS (SELECT 1 FROM kit_state k WHERE k.pouch = t.pouch)) w "
            "CROSS JOIN tag_state s ON s.pouch = w.pouch AND s.retired_at_ms IS NULL LEFT JOIN custody c "
            "ON (c.kit, c.began) = (SELECT l.kit, l.began FROM custody l WHERE l.pouch = s.pouch "
            "ORDER BY l.since_ms DESC, l.kit DESC, l.began DESC LIMIT 1)"
        )
        return [
            EmptyPouch(tag, pouch, enrolled, docked, Holding(*last) if last[0] is not None else None, became)
            for tag, pouch, enrolled, docked, *last, became in rows
        ]

    def untagged_pouches(self) -> list[UntaggedPouch]:
        """Of pouches whose tags are all retired, the last one, and what is in each."""
        where = (
            "t.retired_at_ms IS NOT NULL AND NOT EXISTS "
            "(SELECT 1 FROM tag_state s WHERE s.pouch = t.pouch AND s.retired_at_ms IS NULL)"
        )
        last: dict[str, tuple[Any, ...]] = {}
        for row in self._db.rows(
            "SELECT t.id, t.pouch, t.retired_at_ms, t.moved_to FROM tag t INDEXED BY tag_retired "
            f"WHERE {where} ORDER BY t.retired_at_ms, t.id"
        ):
            last[row[1]] = row
        held = _grouped(
            self._db.rows(
                f"SELECT k.pouch, {_NOW_HELD} FROM json_each(?) j CROSS JOIN kit_state k ON k.pouch = j.value "
                "AND k.status IN ('issued', 'in_stock') ORDER BY k.since_ms, k.kit, k.began",
                (json.dumps(list(last)),),
            )
        )
        return [
            UntaggedPouch(tag, pouch, retired_at_ms, moved_to, held.get((pouch,), ()))
            for tag, pouch, retired_at_ms, moved_to in last.values()
        ]

    def impossible_ledgers(self) -> list[KitLedger]:
        """The ledgers of the kits that have an impossible movement."""
        columns = ", ".join(f"m.{column}" for column in Movement._fields)
        rows = self._db.rows(
            f"SELECT l.doses_per_kit, {columns} FROM "
            "(SELECT k.kit, k.product, k.lot FROM kit_state k WHERE k.impossible IS NOT NULL) w "
            "CROSS JOIN lot l ON l.product = w.product AND l.lot = w.lot CROSS JOIN movement m ON m.kit = w.kit "
            "ORDER BY m.kit, m.id"
        )
        found = []
        for (kit, doses), group in groupby(rows, key=lambda row: (row[4], row[0])):
            found.append(KitLedger(kit, doses, tuple(ledger.replay((Movement(*row[1:]) for row in group), doses))))
        return found

    def counts(self) -> list[CountDifference]:
        """The differences of the newest stocktake of each place."""
        newest = {each.place: each for each in self.closed_stocktakes()}
        found = []
        for each in newest.values():
            rows = self._db.rows(
                "SELECT d.stocktake, d.kind, d.kit, d.detail, d.reason, d.at_ms, k.moved_at_ms "
                "FROM stocktake_difference d LEFT JOIN kit_state k ON k.kit = d.kit WHERE d.stocktake = ?",
                (each.id,),
            )
            found += [CountDifference(each, ClosedDifference(*row[:-1]), row[-1]) for row in rows]
        return found

    def closed_stocktakes(self) -> list[ClosedStocktake]:
        """The stocktakes that were closed, oldest first."""
        rows = self._db.rows(
            "SELECT id, place, closed_at_ms FROM stocktake WHERE closed_at_ms IS NOT NULL AND cancelled IS NULL "
            "ORDER BY id"
        )
        return [ClosedStocktake(*row) for row in rows]

    def resupplies(self) -> list[Resupply]:
        """The reports that ask for a new kit, with when their officers were given one since."""
        told = self._doses.reports(
            "WHERE json_extract(r.fields, '$.resupply_needed') AND r.stands = 'filed' ORDER BY r.id"
        )
        issued: dict[int, list[int]] = {}
        for number, at_ms in self._db.rows(
            "SELECT q.value ->> 0, m.at_ms FROM json_each(?) q CROSS JOIN movement m ON m.officer = q.value ->> 1 "
            f"AND m.at_ms >= q.value ->> 2 AND {_STANDS} ORDER BY m.at_ms",
            (json.dumps([(each.id, each.officer, incident_ms(each)) for each in told]),),
        ):
            issued.setdefault(number, []).append(at_ms)
        left = dict(
            self._db.rows(
                "SELECT o.id, o.left_on FROM json_each(?) q CROSS JOIN officer o ON o.id = q.value "
                "WHERE o.left_on IS NOT NULL",
                (json.dumps(sorted({each.officer for each in told})),),
            )
        )
        return [
            Resupply(
                each,
                tuple(issued.get(each.id, ())),
                date.fromisoformat(left[each.officer]) if each.officer in left else None,
            )
            for each in told
        ]

    def exposed(self) -> list[Exposed]:
        """The kits that were in a pouch while its tag told of a temperature that is beyond their product's limits."""
        columns = ", ".join(f"t.{column}" for column in Reading._fields)
        query = (
            f"SELECT k.kit, p.name, p.least_c, p.most_c, {columns}, {_HOLDING}, {_NOW_HELD} FROM product p "
            "CROSS JOIN temperature t ON {beyond} CROSS JOIN custody c ON c.pouch = t.pouch "
            "AND c.status IN ('issued', 'in_stock') AND c.since_ms <= t.latest_ms "
            "AND (c.until_ms IS NULL OR c.until_ms > t.earliest_ms) CROSS JOIN kit_state k ON k.kit = c.kit "
            "AND k.product = p.name AND k.status IN ('issued', 'in_stock')"
        )
        warm, cold = f"t.warmest_c > p.most_c + {LEAST_ERROR_C}", f"t.coldest_c < p.least_c - {LEAST_ERROR_C}"
        found = []
        for kit, product, least, most, *rest in self._db.rows(
            f"{query.format(beyond=warm)} UNION {query.format(beyond=cold)}"
        ):
            reading, held = rest[: len(Reading._fields)], rest[len(Reading._fields) :]
            stretches = Holding(*held[: len(Holding._fields)]), Holding(*held[len(Holding._fields) :])
            found.append(Exposed(kit, product, Limits(least, most), Reading(*reading), *stretches))
        return found

    def recalls(self) -> list[RecallEntry]:
        """Every recall and every lifting of one, oldest first."""
        return [
            RecallEntry(*row)
            for row in self._db.rows(f"SELECT {', '.join(RecallEntry._fields)} FROM recall ORDER BY id")
        ]

    def differences(self) -> list[ClosedDifference]:
        """What every stocktake that was closed came to."""
        return [
            ClosedDifference(*row)
            for row in self._db.rows(f"SELECT {', '.join(ClosedDifference._fields)} FROM stocktake_difference")
        ]

    def docked_by_notes(self) -> list[BroughtBy]:
        """Who was noted to have brought a pouch to the dock, oldest first."""
        return [
            BroughtBy(*row)
            for row in self._db.rows(f"SELECT {', '.join(BroughtBy._fields)} FROM docked_by ORDER BY id")
        ]

    def heard(self) -> dict[str, int]:
        """When each tag was last heard, in Unix milliseconds, by tag."""
        return dict(self._db.rows("SELECT tag, heard_at_ms FROM tag_radio"))

    def own_stops(self) -> dict[str, list[int]]:
        """The sequences at which this station had stopped tags, by tag."""
        found: dict[str, list[int]] = {}
        for tag, sequence in self._db.rows("SELECT tag, sequence FROM own_stop"):
            found.setdefault(tag, []).append(sequence)
        return found

    def forgotten(self) -> dict[str, list[tuple[int, int]]]:
        """The first and last sequences of what was destroyed of each log, in order, by tag."""
        found: dict[str, list[tuple[int, int]]] = {}
        for tag, first, last in self._db.rows("SELECT tag, first, last FROM forgotten ORDER BY tag, first"):
            found.setdefault(tag, []).append((first, last))
        return found


def _day(text: str | None, known: dict[str | None, date | None]) -> date | None:
    """The day, made once for all who have the same."""
    if text not in known:
        known[text] = date.fromisoformat(str(text))
    return known[text]


def _grouped(rows: Iterable[Sequence[Any]], key: int = 1) -> Mapping[tuple[Any, ...], tuple[Holding, ...]]:
    """Holdings by the columns before them."""
    found: dict[tuple[Any, ...], list[Holding]] = {}
    for row in rows:
        found.setdefault(tuple(row[:key]), []).append(Holding(*row[key:]))
    return {of: tuple(held) for of, held in found.items()}
