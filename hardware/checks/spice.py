"""The simulations: what each deck of hardware/simulation/ must show of a build, with that build's own values.

A deck names no value of a part. The values come from the circuit, from what limits.toml takes for true of parts, and
from the situation; a part that is not where it must be, and a measurement that a deck does not yield, are faults.
"""

from __future__ import annotations

import ast
import math
import runpy
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from hardware import plot
from hardware.checks import Result, tool
from hardware.checks.ngspice import LIMITS, ROOM_C, SIMULATION, Limits, Run, SimulationError, edges, run
from hardware.checks.parts import Circuit, CircuitError, Part, number

FIRMWARE = Path(__file__).parent.parent.parent / "firmware"
ABSENT = 1e12
"""Ohms of a resistor that a circuit need not have."""
LEFT_S = 1.3
"""When the dock leaves in dock.cir."""
KELVIN = 273.15
BOLTZMANN_V = 8.617e-5
"""Volts for each kelvin: Boltzmann's constant over the electron's charge."""


@dataclass
class Bench:
    """One build, "board" or "xiao", on the bench: its circuit, the limits, and what has been found so far."""

    circuit: Circuit
    build: str
    limits: Limits
    result: Result = field(default_factory=Result)
    docking: Run | None = None
    """The first docking, whose waves are worth a picture."""

    def must(self, right: bool, fault: str) -> None:
        """Note the `fault` unless it is `right`."""
        if not right:
            self.result.faults.append(fault)

    def most(self, value: float, most: float, what: str, unit: str = "V", why: str = "") -> bool:
        """Note a fault unless `value` is at most `most`; whether it is."""
        tail = f": {why}" if why else ""
        self.must(value <= most, f"{what} {_say(value, unit)}, at most {_say(most, unit)} may be{tail}")
        return value <= most

    def least(self, value: float, least: float, what: str, unit: str = "V", why: str = "") -> bool:
        """Note a fault unless `value` is at least `least`; whether it is."""
        tail = f": {why}" if why else ""
        self.must(value >= least, f"{what} {_say(value, unit)}, and needs {_say(least, unit)}{tail}")
        return value >= least

    def show(self, name: str, text: str) -> None:
        """Note a figure."""
        self.result.figures[name] = text

    @property
    def low(self) -> float:
        """The highest voltage that the chip reads as low for sure."""
        return self.limits["chip.vil"] * self.limits["chip.vdd"]

    @property
    def high(self) -> float:
        """The lowest voltage that the chip reads as high for sure."""
        return self.limits["chip.vih"] * self.limits["chip.vdd"]

    @property
    def supplied(self) -> float:
        """The lowest voltage of +3V3 at which the chip and its flash work."""
        return max(self.limits["chip.brown_out"], self.limits["chip.flash_least"])

    def ohms(self, one: str, other: str) -> float:
        """The resistor between two nets; raises CircuitError."""
        return number(self.circuit.between(one, other).value)

    def ohms_or_none(self, one: str, other: str) -> float:
        """All resistors between two nets in parallel, `ABSENT` if there are none."""
        values = [number(part.value) for part in self._between(one, other, "R")]
        return 1 / sum(1 / each for each in values) if values else ABSENT

    def farads(self, net: str) -> float:
        """All capacitors from a net to ground together; raises CircuitError if there are none."""
        values = [number(part.value) for part in self._between(net, "GND", "C")]
        if not values:
            raise CircuitError(f"no C between {net} and GND")
        return sum(values)

    def only(self, what: str, fits: Callable[[Part], bool]) -> Part:
        """The only part that fits; raises CircuitError, with `what` it is."""
        found = [part for part in self.circuit.parts.values() if fits(part)]
        if len(found) != 1:
            raise CircuitError(f"{'more than one' if found else 'no'} {what}")
        return found[0]

    def diode(self, anode: str, cathode: str) -> dict[str, Any]:
        """The data of the diode that leads from one net to another; raises CircuitError."""
        ends = {"A": anode, "K": cathode}
        return self.limits.part(
            self.only(
                f"diode from {anode} to {cathode}",
                lambda part: part.kind == "D" and {name: part.names.get(name) for name in ends} == ends,
            )
        )

    def transistor(self) -> Part:
        """The transistor by which a dock wakes the tag; raises CircuitError."""
        return self.only(
            "transistor with its collector on BUTTON, by which a dock wakes the tag",
            lambda part: part.kind == "Q" and part.names.get("C") == "BUTTON",
        )

    def _between(self, one: str, other: str, kind: str) -> list[Part]:
        wanted = sorted((one, other))
        parts = self.circuit.parts.values()
        return [part for part in parts if part.kind == kind and sorted(part.pins.values()) == wanted]


def _say(value: float, unit: str) -> str:
    """A value with its unit, and a prefix that suits it."""
    for prefix, scale in (("", 1.0), ("m", 1e3), ("u", 1e6), ("n", 1e9)):
        if abs(value) * scale >= 0.1 or prefix == "n" or (unit == "V" and prefix == "m"):
            return f"{value * scale:.3g} {prefix}{unit}"
    return f"{value:g} {unit}"


def divider(bench: Bench) -> None:
    """The reading of the cell: range, ratio, error by leakage, settling, the ADC's own charge, standing current."""
    limits = bench.limits
    values = {
        "r_upper": bench.ohms("VBAT", "VBAT_ADC"),
        "r_lower": bench.ohms("VBAT_ADC", "GND"),
        "c_adc": bench.farads("VBAT_ADC"),
        "c_sample": limits["chip.sampling_capacitance"],
        "v_step": 0.1,
    }
    ratio = float(runpy.run_path(str(FIRMWARE / "board.py"))["BATTERY_DIVIDER"])
    full, leakage = limits["situation.cell_full"], limits["chip.pin_leakage"]
    off = 0.0
    for volts in (3.0, full):
        leaks = {}
        for leak in (0.0, leakage, -leakage):
            case = f"cell {volts:g} V, {leak * 1e9:+.0f} nA"
            leaks[leak] = run("divider", case, values | {"v_cell": volts, "i_leak": leak})
            bench.most(leaks[leak]["adc_v"], limits["chip.adc_most"], f"divider ({case}): VBAT_ADC is")
        plain = leaks[0.0]
        off = max(off, *(abs(each["adc_v"] - plain["adc_v"]) * ratio for each in leaks.values()))
        read = plain["adc_v"] * ratio
        bench.must(
            abs(read / volts - 1) <= limits["limit.divider_error"],
            f"divider: the firmware reads {read:.2f} V of a cell of {volts:g} V: the resistors do not divide by "
            f"BATTERY_DIVIDER in firmware/board.py, {ratio:g}",
        )
    bench.most(off, limits["limit.leakage_error"], "divider: what the pin leaks moves the reading by")
    bench.most(-plain["cell_a"], limits["limit.divider_current"], "divider: a full cell gives it", "A")
    bench.most(plain["settling_s"], limits["limit.settling"], "divider: the reading settles after", "s")
    kick = (plain["settled_v"] - plain["kicked_v"]) * ratio
    bench.most(kick, limits["limit.kick"], "divider: eight readings move the cell's voltage by", why="C at VBAT_ADC")
    bench.show("divider, standing current", f"{-plain['cell_a'] * 1e6:.2f} uA at {full:g} V")
    bench.show("divider, settling", f"{plain['settling_s'] * 1e3:.0f} ms")
    bench.show(
        "divider, error at the cell",
        f"{off * 1e3:.0f} mV by leakage, {kick * 1e3:.1f} mV by eight readings; "
        f"the chip's own ADC {limits['chip.adc_error'] * ratio * 1e3:.0f} mV (datasheet)",
    )


def lid(bench: Bench) -> None:
    """LID has both levels for sure against the worst pull, is quick, and has one edge for each opening and closing."""
    limits = bench.limits
    part = bench.only("part with its output on LID", lambda part: part.names.get("OUT") == "LID")
    sensor = limits.part(part)
    values = {
        "vdd": limits["chip.vdd"],
        "r_low": sensor["resistance"],
        "r_high": sensor["resistance"] if sensor["output"] == "push-pull" else ABSENT,
        "c_pin": limits["chip.pin_capacitance"],
        "hall_period": limits["situation.hall_period"],
        "b_close": limits["situation.hall_close"],
        "b_open": limits["situation.hall_open"],
        "b_tremble": limits["situation.tremble"],
    }
    outside, chip = bench.ohms_or_none("LID", "+3V3"), limits["chip.pull"]
    why = f"{part.ref} is {part.fields.get('MPN') or part.value}, {sensor['output']}"
    pulls = {"pull-down": (outside, chip), "pull-up": (outside * chip / (outside + chip), ABSENT)}
    for name, (up, down) in pulls.items():
        done = run("lid", f"the chip's {name}", values | {"r_up": up, "r_down": down})
        opened = bench.least(done["open_v"], bench.high, f"lid: open against the chip's {name} LID is", why=why)
        closed = bench.most(done["closed_v"], bench.low, f"lid: closed against the chip's {name} LID is", why=why)
        if not (opened and closed):
            continue
        count = len(edges(done.waves["lid"], bench.low, bench.high))
        bench.must(count == 2, f"lid: an opening and a closing give {count} edges, not two: {why}")
        slowest = max(done["rise_s"], done["fall_s"])
        bench.most(slowest, limits["limit.edge"], "lid: an edge lasts", "s", why)
        bench.show(
            f"lid, against the chip's {name}",
            f"{done['closed_v']:.2f} V closed, {done['open_v']:.2f} V open; {count} edges of an opening and a closing, "
            f"{slowest * 1e9:.0f} ns at most",
        )


def reed(bench: Bench) -> None:
    """The documented alternative to the Hall switch: three bounces give one edge."""
    limits = bench.limits
    values = {
        "vdd": limits["chip.vdd"],
        "r_pull": limits["situation.reed_pull"],
        "r_series": limits["situation.reed_series"],
        "c_pin": limits["situation.reed_capacitor"],
        "i_pin": limits["chip.pin_leakage"],
    }
    done = run("reed", "three bounces", values)
    count = len(edges(done.waves["lid"], bench.low, bench.high))
    bench.must(count == 2, f"reed: closing and opening with three bounces each give {count} edges, not two")
    bench.least(done["open_v"], bench.high, "reed: open, the pin is")
    bench.most(done["closed_v"], bench.low, "reed: closed, the pin is")
    bench.show(
        "reed instead of the Hall switch (not built)",
        f"{count} edges of a closing and an opening with three bounces each; "
        f"{-done['closed_a'] * 1e6:.1f} uA while closed",
    )


def trap(bench: Bench) -> None:
    """A weak pull-up never wakes a pin at high; BUTTON wakes at low, and nothing pulls at LID."""
    limits = bench.limits
    values = {"vdd": limits["chip.vdd"], "r_chip": limits["chip.pull"], "r_pull": bench.ohms("BUTTON", "+3V3")}
    done = run("trap", "BUTTON's pull-up", values)
    bench.least(done["wakes_low_v"], bench.high, "trap: BUTTON rests at")
    for ref in bench.circuit.on("LID"):
        bench.must(
            bench.circuit.parts[ref].kind != "R",
            f"trap: {ref} pulls at LID, and the chip's own {limits['chip.pull'] / 1e3:g} kOhm may oppose it",
        )
    bench.show(
        "pull trap", f"{done['wakes_high_v']:.2f} V where a pin that wakes at high would need {bench.high:.2f} V"
    )


class Leak(NamedTuple):
    """How warm it is, and which of a diode's leakages is taken: 0 the typical, 1 the most."""

    celsius: float
    which: int


def _diode(name: str, data: dict[str, Any], leak: Leak, hot: float) -> dict[str, float]:
    """A diode's model: its leakage as saturation current, then through the two points of its forward curve."""
    saturation = data["leakage"][leak.which] * data["hot_factor"] ** ((leak.celsius - ROOM_C) / (hot - ROOM_C))
    thermal = BOLTZMANN_V * (leak.celsius + KELVIN)
    (low_a, low_v), (high_a, high_v) = data["forward"]
    ideality = low_v / (thermal * math.log(low_a / saturation + 1))
    resistance = max((high_v - ideality * thermal * math.log(high_a / saturation + 1)) / high_a, 1e-3)
    return {f"{name}_is": saturation, f"{name}_n": ideality, f"{name}_rs": resistance}


def _behind(bench: Bench) -> dict[str, Any]:
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
        **_diode("dock", bench.diode("DOCK_5V", "+5V"), leak, hot),
        **_diode("sys", _behind(bench), leak, hot),
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
    supply, vdd = _supply(bench), limits["chip.least_vdd"]
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
    first = _diode("dock", bench.diode("DOCK_5V", "+5V"), room, hot)
    amperes = limits["chip.tx_current"] + limits["chip.awake_current"]
    slope = first["dock_n"] * BOLTZMANN_V * (ROOM_C + KELVIN)
    drop = slope * math.log(amperes / first["dock_is"] + 1) + first["dock_rs"] * amperes
    ideal = bench.circuit.with_value("LM66100")
    control = next((net for name, net in ideal.names.items() if "CE" in name), "nothing")
    if control not in ("+5V", "VSYS"):
        raise CircuitError(f"{ideal.ref} has its CE on {control}, neither on +5V nor on VSYS")
    values = _supply(bench) | {
        **_diode("sys", _behind(bench), room, hot),
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


def _supply(bench: Bench) -> dict[str, float]:
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


def _constant(path: Path, name: str) -> float:
    """A number that a module of the firmware gives a name, though that module can be imported on the chip only."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Assign) and [ast.unparse(each) for each in node.targets] == [name]:
            return float(ast.literal_eval(node.value))
    raise SimulationError(f"firmware/{path.name} has no {name}")


Deck = Callable[[Bench], None]
DECKS: tuple[Deck, ...] = (divider, lid, reed, trap, dock, undocked, contacts, sag, handover)


def examine(circuit: Circuit, build: str, limits: Limits | None = None, decks: tuple[Deck, ...] = DECKS) -> Bench:
    """Run `decks` for `circuit`, the "board" or the "xiao" build. Raises MissingTool without ngspice."""
    tool("ngspice")
    bench = Bench(circuit, build, limits or Limits.read())
    for deck in decks:
        try:
            deck(bench)
        except (CircuitError, SimulationError) as error:
            bench.result.faults.append(f"{deck.__name__}: {error}")
    return bench


def check(circuit: Circuit, build: str, limits: Limits | None = None) -> Result:
    """See that every deck shows what it must. Raises MissingTool without ngspice."""
    return examine(circuit, build, limits).result


def pictures() -> dict[str, list[Path]]:
    """The names of the pictures that `draw` makes, each with the decks and numbers it is made of."""
    shared = [LIMITS, *sorted(SIMULATION.glob("*.inc"))]
    return {"sim-dock.png": [SIMULATION / "dock.cir", *shared], "sim-sag.png": [SIMULATION / "sag.cir", *shared]}


def draw(board: Circuit, folder: Path) -> list[Path]:
    """Draw docking and the battery's sag on the custom board into `folder`.

    Raises CircuitError, SimulationError, and MissingTool without ngspice.
    """
    limits = Limits.read()
    bench = Bench(board, "board", limits)
    dock(bench)
    docking = bench.docking
    assert docking is not None
    worn = run("sag", "aged cell at 3.5 V", _supply(bench) | {"r_cell": limits["cell.aged"], "v_cell": 3.5})
    plot.draw(
        folder / "sim-dock.png",
        "Docking: 0.1 s the contacts touch and scrape, 0.3 s they hold, 1.3 s the pouch is lifted",
        [
            plot.Panel("V", {"contact": docking.waves["dock_5v"], "+5V": docking.waves["p5"]}),
            plot.Panel(
                "V",
                {"BUTTON": docking.waves["button"], "DOCK_SENSE": docking.waves["sense"]},
                {"high for sure": bench.high, "low for sure": bench.low},
            ),
        ],
        until=1.6,
    )
    plot.draw(
        folder / "sim-sag.png",
        "Aged cell at 3.5 V: a start at 1 ms, three packets on air from 30 ms",
        [
            plot.Panel(
                "V",
                {"cell": worn.waves["pack"], "VSYS": worn.waves["vsys"], "+3V3": worn.waves["out"]},
                {"least for the flash": bench.supplied},
            )
        ],
        until=0.033,
    )
    return [folder / name for name in pictures()]
