"""Where two databases say different things, both sides are there, whichever came first; nothing is settled silently."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from random import Random
from unittest import mock

import pytest

from host import clock
from host.access.journal import Fact, JournalEntry, chained, digest, text_of
from host.access.vault import TagKeys, key_path
from host.ledger import Movement
from host.ledger.movement import CORRECT, ISSUE, RETURN
from host.merging import IssuedTwice, Merged, arrived, joined, merged
from host.service.restoring import proven
from host.store.stock import Incoming
from tests.station import Store
from tests.unit.merging.stations import WHO, Journal, at_once_or_not, chain, journal_of, new, pieces
from tests.unit.test_migrations import make
from tests.unit.test_rollups import DAY, T0


class Desk:
    """A station whose clock tests set."""

    def __init__(self, folder: Path) -> None:
        self.store = new(folder)
        self.uuid = self.store.station.uuid

    @contextmanager
    def day(self, number: int) -> Iterator[int]:
        with mock.patch.object(clock, "now_ms", lambda: T0 + number * DAY):
            yield T0 + number * DAY

    def receive(self, day: int, kit: str, product: str = "Two") -> None:
        with self.day(day) as now:
            self.store.receive([Incoming(kit, product, "L1", date(2030, 1, 31), 2 if product == "Two" else 1)], now)

    def officer(self, day: int, number: str, unit: str | None = None) -> None:
        with self.day(day) as now:
            self.store.add_officer(number, date(2026, 1, 1), now)
            if unit:
                self.store.change_officer(number, unit=unit)

    def move(self, day: int, kind: str, kit: str, **columns: object) -> None:
        with self.day(day) as now:
            self.store.move(Movement(0, now, kind, kit, **columns))  # type: ignore[arg-type]

    def leave(self, day: int, officer: str) -> None:
        """The officer left, and the number is destroyed."""
        with self.day(day):
            self.store.change_officer(officer, left_on=date(2026, 7, 1))
            self.store.set_setting("retain_leavers_days", "30")
            assert [each.rows for each in self.store.retain() if each.kind == "leavers"] == [1]

    @property
    def journal(self) -> Journal:
        return journal_of(self.store)


@pytest.fixture
def north(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path / "north")
    yield desk
    desk.store.close()


@pytest.fixture
def south(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path / "south")
    yield desk
    desk.store.close()


def together(*journals: Journal) -> Merged:
    """What follows from the journals, in whatever order and pieces they come."""
    due = joined(*(each.whole for each in journals))
    random = Random(1)
    for _ in range(10):
        replica = at_once_or_not(random, pieces(random, journals))
        assert (replica, merged(replica)) == (due, merged(due))
    return merged(due)


def sides(question: IssuedTwice) -> list[tuple[str, str | None, str | None, int]]:
    return [(each.station, each.movement.officer, each.movement.place, each.movement.at_ms) for each in question.sides]


def stock(desk: Desk, officer: str) -> None:
    desk.officer(1, officer)
    desk.receive(1, "K-1")


def test_a_kit_that_two_stations_issued_is_one_question_with_both_sides(north: Desk, south: Desk) -> None:
    stock(north, "4101")
    stock(south, "4202")
    north.move(5, ISSUE, "K-1", officer="4101")
    south.move(3, ISSUE, "K-1", officer="4202")
    history = together(north.journal, south.journal)
    (question,) = history.issued_twice
    assert question.kit == "K-1"
    assert sides(question) == [
        (south.uuid, "4202", None, T0 + 3 * DAY),
        (north.uuid, "4101", None, T0 + 5 * DAY),
    ]
    for side in question.sides:
        row = history.tables["movement"][(side.identity,)]
        assert (row.columns["officer"], row.columns["kind"]) == (side.movement.officer, ISSUE)
    assert history.kits["K-1"].steps[-1].state.officer == "4101", "what is recorded last is taken as true"


def test_the_other_stations_receipt_between_is_no_return(north: Desk, south: Desk) -> None:
    """By the ledger alone the second issue is possible: the kit was received since."""
    stock(north, "4101")
    south.officer(1, "4202")
    north.move(2, ISSUE, "K-1", officer="4101")
    south.receive(3, "K-1")
    south.move(4, ISSUE, "K-1", officer="4202")
    history = together(north.journal, south.journal)
    assert len(history.issued_twice) == 1
    assert history.kits["K-1"].steps[-1].impossible is None


def test_a_return_at_the_first_is_a_return_though_the_other_had_the_kit_in_stock(north: Desk, south: Desk) -> None:
    stock(north, "4101")
    south.officer(1, "4202")
    north.move(2, ISSUE, "K-1", officer="4101")
    south.receive(3, "K-1")
    north.move(4, RETURN, "K-1", place="North")
    south.move(5, ISSUE, "K-1", officer="4202")
    assert together(north.journal, south.journal).issued_twice == ()


@pytest.mark.parametrize("ended", [RETURN, CORRECT])
def test_a_kit_that_came_back_before_the_other_issued_it_is_no_question(north: Desk, south: Desk, ended: str) -> None:
    stock(north, "4101")
    stock(south, "4202")
    north.move(2, ISSUE, "K-1", officer="4101")
    if ended == RETURN:
        north.move(3, RETURN, "K-1", place="North")
    else:
        with north.day(3) as now:
            issue = north.store.movements()[-1].id
            north.store.move(Movement(0, now, CORRECT, "K-1", corrects=issue, reason="a slip"))
    south.move(4, ISSUE, "K-1", officer="4202")
    assert together(north.journal, south.journal).issued_twice == ()


def test_what_the_second_issued_and_lost_does_not_end_what_the_first_issued(north: Desk, south: Desk) -> None:
    """A loss from its own stock tells nothing of a kit that it does not know to be out."""
    stock(north, "4101")
    stock(south, "4202")
    north.move(2, ISSUE, "K-1", officer="4101")
    south.move(3, "lose", "K-1", reason="so")
    south.move(4, "find", "K-1", place="North")
    south.move(4, "count", "K-1", doses=2)
    south.move(5, ISSUE, "K-1", officer="4202")
    assert len(together(north.journal, south.journal).issued_twice) == 1


def test_a_station_that_knows_of_the_others_issue_takes_it_back() -> None:
    """As a station will that has the other's history: it returns what it never received, and issues it anew."""
    lot = {"product": "Two", "lot": "L1", "expires_on": "2030-01-31", "doses_per_kit": 2}
    first = [
        text_of(["put", "lot", lot]),
        text_of(["put", "kit", {"id": "K-1", "product": "Two", "lot": "L1"}]),
        moved(1, "receive", place="North"),
        moved(2, ISSUE, officer="4101"),
    ]
    second = [moved(3, RETURN, place="North"), moved(4, ISSUE, officer="4202")]
    history = together(Journal("S", tuple(chain(first))), Journal("T", tuple(chain(second, station="T"))))
    assert [each.movement.officer for each in history.kits["K-1"].steps] == [None, "4101", None, "4202"]
    assert history.issued_twice == ()
    history = together(Journal("S", tuple(chain(first))), Journal("T", tuple(chain(second[1:], station="T"))))
    assert len(history.issued_twice) == 1


def moved(at: int, kind: str, **columns: str) -> str:
    row = {"id": at, "kit": "K-1", "kind": kind, "at_ms": at, "recorded_at_ms": at, "login": "keeper"}
    return text_of(["put", "movement", row | columns])


def test_a_dose_from_a_kit_that_the_other_received_meanwhile_ends_no_issue(north: Desk, south: Desk) -> None:
    """By the ledger of both the kit is in stock then, but the one that issued it knows it to be out."""
    stock(north, "4101")
    south.officer(1, "4202")
    north.move(2, ISSUE, "K-1", officer="4101")
    south.receive(3, "K-1")
    north.move(4, "use", "K-1", doses=1)
    south.move(5, ISSUE, "K-1", officer="4202")
    assert len(together(north.journal, south.journal).issued_twice) == 1


def test_three_stations_give_a_question_for_each_two(north: Desk, south: Desk, tmp_path: Path) -> None:
    east = Desk(tmp_path / "east")
    for day, desk in enumerate((north, south, east), 2):
        stock(desk, "4101")
        desk.move(day, ISSUE, "K-1", officer="4101")
    history = together(north.journal, south.journal, east.journal)
    assert [[each.station for each in question.sides] for question in history.issued_twice] == [
        [north.uuid, south.uuid],
        *sorted([[north.uuid, east.uuid], [south.uuid, east.uuid]]),
    ]
    east.store.close()


def test_a_clock_that_is_set_back_changes_nothing_in_the_order_of_a_station(north: Desk) -> None:
    stock(north, "4101")
    north.move(9, ISSUE, "K-1", officer="4101")
    with mock.patch.object(clock, "now_ms", lambda: T0 + 9 * DAY - 60_000):
        north.store.move(Movement(0, T0 + 9 * DAY, RETURN, "K-1", place="North"))
    steps = merged(north.journal.whole).kits["K-1"].steps
    assert [each.movement.kind for each in steps] == ["receive", ISSUE, RETURN]
    assert steps[1].movement.recorded_at_ms > steps[2].movement.recorded_at_ms
    assert not any(each.impossible for each in steps)


def test_the_same_said_by_two_stations_is_one_row(north: Desk, south: Desk) -> None:
    north.officer(4, "4101", "Roads")
    south.officer(2, "4101", "Roads")
    history = together(north.journal, south.journal)
    assert history.conflicts == ()
    assert history.tables["officer"][("4101",)].columns["added_at_ms"] == T0 + 2 * DAY, "of who put it first"


def test_different_said_by_two_stations_is_told_with_both_and_the_owners_stands(north: Desk, south: Desk) -> None:
    north.officer(4, "4101", "Roads")
    south.officer(2, "4101", "River")
    north.receive(4, "K-1", "One")
    south.receive(5, "K-1", "Two")
    history = together(north.journal, south.journal)
    assert {(each.table, each.key): [row.columns.get("unit") for row in each.sides] for each in history.conflicts} == {
        ("officer", ("4101",)): ["River", "Roads"],
        ("kit", ("K-1",)): [None, None],
    }
    assert history.tables["officer"][("4101",)].columns["unit"] == "River"
    assert history.tables["kit"][("K-1",)].columns["product"] == "One"
    assert history.kits["K-1"].doses == 1
    with south.day(6):
        south.store.change_officer("4101", unit="Roads")
    assert [each.table for each in together(north.journal, south.journal).conflicts] == ["kit"]


def test_those_who_left_two_stations_stay_two_people(north: Desk, south: Desk) -> None:
    for desk, officer in ((north, "4101"), (south, "4202")):
        stock(desk, officer)
        desk.leave(500, officer)
    history = together(north.journal, south.journal)
    assert len(history.tables["officer"]) == 2 and history.conflicts == ()


def test_a_tag_that_went_to_another_station_is_no_conflict(north: Desk, south: Desk) -> None:
    tag = "0011223344556677"
    for day, desk in ((1, north), (5, south)):
        with desk.day(day) as now:
            desk.store.enrol_tag(tag, f"P-{day}", TagKeys.random(), now, lambda: None)
    history = together(north.journal, south.journal)
    assert [[row.columns["pouch"] for row in each.sides] for each in history.conflicts] == [["P-1", "P-5"]]
    with north.day(6) as now:
        north.store.retire_tag(tag, now)
    history = together(north.journal, south.journal)
    assert history.conflicts == ()
    assert history.tables["tag"][(tag,)].columns["pouch"] == "P-5"


def copied(desk: Desk, folder: Path) -> Path:
    """A backup of the station, with its key beside it."""
    folder.mkdir()
    desk.store.back_up(folder / "station.db")
    shutil.copy2(key_path(desk.store.path), key_path(folder / "station.db"))
    return folder / "station.db"


@pytest.fixture
def twin(north: Desk, tmp_path: Path) -> Iterator[Desk]:
    """A second database of the station north, in which a day was recorded before there were two."""
    stock(north, "4101")
    with north.day(2):
        path = copied(north, tmp_path / "twin")
        desk = Desk.__new__(Desk)
        desk.store = Store.open(path)
        desk.uuid = desk.store.station.uuid
    yield desk
    desk.store.close()


def test_two_databases_of_one_identity_are_told_when_they_meet(north: Desk, twin: Desk) -> None:
    before = merged(north.journal.whole)
    shared = len(set(north.journal.entries) & set(twin.journal.entries))
    north.move(3, ISSUE, "K-1", officer="4101")
    north.officer(4, "4108")
    twin.officer(5, "4109")
    history = together(north.journal, twin.journal)
    (fork,) = history.forks
    assert (fork.station, fork.epoch) == (north.uuid, 1)
    both = [next(each for each in desk.journal.entries if each.number == fork.number) for desk in (north, twin)]
    assert both[0].hash != both[1].hash
    assert sorted(fork.sides) == sorted((each.hash, each.at_ms) for each in both)
    assert fork.number in (shared + 1, shared + 2)
    assert {"4108", "4109"}.isdisjoint(key[0] for key in history.tables["officer"]), "neither side is preferred"
    assert history.kits == before.kits
    assert merged(north.journal.whole).forks == ()
    assert [each.movement.kind for each in merged(north.journal.whole).kits["K-1"].steps] == ["receive", ISSUE]


def test_what_is_destroyed_on_one_side_of_a_fork_is_destroyed(north: Desk, twin: Desk) -> None:
    north.officer(3, "4108")
    twin.leave(500, "4101")
    replica = joined(north.journal.whole, twin.journal.whole)
    assert not any('"4101"' in body for _, body in replica.bodies.values())


def restored(north: Desk, backup: Path) -> Store:
    """The station north after its backup was brought back."""
    north.store.close()
    with proven(backup, north.store.path) as candidate:
        candidate.take_its_place()
    return Store.open(north.store.path)


def test_what_was_recorded_between_backup_and_restore_happened(north: Desk, tmp_path: Path) -> None:
    stock(north, "4101")
    with north.day(2):
        backup = copied(north, tmp_path / "backup")
        north.store.add_place("Cells", "custody", None, T0 + 2 * DAY)
    north.move(3, ISSUE, "K-1", officer="4101")
    north.officer(3, "4108", "Roads")
    lost = north.journal
    with north.day(4):
        north.store = restored(north, backup)
    north.officer(5, "4109")
    north.officer(5, "4108", "River")
    north.move(6, ISSUE, "K-1", officer="4109")
    now = north.journal
    assert {each.epoch for each in now.entries} == {1, 2}
    assert {each.number for each in lost.entries if each not in now.entries} <= {each.number for each in now.entries}
    history = together(lost, now)
    assert history.forks == () and history.doubts == history.missing == set()
    assert {"4101", "4108", "4109"} <= {key[0] for key in history.tables["officer"]}
    assert ("Cells",) in history.tables["place"], "only the lost part tells of it"
    assert history.tables["officer"][("4108",)].columns["unit"] == "River", "said last by the one station it is of"
    steps = history.kits["K-1"].steps
    assert [(each.movement.officer, each.movement.kind) for each in steps[1:]] == [("4101", ISSUE), ("4109", ISSUE)]
    assert steps[-1].impossible is not None, "it can't have been both"
    assert history.issued_twice == ()
    assert merged(now.whole).kits["K-1"].steps[-1].impossible is None


def changed(entry: JournalEntry, **columns: object) -> JournalEntry:
    return entry._replace(**columns)  # type: ignore[arg-type]


def test_what_was_tampered_with_is_not_taken_and_told(north: Desk) -> None:
    stock(north, "4101")
    north.move(3, ISSUE, "K-1", officer="4101")
    station, entries = north.journal
    whole = merged(north.journal.whole)
    at = next(place for place, each in enumerate(entries) if each.action == "kit.issue")
    fact = next(each for each in entries[at].facts if each.body and '"movement"' in each.body)
    assert fact.salt and fact.body
    body = fact.body.replace("4101", "4109")
    others = {
        "a fact says something else": (swapped(entries[at], fact._replace(body=body)), "altered"),
        "with a digest that fits": (
            swapped(entries[at], fact._replace(body=body, digest=digest(fact.salt, body))),
            "does_not_follow",
        ),
        "its salt is gone": (swapped(entries[at], fact._replace(salt=None)), "altered"),
        "a fact is gone": (changed(entries[at], facts=entries[at].facts[:-1]), "does_not_follow"),
        "the first is gone": (changed(entries[at], facts=entries[at].facts[1:]), "altered"),
        "another did it": (changed(entries[at], login="stranger"), "does_not_follow"),
        "at another time": (changed(entries[at], at_ms=1), "does_not_follow"),
        "in another epoch": (changed(entries[at], epoch=2), "does_not_follow"),
        "as another entry": (changed(entries[at], number=entries[at].number + 7), "waits"),
        "with another hash": (changed(entries[at], hash=bytes(32)), "does_not_follow"),
    }
    for name, (other, why) in others.items():
        tampered = arrived(station, [*entries[:at], other, *entries[at + 1 :]])
        found = merged(joined(tampered))
        told = {(each.number, each.why) for each in found.doubts}
        later = {(each.number, "waits") for each in entries[at + 1 :]}
        assert told == {(other.number, why)} | later, name
        assert [each.movement.kind for each in found.kits["K-1"].steps] == ["receive"], name
        after = merged(joined(tampered, north.journal.whole))
        assert after == merged(joined(north.journal.whole, tampered))
        assert after._replace(doubts=frozenset()) == whole._replace(doubts=frozenset()), name
        assert {each.number for each in after.doubts} == {other.number}, f"{name}: it is still told"


def swapped(entry: JournalEntry, fact: Fact) -> JournalEntry:
    return entry._replace(facts=tuple(fact if each.part == fact.part else each for each in entry.facts))


def test_an_epoch_does_not_go_back() -> None:
    (one,) = chain(["[1]"], epoch=2)
    found = joined(arrived("S", [one, *chain(["[2]"], epoch=1, after=one)]))
    assert [(each.epoch, each.number, each.why) for each in merged(found).doubts if each.why != "not_read"] == [
        (1, 2, "does_not_follow")
    ]


def test_a_fork_is_told_where_it_begins_and_with_all_that_follows_on_it() -> None:
    one, two = chain(["[1]"], ["[2]"])
    sides = [chain(["[3]"], ["[4]"], after=two), chain(["[5]"], ["[6]"], after=two)]
    later = chain(["[7]"], epoch=2, after=sides[0][-1])
    history = together(Journal("S", (one, two, *sides[0], *later)), Journal("S", (one, two, *sides[1])))
    assert [(each.epoch, each.number) for each in history.forks] == [(1, 3)]
    assert {each.number for each in history.doubts} == {1, 2}, "what counts is read"


def test_a_database_from_before_the_journal_that_became_two_is_a_fork(tmp_path: Path) -> None:
    """What was its audit is as well: the salts of its facts are other ones."""
    journals = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        make(tmp_path / name / "station.db", "layout_002")
        with Store.open(tmp_path / name / "station.db", login="keeper") as store:
            journals.append(journal_of(store))
    first = next(each.number for each in journals[0].entries if each.via is not None)
    assert first > 1 and not merged(journals[0].whole).doubts
    history = together(*journals)
    assert [(each.station, each.number, len(each.sides)) for each in history.forks] == [(journals[0].station, 1, 2)]
    assert not any(history.tables.values())


def test_an_entry_from_before_the_journal_that_was_tampered_with_is_not_bound(tmp_path: Path) -> None:
    make(tmp_path / "station.db", "layout_002")
    with Store.open(tmp_path / "station.db", login="keeper") as store:
        station, entries = journal_of(store)
    first = next(each.number for each in entries if each.via is not None)
    tampered = arrived(station, [changed(entries[0], login="stranger"), *entries[1:]])
    alone = merged(joined(tampered))
    assert {each.why for each in alone.doubts} == {"waits"} and not any(alone.tables.values())
    assert len(alone.doubts) == len(entries) and first > 1
    both = merged(joined(tampered, arrived(station, entries)))
    assert [(each.number, each.why) for each in both.doubts] == [(1, "does_not_follow")]
    assert both.tables == merged(joined(arrived(station, entries))).tables
    last = entries[first - 2]
    told = (station, 1, first, 1, WHO, "x", "done")
    forged = JournalEntry(first, 1, 1, *WHO, "x", "done", chained(last.hash, *told, []), ())
    on_the_last = merged(joined(arrived(station, [*entries, forged])))
    assert [(each.number, each.why) for each in on_the_last.doubts] == [(first, "does_not_follow")]
    in_two = joined(arrived(station, entries[: first - 1]), arrived(station, entries[first - 1 :]))
    assert {each.why for each in merged(in_two).doubts} == {"waits"}, "they come in one piece"


def test_an_entry_of_another_station_is_not_taken(north: Desk, south: Desk) -> None:
    stock(north, "4101")
    found = merged(joined(arrived(south.uuid, north.journal.entries)))
    assert not found.tables["officer"]
    assert {each.why for each in found.doubts} == {"does_not_follow", "waits"}


@pytest.mark.parametrize("body", [
    "[", "{}", "[]", "3", '["put"]', '["put","nothing",{}]', '["put","officer",{"name":"x"}]',
    '["put","officer",{"id":["x"]}]', '["set","officer",{"id":"4"}]', '["set","officer",{"id":"4"},"S/1/1.x"]',
    '["set","officer",{"id":"4"},"S/01/1.0"]', '["set","officer",{"id":"4"},"T/1/1.0"]',
    '["set","officer",{"id":"4"},"S/1/7.0"]', '["gone","nothing","S/1/1.0"]', '["put","movement",{"id":1}]',
    text_of(["put", "movement", {"id": 1, "kit": "K", "at_ms": 1, "recorded_at_ms": 1, "kind": "eat"}]), '["new",1]',
])  # fmt: skip
def test_what_this_version_does_not_understand_is_told_and_does_not_count(body: str) -> None:

    found = merged(joined(arrived("S", chain([body]))))
    assert [(each.number, each.part, each.why) for each in found.doubts] == [(1, 0, "not_read")]
    assert not any(found.tables.values())
