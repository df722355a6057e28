"""Openings of pouches in the database, with who had the pouch and what people said about them."""

import json
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from host.ledger import Holding
from host.store.database import Database
from host.tag.events import Tag
from host.tag.opening import LidOpening
from host.tag.times import Interval
from host.usage import openings
from host.usage.openings import Opening
from host.usage.reports import Explanation, Filed, UsageReport

HELD = ", ".join(f"c.{column}" for column in Holding._fields)
"""What `Holding` takes, of a row `c` of custody."""


_OPENING = (
    "o.sequence, o.began_earliest_ms, o.began_latest_ms, o.began_likely_ms, o.ended_earliest_ms, o.ended_latest_ms, "
    "o.ended_likely_ms, o.duration_s, o.is_open, o.dose_marks"
)


REPORT = ", ".join(f"r.{column}" for column in UsageReport._fields)
"""What `usage_report` takes, of a row `r`."""


class Sight(NamedTuple):
    """Which openings somebody is shown who is not shown all: those at which `officer` may have carried the pouch.

    If `officer` is None, those of pouches that docked since `docked_since_ms`, in Unix milliseconds.
    """

    officer: str | None
    docked_since_ms: int


class OpeningRepository:
    """Reads openings: rows that are derived from logs, with the custody, explanations and reports that touch them."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def openings(
        self, tag: str | None = None, unsettled: bool = False, since_ms: int | None = None, sight: Sight | None = None
    ) -> list[Opening]:
        """The openings of one tag or of all, oldest first, of roll-ups that are fresh.

        With `unsettled` only those that lack a cause or a report, with `since_ms` those that most likely began at or
        after it, with a `sight` those that it shows.
        """
        conditions, parameters = _shown(sight)
        if tag is not None:
            conditions.append("o.tag = ?")
            parameters.append(tag)
        if unsettled:
            conditions.append("((o.cause IS NULL AND o.reports = 0) OR (o.cause = 'used' AND o.reports = 0))")
        if since_ms is not None:
            conditions.append("o.began_likely_ms >= ?")
            parameters.append(since_ms)
        return self.openings_where(conditions, parameters)

    def unreported_uses(self) -> list[Opening]:
        """The openings that are explained as a use and of which no report tells, oldest first."""
        return self.openings_where(["o.cause = 'used'", "o.reports = 0"], [])

    def is_known(self, tag: str, sequence: int) -> bool:
        """Whether there is an opening that begins with that record."""
        return self._db.row("SELECT 1 FROM opening WHERE tag = ? AND sequence = ?", (tag, sequence)) is not None

    def is_shown(self, tag: str, sequence: int, sight: Sight) -> bool:
        """Whether there is an opening that begins with that record, and `sight` shows it."""
        conditions, parameters = _shown(sight)
        where = " AND ".join(["o.tag = ?", "o.sequence = ?", *conditions])
        return self._db.row(f"SELECT 1 FROM opening o WHERE {where}", (tag, sequence, *parameters)) is not None

    def openings_where(
        self, conditions: Sequence[str], parameters: Sequence[Any], among: Collection[tuple[str, int]] | None = None
    ) -> list[Opening]:
        """The openings `o` for which all conditions hold, no matter who asks; the roll-ups must be fresh.

        With `among` only of these, by tag and sequence. One query for each kind of thing, however many openings.
        """
        source = "opening o"
        given = tuple(parameters)
        if among is not None:
            source = "json_each(?) q CROSS JOIN opening o ON o.tag = q.value ->> 0 AND o.sequence = q.value ->> 1"
            given = (json.dumps(list(among)), *given)
        where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
        tags = ", ".join(f"t.{column}" for column in Tag._fields)
        rows = self._db.rows(f"SELECT {tags}, {_OPENING} FROM {source} JOIN tag t ON t.id = o.tag {where}", given)
        if not rows:
            return []
        held: dict[tuple[str, int], list[Holding]] = {}
        for tag_id, sequence, *stretch in self._db.rows(
            f"SELECT o.tag, o.sequence, {HELD} FROM {source} "
            "CROSS JOIN custody c ON c.pouch = o.pouch AND c.status IN ('issued', 'in_stock') "
            "AND c.since_ms <= o.began_latest_ms AND (c.until_ms IS NULL OR c.until_ms > o.began_earliest_ms) "
            f"{where}",
            given,
        ):
            held.setdefault((tag_id, sequence), []).append(Holding(*stretch))
        for of_opening in held.values():
            of_opening.sort(key=lambda each: (each.since_ms, each.kit, each.began))
        said: dict[tuple[str, int], Explanation] = {}
        for each in self._db.rows(
            f"SELECT {', '.join(f'e.{column}' for column in Explanation._fields)} FROM {source} "
            f"CROSS JOIN explanation e ON o.cause IS NOT NULL AND e.tag = o.tag AND e.sequence = o.sequence {where}",
            given,
        ):
            explanation = Explanation(*each)
            key = (explanation.tag, explanation.sequence)
            said[key] = max(explanation, said.get(key, explanation))
        reports: dict[tuple[str, int], list[Filed]] = {}
        # The plus keeps SQLite from an index of all openings that were ever reported.
        for tag_id, sequence, *filed in self._db.rows(
            f"SELECT r.tag, r.sequence, {', '.join(f'r.{column}' for column in Filed._fields)} FROM {source} "
            f"CROSS JOIN usage_report r ON +o.reports > 0 AND r.tag = o.tag AND r.sequence = o.sequence {where}",
            given,
        ):
            reports.setdefault((tag_id, sequence), []).append(Filed(*filed))
        width = len(Tag._fields)
        found = []
        for row in rows:
            lid = _lid_opening(row[width:])
            key = (row[0], lid.sequence)
            found.append(
                openings.opening(Tag(*row[:width]), lid, held.get(key, ()), said.get(key), sorted(reports.get(key, ())))
            )
        return openings.in_order(found)


def _shown(sight: Sight | None) -> tuple[list[str], list[Any]]:
    """What makes an opening `o` one that is shown, as SQL conditions with their parameters."""
    if sight is None:
        return [], []
    if sight.officer is None:
        return ["o.tag IN (SELECT tag FROM tag_state WHERE docked_at_ms >= ?)"], [sight.docked_since_ms]
    carried = (
        "o.pouch IN (SELECT pouch FROM custody WHERE officer = ?) AND EXISTS (SELECT 1 FROM custody c "
        "WHERE c.pouch = o.pouch AND c.officer = ? AND c.status = 'issued' "
        "AND c.since_ms <= o.began_latest_ms AND (c.until_ms IS NULL OR c.until_ms > o.began_earliest_ms))"
    )
    return [carried], [sight.officer, sight.officer]


def usage_report(row: Sequence[Any]) -> UsageReport:
    """A report from its row, as `REPORT` selects it."""
    found = UsageReport._make(row)
    return found._replace(fields=json.loads(row[UsageReport._fields.index("fields")]))


def _lid_opening(row: tuple[Any, ...]) -> LidOpening:
    sequence, *times, duration_s, is_open, dose_marks = row
    ended = Interval(*times[3:]) if times[3] is not None else None
    return LidOpening(sequence, Interval(*times[:3]), ended, duration_s, bool(is_open), dose_marks)
