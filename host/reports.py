"""What officers say of an opening: explanations and usage reports, as plain values."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

USED = "used"
"""Naloxone was given to a person."""

CAUSES = {
    USED: "used on a person",
    "training": "training",
    "inspection": "inspection",
    "restocking": "restocking",
    "accidental": "opened by accident",
}
"""Why a pouch was opened, and the words for people."""


class Explanation(NamedTuple):
    """What `officer` said of the opening that begins with record `sequence` of `tag`; `doses` if used."""

    id: int
    tag: str
    sequence: int
    at_ms: int
    officer: str
    cause: str
    doses: int | None


class UsageReport(NamedTuple):
    """A filed form without its protected fields; `tag` and `sequence` name the opening, if there was one.

    `fields` are the open answers by the form's keys.
    """

    id: int
    form: str
    filed_at_ms: int
    officer: str
    tag: str | None
    sequence: int | None
    doses: int
    fields: dict[str, object]


def incident_ms(report: UsageReport) -> int:
    """When the incident was, in Unix milliseconds; the time of filing if the form does not ask for it."""
    text = report.fields.get("incident_at")
    return round(datetime.fromisoformat(text).timestamp() * 1000) if isinstance(text, str) else report.filed_at_ms


def latest(explanations: Iterable[Explanation]) -> dict[tuple[str, int], Explanation]:
    """The explanation that counts for each opening (tag, sequence): the last one given."""
    return {(each.tag, each.sequence): each for each in sorted(explanations, key=lambda each: each.id)}
