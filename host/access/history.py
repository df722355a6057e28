"""The tables that follow from the journal: the key of each, and which columns refer to a row of another by number.

All else is derived (the roll-ups) or the working state of this computer: what a dock tells of itself, adverts heard,
drafts, reasons of a stocktake that is under way.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

FACT, NAME, STATION = "fact", "name", "station"
"""What tells the rows of a table apart where several stations meet: the fact that put each, their key, which is the
same for all stations, or their key at one station, whose own they are."""


class History(NamedTuple):
    """A table: the columns of its key, and the table that a column refers to by number.

    `person`: its key is the number of a person, and goes with that person. `by`: what tells its rows apart everywhere.
    """

    key: tuple[str, ...]
    refers: Mapping[str, str] = {}
    person: bool = False
    by: str = FACT


EVENTS = "event"
"""Records of tags are many, and never change: the journal has them by the run, see `host.access.journal`."""

HISTORY: dict[str, History] = {
    "station": History(("id",), by=STATION),
    "place": History(("id",), by=NAME),
    "officer": History(("id",), person=True, by=NAME),
    "product": History(("name",), by=NAME),
    "product_gtin": History(("gtin",), by=NAME),
    "lot": History(("product", "lot"), by=NAME),
    "kit": History(("id",), by=NAME),
    "tag": History(("id",), by=NAME),
    "docking": History(("id",)),
    "own_stop": History(("tag", "sequence"), by=STATION),
    "forgotten": History(("tag", "first"), by=STATION),
    "account": History(("login", "role"), by=STATION),
    "setting": History(("key",), by=STATION),
    "explanation": History(("id",)),
    "usage_report": History(("id",), {"same_as": "usage_report"}),
    "report_note": History(("id",), {"report": "usage_report", "other": "usage_report"}),
    "docked_by": History(("id",), {"docking": "docking"}),
    "movement": History(("id",), {"corrects": "movement", "report": "usage_report"}),
    "recall": History(("id",)),
    "stocktake": History(("id",)),
    "stocktake_scan": History(("id",), {"stocktake": "stocktake", "undoes": "stocktake_scan"}),
    "stocktake_difference": History(("stocktake", "kind", "kit"), {"stocktake": "stocktake"}, by=STATION),
    "expiry_note": History(("id",)),
    "digest_read": History(("id",)),
    "discrepancy_entry": History(("id",)),
}
"""In an order in which a row comes after those it refers to."""


def about(table: str, key: Sequence[Any]) -> str:
    """How the facts of a row are found in this database: its table and its key here."""
    return f"{table}:{key[0]}" if len(key) == 1 else f"{table}:{json.dumps(list(key), ensure_ascii=False)}"


def about_row(table: str, row: Mapping[str, Any]) -> str:
    """As `about`, of a row by its columns."""
    return about(table, [row[each] for each in HISTORY[table].key])


def number_in(found: str) -> int:
    """The number of the row that `about` names, of a table whose rows have numbers."""
    return int(found.rpartition(":")[2])
