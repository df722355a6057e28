"""A tag that tells of a time that can't be: its record is kept, dated by its place, and held against nobody."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host.tag.claims import impossible
from host.tag.events import VERIFIED, Event
from host.usage.whole import openings
from tests.force import DAY, HOUR, T0, Force, carried_pouch
from tests.unit.test_reconcile import one

YEAR = 365 * DAY
NEVER = {"a day ahead": 4 * DAY, "in 2100": 74 * YEAR, "in 2160": 134 * YEAR, "at the start": 5_000}
"""Uptimes that a record between 2 days and 60 hours can't have, docked after 3 days."""


def pouch_in(hands: str) -> tuple[Force, str]:
    """A pouch in which there is a kit, or was none until after the docking, or in which kits were swapped at 55 h."""
    if hands == "nobody's":
        force = Force()
        force.kit("K1")
        return force, force.tag("P1")
    force, tag = carried_pouch()
    if hands == "swapped":
        force.give_back("K1", 55 * HOUR)
        force.officer("1300")
        force.kit("K2")
        force.issue("K2", "1300", "P1", 55 * HOUR)
    return force, tag


WHOSE = {"nobody's": ((), ()), "carried": (("1207",), ("K1",)), "swapped": (("1207", "1300"), ("K1", "K2"))}


@pytest.mark.parametrize("hands", WHOSE)
@pytest.mark.parametrize("at", NEVER.values(), ids=list(NEVER))
def test_an_opening_at_a_time_that_cannot_be_lies_between_its_neighbours(at: int, hands: str) -> None:
    force, tag = pouch_in(hands)
    force.docking(tag, 3 * DAY)
    edges = (("lid_open", HOUR), ("lid_close", HOUR + 60_000))
    force.log(tag, *edges, ("dock", 2 * DAY), ("lid_open", at), ("lid_close", 60 * HOUR), ("lid_open", 61 * HOUR))
    first, doubted, last = openings(force.picture)
    assert T0 + 47 * HOUR <= doubted.began.earliest_ms <= T0 + 2 * DAY
    assert T0 + 60 * HOUR <= doubted.began.latest_ms <= T0 + 3 * DAY
    assert doubted.duration_s is None
    assert (doubted.officers, doubted.kits) == WHOSE[hands], "all who may have had it, so none of them is blamed"
    assert (first.duration_s, abs(first.began.likely_ms - T0 - HOUR) < HOUR // 10) == (60, True)
    assert abs(last.began.likely_ms - T0 - 61 * HOUR) < HOUR // 2, "no other record is moved"
    faulty = one(force, "tag_faulty", T0 + 3 * DAY)
    assert (faulty.pouch, faulty.evidence.fields["errors"]) == ("P1", 1)


@pytest.mark.parametrize("behind", [2 * DAY, 56 * YEAR])
def test_a_clock_that_was_behind_at_the_docking_makes_nothing_more_exact_than_it_is(behind: int) -> None:
    force, tag = carried_pouch()
    force.docking(tag, DAY)
    force.log(tag, ("heartbeat", DAY - HOUR))
    force.docking(tag, 3 * DAY, wrong=-behind)
    began_ms = T0 + 3 * DAY - behind
    force.dockings[-1] = force.dockings[-1]._replace(started_at_ms=began_ms, finished_at_ms=began_ms + 1000)
    force.log(tag, ("lid_open", 9 * DAY), ("lid_close", 60 * HOUR), first=2, docking=2)
    for later in (4, 5):
        force.docking(tag, later * DAY)
    doubted = openings(force.picture)[0]
    assert T0 + 22 * HOUR <= doubted.began.earliest_ms <= T0 + DAY
    assert T0 + 60 * HOUR <= doubted.began.latest_ms <= T0 + 61 * HOUR


@given(st.lists(st.integers(0, 20), max_size=12))
def test_as_few_records_are_doubted_as_possible(uptimes: list[int]) -> None:
    events = [
        Event("00" * 8, 1, sequence, VERIFIED, "heartbeat", 0, 3900, 1, uptime_s, 0, 0)
        for sequence, uptime_s in enumerate(uptimes, 1)
    ]
    doubted = impossible(events, [])
    kept = [each.uptime_s for each in events if each.sequence not in doubted]
    assert kept == sorted(uptime for uptime in kept if uptime is not None)
    longest: list[int] = []
    for place, uptime_s in enumerate(uptimes):
        before = [length for length, other in zip(longest, uptimes[:place], strict=True) if other <= uptime_s]
        longest.append(1 + max(before, default=0))
    assert len(kept) == max(longest, default=0)
