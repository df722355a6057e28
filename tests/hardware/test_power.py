"""The power budget: what each part takes, from the circuit; a build, or a firmware, that takes too much is seen."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from hardware.charge import day as lived
from hardware.charge import model
from hardware.charge.model import DAY_S, Currents, Day
from hardware.checks import power
from hardware.errors import MissingTool
from hardware.parts import WIRING, Part, read_board, read_wiring
from host.flash.application import FIRMWARE
from host.sim.runtime import SimulatorMissing
from host.sim.virtual_board import STATES
from kitwire import config
from tests.hardware import damage
from tests.hardware.tag_circuits import board, changed, diode, named, two, valued, without, xiao

BUILDS = {"board": board, "xiao": xiao}
QUIET = Day(dict.fromkeys(STATES, 0.0) | {"asleep": DAY_S - 3, "awake": 0.5}, 9)
"""Some nine starts, as the firmware has them; the test of the real day holds it against that."""


@pytest.fixture
def currents() -> Currents:
    return model.read_currents()


def test_a_day_of_the_firmware_leaves_both_builds_their_target() -> None:
    """The firmware's own day, on the virtual board."""
    day = lived.docked()
    assert day.boots == QUIET.boots
    assert day.seconds["awake"] == pytest.approx(QUIET.seconds["awake"], abs=0.3)
    for build, circuit in BUILDS.items():
        result = power.check(circuit(), build, day)
        assert result.faults == []
        assert "days" in result.figures["the cell lasts"]


def test_both_builds_as_drawn_last_as_long_as_the_documents_say(currents: Currents) -> None:
    """The documents' days, bands and sleep currents are those of the model."""
    day = lived.docked()
    root = damage.HARDWARE.parent
    read_me, bench, firmware = (
        (root / path).read_text() for path in ("hardware/README.md", "hardware/bench.md", "docs/firmware.md")
    )
    for build, circuit in {"reference build": read_wiring(WIRING), "custom board": read_board(damage.BOARD)}.items():
        name = "xiao" if build == "reference build" else "board"
        result = power.check(circuit, name, day)
        assert result.faults == []
        between = power.band_of(circuit, currents, day)
        lasts = model.days(currents, model.total(power.drains(circuit, currents, day)))
        asleep = model.total(power.asleep(circuit, currents))
        target = model.target_days(currents, name)
        most = model.most_asleep(currents, day, target)
        days = f"{between.low:.0f} to {between.high:.0f}"
        assert f"| {build} | {lasts:.0f} | {days} | {asleep:.1f} µA | {target:.0f} | {most:.1f} µA |" in read_me
        assert f"{lasts:.0f} days ({days})" in firmware
        if name == "xiao":
            assert f"| {asleep:.1f} µA reference build" in bench
            assert f"| {days} days in profile docked |" in bench


def test_what_moves_the_days_most_is_as_the_documents_say(currents: Currents) -> None:
    day, said = lived.docked(), (damage.HARDWARE / "README.md").read_text()
    circuit = read_wiring(WIRING)

    def moved(name: str, end: str) -> str:
        its = currents["part"].get(name) or currents[name]
        at = its | {"value": its[end]}
        table = currents | ({"part": currents["part"] | {name: at}} if name in currents["part"] else {name: at})
        days = [model.days(each, model.total(power.drains(circuit, each, day))) for each in (table, currents)]
        return f"{abs(days[0] - days[1]):.0f}"

    assert f"({moved('113991254', 'high')} days less if R9" in said
    assert moved("usable", "low") == moved("usable", "high")
    assert f"({moved('usable', 'low')} either way)" in said
    for name, what in (
        ("protection", "its protection"),
        ("low_power_peripherals", "low-power peripherals"),
        ("boot_charge", "a start"),
    ):
        assert f"{what} ({moved(name, 'high')} less, {moved(name, 'low')} more)" in said


@pytest.mark.parametrize(("profile", "name"), [(config.PROFILE_PRIVATE, "private"), (config.PROFILE_OPEN, "open")])
def test_the_other_profiles_last_as_long_as_the_documents_say(currents: Currents, profile: int, name: str) -> None:
    day = asyncio.run(lived.live(8, profile, {"/": FIRMWARE}))

    def lasting(table: Currents) -> float:
        shares = [*power.asleep(xiao(), table), *model.awake(table, day, name), *model.lost(table)]
        return model.days(table, model.total(shares))

    between = model.band(currents, lasting)
    said = (damage.HARDWARE.parent / "docs" / "firmware.md").read_text()
    assert f"{lasting(currents):.0f} ({between.low:.0f} to {between.high:.0f}) in `{name}`" in said


def test_days_by_sleep_current_are_as_the_documents_say(currents: Currents) -> None:
    day, said = lived.docked(), (damage.HARDWARE / "README.md").read_text()
    besides = model.total(model.awake(currents, day, "docked")) + model.total(model.lost(currents))
    shown = [
        (ua, f"| {ua:g} | {model.days(currents, ua + besides):.0f} |") for ua in (10, 15, 20, 25, 30, 40, 60, 100, 500)
    ]
    assert [row for _, row in shown if row not in said] == []


def test_what_is_uncertain_makes_a_band(currents: Currents) -> None:
    """Two figures that each move the days by some: as independent they add up in squares, each to its own side."""
    exact = {name: entry for name, entry in currents.items() if "low" not in entry and name != "part"}
    table = exact | {"one": {"value": 10, "low": 7, "high": 14}, "part": {"x": {"value": 5, "low": 1, "high": 8}}}
    assert model.band(table, lambda its: 100 - its["one"]["value"] - its["part"]["x"]["value"]) == pytest.approx(
        (85 - (4**2 + 3**2) ** 0.5, 85 + (3**2 + 4**2) ** 0.5)
    )
    assert model.band(exact, lambda _: 85.0) == (85, 85)


def test_the_sleep_current_at_which_a_target_fails_is_that_one(currents: Currents) -> None:
    besides = model.total(model.awake(currents, QUIET, "docked")) + model.total(model.lost(currents))
    most = model.most_asleep(currents, QUIET, 180)
    assert model.days(currents, most + besides) == pytest.approx(180)


def test_a_low_end_under_what_must_be_is_told(currents: Currents) -> None:
    worse = currents | {"low_power_peripherals": currents["low_power_peripherals"] | {"high": 500.0}}
    (fault,) = power.check(xiao(), "xiao", QUIET, worse).faults
    assert "days only, 92 must be" in fault


def test_the_reference_build_is_its_module_its_switch_and_its_divider(currents: Currents) -> None:
    shares = {share.name: share.ua for share in power.asleep(xiao(), currents) if share.ua >= 0.005}
    assert shares == pytest.approx(
        {
            "U1 XIAO ESP32C6": 15,
            "U6 DRV5032FB": 0.7,
            "Q1 2N3904": 0.05,
            "R1 1M at VBAT": 1.9,
            "the chip's low-power peripherals": 1.0,
        },
        abs=1e-6,
    )


def test_only_what_the_cell_feeds_counts(currents: Currents) -> None:
    """Of the board's diodes only the one that the cell biases backwards; nothing at USB or at the dock's contacts."""
    names = [share.name for share in power.asleep(board(), currents)]
    assert [name.split()[0] for name in names if name.startswith("D")] == ["D3"]
    assert not any(name.startswith("U4 ") for name in names)


def test_each_figure_is_a_share_of_the_whole() -> None:
    figures = power.check(board(), "board", QUIET).figures
    assert figures["U1 ESP32-C6-MINI-1"].startswith("7.00 uA, ")
    shares = [text.split(" uA, ")[1] for text in figures.values() if text.endswith("%")]
    assert 95 <= sum(int(each.rstrip(" %")) for each in shares) <= 105


@pytest.mark.parametrize("build", BUILDS)
def test_a_divider_of_100_k_is_too_much(build: str) -> None:
    circuit = valued(valued(BUILDS[build](), "R1", "100k"), "R2", "100k")
    fault = power.check(circuit, build, QUIET).faults[0]
    assert "R1 100k at VBAT 19.0 uA" in fault
    assert "days, far from the target" in fault


def test_a_regulator_of_25_ua_is_too_much() -> None:
    other = named("U5", "TLV75533PDBV", "TLV75533PDBVR", IN="VSYS", EN="VSYS", OUT="+3V3", GND="GND")
    fault = power.check(changed(board(), other), "board", QUIET).faults[0]
    assert "U5 TLV75533PDBV 25.0 uA" in fault


def test_a_schottky_that_leaks_is_too_much() -> None:
    (fault,) = power.check(changed(board(), diode("D3", "1N5819HW-7-F", "+5V", "VSYS")), "board", QUIET).faults
    assert "D3 1N5819HW-7-F 10.0 uA" in fault


def test_a_resistor_from_a_supply_to_ground_is_found_wherever_it_is() -> None:
    circuit = changed(changed(board(), two("R20", "47k", "+3V3", "MIDDLE")), two("R21", "53k", "MIDDLE", "GND"))
    fault = power.check(circuit, "board", QUIET).faults[0]
    assert "R20 47k at +3V3 33.0 uA" in fault


def test_a_pull_up_on_the_lid_flows_while_the_pouch_is_closed(currents: Currents) -> None:
    shares = power.asleep(changed(board(), two("R20", "2.2M", "+3V3", "LID")), currents)
    assert next(share.ua for share in shares if share.name.startswith("R20")) == pytest.approx(1.5)


def test_a_wake_each_minute_is_too_much() -> None:
    fault = power.check(xiao(), "xiao", QUIET._replace(boots=1440)).faults[0]
    assert "what takes most: starts" in fault


def test_a_heavier_boot_is_too_much(currents: Currents) -> None:
    heavier = currents | {"boot_charge": currents["boot_charge"] | {"value": 60.0}}
    assert power.check(xiao(), "xiao", QUIET, heavier).faults


def test_a_part_that_nobody_has_looked_up_is_a_fault() -> None:
    unknown = changed(board(), named("U9", "fuel gauge", "MAX17048G+T10", VDD="VBAT", GND="GND"))
    assert power.check(unknown, "board", QUIET).faults == [
        "power: U9 (MAX17048G+T10) is not known to hardware/currents.toml: add its data"
    ]
    nameless = changed(board(), replace(board().parts["U5"], value="", fields={}))
    assert power.check(nameless, "board", QUIET).faults


def test_a_part_that_is_not_fed_needs_no_figure() -> None:
    idle = changed(board(), Part("U9", "LED driver", {}, {"1": "VBUS", "2": "GND"}))
    assert power.check(idle, "board", QUIET).faults == []


def test_a_table_that_cannot_be_read_and_one_that_lacks_an_entry_are_told(tmp_path: Path, currents: Currents) -> None:
    (tmp_path / "currents.toml").write_text("[cell]\nvalue =\n")
    with pytest.raises(model.CurrentsError, match=r"^currents\.toml cannot be read: .*line 2"):
        model.read_currents(tmp_path / "currents.toml")
    with pytest.raises(model.CurrentsError, match="has no number as the value of cell"):
        model.days(currents | {"cell": {"value": "a lot"}}, 20.0)


def test_without_the_virtual_station_the_day_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object) -> None:
        raise SimulatorMissing("sim.not_set_up", folder="sim")

    monkeypatch.setattr(lived, "live", missing)
    with pytest.raises(MissingTool, match="MicroPython is not installed"):
        lived.docked.__wrapped__()


def test_what_is_missing_takes_nothing(currents: Currents) -> None:
    less = model.total(power.asleep(without(board(), "U3"), currents))
    assert model.total(power.asleep(board(), currents)) - less == pytest.approx(0.15)


def test_a_table_without_a_target_is_told() -> None:
    currents = model.read_currents()
    del currents["target_days"]["board"]
    with pytest.raises(model.CurrentsError, match="has no number as the value of board"):
        model.target_days(currents, "board")
