"""What the chip reads: the cell's divider, the lid, and the trap of the chip's own pull."""

from __future__ import annotations

import runpy

from hardware.checks.spice.bench import ABSENT, FIRMWARE, Bench
from hardware.checks.spice.ngspice import edges, run


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
