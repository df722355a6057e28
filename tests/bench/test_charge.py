"""The bench of the charge model: its results on days that are known, and its table of assumptions."""

from __future__ import annotations

import pytest

from hardware.charge import model
from hardware.charge.model import DAY_S, Currents, Day, Share
from host.sim.virtual_board import STATES
from tests.bench import budgets, charge
from tests.bench.charge import REFERENCE, Measured, Speed


def sleeping(_: Currents) -> list[Share]:
    return [Share("the chip", 15.0), Share("the rest", 2.6)]


@pytest.fixture
def currents() -> Currents:
    return model.read_currents()


def day(boots: int = 0, **seconds: float) -> Day:
    return Day(dict.fromkeys(STATES, 0.0) | seconds, boots)


def test_every_assumption_has_a_value_a_unit_a_source_and_a_note(currents: Currents) -> None:
    entries = {name: entry for name, entry in currents.items() if name not in ("part", "target_days")}
    entries |= currents["part"] | currents["target_days"]
    assert len(entries) > 25
    for name, entry in entries.items():
        assert set(entry) - {"low", "high", "band"} == {"value", "unit", "source", "note"}, name
        assert entry["value"] > 0, name
        assert entry["unit"], name
        assert len(entry["source"]) > 6, name


def test_what_is_uncertain_says_between_what_and_why(currents: Currents) -> None:
    uncertain = {name: entry for name, entry in (currents | currents["part"]).items() if "low" in entry}
    assert {"low_power_peripherals", "usable", "boot_charge", "protection", "113991254"} <= set(uncertain)
    for name, entry in uncertain.items():
        assert 0 < entry["low"] < entry["value"] < entry["high"], name
        assert len(entry["band"]) > 6, name


def test_a_day_asleep_costs_what_sleep_costs(currents: Currents) -> None:
    average, battery = charge._results(currents, REFERENCE, sleeping, "docked", day(asleep=DAY_S))
    assert average.name == "charge_docked_average_ua"
    assert average.value == average.rival_value == pytest.approx(17.6)
    assert average.met
    assert battery.name == "battery_days_150mah"
    # 120 mAh at 17.6 uA, 3 uA of the protection, and 1.5 % of 150 mAh a month.
    assert battery.value == pytest.approx(120_000 / (17.6 + 3 + 3.125) / 24)
    assert battery.met
    low, high = battery.unit.removeprefix("days, model; ").split(" to ")
    assert 0.7 * battery.value < int(low) < battery.value < int(high) < 1.3 * battery.value


def test_boots_python_radio_and_light_cost_what_the_table_says(currents: Currents) -> None:
    lived = day(boots=10, awake=20, advertising=5, light=2, buzzer=1, linked=1)
    average, _ = charge._results(currents, REFERENCE, sleeping, "docked", lived)
    charge_mc = 10 * 26.5 + 27 * (20 + 10 * 0.35) + 5 * 5 + 2.8 * 2 + 2 * 1 + 10 * 1
    assert average.value == pytest.approx(17.6 + charge_mc * 1000 / DAY_S)


def test_what_misses_its_goal_is_not_met(currents: Currents) -> None:
    average, battery = charge._results(currents, REFERENCE, sleeping, "docked", day(boots=40))
    assert not average.met
    assert not battery.met
    others = charge._results(currents, REFERENCE, sleeping, "private", day(boots=40))
    assert [each.name for each in others] == ["charge_private_average_ua", "battery_days_150mah_private"]
    assert all(each.met and each.goal == "-" for each in others)


def test_the_custom_board_has_a_target_of_its_own(currents: Currents) -> None:
    _, battery = charge._results(currents, "board", sleeping, "docked", day(boots=8))
    assert battery.name == "battery_days_150mah_board"
    assert battery.rival_value == currents["target_days"]["board"]["value"] > currents["target_days"]["xiao"]["value"]
    assert not battery.met


def test_a_firmware_that_computes_more_than_the_model_takes_is_seen(currents: Currents) -> None:
    speed = Speed(rounds_per_s=150_000, call_s=0)
    lived = Measured(day(), computed_s=0.02, loaded=50_000)
    estimate = charge._estimate(currents, lived, speed)
    assert estimate.value == pytest.approx(0.02 * 10 + 0.1)
    assert estimate.met
    assert not charge._estimate(currents, lived._replace(computed_s=0.06), speed).met


def test_a_budget_that_is_exceeded_is_not_met() -> None:
    assert budgets._below("x", 10, "bytes", 10).met
    assert not budgets._below("x", 11, "bytes", 10).met
    assert not budgets._below("x", 11, "bytes", 10, littlefs=4096).met
