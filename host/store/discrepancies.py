"""Discrepancies in the database: the situation that the rules look at, and what people did about what they found."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from host import clock, ledger
from host.events import ALTERED
from host.ledger import Holding, Movement
from host.picture import Counted, Difference, Recall
from host.reconcile.discrepancy import Discrepancy
from host.reconcile.lifecycle import CLEARED, Entry, Key, Live, Standing, changes, check, live, standings
from host.reconcile.situation import (
    Carried,
    Count,
    EmptyPouch,
    KitLedger,
    LooseReport,
    PouchTag,
    ReportedDoses,
    Resupply,
    Situation,
    TagFlaw,
    Taken,
    UntaggedPouch,
)
from host.reports import UsageReport, incident_ms
from host.settings import Settings
from host.store.rollups import Rollups
from host.taglog import CLOCK, FAULT, GAP, Flaw, TagState

_ENTRY = ", ".join(Entry._fields)
_STANDING = ", ".join(Standing._fields)
_HOLDING = "c.kit, c.officer, c.pouch, c.since_ms, c.until_ms, c.place, c.status, c.began"
_NOW_HELD = "k.kit, k.officer, k.pouch, k.since_ms, NULL, k.place, k.status, k.began"
_REPORT = "r.id, r.form, r.filed_at_ms, r.officer, r.tag, r.sequence, r.doses, r.fields"
_STANDS = "NOT EXISTS (SELECT 1 FROM movement x WHERE x.corrects = m.id)"

WORTH_CARRIED = """
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
"""
"""The kits of which a rule about carried kits could speak."""

WORTH_TAGS = """
SELECT tag FROM tag_state WHERE retired_at_ms IS NULL AND docked_at_ms IS NULL
UNION SELECT tag FROM tag_state WHERE retired_at_ms IS NULL AND docked_at_ms <= :docked
UNION SELECT tag FROM tag_state
    WHERE retired_at_ms IS NULL AND last_docking IS NOT NULL AND last_outcome IS NOT 'complete'
UNION SELECT tag FROM tag_state
    WHERE retired_at_ms IS NULL AND battery_percent IS NOT NULL AND battery_percent < :battery
"""
"""The tags in use of which a rule could speak."""


class Discrepancies(Rollups):
    """The part of the store that reconciles."""

    # The situation, from roll-ups and by indexes: what is read grows with what is wrong, not with what happened.

    def situation(self, now_ms: int, settings: Settings | None = None) -> Situation:
        """What the rules look at, as far as any could speak of it. Raises `NotAllowed`."""
        self._demand("stock.read")
        self.freshen()
        with self._reading():
            settings = settings or self.settings
            has_tags = self._row("SELECT 1 FROM tag_state WHERE retired_at_ms IS NULL LIMIT 1") is not None
            return Situation(
                now_ms=now_ms,
                time_zone=self.station.time_zone,
                settings=settings,
                has_tags=has_tags,
                carried=self._worth_carried(now_ms),
                openings=self._openings(unsettled=True),
                reports=self._loose_reports(),
                tags=self._worth_tags(now_ms, settings),
                flaws=self._flaws(now_ms, settings),
                empty=self._empty_pouches(),
                untagged=self._untagged_pouches(),
                unaccounted=self._kit_ledgers("kit_state k WHERE k.doses_unaccounted <> 0"),
                reported=self._short_reports(),
                impossible=self._kit_ledgers("kit_state k WHERE k.impossible IS NOT NULL"),
                counts=self._counts(),
                resupplies=self._resupplies(),
            )

    def _worth_carried(self, now_ms: int) -> list[Carried]:
        today = clock.today(now_ms, self.station.time_zone)
        recalls = {(each.product, each.lot): each for each in self._standing_recalls()}
        rows = self._connection.execute(
            "SELECT k.kit, k.officer, k.place, k.pouch, k.quarantine, k.since_ms, k.began, k.product, k.lot, "
            f"k.expires_on, o.trained_on, o.left_on FROM ({WORTH_CARRIED}) w CROSS JOIN kit_state k ON k.kit = w.kit "
            "LEFT JOIN officer o ON o.id = k.officer",
            {
                "today": today.isoformat(),
                # Training ends a year after it at the earliest, so nobody trained later has lapsed.
                "trained": (today - timedelta(days=365)).isoformat(),
                "lots": json.dumps(list(recalls)),
            },
        )
        days: dict[str | None, date | None] = {None: None}
        found = []
        for *first, product, lot, expires_on, trained_on, left_on in rows:
            dates = (_day(expires_on, days), _day(trained_on, days), _day(left_on, days))
            found.append(Carried._make((*first, product, lot, *dates, recalls.get((product, lot)))))
        return found

    def _standing_recalls(self) -> list[Recall]:
        rows = self._rows(
            "SELECT id, product, lot, action, reason, at_ms FROM recall r WHERE action = 'recall' AND NOT EXISTS "
            "(SELECT 1 FROM recall l WHERE l.product = r.product AND l.lot = r.lot AND l.id > r.id)"
        )
        return [Recall(*row) for row in rows]

    def _loose_reports(self) -> list[LooseReport]:
        rows = self._rows(f"SELECT {_REPORT} FROM usage_report r WHERE r.tag IS NULL ORDER BY r.id")
        held: dict[str, list[Holding]] = {}
        for row in self._rows(
            f"SELECT {_HOLDING} FROM (SELECT DISTINCT officer FROM usage_report WHERE tag IS NULL) r "
            "CROSS JOIN custody c ON c.officer = r.officer AND c.status = 'issued' ORDER BY c.since_ms, c.kit, c.began"
        ):
            held.setdefault(row[1], []).append(Holding(*row))
        found = []
        for told in map(_report, rows):
            at_ms = incident_ms(told)
            found.append(LooseReport(told, tuple(each for each in held.get(told.officer, ()) if each.covers(at_ms))))
        return found

    def _worth_tags(self, now_ms: int, settings: Settings) -> list[PouchTag]:
        given = {
            "docked": now_ms - min(settings.not_docked_days, settings.silent_days) * clock.DAY_MS,
            "battery": settings.battery_percent,
        }
        held = _grouped(
            self._connection.execute(
                f"SELECT w.tag, {_NOW_HELD} FROM ({WORTH_TAGS}) w CROSS JOIN tag_state s ON s.tag = w.tag "
                "CROSS JOIN kit_state k ON k.pouch = s.pouch AND k.status = 'issued' "
                "ORDER BY k.since_ms, k.kit, k.began",
                given,
            )
        )
        columns = ", ".join(f"s.{column}" for column in TagState._fields)
        rows = self._connection.execute(
            f"SELECT {columns}, d.detail, a.heard_at_ms FROM ({WORTH_TAGS}) w CROSS JOIN tag_state s ON s.tag = w.tag "
            "LEFT JOIN docking d ON d.id = s.last_docking LEFT JOIN tag_radio a ON a.tag = s.tag",
            given,
        )
        return [
            PouchTag(state, held.get((state.tag,), ()), detail, heard_at_ms)
            for *first, detail, heard_at_ms in rows
            for state in (TagState(*first),)
        ]

    def _flaws(self, now_ms: int, settings: Settings) -> list[TagFlaw]:
        """All flaws but faults, and the faults of late."""
        since_ms = now_ms - settings.faulty_days * clock.DAY_MS
        where = f"f.kind IN ('{ALTERED}', '{GAP}', '{CLOCK}') OR (f.kind = '{FAULT}' AND f.at_ms >= ?)"
        held = _grouped(
            self._rows(
                f"SELECT f.tag, f.sequence, f.kind, {_HOLDING} FROM log_flaw f CROSS JOIN tag_state s ON s.tag = f.tag "
                "CROSS JOIN custody c ON c.pouch = s.pouch AND c.status = 'issued' AND c.since_ms <= f.at_ms "
                f"AND (c.until_ms IS NULL OR c.until_ms > f.at_ms) WHERE {where} ORDER BY c.since_ms, c.kit, c.began",
                (since_ms,),
            ),
            key=3,
        )
        columns = ", ".join(f"f.{column}" for column in Flaw._fields)
        rows = self._rows(
            f"SELECT {columns}, s.pouch, s.retired_at_ms IS NULL FROM log_flaw f "
            f"CROSS JOIN tag_state s ON s.tag = f.tag WHERE {where}",
            (since_ms,),
        )
        return [
            TagFlaw(flaw, pouch, bool(in_use), held.get((flaw.tag, flaw.sequence, flaw.kind), ()))
            for *first, pouch, in_use in rows
            for flaw in (Flaw(*first),)
        ]

    def _empty_pouches(self) -> list[EmptyPouch]:
        """Of pouches with a tag and no kit, what was in each last, and what became of that."""
        rows = self._rows(
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

    def _untagged_pouches(self) -> list[UntaggedPouch]:
        """Of pouches whose tags are all retired, the last one, and what is in each."""
        where = (
            "t.retired_at_ms IS NOT NULL AND NOT EXISTS "
            "(SELECT 1 FROM tag_state s WHERE s.pouch = t.pouch AND s.retired_at_ms IS NULL)"
        )
        last: dict[str, tuple[Any, ...]] = {}
        for row in self._rows(
            "SELECT t.id, t.pouch, t.retired_at_ms, t.moved_to FROM tag t INDEXED BY tag_retired "
            f"WHERE {where} ORDER BY t.retired_at_ms, t.id"
        ):
            last[row[1]] = row
        held = _grouped(
            self._rows(
                f"SELECT k.pouch, {_NOW_HELD} FROM json_each(?) j CROSS JOIN kit_state k ON k.pouch = j.value "
                "AND k.status IN ('issued', 'in_stock') ORDER BY k.since_ms, k.kit, k.began",
                (json.dumps(list(last)),),
            )
        )
        return [
            UntaggedPouch(tag, pouch, retired_at_ms, moved_to, held.get((pouch,), ()))
            for tag, pouch, retired_at_ms, moved_to in last.values()
        ]

    def _kit_ledgers(self, kits: str) -> list[KitLedger]:
        """The ledgers of the kits that `kits` finds."""
        columns = ", ".join(f"m.{column}" for column in Movement._fields)
        rows = self._rows(
            f"SELECT l.doses_per_kit, {columns} FROM (SELECT k.kit, k.product, k.lot FROM {kits}) w "
            "CROSS JOIN lot l ON l.product = w.product AND l.lot = w.lot CROSS JOIN movement m ON m.kit = w.kit "
            "ORDER BY m.kit, m.at_ms, m.id"
        )
        found = []
        for (kit, doses), group in groupby(rows, key=lambda row: (row[4], row[0])):
            found.append(KitLedger(kit, doses, tuple(ledger.replay((Movement(*row[1:]) for row in group), doses))))
        return found

    def _short_reports(self) -> list[ReportedDoses]:
        """The usage reports of which fewer doses were taken from kits than they tell of."""
        taken: dict[int, list[Taken]] = {}
        for number, *row in self._rows(
            "SELECT m.report, m.id, m.kit, m.doses FROM (SELECT m.report AS report FROM movement m "
            f"CROSS JOIN usage_report r ON r.id = m.report WHERE m.report IS NOT NULL AND m.kind = 'use' AND {_STANDS} "
            "GROUP BY m.report HAVING sum(m.doses) < min(r.doses)) w CROSS JOIN movement m ON m.report = w.report "
            f"WHERE m.kind = 'use' AND {_STANDS} ORDER BY m.id"
        ):
            taken.setdefault(number, []).append(Taken(*row))
        rows = self._rows(
            f"SELECT {_REPORT} FROM json_each(?) j CROSS JOIN usage_report r ON r.id = j.value",
            (json.dumps(list(taken)),),
        )
        return [ReportedDoses(told, tuple(taken[told.id])) for told in map(_report, rows)]

    def _counts(self) -> list[Count]:
        """The differences of the newest stocktake of each place."""
        newest = {each.place: each for each in self._closed_stocktakes()}
        found = []
        for each in newest.values():
            rows = self._rows(
                "SELECT d.stocktake, d.kind, d.kit, d.detail, d.reason, d.at_ms, k.moved_at_ms "
                "FROM stocktake_difference d LEFT JOIN kit_state k ON k.kit = d.kit WHERE d.stocktake = ?",
                (each.id,),
            )
            found += [Count(each, Difference(*row[:-1]), row[-1]) for row in rows]
        return found

    def _closed_stocktakes(self) -> list[Counted]:
        rows = self._rows(
            "SELECT id, place, closed_at_ms FROM stocktake WHERE closed_at_ms IS NOT NULL AND cancelled IS NULL "
            "ORDER BY id"
        )
        return [Counted(*row) for row in rows]

    def _resupplies(self) -> list[Resupply]:
        rows = self._rows(
            f"SELECT {_REPORT}, (SELECT m.at_ms FROM movement m WHERE m.officer = r.officer AND {_STANDS} "
            "ORDER BY m.at_ms DESC LIMIT 1), o.left_on FROM usage_report r JOIN officer o ON o.id = r.officer "
            "WHERE json_extract(r.fields, '$.resupply_needed')"
        )
        return [
            Resupply(_report(row[:8]), row[8], date.fromisoformat(row[9]) if row[9] is not None else None)
            for row in rows
        ]

    # For a picture: the whole history.

    def _recalls(self) -> list[Recall]:
        return [Recall(*row) for row in self._rows(f"SELECT {', '.join(Recall._fields)} FROM recall ORDER BY id")]

    def _differences(self) -> list[Difference]:
        return [
            Difference(*row) for row in self._rows(f"SELECT {', '.join(Difference._fields)} FROM stocktake_difference")
        ]

    def _heard(self) -> dict[str, int]:
        return dict(self._rows("SELECT tag, heard_at_ms FROM tag_radio"))

    def _forgotten(self) -> dict[str, list[tuple[int, int]]]:
        found: dict[str, list[tuple[int, int]]] = {}
        for tag, first, last in self._rows("SELECT tag, first, last FROM forgotten ORDER BY tag, first"):
            found.setdefault(tag, []).append((first, last))
        return found

    # What people did.

    def standings(self, found: Iterable[Discrepancy]) -> list[Live]:
        """Where each of what was found stands. Raises `NotAllowed`."""
        self._demand("stock.read")
        there = list(found)
        return live(there, self._standings(there))

    def note_discrepancies(self, found: Sequence[Discrepancy], at_ms: int) -> dict[str, int]:
        """Notes what was found and is new or has returned, and what is no longer found; returns how many of each.

        Writes nothing if nothing has changed. Raises `NotAllowed`.
        """
        self._demand("discrepancy.note")
        if not changes(found, self._standings(found)):
            return {}
        with self._changing("discrepancy.note") as detail:
            counts: dict[str, int] = {}
            for change in changes(found, self._standings(found)):
                self._add_entry(Entry(0, *change, None, self.login, at_ms))
                counts[change.action] = counts.get(change.action, 0) + 1
            detail |= counts
        return counts

    def judge(self, verb: str, action: str, found: Discrepancy, reason: str, at_ms: int) -> Standing:
        """Notes that somebody acknowledged, resolved or reopened a discrepancy, and where it stands then.

        `verb` is the action of `host.roles`, as in discrepancy.resolve. Raises `RuleError`, `NotAllowed`.
        """
        with self._changing(f"discrepancy.{verb}", found.name) as detail:
            (now,) = live([found], self._standings([found]))
            check(action, found.name, now.status)
            if now.standing is None or now.standing.status == CLEARED:
                self._add_entry(Entry(0, *found.key, found.occurrence, now.status, None, self.login, at_ms))
            detail["reason"] = reason
            return self._add_entry(Entry(0, *found.key, found.occurrence, action, reason, self.login, at_ms))

    def stations_of(self, officers: Iterable[str]) -> dict[str, str]:
        """The home stations of officers, as far as they are known. Raises `NotAllowed`."""
        self._demand("stock.read")
        rows = self._rows(
            "SELECT o.id, o.station FROM json_each(?) j CROSS JOIN officer o ON o.id = j.value "
            "WHERE o.station IS NOT NULL",
            (json.dumps(sorted(set(officers))),),
        )
        return dict(rows)

    def discrepancy_entries(self, kind: str, subject: str) -> list[Entry]:
        """What was done about one discrepancy, oldest first; a tag may go by the pouch it is or was in.

        Raises `NotAllowed`.
        """
        self._demand("stock.read")
        pouch, colon, sequence = subject.rpartition(":")
        rows = self._rows(
            f"SELECT {_ENTRY} FROM discrepancy_entry WHERE kind = ? AND (subject = ? "
            "OR subject IN (SELECT id FROM tag WHERE pouch = ?) "
            "OR subject IN (SELECT id || ? FROM tag WHERE pouch = ?)) ORDER BY id",
            (kind, subject, subject, colon + sequence, pouch),
        )
        return [Entry(*row) for row in rows]

    def recomputed_standings(self) -> tuple[list[Standing], list[Standing]]:
        """Where every discrepancy stands, by the roll-up, and by all entries: the two are the same."""
        self._demand("stock.read")
        entries = [Entry(*row) for row in self._rows(f"SELECT {_ENTRY} FROM discrepancy_entry ORDER BY id")]
        kept = [Standing(*row) for row in self._rows(f"SELECT {_STANDING} FROM discrepancy")]
        return sorted(kept), sorted(standings(entries).values())

    def _add_entry(self, entry: Entry) -> Standing:
        """Adds an entry and keeps the roll-up, within a transaction."""
        self._connection.execute(
            f"INSERT INTO discrepancy_entry ({_ENTRY}) VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)", entry[1:]
        )
        row = self._connection.execute(
            f"INSERT INTO discrepancy ({_STANDING}) VALUES (?, ?, ?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (kind, subject) DO UPDATE SET occurrence = excluded.occurrence, status = excluded.status, "
            "changed_at_ms = excluded.changed_at_ms, login = excluded.login, "
            f"reason = coalesce(excluded.reason, reason) RETURNING {_STANDING}",
            (
                entry.kind,
                entry.subject,
                entry.occurrence,
                entry.action,
                entry.at_ms,
                entry.at_ms,
                entry.login,
                entry.reason,
            ),
        ).fetchone()
        return Standing(*row)

    def _standings(self, found: Iterable[Discrepancy]) -> dict[Key, Standing]:
        """Where everything stands that is not cleared, and what was cleared of `found`."""
        rows = self._rows(f"SELECT {_STANDING} FROM discrepancy WHERE status <> '{CLEARED}'")
        known = {(row[0], row[1]): Standing(*row) for row in rows}
        others = [key for key in ((each.kind, each.subject) for each in found) if key not in known]
        columns = ", ".join(f"d.{column}" for column in Standing._fields)
        for row in self._rows(
            f"SELECT {columns} FROM json_each(?) j CROSS JOIN discrepancy d "
            "ON d.kind = j.value ->> 0 AND d.subject = j.value ->> 1",
            (json.dumps(others),),
        ):
            known[row[0], row[1]] = Standing(*row)
        return known


def _report(row: Sequence[Any]) -> UsageReport:
    return UsageReport._make((*row[:-1], json.loads(row[-1])))


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
