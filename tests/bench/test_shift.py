"""The arithmetic of the shift change, by hand."""

import pytest

from host.docking.service import LINKS
from tests.bench.shift import ADVERT_INTERVAL_S, CONNECTION_S, SCAN_SWITCH_S, Docking, shift_change_s, told_s

LISTENS_S = 2 * SCAN_SWITCH_S
LINKED_S = LISTENS_S + CONNECTION_S


def test_what_is_told_takes_its_round_trips_and_what_does_not_fit_them() -> None:
    """5 round trips of 2 intervals, 2 for the end; of 9 packets 4 come with the answer, and 5 in 2 intervals more."""
    one = Docking(round_trips=5, answers=(1, 9, 4, 0), host_s=0.04)
    assert told_s(one, 50.0) == pytest.approx(14 * 0.05)


def test_one_radio_connects_to_one_after_the_other_and_the_last_has_yet_to_tell() -> None:
    """The first of three is heard after a third of the time between adverts, the last after all of it."""
    listening_s = ADVERT_INTERVAL_S * (1 / 3 + 1 / 2 + 1)
    assert shift_change_s(3, 1, 1.0) == pytest.approx(3 * LINKED_S + listening_s + 1.0)


def test_who_tells_for_long_is_waited_for_when_all_links_are_taken() -> None:
    assert LINKS == 2
    first = LINKED_S + ADVERT_INTERVAL_S / 3 + 10.0
    assert shift_change_s(3, 1, 10.0) == pytest.approx(first + ADVERT_INTERVAL_S + LINKED_S - SCAN_SWITCH_S + 10.0)


def test_two_radios_share_the_tags() -> None:
    """The first radio has the first and the third of three, the other the second."""
    assert shift_change_s(3, 2, 1.0) == pytest.approx(2 * LINKED_S + ADVERT_INTERVAL_S * (1 / 3 + 1) + 1.0)
    assert shift_change_s(1, 2, 1.0) == pytest.approx(LINKED_S + ADVERT_INTERVAL_S + 1.0)


def test_the_station_itself_does_one_thing_at_a_time() -> None:
    """Two tags are connected to at nearly the same time; what the second brings is written after the first's."""
    assert shift_change_s(2, 2, 1.0, 5.0) == pytest.approx(LINKED_S + ADVERT_INTERVAL_S / 2 + 2 * 5.0 + 1.0)
