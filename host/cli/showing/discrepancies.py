"""What does not agree, as tables: for people what to ask next, for programs all that is known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from host import clock, service
from host.cli.render import Cell, Row, Table, time_of
from host.cli.steps import line, told
from host.phrase import NextStep, Phrase
from host.reconcile import SEVERITIES
from host.reconcile.lifecycle import ACKNOWLEDGED, REOPENED, RESOLVED
from host.words import heading

if TYPE_CHECKING:
    from host.reconcile.lifecycle import Live


def disagreements_table(found: service.Disagreements, zone: str) -> Table:
    """What does not agree, as `kitdock reconcile` lists it."""
    empty = line("none.disagreements")
    if found.narrowed or found.hidden:
        empty = line("none.disagreements_so", all=NextStep("discrepancy.list"))
    return Table(
        [row_of(each, zone) for each in found.shown],
        COLUMNS,
        empty,
        details=DETAILS,
        note=_summary(found.shown, found.hidden),
        title=line("title.reconciliation"),
    )


def row_of(each: Live, zone: str) -> Row:
    """A discrepancy for programs."""
    found = each.found
    return {
        "kind": found.kind,
        "severity": found.severity,
        "kit": found.kit,
        "pouch": found.pouch,
        "officer": found.officer,
        "since": clock.iso(found.since_ms, zone),
        "evidence": told(found.evidence),
        "next_step": told(found.next_step),
        "place": found.place,
        "name": found.name,
        "called": each.called,
        "title": told(found.title),
        "status": each.status,
        "said": status(each),
        "facts": list(found.facts),
    }


def status(each: Live) -> str:
    """The status for people, with who gave which reason."""
    known, now = each.standing, state(each.status)
    if known is None or known.reason is None:
        return now
    if each.status == REOPENED and known.status != REOPENED:
        before = state(known.status)
        return line("cell.judged_before", status=now, before=before, login=known.login, reason=known.reason)
    if each.status in (ACKNOWLEDGED, RESOLVED):
        return line("cell.judged", status=now, login=known.login, reason=known.reason)
    return line("cell.judged_last", status=now, reason=known.reason)


def state(status: str) -> str:
    """What is to be known of a discrepancy of that status, in a word."""
    return heading(f"state.{status}")


def _summary(shown: Iterable[Live], hidden: int) -> str:
    by_severity = Counter(each.found.severity for each in shown)
    counts = [
        Phrase("cell.of_severity", count=by_severity[each], severity=heading(f"severity.{each}"))
        for each in SEVERITIES
        if by_severity[each]
    ]
    known = sum(each.status == ACKNOWLEDGED for each in shown)
    return line("note.disagreements", questions=by_severity.total(), counts=tuple(counts), known=known, hidden=hidden)


def severity(row: Row) -> str:
    """How much it weighs, in a word."""
    return heading(f"severity.{row['severity']}")


COLUMNS: Mapping[str, Cell] = {
    "severity": severity,
    "what_is_wrong": lambda row: heading(f"kind.{row['kind']}"),
    "pouch": "pouch",
    "kit": "kit",
    "with": lambda row: row["officer"] or row["place"],
    "since": time_of("since"),
}
"""How people see the rows of `row_of`, with `DETAILS` below each."""

DETAILS: Sequence[Cell] = (
    "title",
    "evidence",
    lambda row: line("cell.next", step=row["next_step"]),
    lambda row: line("cell.named", said=row["said"], show=NextStep("discrepancy.show", discrepancy=row["called"])),
)
