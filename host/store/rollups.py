"""Roll-ups: what follows from movements and logs, kept so that the usual questions need not go through all of them.

A kit's state and stretches of custody are kept in the transaction of each movement. What follows from a tag's log
is derived anew in the transaction that ends a docking; a transaction before that marks the tag as stale, and
whoever reads first derives it. All of it equals what `recompute` makes of the whole history.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import groupby
from typing import Any, NamedTuple

from host import clock, ledger, openings, taglog
from host.events import Docking, Event, Tag
from host.ledger import Holding, Lot, Movement, State, stretches
from host.openings import LidOpening, Opening
from host.reports import Explanation
from host.store.database import Database
from host.taglog import TagLog
from host.times import Interval

VERSION = 1
"""Of what is derived. One more whenever the same history comes to give other roll-ups."""

SHIFT_MS = 12 * 3_600_000
"""How long after a docking an account that officers share is shown the openings of the pouch."""

TABLES = ("kit_state", "custody", "opening", "log_flaw", "tag_state")
"""The tables that `recompute` fills."""

_TAG = ", ".join(Tag._fields)
_EVENT = ", ".join(Event._fields)
_DOCKING = ", ".join(Docking._fields)
_OPENING = (
    "o.sequence, o.began_earliest_ms, o.began_latest_ms, o.began_likely_ms, o.ended_earliest_ms, o.ended_latest_ms, "
    "o.ended_likely_ms, o.duration_s, o.is_open, o.dose_marks"
)


class Counted(NamedTuple):
    """What an officer said of an opening, as far as the roll-up keeps it."""

    cause: str | None
    reports: int


class Rollups(Database):
    """The part of the store that keeps and reads what is derived."""

    def _bring_up_rollups(self) -> None:
        row = self._row("SELECT version FROM rollup")
        if row == (VERSION,):
            return
        self.rebuild()

    def rebuild(self) -> None:
        """Throws all roll-ups away and makes them again from the history, in one transaction."""
        with self._writing():
            self._rebuild()

    def _rebuild(self) -> None:
        connection = self._connection
        for table in (*TABLES, "stale_tag"):
            connection.execute(f"DELETE FROM {table}")
        for kit, steps, lot in self._ledger_by_kit():
            self._write_kit(kit, steps, lot)
        for tag in self._all_tags():
            self._derive(tag)
        connection.execute("UPDATE rollup SET version = ?", (VERSION,))

    def recompute(self) -> dict[str, list[tuple[Any, ...]]]:
        """What the roll-ups should hold, from the whole history: rows by table, as `rolled_up` gives them."""
        self._demand("stock.read")
        found: dict[str, list[tuple[Any, ...]]] = {table: [] for table in TABLES}
        for kit, steps, lot in self._ledger_by_kit():
            found["kit_state"].append(_state_row(kit, steps, lot))
            found["custody"] += [_custody_row(each) for each in stretches(kit, steps)]
        said = self._said()
        for tag in self._all_tags():
            log = self._tag_log(tag)
            found["opening"] += [
                _opening_row(tag, each, said.get((tag.id, each.sequence), Counted(None, 0))) for each in log.openings
            ]
            found["log_flaw"] += [tuple(each) for each in log.flaws]
            found["tag_state"].append(tuple(log.state))
        return {table: sorted(rows, key=lambda row: tuple(map(repr, row))) for table, rows in found.items()}

    def rolled_up(self) -> dict[str, list[tuple[Any, ...]]]:
        """What the roll-ups hold: rows by table, in a fixed order."""
        self._demand("stock.read")
        self.freshen()
        return {
            table: sorted(self._rows(f"SELECT * FROM {table}"), key=lambda row: tuple(map(repr, row)))
            for table in TABLES
        }

    # Kits.

    def _ledger_by_kit(self) -> Iterator[tuple[str, list[ledger.Step], Lot]]:
        """Each kit with its replayed movements and its lot."""
        lots = {
            kit: Lot(product, lot, date.fromisoformat(day), doses)
            for kit, product, lot, day, doses in self._rows(
                "SELECT k.id, product, lot, expires_on, doses_per_kit FROM kit k JOIN lot USING (product, lot)"
            )
        }
        rows = self._connection.execute(f"SELECT {', '.join(Movement._fields)} FROM movement ORDER BY kit, at_ms, id")
        for kit, group in groupby((Movement(*row) for row in rows), key=lambda each: each.kit):
            yield kit, ledger.replay(group, lots[kit].doses_per_kit), lots[kit]

    def _roll_up_kit(self, kit: str, movements: Sequence[Movement], lot: Lot) -> State:
        """Keeps the roll-ups of a kit to whose movements one was added, and returns its state."""
        steps = ledger.replay(movements, lot.doses_per_kit)
        self._write_kit(kit, steps, lot)
        return steps[-1].state

    def _write_kit(self, kit: str, steps: Sequence[ledger.Step], lot: Lot) -> None:
        self._connection.execute(
            "INSERT OR REPLACE INTO kit_state VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            _state_row(kit, steps, lot),
        )
        self._connection.executemany(
            "INSERT OR REPLACE INTO custody VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [_custody_row(each) for each in stretches(kit, steps)],
        )

    # Tags.

    def _all_tags(self) -> list[Tag]:
        return [Tag(*row) for row in self._rows(f"SELECT {_TAG} FROM tag ORDER BY id")]

    def _tag_log(self, tag: Tag) -> TagLog:
        events = self._rows(f"SELECT {_EVENT} FROM event WHERE tag = ? ORDER BY sequence", (tag.id,))
        dockings = self._rows(f"SELECT {_DOCKING} FROM docking WHERE tag = ? ORDER BY id", (tag.id,))
        forgotten = self._rows("SELECT first, last FROM forgotten WHERE tag = ? ORDER BY first", (tag.id,))
        return taglog.derive(
            tag,
            [Event(*row) for row in events],
            [Docking(*row) for row in dockings],
            [(first, last) for first, last in forgotten],
        )

    def _mark_stale(self, tag: str) -> None:
        """Within a transaction that changed what follows from a tag's log."""
        self._connection.execute("INSERT OR IGNORE INTO stale_tag VALUES (?)", (tag,))

    def freshen(self) -> None:
        """Derives what a docking that was broken off has left stale."""
        if self._row("SELECT 1 FROM stale_tag LIMIT 1"):
            with self._writing():
                for row in self._rows("SELECT tag FROM stale_tag"):
                    self._derive_tag(row[0])

    def _derive_tag(self, tag_id: str) -> None:
        row = self._row(f"SELECT {_TAG} FROM tag WHERE id = ?", (tag_id,))
        assert row is not None
        self._derive(Tag(*row))

    def _derive(self, tag: Tag) -> None:
        """Makes the roll-ups of one tag again, within a transaction."""
        log = self._tag_log(tag)
        said = self._said(tag.id)
        connection = self._connection
        for table in ("opening", "log_flaw", "tag_state"):
            connection.execute(f"DELETE FROM {table} WHERE tag = ?", (tag.id,))
        connection.executemany(
            "INSERT INTO opening VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [_opening_row(tag, each, said.get((tag.id, each.sequence), Counted(None, 0))) for each in log.openings],
        )
        connection.executemany("INSERT INTO log_flaw VALUES (?, ?, ?, ?, ?, ?, ?)", log.flaws)
        connection.execute("INSERT INTO tag_state VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", log.state)
        connection.execute("DELETE FROM stale_tag WHERE tag = ?", (tag.id,))

    def _said(self, tag: str | None = None) -> dict[tuple[str, int], Counted]:
        """The cause last given, and the number of reports, of each opening of which anything was said."""
        where, parameters = ("WHERE tag = ?", (tag,)) if tag else ("WHERE tag IS NOT NULL", ())
        causes = dict[tuple[str, int], str]()
        for tag_id, sequence, cause in self._rows(
            f"SELECT tag, sequence, cause FROM explanation {where} ORDER BY id", parameters
        ):
            causes[tag_id, sequence] = cause
        counts: dict[tuple[str, int], int] = {
            (tag_id, sequence): count
            for tag_id, sequence, count in self._rows(
                f"SELECT tag, sequence, count(*) FROM usage_report {where} GROUP BY tag, sequence", parameters
            )
        }
        return {key: Counted(causes.get(key), counts.get(key, 0)) for key in {*causes, *counts}}

    def _roll_up_said(self, tag: str, sequence: int) -> None:
        """Keeps the roll-up of one opening of which something was said, within a transaction."""
        self._connection.execute(
            "UPDATE opening SET cause = (SELECT cause FROM explanation e "
            "WHERE e.tag = opening.tag AND e.sequence = opening.sequence ORDER BY id DESC LIMIT 1), "
            "reports = (SELECT count(*) FROM usage_report r "
            "WHERE r.tag = opening.tag AND r.sequence = opening.sequence) "
            "WHERE tag = ? AND sequence = ?",
            (tag, sequence),
        )

    # Openings.

    def openings(self, tag: str | None = None, unsettled: bool = False, since_ms: int | None = None) -> list[Opening]:
        """Openings of one tag or of all, oldest first; with `unsettled` only those that lack a cause or a report.

        With `since_ms` only those that most likely began at or after it. An officer's own account is given those of
        pouches that the officer may have carried then; a shared one those of pouches that docked within `SHIFT_MS`.
        """
        self.freshen()
        return self._openings(tag, unsettled, since_ms)

    def _openings(self, tag: str | None = None, unsettled: bool = False, since_ms: int | None = None) -> list[Opening]:
        """As `openings`, of roll-ups that are fresh: one query for each kind of thing, however many openings."""
        conditions, parameters = self._own_openings()
        if tag is not None:
            conditions.append("o.tag = ?")
            parameters.append(tag)
        if unsettled:
            conditions.append("((o.cause IS NULL AND o.reports = 0) OR (o.cause = 'used' AND o.reports = 0))")
        if since_ms is not None:
            conditions.append("o.began_likely_ms >= ?")
            parameters.append(since_ms)
        where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
        given = tuple(parameters)
        tags = ", ".join(f"t.{column}" for column in Tag._fields)
        rows = self._rows(f"SELECT {tags}, {_OPENING} FROM opening o JOIN tag t ON t.id = o.tag {where}", given)
        held = self._held_at_openings(where, given)
        said: dict[tuple[str, int], Explanation] = {}
        for row in self._rows(
            "SELECT e.id, e.tag, e.sequence, e.at_ms, e.officer, e.cause, e.doses FROM opening o "
            "CROSS JOIN explanation e ON o.cause IS NOT NULL AND e.tag = o.tag AND e.sequence = o.sequence "
            f"{where} ORDER BY e.id",
            given,
        ):
            explanation = Explanation(*row)
            said[explanation.tag, explanation.sequence] = explanation
        reports: dict[tuple[str, int], list[int]] = {}
        # The plus keeps SQLite from an index of all openings that were ever reported.
        for tag_id, sequence, number in self._rows(
            "SELECT r.tag, r.sequence, r.id FROM opening o CROSS JOIN usage_report r "
            f"ON +o.reports > 0 AND r.tag = o.tag AND r.sequence = o.sequence {where} ORDER BY r.id",
            given,
        ):
            reports.setdefault((tag_id, sequence), []).append(number)
        width = len(Tag._fields)
        found = []
        for row in rows:
            lid = _lid_opening(row[width:])
            key = (row[0], lid.sequence)
            found.append(
                openings.opening(Tag(*row[:width]), lid, held.get(key, ()), said.get(key), reports.get(key, ()))
            )
        return openings.in_order(found)

    def _held_at_openings(self, where: str, parameters: tuple[Any, ...]) -> dict[tuple[str, int], list[Holding]]:
        """Who had the pouch when each opening `o` may have begun, in order of issue, by tag and sequence."""
        held: dict[tuple[str, int], list[Holding]] = {}
        for tag_id, sequence, *row in self._rows(
            "SELECT o.tag, o.sequence, c.kit, c.officer, c.pouch, c.since_ms, c.until_ms, c.place, c.status, c.began "
            "FROM opening o CROSS JOIN custody c ON c.pouch = o.pouch AND c.status = 'issued' "
            "AND c.since_ms <= o.began_latest_ms AND (c.until_ms IS NULL OR c.until_ms > o.began_earliest_ms) "
            f"{where} ORDER BY c.since_ms, c.kit",
            parameters,
        ):
            held.setdefault((tag_id, sequence), []).append(Holding(*row))
        return held

    def _own_openings(self) -> tuple[list[str], list[Any]]:
        """What makes an opening `o` one that this account may see, as SQL conditions with their parameters."""
        account = self.account
        if not account.only_officer:
            return [], []
        if account.officer is None:
            docked = "o.tag IN (SELECT tag FROM tag_state WHERE docked_at_ms >= ?)"
            return [docked], [clock.now_ms() - SHIFT_MS]
        carried = (
            "o.pouch IN (SELECT pouch FROM custody WHERE officer = ?) AND EXISTS (SELECT 1 FROM custody c "
            "WHERE c.pouch = o.pouch AND c.officer = ? AND c.status = 'issued' "
            "AND c.since_ms <= o.began_latest_ms AND (c.until_ms IS NULL OR c.until_ms > o.began_earliest_ms))"
        )
        return [carried], [account.officer, account.officer]

    def _demand_opening(self, action: str, tag: str, sequence: int) -> None:
        """Raises `NotAllowed` if the account may not see that opening, and so may say nothing of it."""
        conditions, parameters = self._own_openings()
        where = " AND ".join(["o.tag = ?", "o.sequence = ?", *conditions])
        if conditions and not self._row(f"SELECT 1 FROM opening o WHERE {where}", (tag, sequence, *parameters)):
            shared = self.account.officer is None
            why = "dock the pouch first: this account is shared" if shared else "another officer carried the pouch"
            self._refuse(action, f"{tag}:{sequence}", why)


def _state_row(kit: str, steps: Sequence[ledger.Step], lot: Lot) -> tuple[Any, ...]:
    step = ledger.first_impossible(steps)
    impossible = f"movement {step.movement.id}: {step.impossible}" if step else None
    return (kit, *steps[-1].state, lot.product, lot.lot, lot.expires_on.isoformat(), impossible)


def _custody_row(held: Holding) -> tuple[Any, ...]:
    return held.kit, held.began, held.status, held.officer, held.place, held.pouch, held.since_ms, held.until_ms


def _opening_row(tag: Tag, found: LidOpening, said: Counted) -> tuple[Any, ...]:
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


def _lid_opening(row: tuple[Any, ...]) -> LidOpening:
    sequence, *times, duration_s, is_open, dose_marks = row
    ended = Interval(*times[3:]) if times[3] is not None else None
    return LidOpening(sequence, Interval(*times[:3]), ended, duration_s, bool(is_open), dose_marks)
