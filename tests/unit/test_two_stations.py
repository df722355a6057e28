"""Two stations hold the keys of one tag: one of them was restored from the other's backup, or from its own."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from host.access.vault import key_path
from host.phrase import NextStep, Phrase
from host.tag.events import ELSEWHERE, VERIFIED
from kitwire import record
from tests.force import DAY, T0, carried_pouch
from tests.station import Store
from tests.unit.test_docking import NOW_MS, Bench
from tests.unit.test_reconcile import one


class Stations:
    """Two stations, the second from a backup of the first, and a tag that both know."""

    def __init__(self, folder: Path, sectors: int) -> None:
        self.first = Store.create(folder / "first.db", "North", "Europe/London", False, NOW_MS)
        self.bench = Bench(self.first, sectors)
        self.bench.tag.happen(record.BOOT)
        assert self.bench.dock().error is None
        self.first.back_up(folder / "second.db")
        shutil.copy(key_path(folder / "first.db"), key_path(folder / "second.db"))
        self.second = Store.open(folder / "second.db")

    def opened(self, times: int) -> None:
        for _ in range(times):
            self.bench.tag.happen(record.LID_OPEN)
            self.bench.tag.happen(record.LID_CLOSE)

    def docks_at(self, store: Store) -> list[Phrase]:
        """Docks the tag an hour later; what is said of what it lacks."""
        self.bench.store = store
        self.bench.steps.clear()
        self.bench.now_ms += 3_600_000
        assert self.bench.dock().error is None
        return [step.said for step in self.bench.steps if step.stage == "refused"]

    def sequences(self, store: Store) -> list[int]:
        return [each.sequence for each in store.events(self.bench.tag.id) if each.verdict == VERIFIED]

    def close(self) -> None:
        self.first.close()
        self.second.close()


def test_each_of_two_stations_has_every_record_once_while_the_tag_holds_them(tmp_path: Path) -> None:
    of = Stations(tmp_path, sectors=32)
    for _ in range(3):
        for store in (of.first, of.second):
            of.opened(5)
            assert of.docks_at(store) == []
    of.docks_at(of.first)
    everything = list(range(1, of.bench.tag.log.last + 1))
    assert of.sequences(of.first) == everything
    of.docks_at(of.second)
    assert of.sequences(of.second)[: len(everything)] == everything
    of.close()


def test_what_the_tag_gave_to_the_other_station_and_has_dropped_is_said_with_the_reason(tmp_path: Path) -> None:
    of = Stations(tmp_path, sectors=4)
    for _ in range(6):
        of.opened(40)
        assert of.docks_at(of.first) == [], "the first has everything"
    lacks = of.docks_at(of.second)
    had, got = 2, of.sequences(of.second)
    after = next(each for each in got if each > had)
    assert lacks == [Phrase("docking.gap_elsewhere", first=had + 1, last=after - 1)]
    assert of.second.dockings(of.bench.tag.id)[-1].detail == ELSEWHERE
    assert of.sequences(of.first)[: of.bench.tag.log.last - 1] == list(range(1, of.bench.tag.log.last))
    of.opened(1)
    assert of.docks_at(of.second) == [], "said once"
    of.close()


def test_what_a_tag_has_dropped_that_no_station_got_is_said_without_that_reason(tmp_path: Path) -> None:
    of = Stations(tmp_path, sectors=4)
    of.opened(200)
    (said,) = of.docks_at(of.first)
    assert (said.code, said.fields["first"], said.fields["see"]) == ("docking.gap", 3, NextStep("reconcile.list"))
    assert of.first.dockings(of.bench.tag.id)[-1].detail is None
    of.close()


@pytest.mark.parametrize("detail", [None, ELSEWHERE])
def test_the_question_about_a_gap_names_the_other_station(detail: str | None) -> None:
    force, tag = carried_pouch()
    force.docking(tag, DAY, detail=detail, ends_at=record.LEAST_KEPT + 5)
    force.log(tag, ("heartbeat", 0), first=4)
    found = one(force, "sequence_gap", T0 + 2 * DAY)
    why = "gap_elsewhere" if detail else "sequence_gap"
    assert (found.evidence.code, found.next_step.code) == (f"found.{why}", f"next.{why}")
