"""Roll-ups: what follows from movements and logs, kept so that the usual questions need not go through all of them.

A kit's state and stretches of custody are kept in the transaction of each movement. What follows from a tag's log
is derived anew in the transaction that ends a docking; a transaction before that marks the tag as stale, and
the first to read after that derives it. All of it equals what `recompute` makes of the whole history.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import groupby
from typing import Any, NamedTuple

from host import ledger
from host.ledger import Holding, Lot, Movement, State, stretches
from host.store.database import Database
from host.store.doses import DoseRepository, KitInHand
from host.store.layout import ROLLUPS
from host.tag import log as taglog
from host.tag.events import Docking, Event, Tag
from host.tag.log import TagLog
from host.tag.opening import LidOpening
from host.usage.openings import Opening

TABLES = (
    *("kit_state", "custody", "opening", "log_flaw", "tag_state", "to_count", "doses_off", "opening_asks"),
    "temperature",
)
"""The tables that `recompute` fills."""


_TAG = ", ".join(Tag._fields)


_EVENT = ", ".join(Event._fields)


_DOCKING = ", ".join(Docking._fields)


_KIT_STATE = ("kit", *State._fields, "product", "lot", "expires_on", "impossible")


OF_TAG = "o.tag = ?"


_BATCH = 1000
"""Kits whose account is derived at a time."""


class OpeningSaid(NamedTuple):
    """What an officer said of an opening, as far as the roll-up keeps it."""

    cause: str | None
    reports: int


class RollupRepository:
    """Holds what is derived: each kit's state and stretches of custody, and what the logs of tags tell."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._doses = DoseRepository(db)

    def rebuild(self) -> None:
        """Throws all roll-ups away and makes them again from the history, within a transaction."""
        connection = self._db.connection
        for table in (*TABLES, "stale_tag"):
            connection.execute(f"DELETE FROM {table}")
        kits = []
        for kit, steps, lot in self.ledger_by_kit():
            self.write_kit(kit, steps, lot)
            kits.append(kit)
        for tag in self.all_tags():
            self.derive_log(tag)
            self._doses.roll_up_questions(OF_TAG, (tag.id,))
        for start in range(0, len(kits), _BATCH):
            self._doses.roll_up_doses(kits[start : start + _BATCH])
        connection.execute("UPDATE rollup SET version = ?", (ROLLUPS,))

    def ledger_by_kit(self) -> Iterator[tuple[str, list[ledger.Step], Lot]]:
        """Each kit with its replayed movements and its lot."""
        lots = {
            kit: Lot(product, lot, date.fromisoformat(day), doses)
            for kit, product, lot, day, doses in self._db.rows(
                "SELECT k.id, product, lot, expires_on, doses_per_kit FROM kit k JOIN lot USING (product, lot)"
            )
        }
        rows = self._db.connection.execute(f"SELECT {', '.join(Movement._fields)} FROM movement ORDER BY kit, id")
        for kit, group in groupby((Movement(*row) for row in rows), key=lambda each: each.kit):
            yield kit, ledger.replay(group, lots[kit].doses_per_kit), lots[kit]

    def roll_up_kit(self, hand: KitInHand, movement: Movement) -> tuple[KitInHand, list[Opening], list[Opening]]:
        """Keeps the roll-ups of a kit to whose movements one was added.

        Returns the kit as it is now, and the openings of the pouches it was ever in: as they were, and as they are.
        """
        kit, doses_per_kit = hand.kit.id, hand.lot.doses_per_kit
        movements = [*hand.movements, movement]
        pouches = {each.pouch for each in movements if each.pouch is not None}
        were = self._doses.openings_of_pouches(pouches, min(each.at_ms for each in movements))
        steps = ledger.replay(movements, doses_per_kit)
        before, after = (stretches(kit, each, doses_per_kit) for each in (hand.movements, movements))
        self._write_state(kit, steps, hand.lot)
        self._write_custody(before, after)
        are = self._doses.openings_of_pouches(pouches, min(each.at_ms for each in movements)) if were else []
        # A movement of the past, or a correction, changes who had a pouch when it was opened, and with which kit.
        changed = _changed_since(before, after)
        asked = [each for each in are if each.pouch in changed and each.began.latest_ms >= changed[each.pouch]]
        self._doses.keep_questions(asked)
        others = self._doses.kits_of_report(movements) | {other for each in asked for other in each.kits}
        self._doses.roll_up_doses(others - {kit})
        now = self._doses.keep_doses(hand._replace(state=steps[-1].state, movements=movements), are)
        return now, were, are

    def write_kit(self, kit: str, steps: Sequence[ledger.Step], lot: Lot) -> None:
        """Writes the roll-ups of a kit anew, but for its doses."""
        self._write_state(kit, steps, lot)
        self._db.connection.execute("DELETE FROM custody WHERE kit = ?", (kit,))
        self._write_custody([], stretches(kit, [each.movement for each in steps], lot.doses_per_kit))

    def _write_state(self, kit: str, steps: Sequence[ledger.Step], lot: Lot) -> None:
        self._db.connection.execute(
            f"INSERT OR REPLACE INTO kit_state ({', '.join(_KIT_STATE)}) VALUES ({', '.join('?' * len(_KIT_STATE))})",
            state_row(kit, steps, lot),
        )

    def _write_custody(self, before: Iterable[Holding], after: Iterable[Holding]) -> None:
        """Makes the stretches of a kit, which are `before` now, those `after`."""
        known, wanted = {each.began: each for each in before}, {each.began: each for each in after}
        gone = [(each.kit, began) for began, each in known.items() if began not in wanted]
        self._db.connection.executemany("DELETE FROM custody WHERE kit = ? AND began = ?", gone)
        new = [custody_row(each) for began, each in wanted.items() if known.get(began) != each]
        if new:
            values = ", ".join(f"q.value ->> {at}" for at in range(len(new[0])))
            self._db.connection.execute(
                "INSERT OR REPLACE INTO custody (kit, began, status, officer, place, pouch, since_ms, until_ms) "
                f"SELECT {values} FROM json_each(?) q",
                (json.dumps(new),),
            )

    def rows_of(self, table: str) -> list[tuple[Any, ...]]:
        """What one of `TABLES` holds, in no order."""
        return self._db.rows(f"SELECT * FROM {table}")

    def stale_tags(self) -> list[str]:
        """The ids of the tags that changed since what follows from their logs was derived."""
        return [row[0] for row in self._db.rows("SELECT tag FROM stale_tag")]

    def tag_by_id(self, tag_id: str) -> Tag:
        """The tag with that id, which there is."""
        row = self._db.row(f"SELECT {_TAG} FROM tag WHERE id = ?", (tag_id,))
        assert row is not None
        return Tag(*row)

    def all_tags(self) -> list[Tag]:
        """All tags by id, retired or not."""
        return [Tag(*row) for row in self._db.rows(f"SELECT {_TAG} FROM tag ORDER BY id")]

    def tag_log(self, tag: Tag) -> TagLog:
        """What a tag's log tells, from its records, dockings and stops."""
        events = self._db.rows(f"SELECT {_EVENT} FROM event WHERE tag = ? ORDER BY sequence", (tag.id,))
        dockings = self._db.rows(f"SELECT {_DOCKING} FROM docking WHERE tag = ? ORDER BY id", (tag.id,))
        forgotten = self._db.rows("SELECT first, last FROM forgotten WHERE tag = ? ORDER BY first", (tag.id,))
        return taglog.derive(
            tag,
            [Event(*row) for row in events],
            [Docking(*row) for row in dockings],
            [(first, last) for first, last in forgotten],
            [row[0] for row in self._db.rows("SELECT sequence FROM own_stop WHERE tag = ?", (tag.id,))],
        )

    def mark_stale(self, tag: str) -> None:
        """Within a transaction that changed what follows from a tag's log."""
        self._db.connection.execute("INSERT OR IGNORE INTO stale_tag (tag) VALUES (?)", (tag,))

    def mark_docked_stale(self, docking: int) -> None:
        """As `mark_stale`, of the tag of a docking."""
        self._db.connection.execute(
            "INSERT OR IGNORE INTO stale_tag (tag) SELECT tag FROM docking WHERE id = ?", (docking,)
        )

    def derive_log(self, tag: Tag) -> None:
        """Keeps what a tag's log tells in place of what it told before, within a transaction."""
        log = self.tag_log(tag)
        said = self.said(tag.id)
        connection = self._db.connection
        for table in ("opening", "log_flaw", "tag_state", "temperature"):
            connection.execute(f"DELETE FROM {table} WHERE tag = ?", (tag.id,))
        connection.executemany(
            "INSERT INTO opening (tag, sequence, pouch, began_earliest_ms, began_latest_ms, "
            "began_likely_ms, ended_earliest_ms, ended_latest_ms, ended_likely_ms, duration_s, is_open, "
            "dose_marks, cause, reports) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [opening_row(tag, each, said.get((tag.id, each.sequence), OpeningSaid(None, 0))) for each in log.openings],
        )
        connection.executemany(
            "INSERT INTO log_flaw (tag, sequence, kind, docking, at_ms, records, detail) VALUES (?, ?, ?, ?, ?, ?, ?)",
            log.flaws,
        )
        connection.execute(
            "INSERT INTO tag_state (tag, pouch, enrolled_at_ms, retired_at_ms, docked_at_ms, last_docking, "
            "last_outcome, last_started_at_ms, battery_percent) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            log.state,
        )
        connection.executemany(
            "INSERT INTO temperature (tag, sequence, pouch, coldest_c, warmest_c, since, earliest_ms, "
            "latest_ms) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [tuple(each) for each in log.readings],
        )
        connection.execute("DELETE FROM stale_tag WHERE tag = ?", (tag.id,))

    def said(self, tag: str | None = None) -> dict[tuple[str, int], OpeningSaid]:
        """The cause last given, and the number of reports, of each opening of which anything was said."""
        where, parameters = ("WHERE tag = ?", (tag,)) if tag else ("WHERE tag IS NOT NULL", ())
        causes = dict[tuple[str, int], str]()
        for tag_id, sequence, cause in self._db.rows(
            f"SELECT tag, sequence, cause FROM explanation {where} ORDER BY id", parameters
        ):
            causes[tag_id, sequence] = cause
        counts: dict[tuple[str, int], int] = {
            (tag_id, sequence): count
            for tag_id, sequence, count in self._db.rows(
                f"SELECT tag, sequence, count(*) FROM usage_report {where} AND stands <> 'withdrawn' "
                "GROUP BY tag, sequence",
                parameters,
            )
        }
        return {key: OpeningSaid(causes.get(key), counts.get(key, 0)) for key in {*causes, *counts}}

    def roll_up_said(self, tag: str, sequence: int) -> None:
        """Keeps the roll-up of one opening of which something was said, within a transaction."""
        self._db.connection.execute(
            "UPDATE opening SET cause = (SELECT cause FROM explanation e "
            "WHERE e.tag = opening.tag AND e.sequence = opening.sequence ORDER BY id DESC LIMIT 1), "
            "reports = (SELECT count(*) FROM usage_report r "
            "WHERE r.tag = opening.tag AND r.sequence = opening.sequence AND r.stands <> 'withdrawn') "
            "WHERE tag = ? AND sequence = ?",
            (tag, sequence),
        )
        self._doses.roll_up_questions("o.tag = ? AND o.sequence = ?", (tag, sequence))
        row = self._db.row("SELECT pouch FROM opening WHERE tag = ? AND sequence = ?", (tag, sequence))
        self._doses.roll_up_doses(self._doses.kits_in_pouch(row[0]) if row else [])


def _changed_since(before: Iterable[Holding], after: Iterable[Holding]) -> dict[str, int]:
    """From when on the custody of a kit is another than it was, by each pouch that this is about."""
    were = {(each.began, each.pouch, each.officer, each.place, each.status, each.since_ms): each for each in before}
    found: dict[str, int] = {}
    for each in after:
        was = were.pop((each.began, each.pouch, each.officer, each.place, each.status, each.since_ms), None)
        if each.pouch is not None and was != each:
            ends = [end for end in (each.until_ms, was.until_ms if was else None) if end is not None]
            since_ms = each.since_ms if was is None else min(ends)
            found[each.pouch] = min(since_ms, found.get(each.pouch, since_ms))
    for gone in were.values():
        if gone.pouch is not None:
            found[gone.pouch] = min(gone.since_ms, found.get(gone.pouch, gone.since_ms))
    return found


def state_row(kit: str, steps: Sequence[ledger.Step], lot: Lot) -> tuple[Any, ...]:
    step = ledger.first_impossible(steps)
    impossible = f"movement {step.movement.id}: {step.impossible.code}" if step and step.impossible else None
    return (kit, *steps[-1].state, lot.product, lot.lot, lot.expires_on.isoformat(), impossible)


def custody_row(held: Holding) -> tuple[Any, ...]:
    return held.kit, held.began, held.status, held.officer, held.place, held.pouch, held.since_ms, held.until_ms


def opening_row(tag: Tag, found: LidOpening, said: OpeningSaid) -> tuple[Any, ...]:
    ended: Iterable[int | None] = found.ended or (None, None, None)
    return (
        tag.id,
        found.sequence,
        tag.pouch,
        *found.began,
        *ended,
        found.duration_s,
        int(found.is_open),
        found.dose_marks,
        said.cause,
        said.reports,
    )
