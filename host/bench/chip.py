"""What the command finds out of a bare board by itself: the chip, its memories, its sleep, its antenna's switch."""

from __future__ import annotations

import runpy
import secrets
import time

from host.bench.board import Bench
from host.bench.procedure import BenchStep
from host.bench.run import Outcome
from host.flash import application, files, layout
from host.flash.application import FIRMWARE, ExtraMissing
from host.flash.board import LOG
from host.flash.image import MICROPYTHON
from host.link.usb import about_board
from host.phrase import Phrase

NOT_FOUND = -0x1102
"""ESP_ERR_NVS_NOT_FOUND, as the firmware takes it (`firmware/settings.py`)."""

HARD_RESET, DEEPSLEEP_RESET, TIMER_WAKE = 2, 4, 4
"""Of MicroPython's `machine` on the ESP32."""


def chip(bench: Bench, step: BenchStep) -> Outcome:
    """Which MicroPython runs on which chip."""
    told = bench.meet()
    found = {name: told[name] for name in ("machine", "micropython", "revision")}
    return Outcome(told["micropython"].startswith(f"{MICROPYTHON}."), Phrase("bench.chip_is", **found), found)


def firmware(bench: Bench, step: BenchStep) -> Outcome:
    """Whether the board has this Kitdock's firmware."""
    version = runpy.run_path(str(FIRMWARE / "version.py"))
    wanted = f"{version['MAJOR']}.{version['MINOR']}"
    log = layout.find(layout.read(FIRMWARE / "partitions.csv"), LOG)
    told = bench.meet()
    with bench.bare() as tag:
        board = about_board(tag)
        try:
            wrong: list[str] | None = files.differing(tag, application.build(FIRMWARE))
        except ExtraMissing:
            wrong = None
    if wrong is None:
        of_files = Phrase("bench.files_not_compared")
    else:
        of_files = Phrase("bench.files_differ", count=len(wrong)) if wrong else Phrase("bench.files_are_right")
    found = {"firmware": told["firmware"], "files_free": board["files_free"], "files": str(of_files)}
    if told["firmware"] != wanted or wrong:
        other = Phrase(
            "bench.other_files" if wrong else "bench.other_firmware",
            firmware=told["firmware"],
            wanted=wanted,
            files=tuple(path.lstrip("/") for path in wrong or ()),
        )
        return Outcome(False, other, found)
    if log is not None and [log.label, log.offset, log.size] not in board["partitions"]:
        return Outcome(False, Phrase("bench.log_partition_elsewhere"), found)
    free_kib = board["files_free"] // 1024
    return Outcome(True, Phrase("bench.firmware_is", firmware=wanted, files=of_files, free_kib=free_kib), found)


_NVS = """\
import json
from esp32 import NVS, Partition
mark = bytes.fromhex("{mark}")
nvs = NVS("kitbench")
nvs.set_i32("number", -7)
nvs.set_blob("blob", mark)
nvs.commit()
back = bytearray(len(mark))
kept = nvs.get_i32("number") == -7 and nvs.get_blob("blob", back) == len(mark) and bytes(back) == mark
nvs.erase_key("number")
nvs.erase_key("blob")
nvs.commit()
missing = 0
try:
    nvs.get_i32("number")
except OSError as error:
    missing = error.errno
part = Partition.find(Partition.TYPE_DATA, label="nvs")[0]
stays = False
block = bytearray(4096)
for number in range(part.ioctl(4, 0)):
    part.readblocks(number, block)
    stays = stays or mark in bytes(block)
print(json.dumps({{"kept": kept, "missing": missing, "erased_stays": stays}}))
"""


def nvs(bench: Bench, step: BenchStep) -> Outcome:
    """Whether NVS keeps and forgets, and with which number it says that there is nothing."""
    with bench.bare() as tag:
        found = tag.ask(_NVS.format(mark=secrets.token_hex(16)))
    if not found["kept"]:
        return Outcome(False, Phrase("bench.nvs_forgets"), found)
    if found["missing"] != NOT_FOUND:
        return Outcome(False, Phrase("bench.nvs_other_error", error=found["missing"], wanted=NOT_FOUND), found)
    stays = "bench.nvs_keeps_erased" if found["erased_stays"] else "bench.nvs_forgets_erased"
    return Outcome(True, Phrase(stays, not_found=NOT_FOUND), found)


_RESET = """\
import machine
from esp32 import NVS
nvs = NVS("kitbench")
nvs.set_i32("reset", {number})
nvs.commit()
machine.reset()
"""

_AFTER_RESET = """\
import json, machine
from esp32 import NVS
nvs = NVS("kitbench")
try:
    kept = nvs.get_i32("reset")
    nvs.erase_key("reset")
    nvs.commit()
except OSError:
    kept = 0
print(json.dumps({"cause": machine.reset_cause(), "kept": kept}))
"""


def reset(bench: Bench, step: BenchStep) -> Outcome:
    """What a reset is called, and whether NVS outlives it."""
    number = secrets.randbelow(1_000_000) + 1
    with bench.bare() as tag:
        tag.leave(_RESET.format(number=number))
    time.sleep(1.0)
    with bench.bare() as tag:
        told = tag.ask(_AFTER_RESET)
    found = {"cause": told["cause"], "kept": told["kept"] == number}
    cause = Phrase("bench.hard_reset")
    if told["cause"] != HARD_RESET:
        cause = Phrase("bench.other_reset", cause=told["cause"], wanted=HARD_RESET)
    said = Phrase("bench.number_there" if found["kept"] else "bench.number_gone", cause=cause)
    return Outcome(told["cause"] == HARD_RESET and told["kept"] == number, said, found)


_FLASH = """\
import json, time, board
from esp32 import Partition
part = Partition.find(Partition.TYPE_DATA, label=board.LOG_PARTITION)[0]
last = part.ioctl(4, 0) - 1
def read(size, at):
    data = bytearray(size)
    part.readblocks(last, data, at)
    return bytes(data)
began = time.ticks_ms()
part.ioctl(6, last)
erase_ms = time.ticks_diff(time.ticks_ms(), began)
erased = read(4096, 0) == b"\\xff" * 4096
part.writeblocks(last, b"\\xa5" * 80, 64)
programmed = read(160, 32) == b"\\xff" * 32 + b"\\xa5" * 80 + b"\\xff" * 48
part.writeblocks(last, b"\\x00" * 32, 100)
cleared = read(80, 64) == b"\\xa5" * 36 + b"\\x00" * 32 + b"\\xa5" * 12
part.ioctl(6, last)
again = read(4096, 0) == b"\\xff" * 4096
told = {"erased": erased, "programmed": programmed, "cleared": cleared, "erased_again": again, "erase_ms": erase_ms}
print(json.dumps(told))
"""


_ONCE = {
    "erased": Phrase("bench.once_erased"),
    "programmed": Phrase("bench.once_programmed"),
    "cleared": Phrase("bench.once_cleared"),
    "erased_again": Phrase("bench.once_erased_again"),
}
"""What was done to flash, each of which must read back."""


def flash(bench: Bench, step: BenchStep) -> Outcome:
    """Whether raw flash does what the log rests on."""
    with bench.bare() as tag:
        found = tag.ask(_FLASH)
    wrong = [name for name in _ONCE if not found[name]]
    slow = found["erase_ms"] > step.limits["most_erase_ms"]
    if wrong:
        return Outcome(False, Phrase("bench.flash_forgets", once=tuple(_ONCE[name] for name in wrong)), found)
    return Outcome(not slow, Phrase("bench.flash_keeps", erase_ms=found["erase_ms"]), found)


_CLOCK = """\
import json, time
print(json.dumps({"ms": time.time_ns() // 1000000}))
"""

_SLEEP = """\
import machine, time
from esp32 import NVS
nvs = NVS("kitbench")
nvs.set_i32("slept", time.time_ns() // 1000000 & 0x7fffffff)
nvs.commit()
machine.deepsleep({milliseconds})
"""

_AFTER_SLEEP = """\
import json, machine, time
from esp32 import NVS
told = {"ticks": time.ticks_ms(), "ms": time.time_ns() // 1000000}
nvs = NVS("kitbench")
told["slept"] = nvs.get_i32("slept")
nvs.erase_key("slept")
nvs.commit()
told["cause"] = machine.reset_cause()
told["reason"] = machine.wake_reason()
print(json.dumps(told))
"""


def _sleep(bench: Bench, seconds: float) -> tuple[dict[str, int], float]:
    """What the board says after a sleep of so long, and the error of its clock meanwhile, in percent."""
    with bench.bare() as tag:
        before, began = tag.ask(_CLOCK)["ms"], time.monotonic()
        tag.leave(_SLEEP.format(milliseconds=round(seconds * 1000)))
    time.sleep(seconds + 1.0)
    with bench.bare() as tag:
        told = tag.ask(_AFTER_SLEEP)
        passed_s = time.monotonic() - began
    return told, ((told["ms"] - before) / 1000 / passed_s - 1) * 100


def _by_timer(told: dict[str, int]) -> bool:
    return told["cause"] == DEEPSLEEP_RESET and told["reason"] == TIMER_WAKE


def sleep(bench: Bench, step: BenchStep) -> Outcome:
    """Whether the timer ends deep sleep, and how true the clock is through it."""
    told, error = _sleep(bench, step.limits["seconds"])
    found = {"cause": told["cause"], "reason": told["reason"], "clock_percent": round(error, 2) + 0.0}
    if not _by_timer(told):
        said = Phrase("bench.woken_otherwise", reason=told["reason"], cause=told["cause"])
        return Outcome(False, said, found)
    said = Phrase("bench.woken_by_timer", percent=round(abs(error), 1))
    return Outcome(abs(error) <= step.limits["most_percent"], said, found)


_IMPORTS = """\
import gc, json, os, sys, time
ours = [name.split(".")[0] for name in os.listdir("/") if name.endswith((".py", ".mpy"))]
for name in list(sys.modules):
    if name in ours or name.startswith(("kitcore", "kitwire")):
        del sys.modules[name]
gc.collect()
began = time.ticks_us()
import wake
print(json.dumps({"ms": time.ticks_diff(time.ticks_us(), began) // 1000, "free": gc.mem_free()}))
"""


def wake_time(bench: Bench, step: BenchStep) -> Outcome:
    """How long it takes from the end of a sleep until the firmware's own modules are there."""
    told, _ = _sleep(bench, 2.0)
    start_ms = (told["ms"] - told["ticks"] - told["slept"] - 2000) & 0x7FFFFFFF
    if start_ms > 0x3FFFFFFF:  # a little less than nothing, as the clock counts
        start_ms = 0
    with bench.bare() as tag:
        imports = tag.ask(_IMPORTS)
    found = {"start_ms": start_ms, "imports_ms": imports["ms"], "heap_free": imports["free"]}
    whole = start_ms + imports["ms"]
    if not _by_timer(told):
        return Outcome(False, Phrase("bench.not_woken_by_timer", reason=told["reason"]), found)
    said = Phrase("bench.wake_takes", start_ms=start_ms, imports_ms=imports["ms"], whole_ms=whole)
    return Outcome(whole <= step.limits["most_ms"], said, found)
