"""Whose advert is this, and is it new?"""

import os
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host.docking.sightings import (
    LAST_EPOCH,
    MOST_SEARCHED,
    REST_FACTOR,
    SPARE_EPOCHS,
    STRANGER_S,
    Hints,
    Sighting,
    Sightings,
)
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
    """What a search finds of an advert that is heard as often as a tag sends it."""
    for _ in range(2):
        assert sightings.resolve(service_data, now_ms) is None
    return search(sightings, now_ms)


def search(sightings: Sightings, now_ms: int) -> list[Sighting]:
    begun = sightings.begin_search(now_ms)
    assert begun is not None
    begun.run()
    return sightings.finish(begun, now_ms)


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


def flood(sightings: Sightings, adverts: int, times: int = 1) -> None:
    for _ in range(adverts):
        stranger = b"\x45" + os.urandom(23)
        for _ in range(times):
            sightings.resolve(stranger, NOW_MS)


@pytest.mark.parametrize("times", [1, 2])
def test_a_tag_far_ahead_is_found_in_a_flood(sightings: Sightings, times: int) -> None:
    flood(sightings, 3 * MOST_SEARCHED, times)
    sightings.resolve(frame(900), NOW_MS)
    flood(sightings, MOST_SEARCHED // 2, times)
    sightings.resolve(frame(900), NOW_MS)
    flood(sightings, MOST_SEARCHED // 2, times)
    begun = sightings.begin_search(NOW_MS)
    assert begun is not None
    assert len(begun.wanted) <= MOST_SEARCHED
    begun.run()
    assert [each.epoch for each in sightings.finish(begun, NOW_MS)] == [900]


def test_a_flood_costs_a_bounded_memory(sightings: Sightings) -> None:
    def grown(adverts: int) -> int:
        before = tracemalloc.get_traced_memory()[0]
        flood(sightings, adverts, times=2)
        begun = sightings.begin_search(NOW_MS)
        if begun is not None:
            begun.stopped = True
            begun.run()
            sightings.finish(begun, NOW_MS)
        return tracemalloc.get_traced_memory()[0] - before

    tracemalloc.start()
    try:
        grown(2 * MOST_SEARCHED)
        assert grown(10 * MOST_SEARCHED) < 1_000_000
    finally:
        tracemalloc.stop()


def test_what_is_heard_once_is_not_searched_for(sightings: Sightings) -> None:
    flood(sightings, 10)
    assert sightings.begin_search(NOW_MS) is None


def test_a_search_is_followed_by_a_rest_and_strangers_start_none() -> None:
    now_s = 100.0
    sightings = Sightings(lambda: now_s)
    sightings.add("tag", KEY, Radio(10, 5, NOW_MS), NOW_MS)
    stranger = frame(11, key=os.urandom(32))
    sightings.resolve(stranger, NOW_MS)
    sightings.resolve(stranger, NOW_MS)
    begun = sightings.begin_search(NOW_MS)
    assert begun is not None
    assert sightings.begin_search(NOW_MS) is None, "one at a time"
    begun.run()
    begun.took_s = 2.0
    assert sightings.finish(begun, NOW_MS) == []
    flood(sightings, 1, times=2)
    now_s += 2.0 * REST_FACTOR - 0.1
    assert sightings.begin_search(NOW_MS) is None
    now_s += 0.2
    assert search(sightings, NOW_MS) == []
    now_s += 10
    sightings.resolve(stranger, NOW_MS)
    sightings.resolve(stranger, NOW_MS)
    assert sightings.begin_search(NOW_MS) is None, "looked for a moment ago"
    now_s += STRANGER_S
    sightings.resolve(stranger, NOW_MS)
    sightings.resolve(stranger, NOW_MS)
    assert sightings.begin_search(NOW_MS) is not None


def test_a_tag_that_is_enrolled_is_no_stranger_any_more(sightings: Sightings) -> None:
    key = os.urandom(32)
    assert searched(sightings, frame(600, key=key), NOW_MS) == []
    sightings.add("new", key, None, NOW_MS)
    sightings._not_before = 0
    assert [each.tag for each in searched(sightings, frame(600, key=key), NOW_MS)] == ["new"]


def test_a_search_that_is_stopped_makes_nobody_a_stranger(sightings: Sightings) -> None:
    for _ in range(2):
        sightings.resolve(frame(900), NOW_MS)
    begun = sightings.begin_search(NOW_MS)
    assert begun is not None
    begun.stopped = True
    begun.run()
    assert sightings.finish(begun, NOW_MS) == []
    sightings._not_before = 0
    assert [each.epoch for each in searched(sightings, frame(900), NOW_MS)] == [900]


def test_who_forges_a_tags_hint_does_not_hide_the_tag(sightings: Sightings) -> None:
    forged = bytearray(frame(900))
    forged[3] ^= 1
    for each in (bytes(forged), frame(900), bytes(forged)):
        assert sightings.resolve(each, NOW_MS) is None
    assert [each.epoch for each in search(sightings, NOW_MS)] == [900]


def test_who_repeats_an_advert_does_not_hide_the_one_after_it(sightings: Sightings) -> None:
    for each in (frame(800), frame(900)) * 2:
        assert sightings.resolve(each, NOW_MS) is None
    assert [(each.epoch, each.news) for each in search(sightings, NOW_MS)] == [(800, True), (900, True)]


def test_a_tag_that_is_removed_is_nobodys(sightings: Sightings) -> None:
    sightings.remove("tag")
    sightings.remove("tag")
    assert sightings.resolve(frame(11), NOW_MS) is None
    assert sightings._by_hint == {}


@pytest.mark.parametrize("years", [-30, -1, 1, 30])
def test_a_clock_that_jumps_costs_nothing_near(sightings: Sightings, years: int) -> None:
    jumped_ms = NOW_MS + years * 365 * 86_400_000
    seen = sightings.resolve(frame(12), jumped_ms)
    assert seen is not None
    assert seen.news
    assert sightings.synchronise("tag", LAST_EPOCH, jumped_ms).epoch == 12


def test_the_last_epoch_is_looked_for_and_none_beyond() -> None:
    sightings = Sightings()
    sightings.add("tag", KEY, Radio(LAST_EPOCH - 100, 5, NOW_MS), NOW_MS)
    assert [each.epoch for each in searched(sightings, frame(LAST_EPOCH), NOW_MS)] == [LAST_EPOCH]


@given(st.integers(0, LAST_EPOCH))
def test_hints_are_those_of_the_wire_for_any_epoch(number: int) -> None:
    assert Hints(KEY).of(number) == advert.epoch(KEY, number).hint
