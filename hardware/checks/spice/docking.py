"""The dock: that it wakes the tag, lets go of it, and that its contacts are safe to touch."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

from hardware.checks.spice.bench import ABSENT, FIRMWARE, Bench
from hardware.checks.spice.diode import Leak, modelled
from hardware.checks.spice.ngspice import ROOM_C, SimulationError, run

LEFT_S = 1.3
"""When the dock leaves in dock.cir."""


def _constant(path: Path, name: str) -> float:
    """A number that a module of the firmware gives a name, though that module can be imported on the chip only."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Assign) and [ast.unparse(each) for each in node.targets] == [name]:
            return float(ast.literal_eval(node.value))
    raise SimulationError(f"firmware/{path.name} has no {name}")


def behind(bench: Bench) -> dict[str, Any]:
    """The data of the diode from +5V to the tag's supply, which the reference build has inside its XIAO."""
    if bench.build == "board":
        return bench.diode("+5V", "VSYS")
    return bench.limits.part(bench.only("XIAO", lambda part: "XIAO" in part.value))


def _dock_line(bench: Bench, leak: Leak) -> dict[str, float]:
    """What dock_line.inc takes: the circuit's values, with the transistor's least gain."""
    limits, on_board = bench.limits, bench.build == "board"
    hot = limits["situation.hot"]
    part = bench.transistor()
    transistor, base = limits.part(part), part.net("B")
    parts = bench.circuit.parts.values()
    surge = [limits.part(part) for part in parts if part.kind == "D" and set(part.pins.values()) == {"DOCK_5V", "GND"}]
    return {
        **modelled("dock", bench.diode("DOCK_5V", "+5V"), leak, hot),
        **modelled("sys", behind(bench), leak, hot),
        "r_contact": bench.ohms_or_none("DOCK_5V", "GND"),
        "r_tvs": min((5 / each["leakage"] for each in surge), default=ABSENT),
        "tvs_one_way": float(any(each["one_way"] for each in surge)),
        "c_5v": bench.farads("+5V") if on_board else limits["situation.vbus_capacitance"],
        "c_vsys": bench.farads("VSYS") if on_board else limits["situation.sys_capacitance"],
        "r_bleed": bench.ohms_or_none("+5V", "GND"),
        "r_sense_upper": bench.ohms("+5V", "DOCK_SENSE"),
        "r_sense_lower": bench.ohms("DOCK_SENSE", "GND"),
        "r_pull": bench.ohms("BUTTON", "+3V3"),
        "r_chip": limits["chip.pull"],
        "r_base": bench.ohms("+5V", base),
        "r_be": bench.ohms_or_none(base, "GND"),
        "bf": transistor["gain_least"],
        # Silicon leaks twice as much each 10 C.
        "i_transistor": transistor["leakage"] * 2 ** ((leak.celsius - ROOM_C) / 10),
        "i_pin": limits["chip.pin_leakage"],
        "c_pin": limits["chip.pin_capacitance"],
        "vdd": limits["chip.vdd"],
        # MCP73831 datasheet DS20001984: 1000 V over the resistor at PROG.
        "i_charge": 1000 / bench.ohms("PROG", "GND") if on_board else limits["situation.charge_current"],
        "i_tag": limits["chip.boot_current"],
        "v_cell": 3.7,
    }


def dock(bench: Bench) -> None:
    """The dock wakes the tag and is seen while it lasts; then it lets go of the button before it is forgotten."""
    limits = bench.limits
    tolerance = limits["situation.tolerance"]
    line = _dock_line(bench, Leak(ROOM_C, 0)) | {"vil": bench.low, "vih": bench.high, "i_transistor": 0.0}
    weak = {
        "dock_v": limits["situation.usb_low"],
        "r_sense_upper": line["r_sense_upper"] * (1 + tolerance),
        "r_sense_lower": line["r_sense_lower"] * (1 - tolerance),
    }
    strong = {
        "dock_v": limits["situation.usb_high"],
        "r_sense_upper": line["r_sense_upper"] * (1 - tolerance),
        "r_sense_lower": line["r_sense_lower"] * (1 + tolerance),
        "c_5v": line["c_5v"] * 1.2,
        "i_charge": 0.0,
        "i_tag": limits["chip.awake_current"],
        "bf": limits.part(bench.transistor())["gain_most"],
    }
    alone = {"r_chip": ABSENT}
    cases = {
        "4.75 V, the chip's pull on": weak,
        "4.75 V, the resistor alone": weak | alone,
        "5.25 V, the chip's pull on": strong | {"i_pin": -limits["chip.pin_leakage"]},
        "5.25 V, the resistor alone": strong | alone,
    }
    wakes, leaves, lags, senses = [], [], [], []
    for case, changed in cases.items():
        done = run("dock", case, line | changed)
        bench.docking = bench.docking or done
        at = f"dock ({case}):"
        woken = bench.most(done["docked_button_v"], bench.low, f"{at} docked, BUTTON is", why="it does not wake")
        seen = bench.least(done["docked_sense_v"], bench.high, f"{at} docked, DOCK_SENSE is")
        bench.most(done["most_sense_v"], limits["chip.vdd"] + limits["chip.over_vdd"], f"{at} DOCK_SENSE is")
        senses.append(done["docked_sense_v"])
        if not (woken and seen):
            continue
        if not {"sense_low_s", "button_high_s"} <= set(done.measured):
            bench.must(False, f"{at} BUTTON or DOCK_SENSE never lets go of the dock: what empties +5V?")
            continue
        wakes.append(done["wake_s"])
        leaves.append(max(done["sense_low_s"], done["button_high_s"]) - LEFT_S)
        lags.append(done["button_high_s"] - done["sense_falls_s"])
    if not wakes:
        return
    wake, leave, lag = max(wakes), max(leaves), max(lags)
    why = "what empties +5V?"
    bench.most(wake, limits["limit.wake"], "dock: from the first touch to BUTTON low it takes", "s")
    bench.most(leave, limits["limit.leave"], "dock: BUTTON and DOCK_SENSE let go of it after", "s", why)
    what = "dock: BUTTON may be low when DOCK_SENSE no longer is, which the firmware takes for a press, for"
    bench.most(lag, _constant(FIRMWARE / "dock.py", "STABLE_MS") / 1e3, what, "s", why)
    bench.show("dock, DOCK_SENSE at its least", f"{min(senses):.2f} V, {bench.high:.2f} must be")
    bench.show("dock, from the first touch to BUTTON low", f"{wake * 1e6:.0f} us at most")
    bench.show("dock, from leaving to both lines let go", f"{leave * 1e3:.0f} ms at most")
    bench.show("dock, BUTTON low after DOCK_SENSE", f"{lag * 1e3:.0f} ms at most")


def undocked(bench: Bench) -> None:
    """Away from the dock nothing but leakage drives +5V: no press and no dock may be seen, but a press must be."""
    limits = bench.limits
    for celsius in (ROOM_C, limits["situation.hot"]):
        line = _dock_line(bench, Leak(celsius, 1)) | {
            "bf": limits.part(bench.transistor())["gain_most"],
            "i_charge": 0.0,
            "i_tag": 20e-6,
            "r_press": limits["situation.press"],
        }
        for name, pull in (("the chip's pull on", limits["chip.pull"]), ("the resistor alone", ABSENT)):
            at = f"undocked ({celsius:g} C, {name}):"
            done = run("undocked", at, line | {"r_chip": pull}, celsius)
            why = f"leakage brings +5V to {done['p5_v']:.2f} V"
            bench.least(done["button_v"], bench.high, f"{at} BUTTON is", why=f"{why}: the transistor is on")
            bench.most(done["sense_v"], bench.low, f"{at} DOCK_SENSE is", why=why)
            bench.most(done["pressed_v"], bench.low, f"{at} pressed, BUTTON is")
        bench.show(
            f"undocked, {celsius:g} C, the resistor alone",
            f"BUTTON {done['button_v']:.2f} V, DOCK_SENSE {done['sense_v']:.2f} V, +5V {done['p5_v']:.2f} V",
        )


def contacts(bench: Bench) -> None:
    """USB is seen as a dock is, and does not come out at the contacts; a supply the wrong way round does nothing."""
    limits = bench.limits
    line = _dock_line(bench, Leak(ROOM_C, 1))
    line |= {"usb_v": limits["situation.usb_high"], "r_finger": limits["situation.finger"], "i_tag": 20e-6}
    done = run("contacts", "5.25 V", line)
    finger = done["finger_v"] / limits["situation.finger"]
    at = "contacts:"
    bench.most(done["usb_button_v"], bench.low, f"{at} with USB plugged in BUTTON is", why="it does not wake")
    over = limits["chip.vdd"] + limits["chip.over_vdd"]
    bench.most(done["usb_sense_v"], over, f"{at} with USB plugged in DOCK_SENSE is")
    bench.least(done["usb_sense_v"], bench.high, f"{at} with USB plugged in DOCK_SENSE is")
    bench.most(finger, limits["limit.finger"], f"{at} with USB plugged in a wet finger across them takes", "A")
    bench.most(done["wrong_a"], limits["limit.wrong_way"], f"{at} 5.25 V the wrong way round drive", "A")
    bench.least(done["wrong_button_v"], bench.high, f"{at} with 5.25 V the wrong way round BUTTON is", why="a press")
    bench.show("contacts, through a wet finger while USB is plugged in", f"{finger * 1e6:.1f} uA at most")
    bench.show("contacts, 5.25 V the wrong way round", f"{done['wrong_a'] * 1e6:.1f} uA at most")
