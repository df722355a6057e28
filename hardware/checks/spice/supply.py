"""The supply: what the cell bears, and that it takes over when the dock leaves."""

from __future__ import annotations

import math
import runpy

from hardware.checks.spice.bench import FIRMWARE, Bench
from hardware.checks.spice.diode import BOLTZMANN_V, KELVIN, Leak, modelled
from hardware.checks.spice.docking import behind
from hardware.checks.spice.ngspice import ROOM_C, SimulationError, run
from hardware.parts import CircuitError


def sag(bench: Bench) -> None:
    """Down to which voltage of the cell a start and the radio are borne, against what the firmware does there."""
    limits = bench.limits
    if bench.build != "board":
        bench.show("battery sag", "not simulated: the XIAO's regulator is not known well enough")
        return
    battery = runpy.run_path(str(FIRMWARE / "lib" / "kitcore" / "battery.py"))
    # Under that the radio is off away from the dock; under the other a start is put off.
    silent_mv = next(mv for mv in range(5000, 0, -1) if battery["level"](mv - 1, battery["OK"]) >= battery["CRITICAL"])
    loads = {"boot_v": ("a start", battery["EMPTY_MV"]), "radio_v": ("a packet on air", silent_mv)}
    supply, vdd = cell_path(bench), limits["chip.least_vdd"]
    for cell in ("fresh", "aged", "cold"):
        values = supply | {"r_cell": limits[f"cell.{cell}"]}
        for measure, (load, firmware_mv) in loads.items():
            case = f"{load}, {cell} cell"
            borne = _lowest_cell(values, measure, bench.supplied, case)
            allowed = firmware_mv / 1e3
            bench.most(borne, allowed, f"sag: {case}: borne down to a cell of", why="so far the firmware allows it")
            bench.show(
                f"sag, {case}",
                f"+3V3 keeps {bench.supplied:g} V down to a cell of {borne:.2f} V (firmware: {allowed:.2f} V), "
                f"and {vdd:g} V down to {_lowest_cell(values, measure, vdd, case):.2f} V",
            )


def _lowest_cell(values: dict[str, float], measure: str, floor: float, case: str) -> float:
    """The lowest voltage of the cell, to 20 mV, at which `measure` stays at `floor` volts."""
    low, high = 2.4, 4.4
    if run("sag", case, values | {"v_cell": high})[measure] < floor:
        raise SimulationError(f"{case}: +3V3 falls under {floor:g} V even with a cell of {high:g} V")
    while high - low > 0.02:
        middle = (low + high) / 2
        if run("sag", case, values | {"v_cell": middle})[measure] >= floor:
            high = middle
        else:
            low = middle
    return high


def handover(bench: Bench) -> None:
    """When the dock leaves, the cell takes over in time."""
    limits = bench.limits
    if bench.build != "board":
        bench.show("hand-over", "not simulated: it happens inside the XIAO")
        return
    room, hot = Leak(ROOM_C, 0), limits["situation.hot"]
    first = modelled("dock", bench.diode("DOCK_5V", "+5V"), room, hot)
    amperes = limits["chip.tx_current"] + limits["chip.awake_current"]
    slope = first["dock_n"] * BOLTZMANN_V * (ROOM_C + KELVIN)
    drop = slope * math.log(amperes / first["dock_is"] + 1) + first["dock_rs"] * amperes
    ideal = bench.circuit.with_value("LM66100")
    control = next((net for name, net in ideal.names.items() if "CE" in name), "nothing")
    if control not in ("+5V", "VSYS"):
        raise CircuitError(f"{ideal.ref} has its CE on {control}, neither on +5V nor on VSYS")
    values = cell_path(bench) | {
        **modelled("sys", behind(bench), room, hot),
        "r_cell": limits["cell.aged"],
        "v_cell": limits["limit.handover_cell"],
        "c_vbat": bench.farads("VBAT") * limits["situation.ceramic_left"],
        "c_5v": bench.farads("+5V") * limits["situation.ceramic_left"],
        "dock_v": limits["situation.usb_low"] - drop,
        "ce_at_5v": float(control == "+5V"),
        "t_on": limits.part(ideal)["turn_on"],
        "v_on": limits.part(ideal)["turn_on_v"],
    }
    done = run("handover", "in a packet", values)
    bench.least(done["out_v"], bench.supplied, "handover: as the dock leaves +3V3 is")
    bench.show(
        f"hand-over in a packet, aged cell at {limits['limit.handover_cell']:g} V",
        f"VSYS {done['vsys_v']:.2f} V and +3V3 {done['out_v']:.2f} V at least",
    )


def cell_path(bench: Bench) -> dict[str, float]:
    """The way from the cell to +3V3, and what is drawn there."""
    limits = bench.limits
    left = limits["situation.ceramic_left"]
    regulator = limits.part(bench.only("regulator", lambda part: part.names.get("OUT") == "+3V3"))
    return {
        "r_connector": limits["cell.connector"],
        "r_ideal": limits.part(bench.circuit.with_value("LM66100"))["resistance"],
        "r_drop": regulator["drop"] / regulator["drop_at"] * regulator["spread"],
        "v_reg": limits["chip.vdd"] * (1 - regulator["accuracy"]),
        "i_limit": regulator["limit"],
        "c_vsys": bench.farads("VSYS") * left,
        "c_out": bench.farads("+3V3") * left,
        "i_boot": limits["chip.boot_current"],
        "i_awake": limits["chip.awake_current"],
        "i_tx": limits["chip.tx_current"],
        "t_tx": limits["chip.tx_time"],
    }
