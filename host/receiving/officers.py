"""A CSV file of officers: what it would add and change, and what is wrong with its other lines."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import NamedTuple

from host.errors import InputError, RuleError
from host.ledger import Officer
from host.phrase import NextStep, Phrase
from host.receiving import naming, printed
from host.receiving.printed import DateStyle
from host.receiving.table import BadLine, Row, rows
from host.stock.people import check_trained

REQUIRED = ("officer",)
"""Columns of a file of officers that must be there and filled in."""
OPTIONAL = ("trained", "unit", "station", "role", "left")
"""Columns of a file of officers that may be there; an empty cell changes nothing."""


class Plan(NamedTuple):
    """What a file would do: officers to add, changes to known ones by number, those it leaves as they are."""

    added: list[Officer]
    changed: dict[str, dict[str, date | str]]
    same: list[str]


class LinesRefused(InputError):
    """Lines of a file cannot be taken: `bad` has each. Nothing was written."""

    def __init__(self, bad: Iterable[BadLine]) -> None:
        self.bad = list(bad)
        lines = tuple(Phrase("file.line", line=line, wrong=wrong) for line, wrong in self.bad)
        super().__init__("file.lines_wrong", lines=lines, count=len(self.bad))


def plan(
    data: bytes,
    known: Mapping[str, Officer],
    stations: Collection[str],
    today: date,
    at_ms: int,
    style: DateStyle | None,
) -> Plan:
    """What the officers in a CSV file with the columns `REQUIRED` and `OPTIONAL` change.

    `known` are the officers by number, `stations` the places that are stations; `style` says what comes first in
    dates of numbers; None: what the file itself tells, else it raises `DatesUnclear`. Raises `LinesRefused` with each
    line that is wrong, `InputError` for the file as a whole.
    """
    lines = rows(data, REQUIRED, OPTIONAL)
    if style is None:
        style = printed.style_of((row.cells.get(key, "") for row in lines.good for key in ("trained", "left")), today)
    found = Plan([], {}, [])
    bad = list(lines.bad)
    seen: dict[str, int] = {}
    for row in lines.good:
        try:
            number = naming.number("collar number", row.cells["officer"])
            if (first := seen.setdefault(number.casefold(), row.line)) != row.line:
                raise InputError("officer.twice", officer=number, line=first)
            facts = _facts(row, stations, today, style)
            _put(found, number, known.get(number), facts, today, at_ms)
        except (InputError, RuleError) as wrong:
            bad.append(BadLine(row.line, wrong))
    if bad:
        raise LinesRefused(sorted(bad, key=lambda each: each.line))
    return found


def _put(
    found: Plan, number: str, known: Officer | None, facts: dict[str, date | str], today: date, at_ms: int
) -> None:
    trained_on = facts.get("trained_on")
    if isinstance(trained_on, date):
        check_trained(known, trained_on, today)
    if known is None:
        found.added.append(Officer(number, None, at_ms)._replace(**facts))  # type: ignore[arg-type]
        return
    changes = {key: value for key, value in facts.items() if getattr(known, key) != value}
    if changes:
        found.changed[number] = changes
    else:
        found.same.append(number)


def _facts(row: Row, stations: Collection[str], today: date, style: DateStyle | None) -> dict[str, date | str]:
    """What a line tells of its officer, by the names of `Officer`. Raises `InputError`."""
    facts: dict[str, date | str] = {}
    for column, key in (("trained", "trained_on"), ("left", "left_on")):
        if text := row.cells.get(column):
            facts[key] = printed.day(text, today, style)
    for column in ("unit", "station", "role"):
        if text := row.cells.get(column):
            facts[column] = naming.line(column, text)
    if "station" in facts and facts["station"] not in stations:
        raise InputError("officer.no_station", station=facts["station"], add=NextStep("place.add"))
    return facts
