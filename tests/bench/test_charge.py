"""The charge model's arithmetic, on days whose result is known, and its table of assumptions."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from host.sim.virtual_board import STATES
from tests.bench import budgets, charge
from tests.bench.charge import CURRENTS, DAY_S, REFERENCE, Day, Speed


@pytest.fixture
def currents() -> dict[str, Any]:
    return tomllib.loads(CURRENTS.read_text())


def day(boots: int = 0, **seconds: float) -> Day:
    return Day(dict.fromkeys(STATES, 0.0) | seconds, boots, 0.0, 0)


def test_every_assumption_has_a_value_a_unit_a_source_and_a_note(currents: dict[str, Any]) -> None:
    entries = {name: entry for name, entry in currents.items() if name != "board"} | currents["board"]
    assert len(entries) > 15
    for name, entry in entries.items():
        assert set(entry) == {"value", "unit", "source", "note"}, name
        assert entry["value"] > 0, name
        assert entry["unit"], name
        assert len(entry["source"]) > 6, name


def test_a_day_asleep_costs_what_sleep_costs(currents: dict[str, Any]) -> None:
    average, battery = charge._results(currents, REFERENCE, "docked", day(asleep=DAY_S))
    assert average.name == "charge_docked_average_ua"
    assert average.value == average.rival_value == pytest.approx(15 + 0.7 + 1.9)
    assert average.met
    assert battery.name == "battery_days_150mah"
    # 120 mAh at 17.6 uA, 3 uA of the protection, and 1.5 % of 150 mAh a month.
    assert battery.value == pytest.approx(120_000 / (17.6 + 3 + 3.125) / 24)
    assert battery.met


def test_boots_python_radio_and_light_cost_what_the_table_says(currents: dict[str, Any]) -> None:
    lived = day(boots=10, awake=20, advertising=5, light=2, buzzer=1, linked=1)
    average, _ = charge._results(currents, REFERENCE, "docked", lived)
    charge_mc = 10 * 26.5 + 27 * (20 + 10 * 0.35) + 5 * 5 + 2.8 * 2 + 2 * 1 + 10 * 1
    assert average.value == pytest.approx(17.6 + charge_mc * 1000 / DAY_S)


def test_what_misses_its_goal_is_not_met(currents: dict[str, Any]) -> None:
    average, battery = charge._results(currents, REFERENCE, "docked", day(boots=40))
    assert not average.met
    assert not battery.met
    others = charge._results(currents, REFERENCE, "private", day(boots=40))
    assert [each.name for each in others] == ["charge_private_average_ua", "battery_days_150mah_private"]
    assert all(each.met and each.goal == "-" for each in others)


def test_a_firmware_that_computes_more_than_the_model_takes_is_seen(currents: dict[str, Any]) -> None:
    speed = Speed(rounds_per_s=150_000, call_s=0)
    lived = day()._replace(computed_s=0.02, loaded=50_000)
    estimate = charge._estimate(currents, lived, speed)
    assert estimate.value == pytest.approx(0.02 * 10 + 0.1)
    assert estimate.met
    assert not charge._estimate(currents, lived._replace(computed_s=0.06), speed).met


def test_a_budget_that_is_exceeded_is_not_met() -> None:
    assert budgets._below("x", 10, "bytes", 10).met
    assert not budgets._below("x", 11, "bytes", 10).met
    assert not budgets._below("x", 11, "bytes", 10, littlefs=4096).met
