"""What somebody types at the bench, and what a log says of openings."""

from __future__ import annotations

import pytest

from host.bench.logs import BenchOpening, openings
from host.bench.procedure import Measurement
from host.cli.tag.bench_terminal import read
from host.errors import InputError
from host.tag.events import Event
from tests.refusals import refused

CURRENT = Measurement("current", unit="µA", most=25)
SURE = Measurement("sure?", "yes")


@pytest.mark.parametrize("typed", ["17.7", "17,7", "17.7 µA", "17.7µA", "17.7 uA", "+17.7", " 1.77e1 "])
def test_a_number_is_taken_as_people_type_it(typed: str) -> None:
    assert read(CURRENT, typed) == 17.7


@pytest.mark.parametrize("typed", ["", "a lot", "17 mA", "nan", "inf", "1e12", "1.000,5"])
def test_what_is_no_number_is_asked_for_again(typed: str) -> None:
    with refused("bench.no_number", InputError, typed=typed, unit="µA"):
        read(CURRENT, typed)


def test_a_yes_is_a_yes() -> None:
    assert [read(SURE, typed) for typed in ("y", "Yes", "n", "NO")] == [True, True, False, False]
    for typed in ("", "perhaps", "1"):
        with refused("asking.neither", InputError):
            read(SURE, typed)


def event(kind: str, uptime_s: int) -> Event:
    return Event("", 1, uptime_s, "verified", kind, 0, 3900, 1, uptime_s, 0, 0)


def test_openings_are_found_with_their_length_and_marks() -> None:
    log = [event("undock", 1), event("lid_open", 10), event("dose_mark", 12), event("lid_close", 20)]
    log += [event("dose_mark", 25), event("lid_open", 30), event("lid_close", 31), event("lid_open", 40)]
    assert openings(log) == [BenchOpening(10, 1), BenchOpening(1, 0)]
