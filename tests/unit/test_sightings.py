"""Whose advert is this, and is it new?"""

import os

import pytest

from host.docking.sightings import LAST_EPOCH, MOST_SEARCHED, SPARE_EPOCHS, Hints, Sighting, Sightings
from host.tag.events import Radio
from kitwire import advert

KEY = bytes(range(32))
MOST_SPARE = SPARE_EPOCHS
NOW_MS = 1_767_225_600_000


def frame(epoch: int, index: int = 0, key: bytes = KEY, count: int = 7) -> bytes:
    return advert.build(advert.epoch(key, epoch), advert.Advert(index, 80, False, False, False, False, count))[7:]


@pytest.fixture
def sightings() -> Sightings:
    found = Sightings()
    found.add("tag", KEY, Radio(10, 5, NOW_MS), NOW_MS)
    return found


def test_a_tags_advert_is_found_among_others(sightings: Sightings) -> None:
    for number in range(20):
        sightings.add(f"other{number}", os.urandom(32), None, NOW_MS)
    seen = sightings.resolve(frame(11, 2), NOW_MS)
    assert seen is not None
    assert (seen.tag, seen.epoch, seen.advert.index, seen.advert.count, seen.news) == ("tag", 11, 2, 7, True)


def test_what_is_nobodys_is_nobodys(sightings: Sightings) -> None:
    assert sightings.resolve(frame(11, key=os.urandom(32)), NOW_MS) is None
    assert sightings.resolve(b"", NOW_MS) is None
    assert sightings.resolve(bytes(20), NOW_MS) is None


def test_the_same_frame_again_is_no_news_and_an_older_one_is_a_replay(sightings: Sightings) -> None:
    for epoch, index, news, replayed in ((10, 6, True, False), (10, 6, False, False), (10, 5, False, True),
                                         (11, 0, True, False), (10, 200, False, True)):  # fmt: skip
        seen = sightings.resolve(frame(epoch, index), NOW_MS)
        assert seen is not None
        assert (seen.news, seen.replayed) == (news, replayed)


def test_an_altered_frame_is_nobodys(sightings: Sightings) -> None:
    altered = bytearray(frame(11))
    altered[2] ^= 1
    assert sightings.resolve(bytes(altered), NOW_MS) is None


@pytest.mark.parametrize("days", [0, 1, 9, 60])
def test_a_tag_is_found_however_long_it_was_away_and_however_fast_its_clock(days: int) -> None:
    passed_s = days * 86400
    reached = 10 + int(passed_s * 1.019 / advert.EPOCH_S) + MOST_SPARE - 2
    found = Sightings()
    found.add("tag", KEY, Radio(10, 5, NOW_MS), NOW_MS)
    assert [each.epoch for each in searched(found, frame(reached), NOW_MS + passed_s * 1000)] == [reached]
    assert found.resolve(frame(reached, 1), NOW_MS + passed_s * 1000) is not None


def searched(sightings: Sightings, service_data: bytes, now_ms: int) -> list[Sighting]:
    assert sightings.resolve(service_data, now_ms) is None
    search = sightings.begin_search(now_ms)
    assert search is not None
    search.run()
    return sightings.finish(search, now_ms)


def test_an_epoch_that_no_tag_can_have_reached_is_not_looked_for(sightings: Sightings) -> None:
    assert searched(sightings, frame(10 + MOST_SPARE + 1), NOW_MS) == []


def test_a_claimed_epoch_is_taken_over_only_if_the_tag_can_have_reached_it(sightings: Sightings) -> None:
    assert sightings.synchronise("tag", LAST_EPOCH, NOW_MS).epoch == 10
    assert sightings.synchronise("tag", 10 + MOST_SPARE + 1, NOW_MS).epoch == 10
    far = 10 + MOST_SPARE
    assert sightings.synchronise("tag", far, NOW_MS) == (far, -1, NOW_MS)
    assert sightings.resolve(frame(far), NOW_MS) is not None
    assert sightings.synchronise("tag", 3, NOW_MS).epoch == far


def test_the_fast_hints_are_those_of_the_wire() -> None:
    for number in (0, 1, 255, 256, 35_000, LAST_EPOCH):
        assert Hints(KEY).of(number) == advert.epoch(KEY, number).hint


def test_a_tag_far_ahead_is_found_in_a_flood(sightings: Sightings) -> None:
    sightings.resolve(frame(900), NOW_MS)
    sightings.resolve(frame(900), NOW_MS)
    for _ in range(3 * MOST_SEARCHED):
        sightings.resolve(b"\x45" + os.urandom(23), NOW_MS)
    search = sightings.begin_search(NOW_MS)
    assert search is not None
    assert len(search.wanted) <= MOST_SEARCHED
    search.run()
    assert [each.epoch for each in sightings.finish(search, NOW_MS)] == [900]
    sightings.resolve(b"\x45" + os.urandom(23), NOW_MS)
    assert sightings.begin_search(NOW_MS) is None
