"""The arithmetic of the shift change, by hand."""

import pytest

from tests.bench.shift import ADVERT_INTERVAL_S, CONNECTION_S, SCAN_SWITCH_S, Docking, docking_s, shift_change_s


def test_a_docking_is_a_connection_its_round_trips_and_what_does_not_fit_them() -> None:
    """5 round trips of 2 intervals, 2 for the end; of 9 packets 4 come with the answer, and 5 in 2 intervals more."""
    one = Docking(round_trips=5, answers=(1, 9, 4, 0), host_s=0.04)
    assert docking_s(one, 50.0) == pytest.approx(SCAN_SWITCH_S + CONNECTION_S + 14 * 0.05 + 0.04)


def test_one_radio_docks_one_after_the_other() -> None:
    """The first of three is heard after a third of the time between adverts, the last after all of it."""
    listening_s = ADVERT_INTERVAL_S * (1 / 3 + 1 / 2 + 1)
    assert shift_change_s(3, 1, 2.0) == pytest.approx(3 * 2.0 + listening_s)


def test_two_radios_share_the_tags() -> None:
    """The first radio has the first and the third of three, the other the second."""
    assert shift_change_s(3, 2, 2.0) == pytest.approx(2 * 2.0 + ADVERT_INTERVAL_S * (1 / 3 + 1))
    assert shift_change_s(1, 2, 2.0) == pytest.approx(2.0 + ADVERT_INTERVAL_S)
