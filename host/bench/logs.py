"""What a person's hands do to the board, and whether the pins and the log then say so."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from host import service
from host.bench.board import SETTLE_S, START_S, Bench
from host.bench.procedure import BenchStep, Measurement
from host.bench.run import Outcome, Skipped
from host.link.usb import RESTART_S, wipe
from host.phrase import Phrase
from host.tag.events import Event

EXT1_WAKE = 3
"""Of MicroPython's `machine` on the ESP32."""

SLACK_S = 3.0
"""By how much an opening may be shorter than it was to be, in seconds: hands, and whole seconds in the log."""

_LID = """\
import json, board, pads
from machine import Pin
pads.release()
print(json.dumps({"lid": Pin(board.LID, Pin.IN).value()}))
"""

_UNTIL_THE_LID = """\
import board, esp32, machine
from machine import Pin
esp32.wake_on_ext1((Pin(board.LID, Pin.IN),), esp32.WAKEUP_ANY_HIGH)
machine.deepsleep({milliseconds})
"""

_AFTER_THE_LID = """\
import json, board, machine, time
from machine import Pin
told = {"ticks": time.ticks_ms(), "reason": machine.wake_reason(), "lid_pin": board.LID}
told["pins"] = list(machine.wake_pins())
told["lid"] = Pin(board.LID, Pin.IN).value()
print(json.dumps(told))
"""


def lid_wake(bench: Bench, step: BenchStep) -> Outcome:
    """Whether the lid's pin ends deep sleep, and can be read afterwards."""
    with bench.bare() as tag:
        if tag.ask(_LID)["lid"]:
            return Outcome(False, Phrase("bench.lid_open_before"), {"lid_before": 1})
        tag.leave(_UNTIL_THE_LID.format(milliseconds=round(step.limits["seconds"] * 1000)))
    began = time.monotonic()
    time.sleep(1.0)
    try:
        bench.act("open")
    except Skipped:
        bench.person.tell(Phrase("bench.wakes_by_itself"))
        with bench.bare(step.limits["seconds"] + START_S):
            raise
    time.sleep(SETTLE_S)  # breaking in at once would stop the firmware before it has taken the pad back
    with bench.bare() as tag:
        told = tag.ask(_AFTER_THE_LID)
        slept_s = time.monotonic() - began - told["ticks"] / 1000
    bench.act("close")
    found = {
        "reason": told["reason"],
        "pins": str(told["pins"]),
        "lid_after": told["lid"],
        "slept_s": round(slept_s, 1),
    }
    if told["reason"] != EXT1_WAKE or told["pins"] != [told["lid_pin"]]:
        woken = "bench.woken_by_other_pins" if told["pins"] else "bench.woken_by_no_pin"
        return Outcome(False, Phrase(woken, reason=told["reason"], pins=tuple(told["pins"])), found)
    if slept_s < 0.5:
        return Outcome(False, Phrase("bench.woken_at_once"), found)
    if not told["lid"]:
        return Outcome(False, Phrase("bench.pad_not_taken_back"), found)
    return Outcome(True, Phrase("bench.woken_by_lid", slept_s=round(slept_s)), found)


class BenchOpening(NamedTuple):
    """An opening in the log: how long, in seconds of the tag's own clock, and with how many marks of a dose."""

    seconds: int
    marks: int


def openings(events: Sequence[Event]) -> list[BenchOpening]:
    """The openings in the log, one after the other."""
    found: list[BenchOpening] = []
    began, marks = None, 0
    for event in events:
        if event.type == "lid_open" and event.uptime_s is not None:
            began, marks = event.uptime_s, 0
        elif event.type == "dose_mark":
            marks += 1
        elif event.type == "lid_close" and began is not None and event.uptime_s is not None:
            found.append(BenchOpening(event.uptime_s - began, marks))
            began = None
    return found


def _away_and_back(bench: Bench, step: BenchStep, press: bool) -> list[Event]:
    """The log of a time away from the dock with as many openings as `step` asks for, one if it does not say."""
    bench.fetch()
    time.sleep(SETTLE_S)
    try:
        _openings_away(bench, step, press)
    except Skipped:
        bench.act("back")
        raise
    bench.act("back")
    time.sleep(SETTLE_S)
    return bench.fetch()


def _openings_away(bench: Bench, step: BenchStep, press: bool) -> None:
    bench.act("away")
    for _ in range(int(step.limits.get("openings", 1))):
        bench.act("open")
        hold_s = step.limits.get("hold_s", 0)
        if hold_s:
            bench.person.tell(Phrase("bench.leave_it_so", seconds=hold_s))
            time.sleep(hold_s)
        if press:
            bench.act("press")
        bench.act("close")


def _fault_of(events: Sequence[Event]) -> Phrase | None:
    """What is wrong with a log whatever was done; None if nothing is."""
    types = [event.type for event in events]
    unverified = sum(event.verdict != "verified" for event in events)
    if unverified:
        return Phrase("bench.not_verified", unverified=unverified, records=len(events))
    if "boot" in types:
        return Phrase("bench.started_anew")
    if "fault" in types:
        return Phrase("bench.reports_a_fault")
    if "undock" not in types or "dock" not in types:
        return Phrase("bench.away_and_back_not_logged")
    return None


def lid_log(bench: Bench, step: BenchStep) -> Outcome:
    """Whether openings come into the log, each once."""
    events = _away_and_back(bench, step, press=False)
    of_lid = sum(event.type in ("lid_open", "lid_close") for event in events)
    long = [each.seconds for each in openings(events) if each.seconds >= step.limits["hold_s"] - SLACK_S]
    found: dict[str, Any] = {"records": len(events), "lid_records": of_lid, "openings": len(long)}
    if of_lid > step.limits["most_records"]:
        return Outcome(False, Phrase("bench.wakes_again_and_again", records=of_lid), found)
    fault = _fault_of(events)
    if fault:
        return Outcome(False, fault, found)
    wanted = int(step.limits["openings"])
    return Outcome(len(long) == wanted, Phrase("bench.openings_logged", seconds=tuple(long), records=of_lid), found)


def button_log(bench: Bench, step: BenchStep) -> Outcome:
    """Whether a press beside an open lid comes into the log, once and there."""
    events = _away_and_back(bench, step, press=True)
    inside = sum(each.marks for each in openings(events))
    marks = sum(event.type == "dose_mark" for event in events)
    found: dict[str, Any] = {"records": len(events), "marks": marks, "inside_an_opening": inside}
    fault = _fault_of(events)
    if fault:
        return Outcome(False, fault, found)
    return Outcome(marks == inside == 1, Phrase("bench.marks_logged", marks=marks, inside=inside), found)


_CELL = """\
import json, board
from battery import Battery
print(json.dumps({"mv": Battery().millivolts(), "divider": board.BATTERY_DIVIDER}))
"""


def adc(bench: Bench, step: BenchStep) -> Outcome:
    """Whether the ADC reads what a meter does: at the pin of a bare board, of a complete tag at its cell."""
    bench.act("voltage")
    meter = bench.person.answer(Measurement(str(Phrase("bench.meter_shows")), unit="mV", least=500, most=4400))
    assert isinstance(meter, int | float)
    with bench.bare() as tag:
        told = tag.ask(_CELL)
    read = told["mv"] if bench.complete else told["mv"] / told["divider"]
    error = (read / meter - 1) * 100 if meter else 100.0
    found: dict[str, Any] = {"meter_mv": meter, "read_mv": round(read), "error_percent": round(error, 1)}
    said = Phrase("bench.millivolts", read=round(read), meter=meter, percent=error)
    return Outcome(abs(error) <= step.limits["most_percent"], said, found)


_SEARCH = """\
import json
from esp32 import Partition
keys = [bytes.fromhex(key) for key in {keys}]
found = [0] * len(keys)
block = bytearray(4096)
for part in Partition.find(Partition.TYPE_DATA):
    before = b""
    for number in range(part.ioctl(4, 0)):
        part.readblocks(number, block)
        data = before + bytes(block)
        for place in range(len(keys)):
            if keys[place] in data:
                found[place] = 1
        before = data[-31:]
        if number % 64 == 0:
            print(".")
print(json.dumps({{"found": sum(found)}}))
"""


def wiped(bench: Bench, step: BenchStep) -> Outcome:
    """Whether the keys of a tag are in its flash, and after a wipe no longer. They go over the cable once more."""
    keys = [key.hex() for key in service.Tags(bench.store).tag_keys(bench.tag().id)]
    search = _SEARCH.format(keys=keys)
    with bench.repl() as tag:
        before = tag.ask(search)["found"]
        wipe(tag)
    time.sleep(RESTART_S)
    with bench.bare() as tag:
        after = tag.ask(search)["found"]
    found = {"before": before, "after": after}
    if before < 2:
        return Outcome(False, Phrase("bench.search_finds_too_few", before=before), found)
    return Outcome(after == 0, Phrase("bench.keys_found", before=before, after=after), found)
