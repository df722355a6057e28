"""The simulations pass on both builds; each says so when a part is forgotten, swapped, or not good enough."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from hardware.checks import spice
from hardware.checks.spice import Deck, inputs, ngspice
from hardware.checks.spice.ngspice import LIMITS, SIMULATION, Limits, SimulationError
from hardware.errors import MissingTool
from hardware.making import waves
from hardware.parts import WIRING, Circuit, CircuitError, Part, read_board, read_wiring
from tests.hardware import damage
from tests.hardware.tag_circuits import board, changed, diode, named, two, valued, without, xiao

needs_ngspice = pytest.mark.needs_ngspice
BUILDS = {"board": board, "xiao": xiao}


def faults(circuit: Circuit, deck: Deck, build: str = "board", limits: Limits | None = None) -> str:
    """What a deck has against a circuit."""
    return "\n".join(spice.examine(circuit, build, limits, (deck,)).result.faults)


@needs_ngspice
def test_the_committed_board_shows_what_it_must() -> None:
    result = spice.check(read_board(damage.BOARD), "board")
    assert result.faults == []
    assert len(result.figures) > 15


@needs_ngspice
def test_the_committed_wiring_shows_what_it_must() -> None:
    result = spice.check(read_wiring(WIRING), "xiao")
    assert result.faults == []
    assert len(result.figures) > 10


@needs_ngspice
@pytest.mark.parametrize("build", BUILDS)
def test_what_the_damages_below_are_done_to_has_no_fault(build: str) -> None:
    assert spice.check(BUILDS[build](), build).faults == []


@needs_ngspice
@pytest.mark.parametrize("build", BUILDS)
def test_the_divider_reads_what_the_firmware_takes_it_for(build: str) -> None:
    good = BUILDS[build]()
    assert "do not divide by BATTERY_DIVIDER in firmware/board.py, 2" in faults(
        valued(good, "R2", "470k"), spice.divider
    )
    assert "no R between VBAT_ADC and GND" in faults(without(good, "R2"), spice.divider)
    assert "VBAT_ADC is 3.8" in faults(valued(good, "R1", "100k"), spice.divider)


@needs_ngspice
def test_a_divider_of_100_k_drains_the_cell() -> None:
    fault = faults(valued(valued(board(), "R1", "100k"), "R2", "100k"), spice.divider)
    assert fault == "divider: a full cell gives it 21 uA, at most 2.5 uA may be"


@needs_ngspice
def test_a_divider_of_10_m_is_lost_in_leakage_and_slow() -> None:
    fault = faults(valued(valued(board(), "R1", "10M"), "R2", "10M"), spice.divider)
    assert "what the pin leaks moves the reading by 0.5 V" in fault


@needs_ngspice
def test_the_adc_empties_a_capacitor_that_is_too_small() -> None:
    assert "no C between VBAT_ADC and GND" in faults(without(board(), "C1"), spice.divider)
    assert "eight readings move the cell's voltage by" in faults(valued(board(), "C1", "1n"), spice.divider)


@needs_ngspice
def test_an_open_drain_hall_switch_with_a_pull_up_is_caught_by_the_chips_own_pull() -> None:
    weak = changed(board(), named("U6", "DRV5032FC", "DRV5032FCDBZR", VCC="+3V3", OUT="LID", GND="GND"))
    weak = changed(weak, two("R20", "1M", "LID", "+3V3"))
    assert faults(weak, spice.lid) == (
        "lid: open against the chip's pull-down LID is 0.142 V, and needs 2.47 V: U6 is DRV5032FCDBZR, open-drain"
    )
    assert faults(weak, spice.trap) == "trap: R20 pulls at LID, and the chip's own 45 kOhm may oppose it"


@needs_ngspice
def test_a_lid_that_nothing_drives_is_no_lid() -> None:
    assert faults(without(board(), "U6"), spice.lid) == "lid: no part with its output on LID"


@needs_ngspice
def test_a_hand_that_trembles_more_than_the_switch_forgives_gives_edges() -> None:
    fault = faults(board(), spice.lid, limits=Limits.read().with_value("situation.tremble", 1.5))
    assert "an opening and a closing give" in fault


@needs_ngspice
def test_a_reed_without_its_capacitor_bounces() -> None:
    fault = faults(board(), spice.reed, limits=Limits.read().with_value("situation.reed_capacitor", 10e-12))
    assert "three bounces each give 14 edges, not two" in fault


@needs_ngspice
@pytest.mark.parametrize("build", BUILDS)
def test_a_dock_that_cannot_wake_the_tag_is_seen(build: str) -> None:
    good = BUILDS[build]()
    assert "docked, BUTTON is" in faults(valued(good, "R6", "22M"), spice.dock, build)
    assert faults(without(good, "R6"), spice.dock, build) == "dock: no R between +5V and WAKE_B"
    assert faults(without(good, "R5"), spice.dock, build) == "dock: no R between BUTTON and +3V3"
    assert "no transistor with its collector on BUTTON" in faults(without(good, "Q1"), spice.dock, build)
    assert "no diode from DOCK_5V to +5V" in faults(
        without(good, "D2" if build == "board" else "D1"), spice.dock, build
    )


@needs_ngspice
@pytest.mark.parametrize("build", BUILDS)
def test_what_empties_5v_is_missed(build: str) -> None:
    """Leaving the dock, BUTTON would stay low for so long that the firmware took it for a press."""
    slow = without(BUILDS[build](), "R8")
    assert "what empties +5V?" in faults(slow, spice.dock, build)
    assert "leakage brings +5V to" in faults(slow, spice.undocked, build)


@needs_ngspice
def test_dock_sense_must_be_high_at_the_dock_and_within_the_pins_limit() -> None:
    assert "docked, DOCK_SENSE is 2.26" in faults(valued(board(), "R3", "150k"), spice.dock)
    assert "DOCK_SENSE is 4.18" in faults(valued(board(), "R3", "27k"), spice.dock)


@needs_ngspice
def test_a_transistor_that_nobody_knows_is_a_fault() -> None:
    other = changed(board(), named("Q1", "2N7000", "2N7000TA", E="GND", B="WAKE_B", C="BUTTON"))
    assert faults(other, spice.dock) == (
        "dock: Q1 (2N7000TA) is not known to hardware/simulation/limits.toml: add its data"
    )


@needs_ngspice
def test_without_the_pull_up_the_level_hangs_on_nothing() -> None:
    assert faults(without(board(), "R5"), spice.undocked) == "undocked: no R between BUTTON and +3V3"
    assert "BUTTON is" in faults(valued(board(), "R5", "10M"), spice.undocked)


@needs_ngspice
def test_contacts_with_a_surge_arrester_of_one_direction_conduct_the_wrong_way_round() -> None:
    limits = Limits.read()
    arrester = limits.entries["part"]["PESD5V0S1BA"] | {"one_way": True}
    one_way = Limits(limits.entries | {"part": limits.entries["part"] | {"PESD5V0S1BA": arrester}})
    assert "5.25 V the wrong way round drive" in faults(board(), spice.contacts, limits=one_way)


@needs_ngspice
def test_contacts_behind_a_diode_that_leaks_give_current() -> None:
    limits = Limits.read()
    leaky = limits.entries["part"]["1N5819HW"] | {"leakage": [1e-3, 1e-3]}
    worse = Limits(limits.entries | {"part": limits.entries["part"] | {"1N5819HW": leaky}})
    other = changed(board(), diode("D2", "1N5819HW-7-F", "DOCK_5V", "+5V"))
    assert "with USB plugged in a wet finger across them takes" in faults(other, spice.contacts, limits=worse)


@needs_ngspice
def test_a_cell_too_weak_for_what_the_firmware_allows_is_seen() -> None:
    weak = Limits.read().with_value("cell.cold", 3.0)
    assert "sag: a packet on air, cold cell: borne down to a cell of" in faults(board(), spice.sag, limits=weak)
    wasteful = changed(board(), replace(board().parts["U5"], value="AMS1117-3.3", fields={"MPN": "AMS1117-3.3"}))
    assert "U5 (AMS1117-3.3) is not known" in faults(wasteful, spice.sag)


@needs_ngspice
def test_a_hand_over_to_a_cell_that_is_too_low_is_seen() -> None:
    empty = Limits.read().with_value("limit.handover_cell", 3.4)
    assert "handover: as the dock leaves +3V3 is 2.5" in faults(board(), spice.handover, limits=empty)
    floating = changed(board(), named("U3", "LM66100", "LM66100DCKR", VIN="VBAT", VOUT="VSYS", CE="GND", GND="GND"))
    assert "U3 has its CE on GND" in faults(floating, spice.handover)


@needs_ngspice
@pytest.mark.parametrize(
    ("deck", "limit"),
    [
        (spice.divider, "limit.divider_current"),
        (spice.divider, "limit.leakage_error"),
        (spice.divider, "limit.settling"),
        (spice.divider, "limit.kick"),
        (spice.divider, "chip.adc_most"),
        (spice.lid, "limit.edge"),
        (spice.dock, "limit.wake"),
        (spice.dock, "limit.leave"),
        (spice.dock, "chip.over_vdd"),
        (spice.contacts, "limit.finger"),
        (spice.contacts, "limit.wrong_way"),
    ],
)
def test_a_limit_made_tighter_is_missed(deck: Deck, limit: str) -> None:
    tight = Limits.read()
    lower = -1.0 if limit == "chip.over_vdd" else tight[limit] / 1e6
    fault = faults(board(), deck, limits=tight.with_value(limit, lower))
    assert fault.count("\n") == fault.count("at most") - 1
    assert fault.startswith(deck.__name__)


@needs_ngspice
def test_a_measurement_that_a_deck_does_not_yield_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    real = ngspice.run

    def half_blind(deck: str, case: str, values: dict[str, float], celsius: float = 25.0) -> ngspice.Run:
        done = real(deck, case, values, celsius)
        done.measured.pop("settling_s", None)
        return done

    monkeypatch.setattr(inputs, "run", half_blind)
    assert faults(board(), spice.divider) == (
        "divider: cell 4.2 V, +0 nA: settling_s was not measured, the waveform never got there"
    )


@needs_ngspice
def test_a_deck_that_ngspice_cannot_read_is_a_fault() -> None:
    with pytest.raises(ngspice.SimulationError, match="nothing given: ngspice: "):
        ngspice.run("trap", "nothing given", {})


@needs_ngspice
def test_pictures_are_drawn_with_what_they_are_made_of(tmp_path: Path) -> None:
    for path in waves.draw(board(), tmp_path):
        with Image.open(path) as picture:
            assert picture.size[0] == 900
    for made_of in waves.pictures().values():
        assert all(source.exists() for source in made_of)


def test_no_limit_is_written_down_for_nothing() -> None:
    code = "".join(path.read_text() for path in Path(spice.__file__).parent.glob("*.py"))
    for section, entries in Limits.read().entries.items():
        for name in entries:
            assert section in ("part", "cell") or f"{section}.{name}" in code, f"{section}.{name}"


def test_no_deck_names_a_value_of_a_part() -> None:
    """What looks like a part of the circuit takes its value from the check."""
    for path in (*SIMULATION.glob("*.cir"), *SIMULATION.glob("*.inc")):
        for line in path.read_text().splitlines():
            words = line.split()
            fixed = {"rair", "rair2", "rload", "cdelay", "chold", "csample"}
            if line[:1] in "rc" and len(words) >= 4 and words[0] not in fixed:
                assert "{" in line, f"{path.name}: {line}"


def test_every_limit_has_a_unit_a_source_and_a_note() -> None:
    for section, entries in Limits.read().entries.items():
        for name, entry in entries.items():
            assert {"unit", "source", "note"} <= set(entry), f"{section}.{name}"
            assert len(entry["source"]) > 6, f"{section}.{name}"
            assert section == "part" or "value" in entry, f"{section}.{name}"


def test_the_longest_name_that_fits_is_taken_for_a_part() -> None:
    table = {"1N5819": {"which": 1}, "1N5819HW": {"which": 2}}
    assert ngspice.known(table, Part("D1", "x", {"MPN": "1N5819HW-7-F"}), LIMITS) == {"which": 2}
    assert ngspice.known(table, Part("D1", "1N5819"), LIMITS) == {"which": 1}
    with pytest.raises(CircuitError, match=r"D1 \(BAT54\) is not known to hardware/simulation/limits.toml"):
        ngspice.known(table, Part("D1", "BAT54"), LIMITS)


def test_edges_are_counted_between_levels_that_are_sure() -> None:
    wave = [(0.0, 0.0), (1.0, 2.0), (2.0, 1.0), (3.0, 3.3), (4.0, 1.0), (5.0, 3.0), (6.0, 0.1)]
    assert ngspice.edges(wave, 0.8, 2.5) == [3.0, 6.0]


def test_a_machine_without_ngspice_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(MissingTool, match="ngspice is not installed"):
        spice.check(board(), "board")


def test_limits_that_cannot_be_read_and_one_that_is_missing_are_told(tmp_path: Path) -> None:
    (tmp_path / "limits.toml").write_text("[chip.vdd]\nvalue = 3,3\n")
    with pytest.raises(SimulationError, match=r"^limits\.toml cannot be read: .*line 2"):
        Limits.read(tmp_path / "limits.toml")
    with pytest.raises(SimulationError, match=r"has no number as the value of chip\.vddd"):
        Limits.read()["chip.vddd"]
