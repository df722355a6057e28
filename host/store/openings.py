"""Openings of pouches in the database, with who had the pouch and what was said of them."""

import json
from collections.abc import Collection, Sequence
from typing import Any

from host import clock
from host.ledger import Holding
from host.phrase import Phrase
from host.store.database import Database
from host.tag.events import Tag
from host.tag.times import Interval
from host.usage import openings
from host.usage.openings import LidOpening, Opening
from host.usage.reports import Explanation, Filed, UsageReport

SHIFT_MS = 12 * 3_600_000
"""How long after a docking an account that officers share is shown the openings of the pouch."""


HELD = ", ".join(f"c.{column}" for column in Holding._fields)
"""What `Holding` takes, of a row `c` of custody."""


_OPENING = (
    "o.sequence, o.began_earliest_ms, o.began_latest_ms, o.began_likely_ms, o.ended_earliest_ms, o.ended_latest_ms, "
    "o.ended_likely_ms, o.duration_s, o.is_open, o.dose_marks"
)


REPORT = ", ".join(f"r.{column}" for column in UsageReport._fields)
"""What `usage_report` takes, of a row `r`."""


class OpeningRepository:
    """The part of the store that reads openings."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def openings_where(
        self, conditions: Sequence[str], parameters: Sequence[Any], among: Collection[tuple[str, int]] | None = None
    ) -> list[Opening]:
        """The openings `o` for which all conditions hold, whoever asks: of roll-ups that are fresh.

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

    def own_openings(self, action: str | None = None) -> tuple[list[str], list[Any]]:
        """What makes an opening `o` one that this account may see, as SQL conditions with their parameters.

        With an `action`, one about which it may do that.
        """
        account = self._db.account
        if not (account.only_officer if action is None else account.bound(action)):
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

    def demand_opening(self, action: str, tag: str, sequence: int) -> None:
        """Raises `NotAllowed` if the account may not see that opening, and so may say nothing of it."""
        conditions, parameters = self.own_openings(action)
        where = " AND ".join(["o.tag = ?", "o.sequence = ?", *conditions])
        if conditions and not self._db.row(f"SELECT 1 FROM opening o WHERE {where}", (tag, sequence, *parameters)):
            shared = self._db.account.officer is None
            why = Phrase("access.dock_first" if shared else "access.pouch_of_another")
            self._db.refuse(action, f"{tag}:{sequence}", why)


def usage_report(row: Sequence[Any]) -> UsageReport:
    """A report from its row, as `REPORT` selects it."""
    found = UsageReport._make(row)
    return found._replace(fields=json.loads(row[UsageReport._fields.index("fields")]))


def _lid_opening(row: tuple[Any, ...]) -> LidOpening:
    sequence, *times, duration_s, is_open, dose_marks = row
    ended = Interval(*times[3:]) if times[3] is not None else None
    return LidOpening(sequence, Interval(*times[:3]), ended, duration_s, bool(is_open), dose_marks)
