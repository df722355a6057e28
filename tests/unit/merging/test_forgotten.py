"""What a station destroyed is destroyed wherever its journal goes, and no older copy brings it back."""

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from host.access import journal
from host.access.journal import Fact, JournalEntry
from host.merging import Replica, arrived, joined, merged
from tests.station import Store
from tests.telling import Tell
from tests.unit.care.care import retained
from tests.unit.care.test_forgetting import NUMBER, leaver
from tests.unit.merging.stations import WHO, Journal, at_once_or_not, chain, journal_of, lived, new, pieces
from tests.unit.test_migrations import make_001


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    make_001(tmp_path / "station.db")
    with Store.open(tmp_path / "station.db", login="keeper") as opened:
        leaver(opened)
        yield opened


def named(replica: Replica) -> bool:
    """Whether the leaver's number is anywhere in what has come, or in what follows from it."""
    return NUMBER in repr(replica) or NUMBER in repr(merged(replica))


def test_an_older_copy_does_not_bring_a_leaver_back(store: Store, tmp_path: Path, tell: Tell) -> None:
    older = journal_of(store)
    assert named(older.whole)
    assert retained(store, leavers=30)["leavers"] == (1, 0)
    newer = journal_of(store)
    with lived(new(tmp_path / "other"), 2, "S", 60) as other:
        elsewhere = journal_of(other)
    due = joined(newer.whole, elsewhere.whole)
    assert not named(due) and not merged(due).missing
    random = Random(5)
    brought_back = differ = 0
    for _ in range(40):
        found = at_once_or_not(random, pieces(random, [older, newer, elsewhere, older]))
        brought_back += named(found)
        differ += found != due or merged(found) != merged(due)
    tell(f"merging: a leaver's number in 40 orders of older and newer copies: back in {brought_back}, {differ=}")
    assert brought_back == differ == 0


def test_the_leaver_goes_as_soon_as_it_is_known_and_not_before(store: Store) -> None:
    older = journal_of(store)
    retained(store, leavers=30)
    newer = journal_of(store)
    beginning = Journal(older.station, older.entries).whole
    end = arrived(newer.station, newer.entries[len(older.entries) :])
    assert named(beginning)
    assert not named(joined(beginning, end))
    assert not named(joined(joined(beginning, end), beginning))
    assert joined(end, beginning) == joined(newer.whole, beginning)


@pytest.mark.parametrize("kind", ["answers", "reports", "events"])
def test_whatever_is_destroyed_stays_so(store: Store, kind: str) -> None:
    older = journal_of(store)
    retained(store, **{kind: 30})
    newer = journal_of(store)
    gone = {
        (was.digest, was.body)
        for before, after in zip(older.entries, newer.entries, strict=False)
        for was, now in zip(before.facts, after.facts, strict=True)
        if now.body is None and was.body is not None
    }
    assert gone
    for replica in (joined(older.whole, newer.whole), joined(newer.whole, older.whole)):
        assert replica == newer.whole
        assert not {body for _, body in replica.bodies.values()} & {body for _, body in gone}
        assert {(older.station, digest) for digest, _ in gone} <= replica.destroyed


def test_a_fact_that_nothing_destroyed_is_missing_until_it_comes(store: Store) -> None:
    whole = journal_of(store)
    number, part = next(
        (entry.number, fact.part)
        for entry in whole.entries
        for fact in entry.facts
        if fact.body and '"movement"' in fact.body
    )
    without = [bare(entry, part) if entry.number == number else entry for entry in whole.entries]
    found = joined(arrived(whole.station, without))
    assert merged(found).missing == {journal.identity(whole.station, 1, number, part)}
    assert merged(joined(found, whole.whole)) == merged(whole.whole)


def bare(entry: JournalEntry, part: int) -> JournalEntry:
    """The entry without what one of its facts says."""
    return entry._replace(
        facts=tuple(each._replace(salt=None, body=None) if each.part == part else each for each in entry.facts)
    )


def key(entry: JournalEntry, station: str = "S") -> tuple[str, bytes]:
    """The first fact of an entry."""
    return station, entry.facts[0].digest


def test_a_station_destroys_nothing_of_another_by_a_digest_that_it_copied() -> None:
    one, *_ = chain(["[1]"])
    copy = one._replace(hash=journal.chained(journal.START, "T", 1, 1, 1, WHO, "x", "done", [one.facts[0].digest]))
    says = chain(['["forgotten",{"1":[0]}]'], station="T", after=copy)
    found = joined(arrived("T", [copy, *says]), arrived("S", [one]))
    assert found.destroyed == {key(copy, "T")}
    assert found.bodies[key(one)][1] == "[1]"


def test_what_says_what_was_destroyed_holds_also_if_it_is_destroyed_itself() -> None:
    one, two, three = chain(["[1]"], ['["forgotten",{"1":[0]}]'], ['["forgotten",{"2":[0]}]'])
    whole = joined(arrived("S", [one, two, three]))
    assert whole.destroyed == {key(one), key(two)}
    assert set(whole.bodies) == {key(three)}
    late = joined(arrived("S", [one, bare(two, 0), three]))
    assert joined(late, arrived("S", [two])) == joined(arrived("S", [two]), late) == whole


@pytest.mark.parametrize("says", [
    '["forgotten",{"3":[0],"2":[0],"9":[0]}]', '["forgotten",{"1":[7,-1]}]', '["forgotten",{"1":["0",null]}]',
    '["told",{"1":[0]}]', '["forgotten",[1]]', '["forgotten",{"x":[0]}]', '["forgotten"', '["forgotten"]',
])  # fmt: skip
def test_only_facts_of_earlier_entries_can_be_destroyed_and_nonsense_destroys_none(says: str) -> None:
    entries = chain(["[1]"], [says], ["[3]"])
    assert not joined(arrived("S", entries)).destroyed


def test_a_restored_station_destroys_what_it_has_and_nothing_that_was_lost() -> None:
    one, two, lost = chain(["[1]"], ["[2]"], ["[3]"])
    three, says = chain(["[4]"], ['["forgotten",{"1":[0],"3":[0]}]'], epoch=2, after=two)
    found = joined(arrived("S", [one, two, lost]), arrived("S", [one, two, three, says]))
    assert found.destroyed == {key(one), key(three)}
    assert found == joined(arrived("S", [says, lost, three, two, one]))


def test_an_entry_that_is_not_proven_destroys_nothing() -> None:
    one, two = chain(["[1]"], ['["forgotten",{"1":[0]}]'])
    forged = two._replace(login="stranger")
    assert not joined(arrived("S", [one, forged])).destroyed
    assert not joined(arrived("T", [one, two])).destroyed, "it is of another station"
    assert joined(arrived("S", [one, forged]), arrived("S", [two])).destroyed


def test_the_salt_has_one_size() -> None:
    """Else the same digest is of two bodies, and which is kept depends on the order."""
    (one,) = chain(["[1]"])
    (fact,) = one.facts
    assert fact.salt is not None and fact.body is not None
    other = Fact(0, fact.digest, fact.salt + b"[", None, "1]")
    assert journal.digest(other.salt or b"", "1]") == fact.digest
    found = arrived("S", [one._replace(facts=(other,))])
    assert not found.bodies and [each.why for each in found.refused] == ["altered"]
